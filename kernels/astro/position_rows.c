#include "kernels/astro/position_rows.h"

#include "kernels/astro/number.h"

#include <fitsio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FITS_BLOCK = 2880,
    FITS_CARD = 80,
    TABLE_ROW = 4 * 8,
    GIVEN_DECIMALS = 6,
    GIVEN_SKY_DECIMALS = 9
};

sks_rows sks_rows_format(const sks_wcs_info *info, bool is_table, bool is_to_sky,
                         bool is_sexagesimal, int decimals)
{
    sks_rows rows = {
        .is_table = is_table,
        .is_to_sky = is_to_sky,
        .is_sexagesimal = is_to_sky && is_sexagesimal,
        .is_equatorial = info->is_equatorial,
    };

    if (decimals < 0)
        decimals = is_to_sky && !is_sexagesimal ? 9 : 6;
    rows.decimals = decimals;
    if (rows.is_sexagesimal) /* an arc second is 15 times finer than a second of time */
        rows.width[0] = rows.width[1] = 11 + decimals;
    else
        rows.width[0] = rows.width[1] = (is_to_sky ? 4 : 7) + (decimals > 0) + decimals;
    for (int i = 0; i < 2; i++)
        if (rows.width[i] < 7)
            rows.width[i] = 7;
    rows.row_size = is_table ? TABLE_ROW
                             : 2 * SKS_GIVEN_WIDTH + 1 + 1 + (size_t)rows.width[0] + 1 +
                                   (size_t)rows.width[1] + 1;
    return rows;
}

static sks_status text_header(const sks_rows *rows, const char *title, const sks_wcs_info *info,
                              bool has_distortion, char **text, size_t *size)
{
    const char *sky_unit[2] = {"deg", "deg"};
    char pixel[32], sky[64];
    int length;

    if (rows->is_sexagesimal) {
        sky_unit[0] = rows->is_equatorial ? "h:m:s" : "d:m:s";
        sky_unit[1] = "d:m:s";
    }
    snprintf(pixel, sizeof(pixel), "x[px] y[px]");
    snprintf(sky, sizeof(sky), "%s[%s] %s[%s]", info->longitude, sky_unit[0], info->latitude,
             sky_unit[1]);
    length = asprintf(text,
                      "# %s: frame %s, projection %s%s\n"
                      "# columns: %s ... %s\n",
                      title, info->frame, info->projection,
                      has_distortion ? "" : ", distortion left out", rows->is_to_sky ? pixel : sky,
                      rows->is_to_sky ? sky : pixel);
    if (length < 0)
        return sks_fail_nomem("the header");
    *size = (size_t)length;
    return SKS_OK;
}

static void upper(char *to, size_t size, const char *from)
{
    size_t i = 0;

    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] = (char)(from[i] >= 'a' && from[i] <= 'z' ? from[i] - 'a' + 'A' : from[i]);
    to[i] = '\0';
}

/* CFITSIO writes the header of an empty table in memory; the number of rows is then put into its
 * card, since the rows themselves are written by the workers. */
static sks_status table_header(const char *title, const sks_rows *rows, const sks_wcs_info *info,
                               bool has_distortion, uint64_t n_rows, char **text, size_t *size)
{
    char longitude[16], latitude[16], history[160];
    char *sky_type[2] = {longitude, latitude};
    char *pixel_type[2] = {"X", "Y"};
    char **in = rows->is_to_sky ? pixel_type : sky_type;
    char **out = rows->is_to_sky ? sky_type : pixel_type;
    char *in_unit = rows->is_to_sky ? "pix" : "deg";
    char *out_unit = rows->is_to_sky ? "deg" : "pix";
    char *types[4] = {in[0], in[1], out[0], out[1]};
    char *forms[4] = {"1D", "1D", "1D", "1D"};
    char *units[4] = {in_unit, in_unit, out_unit, out_unit};
    size_t memory_size = 4 * FITS_BLOCK;
    void *memory = calloc(1, memory_size); /* CFITSIO would read on in what was there before */
    fitsfile *fits = NULL;
    LONGLONG data = 0;
    bool has_card = false;
    int code = 0;

    if (memory == NULL)
        return sks_fail_nomem("the table's header");
    upper(longitude, sizeof(longitude), info->longitude);
    upper(latitude, sizeof(latitude), info->latitude);
    snprintf(history, sizeof(history), "skyscale %s: frame %s, projection %s%s", title, info->frame,
             info->projection, has_distortion ? "" : ", distortion left out");
    fits_create_memfile(&fits, &memory, &memory_size, FITS_BLOCK, realloc, &code);
    fits_create_tbl(fits, BINARY_TBL, 0, 4, types, forms, units, "POSITIONS", &code);
    fits_write_history(fits, history, &code);
    fits_flush_file(fits, &code);
    fits_get_hduaddrll(fits, NULL, &data, NULL, &code);
    if (fits != NULL) {
        int close_code = 0;
        fits_close_file(fits, &close_code);
    }
    for (size_t at = FITS_BLOCK; code == 0 && at + FITS_CARD <= (size_t)data; at += FITS_CARD) {
        char *card = (char *)memory + at;
        char value[32];

        if (memcmp(card, "NAXIS2  =", 9) == 0) {
            snprintf(value, sizeof(value), "%20llu", (unsigned long long)n_rows);
            memcpy(card + 10, value, 20);
            has_card = true;
        }
    }
    fits_clear_errmsg();
    if (code != 0 || !has_card) {
        free(memory);
        return sks_fail(SKS_ERR_BUG, "the table's header could not be made (CFITSIO status %d)",
                        code);
    }
    *text = memory;
    *size = (size_t)data;
    return SKS_OK;
}

