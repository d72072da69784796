/* A program of its own that uses the installed schedulers: adds up 1 … 1000 in chunks handed to
 * three workers in turn, under every scheduler there is, and fails when a task is missed or done
 * twice. */
#include "schedulers/scheduler.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_TASKS = 1000, N_WORKERS = 3 };

static long add_up(const sks_scheduler *scheduler)
{
    bool has_more[N_WORKERS] = {true, true, true};
    sks_values *options = NULL;
    void *state = NULL;
    long sum = 0;
    sks_status status = sks_values_create(scheduler->params, &options);

    if (status == SKS_OK)
        status = sks_scheduler_start(
            scheduler, &(sks_loop){.n_tasks = N_TASKS, .n_workers = N_WORKERS, .options = options},
            &state);
    if (status != SKS_OK) {
        fprintf(stderr, "%s: %s\n", scheduler->name, sks_message());
        exit(1);
    }
    while (has_more[0] || has_more[1] || has_more[2])
        for (unsigned worker = 0; worker < N_WORKERS; worker++) {
            sks_range tasks;

            has_more[worker] = scheduler->next(state, worker, &tasks);
            for (size_t i = tasks.begin; has_more[worker] && i < tasks.end; i++)
                sum += (long)i + 1;
        }
    free(state);
    sks_values_destroy(options);
    return sum;
}

int main(void)
{
    for (size_t i = 0; sks_scheduler_table[i] != NULL; i++) {
        long sum = add_up(sks_scheduler_table[i]);

        printf("%s %ld\n", sks_scheduler_table[i]->name, sum);
        if (sum != N_TASKS * (N_TASKS + 1L) / 2)
            return 1;
    }
    return 0;
}
