/* cmocka's missing comparison of doubles; include after <cmocka.h>. */
#ifndef SKYSCALE_ASSERT_NEAR_H
#define SKYSCALE_ASSERT_NEAR_H

#include <math.h>

/* |actual - expected| <= tolerance; NaN is near nothing. */
#define assert_near(actual, expected, tolerance)                                                   \
    near_check((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

static inline void near_check(double actual, double expected, double tolerance, const char *what,
                              const char *file, int line)
{
    if (fabs(actual - expected) <= tolerance)
        return;
    print_error("%s is %.17g, expected %.17g within %g\n", what, actual, expected, tolerance);
    _fail(file, line);
}

#endif
