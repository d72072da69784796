/* One inner iteration of maximum entropy: the full step, how far along it, and the move; 3 to 5 of
 * the steps as mem_solver.h numbers them, which includes this after mem_arrays.h.
 */

/* ---- 3: full step ---- */

/* The share of the last change to take out of the new one. */
static double conjugacy(struct arrays *s)
{
    double alpha = s->state.alpha, across, along, c;

    compare_changes(n_pixels(s), s->v, s->y, s->ty, s->py, &across, &along);
    c = (s->state.norms.pu + alpha * across) / (s->state.norms.pp + alpha * along);
    return isfinite(c) ? c : 0;
}

/* Methods 1 and 2: B P of the trial image, and what makes it conjugate to the last change. */
static void blur_trial(struct arrays *s, bool is_conjugate)
{
    struct mem_state *a = &s->state;

    sks_blur_forward(a->blur, s->t, s->ty);
    a->n_convolutions++;
    a->conjugacy = is_conjugate ? conjugacy(s) : 0;
    a->step.conjugacy = is_conjugate ? a->conjugacy : NAN;
}

/* w = matrix times z of the linear system. */
static void multiply_system(struct arrays *s, REAL *z, struct mem_system *sums)
{
    struct mem_state *a = &s->state;
    REAL alpha = (REAL)a->alpha, weight = (REAL)(a->alpha * a->delta);

    sks_blur_forward(a->blur, z, s->ty);
    for (size_t i = 0; i < n_pixels(s); i++)
        s->r[i] = s->v[i] * s->ty[i];
    sks_blur_adjoint(a->blur, s->r, s->w);
    a->n_convolutions += 2;
    FOR_RUNS (&a->runs, k, n)
        hessian_run(n, s->f + k, s->h + k, z + k, alpha, weight, s->w + k, sums);
}

/* Method 3: t from the linear system. Until it is done t holds the change x, p the
 * direction z. */
