/* A small campaign of known numbers, and other files that figures are drawn from.
 *
 * Two kernels, two schedulers, 1, 2, 3, 4 and 8 workers of which the last are more than there are
 * places; seven samples of each configuration. At N workers, r per mille from sample to sample:
 *
 *   parallel 0.8 s / N,  start-up 0.01 s,  prepare 0.04 s,  finish 0.02 s
 *   imbalance 2 % (N - 1),  overhead 100 ns N,  4 Gflop and 2 GB in all
 *
 * Where chunks are kept, each worker has one, as long as the parallel phase, and the others are
 * lost.
 */
#ifndef SKYSCALE_TEST_FIGURE_FIXTURE_H
#define SKYSCALE_TEST_FIGURE_FIXTURE_H

#include "sweep_files.h"

#include "harness/sweep/store.h"
#include "kernels/astro/image.h"

#include <math.h>

enum { FIXTURE_ROUNDS = 7 };

#define FIXTURE_REPEAT "repeat: {warmup: 0, min: 7, max: 7}\n"
static const char fixture_sweep[] = "campaign: fixture\n"
                                    "kernels: [synthetic, {kernel: \"null\"}]\n"
                                    "workers: [1-4, 8]\n"
                                    "schedulers: [static, \"dynamic:chunk=4\"]\n" FIXTURE_REPEAT;

static inline void must(sks_status status)
{
    if (status != SKS_OK)
        fail_msg("%s", sks_message());
}

static inline void fixture_add(sks_store *store, const sks_plan *plan, size_t item, unsigned round)
{
    const double n = plan->items[item].configuration.n_workers, scatter = 1 + 0.001 * round;
    sks_worker_record workers[8] = {0};
    sks_chunk chunks[8];
    sks_chunk_log logs[8];
    sks_record record = {
        .phases = {0.01 * scatter, 0.04 * scatter, 0.8 / n * scatter, 0.02 * scatter,
                   (0.07 + 0.8 / n) * scatter},
        .n_tasks = 100,
        .n_chunks = 25,
        .n_workers = (unsigned)n,
        .is_oversubscribed = n > 4,
        .imbalance = 0.02 * (n - 1),
        .overhead_per_chunk_s = 1e-7 * n * scatter,
        .noise = {.latency_before_s = NAN, .latency_after_s = NAN},
        .digest = {"0123456789abcdef0123456789abcdef"},
        .work = {4e9, 2e9},
        .workers = workers,
        .logs = plan->records_chunks ? logs : NULL,
    };

    for (unsigned w = 0; w < record.n_workers; w++) {
        chunks[w] =
            (sks_chunk){.tasks = {100 * w / record.n_workers, 100 * (w + 1) / record.n_workers},
                        .end_ns = (int64_t)(1e9 * record.phases.parallel_s)};
        logs[w] = (sks_chunk_log){.chunk = &chunks[w], .n = 1, .capacity = 1};
    }
    must(sks_store_add(store, &(sks_outcome){.item = item,
                                             .round = round,
                                             .started_at = "2026-01-02T03:04:05.006Z",
                                             .wall_s = 1,
                                             .record = &record}));
}

/* A campaign of n_rounds rounds in the folder, of the sweep file's text. */
static inline void fixture_campaign_of(const char *sweep, const char *name, unsigned n_rounds)
{
    sks_topology *topology = NULL;
    sks_plan *plan = NULL;
    sks_store *store = NULL;

    write_text("fixture.yaml", sweep);
    must(sks_topology_load("core:4 pu:1", &topology));
    must(sks_plan_load(in_folder("fixture.yaml"), topology, &plan));
    must(sks_store_open(in_folder(name), &store));
    must(sks_store_enter_plan(store, plan, "{\"host\": \"here\"}"));
    for (unsigned round = 0; round < n_rounds; round++)
        for (size_t i = 0; i < plan->n_items; i++)
            fixture_add(store, plan, i, round);
    sks_store_close(store);
    sks_plan_destroy(plan);
    sks_topology_destroy(topology);
}

static inline void fixture_campaign(const char *name, unsigned n_rounds)
{
    fixture_campaign_of(fixture_sweep, name, n_rounds);
}

/* nx × ny pixels: a sky of 10 with a bright spot in the middle, one pixel blank. */
static inline void fixture_image(const char *name, size_t nx, size_t ny)
{
    sks_image *image = NULL;

    must(sks_image_create(nx, ny, &image));
    for (size_t y = 0; y < ny; y++)
        for (size_t x = 0; x < nx; x++) {
            double dx = ((double)x - (double)nx / 2) / (double)nx,
                   dy = ((double)y - (double)ny / 2) / (double)ny;

            image->data[y * nx + x] = (float)(10 + (double)((x * 7 + y * 13) % 5) +
                                              5000 * exp(-200 * (dx * dx + dy * dy)));
        }
    image->data[0] = NAN;
    unlink(in_folder(name));
    must(sks_image_write(image, NULL, 0, in_folder(name)));
    sks_image_destroy(image);
}

#endif
