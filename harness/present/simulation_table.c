#include "harness/present/simulation_table.h"

#include "harness/present/table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PAGE_WIDTH = 100 };

/* "12.3 us": three significant digits in the unit that suits. */
static const char *seconds_text(double s, char text[32])
{
    const char *unit = s < 1e-6 ? "ns" : s < 1e-3 ? "us" : s < 1 ? "ms" : "s";
    const double factor = s < 1e-6 ? 1e9 : s < 1e-3 ? 1e6 : s < 1 ? 1e3 : 1;

    if (!isfinite(s))
        snprintf(text, 32, "-");
    else if (s >= 1000)
        snprintf(text, 32, "%.0f s", s);
    else
        snprintf(text, 32, "%.3g %s", s * factor, unit);
    return text;
}

/* Four significant digits, or per cent; what is not known is a dash. */
static void number_cell(sks_table *table, double value, const char *mark)
{
    if (isfinite(value))
        sks_table_cell(table, "%.4g%s", value, mark);
    else
        sks_table_cell(table, "-");
}

static void percent_cell(sks_table *table, double part)
{
    if (isfinite(part))
        sks_table_cell(table, "%.1f %%", 100 * part);
    else
        sks_table_cell(table, "-");
}

static void print_claims(const sks_study *study, const sks_claim_model *m, FILE *out)
{
    const sks_study_options *o = study->options;
    double least = INFINITY, most = 0;
    char a[32], b[32], c[32], d[32];

    for (size_t r = 0; r < o->n_rules; r++) {
        least = fmin(least, o->rules[r].claims.own_s);
        most = fmax(most, o->rules[r].claims.own_s);
    }
    if (m->has_coordinator)
        fprintf(out, "claims: through a coordinator, %s there and back each, %s service",
                seconds_text(m->latency_s, a), seconds_text(m->service_s, b));
    else
        fprintf(out,
                "claims: in shared memory, %s to move the place (%s), served one at a time, %s "
                "each;\n  a theft %s",
                seconds_text(m->transfer_s, a), m->is_transfer_measured ? "measured" : "given",
                seconds_text(m->service_s, b), seconds_text(m->theft_s, c));
    fprintf(out, "; %s%s%s of a worker's own time (%s)\n", seconds_text(least, c),
            most > least ? " to " : "", most > least ? seconds_text(most, d) : "",
            m->is_own_measured ? "measured" : "given");
}

/* One line on what the campaign tells of tasks beside other workers; nothing of other loads. */
static void print_slow_downs(const sks_work_load *load, FILE *out)
{
    const sks_slow_downs *s = &load->slow_downs;
    size_t n_printed = 0;

    if (load->executor == NULL)
        return;
    for (size_t begin = 0, end; begin < s->n; begin = end) {
        const unsigned n = s->ratio[begin].n_workers;
        double factor;

        end = sks_slow_down_count_end(s, begin);
        factor = sks_slow_down_factor(s, n, NULL);
        if (factor != 1) /* that is the one which the others are relative to */
            fprintf(out, "%s%.3g times as long with %u", n_printed++ == 0 ? "tasks take " : ", ",
                    factor, n);
    }
    if (n_printed > 0)
        fprintf(out, " workers (measured), taken for more, too\n");
    else
        fprintf(out, "tasks are taken to cost the same with any number of workers\n");
}

static void print_head(const sks_study *study, const sks_claim_model *claims, FILE *out)
{
    const sks_work_load *l = study->load;
    char a[32], b[32], c[32], d[32];

    fprintf(out, "SIMULATED: %s%s%s\n", l->kernel, l->parameters[0] != '\0' ? ", " : "",
            l->parameters);
    fprintf(out, "costs: %s; %zu tasks, %s together, mean %s, cv %.3g, longest %s\n", l->source,
            l->costs.n_tasks, seconds_text(sks_work_load_total_s(l), a), seconds_text(l->mean_s, b),
            l->mean_s > 0 ? l->sd_s / l->mean_s : 0.0, seconds_text(l->longest_s, c));
    print_slow_downs(l, out);
    if (sks_work_load_serial_s(l, 1) > 0)
        fprintf(out, "serial phases: start-up %s + %s per worker, prepare %s, finish %s%s\n",
                seconds_text(l->startup_s, a), seconds_text(l->startup_per_worker_s, b),
                seconds_text(l->prepare_s, c), seconds_text(l->finish_s, d),
                study->options->is_loop_only ? " (left out)" : "");
    print_claims(study, claims, out);
    fprintf(out, "speedups are relative to one worker without claims: %s\n\n",
            seconds_text(study->base_s, a));
}

