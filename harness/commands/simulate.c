/* skyscale simulate: the schedulers beyond the cores at hand, under a virtual clock. */
#include "harness/analysis/simulate_check.h"
#include "harness/commands/simulate_request.h"
#include "harness/present/figure.h"
#include "harness/present/progress.h"
#include "harness/present/simulation_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const per_choices[] = {"total", "parallel", NULL};
enum { PER_TOTAL, PER_PARALLEL };

static const char *const compare_choices[] = {"no", "median", "least", NULL};
enum { COMPARE_NO, COMPARE_MEDIAN, COMPARE_LEAST };

static const char *const slow_down_choices[] = {"measured", "none", NULL};
enum { SLOW_DOWN_MEASURED, SLOW_DOWN_NONE };

/* No name here may be one of a kernel's parameters. */
static const sks_param params[] = {
    {.name = "workers",
     .short_name = 'w',
     .type = SKS_TEXT,
     .default_text = "1,2,4,...,65536",
     .help = "worker counts: N, ranges A-B, and ... between two to go on by the same factor"},
    {.name = "scheduler",
     .short_name = 's',
     .type = SKS_TEXT,
     .default_text = "all",
     .help = "NAME or NAME:key=value,... and more of them behind commas"},
    {.name = "per",
     .type = SKS_CHOICE,
     .choices = per_choices,
     .default_text = "total",
     .help = "the time: with the serial phases around the loop as far as they are known, or of the "
             "parallel part alone"},
    {.name = "claims",
     .type = SKS_TEXT,
     .default_text = "memory",
     .help = "what a claim costs: memory[:own=S,transfer=S,service=S,theft=S] or "
             "coordinator:latency=S,service=S[,own=S], in seconds; what is not given is "
             "measured here"},
    {.name = "speeds",
     .type = SKS_TEXT,
     .default_text = "equal",
     .help = "of the workers: equal, a list as 1,1,0.5, slow:part=P,speed=S or "
             "smt:cores=C,speed=S"},
    {.name = "slow-down",
     .type = SKS_CHOICE,
     .choices = slow_down_choices,
     .default_text = "measured",
     .help = "of tasks by other workers: as the campaign measured it for the worker counts that it "
             "has, or none"},
    {.name = "jitter",
     .type = SKS_REAL,
     .min = 0,
     .max = 10,
     .default_text = "0",
     .help = "relative standard deviation of a task's time from repeat to repeat"},
    {.name = "repeats",
     .type = SKS_INT,
     .min = 1,
     .max = 10000,
     .default_text = "9",
     .help = "simulations of each point, with jitter"},
    {.name = "jitter-seed",
     .type = SKS_INT,
     .min = 0,
     .max = 9e15,
     .default_text = "1",
     .help = "of the jitter and of the bootstrap"},
    {.name = "fixed-chunks",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "no search for the best chunk of each rule"},
    {.name = "informed",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "tell rules with options mean, sd and overhead what the tasks and claims cost"},
    {.name = "runs",
     .type = SKS_INT,
     .min = 1,
     .max = SKS_MAX_COST_SAMPLES,
     .default_text = "5",
     .help = "of a kernel, with one worker, to find out what its tasks cost"},
    {.name = "compare",
     .type = SKS_CHOICE,
     .choices = compare_choices,
     .default_text = "no",
     .help = "of a campaign: simulate its own points and set them beside the median or the "
             "least time measured"},
    {.name = "figure",
     .short_name = 'f',
     .type = SKS_OUTPUT,
     .help = "also draw speedup against workers; .svg, .pdf or .png chooses the format"},
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

static void show_progress(void *context, size_t n_done, size_t n_total)
{
    sks_progress_show(context, n_done, n_total, "points", NAN);
}

/* The object that --json prints and the figure reads. */
static sks_status to_json(const sks_study *studies, size_t n, const sks_study_options *options,
                          const sks_simulation_check *check, json_t **json)
{
    json_t *loads = json_array(), *checked = NULL, *made;
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        json_t *load = NULL;

        status = sks_study_to_json(&studies[i], &load);
        if (status == SKS_OK && json_array_append_new(loads, load) != 0)
            status = sks_fail_nomem("JSON");
    }
    if (status == SKS_OK && check->n > 0)
        status = sks_simulation_check_to_json(check, &checked);
    made = json_pack("{s:b, s:f, s:i, s:I, s:o, s:o*}", "is_simulated", 1, "jitter", options->noise,
                     "repeats", options->noise > 0 ? (int)options->n_repeats : 1, "seed",
                     (json_int_t)options->seed, "loads", loads, "compared", checked);
    if (status == SKS_OK && made == NULL)
        status = sks_fail_nomem("JSON");
    if (status != SKS_OK) {
        json_decref(made);
        return status;
    }
    *json = made;
    return SKS_OK;
}

