/* Property: every figure of the registry shows what it is drawn from: as many plots and marks as
 * there are data, axes that hold them and no more, titles, units and legends; names of campaigns
 * come through as they are, whatever is in them; and a figure that lacks its data says what it
 * needs instead of drawing an empty frame. A figure without an expectation in
 * figure_expectations.h fails the test. */
#include "figure_drawing.h"
#include "figure_expectations.h"

static bool have_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

/* ---- The files. */

/* As many worker counts as a law has parameters. */
static const char two_counts_sweep[] = "campaign: two\n"
                                       "kernels: [synthetic, {kernel: \"null\"}]\n"
                                       "workers: [1, 2]\n"
                                       "schedulers: [static, \"dynamic:chunk=4\"]\n" FIXTURE_REPEAT;

/* More series of a kernel than can be told apart, though not of one executor. */
static const char wide_sweep[] = "campaign: wide\n"
                                 "kernels: [synthetic, {kernel: \"null\"}]\n"
                                 "workers: [1, 2]\n"
                                 "executors: [threads, processes]\n"
                                 "schedulers: [static, dynamic, guided, fac2, taper, trapezoid, "
                                 "stealing]\n" FIXTURE_REPEAT;

/* Those of one executor already. */
static const char crowded_sweep[] =
    "campaign: crowded\n"
    "kernels: [synthetic, {kernel: \"null\"}]\n"
    "workers: [1-8]\n"
    "schedulers: [static, dynamic, guided, fac2, taper, trapezoid, stealing, \"dynamic:chunk=2\", "
    "\"dynamic:chunk=3\", \"dynamic:chunk=4\", \"dynamic:chunk=5\", \"dynamic:chunk=6\", "
    "\"dynamic:chunk=7\"]\n" FIXTURE_REPEAT;

static const char chunks_sweep[] = "campaign: chunks\n"
                                   "kernels: [synthetic, {kernel: \"null\"}]\n"
                                   "workers: [1, 2]\n"
                                   "schedulers: [static, \"dynamic:chunk=4\"]\n"
                                   "record: chunks\n" FIXTURE_REPEAT;

static int make_files(void **state)
{
    const char *program = getenv("SKYSCALE");

    if (make_folder(state) != 0)
        return -1;
    fixture_campaign("a.db", FIXTURE_ROUNDS);
    fixture_campaign("b.db", FIXTURE_ROUNDS);
    fixture_campaign("empty.db", 0);
    fixture_campaign_of(two_counts_sweep, "two.db", FIXTURE_ROUNDS);
    fixture_campaign_of(wide_sweep, "wide.db", FIXTURE_ROUNDS);
    fixture_campaign_of(crowded_sweep, "crowded.db", FIXTURE_ROUNDS);
    fixture_campaign_of(chunks_sweep, "chunks.db", FIXTURE_ROUNDS);
    fixture_image("frame.fits", 48, 40);
    fixture_image("after.fits", 96, 80);
    fixture_image("row.fits", 20, 1);
    write_text("table.txt", "17.25 396/400\n18.25 389/400\n19.25 366/400\n20.25 200/400\n"
                            "20.75 80/400\n22.25 10/400\n");
    assert_non_null(program);
    assert_int_equal(spawn(program,
                           "simulate constant --tasks 1000 --mean 1e-4 -w 1,2,4 "
                           "-s static,dynamic --fixed-chunks --json "
                           "--claims coordinator:latency=5e-6,service=2e-6",
                           NULL, in_folder("simulated.json"), NULL),
                     0);
    return 0;
}

/* A run of 12 tasks in 4 chunks, two of each worker. */
static void record_schedule(void)
{
    char arguments[512];

    snprintf(arguments, sizeof(arguments),
             "run synthetic --tasks 12 --cost 2000 -w 2 -s static:chunk=3 -b none --record %s",
             in_folder("record.txt"));
    assert_int_equal(spawn(getenv("SKYSCALE"), arguments, NULL, NULL, NULL), 0);
}

/* ---- Tests. */

