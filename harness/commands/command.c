#include "harness/commands/command.h"

#include <errno.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_OPTIONS = 96, HELP_SIZE = 256, VAL_HELP = 1 };

/* popt's table made from ours: entry i of tables[t] returns VAL_HELP + 1 + its running number. */
struct option_set {
    struct poptOption popt[MAX_OPTIONS];
    const sks_param *param[MAX_OPTIONS];
    sks_values *target[MAX_OPTIONS];
    char help[MAX_OPTIONS][HELP_SIZE];
    size_t n;
};

static const char *placeholder(const sks_param *param)
{
    switch (param->type) {
    case SKS_INT:
        return "N";
    case SKS_REAL:
        return "X";
    case SKS_INPUT:
    case SKS_OUTPUT:
        return "FILE";
    case SKS_CHOICE:
        return "NAME";
    default:
        return "TEXT";
    }
}

static void add_table(struct option_set *set, sks_values *values)
{
    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++) {
        size_t i = set->n;
        char range[160];

        if (i + 2 >= MAX_OPTIONS)
            abort(); /* a table larger than any of this program's */
        sks_param_describe(p, range, sizeof(range));
        snprintf(set->help[i], HELP_SIZE, "%s%s%s%s%s%s%s", p->help, p->unit != NULL ? " [" : "",
                 p->unit != NULL ? p->unit : "", p->unit != NULL ? "]" : "",
                 p->type != SKS_FLAG && range[0] != '\0' ? " (" : "",
                 p->type != SKS_FLAG ? range : "",
                 p->type != SKS_FLAG && range[0] != '\0' ? ")" : "");
        set->popt[i] = (struct poptOption){
            .longName = p->name,
            .shortName = p->short_name,
            .argInfo = p->type == SKS_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
            .val = VAL_HELP + 1 + (int)i,
            .descrip = set->help[i],
            .argDescrip = p->type == SKS_FLAG ? NULL : placeholder(p),
        };
        set->param[i] = p;
        set->target[i] = values;
        set->n++;
    }
}

static const char *option_name(const void *context, size_t i)
{
    const struct option_set *set = context;

    return i < set->n ? set->param[i]->name : NULL;
}

static sks_status fail_option(const struct option_set *set, const char *command, poptContext popt,
                              int code)
{
    const char *bad = poptBadOption(popt, 0);
    const char *nearest = NULL;
    char name[64];

    if (code != POPT_ERROR_BADOPT)
        return sks_fail(SKS_ERR_USAGE, "%s: %s", bad, poptStrerror(code));
    if (strncmp(bad, "--", 2) == 0) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(bad + 2, "="), bad + 2);
        nearest = sks_nearest(name, option_name, set);
    }
    if (nearest != NULL)
        return sks_fail(SKS_ERR_USAGE, "unknown option \"%s\"; did you mean \"--%s\"?", bad,
                        nearest);
    return sks_fail(SKS_ERR_USAGE, "unknown option \"%s\"; see: skyscale %s --help", bad, command);
}

static sks_status read_options(const struct option_set *set, const char *command, poptContext popt,
                               bool *wants_help)
{
    int code;

    while ((code = poptGetNextOpt(popt)) > 0) {
        size_t i = (size_t)(code - VAL_HELP - 1);
        const sks_param *param;
        char where[80];
        char *text;
        sks_status status;

        if (code == VAL_HELP) {
            *wants_help = true;
            return SKS_OK;
        }
        param = set->param[i];
        text = poptGetOptArg(popt);
        snprintf(where, sizeof(where), "--%s", param->name);
        status = sks_values_set(set->target[i], param->name, text != NULL ? text : "yes", where);
        free(text);
        if (status != SKS_OK)
            return status;
    }
    return code == -1 ? SKS_OK : fail_option(set, command, popt, code);
}

static void print_help(const sks_command *command, struct option_set *own, struct option_set *more,
                       const char *more_title)
{
    char title[128];
    struct poptOption table[4] = {0};
    int n = 0;
    poptContext popt;

    printf("Usage: skyscale %s%s%s [OPTION…]\n\n%s.\n", command->name,
           command->operands != NULL ? " " : "", command->operands != NULL ? command->operands : "",
           command->summary);
    if (command->details != NULL)
        printf("\n%s\n", command->details);
    if (more != NULL && more->n > 0) {
        snprintf(title, sizeof(title), "%s:", more_title);
        table[n++] = (struct poptOption){
            .argInfo = POPT_ARG_INCLUDE_TABLE, .arg = more->popt, .descrip = title};
    }
    own->popt[own->n] = (struct poptOption){
        .longName = "help", .shortName = 'h', .val = VAL_HELP, .descrip = "Show this help"};
    table[n++] = (struct poptOption){
        .argInfo = POPT_ARG_INCLUDE_TABLE, .arg = own->popt, .descrip = "Options:"};
    popt = poptGetContext(NULL, 0, NULL, table, 0);
    fflush(stdout);
    /* popt begins with a usage line of its own making; only the tables are wanted. */
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory != NULL) {
        poptPrintHelp(popt, memory, 0);
        fclose(memory);
        const char *tables = strchr(text, '\n');
        fputs(tables != NULL ? tables + 1 : text, stdout);
        free(text);
    }
    poptFreeContext(popt);
}

