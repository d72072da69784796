/* Property: random workers killed at random moments cost a run of `processes` or `queue` nothing
 * but time, under any scheduler (200 runs): the digest is the right one, each task is delivered
 * once, no process and nothing in /dev/shm is left.
 *
 * The random moments come from a seed that is printed; SKYSCALE_TEST_SEED repeats one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/conformance/mortal_kernel.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_RUNS = 40 };
#else
enum { N_RUNS = 200 };
#endif
enum { TASK_US = 200 };

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

/* The children of the test, but for the caller. */
static unsigned find_workers(pid_t parent, pid_t *workers, unsigned max)
{
    char path[64];
    unsigned n = 0;
    FILE *file;
    int pid;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    file = fopen(path, "re");
    while (file != NULL && n < max && fscanf(file, "%d", &pid) == 1)
        if (pid != getpid())
            workers[n++] = pid;
    if (file != NULL)
        fclose(file);
    return n;
}

/* A process that after a random time kills one worker at random. */
static pid_t start_killer(void)
{
    const struct timespec pause = {.tv_nsec = 1000 * (long)random_below(25000)};
    const unsigned choice = random_below(1000);
    const int number = random_below(4) == 0 ? SIGTERM : SIGKILL;
    const pid_t parent = getpid();
    pid_t workers[16], pid = fork();
    unsigned n;

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    nanosleep(&pause, NULL);
    n = find_workers(parent, workers, 16);
    if (n > 0)
        kill(workers[choice % n], number);
    _exit(0);
}

static void random_workers_killed_at_random_times(void **unused)
{
    const char *given = getenv("SKYSCALE_TEST_SEED");
    unsigned n_schedulers = 0, n_hit = 0;

    (void)unused;
    random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("SKYSCALE_TEST_SEED=%llu\n", (unsigned long long)random_state);
    while (sks_scheduler_table[n_schedulers] != NULL)
        n_schedulers++;
    task_us = TASK_US;
    for (unsigned i = 0; i < N_RUNS; i++) {
        const sks_scheduler *scheduler = sks_scheduler_table[random_below(n_schedulers)];
        pid_t killer = start_killer();

        n_hit += must_survive(&kernels[i / 2 % 2], executors[i % 2], scheduler, 1 + random_below(4),
                              SIZE_MAX) > 0;
        kill(killer, SIGKILL);
        assert_int_equal(waitpid(killer, NULL, 0), killer);
        assert_nobody_left();
    }
    print_message("%u of %d runs lost a worker\n", n_hit, N_RUNS);
    assert_true(n_hit > N_RUNS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(random_workers_killed_at_random_times, forget),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
