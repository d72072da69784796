/* Any existing program, run once per input line: the paper's "reuse what you have".
 *
 * Task         one input line: one process (kernels/parts/program.h), its command line made from a
 *              template (kernels/parts/command_template.h)
 * Cost         whatever the program takes
 * Product      the standard outputs of all commands, each in one piece, in the order of the lines.
 *              Until then they are kept in a temporary file (kernels/parts/spool.h), so memory
 *              stays bounded whatever a command prints. Standard error is passed through as it
 *              comes.
 * Determinism  the product does not depend on the schedule, as far as the program's output does
 *              not.
 * Failures     as with GNU parallel, a command that fails does not keep the others from running,
 *              and what failing commands printed is delivered too; the run then fails with a list.
 *              A run that is stopped, by --fail-fast or by an interrupt, leaves no product that
 *              looks complete: what finished goes to OUTPUT.partial, or to the output if that is a
 *              pipe or a terminal. In all cases the log has a row for every line: nothing that
 *              finished is lost.
 * Work         no operations counted; the bytes of the product.
 */
#include "kernels/parts/command_check.h"
#include "kernels/parts/command_outputs.h"
#include "kernels/parts/command_template.h"
#include "kernels/parts/monotonic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Written by workers while the loop runs; in shared memory, so that they may be processes. */
struct shared {
    /* Set by the first command that fails with --fail-fast, read by all; relaxed, since nothing
     * else hangs on it. */
    atomic_bool stop;
    sks_command_record record[]; /* each written by its own worker only */
};

struct command {
    char *text; /* the template as given */
    sks_template *template;
    char *program; /* NULL: it depends on the input */
    sks_lines lines;
    double timeout_s; /* 0: none */
    uint64_t n_retries;
    bool is_fail_fast;
    char *output;
    sks_product *product;
    sks_product *log; /* NULL: none asked for */
    sks_spool *spool;
    sks_spool_writer *unpacker; /* of outputs from elsewhere; NULL: none came yet */
    struct shared *shared;
    size_t shared_size;
    double begin_s;
    uint64_t output_bytes;
    bool is_delivered;
};

static const char *const no_yes[] = {"no", "yes", NULL};

static const sks_param params[] = {
    {.name = "command",
     .type = SKS_TEXT,
     .is_required = true,
     .help = "what to run: {} is the input line, {.} without extension, {/} without folder, {//} "
             "the folder, {/.} without both, {#} its number; without any, {} comes last"},
    {.name = "inputs",
     .type = SKS_INPUT,
     .is_required = true,
     .help = "text file with one input per line; - is standard input"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "what the commands print, in the order of the inputs; - is standard output"},
    {.name = "log",
     .type = SKS_OUTPUT,
     .help = "table of times, memory and exit status, one row per input"},
    {.name = "shell",
     .type = SKS_CHOICE,
     .choices = no_yes,
     .default_text = "no",
     .help = "run the command by /bin/sh, for pipes, redirections and variables"},
    {.name = "timeout",
     .type = SKS_REAL,
     .min = 1e-3,
     .max = 1e9,
     .unit = "s",
     .help = "end a command that takes longer, with what it started; default: never"},
    {.name = "retries",
     .type = SKS_INT,
     .min = 0,
     .max = 1e6,
     .default_text = "0",
     .help = "run a command that fails up to so many times more"},
    {.name = "fail-fast",
     .type = SKS_FLAG,
     .default_text = "no",
     .help = "stop everything at the first command that fails"},
    {0},
};

static void destroy(struct command *c)
{
    sks_product_destroy(c->product);
    sks_product_destroy(c->log);
    sks_spool_writer_destroy(c->unpacker);
    sks_spool_destroy(c->spool);
    if (c->shared != NULL)
        munmap(c->shared, c->shared_size);
    sks_template_destroy(c->template);
    sks_lines_clear(&c->lines);
    free(c->program);
    free(c->output);
    free(c->text);
    free(c);
}

static sks_status read_command(struct command *c, const sks_values *values)
{
    bool uses_shell = sks_values_choice(values, "shell") == 1;
    sks_status status;

    c->text = strdup(sks_values_text(values, "command"));
    c->output = strdup(sks_values_text(values, "output"));
    if (c->text == NULL || c->output == NULL)
        return sks_fail_nomem("the command");
    status = sks_template_parse(c->text, uses_shell, &c->template);
    if (status == SKS_OK)
        status = sks_command_find_program(c->template, &c->program);
    if (status == SKS_OK && uses_shell)
        status = sks_command_check_script(c->template);
    return status;
}

static sks_status open_products(struct command *c, const char *log)
{
    sks_status status = sks_product_create(c->output, &c->product);

    if (status == SKS_OK && log != NULL)
        status = sks_product_create(log, &c->log);
    return status == SKS_OK ? sks_spool_create(&c->spool) : status;
}

