/* Property: a sweep that is killed with SIGKILL at random moments and started again ends with
 * exactly the planned samples, each once, in an intact database, and with nothing else left in its
 * folder; and no kill loses or changes a sample that was there before it. Interrupted with SIGINT
 * it ends at once, by that signal, and goes on likewise.
 *
 * The environment variable SKYSCALE names the program. The moments come from a seed that is
 * printed; SKYSCALE_TEST_SEED repeats one. */
#include "../unit/sweep_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

enum { N_CONFIGURATIONS = 2 * 3 * 4 + 12 + 12, N_ROUNDS = 1 + 12, N_KILLS = 50, MAX_STARTS = 1000 };

static const char sweep_text[] =
    "campaign: killed\n"
    "kernels:\n"
    "- {kernel: null, tasks: [0, 500]}\n"
    "- {kernel: pix2sky, image: frame.fits, coords: pixels.txt, block: 64}\n"
    "- {kernel: sky2pix, image: frame.fits, random: 300, block: 64}\n"
    "workers: [1-4]\n"
    "schedulers: [static, dynamic, guided]\n"
    "repeat: {warmup: 1, min: 12}\n";

static const char *program;

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Starts the program in the folder, its messages in the file "messages". */
static pid_t start(const char *const *arguments)
{
    pid_t child = fork();

    if (child == 0) {
        int out = open(in_folder("messages"), O_WRONLY | O_CREAT | O_TRUNC, 0666);

        if (out < 0 || chdir(folder) != 0)
            _exit(126);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execv(program, (char *const *)arguments);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static int wait_for(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void print_messages(void)
{
    char line[512];
    FILE *messages = fopen(in_folder("messages"), "r");

    while (messages != NULL && fgets(line, sizeof(line), messages) != NULL)
        print_message("  %s", line);
    if (messages != NULL)
        fclose(messages);
}

static void must_run(const char *const *arguments)
{
    if (wait_for(start(arguments)) != 0) {
        print_messages();
        fail_msg("skyscale %s failed", arguments[1]);
    }
}

static const char *const sweep[] = {"skyscale", "sweep", "killed.yaml", NULL};

static int set_up(void **state)
{
    static const char *const frame[] = {"skyscale", "synth", "wcs", "-o", "frame.fits", NULL};
    static const char *const pixels[] = {"skyscale",   "synth", "positions", "--image",
                                         "frame.fits", "-n",    "300",       "-o",
                                         "pixels.txt", NULL};

    program = getenv("SKYSCALE");
    if (program == NULL) {
        print_message("skipped: SKYSCALE does not name the program\n");
        exit(77);
    }
    if (make_folder(state) != 0)
        return -1;
    must_run(frame);
    must_run(pixels);
    write_text("killed.yaml", sweep_text);
    return 0;
}

/* Able to write: a kill may leave a journal that has to be rolled back first. */
static long ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *query;
    long answer;

    assert_int_equal(sqlite3_open_v2(in_folder("killed.db"), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    answer = (long)sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(db);
    return answer;
}

/* All that was planned, each once, nothing else. */
static void check_complete(void)
{
    static const char *const files[] = {"frame.fits", "killed.db", "killed.yaml", "messages",
                                        "pixels.txt"};
    DIR *opened = opendir(folder);
    const struct dirent *entry;

    assert_int_equal(
        ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    assert_int_equal(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(ask("SELECT count(*) FROM configuration"), N_CONFIGURATIONS);
    assert_int_equal(ask("SELECT count(*) FROM sample"), N_CONFIGURATIONS * N_ROUNDS);
    assert_int_equal(ask("SELECT count(*) FROM (SELECT DISTINCT configuration_id, round FROM sample"
                         " WHERE round BETWEEN 0 AND 12)"),
                     N_CONFIGURATIONS * N_ROUNDS);
    assert_int_equal(ask("SELECT max(id) FROM sample"), N_CONFIGURATIONS * N_ROUNDS);
    assert_int_equal(ask("SELECT count(*) FROM sample WHERE is_warmup <> (round = 0)"), 0);
    assert_int_equal(ask("SELECT count(*) FROM sample WHERE status <> 'ok'"), 0);
    assert_int_equal(ask("SELECT count(*) FROM sample s JOIN configuration c"
                         " ON c.id = s.configuration_id WHERE n_workers <>"
                         " (SELECT count(*) FROM worker WHERE sample_id = s.id)"),
                     0);
    /* Rounds were run one after another, also across restarts. */
    assert_int_equal(ask("SELECT count(*) FROM sample a JOIN sample b ON b.id = a.id + 1"
                         " WHERE b.round < a.round"),
                     0);
    assert_non_null(opened);
    while ((entry = readdir(opened)) != NULL) {
        bool is_known = entry->d_name[0] == '.';

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
            is_known = is_known || strcmp(entry->d_name, files[i]) == 0;
        if (!is_known)
            fail_msg("%s was left behind", entry->d_name);
    }
    closedir(opened);
}

/* What there was after the last kill; ids of samples increase by one. */
struct seen {
    long n;
    double total_s;
};

static double ask_real(const char *sql, long id)
{
    sqlite3 *db;
    sqlite3_stmt *query;
    double answer;

    assert_int_equal(sqlite3_open_v2(in_folder("killed.db"), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &query, NULL), SQLITE_OK);
    sqlite3_bind_int64(query, 1, id);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    answer = sqlite3_column_double(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(db);
    return answer;
}

/* The program reads what a kill has left, whatever that is. */
static void check_readable(const struct seen *seen)
{
    static const char *const export[] = {"skyscale", "export", "killed.db", "-o", "messages", NULL};

    if (seen->n > 0)
        must_run(export);
}

/* Everything that was seen is there still, unchanged; then sees what there is now. */
static void check_kept(struct seen *seen)
{
    static const char sum[] = "SELECT total(total_s + wall_s) FROM sample WHERE id <= ?1";

    if (access(in_folder("killed.db"), F_OK) != 0 ||
        ask("SELECT count(*) FROM sqlite_master WHERE name = 'sample'") == 0) {
        assert_int_equal(seen->n, 0); /* killed before there was a plan */
        return;
    }
    assert_int_equal(ask_real("SELECT count(*) FROM sample WHERE id <= ?1", seen->n), seen->n);
    assert_true(ask_real(sum, seen->n) == seen->total_s);
    seen->n = ask("SELECT count(*) FROM sample");
    seen->total_s = ask_real(sum, seen->n);
}

static void sleep_s(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds};

    pause.tv_nsec = (long)(1e9 * (seconds - (double)pause.tv_sec));
    nanosleep(&pause, NULL);
}

/* Waits until a sweep has begun to measure: its scratch folder is there. */
static void wait_for_work(void)
{
    for (int i = 0; i < 60000 && access(in_folder("killed.db-scratch"), F_OK) != 0; i++)
        sleep_s(0.001);
}

static void killed_at_random_moments(void **state)
{
    static const char *const dry[] = {"skyscale", "sweep", "killed.yaml", "--dry-run", NULL};
    const char *given = getenv("SKYSCALE_TEST_SEED");
    long seed = given != NULL ? atol(given) : (long)time(NULL);
    double startup_s;
    int n_killed = 0, n_starts = 0, status;
    struct seen seen = {0};
    pid_t child;

    (void)state;
    print_message("SKYSCALE_TEST_SEED=%ld\n", seed);
    srand48(seed);
    must_run(dry); /* also makes no database */
    assert_int_equal(access(in_folder("killed.db"), F_OK), -1);
    startup_s = now_s();
    child = start(sweep);
    wait_for_work();
    startup_s = now_s() - startup_s;
    kill(child, SIGKILL);
    wait_for(child);

    /* Some moments lie before the first run of a start, most among its runs. */
    while (n_killed < N_KILLS && n_starts < MAX_STARTS) {
        child = start(sweep);
        n_starts++;
        sleep_s(drand48() * (2 * startup_s + 0.1));
        kill(child, SIGKILL);
        status = wait_for(child);
        check_readable(&seen);
        check_kept(&seen);
        if (WIFSIGNALED(status))
            n_killed++;
        else if (WEXITSTATUS(status) != 0) {
            print_messages();
            fail_msg("start %d failed", n_starts);
        }
    }
    print_message("killed %d times, %ld samples by then\n", n_killed,
                  ask("SELECT count(*) FROM sample"));
    assert_int_equal(n_killed, N_KILLS);
    must_run(sweep);
    check_complete();
    must_run(sweep); /* nothing is left to do */
    check_complete();
    unlink(in_folder("killed.db"));
}

static void interrupted(void **state)
{
    pid_t child = start(sweep);
    int status;

    (void)state;
    wait_for_work();
    kill(child, SIGINT);
    status = wait_for(child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGINT) {
        print_messages();
        fail_msg("ended with %d", status);
    }
    assert_int_equal(access(in_folder("killed.db-scratch"), F_OK), -1);
    must_run(sweep);
    check_complete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_random_moments),
        cmocka_unit_test(interrupted),
    };

    return cmocka_run_group_tests(tests, set_up, remove_folder);
}
