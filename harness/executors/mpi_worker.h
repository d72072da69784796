/* An MPI process that is not the first: it makes the state of each kernel the coordinator names,
 * computes the tasks it is given, and sends their results back, until it is sent home.
 */
#ifndef SKYSCALE_MPI_WORKER_H
#define SKYSCALE_MPI_WORKER_H

#include "common/status.h"

/* The whole life of such a process, after main has set up its signals. */
sks_status sks_mpi_serve(void);

#endif
