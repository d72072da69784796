/* The serial fraction three ways: by the phases of the run, by the fitted law, by Karp & Flatt.
 *
 * The phases say what the program does outside its parallel loop. The fit says what does not get
 * shorter with more workers, for whatever reason. Where the fit finds more, the reason is inside
 * the loop or in the machine, and how the Karp-Flatt metric goes with N tells which kind: a serial
 * part keeps it constant, an overhead that grows with the workers makes it rise (Karp & Flatt
 * 1990, CACM 33, 539).
 */
#include "harness/analysis/fit_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Fractions closer than this are not worth a remark, however sharp their intervals. */
static const double worth_a_remark = 0.01;

/* How far apart two intervals lie; positive: `b` is above `a`, negative: below, 0: they touch. */
static double gap(sks_interval a, sks_interval b)
{
    return b.low > a.high ? b.low - a.high : b.high < a.low ? b.high - a.low : 0.0;
}

/* "; the Karp-Flatt metric rises from 0.02 to 0.09 …", or nothing where it cannot be told. */
static void append_trend(const sks_fit *fit, char *text, size_t size)
{
    const sks_point_fit *first = NULL, *last = NULL;
    size_t length = strlen(text);
    double change;

    for (size_t i = 0; i < fit->n_points; i++)
        if (fit->points[i].is_used && sks_interval_is_known(fit->points[i].karp_flatt.interval)) {
            first = first != NULL ? first : &fit->points[i];
            last = &fit->points[i];
        }
    if (first == last)
        return;
    change = gap(first->karp_flatt.interval, last->karp_flatt.interval);
    if (change > 0.0)
        snprintf(text + length, size - length,
                 "; the Karp-Flatt metric rises from %.3f at N = %u to %.3f at N = %u, as with an "
                 "overhead that grows with the workers",
                 first->karp_flatt.value, first->n_workers, last->karp_flatt.value,
                 last->n_workers);
    else if (change == 0.0)
        snprintf(text + length, size - length,
                 "; the Karp-Flatt metric stays at %.3f, as with a part of the parallel phase that "
                 "only one worker at a time can do",
                 last->karp_flatt.value);
    else
        snprintf(text + length, size - length,
                 "; the Karp-Flatt metric falls from %.3f at N = %u to %.3f at N = %u, as where "
                 "more workers bring more cache",
                 first->karp_flatt.value, first->n_workers, last->karp_flatt.value,
                 last->n_workers);
}

void sks_fit_compare_serial(sks_fit *fit)
{
    sks_estimate measured = fit->measured_serial, fitted;
    double difference;

    if (fit->preferred == NULL || !sks_interval_is_known(measured.interval))
        return;
    fitted = fit->preferred->serial_fraction;
    if (!sks_interval_is_known(fitted.interval))
        return;
    difference = gap(measured.interval, fitted.interval);
    if (fabs(difference) <= worth_a_remark)
        return;
    snprintf(fit->serial_remark, sizeof(fit->serial_remark),
             "%s serial fraction fitted (%s, %.3f) than measured outside the parallel phase (%.3f)",
             difference > 0.0 ? "greater" : "smaller", fit->preferred->model->name, fitted.value,
             measured.value);
    append_trend(fit, fit->serial_remark, sizeof(fit->serial_remark));
}
