#include "kernels/astro/wcs.h"

#include <ctype.h>
#include <errno.h>
#include <fitsio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wcslib/dis.h>
#include <wcslib/tab.h>
#include <wcslib/wcs.h>
#include <wcslib/wcserr.h>
#include <wcslib/wcsfix.h>
#include <wcslib/wcshdr.h>
#include <wcslib/wcsmath.h>

struct sks_wcs {
    struct wcsprm wcs; /* two axes: longitude, latitude */
    bool is_exchanged; /* in the image the latitude's axis comes first */
    double size[2];
    char longitude[8], latitude[8];
    char frame[80];
    char projection[16];
    bool is_equatorial;
};

struct sks_wcs_worker {
    struct wcsprm wcs;
    bool is_exchanged;
    size_t capacity;
    double *native; /* [2 * capacity] phi, then theta */
    double *plane;  /* [2 * capacity] intermediate world coordinates, pairs */
    double *pairs;  /* [2 * capacity] sky positions */
    int *stat;      /* [capacity] */
};

static sks_status fail_fits(const char *image, int code, const char *doing)
{
    char text[FLEN_STATUS];
    char detail[FLEN_ERRMSG];
    char last[FLEN_ERRMSG] = "";

    fits_get_errstatus(code, text);
    while (fits_read_errmsg(detail) != 0)
        snprintf(last, sizeof(last), "%s", detail);
    return sks_fail(SKS_ERR_INPUT, "%s: %s: %s%s%s%s", image, doing, text,
                    last[0] != '\0' ? " (" : "", last, last[0] != '\0' ? ")" : "");
}

static sks_status fail_wcs(const char *image, const char *doing, const struct wcserr *err,
                           const char *const *messages, int code)
{
    const char *text = err != NULL && err->msg[0] != '\0' ? err->msg
                       : messages != NULL                 ? messages[code]
                                                          : "failed";

    return sks_fail(SKS_ERR_INPUT, "%s: %s: %s", image, doing, text);
}

/* A file that ends before its own header says it does: the disk was full or a copy broke off. */
static sks_status check_complete(const char *image, const char *root, fitsfile *fits)
{
    char url[FLEN_FILENAME] = "";
    LONGLONG head, data, end;
    struct stat info;
    int code = 0;

    if (fits_url_type(fits, url, &code) != 0 || strcmp(url, "file://") != 0)
        return SKS_OK; /* compressed, in memory: CFITSIO has read all of it already */
    if (fits_get_hduaddrll(fits, &head, &data, &end, &code) != 0 || stat(root, &info) != 0)
        return SKS_OK;
    if ((LONGLONG)info.st_size < end)
        return sks_fail(SKS_ERR_INPUT, "%s: truncated: %lld bytes, but the header describes %lld",
                        image, (long long)info.st_size, (long long)end);
    return SKS_OK;
}

static sks_status open_image(const char *image, fitsfile **fits)
{
    char root[FLEN_FILENAME];
    int code = 0;
    sks_status status;

    if (strlen(image) >= FLEN_FILENAME - 1)
        return sks_fail(SKS_ERR_USAGE, "%.60s…: a file name of more than %d characters", image,
                        FLEN_FILENAME - 2);
    if (fits_parse_rootname((char *)image, root, &code) != 0)
        return fail_fits(image, code, "not a FITS file name");
    if (strstr(root, "://") == NULL && strcmp(root, "-") != 0 && access(root, R_OK) != 0) {
        char compressed[FLEN_FILENAME + 4];

        /* CFITSIO finds image.fits.gz when asked for image.fits. */
        snprintf(compressed, sizeof(compressed), "%s.gz", root);
        if (access(compressed, R_OK) != 0) {
            access(root, R_OK);
            return sks_fail(SKS_ERR_IO, "%s: %s", image, strerror(errno));
        }
    }
    fits_clear_errmsg();
    if (fits_open_file(fits, image, READONLY, &code) != 0)
        return fail_fits(image, code, "cannot be read as FITS");
    status = check_complete(image, root, *fits);
    if (status != SKS_OK)
        fits_close_file(*fits, &code);
    return status;
}

