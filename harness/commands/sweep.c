/* skyscale sweep SWEEP.yaml: measures a campaign, or goes on with one. */
#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/machine/describe.h"
#include "harness/measure/record_json.h"
#include "harness/present/progress.h"
#include "harness/sweep/runner.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const sks_param params[] = {
    {.name = "database",
     .short_name = 'd',
     .type = SKS_OUTPUT,
     .help = "the campaign; default: the sweep file's name with .db, in the current folder"},
    {.name = "dry-run",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "print the plan and what is left of it, and measure nothing"},
    {.name = "json",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "print the summary, or the plan, as JSON"},
    {0},
};

/* Enters the plan with the machine it is measured on. */
static sks_status enter_plan(sks_store *store, const sks_plan *plan, const json_t *machine)
{
    char *text = json_dumps(machine, JSON_COMPACT | JSON_REAL_PRECISION(15));
    sks_status status;

    if (text == NULL)
        return sks_fail_nomem("the machine's description");
    status = sks_store_enter_plan(store, plan, text);
    free(text);
    return status;
}

/* What makes measurements doubtful here, said before any are made. */
static void print_warnings(const json_t *machine)
{
    const json_t *warning;
    size_t i;

    json_array_foreach(json_object_get(machine, "warnings"), i, warning)
        fprintf(stderr, "skyscale: warning: %s\n", json_string_value(warning));
}

static json_t *forecast_json(const sks_sweep_forecast *f)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "samples_taken", (json_int_t)f->n_taken,
                     "samples_left_min", (json_int_t)f->n_left_min, "samples_left_max",
                     (json_int_t)f->n_left_max, "seconds_left_min", sks_json_number(f->seconds_min),
                     "seconds_left_max", sks_json_number(f->seconds_max));
}

static json_t *item_json(const sks_plan_item *item)
{
    const sks_configuration *c = &item->configuration;

    return json_pack("{s:s, s:o?, s:s, s:s, s:I, s:s, s:b, s:b}", "kernel", c->kernel->name,
                     "parameters", json_loads(item->parameters, 0, NULL), "executor",
                     c->executor->name, "scheduler", item->scheduler, "workers",
                     (json_int_t)c->n_workers, "binding", c->binding, "is_oversubscribed",
                     item->is_oversubscribed, "is_weak", item->is_weak);
}

static sks_status print_json(json_t *object)
{
    if (object == NULL)
        return sks_fail_nomem("JSON");
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(object);
    return SKS_OK;
}

static sks_status print_plan_json(const sks_plan *plan, const char *database,
                                  const sks_sweep_forecast *forecast)
{
    json_t *items = json_array();

    for (size_t i = 0; i < plan->n_items; i++)
        if (json_array_append_new(items, item_json(&plan->items[i])) != 0) {
            json_decref(items);
            return sks_fail_nomem("JSON");
        }
    return print_json(json_pack("{s:s, s:s, s:o, s:o}", "campaign", plan->campaign, "database",
                                database, "forecast", forecast_json(forecast), "configurations",
                                items));
}

static void print_range(const char *name, size_t min, size_t max)
{
    printf(min == max ? "%s%zu" : "%s%zu to %zu", name, min, max);
}

static void print_time_left(const sks_sweep_forecast *forecast)
{
    char least[SKS_DURATION_SIZE], most[SKS_DURATION_SIZE];

    if (isnan(forecast->seconds_max)) {
        printf("# time left       not known before the first sample\n");
        return;
    }
    sks_format_duration(forecast->seconds_min, least);
    sks_format_duration(forecast->seconds_max, most);
    if (strcmp(least, most) == 0)
        printf("# time left       %s\n", least);
    else
        printf("# time left       %s to %s\n", least, most);
}

static void print_plan(const sks_plan *plan, const char *database,
                       const sks_sweep_forecast *forecast)
{
    printf("# campaign        %s\n# database        %s, with %zu samples\n", plan->campaign,
           database, forecast->n_taken);
    printf("# configurations  %zu, %u warm-up round%s, ", plan->n_items, plan->n_warmup,
           plan->n_warmup == 1 ? "" : "s");
    print_range("", plan->n_min, plan->n_max);
    printf(" measured\n");
    print_range("# samples left    ", forecast->n_left_min, forecast->n_left_max);
    printf("\n");
    if (forecast->n_left_max > 0)
        print_time_left(forecast);
    printf("# kernel executor scheduler binding workers scaling parameters\n");
    for (size_t i = 0; i < plan->n_items; i++) {
        const sks_configuration *c = &plan->items[i].configuration;

        printf("%s %s %s %s %u %s %s\n", c->kernel->name, c->executor->name,
               plan->items[i].scheduler, c->binding, c->n_workers,
               plan->items[i].is_weak ? "weak" : "strong", plan->items[i].parameters_text);
    }
}

