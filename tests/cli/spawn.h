/* Running the program in a test, and looking at the files it made. Include after <cmocka.h>. */
#ifndef SKYSCALE_TESTS_SPAWN_H
#define SKYSCALE_TESTS_SPAWN_H

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPAWN_ARGUMENTS = 64 };

extern char **environ;

/* Runs `program` with arguments separated by blanks and waits for it: its exit status, or 128 + the
 * signal that ended it. NULL for a file: /dev/null. */
static inline int spawn(const char *program, const char *arguments, const char *in, const char *out,
                        const char *err)
{
    const char *output[] = {out, err};
    char copy[2048];
    char *argv[SPAWN_ARGUMENTS] = {(char *)program};
    char *rest = copy, *word;
    posix_spawn_file_actions_t actions;
    int n = 1, status;
    pid_t pid;

    assert_true(strlen(arguments) < sizeof(copy));
    strcpy(copy, arguments);
    while ((word = strsep(&rest, " ")) != NULL) {
        assert_true(n < SPAWN_ARGUMENTS - 1);
        if (word[0] != '\0')
            argv[n++] = word;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, in != NULL ? in : "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 2; i++)
        posix_spawn_file_actions_addopen(&actions, 1 + i,
                                         output[i] != NULL ? output[i] : "/dev/null",
                                         O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A whole file and a '\0' behind it; free() it. `size` may be NULL. */
static inline char *spawn_read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    size_t n = 0, room = 1 << 16, got;
    char *bytes = malloc(room);

    if (file == NULL)
        fail_msg("%s: %s", name, strerror(errno));
    assert_non_null(bytes);
    while ((got = fread(bytes + n, 1, room - n - 1, file)) > 0) {
        n += got;
        if (n + 1 == room) {
            bytes = realloc(bytes, room *= 2);
            assert_non_null(bytes);
        }
    }
    fclose(file);
    bytes[n] = '\0';
    if (size != NULL)
        *size = n;
    return bytes;
}

#endif
