/* skyscale export CAMPAIGN.db: the samples for other programs. */
#include "harness/sweep/export.h"

#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "kernels/parts/product.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"csv", "json", "extrap", "gnuplot", NULL};
enum { CSV, JSON, EXTRAP, GNUPLOT };

static const sks_param params[] = {
    {.name = "format",
     .short_name = 'f',
     .type = SKS_CHOICE,
     .choices = formats,
     .default_text = "csv",
     .help = "csv: one row per sample; json: everything there is; extrap: Extra-P's text format; "
             "gnuplot: medians with intervals"},
    {.name = "disturbed",
     .type = SKS_CHOICE,
     .choices = sks_disturbed_choices,
     .default_text = "keep",
     .help = "samples that were flagged as disturbed"},
    {.name = "per",
     .type = SKS_CHOICE,
     .choices = sks_per_choices,
     .default_text = "total",
     .help = "extrap and gnuplot: the time of the whole run (total), of its parallel part, or what "
             "each core spent computing (core)"},
    {.name = "confidence",
     .type = SKS_REAL,
     .min = 0.5,
     .max = 0.999,
     .default_text = "0.95",
     .help = "gnuplot: of the intervals"},
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .default_text = "-",
     .help = "where to; \"-\" is standard output"},
    {0},
};

/* Pieces in which the product is written. */
enum { BUFFER_BYTES = 1 << 18 };

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

static sks_status print_samples(const char *path, const sks_values *options, FILE *out)
{
    const bool drops = strcmp(sks_values_text(options, "disturbed"), "drop") == 0;
    sks_store *store = NULL;
    sks_status status = sks_store_open_read(path, &store);

    if (status == SKS_OK)
        status = sks_values_choice(options, "format") == JSON ? sks_export_json(store, drops, out)
                                                              : sks_export_csv(store, drops, out);
    sks_store_close(store);
    return status;
}

static sks_status print_series(const char *path, const sks_values *options, FILE *out)
{
    sks_series *series = NULL;
    size_t n = 0;
    char metric[32];
    sks_status status = sks_campaign_read_series(path, options, &series, &n);

    if (status != SKS_OK)
        return status;
    snprintf(metric, sizeof(metric), "%s_s", sks_values_text(options, "per"));
    status =
        sks_values_choice(options, "format") == EXTRAP
            ? sks_export_extrap(series, n, metric, out)
            : sks_export_gnuplot(series, n, metric, sks_values_real(options, "confidence"), out);
    sks_series_free(series, n);
    return status;
}

static sks_status write_export(const char *path, const sks_values *options, sks_product *product)
{
    struct sink sink = {.product = product};
    FILE *out = fopencookie(&sink, "w", (cookie_io_functions_t){.write = write_sink});
    sks_status status;
    bool is_lost;

    if (out == NULL)
        return sks_fail_nomem("the export");
    setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
    status = sks_values_choice(options, "format") <= JSON ? print_samples(path, options, out)
                                                          : print_series(path, options, out);
    is_lost = ferror(out) != 0;
    is_lost = fclose(out) != 0 || is_lost;
    if (status == SKS_OK && is_lost)
        status = sks_fail(SKS_ERR_IO, "the export could not be written");
    return status == SKS_OK ? sks_product_commit(product) : status;
}

static sks_status run(const sks_arguments *arguments)
{
    const char *path = arguments->operands[0];
    sks_store *store = NULL;
    sks_product *product = NULL;
    sks_status status = sks_store_open_read(path, &store); /* before the product is begun */

    sks_store_close(store);
    if (status == SKS_OK)
        status = sks_product_create(sks_values_text(arguments->options, "output"), &product);
    if (status == SKS_OK)
        status = write_export(path, arguments->options, product);
    sks_product_destroy(product);
    return status;
}

const sks_command sks_command_export = {
    .name = "export",
    .summary = "Write a campaign for other programs: CSV, JSON, Extra-P, gnuplot",
    .operands = "CAMPAIGN.db",
    .details = "Example:\n"
               "  skyscale export fig1.db -f csv -o fig1.csv\n"
               "  skyscale import fig1.csv -d again.db",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