static sks_status check_operands(const sks_command *command, size_t n)
{
    if (n < command->min_operands)
        return sks_fail(SKS_ERR_USAGE, "%s needs %s; see: skyscale %s --help", command->name,
                        command->operands, command->name);
    if (n > command->max_operands)
        return sks_fail(SKS_ERR_USAGE, "%s takes at most %zu operand%s, got %zu", command->name,
                        command->max_operands, command->max_operands == 1 ? "" : "s", n);
    return SKS_OK;
}

/* The second table's values, when the command has one and its operand is there. */
static sks_status open_more(const sks_command *command, int argc, const char **argv,
                            sks_values **more, const char **title)
{
    const sks_param *params = NULL;
    sks_status status;

    if (command->more_params == NULL)
        return SKS_OK;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return SKS_OK;
    if (argv[1][0] == '-')
        return sks_fail(SKS_ERR_USAGE, "%s needs %s before any option; see: skyscale %s --help",
                        command->name, command->operands, command->name);
    status = command->more_params(argv[1], &params, title);
    return status == SKS_OK ? sks_values_create(params, more) : status;
}

sks_status sks_command_execute(const sks_command *command, int argc, const char **argv)
{
    struct option_set *own = calloc(1, sizeof(*own));
    struct option_set *more = calloc(1, sizeof(*more));
    sks_values *own_values = NULL;
    sks_values *more_values = NULL;
    const char *more_title = "";
    poptContext popt = NULL;
    bool wants_help = false;
    sks_status status;

    if (own == NULL || more == NULL) {
        status = sks_fail_nomem("options");
        goto out;
    }
    status = open_more(command, argc, argv, &more_values, &more_title);
    if (status == SKS_OK)
        status = sks_values_create(command->params, &own_values);
    if (status != SKS_OK)
        goto out;
    add_table(own, own_values);
    if (more_values != NULL)
        add_table(more, more_values);

    /* One flat table for reading: own options first, so that they win over a name used twice. */
    struct option_set all = *own;
    for (size_t i = 0; i < more->n && all.n + 2 < MAX_OPTIONS; i++) {
        all.popt[all.n] = more->popt[i];
        all.popt[all.n].val = VAL_HELP + 1 + (int)all.n;
        all.param[all.n] = more->param[i];
        all.target[all.n] = more->target[i];
        all.n++;
    }
    all.popt[all.n] = (struct poptOption){.longName = "help", .shortName = 'h', .val = VAL_HELP};
    popt = poptGetContext(NULL, argc, argv, all.popt, 0);
    if (popt == NULL) {
        status = sks_fail_nomem("options");
        goto out;
    }
    status = read_options(&all, command->name, popt, &wants_help);
    if (status != SKS_OK)
        goto out;
    if (wants_help) {
        print_help(command, own, more_values != NULL ? more : NULL, more_title);
        status = sks_flush_stdout();
        goto out;
    }

    static const char *const nothing[] = {NULL};
    const char **operands = poptGetArgs(popt);
    sks_arguments arguments = {
        .options = own_values,
        .more = more_values,
        .operands = operands != NULL ? (const char *const *)operands : nothing,
    };
    while (arguments.operands[arguments.n_operands] != NULL)
        arguments.n_operands++;
    status = check_operands(command, arguments.n_operands);
    if (status == SKS_OK)
        status = sks_values_complete(own_values, "--");
    if (status == SKS_OK && more_values != NULL)
        status = sks_values_complete(more_values, "--");
    if (status == SKS_OK)
        status = command->run(&arguments);
    if (status == SKS_OK)
        status = sks_flush_stdout();
out:
    if (popt != NULL)
        poptFreeContext(popt);
    sks_values_destroy(own_values);
    sks_values_destroy(more_values);
    free(own);
    free(more);
    return status;
}

sks_status sks_flush_stdout(void)
{
    bool has_failed = ferror(stdout) != 0;

    errno = 0;
    if (fflush(stdout) == 0 && !has_failed)
        return SKS_OK;
    /* What failed earlier did not leave its reason; what is there refuses one byte more as well. */
    if (errno == 0 && write(STDOUT_FILENO, "\n", 1) == 1)
        return sks_fail(SKS_ERR_IO, "standard output: could not be written");
    return sks_fail(SKS_ERR_IO, "standard output: %s", strerror(errno));
}
