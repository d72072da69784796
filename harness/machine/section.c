#include "harness/machine/section.h"

#include <math.h>

struct section sks_section_begin(void)
{
    json_t *object = json_object();

    return (struct section){.object = object, .failed = object == NULL};
}

void sks_put(struct section *s, const char *key, json_t *value)
{
    s->failed |= json_object_set_new(s->object, key, value);
}

/* Text that is not UTF-8 cannot be written as JSON. */
void sks_put_text(struct section *s, const char *key, const char *text)
{
    json_t *value = text == NULL || text[0] == '\0' ? NULL : json_string(text);

    sks_put(s, key, value != NULL ? value : json_null());
}

void sks_put_real(struct section *s, const char *key, double value)
{
    sks_put(s, key, isfinite(value) ? json_real(value) : json_null());
}

void sks_put_size(struct section *s, const char *key, uint64_t value)
{
    sks_put(s, key, value > 0 ? json_integer((json_int_t)value) : json_null());
}

void sks_put_answer(struct section *s, const char *key, sks_answer answer)
{
    sks_put(s, key, answer == SKS_NOT_KNOWN ? json_null() : json_boolean(answer == SKS_YES));
}

json_t *sks_section_end(struct section *s)
{
    if (s->failed) {
        json_decref(s->object);
        return NULL;
    }
    return s->object;
}
