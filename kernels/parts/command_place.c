#include "kernels/parts/command_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE, STEM, NAME, FOLDER, TITLE, NUMBER };

const sks_place_form sks_place_forms[SKS_N_PLACES] = {
    [LINE] = {"{}", "sks_line"},     [STEM] = {"{.}", "sks_stem"},
    [NAME] = {"{/}", "sks_name"},    [FOLDER] = {"{//}", "sks_folder"},
    [TITLE] = {"{/.}", "sks_title"}, [NUMBER] = {"{#}", "sks_number"},
};

struct span {
    const char *begin;
    size_t length;
};

bool sks_place_starts(const char *text, size_t *which)
{
    if (text[0] != '{')
        return false;
    for (size_t i = 0; i < SKS_N_PLACES; i++) /* none is the beginning of another */
        if (strncmp(text, sks_place_forms[i].text, strlen(sks_place_forms[i].text)) == 0) {
            *which = i;
            return true;
        }
    return false;
}

/* Up to the last dot, when at least one character and no slash comes after it. */
static struct span without_extension(struct span s)
{
    const char *dot = memrchr(s.begin, '.', s.length);
    size_t stem = dot != NULL ? (size_t)(dot - s.begin) : s.length;

    if (dot != NULL && stem + 1 < s.length && memchr(dot, '/', s.length - stem) == NULL)
        s.length = stem;
    return s;
}

static struct span without_folder(struct span s)
{
    const char *slash = memrchr(s.begin, '/', s.length);

    if (slash != NULL) {
        s.length -= (size_t)(slash + 1 - s.begin);
        s.begin = slash + 1;
    }
    return s;
}

/* But for the first character, which may be the root. */
static struct span without_last_slashes(struct span s)
{
    while (s.length > 1 && s.begin[s.length - 1] == '/')
        s.length--;
    return s;
}

static struct span folder(struct span s)
{
    const char *slash;

    s = without_last_slashes(s);
    slash = memrchr(s.begin, '/', s.length);
    if (slash == NULL)
        return (struct span){".", 1};
    s.length = (size_t)(slash + 1 - s.begin);
    return without_last_slashes(s);
}

size_t sks_place_fill(size_t which, const char *input, uint64_t number, char *to)
{
    struct span s = {input, strlen(input)};
    char digits[24];

    switch (which) {
    case STEM:
        s = without_extension(s);
        break;
    case NAME:
        s = without_folder(s);
        break;
    case FOLDER:
        s = folder(s);
        break;
    case TITLE:
        s = without_extension(without_folder(s));
        break;
    case NUMBER:
        s.length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number);
        s.begin = digits;
        break;
    default:
        break;
    }
    if (to != NULL)
        memcpy(to, s.begin, s.length);
    return s.length;
}
