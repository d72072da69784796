#include "kernels/parts/command_template.h"

#include "kernels/parts/command_place.h"
#include "kernels/parts/command_script.h"

#include <stdlib.h>
#include <string.h>

/* What a piece of a word is: a place, by its number below SKS_N_PLACES, or one of these. */
enum { TEXT = SKS_N_PLACES, WORD_END };

struct piece {
    size_t kind;
    size_t begin, length; /* TEXT: in sks_template.text */
};

struct sks_template {
    struct piece *piece;
    size_t n_pieces, piece_capacity;
    char *text;
    size_t n_text, text_capacity;
    size_t n_words;
    bool has_place;
};

static sks_status add_piece(sks_template *t, size_t kind)
{
    if (t->n_pieces == t->piece_capacity) {
        size_t capacity = 2 * t->piece_capacity + 16;
        struct piece *piece = realloc(t->piece, capacity * sizeof(*piece));

        if (piece == NULL)
            return sks_fail_nomem("the command");
        t->piece = piece;
        t->piece_capacity = capacity;
    }
    t->piece[t->n_pieces++] = (struct piece){.kind = kind, .begin = t->n_text};
    t->n_words += kind == WORD_END;
    t->has_place |= kind < SKS_N_PLACES;
    return SKS_OK;
}

/* Appends to the text that the last piece is, beginning a new piece when it is none. */
static sks_status add_text(sks_template *t, const char *text, size_t length)
{
    sks_status status = SKS_OK;

    if (t->n_pieces == 0 || t->piece[t->n_pieces - 1].kind != TEXT)
        status = add_piece(t, TEXT);
    if (status != SKS_OK)
        return status;
    if (t->n_text + length > t->text_capacity) {
        size_t capacity = 2 * (t->n_text + length) + 64;
        char *to = realloc(t->text, capacity);

        if (to == NULL)
            return sks_fail_nomem("the command");
        t->text = to;
        t->text_capacity = capacity;
    }
    memcpy(t->text + t->n_text, text, length);
    t->n_text += length;
    t->piece[t->n_pieces - 1].length += length;
    return SKS_OK;
}

