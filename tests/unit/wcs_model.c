#include "wcs_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef long double real;
static const real degree = 3.14159265358979323846264338327950288L / 180.0L;

static char folder[] = "/tmp/skyscale-wcs-XXXXXX";

const struct model tan_rotated = {
    .projection = "TAN", .reference = {150.25, 62.5}, .step = 0.01, .rotation = 30.0};
const struct model tan_sip = {.projection = "TAN-SIP",
                              .reference = {10.5, 41.25},
                              .step = 3e-4,
                              .rotation = 20.0,
                              .a = SIP_A,
                              .b = SIP_B};

const struct model tpv_model = {.projection = "TPV",
                                .reference = {10.5, 41.25},
                                .step = 4e-3,
                                .rotation = 30.0,
                                .a = TPV_LONGITUDE,
                                .b = TPV_LATITUDE};

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

void expect_sky(const struct model *m, bool with_distortion, const double pixel[2], double sky[2])
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

void put_text(fitsfile *fits, const char *key, const char *alternate, const char *value, int *code)
{
    char full[FLEN_KEYWORD];

    snprintf(full, sizeof(full), "%s%s", key, alternate);
    fits_write_key(fits, TSTRING, full, (char *)value, NULL, code);
}

void put_number(fitsfile *fits, const char *alternate, double value, int *code, const char *format,
                ...)
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

void put_system(fitsfile *fits, const struct model *m, const char *alternate, int *code)
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

void put_image(fitsfile *fits, const struct model *m, int *code)
{
    long flat[2] = {SIZE_X, SIZE_Y}, cube[3] = {2, SIZE_X, SIZE_Y};

    fits_create_img(fits, SHORT_IMG, m->is_cube ? 3 : 2, m->is_cube ? cube : flat, code);
}

fitsfile *create(const char *path)
{
    fitsfile *fits = NULL;
    int code = 0;

    remove(path);
    fits_create_file(&fits, path, &code);
    assert_int_equal(code, 0);
    return fits;
}

void finish(fitsfile *fits, int code)
{
    fits_close_file(fits, &code);
    if (code != 0)
        fits_report_error(stderr, code);
    assert_int_equal(code, 0);
}

void make_frame(const char *path, const struct model *m)
{
    fitsfile *fits = create(path);
    int code = 0;

    put_image(fits, m, &code);
    put_system(fits, m, "", &code);
    finish(fits, code);
}

/* ---- Comparison. */

sks_wcs *read_system(const char *image, char alternate, bool with_distortion)
{
    sks_wcs *wcs = NULL;

    if (sks_wcs_read(image, alternate, with_distortion, &wcs) != SKS_OK)
        fail_msg("%s", sks_message());
    return wcs;
}

size_t make_pixels(double *pixel)
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

void check_system(const sks_wcs *wcs, const char *what, const struct model *m, bool with_distortion,
                  const double origin[2], double pixel_tolerance)
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

const double no_origin[2] = {0.0, 0.0};

void check_file(const char *image, const struct model *m, double pixel_tolerance)
{
    sks_wcs *wcs = read_system(image, ' ', true);

    check_system(wcs, image, m, true, no_origin, pixel_tolerance);
    sks_wcs_destroy(wcs);
}

double slope_tolerance(const struct model *m)
{
    return 300.0 * SKY_TOLERANCE / m->step + 1e-9;
}

int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

int remove_folder(void **unused)
{
    char command[64];

    (void)unused;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") != 0 || system(command) != 0;
}
