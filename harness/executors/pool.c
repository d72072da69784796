#include "harness/executors/pool.h"

#include "schedulers/scheduler.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Looks before a thread sleeps: some ten microseconds. */
enum { N_LOOKS = 2000 };

/* A kept thread. */
struct seat {
    /* Counts the loops it is called to: written by the caller, awaited by the thread. Sequentially
     * consistent with is_asleep: either the thread sees the new turn or the caller sees it asleep.
     * What the caller wrote before is seen by who sees the turn. */
    _Alignas(SKS_CACHE_LINE) atomic_uint turn;
    atomic_bool is_asleep;
    unsigned worker;
};

struct pool {
    pthread_mutex_t lock; /* held during a loop */
    struct seat **seat;   /* [n], of workers 1, 2, … */
    unsigned n;
    /* Of the loop under way: written by the caller before the turns. */
    void (*body)(void *argument, unsigned worker);
    void *argument;
    /* Threads still in their bodies. Counted down by each (release: the caller sees what they
     * did), awaited by the caller (acquire); the same protocol as with the turns. */
    _Alignas(SKS_CACHE_LINE) atomic_uint n_busy;
    atomic_bool is_caller_asleep;
};

static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void sleep_on(atomic_uint *word, unsigned seen)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake_one(atomic_uint *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Until *word is not `old` any more; its new value. */
static unsigned wait_for_change(atomic_uint *word, unsigned old, atomic_bool *is_asleep)
{
    unsigned now = old;

    for (unsigned i = 0; i < N_LOOKS; i++, pause_briefly())
        if ((now = atomic_load_explicit(word, memory_order_acquire)) != old)
            return now;
    while ((now = atomic_load(word)) == old) {
        atomic_store(is_asleep, true);
        if (atomic_load(word) == old)
            sleep_on(word, old);
        atomic_store(is_asleep, false);
    }
    return now;
}

static void leave(void)
{
    if (atomic_fetch_sub(&pool.n_busy, 1) == 1 && atomic_load(&pool.is_caller_asleep))
        wake_one(&pool.n_busy);
}

static void *seat_main(void *argument)
{
    struct seat *seat = argument;

    for (unsigned turn = 0;;) {
        turn = wait_for_change(&seat->turn, turn, &seat->is_asleep);
        pool.body(pool.argument, seat->worker);
        leave();
    }
    return NULL;
}

static void forget_threads(void)
{
    pool = (struct pool){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static sks_status add_thread(void)
{
    struct seat *seat = aligned_alloc(SKS_CACHE_LINE, sizeof(*seat));
    struct seat **more = realloc(pool.seat, (pool.n + 1) * sizeof(*more));
    pthread_t thread;
    int code = 0;

    if (more != NULL)
        pool.seat = more;
    if (seat == NULL || more == NULL) {
        free(seat);
        return sks_fail_nomem("a worker");
    }
    memset(seat, 0, sizeof(*seat));
    seat->worker = pool.n + 1;
    code = pthread_create(&thread, NULL, seat_main, seat);
    if (code != 0) {
        free(seat);
        return sks_fail(SKS_ERR_IO, "cannot start worker %u: %s", pool.n + 2, strerror(code));
    }
    pthread_detach(thread);
    if (pool.n == 0)
        pthread_atfork(NULL, NULL, forget_threads);
    pool.seat[pool.n++] = seat;
    return SKS_OK;
}

static void call(struct seat *seat)
{
    atomic_fetch_add(&seat->turn, 1);
    if (atomic_load(&seat->is_asleep))
        wake_one(&seat->turn);
}

static void wait_for_all(void)
{
    unsigned n = atomic_load_explicit(&pool.n_busy, memory_order_acquire);

    while (n > 0)
        n = wait_for_change(&pool.n_busy, n, &pool.is_caller_asleep);
}

sks_status sks_pool_run(unsigned n_workers, void (*body)(void *argument, unsigned worker),
                        void *argument)
{
    sks_status status = SKS_OK;

    pthread_mutex_lock(&pool.lock);
    while (status == SKS_OK && pool.n + 1 < n_workers)
        status = add_thread();
    if (status == SKS_OK) {
        pool.body = body;
        pool.argument = argument;
        atomic_store(&pool.n_busy, n_workers - 1);
        for (unsigned w = 1; w < n_workers; w++)
            call(pool.seat[w - 1]);
        body(argument, 0);
        wait_for_all();
    }
    pthread_mutex_unlock(&pool.lock);
    return status;
}
