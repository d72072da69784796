/* Header keywords: looking them up, and carrying a WCS to another pixel grid. */
#include "kernels/astro/image.h"

#include "kernels/astro/image_card.h"

#include <ctype.h>
#include <fitsio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ADDED_CARDS = 8 };

/* The card of `keyword`, NUL-terminated in `card`. */
static bool find_card(const sks_image *image, const char *keyword, char card[SKS_CARD_SIZE + 1])
{
    size_t length = strlen(keyword);

    for (size_t i = 0; i < image->n_cards; i++) {
        const char *c = image->header + i * SKS_CARD_SIZE;

        if (strncmp(c, keyword, length) == 0 && (c[length] == '=' || c[length] == ' ') &&
            strncmp(c + length, "        ", 8 - length) == 0 && c[8] == '=') {
            memcpy(card, c, SKS_CARD_SIZE);
            card[SKS_CARD_SIZE] = '\0';
            return true;
        }
    }
    return false;
}

bool sks_image_real(const sks_image *image, const char *keyword, double *value)
{
    char card[SKS_CARD_SIZE + 1];
    char text[FLEN_VALUE];
    char *end;
    int fits = 0;
    double number;

    if (strlen(keyword) > 8 || !find_card(image, keyword, card) ||
        fits_parse_value(card, text, NULL, &fits) != 0 || text[0] == '\0' || text[0] == '\'')
        return false;
    for (char *c = text; *c != '\0'; c++)
        if (*c == 'D' || *c == 'd') /* Fortran's exponent letter is legal in FITS */
            *c = 'E';
    number = strtod(text, &end);
    if (end == text || *end != '\0')
        return false;
    *value = number;
    return true;
}

