/* What the simulator costs, and what it says of adaptive rules.
 *
 *   simulate_bench [SEEDS]      default 40
 *
 * First: seconds of one core for 1e7 tasks on 4096 workers. Second: how much longer than ideal a
 * loop of lognormal tasks takes without any cost of claims, as a mean over seeds of the costs. With
 * `static` it is the largest of N sums of n/N tasks: by the central limit theorem
 * mu n/N + sd sqrt(n/N) E[max of N standard normal numbers], so 1 + cv sqrt(N/n) E[max] times the
 * ideal. Rules that look at the clock, or claim again when free, lose far less.
 */
#include "harness/analysis/simulate_load.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_TASKS = 20000 };

static double core_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(sks_status status)
{
    if (status == SKS_OK)
        return;
    fprintf(stderr, "simulate_bench: %s\n", sks_message());
    exit(1);
}

static double makespan_s(const char *rule, const sks_cost_sums *costs, unsigned n_workers,
                         const sks_claim_costs *claims)
{
    sks_simulation s = {.n_workers = n_workers, .costs = costs, .claims = *claims};
    sks_simulated result;
    sks_values *options;

    check(sks_scheduler_parse(rule, &s.scheduler, &options));
    s.options = options;
    check(sks_simulate(&s, &result));
    sks_values_destroy(options);
    return result.makespan_s;
}

static void draw(sks_cost_distribution distribution, size_t n_tasks, double cv, uint64_t seed,
                 sks_work_load *load)
{
    sks_task_costs costs;

    check(sks_task_costs_init(distribution, n_tasks, 100, cv, seed, &costs));
    check(sks_work_load_draw(&costs, load));
}

static void print_speed(void)
{
    static const char *const rules[] = {"guided", "dynamic", "static:chunk=1", "stealing", "af"};
    const sks_claim_costs claims = {
        .own_s = 3e-8, .transfer_s = 1e-7, .service_s = 1e-7, .theft_s = 3e-7};
    sks_work_load load;

    draw(SKS_COST_RANDOM, 10000000, 0.5, 1, &load);
    printf("1e7 tasks on 4096 workers, seconds of one core\n");
    for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        const double begin_s = core_s();

        makespan_s(rules[r], &load.costs, 4096, &claims);
        printf("%-16s %6.3f\n", rules[r], core_s() - begin_s);
    }
    sks_work_load_clear(&load);
}

/* E[max of n standard normal numbers], by the trapezoid rule over the density of the maximum. */
static double expected_max(unsigned n)
{
    const double step = 1e-3;
    double sum = 0;

    for (double x = -8; x <= 8; x += step)
        sum += x * n * gsl_ran_ugaussian_pdf(x) * pow(gsl_cdf_ugaussian_P(x), n - 1.0) * step;
    return sum;
}

static void print_losses(double cv, unsigned n_seeds)
{
    static const char *const rules[] = {"static", "awf",  "awf-b",  "awf-c",   "awf-d",   "awf-e",
                                        "af",     "fac2", "guided", "dynamic", "stealing"};
    static const unsigned n_workers[] = {2, 4, 8, 16, 32, 64, 128};
    enum { RULES = sizeof(rules) / sizeof(rules[0]), COUNTS = 7 };
    const sks_claim_costs claims = {0};
    double sum[RULES][COUNTS] = {{0}};

    for (uint64_t seed = 1; seed <= n_seeds; seed++) {
        sks_work_load load;

        draw(SKS_COST_LOGNORMAL, N_TASKS, cv, seed, &load);
        for (int r = 0; r < RULES; r++)
            for (int i = 0; i < COUNTS; i++)
                sum[r][i] += makespan_s(rules[r], &load.costs, n_workers[i], &claims) *
                             n_workers[i] / sks_work_load_total_s(&load);
        sks_work_load_clear(&load);
    }
    printf("\n%d lognormal tasks, cv %g, mean of %u seeds: per cent above the ideal\n%-12s",
           N_TASKS, cv, n_seeds, "N");
    for (int i = 0; i < COUNTS; i++)
        printf("%8u", n_workers[i]);
    printf("\n%-12s", "theory");
    for (int i = 0; i < COUNTS; i++)
        printf("%8.2f",
               100 * cv * sqrt((double)n_workers[i] / N_TASKS) * expected_max(n_workers[i]));
    for (int r = 0; r < RULES; r++) {
        printf("\n%-12s", rules[r]);
        for (int i = 0; i < COUNTS; i++)
            printf("%8.2f", 100 * (sum[r][i] / n_seeds - 1));
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const unsigned n_seeds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 40;

    if (argc > 2 || n_seeds == 0) {
        fprintf(stderr, "usage: simulate_bench [SEEDS]\n");
        return 2;
    }
    print_speed();
    print_losses(0.5, n_seeds);
    print_losses(1, n_seeds);
    print_losses(2, n_seeds);
    return 0;
}
