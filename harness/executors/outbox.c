#include "harness/executors/outbox.h"

#include "harness/measure/shared_memory.h"
#include "schedulers/scheduler.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Enough that a worker does not wait while its parent is busy with another one's result. */
enum { N_SLOTS = 8 };

struct ring {
    /* Written by the worker, read by the parent: release/acquire, for the slot's content. */
    _Alignas(SKS_CACHE_LINE) atomic_uint n_sent;
    size_t task[N_SLOTS];
    /* Written by the parent, read by the worker, which may then overwrite the slot:
     * release/acquire. A futex. */
    _Alignas(SKS_CACHE_LINE) atomic_uint n_taken;
    /* Set by the worker before it sleeps on n_taken, cleared by the parent. Sequentially consistent
     * with n_taken, as is_asleep with n_sent: one of the two sides sees the other. */
    atomic_bool is_waiting;
};

/* In shared memory, with the rings and the slots behind it. */
struct sks_outbox {
    unsigned n_workers;
    size_t slot_size;
    int fd; /* an eventfd */
    char *slots;
    /* Set by the parent before it sleeps, cleared by the worker that wakes it. */
    _Alignas(SKS_CACHE_LINE) atomic_bool is_asleep;
    struct ring ring[];
};

sks_status sks_outbox_create(unsigned n_workers, size_t result_size, sks_outbox **outbox)
{
    const size_t slot_size = (result_size + SKS_CACHE_LINE - 1) / SKS_CACHE_LINE * SKS_CACHE_LINE;
    const size_t head_size = sizeof(sks_outbox) + n_workers * sizeof(struct ring);
    sks_outbox *o;

    if (slot_size < result_size || slot_size > (SIZE_MAX - head_size) / N_SLOTS / n_workers)
        return sks_fail_nomem("results on their way");
    o = sks_shared_alloc(head_size + (size_t)n_workers * N_SLOTS * slot_size);
    if (o == NULL)
        return sks_fail_nomem("results on their way");
    o->n_workers = n_workers;
    o->slot_size = slot_size;
    o->slots = (char *)o + head_size;
    o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (o->fd < 0) {
        sks_shared_free(o);
        return sks_fail(SKS_ERR_IO, "results on their way: %s", strerror(errno));
    }
    *outbox = o;
    return SKS_OK;
}

void sks_outbox_destroy(sks_outbox *outbox)
{
    if (outbox == NULL)
        return;
    close(outbox->fd);
    sks_shared_free(outbox);
}

static char *slot(sks_outbox *o, unsigned worker, unsigned number)
{
    return o->slots + ((size_t)worker * N_SLOTS + number % N_SLOTS) * o->slot_size;
}

void *sks_outbox_slot(sks_outbox *outbox, unsigned worker)
{
    return slot(outbox, worker, atomic_load(&outbox->ring[worker].n_sent));
}

static void wait_for_slot(struct ring *r, unsigned n_sent)
{
    unsigned n_taken;

    while (n_sent - (n_taken = atomic_load_explicit(&r->n_taken, memory_order_acquire)) >=
           N_SLOTS) {
        atomic_store(&r->is_waiting, true);
        if (atomic_load(&r->n_taken) == n_taken) /* may return early: look again */
            syscall(SYS_futex, &r->n_taken, FUTEX_WAIT, n_taken, NULL, NULL, 0);
    }
}

void *sks_outbox_send(sks_outbox *outbox, unsigned worker, size_t task)
{
    const uint64_t one = 1;
    struct ring *r = &outbox->ring[worker];
    unsigned n_sent = atomic_load_explicit(&r->n_sent, memory_order_relaxed);

    r->task[n_sent % N_SLOTS] = task;
    atomic_store(&r->n_sent, ++n_sent);
    if (atomic_load(&outbox->is_asleep) && atomic_exchange(&outbox->is_asleep, false)) {
        ssize_t written = write(outbox->fd, &one, sizeof(one));

        (void)written; /* refused only where the parent is to be woken already */
    }
    wait_for_slot(r, n_sent);
    return slot(outbox, worker, n_sent);
}

bool sks_outbox_look(sks_outbox *outbox, unsigned worker, size_t *task, const void **result)
{
    struct ring *r = &outbox->ring[worker];
    unsigned n_taken = atomic_load_explicit(&r->n_taken, memory_order_relaxed);

    if (atomic_load(&r->n_sent) == n_taken)
        return false;
    *task = r->task[n_taken % N_SLOTS];
    *result = slot(outbox, worker, n_taken);
    return true;
}

void sks_outbox_drop(sks_outbox *outbox, unsigned worker)
{
    struct ring *r = &outbox->ring[worker];

    atomic_fetch_add(&r->n_taken, 1);
    if (atomic_load(&r->is_waiting)) {
        atomic_store(&r->is_waiting, false);
        syscall(SYS_futex, &r->n_taken, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
}

int sks_outbox_fd(const sks_outbox *outbox)
{
    return outbox->fd;
}

bool sks_outbox_expect(sks_outbox *outbox)
{
    atomic_store(&outbox->is_asleep, true);
    for (unsigned w = 0; w < outbox->n_workers; w++) {
        size_t task;
        const void *result;

        if (sks_outbox_look(outbox, w, &task, &result)) {
            sks_outbox_awake(outbox);
            return false;
        }
    }
    return true;
}

void sks_outbox_awake(sks_outbox *outbox)
{
    uint64_t count;

    if (!atomic_exchange(&outbox->is_asleep, false)) {
        ssize_t got = read(outbox->fd, &count, sizeof(count));

        (void)got; /* nothing yet: the worker is about to write; that wakes once for nothing */
    }
}