/* Reads what is there and writes nothing. */
static sks_status dry_run(const sks_plan *plan, const char *database, bool as_json)
{
    sks_sweep_forecast forecast;
    sks_store *store = NULL;
    sks_status status = SKS_OK;

    if (access(database, F_OK) == 0)
        status = sks_store_open_read(database, &store);
    if (status == SKS_OK && store != NULL)
        status = sks_store_enter_plan(store, plan, NULL);
    if (status == SKS_OK)
        status = sks_sweep_look_ahead(plan, store, &forecast);
    sks_store_close(store);
    if (status != SKS_OK)
        return status;
    if (as_json)
        return print_plan_json(plan, database, &forecast);
    print_plan(plan, database, &forecast);
    return SKS_OK;
}

/* The summary, and the verdict on the sweep as a whole. */
static sks_status conclude(const sks_plan *plan, sks_store *store, const char *database,
                           const sks_sweep_counts *counts, bool as_json)
{
    const size_t n = counts->n_before + counts->n_new;
    char *failure = NULL;
    sks_status status = SKS_OK;

    if (as_json)
        status = print_json(json_pack(
            "{s:s, s:s, s:I, s:I, s:I, s:I}", "campaign", plan->campaign, "database", database,
            "configurations", (json_int_t)plan->n_items, "samples", (json_int_t)n, "samples_new",
            (json_int_t)counts->n_new, "samples_failed", (json_int_t)counts->n_failed));
    else
        printf("%s: %zu configurations, %zu samples in %s, %zu of them new\n", plan->campaign,
               plan->n_items, n, database, counts->n_new);
    if (status == SKS_OK && counts->n_failed > 0)
        status = sks_store_first_failure(store, &failure);
    if (status == SKS_OK && counts->n_failed > 0)
        status = sks_fail(SKS_ERR_INPUT, "%zu of %zu samples failed; the first: %s",
                          counts->n_failed, n, failure != NULL ? failure : "for no known reason");
    free(failure);
    return status;
}

static sks_status sweep(const sks_plan *plan, const sks_topology *topology, const char *database,
                        bool as_json)
{
    sks_sweep_forecast forecast;
    sks_sweep_counts counts;
    sks_progress *progress = NULL;
    sks_store *store = NULL;
    json_t *machine = NULL;
    sks_status status = sks_store_open(database, &store);

    if (status == SKS_OK)
        status = sks_machine_describe(topology, &machine);
    if (status == SKS_OK)
        status = enter_plan(store, plan, machine);
    if (status == SKS_OK)
        status = sks_sweep_look_ahead(plan, store, &forecast);
    if (status == SKS_OK)
        status = sks_progress_start(stderr, plan->campaign, &progress);
    if (status == SKS_OK && forecast.n_left_max > 0)
        print_warnings(machine);
    if (status == SKS_OK)
        status = sks_sweep_run(plan, store, database, topology, progress, &counts);
    sks_progress_end(progress);
    if (status == SKS_OK)
        status = conclude(plan, store, database, &counts, as_json);
    sks_store_close(store);
    json_decref(machine);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const char *file = arguments->operands[0];
    const bool as_json = sks_values_flag(options, "json");
    sks_topology *topology = NULL;
    sks_plan *plan = NULL;
    char *database = sks_values_has(options, "database")
                         ? strdup(sks_values_text(options, "database"))
                         : sks_default_database(file);
    sks_status status = database != NULL ? SKS_OK : sks_fail_nomem("the database's name");

    if (status == SKS_OK)
        status = sks_topology_load(NULL, &topology);
    if (status == SKS_OK)
        status = sks_plan_load(file, topology, &plan);
    if (status == SKS_OK)
        status = sks_values_flag(options, "dry-run") ? dry_run(plan, database, as_json)
                                                     : sweep(plan, topology, database, as_json);
    sks_plan_destroy(plan);
    sks_topology_destroy(topology);
    free(database);
    return status;
}

const sks_command sks_command_sweep = {
    .name = "sweep",
    .summary = "Measure all configurations of a sweep file",
    .operands = "SWEEP.yaml",
    .details = "Every sample is in the database before the next run starts. A sweep that was\n"
               "interrupted goes on where it stopped when it is started again. Example:\n"
               "  skyscale sweep fig1.yaml --dry-run\n"
               "  skyscale sweep fig1.yaml -d fig1.db\n"
               "docs/sweep-files.md describes sweep files.",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
