/* skyscale simulate: the schedulers beyond the cores at hand, under a virtual clock. */
#include "harness/analysis/simulate_check.h"
#include "harness/analysis/simulate_study.h"
#include "harness/commands/command.h"
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
     .help = "what a claim costs: memory[:own=S,transfer=S,service=S,theft=S] or\n"
             "coordinator:latency=S,service=S[,own=S], in seconds; what is not given is\n"
             "measured here"},
    {.name = "speeds",
     .type = SKS_TEXT,
     .default_text = "equal",
     .help = "of the workers: equal, a list as 1,1,0.5, slow:part=P,speed=S or\n"
             "smt:cores=C,speed=S"},
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
     .help = "of a campaign: simulate its own points and set them beside the median or the\n"
             "least time measured"},
    {.name = "figure",
     .short_name = 'f',
     .type = SKS_OUTPUT,
     .help = "also draw speedup against workers; .svg, .pdf or .png chooses the format"},
    {.name = "json", .type = SKS_FLAG, .default_text = "no", .help = "as JSON"},
    {0},
};

static const sks_param distribution_params[] = {
    {.name = "tasks",
     .type = SKS_INT,
     .min = 1,
     .max = 1e9,
     .default_text = "100000",
     .unit = "tasks",
     .help = "number of tasks; each needs 8 bytes of memory"},
    {.name = "mean",
     .type = SKS_REAL,
     .min = 0,
     .max = 1e9,
     .default_text = "1e-4",
     .unit = "s",
     .help = "mean cost of a task"},
    {.name = "cv",
     .type = SKS_REAL,
     .min = 0,
     .max = 100,
     .default_text = "0.5",
     .help = "standard deviation of the costs over their mean"},
    {.name = "seed",
     .type = SKS_INT,
     .min = 0,
     .max = 9e15,
     .default_text = "1",
     .help = "of the costs"},
    {0},
};

/* ---- The operand. */

/* Its place among the distributions; -1: none of them. */
static int find_distribution(const char *name)
{
    for (int i = 0; sks_cost_distribution_name[i] != NULL; i++)
        if (strcmp(sks_cost_distribution_name[i], name) == 0)
            return i;
    return -1;
}

static sks_status operand_params(const char *operand, const sks_param **table, const char **title)
{
    const sks_kernel *kernel;
    sks_status status;

    *table = NULL;
    if (find_distribution(operand) >= 0) {
        *table = distribution_params;
        *title = "Parameters of the distribution";
        return SKS_OK;
    }
    if (access(operand, F_OK) == 0)
        return SKS_OK;
    status = sks_kernel_find(operand, &kernel);
    if (status == SKS_OK) {
        *table = kernel->params;
        *title = "Parameters of the kernel";
        return SKS_OK;
    }
    sks_clear();
    return sks_fail(SKS_ERR_USAGE,
                    "\"%s\" is neither a file nor a kernel (skyscale list kernels) nor a "
                    "distribution (constant, increasing, decreasing, random, normal, lognormal, "
                    "bimodal)",
                    operand);
}

static sks_status draw_load(const sks_values *values, int distribution, sks_work_load *load)
{
    sks_task_costs costs;
    sks_status status = sks_task_costs_init(
        (sks_cost_distribution)distribution, (size_t)sks_values_int(values, "tasks"),
        1e6 * sks_values_real(values, "mean"), sks_values_real(values, "cv"),
        (uint64_t)sks_values_int(values, "seed"), &costs);

    return status == SKS_OK ? sks_work_load_draw(&costs, load) : status;
}

/* A campaign is an SQLite file, a recorded schedule a text. */
static bool is_database(const char *path)
{
    char head[16] = "";
    FILE *file = fopen(path, "re");
    size_t n = file != NULL ? fread(head, 1, sizeof(head), file) : 0;

    if (file != NULL)
        fclose(file);
    return n == sizeof(head) && memcmp(head, "SQLite format 3", sizeof(head)) == 0;
}

