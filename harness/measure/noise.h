/* What else happened on the machine during a run: recorded with the sample, never corrected for.
 *
 * Read before and after a run, from /proc and getrusage; a value the system does not tell is NaN.
 */
#ifndef SKYSCALE_NOISE_H
#define SKYSCALE_NOISE_H

typedef struct sks_noise {
    double involuntary_switches; /* of this process */
    double major_faults;         /* of this process */
    double steal_s;              /* time the host took away, all processors together */
    double other_load_s;         /* processor time used by others on the machine */
    double frequency_hz;         /* of the first processing unit, at the end; NaN where unknown */
    double latency_before_s;     /* core to core, one way; NaN on one unit */
    double latency_after_s;
} sks_noise;

typedef struct sks_noise_mark {
    double involuntary_switches, major_faults, steal_s, busy_s, own_s;
} sks_noise_mark;

void sks_noise_begin(sks_noise_mark *mark);
/* Fills all but the latencies, which it sets to NaN. */
void sks_noise_end(const sks_noise_mark *mark, sks_noise *noise);

/* One-way latency of a cache line bounced between processing units a and b (operating-system
 * numbers), seconds: the median of some thousand round trips, under a millisecond altogether. NaN
 * if the two cannot be used. Source: the ping-pong of two atomics, as in core-to-core latency
 * benchmarks. On virtual machines it can change tenfold from one second to the next. */
double sks_core_latency(int a, int b);

#endif
