/* Results on their way from forked workers to their parent, without a copy: each worker computes
 * into the slots of a ring of its own, in shared memory. For kernels that deliver.
 *
 * Memory   bounded: a few slots per worker, each the size of one task's result.
 * Order    a worker's results arrive in the order it sent them. What a worker had sent before it
 *          died can still be taken.
 * Threads  send by the worker alone; everything else by the parent. A worker without a free slot
 *          sleeps until the parent has taken one; a parent that sleeps (poll on sks_outbox_fd) is
 *          woken by the next result.
 */
#ifndef SKYSCALE_OUTBOX_H
#define SKYSCALE_OUTBOX_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_outbox sks_outbox;

sks_status sks_outbox_create(unsigned n_workers, size_t result_size, sks_outbox **outbox);
void sks_outbox_destroy(sks_outbox *outbox); /* accepts NULL */

/* Where the worker's next result goes. For the parent, while the worker is not alive. */
void *sks_outbox_slot(sks_outbox *outbox, unsigned worker);

/* Sends what is in the slot as the result of `task`; the next slot, when it is free. */
void *sks_outbox_send(sks_outbox *outbox, unsigned worker, size_t task);

/* The oldest result not taken, which stays where it is until it is dropped; false: none. */
bool sks_outbox_look(sks_outbox *outbox, unsigned worker, size_t *task, const void **result);
void sks_outbox_drop(sks_outbox *outbox, unsigned worker);

/* Readable when a result has come since sks_outbox_expect said true: nothing is there now. */
int sks_outbox_fd(const sks_outbox *outbox);
bool sks_outbox_expect(sks_outbox *outbox);
void sks_outbox_awake(sks_outbox *outbox); /* after the waiting */

#endif
