#include "harness/present/report_html.h"

#include "harness/present/fit_table_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/* The bytes of the well-formed UTF-8 character at `text`; 0 when it is none. Source: RFC 3629. */
static size_t character_length(const unsigned char *text)
{
    const size_t n = text[0] < 0x80             ? 1
                     : (text[0] & 0xe0) == 0xc0 ? 2
                     : (text[0] & 0xf0) == 0xe0 ? 3
                     : (text[0] & 0xf8) == 0xf0 ? 4
                                                : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = n <= 1 ? text[0] : text[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80) /* also the end of the text */
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    if (n > 1 && (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)))
        return 0;
    return n;
}

static bool is_control(const unsigned char *text)
{
    return (text[0] < 0x20 && strchr("\t\n", text[0]) == NULL) || text[0] == 0x7f ||
           (text[0] == 0xc2 && text[1] < 0xa0); /* U+0080 … U+009F */
}

static void put_character(FILE *out, const unsigned char *text, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

    switch (text[0]) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    case '\'':
        fputs("&#39;", out);
        break;
    default:
        if (length == 0 || is_control(text))
            fputs(replacement, out);
        else
            fwrite(text, 1, length, out);
    }
}

void sks_html_text(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t length = character_length(at);

        put_character(out, at, length);
        at += length > 0 ? length : 1;
    }
}

static void print_escaped(FILE *out, const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return; /* out of memory: whoever closes the report sees that it is not complete */
    sks_html_text(out, text);
    free(text);
}

void sks_html_printf(FILE *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_escaped(out, format, arguments);
    va_end(arguments);
}

void sks_html_element(FILE *out, const char *name, const char *format, ...)
{
    va_list arguments;

    fprintf(out, "<%s>", name);
    va_start(arguments, format);
    print_escaped(out, format, arguments);
    va_end(arguments);
    fprintf(out, "</%s>\n", name);
}

/* ---- tables ---- */

