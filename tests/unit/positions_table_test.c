/* Property: positions from the columns of FITS tables, and positions drawn at random, are the same
 * whatever the size of the blocks they are read in and in whatever order. */
#include "plain_positions.h"

#include <fitsio.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Tables. */

enum { TABLE_ROWS = 1000 };

static double table_x(long row)
{
    return 0.1 * (double)row + 1.0 / 3.0;
}

/* "cat.fits": an image, a small table, and the table SRC, with some values undefined. */
static void make_table(const char *path)
{
    char *types[] = {"X", "Y", "N", "NAME", "PAIR", "FLAG", "BIT", "VAR", "COMPLEX"};
    char *forms[] = {"1D", "1E", "1J", "4A", "2D", "1L", "1X", "1PD", "1C"};
    char *small[] = {"P", "Q"};
    char *small_forms[] = {"1K", "1I"};
    LONGLONG undefined = -99;
    fitsfile *fits;
    int code = 0;

    fits_create_file(&fits, path, &code);
    fits_create_img(fits, 8, 0, NULL, &code);
    fits_create_tbl(fits, BINARY_TBL, 0, 2, small, small_forms, NULL, "SMALL", &code);
    for (long row = 1; row <= 3; row++) {
        LONGLONG p = (1LL << 40) + row;
        long q = -row;

        fits_write_col(fits, TLONGLONG, 1, row, 1, 1, &p, &code);
        fits_write_col(fits, TLONG, 2, row, 1, 1, &q, &code);
    }
    fits_create_tbl(fits, BINARY_TBL, TABLE_ROWS, 9, types, forms, NULL, "SRC", &code);
    fits_write_key(fits, TLONGLONG, "TNULL3", &undefined, NULL, &code);
    fits_set_hdustruc(fits, &code);
    for (long row = 1; row <= TABLE_ROWS; row++) {
        double x = row % 7 == 0 ? NAN : table_x(row);
        float y = (float)(2 * row);
        long n = row % 5 == 0 ? -99 : 3 * row;

        fits_write_col(fits, TDOUBLE, 1, row, 1, 1, &x, &code);
        fits_write_col(fits, TFLOAT, 2, row, 1, 1, &y, &code);
        fits_write_col(fits, TLONG, 3, row, 1, 1, &n, &code);
    }
    fits_close_file(fits, &code);
    assert_int_equal(code, 0);
}

static void check_table(const char *coords, const char *columns, size_t n_rows,
                        double (*expected)(long row, int column))
{
    for (int k = 0; k < N_BLOCK_SIZES; k++) {
        sks_position_options options = {
            .coords = coords, .columns = columns, .block = block_sizes[k]};
        sks_positions *positions;
        sks_position_reader *reader;

        if (sks_positions_open(&options, &positions) != SKS_OK)
            fail_msg("%s", sks_message());
        assert_int_equal(sks_positions_n_rows(positions), n_rows);
        assert_false(sks_positions_are_random(positions));
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        for (size_t b = sks_positions_n_blocks(positions); b-- > 0;) {
            sks_position_block block;
            long first = (long)sks_positions_first_row(positions, b);

            if (sks_position_reader_read(reader, b, &block) != SKS_OK)
                fail_msg("%s", sks_message());
            assert_null(block.given);
            for (size_t i = 0; i < 2 * block.n; i++) {
                double right = expected(first + (long)(i / 2) + 1, (int)(i % 2));

                if (!(block.pair[i] == right || (isnan(block.pair[i]) && isnan(right))))
                    fail_msg("%s %s row %ld: %.17g, expected %.17g", coords,
                             columns != NULL ? columns : "", first + (long)(i / 2) + 1,
                             block.pair[i], right);
            }
        }
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
    }
}

static double expect_xy(long row, int column)
{
    return column == 1 ? 2.0 * (double)row : row % 7 == 0 ? NAN : table_x(row);
}

static double expect_nx(long row, int column)
{
    return column == 1 ? expect_xy(row, 0) : row % 5 == 0 ? NAN : 3.0 * (double)row;
}

