/* Maximum entropy in double precision. */
#define REAL double
#define LOG log_double
#define SOLVER sks_mem_solver_double
#include "kernels/astro/mem_solver.h"