static sks_status prepare(const sks_values *values, void **state)
{
    struct command *c = calloc(1, sizeof(*c));
    sks_status status;

    if (c == NULL)
        return sks_fail_nomem("the command");
    if (sks_values_has(values, "timeout"))
        c->timeout_s = sks_values_real(values, "timeout");
    c->n_retries = (uint64_t)sks_values_int(values, "retries");
    c->is_fail_fast = sks_values_flag(values, "fail-fast");
    status = read_command(c, values);
    if (status == SKS_OK)
        status = sks_lines_read(sks_values_text(values, "inputs"), &c->lines);
    if (status == SKS_OK)
        status = open_products(c, sks_values_text(values, "log"));
    if (status != SKS_OK)
        goto fail;
    c->shared_size = sizeof(*c->shared) + c->lines.n * sizeof(c->shared->record[0]);
    c->shared = mmap(NULL, c->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0); /* all zero: nothing has run */
    if (c->shared == MAP_FAILED) {
        c->shared = NULL;
        status = sks_fail_nomem("the records of the commands");
        goto fail;
    }
    c->begin_s = sks_monotonic_s();
    *state = c;
    return SKS_OK;

fail:
    destroy(c);
    return status;
}

static size_t task_count(const void *state)
{
    return ((const struct command *)state)->lines.n;
}

static size_t result_size(const void *state)
{
    (void)state;
    return sizeof(sks_command_record);
}

static sks_status scratch(const void *state, void **scratch)
{
    sks_spool_writer *writer;
    sks_status status = sks_spool_writer_create(((const struct command *)state)->spool, &writer);

    if (status == SKS_OK)
        *scratch = writer;
    return status;
}

static void scratch_free(void *scratch)
{
    sks_spool_writer_destroy(scratch);
}

static sks_status take_output(void *to, const char *data, size_t size)
{
    return sks_spool_add(to, data, size);
}

static sks_status run_once(const struct command *c, char *const *argv, sks_spool_writer *writer,
                           sks_command_record *record)
{
    sks_program program = {
        .path = c->program,
        .argv = argv,
        .timeout_s = c->timeout_s,
        .stop = &c->shared->stop,
        .take = take_output,
        .to = writer,
    };
    char *located = NULL;
    sks_status status = SKS_OK;
    int why = 0;

    sks_spool_begin(writer);
    record->n_attempts++;
    record->start_s = sks_monotonic_s() - c->begin_s;
    if (c->program == NULL) {
        why = sks_program_locate(argv[0], &located);
        program.path = located;
    }
    if (why != 0)
        record->end = (sks_program_end){.ending = SKS_NOT_STARTED, .code = why};
    else
        status = sks_program_run(&program, &record->end);
    free(located);
    return status;
}

static sks_status run_task(const struct command *c, sks_spool_writer *writer, size_t task,
                           sks_command_record *record)
{
    char **argv;
    sks_status status = sks_template_expand(c->template, c->lines.line[task], task + 1, &argv);

    if (status != SKS_OK)
        return status;
    do
        status = run_once(c, argv, writer, record);
    while (status == SKS_OK && !sks_command_succeeded(record) &&
           record->end.ending != SKS_STOPPED && record->n_attempts <= c->n_retries);
    free(argv);
    if (status == SKS_OK && sks_command_finished(record))
        status = sks_spool_end(writer, &record->output);
    return status;
}

static void stop_if_failed(const struct command *c, const sks_command_record *record)
{
    const bool is_over = record->end.ending != SKS_NOT_RUN && record->end.ending != SKS_STOPPED;

    if (c->is_fail_fast && is_over && !sks_command_succeeded(record))
        atomic_store_explicit(&c->shared->stop, true, memory_order_relaxed);
}

static bool is_stopped(const void *state)
{
    const struct command *c = state;

    return atomic_load_explicit(&c->shared->stop, memory_order_relaxed);
}

static sks_status run(const void *state, void *scratch, sks_range tasks, void *results)
{
    const struct command *c = state;
    sks_command_record *record = results;
    atomic_bool *stop = &c->shared->stop;

    for (size_t task = tasks.begin; task < tasks.end; task++, record++) {
        sks_status status = SKS_OK;

        memset(record, 0, sizeof(*record));
        if (sks_cancel)
            return sks_fail(SKS_ERR_CANCELLED, "interrupted");
        if (is_stopped(c))
            continue;
        status = run_task(c, scratch, task, record);
        if (status != SKS_OK) {
            atomic_store_explicit(stop, true, memory_order_relaxed); /* the disk is full, or so */
            return status;
        }
        stop_if_failed(c, record);
        c->shared->record[task] = *record; /* in case finish is never reached */
    }
    return SKS_OK;
}

/* A text on its way from the spool into memory. */
struct packet {
    char *data;
    size_t size;
};

static sks_status take_piece(void *to, const void *data, size_t size)
{
    struct packet *p = to;

    memcpy(p->data + p->size, data, size);
    p->size += size;
    return SKS_OK;
}

static sks_status pack(const void *state, size_t task, const void *result, void **data,
                       size_t *size_bytes)
{
    const struct command *c = state;
    const sks_command_record *record = result;
    struct packet packet = {.data = malloc(record->output.size_bytes + 1)};
    sks_status status;

    if (packet.data == NULL)
        return sks_fail_nomem("the output of a command");
    status = sks_spool_read(c->spool, &record->output, take_piece, &packet);
    if (status != SKS_OK) {
        free(packet.data);
        return status;
    }
    c->shared->record[task] = (sks_command_record){0}; /* it is told elsewhere */
    *data = packet.data;
    *size_bytes = packet.size;
    return SKS_OK;
}