/* Parses the current HDU's header into all its coordinate systems. */
static sks_status parse_header(const char *image, fitsfile *fits, int *n_wcs, struct wcsprm **wcs)
{
    char *header = NULL;
    int n_cards = 0, n_rejected = 0;
    int code = 0;

    if (fits_convert_hdr2str(fits, 1, NULL, 0, &header, &n_cards, &code) != 0)
        return fail_fits(image, code, "reading the header");
    code = wcspih(header, n_cards, WCSHDR_all, 0, &n_rejected, n_wcs, wcs);
    {
        int free_code = 0;
        fits_free_memory(header, &free_code);
    }
    if (code != 0)
        return fail_wcs(image, "reading the coordinate system", NULL, wcshdr_errmsg, code);
    return SKS_OK;
}

/* Axis (0-based) that carries the longitude or latitude, -TAB axes included; -1 if none. */
static int find_axis(const struct wcsprm *wcs, bool is_longitude)
{
    for (int i = 0; i < wcs->naxis; i++) {
        const char *type = wcs->ctype[i];

        if (is_longitude ? strncmp(type, "RA--", 4) == 0 || strncmp(type + 1, "LON-", 4) == 0 ||
                               strncmp(type + 2, "LN-", 3) == 0 || strcmp(type, "RA") == 0
                         : strncmp(type, "DEC-", 4) == 0 || strncmp(type + 1, "LAT-", 4) == 0 ||
                               strncmp(type + 2, "LT-", 3) == 0 || strcmp(type, "DEC") == 0)
            return i;
    }
    return -1;
}

static const struct wcsprm *choose_system(int n_wcs, const struct wcsprm *all, char alternate)
{
    for (int i = 0; i < n_wcs; i++)
        if (all[i].alt[0] == alternate)
            return &all[i];
    return NULL;
}

/* Detailed messages here only: elsewhere WCSLIB loses the text it allocates, in the transformations
 * one for every position that cannot be mapped. */
static sks_status set_up(const char *image, struct wcsprm *wcs)
{
    int code;

    wcserr_enable(1);
    code = wcsset(wcs);
    wcserr_enable(0);
    if (code != 0)
        return fail_wcs(image, "coordinate system", wcs->err, wcs_errmsg, code);
    /* WCSLIB 7.12 divides by a last pivot of zero without a word. */
    for (int i = 0; i < 4 && !wcs->lin.unity && wcs->lin.imgpix != NULL; i++)
        if (!isfinite(wcs->lin.imgpix[i]))
            return sks_fail(SKS_ERR_INPUT,
                            "%s: coordinate system: its matrix (CD or PC) is singular", image);
    return SKS_OK;
}

/* After wcsset, which makes distortions out of projections such as TPV and TNX. */
static void drop_distortion(struct wcsprm *wcs)
{
    lindist(1, &wcs->lin, NULL, 0);
    lindist(2, &wcs->lin, NULL, 0);
    for (int i = 0; i < wcs->naxis; i++)
        if (strncmp(wcs->ctype[i] + 8, "-SIP", 4) == 0)
            wcs->ctype[i][8] = '\0';
    wcs->flag = 0; /* to be set up again */
}

/* Cuts the two celestial axes out of `full` into w->wcs, longitude first whatever their order in
 * the image, which axes[] tells: WCSLIB 7.12 takes TPV's coefficients for those of the other axis
 * when the latitude comes first. */
static sks_status cut_celestial(const char *image, const struct wcsprm *full, sks_wcs *w,
                                int axes[2])
{
    int longitude = find_axis(full, true);
    int latitude = find_axis(full, false);
    int n = 2;
    int code;

    if (longitude < 0 || latitude < 0)
        return sks_fail(SKS_ERR_INPUT, "%s: no celestial coordinate system%s%s%s", image,
                        full->naxis > 0 && full->ctype[0][0] != '\0' ? " (CTYPE1 is " : "",
                        full->naxis > 0 ? full->ctype[0] : "",
                        full->naxis > 0 && full->ctype[0][0] != '\0' ? ")" : ": CTYPE is missing");
    axes[0] = 1 + longitude;
    axes[1] = 1 + latitude;
    w->is_exchanged = latitude < longitude;
    w->wcs.flag = -1;
    code = wcssub(1, full, &n, axes, &w->wcs);
    if (code != 0)
        return fail_wcs(image, "taking the celestial axes", w->wcs.err, wcs_errmsg, code);
    return SKS_OK;
}

