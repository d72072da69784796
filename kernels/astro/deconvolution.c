#include "kernels/astro/deconvolution.h"

const char *sks_deconvolution_end_name(sks_deconvolution_end end)
{
    switch (end) {
    case SKS_END_CONVERGED:
        return "converged";
    case SKS_END_ITERATION_LIMIT:
        return "iteration limit";
    case SKS_END_NO_WEIGHT:
        return "no weight";
    case SKS_END_SETTLED:
        return "settled";
    }
    return "unknown";
}
