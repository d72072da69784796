#include "harness/executors/executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *executor_name(const void *context, size_t i)
{
    (void)context;
    return sks_executor_table[i] != NULL ? sks_executor_table[i]->name : NULL;
}

sks_status sks_executor_find(const char *name, const sks_executor **executor)
{
    const char *nearest;

    for (size_t i = 0; sks_executor_table[i] != NULL; i++)
        if (strcmp(sks_executor_table[i]->name, name) == 0) {
            const char *reason = sks_executor_table[i]->unavailable != NULL
                                     ? sks_executor_table[i]->unavailable()
                                     : NULL;

            if (reason != NULL)
                return sks_fail(SKS_ERR_USAGE, "executor \"%s\" cannot be used: %s", name, reason);
            *executor = sks_executor_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, executor_name, NULL);
    if (nearest != NULL)
        return sks_fail(
            SKS_ERR_USAGE,
            "unknown executor \"%s\"; did you mean \"%s\"? see: skyscale list executors", name,
            nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown executor \"%s\"; see: skyscale list executors", name);
}

/* Where the workers sit, for sks_loop.position; NULL when some are not bound or memory is short:
 * it is advice only. */
static unsigned *positions(const sks_job *job)
{
    unsigned *position = calloc(job->n_workers, sizeof(*position));

    for (unsigned w = 0; position != NULL && w < job->n_workers; w++) {
        if (job->places[w].core < 0) {
            free(position);
            return NULL;
        }
        position[w] = (unsigned)job->places[w].core;
    }
    return position;
}

static void *allocate_on_heap(size_t size_bytes)
{
    return aligned_alloc(SKS_CACHE_LINE, size_bytes);
}

sks_status sks_job_start_schedule(const sks_job *job, void *(*allocate)(size_t size_bytes),
                                  void (*release)(void *memory), void **schedule)
{
    return sks_job_start_loop(job, job->kernel->task_count(job->state), allocate, release,
                              schedule);
}

sks_status sks_job_start_loop(const sks_job *job, size_t n_tasks,
                              void *(*allocate)(size_t size_bytes), void (*release)(void *memory),
                              void **schedule)
{
    unsigned *position = positions(job);
    const sks_loop loop = {
        .n_tasks = n_tasks,
        .n_workers = job->n_workers,
        .options = job->scheduler_options,
        .position = position,
    };
    const size_t size_bytes = job->scheduler->state_size(&loop);
    void *state = allocate != NULL ? allocate(size_bytes) : allocate_on_heap(size_bytes);
    sks_status status =
        state != NULL ? job->scheduler->init(state, &loop) : sks_fail_nomem("scheduler state");

    free(position);
    if (status == SKS_OK)
        *schedule = state;
    else if (release != NULL)
        release(state);
    else
        free(state);
    return status;
}

sks_status sks_job_refuse_piece(const sks_job *job, sks_range chunk, size_t n_tasks)
{
    return sks_fail(SKS_ERR_BUG,
                    "scheduler %s gave tasks %zu to before %zu, in a loop of %zu: need 0 <= begin "
                    "< end <= %zu",
                    job->scheduler->name, chunk.begin, chunk.end, n_tasks, n_tasks);
}

void sks_job_explain(const sks_job *job, const void *schedule, sks_loop_report *report)
{
    if (job->scheduler->explain != NULL)
        job->scheduler->explain(schedule, report->decision, sizeof(report->decision));
}

void sks_report_event(sks_loop_report *report, double time_s, unsigned worker, sks_range tasks,
                      const char *text)
{
    if (report->n_happened < SKS_MAX_EVENTS_KEPT) {
        sks_event *event = &report->happened[report->n_happened];

        *event = (sks_event){.time_s = time_s, .worker = worker, .tasks = tasks};
        snprintf(event->text, sizeof(event->text), "%s", text);
    }
    report->n_happened++;
}

sks_status sks_executor_check(const sks_executor *executor, const sks_scheduler *scheduler,
                              const sks_values *scheduler_options, unsigned n_workers)
{
    return executor->check != NULL ? executor->check(scheduler, scheduler_options, n_workers)
                                   : SKS_OK;
}