void sks_html_table_begin(FILE *out, const char *caption, const char *const *heads, size_t n)
{
    fputs("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"", out);
    sks_html_text(out, caption);
    fputs("\"><table><caption>", out);
    sks_html_text(out, caption);
    fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < n; i++) {
        fputs("<th scope=\"col\">", out);
        sks_html_text(out, heads[i]);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

void sks_html_table_end(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

void sks_html_row_begin(FILE *out, const char *head)
{
    fputs("<tr><th scope=\"row\">", out);
    sks_html_text(out, head);
    fputs("</th>", out);
}

void sks_html_row_end(FILE *out)
{
    fputs("</tr>\n", out);
}

/* ---- long tables ---- */

enum { MOST_ROWS = 48 }; /* some three screens */

static void part_begin(sks_html_parts *parts, const char *group)
{
    char *caption = NULL;

    if (!parts->are_apart || asprintf(&caption, "%s: %s", parts->caption, group) < 0)
        caption = NULL;
    if (parts->are_apart) {
        fputs("<details><summary>", parts->out);
        sks_html_text(parts->out, caption != NULL ? caption : group);
        fputs("</summary>\n", parts->out);
    }
    sks_html_table_begin(parts->out, caption != NULL ? caption : parts->caption, parts->heads,
                         parts->n);
    parts->group = group;
    free(caption);
}

static void part_end(const sks_html_parts *parts)
{
    if (parts->group == NULL)
        return;
    sks_html_table_end(parts->out);
    if (parts->are_apart)
        fputs("</details>\n", parts->out);
}

void sks_html_parts_begin(sks_html_parts *parts, FILE *out, const char *caption,
                          const char *const *heads, size_t n, size_t n_rows)
{
    *parts = (sks_html_parts){
        .out = out, .caption = caption, .heads = heads, .n = n, .are_apart = n_rows > MOST_ROWS};
    if (!parts->are_apart)
        part_begin(parts, "");
}

void sks_html_parts_row(sks_html_parts *parts, const char *group)
{
    if (!parts->are_apart || (parts->group != NULL && strcmp(parts->group, group) == 0))
        return;
    part_end(parts);
    part_begin(parts, group);
}

void sks_html_parts_end(sks_html_parts *parts)
{
    part_end(parts);
}

/* ---- cells ---- */

void sks_html_text_cell(FILE *out, const char *text)
{
    fputs("<td>", out);
    sks_html_text(out, text);
    fputs("</td>", out);
}

void sks_html_count_cell(FILE *out, size_t n)
{
    fprintf(out, "<td class=\"n\" data-value=\"%zu\">%zu</td>", n, n);
}

static void attribute(FILE *out, const char *name, double value)
{
    if (isfinite(value))
        fprintf(out, " data-%s=\"%.12g\"", name, value);
    else if (isinf(value))
        fprintf(out, " data-%s=\"Infinity\"", name);
}

static void cell_begin(FILE *out, sks_estimate e)
{
    fputs("<td class=\"n\"", out);
    attribute(out, "value", e.value);
    if (sks_interval_is_known(e.interval)) {
        attribute(out, "low", e.interval.low);
        attribute(out, "high", e.interval.high);
    }
    fputc('>', out);
}

static void interval_end(FILE *out, const char *interval)
{
    if (interval[0] != '\0') {
        fputs(" <small>", out);
        sks_html_text(out, interval);
        fputs("</small>", out);
    }
}

void sks_html_number_cell(FILE *out, double value, double factor, const char *unit)
{
    cell_begin(out, (sks_estimate){value, sks_no_interval});
    if (isnan(value))
        fputs("–", out);
    else
        sks_html_printf(out, "%.4g%s%s", value * factor, unit[0] != '\0' ? " " : "", unit);
    fputs("</td>", out);
}

static sks_interval scaled(sks_interval i, double factor)
{
    return (sks_interval){i.low * factor, i.high * factor};
}

static void put_estimate(FILE *out, sks_estimate e, double factor, const char *mark)
{
    char value[64], interval[64];

    if (isnan(e.value)) {
        fputs("–", out);
        return;
    }
    if (isinf(e.value))
        fputs("no limit", out);
    else
        sks_html_text(out, sks_value_text(e.value * factor, scaled(e.interval, factor), value,
                                          sizeof(value)));
    sks_html_text(out, mark);
    interval_end(out,
                 sks_interval_text(scaled(e.interval, factor), -1, interval, sizeof(interval)));
}

void sks_html_estimate(FILE *out, sks_estimate e, double factor)
{
    put_estimate(out, e, factor, "");
}

void sks_html_estimate_cell(FILE *out, sks_estimate e, double factor, const char *mark)
{
    cell_begin(out, e);
    put_estimate(out, e, factor, mark);
    fputs("</td>", out);
}

void sks_html_ratio_cell(FILE *out, sks_estimate e, int places)
{
    char interval[64];

    cell_begin(out, e);
    if (isnan(e.value))
        fputs("–", out);
    else
        fprintf(out, "%.*f", places, e.value);
    interval_end(out, isnan(e.value)
                          ? ""
                          : sks_interval_text(e.interval, places, interval, sizeof(interval)));
    fputs("</td>", out);
}

/* ---- times ---- */

static const struct unit {
    double least; /* s */
    double factor;
    const char *name;
} units[] = {{1.0, 1.0, "s"}, {1e-3, 1e3, "ms"}, {1e-6, 1e6, "µs"}, {0.0, 1e9, "ns"}};

/* 0, what is not known and what has no end are in seconds. */
static const struct unit *unit_of(double seconds)
{
    const struct unit *unit = units;

    while (seconds != 0.0 && fabs(seconds) < unit->least)
        unit++;
    return unit;
}

void sks_html_time(FILE *out, double seconds)
{
    const struct unit *unit = unit_of(seconds);

    fprintf(out, "%.4g %s", seconds * unit->factor, unit->name);
}

void sks_html_time_estimate(FILE *out, sks_estimate seconds)
{
    const struct unit *unit = unit_of(seconds.value != 0.0 ? seconds.value : seconds.interval.high);
    const sks_interval interval = scaled(seconds.interval, unit->factor);
    char text[64];

    if (isnan(seconds.value)) {
        fputs("–", out);
        return;
    }
    fprintf(out, "%s %s",
            sks_value_text(seconds.value * unit->factor, interval, text, sizeof(text)), unit->name);
    interval_end(out, sks_interval_text(interval, -1, text, sizeof(text)));
}

void sks_html_time_cell(FILE *out, sks_estimate seconds)
{
    cell_begin(out, seconds);
    sks_html_time_estimate(out, seconds);
    fputs("</td>", out);
}
