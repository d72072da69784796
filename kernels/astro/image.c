/* Reading images: the section is cut here rather than by CFITSIO, because CFITSIO hands out a
 * section without saying where it lay. */
#include "kernels/astro/image.h"

#include <fitsio.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_AXES = 9 };

/* What is to be read: pixels first..last (1-based, inclusive) of every axis. */
struct section {
    int n_axes;
    long size[MAX_AXES];
    long first[MAX_AXES];
    long last[MAX_AXES];
};

static sks_status fits_failed(sks_status kind, const char *name, const char *doing, int fits)
{
    char text[FLEN_STATUS] = "";
    char detail[FLEN_ERRMSG] = "";

    fits_get_errstatus(fits, text);
    fits_read_errmsg(detail);
    fits_clear_errmsg();
    return sks_fail(kind, "%s: %s: %s%s%s", name, doing, text, detail[0] ? ": " : "", detail);
}

/* The length of `name` before a final [..] that looks like an image section, or all of it. */
static size_t length_before_section(const char *name)
{
    size_t length = strlen(name);
    const char *open = strrchr(name, '[');

    if (length == 0 || name[length - 1] != ']' || open == NULL)
        return length;
    if (strspn(open + 1, "0123456789:*,- ") != strlen(open + 1) - 1)
        return length;
    /* "[2]" is an extension, "[1:5]" and "[*,3]" are sections. */
    if (strpbrk(open, ":*,") == NULL)
        return length;
    return (size_t)(open - name);
}

/* One axis of a section: "a:b", "*" or "a". */
static bool parse_axis(const char **text, long size, long *first, long *last)
{
    char *end;

    while (**text == ' ')
        ++*text;
    if (**text == '*') {
        *first = 1;
        *last = size;
        ++*text;
    } else {
        *first = strtol(*text, &end, 10);
        if (end == *text)
            return false;
        *text = end;
        *last = *first;
        if (**text == ':') {
            *last = strtol(*text + 1, &end, 10);
            if (end == *text + 1)
                return false;
            *text = end;
        }
    }
    while (**text == ' ')
        ++*text;
    return **text == ',' || **text == ']';
}

static sks_status check_axis(const char *name, const struct section *s, int axis)
{
    long first = s->first[axis], last = s->last[axis], size = s->size[axis];

    if (first < 1 || last > size || first > last)
        return sks_fail(SKS_ERR_USAGE,
                        "%s: the section's axis %d is %ld:%ld; need first <= last within 1:%ld",
                        name, axis + 1, first, last, size);
    if (axis > 1 && first != last)
        return sks_fail(SKS_ERR_USAGE, "%s: the image has %d axes; choose a plane, as in [*,*,1]",
                        name, s->n_axes);
    return SKS_OK;
}

/* Sets what is to be read from the text of a section; "" for all. */
static sks_status parse_section(const char *name, const char *text, struct section *s)
{
    int axis = 0;

    for (int i = 0; i < s->n_axes; i++) {
        s->first[i] = 1;
        s->last[i] = s->size[i];
    }
    if (*text == '[') {
        do {
            text++;
            if (axis == s->n_axes ||
                !parse_axis(&text, s->size[axis], &s->first[axis], &s->last[axis]))
                return sks_fail(SKS_ERR_USAGE, "%s: section is not like [x1:x2,y1:y2]", name);
            axis++;
        } while (*text == ',');
        if (axis < 2)
            return sks_fail(SKS_ERR_USAGE, "%s: a section needs two axes, as in [1:100,*]", name);
    }
    for (int i = 0; i < s->n_axes; i++) {
        sks_status status = check_axis(name, s, i);

        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

static sks_status read_size(fitsfile *file, const char *name, struct section *s)
{
    int fits = 0;
    int bitpix;

    if (fits_get_img_param(file, MAX_AXES, &bitpix, &s->n_axes, s->size, &fits) != 0)
        return fits_failed(SKS_ERR_INPUT, name, "cannot read the image's size", fits);
    if (s->n_axes < 2 || s->n_axes > MAX_AXES || s->size[0] < 1 || s->size[1] < 1)
        return sks_fail(SKS_ERR_INPUT, "%s: is no two-dimensional image (%d axes)", name,
                        s->n_axes);
    return SKS_OK;
}

static sks_status read_header(fitsfile *file, const char *name, sks_image *image)
{
    int fits = 0;
    int n_cards = 0;

    if (fits_convert_hdr2str(file, 0, NULL, 0, &image->header, &n_cards, &fits) != 0)
        return fits_failed(SKS_ERR_INPUT, name, "cannot read the header", fits);
    image->n_cards = (size_t)n_cards;
    if (n_cards > 0 && strncmp(image->header + SKS_CARD_SIZE * (n_cards - 1), "END     ", 8) == 0)
        image->n_cards--;
    image->header[SKS_CARD_SIZE * image->n_cards] = '\0';
    return SKS_OK;
}

static size_t count_blank(sks_image *image)
{
    size_t n = image->nx * image->ny;
    size_t n_blank = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(image->data[i])) {
            image->data[i] = NAN;
            n_blank++;
        }
    }
    return n_blank;
}

