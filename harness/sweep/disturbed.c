#include "harness/sweep/disturbed.h"

#include <stdio.h>
#include <stdlib.h>

/* Crowded workers take each other off their processors and start one after another: that is what
 * such a configuration is, and no disturbance. Fixed allowances are what the sources cannot tell:
 * /proc/stat counts in ticks of 10 ms, and rounds its parts separately. */
const sks_disturbance sks_disturbance_table[SKS_N_DISTURBANCES] = {
    [SKS_DISTURBED_SWITCHES] =
        {.name = "switches",
         .reason = "involuntary switches",
         .default_text = "10",
         .max = 1e6,
         .help = "involuntary switches per second and worker, and more than one; not judged on "
                 "oversubscribed configurations",
         .condition = "NOT c.is_oversubscribed AND s.involuntary_switches > 1"
                      " AND s.involuntary_switches > # * s.total_s * c.n_workers"},
    [SKS_DISTURBED_STEAL] = {.name = "steal",
                             .reason = "steal time",
                             .default_text = "1%",
                             .max = 100,
                             .unit = "%",
                             .help = "of the workers' time, taken by the host",
                             .condition = "s.steal_s > # / 100 * s.total_s * c.n_workers"},
    [SKS_DISTURBED_OTHER_LOAD] =
        {.name = "other_load",
         .reason = "other load",
         .default_text = "10%",
         .max = 1e5,
         .unit = "%",
         .help = "of one processor, used by other programs; 20 ms are always allowed",
         .condition = "s.other_load_s > 0.02 + # / 100 * s.total_s"},
    [SKS_DISTURBED_START_SKEW] =
        {.name = "start_skew",
         .reason = "start skew",
         .default_text = "5%",
         .max = 100,
         .unit = "%",
         .help = "of the parallel part, between the first worker's start and the last one's; 1 ms "
                 "is always allowed; not judged on oversubscribed configurations",
         .condition = "NOT c.is_oversubscribed AND s.start_skew_s > 0.001"
                      " AND s.start_skew_s > # / 100 * s.parallel_s"},
    [SKS_DISTURBED_LATENCY] =
        {.name = "latency",
         .reason = "latency changed",
         .default_text = "3",
         .min = 1,
         .max = 1e6,
         .help = "times: ratio of the core-to-core latencies before and after, the larger to the "
                 "smaller",
         .condition = "max(s.latency_before_s, s.latency_after_s)"
                      " > # * min(s.latency_before_s, s.latency_after_s)"},
    [SKS_DISTURBED_MAJOR_FAULTS] = {.name = "major_faults",
                                    .reason = "major faults",
                                    .default_text = "0",
                                    .max = 1e9,
                                    .help = "page faults that had to wait for a disk",
                                    .condition = "s.major_faults > #"},
    [SKS_DISTURBED_WARMUP] =
        {.name = "warmup",
         .reason = "still warming up",
         .default_text = "3",
         .max = 1e3,
         .help =
             "interquartile ranges by which the first measured rounds lie outside the quartiles "
             "of the later half, see docs/sweep-files.md",
         /* Judged by the sweep (it takes a whole configuration), with the limit of that time. */
         .condition = "s.is_settling AND # IS NOT NULL"},
};

/* The limit as a number; NULL, which no comparison is true for, when it is off. */
static void print_limit(const char *name, FILE *out)
{
    fprintf(out,
            "(SELECT CAST(nullif(value, 'off') AS REAL) FROM campaign"
            " WHERE key = 'disturbed.%s')",
            name);
}

static void print_condition(const sks_disturbance *d, FILE *out)
{
    for (const char *at = d->condition; *at != '\0'; at++)
        if (*at == '#')
            print_limit(d->name, out);
        else
            fputc(*at, out);
}

sks_status sks_disturbed_sql(char **sql)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return sks_fail_nomem("a query");
    fputs("rtrim(", out);
    for (int i = 0; i < SKS_N_DISTURBANCES; i++) {
        fprintf(out, "%sCASE WHEN ", i > 0 ? " || " : "");
        print_condition(&sks_disturbance_table[i], out);
        fprintf(out, " THEN '%s; ' ELSE '' END", sks_disturbance_table[i].reason);
    }
    fputs(", '; ')", out);
    if (fclose(out) != 0) {
        free(text);
        return sks_fail_nomem("a query");
    }
    *sql = text;
    return SKS_OK;
}
