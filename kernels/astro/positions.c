#include "kernels/astro/positions.h"

#include "kernels/astro/position_source.h"

#include <errno.h>
#include <fcntl.h>
#include <Random123/philox.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Uniform in [0, 1) from 64 random bits: the upper 53. */
static double unit_interval(uint32_t low, uint32_t high)
{
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

static sks_status random_read(sks_position_reader *reader, size_t block, sks_position_block *result)
{
    const sks_positions *p = reader->source;
    uint64_t seed = p->options.seed;
    uint64_t first = sks_positions_first_row(p, block);
    size_t n = (size_t)(sks_positions_first_row(p, block + 1) - first);
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};

    for (size_t i = 0; i < n; i++) {
        uint64_t row = first + i;
        philox4x32_ctr_t counter = {{(uint32_t)row, (uint32_t)(row >> 32), 0, 0}};
        philox4x32_ctr_t bits = philox4x32(counter, key);

        reader->pair[2 * i] = 0.5 + p->options.size_x * unit_interval(bits.v[0], bits.v[1]);
        reader->pair[2 * i + 1] = 0.5 + p->options.size_y * unit_interval(bits.v[2], bits.v[3]);
    }
    *result = (sks_position_block){.n = n, .pair = reader->pair};
    return SKS_OK;
}

static const position_kind position_random = {.read = random_read};

/* FITS, plain or gzipped, by what the file begins with; a CFITSIO name with brackets always is. A
 * pipe is not looked into: what is taken out of it would be missing, and its writer may see it
 * closed. */
static bool looks_like_fits(const char *coords)
{
    char head[9] = "";
    size_t length = strlen(coords);
    struct stat info;
    int fd;
    ssize_t got;

    if (strcmp(coords, "-") == 0)
        return false;
    if (stat(coords, &info) != 0)
        return length > 0 && coords[length - 1] == ']';
    if (!S_ISREG(info.st_mode))
        return false;
    fd = open(coords, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = pread(fd, head, sizeof(head), 0);
    close(fd);
    return (got == 9 && memcmp(head, "SIMPLE  =", 9) == 0) ||
           (got >= 2 && memcmp(head, "\x1f\x8b", 2) == 0);
}

sks_status sks_positions_open(const sks_position_options *options, sks_positions **positions)
{
    sks_positions *p = calloc(1, sizeof(*p));
    sks_status status = SKS_OK;

    if (p == NULL)
        return sks_fail_nomem("the list of positions");
    p->fd = -1;
    p->options = *options;
    p->options.coords = p->options.columns = NULL;
    p->name = strdup(options->coords == NULL ? "random" : options->coords);
    if (p->name == NULL) {
        status = sks_fail_nomem("the list of positions");
    } else if (options->coords == NULL) {
        p->kind = &position_random;
        p->n_rows = options->n_random;
        if (!(options->size_x > 0 && options->size_y > 0))
            status =
                sks_fail(SKS_ERR_INPUT,
                         "the header does not tell the image's size, which random positions need");
    } else if (looks_like_fits(options->coords)) {
        p->kind = &position_table;
        status = position_table_open(p, options->columns);
    } else {
        p->kind = &position_text;
        status = position_text_open(p, options->columns);
    }
    if (status == SKS_OK && p->kind != &position_text) {
        p->n_blocks = (size_t)((p->n_rows + options->block - 1) / options->block);
        p->max_rows = options->block < p->n_rows ? options->block : (size_t)p->n_rows;
    }
    if (status == SKS_OK && p->n_rows == 0)
        status = sks_fail(SKS_ERR_INPUT, "%s: no positions in it",
                          strcmp(p->name, "-") == 0 ? "standard input" : p->name);
    if (status != SKS_OK) {
        sks_positions_close(p);
        return status;
    }
    *positions = p;
    return SKS_OK;
}

void sks_positions_close(sks_positions *positions)
{
    if (positions == NULL)
        return;
    if (positions->fd >= 0)
        close(positions->fd);
    free(positions->first_row);
    free(positions->carried_bytes);
    free(positions->name);
    free(positions);
}

bool sks_positions_are_random(const sks_positions *positions)
{
    return positions->kind == &position_random;
}

size_t sks_positions_n_blocks(const sks_positions *positions)
{
    return positions->n_blocks;
}

uint64_t sks_positions_n_rows(const sks_positions *positions)
{
    return positions->n_rows;
}

size_t sks_positions_max_rows(const sks_positions *positions)
{
    return positions->max_rows;
}

uint64_t sks_positions_first_row(const sks_positions *positions, size_t block)
{
    uint64_t row;

    if (positions->first_row != NULL)
        return positions->first_row[block];
    row = (uint64_t)block * positions->options.block;
    return row < positions->n_rows ? row : positions->n_rows;
}

uint64_t sks_positions_carried_bytes(const sks_positions *positions, size_t block)
{
    return positions->carried_bytes != NULL ? positions->carried_bytes[block] : 0;
}

sks_status sks_position_reader_create(const sks_positions *positions, sks_position_reader **reader)
{
    sks_position_reader *r = calloc(1, sizeof(*r));
    bool is_text = positions->kind == &position_text;
    size_t n = positions->max_rows;
    sks_status status = SKS_OK;

    if (r == NULL)
        return sks_fail_nomem("reading positions");
    r->source = positions;
    r->capacity = n;
    r->pair = malloc(2 * n * sizeof(*r->pair));
    r->given = is_text ? malloc(2 * n * sizeof(*r->given)) : NULL;
    r->other = is_text && positions->options.carries ? malloc(n * sizeof(*r->other)) : NULL;
    if (r->pair == NULL || (is_text && r->given == NULL) ||
        (is_text && positions->options.carries && r->other == NULL))
        status = sks_fail_nomem("reading positions");
    if (status == SKS_OK && positions->kind->reader_open != NULL)
        status = positions->kind->reader_open(r);
    if (status != SKS_OK) {
        sks_position_reader_destroy(r);
        return status;
    }
    *reader = r;
    return SKS_OK;
}

void sks_position_reader_destroy(sks_position_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->source->kind->reader_close != NULL)
        reader->source->kind->reader_close(reader);
    free(reader->pair);
    free(reader->given);
    free(reader->other);
    free(reader->text);
    free(reader);
}

sks_status sks_position_reader_read(sks_position_reader *reader, size_t block,
                                    sks_position_block *result)
{
    return reader->source->kind->read(reader, block, result);
}
