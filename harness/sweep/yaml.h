/* YAML files as a tree of nodes that know their line, so that every complaint can name it.
 *
 * Read with libyaml's document interface. Aliases are resolved to the node they name. Refused:
 * more than one document, keys that are no plain texts, a key given twice, texts with a NUL byte,
 * files above SKS_YAML_MAX_BYTES.
 *
 * Ownership  nodes and texts live as long as the sks_yaml.
 * Errors     "FILE:LINE: cause"; SKS_ERR_USAGE for what stands in the file, SKS_ERR_IO when it
 *            cannot be read.
 * Threads    read-only once loaded.
 * Source     YAML 1.1, https://yaml.org/spec/1.1/
 */
#ifndef SKYSCALE_YAML_H
#define SKYSCALE_YAML_H

#include "common/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { SKS_YAML_MAX_BYTES = 1 << 20 };

typedef enum sks_yaml_kind {
    SKS_YAML_SCALAR,
    SKS_YAML_LIST,
    SKS_YAML_MAP,
} sks_yaml_kind;

typedef struct sks_yaml_node sks_yaml_node;
struct sks_yaml_node {
    sks_yaml_kind kind;
    unsigned line;               /* 1-based */
    const char *text;            /* scalars: the value, "" for none */
    size_t n;                    /* entries; 1 for a scalar */
    const sks_yaml_node **key;   /* maps: [n], all scalars */
    const sks_yaml_node **value; /* [n]; a scalar's is the scalar itself, a list of one */
};

typedef struct sks_yaml {
    const char *file; /* as it was named to sks_yaml_load */
    const char *text; /* the whole file */
    const sks_yaml_node *root;
} sks_yaml;

sks_status sks_yaml_load(const char *file, sks_yaml **yaml);
void sks_yaml_destroy(sks_yaml *yaml); /* accepts NULL */

/* The value of `key` in a map, or NULL. */
const sks_yaml_node *sks_yaml_get(const sks_yaml_node *map, const char *key);

/* "text", "a list" or "a map", for messages. */
const char *sks_yaml_kind_name(const sks_yaml_node *node);

/* Fails with "FILE:LINE: " before the text. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
sks_status
sks_yaml_fail(const sks_yaml *yaml, const sks_yaml_node *node, sks_status status,
              const char *format, ...);

/* Puts "FILE:LINE: " before the text of the failure that just happened. */
sks_status sks_yaml_fail_here(const sks_yaml *yaml, const sks_yaml_node *node, sks_status status);

#endif
