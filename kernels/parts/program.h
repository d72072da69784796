/* Runs another program and reads what it prints.
 *
 * The program gets /dev/null as standard input, a pipe as standard output, the caller's standard
 * error, no other open file, and a process group of its own, so that a time-out or a stop reaches
 * what it started too: SIGTERM, and SIGKILL 0.2 s later. It is over when it exits; what processes
 * it leaves behind may print afterwards is lost, they themselves are left alone. When the caller's
 * process is killed, the program (not what it started) is killed with it, where the system can.
 *
 * Threads  any number at once; every descriptor is close-on-exec, so programs started at the same
 *          moment do not hold each other's pipes open.
 */
#ifndef SKYSCALE_PROGRAM_H
#define SKYSCALE_PROGRAM_H

#include "common/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sks_ending {
    SKS_NOT_RUN = 0,
    SKS_EXITED,      /* code: exit status */
    SKS_SIGNALLED,   /* code: signal */
    SKS_TIMED_OUT,   /* code: signal that ended it, or 0 when it exited at SIGTERM */
    SKS_STOPPED,     /* as before, ended because of sks_cancel or `stop` */
    SKS_NOT_STARTED, /* code: errno */
} sks_ending;

typedef struct sks_program_end {
    sks_ending ending;
    int code;
    double wall_s;
    double user_s, system_s; /* of the program and all it waited for */
    /* Largest resident memory of any process among them. The system starts counting with what the
     * caller's own process holds: 0 when the program needed no more, and it is not known. */
    uint64_t peak_bytes;
} sks_program_end;

typedef struct sks_program {
    const char *path;
    char *const *argv;
    double timeout_s;        /* 0: none */
    const atomic_bool *stop; /* NULL: only sks_cancel stops it */
    bool joins_errors;       /* standard error into the pipe as well */
    sks_status (*take)(void *to, const char *data, size_t size); /* for each piece of its output */
    void *to;
} sks_program;

/* Fails only when the system or `take` does; the program is then gone. What becomes of the program
 * itself, even if it cannot be started, is in *end. */
sks_status sks_program_run(const sks_program *program, sks_program_end *end);

/* Where a shell would find `name`: in PATH, or as it is if it has a slash. 0, and the caller frees
 * *path; otherwise an errno: ENOENT, EACCES when it may not be run, … */
int sks_program_locate(const char *name, char **path);

#endif
