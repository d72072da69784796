/* Whether the files that parameters name get into each other's way. */
#include "common/param.h"

#include <string.h>
#include <sys/stat.h>

/* What stat() says of a file name, without the extension or section in brackets after it. */
static bool identify(const char *name, struct stat *info)
{
    char path[4096];
    size_t length = strcspn(name, "[");

    if (stat(name, info) == 0)
        return true;
    if (name[length] == '\0' || length >= sizeof(path))
        return false;
    memcpy(path, name, length);
    path[length] = '\0';
    return stat(path, info) == 0;
}

/* Devices and pipes can be written to by two and be read as well. */
static bool are_same(const char *a, const char *b)
{
    struct stat of_a, of_b;

    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
        return false;
    if (!identify(a, &of_a) || !identify(b, &of_b))
        return strcmp(a, b) == 0;
    return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

sks_status sks_values_check_files(const sks_values *values)
{
    const sks_param *table = sks_values_table(values);

    for (const sks_param *out = table; out->name != NULL; out++) {
        if (out->type != SKS_OUTPUT || !sks_values_has(values, out->name))
            continue;
        for (const sks_param *other = table; other->name != NULL; other++) {
            bool is_pair = other->type == SKS_INPUT || (other->type == SKS_OUTPUT && other < out);

            if (is_pair && sks_values_has(values, other->name) &&
                are_same(sks_values_text(values, out->name), sks_values_text(values, other->name)))
                return sks_fail(SKS_ERR_USAGE, "%s and %s are the same file: %s", other->name,
                                out->name, sks_values_text(values, out->name));
        }
    }
    return SKS_OK;
}
