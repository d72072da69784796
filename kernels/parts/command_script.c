#include "kernels/parts/command_script.h"

#include "kernels/parts/command_place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, ARITHMETIC = 'a', END = '\0' };

/* Where in the script the reading is, and what surrounds it, innermost last: ' " ` # as they stand
 * there, ( for (…) and $(…), { for ${…}, ARITHMETIC for each parenthesis of $((…)). */
struct reader {
    const char *p;
    const char *begin;
    int depth;
    char inside[MAX_DEPTH];
    bool has_place;
    FILE *out;
};

static sks_status enter(struct reader *r, char what)
{
    if (r->depth + 1 == MAX_DEPTH)
        return sks_fail(SKS_ERR_USAGE, "command: nested more than %d deep", MAX_DEPTH - 1);
    r->inside[++r->depth] = what;
    return SKS_OK;
}

static void copy(struct reader *r, size_t n)
{
    fwrite(r->p, 1, n, r->out);
    r->p += n;
}

/* What ends the innermost surrounding. */
static char end_of(char inside)
{
    switch (inside) {
    case '(':
    case ARITHMETIC:
        return ')';
    case '{':
        return '}';
    case '#':
        return '\n';
    default:
        return inside;
    }
}

static sks_status put_variable(struct reader *r, size_t which)
{
    const sks_place_form *form = &sks_place_forms[which];

    switch (r->inside[r->depth]) {
    case '`':
    case '{':
        return sks_fail(SKS_ERR_USAGE, "command: %s cannot stand inside %s", form->text,
                        r->inside[r->depth] == '`' ? "`...`; write $(...)" : "${...}");
    case '#':
        copy(r, strlen(form->text));
        return SKS_OK;
    case '\'':
        fprintf(r->out, "'\"${%s}\"'", form->variable);
        break;
    case '"':
    case ARITHMETIC:
        fprintf(r->out, "${%s}", form->variable);
        break;
    default:
        fprintf(r->out, "\"${%s}\"", form->variable);
    }
    r->p += strlen(form->text);
    r->has_place = true;
    return SKS_OK;
}

static bool begins_comment(const struct reader *r)
{
    return *r->p == '#' && (r->p == r->begin || strchr(" \t\n;|&()", r->p[-1]) != NULL);
}

/* $(, $((, ${ */
static sks_status read_dollar(struct reader *r)
{
    sks_status status = SKS_OK;

    if (strncmp(r->p, "$((", 3) == 0) {
        status = enter(r, ARITHMETIC);
        if (status == SKS_OK)
            status = enter(r, ARITHMETIC);
        copy(r, 3);
    } else if (r->p[1] == '(' || r->p[1] == '{') {
        status = enter(r, r->p[1]);
        copy(r, 2);
    } else {
        copy(r, 1);
    }
    return status;
}

static sks_status read_character(struct reader *r)
{
    char c = *r->p;
    char inside = r->inside[r->depth];
    sks_status status = SKS_OK;
    size_t which;

    if (sks_place_starts(r->p, &which))
        return put_variable(r, which);
    if (inside != END && c == end_of(inside)) {
        r->depth--;
    } else if (inside != '\'' && inside != '#') {
        if (c == '\\' && r->p[1] != '\0') {
            copy(r, 2);
            return SKS_OK;
        }
        if (c == '$')
            return read_dollar(r);
        if (c == '`' || (c == '"' && inside != '"'))
            status = enter(r, c);
        else if (inside != '"' && c == '(')
            status = enter(r, inside == ARITHMETIC ? ARITHMETIC : '(');
        else if (inside != '"' && (c == '\'' || begins_comment(r)))
            status = enter(r, c);
    }
    copy(r, 1);
    return status;
}

sks_status sks_script_make(const char *command, char **script)
{
    struct reader r = {.p = command, .begin = command};
    char *text = NULL;
    size_t size;
    sks_status status = SKS_OK;

    r.out = open_memstream(&text, &size);
    if (r.out == NULL)
        return sks_fail_nomem("the command");
    for (size_t i = 0; i < SKS_N_PLACES; i++)
        fprintf(r.out, "%s=$%zu ", sks_place_forms[i].variable, i + 1);
    fprintf(r.out, "; shift %d; ", SKS_N_PLACES);
    while (status == SKS_OK && *r.p != '\0')
        status = read_character(&r);
    if (status == SKS_OK && !r.has_place)
        fprintf(r.out, " \"${%s}\"", sks_place_forms[0].variable);
    if (fclose(r.out) != 0 && status == SKS_OK)
        status = sks_fail_nomem("the command");
    if (status != SKS_OK) {
        free(text);
        return status;
    }
    *script = text;
    return SKS_OK;
}
