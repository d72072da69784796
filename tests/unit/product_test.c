/* Property: a product appears under its name when it is committed and not before, whole or not at
 * all; until then, and after a failure, an older file of that name is as it was and nothing else
 * lies in the folder. Its digest is XXH3-128 of its bytes. */
#include "kernels/parts/product.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

static char folder[] = "/tmp/skyscale-product-XXXXXX";

/* The names in the current folder, each followed by a blank; in static memory. */
static const char *listing(void)
{
    static char text[1024];
    struct dirent **entry;
    int n = scandir(".", &entry, NULL, alphasort);

    assert_true(n >= 2);
    text[0] = '\0';
    for (int i = 0; i < n; i++) {
        if (entry[i]->d_name[0] != '.')
            strcat(strcat(text, entry[i]->d_name), " ");
        free(entry[i]);
    }
    free(entry);
    return text;
}

static void empty_folder(void)
{
    assert_int_equal(system("rm -rf ./*"), 0);
}

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void check_file(const char *name, const char *text)
{
    char content[256];
    FILE *file = fopen(name, "r");
    size_t n;

    assert_non_null(file);
    n = fread(content, 1, sizeof(content) - 1, file);
    fclose(file);
    content[n] = '\0';
    assert_string_equal(content, text);
}

static sks_product *create(const char *path)
{
    sks_product *product;

    if (sks_product_create(path, &product) != SKS_OK)
        fail_msg("%s", sks_message());
    return product;
}

static void put(sks_product *product, const char *text, uint64_t offset)
{
    if (sks_product_write(product, text, strlen(text), offset) != SKS_OK)
        fail_msg("%s", sks_message());
}

