/* What became of each command, and the two texts made of it: the log and the failure's message. */
#ifndef SKYSCALE_COMMAND_RECORD_H
#define SKYSCALE_COMMAND_RECORD_H

#include "kernels/parts/input_lines.h"
#include "kernels/parts/product.h"
#include "kernels/parts/program.h"
#include "kernels/parts/spool.h"

/* Of the last attempt. All zero: not run. */
typedef struct sks_command_record {
    sks_program_end end;
    sks_spool_text output;
    double start_s; /* since the run was prepared */
    uint64_t n_attempts;
} sks_command_record;

typedef struct sks_command_tally {
    size_t n_failed;     /* ended by themselves, but not well; or could not be started */
    size_t n_unfinished; /* stopped or not run */
    size_t n_attempts;
    uint64_t output_bytes; /* of all that ended by themselves */
} sks_command_tally;

bool sks_command_succeeded(const sks_command_record *record);

/* It ended by itself or by its time-out: its output is what it had to say. */
bool sks_command_finished(const sks_command_record *record);

sks_command_tally sks_command_count(const sks_command_record *record, size_t n);

/* Writes one row per input line. `command` is the template as given. */
sks_status sks_command_log(sks_product *log, const char *command, const sks_lines *lines,
                           const sks_command_record *record);

/* Fails, with how many failed, the first few, and `consequence`. */
sks_status sks_command_fail(const sks_lines *lines, const sks_command_record *record,
                            const char *consequence);

#endif
