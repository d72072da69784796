/* A small blank frame whose header holds one celestial projection, for tests of transforms.
 *
 * Each projection comes with a reference position and pixel size that bring out what is special in
 * it: all-sky frames have corners outside the sky, the zenithal ones lie high enough for the
 * meridians to converge. Rotated by 30 degrees except where the whole sky is shown.
 * Keywords: Calabretta & Greisen (2002), A&A 395, 1077; SIP: Shupe et al. (2005), ASP 347, 491;
 * TPV: the polynomial of the SCAMP convention, registered at fits.gsfc.nasa.gov.
 */
#include "kernels/astro/scene.h"
#include "kernels/astro/scenes/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct layout {
    const char *name;
    long size_x, size_y; /* px */
    double step_deg;     /* per pixel at the reference pixel */
    double longitude_deg, latitude_deg;
    double rotation_deg;
};

static const struct layout layouts[] = {
    {"TAN", 256, 200, 0.01, 150.25, 62.5, 30},
    {"SIN", 256, 200, 0.05, 150.25, 62.5, 30},
    {"ARC", 256, 200, 0.05, 150.25, -42.5, 30},
    {"STG", 256, 200, 0.05, 150.25, -42.5, 30},
    {"ZEA", 256, 200, 0.2, 33, -72.5, 30},
    {"CAR", 256, 200, 0.05, 266.4, 0, 30},
    {"CEA", 256, 200, 0.05, 266.4, 0, 30},
    {"MER", 256, 200, 0.05, 266.4, 0, 30},
    {"SFL", 256, 200, 0.5, 120, 0, 0},
    {"AIT", 480, 240, 0.675, 120, 0, 0},
    {"MOL", 480, 240, 0.675, 120, 0, 0},
    {"TAN-SIP", 256, 200, 0.0003, 10.5, 41.25, 30},
    {"TPV", 256, 200, 0.004, 10.5, 41.25, 30},
    {"linear", 256, 200, 0.01, 0, 0, 0},
    {"none", 256, 200, 0, 0, 0, 0},
};

static const char *const projections[] = {"TAN", "SIN",    "ARC",  "STG", "ZEA", "CAR",
                                          "CEA", "MER",    "SFL",  "AIT", "MOL", "TAN-SIP",
                                          "TPV", "linear", "none", NULL};
static const char *const systems[] = {"icrs", "fk5", "galactic", NULL};
static const char *const orders[] = {"lonlat", "latlon", "cube", NULL};

enum order { ORDER_LONLAT, ORDER_LATLON, ORDER_CUBE };
enum { N_CUBE_PLANES = 2 };

/* Where longitude and latitude stand among the axes, counted from 1. */
struct axes {
    int n, longitude, latitude;
};

static const struct axes axes_of[] = {
    [ORDER_LONLAT] = {2, 1, 2}, [ORDER_LATLON] = {2, 2, 1}, [ORDER_CUBE] = {3, 2, 3}, /* a
                                                                                         wavelength
                                                                                         before them
                                                                                       */
};

static void key(sks_frame *frame, const char *stem, int i, double value)
{
    char name[16];

    snprintf(name, sizeof(name), "%s%d", stem, i);
    sks_frame_key_real(frame, name, value, NULL);
}

static void key_pair(sks_frame *frame, const char *stem, int i, int j, double value)
{
    char name[16];

    snprintf(name, sizeof(name), "%s%d_%d", stem, i, j);
    sks_frame_key_real(frame, name, value, NULL);
}

static void key_ctype(sks_frame *frame, int axis, const char *coordinate, const char *projection)
{
    char name[16], value[32];
    int length = snprintf(value, sizeof(value), "%s", coordinate);

    /* Four characters of coordinate, a hyphen, three of projection: RA---TAN, GLON-AIT. */
    while (length < 5)
        value[length++] = '-';
    snprintf(value + length, sizeof(value) - (size_t)length, "%s", projection);
    snprintf(name, sizeof(name), "CTYPE%d", axis);
    sks_frame_key_text(frame, name, value, NULL);
    snprintf(name, sizeof(name), "CUNIT%d", axis);
    sks_frame_key_text(frame, name, "deg", NULL);
}

/* Some tenths of a pixel up to two pixels at the corners. */
static void write_sip(sks_frame *frame)
{
    sks_frame_key_int(frame, "A_ORDER", 3, NULL);
    sks_frame_key_int(frame, "B_ORDER", 2, NULL);
    sks_frame_key_real(frame, "A_2_0", 4.0e-5, NULL);
    sks_frame_key_real(frame, "A_1_1", -2.5e-5, NULL);
    sks_frame_key_real(frame, "A_0_3", 3.0e-7, NULL);
    sks_frame_key_real(frame, "B_0_2", -5.0e-5, NULL);
    sks_frame_key_real(frame, "B_1_1", 1.5e-5, NULL);
}

/* xi' = PV1_0 + PV1_1 xi + PV1_2 eta + PV1_4 xi^2 + PV1_5 xi eta + PV1_6 eta^2 + PV1_7 xi^3, and
 * eta' the same with xi and eta exchanged. */
