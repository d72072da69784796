/* The header of the cluster scenes: what the instrument says, and where on the sky the frame is. */
#include "kernels/astro/scenes/cluster.h"

#include <math.h>
#include <stdio.h>

/* Scales from the chip's own size, so that the corners of any frame are as distorted as its. */
static void write_sip(sks_frame *frame, const sks_cluster *s)
{
    static const struct {
        int p, q;
        double a, b;
    } terms[] = {
        {2, 0, -3.7e-6, -2.0e-6},   {1, 1, -1.9e-6, -2.1e-6},  {0, 2, -1.8e-6, -3.3e-6},
        {3, 0, -3.61e-8, -1.7e-10}, {2, 1, 4.6e-10, -3.62e-8}, {1, 2, -3.58e-8, 4.6e-10},
        {0, 3, -7.6e-11, -3.65e-8},
    };
    double scale = (double)SKS_CHIP_SIZE / (double)s->size;
    char name[16];

    sks_frame_key_int(frame, "A_ORDER", 3, "SIP: order in x");
    sks_frame_key_int(frame, "B_ORDER", 3, "SIP: order in y");
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        double power = pow(scale, terms[i].p + terms[i].q - 1);

        snprintf(name, sizeof(name), "A_%d_%d", terms[i].p, terms[i].q);
        sks_frame_key_real(frame, name, terms[i].a * power, NULL);
        snprintf(name, sizeof(name), "B_%d_%d", terms[i].p, terms[i].q);
        sks_frame_key_real(frame, name, terms[i].b * power, NULL);
    }
}

static void write_wcs(sks_frame *frame, const sks_cluster *s)
{
    double crpix = 425.0 * (double)s->size / SKS_CHIP_SIZE;
    double step_deg = 0.0455 / 3600;
    double pa_rad = s->preset->position_angle_deg * (3.141592653589793 / 180);
    double cos_pa = cos(pa_rad), sin_pa = sin(pa_rad);

    sks_frame_key_text(frame, "CTYPE1", "RA---TAN-SIP", NULL);
    sks_frame_key_text(frame, "CTYPE2", "DEC--TAN-SIP", NULL);
    sks_frame_key_text(frame, "CUNIT1", "deg", NULL);
    sks_frame_key_text(frame, "CUNIT2", "deg", NULL);
    sks_frame_key_real(frame, "CRPIX1", crpix, "reference pixel");
    sks_frame_key_real(frame, "CRPIX2", crpix, "reference pixel");
    sks_frame_key_real(frame, "CRVAL1", s->preset->ra_deg, "[deg] right ascension there");
    sks_frame_key_real(frame, "CRVAL2", s->preset->dec_deg, "[deg] declination there");
    sks_frame_key_real(frame, "CD1_1", -step_deg * cos_pa, NULL);
    sks_frame_key_real(frame, "CD1_2", -step_deg * sin_pa, NULL);
    sks_frame_key_real(frame, "CD2_1", -step_deg * sin_pa, NULL);
    sks_frame_key_real(frame, "CD2_2", step_deg * cos_pa, NULL);
    write_sip(frame, s);
    sks_frame_key_text(frame, "RADESYS", "FK5", NULL);
    sks_frame_key_real(frame, "EQUINOX", 2000, NULL);
}

void sks_cluster_header(sks_frame *frame, const sks_cluster *s)
{
    const sks_cluster_preset *p = s->preset;

    sks_frame_key_text(frame, "TELESCOP", "HST", "imitated");
    sks_frame_key_text(frame, "INSTRUME", "WFPC2", "imitated");
    sks_frame_key_int(frame, "DETECTOR", 1, "PC1");
    sks_frame_key_text(frame, "FILTNAM1", p->filter, NULL);
    sks_frame_key_text(frame, "OBJECT", p->object, NULL);
    sks_frame_key_text(frame, "BUNIT", "DN", NULL);
    sks_frame_key_real(frame, "EXPTIME", s->exposure_s, "[s]");
    sks_frame_key_int(frame, "NCOMBINE", p->n_exposures, "exposures added up");
    sks_frame_key_real(frame, "ATODGAIN", sks_cluster_gain, "[electrons/DN]");
    sks_frame_key_real(frame, "RDNOISE", p->read_noise_e, "[electrons]");
    sks_frame_key_real(frame, "SATURATE", p->n_exposures * sks_cluster_saturation_dn, "[DN]");
    sks_frame_key_real(frame, "MAGZPT", p->zero_point, "magnitude of 1 DN/s");
    write_wcs(frame, s);
    sks_frame_history(frame,
                      "skyscale synth %s --size %ld --seed %llu --stars %zu --fwhm %g "
                      "--sky %g --exptime %g --brightest %g --faintest %g --cosmic-rays %zu",
                      p->scene, s->size, (unsigned long long)s->seed, s->n_stars, s->fwhm_px,
                      s->sky_dn, s->exposure_s, s->brightest, s->faintest, s->n_tracks);
}
