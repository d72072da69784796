/* skyscale fit CAMPAIGN.db: speedups, scaling laws and what can be concluded. */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/compare_table.h"
#include "harness/present/fit_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORKERS = 1000000000 };

static const char *const states[] = {"all", "near", "far", NULL};

static const sks_param params[] = {
    SKS_ANALYSIS_PARAMS,
    {.name = "state",
     .type = SKS_CHOICE,
     .choices = states,
     .default_text = "all",
     .help = "where the core-to-core latency shows two states: samples of one of them only, and "
             "all of one worker"},
    {.name = "predict",
     .type = SKS_TEXT,
     .help = "worker counts whose time is predicted, with bands: N,N,…"},
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

/* The worker counts of --predict. */
typedef struct prediction_list {
    double *n_workers;
    size_t n;
} prediction_list;

static sks_status parse_predict(const char *text, prediction_list *list)
{
    size_t n = 1, k = 0;
    char *copy = strdup(text), *rest = copy;
    double *values;
    sks_status status = SKS_OK;

    for (const char *c = text; *c != '\0'; c++)
        n += *c == ',';
    values = calloc(n, sizeof(*values));
    if (copy == NULL || values == NULL)
        status = sks_fail_nomem("list of worker counts");
    while (status == SKS_OK && rest != NULL) {
        const char *item = strsep(&rest, ",");
        int64_t value = 0;

        if (!sks_parse_int(item, &value) || value < 1 || value > MOST_WORKERS)
            status = sks_fail(SKS_ERR_USAGE, "--predict %s: \"%s\" is not a worker count, 1 … %d",
                              text, item, MOST_WORKERS);
        else
            values[k++] = (double)value;
    }
    free(copy);
    if (status != SKS_OK) {
        free(values);
        return status;
    }
    *list = (prediction_list){values, n};
    return SKS_OK;
}

/* How far to believe the samples, all of them. */
typedef struct trust {
    sks_facts facts;
    sks_compare_options options;
    sks_compared found; /* of those facts; its series may have lost samples since */
    json_t *json;       /* of what was found */
} trust;

static sks_status read_trust(const char *path, const sks_values *options,
                             const sks_campaign *campaign, trust *t)
{
    sks_store *store = NULL;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_facts_read(store, &t->facts);
    sks_store_close(store);
    if (status != SKS_OK)
        return status;
    t->options = sks_compare_defaults;
    t->options.confidence = sks_values_real(options, "confidence");
    t->options.seed = (uint64_t)sks_values_int(options, "seed");
    t->found = (sks_compared){
        .path = path, .facts = &t->facts, .series = campaign->series, .n = campaign->n};
    status = sks_compared_examine(&t->options, &t->found);
    if (status != SKS_OK)
        return status;
    t->json = sks_compared_json(&t->found, t->options.confidence);
    return t->json != NULL ? SKS_OK : sks_fail_nomem("JSON, or a name that is not UTF-8");
}

/* After read_trust, which looks at all samples. */
static sks_status keep_state(const sks_values *options, const trust *t, sks_campaign *campaign)
{
    const char *name = sks_values_text(options, "state");
    const sks_state state = strcmp(name, "near") == 0 ? SKS_STATE_NEAR : SKS_STATE_FAR;
    sks_status status = SKS_OK;

    if (strcmp(name, "all") == 0)
        return SKS_OK;
    if (!t->found.states.are_two)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: --state %s: the core-to-core latency does not show two states",
                        t->found.path, name);
    for (size_t i = 0; status == SKS_OK && i < campaign->n; i++)
        status = sks_state_keep(&t->found.states, state, &campaign->series[i]);
    campaign->n = sks_campaign_drop_empty(campaign->series, campaign->n);
    if (status == SKS_OK && campaign->n == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no sample with the cores %s", t->found.path, name);
    return status;
}

/* Says on standard error, once for each of them, which predictions are guesses. */
static void warn_of_guesses(const sks_campaign *campaign, prediction_list list)
{
    for (size_t k = 0; k < list.n; k++)
        for (size_t i = 0; i < campaign->n; i++) {
            unsigned greatest = sks_fit_greatest(&campaign->fits[i]);

            if (list.n_workers[k] <= SKS_FAR_FACTOR * greatest)
                continue;
            fprintf(stderr,
                    "skyscale: warning: %.0f workers are more than %g times the %u that a fit is "
                    "made from; that prediction is a guess\n",
                    list.n_workers[k], SKS_FAR_FACTOR, greatest);
            break;
        }
}

static sks_status print_json(const sks_values *options, const sks_campaign *campaign,
                             const trust *t, prediction_list predict)
{
    json_t *groups = json_array();
    json_t *all =
        json_pack("{s:s, s:s, s:s, s:O?, s:O}", "campaign", t->found.path, "per",
                  sks_values_text(options, "per"), "state", sks_values_text(options, "state"),
                  "groups", groups, "measurements", t->json);
    sks_status status = all != NULL ? SKS_OK : sks_fail_nomem("JSON, or a name that is not UTF-8");

    for (size_t i = 0; status == SKS_OK && i < campaign->n; i++) {
        json_t *group = NULL;

        status = sks_fit_to_json(&campaign->fits[i], predict.n_workers, predict.n, &group);
        if (status == SKS_OK && json_array_append_new(groups, group) != 0)
            status = sks_fail_nomem("JSON");
    }
    if (status == SKS_OK) {
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
        status = sks_flush_stdout();
    }
    json_decref(all);
    json_decref(groups);
    return status;
}

static sks_status print_tables(const sks_values *options, const sks_campaign *campaign,
                               const trust *t, prediction_list predict)
{
    const char *state = sks_values_text(options, "state");
    const sks_fit_table_options table = {.time_name = sks_campaign_time_name(options),
                                         .predict = predict.n_workers,
                                         .n_predict = predict.n};
    const bool is_one_state = strcmp(state, "all") != 0;
    sks_status status;

    if (is_one_state)
        printf("Only samples taken while the cores were %s to each other, and all of one worker"
               "\n\n",
               state);
    status = sks_fit_table_print(campaign->fits, campaign->n, &table, stdout);
    if (status != SKS_OK)
        return status;
    printf("\n\nThe measurements\n\n");
    sks_compared_print(&t->found, &t->options, stdout);
    if (t->found.states.are_two && !is_one_state)
        printf("their samples are fitted together; each state alone: --state near, --state far\n");
    return sks_flush_stdout();
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const char *path = arguments->operands[0];
    sks_campaign campaign = {0};
    prediction_list predict = {0};
    trust measurements = {0};
    sks_status status = SKS_OK;

    if (sks_values_has(options, "predict"))
        status = parse_predict(sks_values_text(options, "predict"), &predict);
    if (status == SKS_OK)
        status = sks_campaign_read_series(path, options, &campaign.series, &campaign.n);
    if (status == SKS_OK)
        status = read_trust(path, options, &campaign, &measurements);
    if (status == SKS_OK)
        status = keep_state(options, &measurements, &campaign);
    if (status == SKS_OK)
        status = sks_campaign_fit(options, &campaign);
    if (status == SKS_OK) {
        warn_of_guesses(&campaign, predict);
        status = sks_values_flag(options, "json")
                     ? print_json(options, &campaign, &measurements, predict)
                     : print_tables(options, &campaign, &measurements, predict);
    }
    json_decref(measurements.json);
    sks_facts_clear(&measurements.facts);
    sks_campaign_clear(&campaign);
    free(predict.n_workers);
    return status;
}

const sks_command sks_command_fit = {
    .name = "fit",
    .summary = "Fit scaling laws to a campaign, with intervals and a verdict",
    .operands = "CAMPAIGN.db",
    .details =
        "For each group of configurations that differ in workers only: speedups, the laws of\n"
        "`skyscale list models` with intervals for their parameters, which one is best or\n"
        "whether that cannot be told, and the worker count at which time is least; what part of\n"
        "the work is serial, as measured and as fitted; with --predict, the time with as many\n"
        "workers as you like, in bands. Last comes how far to believe the samples: an A/A\n"
        "self-check, drift, two states, dependence; --json adds the twelve rules of Hoefler &\n"
        "Belli.\n"
        "\n"
        "  skyscale fit fig1.db\n"
        "  skyscale fit fig1.db --per parallel --json\n"
        "  skyscale fit fig1.db --predict 16,32",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