static void write_tpv(sks_frame *frame, const struct axes *axes)
{
    static const struct {
        int m;
        double lon, lat;
    } terms[] = {{0, 0.0002, -0.0001}, {1, 1.002, 0.999},  {2, 0.0015, -0.002}, {4, 0.002, 0.001},
                 {5, -0.0015, 0.0025}, {6, 0.001, -0.002}, {7, 0.004, 0.003}};

    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        key_pair(frame, "PV", axes->longitude, terms[i].m, terms[i].lon);
        key_pair(frame, "PV", axes->latitude, terms[i].m, terms[i].lat);
    }
}

static void write_wavelength(sks_frame *frame)
{
    sks_frame_key_text(frame, "CTYPE1", "WAVE", NULL);
    sks_frame_key_text(frame, "CUNIT1", "m", NULL);
    key(frame, "CRVAL", 1, 5.5e-7);
    key(frame, "CRPIX", 1, 1);
    key_pair(frame, "CD", 1, 1, 1e-9);
}

static void write_celestial(sks_frame *frame, const struct layout *layout, const struct axes *axes,
                            const char *system)
{
    bool is_galactic = strcmp(system, "galactic") == 0;
    double angle = layout->rotation_deg * 3.141592653589793 / 180;
    double middle[2] = {0.5 * (double)(layout->size_x + 1) + 3.25,
                        0.5 * (double)(layout->size_y + 1) - 2.5};
    int lon = axes->longitude, lat = axes->latitude;

    key_ctype(frame, lon, is_galactic ? "GLON" : "RA", layout->name);
    key_ctype(frame, lat, is_galactic ? "GLAT" : "DEC", layout->name);
    key(frame, "CRVAL", lon, layout->longitude_deg);
    key(frame, "CRVAL", lat, layout->latitude_deg);
    key(frame, "CRPIX", lon, middle[lon > lat]);
    key(frame, "CRPIX", lat, middle[lat > lon]);
    key_pair(frame, "CD", lon, lon, -layout->step_deg * cos(angle));
    key_pair(frame, "CD", lon, lat, layout->step_deg * sin(angle));
    key_pair(frame, "CD", lat, lon, layout->step_deg * sin(angle));
    key_pair(frame, "CD", lat, lat, layout->step_deg * cos(angle));
    if (axes->n == 3)
        write_wavelength(frame);
    if (strcmp(layout->name, "TAN-SIP") == 0)
        write_sip(frame);
    if (strcmp(layout->name, "TPV") == 0)
        write_tpv(frame, axes);
    if (is_galactic)
        return;
    sks_frame_key_text(frame, "RADESYS", strcmp(system, "fk5") == 0 ? "FK5" : "ICRS", NULL);
    sks_frame_key_real(frame, "EQUINOX", 2000, NULL);
}

/* Axes that mean something, but not places on the sky. */
static void write_linear(sks_frame *frame, const struct axes *axes)
{
    for (int i = 1; i <= axes->n; i++) {
        char name[16];

        snprintf(name, sizeof(name), "CTYPE%d", i);
        sks_frame_key_text(frame, name, "LINEAR", NULL);
        key(frame, "CRVAL", i, 0);
        key(frame, "CRPIX", i, 1);
        key(frame, "CDELT", i, 0.01);
    }
}

static sks_status wcs_make(const sks_values *values, const sks_watch *watch)
{
    const struct layout *layout = &layouts[sks_values_choice(values, "projection")];
    const struct axes *axes = &axes_of[sks_values_choice(values, "axes")];
    const char *system = sks_values_text(values, "system");
    long size[3] = {N_CUBE_PLANES, layout->size_x, layout->size_y};
    sks_frame *frame = NULL;
    sks_status status;

    if (axes->n == 3 && strcmp(layout->name, "TAN-SIP") == 0)
        return sks_fail(SKS_ERR_USAGE, "--axes cube: SIP polynomials belong to axes 1 and 2 only");
    status = sks_frame_create(sks_values_text(values, "output"), 8, axes->n, size + (axes->n == 2),
                              &frame);
    if (status != SKS_OK)
        return status;
    if (strcmp(layout->name, "linear") == 0)
        write_linear(frame, axes);
    else if (strcmp(layout->name, "none") != 0)
        write_celestial(frame, layout, axes, system);
    sks_frame_history(frame, "skyscale synth wcs --projection %s --system %s --axes %s",
                      layout->name, system, sks_values_text(values, "axes"));
    status = sks_watch_tick(watch, 0);
    if (status == SKS_OK)
        status = sks_frame_commit(frame);
    sks_frame_destroy(frame);
    return status;
}

static const sks_param wcs_params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "the frame, FITS"},
    {.name = "projection",
     .type = SKS_CHOICE,
     .choices = projections,
     .default_text = "TAN",
     .help = "linear: coordinates that are not celestial; none: no coordinates"},
    {.name = "system",
     .type = SKS_CHOICE,
     .choices = systems,
     .default_text = "icrs",
     .help = "what longitude and latitude are"},
    {.name = "axes",
     .type = SKS_CHOICE,
     .choices = orders,
     .default_text = "lonlat",
     .help = "cube: a wavelength axis before longitude and latitude"},
    {.name = NULL},
};

const sks_scene sks_scene_wcs = {
    .name = "wcs",
    .summary = "a small blank frame with a projection of one's choice in its header",
    .citation = "Calabretta & Greisen (2002), A&A 395, 1077",
    .params = wcs_params,
    .make = wcs_make,
};
