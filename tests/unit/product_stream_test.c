/* Property: a product that goes where nothing can be replaced (standard output, a pipe, a device)
 * goes there whole, when it is committed and not before, behind what is there already. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <cmocka.h>

#include "tests/unit/product_folder.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(into_a_pipe),
        TEST(into_a_file_as_standard_output),
        TEST(discarded_standard_output),
        TEST(full_device),
        TEST(fifo),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
