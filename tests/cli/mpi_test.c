/* Property: under MPI, spawned or launched, on one host or two, every kernel's product is the one
 * threads make; whatever goes wrong ends all ranks with one message and leaves neither a process
 * nor a product behind; --fail-fast keeps all ranks from starting another command; a worker that
 * has nothing to do sleeps. Skipped where MPI cannot be used.
 */
#include "harness/executors/executor.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/cli/spawn.h"

static char folder[] = "/tmp/skyscale-mpi-XXXXXX";
static char *program, *mpirun;

static int run(const char *arguments)
{
    return spawn(program, arguments, NULL, "out.txt", "err.txt");
}

static void expect_ok(const char *who, const char *arguments)
{
    const int status = spawn(who, arguments, NULL, "out.txt", "err.txt");

    if (status != 0)
        fail_msg("%s: status %d: %s", arguments, status, spawn_read_file("err.txt", NULL));
}

static void expect_same(const char *a, const char *b)
{
    size_t n_a, n_b;
    char *text_a = spawn_read_file(a, &n_a), *text_b = spawn_read_file(b, &n_b);

    assert_int_equal(n_a, n_b);
    assert_memory_equal(text_a, text_b, n_a);
    free(text_a);
    free(text_b);
}

static unsigned n_lines(const char *text)
{
    unsigned n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* Results that are delivered, that are collected, and that leave something behind. */
static void same_products(void **state)
{
    static const char *const runs[] = {
        "run pix2sky --image frame.fits --random 3000 --block 100",
        "run detect --image frame.fits --threshold 5",
        "run command --command echo --inputs frame.txt",
    };
    char arguments[512];

    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
        snprintf(arguments, sizeof(arguments), "%s -e threads -w 2 -o threads.out", runs[i]);
        expect_ok(program, arguments);
        snprintf(arguments, sizeof(arguments), "%s -e mpi -w 3 -s guided -o mpi.out", runs[i]);
        expect_ok(program, arguments);
        expect_same("threads.out", "mpi.out");
        snprintf(arguments, sizeof(arguments),
                 "--allow-run-as-root --oversubscribe -n 3 %s %s -e mpi -s dynamic -o mpi.out",
                 program, runs[i]);
        expect_ok(mpirun, arguments);
        expect_same("threads.out", "mpi.out");
    }
}

/* The first of 40 commands fails while others run elsewhere: those end, but no further one starts,
 * neither of a chunk that a rank has already (static) nor of a new one (dynamic). */
static void fail_fast_reaches_all_ranks(void **state)
{
    static const char *const rules[] = {"dynamic", "static"};
    char arguments[512], *text;
    FILE *inputs = fopen("numbers.txt", "w"), *script = fopen("step.sh", "w");

    (void)state;
    assert_non_null(inputs);
    assert_non_null(script);
    for (int i = 1; i <= 40; i++)
        fprintf(inputs, "%d\n", i);
    fclose(inputs);
    fputs("#!/bin/sh\necho $1 >>ran.txt\nif [ $1 = 1 ]; then sleep 0.3; exit 3; fi\nsleep 0.2\n",
          script);
    fclose(script);
    assert_int_equal(chmod("step.sh", 0755), 0);
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        snprintf(arguments, sizeof(arguments),
                 "-q --allow-run-as-root --oversubscribe -n 3 %s run command --command ./step.sh "
                 "--inputs numbers.txt --fail-fast -e mpi -s %s -o mpi.out",
                 program, rules[i]);
        assert_int_equal(spawn(mpirun, arguments, NULL, "out.txt", "err.txt"), 1);
        text = spawn_read_file("err.txt", NULL);
        if (strstr(text, "others did not finish") == NULL)
            fail_msg("%s: %s", rules[i], text);
        free(text);
        text = spawn_read_file("ran.txt", NULL);
        if (n_lines(text) > 10) /* 3 or 4, had every process all the processors it wants */
            fail_msg("%s: these ran: %s", rules[i], text);
        free(text);
        unlink("ran.txt");
        unlink("mpi.out.partial");
    }
}

/* What /proc tells of a process: its parent and its processor time in ticks of 10 ms; 0 when it is
 * not there. */
static pid_t look_at(pid_t pid, unsigned long *ticks)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    const char *name_end;
    FILE *file;
    int parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file != NULL) {
        if (fgets(line, sizeof(line), file) != NULL && (name_end = strrchr(line, ')')) != NULL)
            sscanf(name_end, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &parent, &user,
                   &system);
        fclose(file);
    }
    if (ticks != NULL)
        *ticks = user + system;
    return parent;
}

static pid_t parent_of(pid_t pid)
{
    return look_at(pid, NULL);
}

/* A worker that the run has spawned, through MPI's daemon; 0: there is none (yet). Other tests may
 * have workers of their own. */
