#include "harness/analysis/simulate_speeds.h"

#include "common/param.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SPEED 1e-6
#define GREATEST_SPEED 1e6

static const sks_param slow_params[] = {
    {.name = "part", .type = SKS_REAL, .min = 0, .max = 1, .is_required = true},
    {.name = "speed",
     .type = SKS_REAL,
     .min = LEAST_SPEED,
     .max = GREATEST_SPEED,
     .is_required = true},
    {0},
};

static const sks_param smt_params[] = {
    {.name = "cores", .type = SKS_INT, .min = 1, .max = 65536, .is_required = true},
    {.name = "speed",
     .type = SKS_REAL,
     .min = LEAST_SPEED,
     .max = GREATEST_SPEED,
     .is_required = true},
    {0},
};

/* "slow:part=0.25,speed=0.5": what comes behind the colon. */
static sks_status parse_options(const char *text, const char *where, sks_speeds *speeds)
{
    const char *list = strchr(text, ':');
    const sks_param *params = speeds->kind == SKS_SPEEDS_SLOW ? slow_params : smt_params;
    sks_values *values = NULL;
    sks_status status = sks_values_create(params, &values);

    if (status == SKS_OK && list != NULL)
        status = sks_values_set_list(values, list + 1, where);
    if (status == SKS_OK)
        status = sks_values_complete(values, where);
    if (status == SKS_OK) {
        speeds->speed = sks_values_real(values, "speed");
        if (speeds->kind == SKS_SPEEDS_SLOW)
            speeds->part = sks_values_real(values, "part");
        else
            speeds->n_cores = (unsigned)sks_values_int(values, "cores");
    }
    sks_values_destroy(values);
    return status;
}

static sks_status parse_list(const char *text, const char *where, sks_speeds *speeds)
{
    char *copy = strdup(text), *rest = copy;
    sks_status status = copy != NULL ? SKS_OK : sks_fail_nomem("speeds");

    while (status == SKS_OK && rest != NULL) {
        const char *item = strsep(&rest, ",");
        double value;

        if (!sks_parse_real(item, &value) || value < LEAST_SPEED || value > GREATEST_SPEED)
            status = sks_fail(SKS_ERR_USAGE,
                              "%s: \"%s\" is no speed (%g … %g), and \"%s\" none of: equal, a list "
                              "as 1,1,0.5, slow:part=P,speed=S, smt:cores=C,speed=S",
                              where, item, LEAST_SPEED, GREATEST_SPEED, text);
        else if (speeds->n == SKS_MAX_SPEEDS)
            status = sks_fail(SKS_ERR_USAGE, "%s: more than %d speeds", where, SKS_MAX_SPEEDS);
        else
            speeds->list[speeds->n++] = value;
    }
    free(copy);
    return status;
}

sks_status sks_speeds_parse(const char *text, const char *where, sks_speeds *speeds)
{
    sks_speeds s = {.kind = SKS_SPEEDS_LIST};
    sks_status status = SKS_OK;

    if (strcmp(text, "equal") == 0)
        s.kind = SKS_SPEEDS_EQUAL;
    else if (strcmp(text, "slow") == 0 || strncmp(text, "slow:", 5) == 0)
        s.kind = SKS_SPEEDS_SLOW;
    else if (strcmp(text, "smt") == 0 || strncmp(text, "smt:", 4) == 0)
        s.kind = SKS_SPEEDS_SMT;
    if (s.kind == SKS_SPEEDS_LIST)
        status = parse_list(text, where, &s);
    else if (s.kind != SKS_SPEEDS_EQUAL)
        status = parse_options(text, where, &s);
    if (status == SKS_OK)
        *speeds = s;
    return status;
}

/* Whether another of the workers has the other thread of its core. */
static int has_sibling(const sks_speeds *speeds, unsigned n_workers, unsigned worker)
{
    const unsigned c = speeds->n_cores, in_machine = worker % (2 * c);
    const unsigned first = worker - in_machine;

    return in_machine < c ? first + in_machine + c < n_workers : 1;
}

void sks_speeds_fill(const sks_speeds *speeds, unsigned n_workers, double *speed)
{
    for (unsigned w = 0; w < n_workers; w++) {
        speed[w] = 1;
        if (speeds->kind == SKS_SPEEDS_LIST)
            speed[w] = speeds->list[w % speeds->n];
        else if (speeds->kind == SKS_SPEEDS_SLOW &&
                 floor((w + 1) * speeds->part) > floor(w * speeds->part))
            speed[w] = speeds->speed;
        else if (speeds->kind == SKS_SPEEDS_SMT && has_sibling(speeds, n_workers, w))
            speed[w] = speeds->speed;
    }
}
