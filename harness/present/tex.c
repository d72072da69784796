#include "harness/present/tex.h"

#include "harness/present/fit_table_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Text. */

/* What stands for an ASCII character that has a meaning to TeX, or that would make a ligature with
 * the next one ("--", ",,"); NULL: itself. */
static const char *escape(char c, char next)
{
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '^':
        return "\\textasciicircum{}";
    case '~':
        return "\\textasciitilde{}";
    case '<':
        return "\\textless{}";
    case '>':
        return "\\textgreater{}";
    case '|':
        return "\\textbar{}";
    case '"':
        return "\\textquotedbl{}";
    case '\'':
        return "\\textquotesingle{}";
    case '`':
        return "\\textasciigrave{}";
    case '_':
        return "\\_";
    case '%':
        return "\\%";
    case '#':
        return "\\#";
    case '&':
        return "\\&";
    case '$':
        return "\\$";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    case '-':
        return next == '-' ? "-{}" : NULL;
    case ',':
        return next == ',' ? ",{}" : NULL;
    default:
        return NULL;
    }
}

/* The bytes of the UTF-8 sequence at `text`, and its code point; 0 when it is none. */
static size_t decode(const char *text, unsigned *code_point)
{
    const unsigned char first = (unsigned char)text[0];
    const size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    unsigned value = n > 0 ? first & (0xffu >> (n + 1)) : 0;

    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    *code_point = value;
    return n;
}

void sks_tex_text(const char *text, FILE *out)
{
    while (*text != '\0') {
        const unsigned char c = (unsigned char)*text;
        unsigned code_point = c;
        size_t n = 1;

        if (c >= 0x80) {
            n = decode(text, &code_point);
            if (n > 0)
                fprintf(out, "\\sksutf{%.*s}{%04X}", (int)n, text, code_point);
            else
                fputs("\\sksutf{?}{FFFD}", out); /* not UTF-8: the replacement character */
        } else if (c < ' ' || c == 0x7f) {
            fputs("\\ ", out);
        } else {
            const char *escaped = escape(*text, text[1]);

            if (escaped != NULL)
                fputs(escaped, out);
            else
                fputc(c, out);
        }
        text += n > 0 ? n : 1;
    }
}

/* ---- Numbers. */

/* A number or an interval as fit_table_cells writes them, "1.8..2.0", ">= 3", "1.2e-05", in TeX. */
static void put_number(const char *text, FILE *out)
{
    for (const char *c = text; *c != '\0'; c++)
        if (strncmp(c, "..", 2) == 0) {
            fputs("--", out);
            c++;
        } else if (strncmp(c, ">= ", 3) == 0) {
            fputs("\\ensuremath{\\ge}\\,", out);
            c += 2;
        } else if (*c == 'e') {
            char *end;

            fprintf(out, "\\ensuremath{\\times10^{%ld}}", strtol(c + 1, &end, 10));
            c = end - 1;
        } else if (*c == '-') {
            fputs("\\ensuremath{-}", out);
        } else {
            fputc(*c, out);
        }
}

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

typedef struct unit {
    const char *suffix; /* of names with this unit */
    double size;
    const char *text;
} unit;

/* Of one suffix the larger units first; the last one takes what is smaller still. */
static const unit units[] = {
    {"_s", 1.0, "\\,s"},
    {"_s", 1e-3, "\\,ms"},
    {"_s", 1e-6, "\\,\\textmu{}s"},
    {"_s", 1e-9, "\\,ns"},
    {"_bytes", 1073741824.0, "\\,GiB"},
    {"_bytes", 1048576.0, "\\,MiB"},
    {"_bytes", 1024.0, "\\,KiB"},
    {"_bytes", 1.0, "\\,B"},
    {"_hz", 1e9, "\\,GHz"},
    {"_hz", 1e6, "\\,MHz"},
    {"_hz", 1.0, "\\,Hz"},
};

static unit find_unit(const char *name, double value)
{
    unit found = {"", 1.0, ""};

    if (value == 0.0)
        return found;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!ends_in(name, units[i].suffix))
            continue;
        found = units[i];
        if (fabs(value) >= units[i].size)
            break;
    }
    return found;
}

