/* A command line with places for the input, as GNU parallel writes them.
 *
 *   {}    the input line          dir/frame.fits     {/}   without folder     frame.fits
 *   {.}   without extension       dir/frame          {//}  the folder         dir
 *   {/.}  without either          frame              {#}   the line's number  1
 *
 * They count everywhere, inside quotes too; \{} is only a pair of braces. A template without any
 * gets {} as last argument.
 *
 * Without a shell the template is cut into words at blanks, with '…', "…" and \ as in a shell; an
 * input stays within its argument whatever it holds. What only a shell can do (| & ; < > ( ) ` $
 * and a leading ~) is refused unless quoted; * and ? stand for themselves. With a shell, /bin/sh
 * runs the template as a script; see kernels/parts/command_script.h.
 *
 * Threads  any, after parsing.
 */
#ifndef SKYSCALE_COMMAND_TEMPLATE_H
#define SKYSCALE_COMMAND_TEMPLATE_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sks_template sks_template;

/* SKS_ERR_USAGE for an empty template, an open quote, or a character only a shell understands. */
sks_status sks_template_parse(const char *text, bool uses_shell, sks_template **made);
void sks_template_destroy(sks_template *made); /* accepts NULL */

/* The first word when it is the same for every input, otherwise NULL; the caller frees it. */
sks_status sks_template_program(const sks_template *made, char **program);

/* The arguments for one input, ended by NULL, in one block that the caller frees. `number` counts
 * from 1. */
sks_status sks_template_expand(const sks_template *made, const char *input, uint64_t number,
                               char ***argv);

#endif
