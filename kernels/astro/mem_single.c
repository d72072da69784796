/* Maximum entropy in single precision. */
#define REAL float
#define LOG log_single
#define SOLVER sks_mem_solver_single
#include "kernels/astro/mem_solver.h"