static sks_status unpack(void *state, size_t task, void *result, const void *data,
                         size_t size_bytes)
{
    struct command *c = state;
    sks_command_record *record = result;
    sks_status status = SKS_OK;

    if (c->unpacker == NULL)
        status = sks_spool_writer_create(c->spool, &c->unpacker);
    if (status != SKS_OK)
        return status;
    sks_spool_begin(c->unpacker);
    status = sks_spool_add(c->unpacker, data, size_bytes);
    if (status == SKS_OK)
        status = sks_spool_end(c->unpacker, &record->output);
    if (status == SKS_OK)
        c->shared->record[task] = *record; /* in case finish is never reached */
    stop_if_failed(c, record);
    return status;
}

static sks_status write_outputs(const struct command *c, sks_product *product)
{
    return sks_command_outputs_write(c->spool, c->shared->record, c->lines.n, product);
}

/* Whether bytes once written to the output are there, complete or not. */
static bool is_stream(const char *path)
{
    struct stat info;

    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

static sks_status write_partial(const struct command *c)
{
    sks_product *partial = NULL;
    char *path;
    sks_status status;

    if (is_stream(c->output))
        return write_outputs(c, c->product);
    if (asprintf(&path, "%s.partial", c->output) < 0)
        return sks_fail_nomem("the partial product");
    status = sks_product_create(path, &partial);
    if (status == SKS_OK)
        status = write_outputs(c, partial);
    sks_product_destroy(partial);
    free(path);
    return status;
}

/* Log first: it is small, and tells what the outputs are. */
static sks_status deliver_outputs(struct command *c, const sks_command_tally *tally)
{
    sks_status status = SKS_OK;

    c->is_delivered = true;
    if (c->log != NULL)
        status = sks_command_log(c->log, c->text, &c->lines, c->shared->record);
    if (status == SKS_OK && c->log != NULL)
        status = sks_product_commit(c->log);
    if (status == SKS_OK && tally->n_unfinished == 0)
        status = write_outputs(c, c->product);
    else if (status == SKS_OK && tally->output_bytes > 0)
        status = write_partial(c);
    return status;
}

static sks_status finish(void *state, const void *results, sks_notes *notes)
{
    struct command *c = state;
    sks_command_tally tally;
    char consequence[256] = "";
    sks_status status;

    memcpy(c->shared->record, results, c->lines.n * sizeof(c->shared->record[0]));
    tally = sks_command_count(c->shared->record, c->lines.n);
    c->output_bytes = tally.output_bytes;
    status = deliver_outputs(c, &tally);
    if (status != SKS_OK)
        return status;
    if (tally.n_unfinished > 0) {
        int length = snprintf(consequence, sizeof(consequence),
                              "; stopped there, %zu others did not finish", tally.n_unfinished);

        if (tally.output_bytes > 0 && !is_stream(c->output))
            snprintf(consequence + length, sizeof(consequence) - (size_t)length,
                     "; what the finished ones printed is in %.100s.partial", c->output);
    }
    if (tally.n_failed > 0)
        return sks_command_fail(&c->lines, c->shared->record, consequence);
    sks_notes_add(notes, "commands", (double)c->lines.n);
    sks_notes_add(notes, "retries", (double)(tally.n_attempts - c->lines.n));
    sks_notes_add(notes, "output_bytes", (double)tally.output_bytes);
    return SKS_OK;
}

static sks_status verify(const void *state)
{
    const struct command *c = state;

    return sks_command_outputs_verify(c->product, c->shared->record, c->lines.n);
}

static sks_status digest(const void *state, sks_digest *digest)
{
    return sks_product_digest(((const struct command *)state)->product, digest);
}

static sks_work work(const void *state)
{
    return (sks_work){.flops = NAN, .bytes = (double)((const struct command *)state)->output_bytes};
}

static void teardown(void *state)
{
    struct command *c = state;

    if (c == NULL)
        return;
    if (!c->is_delivered) { /* interrupted */
        sks_command_tally tally = sks_command_count(c->shared->record, c->lines.n);

        if (tally.n_attempts > 0)
            deliver_outputs(c, &tally);
    }
    destroy(c);
}

const sks_kernel sks_kernel_command = {
    .name = "command",
    .summary = "any existing program, once per input line",
    .task = "one input line",
    .cost = "whatever the program takes",
    .citation = "Tange (2011), GNU Parallel, ;login: 36(1), 42: templates and behaviour",
    .params = params,
    .prepare = prepare,
    .task_count = task_count,
    .result_size = result_size,
    .scratch = scratch,
    .scratch_free = scratch_free,
    .run = run,
    .pack = pack,
    .unpack = unpack,
    .is_stopped = is_stopped,
    .finish = finish,
    .verify = verify,
    .digest = digest,
    .work = work,
    .teardown = teardown,
};
