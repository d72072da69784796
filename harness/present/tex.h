/* Numbers and names for a text in LaTeX: JSON as macros that paper/skyscale.sty looks up by key, so
 * that nothing measured has to be typed.
 *
 *   {"speedup": 1.9, "speedup_interval": [1.8, 2]}  under the name fig1 becomes
 *   \sksdef{fig1/speedup}{1.90}%
 *   \sksdef{fig1/speedup/interval}{1.80--2.00}%
 *
 * Keys     the names on the way to a value, with "/" between them. An element of an array goes by
 *          its "workers", "name", "kernel", "scheduler" or "new", else by its place, from 1; of
 *          those with "workers", or comparisons of a "new" with "workers", the one with the most
 *          workers that have a place each is also there as "most", unless another has as many.
 *          Comparisons come in the order of their size, which is not known beforehand: "most" is
 *          the way to name one of them. What TeX would not take for a plain character becomes "-";
 * a key that another value has already gets "-2" appended, "-3" and so on. Numbers  rounded as in
 * the tables of `skyscale fit`, by the same functions: to what their interval leaves certain. Names
 * that end in _s, _bytes and _hz get a unit. Missing  null becomes \sksmissing{}, which says so in
 * print. A key that is not there stops LaTeX. Text     any UTF-8: what TeX gives a meaning to is
 * escaped, line ends and tabs become blanks, and characters beyond ASCII go through
 * \sksutf{character}{code point}, which can fall back on the code point when the font lacks them.
 * Errors   SKS_ERR_NOMEM. Whether `out` took it all is the caller's to check.
 * Threads  reentrant.
 */
#ifndef SKYSCALE_TEX_H
#define SKYSCALE_TEX_H

#include "harness/analysis/fit.h"

#include <stdio.h>

/* All values in `json`, below `name`. */
sks_status sks_tex_write(const char *name, const json_t *json, FILE *out);

/* A text as LaTeX prints it. */
void sks_tex_text(const char *text, FILE *out);

/* What a text can say of a campaign: {"campaign": its settings with the machine, "samples": counts,
 * "KERNEL/EXECUTOR/SCHEDULER": as in `skyscale fit --json`, and with every point the medians of
 * what was measured beside the time: phases, chunks, imbalance, overhead per chunk}. The fits are
 * those of the campaign at `path`. Errors as the store's. */
sks_status sks_tex_campaign(const char *path, const sks_fit *fits, size_t n, bool drops_disturbed,
                            json_t **json);

#endif
