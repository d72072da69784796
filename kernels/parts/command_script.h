/* A command template as a script for /bin/sh: the same text for all inputs, in which variables
 * stand in the places of the input. A shell never reads a variable's content as program text, so a
 * file called `rm -rf *; $(reboot)` is only a file.
 *
 * The script takes the values as $1 … $6, in the order of sks_place_forms. Each reference is quoted
 * as the place around it needs: '…', "…", $(…) and $((…)) are followed. A place inside `…` or ${…}
 * is an error; here-documents are not followed.
 *
 * Source   POSIX.1-2017, Shell Command Language, 2.2 Quoting and 2.6 Word Expansions.
 */
#ifndef SKYSCALE_COMMAND_SCRIPT_H
#define SKYSCALE_COMMAND_SCRIPT_H

#include "common/status.h"

/* The caller frees *script. SKS_ERR_USAGE. */
sks_status sks_script_make(const char *command, char **script);

#endif
