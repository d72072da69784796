/* On the paper's M71 frame, `detect` lists IRAF's stars with the numbers of its daofind and phot,
 * and `completeness` finds as many as IRAF and the authors did, bin by bin within chance. Skipped
 * without the reference data. */
#include <gsl/gsl_cdf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"
#include "tests/unit/reference.h"
#include "tests/unit/run_kernel.h"
#include "tests/unit/scratch_file.h"
#include "tests/unit/star_table.h"

extern const sks_kernel sks_kernel_detect, sks_kernel_completeness;

enum { N_BINS = 20 };

static const char *frame(const char *section)
{
    static char name[4200];

    snprintf(name, sizeof(name), "%s%s", reference_path("data/m71_f555w_pc1.fits"), section);
    return name;
}

/* Both undefined, or near each other. */
static bool is_close(double value, double reference, double tolerance)
{
    return fabs(value - reference) <= tolerance || (isnan(value) && isnan(reference));
}

/* One star's photometry (columns of `detect` and of phot). The position has to be the very same;
 * sky values only where as many pixels were used: single precision decides about one of them
 * in the first pass. Returns whether all was compared. */
static bool compare_photometry(const double *row, const double *phot)
{
    if (!is_close(row[1], phot[1], 1e-9) || !is_close(row[2], phot[2], 1e-9))
        return false;
    assert_near(row[7], phot[4], 1e-5 * fabs(phot[4]) + 1e-4);
    assert_near(row[8], phot[5], 1e-5 * phot[5] + 6e-5);
    assert_near(row[17], phot[15], 0);
    assert_near(row[18], phot[17], 0);
    if (!is_close(row[13], phot[10], 0))
        return false;
    assert_near(row[9], phot[6], 1e-5 * fabs(phot[4]) + 1e-4); /* a difference: of the sum */
    assert_near(row[10], phot[7], 1e-6 * fabs(phot[7]) + 1e-6);
    /* Half a printed digit of either, and the flux's tolerance. */
    assert_true(
        is_close(row[15], phot[13], 5.6e-4 + 1.1 * (1e-5 * fabs(phot[4]) + 1e-4) / fabs(phot[6])));
    assert_true(is_close(row[16], phot[14], 6e-4));
    return true;
}

static void compare_list(const char *section, const char *edge, const char *stars,
                         const char *phots, size_t n_expected)
{
    const char *const parameters[] = {"image",  frame(section),           "edge", edge,
                                      "output", scratch_file("list.txt"), NULL};
    struct reference_table star, phot;
    struct star_table t;
    size_t n_same = 0;
    sks_record record;

    assert_int_equal(run_kernel(&sks_kernel_detect, "dynamic", 2, parameters, &record), SKS_OK);
    sks_record_clear(&record);
    t = table_read(scratch_file("list.txt"));
    assert_true(reference_read(stars, &star));
    assert_true(reference_read(phots, &phot));
    assert_int_equal(t.n_rows, n_expected);
    assert_int_equal(star.n_rows, n_expected);
    for (size_t i = 0; i < n_expected; i++) {
        for (int c = 0; c < 7; c++) /* one unit of the last printed digit */
            assert_near(t.row[i][c], star.row[i][c], c == 0 ? 0 : 1.0001e-3);
        n_same += compare_photometry(t.row[i], phot.row[i]);
    }
    assert_true(n_same >= n_expected * 95 / 100);
    table_free(&t);
    free(star.row);
    free(phot.row);
}

static void iraf_lists_are_reproduced(void **state)
{
    (void)state;
    compare_list("[200:711,200:711]", "repeat", "reference/m71_daofind_section.tsv",
                 "reference/m71_phot_section.tsv", 209);
    compare_list("[200:711,200:711]", "real", "reference/m71_daofind_section_inplace.tsv",
                 "reference/m71_phot_section_inplace.tsv", 211);
    compare_list("", "real", "reference/m71_daofind_full.tsv", "reference/m71_phot_full.tsv", 573);
}

