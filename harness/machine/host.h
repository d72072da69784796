/* Facts about the machine and its operating system, as /proc and /sys tell them. */
#ifndef SKYSCALE_HOST_H
#define SKYSCALE_HOST_H

typedef enum sks_answer { SKS_NO, SKS_YES, SKS_NOT_KNOWN } sks_answer;

/* Not known: "" for texts, NaN for numbers. */
typedef struct sks_host {
    char hostname[128];
    char os[128];
    char kernel[128];
    char processor[128]; /* model name */
    char hypervisor[64]; /* "none" when surely on the bare machine */
    char container[64];
    char governor[32];
    char clocksource[32];
    sks_answer is_virtual;
    sks_answer has_turbo; /* the clock may rise above its nominal rate */
    sks_answer has_smt;   /* hardware threads are switched on */
    double frequency_hz;  /* of one unit, at this moment */
    double frequency_min_hz;
    double frequency_max_hz;
    double memory_bytes;
    double cgroup_cpu_limit;          /* processors' worth of time; NaN: no limit found */
    double cgroup_memory_limit_bytes; /* NaN: no limit found */
    double load_average_1min;         /* of the whole machine */
    double other_running;  /* threads besides this one that were running at this moment */
    double steal_fraction; /* of the processor time since boot, taken by the host */
} sks_host;

/* Reads the files below `root` ("" for this machine); `unit` is the processing unit whose clock is
 * read. Never fails: what cannot be read stays unknown. */
void sks_host_read(const char *root, int unit, sks_host *host);

#endif
