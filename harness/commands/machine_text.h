/* The description of the machine as aligned text on standard output. */
#ifndef SKYSCALE_MACHINE_TEXT_H
#define SKYSCALE_MACHINE_TEXT_H

#include <jansson.h>

/* `description` as sks_machine_describe makes it. Units come from the ends of its keys. */
void sks_machine_print(const json_t *description);

#endif
