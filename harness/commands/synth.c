/* skyscale synth: makes input data with a known truth. */
#include "harness/commands/command.h"
#include "harness/measure/run.h"
#include "kernels/astro/scene.h"

static bool go_on(void *context, double fraction)
{
    (void)context;
    (void)fraction;
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
    *title = scene->summary;
    return SKS_OK;
}

static sks_status synth_run(const sks_arguments *arguments)
{
    const sks_watch watch = {.tick = go_on};
    const sks_scene *scene;
    sks_status status = sks_scene_find(arguments->operands[0], &scene);

    return status == SKS_OK ? scene->make(arguments->more, &watch) : status;
}

static const sks_param no_params[] = {{.name = NULL}};

const sks_command sks_command_synth = {
    .name = "synth",
    .summary = "Make input data with a known truth",
    .operands = "SCENE",
    .details =
        "Scenes:\n"
        "  wfpc2      a star cluster as HST's WFPC2/PC1 sees it, with the list of its stars\n"
        "  positions  random positions over a frame, in pixels or on the sky\n"
        "  wcs        a small blank frame with a projection of one's choice\n"
        "\n"
        "skyscale synth SCENE --help shows a scene's parameters. The same parameters give\n"
        "the same bytes on every machine.\n"
        "\n"
        "  skyscale synth wfpc2 -o frame.fits --truth stars.txt\n"
        "  skyscale synth positions --image frame.fits -n 1000000 -o list.txt",
    .min_operands = 1,
    .max_operands = 1,
    .params = no_params,
    .more_params = synth_params,
    .run = synth_run,
};