bool sks_image_text(const sks_image *image, const char *keyword, char *text, size_t size)
{
    char card[SKS_CARD_SIZE + 1];
    char value[FLEN_VALUE];
    size_t n = 0;
    int fits = 0;

    if (strlen(keyword) > 8 || size == 0 || !find_card(image, keyword, card) ||
        fits_parse_value(card, value, NULL, &fits) != 0 || value[0] != '\'')
        return false;
    for (const char *c = value + 1; *c != '\0' && n + 1 < size; c++) {
        if (*c == '\'' && *++c != '\'')
            break;
        text[n++] = *c;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return true;
}

struct grid {
    double scale;
    double shift[2];
};

/* "CRPIX1", "CRPIX2B": the axis (0 or 1) of a keyword made of `root`, the number and perhaps the
 * letter of an alternate WCS; -1 for another keyword or axis. */
static int keyword_axis(const char *keyword, const char *root)
{
    size_t n = strlen(root);
    const char *rest = keyword + n;

    if (strncmp(keyword, root, n) != 0 || (*rest != '1' && *rest != '2'))
        return -1;
    if (rest[1] != '\0' && (!isupper((unsigned char)rest[1]) || rest[2] != '\0'))
        return -1;
    return *rest - '1';
}

/* "CD1_2", "CD1_2A": an element of the matrix for pixel axes 1 and 2. */
static bool is_cd(const char *keyword)
{
    return strncmp(keyword, "CD", 2) == 0 && isdigit((unsigned char)keyword[2]) &&
           keyword[3] == '_' && (keyword[4] == '1' || keyword[4] == '2') &&
           (keyword[5] == '\0' || isupper((unsigned char)keyword[5]));
}

/* "A_2_0", "BP_0_1": the exponents of a coefficient of the SIP polynomials. */
static bool is_sip(const char *keyword, int *i, int *j)
{
    const char *c = keyword;

    if (*c != 'A' && *c != 'B')
        return false;
    c++;
    if (*c == 'P')
        c++;
    if (c[0] != '_' || !isdigit((unsigned char)c[1]) || c[2] != '_' ||
        !isdigit((unsigned char)c[3]) || c[4] != '\0')
        return false;
    *i = c[1] - '0';
    *j = c[3] - '0';
    return true;
}

/* The keyword's value on the new grid; false for a keyword that does not change. */
static bool regrid_value(const char *keyword, const struct grid *g, double *value)
{
    int axis = keyword_axis(keyword, "CRPIX");
    int i, j;

    if (axis < 0)
        axis = keyword_axis(keyword, "LTV");
    if (axis >= 0)
        *value = g->scale * *value + g->shift[axis];
    else if (is_cd(keyword) || keyword_axis(keyword, "CDELT") >= 0)
        *value /= g->scale;
    else if (strcmp(keyword, "LTM1_1") == 0 || strcmp(keyword, "LTM2_2") == 0)
        *value *= g->scale;
    else if (is_sip(keyword, &i, &j))
        *value *= pow(g->scale, 1 - i - j);
    else
        return false;
    return true;
}

static void write_card(char *card, const char *keyword, double value, const char *comment)
{
    char text[SKS_CARD_SIZE + 1];
    int n = snprintf(text, sizeof(text), "%-8s= %20.15G / %s", keyword, value, comment);

    if (n > SKS_CARD_SIZE)
        n = SKS_CARD_SIZE;
    memset(card, ' ', SKS_CARD_SIZE);
    memcpy(card, text, (size_t)n);
}

/* Rewrites a card in place, keeping its comment. */
static void regrid_card(char *card, const struct grid *g)
{
    char keyword[9], value_text[FLEN_VALUE], comment[FLEN_COMMENT], line[SKS_CARD_SIZE + 1];
    double value, old;
    char *end;
    int fits = 0;

    memcpy(line, card, SKS_CARD_SIZE);
    line[SKS_CARD_SIZE] = '\0';
    card_keyword(line, keyword);
    if (line[8] != '=' || fits_parse_value(line, value_text, comment, &fits) != 0)
        return;
    for (char *c = value_text; *c != '\0'; c++)
        if (*c == 'D' || *c == 'd')
            *c = 'E';
    value = strtod(value_text, &end);
    if (end == value_text || *end != '\0')
        return;
    old = value;
    if (regrid_value(keyword, g, &value) && value != old) /* else all its digits stay */
        write_card(card, keyword, value, comment);
}

/* Keywords whose absence means a default that is no longer right. */
static void add_missing(const sks_image *from, const struct grid *g, sks_image *to)
{
    static const char *const ltv[] = {"LTV1", "LTV2"};
    static const char *const ltm[] = {"LTM1_1", "LTM2_2"};
    static const char *const cdelt[] = {"CDELT1", "CDELT2"};
    static const char *const cd[] = {"CD1_1", "CD2_2"};
    static const char *const crpix[] = {"CRPIX1", "CRPIX2"};
    double value;
    char ctype[SKS_CARD_SIZE];
    bool has_cd = sks_image_real(from, "CD1_1", &value) || sks_image_real(from, "CD1_2", &value);
    bool has_wcs = sks_image_text(from, "CTYPE1", ctype, sizeof(ctype));

    for (int i = 0; i < 2; i++) {
        char *end = to->header + SKS_CARD_SIZE * to->n_cards;

        if (!sks_image_real(from, ltv[i], &value) && g->shift[i] != 0) {
            write_card(end, ltv[i], g->shift[i], "chip to image: offset");
            end += SKS_CARD_SIZE;
        }
        if (!sks_image_real(from, ltm[i], &value) && g->scale != 1) {
            write_card(end, ltm[i], g->scale, "chip to image: scale");
            end += SKS_CARD_SIZE;
        }
        if (has_wcs && !sks_image_real(from, crpix[i], &value) && g->shift[i] != 0) {
            write_card(end, crpix[i], g->shift[i], "reference pixel");
            end += SKS_CARD_SIZE;
        }
        if (has_wcs && !has_cd && !sks_image_real(from, cdelt[i], &value) &&
            !sks_image_real(from, cd[i], &value) && g->scale != 1) {
            write_card(end, cdelt[i], 1 / g->scale, "coordinate increment");
            end += SKS_CARD_SIZE;
        }
        to->n_cards = (size_t)(end - to->header) / SKS_CARD_SIZE;
    }
    to->header[SKS_CARD_SIZE * to->n_cards] = '\0';
}

sks_status sks_image_regrid(const sks_image *from, size_t nx, size_t ny, double scale,
                            double shift_x, double shift_y, sks_image **image)
{
    const struct grid g = {scale, {shift_x, shift_y}};
    sks_image *new = NULL;
    sks_status status;

    if (!(scale > 0) || !isfinite(scale) || !isfinite(shift_x) || !isfinite(shift_y))
        return sks_fail(SKS_ERR_USAGE, "a pixel grid of scale %g cannot be", scale);
    status = sks_image_create(nx, ny, &new);
    if (status != SKS_OK)
        return status;
    if (scale == 1) {
        new->x0 = from->x0 - shift_x;
        new->y0 = from->y0 - shift_y;
    }
    if (from->header == NULL) {
        *image = new;
        return SKS_OK;
    }
    new->header = malloc(SKS_CARD_SIZE * (from->n_cards + MAX_ADDED_CARDS) + 1);
    if (new->header == NULL) {
        sks_image_destroy(new);
        return sks_fail_nomem("a header");
    }
    memcpy(new->header, from->header, SKS_CARD_SIZE * from->n_cards);
    new->n_cards = from->n_cards;
    for (size_t i = 0; i < new->n_cards; i++)
        regrid_card(new->header + i *SKS_CARD_SIZE, &g);
    add_missing(from, &g, new);
    *image = new;
    return SKS_OK;
}
