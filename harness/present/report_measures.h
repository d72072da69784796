/* What a report shows of a campaign beside its times: phases, imbalance, counters, noise, and the
 * circumstances.
 *
 * Ownership  measures own all they hold; cleared with sks_measures_clear.
 * Errors     as the store's.
 */
#ifndef SKYSCALE_REPORT_MEASURES_H
#define SKYSCALE_REPORT_MEASURES_H

#include "harness/analysis/statistics.h"
#include "harness/sweep/facts.h"

/* What is shown of every configuration, by the names of sks_store_series. */
typedef enum sks_measure {
    SKS_MEASURE_STARTUP,
    SKS_MEASURE_PREPARE,
    SKS_MEASURE_PARALLEL,
    SKS_MEASURE_CORE,
    SKS_MEASURE_FINISH,
    SKS_MEASURE_TOTAL,
    SKS_MEASURE_IMBALANCE,
    SKS_MEASURE_OVERHEAD,
    SKS_MEASURE_CHUNKS,
    SKS_MEASURE_START_SKEW,
    SKS_MEASURE_LATENCY,
    SKS_MEASURE_STEAL,
    SKS_MEASURE_OTHER_LOAD,
    SKS_MEASURE_SWITCHES,
    SKS_MEASURE_MAJOR_FAULTS,
    SKS_MEASURE_FREQUENCY,
    SKS_N_MEASURES
} sks_measure;

typedef struct sks_series_list {
    sks_series *series; /* [n] */
    size_t n;
} sks_series_list;

typedef struct sks_measures {
    sks_facts facts;
    json_t *circumstances; /* as from sks_circumstances_read */
    sks_series_list quantities[SKS_N_MEASURES];
    size_t n_events;
    char **events;             /* [n_events], counters of which there is at least one value */
    sks_series_list *counters; /* [n_events] */
} sks_measures;

sks_status sks_measures_read(const char *path, sks_measures *measures);
void sks_measures_clear(sks_measures *measures); /* accepts one that is all zero */

/* Of the configuration that is series `like` with so many workers: the median of its samples and
 * the interval; sks_no_estimate when the list lacks it. Sorts those samples. */
sks_estimate sks_measures_median(const sks_series_list *list, const sks_series *like,
                                 unsigned n_workers, double confidence);

/* All values of a list, ascending; the caller frees *values. SKS_ERR_NOMEM. */
sks_status sks_measures_all(const sks_series_list *list, double **values, size_t *n);

#endif
