#include "harness/sweep/store_schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long to wait for readers and for other programs. */
enum { BUSY_MS = 10000 };

sks_status sks_store_fail(const sks_store *store)
{
    switch (sqlite3_errcode(store->db)) {
    case SQLITE_NOTADB:
        return sks_fail(SKS_ERR_INPUT, "%s: not a campaign database", store->path);
    case SQLITE_CORRUPT:
        return sks_fail(SKS_ERR_INPUT, "%s: the database is damaged (%s)", store->path,
                        sqlite3_errmsg(store->db));
    case SQLITE_NOMEM:
        return sks_fail_nomem("the database");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sks_fail(SKS_ERR_IO, "%s: another program keeps the database locked", store->path);
    default:
        return sks_fail(SKS_ERR_IO, "%s: %s", store->path, sqlite3_errmsg(store->db));
    }
}

sks_status sks_store_exec(const sks_store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? SKS_OK
                                                                       : sks_store_fail(store);
}

sks_status sks_store_prepare(const sks_store *store, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK
               ? SKS_OK
               : sks_store_fail(store);
}

sks_status sks_store_step(const sks_store *store, sqlite3_stmt *statement, bool *has_row)
{
    int code = sqlite3_step(statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sks_store_fail(store);
    *has_row = code == SQLITE_ROW;
    return SKS_OK;
}

sks_status sks_store_insert(const sks_store *store, sqlite3_stmt *statement)
{
    bool has_row;
    sks_status status = sks_store_step(store, statement, &has_row);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

static int slot(sqlite3_stmt *statement, const char *name)
{
    int i = sqlite3_bind_parameter_index(statement, name);

    assert(i > 0);
    return i;
}

void sks_store_bind_real(sqlite3_stmt *statement, const char *name, double value)
{
    if (isnan(value))
        sqlite3_bind_null(statement, slot(statement, name));
    else
        sqlite3_bind_double(statement, slot(statement, name), value);
}

void sks_store_bind_int(sqlite3_stmt *statement, const char *name, int64_t value)
{
    sqlite3_bind_int64(statement, slot(statement, name), value);
}

void sks_store_bind_known(sqlite3_stmt *statement, const char *name, int64_t value)
{
    if (value >= 0)
        sks_store_bind_int(statement, name, value);
    else
        sqlite3_bind_null(statement, slot(statement, name));
}

void sks_store_bind_text(sqlite3_stmt *statement, const char *name, const char *value)
{
    sqlite3_bind_text(statement, slot(statement, name), value, -1, SQLITE_TRANSIENT);
}

double sks_store_real(sqlite3_stmt *statement, int i)
{
    return sqlite3_column_type(statement, i) == SQLITE_NULL ? NAN
                                                            : sqlite3_column_double(statement, i);
}

const char *sks_store_text(sqlite3_stmt *statement, int i)
{
    const unsigned char *text = sqlite3_column_text(statement, i);

    return text != NULL ? (const char *)text : "";
}

sks_status sks_store_query_int(const sks_store *store, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    bool has_row = false;
    sks_status status = sks_store_prepare(store, sql, &statement);

    if (status == SKS_OK)
        status = sks_store_step(store, statement, &has_row);
    if (status == SKS_OK)
        *value = has_row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status;
}

/* Takes the lock of the file called `path` now: one that lost its name between opening and locking
 * is let go. */
static sks_status take_lock(sks_store *store)
{
    struct stat held, named;

    for (;;) {
        int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

        store->was_created = fd >= 0;
        if (fd < 0)
            fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return sks_fail(SKS_ERR_IO, "%s: %s", store->path, strerror(errno));
        store->lock = fd;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0)
            return sks_fail(SKS_ERR_IO,
                            errno == EWOULDBLOCK ? "%s: another skyscale is measuring into it"
                                                 : "%s: cannot be locked",
                            store->path);
        if (fstat(fd, &held) == 0 && stat(store->path, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev)
            return SKS_OK;
        close(fd);
        store->lock = -1;
    }
}

static sks_status open_database(sks_store *s, int flags)
{
    sks_status status = SKS_OK;

    /* No locks around every column that is read: a store is used by one thread at a time. */
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        status = sks_store_fail(s);
    if (status == SKS_OK) {
        sqlite3_busy_timeout(s->db, BUSY_MS);
        status = sks_store_check_schema(s);
    }
    return status;
}

/* A sweep killed within a transaction of the old kind (while it changes the kind of its log) leaves
 * a journal that somebody has to roll back before anyone can read. */
static sks_status open_after_rollback(sks_store *s)
{
    sks_status status;

    sks_clear();
    sqlite3_close(s->db);
    s->db = NULL;
    status = open_database(s, SQLITE_OPEN_READWRITE);
    return status == SKS_OK ? sks_store_exec(s, "PRAGMA query_only = ON") : status;
}

static sks_status open_store(const char *path, bool is_writer, sks_store **store)
{
    sks_store *s = calloc(1, sizeof(*s));
    sks_status status = SKS_OK;

    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return sks_fail_nomem("the database");
    }
    s->lock = -1;
    if (path[0] == ':') /* SQLite's own names for databases that are not kept */
        status = sks_fail(SKS_ERR_USAGE, "%s: need the name of a file", path);
    else if (is_writer)
        status = take_lock(s);
    else if (access(path, R_OK) != 0)
        status = sks_fail(SKS_ERR_IO, "%s: %s", path, strerror(errno));
    if (status == SKS_OK) {
        status = open_database(s, is_writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
        if (status != SKS_OK && !is_writer && sqlite3_errcode(s->db) == SQLITE_READONLY)
            status = open_after_rollback(s);
    }
    if (status != SKS_OK) {
        sks_store_close(s);
        return status;
    }
    *store = s;
    return SKS_OK;
}

sks_status sks_store_open(const char *path, sks_store **store)
{
    sks_store *s = NULL;
    sks_status status = open_store(path, true, &s);

    /* FULL: a committed sample survives a power cut too; the wait is outside the timed region. */
    if (status == SKS_OK)
        status = sks_store_exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON;");
    if (status == SKS_OK && s->is_old)
        status = sks_store_migrate(s);
    if (status != SKS_OK) {
        sks_store_close(s);
        return status;
    }
    *store = s;
    return SKS_OK;
}

sks_status sks_store_open_read(const char *path, sks_store **store)
{
    sks_store *s = NULL;
    sks_status status = open_store(path, false, &s);

    if (status == SKS_OK && s->is_fresh)
        status = sks_fail(SKS_ERR_INPUT, "%s: not a campaign database, it is empty", path);
    if (status == SKS_OK && s->is_old)
        status = sks_store_disguise(s);
    if (status != SKS_OK) {
        sks_store_close(s);
        return status;
    }
    *store = s;
    return SKS_OK;
}

void sks_store_close(sks_store *store)
{
    if (store == NULL)
        return;
    if (store->db != NULL) {
        /* At rest a campaign is one plain file that can be read from anywhere, also where nothing
         * may be written. Refused while somebody reads: then the log stays, which is no harm. */
        if (store->lock >= 0 && !store->is_fresh) {
            sqlite3_busy_timeout(store->db, 0);
            sqlite3_exec(store->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
        }
        sqlite3_close(store->db);
    }
    if (store->lock >= 0) {
        if (store->was_created && store->is_fresh)
            unlink(store->path);
        close(store->lock);
    }
    free(store->ids);
    free(store->path);
    free(store);
}
