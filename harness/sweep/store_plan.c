/* The plan in the database: entered once, compared ever after. */
#include "harness/sweep/store_schema.h"
#include "kernels/parts/product.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#ifndef SKS_VERSION
#error "the build defines SKS_VERSION"
#endif

enum { N_SETTINGS = 11, SETTING_SIZE = 1024 };

/* What two plans must have in common, besides inputs and configurations, as rows of `campaign`. */
struct setting {
    const char *key;
    char value[SETTING_SIZE];
};

static void list_settings(const sks_plan *plan, struct setting settings[N_SETTINGS])
{
    struct setting *s = settings;

#define SETTING(name, ...)                                                                         \
    do {                                                                                           \
        s->key = name;                                                                             \
        snprintf(s->value, SETTING_SIZE, __VA_ARGS__);                                             \
        s++;                                                                                       \
    } while (0)
    SETTING("version", "%s", SKS_VERSION);
    SETTING("name", "%s", plan->campaign);
    SETTING("counters", "%s", plan->events);
    SETTING("counter_source", "%s", plan->counter_source);
    SETTING("repeat.warmup", "%u", plan->n_warmup);
    SETTING("repeat.min", "%u", plan->n_min);
    SETTING("repeat.max", "%u", plan->n_max);
    SETTING("repeat.interval", "%.15g%%", 100 * plan->interval);
    SETTING("confidence", "%.15g", plan->confidence);
    SETTING("seed", "%llu", (unsigned long long)plan->seed);
    SETTING("record", "%s", plan->records_chunks ? "chunks" : "nothing");
#undef SETTING
}

struct input_content {
    sks_digest digest;
    int64_t size_bytes;
};

static sks_status read_inputs(const sks_plan *plan, struct input_content **contents)
{
    struct input_content *c = calloc(plan->n_inputs + 1, sizeof(*c));
    sks_status status = SKS_OK;

    if (c == NULL)
        return sks_fail_nomem("the inputs");
    for (size_t i = 0; status == SKS_OK && i < plan->n_inputs; i++) {
        struct stat info;

        status = sks_file_digest(plan->inputs[i].path, &c[i].digest);
        if (status == SKS_OK && stat(plan->inputs[i].path, &info) != 0)
            status = sks_fail(SKS_ERR_IO, "%s: %s", plan->inputs[i].path, strerror(errno));
        if (status == SKS_OK)
            c[i].size_bytes = info.st_size;
    }
    if (status != SKS_OK) {
        free(c);
        return status;
    }
    *contents = c;
    return SKS_OK;
}

