/* What the commands that analyse a campaign share: which time, which points, and the fits. */
#ifndef SKYSCALE_CAMPAIGN_H
#define SKYSCALE_CAMPAIGN_H

#include "common/param.h"
#include "harness/analysis/fit.h"

/* Rows for the parameter tables of such commands. */
extern const char *const sks_per_choices[];
extern const char *const sks_oversubscribed_choices[];
extern const char *const sks_disturbed_choices[];
#define SKS_ANALYSIS_PARAMS                                                                        \
    {.name = "per",                                                                                \
     .type = SKS_CHOICE,                                                                           \
     .choices = sks_per_choices,                                                                   \
     .default_text = "total",                                                                      \
     .help =                                                                                       \
         "the time analysed: the whole run (total), its parallel part, or what each core spent "   \
         "computing (core), on average: the parallel part without waiting and scheduling"},        \
        {.name = "oversubscribed",                                                                 \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_oversubscribed_choices,                                                    \
         .default_text = "leave-out",                                                              \
         .help = "points with more workers than places: left out of the fits, fitted apart, or "   \
                 "included"},                                                                      \
        {.name = "disturbed",                                                                      \
         .type = SKS_CHOICE,                                                                       \
         .choices = sks_disturbed_choices,                                                         \
         .default_text = "keep",                                                                   \
         .help = "samples that were flagged as disturbed"},                                        \
        {.name = "confidence",                                                                     \
         .type = SKS_REAL,                                                                         \
         .min = 0.5,                                                                               \
         .max = 0.999,                                                                             \
         .default_text = "0.95",                                                                   \
         .help = "of all intervals"},                                                              \
        {.name = "replicates",                                                                     \
         .type = SKS_INT,                                                                          \
         .min = 100,                                                                               \
         .max = 1000000,                                                                           \
         .default_text = "1000",                                                                   \
         .help = "of the bootstrap"},                                                              \
    {                                                                                              \
        .name = "seed", .type = SKS_INT, .min = 0, .max = 9e15, .default_text = "1",               \
        .help = "of the bootstrap: the same seed gives the same intervals"                         \
    }

/* A campaign's series and their fits. */
typedef struct sks_campaign {
    sks_series *series; /* [n] */
    sks_fit *fits;      /* [n], of those series */
    size_t n;
} sks_campaign;

/* Reads and fits all series of the database; `options` has the rows above. SKS_ERR_INPUT when it
 * holds no sample. Freed with sks_campaign_clear. */
sks_status sks_campaign_read(const char *path, const sks_values *options, sks_campaign *campaign);
void sks_campaign_clear(sks_campaign *campaign); /* accepts one that is all zero */

/* The fits of series that are there already. */
sks_status sks_campaign_fit(const sks_values *options, sks_campaign *campaign);

/* Series without any sample go to the end and are cleared; returns how many are left. */
size_t sks_campaign_drop_empty(sks_series *series, size_t n);

/* The series alone; `options` needs "per" and "disturbed" only. Freed with sks_series_free. */
sks_status sks_campaign_read_series(const char *path, const sks_values *options,
                                    sks_series **series, size_t *n);

/* NAME.db in the current folder for FOLDER/NAME.yaml or FOLDER/NAME.csv; from malloc, NULL when
 * memory ran out. */
char *sks_default_database(const char *file);

/* "total time", "time per core", "time of the parallel part". */
const char *sks_campaign_time_name(const sks_values *options);

/* "5%" -> 0.05. *value stays as it is when the option was not given. SKS_ERR_USAGE. */
sks_status sks_campaign_percentage(const sks_values *options, const char *name, double *value);

#endif
