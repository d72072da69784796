#include "harness/present/compare_table.h"

#include "harness/present/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 110 };

/* "12.34 ms" */
static void time_cell(sks_table *table, double seconds)
{
    if (seconds >= 1.0)
        sks_table_cell(table, "%.4g s", seconds);
    else if (seconds >= 1e-3)
        sks_table_cell(table, "%.4g ms", 1e3 * seconds);
    else
        sks_table_cell(table, "%.4g us", 1e6 * seconds);
}

/* Four digits below 10, so that a tenth of a per cent is seen; and as many for both ends. */
static void ratio_cell(sks_table *table, sks_estimate e)
{
    int places = e.value < 10.0 ? 3 : 1;

    if (isnan(e.value))
        sks_table_cell(table, "-");
    else if (sks_interval_is_known(e.interval))
        sks_table_cell(table, "%.*f\n%.*f..%.*f", places, e.value, places, e.interval.low, places,
                       e.interval.high);
    else
        sks_table_cell(table, "%.*f", places, e.value);
}

static void p_cell(sks_table *table, double p)
{
    if (p < 1e-4)
        sks_table_cell(table, "%.0e", p);
    else
        sks_table_cell(table, "%.4f", p);
}

static const char *verdict_text(const sks_comparison *c)
{
    if (c->is_below_threshold)
        return "no difference~";
    switch (c->change) {
    case SKS_FASTER:
        return "faster";
    case SKS_SLOWER:
        return "slower";
    case SKS_TOO_FEW_SAMPLES:
        return "too few";
    default:
        return "no difference";
    }
}

/* What matters first: a table too wide for the page goes on below. */
static const char *const heads[] = {"configuration", "verdict", "new/base", "base", "new",
                                    "shift",         "delta",   "p",        "n"};
enum { N_COLUMNS = sizeof(heads) / sizeof(heads[0]) };

static void comparison_row(const sks_comparison *c, const char *name, sks_table *table)
{
    sks_table_cell(table, "%s", name);
    sks_table_cell(table, "%s", verdict_text(c));
    ratio_cell(table, c->ratio);
    time_cell(table, c->base.value);
    time_cell(table, c->new.value);
    ratio_cell(table, c->shift);
    sks_table_cell(table, "%+.2f", c->cliffs_delta);
    p_cell(table, c->p_holm);
    if (c->is_paired)
        sks_table_cell(table, "%zu", c->n_base);
    else
        sks_table_cell(table, "%zu, %zu", c->n_base, c->n_new);
}

/* Rows by effect, named by their labels. */
static void label_rows(const sks_comparison *c, size_t n, sks_table *table)
{
    for (size_t i = 0; i < n; i++)
        comparison_row(&c[i], c[i].match->label, table);
}

/* A heading for each kernel with its parameters, the one with the largest effect first; under it
 * rows by effect, named by what else tells them apart. */
static void rows_under_headings(const sks_comparison *c, size_t n, sks_table *table)
{
    for (size_t i = 0; i < n; i++) {
        const char *work = c[i].match->work;
        bool is_new = true;

        for (size_t k = 0; is_new && k < i; k++)
            is_new = strcmp(c[k].match->work, work) != 0;
        if (!is_new)
            continue;
        sks_table_heading(table, "\n%s", work);
        for (size_t k = i; k < n; k++)
            if (strcmp(c[k].match->work, work) == 0) {
                char name[256];

                snprintf(name, sizeof(name), "  %s", c[k].match->choice);
                comparison_row(&c[k], name, table);
            }
    }
}

/* Labels so long that they would push columns off the page. */
enum { LONG_LABEL = 30 };

static bool are_labels_long(const sks_comparison *c, size_t n)
{
    bool are_long = false, have_work = true;

    for (size_t i = 0; i < n; i++) {
        are_long |= strlen(c[i].match->label) > LONG_LABEL;
        have_work &= c[i].match->work[0] != '\0';
    }
    return are_long && have_work;
}

/* How many more it takes where it was too few: p times the comparisons left open has to get small
 * enough. */
static void print_needed(const sks_compare_result *result, const sks_comparison *c, size_t n,
                         FILE *out)
{
    size_t most[2] = {0, 0}; /* not paired, paired */

    for (size_t i = 0; i < n; i++)
        if (c[i].change == SKS_TOO_FEW_SAMPLES) {
            size_t fewer = c[i].n_base < c[i].n_new ? c[i].n_base : c[i].n_new;

            if (fewer > most[c[i].is_paired])
                most[c[i].is_paired] = fewer;
        }
    for (int paired = 0; paired < 2; paired++)
        if (most[paired] > 0)
            fprintf(out,
                    "too few: a difference among %zu comparison%s takes %zu %s at least, there "
                    "are %zu\n",
                    result->n_open, result->n_open == 1 ? "" : "s",
                    sks_compare_needed(result, paired), paired ? "rounds" : "samples on both sides",
                    most[paired]);
}

