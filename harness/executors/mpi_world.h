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
#include "harness/executors/waiting.h"

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

/* ---- Sleeping until a message comes.
 *
 * Ranks of one host that know each other wake each other: whoever sends also sends a signal,
 * SIGURG, to the thread that runs MPI, which blocks it while it listens. Whoever does not listen
 * ignores it, by default. A message is there before its signal is: who begins to listen, then
 * looks, and then sleeps, misses none. */

/* `rank` is process `pid` of this host, and MPI is run by its first thread. */
sks_status sks_mpi_know(int rank, int pid);
void sks_mpi_listen(bool is_listening);
/* Until a known rank has sent something since it was listened, at most so long. */
void sks_mpi_sleep(double at_most_s);
/* Between two looks for a message, while listening: sks_wait_a_little, but for those who lack a
 * processor and are told (`is_told`) of every message, who sleep at once. */
void sks_mpi_wait(sks_wait *wait, bool is_crowded, bool is_told, double at_most_s);

/* Sends, and wakes whoever gets it. */
sks_status sks_mpi_send(int to, const void *data, size_t size_bytes, const char *doing);

/* What a call to the module returned as a status; `doing` begins the message. */
sks_status sks_mpi_check(const char *error, const char *doing);

/* After workers were lost or ended by force: no further run, nothing to say to anybody. */
void sks_mpi_give_up(void);

/* Sends the workers home and ends MPI, if it was started or others wait for it. At the end of the
 * program; also called at exit. */
void sks_mpi_end(void);

#endif
