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

/* Decimals that show two digits of the interval's width, so that its ends differ in print. */
static int interval_decimals(sks_interval interval)
{
    if (isinf(interval.high))
        return decimals(interval.low, 3);
    if (interval.high > interval.low)
        return decimals(interval.high - interval.low, 2);
    return decimals(interval.high, 4);
}

/* More decimals than this are read more easily with an exponent. */
enum { MOST_DECIMALS = 4 };

const char *sks_interval_text(sks_interval interval, int places, char *text, size_t size)
{
    if (!sks_interval_is_known(interval) || isinf(interval.low)) {
        text[0] = '\0';
        return text;
    }
    if (places < 0)
        places = interval_decimals(interval);
    if (places > MOST_DECIMALS)
        snprintf(text, size, "%.2e..%.2e", interval.low, interval.high);
    else if (isinf(interval.high))
        snprintf(text, size, ">= %.*f", places, interval.low);
    else
        snprintf(text, size, "%.*f..%.*f", places, interval.low, places, interval.high);
    return text;
}

const char *sks_value_text(double value, sks_interval interval, char *text, size_t size)
{
    bool is_bounded = sks_interval_is_known(interval) && isfinite(interval.high);
    int places = is_bounded ? interval_decimals(interval) : 0;

    if (is_bounded && places <= MOST_DECIMALS && value != 0.0)
        snprintf(text, size, "%.*f", places, value);
    else
        snprintf(text, size, "%.4g", value);
    return text;
}

int sks_speedup_places(double speedup)
{
    return speedup >= 10.0 ? 1 : 2;
}

void sks_estimate_cell(sks_table *table, sks_estimate e, double factor, const char *mark)
{
    sks_interval scaled = {e.interval.low * factor, e.interval.high * factor};
    char value[64], interval[64];

    if (isnan(e.value)) {
        sks_table_cell(table, "-");
        return;
    }
    sks_table_cell(table, "%s%s\n%s",
                   sks_value_text(e.value * factor, scaled, value, sizeof(value)), mark,
                   sks_interval_text(scaled, -1, interval, sizeof(interval)));
}

const char *sks_fit_mark(const sks_fit *fit, double n_workers)
{
    return sks_fit_is_far(fit, n_workers)            ? "!"
           : sks_fit_is_extrapolated(fit, n_workers) ? "+"
                                                     : "";
}

void sks_optimum_cell(sks_table *table, const sks_fit *fit, const sks_model_fit *m)
{
    const sks_estimate e = m->optimum;
    char interval[64];

    if (isinf(e.value))
        sks_table_cell(table, "no limit\n%s",
                       sks_interval_text(e.interval, -1, interval, sizeof(interval)));
    else
        sks_estimate_cell(table, e, 1.0, sks_fit_mark(fit, e.value));
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
