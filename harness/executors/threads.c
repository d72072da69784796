/* POSIX threads over shared memory: the default, and with one worker the reference for all others.
 *
 * The calling thread is worker 0, the others are kept from run to run. The scheduler's state lives
 * on the heap. A worker that crashes takes the program with it. */
#include "harness/executors/pool.h"
#include "harness/executors/worker.h"

#include <stdlib.h>
#include <string.h>

static void work(void *crew, unsigned number)
{
    sks_worker *w = &((sks_crew *)crew)->worker[number];

    if (number == 0)
        sks_worker_lead(w);
    else
        sks_worker_live(w);
    /* The thread is not ours alone: the next run may want it elsewhere. */
    if (w->got.pu >= 0)
        sks_unbind(w->crew->job->topology);
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    const size_t workers_size = job->n_workers * sizeof(sks_worker);
    sks_crew crew = {0};
    sks_worker *workers = aligned_alloc(SKS_CACHE_LINE, workers_size);
    void *schedule = NULL;
    sks_status status = SKS_ERR_NOMEM;

    if (workers == NULL)
        return sks_fail_nomem("workers");
    memset(workers, 0, workers_size);
    status = sks_job_start_schedule(job, NULL, NULL, &schedule);
    if (status != SKS_OK)
        goto out;
    sks_crew_init(&crew, job, schedule, workers);
    status = sks_pool_run(job->n_workers, work, &crew);
    if (status == SKS_OK)
        status = sks_crew_failure(&crew);
    if (status == SKS_OK)
        status = sks_crew_check_tasks(&crew);
    if (status == SKS_OK) {
        sks_crew_fill_records(&crew, report, records);
        sks_job_explain(job, schedule, report);
    }
out:
    free(schedule);
    free(workers);
    return status;
}

const sks_executor sks_executor_threads = {
    .name = "threads",
    .summary = "POSIX threads that share scheduler state and results",
    .citation = "IEEE Std 1003.1-2017, pthreads",
    .run = run,
};
