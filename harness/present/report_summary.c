/* The summary in words: which machine is faster at what, which scheduler is best, and where to stop
 * adding workers. Every claim of a difference rests on sks_compare. */
#include "harness/present/report_html.h"
#include "harness/present/report_sections.h"
#include "harness/present/report_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- what to keep in mind ---- */

static void put_doubts(const sks_report *report, const sks_report_campaign *c, FILE *out)
{
    const sks_facts *f = &c->measures->facts;
    const json_t *build = json_object_get(json_object_get(f->settings, "machine"), "build");
    const sks_alarms *halves = &c->compared->self_check.halves;

    if (json_is_false(json_object_get(build, "is_optimised")))
        sks_html_element(out, "li",
                         "%s was measured with a build that is not made for measuring, see its "
                         "type and flags below: its times say little.",
                         c->name);
    if (f->is_simulated)
        sks_html_element(out, "li", "%s bound workers to a topology that is not the machine's.",
                         c->name);
    if (f->n_failed > 0)
        sks_html_element(out, "li", "%s: %zu run%s failed.", c->name, f->n_failed,
                         plural(f->n_failed));
    if (f->n_without > 0)
        sks_html_element(out, "li", "%s: %zu of %zu configurations have no good sample.", c->name,
                         f->n_without, f->n_planned);
    if (f->n_disturbed > 0)
        sks_html_element(out, "li", "%s: %zu of %zu samples are flagged as disturbed.", c->name,
                         f->n_disturbed, f->n_good);
    if (sks_self_check_found_change(&c->compared->self_check, &report->comparison->options))
        sks_html_element(out, "li",
                         "%s: the machine changed meanwhile, in %zu of %zu configurations the "
                         "first half of the samples is not like the second.",
                         c->name, halves->n_alarms, halves->n);
}

static void put_all_doubts(const sks_report *report, FILE *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *list = open_memstream(&text, &size);

    if (list == NULL)
        return; /* the sections below tell the same */
    for (size_t c = 0; c < report->n_campaigns; c++)
        put_doubts(report, &report->campaigns[c], list);
    if (fclose(list) == 0 && size > 0)
        fprintf(out, "<h3>To keep in mind</h3>\n<ul class=\"warnings\">\n%s</ul>\n", text);
    free(text);
}

/* ---- the fastest of each campaign ---- */

static const sks_work_done *find_work(const sks_works *works, const sks_work_done *like)
{
    for (size_t i = 0; i < works->n; i++)
        if (sks_is_same_work(works->works[i].fits[0]->series, like->fits[0]->series))
            return &works->works[i];
    return NULL;
}

static void fastest_row(const sks_report *report, size_t c, const sks_work_done *work, FILE *out)
{
    const sks_series *s = work->best_fit->series;
    char configuration[512];

    snprintf(configuration, sizeof(configuration), "%s, %s, %u worker%s%s", s->scheduler,
             s->executor, work->best->n_workers, plural(work->best->n_workers),
             work->best->is_oversubscribed ? " (oversubscribed)" : "");
    sks_html_row_begin(out, work->label);
    sks_html_text_cell(out, report->campaigns[c].name);
    sks_html_text_cell(out, configuration);
    sks_html_time_cell(out, work->best->median);
    sks_html_ratio_cell(out, work->best->speedup, 2);
    sks_html_row_end(out);
}

/* Works of the first campaign, and under each what the others made of it; then what only others
 * have. */
static void fastest_table(const sks_report *report, const sks_works *works, FILE *out)
{
    static const char *const heads[] = {"work", "campaign", "fastest configuration", "median time",
                                        "speedup over its base"};

    sks_html_table_begin(out, "The fastest configuration of each kernel", heads, 5);
    for (size_t c = 0; c < report->n_campaigns; c++)
        for (size_t w = 0; w < works[c].n; w++) {
            bool is_known = false;

            for (size_t before = 0; before < c; before++)
                is_known = is_known || find_work(&works[before], &works[c].works[w]) != NULL;
            for (size_t d = c; !is_known && d < report->n_campaigns; d++) {
                const sks_work_done *same = find_work(&works[d], &works[c].works[w]);

                if (same != NULL && same->best != NULL)
                    fastest_row(report, d, same, out);
            }
        }
    sks_html_table_end(out);
}

/* ---- schedulers ---- */

/* Those that are slower by so much each, the others by their names. */
static void put_rival(FILE *out, const sks_comparison *c)
{
    sks_html_text(out, c->match->label);
    if (c->change != SKS_SLOWER)
        return;
    if (c->ratio.value < 10.0)
        fprintf(out, " by %.3g&nbsp;%%", 100.0 * (c->ratio.value - 1.0));
    else
        fprintf(out, " (%.0f times as slow)", c->ratio.value);
}

