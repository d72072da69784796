#include "harness/measure/shared_memory.h"

#include <stdint.h>
#include <sys/mman.h>

/* The size of the mapping stands on a page of its own before what the caller gets. */
enum { PAGE = 4096 };

void *sks_shared_alloc(size_t size_bytes)
{
    size_t *base;

    if (size_bytes > SIZE_MAX - PAGE)
        return NULL;
    base = mmap(NULL, size_bytes + PAGE, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    *base = size_bytes + PAGE;
    return (char *)base + PAGE;
}

void sks_shared_free(void *memory)
{
    size_t *base;

    if (memory == NULL)
        return;
    base = (size_t *)((char *)memory - PAGE);
    munmap(base, *base);
}
