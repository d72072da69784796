/* The compiler's own loop schedules: the baseline that the other schedulers have to beat, measured
 * in the same campaign.
 *
 * Every worker is a thread of an OpenMP team, and the loop over the tasks is a worksharing loop
 * with schedule(runtime), set to static, dynamic or guided with the chunk asked for. The runtime
 * shows iterations, not claims: neighbouring chunks of one worker look like one, and what a claim
 * costs is seen between tasks. Blocks of `static` are rounded as the runtime likes.
 *
 * The team belongs to a thread made for it, so that binding its workers leaves the program's own
 * threads where they were.
 *
 * Source   OpenMP API 5.2, section 11.5, worksharing-loop constructs.
 */
#include "harness/executors/worker.h"

#include <string.h>

#if defined(_OPENMP)

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

static const struct {
    const char *name;
    omp_sched_t kind;
} schedules[] = {
    {"static", omp_sched_static},
    {"dynamic", omp_sched_dynamic},
    {"guided", omp_sched_guided},
};
enum { N_SCHEDULES = sizeof(schedules) / sizeof(*schedules) };

static size_t find_schedule(const sks_scheduler *scheduler)
{
    size_t i = 0;

    while (i < N_SCHEDULES && strcmp(schedules[i].name, scheduler->name) != 0)
        i++;
    return i;
}

/* 0, the runtime's own choice, where none is given: blocks for static. */
static int64_t chunk_of(const sks_values *options)
{
    return sks_values_has(options, "chunk") ? sks_values_int(options, "chunk") : 0;
}

static sks_status check(const sks_scheduler *scheduler, const sks_values *options,
                        unsigned n_workers)
{
    if (find_schedule(scheduler) == N_SCHEDULES)
        return sks_fail(SKS_ERR_USAGE, "executor openmp has static, dynamic and guided, not \"%s\"",
                        scheduler->name);
    if (chunk_of(options) > INT32_MAX)
        return sks_fail(SKS_ERR_USAGE, "executor openmp: chunk %lld: need at most %d",
                        (long long)chunk_of(options), INT32_MAX);
    if ((int64_t)n_workers > omp_get_thread_limit())
        return sks_fail(SKS_ERR_USAGE,
                        "executor openmp: %u workers, OpenMP's limit is %d; see OMP_THREAD_LIMIT",
                        n_workers, omp_get_thread_limit());
    return SKS_OK;
}

/* The task just computed belongs to the same chunk as the one before it, as far as can be seen. */
static void join_last(sks_worker *w, size_t end)
{
    sks_chunk_log *log = w->log;

    w->n_chunks--;
    if (log == NULL)
        return;
    if (log->n_lost > 0) {
        log->n_lost--;
    } else {
        log->n--;
        log->chunk[log->n - 1].tasks.end = end;
        log->chunk[log->n - 1].end_ns = log->chunk[log->n].end_ns;
    }
}

/* On each thread of the team, which shares the loop out among itself. */
static void loop(sks_worker *w)
{
    const size_t n_tasks = w->crew->n_tasks;

#pragma omp for schedule(runtime) nowait
    for (size_t task = 0; task < n_tasks; task++) {
        const bool is_next = w->n_chunks > 0 && task == w->current.end;

        sks_worker_compute(w, (sks_range){task, task + 1});
        if (is_next)
            join_last(w, task + 1);
    }
}

static void *team_main(void *argument)
{
    sks_crew *crew = argument;
    const sks_job *job = crew->job;

    omp_set_dynamic(0);
    omp_set_schedule(schedules[find_schedule(job->scheduler)].kind,
                     (int)chunk_of(job->scheduler_options));
#pragma omp parallel num_threads(job->n_workers)
    sks_worker_live(&crew->worker[omp_get_thread_num()]);
    return NULL;
}

/* The runtime (libgomp's gomp_team_start) keeps a record for each thread it starts on the stack of
 * the one that begins the team: with ten thousands of them more than a usual stack holds. */
static int start_team(pthread_t *team, sks_crew *crew)
{
    const size_t per_thread_bytes = 512;
    pthread_attr_t attributes;
    size_t size_bytes = 0;
    int code = pthread_attr_init(&attributes);

    if (code != 0)
        return code;
    code = pthread_attr_getstacksize(&attributes, &size_bytes);
    if (code == 0)
        code = pthread_attr_setstacksize(&attributes,
                                         size_bytes + per_thread_bytes * crew->job->n_workers);
    if (code == 0)
        code = pthread_create(team, &attributes, team_main, crew);
    pthread_attr_destroy(&attributes);
    return code;
}

static sks_status run_team(sks_crew *crew, sks_loop_report *report, sks_worker_record *records)
{
    pthread_t team;
    int code = start_team(&team, crew);
    sks_status status;

    if (code != 0)
        return sks_fail(SKS_ERR_IO, "cannot start an OpenMP team: %s", strerror(code));
    status = sks_crew_release(crew, crew->job->n_workers, SKS_OK);
    pthread_join(team, NULL);
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
    sks_status status;

    if (workers == NULL)
        return sks_fail_nomem("workers");
    memset(workers, 0, workers_size);
    sks_crew_init(&crew, job, NULL, workers);
    crew.loop = loop;
    status = run_team(&crew, report, records);
    free(workers);
    return status;
}

static const char *unavailable(void)
{
    return NULL;
}

#else

static const char *unavailable(void)
{
    return "built without OpenMP";
}

static sks_status check(const sks_scheduler *scheduler, const sks_values *options,
                        unsigned n_workers)
{
    (void)scheduler, (void)options, (void)n_workers;
    return sks_fail(SKS_ERR_USAGE, "executor openmp: %s", unavailable());
}

static sks_status run(const sks_job *job, sks_loop_report *report, sks_worker_record *records)
{
    (void)report, (void)records;
    return check(job->scheduler, job->scheduler_options, job->n_workers);
}

#endif

const sks_executor sks_executor_openmp = {
    .name = "openmp",
    .summary = "the compiler's own static, dynamic and guided loops",
    .citation = "OpenMP API 5.2, worksharing-loop construct",
    .unavailable = unavailable,
    .joins_chunks = true,
    .check = check,
    .run = run,
};
