/* Richardson-Lucy in double precision. */
#define REAL double
#define SOLVER sks_richardson_lucy_double
#include "kernels/astro/richardson_lucy_solver.h"
