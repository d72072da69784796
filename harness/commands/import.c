/* skyscale import CAMPAIGN.csv: a campaign made again from its export. */
#include "harness/sweep/import.h"

#include "harness/commands/campaign.h"
#include "harness/commands/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sks_param params[] = {
    {.name = "database",
     .short_name = 'd',
     .type = SKS_OUTPUT,
     .help = "the campaign to make; default: the CSV file's name with .db, in the current folder"},
    {0},
};

static sks_status import(FILE *in, const char *name, const char *database)
{
    sks_store *store = NULL;
    size_t n = 0;
    sks_status status = sks_store_open(database, &store);

    if (status == SKS_OK)
        status = sks_import_csv(store, in, name, &n);
    sks_store_close(store);
    if (status == SKS_OK)
        printf("%s: %zu samples from %s\n", database, n, name);
    return status;
}

static sks_status run(const sks_arguments *arguments)
{
    const sks_values *options = arguments->options;
    const char *name = arguments->operands[0];
    const bool is_standard_input = strcmp(name, "-") == 0;
    char *database = NULL;
    FILE *in;
    sks_status status;

    if (is_standard_input && !sks_values_has(options, "database"))
        return sks_fail(SKS_ERR_USAGE, "importing standard input needs the name of a database: -d");
    database = sks_values_has(options, "database") ? strdup(sks_values_text(options, "database"))
                                                   : sks_default_database(name);
    if (database == NULL)
        return sks_fail_nomem("the database's name");
    in = is_standard_input ? stdin : fopen(name, "rb");
    if (in == NULL)
        status = sks_fail(SKS_ERR_IO, "%s: %s", name, strerror(errno));
    else
        status = import(in, is_standard_input ? "standard input" : name, database);
    if (in != NULL && in != stdin)
        fclose(in);
    free(database);
    return status;
}

const sks_command sks_command_import = {
    .name = "import",
    .summary = "Make a campaign database from its CSV export",
    .operands = "CAMPAIGN.csv",
    .details =
        "Fit, compare and plot give the same numbers as for the original, so that a CSV file\n"
        "is enough to check a table or a figure. The database must not exist. Example:\n"
        "  skyscale import results/fig1.csv -d fig1.db\n"
        "  skyscale fit fig1.db",
    .min_operands = 1,
    .max_operands = 1,
    .params = params,
    .run = run,
};
