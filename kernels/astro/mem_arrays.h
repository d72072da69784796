/* The arrays of maximum entropy, from create to destroy, and the sums over them that every step
 * begins and ends with. Included by mem_solver.h after mem_passes.h; REAL is the type.
 *
 * Sub-pixels lie in layers as sks_convolver_alloc_planes gives them, pixels of the data in rows of
 * the array, which is larger than the section. One struct belongs to one section at a time, on one
 * thread.
 */

struct arrays {
    struct mem_state state; /* everything that is not an array */
    const sks_convolver *convolver;
    /* Images, in layers. */
    REAL *f, *im;   /* image, reciprocal of the model */
    REAL *g, *h;    /* grad E/2, diagonal of the Hessian of E/2 */
    REAL *j;        /* grad J */
    REAL *t;        /* trial image */
    REAL *p;        /* last full change */
    REAL *c;        /* grad F, which share of its light the data get; NULL: all of it */
    REAL *left, *w; /* method 3 only: what is left of the right side, matrix times direction */
    /* Pixels of the data. */
    REAL *d, *v, *keep; /* data, weight 1/variance, 1 where there are data */
    REAL *y, *ty, *py;  /* B P of f, t and p */
    REAL *r;            /* residual, or another thing to be correlated */
};

static size_t n_pixels(const struct arrays *s)
{
    return s->state.grid->array_nx * s->state.grid->array_ny;
}

/* ---- life ---- */

/* The arrays that are always there, all but w. */
static void name_arrays(struct arrays *s, REAL **images[7], REAL **pixels[7])
{
    REAL **const of_images[7] = {&s->f, &s->im, &s->g, &s->h, &s->j, &s->t, &s->p};
    REAL **const of_pixels[7] = {&s->d, &s->v, &s->keep, &s->y, &s->ty, &s->py, &s->r};

    memcpy(images, of_images, sizeof(of_images));
    memcpy(pixels, of_pixels, sizeof(of_pixels));
}

static void destroy(void *solver)
{
    struct arrays *s = solver;
    REAL **images[7], **pixels[7];

    if (s == NULL)
        return;
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < 7; i++)
        free(*images[i]);
    for (size_t i = 0; i < 7; i++)
        free(*pixels[i]);
    free(s->c);
    free(s->left);
    free(s->w);
    sks_blur_destroy(s->state.blur);
    free(s);
}

static sks_status create(const sks_convolver *convolver, void **solver)
{
    struct arrays *s = calloc(1, sizeof(*s));
    REAL **images[7], **pixels[7];
    bool is_there = true;
    sks_status status;

    if (s == NULL)
        return sks_fail_nomem("a deconvolution");
    s->convolver = convolver;
    name_arrays(s, images, pixels);
    for (size_t i = 0; i < 7; i++)
        is_there = (*images[i] = sks_convolver_alloc_planes(convolver)) != NULL && is_there;
    for (size_t i = 0; i < 7; i++)
        is_there = (*pixels[i] = sks_convolver_alloc_data(convolver)) != NULL && is_there;
    if (sks_convolver_grid_of(convolver)->has_guard)
        is_there = (s->c = sks_convolver_alloc_planes(convolver)) != NULL && is_there;
    status = is_there ? sks_blur_create(convolver, &s->state.blur)
                      : sks_fail_nomem("the images of a deconvolution");
    if (status != SKS_OK) {
        destroy(s);
        return status;
    }
    *solver = s;
    return SKS_OK;
}

/* ---- sums ---- */

/* grad F in a run; NULL where all of it is 1. */
static const REAL *counts_at(const struct arrays *s, size_t k)
{
    return s->c != NULL ? s->c + k : NULL;
}

static void look_at_run(struct arrays *s, size_t k, size_t n)
{
    struct mem_state *a = &s->state;

    look_run(n, s->f + k, s->im + k, s->g + k, s->h + k, s->p + k, counts_at(s, k), (REAL)a->alpha,
             (REAL)a->beta, (REAL)a->delta, s->j + k, s->t + k, &a->norms);
}

/* After a change of the multipliers or the model: all sums, and a new trial image. */
static void recompute(struct arrays *s)
{
    struct mem_state *a = &s->state;

    a->norms = (struct mem_norms){0};
    FOR_RUNS (&a->runs, k, n)
        look_at_run(s, k, n);
    sks_mem_set_gradient(a);
}

static void misfit_of(struct arrays *s, const REAL *y, struct mem_misfit *misfit)
{
    residual(n_pixels(s), s->state.params->poisson, s->d, s->v, s->keep, y, s->r, misfit);
}

/* g and h where the image is now, from y. */
static void derivatives(struct arrays *s)
{
    struct mem_state *a = &s->state;

    if (a->params->poisson)
        poisson_weights(n_pixels(s), s->d, s->keep, s->y, s->v);
    misfit_of(s, s->y, &a->misfit);
    sks_blur_adjoint(a->blur, s->r, s->g);
    sks_blur_adjoint_squared(a->blur, s->v, s->h);
    a->n_convolutions += 2;
}

/* Weights by the variance that the blurred image would have. Those from the data themselves favour
 * what came out low: they draw the sky down by 1/adu. */
static void renew_weights(struct arrays *s)
{
    struct mem_state *a = &s->state;

    expected_weights(n_pixels(s), s->keep, s->y, a->read_variance, a->params->adu,
                     a->model_variance, s->v);
    a->has_expected_weights = true;
    derivatives(s);
    recompute(s);
}