static void describe_frame(const struct wcsprm *wcs, sks_wcs *w)
{
    const char *type = wcs->ctype[0];
    const char *end = strchr(type, '-');
    size_t n = end != NULL ? (size_t)(end - type) : strlen(type);
    char letter = (char)tolower((unsigned char)type[0]);

    w->is_equatorial = strncmp(type, "RA", 2) == 0;
    for (size_t i = 0; i < n && i + 1 < sizeof(w->longitude); i++)
        w->longitude[i] = (char)tolower((unsigned char)type[i]);
    type = wcs->ctype[1];
    n = strcspn(type, "-");
    for (size_t i = 0; i < n && i + 1 < sizeof(w->latitude); i++)
        w->latitude[i] = (char)tolower((unsigned char)type[i]);
    if (strlen(type) > 5) {
        type += 4;
        type += strspn(type, "-");
        snprintf(w->projection, sizeof(w->projection), "%s", type);
    }
    if (w->is_equatorial || letter == 'e' || letter == 'h') {
        bool has_equinox = wcs->equinox != UNDEFINED;
        /* Without RADESYS the equinox decides: Calabretta & Greisen (2002), section 3.1. */
        const char *system = wcs->radesys[0] != '\0' && wcs->radesys[0] != ' ' ? wcs->radesys
                             : !has_equinox                                    ? "ICRS"
                             : wcs->equinox < 1984.0                           ? "FK4"
                                                                               : "FK5";
        int used = snprintf(w->frame, sizeof(w->frame), "%s%.*s",
                            letter == 'e'   ? "ecliptic, "
                            : letter == 'h' ? "helioecliptic, "
                                            : "",
                            (int)strcspn(system, " "), system);

        if (has_equinox && strncmp(system, "ICRS", 4) != 0)
            snprintf(w->frame + used, sizeof(w->frame) - (size_t)used, " equinox %g", wcs->equinox);
    } else {
        snprintf(w->frame, sizeof(w->frame), "%s",
                 letter == 'g'   ? "galactic"
                 : letter == 's' ? "supergalactic"
                                 : w->longitude);
    }
}

static sks_status read_tables(const char *image, fitsfile *fits, struct wcsprm *wcs)
{
    int code = wcstab(wcs);
    int fits_code = 0;

    if (code != 0)
        return fail_wcs(image, "coordinate look-up tables", wcs->err, wcs_errmsg, code);
    /* WCSLIB and CFITSIO agreed on this structure (Calabretta & Greisen, Paper III, section 6). */
    if (wcs->nwtb > 0 && fits_read_wcstab(fits, wcs->nwtb, (wtbarr *)wcs->wtb, &fits_code) != 0)
        return fail_fits(image, fits_code, "coordinate look-up tables");
    for (int i = 0; i < wcs->ntab; i++) {
        code = tabmem(&wcs->tab[i]); /* hands CFITSIO's memory over, to be freed with wcs */
        if (code != 0)
            return fail_wcs(image, "coordinate look-up tables", wcs->tab[i].err, tab_errmsg, code);
    }
    return SKS_OK;
}

