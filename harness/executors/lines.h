/* What a worker of `queue` and its parent say to each other: two pipes per worker, orders one way,
 * answers the other.
 *
 * The worker's end is a scheduler, sks_lines_scheduler, whose next() waits for an order and whose
 * done() sends the answer, so that a worker of a queue lives the life of any other. The parent's
 * end never blocks.
 *
 *   parent → worker   a range; an empty one is the STOP mark
 *   worker → parent   RESULT task, bytes             one task of a kernel that delivers
 *                     DONE tasks, seconds, bytes     a chunk, with the results of one that does not
 * The first order comes by itself, every other one after DONE.
 */
#ifndef SKYSCALE_LINES_H
#define SKYSCALE_LINES_H

#include "harness/executors/worker.h"

typedef enum sks_word { SKS_RESULT, SKS_DONE } sks_word;

typedef struct sks_answer {
    sks_word word;
    sks_range tasks;
    double seconds; /* DONE: the computation's */
    size_t n_bytes; /* that follow */
} sks_answer;

typedef struct sks_line {
    int order[2]; /* [0] is the worker's; the parent keeps it too, so that an order to a worker that
                   * has just died is lost without a SIGPIPE */
    int answer[2];    /* [1] is the worker's; its end is seen by the parent */
    sks_answer heard; /* as far as it has been read */
    size_t n_heard;
    char *bytes; /* where what follows belongs */
} sks_line;

/* The state of sks_lines_scheduler: all lines, and what answers are made of. */
typedef struct sks_lines {
    sks_line *line; /* [n_workers] */
    const sks_job *job;
    size_t result_size;
} sks_lines;

extern const sks_scheduler sks_lines_scheduler;

/* For the worker: the deliver hook of its crew, whose schedule is the sks_lines. */
sks_status sks_lines_deliver(sks_worker *worker, size_t task, const void *result);

/* The parent's side. open makes the pipes anew (before the worker is forked), begin leaves it its
 * ends (after). Closed lines have only -1. */
sks_status sks_line_open(sks_line *line);
void sks_line_begin(sks_line *line);
void sks_line_close(sks_line *line);

sks_status sks_line_order(const sks_line *line, sks_range tasks);

/* Reads what is there. True when an answer is complete, in line->heard; its bytes are where `place`
 * said that they belong. False: not yet, or (*is_cut) the worker's end is closed. */
bool sks_line_hear(sks_line *line, char *(*place)(void *context, const sks_answer *answer),
                   void *context, bool *is_cut);

#endif
