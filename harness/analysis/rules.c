#include "harness/analysis/rules.h"

#include "harness/analysis/statistics.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sks_answer_name[] = {"yes", "no", "not-applicable"};

static const char *const rule_text[SKS_N_RULES] = {
    "a speedup names its base and the base's absolute time",
    "a subset of the benchmarks or of the machine is explained",
    "costs are summarised by arithmetic means, rates by harmonic ones",
    "ratios are not averaged",
    "measurements that are not deterministic have confidence intervals",
    "normality is not assumed without a test",
    "comparisons use sound statistical tests",
    "the measure of the centre suits the data, with percentiles where tails matter",
    "all factors, their levels and the whole set-up are documented",
    "parallel time: how measured, synchronised and summarised over workers",
    "upper bounds are shown beside the results",
    "figures show what is needed to read them, lines only where interpolation holds",
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static void
say(sks_rule_answer *a, sks_answer answer, const char *format, ...)
{
    size_t length = strlen(a->reason);
    va_list arguments;

    a->answer = answer;
    va_start(arguments, format);
    vsnprintf(a->reason + length, sizeof(a->reason) - length, format, arguments);
    va_end(arguments);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static bool has_worker_axis(const sks_rules_input *in)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->series[i].n_points > 1)
            return true;
    return false;
}

/* NaN when there is no memory for it: then the answer goes without. */
static double median_of(const sks_point *point)
{
    double *sorted = malloc((point->n + 1) * sizeof(*sorted)), median = NAN;

    if (sorted != NULL && point->n > 0) {
        memcpy(sorted, point->seconds, point->n * sizeof(*sorted));
        gsl_sort(sorted, 1, point->n);
        median = sks_median(sorted, point->n);
    }
    free(sorted);
    return median;
}

/* Rule 1. */
static void answer_base(const sks_rules_input *in, sks_rule_answer *a)
{
    size_t n_scaled = 0, n_one = 0;
    double least = INFINITY, most = -INFINITY;

    for (size_t i = 0; i < in->n; i++) {
        const sks_series *s = &in->series[i];
        double seconds;

        if (s->n_points < 2)
            continue;
        n_scaled++;
        n_one += s->points[0].n_workers == 1;
        seconds = median_of(&s->points[0]);
        least = fmin(least, seconds);
        most = fmax(most, seconds);
    }
    if (n_scaled == 0) {
        say(a, SKS_RULE_NOT_APPLICABLE, "no configuration differs from another in workers only");
        return;
    }
    say(a, SKS_RULE_YES,
        "the base is the same configuration with its fewest workers, one worker in %zu of %zu "
        "series; its median, %.4g ms to %.4g ms here, stands beside the speedups",
        n_one, n_scaled, 1e3 * least, 1e3 * most);
}

/* Rule 2. */
static void answer_subset(const sks_rules_input *in, sks_rule_answer *a)
{
    const sks_facts *f = in->facts;
    json_t *processor = json_object_get(json_object_get(f->settings, "machine"), "processor");
    json_int_t usable = json_integer_value(json_object_get(processor, "usable_hardware_threads"));
    json_int_t present = json_integer_value(json_object_get(processor, "hardware_threads"));

    if (f->n_without > 0)
        say(a, SKS_RULE_NO, "%zu of %zu planned configurations have no good sample", f->n_without,
            f->n_planned);
    else
        say(a, SKS_RULE_YES,
            "all %zu planned configurations were measured, and the sweep file "
            "that chose them is in the database",
            f->n_planned);
    if (usable > 0 && present > usable)
        say(a, a->answer, "; %lld of the machine's %lld hardware threads could be used",
            (long long)usable, (long long)present);
}

/* Rule 5. */
static void answer_intervals(const sks_rules_input *in, sks_rule_answer *a)
{
    const sks_diagnosis_counts *c = in->counts;
    const sks_facts *f = in->facts;

    if (c->n_few > 0)
        say(a, SKS_RULE_NO,
            "%zu of %zu configurations have fewer than the %zu samples that an "
            "interval of %g %% needs",
            c->n_few, c->n, sks_median_min_n(in->confidence), 100.0 * in->confidence);
    else
        say(a, SKS_RULE_YES,
            "times are not deterministic: every median has an order-statistic "
            "interval of at least %g %%",
            100.0 * in->confidence);
    if (f->n_unlike > 0)
        say(a, SKS_RULE_NO, "; %zu kernel%s gave different products for the same parameters",
            f->n_unlike, plural(f->n_unlike));
    else if (f->n_products > 0)
        say(a, a->answer, "; products are deterministic, the same digest in every run");
}