/* From the current HDU; SKS_ERR_INPUT when it has no such system. */
static sks_status read_hdu(const char *image, fitsfile *fits, char alternate, bool with_distortion,
                           sks_wcs *w)
{
    struct wcsprm *all = NULL;
    struct wcsprm *chosen;
    int n_wcs = 0;
    int axes[2];
    int fixes[NWCSFIX];
    int code;
    sks_status status = parse_header(image, fits, &n_wcs, &all);

    if (status != SKS_OK)
        return status;
    chosen = (struct wcsprm *)choose_system(n_wcs, all, alternate);
    if (chosen == NULL) {
        status = n_wcs > 0 && alternate != ' '
                     ? sks_fail(SKS_ERR_INPUT, "%s: no coordinate system \"%c\"", image, alternate)
                     : sks_fail(SKS_ERR_INPUT, "%s: no coordinate system in the header", image);
        goto out;
    }
    status = read_tables(image, fits, chosen);
    if (status == SKS_OK)
        status = cut_celestial(image, chosen, w, axes);
    if (status != SKS_OK)
        goto out;
    for (int i = 0; i < 2; i++) {
        char key[FLEN_KEYWORD];
        LONGLONG size = 0;

        code = 0;
        snprintf(key, sizeof(key), "%s%d",
                 fits_is_compressed_image(fits, &code) ? "ZNAXIS" : "NAXIS", axes[i]);
        if (fits_read_key(fits, TLONGLONG, key, &size, NULL, &code) == 0)
            w->size[w->is_exchanged ? 1 - i : i] = (double)size;
    }
    fits_clear_errmsg();
    describe_frame(&w->wcs, w);
    wcsfix(0, NULL, &w->wcs, fixes); /* old keywords and units; what it cannot mend wcsset tells */
    status = set_up(image, &w->wcs);
    if (status == SKS_OK && !with_distortion) {
        drop_distortion(&w->wcs);
        status = set_up(image, &w->wcs);
    }
out:
    wcsvfree(&n_wcs, &all);
    return status;
}

sks_status sks_wcs_read(const char *image, char alternate, bool with_distortion, sks_wcs **wcs)
{
    sks_wcs *w = calloc(1, sizeof(*w));
    fitsfile *fits = NULL;
    int naxis = 0, hdu = 0, type = 0;
    int code = 0;
    sks_status status;

    if (w == NULL)
        return sks_fail_nomem("the coordinate system");
    w->wcs.flag = -1;
    status = open_image(image, &fits);
    if (status != SKS_OK) {
        free(w);
        return status;
    }
    /* An empty primary HDU of a multi-extension file: go to its first image. */
    fits_get_hdu_num(fits, &hdu);
    fits_get_img_dim(fits, &naxis, &code);
    if (code == 0 && hdu == 1 && naxis == 0) {
        do {
            fits_movrel_hdu(fits, 1, &type, &code);
            if (code == 0 && type == IMAGE_HDU)
                fits_get_img_dim(fits, &naxis, &code);
        } while (code == 0 && naxis == 0);
        if (code != 0) { /* there is none: the header alone may still describe a system */
            code = 0;
            fits_movabs_hdu(fits, 1, &type, &code);
        }
    }
    fits_clear_errmsg();
    status = read_hdu(image, fits, alternate, with_distortion, w);
    code = 0;
    fits_close_file(fits, &code);
    if (status != SKS_OK) {
        sks_wcs_destroy(w);
        return status;
    }
    *wcs = w;
    return SKS_OK;
}

void sks_wcs_destroy(sks_wcs *wcs)
{
    if (wcs == NULL)
        return;
    wcsfree(&wcs->wcs);
    free(wcs);
}

sks_wcs_info sks_wcs_describe(const sks_wcs *wcs)
{
    return (sks_wcs_info){
        .longitude = wcs->longitude,
        .latitude = wcs->latitude,
        .frame = wcs->frame,
        .projection = wcs->projection,
        .is_equatorial = wcs->is_equatorial,
        .size_x = wcs->size[0],
        .size_y = wcs->size[1],
    };
}

sks_status sks_wcs_worker_create(const sks_wcs *wcs, size_t capacity, sks_wcs_worker **worker)
{
    sks_wcs_worker *w = calloc(1, sizeof(*w));
    int code;

    if (w == NULL)
        return sks_fail_nomem("a worker's coordinate system");
    w->wcs.flag = -1;
    w->is_exchanged = wcs->is_exchanged;
    w->capacity = capacity;
    w->native = malloc(2 * capacity * sizeof(double));
    w->plane = malloc(2 * capacity * sizeof(double));
    w->pairs = malloc(2 * capacity * sizeof(double));
    w->stat = malloc(capacity * sizeof(int));
    if (w->native == NULL || w->plane == NULL || w->pairs == NULL || w->stat == NULL) {
        sks_wcs_worker_destroy(w);
        return sks_fail_nomem("a worker's coordinate system");
    }
    code = wcssub(1, &wcs->wcs, NULL, NULL, &w->wcs);
    if (code == 0)
        code = wcsset(&w->wcs);
    if (code != 0) {
        sks_status status = fail_wcs("coordinate system", "copying", w->wcs.err, wcs_errmsg, code);

        sks_wcs_worker_destroy(w);
        return status;
    }
    *worker = w;
    return SKS_OK;
}

