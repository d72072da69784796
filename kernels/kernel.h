/* The kernel contract: an astronomy computation cut into independent tasks.
 *
 * The life of one run, in order:
 *   prepare      once, one thread. Reads and checks the inputs, fixes the number of tasks. The
 *                serial part before the loop. On failure *state is untouched and nothing is left.
 *   task_count,  after prepare, any thread.
 *   result_size
 *   scratch      once per worker, on that worker, when the workers are being started.
 *   run          many times, by many workers at once, each with its own scratch: computes the
 *                tasks of a range and writes each one's result to its own result_size bytes,
 *                results[0] belonging to tasks.begin. The memory is the caller's, aligned to 64
 *                bytes, and may hold anything at entry.
 *   deliver      (kernels that have one) once per task, any thread, any order: puts one task's
 *                result into the product at the place that belongs to that task. The result's
 *                memory is used again afterwards, so memory stays bounded for any task count.
 *   pack,        (kernels whose results leave something in files or shared memory, which only the
 *   unpack       process that prepared and those it forks can see) pack, where a task was computed
 *                on another machine: what has to travel with its result, allocated, for the caller
 *                to free; unpack, where finish will be called: takes it over and changes the result
 *                accordingly. One thread each.
 *   is_stopped   (kernels that may end early, as `command` does with --fail-fast) any time, any
 *                thread: whether no further task shall be computed. `run` is called all the same,
 *                scratch may be NULL then: it only notes for its tasks that they were not computed.
 *                Executors whose workers do not share the state carry the news to the others.
 *   scratch_free once per worker, on that worker.
 *   finish       once, after all tasks: merges in task order and completes the product. The serial
 *                part after the loop. `results` holds all tasks' results, in task order, for a
 *                kernel without deliver; NULL for one with it.
 *   verify       once, outside the timed region: checks the product.
 *   digest       once, outside the timed region: identifies the product.
 *   teardown     once, whatever happened before; accepts NULL; leaves no unfinished product behind.
 *
 * Hooks that may be NULL: scratch and scratch_free (run then gets NULL), deliver, pack and unpack,
 * is_stopped, verify.
 *
 * Errors   run and deliver fail with a text that names file, line or keyword. When several tasks
 *          fail the one with the lowest number is reported, whatever the schedule.
 * Threads  `state` is read-only between prepare and finish, but for deliver, which looks after
 *          itself (disjoint places, atomic counters).
 * The same answer always: a task's result depends on the inputs and its number alone.
 */
#ifndef SKYSCALE_KERNEL_H
#define SKYSCALE_KERNEL_H

#include "common/param.h"
#include "common/range.h"
#include "common/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Work of one whole run, so that a rate can be checked by hand; what is counted stands in the
 * kernel's file. Only what follows from the algorithm: a kernel leaves out operations that a
 * library or its input decides. NaN: not counted; 0: there are none. */
typedef struct sks_work {
    double flops;
    double bytes;
} sks_work;

/* Named numbers a kernel has to say about its product ("positions", "not mapped", …). */
enum { SKS_MAX_NOTES = 16 };
typedef struct sks_notes {
    size_t n;
    struct sks_note {
        const char *name; /* static text */
        double value;
    } note[SKS_MAX_NOTES];
} sks_notes;
void sks_notes_add(sks_notes *notes, const char *name, double value);

/* XXH3-128 of the product's bytes: the same as `xxh128sum` prints for the file. */
typedef struct sks_digest {
    char hex[33];
} sks_digest;

typedef struct sks_kernel {
    const char *name; /* file, command line, database and plots: one spelling */
    const char *summary;
    const char *task;     /* what one task is: "block of positions" */
    const char *cost;     /* how task costs are distributed: "uniform", "heavy-tailed" */
    const char *citation; /* paper and equation the code follows */
    const sks_param *params;
    sks_status (*prepare)(const sks_values *values, void **state);
    size_t (*task_count)(const void *state);
    size_t (*result_size)(const void *state);
    sks_status (*scratch)(const void *state, void **scratch);
    void (*scratch_free)(void *scratch);
    sks_status (*run)(const void *state, void *scratch, sks_range tasks, void *results);
    sks_status (*deliver)(void *state, size_t task, const void *result);
    sks_status (*pack)(const void *state, size_t task, const void *result, void **data,
                       size_t *size_bytes);
    sks_status (*unpack)(void *state, size_t task, void *result, const void *data,
                         size_t size_bytes);
    bool (*is_stopped)(const void *state);
    sks_status (*finish)(void *state, const void *results, sks_notes *notes);
    sks_status (*verify)(const void *state);
    sks_status (*digest)(const void *state, sks_digest *digest);
    sks_work (*work)(const void *state);
    void (*teardown)(void *state);
} sks_kernel;

/* All kernels, in the order of kernels/CMakeLists.txt; ends with NULL. */
extern const sks_kernel *const sks_kernel_table[];

/* Not 0 when the user asks to stop: the signal. Set by the program's signal handlers, on whichever
 * thread they run. Executors look at it before each chunk, or before each task of a kernel that
 * delivers. A kernel whose tasks or chunks may take long looks at it inside `run` and then fails
 * with SKS_ERR_CANCELLED. */
typedef atomic_int sks_cancel_flag;
extern sks_cancel_flag sks_cancel;

/* By name; SKS_ERR_USAGE with the nearest name when there is none. */
sks_status sks_kernel_find(const char *name, const sks_kernel **kernel);

#endif
