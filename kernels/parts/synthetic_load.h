/* Work of known amount: a chain of operations that cannot overlap, or a stream through memory.
 *
 *   spin    one step is x = x * a + b with a = b = 1, known only at run time: 2 floating-point
 *           operations, each waiting for the one before. x counts the steps, exactly below 2^53.
 *   memory  one step is one 64-bit word read from a buffer and added up, on and on in a ring. All
 *           words are 1, so the sum counts the steps.
 *
 * That both count what was really done is how a kernel can have a product that does not depend on
 * how many steps a microsecond has on this machine, and still proves that none was left out.
 *
 * Threads  a load belongs to one thread; calibration may be asked for by any.
 */
#ifndef SKYSCALE_SYNTHETIC_LOAD_H
#define SKYSCALE_SYNTHETIC_LOAD_H

#include "common/status.h"

#include <stddef.h>
#include <stdint.h>

typedef enum sks_load_mode { SKS_LOAD_SPIN, SKS_LOAD_MEMORY } sks_load_mode;

typedef struct sks_load sks_load;

/* `size_bytes` of buffer for SKS_LOAD_MEMORY, at least 8; touched here, so that its pages are near
 * the thread that makes it. */
sks_status sks_load_create(sks_load_mode mode, size_t size_bytes, sks_load **load);
void sks_load_destroy(sks_load *load); /* accepts NULL */

/* Does `n_steps` steps and returns how many were counted. Ends early, counting less, within about a
 * millisecond of sks_cancel being set. */
uint64_t sks_load_work(sks_load *load, uint64_t n_steps);

/* Steps per microsecond of one thread on an otherwise idle core, from the shortest of several
 * timings: what else the machine does can only make them longer. Timed once for each mode and size
 * in the life of a process, so that all runs of a sweep do the same work; some 15 ms for spin, 70
 * ms for memory. A buffer that fits into a cache is timed when it is there. */
sks_status sks_load_calibrate(sks_load_mode mode, size_t size_bytes, double *steps_per_us);

#endif