sks_status sks_rows_header(const sks_rows *rows, const char *title, const sks_wcs_info *info,
                           bool has_distortion, uint64_t n_rows, char **text, size_t *size)
{
    if (rows->is_table)
        return table_header(title, rows, info, has_distortion, n_rows, text, size);
    return text_header(rows, title, info, has_distortion, text, size);
}

size_t sks_rows_padding(const sks_rows *rows, uint64_t size)
{
    return rows->is_table ? (size_t)((FITS_BLOCK - size % FITS_BLOCK) % FITS_BLOCK) : 0;
}

/* A sexagesimal text is shortened to a sexagesimal text where its unit is what colons mean in that
 * column; otherwise degrees are written. */
static bool shortens_to_sexagesimal(const sks_rows *rows, const sks_span *given, int i,
                                    double value)
{
    bool is_hours = i == 0 && rows->is_equatorial;

    if (rows->is_to_sky || !(fabs(value) < 999.0)) /* more has no place there */
        return false;
    if (memchr(given->text, ':', given->length) != NULL)
        return true;
    return memchr(given->text, is_hours ? 'h' : 'd', given->length) != NULL &&
           memchr(given->text, 'm', given->length) != NULL;
}

/* A number of the input as it was written. */
static inline char *put_given(const sks_rows *rows, const sks_span *given, int i, double value,
                              char *to)
{
    int length;

    if (given == NULL)
        return sks_number_write(to, value, SKS_GIVEN_WIDTH,
                                rows->is_to_sky ? GIVEN_DECIMALS : GIVEN_SKY_DECIMALS);
    if (given->length == 0)
        return sks_number_write(to, NAN, SKS_GIVEN_WIDTH, 0);
    if (given->length > SKS_GIVEN_WIDTH) {
        if (!shortens_to_sexagesimal(rows, given, i, value))
            return sks_number_write(to, value, SKS_GIVEN_WIDTH, GIVEN_SKY_DECIMALS);
        return sks_sexagesimal_write(to, i == 0 && rows->is_equatorial ? value / 15.0 : value,
                                     SKS_GIVEN_WIDTH, 5, 0, i == 1);
    }
    length = (int)given->length;
    memset(to, ' ', SKS_GIVEN_WIDTH);
    memcpy(to + SKS_GIVEN_WIDTH - length, given->text, (size_t)length);
    return to + SKS_GIVEN_WIDTH;
}

static inline char *put_sky(const sks_rows *rows, const double *pair, double full_circle, char *to)
{
    if (rows->is_sexagesimal) {
        double longitude = rows->is_equatorial ? pair[0] / 15.0 : pair[0];

        to = sks_sexagesimal_write(to, longitude, rows->width[0], rows->decimals,
                                   rows->is_equatorial ? 24 : 360, false);
        *to++ = ' ';
        return sks_sexagesimal_write(to, pair[1], rows->width[1],
                                     rows->decimals > 0 ? rows->decimals - 1 : 0, 0, true);
    }
    /* 359.9999999999 is not to be printed as 360. */
    to = sks_number_write(to, pair[0] >= full_circle ? 0.0 : pair[0], rows->width[0],
                          rows->decimals);
    *to++ = ' ';
    return sks_number_write(to, pair[1], rows->width[1], rows->decimals);
}

static char *write_text(const sks_rows *rows, const sks_positions *positions,
                        const sks_position_block *block, const double *result, char *to)
{
    double full_circle = 360.0 - 0.5 * pow(10.0, -rows->decimals);

    for (size_t i = 0; i < block->n; i++) {
        const sks_span *given = block->given != NULL ? block->given + 2 * i : NULL;

        to = put_given(rows, given, 0, block->pair[2 * i], to);
        *to++ = ' ';
        to = put_given(rows, given != NULL ? given + 1 : NULL, 1, block->pair[2 * i + 1], to);
        if (block->other != NULL)
            to = sks_positions_write_carried(positions, block->other[i], to);
        *to++ = ' ';
        if (rows->is_to_sky) {
            to = put_sky(rows, result + 2 * i, full_circle, to);
        } else {
            to = sks_number_write(to, result[2 * i], rows->width[0], rows->decimals);
            *to++ = ' ';
            to = sks_number_write(to, result[2 * i + 1], rows->width[1], rows->decimals);
        }
        *to++ = '\n';
    }
    return to;
}

static inline char *put_big_endian(double value, char *to)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(to, &bits, sizeof(bits));
    return to + sizeof(bits);
}

static char *write_table(const sks_position_block *block, const double *result, char *to)
{
    for (size_t i = 0; i < block->n; i++) {
        to = put_big_endian(block->pair[2 * i], to);
        to = put_big_endian(block->pair[2 * i + 1], to);
        to = put_big_endian(result[2 * i], to);
        to = put_big_endian(result[2 * i + 1], to);
    }
    return to;
}

char *sks_rows_write(const sks_rows *rows, const sks_positions *positions,
                     const sks_position_block *block, const double *result, char *to)
{
    return rows->is_table ? write_table(block, result, to)
                          : write_text(rows, positions, block, result, to);
}
