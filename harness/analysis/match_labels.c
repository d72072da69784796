/* What configurations are called.
 *
 * A parameter that one series of a kernel sets is named with its value in all of that kernel's,
 * also where it is at its default: "tasks=10000" beside "tasks=3", not nothing beside "tasks=3". */
#include "harness/analysis/match_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sks_is_parameter_set(const char *parameters, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = parameters; *p != '\0'; p += strspn(p, ",")) {
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

/* {kernel: {name: true}}: the parameters that any series of the kernel sets. A value with a comma
 * looks like more parameters; what has no '=' is none. */
static json_t *set_parameters(const sks_match_source *source)
{
    json_t *all = json_object();

    for (size_t i = 0; all != NULL && i < source->n; i++) {
        const sks_series *s = &source->series[i];
        json_t *names = json_object_get(all, s->kernel);

        if (names == NULL) {
            names = json_object();
            json_object_set_new(all, s->kernel, names);
        }
        for (const char *p = s->parameters; *p != '\0'; p += strspn(p, ",")) {
            size_t length = strcspn(p, "=,");
            char name[128];

            if (p[length] == '=' && length < sizeof(name)) {
                snprintf(name, sizeof(name), "%.*s", (int)length, p);
                json_object_set_new(names, name, json_true());
            }
            p += strcspn(p, ",");
        }
    }
    return all;
}

static sks_status put_default(const sks_series *s, const char *name, const json_t *value, FILE *out)
{
    char *text;

    if (value == NULL || sks_is_parameter_set(s->parameters, name))
        return SKS_OK;
    text = sks_json_parameter_text(value);
    if (text == NULL)
        return sks_fail_nomem("a label");
    fprintf(out, ",%s=%s", name, text);
    free(text);
    return SKS_OK;
}

/* The parameters that the series sets and those at their defaults that another one sets, as
 * "name=value,name=value", without the one called `but` (NULL: with all). From malloc. */
static sks_status spell_out(const sks_series *s, json_t *names, const char *but, char **text)
{
    json_t *values = s->all_parameters != NULL ? json_loads(s->all_parameters, 0, NULL) : NULL;
    size_t size = 0, length = but != NULL ? strlen(but) : 0;
    FILE *out = open_memstream(text, &size);
    sks_status status = out != NULL ? SKS_OK : sks_fail_nomem("a label");
    const char *name;
    json_t *is_set;

    for (const char *p = s->parameters; status == SKS_OK && *p != '\0'; p += strspn(p, ",")) {
        size_t item = strcspn(p, ",");

        if (but == NULL || strncmp(p, but, length) != 0 || p[length] != '=')
            fprintf(out, ",%.*s", (int)item, p);
        p += item;
    }
    json_object_foreach(names, name,
                        is_set) if (status == SKS_OK && (but == NULL || strcmp(name, but) != 0))
        status = put_default(s, name, json_object_get(values, name), out);
    json_decref(values);
    if (out != NULL && fclose(out) != 0 && status == SKS_OK)
        status = sks_fail_nomem("a label");
    if (status == SKS_OK && (*text)[0] == ',')
        memmove(*text, *text + 1, strlen(*text));
    return status;
}

/* What a text is to tell of a configuration. */
typedef enum telling { ALL, WORK, CHOICE } telling;

static sks_status blank_one(const sks_series *s, int what, telling told, json_t *names,
                            const char *but, sks_series *blank)
{
    *blank = *s;
    blank->parameters = NULL;
    if (what == SKS_BY_SCHEDULER || told == WORK)
        blank->scheduler = "";
    if (what == SKS_BY_EXECUTOR || told == WORK)
        blank->executor = "";
    if (what == SKS_BY_BINDING || told == WORK)
        blank->binding = "";
    if (told != CHOICE)
        return spell_out(s, names, but, &blank->parameters);
    blank->kernel = "";
    blank->is_weak = false;
    blank->parameters = strdup("");
    return blank->parameters != NULL ? SKS_OK : sks_fail_nomem("a label");
}

/* Copies of the series for their labels: without what is compared by and what is not to be told.
 * Texts are borrowed, but for the parameters. */
static sks_status blank_series(const sks_match_source *source, int what, const char *by,
                               telling told, sks_series *blank)
{
    json_t *names = set_parameters(source);
    sks_status status = names != NULL ? SKS_OK : sks_fail_nomem("labels");

    for (size_t i = 0; status == SKS_OK && i < source->n; i++) {
        const sks_series *s = &source->series[i];

        status = blank_one(s, what, told, json_object_get(names, s->kernel),
                           what == SKS_BY_PARAMETER ? by : NULL, &blank[i]);
    }
    json_decref(names);
    return status;
}

/* The series' text with the number of workers; `or_else` stands for a series without any. */
static char *with_workers(const char *text, const char *or_else, unsigned n_workers)
{
    const char *name = text[0] != '\0' ? text : or_else;
    char *made = NULL;

    if (asprintf(&made, "%s%s%u worker%s", name, name[0] != '\0' ? ", " : "", n_workers,
                 n_workers == 1 ? "" : "s") < 0)
        return NULL;
    return made;
}

static sks_status label_entry(const char *text, int what, telling told, sks_entry *e)
{
    char **place = told == ALL ? &e->label : told == WORK ? &e->work : &e->choice;
    const char *or_else = told == ALL ? e->series->kernel : "";

    if (told == WORK)
        *place = strdup(text);
    else if (what == SKS_BY_WORKERS)
        *place = strdup(text[0] != '\0' ? text : or_else);
    else
        *place = with_workers(text, or_else, e->point->n_workers);
    return *place != NULL ? SKS_OK : sks_fail_nomem("a label");
}

/* One of the texts for all entries of a source. */
static sks_status label_entries(const sks_match_source *source, int what, const char *by,
                                telling told, sks_entries *all)
{
    sks_series *blank = calloc(source->n + 1, sizeof(*blank));
    const sks_series **pointers = calloc(source->n + 1, sizeof(*pointers));
    sks_status status = blank != NULL && pointers != NULL
                            ? blank_series(source, what, by, told, blank)
                            : sks_fail_nomem("labels");
    size_t k = 0;

    for (size_t i = 0; status == SKS_OK && i < source->n; i++)
        pointers[i] = &blank[i];
    for (size_t i = 0; status == SKS_OK && i < source->n; i++) {
        char *text = NULL;

        status = sks_series_label(pointers, source->n, i, true, &text);
        for (; status == SKS_OK && k < all->n && all->entry[k].series == &source->series[i]; k++)
            status = label_entry(text, what, told, &all->entry[k]);
        free(text);
    }
    for (size_t i = 0; blank != NULL && i < source->n; i++)
        free(blank[i].parameters);
    free(blank);
    free(pointers);
    return status;
}

sks_status sks_entries_label(const sks_match_source *source, int what, const char *by,
                             sks_entries *entries)
{
    sks_status status = SKS_OK;

    for (telling told = ALL; status == SKS_OK && told <= CHOICE; told++)
        status = label_entries(source, what, by, told, entries);
    return status;
}