static void print_summary(const sks_compare_summary *s, const sks_compare_options *options,
                          FILE *out)
{
    fprintf(out, "\n%zu compared: %zu faster, %zu slower, %zu without a difference shown", s->n,
            s->count[SKS_FASTER], s->count[SKS_SLOWER], s->count[SKS_NO_DIFFERENCE_SHOWN]);
    if (s->count[SKS_TOO_FEW_SAMPLES] > 0)
        fprintf(out, ", %zu with too few samples to show one", s->count[SKS_TOO_FEW_SAMPLES]);
    fprintf(out, "\ngeometric mean of the ratios %.4f", s->geometric_mean.value);
    if (sks_interval_is_known(s->geometric_mean.interval))
        fprintf(out, " (%g %%: %.4f..%.4f)", 100.0 * options->confidence,
                s->geometric_mean.interval.low, s->geometric_mean.interval.high);
    fputc('\n', out);
}

enum { MOST_UNMATCHED = 10 }; /* that are named; more are counted */

/* What one side of a group has and the other has not. */
static void print_unmatched(const sks_matches *matches, size_t group, FILE *out)
{
    const char *const sides[2] = {matches->base_name, matches->group_names[group]};
    const json_t *changed = json_array_get(matches->changed_inputs, group);

    for (int side = 0; side < 2; side++) {
        const sks_unmatched *u = matches->unmatched;
        const char *labels[MOST_UNMATCHED];
        size_t n = 0;

        for (size_t i = 0; i < matches->n_unmatched; i++)
            if (u[i].group == group && strcmp(u[i].where, sides[side]) == 0) {
                if (n < MOST_UNMATCHED)
                    labels[n] = u[i].label;
                n++;
            }
        for (size_t i = 0; n <= MOST_UNMATCHED && i < n; i++)
            fprintf(out, "only in %s: %s\n", sides[side], labels[i]);
        if (n > MOST_UNMATCHED)
            fprintf(out, "only in %s: %zu configurations (--json names them)\n", sides[side], n);
    }
    for (size_t i = 0; i < json_array_size(changed); i++)
        fprintf(out, "%s has other contents in %s: what reads it is other work\n",
                json_string_value(json_array_get(changed, i)), sides[1]);
}

static sks_status print_comparisons(const sks_comparison *c, size_t n, FILE *out)
{
    sks_table *table;
    sks_status status = sks_table_create(N_COLUMNS, &table);

    if (status != SKS_OK)
        return status;
    for (size_t i = 0; i < N_COLUMNS; i++)
        sks_table_cell(table, "%s", heads[i]);
    if (are_labels_long(c, n))
        rows_under_headings(c, n, table);
    else
        label_rows(c, n, table);
    status = sks_table_print(table, out, PAGE);
    sks_table_destroy(table);
    return status;
}

/* One group of a result: of all samples, or of those of one state. */
static sks_status print_group(const sks_compare_report *report, const sks_compare_result *result,
                              size_t group, FILE *out)
{
    const sks_comparison *first = result->comparisons;
    size_t n = result->groups[group].n;
    sks_status status = SKS_OK;

    fprintf(out, "%s%s%s against %s, median %s\n\n", report->by != NULL ? report->by : "",
            report->by != NULL ? " " : "", report->matches.group_names[group],
            report->matches.base_name, report->time_name);
    if (n == 0) {
        fprintf(out, "no configuration in common\n");
    } else {
        while (first->match->group != group)
            first++;
        status = print_comparisons(first, n, out);
        print_summary(&result->groups[group], &report->options, out);
        print_needed(result, first, n, out);
    }
    if (result == &report->result)
        print_unmatched(&report->matches, group, out);
    fputc('\n', out);
    return status;
}