static sks_status one_load(const sks_arguments *arguments, sks_work_load *load)
{
    const char *operand = arguments->operands[0];
    const int distribution = find_distribution(operand);
    const sks_kernel *kernel;
    sks_status status;

    if (distribution >= 0)
        return draw_load(arguments->more, distribution, load);
    if (access(operand, F_OK) == 0)
        return sks_work_load_read(operand, load);
    status = sks_kernel_find(operand, &kernel);
    return status == SKS_OK
               ? sks_work_load_run(kernel, arguments->more,
                                   (unsigned)sks_values_int(arguments->options, "runs"), load)
               : status;
}

static sks_status find_loads(const sks_arguments *arguments, sks_work_load **loads, size_t *n)
{
    sks_work_load *one;
    sks_status status;

    if (find_distribution(arguments->operands[0]) < 0 && is_database(arguments->operands[0]))
        return sks_work_loads_of_campaign(arguments->operands[0], loads, n);
    if (sks_values_choice(arguments->options, "compare") != COMPARE_NO)
        return sks_fail(SKS_ERR_USAGE, "--compare needs a campaign");
    one = calloc(1, sizeof(*one));
    status = one != NULL ? one_load(arguments, one) : sks_fail_nomem("the costs of tasks");
    if (status != SKS_OK) {
        free(one);
        return status;
    }
    *loads = one;
    *n = 1;
    return SKS_OK;
}

/* ---- Worker counts. */

struct counts {
    unsigned *n_workers;
    size_t n;
};

