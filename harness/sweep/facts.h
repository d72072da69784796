/* What a campaign says about itself, for those who compare campaigns and for the checklist.
 *
 * Ownership  facts own their texts; cleared with sks_facts_clear.
 * Errors     as the store's.
 */
#ifndef SKYSCALE_FACTS_H
#define SKYSCALE_FACTS_H

#include "harness/sweep/store.h"

#include <jansson.h>

typedef struct sks_facts {
    json_t *settings; /* {key: text}: table `campaign`; "machine" parsed, an object, or null */
    json_t *inputs;   /* {path as written: digest of the contents} */
    size_t n_planned; /* configurations */
    size_t n_without; /* of those, without a good sample */
    size_t n_good;    /* samples, warm-ups and failures not among them */
    size_t n_warmups;
    size_t n_failed;
    size_t n_disturbed;   /* of the good ones */
    size_t n_with_skew;   /* good samples whose start skew is known … */
    double greatest_skew; /* … and the greatest of them over the time of the parallel part */
    size_t n_products;    /* kernels with their parameters that have a digest of the product … */
    size_t n_unlike;      /* … and that gave more than one */
    bool is_simulated;    /* some binding was to a topology that is not the machine's */
    double total_s;       /* of all good samples together */
    char last_sample[32]; /* when it was started; "" for none */
} sks_facts;

sks_status sks_facts_read(sks_store *store, sks_facts *facts);
void sks_facts_clear(sks_facts *facts); /* accepts one that is all zero */

/* A setting as text: "created_at", "version", "name", …; "" when there is none. */
const char *sks_facts_setting(const sks_facts *facts, const char *key);

/* Whether both tell of the very same measurements. */
bool sks_facts_are_same(const sks_facts *a, const sks_facts *b);

#endif
