/* skyscale run KERNEL: one execution, as a tool or to look at. */
#include "harness/measure/run.h"
#include "harness/commands/command.h"
#include "harness/executors/recipes.h"
#include "harness/machine/describe.h"
#include "harness/measure/record_json.h"
#include "harness/measure/schedule_file.h"
#include "harness/measure/trace.h"
#include "kernels/parts/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const sks_param params[] = {
    {.name = "workers",
     .short_name = 'w',
     .type = SKS_INT,
     .min = 1,
     .max = SKS_MAX_WORKERS,
     .help = "number of workers; default: one per usable core, or what mpirun has started"},
    {.name = "executor",
     .short_name = 'e',
     .type = SKS_TEXT,
     .default_text = "threads",
     .help = "how workers exist and talk, or a recipe; see: skyscale list executors"},
    {.name = "scheduler",
     .short_name = 's',
     .type = SKS_TEXT,
     .default_text = "dynamic",
     .help = "NAME or NAME:key=value,...; see: skyscale list schedulers"},
    {.name = "binding",
     .short_name = 'b',
     .type = SKS_TEXT,
     .default_text = "cores",
     .help = "worker to core: a policy or a list as 0,2,4-7; see: skyscale list bindings"},
    {.name = "counters",
     .short_name = 'c',
     .type = SKS_TEXT,
     .help = "events to count, as cycles,instructions; see: skyscale machine"},
    {.name = "counter-source",
     .type = SKS_TEXT,
     .default_text = "auto",
     .help = "auto, papi, perf or rusage"},
    {.name = "trace",
     .type = SKS_OUTPUT,
     .help = "write the timeline of all chunks, as JSON for https://ui.perfetto.dev and for "
             "skyscale plot -f timeline"},
    {.name = "record",
     .type = SKS_OUTPUT,
     .help = "write which worker computed which chunk, for --replay"},
    {.name = "replay",
     .type = SKS_INPUT,
     .help = "execute a recorded schedule again, exactly, in place of a scheduler's rule"},
    {.name = "check",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "log the chunks and say whether they are those of the scheduler's rule; --trace and "
             "--record do so too"},
    {.name = "log-chunks",
     .type = SKS_INT,
     .unit = "chunks",
     .default_text = "1000000",
     .min = 1,
     .max = 1e9,
     .help = "room for each worker's chunks in the log"},
    {.name = "json",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "print the run's record as JSON on standard output"},
    {.name = "quiet",
     .short_name = 'q',
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "print no summary on standard error"},
    {0},
};

static sks_status kernel_params(const char *operand, const sks_param **table, const char **title)
{
    const sks_kernel *kernel;
    sks_status status = sks_kernel_find(operand, &kernel);

    if (status == SKS_OK) {
        *table = kernel->params;
        *title = "Parameters of the kernel";
    }
    return status;
}

static size_t n_to_stdout(const sks_values *values)
{
    size_t n = 0;

    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++)
        n += p->type == SKS_OUTPUT && sks_values_has(values, p->name) &&
             strcmp(sks_values_text(values, p->name), "-") == 0;
    return n;
}

static sks_status check_stdout(const sks_values *options, const sks_values *parameters)
{
    const bool is_json = sks_values_flag(options, "json");
    const size_t n_products = n_to_stdout(parameters);

    if (is_json && n_products > 0)
        return sks_fail(SKS_ERR_USAGE,
                        "--json and the product cannot both go to standard output: give -o FILE");
    if (is_json + n_products + n_to_stdout(options) > 1)
        return sks_fail(SKS_ERR_USAGE, "two outputs cannot both go to standard output: give all "
                                       "but one of them a FILE");
    return SKS_OK;
}

/* Where the logs will go, which are written after the run only: a long one should not be lost for
 * a misspelt folder. */
static sks_status check_log_places(const sks_values *options)
{
    static const char *const names[] = {"trace", "record"};
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < sizeof(names) / sizeof(*names); i++)
        if (sks_values_has(options, names[i]))
            status = sks_product_check(sks_values_text(options, names[i]));
    return status;
}

