/* Drawing a figure in a test, as `skyscale plot` does. Includes <cmocka.h>. */
#ifndef SKYSCALE_TESTS_FIGURE_DRAWING_H
#define SKYSCALE_TESTS_FIGURE_DRAWING_H

#include "figure_fixture.h"

#include "../cli/spawn.h"

#include "harness/present/figure.h"

struct fits {
    sks_series *series[2];
    sks_fit *fits[2];
    size_t n[2];
    sks_fit all[32];
    const char *sources[32];
};

/* As `skyscale plot` does, with fewer replicates. */
static inline void fit_campaigns(const char *const *files, const char *const *names, size_t n_files,
                                 struct fits *f, sks_figure_input *input)
{
    sks_fit_options options = sks_fit_defaults;

    options.n_replicates = 200;
    for (size_t c = 0; c < n_files; c++) {
        sks_store *store = NULL;

        must(sks_store_open_read(files[c], &store));
        must(sks_store_series(store, "total", &f->series[c], &f->n[c]));
        sks_store_close(store);
        f->n[c] = sks_selection_keep(&input->selection, f->series[c], f->n[c]);
        must(sks_fit_all(f->series[c], f->n[c], &options, &f->fits[c]));
        for (size_t i = 0; i < f->n[c]; i++) {
            f->all[input->n] = f->fits[c][i];
            f->sources[input->n++] = names[c];
        }
    }
    input->fits = f->all;
    input->sources = f->sources;
}

/* `options` has what the figure is told besides the files. */
static inline sks_status draw_with(const sks_figure *figure, const char *const *files,
                                   const char *const *names, const sks_figure_input *options,
                                   const char *output)
{
    char paths[2][256];
    const char *const path_of[2] = {paths[0], paths[1]};
    struct fits f = {0};
    sks_figure_input input = *options;
    sks_status status;

    input.time_name = "total time";
    input.files = path_of;
    input.names = names;
    input.confidence = 0.95;
    for (; input.n_files < 2 && files[input.n_files] != NULL; input.n_files++)
        snprintf(paths[input.n_files], sizeof(paths[0]), "%s", in_folder(files[input.n_files]));
    sks_clear();
    if (figure->reads == SKS_FIGURE_OF_CAMPAIGNS)
        fit_campaigns(path_of, names, input.n_files, &f, &input);
    status = sks_figure_draw(figure, &input, output);
    for (size_t c = 0; c < 2; c++) {
        sks_fits_free(f.fits[c], f.n[c]);
        sks_series_free(f.series[c], f.n[c]);
    }
    return status;
}

static inline sks_status draw(const sks_figure *figure, const char *const *files,
                              const char *const *names, const char *output)
{
    return draw_with(figure, files, names, &(sks_figure_input){0}, output);
}

static inline char *draw_svg(const sks_figure *figure, const char *const *files,
                             const char *const *names)
{
    const char *path = in_folder("f.svg");
    char output[256];

    snprintf(output, sizeof(output), "%s", path);
    if (draw(figure, files, names, output) != SKS_OK)
        fail_msg("%s: %s", figure->name, sks_message());
    return spawn_read_file(output, NULL);
}

static inline size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

#endif
