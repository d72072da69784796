/* skyscale export CAMPAIGN.db: the samples for other programs. */
#include "harness/sweep/export.h"

#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "harness/present/tex.h"
#include "kernels/parts/product.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"csv", "json", "extrap", "gnuplot", "tex", NULL};
enum { CSV, JSON, EXTRAP, GNUPLOT, TEX };

static const sks_param params[] = {
    {.name = "format",
     .short_name = 'f',
     .type = SKS_CHOICE,
     .choices = formats,
     .default_text = "csv",
     .help = "csv: one row per sample; json: everything there is; extrap: Extra-P's text format; "
             "gnuplot: medians with intervals; tex: macros for a text in LaTeX"},
    SKS_ANALYSIS_PARAMS,
    {.name = "name",
     .type = SKS_TEXT,
     .help = "tex: what the keys of all macros begin with; default: the file's name without folder "
             "and ending"},
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

/* FOLDER/fig1.db: fig1; from malloc, NULL when memory ran out. */
static char *name_of_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = strdup(slash != NULL ? slash + 1 : path);
    char *dot = name != NULL ? strrchr(name, '.') : NULL;

    if (dot != NULL && dot != name)
        *dot = '\0';
    return name;
}

static sks_status read_campaign_json(const char *path, const sks_values *options, json_t **json)
{
    const bool drops = strcmp(sks_values_text(options, "disturbed"), "drop") == 0;
    sks_campaign campaign = {0};
    sks_status status = sks_campaign_read(path, options, &campaign);

    if (status == SKS_OK)
        status = sks_tex_campaign(path, campaign.fits, campaign.n, drops, json);
    sks_campaign_clear(&campaign);
    return status;
}

static sks_status read_json(const char *path, json_t **json)
{
    json_error_t error;
    json_t *read = json_load_file(path, 0, &error);

    if (read == NULL)
        return sks_fail(SKS_ERR_INPUT, "%s, line %d: neither a campaign nor JSON: %s", path,
                        error.line, error.text);
    *json = read;
    return SKS_OK;
}

/* JSON, as the other commands print it, begins with a bracket; a database never does. */
static bool begins_like_json(const char *path)
{
    FILE *file = fopen(path, "rb");
    const int first = file != NULL ? getc(file) : EOF;

    if (file != NULL)
        fclose(file);
    return first == '{' || first == '[';
}

static sks_status print_tex(const char *path, const sks_values *options, FILE *out)
{
    json_t *json = NULL;
    char *name = sks_values_has(options, "name") ? strdup(sks_values_text(options, "name"))
                                                 : name_of_file(path);
    sks_status status = name != NULL ? SKS_OK : sks_fail_nomem("the export");

    if (status == SKS_OK)
        status = begins_like_json(path) ? read_json(path, &json)
                                        : read_campaign_json(path, options, &json);
    if (status == SKS_OK)
        status = sks_tex_write(name, json, out);
    json_decref(json);
    free(name);
    return status;
}

static sks_status print_format(const char *path, const sks_values *options, FILE *out)
{
    switch (sks_values_choice(options, "format")) {
    case CSV:
    case JSON:
        return print_samples(path, options, out);
    case TEX:
        return print_tex(path, options, out);
    default:
        return print_series(path, options, out);
    }
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
    status = print_format(path, options, out);
    is_lost = ferror(out) != 0;
    is_lost = fclose(out) != 0 || is_lost;
    if (status == SKS_OK && is_lost)
        status = sks_fail(SKS_ERR_IO, "the export could not be written");
    return status == SKS_OK ? sks_product_commit(product) : status;
}

static sks_status run(const sks_arguments *arguments)
{
    const char *path = arguments->operands[0];
    const bool is_json =
        sks_values_choice(arguments->options, "format") == TEX && begins_like_json(path);
    sks_store *store = NULL;
    sks_product *product = NULL;
    /* Before the product is begun. */
    sks_status status = is_json ? SKS_OK : sks_store_open_read(path, &store);

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
    .summary = "Write a campaign for other programs: CSV, JSON, Extra-P, gnuplot, LaTeX",
    .operands = "CAMPAIGN.db",
    .details =
        "As tex it writes what fit --json tells, the machine, phases, imbalance and overhead as\n"
        "macros, \\sks{fig1/pix2sky/threads/dynamic/points/2/speedup}, and takes the JSON that "
        "any\n"
        "other command prints as well.\n"
        "\n"
        "  skyscale export fig1.db -f csv -o fig1.csv\n"
        "  skyscale import fig1.csv -d again.db\n"
        "  skyscale export fig1.db -f tex -o fig1.tex",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
