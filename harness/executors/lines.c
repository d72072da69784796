#include "harness/executors/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- The worker's side. Without a parent there is nothing left to do. */

static void write_all(int fd, const void *head, size_t head_size, const void *bytes, size_t size)
{
    struct iovec part[2] = {{(void *)head, head_size}, {(void *)bytes, size}};

    while (part[0].iov_len + part[1].iov_len > 0) {
        ssize_t n = writev(fd, part, 2);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(1);
        for (int i = 0; i < 2; i++) {
            size_t taken = (size_t)n < part[i].iov_len ? (size_t)n : part[i].iov_len;

            part[i].iov_base = (char *)part[i].iov_base + taken;
            part[i].iov_len -= taken;
            n -= (ssize_t)taken;
        }
    }
}

/* Requests to stop do not end the waiting: the parent sends the STOP mark. */
static void read_all(int fd, void *to, size_t size)
{
    char *at = to;

    while (size > 0) {
        ssize_t n = read(fd, at, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1);
        at += n;
        size -= (size_t)n;
    }
}

static bool lines_next(void *state, unsigned worker, sks_range *tasks)
{
    const sks_lines *lines = state;
    const sks_line *line = &lines->line[worker];
    sks_range order;

    read_all(line->order[0], &order, sizeof(order));
    if (order.begin == order.end)
        return false;
    *tasks = order;
    return true;
}

static void lines_done(void *state, unsigned worker, sks_range tasks, double seconds)
{
    const sks_lines *lines = state;
    const char *results = lines->job->results;
    sks_answer answer = {.word = SKS_DONE, .tasks = tasks, .seconds = seconds};

    if (sks_cancel) /* the tasks may have been passed over: they are not done */
        return;
    if (lines->job->kernel->deliver == NULL)
        answer.n_bytes = (tasks.end - tasks.begin) * lines->result_size;
    write_all(lines->line[worker].answer[1], &answer, sizeof(answer),
              answer.n_bytes > 0 ? results + tasks.begin * lines->result_size : NULL,
              answer.n_bytes);
}

sks_status sks_lines_deliver(sks_worker *worker, size_t task, const void *result)
{
    const sks_lines *lines = worker->crew->schedule;
    const sks_answer answer = {
        .word = SKS_RESULT, .tasks = {task, task + 1}, .n_bytes = lines->result_size};

    write_all(lines->line[worker->number].answer[1], &answer, sizeof(answer), result,
              answer.n_bytes);
    return SKS_OK;
}

const sks_scheduler sks_lines_scheduler = {
    .name = "lines",
    .next = lines_next,
    .done = lines_done,
};

/* ---- The parent's side. */

void sks_line_close(sks_line *line)
{
    int *ends[] = {&line->order[0], &line->order[1], &line->answer[0], &line->answer[1]};

    for (int i = 0; i < 4; i++) {
        if (*ends[i] >= 0)
            close(*ends[i]);
        *ends[i] = -1;
    }
}

sks_status sks_line_open(sks_line *line)
{
    *line = (sks_line){.order = {-1, -1}, .answer = {-1, -1}};
    if (pipe2(line->order, O_CLOEXEC) == 0 && pipe2(line->answer, O_CLOEXEC) == 0 &&
        fcntl(line->answer[0], F_SETFL, O_NONBLOCK) == 0)
        return SKS_OK;
    sks_set_message("pipes for a worker: %s", strerror(errno));
    sks_line_close(line);
    return SKS_ERR_IO;
}

void sks_line_begin(sks_line *line)
{
    close(line->answer[1]);
    line->answer[1] = -1;
}

/* The pipe is empty, since the worker has answered: nothing blocks here. */
sks_status sks_line_order(const sks_line *line, sks_range tasks)
{
    ssize_t n;

    do
        n = write(line->order[1], &tasks, sizeof(tasks));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(tasks)
               ? SKS_OK
               : sks_fail(SKS_ERR_IO, "order to a worker: %s", strerror(errno));
}

bool sks_line_hear(sks_line *line, char *(*place)(void *context, const sks_answer *answer),
                   void *context, bool *is_cut)
{
    const size_t head_size = sizeof(line->heard);

    *is_cut = false;
    for (;;) {
        bool is_head = line->n_heard < head_size;
        size_t whole = is_head ? head_size : head_size + line->heard.n_bytes;
        char *to = is_head ? (char *)&line->heard + line->n_heard
                           : line->bytes + (line->n_heard - head_size);
        ssize_t n = read(line->answer[0], to, whole - line->n_heard);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *is_cut = n == 0;
            return false;
        }
        line->n_heard += (size_t)n;
        if (line->n_heard < head_size)
            continue;
        if (is_head && line->heard.n_bytes > 0)
            line->bytes = place(context, &line->heard);
        if (line->n_heard == head_size + line->heard.n_bytes) {
            line->n_heard = 0;
            return true;
        }
    }
}
