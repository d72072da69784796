#include "harness/executors/waiting.h"

#include <sched.h>
#include <unistd.h>

/* Looks, not a time: where a worker has the processor meanwhile, a look lasts as long as its task,
 * and who sleeps then is not there when it ends. */
enum { N_LOOKS_AWAKE = 100 };

#define LOST_S 200e-6 /* another program had the processor, for as long as it is entitled to */
#define CROWDED_S 0.1 /* how long that is remembered */
#define SHORTEST_S 20e-6
#define SOON_S 1e-3 /* a wait that lasts so long is not about one small chunk */

double sks_wait_pause_s(sks_wait *wait, bool is_crowded, double at_most_s)
{
    static _Thread_local double crowded_until_s;
    const double now_s = sks_now_s();
    const double waited_s = now_s - wait->begin_s;
    const double part_s = waited_s < SOON_S ? SHORTEST_S : waited_s / 16;

    wait->n_looks++;
    /* Who sleeps is back sooner than who gives way to another program again and again. */
    if (is_crowded ? wait->n_looks > N_LOOKS_AWAKE : now_s < crowded_until_s)
        return part_s < at_most_s ? part_s : at_most_s;
    sched_yield();
    if (!is_crowded && sks_now_s() - now_s > LOST_S)
        crowded_until_s = now_s + CROWDED_S;
    return 0;
}

void sks_wait_a_little(sks_wait *wait, bool is_crowded, double at_most_s)
{
    const double pause_s = sks_wait_pause_s(wait, is_crowded, at_most_s);

    if (pause_s > 0)
        usleep((useconds_t)(1e6 * pause_s));
}
