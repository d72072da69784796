/* Property: positions through a header's coordinate system are those of the closed forms of
 * Calabretta & Greisen (2002), whatever the projection, the distortion, the order of the axes, the
 * extension, section or compression; the inverse comes back to the pixel; what lies off the sphere
 * is NaN and counted.
 *
 * Headers are made here, with CFITSIO, from a `model`; what is expected is computed here too, from
 * the same model, in long double and without WCSLIB. Equation and section numbers are those of
 * Calabretta & Greisen (2002), A&A 395, 1077, "Paper II". */
#include "kernels/astro/wcs.h"

#include <fitsio.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_near.h"

/* Degrees. WCSLIB's own arithmetic: some dozen roundings of numbers up to 360, whose unit in the
 * last place is 5.7e-14. */
#define SKY_TOLERANCE 2e-12

enum { SIZE_X = 200, SIZE_Y = 150, MAX_TERMS = 8 };

typedef long double real;
static const real degree = 3.14159265358979323846264338327950288L / 180.0L;

static char folder[] = "/tmp/skyscale-wcs-XXXXXX";

struct term {
    int p, q; /* SIP: of u^p v^q; TPV: p is the number of the coefficient */
    double value;
};

struct model {
    const char *projection;
    const char *longitude, *latitude; /* "RA", "DEC"; NULL: these */
    const char *radesys;
    double reference[2];                    /* of longitude and latitude, degrees */
    double step;                            /* degrees per pixel */
    double rotation;                        /* degrees */
    double longitude_pole;                  /* degrees; 0: the default */
    struct term a[MAX_TERMS], b[MAX_TERMS]; /* SIP, or TPV of the two axes; ends with value 0 */
    struct term ap[MAX_TERMS], bp[MAX_TERMS];
    bool is_reversed; /* latitude on the first axis */
    bool is_cube;     /* celestial axes 2 and 3 of three */
    bool has_steps;   /* CDELT and PC instead of CD */
};

/* ---- The closed forms. */

static void matrix(const struct model *m, double cd[2][2])
{
    double c = cos(m->rotation * (double)degree), s = sin(m->rotation * (double)degree);

    cd[0][0] = -m->step * c;
    cd[0][1] = m->step * s;
    cd[1][0] = m->step * s;
    cd[1][1] = m->step * c;
}

static void reference_pixel(double crpix[2])
{
    crpix[0] = 90.25;
    crpix[1] = 70.5;
}

static real polynomial(const struct term *terms, real u, real v)
{
    real sum = 0.0L;

    for (int i = 0; i < MAX_TERMS && terms[i].value != 0.0; i++)
        sum += (real)terms[i].value * powl(u, terms[i].p) * powl(v, terms[i].q);
    return sum;
}

/* The registered TPV convention: coefficients 0 to 10, x the axis' own coordinate. */
static real tpv(const struct term *terms, real x, real y)
{
    real r = hypotl(x, y);
    const real power[] = {1.0L,  x,         y,         r,         x * x,    x * y,
                          y * y, x * x * x, x * x * y, x * y * y, y * y * y};
    real sum = 0.0L;

    for (int i = 0; i < MAX_TERMS && terms[i].value != 0.0; i++)
        sum += (real)terms[i].value * power[terms[i].p];
    return sum;
}

/* Native longitude and latitude, radians, from projection plane coordinates in degrees. False off
 * the sphere. */
static bool deproject(const char *projection, real x, real y, real *phi, real *theta)
{
    real r = hypotl(x, y) * degree;

    if (strncmp(projection, "CAR", 3) == 0) { /* section 5.2.3: x = phi, y = theta */
        *phi = x * degree;
        *theta = y * degree;
        return fabsl(x) <= 180.0L && fabsl(y) <= 90.0L;
    }
    if (strncmp(projection, "AIT", 3) == 0) { /* section 5.3.4 */
        real a = x * degree / 4.0L, b = y * degree / 2.0L;
        real z = sqrtl(1.0L - a * a - b * b);

        *phi = 2.0L * atan2l(2.0L * a * z, 2.0L * z * z - 1.0L);
        *theta = asinl(y * degree * z);
        return a * a + b * b <= 0.5L;
    }
    *phi = atan2l(x, -y); /* zenithal: eq. (14) */
    if (strncmp(projection, "TAN", 3) == 0 || strcmp(projection, "TPV") == 0) {
        *theta = atan2l(1.0L, r); /* eq. (55) */
        return true;
    }
    if (strncmp(projection, "SIN", 3) == 0) { /* section 5.1.5 */
        *theta = acosl(r);
        return r <= 1.0L;
    }
    assert_string_equal(projection, "ZEA"); /* section 5.1.8 */
    *theta = 90.0L * degree - 2.0L * asinl(r / 2.0L);
    return r <= 2.0L;
}

