#include "harness/sweep/runner.h"

#include "harness/analysis/random.h"
#include "harness/analysis/statistics.h"
#include "harness/measure/clock.h"
#include "harness/sweep/plan_parts.h"
#include "harness/sweep/scratch.h"
#include "harness/sweep/settling.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One sample as the stopping rule sees it. */
struct taken {
    unsigned round;
    double seconds; /* NaN: failed */
};

/* One configuration and what is known of it. */
struct cell {
    struct taken *taken;
    size_t n_taken;
    double wall_sum_s;
    size_t n_walls;
    bool has_left; /* no further rounds */
};

struct sweep {
    const sks_plan *plan;
    sks_store *store;
    const sks_topology *topology;
    sks_progress *progress;
    sks_scratch *scratch;
    struct cell *cells;      /* [plan->n_items] */
    sks_values **parameters; /* [plan->n_kernels], with scratch files */
    sks_digest *digests;     /* [plan->n_kernels]; "" while not known */
    size_t *order;           /* [plan->n_items], of the present round */
    double *sorted;          /* [plan->n_max] */
    sks_sweep_counts counts;
};

static sks_status note_sample(struct cell *cell, unsigned round, double seconds, double wall_s)
{
    sks_status status = sks_plan_grow((void **)&cell->taken, cell->n_taken, sizeof(cell->taken[0]));

    if (status != SKS_OK)
        return status;
    cell->taken[cell->n_taken++] = (struct taken){.round = round, .seconds = seconds};
    if (!isnan(wall_s)) {
        cell->wall_sum_s += wall_s;
        cell->n_walls++;
    }
    return SKS_OK;
}

static bool has_round(const struct cell *cell, unsigned round)
{
    for (size_t i = cell->n_taken; i-- > 0;) /* the latest is the likeliest */
        if (cell->taken[i].round == round)
            return true;
    return false;
}

/* Is the median known well enough from the rounds before `round`? */
static bool is_precise(struct sweep *s, const struct cell *cell, unsigned round)
{
    size_t n = 0;
    sks_interval interval;

    for (size_t i = 0; i < cell->n_taken; i++)
        if (cell->taken[i].round >= s->plan->n_warmup && cell->taken[i].round < round &&
            !isnan(cell->taken[i].seconds))
            s->sorted[n++] = cell->taken[i].seconds;
    if (n == 0)
        return true; /* everything failed: more of the same tells nothing */
    gsl_sort(s->sorted, 1, n);
    interval = sks_median_interval(s->sorted, n, s->plan->confidence, NULL);
    return sks_interval_is_known(interval) &&
           (interval.high - interval.low) / 2 <= s->plan->interval * sks_median(s->sorted, n);
}

/* Whether a configuration has had enough when `round` comes: a matter of earlier rounds alone. */
static bool is_done(struct sweep *s, const struct cell *cell, unsigned round)
{
    const sks_plan *plan = s->plan;

    if (round < plan->n_warmup + plan->n_min)
        return false;
    return round >= plan->n_warmup + plan->n_max || is_precise(s, cell, round);
}

static void close_sweep(struct sweep *s)
{
    for (size_t i = 0; s->cells != NULL && i < s->plan->n_items; i++)
        free(s->cells[i].taken);
    for (size_t i = 0; s->parameters != NULL && i < s->plan->n_kernels; i++)
        sks_values_destroy(s->parameters[i]);
    sks_scratch_close(s->scratch);
    free(s->cells);
    free(s->parameters);
    free(s->digests);
    free(s->order);
    free(s->sorted);
}

static sks_status load_samples(struct sweep *s)
{
    sks_sample *samples = NULL;
    size_t n = 0;
    sks_status status = SKS_OK;

    if (s->store != NULL)
        status = sks_store_samples(s->store, &samples, &n);
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        status = note_sample(&s->cells[samples[i].item], samples[i].round,
                             samples[i].is_failed ? NAN : samples[i].total_s, samples[i].wall_s);
        s->counts.n_failed += samples[i].is_failed;
    }
    s->counts.n_before = n;
    free(samples);
    return status;
}

static sks_status open_sweep(struct sweep *s, const sks_plan *plan, sks_store *store)
{
    *s = (struct sweep){.plan = plan, .store = store};
    s->cells = calloc(plan->n_items, sizeof(s->cells[0]));
    s->parameters = calloc(plan->n_kernels, sizeof(s->parameters[0]));
    s->digests = calloc(plan->n_kernels, sizeof(s->digests[0]));
    s->order = calloc(plan->n_items, sizeof(s->order[0]));
    s->sorted = calloc(plan->n_max, sizeof(s->sorted[0]));
    if (s->cells == NULL || s->parameters == NULL || s->digests == NULL || s->order == NULL ||
        s->sorted == NULL)
        return sks_fail_nomem("the sweep");
    return load_samples(s);
}