/* One sentence for each verdict, as there may be dozens of schedulers. */
static void put_rivals(FILE *out, const sks_compare_result *result)
{
    static const struct {
        sks_change change;
        const char *says;
    } sentences[] = {
        {SKS_SLOWER, "slower"},
        {SKS_NO_DIFFERENCE_SHOWN, "cannot be told apart from it"},
        {SKS_TOO_FEW_SAMPLES, "measured too few times to tell"},
        {SKS_FASTER, "faster by the test, though not by the median"},
    };
    bool is_first = true;

    for (size_t k = 0; k < sizeof(sentences) / sizeof(sentences[0]); k++) {
        size_t n = 0;

        for (size_t i = 0; i < result->n; i++) {
            if (result->comparisons[i].change != sentences[k].change)
                continue;
            if (n == 0)
                fprintf(out, "%s %s: ", is_first ? "" : ";", sentences[k].says);
            else
                fputs(", ", out);
            put_rival(out, &result->comparisons[i]);
            n++;
        }
        is_first = is_first && n == 0;
    }
    fputc('.', out);
}

static sks_status put_best_scheduler(const sks_report *report, const sks_work_done *work, FILE *out)
{
    const sks_series *s = work->best_fit->series;
    sks_compare_result result = {0};
    sks_match *matches = NULL;
    size_t n = 0;
    sks_status status = sks_work_match_schedulers(work, &matches, &n);

    if (status == SKS_OK && n > 0)
        status = sks_compare(matches, n, 1, &report->comparison->options, &result);
    if (status == SKS_OK) {
        fputs("Fastest with scheduler <strong>", out);
        sks_html_text(out, s->scheduler);
        fprintf(out, "</strong> and %u worker%s: ", work->best->n_workers,
                plural(work->best->n_workers));
        sks_html_time_estimate(out, work->best->median);
        fputc('.', out);
        if (n == 0)
            fputs(" No other scheduler was measured there.", out);
        else
            fputs(" The others at as many workers:", out);
        if (n > 0)
            put_rivals(out, &result);
    }
    sks_compare_clear(&result);
    sks_matches_free(matches, n);
    return status;
}

/* ---- workers ---- */

/* The comparison of the fewest workers above `from` and below `best`; NULL: there is none. */
static const sks_comparison *next_above(const sks_compare_result *result, unsigned from,
                                        unsigned best)
{
    const sks_comparison *next = NULL;

    for (size_t i = 0; i < result->n; i++) {
        const sks_comparison *c = &result->comparisons[i];
        unsigned n = c->match->new->n_workers;

        if (n > from && n < best && (next == NULL || n < next->match->new->n_workers))
            next = c;
    }
    return next;
}

/* The fewest workers that are not shown to be slower than the best; *is_sure is false when too few
 * samples are the reason.
 *
 * Tests in a sequence fixed beforehand, the fewest workers first, each at the full level, until the
 * first that shows nothing: such a procedure errs as seldom as one test (Maurer, Hothorn &
 * Lehmacher 1995, in Vollmar (ed.), Biometrie in der chemisch-pharmazeutischen Industrie 6, 3-18).
 * Holm's correction for many worker counts would ask for more samples than a campaign has. */
static unsigned fewest_as_good(const sks_compare_result *result, unsigned best, bool *is_sure)
{
    const double alpha = 1.0 - result->options.confidence;
    unsigned from = 0;
    const sks_comparison *c;

    *is_sure = true;
    while ((c = next_above(result, from, best)) != NULL) {
        from = c->match->new->n_workers;
        if (c->p < alpha && c->ratio.value > 1.0 &&
            sks_is_beyond(c->ratio.value, result->options.threshold))
            continue;
        *is_sure = c->least_p < alpha;
        return from;
    }
    return best;
}

static bool is_next_oversubscribed(const sks_work_done *work)
{
    return work->best + 1 < work->best_fit->points + work->best_fit->n_points &&
           work->best[1].is_oversubscribed;
}