/* The native pole in celestial coordinates and its native longitude, eqs. (8) to (10). */
static void find_pole(const struct model *m, real *alpha_p, real *delta_p, real *phi_p)
{
    bool is_zenithal =
        strncmp(m->projection, "CAR", 3) != 0 && strncmp(m->projection, "AIT", 3) != 0;
    real theta_0 = is_zenithal ? 90.0L * degree : 0.0L;
    real alpha_0 = m->reference[0] * degree, delta_0 = m->reference[1] * degree;
    real first, second;

    *phi_p = m->longitude_pole != 0.0 ? m->longitude_pole * degree
             : delta_0 >= theta_0     ? 0.0L
                                      : 180.0L * degree;
    if (is_zenithal) {
        *alpha_p = alpha_0;
        *delta_p = delta_0;
        return;
    }
    first = atan2l(sinl(theta_0), cosl(theta_0) * cosl(*phi_p));
    second = acosl(sinl(delta_0) / sqrtl(1.0L - powl(cosl(theta_0) * sinl(*phi_p), 2.0L)));
    /* Of the two solutions the northerly one, LATPOLE being 90 by default. */
    *delta_p = first + second;
    if (fabsl(*delta_p) > 90.000001L * degree)
        *delta_p = first - second;
    if (fabsl(*delta_p - 90.0L * degree) < 1e-15L)
        *alpha_p = alpha_0 + *phi_p - 180.0L * degree;
    else
        *alpha_p = alpha_0 - atan2l(sinl(*phi_p) * cosl(theta_0) / cosl(delta_0),
                                    (sinl(theta_0) - sinl(*delta_p) * sinl(delta_0)) /
                                        (cosl(*delta_p) * cosl(delta_0)));
}

/* Native to celestial, eq. (2); the latitude from two of its components, since an arc sine loses
 * half of the digits near a pole. */
static void rotate(const struct model *m, real phi, real theta, double sky[2])
{
    real alpha_p, delta_p, phi_p, x, y, z, longitude;

    find_pole(m, &alpha_p, &delta_p, &phi_p);
    x = sinl(theta) * cosl(delta_p) - cosl(theta) * sinl(delta_p) * cosl(phi - phi_p);
    y = -cosl(theta) * sinl(phi - phi_p);
    z = sinl(theta) * sinl(delta_p) + cosl(theta) * cosl(delta_p) * cosl(phi - phi_p);
    longitude = fmodl((alpha_p + atan2l(y, x)) / degree, 360.0L);
    if (longitude < 0.0L)
        longitude += 360.0L;
    sky[0] = (double)longitude;
    sky[1] = (double)(atan2l(z, hypotl(x, y)) / degree);
}

static void expect_sky(const struct model *m, bool with_distortion, const double pixel[2],
                       double sky[2])
{
    double cd[2][2], crpix[2];
    real u, v, plane[2], x, y, phi, theta;

    matrix(m, cd);
    reference_pixel(crpix);
    u = (real)pixel[0] - crpix[0];
    v = (real)pixel[1] - crpix[1];
    if (with_distortion && strstr(m->projection, "-SIP") != NULL) {
        real du = polynomial(m->a, u, v), dv = polynomial(m->b, u, v);

        u += du;
        v += dv;
    }
    plane[0] = cd[0][0] * u + cd[0][1] * v;
    plane[1] = cd[1][0] * u + cd[1][1] * v;
    x = plane[m->is_reversed ? 1 : 0];
    y = plane[m->is_reversed ? 0 : 1];
    if (with_distortion && strcmp(m->projection, "TPV") == 0) {
        real before = x;

        x = tpv(m->a, x, y);
        y = tpv(m->b, y, before);
    }
    if (deproject(m->projection, x, y, &phi, &theta))
        rotate(m, phi, theta, sky);
    else
        sky[0] = sky[1] = NAN;
}

/* ---- Headers. */

static const char *or_usual(const char *given, const char *usual)
{
    return given != NULL ? given : usual;
}

static void put_text(fitsfile *fits, const char *key, const char *alternate, const char *value,
                     int *code)
{
    char full[FLEN_KEYWORD];

    snprintf(full, sizeof(full), "%s%s", key, alternate);
    fits_write_key(fits, TSTRING, full, (char *)value, NULL, code);
}

static void put_number(fitsfile *fits, const char *alternate, double value, int *code,
                       const char *format, ...)
{
    char key[FLEN_KEYWORD];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(key, sizeof(key), format, arguments);
    va_end(arguments);
    snprintf(key + length, sizeof(key) - (size_t)length, "%s", alternate);
    fits_write_key(fits, TDOUBLE, key, &value, NULL, code);
}

static void put_terms(fitsfile *fits, const char *name, const struct term *terms, int *code)
{
    int order = 0;

    for (int i = 0; i < MAX_TERMS && terms[i].value != 0.0; i++) {
        put_number(fits, "", terms[i].value, code, "%s_%d_%d", name, terms[i].p, terms[i].q);
        if (terms[i].p + terms[i].q > order)
            order = terms[i].p + terms[i].q;
    }
    if (order > 0)
        put_number(fits, "", order, code, "%s_ORDER", name);
}

static void put_type(fitsfile *fits, const struct model *m, const char *alternate, int axis,
                     bool is_longitude, int *code)
{
    const char *name = is_longitude ? or_usual(m->longitude, "RA") : or_usual(m->latitude, "DEC");
    char type[16] = "--------";
    char key[FLEN_KEYWORD];

    memcpy(type, name, strlen(name));
    snprintf(type + 5, sizeof(type) - 5, "%s", m->projection);
    snprintf(key, sizeof(key), "CTYPE%d", axis);
    put_text(fits, key, alternate, type, code);
}

