/* Memory that a process and those it forks afterwards see alike: anonymous shared mappings, at the
 * same address in all of them. Nothing in any file system, so nothing is left behind, however the
 * processes end. Pages cost memory once they are touched.
 */
#ifndef SKYSCALE_SHARED_MEMORY_H
#define SKYSCALE_SHARED_MEMORY_H

#include <stddef.h>

/* Zeroed, on a page boundary; NULL when there is none. Free with sks_shared_free, in the process
 * that asked for it. */
void *sks_shared_alloc(size_t size_bytes);
void sks_shared_free(void *memory); /* accepts NULL */

#endif
