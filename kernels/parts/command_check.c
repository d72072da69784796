#include "kernels/parts/command_check.h"

#include "kernels/kernel.h"
#include "kernels/parts/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

sks_status sks_command_find_program(const sks_template *made, char **program)
{
    char *name;
    sks_status status = sks_template_program(made, &name);
    int why;

    *program = NULL;
    if (status != SKS_OK || name == NULL)
        return status;
    why = sks_program_locate(name, program);
    if (why == ENOENT && strchr(name, '/') == NULL)
        status = sks_fail(SKS_ERR_IO, "command: there is no program \"%s\" in PATH", name);
    else if (why != 0)
        status = sks_fail(SKS_ERR_IO, "command: %s: %s", name, strerror(why));
    free(name);
    return status;
}

struct first_line {
    char text[160];
    size_t n;
};

static sks_status take_first_line(void *to, const char *data, size_t size)
{
    struct first_line *line = to;

    for (size_t i = 0; i < size && line->n + 1 < sizeof(line->text); i++)
        line->text[line->n++] = data[i];
    line->text[line->n] = '\0';
    line->text[strcspn(line->text, "\n")] = '\0';
    return SKS_OK;
}

sks_status sks_command_check_script(const sks_template *made)
{
    struct first_line line = {.n = 0};
    sks_program_end end;
    char **argv;
    sks_status status = sks_template_expand(made, "", 1, &argv);

    if (status != SKS_OK)
        return status;
    status = sks_program_run(
        &(sks_program){
            .path = argv[0],
            .argv = (char *const[]){argv[0], (char[]){"-n"}, argv[1], argv[2], NULL},
            .joins_errors = true,
            .take = take_first_line,
            .to = &line,
        },
        &end);
    free(argv);
    if (status == SKS_OK && (end.ending != SKS_EXITED || end.code != 0))
        status = sks_cancel ? sks_fail(SKS_ERR_CANCELLED, "interrupted")
                            : sks_fail(SKS_ERR_USAGE, "command: the shell says: %s", line.text);
    return status;
}
