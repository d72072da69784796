#include "harness/present/selection.h"

#include <stdio.h>
#include <string.h>

/* The length of the list's first name. Options of a scheduler are separated by commas as well, but
 * unlike a name each has a value: "stealing:victim=random,amount=half,static". */
static size_t name_length(const char *list)
{
    size_t length = strcspn(list, ",");

    while (list[length] == ',') {
        const char *next = &list[length + 1];
        const size_t next_length = strcspn(next, ",");
        const char *value = memchr(next, '=', next_length);

        if (value == NULL || memchr(next, ':', (size_t)(value - next)) != NULL)
            break;
        length += 1 + next_length;
    }
    return length;
}

static bool is_listed(const char *list, const char *text)
{
    const size_t plain = strcspn(text, ":");

    while (list != NULL) {
        const size_t length = name_length(list);

        if (strncmp(list, text, length) == 0 && (text[length] == '\0' || length == plain))
            return true;
        list = list[length] == ',' ? &list[length + 1] : NULL;
    }
    return false;
}

bool sks_selection_has(const sks_selection *selection, const char *kernel, const char *executor,
                       const char *scheduler)
{
    return (selection->kernels == NULL || is_listed(selection->kernels, kernel)) &&
           (selection->executors == NULL || is_listed(selection->executors, executor)) &&
           (selection->schedulers == NULL || is_listed(selection->schedulers, scheduler));
}

size_t sks_selection_keep(const sks_selection *selection, sks_series *series, size_t n)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        const sks_series s = series[i];

        if (!sks_selection_has(selection, s.kernel, s.executor, s.scheduler))
            continue;
        series[i] = series[n_kept];
        series[n_kept++] = s;
    }
    for (size_t i = n_kept; i < n; i++)
        sks_series_clear(&series[i]);
    return n_kept;
}

sks_status sks_selection_is_empty(const sks_selection *selection, const char *source)
{
    const char *const options[] = {"--kernel", "--executor", "--scheduler"};
    const char *const lists[] = {selection->kernels, selection->executors, selection->schedulers};
    char asked[512] = "";
    size_t at = 0;

    for (size_t i = 0; i < 3; i++)
        if (lists[i] != NULL && at < sizeof(asked))
            at += (size_t)snprintf(asked + at, sizeof(asked) - at, " %s %s", options[i], lists[i]);
    return sks_fail(SKS_ERR_INPUT, "%s: no samples are of%s", source, asked);
}