static void print_summary(const sks_configuration *c, const sks_record *r)
{
    const sks_phases *p = &r->phases;

    fprintf(stderr, "%s: ", c->kernel->name);
    for (size_t i = 0; i < r->notes.n; i++) {
        const char *name = r->notes.note[i].name;

        fprintf(stderr, "%s%.15g ", i > 0 ? ", " : "", r->notes.note[i].value);
        for (; *name != '\0'; name++)
            fputc(*name == '_' ? ' ' : *name, stderr);
    }
    fprintf(stderr,
            "\n%u worker%s%s, %s %s: %.4f s (start-up %.4f, prepare %.4f, parallel %.4f, finish "
            "%.4f)\n",
            r->n_workers, r->n_workers == 1 ? "" : "s",
            r->is_oversubscribed ? " (more than places)" : "", c->executor->name,
            c->scheduler->name, p->total_s, p->startup_s, p->prepare_s, p->parallel_s, p->finish_s);
    fprintf(stderr, "%zu tasks in %zu chunks", r->n_tasks, r->n_chunks);
    if (isfinite(r->imbalance))
        fprintf(stderr, ", imbalance %.1f %%", 100.0 * r->imbalance);
    if (isfinite(r->overhead_per_chunk_s))
        fprintf(stderr, ", %.0f ns per chunk outside the kernel", 1e9 * r->overhead_per_chunk_s);
    fprintf(stderr, "\n");
    if (r->decision[0] != '\0')
        fprintf(stderr, "%s: %s\n", c->scheduler->name, r->decision);
    for (size_t i = 0; i < r->n_happened && i < SKS_MAX_EVENTS_KEPT; i++)
        fprintf(stderr, "%.3f s: worker %u %s\n", r->happened[i].time_s, r->happened[i].worker,
                r->happened[i].text);
    if (r->logs != NULL)
        fprintf(stderr, "rule check: %s (%s)\n", sks_rule_verdict_name[r->rule.verdict],
                r->rule.text);
    fprintf(stderr, "digest %s\n", r->digest.hex);
    for (size_t e = 0; e < r->n_events; e++) {
        if (isnan(r->counts[e].value))
            fprintf(stderr, "%s: %s (%s)\n", r->events[e], sks_quality_name[r->counts[e].quality],
                    r->counts[e].reason);
        else
            fprintf(stderr, "%s: %.0f (%s, %s)\n", r->events[e], r->counts[e].value,
                    r->event_sources[e], sks_quality_name[r->counts[e].quality]);
    }
}

static sks_status print_json(const sks_configuration *configuration, const sks_topology *topology,
                             const sks_record *record)
{
    json_t *machine = NULL;
    json_t *object;
    sks_status status = sks_machine_describe(topology, &machine);

    if (status != SKS_OK)
        return status;
    object = sks_record_to_json(configuration, record, machine);
    json_decref(machine);
    if (object == NULL)
        return sks_fail_nomem("JSON");
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(object);
    return SKS_OK;
}

/* The rule, or the record of an earlier run. */
static sks_status choose_scheduler(const sks_values *options, sks_configuration *c,
                                   sks_values **scheduler_options)
{
    const char *rule = c->recipe != NULL ? c->recipe->scheduler : NULL;
    bool is_chosen = sks_values_was_given(options, "scheduler");
    sks_status status;

    if (!sks_values_has(options, "replay")) {
        status = sks_scheduler_parse(
            rule != NULL && !is_chosen ? rule : sks_values_text(options, "scheduler"),
            &c->scheduler, scheduler_options);
        return status == SKS_OK ? sks_recipe_check(c->recipe, c->scheduler) : status;
    }
    if (is_chosen)
        return sks_fail(SKS_ERR_USAGE, "--replay and --scheduler exclude each other");
    c->scheduler = &sks_scheduler_replay;
    status = sks_values_create(sks_scheduler_replay.params, scheduler_options);
    if (status == SKS_OK)
        status = sks_values_set(*scheduler_options, "file", sks_values_text(options, "replay"),
                                "--replay");
    return status;
}

