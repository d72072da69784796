/* Progress of long work, for the eyes of whoever waits.
 *
 * On a terminal one line that is drawn anew, with a bar and the time left; on one that cannot move
 * its cursor (TERM=dumb) a plain line every ten seconds; elsewhere (a file, a pipe) nothing.
 * Nothing for work of less than two seconds. Colour only on terminals and without NO_COLOR (https://no-color.org).
 *
 * Threads  one.
 */
#ifndef SKYSCALE_PROGRESS_H
#define SKYSCALE_PROGRESS_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct sks_progress sks_progress;

/* `stream` is standard error, as a rule; `what` begins the line and is copied. */
sks_status sks_progress_start(FILE *stream, const char *what, sks_progress **progress);

/* Whether sks_progress_show would show something now: ask before working out the time left. */
bool sks_progress_is_due(const sks_progress *progress); /* NULL: false */

/* `n_total` may change from call to call. `unit` names what is counted ("samples"). NaN for
 * seconds_left: judged from n_done since the start. Does nothing when it is not due. */
void sks_progress_show(sks_progress *progress, size_t n_done, size_t n_total, const char *unit,
                       double seconds_left);

/* Clears the line; accepts NULL. */
void sks_progress_end(sks_progress *progress);

enum { SKS_DURATION_SIZE = 32 };
/* "0.4 s", "12 s", "3 min 20 s", "1 h 05 min", "2 d 3 h". */
const char *sks_format_duration(double seconds, char text[SKS_DURATION_SIZE]);

#endif
