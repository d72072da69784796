#include "harness/analysis/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sks_point_clear(sks_point *point)
{
    free(point->seconds);
    free(point->rounds);
    free(point->serial_seconds);
    free(point->is_disturbed);
    free(point->latencies);
    *point = (sks_point){0};
}

/* Moves those that stay to the front. */
size_t sks_point_keep(sks_point *p, const bool *is_kept)
{
    size_t kept = 0, before = p->n;

    for (size_t i = 0; i < before; i++) {
        if (!is_kept[i])
            continue;
        p->seconds[kept] = p->seconds[i];
        if (p->rounds != NULL)
            p->rounds[kept] = p->rounds[i];
        if (p->serial_seconds != NULL)
            p->serial_seconds[kept] = p->serial_seconds[i];
        if (p->latencies != NULL)
            p->latencies[kept] = p->latencies[i];
        if (p->is_disturbed != NULL)
            p->is_disturbed[kept] = p->is_disturbed[i]; /* may be is_kept, which is read before */
        kept++;
    }
    p->n = kept;
    return before - kept;
}

static size_t drop_disturbed(sks_point *p)
{
    size_t n_dropped;

    if (p->is_disturbed == NULL)
        return 0;
    for (size_t i = 0; i < p->n; i++)
        p->is_disturbed[i] = !p->is_disturbed[i];
    n_dropped = sks_point_keep(p, p->is_disturbed);
    free(p->is_disturbed);
    p->is_disturbed = NULL;
    p->n_dropped += n_dropped;
    return n_dropped;
}

size_t sks_series_drop_disturbed(sks_series *series)
{
    size_t n_dropped = 0;

    for (size_t j = 0; j < series->n_points; j++)
        n_dropped += drop_disturbed(&series->points[j]);
    return n_dropped;
}

void sks_series_clear(sks_series *series)
{
    for (size_t j = 0; j < series->n_points; j++)
        sks_point_clear(&series->points[j]);
    free(series->points);
    free(series->kernel);
    free(series->parameters);
    free(series->all_parameters);
    free(series->executor);
    free(series->scheduler);
    free(series->binding);
    *series = (sks_series){0};
}

void sks_series_free(sks_series *series, size_t n)
{
    for (size_t i = 0; series != NULL && i < n; i++)
        sks_series_clear(&series[i]);
    free(series);
}

enum { N_FIELDS = 6, FIELD_SCHEDULER = 1, FIELD_PARAMETERS = 5 };

/* The texts that name a series, in the order in which a label shows them. */
static const char *field(const sks_series *series, int i)
{
    const char *const texts[N_FIELDS] = {series->kernel,
                                         series->scheduler,
                                         series->executor,
                                         series->binding,
                                         series->is_weak ? "weak scaling" : "strong scaling",
                                         series->parameters};

    return texts[i];
}

static bool is_alike(const sks_series *const *series, size_t n, int i)
{
    for (size_t j = 1; j < n; j++)
        if (strcmp(field(series[j], i), field(series[0], i)) != 0)
            return false;
    return true;
}

/* Whether "name=value" (the first `length` bytes) is one of the parameters. */
static bool has_parameter(const char *parameters, const char *item, size_t length)
{
    for (const char *p = parameters; *p != '\0'; p += strspn(p, ",")) {
        size_t this_length = strcspn(p, ",");

        if (this_length == length && strncmp(p, item, length) == 0)
            return true;
        p += this_length;
    }
    return false;
}

static void append(char *text, const char *item, size_t length)
{
    if (length == 0)
        return;
    if (text[0] != '\0')
        strcat(text, ", ");
    strncat(text, item, length);
}

/* Appends those parameters of series[i] that not all series have, of its kernel only where the
 * label names it. */
static void append_parameters(const sks_series *const *series, size_t n, size_t i, bool with_kernel,
                              char *text)
{
    const char *kernel = with_kernel ? series[i]->kernel : NULL;

    for (const char *p = series[i]->parameters; *p != '\0'; p += strspn(p, ",")) {
        size_t length = strcspn(p, ",");
        bool is_shared = true;

        for (size_t j = 0; j < n; j++)
            is_shared = is_shared && ((kernel != NULL && strcmp(series[j]->kernel, kernel) != 0) ||
                                      has_parameter(series[j]->parameters, p, length));
        if (!is_shared)
            append(text, p, length);
        p += length;
    }
}

sks_status sks_series_label(const sks_series *const *series, size_t n, size_t i, bool with_kernel,
                            char **label)
{
    char *text;
    size_t size = 1;

    for (int f = 0; f < N_FIELDS; f++)
        size += strlen(field(series[i], f)) + strlen(", ");
    size += strlen(series[i]->parameters); /* each of its commas becomes a comma and a blank */
    text = malloc(size);
    if (text == NULL)
        return sks_fail_nomem("label of a series");
    text[0] = '\0';
    for (int f = with_kernel ? 0 : 1; f < N_FIELDS; f++)
        if (f == FIELD_PARAMETERS)
            append_parameters(series, n, i, with_kernel, text);
        else if (f == FIELD_SCHEDULER || !is_alike(series, n, f))
            append(text, field(series[i], f), strlen(field(series[i], f)));
    *label = text;
    return SKS_OK;
}
