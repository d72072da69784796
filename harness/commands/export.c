/* skyscale export CAMPAIGN.db: the samples for other programs. */
#include "harness/sweep/export.h"

#include "harness/commands/command.h"
#include "kernels/parts/product.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"csv", "json", NULL};
enum { CSV, JSON };

static const sks_param params[] = {
    {.name = "format",
     .short_name = 'f',
     .type = SKS_CHOICE,
     .choices = formats,
     .default_text = "csv",
     .help = "csv: one row per sample; json: everything there is"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "where to; \"-\" is standard output"},
    {0},
};

/* A stream into a product, which takes its name only when it is complete. */
struct sink {
    sks_product *product;
    uint64_t offset;
};

static ssize_t write_sink(void *cookie, const char *data, size_t size)
{
    struct sink *sink = cookie;

    if (sks_product_write(sink->product, data, size, sink->offset) != SKS_OK)
        return 0; /* fopencookie's way to fail; the text of the failure is kept */
    sink->offset += size;
    return (ssize_t)size;
}

static sks_status write_export(sks_store *store, bool is_json, sks_product *product)
{
    struct sink sink = {.product = product};
    FILE *out = fopencookie(&sink, "w", (cookie_io_functions_t){.write = write_sink});
    sks_status status;
    bool is_lost;

    if (out == NULL)
        return sks_fail_nomem("the export");
    status = is_json ? sks_export_json(store, out) : sks_export_csv(store, out);
    is_lost = ferror(out) != 0;
    is_lost = fclose(out) != 0 || is_lost;
    if (status == SKS_OK && is_lost)
        status = sks_fail(SKS_ERR_IO, "the export could not be written");
    return status == SKS_OK ? sks_product_commit(product) : status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    sks_store *store = NULL;
    sks_product *product = NULL;
    sks_status status = sks_store_open_read(arguments->operands[0], &store);

    if (status == SKS_OK)
        status = sks_product_create(sks_values_text(options, "output"), &product);
    if (status == SKS_OK)
        status = write_export(store, sks_values_choice(options, "format") == JSON, product);
    sks_product_destroy(product);
    sks_store_close(store);
    return status;
}

const sks_command sks_command_export = {
    .name = "export",
    .summary = "Write a campaign's samples as CSV or JSON",
    .operands = "CAMPAIGN.db",
    .details = "Example:\n"
               "  skyscale export fig1.db -f csv -o fig1.csv",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
