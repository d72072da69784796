/* Convolution in double precision. */
#define REAL double
#define FFT(name) fftw_##name
#define PRECISION sks_convolve_double
#include "kernels/astro/convolve_typed.h"