static pid_t find_worker(pid_t run_pid)
{
    DIR *proc = opendir("/proc");
    pid_t found = 0;

    for (struct dirent *e; found == 0 && (e = readdir(proc)) != NULL;) {
        pid_t pid = (pid_t)atoi(e->d_name);

        if (pid > 0 && pid != run_pid && parent_of(parent_of(pid)) == run_pid)
            found = pid;
    }
    closedir(proc);
    return found;
}

/* Starts the program with its standard error in err.txt, and waits for an MPI worker of it. */
static pid_t start(const char *const *arguments, pid_t *worker)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (freopen("err.txt", "w", stderr) != NULL)
            execv(program, (char **)arguments);
        _exit(99);
    }
    *worker = 0;
    for (int i = 0; i < 600 && *worker == 0; i++) {
        usleep(100000);
        *worker = find_worker(pid);
    }
    assert_int_not_equal(*worker, 0);
    return pid;
}

/* A run that would take longer than anybody waits for, ended from outside. It says so in one line,
 * behind the last line of a worker that crashes. */
static void expect_end(int signal_number, bool is_for_worker, int status, const char *says)
{
    static const char *const more[] = {"run", "synthetic", "--tasks", "4", "--cost", "60000000",
                                       "-e",  "mpi",       "-w",      "2", NULL};
    const char *arguments[sizeof(more) / sizeof(*more) + 1] = {program};
    pid_t pid, victim;
    unsigned long ticks = 0;
    char *err;
    int ended;

    memcpy(arguments + 1, more, sizeof(more));
    pid = start(arguments, &victim);
    for (int i = 0; i < 1200 && ticks < 200; i++) { /* so long only when it computes */
        usleep(50000);
        look_at(victim, &ticks);
    }
    assert_int_equal(kill(is_for_worker ? victim : pid, signal_number), 0);
    while (waitpid(pid, &ended, 0) < 0)
        assert_int_equal(errno, EINTR);
    err = spawn_read_file("err.txt", NULL);
    if ((WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended)) != status ||
        strstr(err, says) == NULL || n_lines(err) != (signal_number == SIGSEGV ? 2 : 1))
        fail_msg("ended with %x: %s", (unsigned)ended, err);
    free(err);
    for (int i = 0; i < 100 && kill(victim, 0) == 0; i++)
        usleep(50000);
    assert_int_equal(kill(victim, 0), -1);
}

/* How often the process has had the processor. */
static unsigned long n_runs(pid_t pid)
{
    unsigned long n = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%*u %*u %lu", &n) != 1)
        n = 0;
    if (file != NULL)
        fclose(file);
    return n;
}

/* A sweep that does something with a worker, and then without it for long. */
static void idle_workers_sleep(void **state)
{
    const char *const arguments[] = {program, "sweep", "idle.yaml", "-d", "idle.db", NULL};
    unsigned long before, after = 0, fewest = ULONG_MAX;
    pid_t pid, worker;
    FILE *file = fopen("idle.yaml", "w");
    int ended;

    (void)state;
    assert_non_null(file);
    fputs("kernels: [{kernel: synthetic, tasks: 4, cost: [10, 60000000]}]\nworkers: 2\n"
          "executors: [mpi, threads]\nseed: 1\n"
          "repeat: {warmup: 0, min: 1, max: 1}\n"
          "exclude: [{executor: mpi, cost: 60000000}, {executor: threads, cost: 10}]\n",
          file);
    fclose(file);
    pid = start(arguments, &worker);
    for (int i = 0; i < 20 && fewest > 10; i++) { /* it is not idle at once */
        before = n_runs(worker);
        sleep(1);
        after = n_runs(worker);
        if (before > 0 && after - before < fewest)
            fewest = after - before;
    }
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &ended, 0), pid);
    assert_int_not_equal(after, 0);
    if (fewest > 10)
        fail_msg("an idle worker had the processor %lu times in a second", fewest);
}

static void ends(void **state)
{
    (void)state;
    expect_end(SIGKILL, true, 1, "died");
#if !defined(__SANITIZE_ADDRESS__)
    expect_end(SIGSEGV, true, 1, " in kernel synthetic, task ");
#endif
    expect_end(SIGTERM, false, 128 + SIGTERM, "skyscale: interrupted");
}

