/* What the executor `mpi` needs of MPI, as a table of functions in a module of its own.
 *
 * The module is loaded only when MPI is asked for: its libraries would make every start of the
 * program slower. It knows nothing of the rest of the program, nor the rest of MPI.
 *
 * Rank 0 coordinates, the others work. Every function that can fail returns NULL, or what MPI says
 * went wrong, until the next call.
 * Threads  one.
 */
#ifndef SKYSCALE_MPI_CALLS_H
#define SKYSCALE_MPI_CALLS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sks_mpi_calls {
    /* Starts MPI. In a process that was spawned it joins those it was spawned with. */
    const char *(*start)(int *rank, int *size);
    /* Makes n_workers more processes of `program` with that one argument; afterwards they are ranks
     * 1 … n_workers of a world of their own with this process as rank 0, to which all further
     * calls refer. Only for a process that was started alone. */
    const char *(*spawn)(const char *program, const char *argument, int n_workers);
    /* Sends in two steps. Between them the other side can be told to look: a long message is not
     * over before it does. The data stay as they are until the end. */
    const char *(*begin_send)(int to, const void *data, size_t size_bytes);
    const char *(*end_send)(void);
    /* Looks for a message; does not wait. */
    const char *(*probe)(bool *is_there, int *from, size_t *size_bytes);
    /* Takes the next message of that rank, which has that size. */
    const char *(*receive)(int from, void *data, size_t size_bytes);
    /* Of the workers 1 … n_workers, how many are on this host, and how many of those come before
     * this process. */
    void (*neighbours)(int n_workers, int *number, int *n);
    /* Parts from spawned workers, or, in their turn, from the coordinator. */
    void (*part)(void);
    void (*stop)(void);
    void (*abort)(int exit_status);
    /* The library's name and version, one line. */
    const char *(*version)(void);
} sks_mpi_calls;

/* The module's one symbol, "sks_mpi_module": const sks_mpi_calls. */
extern const sks_mpi_calls sks_mpi_module;

#endif
