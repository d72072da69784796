/* What can be known of a command before anything runs. */
#ifndef SKYSCALE_COMMAND_CHECK_H
#define SKYSCALE_COMMAND_CHECK_H

#include "kernels/parts/command_template.h"

/* Where the program is, or NULL when the template names another for each input; the caller frees
 * it. SKS_ERR_IO when there is none. */
sks_status sks_command_find_program(const sks_template *made, char **program);

/* Of a template for the shell: lets the shell read the script without running it. SKS_ERR_USAGE
 * with what the shell has to say. */
sks_status sks_command_check_script(const sks_template *made);

#endif