static void refusals(void **state)
{
    char arguments[512], *err;

    (void)state;
    assert_int_equal(run("run pix2sky --image frame.fits --coords bad.txt -e mpi -w 2 -o x.out"),
                     1);
    err = spawn_read_file("err.txt", NULL);
    assert_non_null(strstr(err, "bad.txt:3"));
    free(err);
    assert_int_equal(access("x.out", F_OK), -1);
    assert_int_equal(spawn(program,
                           "run pix2sky --image frame.fits --coords - -e mpi -w 2 -o x.out",
                           "frame.txt", "out.txt", "err.txt"),
                     2);
    err = spawn_read_file("err.txt", NULL);
    assert_non_null(strstr(err, "standard input"));
    free(err);
    snprintf(arguments, sizeof(arguments),
             "--allow-run-as-root --oversubscribe -n 2 %s run null -e mpi -w 2", program);
    assert_int_not_equal(spawn(mpirun, arguments, NULL, "out.txt", "err.txt"), 0);
    err = spawn_read_file("err.txt", NULL);
    assert_non_null(strstr(err, "launch 3"));
    free(err);
}

/* Two hosts: network namespaces with a wire between them, and names of their own. */
static void two_hosts(void **state)
{
    static const char script[] =
        "trap 'ip netns del $A; ip netns del $B' EXIT\n"
        "A=sks$$a B=sks$$b\n"
        "ip netns add $A && ip netns add $B || exit 77\n"
        "ip link add v$A type veth peer name v$B || exit 77\n"
        "ip link set v$A netns $A && ip link set v$B netns $B || exit 77\n"
        "ip -n $A addr add 10.213.7.1/24 dev v$A && ip -n $B addr add 10.213.7.2/24 dev v$B\n"
        "for n in $A $B; do ip -n $n link set lo up && ip -n $n link set v$n up; done\n"
        "printf '#!/bin/sh\\nshift\\nexec ip netns exec %s unshare --uts sh -c \"hostname farhost; "
        "$*\"\\n' $B >agent.sh && chmod +x agent.sh\n"
        "ip netns exec $A unshare --uts sh -c \"hostname nearhost; mpirun --allow-run-as-root "
        "--oversubscribe -H 10.213.7.1:2,10.213.7.2:1 --mca plm_rsh_agent $PWD/agent.sh "
        "--mca btl tcp,self --mca oob_tcp_if_include 10.213.7.0/24 "
        "--mca btl_tcp_if_include 10.213.7.0/24 -n 3 "
        "$SKYSCALE run pix2sky --image frame.fits --random 3000 --block 100 -e mpi -o mpi.out "
        "--json\"\n";
    FILE *file;
    char *out;
    int status;

    (void)state;
    if (geteuid() != 0) {
        printf("skipped: only root can make network namespaces\n");
        skip();
    }
    file = fopen("hosts.sh", "w");
    assert_non_null(file);
    fputs(script, file);
    fclose(file);
    expect_ok(program, "run pix2sky --image frame.fits --random 3000 --block 100 -o threads.out");
    status = spawn("/bin/sh", "hosts.sh", NULL, "out.txt", "err.txt");
    if (status == 77 || status == 127) {
        printf("skipped: network namespaces cannot be made here: %s\n",
               spawn_read_file("err.txt", NULL));
        skip();
    }
    if (status != 0)
        fail_msg("status %d: %s", status, spawn_read_file("err.txt", NULL));
    expect_same("threads.out", "mpi.out");
    out = spawn_read_file("out.txt", NULL);
    assert_non_null(strstr(out, "\"host\": \"farhost\""));
    free(out);
}

static int set_up(void **state)
{
    FILE *file;

    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1); /* Open MPI asks twice */
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    file = fopen("bad.txt", "w");
    if (file == NULL)
        return 1;
    fputs("1 2\n3 4\nnone\n", file);
    fclose(file);
    return run("synth wfpc2 --size 128 --stars 60 -o frame.fits --truth frame.txt");
}

static int tear_down(void **state)
{
    static const char *const files[] = {"frame.fits",  "frame.txt",   "bad.txt",    "out.txt",
                                        "err.txt",     "threads.out", "mpi.out",    "hosts.sh",
                                        "numbers.txt", "step.sh",     "agent.sh",   "idle.yaml",
                                        "idle.db",     "idle.db-wal", "idle.db-shm"};

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        unlink(files[i]);
    return chdir("/") != 0 || rmdir(folder) != 0; /* nothing else is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_products),      cmocka_unit_test(fail_fast_reaches_all_ranks),
        cmocka_unit_test(refusals),           cmocka_unit_test(ends),
        cmocka_unit_test(idle_workers_sleep), cmocka_unit_test(two_hosts),
    };
    const sks_executor *executor;

    program = getenv("SKYSCALE");
    if (sks_executor_find("mpi", &executor) != SKS_OK) {
        printf("skipped: %s\n", sks_message());
        return 77;
    }
    mpirun = access("/usr/bin/mpirun", X_OK) == 0 ? "/usr/bin/mpirun" : NULL;
    if (program == NULL || mpirun == NULL) {
        printf("skipped: SKYSCALE does not name the program, or there is no mpirun\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