/* Words of a text in lines of at most PAGE characters. */
static void print_wrapped(const char *text, FILE *out)
{
    size_t used = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (used > 0 && used + 1 + length > PAGE) {
            fputc('\n', out);
            used = 0;
        }
        used += (size_t)fprintf(out, "%s%.*s", used > 0 ? " " : "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
    fputc('\n', out);
}

sks_compare_methods sks_compare_methods_of(const sks_compare_result *result)
{
    static const sks_compare_methods paired = {"bootstrap of rounds",
                                               "Wilcoxon signed rank over rounds"},
                                     apart = {"BCa bootstrap", "Mann-Whitney"},
                                     both = {"bootstrap of rounds, or BCa bootstrap",
                                             "Wilcoxon signed rank over rounds, or Mann-Whitney"};
    size_t n_paired = 0;

    for (size_t i = 0; i < result->n; i++)
        n_paired += result->comparisons[i].is_paired;
    return n_paired == 0 ? apart : n_paired == result->n ? paired : both;
}

static void print_legend(const sks_compare_report *report, FILE *out)
{
    const sks_compare_options *o = &report->options;
    const sks_compare_methods methods = sks_compare_methods_of(&report->result);
    bool some_below = false;

    for (size_t i = 0; i < report->result.n; i++)
        some_below |= report->result.comparisons[i].is_below_threshold;
    if (report->result.n == 0)
        return;
    fprintf(out,
            "new/base: ratio of the medians, below 1 is faster, %g %% intervals underneath, each "
            "for itself (%s)\n"
            "shift: Hodges-Lehmann estimate of the same; delta: Cliff's, +1 when all of new is "
            "slower\n",
            100.0 * o->confidence, methods.interval);
    fprintf(out, "p: %s, Holm's correction for %zu comparison%s\n", methods.test, report->result.n,
            report->result.n == 1 ? "" : "s");
    fprintf(out, "faster, slower: p < %g and at least %g %% apart\n", 1.0 - o->confidence,
            100.0 * o->threshold);
    if (some_below)
        fprintf(out, "~ a difference is shown, but below the threshold\n");
}

void sks_compared_print(const sks_compared *c, const sks_compare_options *options, FILE *out)
{
    char text[512];
    const sks_diagnosis_counts *d = &c->counts;

    sks_self_check_text(&c->self_check, options, text, sizeof(text));
    print_wrapped(text, out);
    if (d->n_drift > 0)
        fprintf(out, "%zu of %zu configurations drift (Mann-Kendall), by %+.1f %% at most\n",
                d->n_drift, d->n, 100.0 * d->greatest_drift);
    if (d->n_two > 0)
        fprintf(out, "%zu of %zu configurations have two peaks (dip test)\n", d->n_two, d->n);
    if (d->n_dependent > 0)
        fprintf(out,
                "%zu of %zu configurations have samples that depend on the one before; one in "
                "twenty is by chance\n",
                d->n_dependent, d->n);
    if (c->states.are_two)
        fprintf(out,
                "two states by the core-to-core latency: near %.3g ns, far %.3g ns (%.0f %% of "
                "the time)\n",
                1e9 * c->states.near_s, 1e9 * c->states.far_s, 100.0 * c->states.far_part);
    if (c->facts->n_disturbed > 0)
        fprintf(out, "%zu of %zu samples are flagged as disturbed, see --disturbed\n",
                c->facts->n_disturbed, c->facts->n_good);
}

static sks_status print_states(const sks_compare_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    for (size_t k = 0; k < report->n_states; k++) {
        const sks_state_report *r = &report->states[k];

        fprintf(out, "\nOnly samples taken while the cores were %s to each other\n\n",
                r->state == SKS_STATE_NEAR ? "near" : "far");
        for (size_t g = 0; status == SKS_OK && g < r->result.n_groups; g++)
            status = print_group(report, &r->result, g, out);
    }
    return status;
}

/* Nothing can be learnt from a campaign held against itself but what it does without any change. */
static void print_same(const sks_compare_report *report, FILE *out)
{
    const sks_compared *c = &report->campaigns[0];

    fprintf(out, "the same campaign: %s, %zu samples, made %s; nothing to compare\n",
            sks_facts_setting(c->facts, "name"), c->facts->n_good,
            sks_facts_setting(c->facts, "created_at"));
    fputc('\n', out);
    sks_compared_print(c, &report->options, out);
}

sks_status sks_compare_table_print(const sks_compare_report *report, FILE *out)
{
    sks_status status = SKS_OK;

    if (report->is_same_campaign) {
        print_same(report, out);
        return SKS_OK;
    }
    for (size_t g = 0; status == SKS_OK && g < report->result.n_groups; g++)
        status = print_group(report, &report->result, g, out);
    if (status != SKS_OK)
        return status;
    print_legend(report, out);
    for (size_t i = 0; i < report->n_campaigns; i++) {
        fputc('\n', out);
        if (report->n_campaigns > 1)
            fprintf(out, "%s\n", report->campaigns[i].path);
        sks_compared_print(&report->campaigns[i], &report->options, out);
    }
    return print_states(report, out);
}
