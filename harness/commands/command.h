/* The command contract: one sub-command of the program, one file each.
 *
 * main() reads the command line against the command's own parameter table and, for commands that
 * have `more_params`, a second table that depends on the first operand (a kernel's parameters, a
 * scene's). --help is answered from the same tables.
 *
 * Output  results go to standard output, everything else to standard error. A command returns a
 *         status; only main() chooses the exit code: 0 done, 1 the work failed, 2 wrong usage.
 */
#ifndef SKYSCALE_COMMAND_H
#define SKYSCALE_COMMAND_H

#include "common/param.h"
#include "common/status.h"

#include <stddef.h>

typedef struct sks_arguments {
    const sks_values *options;   /* of the command's own table */
    const sks_values *more;      /* of the second table; NULL when there is none */
    const char *const *operands; /* what is not an option, in order */
    size_t n_operands;
} sks_arguments;

typedef struct sks_command {
    const char *name;
    const char *summary;  /* one line for `skyscale --help` */
    const char *operands; /* for the usage line: "KERNEL", "CAMPAIGN.db…"; NULL: none */
    const char *details;  /* some lines for `skyscale NAME --help`: what it does, an example */
    size_t min_operands, max_operands;
    const sks_param *params; /* SKS_FLAG options take no value on the command line */

    /* The second table, chosen by the first operand, which then has to come first. `title` heads
     * it in the help text. SKS_ERR_USAGE for an operand that names nothing. NULL hook: none. */
    sks_status (*more_params)(const char *first_operand, const sks_param **params,
                              const char **title);

    sks_status (*run)(const sks_arguments *arguments);
} sks_command;

/* All commands, in the order of harness/CMakeLists.txt; ends with NULL. */
extern const sks_command *const sks_command_table[];

/* Reads argv[1..] for `command` and runs it; argv[0] is the command's name. */
sks_status sks_command_execute(const sks_command *command, int argc, const char **argv);

/* SKS_ERR_IO when something written to standard output was lost (full disk, closed pipe). */
sks_status sks_flush_stdout(void);

#endif
