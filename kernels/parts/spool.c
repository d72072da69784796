#include "kernels/parts/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

enum { DATA_SIZE = 1 << 18 };

struct sks_spool {
    int fd;
    /* End of the space that is claimed. Added to by writers; relaxed, since the addition alone
     * makes places disjoint and the file is read after all writers are done. */
    atomic_ullong end;
};

struct header {
    uint64_t previous; /* place of the piece before; meaningless in the first */
    uint64_t size_bytes;
};

struct piece {
    struct header header;
    char data[DATA_SIZE];
};

struct sks_spool_writer {
    sks_spool *spool;
    XXH3_state_t *hash;
    uint64_t size_bytes; /* of the text so far */
    struct piece piece;  /* its end, not written yet */
};

static sks_status fail_errno(void)
{
    return sks_fail(SKS_ERR_IO, "temporary file: %s (TMPDIR may name another folder)",
                    strerror(errno));
}

static int open_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    char name[] = "/tmp/skyscale.XXXXXX";
    int fd = open(folder != NULL && folder[0] != '\0' ? folder : "/tmp",
                  O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    fd = mkostemp(name, O_CLOEXEC); /* a file system that knows no nameless files */
    if (fd >= 0)
        unlink(name);
    return fd;
}

sks_status sks_spool_create(sks_spool **spool)
{
    sks_spool *s =
        mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (s == MAP_FAILED)
        return sks_fail_nomem("a temporary file");
    s->fd = open_nameless();
    if (s->fd < 0) {
        munmap(s, sizeof(*s));
        return fail_errno();
    }
    atomic_init(&s->end, 0);
    *spool = s;
    return SKS_OK;
}

void sks_spool_destroy(sks_spool *spool)
{
    if (spool == NULL)
        return;
    close(spool->fd);
    munmap(spool, sizeof(*spool));
}

sks_status sks_spool_writer_create(sks_spool *spool, sks_spool_writer **writer)
{
    sks_spool_writer *w = malloc(sizeof(*w));

    if (w == NULL)
        return sks_fail_nomem("a worker");
    w->spool = spool;
    w->hash = XXH3_createState();
    if (w->hash == NULL) {
        free(w);
        return sks_fail_nomem("a worker");
    }
    sks_spool_begin(w);
    *writer = w;
    return SKS_OK;
}

void sks_spool_writer_destroy(sks_spool_writer *writer)
{
    if (writer == NULL)
        return;
    XXH3_freeState(writer->hash);
    free(writer);
}

void sks_spool_begin(sks_spool_writer *writer)
{
    XXH3_64bits_reset(writer->hash);
    writer->size_bytes = 0;
    writer->piece.header = (struct header){0};
}

/* Writes the piece at a place of its own, which the next piece then refers to. */
static sks_status write_piece(sks_spool_writer *w)
{
    size_t size = sizeof(struct header) + w->piece.header.size_bytes;
    uint64_t place = atomic_fetch_add_explicit(&w->spool->end, size, memory_order_relaxed);
    const char *from = (const char *)&w->piece;

    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(w->spool->fd, from + done, size - done, (off_t)(place + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_errno();
        done += (size_t)n;
    }
    w->piece.header = (struct header){.previous = place};
    return SKS_OK;
}

sks_status sks_spool_add(sks_spool_writer *writer, const void *data, size_t size)
{
    const char *from = data;
    struct header *header = &writer->piece.header;

    XXH3_64bits_update(writer->hash, data, size);
    writer->size_bytes += size;
    while (size > 0) {
        size_t room = DATA_SIZE - header->size_bytes;
        size_t n = size < room ? size : room;

        memcpy(writer->piece.data + header->size_bytes, from, n);
        header->size_bytes += n;
        from += n;
        size -= n;
        if (header->size_bytes == DATA_SIZE) {
            sks_status status = write_piece(writer);

            if (status != SKS_OK)
                return status;
        }
    }
    return SKS_OK;
}

sks_status sks_spool_end(sks_spool_writer *writer, sks_spool_text *text)
{
    sks_spool_text t = {.size_bytes = writer->size_bytes, .hash = XXH3_64bits_digest(writer->hash)};

    if (writer->piece.header.size_bytes > 0) {
        sks_status status = write_piece(writer);

        if (status != SKS_OK)
            return status;
    }
    t.last_piece = writer->piece.header.previous;
    sks_spool_begin(writer);
    *text = t;
    return SKS_OK;
}

static sks_status read_at(const sks_spool *spool, void *data, size_t size, uint64_t place)
{
    char *to = data;

    while (size > 0) {
        ssize_t n = pread(spool->fd, to, size, (off_t)place);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno();
        if (n == 0)
            return sks_fail(SKS_ERR_IO, "temporary file: shorter than it should be");
        to += n;
        size -= (size_t)n;
        place += (uint64_t)n;
    }
    return SKS_OK;
}

/* The places of a text's pieces, first to last: the chain followed backwards. All pieces but the
 * last are full, so their number is known. */
static sks_status find_pieces(const sks_spool *spool, const sks_spool_text *text, uint64_t *place,
                              size_t n)
{
    sks_status status = SKS_OK;

    place[n - 1] = text->last_piece;
    for (size_t i = n - 1; status == SKS_OK && i > 0; i--) {
        struct header header = {0};

        status = read_at(spool, &header, sizeof(header), place[i]);
        place[i - 1] = header.previous;
    }
    return status;
}

sks_status sks_spool_read(const sks_spool *spool, const sks_spool_text *text,
                          sks_status (*take)(void *to, const void *data, size_t size), void *to)
{
    size_t n = (size_t)((text->size_bytes + DATA_SIZE - 1) / DATA_SIZE);
    uint64_t *place = malloc((n + 1) * sizeof(*place));
    char *data = malloc(n > 1 ? DATA_SIZE : (size_t)text->size_bytes + 1);
    uint64_t left = text->size_bytes;
    sks_status status = SKS_OK;

    if (place == NULL || data == NULL)
        status = sks_fail_nomem("a temporary file");
    if (status == SKS_OK && n > 0)
        status = find_pieces(spool, text, place, n);
    for (size_t i = 0; status == SKS_OK && i < n; i++) {
        size_t size = left < DATA_SIZE ? (size_t)left : DATA_SIZE;

        status = read_at(spool, data, size, place[i] + sizeof(struct header));
        if (status == SKS_OK)
            status = take(to, data, size);
        left -= size;
    }
    free(place);
    free(data);
    return status;
}
