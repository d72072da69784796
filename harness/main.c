/* skyscale: reads the command line and hands over to one of the commands. */
#include "harness/commands/command.h"
#include "harness/executors/fatal.h"
#include "harness/executors/mpi_worker.h"
#include "harness/executors/mpi_world.h"
#include "harness/measure/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifndef SKS_VERSION
#error "the build defines SKS_VERSION"
#endif

static const char *command_name(const void *context, size_t i)
{
    (void)context;
    return sks_command_table[i] != NULL ? sks_command_table[i]->name : NULL;
}

static sks_status print_help(void)
{
    printf("Usage: skyscale COMMAND [OPERAND…] [OPTION…]\n\n"
           "Measures how astronomy computations scale on parallel machines, and runs them as fast\n"
           "parallel tools.\n\nCommands:\n");
    for (size_t i = 0; sks_command_table[i] != NULL; i++)
        printf("  %-10s %s\n", sks_command_table[i]->name, sks_command_table[i]->summary);
    printf("\nskyscale COMMAND --help tells more about one; skyscale list shows all kernels,\n"
           "schedulers, executors, bindings, models and figures.\n");
    return sks_flush_stdout();
}

static sks_status dispatch(int argc, const char **argv)
{
    const char *nearest;

    if (argc < 2)
        return sks_fail(SKS_ERR_USAGE, "a command is needed; see: skyscale --help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        printf("skyscale %s\n", SKS_VERSION);
        return sks_flush_stdout();
    }
    for (size_t i = 0; sks_command_table[i] != NULL; i++)
        if (strcmp(sks_command_table[i]->name, argv[1]) == 0)
            return sks_command_execute(sks_command_table[i], argc - 1, argv + 1);
    nearest = sks_nearest(argv[1], command_name, NULL);
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", argv[1],
                        nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown command \"%s\"; see: skyscale --help", argv[1]);
}

/* First signal: runs stop at the next task and clean up. Second one: the default action. */
static void on_signal(int number)
{
    sks_cancel = number;
    signal(number, SIG_DFL);
}

/* A terminal that is closed is one more request to stop, unless nohup has told us not to care. */
static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}, given;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &given) == 0 && given.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

int main(int argc, char **argv)
{
    sks_status status;

    heed_signals();
    sks_fatal_install();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error with a message */

    status = sks_mpi_is_worker(argc, (const char *const *)argv)
                 ? sks_mpi_serve()
                 : dispatch(argc, (const char **)argv);
    sks_mpi_end();
    if (status == SKS_OK)
        return 0;
    fprintf(stderr, "skyscale: %s\n",
            sks_message()[0] != '\0' ? sks_message() : "failed without a reason");
    if (status == SKS_ERR_CANCELLED && sks_cancel != 0) {
        signal(sks_cancel, SIG_DFL);
        raise(sks_cancel); /* so that the shell sees what ended us */
    }
    return status == SKS_ERR_USAGE ? 2 : 1;
}
