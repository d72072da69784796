/* skyscale synth: makes input data with a known truth. */
#include "harness/commands/command.h"
#include "harness/measure/run.h"
#include "harness/present/progress.h"
#include "kernels/astro/scene.h"

#include <math.h>

static bool go_on(void *progress, double fraction)
{
    if (sks_progress_is_due(progress))
        sks_progress_show(progress, (size_t)(100 * fraction), 100, "%", NAN);
    return sks_cancel == 0;
}

static sks_status synth_params(const char *first_operand, const sks_param **params,
                               const char **title)
{
    const sks_scene *scene;
    sks_status status = sks_scene_find(first_operand, &scene);

    if (status != SKS_OK)
        return status;
    *params = scene->params;
    *title = "Parameters of the scene";
    return SKS_OK;
}

static sks_status synth_run(const sks_arguments *arguments)
{
    sks_progress *progress = NULL;
    const sks_scene *scene;
    sks_status status = sks_scene_find(arguments->operands[0], &scene);

    if (status == SKS_OK)
        status = sks_values_check_files(arguments->more);
    if (status == SKS_OK)
        status = sks_progress_start(stderr, scene->name, &progress);
    if (status == SKS_OK) {
        const sks_watch watch = {.tick = go_on, .context = progress};

        status = scene->make(arguments->more, &watch);
    }
    sks_progress_end(progress);
    return status;
}

static const sks_param no_params[] = {{.name = NULL}};

const sks_command sks_command_synth = {
    .name = "synth",
    .summary = "Make input data with a known truth",
    .operands = "SCENE",
    .details =
        "Scenes:\n"
        "  wfpc2      a star cluster as HST's WFPC2/PC1 sees it, with the list of its stars\n"
        "  m71        the same, like the frame of M71: loose, F555W, 60 s\n"
        "  ngc6293    the same, like the frame of NGC 6293: crowded, F814W, 2860 s\n"
        "  stars      an image with the stars of a list added to it\n"
        "  psf        the image of a PSF at one place, sampled as finely as wanted\n"
        "  positions  random positions over a frame, in pixels or on the sky\n"
        "  wcs        a small blank frame with a projection of one's choice\n"
        "\n"
        "skyscale synth SCENE --help shows a scene's parameters. The same parameters give\n"
        "the same bytes on every machine.\n"
        "\n"
        "  skyscale synth wfpc2 -o frame.fits --truth stars.txt\n"
        "  skyscale synth m71 -o m71.fits --truth m71.txt --psf m71.psf.fits --cosmic-rays 100\n"
        "  skyscale synth stars --image frame.fits --psf psf.fits --list stars.txt -o more.fits\n"
        "  skyscale synth psf --psf psf.fits --at 400,400 --subsample 2 -o picture.fits\n"
        "  skyscale synth positions --image frame.fits -n 1000000 -o list.txt",
    .min_operands = 1,
    .max_operands = 1,
    .params = no_params,
    .more_params = synth_params,
    .run = synth_run,
};
