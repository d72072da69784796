/* Property: a sweep into a disk that fills up ends with exit status 1 and the cause; the database
 * is intact with every sample that was committed, and with room again the same command goes on to
 * the end, each planned sample once.
 *
 * The disk is a tmpfs of its own, mounted where this process alone sees it (as root, or in a user
 * namespace); skipped where neither is allowed. The environment variable SKYSCALE names the
 * program. */
#include "../unit/sweep_files.h"

#include "spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { N_CONFIGURATIONS = 8, N_ROUNDS = 1 + 40 };

/* Chunks make the database grow. */
static const char sweep_text[] = "campaign: full\n"
                                 "kernels: [{kernel: null, tasks: [200, 300]}]\n"
                                 "workers: [1-4]\n"
                                 "record: chunks\n"
                                 "repeat: {warmup: 1, min: 40, max: 40}\n";

static const char *program;
static char disk[300];

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return is_written;
}

/* A mount namespace of our own, as root or as root of a user namespace. */
static bool leave_namespace(void)
{
    char map[64];

    if (unshare(CLONE_NEWNS) == 0)
        return true;
    snprintf(map, sizeof(map), "0 %d 1", (int)getuid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_file("/proc/self/uid_map", map);
}

static bool mount_disk(const char *size)
{
    snprintf(disk, sizeof(disk), "%s", in_folder("disk"));
    return mkdir(disk, 0777) == 0 && leave_namespace() &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", disk, "tmpfs", 0, size) == 0;
}

static int set_up(void **state)
{
    program = getenv("SKYSCALE");
    if (program == NULL) {
        print_message("skipped: SKYSCALE does not name the program\n");
        exit(77);
    }
    if (make_folder(state) != 0)
        return -1;
    if (!mount_disk("size=1m")) {
        print_message("skipped: no file system may be mounted here (%s)\n", strerror(errno));
        rmdir(disk);
        remove_folder(state);
        exit(77);
    }
    write_text("full.yaml", sweep_text);
    return 0;
}

static int tear_down(void **state)
{
    umount2(disk, MNT_DETACH);
    rmdir(disk);
    return remove_folder(state);
}

static int sweep(void)
{
    char line[700];

    snprintf(line, sizeof(line), "sweep %s/full.yaml -d %s/full.db", folder, disk);
    return spawn(program, line, NULL, NULL, in_folder("messages"));
}

static double ask(const char *sql)
{
    char path[400];
    sqlite3 *db;
    sqlite3_stmt *query;
    double answer;

    snprintf(path, sizeof(path), "%s/full.db", disk);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    answer = sqlite3_column_double(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(db);
    return answer;
}

static void check_intact(void)
{
    assert_true(ask("SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1);
    assert_true(ask("SELECT count(*) FROM sample WHERE status <> 'ok'") == 0);
    /* No sample in part: each has its workers, and its chunks make up its tasks. */
    assert_true(ask("SELECT count(*) FROM sample s JOIN configuration c ON c.id ="
                    " s.configuration_id WHERE n_workers <> (SELECT count(*) FROM worker WHERE"
                    " sample_id = s.id) OR n_tasks <> (SELECT sum(n_tasks) FROM chunk WHERE"
                    " sample_id = s.id)") == 0);
}

static void full_and_on(void **state)
{
    double n, sum;
    char *messages, sql[128];

    (void)state;
    assert_int_equal(sweep(), 1);
    messages = spawn_read_file(in_folder("messages"), NULL);
    if (strstr(messages, "full") == NULL || strstr(messages, "disk") == NULL)
        fail_msg("the cause is not told: %s", messages);
    free(messages);

    assert_int_equal(mount("none", disk, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    check_intact();
    n = ask("SELECT count(*) FROM sample");
    sum = ask("SELECT total(total_s) FROM sample");
    print_message("%.0f samples when the disk was full\n", n);
    assert_true(n >= 1 && n < N_CONFIGURATIONS * N_ROUNDS);

    assert_int_equal(sweep(), 0);
    check_intact();
    snprintf(sql, sizeof(sql), "SELECT total(total_s) FROM sample WHERE id <= %.0f", n);
    assert_true(ask(sql) == sum);
    assert_true(ask("SELECT count(*) FROM sample") == N_CONFIGURATIONS * N_ROUNDS);
    assert_true(ask("SELECT count(*) FROM (SELECT DISTINCT configuration_id, round FROM sample)") ==
                N_CONFIGURATIONS * N_ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(full_and_on)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