static bool wants_log(const sks_values *options)
{
    return sks_values_has(options, "trace") || sks_values_has(options, "record") ||
           sks_values_flag(options, "check");
}

/* The files that show what happened inside the run. */
static sks_status write_logs(const sks_values *options, const sks_configuration *c,
                             const sks_record *record)
{
    sks_status status = SKS_OK;

    if (sks_values_has(options, "trace"))
        status = sks_trace_write(sks_values_text(options, "trace"), c, record);
    if (status == SKS_OK && sks_values_has(options, "record"))
        status = sks_schedule_write(sks_values_text(options, "record"), c, record);
    return status;
}

static unsigned default_workers(const sks_executor *executor, const sks_topology *topology)
{
    unsigned n = executor->n_started != NULL ? executor->n_started() : 0;

    return n > 0 ? n : sks_topology_n_cores(topology);
}

/* Everything named on the command line, found and checked before anything is started. */
static sks_status configure(const sks_arguments *arguments, const sks_topology *topology,
                            sks_configuration *c, sks_values **scheduler_options)
{
    const sks_values *options = arguments->options;
    sks_status status = sks_kernel_find(arguments->operands[0], &c->kernel);

    if (status == SKS_OK)
        status = sks_recipe_find(sks_values_text(options, "executor"), &c->executor, &c->recipe);
    if (status == SKS_OK)
        status = choose_scheduler(options, c, scheduler_options);
    c->binding = sks_values_text(options, "binding");
    if (status == SKS_OK)
        status = sks_policy_check(c->binding);
    if (status != SKS_OK)
        return status;
    c->parameters = arguments->more;
    c->scheduler_options = *scheduler_options;
    c->n_workers = sks_values_has(options, "workers") ? (unsigned)sks_values_int(options, "workers")
                                                      : default_workers(c->executor, topology);
    c->events = sks_values_text(options, "counters");
    c->counter_source = sks_values_text(options, "counter-source");
    c->log_capacity = wants_log(options) ? (size_t)sks_values_int(options, "log-chunks") : 0;
    c->probes_latency = sks_values_flag(options, "json");
    c->skips_digest = sks_values_flag(options, "quiet") && !sks_values_flag(options, "json");
    status = check_stdout(options, c->parameters);
    return status == SKS_OK ? check_log_places(options) : status;
}

static sks_status run(const sks_arguments *arguments)
{
    sks_topology *topology = NULL;
    sks_values *scheduler_options = NULL;
    sks_configuration configuration = {0};
    sks_record record = {0};
    sks_status status = sks_topology_load(NULL, &topology);

    if (status == SKS_OK)
        status = configure(arguments, topology, &configuration, &scheduler_options);
    if (status == SKS_OK)
        status = sks_run(&configuration, topology, &record);
    if (status == SKS_OK)
        status = write_logs(arguments->options, &configuration, &record);
    if (status == SKS_OK && sks_values_flag(arguments->options, "json"))
        status = print_json(&configuration, topology, &record);
    else if (status == SKS_OK && !sks_values_flag(arguments->options, "quiet"))
        print_summary(&configuration, &record);
    sks_record_clear(&record);
    sks_values_destroy(scheduler_options);
    sks_topology_destroy(topology);
    return status;
}

const sks_command sks_command_run = {
    .name = "run",
    .summary = "Run one kernel, on all cores or as told",
    .operands = "KERNEL",
    .details = "The product goes where -o says, a summary to standard error. Example:\n"
               "  skyscale run pix2sky --image frame.fits --coords list.txt -o sky.txt -w 2\n"
               "skyscale run KERNEL --help shows the parameters of a kernel.",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .more_params = kernel_params,
    .run = run,
};