static struct star_table count(const char *iterations, const char *psf_at)
{
    const char *const parameters[] = {"image",      frame("[200:711,200:711]"),
                                      "psf",        reference_path("data/m71_f555w_pc1.psf.fits"),
                                      "iterations", iterations,
                                      "psf-at",     psf_at,
                                      "seed",       "20130101",
                                      "output",     scratch_file("table.txt"),
                                      NULL};
    sks_record record;

    assert_int_equal(run_kernel(&sks_kernel_completeness, "dynamic", 2, parameters, &record),
                     SKS_OK);
    sks_record_clear(&record);
    return table_read(scratch_file("table.txt"));
}

/* The probability that two sets of counts, k of n, k in column `mine` of the table and `theirs` of
 * the reference, differ so much by chance. Bins with too few in either class for chi-square to hold
 * are left out. */
static double chance(const struct star_table *t, int mine, const struct reference_table *r,
                     int theirs_n, int theirs_k)
{
    double chi2 = 0, p_value;
    unsigned n_used = 0;

    assert_int_equal(t->n_rows, N_BINS);
    assert_int_equal(r->n_rows, N_BINS);
    for (size_t i = 0; i < N_BINS; i++) {
        double n1 = t->row[i][1], k1 = t->row[i][mine];
        double n2 = r->row[i][theirs_n], k2 = r->row[i][theirs_k];
        double p = (k1 + k2) / (n1 + n2), d = k1 / n1 - k2 / n2;

        assert_near(t->row[i][0], r->row[i][0], 1e-9);
        if (k1 + k2 < 10 || n1 + n2 - k1 - k2 < 10)
            continue;
        chi2 += d * d / (p * (1 - p) * (1 / n1 + 1 / n2));
        n_used++;
    }
    assert_true(n_used >= 15);
    p_value = gsl_cdf_chisq_Q(chi2, n_used);
    print_message("chi-square %.1f for %u bins, p = %.3f\n", chi2, n_used, p_value);
    return p_value;
}

#ifndef __SANITIZE_THREAD__
static void iraf_completeness_is_reproduced(void **state)
{
    struct star_table t = count("1000", "section");
    struct reference_table r;

    (void)state;
    assert_true(reference_read("reference/m71_completeness_iraf_1000.tsv", &r));
    assert_true(chance(&t, 2, &r, 1, 3) > 0.001);
    assert_true(chance(&t, 8, &r, 1, 4) > 0.001); /* whatever the magnitude */
    assert_true(chance(&t, 2, &r, 8, 9) > 0.001); /* the authors' counts */
    assert_non_null(strstr(t.header, "without added stars: 209"));
    table_free(&t);
    free(r.row);
}
#endif

static void authors_table_is_reproduced(void **state)
{
    struct star_table t = count("100", "section");
    struct reference_table r;

    (void)state;
    assert_true(reference_read("reference/m71_completeness_iraf_1000.tsv", &r));
    assert_true(chance(&t, 2, &r, 8, 9) > 0.001);
    table_free(&t);
    free(r.row);
}

/* Where the stars really are on the chip the PSF is another one: some star's fate changes. */
static void psf_position_matters(void **state)
{
    struct star_table section = count("20", "section"), chip = count("20", "chip");
    bool differs = false;

    (void)state;
    for (size_t i = 0; i < N_BINS; i++) {
        assert_near(section.row[i][1], chip.row[i][1], 0);
        differs |= fabs(section.row[i][6] - chip.row[i][6]) > 1e-4;
    }
    assert_true(differs);
    table_free(&section);
    table_free(&chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iraf_lists_are_reproduced),
#ifndef __SANITIZE_THREAD__ /* minutes there, and its threads are seen in the shorter ones too */
        cmocka_unit_test(iraf_completeness_is_reproduced),
#endif
        cmocka_unit_test(authors_table_is_reproduced),
        cmocka_unit_test(psf_position_matters),
    };

    if (!reference_is_there())
        return reference_exit();
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
