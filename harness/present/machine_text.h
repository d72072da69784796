/* The description of the machine as text. */
#ifndef SKYSCALE_MACHINE_TEXT_H
#define SKYSCALE_MACHINE_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* `description` as sks_machine_describe makes it, aligned, on standard output. Units come from the
 * ends of its keys. */
void sks_machine_print(const json_t *description);

/* One entry: its key in words, without the unit that the value carries; and the value, which may be
 * an object but no array, on one line. */
void sks_machine_words(const char *key, char *words, size_t size);
void sks_machine_value(const char *key, const json_t *value, FILE *out);

#endif
