/* What coordinator and workers say to each other: a head, and behind it what the kind says.
 *
 * Both ends are the same program on machines of one kind: structures travel as they are.
 */
#ifndef SKYSCALE_MPI_MESSAGE_H
#define SKYSCALE_MPI_MESSAGE_H

#include "harness/executors/executor.h"

typedef enum sks_mpi_kind {
    /* From the coordinator. */
    SKS_MPI_WAKE,  /* a job is about to come: small enough that sending it does not wait */
    SKS_MPI_JOB,   /* a job as JSON text: make the kernel's state */
    SKS_MPI_CHUNK, /* compute these tasks */
    SKS_MPI_HALT,  /* leave the rest of the chunk; no answer but the chunk's end */
    SKS_MPI_STOP,  /* no more of this job: tell how it was, and throw its state away */
    SKS_MPI_QUIT,  /* end */
    /* From a worker. */
    SKS_MPI_READY,  /* sks_mpi_ready: the state is made, or could not be made */
    SKS_MPI_RESULT, /* sks_mpi_result, and the results of its tasks, one after the other */
    SKS_MPI_END,    /* sks_mpi_report: the answer to a stop */
} sks_mpi_kind;

typedef struct sks_mpi_head {
    sks_mpi_kind kind;
    sks_range tasks;
} sks_mpi_head;

enum { SKS_MPI_HOST_SIZE = 256 };

typedef struct sks_mpi_ready {
    sks_mpi_head head;
    sks_status status;
    char message[SKS_MESSAGE_SIZE];
    size_t n_tasks;
    size_t result_size;
    sks_place got;
    int pid;
    char host[SKS_MPI_HOST_SIZE];
    size_t machine_size; /* behind it: the machine's description as JSON; 0: none, same host */
} sks_mpi_ready;

typedef struct sks_mpi_result {
    sks_mpi_head head; /* the tasks whose results follow */
    double busy_s;     /* of these tasks */
    bool is_last;      /* of the chunk */
    sks_status status; /* of the chunk so far; if not SKS_OK no results follow */
    size_t failed_task;
    char message[SKS_MESSAGE_SIZE];
} sks_mpi_result;

typedef struct sks_mpi_report {
    sks_mpi_head head;
    long switches;
    sks_count counts[SKS_MAX_EVENTS];
} sks_mpi_report;

#endif
