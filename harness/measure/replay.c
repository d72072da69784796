/* replay: a recorded schedule (schedule_file.h) executed again. Every worker has its own list, so
 * nothing is shared and nothing depends on timing. */
#include "harness/measure/schedule_file.h"

#include <stdio.h>
#include <string.h>

struct replay_slot {
    /* Of this worker alone, hence no atomics, on cache lines of its own. */
    _Alignas(SKS_CACHE_LINE) size_t next;
    size_t end;
};

/* Behind the slots: the chunks, worker by worker. The state holds no pointers. */
struct replay_state {
    _Alignas(SKS_CACHE_LINE) unsigned n_workers;
    struct replay_slot slot[];
};

static const sks_param replay_params[] = {
    {.name = "file", .type = SKS_INPUT, .help = "the recorded schedule", .is_required = true},
    {0},
};

static sks_range *chunks_of(struct replay_state *s)
{
    return (sks_range *)(void *)&s->slot[s->n_workers];
}

static size_t slots_size(unsigned n_workers)
{
    return sizeof(struct replay_state) + n_workers * sizeof(struct replay_slot);
}

/* The number of lines is an upper bound of the number of chunks; a file that cannot be read is
 * init's to report. */
static size_t replay_state_size(const sks_loop *loop)
{
    const char *path = sks_values_text(loop->options, "file");
    FILE *in = path != NULL ? fopen(path, "re") : NULL;
    size_t n_lines = 1;
    size_t size;

    for (int c; in != NULL && (c = getc_unlocked(in)) != EOF;)
        n_lines += c == '\n';
    if (in != NULL)
        fclose(in);
    size = slots_size(loop->n_workers) + n_lines * sizeof(sks_range);
    return (size + SKS_CACHE_LINE - 1) / SKS_CACHE_LINE * SKS_CACHE_LINE;
}

static void fill(struct replay_state *s, const sks_schedule *schedule)
{
    sks_range *chunks = chunks_of(s);
    size_t begin = 0;

    for (unsigned w = 0; w < s->n_workers; w++)
        s->slot[w].end = 0;
    for (size_t i = 0; i < schedule->n; i++)
        s->slot[schedule->chunk[i].worker].end++;
    for (unsigned w = 0; w < s->n_workers; w++) { /* from counts to places; `end` grows below */
        const size_t n = s->slot[w].end;

        s->slot[w].next = s->slot[w].end = begin;
        begin += n;
    }
    for (size_t i = 0; i < schedule->n; i++)
        chunks[s->slot[schedule->chunk[i].worker].end++] = schedule->chunk[i].tasks;
}

static sks_status replay_init(void *state, const sks_loop *loop)
{
    const char *path = sks_values_text(loop->options, "file");
    struct replay_state *s = state;
    sks_schedule schedule = {0};
    sks_status status = sks_schedule_read(path, &schedule);

    if (status != SKS_OK)
        return status;
    s->n_workers = loop->n_workers;
    if (schedule.n_workers != loop->n_workers)
        status = sks_fail(SKS_ERR_USAGE, "%s is a schedule of %u workers, not %u: use -w %u", path,
                          schedule.n_workers, loop->n_workers, schedule.n_workers);
    else if (schedule.n_tasks != loop->n_tasks)
        status = sks_fail(SKS_ERR_USAGE, "%s is a schedule of %zu tasks, the kernel has %zu", path,
                          schedule.n_tasks, loop->n_tasks);
    else if (slots_size(s->n_workers) + schedule.n * sizeof(sks_range) > replay_state_size(loop))
        status = sks_fail(SKS_ERR_INPUT, "%s changed while it was read", path);
    else
        fill(s, &schedule);
    sks_schedule_clear(&schedule);
    return status;
}

static bool replay_next(void *state, unsigned worker, sks_range *tasks)
{
    struct replay_state *s = state;
    struct replay_slot *slot = &s->slot[worker];

    if (slot->next == slot->end)
        return false;
    *tasks = chunks_of(s)[slot->next++];
    return true;
}

const sks_scheduler sks_scheduler_replay = {
    .name = "replay",
    .summary = "a recorded schedule, executed again",
    .citation = "",
    .params = replay_params,
    .fixed = SKS_FIXED_OWNERS,
    .has_own_queues = true,
    .state_size = replay_state_size,
    .init = replay_init,
    .next = replay_next,
};