/* All that is wrong is told, figure by figure; returns how much it is. */
static size_t check(const struct expectation *e, const char *svg)
{
    size_t n_wrong = 0, n_plots, n_marks = count(svg, e->mark);
    char id[64];

    snprintf(id, sizeof(id), "id=\"%s_plot_", e->figure);
    n_plots = count(svg, id);
    if (e->n_plots > 0 && n_plots != e->n_plots && ++n_wrong)
        print_error("%s: %zu plots, not %zu\n", e->figure, n_plots, e->n_plots);
    if (n_marks != e->n_marks && ++n_wrong)
        print_error("%s: %zu marks, not %zu\n", e->figure, n_marks, e->n_marks);
    for (size_t i = 0; i < MOST_TEXTS && e->shows[i] != NULL; i++)
        if (strstr(svg, e->shows[i]) == NULL && ++n_wrong)
            print_error("%s lacks: %s\n", e->figure, e->shows[i]);
    for (size_t i = 0; i < MOST_TEXTS && e->lacks[i] != NULL; i++)
        if (strstr(svg, e->lacks[i]) != NULL && ++n_wrong)
            print_error("%s shows: %s\n", e->figure, e->lacks[i]);
    return n_wrong;
}

static void every_figure_shows_its_data(void **state)
{
    size_t n_wrong = 0;

    (void)state;
    if (!have_gnuplot())
        skip();
    record_schedule();
    for (size_t i = 0; sks_figure_table[i] != NULL; i++) {
        const sks_figure *figure = sks_figure_table[i];
        const struct expectation *e = expectation_of(figure->name);
        char *svg;

        if (e == NULL)
            fail_msg("no expectation for the figure %s", figure->name);
        svg = draw_svg(figure, e->files, e->files);
        n_wrong += check(e, svg);
        free(svg);
    }
    assert_int_equal(n_wrong, 0);
}

/* The figure of what was chosen of one file, as far as the expectation tells. */
static size_t check_chosen(const struct expectation *e, const sks_figure_input *options)
{
    const sks_figure *figure = NULL;
    char output[256];
    size_t n_wrong;
    char *svg;

    snprintf(output, sizeof(output), "%s", in_folder("chosen.svg"));
    must(sks_figure_find(e->figure, &figure));
    if (draw_with(figure, e->files, e->files, options, output) != SKS_OK)
        fail_msg("%s of %s: %s", e->figure, e->files[0], sks_message());
    svg = spawn_read_file(output, NULL);
    n_wrong = check(e, svg);
    free(svg);
    return n_wrong;
}

/* Two points are on any line: it is not drawn, nor its band, and the figure says so. */
static void no_law_is_drawn_through_as_many_points_as_parameters(void **state)
{
    static const struct expectation of_two[] = {
        {"speedup",
         {"two.db"},
         2 * 16 + 2,
         "transform='translate(",
         2 * 2 * 2 + 2,
         {"no law: too few worker counts", "dotted: ideal", ";  bars: 95 % intervals",
          ">synthetic<", ">2<"},
         {"lines: fitted", "fill-opacity = '0.22", "fill-opacity = '0.10", "bands", ">3<"}},
        {"efficiency",
         {"two.db"},
         2 * 16 + 2,
         "transform='translate(",
         2 * 2 * 2 + 2,
         {"no law: too few worker counts"},
         {"lines: fitted", "fill-opacity = '0.22", "bands"}},
    };

    (void)state;
    if (!have_gnuplot())
        skip();
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(check_chosen(&of_two[i], &(sks_figure_input){0}), 0);
}

/* Seven schedulers on two executors: fourteen kinds of curves, seven where executors are apart. */
static void executors_part_what_would_be_too_crowded(void **state)
{
    static const struct expectation split = {"overhead",
                                             {"wide.db"},
                                             4 * 52 + 7,
                                             "transform='translate(",
                                             4 * 7 * 2 + 7,
                                             {">synthetic, threads<", ">synthetic, processes<",
                                              ">null, threads<", ">null, processes<", ">stealing<"},
                                             {">static, threads<"}};

    (void)state;
    if (!have_gnuplot())
        skip();
    assert_int_equal(check_chosen(&split, &(sks_figure_input){0}), 0);
}

