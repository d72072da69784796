/* Property: medians, their intervals, non-negative least squares and AICc are those of R 4.2.2 and
 * SciPy 1.10.1 on published data.
 *
 * specsdm91, raytracer  throughput of a Sun SPARCcenter 2000 in the SPEC SDM91 benchmark and of a
 *     ray tracer, as in the R package usl and in Gunther (2007), Guerrilla Capacity Planning. Time
 *     is 1/throughput here. The coefficients differ from those printed there (0.0277 and 0.000104;
 *     0.0578 and 0), since that fit weighs all throughputs alike and this one all times by their
 *     length; both programs below were given the residuals of this one:
 *         scipy.optimize.nnls(basis/T, 1)                            for all three
 *         nls(1 ~ T_1 (1 + a (n-1) + b n (n-1))/(n T), algorithm = "port")   usl, to 9 and 5 digits
 * morley  the first of Michelson's series of the speed of light, in R's package datasets;
 *     median(), mad(constant = 1), and order statistics by qbinom()
 */
#include "harness/analysis/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 11 };

/* The p, rss and AICc that were recorded for one model. */
typedef struct recorded {
    const char *model;
    double p[SKS_MAX_MODEL_PARAMETERS];
    double rss, aicc, optimum;
} recorded;

static const struct published {
    const char *name;
    size_t n;
    unsigned n_workers[MOST_POINTS];
    double throughput[MOST_POINTS];
    recorded models[3];
} data[] = {
    {"specsdm91",
     7,
     {1, 18, 36, 72, 108, 144, 216},
     {64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2},
     {{"amdahl",
       {4.182259156165e-04, 1.183867692653e-02},
       1.599144571297e-01,
       -1.245318479101e+01,
       INFINITY},
      {"log",
       {0.0, 1.367009737553e-02, 8.833388787839e-05},
       4.813265054902e-02,
       -6.857932729320e+00,
       154.75484781499034},
      {"usl",
       {1.467120970710e-02, 1.336125459065e-02, 1.152025984698e-04},
       2.274380945663e-02,
       -1.210560702026e+01,
       92.54393153130358}}},
    {"raytracer",
     11,
     {1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64},
     {20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310},
     {{"amdahl",
       {2.621632966829e-03, 4.333148924608e-02},
       2.496704212512e-02,
       -5.754046159957e+01,
       INFINITY},
      {"log",
       {2.100736573373e-03, 4.480661701965e-02, 1.349690928765e-04},
       2.371749252568e-02,
       -5.286714797432e+01,
       331.9768701464899},
      {"usl",
       {4.598497144085e-02, 5.685652841832e-02, 3.454758405292e-06},
       2.496444487156e-02,
       -5.230351072111e+01,
       522.4924753949854}}},
};

static sks_series *series_of(const struct published *d)
{
    sks_series *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->kernel = strdup(d->name);
    s->parameters = strdup("");
    s->executor = strdup("");
    s->scheduler = strdup("");
    s->binding = strdup("");
    s->n_points = d->n;
    s->points = calloc(d->n, sizeof(*s->points));
    assert_non_null(s->points);
    for (size_t i = 0; i < d->n; i++) {
        s->points[i] =
            (sks_point){.n_workers = d->n_workers[i], .n = 1, .seconds = malloc(sizeof(double))};
        assert_non_null(s->points[i].seconds);
        s->points[i].seconds[0] = 1.0 / d->throughput[i];
    }
    return s;
}

static void expect(const sks_model_fit *m, const recorded *r)
{
    assert_string_equal(m->model->name, r->model);
    for (size_t k = 0; k < m->model->n_parameters; k++) {
        assert_near(m->parameter[k].value, r->p[k], 1e-9 * r->p[k]);
        assert_int_equal(m->is_on_bound[k], r->p[k] == 0.0);
    }
    assert_near(m->rss, r->rss, 1e-11 * r->rss);
    assert_near(m->aicc, r->aicc, 1e-10);
    if (isinf(r->optimum))
        assert_true(isinf(m->optimum.value));
    else
        assert_near(m->optimum.value, r->optimum, 1e-8 * r->optimum);
}

static void fits_are_those_of_scipy_and_r(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        sks_series *series = series_of(&data[i]);
        sks_fit fit = {0};

        assert_int_equal(sks_fit_series(series, &sks_fit_defaults, &fit), SKS_OK);
        for (size_t m = 0; m < 3; m++)
            expect(&fit.models[m], &data[i].models[m]);
        /* Amdahl's -12.45 beside the USL's -12.11; -57.5 beside -52.9 */
        assert_int_equal(fit.verdict, i == 0 ? SKS_NOT_TOLD_APART : SKS_BEST);
        assert_string_equal(fit.preferred->model->name, "amdahl");
        sks_fit_clear(&fit);
        sks_series_free(series, 1);
    }
}

static void medians_and_their_intervals_are_those_of_r(void **state)
{
    double speed[] = {850,  740, 900, 1070, 930, 850, 950,  980,  980, 880,
                      1000, 980, 930, 650,  760, 810, 1000, 1000, 960, 960};
    unsigned rounds[20];
    sks_point point = {.n_workers = 1, .n = 20, .seconds = speed, .rounds = rounds};
    const sks_series series = {.kernel = (char[]){""},
                               .parameters = (char[]){""},
                               .executor = (char[]){""},
                               .scheduler = (char[]){""},
                               .binding = (char[]){""},
                               .n_points = 1,
                               .points = &point};
    sks_fit_options options = sks_fit_defaults;
    sks_fit fit = {0};

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        rounds[i] = i;
    assert_int_equal(sks_fit_series(&series, &options, &fit), SKS_OK);
    assert_near(fit.points[0].median.value, 940.0, 0.0);
    assert_near(fit.points[0].mad, 60.0, 1e-12);
    assert_near(fit.points[0].median.interval.low, 850.0, 0.0);
    assert_near(fit.points[0].median.interval.high, 980.0, 0.0);
    assert_near(fit.points[0].coverage, 0.958610534668, 1e-12);
    sks_fit_clear(&fit);

    options.confidence = 0.99;
    assert_int_equal(sks_fit_series(&series, &options, &fit), SKS_OK);
    assert_near(fit.points[0].median.interval.low, 810.0, 0.0);
    assert_near(fit.points[0].median.interval.high, 1000.0, 0.0);
    assert_near(fit.points[0].coverage, 0.997423171997, 1e-12);
    sks_fit_clear(&fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_are_those_of_scipy_and_r),
        cmocka_unit_test(medians_and_their_intervals_are_those_of_r),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
