/* Worker counts of a sweep file: N, "cores", "K*cores", and ranges "A-B" of these. */
#include "harness/sweep/plan_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void skip_blanks(const char **at)
{
    while (isblank((unsigned char)**at))
        ++*at;
}

/* Digits only, so that "-3" is no number here but a range without a beginning. Saturates far above
 * any limit. */
static bool read_number(const char **at, unsigned long *number)
{
    unsigned long value = 0;

    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); ++*at)
        if (value <= SKS_MAX_WORKERS)
            value = 10 * value + (unsigned long)(**at - '0');
    *number = value;
    return true;
}

/* N, "cores" or "K*cores", with blanks around. */
static bool read_count(const char **at, unsigned n_cores, unsigned long *count)
{
    unsigned long factor = 1;
    bool has_number;

    skip_blanks(at);
    has_number = read_number(at, &factor);
    skip_blanks(at);
    if (has_number && **at != '*') {
        *count = factor;
        return true;
    }
    if (has_number) {
        ++*at;
        skip_blanks(at);
    }
    if (strncmp(*at, "cores", 5) != 0)
        return false;
    *at += 5;
    skip_blanks(at);
    *count = factor * n_cores;
    return true;
}

static sks_status add_count(sks_plan *plan, unsigned count, sks_picks *picks)
{
    sks_status status = SKS_OK;
    size_t i = 0;

    while (i < plan->n_workers && plan->workers[i] != count)
        i++;
    if (i == plan->n_workers) {
        status = sks_plan_grow((void **)&plan->workers, i, sizeof(plan->workers[0]));
        if (status != SKS_OK)
            return status;
        plan->workers[plan->n_workers++] = count;
    }
    return sks_picks_add(picks, i, NULL);
}

static sks_status read_item(const sks_yaml *yaml, const sks_yaml_node *item, unsigned n_cores,
                            sks_plan *plan, sks_picks *picks)
{
    const char *at = item->text;
    unsigned long first, last;
    bool is_right = read_count(&at, n_cores, &first);

    last = first;
    if (is_right && *at == '-') {
        at++;
        is_right = read_count(&at, n_cores, &last);
    }
    if (!is_right || *at != '\0')
        return sks_yaml_fail(yaml, item, SKS_ERR_USAGE,
                             "workers: \"%s\" is none of: 4, 1-8, cores, 2*cores", item->text);
    if (first < 1 || last > SKS_MAX_WORKERS || first > SKS_MAX_WORKERS)
        return sks_yaml_fail(yaml, item, SKS_ERR_USAGE, "workers: %s is out of range, need 1 to %d",
                             item->text, SKS_MAX_WORKERS);
    if (first > last)
        return sks_yaml_fail(yaml, item, SKS_ERR_USAGE,
                             "workers: the range %s ends at %lu, before its beginning %lu",
                             item->text, last, first);
    for (unsigned long count = first; count <= last; count++) {
        sks_status status = add_count(plan, (unsigned)count, picks);

        if (status != SKS_OK)
            return status;
    }
    return SKS_OK;
}

sks_status sks_plan_read_workers(const sks_yaml *yaml, const sks_yaml_node *node, unsigned n_cores,
                                 sks_plan *plan, sks_picks *picks)
{
    sks_status status = sks_plan_check_list(yaml, node, "workers");

    for (size_t i = 0; status == SKS_OK && i < node->n; i++)
        status = read_item(yaml, node->value[i], n_cores, plan, picks);
    return status;
}
