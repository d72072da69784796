/* Richardson-Lucy in single precision. */
#define REAL float
#define SOLVER sks_richardson_lucy_single
#include "kernels/astro/richardson_lucy_solver.h"
