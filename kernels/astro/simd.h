/* Lets one plain loop use whatever vector unit the processor has.
 *
 * SKS_SIMD before a function builds it for the baseline and for wider x86-64 levels; the loader
 * picks one when the program starts. All versions do the same operations on each element; only the
 * order inside a sum written with `omp simd reduction` follows the vector's width, so sums may
 * differ in their last bits between processors, never between runs, workers or schedules.
 *
 * The sanitizers' run time is not yet there when the loader chooses, so builds with them get the
 * baseline alone.
 */
#ifndef SKYSCALE_SIMD_H
#define SKYSCALE_SIMD_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) &&   \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
#define SKS_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SKS_SIMD
#endif

#endif