/* 2 x 14 rows with their titles fit one column of schemes; 2 x 14 x 2 bars of phases need two. */
static void rows_take_two_columns_where_one_is_too_short(void **state)
{
    static const struct expectation phases = {
        "phases",   {"wide.db"},
        2 * 6 + 4,  "transform='translate(",
        2 * 14 * 2, {">synthetic<", ">null<", ">static, threads<", ">trapezoid, processes<", ">2<"},
        {">3<"}};

    (void)state;
    if (!have_gnuplot())
        skip();
    assert_int_equal(check_chosen(&phases, &(sks_figure_input){0}), 0);
}

static void what_a_page_cannot_show_is_refused_until_less_is_chosen(void **state)
{
    static const char *const refused[] = {"speedup",  "efficiency", "residuals", "imbalance",
                                          "overhead", "phases",     "roofline"};
    static const char *const files[] = {"crowded.db", NULL};
    static const sks_figure_input chosen = {
        .selection = {.kernels = "synthetic", .schedulers = "static,dynamic:chunk=4"}};
    static const struct expectation of_chosen = {
        "phases",
        {"crowded.db"},
        6 + 4,
        "transform='translate(",
        2 * 8,
        {">synthetic<", ">static<", ">dynamic:chunk=4<"},
        {">null<", ">guided<", ">dynamic<", ">dynamic:chunk=5<"}};
    char output[256];

    (void)state;
    snprintf(output, sizeof(output), "%s", in_folder("refused.svg"));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const sks_figure *figure = NULL;

        must(sks_figure_find(refused[i], &figure));
        assert_int_equal(draw(figure, files, files, output), SKS_ERR_USAGE);
        if (strstr(sks_message(), refused[i]) == NULL ||
            strstr(sks_message(), "--kernel, --executor or --scheduler") == NULL)
            fail_msg("%s: %s", refused[i], sks_message());
    }
    assert_int_not_equal(access(output, F_OK), 0);
    sks_clear();
    if (have_gnuplot())
        assert_int_equal(check_chosen(&of_chosen, &chosen), 0);
}

/* Of seven runs, 0 to 6 per mille longer than 400 ms, the one of 401.2 ms: with two workers, one
 * chunk each, though there are runs with one worker as well. */
static void a_campaigns_chunks_are_drawn_as_its_median_runs(void **state)
{
    static const struct expectation all = {
        "timeline",
        {"chunks.db"},
        4 * 5 + 3,
        "fill = 'rgb(  0, 114, 178)'",
        4 * 2 + 1,
        {"chunks.db: synthetic, static: 100 tasks, 2 of 25 chunks recorded",
         "chunks.db: null, dynamic:chunk=4: 100 tasks, 2 of 25 chunks recorded",
         "the median time of the parallel phase", ">400<"},
        {">500<", ">stolen chunks<"}};
    static const struct expectation one = {
        "timeline",       {"chunks.db"},           5 + 3, "fill = 'rgb(  0, 114, 178)'", 2 + 1,
        {"null, static"}, {"synthetic", "dynamic"}};
    sks_stored_run *runs = NULL;
    sks_schedule schedule = {0};
    sks_store *store = NULL;
    size_t n = 0;

    (void)state;
    must(sks_store_open_read(in_folder("chunks.db"), &store));
    must(sks_store_median_runs(store, &runs, &n));
    assert_int_equal(n, 4);
    must(sks_store_run_chunks(store, &runs[0], &schedule));
    assert_int_equal(runs[0].n_samples, FIXTURE_ROUNDS);
    assert_int_equal(schedule.n_workers, 2);
    assert_int_equal(schedule.n_tasks, 100);
    assert_int_equal(schedule.n, 2);
    assert_int_equal(schedule.chunk[1].worker, 1);
    assert_int_equal(schedule.chunk[1].tasks.begin, 50);
    assert_int_equal(schedule.chunk[1].tasks.end, 100);
    assert_true(fabs(schedule.chunk[1].end_s - 0.4 * 1.003) < 1e-8);
    sks_schedule_clear(&schedule);
    sks_stored_runs_free(runs, n);
    sks_store_close(store);
    if (!have_gnuplot())
        skip();
    assert_int_equal(check_chosen(&all, &(sks_figure_input){0}), 0);
    assert_int_equal(
        check_chosen(&one, &(sks_figure_input){.selection = {"null", "threads", "static"}}), 0);
}

