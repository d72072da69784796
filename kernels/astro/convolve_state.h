/* Between convolve.c and its two precisions. */
#ifndef SKYSCALE_CONVOLVE_STATE_H
#define SKYSCALE_CONVOLVE_STATE_H

#include "kernels/astro/convolve.h"

#include <fftw3.h>

typedef struct sks_convolve_precision sks_convolve_precision;

/* Data to their spectrum and back, real; a layer of two planes, complex. */
enum { TO_SPECTRUM, FROM_SPECTRUM, PAIR_TO_SPECTRUM, PAIR_FROM_SPECTRUM, N_PLANS };

struct sks_convolver {
    sks_convolver_grid grid;
    const sks_convolve_precision *precision;
    void *plans[N_PLANS];      /* of the grid's precision */
    void *fine_plans[N_PLANS]; /* of the whole array of sub-pixels, double: set-up and ICF */
};

struct sks_blur {
    const sks_convolver *convolver;
    size_t n_spectrum;      /* complex numbers of the spectrum of real data */
    size_t spectrum_len;    /* reals from one spectrum to the next */
    void *kernel, *squared; /* n_planes such spectra each */
    void *sum;              /* one such spectrum */
    void *work;             /* the spectrum of a layer */
    void *mirror;           /* one row of a pair's spectrum */
    size_t n_fine, n_fine_spectrum;
    double *fine;           /* array of sub-pixels, in rows */
    fftw_complex *fine_psf; /* spectra of such arrays */
    fftw_complex *icf;      /* of unit volume */
    double *box;            /* sub-pixels summed over a block */
    double *line;           /* MAX_SUBSAMPLE rows of such an array */
    bool has_psf, has_icf;
    double autocorrelation_volume;
};

/* Images, data and spectra are those of the precision. */
struct sks_convolve_precision {
    bool (*make_plans)(const sks_convolver_grid *grid, unsigned flags, void *plans[N_PLANS]);
    void (*destroy_plans)(void *plans[N_PLANS]);
    void (*data_to_spectrum)(const sks_blur *blur, const void *data, void *spectrum);
    void (*spectrum_to_data)(const sks_blur *blur, void *spectrum, void *data);
    void (*forward_layer)(sks_blur *blur, size_t layer, const void *f_layer);
    void (*adjoint_layer)(sks_blur *blur, const void *kernels, size_t layer, void *g_layer);
    sks_status (*make_kernels)(sks_blur *blur, const double *box, void *kernels);
    void (*load_image)(const sks_convolver_grid *grid, const float *rows, double guard,
                       void *image);
    void (*interleave)(const sks_convolver_grid *grid, const void *image, double *array);
    int (*load_wisdom)(const char *text); /* 0: it is none */
    char *(*save_wisdom)(void);           /* the caller frees it */
};

extern const sks_convolve_precision sks_convolve_single;
extern const sks_convolve_precision sks_convolve_double;

/* Zeroed memory, aligned for the plans; free() it. */
void *sks_aligned_block(size_t size_bytes);

#endif
