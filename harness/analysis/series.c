#include "harness/analysis/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sks_series_free(sks_series *series, size_t n)
{
    if (series == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < series[i].n_points; j++)
            free(series[i].points[j].seconds);
        free(series[i].points);
        free(series[i].kernel);
        free(series[i].parameters);
        free(series[i].executor);
        free(series[i].scheduler);
        free(series[i].binding);
    }
    free(series);
}

enum { N_FIELDS = 5, FIELD_SCHEDULER = 1 };

/* The texts that name a series, in the order in which a label shows them. */
static const char *field(const sks_series *series, int i)
{
    const char *const texts[N_FIELDS] = {series->kernel, series->scheduler, series->executor,
                                         series->binding, series->parameters};

    return texts[i];
}

static bool is_alike(const sks_series *const *series, size_t n, int i)
{
    for (size_t j = 1; j < n; j++)
        if (strcmp(field(series[j], i), field(series[0], i)) != 0)
            return false;
    return true;
}

sks_status sks_series_label(const sks_series *const *series, size_t n, size_t i, bool with_kernel,
                            char **label)
{
    char *text;
    size_t size = 1;

    for (int f = 0; f < N_FIELDS; f++)
        size += strlen(field(series[i], f)) + strlen(", ");
    text = malloc(size);
    if (text == NULL)
        return sks_fail_nomem("label of a series");
    text[0] = '\0';
    for (int f = with_kernel ? 0 : 1; f < N_FIELDS; f++) {
        if ((f != FIELD_SCHEDULER && is_alike(series, n, f)) || field(series[i], f)[0] == '\0')
            continue;
        if (text[0] != '\0')
            strcat(text, ", ");
        strcat(text, field(series[i], f));
    }
    *label = text;
    return SKS_OK;
}
