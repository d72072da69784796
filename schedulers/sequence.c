#include "schedulers/sequence.h"

#include "schedulers/loop.h"
#include "schedulers/tickets.h"

/* Equal chunks in a row, from chunk number `first` and task `begin` to where the next run starts.
 */
struct run {
    size_t first;
    size_t begin;
    size_t size; /* tasks per chunk */
};

/* Where to look for a chunk's run: entry k is the run of chunk k << shift, with as small a shift as
 * leaves this many entries. Up to that many chunks one look suffices, however many the runs. */
enum { MAX_INDEX = 4096 };

struct sequence {
    struct sks_tickets chunks;
    size_t n_runs; /* this and the rest: read-only after init */
    unsigned shift;
    struct run run[]; /* n_runs; behind them the index, of index_size() numbers */
};

/* How far the sequence has been written (or, with run == NULL, only counted). */
struct writer {
    struct run *run;
    size_t n_runs;
    size_t n_chunks;
    size_t begin;
    size_t last_size;
};

static void append(struct writer *w, size_t size, size_t n_chunks)
{
    if (size != w->last_size) {
        if (w->run != NULL)
            w->run[w->n_runs] = (struct run){w->n_chunks, w->begin, size};
        w->n_runs++;
        w->last_size = size;
    }
    w->n_chunks += n_chunks;
    w->begin += n_chunks * size;
}

/* Cut to what is left, so that nothing can overflow. */
static void append_batch(struct writer *w, sks_batch batch, size_t n_left)
{
    size_t size = batch.size < 1 ? 1 : batch.size < n_left ? batch.size : n_left;
    size_t most = n_left / size;
    size_t n_chunks = batch.n_chunks < 1 ? 1 : batch.n_chunks < most ? batch.n_chunks : most;

    append(w, size, n_chunks);
    if (batch.n_chunks > n_chunks && n_left > n_chunks * size)
        append(w, n_left - n_chunks * size, 1);
}

static void write_runs(struct writer *w, size_t n_tasks, sks_next_batch next_batch, void *rule)
{
    while (w->begin < n_tasks) {
        size_t n_left = n_tasks - w->begin;

        append_batch(w, next_batch(rule, n_left), n_left);
    }
}

static unsigned index_shift(size_t n_chunks)
{
    unsigned shift = 0;

    while (n_chunks >> shift > MAX_INDEX)
        shift++;
    return shift;
}

/* One more entry than there are multiples of 2^shift below n_chunks: the last run. */
static size_t index_size(size_t n_chunks)
{
    return (n_chunks >> index_shift(n_chunks)) + 2;
}

size_t sks_sequence_size(const sks_loop *loop, sks_next_batch next_batch, void *rule)
{
    struct writer w = {.run = NULL};

    write_runs(&w, loop->n_tasks, next_batch, rule);
    return sks_whole_lines(offsetof(struct sequence, run) + w.n_runs * sizeof(struct run) +
                           index_size(w.n_chunks) * sizeof(size_t));
}

static void write_index(struct sequence *s, size_t n_chunks)
{
    size_t *index = (size_t *)(s->run + s->n_runs);
    size_t n = index_size(n_chunks);
    size_t k = 0;

    s->shift = index_shift(n_chunks);
    for (size_t r = 0; r < s->n_runs; r++) {
        size_t end = r + 1 < s->n_runs ? s->run[r + 1].first : n_chunks;

        for (; k << s->shift < end; k++)
            index[k] = r;
    }
    while (k < n)
        index[k++] = s->n_runs - 1;
}

sks_status sks_sequence_init(void *state, const sks_loop *loop, sks_next_batch next_batch,
                             void *rule)
{
    struct sequence *s = state;
    struct writer w = {.run = s->run};
    sks_status status = sks_loop_check(loop);

    if (status != SKS_OK)
        return status;
    write_runs(&w, loop->n_tasks, next_batch, rule);
    s->n_runs = w.n_runs;
    write_index(s, w.n_chunks);
    sks_tickets_init(&s->chunks, w.n_chunks);
    return SKS_OK;
}

/* The run of chunk i: the last one that begins at or before it. */
static const struct run *find_run(const struct sequence *s, size_t i)
{
    const size_t *index = (const size_t *)(s->run + s->n_runs) + (i >> s->shift);
    const struct run *run = s->run + index[0];

    if (s->shift == 0)
        return run;
    for (size_t n = index[1] - index[0] + 1, half; n > 1; n -= half) {
        half = n / 2;
        if (run[half].first <= i)
            run += half;
    }
    return run;
}

bool sks_sequence_next(void *state, unsigned worker, sks_range *tasks)
{
    struct sequence *s = state;
    const struct run *run;
    size_t i;

    (void)worker;
    if (!sks_ticket_take(&s->chunks, &i))
        return false;
    run = find_run(s, i);
    tasks->begin = run->begin + (i - run->first) * run->size;
    tasks->end = tasks->begin + run->size;
    return true;
}
