/* Property: a product can be read back before and after it is committed; its digest is XXH3-128 of
 * its bytes, in whichever order and by however many threads they were written. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include <cmocka.h>

#include "tests/unit/product_folder.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_back),
        TEST(digest_is_xxh3),
        TEST(digest_of_no_file),
        TEST(writers_at_once),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
