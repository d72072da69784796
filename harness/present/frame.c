/* An input frame as in Figure 2 of the paper, with the section marked that a kernel was given: the
 * whole frame is shown when the file's name ends in a section, "frame.fits[200:711,200:711]".
 *
 * Source  Singh, Browne & Butler (2013), Astronomy and Computing 2, 1, fig. 2 (what is plotted).
 */
#include "harness/present/image_panels.h"

#include <stdlib.h>
#include <string.h>

struct frame {
    sks_image *whole, *section;
};

/* The name without its section; an extension "[1]" is none. From malloc. */
static char *name_of_whole(const char *name)
{
    const char *open = strrchr(name, '[');
    size_t length = strlen(name);

    if (open != NULL && length > 0 && name[length - 1] == ']' && strchr(open, ',') != NULL)
        length = (size_t)(open - name);
    return strndup(name, length);
}

static sks_status read_frame(const char *name, struct frame *frame)
{
    char *whole = name_of_whole(name);
    sks_status status = whole != NULL ? SKS_OK : sks_fail_nomem("a name");

    if (status == SKS_OK)
        status = sks_image_read(whole, &frame->whole);
    if (status == SKS_OK && strcmp(whole, name) != 0)
        status = sks_image_read(name, &frame->section);
    free(whole);
    return status;
}

static sks_image_panel panel_of(const struct frame *frame, const char *name)
{
    const sks_image *section = frame->section;
    sks_image_panel panel = {
        .image = frame->whole,
        .title = name,
        .size = {frame->whole->nx, frame->whole->ny},
        .scale = 1,
        .origin = {0.5, 0.5},
        .has_mark = section != NULL,
    };

    if (section != NULL) {
        panel.mark[0] = (double)section->first[0] - 0.5;
        panel.mark[1] = panel.mark[0] + (double)section->nx;
        panel.mark[2] = (double)section->first[1] - 0.5;
        panel.mark[3] = panel.mark[2] + (double)section->ny;
    }
    return panel;
}

static sks_status frame_write(const sks_figure_input *input, const char *directory,
                              sks_gnuplot *plot)
{
    struct frame *frames = calloc(input->n_files + 1, sizeof(*frames));
    sks_image_panel *panels = calloc(input->n_files + 1, sizeof(*panels));
    bool is_marked = false;
    sks_status status = frames != NULL && panels != NULL ? SKS_OK : sks_fail_nomem("a figure");

    for (size_t i = 0; status == SKS_OK && i < input->n_files; i++) {
        status = read_frame(input->files[i], &frames[i]);
        if (status == SKS_OK) {
            panels[i] = panel_of(&frames[i], input->names[i]);
            is_marked |= panels[i].has_mark;
        }
    }
    if (status == SKS_OK)
        status = sks_image_panels_write(panels, input->n_files,
                                        is_marked ? "asinh stretch;  frame: the section used"
                                                  : "asinh stretch",
                                        directory, plot);
    for (size_t i = 0; frames != NULL && i < input->n_files; i++) {
        sks_image_destroy(frames[i].whole);
        sks_image_destroy(frames[i].section);
    }
    free(frames);
    free(panels);
    return status;
}

const sks_figure sks_figure_frame = {
    .name = "frame",
    .summary = "an image with an asinh stretch, and the section that was used marked on it",
    .needs = "FITS images, FILE.fits or FILE.fits[X1:X2,Y1:Y2] to have the section marked",
    .reads = SKS_FIGURE_OF_FILES,
    .template = "images.gp",
    .main_data = "pixels.csv",
    .write = frame_write,
};
