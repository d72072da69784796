#include "kernels/parts/command_record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool sks_command_succeeded(const sks_command_record *record)
{
    return record->end.ending == SKS_EXITED && record->end.code == 0;
}

bool sks_command_finished(const sks_command_record *record)
{
    return record->end.ending == SKS_EXITED || record->end.ending == SKS_SIGNALLED ||
           record->end.ending == SKS_TIMED_OUT;
}

sks_command_tally sks_command_count(const sks_command_record *record, size_t n)
{
    sks_command_tally tally = {0};

    for (size_t i = 0; i < n; i++) {
        sks_ending ending = record[i].end.ending;
        bool is_unfinished = ending == SKS_NOT_RUN || ending == SKS_STOPPED;

        tally.n_unfinished += is_unfinished;
        tally.n_failed += !is_unfinished && !sks_command_succeeded(&record[i]);
        tally.n_attempts += record[i].n_attempts;
        if (sks_command_finished(&record[i]))
            tally.output_bytes += record[i].output.size_bytes;
    }
    return tally;
}

/* A stream that ends in the log. */
struct sink {
    sks_product *log;
    uint64_t offset;
    sks_status status;
};

static ssize_t write_sink(void *cookie, const char *data, size_t size)
{
    struct sink *sink = cookie;

    if (sink->status == SKS_OK)
        sink->status = sks_product_write(sink->log, data, size, sink->offset);
    sink->offset += size;
    return sink->status == SKS_OK ? (ssize_t)size : 0;
}

static void write_header(FILE *out, const char *command)
{
    fputs("# command: ", out);
    for (const char *p = command; *p != '\0'; p++)
        fputc(*p == '\n' ? ' ' : *p, out);
    fputs("\n# times and outcome of the last attempt; start_s since the inputs were read\n"
          "# peak_bytes: largest resident memory of one process; nan: no more than skyscale's own, "
          "below which the system does not tell\n"
          "# seq\tstart_s\twall_s\tuser_s\tsystem_s\tpeak_bytes\toutput_bytes\tattempts\texit\t"
          "signal\toutcome\tinput\n",
          out);
}

static const char *outcome(const sks_command_record *record)
{
    switch (record->end.ending) {
    case SKS_EXITED:
        return record->end.code == 0 ? "ok" : "failed";
    case SKS_SIGNALLED:
        return "signal";
    case SKS_TIMED_OUT:
        return "timeout";
    case SKS_STOPPED:
        return "stopped";
    case SKS_NOT_STARTED:
        return "not_started";
    case SKS_NOT_RUN:
        break;
    }
    return "not_run";
}

static void write_row(FILE *out, size_t number, const sks_command_record *r, const char *input)
{
    const sks_program_end *end = &r->end;
    bool has_times = end->ending != SKS_NOT_RUN && end->ending != SKS_NOT_STARTED;
    bool has_exit = end->ending == SKS_EXITED;
    bool has_signal = has_times && !has_exit && end->code != 0;

    fprintf(out, "%zu\t%.6f\t%.6f\t%.6f\t%.6f\t%.0f\t%.0f\t%" PRIu64 "\t%.0f\t%.0f\t%s\t%s\n",
            number, end->ending != SKS_NOT_RUN ? r->start_s : NAN, has_times ? end->wall_s : NAN,
            has_times ? end->user_s : NAN, has_times ? end->system_s : NAN,
            has_times && end->peak_bytes > 0 ? (double)end->peak_bytes : NAN,
            sks_command_finished(r) ? (double)r->output.size_bytes : NAN, r->n_attempts,
            has_exit ? end->code : NAN, has_signal ? end->code : NAN, outcome(r), input);
}

sks_status sks_command_log(sks_product *log, const char *command, const sks_lines *lines,
                           const sks_command_record *record)
{
    struct sink sink = {.log = log};
    FILE *out = fopencookie(&sink, "w", (cookie_io_functions_t){.write = write_sink});

    if (out == NULL)
        return sks_fail_nomem("the log");
    write_header(out, command);
    for (size_t i = 0; i < lines->n; i++)
        write_row(out, i + 1, &record[i], lines->line[i]);
    fclose(out); /* what can fail stands in sink.status */
    return sink.status;
}

static void describe(char *text, size_t size, const sks_program_end *end)
{
    switch (end->ending) {
    case SKS_EXITED:
        snprintf(text, size, "exit status %d", end->code);
        break;
    case SKS_SIGNALLED:
        snprintf(text, size, "killed by signal %d", end->code);
        break;
    case SKS_TIMED_OUT:
        snprintf(text, size, "no end after %.3g s", end->wall_s);
        break;
    default:
        snprintf(text, size, "%s", strerror(end->code));
    }
}

/* Input lines may hold anything; a message is one line of text. */
static void shorten(char *text, size_t size, const char *input)
{
    size_t n = 0;

    while (n + 4 < size && input[n] != '\0') {
        text[n] = (unsigned char)input[n] < ' ' || input[n] == 127 ? '?' : input[n];
        n++;
    }
    strcpy(text + n, input[n] != '\0' ? "..." : "");
}

sks_status sks_command_fail(const sks_lines *lines, const sks_command_record *record,
                            const char *consequence)
{
    enum { N_SHOWN = 3 };
    size_t n_failed = sks_command_count(record, lines->n).n_failed;
    char list[300] = "";
    size_t length = 0, n_shown = 0;

    for (size_t i = 0; i < lines->n && n_shown < N_SHOWN; i++) {
        char input[44], why[44];

        if (sks_command_succeeded(&record[i]) || record[i].end.ending == SKS_NOT_RUN ||
            record[i].end.ending == SKS_STOPPED)
            continue;
        shorten(input, sizeof(input), lines->line[i]);
        describe(why, sizeof(why), &record[i].end);
        length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%zu \"%s\" (%s)",
                                   n_shown > 0 ? ", " : "", i + 1, input, why);
        n_shown++;
    }
    return sks_fail(SKS_ERR_INPUT, "%zu of %zu commands failed: %s%s%s", n_failed, lines->n, list,
                    n_failed > n_shown ? ", ..." : "", consequence);
}