static double expect_pq(long row, int column)
{
    return column == 1 ? -(double)row : 0x1p40 + (double)row;
}

static double expect_selected(long row, int column)
{
    return expect_xy(row + 996, column);
}

static void columns_of_tables(void **unused)
{
    (void)unused;
    make_table("cat.fits");
    make_table("cat.fits.gz");
    check_table("cat.fits[SRC]", NULL, TABLE_ROWS, expect_xy);
    check_table("cat.fits[2]", "1,2", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC]", "x,Y", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC]", "3,X", TABLE_ROWS, expect_nx);
    check_table("cat.fits[SRC]", "N,1", TABLE_ROWS, expect_nx);
    check_table("cat.fits", NULL, 3, expect_pq); /* its first table */
    check_table("cat.fits.gz", "P,Q", 3, expect_pq);
    check_table("cat.fits.gz[SRC]", "X,Y", TABLE_ROWS, expect_xy);
    check_table("cat.fits[SRC][Y > 1992]", NULL, 4, expect_selected);
}

static void what_is_wrong_with_tables(void **unused)
{
    static const char *const columns[] = {"NAME,Y", "X,PAIR",    "X,FLAG", "BIT,X", "X,VAR",
                                          "X,NONE", "COMPLEX,X", "0,1",    "1,10"};

    (void)unused;
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = columns[i]},
                         SKS_ERR_INPUT, "column \"");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = "X"},
                     SKS_ERR_USAGE, "two columns");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .columns = "X,Y,N"},
                     SKS_ERR_USAGE, "two columns");
    check_open_fails((sks_position_options){.coords = "cat.fits[NONE]"}, SKS_ERR_INPUT,
                     "cat.fits[NONE]");
    check_open_fails((sks_position_options){.coords = "cat.fits[0]"}, SKS_ERR_INPUT, "cat.fits[0]");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC]", .carries = true},
                     SKS_ERR_USAGE, "carried");
    check_open_fails((sks_position_options){.coords = "cat.fits[SRC][Y < 0]"}, SKS_ERR_INPUT,
                     "no positions");
}

/* ---- Random positions. */

static void random_positions(void **unused)
{
    enum { N = 20000 };
    sks_position_options options = {
        .n_random = N, .seed = 42, .size_x = 800.0, .size_y = 50.0, .block = N};
    double *all = malloc(2 * N * sizeof(*all));
    double sum[2] = {0.0, 0.0};

    (void)unused;
    assert_non_null(all);
    for (int k = -1; k < N_BLOCK_SIZES; k++) {
        sks_positions *positions;
        sks_position_reader *reader;
        sks_position_block block;

        options.block = k < 0 ? N : block_sizes[k];
        assert_int_equal(sks_positions_open(&options, &positions), SKS_OK);
        assert_true(sks_positions_are_random(positions));
        assert_int_equal(sks_positions_n_rows(positions), N);
        assert_int_equal(sks_position_reader_create(positions, &reader), SKS_OK);
        for (size_t b = sks_positions_n_blocks(positions); b-- > 0;) {
            uint64_t first = sks_positions_first_row(positions, b);

            assert_int_equal(sks_position_reader_read(reader, b, &block), SKS_OK);
            if (k < 0)
                memcpy(all, block.pair, 2 * N * sizeof(*all));
            assert_memory_equal(block.pair, all + 2 * first, 2 * block.n * sizeof(*all));
        }
        sks_position_reader_destroy(reader);
        sks_positions_close(positions);
    }
    for (size_t i = 0; i < 2 * N; i++) {
        assert_true(all[i] >= 0.5 && all[i] < (i % 2 == 0 ? 800.5 : 50.5));
        sum[i % 2] += all[i] / N;
    }
    /* Six standard deviations of the mean of N uniform numbers. */
    assert_true(fabs(sum[0] - 400.5) < 6.0 * 800.0 / sqrt(12.0 * N));
    assert_true(fabs(sum[1] - 25.5) < 6.0 * 50.0 / sqrt(12.0 * N));
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_tables),
        cmocka_unit_test(what_is_wrong_with_tables),
        cmocka_unit_test(random_positions),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