/* Rule 6. */
static void answer_normality(const sks_rules_input *in, sks_rule_answer *a)
{
    const sks_diagnosis_counts *c = in->counts;

    say(a, SKS_RULE_YES,
        "no result assumes it: medians, rank tests and the bootstrap; Shapiro and Wilk's test "
        "refutes it for %zu of %zu configurations",
        c->n_refuted, c->n_normal);
    if (c->n_drift + c->n_two > 0)
        say(a, SKS_RULE_YES,
            "; %zu drift%s (Mann-Kendall, at most by %+.1f %%), %zu ha%s two "
            "peaks (dip)",
            c->n_drift, c->n_drift == 1 ? "s" : "", 100.0 * c->greatest_drift, c->n_two,
            c->n_two == 1 ? "s" : "ve");
}

/* Rule 8. */
static void answer_centre(const sks_rules_input *in, sks_rule_answer *a)
{
    say(a, SKS_RULE_YES,
        "the median: times are skewed, and what is asked is how long a run takes, "
        "not many runs together");
    if (in->counts->greatest_tail > 0.0)
        say(a, SKS_RULE_YES, "; the 95 %% quantile is at most %.3g times the median",
            in->counts->greatest_tail);
}

/* Rule 9. */
static void answer_setup(const sks_rules_input *in, sks_rule_answer *a)
{
    const sks_facts *f = in->facts;
    const json_t *machine = json_object_get(f->settings, "machine");
    size_t n_warnings = json_array_size(json_object_get(machine, "warnings"));

    if (!json_is_object(machine) || sks_facts_setting(f, "sweep")[0] == '\0') {
        say(a, SKS_RULE_NO, "the database lacks the description of the %s",
            json_is_object(machine) ? "sweep" : "machine");
        return;
    }
    say(a, SKS_RULE_YES,
        "machine, build, libraries, sweep file, seed (%s) and the digests of %zu input%s are in "
        "the database, skyscale %s",
        sks_facts_setting(f, "seed"), json_object_size(f->inputs),
        plural(json_object_size(f->inputs)), sks_facts_setting(f, "version"));
    if (n_warnings > 0)
        say(a, SKS_RULE_YES, "; the machine is described with %zu warning%s", n_warnings,
            plural(n_warnings));
    if (f->n_disturbed > 0)
        say(a, SKS_RULE_YES, "; %zu of %zu samples are flagged as disturbed, and kept",
            f->n_disturbed, f->n_good);
}

/* Rule 10. */
static void answer_parallel(const sks_rules_input *in, sks_rule_answer *a)
{
    const sks_facts *f = in->facts;

    if (f->is_simulated) {
        say(a, SKS_RULE_NO, "workers were bound to a topology that is not the machine's");
        return;
    }
    say(a, SKS_RULE_YES,
        "monotonic clock, from the common release of all workers to the end of "
        "the last one; start-up, preparation and finish are timed apart");
    if (f->n_with_skew > 0 && !isnan(f->greatest_skew))
        say(a, SKS_RULE_YES,
            "; the last worker started %.3g %% of the parallel part after the first "
            "at most",
            100.0 * f->greatest_skew);
}

void sks_rules_answer(const sks_rules_input *in, sks_rule_answer answers[SKS_N_RULES])
{
    bool has_workers = has_worker_axis(in);

    for (size_t i = 0; i < SKS_N_RULES; i++)
        answers[i] = (sks_rule_answer){.rule = rule_text[i]};
    answer_base(in, &answers[0]);
    answer_subset(in, &answers[1]);
    say(&answers[2], SKS_RULE_YES, "times are summarised by medians, no rate is averaged");
    say(&answers[3], SKS_RULE_YES,
        "speedups are ratios of medians; the geometric mean of a "
        "comparison is a last line below all of its ratios");
    answer_intervals(in, &answers[4]);
    answer_normality(in, &answers[5]);
    say(&answers[6], SKS_RULE_YES,
        "rank tests, paired by rounds where rounds are shared, with "
        "Holm's correction, effect sizes and their intervals");
    answer_centre(in, &answers[7]);
    answer_setup(in, &answers[8]);
    answer_parallel(in, &answers[9]);
    if (has_workers)
        say(&answers[10], SKS_RULE_YES, "the ideal speedup and the fitted laws with their limits");
    else
        say(&answers[10], SKS_RULE_NOT_APPLICABLE, "nothing is scaled");
    say(&answers[11], SKS_RULE_YES,
        "points are measured medians with their intervals; curves are "
        "fitted laws, named, and marked where they extrapolate");
}

json_t *sks_rules_json(const sks_rule_answer answers[SKS_N_RULES])
{
    json_t *array = json_array();

    for (int i = 0; array != NULL && i < SKS_N_RULES; i++) {
        json_t *one =
            json_pack("{s:i, s:s, s:s, s:s}", "rule", i + 1, "text", answers[i].rule, "answer",
                      sks_answer_name[answers[i].answer], "reason", answers[i].reason);

        if (one == NULL || json_array_append_new(array, one) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}