static void a_roof_is_drawn_where_peaks_are_given(void **state)
{
    static const struct expectation roof = {
        "roofline",
        {"two.db"},
        0,
        "transform='translate(",
        2 * 2 * 2 + 4,
        {"40 Gflop/s, 12 GB/s", "solid: roof of the peaks given"},
        {"no roof"}};

    (void)state;
    if (!have_gnuplot())
        skip();
    assert_int_equal(
        check_chosen(&roof, &(sks_figure_input){.peak_flop_per_s = 40e9, .peak_byte_per_s = 12e9}),
        0);
}

static void selections_know_options_from_names(void **state)
{
    static const sks_selection options = {NULL, NULL,
                                          "static,stealing:victim=random,amount=half,af"};

    (void)state;
    assert_true(sks_selection_has(&options, "any", "any", "static"));
    assert_true(sks_selection_has(&options, "any", "any", "af"));
    assert_true(sks_selection_has(&options, "any", "any", "af:x=1"));
    assert_true(sks_selection_has(&options, "", "", "stealing:victim=random,amount=half"));
    assert_false(sks_selection_has(&options, "", "", "stealing:victim=random"));
    assert_false(sks_selection_has(&options, "", "", "stealing"));
    assert_false(sks_selection_has(&options, "", "", "stat"));
    assert_false(sks_selection_has(&options, "", "", "statics"));
    assert_false(sks_selection_has(&options, "", "", "amount=half"));
}

/* No tag is opened by what is text: `<` begins a tag's name, an end, a comment or a declaration. */
static void assert_well_formed(const char *figure, const char *svg)
{
    for (const char *at = svg; (at = strchr(at, '<')) != NULL; at++)
        if (strchr("/!?abcdefghijklmnopqrstuvwxyz", at[1]) == NULL)
            fail_msg("%s: \"%.20s\"", figure, at);
    assert_null(strstr(svg, "<script"));
    assert_null(strstr(svg, "</script"));
}

static void names_come_through(void **state)
{
    static const char *const campaigns[] = {"a.db", "b.db"};
    static const char *const names[] = {
        "<script>alert('1')</script> \"q\" \\n_a^{b} %d%s #1 `x` $2 é\nnext", "plain"};
    /* gnuplot escapes what XML needs escaped; the line feed is a blank. */
    static const char shown[] =
        "&lt;script>alert('1')&lt;/script> \"q\" \\n_a^{b} %d%s #1 `x` $2 é next";

    (void)state;
    if (!have_gnuplot())
        skip();
    record_schedule();
    for (size_t i = 0; sks_figure_table[i] != NULL; i++) {
        const sks_figure *figure = sks_figure_table[i];
        const bool is_of_campaigns = figure->reads == SKS_FIGURE_OF_CAMPAIGNS;
        const struct expectation *e = expectation_of(figure->name);
        char *svg;

        assert_true(e != NULL);
        svg = draw_svg(figure, is_of_campaigns ? campaigns : e->files, names);
        if (strcmp(e->files[0], "simulated.json") != 0 /* whose titles are its loads */ &&
            strstr(svg, shown) == NULL)
            fail_msg("%s: the name is not as it was", figure->name);
        assert_well_formed(figure->name, svg);
        /* twice as many as of one campaign, but for the legend's, which there may be one set of */
        if (is_of_campaigns && count(svg, e->mark) < 2 * e->n_marks - 5)
            fail_msg("%s: marks were lost with two campaigns", figure->name);
        free(svg);
    }
}

