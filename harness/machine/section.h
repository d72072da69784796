/* Filling JSON objects; internal to the description of the machine. What is not known becomes null.
 */
#ifndef SKYSCALE_SECTION_H
#define SKYSCALE_SECTION_H

#include "harness/machine/host.h"

#include <jansson.h>
#include <stdint.h>

/* An object that is being filled. `failed` gathers what could not be added: memory ran out. */
struct section {
    json_t *object;
    int failed;
};

struct section sks_section_begin(void);
/* The object, or NULL (released) when something failed. */
json_t *sks_section_end(struct section *s);

void sks_put(struct section *s, const char *key, json_t *value); /* takes over the reference */
void sks_put_text(struct section *s, const char *key, const char *text); /* NULL, "": not known */
void sks_put_real(struct section *s, const char *key, double value);     /* not finite: not known */
/* For sizes and counts that cannot be 0. */
void sks_put_size(struct section *s, const char *key, uint64_t value);
void sks_put_answer(struct section *s, const char *key, sks_answer answer);

#endif