static sks_status prepare_kernels(struct sweep *s, const char *database)
{
    const sks_plan *plan = s->plan;
    sks_status status = sks_scratch_open(database, &s->scratch);

    for (size_t i = 0; status == SKS_OK && i < plan->n_items; i++) {
        const size_t kernel = plan->items[i].kernel;
        bool is_known = false;

        if (s->parameters[kernel] != NULL)
            continue;
        status = sks_scratch_parameters(s->scratch, plan->kernels[kernel].parameters,
                                        &s->parameters[kernel]);
        if (status == SKS_OK)
            status = sks_store_digest(s->store, i, &s->digests[kernel], &is_known);
    }
    return status;
}

/* What a run takes on average over all configurations; NaN when nothing ran. */
static double mean_wall_s(const struct sweep *s)
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < s->plan->n_items; i++) {
        sum += s->cells[i].wall_sum_s;
        n += s->cells[i].n_walls;
    }
    return n > 0 ? sum / (double)n : NAN;
}

/* Cells leave only when a round asks them; here every one is asked about its next round. */
static void look_ahead(struct sweep *s, sks_sweep_forecast *forecast)
{
    const sks_plan *plan = s->plan;
    const size_t least = plan->n_warmup + plan->n_min, most = plan->n_warmup + plan->n_max;
    const double everybodys_s = mean_wall_s(s);

    *forecast = (sks_sweep_forecast){.n_taken = s->counts.n_before + s->counts.n_new};
    for (size_t i = 0; i < plan->n_items; i++) {
        const struct cell *cell = &s->cells[i];
        double expected_s; /* of its next run: its own mean, else everybody's */
        size_t min, max;

        if (cell->has_left || is_done(s, cell, (unsigned)cell->n_taken))
            continue;
        min = cell->n_taken < least ? least - cell->n_taken : 1;
        max = most - cell->n_taken;
        forecast->n_left_min += min;
        forecast->n_left_max += max;
        expected_s = cell->n_walls > 0 ? cell->wall_sum_s / (double)cell->n_walls : everybodys_s;
        forecast->seconds_min += (double)min * expected_s;
        forecast->seconds_max += (double)max * expected_s;
    }
}

static void show_progress(struct sweep *s)
{
    sks_sweep_forecast forecast;

    if (!sks_progress_is_due(s->progress))
        return;
    look_ahead(s, &forecast);
    sks_progress_show(s->progress, forecast.n_taken, forecast.n_taken + forecast.n_left_max,
                      "samples", forecast.seconds_max);
}

/* The first good product of a kernel with its parameters is what all others are held against. */
static bool is_same_product(struct sweep *s, size_t kernel, const sks_digest *digest)
{
    if (s->digests[kernel].hex[0] == '\0')
        s->digests[kernel] = *digest;
    return strcmp(s->digests[kernel].hex, digest->hex) == 0;
}

static void mark_start(sks_outcome *outcome)
{
    struct timespec now;
    struct tm utc;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    n = strftime(outcome->started_at, sizeof(outcome->started_at), "%Y-%m-%dT%H:%M:%S",
                 gmtime_r(&now.tv_sec, &utc));
    snprintf(outcome->started_at + n, sizeof(outcome->started_at) - n, ".%03ldZ",
             now.tv_nsec / 1000000);
}

static sks_status measure(struct sweep *s, size_t item, unsigned round)
{
    const size_t kernel = s->plan->items[item].kernel;
    sks_configuration configuration = s->plan->items[item].configuration;
    sks_outcome outcome = {.item = item, .round = round, .is_warmup = round < s->plan->n_warmup};
    char failure[SKS_MESSAGE_SIZE] = "";
    double start_s;
    sks_record record = {0};
    sks_status run_status, status;

    configuration.parameters = s->parameters[kernel];
    configuration.log_capacity = s->plan->records_chunks ? SIZE_MAX : 0;
    mark_start(&outcome);
    start_s = sks_now_s();
    run_status = sks_run(&configuration, s->topology, &record);
    outcome.wall_s = sks_now_s() - start_s;
    sks_scratch_empty(s->scratch);
    if (run_status == SKS_ERR_CANCELLED)
        return run_status;
    if (run_status != SKS_OK)
        snprintf(failure, sizeof(failure), "%s", sks_message());
    else if (!is_same_product(s, kernel, &record.digest))
        snprintf(failure, sizeof(failure), "digest differs: the first good one was %s",
                 s->digests[kernel].hex);
    sks_clear(); /* told by the sample; the sweep goes on */

    outcome.failure = run_status != SKS_OK || failure[0] != '\0' ? failure : NULL;
    outcome.record = run_status == SKS_OK ? &record : NULL;
    status = sks_store_add(s->store, &outcome);
    if (status == SKS_OK)
        status = note_sample(&s->cells[item], round,
                             outcome.failure != NULL ? NAN : record.phases.total_s, outcome.wall_s);
    if (status == SKS_OK) {
        s->counts.n_new++;
        s->counts.n_failed += outcome.failure != NULL;
    }
    if (run_status == SKS_OK)
        sks_record_clear(&record);
    return status;
}

