#include "harness/sweep/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct document {
    sks_yaml shown; /* what the caller sees; first, so that the two pointers are one */
    char *file;
    char *text;
    size_t n_bytes;
    yaml_document_t libyaml; /* owns the scalars */
    bool has_libyaml;
    sks_yaml_node *nodes;
    size_t n_nodes;
};

sks_status sks_yaml_fail(const sks_yaml *yaml, const sks_yaml_node *node, sks_status status,
                         const char *format, ...)
{
    char text[SKS_MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return sks_fail(status, "%s:%u: %s", yaml->file, node->line, text);
}

sks_status sks_yaml_fail_here(const sks_yaml *yaml, const sks_yaml_node *node, sks_status status)
{
    char text[SKS_MESSAGE_SIZE];

    snprintf(text, sizeof(text), "%s", sks_message());
    sks_clear();
    return sks_yaml_fail(yaml, node, status, "%s", text);
}

const char *sks_yaml_kind_name(const sks_yaml_node *node)
{
    static const char *const names[] = {"text", "a list", "a map"};

    return names[node->kind];
}

const sks_yaml_node *sks_yaml_get(const sks_yaml_node *map, const char *key)
{
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) == 0)
            return map->value[i];
    return NULL;
}

static sks_status read_file(struct document *d)
{
    FILE *stream = fopen(d->file, "rb");
    sks_status status = SKS_OK;

    if (stream == NULL)
        return sks_fail(SKS_ERR_IO, "%s: %s", d->file, strerror(errno));
    /* One byte more than allowed tells a file that is too large, and holds the final NUL. */
    d->text = malloc(SKS_YAML_MAX_BYTES + 1);
    if (d->text == NULL) {
        status = sks_fail_nomem("the sweep file");
        goto out;
    }
    d->n_bytes = fread(d->text, 1, SKS_YAML_MAX_BYTES + 1, stream);
    if (ferror(stream))
        status = sks_fail(SKS_ERR_IO, "%s: %s", d->file, strerror(errno));
    else if (d->n_bytes > SKS_YAML_MAX_BYTES)
        status = sks_fail(SKS_ERR_USAGE, "%s: larger than %d bytes, which no sweep file is",
                          d->file, SKS_YAML_MAX_BYTES);
    else
        d->text[d->n_bytes] = '\0';
out:
    fclose(stream);
    return status;
}

/* libyaml gives most problems a line, but those of its reader only an offset in bytes. */
static sks_status fail_parser(const struct document *d, const yaml_parser_t *parser)
{
    size_t line = parser->problem_mark.line + 1;
    size_t at = parser->problem_mark.index;

    if (parser->error == YAML_MEMORY_ERROR)
        return sks_fail_nomem("the sweep file");
    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < d->n_bytes; i++)
            line += d->text[i] == '\n';
    } else if (at < d->n_bytes && d->text[at] == '\t')
        return sks_fail(SKS_ERR_USAGE, "%s:%zu: a tab where YAML wants spaces", d->file, line);
    if (parser->context != NULL)
        return sks_fail(SKS_ERR_USAGE, "%s:%zu: %s (%s, line %zu)", d->file, line, parser->problem,
                        parser->context, parser->context_mark.line + 1);
    return sks_fail(SKS_ERR_USAGE, "%s:%zu: %s", d->file, line, parser->problem);
}

/* Loads the first document and makes sure that there is no second. */
static sks_status parse_text(struct document *d)
{
    yaml_parser_t parser;
    yaml_document_t second;
    const yaml_node_t *root;
    sks_status status = SKS_OK;

    if (!yaml_parser_initialize(&parser))
        return sks_fail_nomem("the sweep file");
    yaml_parser_set_input_string(&parser, (const unsigned char *)d->text, d->n_bytes);
    if (!yaml_parser_load(&parser, &d->libyaml)) {
        status = fail_parser(d, &parser);
        goto out;
    }
    d->has_libyaml = true;
    if (yaml_document_get_root_node(&d->libyaml) == NULL) {
        status = sks_fail(SKS_ERR_USAGE, "%s:1: the file is empty", d->file);
        goto out;
    }
    if (!yaml_parser_load(&parser, &second)) {
        status = fail_parser(d, &parser);
        goto out;
    }
    root = yaml_document_get_root_node(&second);
    if (root != NULL)
        status = sks_fail(SKS_ERR_USAGE, "%s:%zu: a second document begins; one is wanted", d->file,
                          root->start_mark.line + 1);
    yaml_document_delete(&second);
out:
    yaml_parser_delete(&parser);
    return status;
}

