/* Convolution in single precision. */
#define REAL float
#define FFT(name) fftwf_##name
#define PRECISION sks_convolve_single
#include "kernels/astro/convolve_typed.h"
