/* skyscale report CAMPAIGN.db… -o report.html: everything that campaigns show, on one page. */
#include "harness/present/report.h"

#include "harness/commands/campaign.h"
#include "harness/commands/command.h"
#include "kernels/parts/product.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_CAMPAIGNS = 64 };

/* The bootstrap of a comparison, which corrects for bias, takes so many times as many replicates as
 * that of a fit; the defaults of both commands differ by it too. */
enum { COMPARE_REPLICATES = 10 };

static const sks_param params[] = {
    {.name = "output",
     .short_name = 'o',
     .type = SKS_OUTPUT,
     .is_required = true,
     .help = "the page; \"-\" is standard output"},
    {.name = "threshold",
     .type = SKS_TEXT,
     .default_text = "2%",
     .help = "the least difference that matters"},
    SKS_ANALYSIS_PARAMS,
    {0},
};

/* What was read and found of one campaign. */
typedef struct campaign {
    sks_measures measures;
    sks_campaign fitted;
    sks_compared compared; /* for the comparison by scheduler */
    sks_compare_report schedulers;
} campaign;

/* ---- the command that makes the page again ---- */

static void put_word(FILE *out, const char *word)
{
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";

    fputc(' ', out);
    if (word[0] != '\0' && word[strspn(word, harmless)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

/* From malloc. */
static sks_status command_text(const sks_arguments *arguments, char **text)
{
    size_t size = 0;
    FILE *out = open_memstream(text, &size);

    if (out == NULL)
        return sks_fail_nomem("the command");
    fputs("skyscale report", out);
    for (size_t i = 0; i < arguments->n_operands; i++)
        put_word(out, arguments->operands[i]);
    for (const sks_param *p = params; p->name != NULL; p++)
        if (sks_values_was_given(arguments->options, p->name)) {
            fprintf(out, " --%s", p->name);
            put_word(out, sks_values_text(arguments->options, p->name));
        }
    if (fclose(out) != 0) {
        free(*text);
        *text = NULL;
        return sks_fail_nomem("the command");
    }
    return SKS_OK;
}

/* ---- reading and comparing ---- */

/* The page must not take the place of a campaign. */
static sks_status check_output(const sks_arguments *arguments)
{
    const char *output = sks_values_text(arguments->options, "output");
    struct stat page, operand;

    if (strcmp(output, "-") == 0 || stat(output, &page) != 0)
        return SKS_OK;
    for (size_t i = 0; i < arguments->n_operands; i++)
        if (stat(arguments->operands[i], &operand) == 0 && operand.st_dev == page.st_dev &&
            operand.st_ino == page.st_ino)
            return sks_fail(SKS_ERR_USAGE, "--output %s is the campaign %s", output,
                            arguments->operands[i]);
    return SKS_OK;
}

static bool has_several_schedulers(const sks_campaign *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (strcmp(c->series[i].scheduler, c->series[0].scheduler) != 0)
            return true;
    return false;
}

static sks_status compare_schedulers(const char *path, const sks_compare_report *like, campaign *c)
{
    c->compared = (sks_compared){
        .path = path, .facts = &c->measures.facts, .series = c->fitted.series, .n = c->fitted.n};
    c->schedulers = (sks_compare_report){
        .by = "scheduler",
        .time_name = like->time_name,
        .options = like->options,
        .n_campaigns = 1,
        .campaigns = &c->compared,
    };
    return sks_compare_report_make(NULL, &c->schedulers);
}

/* Brings the fits of each kernel together, else as they were: a sweep may name a kernel more than
 * once. The series stay where they are. */
static sks_status group_kernels(sks_campaign *c)
{
    sks_fit *grouped = calloc(c->n + 1, sizeof(*grouped));
    size_t n = 0;

    if (grouped == NULL)
        return sks_fail_nomem("the fits");
    for (size_t i = 0; i < c->n; i++) {
        bool is_done = false;

        for (size_t j = 0; !is_done && j < i; j++)
            is_done = strcmp(c->fits[j].series->kernel, c->fits[i].series->kernel) == 0;
        for (size_t j = i; !is_done && j < c->n; j++)
            if (strcmp(c->fits[j].series->kernel, c->fits[i].series->kernel) == 0)
                grouped[n++] = c->fits[j];
    }
    memcpy(c->fits, grouped, c->n * sizeof(*grouped));
    free(grouped);
    return SKS_OK;
}

/* What a campaign is called: its file name, or the whole path where two files share their name. */
static const char *name_of(const sks_arguments *arguments, size_t i)
{
    const char *name = basename(arguments->operands[i]);

    for (size_t j = 0; j < arguments->n_operands; j++)
        if (j != i && strcmp(basename(arguments->operands[j]), name) == 0)
            return arguments->operands[i];
    return name;
}

/* Reads all campaigns and fills what the page is made from. */
static sks_status read_all(const sks_arguments *arguments, campaign *campaigns,
                           sks_compare_report *comparison, sks_report_campaign *shown)
{
    sks_status status = SKS_OK;

    for (size_t i = 0; status == SKS_OK && i < arguments->n_operands; i++) {
        const char *path = arguments->operands[i];
        campaign *c = &campaigns[i];

        status = sks_measures_read(path, &c->measures);
        if (status == SKS_OK)
            status = sks_campaign_read(path, arguments->options, &c->fitted);
        if (status == SKS_OK)
            status = group_kernels(&c->fitted);
        if (status == SKS_OK && has_several_schedulers(&c->fitted))
            status = compare_schedulers(path, comparison, c);
        comparison->campaigns[i] = (sks_compared){.path = path,
                                                  .facts = &c->measures.facts,
                                                  .series = c->fitted.series,
                                                  .n = c->fitted.n};
        shown[i] =
            (sks_report_campaign){.path = path,
                                  .name = name_of(arguments, i),
                                  .measures = &c->measures,
                                  .fits = c->fitted.fits,
                                  .n = c->fitted.n,
                                  .compared = &comparison->campaigns[i],
                                  .schedulers = c->schedulers.by != NULL ? &c->schedulers : NULL};
    }
    return status == SKS_OK ? sks_compare_report_make(NULL, comparison) : status;
}

/* ---- writing ---- */

/* Whole, so that a page that cannot be finished does not take the place of an older one. */
static sks_status write_page(const sks_report *report, const char *output)
{
    sks_product *product = NULL;
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    sks_status status = out != NULL ? sks_report_write(report, out) : sks_fail_nomem("the report");

    if (out != NULL && fclose(out) != 0 && status == SKS_OK)
        status = sks_fail_nomem("the report");
    if (status == SKS_OK)
        status = sks_product_create(output, &product);
    if (status == SKS_OK)
        status = sks_product_write(product, page, size, 0);
    if (status == SKS_OK)
        status = sks_product_commit(product);
    sks_product_destroy(product);
    free(page);
    return status;
}

static sks_status make_report(const sks_arguments *arguments, const sks_compare_options *options,
                              campaign *campaigns)
{
    sks_compared compared[MAX_CAMPAIGNS] = {0};
    sks_report_campaign shown[MAX_CAMPAIGNS] = {0};
    sks_compare_report comparison = {
        .time_name = sks_campaign_time_name(arguments->options),
        .options = *options,
        .n_campaigns = arguments->n_operands,
        .campaigns = compared,
    };
    char *command = NULL;
    sks_status status = command_text(arguments, &command);

    if (status == SKS_OK)
        status = read_all(arguments, campaigns, &comparison, shown);
    if (status == SKS_OK)
        status = write_page(&(sks_report){.n_campaigns = arguments->n_operands,
                                          .campaigns = shown,
                                          .comparison = &comparison,
                                          .time_name = comparison.time_name,
                                          .confidence = options->confidence,
                                          .n_fit_replicates = (size_t)sks_values_int(
                                              arguments->options, "replicates"),
                                          .command = command},
                            sks_values_text(arguments->options, "output"));
    sks_compare_report_clear(&comparison);
    free(command);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    sks_compare_options compare_options = {
        .confidence = sks_values_real(options, "confidence"),
        .n_replicates = COMPARE_REPLICATES * (size_t)sks_values_int(options, "replicates"),
        .seed = (uint64_t)sks_values_int(options, "seed"),
    };
    campaign *campaigns = calloc(arguments->n_operands, sizeof(*campaigns));
    sks_status status = campaigns != NULL ? SKS_OK : sks_fail_nomem("campaigns");

    if (status == SKS_OK)
        status = sks_campaign_percentage(options, "threshold", &compare_options.threshold);
    if (status == SKS_OK)
        status = check_output(arguments);
    if (status == SKS_OK)
        status = make_report(arguments, &compare_options, campaigns);
    for (size_t i = 0; campaigns != NULL && i < arguments->n_operands; i++) {
        sks_compare_report_clear(&campaigns[i].schedulers);
        sks_campaign_clear(&campaigns[i].fitted);
        sks_measures_clear(&campaigns[i].measures);
    }
    free(campaigns);
    return status;
}

const sks_command sks_command_report = {
    .name = "report",
    .summary = "Write one page with everything that campaigns show, and what follows from it",
    .operands = "CAMPAIGN.db…",
    .details =
        "An HTML page that needs nothing else: a summary in words, the machines, figures,\n"
        "speedups and fits as from `skyscale fit`, comparisons as from `skyscale compare`,\n"
        "phases, counters, noise, and how to measure it again. Of several campaigns the first is\n"
        "the base that the others are compared with. The page is made from the template\n"
        "report.html, which SKYSCALE_PLOTS can replace with another.\n"
        "\n"
        "  skyscale report fig1.db -o fig1.html\n"
        "  skyscale report old.db new.db -o report.html --per parallel",
    .min_operands = 1,
    .max_operands = MAX_CAMPAIGNS,
    .params = params,
    .run = run,
};