static void add_speedup_row(const sks_study *study, size_t r, sks_table *table)
{
    sks_table_cell(table, "%s", study->options->rules[r].text);
    for (size_t i = 0; i < study->options->n; i++) {
        const sks_study_point *p = sks_study_at(study, r, i);

        if (p->failure != NULL)
            sks_table_cell(table, "-");
        else
            number_cell(table, p->speedup, study->best[i] == r ? "*" : "");
    }
}

static sks_status print_speedups(const sks_study *study, FILE *out)
{
    const sks_study_options *o = study->options;
    sks_table *table = NULL;
    sks_status status = sks_table_create(o->n + 1, &table);

    if (status != SKS_OK)
        return status;
    sks_table_cell(table, "speedup, N =");
    for (size_t i = 0; i < o->n; i++)
        sks_table_cell(table, "%u", o->n_workers[i]);
    for (size_t r = 0; r < o->n_rules; r++)
        add_speedup_row(study, r, table);
    sks_table_cell(table, "clairvoyant");
    for (size_t i = 0; i < o->n; i++)
        number_cell(table, study->base_s / study->bound_s[i], "");
    status = sks_table_print(table, out, PAGE_WIDTH);
    sks_table_destroy(table);
    return status;
}

static void add_best_row(const sks_study *study, size_t i, sks_table *table)
{
    const size_t r = study->best[i];
    const sks_study_point *p;
    char text[32];

    sks_table_cell(table, "%u", study->options->n_workers[i]);
    if (r == study->options->n_rules) {
        for (int k = 0; k < 7; k++)
            sks_table_cell(table, "-");
        return;
    }
    p = sks_study_at(study, r, i);
    sks_table_cell(table, "%s", p->rule);
    sks_table_cell(table, "%zu", sks_study_n_near_best(study, i, 0.01) - 1);
    sks_table_cell(table, "%s", seconds_text(p->time_s, text));
    number_cell(table, p->speedup, "");
    percent_cell(table, p->efficiency);
    percent_cell(table, p->run.imbalance);
    sks_table_cell(table, "%zu", p->run.n_chunks);
}

static sks_status print_best(const sks_study *study, FILE *out)
{
    sks_table *table = NULL;
    sks_status status = sks_table_create(8, &table);

    if (status != SKS_OK)
        return status;
    sks_table_cell(table, "N");
    sks_table_cell(table, "best rule");
    sks_table_cell(table, "others within 1 %%");
    sks_table_cell(table, study->options->is_loop_only ? "loop" : "total");
    sks_table_cell(table, "speedup");
    sks_table_cell(table, "efficiency");
    sks_table_cell(table, "imbalance");
    sks_table_cell(table, "chunks");
    for (size_t i = 0; i < study->options->n; i++)
        add_best_row(study, i, table);
    status = sks_table_print(table, out, PAGE_WIDTH);
    sks_table_destroy(table);
    return status;
}

static void print_failures(const sks_study *study, FILE *out)
{
    for (size_t r = 0; r < study->options->n_rules; r++)
        for (size_t i = 0; i < study->options->n; i++)
            if (sks_study_at(study, r, i)->failure != NULL) {
                fprintf(out, "- %s with %u workers: %s\n", study->options->rules[r].text,
                        study->options->n_workers[i], sks_study_at(study, r, i)->failure);
                break;
            }
}

static sks_status print_laws(const sks_study *study, FILE *out)
{
    sks_table *table = NULL;
    sks_status status = sks_table_create(4, &table);

    if (status != SKS_OK)
        return status;
    sks_table_cell(table, "law");
    sks_table_cell(table, "fitted");
    sks_table_cell(table, "off by, rms");
    sks_table_cell(table, "optimum N");
    for (size_t r = 0; r < study->options->n_rules; r++) {
        const sks_model_fit *m = study->fits[r].preferred;

        sks_table_cell(table, "%s", study->options->rules[r].text);
        if (study->fits[r].n_points == 0 || m == NULL || !m->is_fitted) {
            for (int k = 0; k < 3; k++)
                sks_table_cell(table, "-");
            continue;
        }
        sks_table_cell(table, "%s%s", m->model->name,
                       study->fits[r].verdict == SKS_TOO_FEW_POINTS   ? " (too few N to tell)"
                       : study->fits[r].verdict == SKS_NOT_TOLD_APART ? " (others as good)"
                                                                      : "");
        sks_table_cell(table, "%.1f %%", 100 * m->residual_rms);
        if (isfinite(m->optimum.value))
            sks_table_cell(table, "%.3g", m->optimum.value);
        else
            sks_table_cell(table, "more always helps");
    }
    status = sks_table_print(table, out, PAGE_WIDTH);
    sks_table_destroy(table);
    return status;
}

