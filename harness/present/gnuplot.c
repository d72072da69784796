#include "harness/present/gnuplot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct sks_gnuplot {
    char **argv; /* "gnuplot", "-d", then "-e" and an assignment for each variable; NULL-ended */
    size_t argc, capacity;
    bool has_failed;
};

static const struct format {
    const char *ending;
    const char *terminal;
} formats[] = {{".svg", "svg"}, {".pdf", "pdfcairo"}, {".png", "pngcairo"}};

/* Takes ownership of `text`, which may be NULL for a failed allocation. */
static void push(sks_gnuplot *plot, char *text)
{
    if (text == NULL || plot->has_failed) {
        plot->has_failed = true;
        free(text);
        return;
    }
    if (plot->argc + 1 >= plot->capacity) {
        size_t capacity = 2 * plot->capacity + 32;
        char **argv = realloc(plot->argv, capacity * sizeof(*argv));

        if (argv == NULL) {
            plot->has_failed = true;
            free(text);
            return;
        }
        plot->argv = argv;
        plot->capacity = capacity;
    }
    plot->argv[plot->argc++] = text;
    plot->argv[plot->argc] = NULL;
}

sks_status sks_gnuplot_create(sks_gnuplot **plot)
{
    sks_gnuplot *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return sks_fail_nomem("plot");
    push(p, strdup("gnuplot"));
    push(p, strdup("-d")); /* default settings: no start-up files */
    *plot = p;
    return SKS_OK;
}

void sks_gnuplot_destroy(sks_gnuplot *plot)
{
    if (plot == NULL)
        return;
    for (size_t i = 0; i < plot->argc; i++)
        free(plot->argv[i]);
    free(plot->argv);
    free(plot);
}

/* In gnuplot's single quotes nothing is special but the quote itself, which is doubled. */
void sks_gnuplot_text(sks_gnuplot *plot, const char *name, const char *value)
{
    char *assignment = malloc(strlen(name) + 2 * strlen(value) + 4);
    char *to;

    if (assignment == NULL) {
        plot->has_failed = true;
        return;
    }
    to = assignment + sprintf(assignment, "%s='", name);
    for (; *value != '\0'; value++) {
        if (*value == '\'')
            *to++ = '\'';
        *to++ = *value == '\n' || *value == '\r' ? ' ' : *value;
    }
    strcpy(to, "'");
    push(plot, strdup("-e"));
    push(plot, assignment);
}

void sks_gnuplot_number(sks_gnuplot *plot, const char *name, double value)
{
    char *assignment;

    if (isnan(value) ? asprintf(&assignment, "%s=NaN", name) < 0
                     : asprintf(&assignment, "%s=%.17g", name, value) < 0)
        assignment = NULL;
    push(plot, strdup("-e"));
    push(plot, assignment);
}

void sks_gnuplot_text_i(sks_gnuplot *plot, const char *name, size_t i, const char *value)
{
    char full[64];

    snprintf(full, sizeof(full), "%s_%zu", name, i);
    sks_gnuplot_text(plot, full, value);
}

void sks_gnuplot_number_i(sks_gnuplot *plot, const char *name, size_t i, double value)
{
    char full[64];

    snprintf(full, sizeof(full), "%s_%zu", name, i);
    sks_gnuplot_number(plot, full, value);
}

static const struct format *format_of(const char *output)
{
    size_t length = strlen(output);

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        size_t n = strlen(formats[i].ending);

        if (length > n && strcasecmp(output + length - n, formats[i].ending) == 0)
            return &formats[i];
    }
    return NULL;
}

sks_status sks_gnuplot_check_output(const char *output)
{
    if (format_of(output) == NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "%s: a figure's file name ends in .svg, .pdf or .png, which chooses the "
                        "format",
                        output);
    return SKS_OK;
}

/* share/skyscale/plots of the prefix this program was installed into, from malloc: it may have been
 * moved since it was built. NULL: not known. */
static char *plots_beside_program(void)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *path;

    if (length <= 0)
        return NULL;
    program[length] = '\0';
    return asprintf(&path, "%s/../share/skyscale/plots", dirname(program)) < 0 ? NULL : path;
}

