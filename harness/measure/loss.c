#include "harness/measure/loss.h"

#include <math.h>

static double longest_chunk(const sks_record *record)
{
    int64_t longest_ns = 0;

    for (unsigned w = 0; w < record->n_workers; w++) {
        if (record->logs == NULL || record->logs[w].n_lost > 0)
            return NAN;
        for (size_t i = 0; i < record->logs[w].n; i++) {
            const sks_chunk *c = &record->logs[w].chunk[i];

            if (c->end_ns - c->start_ns > longest_ns)
                longest_ns = c->end_ns - c->start_ns;
        }
    }
    return 1e-9 * (double)longest_ns;
}

void sks_loss_attribute(const sks_record *record, double busy_at_1_s, sks_loss *loss)
{
    sks_loss l = {.longest_chunk_s = longest_chunk(record)};

    for (unsigned w = 0; w < record->n_workers; w++)
        l.makespan_s = fmax(l.makespan_s, record->workers[w].end_s);
    for (unsigned w = 0; w < record->n_workers; w++) {
        const sks_worker_record *r = &record->workers[w];

        l.busy_s += r->busy_s;
        l.startup_s += r->start_s;
        l.dispatch_s += r->scheduling_s;
        l.imbalance_s += l.makespan_s - r->end_s;
    }
    l.slowdown_s = l.busy_s - busy_at_1_s;
    l.bound_s = l.busy_s > 0 ? fmax(l.longest_chunk_s, l.busy_s / record->n_workers) : NAN;
    l.regret = l.makespan_s / l.bound_s - 1.0;
    *loss = l;
}