/* Decimals of a quantity that has as many wherever it is shown; -1: those its interval asks for. */
static int fixed_places(const char *name, double value)
{
    static const char *const fractions[] = {"efficiency", "karp_flatt", "serial_fraction",
                                            "imbalance"};

    if (strcmp(name, "speedup") == 0)
        return sks_speedup_places(value);
    if (ends_in(name, "aicc")) /* differences matter, the value does not */
        return 1;
    for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++)
        if (ends_in(name, fractions[i]))
            return SKS_FRACTION_PLACES;
    return -1;
}

/* ---- Macros. */

typedef struct writer {
    FILE *out;
    json_t *keys; /* those that are there already */
    bool is_out_of_memory;
} writer;

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("/_.:=+*()", c) != NULL;
}

/* A key that TeX takes as it is, and that is new; from malloc, NULL when memory ran out. */
static char *new_key(writer *w, const char *wanted)
{
    char *plain = strdup(wanted), *key = plain != NULL ? strdup(plain) : NULL;

    for (char *c = plain; c != NULL && *c != '\0'; c++)
        if (!is_plain(*c))
            *c = '-';
    if (key != NULL)
        strcpy(key, plain);
    for (unsigned n = 2; key != NULL && json_object_get(w->keys, key) != NULL; n++) {
        free(key);
        if (asprintf(&key, "%s-%u", plain, n) < 0)
            key = NULL;
    }
    if (key == NULL || json_object_set_new(w->keys, key, json_true()) != 0)
        w->is_out_of_memory = true;
    free(plain);
    return key;
}

static void begin_macro(writer *w, const char *wanted)
{
    char *key = new_key(w, wanted);

    fprintf(w->out, "\\sksdef{%s}{", key != NULL ? key : "");
    free(key);
}

static void end_macro(writer *w)
{
    fputs("}%\n", w->out);
}

static void put_missing(writer *w, const char *key)
{
    begin_macro(w, key);
    fputs("\\sksmissing{}", w->out);
    end_macro(w);
}

/* The key of something inside; from malloc, NULL when memory ran out. */
static char *inner_key(writer *w, const char *key, const char *name)
{
    char *inner;

    if (asprintf(&inner, "%s/%s", key, name) >= 0)
        return inner;
    w->is_out_of_memory = true;
    return NULL;
}

/* What the interval of a value is called: "median_s" has "median_interval_s", "value" and an
 * optimum's "workers" have "interval". NULL when memory ran out. */
static char *interval_name(const char *name)
{
    char *made;
    const bool is_bare = strcmp(name, "value") == 0 || strcmp(name, "workers") == 0;
    int n = is_bare               ? asprintf(&made, "interval")
            : ends_in(name, "_s") ? asprintf(&made, "%.*s_interval_s", (int)strlen(name) - 2, name)
                                  : asprintf(&made, "%s_interval", name);

    return n >= 0 ? made : NULL;
}

/* Unbounded above when only the lower end is a number. */
static sks_interval read_interval(const json_t *pair)
{
    const json_t *low = json_array_get(pair, 0), *high = json_array_get(pair, 1);

    if (json_array_size(pair) != 2 || !json_is_number(low))
        return sks_no_interval;
    return (sks_interval){json_number_value(low),
                          json_is_number(high) ? json_number_value(high) : INFINITY};
}

static void put_interval(writer *w, const char *key, sks_interval interval, int places, unit u)
{
    char text[64];
    char *inner = inner_key(w, key, "interval");

    if (inner == NULL)
        return;
    if (!sks_interval_is_known(interval)) {
        put_missing(w, inner);
    } else {
        begin_macro(w, inner);
        put_number(sks_interval_text(interval, places, text, sizeof(text)), w->out);
        fputs(u.text, w->out);
        end_macro(w);
    }
    free(inner);
}

/* A number, with the interval that stands beside it in the object, if any does. */
static void put_value(writer *w, const char *key, const char *name, const json_t *object)
{
    const double value = json_number_value(json_object_get(object, name));
    const unit u = find_unit(name, value);
    const int places = fixed_places(name, value);
    char *beside = interval_name(name);
    const json_t *pair = beside != NULL ? json_object_get(object, beside) : NULL;
    sks_interval interval = read_interval(pair);
    char text[64];

    w->is_out_of_memory = w->is_out_of_memory || beside == NULL;
    interval.low /= u.size;
    interval.high /= u.size;
    begin_macro(w, key);
    if (json_is_integer(json_object_get(object, name)) && u.size == 1.0)
        fprintf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(object, name)));
    else if (places >= 0) {
        snprintf(text, sizeof(text), "%.*f", places, value);
        put_number(text, w->out);
    } else
        put_number(sks_value_text(value / u.size, interval, text, sizeof(text)), w->out);
    fputs(u.text, w->out);
    end_macro(w);
    if (pair != NULL)
        put_interval(w, key, interval, places, u);
    free(beside);
}