sks_status sks_simulation_table_print(const sks_study *study, const sks_claim_model *claims,
                                      FILE *out)
{
    sks_status status;

    print_head(study, claims, out);
    status = print_speedups(study, out);
    if (status != SKS_OK)
        return status;
    fprintf(out, "* quickest at this N%s\n",
            study->options->searches_chunks ? "; each rule with its best chunk of those tried"
                                            : "");
    print_failures(study, out);
    fprintf(out, "\n");
    status = print_best(study, out);
    if (status == SKS_OK && study->options->n > 1) {
        fprintf(out, "\n");
        status = print_laws(study, out);
    }
    fprintf(out, "\n");
    return status;
}

static bool is_same_load(const sks_check_row *a, const sks_check_row *b)
{
    return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->parameters, b->parameters) == 0;
}

/* The rows of one kernel with its parameters. */
static sks_status print_rows(const sks_check_row *rows, size_t n, bool with_least, FILE *out)
{
    sks_table *table = NULL;
    sks_status status = sks_table_create(6, &table);

    if (status != SKS_OK)
        return status;
    sks_table_cell(table, "scheduler");
    sks_table_cell(table, "N");
    sks_table_cell(table, "samples");
    sks_table_cell(table, with_least ? "measured, least" : "measured, median");
    sks_table_cell(table, "simulated");
    sks_table_cell(table, "error");
    for (size_t i = 0; i < n; i++) {
        char a[32], b[32];

        sks_table_cell(table, "%s", rows[i].scheduler);
        sks_table_cell(table, "%u%s", rows[i].n_workers, rows[i].is_source ? "*" : "");
        sks_table_cell(table, "%zu", rows[i].n_samples);
        sks_table_cell(table, "%s", seconds_text(rows[i].measured_s, a));
        sks_table_cell(table, "%s", seconds_text(rows[i].simulated_s, b));
        sks_table_cell(table, "%+.1f %%", 100 * rows[i].error);
    }
    status = sks_table_print(table, out, PAGE_WIDTH);
    sks_table_destroy(table);
    return status;
}

static void print_groups(const sks_check_group *groups, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%s", i == 0 ? "  " : "; ");
        if (groups[i].kernel != NULL)
            fprintf(out, "%s", groups[i].kernel);
        else
            fprintf(out, "N = %u", groups[i].n_workers);
        fprintf(out, ": %.2f %% over %zu", 100 * groups[i].median_error, groups[i].n);
    }
    fprintf(out, "\n");
}

sks_status sks_simulation_check_print(const sks_simulation_check *check, bool with_least, FILE *out)
{
    sks_status status = SKS_OK;

    fprintf(out, "SIMULATED beside measured, time of the loop\n");
    for (size_t first = 0, end; status == SKS_OK && first < check->n; first = end) {
        const sks_check_row *row = &check->row[first];

        for (end = first + 1; end < check->n && is_same_load(row, &check->row[end]); end++)
            ;
        fprintf(out, "\n%s%s%s, %s\n", row->kernel, row->parameters[0] != '\0' ? ", " : "",
                row->parameters, row->executor);
        status = print_rows(row, end - first, with_least, out);
    }
    fprintf(out, "\n* the costs of tasks are from these samples\n");
    if (check->n_foretold == 0) {
        fprintf(out, "there is no other point to compare with\n\n");
        return status;
    }
    fprintf(out, "median of the absolute errors: %.2f %% over %zu points, without those marked *\n",
            100 * check->median_error, check->n_foretold);
    print_groups(check->by_workers, check->n_by_workers, out);
    print_groups(check->by_kernel, check->n_by_kernel, out);
    fprintf(out, "\n");
    return status;
}