sks_status sks_plots_find(const char *template, char **path)
{
    char *beside = plots_beside_program();
    const char *const directories[] = {getenv("SKYSCALE_PLOTS"), beside, SKS_PLOTS_SOURCE,
                                       SKS_PLOTS_INSTALLED};
    sks_status status = SKS_OK;
    char *found = NULL;

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && found == NULL; i++) {
        if (directories[i] == NULL)
            continue;
        if (asprintf(&found, "%s/%s", directories[i], template) < 0) {
            found = NULL;
            status = sks_fail_nomem("template path");
            break;
        }
        if (access(found, R_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    if (status == SKS_OK && found == NULL)
        status = sks_fail(SKS_ERR_IO,
                          "plot template %s not found in %s or %s; set SKYSCALE_PLOTS to the "
                          "directory that holds it",
                          template, SKS_PLOTS_INSTALLED, SKS_PLOTS_SOURCE);
    free(beside);
    if (found != NULL)
        *path = found;
    return status;
}

/* Starts gnuplot with its standard output on *from and its messages in the file `log`. */
static sks_status start(char **argv, const char *log, pid_t *child, int *from, bool *is_missing)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    int error;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return sks_fail(SKS_ERR_IO, "gnuplot: cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    error = posix_spawnp(child, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        *is_missing = error == ENOENT;
        if (error == ENOENT)
            return sks_fail(SKS_ERR_IO,
                            "gnuplot is not installed, figures need it (Debian: apt-get install "
                            "gnuplot-nox)");
        return sks_fail(SKS_ERR_IO, "cannot start gnuplot: %s", strerror(error));
    }
    *from = ends[0];
    return SKS_OK;
}

static sks_status write_all(int to, const char *bytes, size_t n, const char *name)
{
    while (n > 0) {
        ssize_t written = write(to, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return sks_fail(SKS_ERR_IO, "%s: cannot write: %s", name, strerror(errno));
        bytes += written;
        n -= (size_t)written;
    }
    return SKS_OK;
}

/* Everything from `from` to `to`; *n_bytes counts it. */
static sks_status copy(int from, int to, const char *name, size_t *n_bytes)
{
    char buffer[65536];

    for (;;) {
        ssize_t got = read(from, buffer, sizeof(buffer));
        sks_status status;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sks_fail(SKS_ERR_IO, "gnuplot: cannot read its drawing: %s", strerror(errno));
        if (got == 0)
            return SKS_OK;
        status = write_all(to, buffer, (size_t)got, name);
        if (status != SKS_OK)
            return status;
        *n_bytes += (size_t)got;
    }
}

/* The line of gnuplot's messages that says what was wrong: the last one that is not empty. */
static void read_complaint(const char *log, char *text, size_t size)
{
    FILE *file = fopen(log, "r");
    char line[256];

    snprintf(text, size, "no message");
    if (file == NULL)
        return;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " ^\t")] != '\0')
            snprintf(text, size, "%s", line + strspn(line, " \t"));
    }
    fclose(file);
}

/* Runs gnuplot into the open file `to`. */
static sks_status draw_into(sks_gnuplot *plot, const char *directory, int to, const char *name,
                            bool *is_missing)
{
    char complaint[256];
    char *log;
    size_t n_bytes = 0;
    sks_status status;
    pid_t child;
    int from = -1, outcome = 0;

    if (asprintf(&log, "%s/messages", directory) < 0)
        return sks_fail_nomem("path");
    status = start(plot->argv, log, &child, &from, is_missing);
    if (status != SKS_OK) {
        free(log);
        return status;
    }
    status = copy(from, to, name, &n_bytes);
    close(from); /* before waiting: a gnuplot that is still writing ends on a closed pipe */
    while (waitpid(child, &outcome, 0) < 0 && errno == EINTR)
        continue;
    if (status == SKS_OK && (outcome != 0 || n_bytes == 0)) {
        read_complaint(log, complaint, sizeof(complaint));
        status = sks_fail(SKS_ERR_IO, "gnuplot failed: %s", complaint);
    }
    free(log);
    return status;
}

/* Calls draw_into with a file beside `output`, renamed when all went well. */
static sks_status draw_complete(sks_gnuplot *plot, const char *directory, const char *output,
                                bool *is_missing)
{
    char *part;
    sks_status status;
    int to;

    if (asprintf(&part, "%s.%ld.part", output, (long)getpid()) < 0)
        return sks_fail_nomem("path");
    to = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to < 0) {
        status = sks_fail(SKS_ERR_IO, "%s: cannot write: %s", output, strerror(errno));
        free(part);
        return status;
    }
    status = draw_into(plot, directory, to, output, is_missing);
    if (close(to) != 0 && status == SKS_OK)
        status = sks_fail(SKS_ERR_IO, "%s: cannot write: %s", output, strerror(errno));
    if (status == SKS_OK && rename(part, output) != 0)
        status = sks_fail(SKS_ERR_IO, "%s: cannot write: %s", output, strerror(errno));
    if (status != SKS_OK)
        unlink(part);
    free(part);
    return status;
}

/* The files that templates load: a variable for each, with its path. */
static sks_status set_preludes(sks_gnuplot *plot)
{
    static const char *const names[] = {"style", "grid"};
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        char file[16], *path = NULL;

        snprintf(file, sizeof(file), "%s.gp", names[i]);
        status = sks_plots_find(file, &path);
        if (status == SKS_OK)
            sks_gnuplot_text(plot, names[i], path);
        free(path);
    }
    return status;
}

sks_status sks_gnuplot_draw(sks_gnuplot *plot, const char *template, const char *directory,
                            const char *output, bool *is_missing)
{
    const struct format *format = format_of(output);
    bool missing = false;
    char *path = NULL;
    sks_status status;

    assert(format != NULL); /* sks_gnuplot_check_output */
    status = set_preludes(plot);
    if (status == SKS_OK)
        status = sks_plots_find(template, &path);
    if (status == SKS_OK) {
        sks_gnuplot_text(plot, "terminal", format->terminal);
        push(plot, path);
        status = plot->has_failed ? sks_fail_nomem("variables of a plot")
                                  : draw_complete(plot, directory, output, &missing);
    }
    if (is_missing != NULL)
        *is_missing = missing;
    return status;
}