/* For another program to draw: a header and rows, under the name of the figure. */
static void without_gnuplot_all_data_are_kept(void **state)
{
    char *old = strdup(getenv("PATH"));
    char output[256], data[256];

    (void)state;
    record_schedule();
    snprintf(output, sizeof(output), "%s", in_folder("kept.svg"));
    snprintf(data, sizeof(data), "%s", in_folder("kept.csv"));
    setenv("PATH", folder, 1);
    for (size_t i = 0; sks_figure_table[i] != NULL; i++) {
        const struct expectation *e = expectation_of(sks_figure_table[i]->name);
        char *csv;

        unlink(data);
        assert_true(e != NULL);
        assert_int_equal(draw(sks_figure_table[i], e->files, e->files, output), SKS_ERR_IO);
        if (strstr(sks_message(), data) == NULL)
            fail_msg("%s: %s", e->figure, sks_message());
        csv = spawn_read_file(data, NULL);
        if (count(csv, "\n") < 3 || strchr(csv, ',') == NULL)
            fail_msg("%s: the data are: %s", e->figure, csv);
        free(csv);
    }
    assert_int_not_equal(access(output, F_OK), 0);
    setenv("PATH", old, 1);
    free(old);
    sks_clear();
}

static void what_lacks_data_says_so(void **state)
{
    static const char *const files[] = {"empty.db", NULL}, *const two[] = {"two.db", NULL},
                             *const one[] = {"frame.fits", NULL},
                             *const uneven[] = {"after.fits", "frame.fits"},
                             *const row[] = {"row.fits", NULL};
    const sks_figure *figure = NULL;
    char output[256];

    (void)state;
    snprintf(output, sizeof(output), "%s", in_folder("none.svg"));
    for (size_t i = 0; sks_figure_table[i] != NULL; i++) {
        figure = sks_figure_table[i];
        if (figure->reads != SKS_FIGURE_OF_CAMPAIGNS)
            continue;
        assert_int_equal(draw(figure, files, files, output), SKS_ERR_INPUT);
        if (strstr(sks_message(), figure->name) == NULL || strstr(sks_message(), "needs") == NULL)
            fail_msg("%s: %s", figure->name, sks_message());
    }
    must(sks_figure_find("residuals", &figure));
    assert_int_equal(draw(figure, two, two, output), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "more worker counts than a model has parameters"));
    must(sks_figure_find("timeline", &figure));
    assert_int_equal(draw(figure, two, two, output), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "record: chunks"));
    must(sks_figure_find("deconvolution", &figure));
    assert_int_equal(draw(figure, one, one, output), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "two images"));
    assert_int_equal(draw(figure, uneven, uneven, output), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "no whole multiple"));
    must(sks_figure_find("frame", &figure));
    assert_int_equal(draw(figure, row, row, output), SKS_ERR_INPUT);
    assert_non_null(strstr(sks_message(), "20 x 1 pixels make no picture"));
    assert_int_not_equal(access(output, F_OK), 0);
    sks_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_shows_its_data),
        cmocka_unit_test(no_law_is_drawn_through_as_many_points_as_parameters),
        cmocka_unit_test(executors_part_what_would_be_too_crowded),
        cmocka_unit_test(rows_take_two_columns_where_one_is_too_short),
        cmocka_unit_test(what_a_page_cannot_show_is_refused_until_less_is_chosen),
        cmocka_unit_test(a_campaigns_chunks_are_drawn_as_its_median_runs),
        cmocka_unit_test(a_roof_is_drawn_where_peaks_are_given),
        cmocka_unit_test(selections_know_options_from_names),
        cmocka_unit_test(names_come_through),
        cmocka_unit_test(without_gnuplot_all_data_are_kept),
        cmocka_unit_test(what_lacks_data_says_so),
    };

    return cmocka_run_group_tests(tests, make_files, remove_folder);
}