static sks_status draw(const json_t *json, const char *output)
{
    static const char name[] = "simulation";
    char path[] = "/tmp/skyscale-simulation-XXXXXX";
    const char *const files[] = {path}, *const names[] = {name};
    const sks_figure_input input = {.time_name = "", .files = files, .names = names, .n_files = 1};
    const sks_figure *figure = NULL;
    int fd = mkstemp(path);
    sks_status status = SKS_OK;

    if (fd < 0)
        return sks_fail(SKS_ERR_IO, "%s: cannot be made", path);
    if (json_dumpfd(json, fd, JSON_REAL_PRECISION(12)) != 0)
        status = sks_fail(SKS_ERR_IO, "%s: cannot be written", path);
    close(fd);
    if (status == SKS_OK)
        status = sks_figure_find(name, &figure);
    if (status == SKS_OK)
        status = sks_figure_draw(figure, &input, output);
    unlink(path);
    return status;
}

static sks_status print_text(const sks_study *studies, size_t n, const sks_claim_model *claims,
                             const sks_simulation_check *check, bool with_least)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = sks_simulation_table_print(&studies[i], claims, stdout);
    if (status == SKS_OK && check->n > 0)
        status = sks_simulation_check_print(check, with_least, stdout);
    return status;
}

static sks_status present(const sks_values *options, const sks_study *studies, size_t n,
                          const sks_study_options *study_options, const sks_claim_model *claims,
                          const sks_simulation_check *check)
{
    const bool is_json = sks_values_flag(options, "json");
    const bool is_drawn = sks_values_has(options, "figure");
    json_t *json = NULL;
    sks_status status = SKS_OK;

    if (is_json || is_drawn)
        status = to_json(studies, n, study_options, check, &json);
    if (status == SKS_OK && is_json) {
        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    }
    if (status == SKS_OK && !is_json)
        status = print_text(studies, n, claims, check,
                            sks_values_choice(options, "compare") == COMPARE_LEAST);
    if (status == SKS_OK && is_drawn)
        status = draw(json, sks_values_text(options, "figure"));
    json_decref(json);
    return status;
}

/* What the command line says, checked and measured before anything is simulated. */
static sks_status read_options(const sks_values *options, sks_worker_counts *counts,
                               sks_study_rules *rules, sks_claim_model *claims,
                               sks_study_options *study)
{
    sks_status status = sks_worker_counts_parse(sks_values_text(options, "workers"), counts);

    if (status == SKS_OK)
        status = sks_speeds_parse(sks_values_text(options, "speeds"), "--speeds", &study->speeds);
    if (status == SKS_OK && sks_values_has(options, "figure"))
        status = sks_gnuplot_check_output(sks_values_text(options, "figure"));
    if (status == SKS_OK)
        status = sks_claim_model_parse(sks_values_text(options, "claims"), "--claims", claims);
    if (status == SKS_OK)
        /* What is compared was run with a log, or there would be no costs. */
        status =
            sks_claim_model_measure(claims, sks_values_choice(options, "compare") != COMPARE_NO);
    if (status == SKS_OK)
        status = sks_study_rules_parse(sks_values_text(options, "scheduler"), claims, rules);
    study->n_workers = counts->n_workers;
    study->n = counts->n;
    study->rules = rules->rule;
    study->n_rules = rules->n;
    study->noise = sks_values_real(options, "jitter");
    study->seed = (uint64_t)sks_values_int(options, "jitter-seed");
    study->n_repeats = (unsigned)sks_values_int(options, "repeats");
    study->searches_chunks = !sks_values_flag(options, "fixed-chunks");
    study->is_loop_only = sks_values_choice(options, "per") == PER_PARALLEL;
    study->is_informed = sks_values_flag(options, "informed");
    return status;
}

