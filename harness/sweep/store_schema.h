/* The tables and views of a campaign database, and how older ones are brought up to date; for
 * harness/sweep only.
 *
 * Versions
 *   1  skyscale 0.1.0 at first
 *   2  weak scaling, flags for disturbed samples, chunks, events, views
 * A writer brings an older database up to date for good, in one transaction. A reader leaves the
 * file as it is and puts temporary views in front of its tables that give them today's columns. */
#ifndef SKYSCALE_STORE_SCHEMA_H
#define SKYSCALE_STORE_SCHEMA_H

#include "harness/sweep/store_sql.h"

/* The columns of table `sample` behind id and configuration_id. The order is that of the CSV file,
 * and new ones come last. */
typedef struct sks_sample_column {
    const char *name;
    enum { SKS_COLUMN_INTEGER, SKS_COLUMN_REAL, SKS_COLUMN_TEXT } type;
} sks_sample_column;
extern const sks_sample_column sks_sample_column_table[]; /* ends with .name == NULL */

/* The tables with some rows per sample, as they go into exports: their columns behind sample_id in
 * this order, each row an array in CSV and an object in JSON. */
typedef struct sks_part {
    const char *name;    /* of the cell, or the key: "workers" */
    const char *table;   /* "worker" */
    const char *columns; /* "worker, asked_pu, …" */
    const char *order;   /* beside sample_id */
} sks_part;
enum { SKS_PART_WORKERS, SKS_PART_COUNTERS, SKS_PART_NOTES, SKS_PART_EVENTS, SKS_PART_CHUNKS };
enum { SKS_N_PARTS = SKS_PART_CHUNKS + 1 };
extern const sks_part sks_part_table[SKS_N_PARTS];

/* Is it a campaign, of a schema this program knows? Sets is_fresh and version. A database without
 * any table counts as new. */
sks_status sks_store_check_schema(sks_store *store);

/* Makes the tables of a new database; inside the caller's transaction. */
sks_status sks_store_make_schema(sks_store *store);

/* The default limits for flagging samples, where the campaign has none. */
sks_status sks_store_insert_limits(const sks_store *store);

/* Brings a database of an older version up to date, for good or for this reader only. */
sks_status sks_store_migrate(sks_store *store);
sks_status sks_store_disguise(sks_store *store);

/* The columns of one row per sample, with those of its configuration, for a SELECT whose FROM is
 * SKS_SAMPLES_FROM. From malloc. */
sks_status sks_samples_columns_sql(char **sql);
#define SKS_SAMPLES_FROM " FROM sample s JOIN configuration c ON c.id = s.configuration_id "

#endif
