#include "kernels/kernel.h"

#include <assert.h>
#include <string.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "signal handlers may only touch lock-free atomics");
sks_cancel_flag sks_cancel;

void sks_notes_add(sks_notes *notes, const char *name, double value)
{
    assert(notes->n < SKS_MAX_NOTES);
    notes->note[notes->n++] = (struct sks_note){.name = name, .value = value};
}

static const char *kernel_name(const void *context, size_t i)
{
    (void)context;
    return sks_kernel_table[i] != NULL ? sks_kernel_table[i]->name : NULL;
}

sks_status sks_kernel_find(const char *name, const sks_kernel **kernel)
{
    const char *nearest;

    for (size_t i = 0; sks_kernel_table[i] != NULL; i++)
        if (strcmp(sks_kernel_table[i]->name, name) == 0) {
            *kernel = sks_kernel_table[i];
            return SKS_OK;
        }
    nearest = sks_nearest(name, kernel_name, NULL);
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "unknown kernel \"%s\"; did you mean \"%s\"? see: skyscale list kernels",
                        name, nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown kernel \"%s\"; see: skyscale list kernels", name);
}
