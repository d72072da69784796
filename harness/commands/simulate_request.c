/* What `skyscale simulate` is asked for: work loads, worker counts and rules, read and checked. */
#include "harness/commands/simulate_request.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

sks_status sks_simulate_params(const char *operand, const sks_param **table, const char **title)
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

bool sks_simulate_is_campaign(const char *operand)
{
    return find_distribution(operand) < 0 && is_database(operand);
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

sks_status sks_simulate_loads(const sks_arguments *arguments, bool with_least,
                              sks_work_load **loads, size_t *n)
{
    sks_work_load *one;
    sks_status status;

    if (sks_simulate_is_campaign(arguments->operands[0]))
        return sks_work_loads_of_campaign(arguments->operands[0], with_least, loads, n);
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

static sks_status add_count(sks_worker_counts *counts, int64_t value)
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
static sks_status add_progression(sks_worker_counts *counts, int64_t last)
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

static sks_status parse_item(char *item, bool *goes_on, sks_worker_counts *counts)
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

sks_status sks_worker_counts_parse(const char *text, sks_worker_counts *counts)
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

static sks_status add_rule(const char *text, const sks_claim_model *claims, sks_study_rules *rules)
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

sks_status sks_study_rules_parse(const char *text, const sks_claim_model *claims,
                                 sks_study_rules *rules)
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
