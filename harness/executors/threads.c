/* POSIX threads over shared memory: the default, and with one worker the reference for all others.
 *
 * The scheduler's state lives on the heap. A worker that crashes takes the program with it. */
#include "harness/executors/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *thread_main(void *worker)
{
    sks_worker_live(worker);
    return NULL;
}

/* Starts the threads; the ones that exist are to be joined even after a failure. */
static sks_status start_threads(sks_crew *crew, pthread_t *threads, unsigned *n_started)
{
    const unsigned n = crew->job->n_workers;

    for (*n_started = 0; *n_started < n; ++*n_started) {
        int code =
            pthread_create(&threads[*n_started], NULL, thread_main, &crew->worker[*n_started]);

        if (code != 0)
            return sks_fail(SKS_ERR_IO, "cannot start worker %u of %u: %s", *n_started + 1, n,
                            strerror(code));
    }
    return SKS_OK;
}

static sks_status run_crew(sks_crew *crew, pthread_t *threads, sks_loop_report *report,
                           sks_worker_record *records)
{
    unsigned n_started;
    sks_status status = start_threads(crew, threads, &n_started);

    status = sks_crew_release(crew, n_started, status);
    for (unsigned i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    if (status == SKS_OK)
        status = sks_crew_failure(crew);
    if (status == SKS_OK)
        sks_crew_fill_records(crew, report, records);
    return status;
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    const size_t workers_size = job->n_workers * sizeof(sks_worker);
    sks_crew crew = {0};
    sks_worker *workers = aligned_alloc(SKS_CACHE_LINE, workers_size);
    pthread_t *threads = calloc(job->n_workers, sizeof(*threads));
    void *schedule = NULL;
    sks_status status = SKS_ERR_NOMEM;

    if (workers == NULL || threads == NULL) {
        status = sks_fail_nomem("workers");
        goto out;
    }
    memset(workers, 0, workers_size);
    status = sks_job_start_schedule(job, NULL, NULL, &schedule);
    if (status != SKS_OK)
        goto out;
    sks_crew_init(&crew, job, schedule, workers);
    status = run_crew(&crew, threads, report, records);
    if (status == SKS_OK)
        sks_job_explain(job, schedule, report);
out:
    free(schedule);
    free(threads);
    free(workers);
    return status;
}

const sks_executor sks_executor_threads = {
    .name = "threads",
    .summary = "POSIX threads that share scheduler state and results",
    .citation = "IEEE Std 1003.1-2017, pthreads",
    .run = run,
};
