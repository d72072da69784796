/* The product of all commands: what they printed, one after the other.
 *
 * Errors  those of the spool and of the product; SKS_ERR_NOMEM; SKS_ERR_BUG when an output does not
 *         stand where it should.
 * Threads one, after the last command has ended.
 */
#ifndef SKYSCALE_COMMAND_OUTPUTS_H
#define SKYSCALE_COMMAND_OUTPUTS_H

#include "kernels/parts/command_record.h"

/* Writes the outputs of the commands that finished, in the order of the n records, and commits. */
sks_status sks_command_outputs_write(const sks_spool *spool, const sks_command_record *record,
                                     size_t n, sks_product *product);

/* Reads the product back: each output must stand in its place. All n commands have finished. */
sks_status sks_command_outputs_verify(const sks_product *product, const sks_command_record *record,
                                      size_t n);

#endif
