/* The MPI processes of this program: rank 0 coordinates, all others serve it.
 *
 * Started by mpirun or srun with K processes, the program has K - 1 workers. Started alone it has
 * as many as it asks for: they are spawned when first wanted and kept for later runs.
 *
 * Threads  one.
 */
#ifndef SKYSCALE_MPI_WORLD_H
#define SKYSCALE_MPI_WORLD_H

#include "common/status.h"
#include "harness/executors/mpi_calls.h"

#include <stdbool.h>

/* The argument of a spawned worker. */
#define SKS_MPI_WORKER_ARGUMENT "--mpi-worker"

/* NULL, or why there is no MPI here. */
const char *sks_mpi_unavailable(void);

/* Whether a launcher has started several processes, of which this is not the first; or whether this
 * one was spawned. Such a process serves (mpi_worker.h) instead of reading its command line. */
bool sks_mpi_is_worker(int argc, const char *const *argv);

/* How many workers the launcher has started; 0: none, they are spawned. Does not start MPI. */
unsigned sks_mpi_n_launched(void);

/* Loads the module and starts MPI, once. SKS_ERR_IO. */
sks_status sks_mpi_start(void);
/* Sees to n_workers workers. SKS_ERR_USAGE when the launcher has started fewer. */
sks_status sks_mpi_gather(unsigned n_workers);
const sks_mpi_calls *sks_mpi(void); /* after sks_mpi_start */
int sks_mpi_rank(void);             /* of a worker, from 1 */

/* A worker that has nothing to do sleeps until this signal comes, when it is on the coordinator's
 * host; it blocks it meanwhile. Anybody else ignores it by default. */
#define SKS_MPI_WAKING_SIGNAL SIGURG

/* For the coordinator: which process worker `number` is, on this same host. */
sks_status sks_mpi_know(unsigned number, int pid);
/* Wakes worker `number`, if it is known; after something has been sent to it. */
void sks_mpi_wake(unsigned number);

/* What a call to the module returned as a status; `doing` begins the message. */
sks_status sks_mpi_check(const char *error, const char *doing);

/* After workers were lost or ended by force: no further run, nothing to say to anybody. */
void sks_mpi_give_up(void);

/* Sends the workers home and ends MPI, if it was started or others wait for it. At the end of the
 * program; also called at exit. */
void sks_mpi_end(void);

#endif