static sks_status insert_campaign(const sks_store *store, const sks_plan *plan, const char *machine)
{
    struct setting settings[N_SETTINGS];
    char now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    sqlite3_stmt *insert = NULL;
    sks_status status =
        sks_store_prepare(store, "INSERT INTO campaign VALUES (:key, :value)", &insert);

    list_settings(plan, settings);
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    const char *const texts[][2] = {
        {"sweep", plan->text}, {"machine", machine}, {"created_at", now}};
    for (size_t i = 0; status == SKS_OK && i < N_SETTINGS; i++) {
        sks_store_bind_text(insert, ":key", settings[i].key);
        sks_store_bind_text(insert, ":value", settings[i].value);
        status = sks_store_insert(store, insert);
    }
    for (size_t i = 0; status == SKS_OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
        sks_store_bind_text(insert, ":key", texts[i][0]);
        sks_store_bind_text(insert, ":value", texts[i][1]);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

static sks_status insert_inputs(const sks_store *store, const sks_plan *plan,
                                const struct input_content *contents)
{
    sqlite3_stmt *insert = NULL;
    sks_status status =
        sks_store_prepare(store, "INSERT INTO input VALUES (:path, :digest, :size)", &insert);

    for (size_t i = 0; status == SKS_OK && i < plan->n_inputs; i++) {
        sks_store_bind_text(insert, ":path", plan->inputs[i].name);
        sks_store_bind_text(insert, ":digest", contents[i].digest.hex);
        sks_store_bind_int(insert, ":size", contents[i].size_bytes);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

static sks_status insert_configurations(const sks_store *store, const sks_plan *plan)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store,
        "INSERT INTO configuration (key, kernel, parameters, parameters_text, executor, scheduler,"
        " n_workers, binding, is_oversubscribed, is_weak, series_parameters,"
        " series_parameters_text) VALUES (:key, :kernel, :parameters, :text, :executor,"
        " :scheduler, :workers, :binding, :oversubscribed, :weak, :series, :series_text)",
        &insert);

    for (size_t i = 0; status == SKS_OK && i < plan->n_items; i++) {
        const sks_plan_item *item = &plan->items[i];

        sks_store_bind_text(insert, ":key", item->key);
        sks_store_bind_text(insert, ":kernel", item->configuration.kernel->name);
        sks_store_bind_text(insert, ":parameters", item->parameters);
        sks_store_bind_text(insert, ":text", item->parameters_text);
        sks_store_bind_text(insert, ":executor", item->configuration.executor->name);
        sks_store_bind_text(insert, ":scheduler", item->scheduler);
        sks_store_bind_int(insert, ":workers", item->configuration.n_workers);
        sks_store_bind_text(insert, ":binding", item->configuration.binding);
        sks_store_bind_int(insert, ":oversubscribed", item->is_oversubscribed);
        sks_store_bind_int(insert, ":weak", item->is_weak);
        sks_store_bind_text(insert, ":series", item->series_parameters);
        sks_store_bind_text(insert, ":series_text", item->series_parameters_text);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

/* The rule for flagging samples as the sweep file has it now: it is about reading the samples, not
 * about taking them, so that it may change. */
static sks_status write_limits(const sks_store *store, const sks_plan *plan)
{
    sqlite3_stmt *insert = NULL;
    sks_status status = sks_store_prepare(
        store, "INSERT OR REPLACE INTO campaign VALUES ('disturbed.' || :name, :limit)", &insert);

    for (int i = 0; status == SKS_OK && i < SKS_N_DISTURBANCES; i++) {
        sks_store_bind_text(insert, ":name", sks_disturbance_table[i].name);
        sks_store_bind_text(insert, ":limit", plan->disturbed[i]);
        status = sks_store_insert(store, insert);
    }
    sqlite3_finalize(insert);
    return status;
}

/* Schema and plan in one transaction: there is never a database with half a plan. */
static sks_status make_database(sks_store *store, const sks_plan *plan,
                                const struct input_content *contents, const char *machine)
{
    sks_status status = sks_store_exec(store, "BEGIN IMMEDIATE");

    if (status != SKS_OK)
        return status;
    if ((status = sks_store_make_schema(store)) != SKS_OK ||
        (status = insert_campaign(store, plan, machine)) != SKS_OK ||
        (status = write_limits(store, plan)) != SKS_OK ||
        (status = insert_inputs(store, plan, contents)) != SKS_OK ||
        (status = insert_configurations(store, plan)) != SKS_OK ||
        (status = sks_store_exec(store, "COMMIT")) != SKS_OK) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    store->is_fresh = false;
    return SKS_OK;
}

static sks_status fail_differs(const sks_store *store, const sks_plan *plan, const char *what,
                               const char *there, const char *here)
{
    return sks_fail(SKS_ERR_USAGE,
                    "%s holds another plan than %s: %s is %s there and %s here; name a new "
                    "database with -d",
                    store->path, plan->file, what, there, here);
}

/* A text for one key, or NULL; from malloc. */
static sks_status look_up(const sks_store *store, const char *sql, const char *key, char **value)
{
    sqlite3_stmt *query = NULL;
    bool has_row = false;
    char *found = NULL;
    sks_status status = sks_store_prepare(store, sql, &query);

    if (status == SKS_OK) {
        sks_store_bind_text(query, ":key", key);
        status = sks_store_step(store, query, &has_row);
    }
    if (status == SKS_OK && has_row && (found = strdup(sks_store_text(query, 0))) == NULL)
        status = sks_fail_nomem("the plan");
    sqlite3_finalize(query);
    if (status == SKS_OK)
        *value = found;
    return status;
}

static sks_status compare_settings(const sks_store *store, const sks_plan *plan)
{
    struct setting settings[N_SETTINGS];

    list_settings(plan, settings);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char *there = NULL;
        sks_status status =
            look_up(store, "SELECT value FROM campaign WHERE key = :key", settings[i].key, &there);

        if (status == SKS_OK && (there == NULL || strcmp(there, settings[i].value) != 0))
            status = fail_differs(store, plan, settings[i].key,
                                  there == NULL      ? "missing"
                                  : there[0] != '\0' ? there
                                                     : "none",
                                  settings[i].value[0] != '\0' ? settings[i].value : "none");
        free(there);
        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

static sks_status compare_inputs(const sks_store *store, const sks_plan *plan,
                                 const struct input_content *contents)
{
    for (size_t i = 0; i < plan->n_inputs; i++) {
        char *there = NULL;
        sks_status status = look_up(store, "SELECT xxh3_128 FROM input WHERE path = :key",
                                    plan->inputs[i].name, &there);

        /* A file that is not there at all shows in the configurations. */
        if (status == SKS_OK && there != NULL && strcmp(there, contents[i].digest.hex) != 0)
            status = sks_fail(SKS_ERR_USAGE,
                              "%s: %s has other contents now than when the campaign began; name a "
                              "new database with -d",
                              store->path, plan->inputs[i].path);
        free(there);
        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

/* Fills store->ids; fails when an item is not in the database. */
static sks_status find_ids(sks_store *store, const sks_plan *plan)
{
    sqlite3_stmt *query = NULL;
    sks_status status =
        sks_store_prepare(store, "SELECT id FROM configuration WHERE key = :key", &query);

    free(store->ids);
    store->n_ids = plan->n_items;
    store->ids = calloc(plan->n_items, sizeof(store->ids[0]));
    if (store->ids == NULL)
        status = sks_fail_nomem("the plan");
    for (size_t i = 0; status == SKS_OK && i < plan->n_items; i++) {
        bool has_row = false;

        sks_store_bind_text(query, ":key", plan->items[i].key);
        status = sks_store_step(store, query, &has_row);
        if (status == SKS_OK && !has_row)
            status = fail_differs(store, plan, plan->items[i].key, "missing", "planned");
        else if (status == SKS_OK)
            store->ids[i] = sqlite3_column_int64(query, 0);
        sqlite3_reset(query);
    }
    sqlite3_finalize(query);
    return status;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Is there a configuration in the database that the plan has not? All of the plan's are there. */
static sks_status find_surplus(const sks_store *store, const sks_plan *plan)
{
    int64_t *sorted = malloc(store->n_ids * sizeof(*sorted));
    sqlite3_stmt *query = NULL;
    bool has_row = true;
    sks_status status;

    if (sorted == NULL)
        return sks_fail_nomem("the plan");
    memcpy(sorted, store->ids, store->n_ids * sizeof(*sorted));
    qsort(sorted, store->n_ids, sizeof(*sorted), compare_ids);
    status = sks_store_prepare(store, "SELECT id, key FROM configuration ORDER BY id", &query);
    while (status == SKS_OK && has_row) {
        int64_t id;

        status = sks_store_step(store, query, &has_row);
        if (status != SKS_OK || !has_row)
            break;
        id = sqlite3_column_int64(query, 0);
        if (bsearch(&id, sorted, store->n_ids, sizeof(*sorted), compare_ids) == NULL)
            status = fail_differs(store, plan, sks_store_text(query, 1), "planned", "missing");
    }
    sqlite3_finalize(query);
    free(sorted);
    return status;
}

sks_status sks_store_enter_plan(sks_store *store, const sks_plan *plan, const char *machine)
{
    struct input_content *contents = NULL;
    sks_status status = read_inputs(plan, &contents);

    if (status != SKS_OK)
        return status;
    if (store->is_fresh)
        status = make_database(store, plan, contents, machine);
    else {
        status = compare_settings(store, plan);
        if (status == SKS_OK)
            status = compare_inputs(store, plan, contents);
    }
    if (status == SKS_OK)
        status = find_ids(store, plan);
    if (status == SKS_OK)
        status = find_surplus(store, plan);
    if (status == SKS_OK && store->lock >= 0)
        status = write_limits(store, plan);
    free(contents);
    return status;
}