static sks_status study_all(const sks_work_load *loads, size_t n, sks_study_options *options,
                            sks_study *studies)
{
    sks_progress *progress = NULL;
    sks_status status = sks_progress_start(stderr, "simulating", &progress);

    options->progress = show_progress;
    options->context = progress;
    for (size_t i = 0; status == SKS_OK && i < n; i++)
        status = sks_study_run(&loads[i], options, &studies[i]);
    sks_progress_end(progress);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const int compare = sks_values_choice(arguments->options, "compare");
    sks_worker_counts counts = {0};
    sks_study_rules rules = {0};
    sks_claim_model claims;
    sks_study_options options = {0};
    sks_work_load *loads = NULL;
    sks_study *studies = NULL;
    sks_simulation_check check = {0};
    size_t n = 0;
    sks_status status = SKS_OK;

    if (compare != COMPARE_NO && !sks_simulate_is_campaign(arguments->operands[0]))
        status = sks_fail(SKS_ERR_USAGE, "--compare needs a campaign");
    if (status == SKS_OK)
        status = read_options(arguments->options, &counts, &rules, &claims, &options);
    if (status == SKS_OK)
        status = sks_simulate_loads(arguments, compare == COMPARE_LEAST, &loads, &n);
    if (sks_values_choice(arguments->options, "slow-down") == SLOW_DOWN_NONE)
        for (size_t i = 0; i < n; i++)
            sks_slow_downs_clear(&loads[i].slow_downs);
    if (status == SKS_OK && (studies = calloc(n, sizeof(*studies))) == NULL)
        status = sks_fail_nomem("studies");
    if (status == SKS_OK)
        status = study_all(loads, n, &options, studies);
    if (status == SKS_OK && compare != COMPARE_NO)
        status = sks_simulation_check_run(arguments->operands[0], loads, n, &claims,
                                          compare == COMPARE_LEAST, &check);
    if (status == SKS_OK)
        status = present(arguments->options, studies, n, &options, &claims, &check);
    for (size_t i = 0; studies != NULL && i < n; i++)
        sks_study_clear(&studies[i]);
    free(studies);
    sks_simulation_check_clear(&check);
    sks_work_loads_free(loads, n);
    sks_study_rules_free(rules.rule, rules.n);
    free(counts.n_workers);
    return status;
}

const sks_command sks_command_simulate = {
    .name = "simulate",
    .summary = "Run the schedulers under a virtual clock, with up to 65536 workers",
    .operands = "CAMPAIGN.db|RECORD|KERNEL|DISTRIBUTION",
    .details =
        "The schedulers' own code hands out tasks whose costs are those of a campaign (swept with\n"
        "\"record: chunks\"), of a schedule from run --record, of a kernel run here with one\n"
        "worker, or drawn from a distribution: constant, increasing, decreasing, random, normal,\n"
        "lognormal, bimodal. Prints speedups for each rule and worker count, the best rule and\n"
        "chunk for each count, and the laws they follow.\n"
        "\n"
        "  skyscale simulate lognormal --tasks 100000 --mean 1e-4 --cv 1 -s static,guided\n"
        "  skyscale simulate detect --image frame.fits -w 1-8 --per parallel -f forecast.svg\n"
        "  skyscale simulate fig1.db --compare median -w 1,2\n"
        "  skyscale simulate constant --claims coordinator:latency=5e-6,service=2e-6",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .more_params = sks_simulate_params,
    .run = run,
};
