/* Threads kept for the next loop: starting one costs microseconds, waking one that still looks out
 * for work a tenth of that.
 *
 * A loop is run by the calling thread, as worker 0, and by kept threads. One that has nothing to do
 * looks out for work for some ten microseconds and then sleeps. The threads end with the process.
 *
 * Threads  one loop at a time: callers wait for each other. A forked child begins with an empty
 *          pool. A body may not start a loop.
 */
#ifndef SKYSCALE_POOL_H
#define SKYSCALE_POOL_H

#include "common/status.h"

/* Calls body(argument, w) once for every w in [0, n_workers), n_workers >= 1, each on a thread of
 * its own, and returns when all have returned. SKS_ERR_IO when the system has no more threads:
 * nothing was called then. */
sks_status sks_pool_run(unsigned n_workers, void (*body)(void *argument, unsigned worker),
                        void *argument);

#endif