static sks_status read_pixels(fitsfile *file, const char *name, struct section *s, sks_image *image)
{
    long step[MAX_AXES];
    float nan_value = NAN;
    int fits = 0;
    int any_blank;

    for (int i = 0; i < MAX_AXES; i++)
        step[i] = 1;
    if (fits_read_subset(file, TFLOAT, s->first, s->last, step, &nan_value, image->data, &any_blank,
                         &fits) != 0)
        return fits_failed(SKS_ERR_INPUT, name, "cannot read the pixels", fits);
    image->n_blank = count_blank(image);
    if (image->n_blank == image->nx * image->ny)
        return sks_fail(SKS_ERR_INPUT, "%s: not one of the %zu x %zu pixels has a value", name,
                        image->nx, image->ny);
    return SKS_OK;
}

/* Where the section lies on the chip: its first pixel, and LTV if the file was cut itself. */
static void set_offsets(sks_image *image, const struct section *s)
{
    double ltv[2] = {0, 0}, ltm[2] = {1, 1};

    sks_image_real(image, "LTV1", &ltv[0]);
    sks_image_real(image, "LTV2", &ltv[1]);
    sks_image_real(image, "LTM1_1", &ltm[0]);
    sks_image_real(image, "LTM2_2", &ltm[1]);
    image->x0 = (double)(s->first[0] - 1);
    image->y0 = (double)(s->first[1] - 1);
    if (ltm[0] == 1 && ltm[1] == 1) {
        image->x0 -= ltv[0];
        image->y0 -= ltv[1];
    }
    for (int i = 0; i < 2; i++) {
        image->first[i] = (size_t)s->first[i];
        image->frame[i] = (size_t)s->size[i];
    }
}

static sks_status open_image(const char *name, fitsfile **file)
{
    size_t length = length_before_section(name);
    char *base = strndup(name, length);
    int fits = 0;
    sks_status status = SKS_OK;

    if (base == NULL)
        return sks_fail_nomem("a file name");
    fits_clear_errmsg();
    if (fits_open_image(file, base, READONLY, &fits) != 0)
        status = fits_failed(fits == FILE_NOT_OPENED ? SKS_ERR_IO : SKS_ERR_INPUT, name,
                             "cannot open as a FITS image", fits);
    free(base);
    return status;
}

/* The header belongs to the frame; CRPIX and LTV are moved to the section. */
static sks_status move_to_section(sks_image **image)
{
    sks_image *old = *image;
    sks_image *moved = NULL;
    sks_status status;

    if (old->first[0] == 1 && old->first[1] == 1)
        return SKS_OK;
    status = sks_image_regrid(old, 1, 1, 1, 1 - (double)old->first[0], 1 - (double)old->first[1],
                              &moved);
    if (status != SKS_OK)
        return status;
    free(old->header);
    old->header = moved->header;
    old->n_cards = moved->n_cards;
    moved->header = NULL;
    sks_image_destroy(moved);
    return SKS_OK;
}

sks_status sks_image_read(const char *name, sks_image **image)
{
    fitsfile *file = NULL;
    struct section s;
    sks_image *new = NULL;
    int fits = 0;
    sks_status status = open_image(name, &file);

    if (status == SKS_OK)
        status = read_size(file, name, &s);
    if (status == SKS_OK)
        status = parse_section(name, name + length_before_section(name), &s);
    if (status == SKS_OK)
        status = sks_image_create((size_t)(s.last[0] - s.first[0] + 1),
                                  (size_t)(s.last[1] - s.first[1] + 1), &new);
    if (status == SKS_OK)
        status = read_header(file, name, new);
    if (status == SKS_OK)
        status = read_pixels(file, name, &s, new);
    if (status == SKS_OK) {
        set_offsets(new, &s);
        status = move_to_section(&new);
    }
    if (file != NULL)
        fits_close_file(file, &fits);
    if (status != SKS_OK) {
        sks_image_destroy(new);
        return status;
    }
    *image = new;
    return SKS_OK;
}