static sks_status fill_scalar(const struct document *d, const yaml_node_t *from,
                              sks_yaml_node *node)
{
    node->kind = SKS_YAML_SCALAR;
    node->text = (const char *)from->data.scalar.value;
    if (strlen(node->text) != from->data.scalar.length)
        return sks_yaml_fail(&d->shown, node, SKS_ERR_USAGE, "a text with a NUL character");
    node->value = calloc(1, sizeof(node->value[0]));
    if (node->value == NULL)
        return sks_fail_nomem("the sweep file");
    node->value[0] = node;
    node->n = 1;
    return SKS_OK;
}

static sks_status fill_list(const struct document *d, const yaml_node_t *from, sks_yaml_node *node)
{
    const yaml_node_item_t *items = from->data.sequence.items.start;

    node->kind = SKS_YAML_LIST;
    node->n = (size_t)(from->data.sequence.items.top - items);
    node->value = calloc(node->n + 1, sizeof(node->value[0]));
    if (node->value == NULL)
        return sks_fail_nomem("the sweep file");
    for (size_t i = 0; i < node->n; i++)
        node->value[i] = &d->nodes[items[i] - 1]; /* libyaml counts nodes from 1 */
    return SKS_OK;
}

static sks_status fill_map(const struct document *d, const yaml_node_t *from, sks_yaml_node *node)
{
    const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;

    node->kind = SKS_YAML_MAP;
    node->n = (size_t)(from->data.mapping.pairs.top - pairs);
    node->key = calloc(node->n + 1, sizeof(node->key[0]));
    node->value = calloc(node->n + 1, sizeof(node->value[0]));
    if (node->key == NULL || node->value == NULL)
        return sks_fail_nomem("the sweep file");
    for (size_t i = 0; i < node->n; i++) {
        node->key[i] = &d->nodes[pairs[i].key - 1];
        node->value[i] = &d->nodes[pairs[i].value - 1];
    }
    return SKS_OK;
}

/* Our nodes, one per node of libyaml's document and in its order. */
static sks_status fill_nodes(struct document *d)
{
    const yaml_node_t *from = d->libyaml.nodes.start;

    d->n_nodes = (size_t)(d->libyaml.nodes.top - from);
    d->nodes = calloc(d->n_nodes, sizeof(d->nodes[0]));
    if (d->nodes == NULL)
        return sks_fail_nomem("the sweep file");
    for (size_t i = 0; i < d->n_nodes; i++) {
        sks_yaml_node *node = &d->nodes[i];
        sks_status status = SKS_OK;

        node->line = (unsigned)from[i].start_mark.line + 1;
        if (from[i].type == YAML_SCALAR_NODE)
            status = fill_scalar(d, &from[i], node);
        else if (from[i].type == YAML_SEQUENCE_NODE)
            status = fill_list(d, &from[i], node);
        else
            status = fill_map(d, &from[i], node);
        if (status != SKS_OK)
            return status;
    }
    d->shown.root = &d->nodes[0];
    return SKS_OK;
}

static sks_status check_keys(const struct document *d, const sks_yaml_node *map)
{
    for (size_t i = 0; i < map->n; i++) {
        if (map->key[i]->kind != SKS_YAML_SCALAR)
            return sks_yaml_fail(&d->shown, map->key[i], SKS_ERR_USAGE,
                                 "a key has to be a text, got %s", sks_yaml_kind_name(map->key[i]));
        for (size_t j = 0; j < i; j++)
            if (strcmp(map->key[i]->text, map->key[j]->text) == 0)
                return sks_yaml_fail(&d->shown, map->key[i], SKS_ERR_USAGE,
                                     "%s: given twice, first in line %u", map->key[i]->text,
                                     map->key[j]->line);
    }
    return SKS_OK;
}

sks_status sks_yaml_load(const char *file, sks_yaml **yaml)
{
    struct document *d = calloc(1, sizeof(*d));
    sks_status status;

    if (d == NULL || (d->file = strdup(file)) == NULL) {
        free(d);
        return sks_fail_nomem("the sweep file");
    }
    d->shown.file = d->file;
    status = read_file(d);
    if (status == SKS_OK)
        status = parse_text(d);
    if (status == SKS_OK)
        status = fill_nodes(d);
    for (size_t i = 0; status == SKS_OK && i < d->n_nodes; i++)
        if (d->nodes[i].kind == SKS_YAML_MAP)
            status = check_keys(d, &d->nodes[i]);
    if (status != SKS_OK) {
        sks_yaml_destroy(&d->shown);
        return status;
    }
    d->shown.text = d->text;
    *yaml = &d->shown;
    return SKS_OK;
}

void sks_yaml_destroy(sks_yaml *yaml)
{
    struct document *d = (struct document *)yaml;

    if (d == NULL)
        return;
    for (size_t i = 0; d->nodes != NULL && i < d->n_nodes; i++) {
        free(d->nodes[i].key);
        free(d->nodes[i].value);
    }
    free(d->nodes);
    if (d->has_libyaml)
        yaml_document_delete(&d->libyaml);
    free(d->text);
    free(d->file);
    free(d);
}