/* The keywords of a model's system, "" or "A" being its letter. */
static void put_system(fitsfile *fits, const struct model *m, const char *alternate, int *code)
{
    const int first = m->is_cube ? 2 : 1;
    double cd[2][2], crpix[2];

    matrix(m, cd);
    reference_pixel(crpix);
    if (m->is_cube) {
        put_text(fits, "CTYPE1", alternate, "WAVE", code);
        put_number(fits, alternate, 1.0, code, m->has_steps ? "CDELT1" : "CD1_1");
        put_number(fits, alternate, 5e-7, code, "CRVAL1");
    }
    for (int i = 0; i < 2; i++) {
        bool is_longitude = (i == 0) != m->is_reversed;

        put_type(fits, m, alternate, first + i, is_longitude, code);
        put_number(fits, alternate, m->reference[is_longitude ? 0 : 1], code, "CRVAL%d", first + i);
        put_number(fits, alternate, crpix[i], code, "CRPIX%d", first + i);
        if (m->has_steps)
            put_number(fits, alternate, m->step, code, "CDELT%d", first + i);
        for (int j = 0; j < 2; j++)
            put_number(fits, alternate, cd[i][j] / (m->has_steps ? m->step : 1.0), code,
                       m->has_steps ? "PC%d_%d" : "CD%d_%d", first + i, first + j);
    }
    if (m->longitude_pole != 0.0)
        put_number(fits, alternate, m->longitude_pole, code, "LONPOLE");
    if (m->radesys != NULL)
        put_text(fits, "RADESYS", alternate, m->radesys, code);
    if (strcmp(m->projection, "TPV") == 0) {
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < MAX_TERMS && (k == 0 ? m->a : m->b)[i].value != 0.0; i++)
                put_number(fits, alternate, (k == 0 ? m->a : m->b)[i].value, code, "PV%d_%d",
                           first + (m->is_reversed ? 1 - k : k), (k == 0 ? m->a : m->b)[i].p);
    } else {
        put_terms(fits, "A", m->a, code);
        put_terms(fits, "B", m->b, code);
        put_terms(fits, "AP", m->ap, code);
        put_terms(fits, "BP", m->bp, code);
    }
}

static void put_image(fitsfile *fits, const struct model *m, int *code)
{
    long flat[2] = {SIZE_X, SIZE_Y}, cube[3] = {2, SIZE_X, SIZE_Y};

    fits_create_img(fits, SHORT_IMG, m->is_cube ? 3 : 2, m->is_cube ? cube : flat, code);
}

static fitsfile *create(const char *path)
{
    fitsfile *fits = NULL;
    int code = 0;

    remove(path);
    fits_create_file(&fits, path, &code);
    assert_int_equal(code, 0);
    return fits;
}

static void finish(fitsfile *fits, int code)
{
    fits_close_file(fits, &code);
    if (code != 0)
        fits_report_error(stderr, code);
    assert_int_equal(code, 0);
}

static void make_frame(const char *path, const struct model *m)
{
    fitsfile *fits = create(path);
    int code = 0;

    put_image(fits, m, &code);
    put_system(fits, m, "", &code);
    finish(fits, code);
}

/* ---- Comparison. */

static sks_wcs *read_system(const char *image, char alternate, bool with_distortion)
{
    sks_wcs *wcs = NULL;

    if (sks_wcs_read(image, alternate, with_distortion, &wcs) != SKS_OK)
        fail_msg("%s", sks_message());
    return wcs;
}

/* Pixels all over the image and some way beyond, on no particular places of a pixel. */
static size_t make_pixels(double *pixel)
{
    size_t n = 0;

    for (double y = -20.25; y < SIZE_Y + 20; y += 4.9)
        for (double x = -30.125; x < SIZE_X + 30; x += 6.3) {
            pixel[2 * n] = x;
            pixel[2 * n + 1] = y;
            n++;
        }
    return n;
}

enum { MAX_PIXELS = 2000 };

static void check_sky(const char *what, const double pixel[2], const double sky[2],
                      const double expected[2])
{
    double longitude = fabs(sky[0] - expected[0]);

    if (isnan(expected[0]) && isnan(sky[0]) && isnan(sky[1]))
        return;
    if (longitude > 180.0)
        longitude = 360.0 - longitude;
    longitude *= cos(expected[1] * (double)degree);
    if (!(longitude <= SKY_TOLERANCE) || !(fabs(sky[1] - expected[1]) <= SKY_TOLERANCE) ||
        !(sky[0] >= 0.0 && sky[0] < 360.0))
        fail_msg("%s: pixel %g %g is at %.15g %.15g, expected %.15g %.15g", what, pixel[0],
                 pixel[1], sky[0], sky[1], expected[0], expected[1]);
}

/* Both directions against the model; pixels of the file are those of the model less the origin. */
static void check_system(const sks_wcs *wcs, const char *what, const struct model *m,
                         bool with_distortion, const double origin[2], double pixel_tolerance)
{
    static double pixel[2 * MAX_PIXELS], expected[2 * MAX_PIXELS], result[2 * MAX_PIXELS];
    size_t n = make_pixels(pixel), n_off = 0;
    sks_wcs_worker *worker;

    assert_true(n <= MAX_PIXELS);
    assert_int_equal(sks_wcs_worker_create(wcs, 100, &worker), SKS_OK);
    for (size_t i = 0; i < n; i++) {
        double in_model[2] = {pixel[2 * i] + origin[0], pixel[2 * i + 1] + origin[1]};

        expect_sky(m, with_distortion, in_model, expected + 2 * i);
        n_off += isnan(expected[2 * i]);
    }
    assert_int_equal(sks_wcs_pix2sky(worker, n, pixel, result), n_off);
    for (size_t i = 0; i < n; i++)
        check_sky(what, pixel + 2 * i, result + 2 * i, expected + 2 * i);

    assert_int_equal(sks_wcs_sky2pix(worker, n, expected, result), n_off);
    for (size_t i = 0; i < 2 * n; i++)
        if (isnan(expected[i]) ? !isnan(result[i])
                               : !(fabs(result[i] - pixel[i]) <= pixel_tolerance))
            fail_msg("%s: the sky position of pixel %g %g is at pixel %.15g %.15g", what,
                     pixel[i / 2 * 2], pixel[i / 2 * 2 + 1], result[i / 2 * 2],
                     result[i / 2 * 2 + 1]);
    sks_wcs_worker_destroy(worker);
}

