/* What the parts of the store share; for harness/sweep only. */
#ifndef SKYSCALE_STORE_SQL_H
#define SKYSCALE_STORE_SQL_H

#include "harness/sweep/store.h"

#include <sqlite3.h>
#include <stdint.h>

struct sks_store {
    sqlite3 *db;
    char *path;
    int lock;         /* descriptor that holds the flock; -1 for a reader */
    bool was_created; /* the file, by us */
    bool is_fresh;    /* no schema in it yet */
    bool is_old;      /* its schema is an older version's */
    int64_t *ids;     /* [n_ids] configuration.id of each of the plan's items */
    size_t n_ids;
};

/* Fails with SQLite's own text, sorted into our statuses. */
sks_status sks_store_fail(const sks_store *store);

sks_status sks_store_exec(const sks_store *store, const char *sql);
sks_status sks_store_prepare(const sks_store *store, const char *sql, sqlite3_stmt **statement);

/* One step of a query: *has_row tells whether there is a row. */
sks_status sks_store_step(const sks_store *store, sqlite3_stmt *statement, bool *has_row);

/* Runs a statement that gives no rows, and makes it ready for the next values. */
sks_status sks_store_insert(const sks_store *store, sqlite3_stmt *statement);

/* Values by name (":total_s"); a name that the statement lacks is a bug. NaN becomes NULL, as do
 * negative numbers where -1 means "not known", and NULL texts. */
void sks_store_bind_real(sqlite3_stmt *statement, const char *name, double value);
void sks_store_bind_int(sqlite3_stmt *statement, const char *name, int64_t value);
void sks_store_bind_known(sqlite3_stmt *statement, const char *name, int64_t value);
void sks_store_bind_text(sqlite3_stmt *statement, const char *name, const char *value);

/* Column i; NULL becomes NaN and "". The text lives until the next step. */
double sks_store_real(sqlite3_stmt *statement, int i);
const char *sks_store_text(sqlite3_stmt *statement, int i);

/* The one number a query gives; 0 when it gives none. */
sks_status sks_store_query_int(const sks_store *store, const char *sql, int64_t *value);

/* What was recorded of a run's chunks and of what happened to it; inside the caller's
 * transaction. */
sks_status sks_store_insert_chunks(const sks_store *store, int64_t sample,
                                   const sks_record *record);
sks_status sks_store_insert_events(const sks_store *store, int64_t sample,
                                   const sks_record *record);

#endif