static sks_status add_count(struct counts *counts, int64_t value)
{
    unsigned *grown;

    for (size_t i = 0; i < counts->n; i++)
        if (counts->n_workers[i] == value)
            return SKS_OK;
    grown = realloc(counts->n_workers, (counts->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return sks_fail_nomem("worker counts");
    counts->n_workers = grown;
    grown[counts->n++] = (unsigned)value;
    return SKS_OK;
}

/* "a,b,...,z" goes on behind b by the factor b/a up to z. */
static sks_status add_progression(struct counts *counts, int64_t last)
{
    const size_t n = counts->n;
    double factor, value;
    sks_status status = SKS_OK;

    if (n < 2 || counts->n_workers[n - 1] <= counts->n_workers[n - 2])
        return sks_fail(SKS_ERR_USAGE,
                        "--workers: \"...\" needs two growing worker counts before it");
    factor = (double)counts->n_workers[n - 1] / counts->n_workers[n - 2];
    value = counts->n_workers[n - 1] * factor;
    for (; status == SKS_OK && value < (double)last; value *= factor)
        status = add_count(counts, (int64_t)lround(value));
    return status;
}

/* "8" or "1-8". */
static bool read_range(char *item, int64_t *first, int64_t *last)
{
    char *dash = strchr(item, '-');

    if (dash != NULL)
        *dash = '\0';
    if (!sks_parse_int(item, first))
        return false;
    *last = *first;
    return dash == NULL || sks_parse_int(dash + 1, last);
}

static sks_status parse_item(char *item, bool *goes_on, struct counts *counts)
{
    int64_t first, last;
    sks_status status = SKS_OK;

    if (strcmp(item, "...") == 0 || strcmp(item, "\u2026") == 0) {
        *goes_on = true;
        return SKS_OK;
    }
    if (!read_range(item, &first, &last) || first < 1 || last > SKS_MAX_WORKERS || first > last)
        return sks_fail(SKS_ERR_USAGE,
                        "--workers: \"%s\" is none of: 4, 1-8, ...; counts go from 1 to %d", item,
                        SKS_MAX_WORKERS);
    if (*goes_on)
        status = add_progression(counts, first);
    *goes_on = false;
    for (int64_t value = first; status == SKS_OK && value <= last; value++)
        status = add_count(counts, value);
    return status;
}

static int compare_counts(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

static sks_status parse_counts(const char *text, struct counts *counts)
{
    char *copy = strdup(text), *rest = copy;
    bool goes_on = false;
    sks_status status = copy != NULL ? SKS_OK : sks_fail_nomem("worker counts");

    while (status == SKS_OK && rest != NULL)
        status = parse_item(strsep(&rest, ","), &goes_on, counts);
    free(copy);
    if (status == SKS_OK && goes_on)
        status = sks_fail(SKS_ERR_USAGE, "--workers: \"...\" needs a last worker count behind it");
    if (status == SKS_OK)
        qsort(counts->n_workers, counts->n, sizeof(*counts->n_workers), compare_counts);
    return status;
}

/* ---- Rules. */

struct rules {
    sks_study_rule *rule;
    size_t n;
};

static sks_status add_rule(const char *text, const sks_claim_model *claims, struct rules *rules)
{
    sks_study_rule *grown = realloc(rules->rule, (rules->n + 1) * sizeof(*grown));
    sks_status status;

    if (grown == NULL)
        return sks_fail_nomem("the rules");
    rules->rule = grown;
    status = sks_study_rule_make(text, claims, &grown[rules->n]);
    rules->n += status == SKS_OK;
    return status;
}

/* Whether what follows a comma is another option of the same rule, "key=value", and not a rule. */
static bool is_option(const char *text)
{
    const size_t length = strcspn(text, ":=,");

    return text[length] == '=';
}

static sks_status parse_rules(const char *text, const sks_claim_model *claims, struct rules *rules)
{
    char *copy = strdup(text), *begin = copy;
    sks_status status = copy != NULL ? SKS_OK : sks_fail_nomem("the rules");

    if (status == SKS_OK && strcmp(text, "all") == 0)
        for (size_t i = 0; status == SKS_OK && sks_scheduler_table[i] != NULL; i++)
            status = add_rule(sks_scheduler_table[i]->name, claims, rules);
    else
        while (status == SKS_OK && begin != NULL) {
            char *end = strchr(begin, ',');

            while (end != NULL && is_option(end + 1))
                end = strchr(end + 1, ',');
            if (end != NULL)
                *end++ = '\0';
            status = add_rule(begin, claims, rules);
            begin = end;
        }
    free(copy);
    return status;
}

/* ---- All of it. */

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
static sks_status read_options(const sks_values *options, struct counts *counts,
                               struct rules *rules, sks_claim_model *claims,
                               sks_study_options *study)
{
    sks_status status = parse_counts(sks_values_text(options, "workers"), counts);

    if (status == SKS_OK)
        status = sks_speeds_parse(sks_values_text(options, "speeds"), "--speeds", &study->speeds);
    if (status == SKS_OK && sks_values_has(options, "figure"))
        status = sks_gnuplot_check_output(sks_values_text(options, "figure"));
    if (status == SKS_OK)
        status = sks_claim_model_parse(sks_values_text(options, "claims"), "--claims", claims);
    if (status == SKS_OK)
        status = sks_claim_model_measure(claims);
    if (status == SKS_OK)
        status = parse_rules(sks_values_text(options, "scheduler"), claims, rules);
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
    struct counts counts = {0};
    struct rules rules = {0};
    sks_claim_model claims;
    sks_study_options options = {0};
    sks_work_load *loads = NULL;
    sks_study *studies = NULL;
    sks_simulation_check check = {0};
    size_t n = 0;
    sks_status status = read_options(arguments->options, &counts, &rules, &claims, &options);

    if (status == SKS_OK)
        status = find_loads(arguments, &loads, &n);
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
        "The schedulers' own code hands out tasks whose costs are those of a campaign that was\n"
        "swept with \"record: chunks\", of a schedule from run --record, of a kernel run here "
        "with\n"
        "one worker, or drawn from a distribution (constant, increasing, decreasing, random,\n"
        "normal, lognormal, bimodal). Speedups for each rule and worker count, the best rule and\n"
        "chunk for each count, and the laws they follow.\n"
        "\n"
        "  skyscale simulate lognormal --tasks 100000 --mean 1e-4 --cv 1 -s static,dynamic,guided\n"
        "  skyscale simulate completeness --image m71.fits -w 1-8 --per parallel -f forecast.svg\n"
        "  skyscale simulate fig1.db --compare median -w 1,2\n"
        "  skyscale simulate constant --claims coordinator:latency=5e-6,service=2e-6 -s dynamic",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .more_params = operand_params,
    .run = run,
};