static void check_message(const char *says)
{
    if (strstr(sks_message(), says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", sks_message(), says);
    sks_clear();
}

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

/* ---- Standard output and what else cannot be replaced. */

/* Standard output is `fd` until the returned copy is put back. */
static int redirect(int fd)
{
    int saved;

    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    return saved;
}

static void restore(int saved)
{
    fflush(stdout);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    close(saved);
}

struct drain {
    int fd;
    size_t n;
    XXH128_hash_t hash;
};

static void *read_to_the_end(void *argument)
{
    struct drain *d = argument;
    XXH3_state_t *hash = XXH3_createState();
    char buffer[5000];
    ssize_t got;

    XXH3_128bits_reset(hash);
    while ((got = read(d->fd, buffer, sizeof(buffer))) > 0) {
        XXH3_128bits_update(hash, buffer, (size_t)got);
        d->n += (size_t)got;
    }
    d->hash = XXH3_128bits_digest(hash);
    XXH3_freeState(hash);
    return NULL;
}

static char *random_bytes(size_t n)
{
    char *bytes = malloc(n + 1);
    uint64_t state = 88172645463325252ull;

    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (char)(state >> 56);
    }
    return bytes;
}

/* More than fits in a pipe: it is written in pieces. */
static void into_a_pipe(void **unused)
{
    const size_t size = 1500000;
    char *bytes = random_bytes(size);
    struct drain drain = {0};
    sks_product *product;
    pthread_t thread;
    int ends[2], saved;

    (void)unused;
    assert_int_equal(pipe(ends), 0);
    drain.fd = ends[0];
    assert_int_equal(pthread_create(&thread, NULL, read_to_the_end, &drain), 0);
    saved = redirect(ends[1]);
    close(ends[1]);
    product = create("-");
    assert_int_equal(sks_product_write(product, bytes, size, 0), SKS_OK);
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    restore(saved);
    pthread_join(thread, NULL);
    close(ends[0]);
    assert_int_equal(drain.n, size);
    assert_true(XXH128_isEqual(drain.hash, XXH3_128bits(bytes, size)));
    assert_string_equal(listing(), "");
    free(bytes);
}

/* "-" goes behind what is there, as a shell's >> wants. */
static void into_a_file_as_standard_output(void **unused)
{
    sks_product *product;
    int fd, saved;

    (void)unused;
    put_file("log.txt", "before\n");
    fd = open("log.txt", O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    saved = redirect(fd);
    close(fd);
    product = create("-");
    put(product, "product\n", 0);
    check_file("log.txt", "before\n");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    restore(saved);
    check_file("log.txt", "before\nproduct\n");
}

static void discarded_standard_output(void **unused)
{
    sks_product *product;
    int fd = open("out.txt", O_WRONLY | O_CREAT, 0666), saved;

    (void)unused;
    saved = redirect(fd);
    close(fd);
    product = create("-");
    put(product, "product\n", 0);
    sks_product_destroy(product);
    restore(saved);
    check_file("out.txt", "");
}

static void full_device(void **unused)
{
    sks_product *product = create("/dev/full");
    int fd, saved;

    (void)unused;
    put(product, "text", 0);
    assert_int_equal(sks_product_commit(product), SKS_ERR_IO);
    check_message("/dev/full: No space left");
    sks_product_destroy(product);

    fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    saved = redirect(fd);
    close(fd);
    product = create("-");
    put(product, "text", 0);
    assert_int_equal(sks_product_commit(product), SKS_ERR_IO);
    sks_product_destroy(product);
    restore(saved);
    check_message("standard output: No space left");
    assert_string_equal(listing(), "");
}

static void fifo(void **unused)
{
    struct drain drain = {0};
    sks_product *product;
    pthread_t thread;
    struct stat info;

    (void)unused;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    drain.fd = open("fifo", O_RDONLY | O_NONBLOCK);
    assert_true(drain.fd >= 0);
    product = create("fifo");
    assert_int_equal(fcntl(drain.fd, F_SETFL, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_to_the_end, &drain), 0);
    put(product, "text", 0);
    assert_int_equal(sks_product_commit(product), SKS_OK);
    sks_product_destroy(product);
    pthread_join(thread, NULL);
    close(drain.fd);
    assert_int_equal(drain.n, 4);
    assert_int_equal(stat("fifo", &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
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

/* ---- Reading back, and the digest. */

static void reads_back(void **unused)
{
    sks_product *product = create("new.txt");
    char text[6] = "";

    (void)unused;
    put(product, "0123456789", 0);
    assert_int_equal(sks_product_read(product, text, 5, 3), SKS_OK);
    assert_string_equal(text, "34567");
    assert_int_equal(sks_product_commit(product), SKS_OK);
    assert_int_equal(sks_product_read(product, text, 5, 5), SKS_OK);
    assert_string_equal(text, "56789");
    assert_int_equal(sks_product_read(product, text, 5, 6), SKS_ERR_IO);
    check_message("shorter than it should be");
    sks_product_destroy(product);
}

static void hex_of(const void *bytes, size_t n, char hex[33])
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, n));
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", canonical.digest[i]);
}

static void digest_is_xxh3(void **unused)
{
    static const size_t sizes[] = {0, 1, 100, 262143, 262144, 262145, 1000000};

    (void)unused;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        char *bytes = random_bytes(sizes[i]);
        char expected[33];
        sks_product *product = create("new.bin");
        sks_digest before = {""}, after = {""}, file = {""};

        hex_of(bytes, sizes[i], expected);
        assert_int_equal(sks_product_write(product, bytes, sizes[i], 0), SKS_OK);
        assert_int_equal(sks_product_digest(product, &before), SKS_OK);
        assert_int_equal(sks_product_commit(product), SKS_OK);
        assert_int_equal(sks_product_digest(product, &after), SKS_OK);
        sks_product_destroy(product);
        assert_int_equal(sks_file_digest("new.bin", &file), SKS_OK);
        assert_string_equal(before.hex, expected);
        assert_string_equal(after.hex, expected);
        assert_string_equal(file.hex, expected);
        free(bytes);
    }
    /* As xxh128sum prints it for an empty file. */
    {
        char empty[33];

        hex_of("", 0, empty);
        assert_string_equal(empty, "99aa06d3014798d86001c324468d497f");
    }
}

static void digest_of_no_file(void **unused)
{
    sks_digest digest = {"untouched"};

    (void)unused;
    assert_int_equal(sks_file_digest("none.txt", &digest), SKS_ERR_IO);
    check_message("none.txt: No such file");
    assert_string_equal(digest.hex, "untouched");
    assert_int_equal(sks_file_digest(".", &digest), SKS_ERR_IO);
    check_message("Is a directory");
    assert_string_equal(digest.hex, "untouched");
}

/* ---- Many writers at once. */

enum { N_WRITERS = 4, PIECE = 1000, N_PIECES = 500 };

struct writer {
    sks_product *product;
    const char *bytes;
    int number;
    sks_status status;
};

/* Every fourth piece, from the last one back. */
static void *write_pieces(void *argument)
{
    struct writer *w = argument;

    for (int i = N_PIECES - 1 - w->number; i >= 0 && w->status == SKS_OK; i -= N_WRITERS)
        w->status = sks_product_write(w->product, w->bytes + PIECE * i, PIECE, PIECE * (uint64_t)i);
    return NULL;
}

static void writers_at_once(void **unused)
{
    char *bytes = random_bytes(PIECE * N_PIECES);
    sks_product *product = create("new.bin");
    struct writer writer[N_WRITERS];
    pthread_t thread[N_WRITERS];
    sks_digest digest;
    char expected[33];

    (void)unused;
    for (int i = 0; i < N_WRITERS; i++) {
        writer[i] = (struct writer){product, bytes, i, SKS_OK};
        assert_int_equal(pthread_create(&thread[i], NULL, write_pieces, &writer[i]), 0);
    }
    for (int i = 0; i < N_WRITERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(writer[i].status, SKS_OK);
    }
    assert_int_equal(sks_product_commit(product), SKS_OK);
    assert_int_equal(sks_product_digest(product, &digest), SKS_OK);
    hex_of(bytes, PIECE * N_PIECES, expected);
    assert_string_equal(digest.hex, expected);
    sks_product_destroy(product);
    free(bytes);
}

static int before_each(void **unused)
{
    (void)unused;
    empty_folder();
    sks_clear();
    return 0;
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **unused)
{
    char command[80];

    (void)unused;
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", folder, folder);
    return chdir("/") != 0 || system(command) != 0;
}

#define TEST(name) cmocka_unit_test_setup(name, before_each)

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
        TEST(into_a_pipe),
        TEST(into_a_file_as_standard_output),
        TEST(discarded_standard_output),
        TEST(full_device),
        TEST(fifo),
        TEST(places_that_cannot_be_written),
        TEST(permissions_that_are_missing),
        TEST(disk_that_fills_up),
        TEST(commit_that_fails),
        TEST(reads_back),
        TEST(digest_is_xxh3),
        TEST(digest_of_no_file),
        TEST(writers_at_once),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
