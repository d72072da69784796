#include "harness/present/machine_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_WIDTH = 26, TEXT_WIDTH = 96 };

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The unit prefix that leaves at least one unit before the decimal point. */
static void print_scaled(double value, double factor, const char *const *units, int n_units,
                         FILE *out)
{
    int i = 0;

    while (i + 1 < n_units && value >= factor) {
        value /= factor;
        i++;
    }
    fprintf(out, "%.4g %s", value, units[i]);
}

static void print_number(const char *key, double value, FILE *out)
{
    static const char *const bytes[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    static const char *const hertz[] = {"Hz", "kHz", "MHz", "GHz"};
    static const char *const seconds[] = {"ns", "us", "ms", "s"};

    if (ends_with(key, "_bytes"))
        print_scaled(value, 1024, bytes, 5, out);
    else if (ends_with(key, "_hz"))
        print_scaled(value, 1000, hertz, 4, out);
    else if (ends_with(key, "_s"))
        print_scaled(1e9 * value, 1000, seconds, 4, out);
    else
        fprintf(out, "%.6g", value);
}

static void print_scalar(const char *key, const json_t *value, FILE *out)
{
    if (json_is_string(value))
        fputs(json_string_value(value), out);
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", out);
    else if (json_is_number(value))
        print_number(key, json_number_value(value), out);
    else
        fputs("not known", out);
}

void sks_machine_words(const char *key, char *words, size_t size)
{
    static const char *const units[] = {"_bytes", "_hz", "_s"};
    size_t length = strlen(key);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (ends_with(key, units[i]))
            length -= strlen(units[i]);
    snprintf(words, size, "%.*s", (int)length, key);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
}

static void print_label(const char *key)
{
    char words[LABEL_WIDTH];

    sks_machine_words(key, words, sizeof(words));
    printf("  %-*s ", LABEL_WIDTH, words);
}

/* On one line: "level 1, type data, size 48 KiB"; what is not known is left out. */
static void print_inline(const json_t *object, FILE *out)
{
    const char *separator = "";
    const char *key;
    json_t *value;
    char words[64];

    json_object_foreach((json_t *)object, key, value)
    {
        if (json_is_null(value))
            continue;
        sks_machine_words(key, words, sizeof(words));
        fprintf(out, "%s%s ", separator, words);
        print_scalar(key, value, out);
        separator = ", ";
    }
}

void sks_machine_value(const char *key, const json_t *value, FILE *out)
{
    if (json_is_object(value))
        print_inline(value, out);
    else
        print_scalar(key, value, out);
}

static void print_entry(const char *key, const json_t *value)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value)) {
        print_label(key);
        sks_machine_value(key, value, stdout);
        putchar('\n');
    }
    for (size_t i = 0; i < n; i++) {
        print_label(i == 0 ? key : "");
        sks_machine_value(key, json_array_get(value, i), stdout);
        putchar('\n');
    }
}

/* Counter events are a table of their own: many, and each with a source or a reason. */
static void print_events(const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *source = json_string_value(json_object_get(event, "source"));
        const char *reason = json_string_value(json_object_get(event, "reason"));

        printf("  %-*s %s%s\n", LABEL_WIDTH, json_string_value(json_object_get(event, "event")),
               source != NULL ? "counted by " : "unavailable: ", source != NULL ? source : reason);
    }
}

static void print_section(const char *name, const json_t *section)
{
    const char *key;
    json_t *value;

    printf("%s\n", name);
    json_object_foreach((json_t *)section, key, value)
    {
        if (strcmp(key, "events") == 0)
            print_events(value);
        else
            print_entry(key, value);
    }
    putchar('\n');
}

/* Breaks between words; the second line on is indented like the first. */
static void print_wrapped(const char *text)
{
    int column = 0;

    while (*text != '\0') {
        int length = (int)strcspn(text, " ");

        if (column > 0 && column + 1 + length > TEXT_WIDTH) {
            fputs("\n   ", stdout);
            column = 0;
        }
        printf(" %.*s", length, text);
        column += 1 + length;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

void sks_machine_print(const json_t *description)
{
    const char *name;
    json_t *part;

    json_object_foreach((json_t *)description, name, part)
    {
        if (json_is_object(part))
            print_section(name, part);
    }
    part = json_object_get(description, "warnings");
    if (json_array_size(part) > 0)
        printf("warnings\n");
    for (size_t i = 0; i < json_array_size(part); i++) {
        fputs("  -", stdout);
        print_wrapped(json_string_value(json_array_get(part, i)));
    }
}
