/* What the tests of products share: an empty folder for each of them, what lies in it, and products
 * that must succeed. Include after <cmocka.h>. */
#ifndef SKYSCALE_TESTS_PRODUCT_FOLDER_H
#define SKYSCALE_TESTS_PRODUCT_FOLDER_H

#include "kernels/parts/product.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/skyscale-product-XXXXXX";

/* The names in the current folder, each followed by a blank; in static memory. */
static inline const char *listing(void)
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

static inline void empty_folder(void)
{
    assert_int_equal(system("rm -rf ./*"), 0);
}

static inline void put_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void check_file(const char *name, const char *text)
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

static inline sks_product *create(const char *path)
{
    sks_product *product;

    if (sks_product_create(path, &product) != SKS_OK)
        fail_msg("%s", sks_message());
    return product;
}

static inline void put(sks_product *product, const char *text, uint64_t offset)
{
    if (sks_product_write(product, text, strlen(text), offset) != SKS_OK)
        fail_msg("%s", sks_message());
}

static inline void check_message(const char *says)
{
    if (strstr(sks_message(), says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", sks_message(), says);
    sks_clear();
}

/* free() them. */
static inline char *random_bytes(size_t n)
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

static inline int before_each(void **unused)
{
    (void)unused;
    empty_folder();
    sks_clear();
    return 0;
}

static inline int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static inline int remove_folder(void **unused)
{
    char command[80];

    (void)unused;
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", folder, folder);
    return chdir("/") != 0 || system(command) != 0;
}

#define TEST(name) cmocka_unit_test_setup(name, before_each)

#endif