static sks_status add_word(sks_template *t, const char *word)
{
    sks_status status = add_text(t, word, strlen(word));

    return status == SKS_OK ? add_piece(t, WORD_END) : status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Where the reading is, and in which quotation: ' or " or, outside, '\0'. */
struct cursor {
    const char *p;
    char quote;
};

static sks_status parse_backslash(sks_template *t, struct cursor *c)
{
    char next = c->p[1];

    if (next == '\0')
        return sks_fail(SKS_ERR_USAGE, "command: nothing follows the last backslash");
    if (c->quote == '"' && strchr("\"\\$`{\n", next) == NULL) /* stands for itself */
        return add_text(t, c->p++, 1);
    c->p += 2;
    return next != '\n' ? add_text(t, &next, 1) : SKS_OK;
}

static sks_status parse_character(sks_template *t, struct cursor *c)
{
    const char *only_shell = c->quote == '"' ? "$`" : "|&;<>()$`";
    size_t which;

    if (sks_place_starts(c->p, &which)) {
        c->p += strlen(sks_place_forms[which].text);
        return add_piece(t, which);
    }
    if (c->quote != '\0' && *c->p == c->quote) {
        c->quote = '\0';
        c->p++;
        return SKS_OK;
    }
    if (c->quote == '\'')
        return add_text(t, c->p++, 1);
    if (*c->p == '\\')
        return parse_backslash(t, c);
    if (c->quote == '\0' && (*c->p == '\'' || *c->p == '"')) {
        c->quote = *c->p++;
        return SKS_OK;
    }
    if (strchr(only_shell, *c->p) != NULL)
        return sks_fail(SKS_ERR_USAGE,
                        "command: \"%c\" needs a shell: add --shell yes, or quote it%s", *c->p,
                        c->quote == '"' ? " with '...'" : "");
    return add_text(t, c->p++, 1);
}

/* Without a shell. */
static sks_status make_words(sks_template *t, const char *text)
{
    struct cursor c = {.p = text};
    sks_status status = SKS_OK;

    while (status == SKS_OK && *(c.p += strspn(c.p, " \t\n")) != '\0') {
        if (*c.p == '~')
            return sks_fail(SKS_ERR_USAGE,
                            "command: \"~\" needs a shell: add --shell yes, or quote it");
        while (status == SKS_OK && *c.p != '\0' && (c.quote != '\0' || !is_blank(*c.p)))
            status = parse_character(t, &c);
        if (status == SKS_OK)
            status = add_piece(t, WORD_END);
    }
    if (status == SKS_OK && c.quote != '\0')
        return sks_fail(SKS_ERR_USAGE, "command: a quotation that begins with %c does not end",
                        c.quote);
    if (status == SKS_OK && !t->has_place && t->n_words > 0) {
        status = add_piece(t, 0);
        if (status == SKS_OK)
            status = add_piece(t, WORD_END);
    }
    return status;
}

/* With a shell: /bin/sh -c SCRIPT sh and the values of all places. */
static sks_status make_shell_words(sks_template *t, const char *text)
{
    char *script;
    sks_status status;

    if (text[strspn(text, " \t\n")] == '\0')
        return SKS_OK;
    status = sks_script_make(text, &script);
    if (status != SKS_OK)
        return status;
    status = add_word(t, "/bin/sh");
    if (status == SKS_OK)
        status = add_word(t, "-c");
    if (status == SKS_OK)
        status = add_word(t, script);
    if (status == SKS_OK)
        status = add_word(t, "sh");
    for (size_t i = 0; status == SKS_OK && i < SKS_N_PLACES; i++) {
        status = add_piece(t, i);
        if (status == SKS_OK)
            status = add_piece(t, WORD_END);
    }
    free(script);
    return status;
}

sks_status sks_template_parse(const char *text, bool uses_shell, sks_template **made)
{
    sks_template *t = calloc(1, sizeof(*t));
    sks_status status;

    if (t == NULL)
        return sks_fail_nomem("the command");
    status = uses_shell ? make_shell_words(t, text) : make_words(t, text);
    if (status == SKS_OK && t->n_words == 0)
        status = sks_fail(SKS_ERR_USAGE, "command: there is no command");
    if (status != SKS_OK) {
        sks_template_destroy(t);
        return status;
    }
    *made = t;
    return SKS_OK;
}

void sks_template_destroy(sks_template *made)
{
    if (made == NULL)
        return;
    free(made->piece);
    free(made->text);
    free(made);
}

sks_status sks_template_program(const sks_template *made, char **program)
{
    const struct piece *piece = made->piece;
    size_t length = piece[0].kind == TEXT ? piece[0].length : 0;

    *program = NULL;
    if (piece[length > 0].kind != WORD_END) /* a place is part of it */
        return SKS_OK;
    *program = length > 0 ? strndup(made->text, length) : strdup("");
    return *program != NULL ? SKS_OK : sks_fail_nomem("the command");
}

/* The size of all words, or, with `to`, the words themselves. */
static size_t fill(const sks_template *t, const char *input, uint64_t number, char *to, char **argv)
{
    char *begin = to;
    size_t size = 0, word_begin = 0, n_words = 0;

    for (size_t i = 0; i < t->n_pieces; i++) {
        const struct piece *piece = &t->piece[i];

        if (piece->kind == WORD_END) {
            if (to != NULL) {
                begin[size] = '\0';
                argv[n_words++] = begin + word_begin;
            }
            word_begin = ++size;
        } else if (piece->kind == TEXT) {
            if (to != NULL)
                memcpy(begin + size, t->text + piece->begin, piece->length);
            size += piece->length;
        } else {
            size += sks_place_fill(piece->kind, input, number, to != NULL ? begin + size : NULL);
        }
    }
    return size;
}

sks_status sks_template_expand(const sks_template *made, const char *input, uint64_t number,
                               char ***argv)
{
    size_t array = (made->n_words + 1) * sizeof(char *);
    char **words = malloc(array + fill(made, input, number, NULL, NULL));

    if (words == NULL)
        return sks_fail_nomem("a command line");
    fill(made, input, number, (char *)words + array, words);
    words[made->n_words] = NULL;
    *argv = words;
    return SKS_OK;
}
