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

static int host_number, host_workers;

/* By all processes of the world at once. */
static void find_neighbours(void)
{
    MPI_Comm host;
    int rank, lowest;

    MPI_Comm_rank(world, &rank);
    MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host);
    MPI_Comm_rank(host, &host_number);
    MPI_Comm_size(host, &host_workers);
    MPI_Allreduce(&rank, &lowest, 1, MPI_INT, MPI_MIN, host);
    if (lowest == 0) { /* the coordinator is no worker */
        host_number--;
        host_workers--;
    }
    MPI_Comm_free(&host);
}

static void neighbours(int *number, int *n)
{
    *number = host_number;
    *n = host_workers;
}

/* Errors come back as codes instead of ending the program. */
static void adopt(MPI_Comm communicator)
{
    world = communicator;
    MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
}

static const char *start(int *rank, int *size)
{
    int provided, code;

    /* Open MPI refuses more processes than cores, and waits at full speed, unless told. */
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    /* Its store in shared memory starts slowly, and on busy machines now and then not at all. */
    setenv("PMIX_MCA_gds", "hash", 0);
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
    find_neighbours();
    return NULL;
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
        find_neighbours();
    }
    return explain(code);
}

static const char *send_message(int to, const void *data, size_t size_bytes)
{
    if (size_bytes > INT_MAX)
        return "a message of more than 2 GiB";
    return explain(MPI_Send(data, (int)size_bytes, MPI_BYTE, to, TAG, world));
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
    .send = send_message,
    .probe = probe,
    .receive = receive,
    .neighbours = neighbours,
    .part = part,
    .stop = stop,
    .abort = abort_all,
    .version = version,
};
