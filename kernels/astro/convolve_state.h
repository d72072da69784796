/* Between convolve.c and its two precisions. */
#ifndef SKYSCALE_CONVOLVE_STATE_H
#define SKYSCALE_CONVOLVE_STATE_H

#include "kernels/astro/convolve.h"

#include <fftw3.h>

typedef struct sks_convolve_precision sks_convolve_precision;

struct sks_convolver {
    sks_convolver_grid grid;
    const sks_convolve_precision *precision;
    void *plans[2];      /* plane to spectrum, spectrum to plane; of the grid's precision */
    void *fine_plans[2]; /* the same of the whole array of sub-pixels, double: set-up and ICF */
};

struct sks_blur {
    const sks_convolver *convolver;
    size_t n_spectrum;      /* complex numbers of a plane's spectrum */
    size_t spectrum_len;    /* reals from one spectrum to the next */
    void *kernel, *squared; /* n_planes spectra each */
    void *sum, *work;       /* one spectrum each */
    size_t n_fine, n_fine_spectrum;
    double *fine;           /* array of sub-pixels, in rows */
    fftw_complex *fine_psf; /* spectra of such arrays */
    fftw_complex *icf;      /* of unit volume */
    double *box;            /* sub-pixels summed over a block */
    bool has_psf, has_icf;
    double autocorrelation_volume;
};

/* Planes, data and spectra are those of the precision. */
struct sks_convolve_precision {
    bool (*make_plans)(const sks_convolver_grid *grid, unsigned flags, void *plans[2]);
    void (*destroy_plans)(void *plans[2]);
    void (*to_spectrum)(const sks_blur *blur, const void *plane, void *spectrum);
    void (*to_plane)(const sks_blur *blur, void *spectrum, void *plane);
    void (*forward_plane)(sks_blur *blur, size_t plane, const void *f_plane);
    void (*adjoint_plane)(sks_blur *blur, const void *kernels, size_t plane, void *g_plane);
    sks_status (*make_kernels)(sks_blur *blur, const double *box, void *kernels);
    void (*load_image)(const sks_convolver_grid *grid, const float *image, double guard,
                       void *planes);
    void (*interleave)(const sks_convolver_grid *grid, const void *planes, double *array);
    int (*load_wisdom)(const char *text); /* 0: it is none */
    char *(*save_wisdom)(void);           /* the caller frees it */
};

extern const sks_convolve_precision sks_convolve_single;
extern const sks_convolve_precision sks_convolve_double;

/* Zeroed memory, aligned for the plans; free() it. */
void *sks_aligned_block(size_t size_bytes);

#endif