static void solve_system(struct arrays *s)
{
    struct mem_state *a = &s->state;
    REAL weight = (REAL)(a->alpha * a->delta);
    REAL *x = s->t, *left = s->left, *z = s->p;
    double last_error = INFINITY;

    memset(x, 0, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
    memcpy(left, s->j, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
    for (int i = 1;; i++) {
        struct mem_system sums = {0};
        double error, c;

        FOR_RUNS (&a->runs, k, n)
            precondition_run(n, s->f + k, s->h + k, left + k, weight, z + k, &sums);
        error = sqrt(sums.zz / sums.dd);
        if (!(error > a->params->tol[3]) || i == 11 ||
            fabs(error - last_error) < 0.01 * a->params->tol[3]) {
            if (i == 1)
                memcpy(x, z, a->grid->n_layers * a->grid->layer_len * sizeof(REAL));
            break;
        }
        last_error = error;
        multiply_system(s, z, &sums);
        c = i == 1 ? 1 : sums.zwd / sums.wdwd;
        FOR_RUNS (&a->runs, k, n)
            improve_run(n, z + k, s->w + k, (REAL)c, x + k, left + k);
    }
    FOR_RUNS (&a->runs, k, n)
        apply_run(n, s->f + k, x + k);
    sks_blur_forward(a->blur, s->t, s->ty);
    a->n_convolutions++;
    a->conjugacy = 0;
    a->step.conjugacy = NAN;
}

/* ---- 4: step length ---- */

/* The data's share of -dJ/ds and its derivatives at a step: of alpha times half the misfit, less
 * what it is at the start. Chi-square is a parabola. */
static void add_data_slope(const struct arrays *s, const struct mem_line *line, double step,
                           struct mem_slope *slope)
{
    const struct mem_state *a = &s->state;
    struct mem_slope data = {.first = line->curvature * step, .second = line->curvature};

    if (a->params->poisson) {
        data = (struct mem_slope){0};
        poisson_slope(n_pixels(s), s->d, s->keep, s->y, s->py, step, &data);
    }
    slope->first += a->alpha * data.first;
    slope->second += a->alpha * data.second;
    slope->third += a->alpha * data.third;
}

/* -dJ/ds and its derivatives at a step: what it is at the start, d0, and how the image's and the
 * data's share have changed since. */
static struct mem_slope slope_at(struct arrays *s, const struct mem_line *line, double step)
{
    struct mem_slope slope = {.first = -line->d0};

    FOR_RUNS (&s->state.runs, k, n)
        slope_run(n, s->f + k, s->p + k, (REAL)step, &slope);
    add_data_slope(s, line, step, &slope);
    return slope;
}

/* The full change, and the slope along it at both its start and a first guess at the step. */
static void direction(struct arrays *s, struct mem_line *line)
{
    struct mem_state *a = &s->state;

    *line = (struct mem_line){0};
    line->curvature = change_data(n_pixels(s), s->v, s->y, s->ty, (REAL)a->conjugacy, s->py);
    line->guess = sks_mem_guess(a, line->curvature);
    FOR_RUNS (&a->runs, k, n)
        line->d0 += direction_run(n, s->f + k, s->j + k, s->t + k, (REAL)a->conjugacy,
                                  (REAL)line->guess, s->p + k, &line->there);
    line->there.first -= line->d0;
    add_data_slope(s, line, line->guess, &line->there);
}

/* What J and its slope are at the far end of the change. The gradient there takes the place of the
 * one here, which has served its turn. */
static void look_at_end(struct arrays *s, struct mem_line *line)
{
    struct mem_state *a = &s->state;
    struct mem_misfit misfit;
    double power = 0, entropy = -a->model_power;

    add_scaled(n_pixels(s), 1, s->py, s->y, s->ty);
    misfit_of(s, s->ty, &misfit);
    sks_blur_adjoint_begin(a->blur, s->r);
    line->d1 = 0;
    for (size_t layer = 0; layer < a->grid->n_layers; layer++) {
        sks_blur_adjoint_layer(a->blur, layer, s->g + layer * a->grid->layer_len);
        FOR_LAYER_RUNS (&a->runs, layer, k, n)
            end_run(n, s->f + k, s->im + k, s->p + k, s->g + k, counts_at(s, k), (REAL)a->alpha,
                    (REAL)a->beta, &line->d1, &entropy, &power);
    }
    line->j0 = a->norms.entropy - a->alpha * a->misfit.half - a->beta * a->norms.power;
    line->j1 = entropy - a->alpha * misfit.half - a->beta * power;
}

/* Where dJ/ds = 0, by Halley's method from `step`, where the slope is `slope`. J is concave: once
 * the slope has been seen to fall there is one such place between 0, where it rises, and there.
 * NAN when the search is led to 1 before, where the image may touch zero.
 *
 * The task uses Newton's method until a step is below 1e-5; Halley's, whose error after a step d is
 * of the order d^3, gets to the same in fewer passes over the image. (The path of a run that does
 * not converge depends on these digits.) */
static double search(struct arrays *s, const struct mem_line *line, double step,
                     struct mem_slope slope)
{
    const double wanted = 1e-8;
    double low = 0, high = 1;

    for (int i = 0; i < 20; i++) {
        double next = step - 2 * slope.first * slope.second /
                                 (2 * slope.second * slope.second - slope.first * slope.third);
        double change;

        if (slope.first > 0)
            high = step;
        else
            low = step;
        if (!(next < 1) && high == 1)
            return NAN;
        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        change = next - step;
        step = next;
        if (fabs(change * change * change) < wanted)
            break;
        slope = slope_at(s, line, step);
    }
    return step > MEM_TINY ? step : 0;
}

/* The task looks at both ends of the change and searches where the slope changes its sign between
 * them. The search finds that out by itself, nearly always; what the far end is like is looked at
 * only where it does not. */
static double step_length(struct arrays *s, struct mem_line *line)
{
    const sks_mem_params *p = s->state.params;
    double step = NAN, start;

    if (p->opt == SKS_MEM_NO_SEARCH)
        return 1;
    if (p->opt == SKS_MEM_NEWTON_SEARCH && line->d0 > 0)
        step = search(s, line, line->guess, line->there);
    if (isfinite(step))
        return step;
    look_at_end(s, line);
    start = sks_mem_interpolate(line, p->poisson ? 2 : 4);
    if (p->opt != SKS_MEM_NEWTON_SEARCH || !(start > 0 && start < 1))
        return start;
    step = search(s, line, start, slope_at(s, line, start));
    return isfinite(step) ? step : start;
}

/* ---- 5: move ---- */

/* Image and blurred image to where the step leads, the gradient there, and a look around: each run
 * of sub-pixels is read once for all, a layer of the gradient used while it is in the cache. (The
 * task moves the gradient along with the image, which comes to the same.) */
static void move(struct arrays *s)
{
    struct mem_state *a = &s->state;
    struct mem_range range = {.max = 0, .min = INFINITY};
    bool is_final = !a->params->poisson; /* else h is not yet that of the new place */

    add_scaled(n_pixels(s), (REAL)a->step_taken, s->py, s->y, s->y);
    if (is_final) {
        misfit_of(s, s->y, &a->misfit);
        sks_blur_adjoint_begin(a->blur, s->r);
        a->norms = (struct mem_norms){0};
    }
    a->n_convolutions++; /* the task correlates once more where the noise is of counts alone */
    for (size_t layer = 0; layer < a->grid->n_layers; layer++) {
        if (is_final)
            sks_blur_adjoint_layer(a->blur, layer, s->g + layer * a->grid->layer_len);
        FOR_LAYER_RUNS (&a->runs, layer, k, n) {
            move_run(n, s->p + k, (REAL)a->step_taken, s->f + k, &range);
            if (is_final)
                look_at_run(s, k, n);
        }
    }
    if (is_final) {
        sks_mem_set_gradient(a);
    } else {
        derivatives(s);
        recompute(s);
    }
    a->step.max = range.max;
    a->step.min = range.min;
}

/* ---- 3 to 5 ---- */

static void iterate(struct arrays *s)
{
    struct mem_state *a = &s->state;
    struct mem_line line;
    bool is_conjugate =
        a->method == SKS_MEM_CONJUGATE && a->inner >= a->params->cj_on && a->iteration > 1;

    if (a->iteration > 1 && (a->inner % 8 == 0 || a->step_taken == 0)) {
        a->alpha -= a->dalpha * a->a_sp * (1 - a->params->a_rate);
        recompute(s);
        a->a_sp *= a->params->a_rate;
        is_conjugate = false;
    }
    if (a->method == SKS_MEM_ACCURATE_NEWTON)
        solve_system(s);
    else
        blur_trial(s, is_conjugate);
    direction(s, &line);
    a->step_taken = step_length(s, &line);
    move(s);
}
