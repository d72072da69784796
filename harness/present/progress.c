#include "harness/present/progress.h"

#include "harness/measure/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double first_s = 2, terminal_s = 0.2, plain_s = 10;
enum { BAR_WIDTH = 24, LINE_SIZE = 256, NARROW = 60 };

struct sks_progress {
    FILE *stream;
    char *what;
    bool has_cursor; /* one that can be moved */
    bool has_colour;
    bool is_shown;
    double start_s;
    double next_s; /* when the next line is due; infinite: never */
};

const char *sks_format_duration(double seconds, char text[SKS_DURATION_SIZE])
{
    const long s = seconds < 1e9 ? lround(seconds) : 1000000000;

    if (seconds < 9.95)
        snprintf(text, SKS_DURATION_SIZE, "%.1f s", seconds);
    else if (s < 60)
        snprintf(text, SKS_DURATION_SIZE, "%ld s", s);
    else if (s < 3600)
        snprintf(text, SKS_DURATION_SIZE, "%ld min %02ld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, SKS_DURATION_SIZE, "%ld h %02ld min", s / 3600, s % 3600 / 60);
    else
        snprintf(text, SKS_DURATION_SIZE, "%ld d %ld h", s / 86400, s % 86400 / 3600);
    return text;
}

sks_status sks_progress_start(FILE *stream, const char *what, sks_progress **progress)
{
    const char *terminal = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    sks_progress *p = calloc(1, sizeof(*p));

    if (p == NULL || (p->what = strdup(what)) == NULL) {
        free(p);
        return sks_fail_nomem("progress");
    }
    p->stream = stream;
    p->has_cursor = terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
    p->has_colour = p->has_cursor && (no_colour == NULL || no_colour[0] == '\0');
    p->start_s = sks_now_s();
    p->next_s = isatty(fileno(stream)) ? p->start_s + (p->has_cursor ? first_s : plain_s) : INFINITY;
    *progress = p;
    return SKS_OK;
}

bool sks_progress_is_due(const sks_progress *progress)
{
    return progress != NULL && sks_now_s() >= progress->next_s;
}

static int line_width(const sks_progress *p)
{
    struct winsize size;

    if (ioctl(fileno(p->stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* A bar in front when there is room for it; never wider than the terminal, or it would leave lines
 * behind. */
static void draw(sks_progress *p, const char *text, double fraction)
{
    const int width = line_width(p);
    const int filled = (int)(fraction * BAR_WIDTH);

    fputs("\r\033[K", p->stream);
    if (width >= NARROW) {
        fprintf(p->stream, "%s[", p->has_colour ? "\033[32m" : "");
        for (int i = 0; i < BAR_WIDTH; i++)
            fputc(i < filled ? '#' : '.', p->stream);
        fprintf(p->stream, "]%s ", p->has_colour ? "\033[0m" : "");
    }
    fprintf(p->stream, "%.*s", width - 1 - (width >= NARROW ? BAR_WIDTH + 3 : 0), text);
}

void sks_progress_show(sks_progress *progress, size_t n_done, size_t n_total, const char *unit,
                       double seconds_left)
{
    sks_progress *p = progress;
    const double fraction = n_total > 0 ? fmin(1, (double)n_done / (double)n_total) : 1;
    char text[LINE_SIZE], duration[SKS_DURATION_SIZE];

    if (!sks_progress_is_due(p))
        return;
    if (isnan(seconds_left) && n_done > 0)
        seconds_left = (sks_now_s() - p->start_s) * (1 / fraction - 1);
    snprintf(text, sizeof(text), "%s: %zu of %zu %s%s%s%s", p->what, n_done, n_total, unit,
             isnan(seconds_left) ? "" : ", ",
             isnan(seconds_left) ? "" : sks_format_duration(seconds_left, duration),
             isnan(seconds_left) ? "" : " left");
    if (p->has_cursor)
        draw(p, text, fraction);
    else
        fprintf(p->stream, "%s\n", text);
    fflush(p->stream);
    p->is_shown = true;
    p->next_s = sks_now_s() + (p->has_cursor ? terminal_s : plain_s);
}

void sks_progress_end(sks_progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->is_shown && progress->has_cursor) {
        fputs("\r\033[K", progress->stream);
        fflush(progress->stream);
    }
    free(progress->what);
    free(progress);
}
