/* Property: a product appears under its name when it is committed and not before, whole or not at
 * all; until then, and after a failure, an older file of that name is as it was and nothing else
 * lies in the folder; what cannot be written is found out at once. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/product_folder.h"

static void appears_at_commit(void **unused)
{
    sks_product *product = create("new.txt");
    struct stat info;
    mode_t mask = umask(0);

    (void)unused;
    umask(mask);
    put(product, "second\n", 6);
    put(product, "first\n", 0);
    assert_string_equal(listing(), "");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    assert_string_equal(listing(), "new.txt ");
    sks_product_destroy(product);
    check_file("new.txt", "first\nsecond\n");
    assert_int_equal(stat("new.txt", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
    assert_int_equal(info.st_nlink, 1);
}

static void discarded_without_commit(void **unused)
{
    sks_product *product = create("new.txt");

    (void)unused;
    put(product, "text", 0);
    sks_product_destroy(product);
    assert_string_equal(listing(), "");
    sks_product_destroy(NULL);
}

static void replaces_in_one_step(void **unused)
{
    sks_product *product;

    (void)unused;
    put_file("old.txt", "old, and longer than the new one\n");
    product = create("old.txt");
    put(product, "new\n", 0);
    check_file("old.txt", "old, and longer than the new one\n");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    check_file("old.txt", "new\n");
    assert_string_equal(listing(), "old.txt ");
    sks_product_destroy(product);
    check_file("old.txt", "new\n");
    assert_string_equal(listing(), "old.txt ");
}

/* Someone else made a file of that name in the meantime. */
static void replaces_what_came_later(void **unused)
{
    sks_product *product = create("new.txt");

    (void)unused;
    put(product, "mine\n", 0);
    put_file("new.txt", "theirs\n");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    check_file("new.txt", "mine\n");
    assert_string_equal(listing(), "new.txt ");
}

static void older_file_survives(void **unused)
{
    sks_product *product;

    (void)unused;
    put_file("old.txt", "old\n");
    product = create("old.txt");
    put(product, "new\n", 0);
    sks_product_destroy(product);
    check_file("old.txt", "old\n");
    assert_string_equal(listing(), "old.txt ");
}

static void through_a_symbolic_link(void **unused)
{
    sks_product *product;
    struct stat info;

    (void)unused;
    assert_int_equal(mkdir("there", 0777), 0);
    put_file("there/target.txt", "old\n");
    assert_int_equal(symlink("there/target.txt", "link.txt"), 0);
    product = create("link.txt");
    put(product, "new\n", 0);
    check_file("there/target.txt", "old\n");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    check_file("there/target.txt", "new\n");
    assert_int_equal(lstat("link.txt", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_string_equal(listing(), "link.txt there ");
}

/* Also to a file that is yet to be made, over another link and from another folder. */
static void through_a_link_to_nothing(void **unused)
{
    sks_product *product;
    struct stat info;

    (void)unused;
    assert_int_equal(mkdir("there", 0777), 0);
    assert_int_equal(symlink("new.txt", "there/second.txt"), 0);
    assert_int_equal(symlink("there/second.txt", "link.txt"), 0);
    product = create("link.txt");
    put(product, "new\n", 0);
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    check_file("there/new.txt", "new\n");
    assert_int_equal(lstat("link.txt", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(lstat("there/second.txt", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_string_equal(listing(), "link.txt there ");
    assert_int_equal(symlink("round.txt", "round.txt"), 0);
    assert_int_equal(sks_product_create("round.txt", &product), SKS_ERR_IO);
    check_message("Too many levels of symbolic links");
}

/* A killed process leaves nothing. */
static void killed_while_writing(void **unused)
{
    int status;
    pid_t child;

    (void)unused;
    put_file("old.txt", "old\n");
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sks_product *product;

        if (sks_product_create("old.txt", &product) != SKS_OK ||
            sks_product_write(product, "new", 3, 0) != SKS_OK)
            _exit(1);
        raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check_file("old.txt", "old\n");
    assert_string_equal(listing(), "old.txt ");
}

/* ---- What cannot be written is found out at once. */

static void places_that_cannot_be_written(void **unused)
{
    static const struct {
        const char *path, *says;
    } cases[] = {
        {"nofolder/out.txt", "nofolder/out.txt: No such file"},
        {".", ".: is a directory"},
        {"file.txt/out.txt", "file.txt/out.txt: Not a directory"},
        {"/proc/none/out.txt", "/proc/none/out.txt: "},
        {"", "No such file"},
    };
    sks_product *product = NULL;

    (void)unused;
    put_file("file.txt", "text");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(sks_product_create(cases[i].path, &product), SKS_ERR_IO);
        check_message(cases[i].says);
        assert_null(product);
    }
    assert_string_equal(listing(), "file.txt ");
}

/* As root no permission is missing, so this one cannot be seen then. */
static void permissions_that_are_missing(void **unused)
{
    sks_product *product = NULL;

    (void)unused;
    if (geteuid() == 0) {
        print_message("skipped: missing permissions cannot be made as root\n");
        skip();
    }
    assert_int_equal(mkdir("locked", 0555), 0);
    assert_int_equal(sks_product_create("locked/out.txt", &product), SKS_ERR_IO);
    check_message("locked/out.txt: Permission denied");
    put_file("mine.txt", "old\n");
    assert_int_equal(chmod("mine.txt", 0444), 0);
    assert_int_equal(sks_product_create("mine.txt", &product), SKS_ERR_IO);
    check_message("mine.txt: Permission denied");
    check_file("mine.txt", "old\n");
}

/* A limit on the size of files stands for a disk that is full. */
static void disk_that_fills_up(void **unused)
{
    struct rlimit old, small;
    sks_product *product;
    sks_status status;

    (void)unused;
    put_file("old.txt", "old\n");
    product = create("old.txt");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status = sks_product_write(product, "text", 4, 998);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, SKS_ERR_IO);
    check_message("old.txt: File too large");
    sks_product_destroy(product);
    check_file("old.txt", "old\n");
    assert_string_equal(listing(), "old.txt ");
}

/* The target became a folder: what cannot be put in place vanishes. */
static void commit_that_fails(void **unused)
{
    sks_product *product = create("new.txt");

    (void)unused;
    put(product, "text", 0);
    assert_int_equal(mkdir("new.txt", 0777), 0);
    put_file("new.txt/file", "text");
    if (sks_product_commit(product) == SKS_OK)
        fail_msg("a folder was replaced");
    check_message("new.txt: ");
    sks_product_destroy(product);
    assert_string_equal(listing(), "new.txt ");
    check_file("new.txt/file", "text");

    empty_folder();
    assert_int_equal(mkdir("gone", 0777), 0);
    product = create("gone/new.txt");
    put(product, "text", 0);
    assert_int_equal(rmdir("gone"), 0);
    assert_int_equal(sks_product_commit(product), SKS_ERR_IO);
    check_message("gone/new.txt: No such file");
    sks_product_destroy(product);
    assert_string_equal(listing(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(appears_at_commit),
        TEST(discarded_without_commit),
        TEST(replaces_in_one_step),
        TEST(replaces_what_came_later),
        TEST(older_file_survives),
        TEST(through_a_symbolic_link),
        TEST(through_a_link_to_nothing),
        TEST(killed_while_writing),
        TEST(places_that_cannot_be_written),
        TEST(permissions_that_are_missing),
        TEST(disk_that_fills_up),
        TEST(commit_that_fails),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
