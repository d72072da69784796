/* skyscale compare BASE.db NEW.db…, or CAMPAIGN.db --by scheduler: which is faster, and is it sure?
 */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/compare_table.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CAMPAIGNS = 64 };

static const sks_param params[] = {
    {.name = "by",
     .type = SKS_TEXT,
     .help = "compare within one campaign: scheduler, executor, binding, workers or a kernel's "
             "parameter"},
    {.name = "base",
     .type = SKS_TEXT,
     .help = "with --by: what the others are compared with (default: the first one planned)"},
    {.name = "per",
     .type = SKS_CHOICE,
     .choices = sks_per_choices,
     .default_text = "total",
     .help = "the time compared: the whole run (total), its parallel part, or what each core spent "
             "computing (core)"},
    {.name = "disturbed",
     .type = SKS_CHOICE,
     .choices = sks_disturbed_choices,
     .default_text = "keep",
     .help = "samples that were flagged as disturbed"},
    {.name = "confidence",
     .type = SKS_REAL,
     .min = 0.5,
     .max = 0.999,
     .default_text = "0.95",
     .help = "of all verdicts together, and of every interval"},
    {.name = "threshold",
     .type = SKS_TEXT,
     .default_text = "2%",
     .help = "the least difference that matters"},
    {.name = "fail-if-slower",
     .type = SKS_TEXT,
     .help = "exit with status 1 when anything is slower by so much or more, such as 5%, or when "
             "nothing could have been shown to be"},
    {.name = "replicates",
     .type = SKS_INT,
     .min = 100,
     .max = 1000000,
     .default_text = "10000",
     .help = "of the bootstrap"},
    {.name = "seed",
     .type = SKS_INT,
     .min = 0,
     .max = 9e15,
     .default_text = "1",
     .help = "of the bootstrap and of the self-check"},
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

/* What was read of one campaign. */
typedef struct campaign {
    sks_facts facts;
    sks_series *series;
    size_t n;
} campaign;

static sks_status read_campaign(const char *path, const sks_values *options, campaign *c)
{
    sks_store *store = NULL;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_facts_read(store, &c->facts);
    sks_store_close(store);
    return status == SKS_OK ? sks_campaign_read_series(path, options, &c->series, &c->n) : status;
}

static sks_status print_json(const sks_compare_report *report)
{
    json_t *json = NULL;
    sks_status status = sks_compare_to_json(report, &json);

    if (status == SKS_OK) {
        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    }
    json_decref(json);
    return status;
}

/* A check that could not have failed is no check: nothing in common, or too few samples. */
static sks_status check_possible(const sks_compare_report *report)
{
    size_t n_able = 0;

    if (report->result.n == 0)
        return sks_fail(SKS_ERR_INPUT, "--fail-if-slower: no configuration in common");
    for (size_t i = 0; i < report->result.n; i++)
        n_able += report->result.comparisons[i].change != SKS_TOO_FEW_SAMPLES;
    if (n_able == 0)
        return sks_fail(SKS_ERR_INPUT,
                        "--fail-if-slower: too few samples to show a difference in any of %zu "
                        "comparisons",
                        report->result.n);
    return SKS_OK;
}

/* The one line with which a build that must not get slower fails. */
static sks_status check_slower(const sks_compare_report *report, double limit)
{
    const sks_comparison *worst = NULL;
    size_t n = 0;

    for (size_t i = 0; i < report->result.n; i++) {
        const sks_comparison *c = &report->result.comparisons[i];

        if (c->change != SKS_SLOWER || c->ratio.value < 1.0 + limit)
            continue;
        n++;
        if (worst == NULL || c->ratio.value > worst->ratio.value)
            worst = c;
    }
    if (n == 0)
        return SKS_OK;
    return sks_fail(
        SKS_ERR_INPUT, "%zu of %zu comparisons slower by %g %% or more; the worst: %s, %s: %.1f %%",
        n, report->result.n, 100.0 * limit, report->matches.group_names[worst->match->group],
        worst->match->label, 100.0 * (worst->ratio.value - 1.0));
}

static sks_status compare(const sks_arguments *arguments, campaign *campaigns, double limit,
                          sks_compare_options compare_options)
{
    const sks_values *options = arguments->options;
    sks_compared compared[MAX_CAMPAIGNS] = {0};
    sks_compare_report report = {
        .by = sks_values_text(options, "by"),
        .time_name = sks_campaign_time_name(options),
        .options = compare_options,
        .n_campaigns = arguments->n_operands,
        .campaigns = compared,
    };
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < arguments->n_operands; i++) {
        status = read_campaign(arguments->operands[i], options, &campaigns[i]);
        compared[i] = (sks_compared){.path = arguments->operands[i],
                                     .facts = &campaigns[i].facts,
                                     .series = campaigns[i].series,
                                     .n = campaigns[i].n};
    }
    if (status == SKS_OK)
        status = sks_compare_report_make(sks_values_text(options, "base"), &report);
    if (status == SKS_OK)
        status = sks_values_flag(options, "json") ? print_json(&report)
                                                  : sks_compare_table_print(&report, stdout);
    if (status == SKS_OK)
        status = sks_flush_stdout();
    if (status == SKS_OK && !isnan(limit))
        status = check_possible(&report);
    if (status == SKS_OK && !isnan(limit))
        status = check_slower(&report, limit);
    sks_compare_report_clear(&report);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const char *by = sks_values_text(options, "by");
    sks_compare_options compare_options = {
        .confidence = sks_values_real(options, "confidence"),
        .n_replicates = (size_t)sks_values_int(options, "replicates"),
        .seed = (uint64_t)sks_values_int(options, "seed"),
    };
    campaign campaigns[MAX_CAMPAIGNS] = {0};
    double limit = NAN;
    sks_status status = sks_campaign_percentage(options, "threshold", &compare_options.threshold);

    if (status == SKS_OK)
        status = sks_campaign_percentage(options, "fail-if-slower", &limit);
    if (status == SKS_OK && by == NULL && arguments->n_operands < 2)
        status = sks_fail(SKS_ERR_USAGE, "compare needs two campaigns, or one and --by");
    if (status == SKS_OK && by != NULL && arguments->n_operands > 1)
        status = sks_fail(SKS_ERR_USAGE, "--by compares within one campaign, got %zu",
                          arguments->n_operands);
    if (status == SKS_OK && by == NULL && sks_values_has(options, "base"))
        status = sks_fail(SKS_ERR_USAGE, "--base needs --by; of campaigns the first is the base");
    if (status == SKS_OK)
        status = compare(arguments, campaigns, limit, compare_options);
    for (size_t i = 0; i < arguments->n_operands; i++) {
        sks_facts_clear(&campaigns[i].facts);
        sks_series_free(campaigns[i].series, campaigns[i].n);
    }
    return status;
}

const sks_command sks_command_compare = {
    .name = "compare",
    .summary = "Tell what is faster and what slower, and how sure that is",
    .operands = "BASE.db NEW.db… | CAMPAIGN.db --by THING",
    .details =
        "Matches the configurations of two campaigns or more, or of one campaign by scheduler,\n"
        "executor, binding, workers or a parameter, and gives the ratio of the medians with its\n"
        "interval, a test and a verdict. \"No difference shown\" is an answer.\n"
        "\n"
        "  skyscale compare old.db new.db --fail-if-slower 5%\n"
        "  skyscale compare fig1.db --by scheduler --base static --per parallel",
    .min_operands = 1,
    .max_operands = MAX_CAMPAIGNS,
    .params = params,
    .run = run,
};