void sks_wcs_worker_destroy(sks_wcs_worker *worker)
{
    if (worker == NULL)
        return;
    wcsfree(&worker->wcs);
    free(worker->native);
    free(worker->plane);
    free(worker->pairs);
    free(worker->stat);
    free(worker);
}

/* Blanks the positions that WCSLIB could not map; all of them after a failure of the whole call,
 * which valid structures do not give. */
static void blank_unmapped(int code, size_t n, const int *stat, int partial, double *pairs)
{
    for (size_t i = 0; code != 0 && i < n; i++)
        if (code != partial || stat[i] != 0)
            pairs[2 * i] = pairs[2 * i + 1] = NAN;
}

/* NaN passes WCSLIB unnoticed by its own checks: counted here. */
static size_t blank_nan(size_t n, double *pairs)
{
    size_t n_nan = 0;

    for (size_t i = 0; i < n; i++)
        if (isnan(pairs[2 * i]) || isnan(pairs[2 * i + 1])) {
            pairs[2 * i] = pairs[2 * i + 1] = NAN;
            n_nan++;
        }
    return n_nan;
}

static void exchange(size_t n, const double *from, double *to)
{
    for (size_t i = 0; i < n; i++) {
        double first = from[2 * i];

        to[2 * i] = from[2 * i + 1];
        to[2 * i + 1] = first;
    }
}

static size_t pix2sky_block(sks_wcs_worker *w, size_t n, const double *pixel, double *sky)
{
    int code;

    if (w->is_exchanged) {
        exchange(n, pixel, sky);
        pixel = sky;
    }
    code = wcsp2s(&w->wcs, (int)n, 2, pixel, w->plane, w->native, w->native + w->capacity, w->pairs,
                  w->stat);
    blank_unmapped(code, n, w->stat, WCSERR_BAD_PIX, w->pairs);
    memcpy(sky, w->pairs, 2 * n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        sky[2 * i] += sky[2 * i] < 0.0 ? 360.0 : 0.0; /* -0 becomes 0 */
        if (sky[2 * i] >= 360.0)
            sky[2 * i] -= 360.0;
    }
    return blank_nan(n, sky);
}

static size_t sky2pix_block(sks_wcs_worker *w, size_t n, const double *sky, double *pixel)
{
    int code;

    memcpy(w->pairs, sky, 2 * n * sizeof(double));
    /* Beyond a pole there is no position; WCSLIB would fold it back. */
    for (size_t i = 0; i < n; i++)
        if (!(fabs(w->pairs[2 * i + 1]) <= 90.0))
            w->pairs[2 * i] = w->pairs[2 * i + 1] = NAN;
    code = wcss2p(&w->wcs, (int)n, 2, w->pairs, w->native, w->native + w->capacity, w->plane, pixel,
                  w->stat);
    blank_unmapped(code, n, w->stat, WCSERR_BAD_WORLD, pixel);
    for (size_t i = 0; i < n; i++)
        if (isnan(w->pairs[2 * i]))
            pixel[2 * i] = pixel[2 * i + 1] = NAN;
    if (w->is_exchanged)
        exchange(n, pixel, pixel);
    return blank_nan(n, pixel);
}

size_t sks_wcs_pix2sky(sks_wcs_worker *worker, size_t n, const double *pixel, double *sky)
{
    size_t n_unmapped = 0;

    for (size_t i = 0; i < n; i += worker->capacity) {
        size_t block = n - i < worker->capacity ? n - i : worker->capacity;

        n_unmapped += pix2sky_block(worker, block, pixel + 2 * i, sky + 2 * i);
    }
    return n_unmapped;
}

size_t sks_wcs_sky2pix(sks_wcs_worker *worker, size_t n, const double *sky, double *pixel)
{
    size_t n_unmapped = 0;

    for (size_t i = 0; i < n; i += worker->capacity) {
        size_t block = n - i < worker->capacity ? n - i : worker->capacity;

        n_unmapped += sky2pix_block(worker, block, sky + 2 * i, pixel + 2 * i);
    }
    return n_unmapped;
}