static const double no_origin[2] = {0.0, 0.0};

static void check_file(const char *image, const struct model *m, double pixel_tolerance)
{
    sks_wcs *wcs = read_system(image, ' ', true);

    check_system(wcs, image, m, true, no_origin, pixel_tolerance);
    sks_wcs_destroy(wcs);
}

/* A pixel from a sky position: an error of it by SKY_TOLERANCE, seen through the largest slope
 * there is in these frames (SIN near its limb, AIT near its edge). */
static double slope_tolerance(const struct model *m)
{
    return 300.0 * SKY_TOLERANCE / m->step + 1e-9;
}

#define SIP_A                                                                                      \
    {                                                                                              \
        {2, 0, 2.1e-5}, {1, 1, -1.3e-5}, {0, 2, 0.7e-5}, {3, 0, -4.1e-8}, {1, 2, 2.2e-8},          \
    }
#define SIP_B                                                                                      \
    {                                                                                              \
        {2, 0, -0.9e-5}, {1, 1, 1.9e-5}, {0, 2, -2.6e-5}, {2, 1, 3.0e-8}, {0, 3, -1.7e-8},         \
    }

static const struct model tan_rotated = {
    .projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0};
static const struct model tan_sip = {.projection = "TAN-SIP",
                                     .reference = {10.5, 41.25},
                                     .step = 3e-4,
                                     .rotation = 20.0,
                                     .a = SIP_A,
                                     .b = SIP_B};