static void put_any(writer *w, const char *key, const char *name, const json_t *object);

static void put_object(writer *w, const char *key, const json_t *object)
{
    const char *name;
    const json_t *unused;

    json_object_foreach((json_t *)object, name, unused)
    {
        char *inner;

        if (ends_in(name, "interval") || ends_in(name, "interval_s"))
            continue; /* written with its value */
        inner = inner_key(w, key, name);
        if (inner != NULL)
            put_any(w, inner, name, object);
        free(inner);
    }
}

/* What an element of an array is called; from malloc, NULL when memory ran out. */
static char *element_name(const json_t *element, size_t i)
{
    static const char *const names[] = {"workers", "name", "kernel", "scheduler", "new"};
    char *made;

    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        const json_t *value = json_object_get(element, names[k]);

        if (json_is_number(value))
            return asprintf(&made, "%.0f", json_number_value(value)) >= 0 ? made : NULL;
        if (json_is_string(value))
            return strdup(json_string_value(value));
    }
    return asprintf(&made, "%zu", i + 1) >= 0 ? made : NULL;
}

/* Of a comparison, those of what was compared; 0 without places for all, or without any number. */
static double n_workers_with_places(const json_t *element)
{
    const json_t *new = json_object_get(element, "new");
    const json_t *what = json_is_object(new) ? new : element;

    return json_is_true(json_object_get(what, "is_oversubscribed"))
               ? 0.0
               : json_number_value(json_object_get(what, "workers"));
}

/* The one element with the most workers; NULL where several have as many. */
static json_t *find_most(const json_t *array)
{
    json_t *element, *most = NULL;
    double n_most = 0.0;
    size_t i;

    json_array_foreach(array, i, element)
    {
        const double n = n_workers_with_places(element);

        if (n > 0.0 && n >= n_most) {
            most = n > n_most ? element : NULL;
            n_most = n;
        }
    }
    return most;
}

/* Takes an element as the only member of an object, so that it is written like any other. */
static void put_element(writer *w, const char *key, const char *name, json_t *element)
{
    json_t *holder = json_pack("{s:O}", name, element);
    char *inner = inner_key(w, key, name);

    if (holder == NULL)
        w->is_out_of_memory = true;
    else if (inner != NULL)
        put_any(w, inner, name, holder);
    free(inner);
    json_decref(holder);
}

static void put_array(writer *w, const char *key, const json_t *array)
{
    json_t *element, *most = find_most(array);
    size_t i;

    json_array_foreach(array, i, element)
    {
        char *name = element_name(element, i);

        if (name == NULL)
            w->is_out_of_memory = true;
        else
            put_element(w, key, name, element);
        free(name);
    }
    if (most != NULL)
        put_element(w, key, "most", most);
}

/* object[name], whose key is given. */
static void put_any(writer *w, const char *key, const char *name, const json_t *object)
{
    const json_t *json = json_object_get(object, name);

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        put_object(w, key, json);
        break;
    case JSON_ARRAY:
        put_array(w, key, json);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        put_value(w, key, name, object);
        break;
    case JSON_NULL:
        put_missing(w, key);
        break;
    default:
        begin_macro(w, key);
        sks_tex_text(json_is_string(json) ? json_string_value(json)
                     : json_is_true(json) ? "yes"
                                          : "no",
                     w->out);
        end_macro(w);
    }
}

sks_status sks_tex_write(const char *name, const json_t *json, FILE *out)
{
    writer w = {.out = out, .keys = json_object()};

    if (w.keys == NULL)
        return sks_fail_nomem("the macros");
    fputs("% Made by skyscale export -f tex, for \\usepackage{skyscale}.\n", out);
    if (json_is_array(json))
        put_array(&w, name, json);
    else
        put_object(&w, name, json);
    json_decref(w.keys);
    return w.is_out_of_memory ? sks_fail_nomem("the macros") : SKS_OK;
}