sks_status sks_image_create(size_t nx, size_t ny, sks_image **image)
{
    sks_image *new;

    if (nx == 0 || ny == 0 || nx > LONG_MAX / sizeof(float) / ny)
        return sks_fail(SKS_ERR_USAGE, "an image of %zu x %zu pixels cannot be", nx, ny);
    new = calloc(1, sizeof(*new));
    if (new == NULL)
        return sks_fail_nomem("an image");
    new->nx = new->frame[0] = nx;
    new->ny = new->frame[1] = ny;
    new->first[0] = new->first[1] = 1;
    new->data = calloc(nx * ny, sizeof(*new->data));
    if (new->data == NULL) {
        free(new);
        return sks_fail_nomem("an image's pixels");
    }
    *image = new;
    return SKS_OK;
}

void sks_image_destroy(sks_image *image)
{
    if (image == NULL)
        return;
    free(image->data);
    free(image->header);
    free(image);
}

sks_view sks_image_view(const sks_image *image)
{
    return sks_image_part(image, 1, 1, image->nx, image->ny);
}

sks_view sks_image_part(const sks_image *image, size_t x_first, size_t y_first, size_t nx,
                        size_t ny)
{
    return (sks_view){
        .data = image->data + (y_first - 1) * image->nx + (x_first - 1),
        .nx = nx,
        .ny = ny,
        .pitch = image->nx,
        .left = x_first - 1,
        .right = image->nx - nx - (x_first - 1),
        .below = y_first - 1,
        .above = image->ny - ny - (y_first - 1),
    };
}

/* Bits are those of whole numbers: what fractions would be cut to says nothing about quality. */
static sks_status check_quality_type(fitsfile *file, const char *name)
{
    int type = 0, fits = 0;

    if (fits_get_img_equivtype(file, &type, &fits) != 0)
        return fits_failed(SKS_ERR_INPUT, name, "cannot read the type of the data quality", fits);
    if (type == FLOAT_IMG || type == DOUBLE_IMG)
        return sks_fail(SKS_ERR_INPUT,
                        "%s: the pixels are real numbers; a data-quality mask needs integers, "
                        "whose bits say what is wrong",
                        name);
    return SKS_OK;
}

/* The pixels of the quality image that belong to `image`, as integers. */
static sks_status read_quality(fitsfile *file, const char *name, const sks_image *image, long *dq)
{
    struct section s;
    long step[MAX_AXES];
    int fits = 0;
    int any_blank;
    sks_status status = read_size(file, name, &s);

    if (status == SKS_OK)
        status = parse_section(name, name + length_before_section(name), &s);
    if (status != SKS_OK)
        return status;
    for (int i = 0; i < MAX_AXES; i++)
        step[i] = 1;
    if ((size_t)(s.last[0] - s.first[0] + 1) != image->nx ||
        (size_t)(s.last[1] - s.first[1] + 1) != image->ny) {
        if ((size_t)s.size[0] != image->frame[0] || (size_t)s.size[1] != image->frame[1])
            return sks_fail(SKS_ERR_INPUT,
                            "%s: the data-quality image has %ld x %ld pixels; need %zu x %zu", name,
                            s.size[0], s.size[1], image->nx, image->ny);
        for (int i = 0; i < 2; i++) {
            s.first[i] = (long)image->first[i];
            s.last[i] = s.first[i] + (long)(i == 0 ? image->nx : image->ny) - 1;
        }
    }
    status = check_quality_type(file, name);
    if (status != SKS_OK)
        return status;
    if (fits_read_subset(file, TLONG, s.first, s.last, step, NULL, dq, &any_blank, &fits) != 0)
        return fits_failed(SKS_ERR_INPUT, name, "cannot read the data quality", fits);
    return SKS_OK;
}

sks_status sks_image_mask(sks_image *image, const char *name, long bits)
{
    size_t n = image->nx * image->ny;
    fitsfile *file = NULL;
    long *dq = NULL;
    int fits = 0;
    sks_status status = open_image(name, &file);

    if (status == SKS_OK) {
        dq = malloc(n * sizeof(*dq));
        status = dq != NULL ? read_quality(file, name, image, dq) : sks_fail_nomem("a mask");
    }
    if (status == SKS_OK) {
        for (size_t i = 0; i < n; i++)
            if ((dq[i] & bits) != 0)
                image->data[i] = NAN;
        image->n_blank = count_blank(image);
    }
    free(dq);
    if (file != NULL)
        fits_close_file(file, &fits);
    return status;
}
