#include "harness/sweep/settling.h"

#include "harness/analysis/statistics.h"

#include <gsl/gsl_sort.h>
#include <string.h>

enum { MIN_SAMPLES = 12 };

size_t sks_count_settling(const double *seconds, size_t n, double k, double *work)
{
    const size_t n_early = n / 2, n_late = n - n_early;
    double q1, q3, reach;
    size_t count = 0;

    if (n < MIN_SAMPLES)
        return 0;
    memcpy(work, seconds + n_early, n_late * sizeof(*work));
    gsl_sort(work, 1, n_late);
    q1 = sks_quantile(work, n_late, 0.25);
    q3 = sks_quantile(work, n_late, 0.75);
    reach = k * (q3 - q1);
    while (count < n_early && (seconds[count] > q3 + reach || seconds[count] < q1 - reach))
        count++;
    return count;
}
