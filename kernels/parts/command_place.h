/* The places for the input in a command, and what they stand for.
 *
 * Source   GNU parallel, parallel(1), the definitions under --rpl. In words: {.} loses the last dot
 *          and what follows it, if that is at least one character and holds no slash; {/} is what
 *          follows the last slash; {//} is what dirname prints; {/.} is {/} and then {.}.
 */
#ifndef SKYSCALE_COMMAND_PLACE_H
#define SKYSCALE_COMMAND_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKS_N_PLACES = 6 };

typedef struct sks_place_form {
    const char *text;     /* "{}" */
    const char *variable; /* its name in a shell's script */
} sks_place_form;

extern const sks_place_form sks_place_forms[SKS_N_PLACES];

/* Whether `text` begins with a place, and with which. */
bool sks_place_starts(const char *text, size_t *which);

/* Writes what the place stands for, without a final '\0', and returns its length; with to == NULL
 * only the length, which is at most strlen(input) + 20. */
size_t sks_place_fill(size_t which, const char *input, uint64_t number, char *to);

#endif
