/* Cells of the fit's tables: estimates with their intervals underneath. */
#include "harness/present/fit_table_parts.h"

#include <math.h>
#include <string.h>

/* Decimals that show `digits` significant digits of `value`. */
static int decimals(double value, int digits)
{
    int magnitude = value != 0.0 ? (int)floor(log10(fabs(value))) : 0;

    return magnitude >= digits ? 0 : digits - 1 - magnitude;
}

const char *sks_interval_text(sks_interval interval, int places, char *text, size_t size)
{
    if (!sks_interval_is_known(interval) || isinf(interval.low)) {
        text[0] = '\0';
        return text;
    }
    if (places < 0)
        places = decimals(isinf(interval.high) ? interval.low : interval.high, 3);
    if (places > 6)
        snprintf(text, size, "%.2e..%.2e", interval.low, interval.high);
    else if (isinf(interval.high))
        snprintf(text, size, ">= %.*f", places, interval.low);
    else
        snprintf(text, size, "%.*f..%.*f", places, interval.low, places, interval.high);
    return text;
}

void sks_estimate_cell(sks_table *table, sks_estimate e, double factor, const char *mark)
{
    char interval[64];

    if (isnan(e.value))
        sks_table_cell(table, "-");
    else
        sks_table_cell(
            table, "%.4g%s\n%s", e.value * factor, mark,
            sks_interval_text((sks_interval){e.interval.low * factor, e.interval.high * factor}, -1,
                              interval, sizeof(interval)));
}

void sks_optimum_cell(sks_table *table, sks_estimate e)
{
    char interval[64];

    if (isinf(e.value))
        sks_table_cell(table, "no limit\n%s",
                       sks_interval_text(e.interval, -1, interval, sizeof(interval)));
    else
        sks_estimate_cell(table, e, 1.0, "");
}

void sks_wrapped_line(FILE *out, const char *label, const char *text)
{
    size_t column = (size_t)fprintf(out, "%s:", label);

    for (; *text != '\0'; text += strspn(text, " ")) {
        size_t length = strcspn(text, " ");

        if (column + 1 + length > SKS_FIT_PAGE) {
            fputs("\n ", out);
            column = 1;
        }
        fprintf(out, " %.*s", (int)length, text);
        column += 1 + length;
        text += length;
    }
    fputc('\n', out);
}