static void projections(void **unused)
{
    static const struct model models[] = {
        {.projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0},
        {.projection = "TAN", .reference = {0.0, -89.9}, .step = 0.01, .has_steps = true},
        {.projection = "TAN", .reference = {33.0, 90.0}, .step = 0.02, .rotation = -70.0},
        {.projection = "TAN", .reference = {210.0, 10.0}, .step = 0.1, .longitude_pole = 150.0},
        {.projection = "SIN", .reference = {150.25, 62.5}, .step = 0.05, .rotation = 30.0},
        {.projection = "SIN", .reference = {40.0, -20.0}, .step = 0.6, .rotation = 30.0},
        {.projection = "ZEA", .reference = {33.0, -72.5}, .step = 0.2, .rotation = 30.0},
        {.projection = "ZEA", .reference = {300.0, 40.0}, .step = 1.1, .has_steps = true},
        {.projection = "CAR", .reference = {266.4, 0.0}, .step = 0.05, .rotation = 30.0},
        {.projection = "CAR", .reference = {266.4, 25.0}, .step = 0.3, .has_steps = true},
        {.projection = "CAR", .reference = {80.0, 0.0}, .step = 2.1, .has_steps = true},
        {.projection = "AIT", .reference = {120.0, 0.0}, .step = 1.5, .has_steps = true},
        {.projection = "AIT", .reference = {120.0, 30.0}, .step = 0.9, .rotation = 15.0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        make_frame("frame.fits", &models[i]);
        check_file("frame.fits", &models[i], slope_tolerance(&models[i]));
    }
}

/* Off the sphere there are some in the all-sky frames: the comparison above is not empty. */
static void off_the_sphere(void **unused)
{
    static const struct model all_sky = {
        .projection = "AIT", .reference = {120.0, 0.0}, .step = 1.8, .has_steps = true};
    double corner[6] = {1.0, 1.0, 90.25, 70.5, NAN, 5.0};
    double beyond[6] = {10.0, 90.5, NAN, 0.0, 120.0, -0.0};
    double result[6];
    sks_wcs_worker *worker;
    sks_wcs *wcs;

    (void)unused;
    make_frame("sky.fits", &all_sky);
    wcs = read_system("sky.fits", ' ', true);
    assert_int_equal(sks_wcs_worker_create(wcs, 10, &worker), SKS_OK);
    assert_int_equal(sks_wcs_pix2sky(worker, 3, corner, result), 2);
    assert_true(isnan(result[0]) && isnan(result[1]) && isnan(result[4]) && isnan(result[5]));
    assert_near(result[2], 120.0, SKY_TOLERANCE);
    assert_near(result[3], 0.0, SKY_TOLERANCE);
    assert_int_equal(sks_wcs_sky2pix(worker, 3, beyond, result), 2);
    assert_true(isnan(result[0]) && isnan(result[1]) && isnan(result[2]) && isnan(result[3]));
    assert_near(result[4], 90.25, 1e-9);
    assert_near(result[5], 70.5, 1e-9);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

/* At 10 degrees one unit in the last place is 1.8e-15 degrees or 6e-12 of these pixels. */
static void distortion_sip(void **unused)
{
    struct model with_inverse = tan_sip;
    static const struct term ap[MAX_TERMS] = {
        {2, 0, -2.1e-5}, {1, 1, 1.3e-5}, {0, 2, -0.7e-5}, {1, 0, 1e-7}};
    static const struct term bp[MAX_TERMS] = {
        {2, 0, 0.9e-5}, {1, 1, -1.9e-5}, {0, 2, 2.6e-5}, {0, 1, 1e-7}};

    (void)unused;
    make_frame("sip.fits", &tan_sip);
    check_file("sip.fits", &tan_sip, slope_tolerance(&tan_sip));
    /* A rough inverse in the header is where the iteration begins, not where it ends. */
    memcpy(with_inverse.ap, ap, sizeof(ap));
    memcpy(with_inverse.bp, bp, sizeof(bp));
    make_frame("sip-inverse.fits", &with_inverse);
    check_file("sip-inverse.fits", &with_inverse, slope_tolerance(&with_inverse));
}

/* Without an inverse in the header, to 1e-9 pixel. Near longitude and latitude 0 a unit in the last
 * place is 1e-17 degrees and less, so the degrees in between do not hide the iteration's error. */
static void sip_is_inverted_by_iteration(void **unused)
{
    static const struct model near_zero = {.projection = "TAN-SIP",
                                           .reference = {0.06, 0.02},
                                           .step = 2e-4,
                                           .rotation = 10.0,
                                           .a = SIP_A,
                                           .b = SIP_B};
    static double pixel[2 * MAX_PIXELS], sky[2 * MAX_PIXELS], back[2 * MAX_PIXELS];
    size_t n = make_pixels(pixel);
    sks_wcs_worker *worker;
    sks_wcs *wcs;

    (void)unused;
    make_frame("zero.fits", &near_zero);
    wcs = read_system("zero.fits", ' ', true);
    assert_int_equal(sks_wcs_worker_create(wcs, n, &worker), SKS_OK);
    for (size_t i = 0; i < n; i++) {
        expect_sky(&near_zero, true, pixel + 2 * i, sky + 2 * i);
        assert_true(sky[2 * i] < 1.0);
    }
    assert_int_equal(sks_wcs_sky2pix(worker, n, sky, back), 0);
    for (size_t i = 0; i < 2 * n; i++)
        assert_near(back[i], pixel[i], 1e-9);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

#define TPV_LONGITUDE                                                                              \
    {                                                                                              \
        {0, 0, 1.2e-4}, {1, 0, 1.001}, {2, 0, -2e-4}, {3, 0, 1e-4}, {4, 0, 3e-3}, {5, 0, -2e-3},   \
            {7, 0, 4e-3}, {10, 0, 1e-3},                                                           \
    }
#define TPV_LATITUDE                                                                               \
    {                                                                                              \
        {0, 0, -0.7e-4}, {1, 0, 0.9995}, {2, 0, 3e-4}, {4, 0, -1e-3}, {6, 0, 2e-3}, {8, 0, -3e-3}, \
            {9, 0, 2e-3},                                                                          \
    }

static const struct model tpv_model = {.projection = "TPV",
                                       .reference = {10.5, 41.25},
                                       .step = 4e-3,
                                       .rotation = 30.0,
                                       .a = TPV_LONGITUDE,
                                       .b = TPV_LATITUDE};

static void distortion_tpv(void **unused)
{
    (void)unused;
    make_frame("tpv.fits", &tpv_model);
    check_file("tpv.fits", &tpv_model, slope_tolerance(&tpv_model));
}

static void distortion_left_out(void **unused)
{
    const struct model *const models[] = {&tan_sip, &tpv_model};

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        sks_wcs *wcs;

        make_frame("frame.fits", models[i]);
        wcs = read_system("frame.fits", ' ', false);
        check_system(wcs, models[i]->projection, models[i], false, no_origin,
                     slope_tolerance(models[i]));
        sks_wcs_destroy(wcs);
    }
}

static void axes_anywhere(void **unused)
{
    static const struct model bases[] = {
        {.projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0},
        {.projection = "CAR", .reference = {266.4, 25.0}, .step = 0.3, .has_steps = true},
        {.projection = "TPV",
         .reference = {10.5, 41.25},
         .step = 4e-3,
         .rotation = 30.0,
         .a = TPV_LONGITUDE,
         .b = TPV_LATITUDE},
        {.projection = "TAN-SIP",
         .reference = {10.5, 41.25},
         .step = 3e-4,
         .rotation = 20.0,
         .a = SIP_A,
         .b = SIP_B},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
        for (int k = 1; k < 4; k++) {
            struct model m = bases[i];

            m.is_reversed = (k & 1) != 0;
            m.is_cube = (k & 2) != 0;
            if (m.is_cube && strstr(m.projection, "-SIP") != NULL)
                continue; /* SIP belongs to the axes 1 and 2 */
            make_frame("frame.fits", &m);
            check_file("frame.fits", &m, slope_tolerance(&m));
        }
}

static void alternate_systems(void **unused)
{
    static const struct model galactic = {.projection = "CAR",
                                          .longitude = "GLON",
                                          .latitude = "GLAT",
                                          .reference = {33.0, 0.0},
                                          .step = 0.02,
                                          .rotation = 5.0};
    fitsfile *fits = create("two.fits");
    sks_wcs *wcs = NULL;
    int code = 0;

    (void)unused;
    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    put_system(fits, &galactic, "A", &code);
    finish(fits, code);
    check_file("two.fits", &tan_rotated, slope_tolerance(&tan_rotated));
    wcs = read_system("two.fits", 'A', true);
    assert_string_equal(sks_wcs_describe(wcs).frame, "galactic");
    check_system(wcs, "system A", &galactic, true, no_origin, slope_tolerance(&galactic));
    sks_wcs_destroy(wcs);
    wcs = NULL;
    assert_int_equal(sks_wcs_read("two.fits", 'B', true, &wcs), SKS_ERR_INPUT);
    assert_null(wcs);
    assert_non_null(strstr(sks_message(), "\"B\""));
    sks_clear();
}

static void extensions(void **unused)
{
    fitsfile *fits = create("many.fits");
    long size[2] = {10, 10};
    int code = 0;
    struct model other = tan_rotated;

    (void)unused;
    other.reference[0] = 20.0;
    fits_create_img(fits, SHORT_IMG, 0, NULL, &code);
    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    put_text(fits, "EXTNAME", "", "SCI", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "EXTNAME", "", "DQ", &code);
    put_image(fits, &other, &code);
    put_system(fits, &other, "", &code);
    put_text(fits, "EXTNAME", "", "OTHER", &code);
    finish(fits, code);
    check_file("many.fits", &tan_rotated, 1e-8); /* the first image */
    check_file("many.fits[1]", &tan_rotated, 1e-8);
    check_file("many.fits[SCI]", &tan_rotated, 1e-8);
    check_file("many.fits[3]", &other, 1e-8);
    check_file("many.fits[other]", &other, 1e-8);
}

/* Pixels count from the section's own first one. */
static void sections(void **unused)
{
    static const struct {
        const char *image;
        double origin[2], size[2];
    } cases[] = {
        {"frame.fits[11:60,21:90]", {10.0, 20.0}, {50.0, 70.0}},
        {"frame.fits[1:200,150:150]", {0.0, 149.0}, {200.0, 1.0}},
        {"frame.fits[*,31:40]", {0.0, 30.0}, {200.0, 10.0}},
    };
    const struct model *const models[] = {&tan_rotated, &tan_sip, &tpv_model};

    (void)unused;
    for (size_t k = 0; k < sizeof(models) / sizeof(*models); k++) {
        make_frame("frame.fits", models[k]);
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
            sks_wcs *wcs = read_system(cases[i].image, ' ', true);

            assert_true(sks_wcs_describe(wcs).size_x == cases[i].size[0]);
            assert_true(sks_wcs_describe(wcs).size_y == cases[i].size[1]);
            check_system(wcs, cases[i].image, models[k], true, cases[i].origin,
                         slope_tolerance(models[k]));
            sks_wcs_destroy(wcs);
        }
    }
}

static void compressed_files(void **unused)
{
    static const struct {
        const char *created, *read;
    } cases[] = {
        {"tiled.fits[compress]", "tiled.fits"},
        {"tiles.fits[compress G 20,20]", "tiles.fits[1]"},
        {"zipped.fits.gz", "zipped.fits.gz"},
        {"zip.fits.gz", "zip.fits"},
        {"cut.fits.gz", "cut.fits.gz[1:200,1:150]"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sks_wcs *wcs;

        make_frame(cases[i].created, &tan_sip);
        check_file(cases[i].read, &tan_sip, slope_tolerance(&tan_sip));
        wcs = read_system(cases[i].read, ' ', true);
        assert_true(sks_wcs_describe(wcs).size_x == SIZE_X);
        assert_true(sks_wcs_describe(wcs).size_y == SIZE_Y);
        sks_wcs_destroy(wcs);
    }
}

/* A look-up table, Greisen et al. (2006), A&A 446, 747 (Paper III), section 6: the coordinates are
 * interpolated linearly between the entries of an array, here one every 50 pixels. */
static void lookup_tables(void **unused)
{
    enum { K1 = 5, K2 = 4 };
    char *types[] = {"COORDS"};
    char *forms[] = {"40D"};
    long dimensions[3] = {2, K1, K2}, size[2] = {SIZE_X, SIZE_Y};
    double coords[K2][K1][2];
    const double pixel[] = {1.0, 1.0, 30.25, 70.5, 200.0, 150.0, 51.0, 1.0, 400.0, 20.0};
    double sky[10], back[10];
    fitsfile *fits = create("tab.fits");
    sks_wcs_worker *worker;
    sks_wcs *wcs;
    int code = 0;

    (void)unused;
    for (int k = 0; k < K2; k++)
        for (int j = 0; j < K1; j++) {
            coords[k][j][0] = 100.0 - j - 0.01 * j * j + 0.002 * k;
            coords[k][j][1] = 20.0 + k + 0.01 * k * k - 0.003 * j;
        }
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    for (int i = 1; i <= 2; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CTYPE%d", i);
        put_text(fits, key, "", i == 1 ? "RA---TAB" : "DEC--TAB", &code);
        snprintf(key, sizeof(key), "PS%d_0", i);
        put_text(fits, key, "", "WCS-TAB", &code);
        snprintf(key, sizeof(key), "PS%d_1", i);
        put_text(fits, key, "", "COORDS", &code);
        put_number(fits, "", 1.0, &code, "CRPIX%d", i);
        put_number(fits, "", 1.0, &code, "CRVAL%d", i); /* pixel 1 is the array's entry 1 */
        put_number(fits, "", 0.02, &code, "CDELT%d", i);
        put_number(fits, "", 1.0, &code, "PV%d_1", i);
        put_number(fits, "", 1.0, &code, "PV%d_2", i);
        put_number(fits, "", i, &code, "PV%d_3", i);
    }
    fits_create_tbl(fits, BINARY_TBL, 1, 1, types, forms, NULL, "WCS-TAB", &code);
    fits_write_tdim(fits, 1, 3, dimensions, &code);
    fits_write_col(fits, TDOUBLE, 1, 1, 1, 2 * K1 * K2, coords, &code);
    finish(fits, code);

    wcs = read_system("tab.fits", ' ', true);
    assert_string_equal(sks_wcs_describe(wcs).longitude, "ra");
    assert_true(sks_wcs_describe(wcs).is_equatorial);
    assert_int_equal(sks_wcs_worker_create(wcs, 10, &worker), SKS_OK);
    assert_int_equal(sks_wcs_pix2sky(worker, 5, pixel, sky), 1); /* the last one is outside */
    for (int i = 0; i < 4; i++) {
        double u = (pixel[2 * i] - 1.0) * 0.02, v = (pixel[2 * i + 1] - 1.0) * 0.02;
        int j = (int)u, k = (int)v;

        u -= j;
        v -= k;
        for (int c = 0; c < 2; c++)
            assert_near(sky[2 * i + c],
                        (1 - v) * ((1 - u) * coords[k][j][c] + u * coords[k][j + 1][c]) +
                            v * ((1 - u) * coords[k + 1][j][c] + u * coords[k + 1][j + 1][c]),
                        1e-12);
    }
    assert_true(isnan(sky[8]) && isnan(sky[9]));
    assert_int_equal(sks_wcs_sky2pix(worker, 4, sky, back), 0);
    for (int i = 0; i < 8; i++)
        assert_near(back[i], pixel[i], 1e-6);
    sks_wcs_worker_destroy(worker);
    sks_wcs_destroy(wcs);
}

static void descriptions(void **unused)
{
    static const struct {
        struct model model;
        double equinox; /* 0: none */
        const char *frame, *projection, *longitude, *latitude;
        bool is_equatorial;
    } cases[] = {
        {{.projection = "TAN", .radesys = "ICRS"}, 0, "ICRS", "TAN", "ra", "dec", true},
        {{.projection = "TAN-SIP", .a = SIP_A, .b = SIP_B},
         0,
         "ICRS",
         "TAN-SIP",
         "ra",
         "dec",
         true},
        {{.projection = "SIN"}, 2000.0, "FK5 equinox 2000", "SIN", "ra", "dec", true},
        {{.projection = "SIN"}, 1950.0, "FK4 equinox 1950", "SIN", "ra", "dec", true},
        {{.projection = "TPV", .a = TPV_LONGITUDE, .b = TPV_LATITUDE, .radesys = "FK5"},
         1975.0,
         "FK5 equinox 1975",
         "TPV",
         "ra",
         "dec",
         true},
        {{.projection = "AIT", .longitude = "GLON", .latitude = "GLAT"},
         0,
         "galactic",
         "AIT",
         "glon",
         "glat",
         false},
        {{.projection = "CAR", .longitude = "SLON", .latitude = "SLAT"},
         0,
         "supergalactic",
         "CAR",
         "slon",
         "slat",
         false},
        {{.projection = "CAR", .longitude = "ELON", .latitude = "ELAT", .is_reversed = true},
         2000.0,
         "ecliptic, FK5 equinox 2000",
         "CAR",
         "elon",
         "elat",
         false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct model m = cases[i].model;
        fitsfile *fits = create("frame.fits");
        int code = 0;
        sks_wcs *wcs;
        sks_wcs_info info;

        m.step = 0.01;
        put_image(fits, &m, &code);
        put_system(fits, &m, "", &code);
        if (cases[i].equinox > 0)
            put_number(fits, "", cases[i].equinox, &code, "EQUINOX");
        finish(fits, code);
        wcs = read_system("frame.fits", ' ', true);
        info = sks_wcs_describe(wcs);
        assert_string_equal(info.frame, cases[i].frame);
        assert_string_equal(info.projection, cases[i].projection);
        assert_string_equal(info.longitude, cases[i].longitude);
        assert_string_equal(info.latitude, cases[i].latitude);
        assert_int_equal(info.is_equatorial, cases[i].is_equatorial);
        assert_true(info.size_x == SIZE_X && info.size_y == SIZE_Y);
        sks_wcs_destroy(wcs);
    }
}

static void check_refused(const char *image, sks_status expected, const char *says)
{
    sks_wcs *wcs = NULL;
    sks_status status = sks_wcs_read(image, ' ', true, &wcs);

    if (status != expected || strstr(sks_message(), says) == NULL)
        fail_msg("%s: status %d, \"%s\", expected \"%s\"", image, (int)status, sks_message(), says);
    assert_null(wcs);
    sks_clear();
}

/* Both rows of the matrix alike. */
static void make_singular(const char *path)
{
    fitsfile *fits = create(path);
    double element = 0.01;
    int code = 0;

    put_image(fits, &tan_rotated, &code);
    put_system(fits, &tan_rotated, "", &code);
    for (int i = 0; i < 4; i++) {
        char key[FLEN_KEYWORD];

        snprintf(key, sizeof(key), "CD%d_%d", 1 + i / 2, 1 + i % 2);
        fits_update_key(fits, TDOUBLE, key, &element, NULL, &code);
    }
    finish(fits, code);
}

static void what_is_no_system(void **unused)
{
    fitsfile *fits = create("plain.fits");
    long size[2] = {10, 10};
    int code = 0;

    (void)unused;
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "EXTNAME", "", "PLAIN", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "WAVE", &code);
    put_text(fits, "CTYPE2", "", "LINEAR", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "RA---XYZ", &code);
    put_text(fits, "CTYPE2", "", "DEC--XYZ", &code);
    fits_create_img(fits, SHORT_IMG, 2, size, &code);
    put_text(fits, "CTYPE1", "", "RA---TAN", &code);
    finish(fits, code);
    make_singular("singular.fits");
    check_refused("plain.fits", SKS_ERR_INPUT, "coordinate system");
    check_refused("plain.fits[1]", SKS_ERR_INPUT, "WAVE");
    check_refused("plain.fits[2]", SKS_ERR_INPUT, "plain.fits[2]");
    check_refused("plain.fits[3]", SKS_ERR_INPUT, "plain.fits[3]");
    check_refused("plain.fits[4]", SKS_ERR_INPUT, "plain.fits[4]");
    check_refused("singular.fits", SKS_ERR_INPUT, "is singular");
    check_refused("none.fits", SKS_ERR_IO, "No such file");
    check_refused("plain.fits[1:5,", SKS_ERR_INPUT, "plain.fits");
}

/* ---- Many workers at once, and any capacity: the same bits. */

enum { N_THREADS = 4, N_POSITIONS = 20000 };

struct job {
    const sks_wcs *wcs;
    size_t capacity;
    double *sky, *pixel; /* [2 * N_POSITIONS] */
    bool has_failed;
};

static void *transform(void *argument)
{
    struct job *job = argument;
    sks_wcs_worker *worker;

    if (sks_wcs_worker_create(job->wcs, job->capacity, &worker) != SKS_OK) {
        job->has_failed = true;
        return NULL;
    }
    for (size_t i = 0; i < N_POSITIONS; i++) {
        job->sky[2 * i] = 1.0 + (double)(i % 200) + 0.001 * (double)(i % 17);
        job->sky[2 * i + 1] = 1.0 + (double)(i / 200) + 0.003 * (double)(i % 19);
    }
    sks_wcs_pix2sky(worker, N_POSITIONS, job->sky, job->sky); /* in place */
    sks_wcs_sky2pix(worker, N_POSITIONS, job->sky, job->pixel);
    sks_wcs_worker_destroy(worker);
    return NULL;
}

static struct job make_job(const sks_wcs *wcs, size_t capacity)
{
    struct job job = {.wcs = wcs,
                      .capacity = capacity,
                      .sky = malloc(2 * N_POSITIONS * sizeof(double)),
                      .pixel = malloc(2 * N_POSITIONS * sizeof(double))};

    assert_non_null(job.sky);
    assert_non_null(job.pixel);
    return job;
}

static void check_threads(const sks_wcs *wcs)
{
    struct job alone = make_job(wcs, N_POSITIONS);
    struct job jobs[N_THREADS];
    pthread_t thread[N_THREADS];

    transform(&alone);
    for (int t = 0; t < N_THREADS; t++) {
        jobs[t] = make_job(wcs, (size_t[]){1, 7, 1024, N_POSITIONS}[t]);
        assert_int_equal(pthread_create(&thread[t], NULL, transform, &jobs[t]), 0);
    }
    for (int t = 0; t < N_THREADS; t++) {
        pthread_join(thread[t], NULL);
        assert_false(jobs[t].has_failed);
        assert_memory_equal(jobs[t].sky, alone.sky, 2 * N_POSITIONS * sizeof(double));
        assert_memory_equal(jobs[t].pixel, alone.pixel, 2 * N_POSITIONS * sizeof(double));
        free(jobs[t].sky);
        free(jobs[t].pixel);
    }
    free(alone.sky);
    free(alone.pixel);
}

static void many_threads(void **unused)
{
    static const struct model all_sky = {
        .projection = "AIT", .reference = {120.0, 30.0}, .step = 1.8, .has_steps = true};
    const struct model *const models[] = {&tan_rotated, &tan_sip, &tpv_model, &all_sky};

    (void)unused;
    for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
        sks_wcs *wcs;

        make_frame("frame.fits", models[i]);
        wcs = read_system("frame.fits", ' ', true);
        check_threads(wcs);
        sks_wcs_destroy(wcs);
    }
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections),      cmocka_unit_test(off_the_sphere),
        cmocka_unit_test(distortion_sip),   cmocka_unit_test(sip_is_inverted_by_iteration),
        cmocka_unit_test(distortion_tpv),   cmocka_unit_test(distortion_left_out),
        cmocka_unit_test(axes_anywhere),    cmocka_unit_test(alternate_systems),
        cmocka_unit_test(extensions),       cmocka_unit_test(sections),
        cmocka_unit_test(compressed_files), cmocka_unit_test(lookup_tables),
        cmocka_unit_test(descriptions),     cmocka_unit_test(what_is_no_system),
        cmocka_unit_test(many_threads),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
