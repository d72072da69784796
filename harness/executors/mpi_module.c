#include "harness/executors/mpi_calls.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 1 };

static MPI_Comm world = MPI_COMM_NULL;   /* with whom messages are exchanged */
static MPI_Comm between = MPI_COMM_NULL; /* spawning and spawned processes */

static const char *explain(int code)
{
    static char text[MPI_MAX_ERROR_STRING];
    int length;

    if (code == MPI_SUCCESS)
        return NULL;
    MPI_Error_string(code, text, &length);
    return text;
}

static int *host_rank; /* [n_host_ranks], of the processes on this host, in order */
static int own_rank, n_host_ranks;

/* By all processes of the world at once. */
static int find_neighbours(void)
{
    MPI_Comm host;
    int code = MPI_Comm_rank(world, &own_rank);

    if (code == MPI_SUCCESS)
        code = MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, own_rank, MPI_INFO_NULL, &host);
    if (code != MPI_SUCCESS)
        return code;
    MPI_Comm_size(host, &n_host_ranks);
    free(host_rank);
    host_rank = malloc((size_t)n_host_ranks * sizeof(*host_rank));
    code = host_rank != NULL ? MPI_Allgather(&own_rank, 1, MPI_INT, host_rank, 1, MPI_INT, host)
                             : MPI_ERR_NO_MEM;
    MPI_Comm_free(&host);
    return code;
}

static void neighbours(int n_workers, int *number, int *n)
{
    *number = *n = 0;
    for (int i = 0; i < n_host_ranks; i++) {
        const bool is_worker = host_rank[i] > 0 && host_rank[i] <= n_workers;

        *n += is_worker;
        *number += is_worker && host_rank[i] < own_rank;
    }
}

/* Errors come back as codes instead of ending the program. */
static void adopt(MPI_Comm communicator)
{
    world = communicator;
    MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
}

#define QUIET "OPAL_OUTPUT_STDERR_FD"
#define NOWHERE "2147483647" /* no file has that number: what is written there is lost */

/* A program started alone gets a daemon, which has its own view of how workers end, in boxes of
 * five lines beside the one line that this program says. It inherits where to write messages. Our
 * own ones are set up before, with MPI's tools interface (which is left as it is: to finalize it
 * beside MPI corrupts Open MPI 4.1's heap); the daemon's children begin anew. */
static void quieten_daemon(void)
{
    const char *given = getenv(QUIET);
    int provided;

    if (given != NULL && strcmp(given, NOWHERE) == 0)
        unsetenv(QUIET);
    else if (getenv("OMPI_COMM_WORLD_SIZE") == NULL &&
             MPI_T_init_thread(MPI_THREAD_SERIALIZED, &provided) == MPI_SUCCESS)
        setenv(QUIET, NOWHERE, 0);
}

static const char *start(int *rank, int *size)
{
    int provided, code;

    /* Open MPI refuses more processes than cores, and waits at full speed, unless told. */
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    /* Its store in shared memory starts slowly, and on busy machines now and then not at all. */
    setenv("PMIX_MCA_gds", "hash", 0);
    quieten_daemon(); /* reads what was set so far */
    code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    if (code != MPI_SUCCESS)
        return explain(code);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_get_parent(&between);
    adopt(MPI_COMM_WORLD);
    if (between != MPI_COMM_NULL) {
        MPI_Comm merged;

        code = MPI_Intercomm_merge(between, 1, &merged);
        if (code != MPI_SUCCESS)
            return explain(code);
        adopt(merged);
    }
    MPI_Comm_rank(world, rank);
    MPI_Comm_size(world, size);
    return explain(find_neighbours());
}

static const char *spawn(const char *program, const char *argument, int n_workers)
{
    char *arguments[] = {(char *)argument, NULL};
    MPI_Comm merged;
    int code = MPI_Comm_spawn(program, arguments, n_workers, MPI_INFO_NULL, 0, MPI_COMM_SELF,
                              &between, MPI_ERRCODES_IGNORE);

    if (code == MPI_SUCCESS)
        code = MPI_Intercomm_merge(between, 0, &merged);
    if (code == MPI_SUCCESS) {
        adopt(merged);
        code = find_neighbours();
    }
    return explain(code);
}

static MPI_Request sending = MPI_REQUEST_NULL;

static const char *begin_send(int to, const void *data, size_t size_bytes)
{
    if (size_bytes > INT_MAX)
        return "a message of more than 2 GiB";
    return explain(MPI_Isend(data, (int)size_bytes, MPI_BYTE, to, TAG, world, &sending));
}

static const char *end_send(void)
{
    return explain(MPI_Wait(&sending, MPI_STATUS_IGNORE));
}

static const char *probe(bool *is_there, int *from, size_t *size_bytes)
{
    MPI_Status status;
    int flag = 0, count = 0;
    int code = MPI_Iprobe(MPI_ANY_SOURCE, TAG, world, &flag, &status);

    if (code == MPI_SUCCESS && flag) {
        MPI_Get_count(&status, MPI_BYTE, &count);
        *from = status.MPI_SOURCE;
        *size_bytes = (size_t)count;
    }
    *is_there = code == MPI_SUCCESS && flag;
    return explain(code);
}

static const char *receive(int from, void *data, size_t size_bytes)
{
    return explain(MPI_Recv(data, (int)size_bytes, MPI_BYTE, from, TAG, world, MPI_STATUS_IGNORE));
}

static void part(void)
{
    if (between == MPI_COMM_NULL)
        return;
    MPI_Comm_free(&world);
    MPI_Comm_disconnect(&between);
    adopt(MPI_COMM_WORLD);
}

static void stop(void)
{
    MPI_Finalize();
    free(host_rank);
    host_rank = NULL;
}

static void abort_all(int exit_status)
{
    MPI_Abort(world, exit_status);
}

static const char *version(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;

    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}

const sks_mpi_calls sks_mpi_module = {
    .start = start,
    .spawn = spawn,
    .begin_send = begin_send,
    .end_send = end_send,
    .probe = probe,
    .receive = receive,
    .neighbours = neighbours,
    .part = part,
    .stop = stop,
    .abort = abort_all,
    .version = version,
};
