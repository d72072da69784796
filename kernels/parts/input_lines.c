#include "kernels/parts/input_lines.h"

#include "kernels/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of a file, with room for one more byte. */
static sks_status read_text(int fd, const char *name, char **text, size_t *size)
{
    size_t capacity = 1 << 16;
    char *to = malloc(capacity);
    size_t n = 0;

    while (to != NULL) {
        ssize_t got = read(fd, to + n, capacity - n - 1);

        if (got < 0 && errno == EINTR && !sks_cancel)
            continue;
        if (got < 0) {
            free(to);
            return errno == EINTR ? sks_fail(SKS_ERR_CANCELLED, "interrupted")
                                  : sks_fail(SKS_ERR_IO, "%s: %s", name, strerror(errno));
        }
        if (got == 0) {
            *text = to;
            *size = n;
            return SKS_OK;
        }
        n += (size_t)got;
        if (n + 1 == capacity) {
            char *more = realloc(to, capacity *= 2);

            if (more == NULL)
                free(to);
            to = more;
        }
    }
    return sks_fail_nomem(name);
}

/* Cuts the text into strings. */
static sks_status cut(sks_lines *lines, size_t size, const char *name)
{
    char *end = lines->text + size;
    size_t n = 0;

    if (size > 0 && end[-1] != '\n')
        *end++ = '\n';
    for (const char *p = lines->text; p < end; p++)
        n += *p == '\n';
    lines->line = malloc((n + 1) * sizeof(*lines->line));
    if (lines->line == NULL)
        return sks_fail_nomem(name);
    for (char *p = lines->text; p < end;) {
        char *stop = memchr(p, '\n', (size_t)(end - p));

        if (memchr(p, '\0', (size_t)(stop - p)) != NULL)
            return sks_fail(SKS_ERR_INPUT, "%s:%zu: a zero byte, which no argument can hold", name,
                            lines->n + 1);
        *stop = '\0';
        lines->line[lines->n++] = p;
        p = stop + 1;
    }
    return SKS_OK;
}

sks_status sks_lines_read(const char *path, sks_lines *lines)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    sks_lines made = {0};
    size_t size = 0;
    sks_status status;

    if (fd < 0)
        return sks_fail(SKS_ERR_IO, "%s: %s", name, strerror(errno));
    status = read_text(fd, name, &made.text, &size);
    if (!is_stdin)
        close(fd);
    if (status == SKS_OK)
        status = cut(&made, size, name);
    if (status != SKS_OK) {
        sks_lines_clear(&made);
        return status;
    }
    *lines = made;
    return SKS_OK;
}

void sks_lines_clear(sks_lines *lines)
{
    free(lines->line);
    free(lines->text);
    *lines = (sks_lines){0};
}