static void shuffle(const sks_plan *plan, unsigned round, size_t *order)
{
    sks_random random;

    for (size_t i = 0; i < plan->n_items; i++)
        order[i] = i;
    sks_random_init(&random, plan->seed, round);
    gsl_ran_shuffle(&random.gsl, order, plan->n_items, sizeof(order[0]));
}

static int by_round(const void *a, const void *b)
{
    const unsigned x = ((const struct taken *)a)->round, y = ((const struct taken *)b)->round;

    return (x > y) - (x < y);
}

/* The measured times of a configuration in the order of rounds, with the rounds. */
static size_t list_times(const struct sweep *s, struct cell *cell, double *seconds,
                         unsigned *rounds)
{
    size_t n = 0;

    qsort(cell->taken, cell->n_taken, sizeof(cell->taken[0]), by_round);
    for (size_t i = 0; i < cell->n_taken; i++)
        if (cell->taken[i].round >= s->plan->n_warmup && !isnan(cell->taken[i].seconds)) {
            rounds[n] = cell->taken[i].round;
            seconds[n++] = cell->taken[i].seconds;
        }
    return n;
}

/* Judges the first measured rounds of every configuration against its later ones. Only at the end,
 * since it takes them all; and each time anew, since there may be more of them than last time. */
static sks_status judge_warmup(struct sweep *s)
{
    const sks_plan *plan = s->plan;
    const char *limit = plan->disturbed[SKS_DISTURBED_WARMUP];
    const double n_ranges = strcmp(limit, "off") == 0 ? INFINITY : strtod(limit, NULL);
    double *seconds = calloc(plan->n_max, sizeof(*seconds));
    double *work = calloc(plan->n_max, sizeof(*work));
    unsigned *rounds = calloc(plan->n_max, sizeof(*rounds));
    unsigned *settled = calloc(plan->n_items, sizeof(*settled));
    sks_status status = SKS_OK;

    if (seconds == NULL || work == NULL || rounds == NULL || settled == NULL)
        status = sks_fail_nomem("the sweep");
    for (size_t i = 0; status == SKS_OK && i < plan->n_items; i++) {
        size_t n = list_times(s, &s->cells[i], seconds, rounds);
        size_t n_settling = sks_count_settling(seconds, n, n_ranges, work);

        settled[i] = n_settling > 0 ? rounds[n_settling] : 0;
    }
    if (status == SKS_OK)
        status = sks_store_mark_settling(s->store, settled);
    free(seconds);
    free(work);
    free(rounds);
    free(settled);
    return status;
}

/* *n_cells: how many configurations took part, now or before. */
static sks_status run_round(struct sweep *s, unsigned round, size_t *n_cells)
{
    sks_status status = SKS_OK;

    shuffle(s->plan, round, s->order);
    *n_cells = 0;
    for (size_t i = 0; status == SKS_OK && i < s->plan->n_items; i++) {
        const size_t item = s->order[i];
        struct cell *cell = &s->cells[item];

        cell->has_left = cell->has_left || is_done(s, cell, round);
        if (cell->has_left)
            continue;
        ++*n_cells;
        if (has_round(cell, round))
            continue;
        if (sks_cancel)
            return SKS_ERR_CANCELLED;
        show_progress(s);
        status = measure(s, item, round);
    }
    return status;
}

sks_status sks_sweep_run(const sks_plan *plan, sks_store *store, const char *database,
                         const sks_topology *topology, sks_progress *progress,
                         sks_sweep_counts *counts)
{
    struct sweep s;
    size_t n_cells = 1;
    sks_status status = open_sweep(&s, plan, store);

    s.topology = topology;
    s.progress = progress;
    if (status == SKS_OK)
        status = prepare_kernels(&s, database);
    for (unsigned round = 0; status == SKS_OK && n_cells > 0; round++)
        status = run_round(&s, round, &n_cells);
    if (status == SKS_OK)
        status = judge_warmup(&s);
    if (status == SKS_ERR_CANCELLED) {
        sks_clear();
        sks_set_message("interrupted with %zu samples in %s; the same command goes on from there",
                        s.counts.n_before + s.counts.n_new, database);
    }
    if (status == SKS_OK)
        *counts = s.counts;
    close_sweep(&s);
    return status;
}

sks_status sks_sweep_look_ahead(const sks_plan *plan, sks_store *store,
                                sks_sweep_forecast *forecast)
{
    struct sweep s;
    sks_status status = open_sweep(&s, plan, store);

    if (status == SKS_OK)
        look_ahead(&s, forecast);
    close_sweep(&s);
    return status;
}