static void put_stop(FILE *out, const sks_work_done *work, const sks_compare_result *result)
{
    const sks_fit *fit = work->best_fit;
    unsigned greatest = fit->points[fit->n_points - 1].n_workers, best = work->best->n_workers;
    bool is_sure;
    unsigned stop = fewest_as_good(result, best, &is_sure);

    if (!is_sure)
        fprintf(out, "Least time at %u worker%s; the samples are too few to tell it from fewer.",
                best, plural(best));
    else if (stop < best)
        fprintf(out,
                "<strong>Nothing is gained for sure beyond %u worker%s</strong>: %u have the least "
                "median, but cannot be told apart.",
                stop, plural(stop), best);
    else if (best == greatest)
        fprintf(out,
                "<strong>Not yet</strong>: %u workers, the most that were measured, beat all "
                "smaller numbers.",
                best);
    else
        fprintf(out,
                "<strong>Stop at %u worker%s</strong>: more, up to %u, brought no less time%s.",
                best, plural(best), greatest,
                is_next_oversubscribed(work) ? "; they are more than there are places to run" : "");
}

static void put_law(FILE *out, const sks_fit *fit)
{
    const sks_model_fit *m = fit->preferred;

    fputc(' ', out);
    if (m != NULL && fit->verdict != SKS_TOO_FEW_POINTS && isinf(m->optimum.value)) {
        sks_html_printf(out, "By the law %s more workers always help; ", m->model->name);
    } else if (m != NULL && fit->verdict != SKS_TOO_FEW_POINTS) {
        sks_html_printf(out, "By the law %s the least time is at ", m->model->name);
        sks_html_estimate(out, m->optimum, 1.0);
        fprintf(out, " workers%s; ",
                sks_fit_is_far(fit, m->optimum.value) ? ", a guess far beyond those measured"
                : sks_fit_is_extrapolated(fit, m->optimum.value) ? ", outside those measured"
                                                                 : "");
    } else {
        fputs("Scaling laws: ", out);
    }
    sks_html_printf(out, "%s.", fit->verdict_text);
}

static sks_status put_workers(const sks_report *report, const sks_work_done *work, FILE *out)
{
    sks_compare_result result = {0};
    sks_match *matches = NULL;
    size_t n = 0;
    sks_status status = sks_work_match_workers(work, &matches, &n);

    if (status == SKS_OK && n > 0)
        status = sks_compare(matches, n, 1, &report->comparison->options, &result);
    if (status == SKS_OK && n == 0)
        fputs("One number of workers was measured only.", out);
    if (status == SKS_OK && n > 0) {
        put_stop(out, work, &result);
        put_law(out, work->best_fit);
    }
    sks_compare_clear(&result);
    sks_matches_free(matches, n);
    return status;
}

/* ---- all of it ---- */

static sks_status put_work(const sks_report *report, const sks_work_done *work, FILE *out)
{
    sks_status status;

    fputs("<dt>", out);
    sks_html_text(out, work->label);
    fputs("</dt>\n", out);
    if (work->best == NULL) {
        fputs("<dd>Weak scaling: the work grows with the workers, see the speedups.</dd>\n", out);
        return SKS_OK;
    }
    fputs("<dd>", out);
    status = put_best_scheduler(report, work, out);
    fputs("</dd>\n<dd>Where to stop adding workers: ", out);
    if (status == SKS_OK)
        status = put_workers(report, work, out);
    fputs("</dd>\n", out);
    return status;
}

static sks_status put_campaign(const sks_report *report, size_t c, const sks_works *works,
                               FILE *out)
{
    sks_status status = SKS_OK;

    fputs("<h3>Schedulers and workers", out);
    if (report->n_campaigns > 1)
        sks_html_printf(out, ": %s", report->campaigns[c].name);
    fputs("</h3>\n<dl>\n", out);
    for (size_t w = 0; status == SKS_OK && w < works->n; w++)
        status = put_work(report, &works->works[w], out);
    fputs("</dl>\n", out);
    return status;
}

sks_status sks_report_summary(const sks_report *report, FILE *out)
{
    sks_works *works = calloc(report->n_campaigns, sizeof(*works));
    sks_status status = works != NULL ? SKS_OK : sks_fail_nomem("the summary");

    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++)
        status = sks_works_find(report->campaigns[c].fits, report->campaigns[c].n, &works[c]);
    if (status == SKS_OK)
        status = sks_works_label(works, report->n_campaigns);
    if (status == SKS_OK)
        status = sks_report_faster(report, &works[0], out);
    if (status == SKS_OK) {
        put_all_doubts(report, out);
        fastest_table(report, works, out);
    }
    for (size_t c = 0; status == SKS_OK && c < report->n_campaigns; c++)
        status = put_campaign(report, c, &works[c], out);
    for (size_t c = 0; works != NULL && c < report->n_campaigns; c++)
        sks_works_clear(&works[c]);
    free(works);
    return status;
}
