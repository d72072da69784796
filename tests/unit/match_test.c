/* Property: configurations are matched with what is the same work and nothing else, between
 * campaigns or along any dimension of one; what has no partner is listed with the reason, and
 * nonsense refused with the nearest name. */
#include "harness/analysis/match.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/made_campaign.h"

#include <string.h>

/* Two campaigns whose configurations 0 are to match or not. */
static bool do_match(const char *base_parameters, const char *base_text, const char *new_parameters,
                     const char *new_text, const json_t *base_inputs, const json_t *new_inputs)
{
    made_campaign a, b;
    sks_match_source sources[2] = {{"a.db", a.series, 1, base_inputs},
                                   {"b.db", b.series, 1, new_inputs}};
    const json_t *changed;
    sks_matches matches;
    bool is_matched;

    make_campaign(&a, 1, 6, ones, 0.01, 0.0, 1);
    make_campaign(&b, 1, 6, ones, 0.01, 0.0, 2);
    a.series[0].all_parameters = (char *)base_parameters;
    a.series[0].parameters = (char *)base_text;
    b.series[0].all_parameters = (char *)new_parameters;
    b.series[0].parameters = (char *)new_text;
    assert_int_equal(sks_match_campaigns(sources, 2, &matches), SKS_OK);
    is_matched = matches.n == 1;
    assert_int_equal(matches.n_unmatched, is_matched ? 0 : 2);
    changed = json_array_get(matches.changed_inputs, 0); /* of `here` and `there`: x.txt */
    assert_int_equal(json_array_size(changed), base_inputs != NULL ? 1 : 0);
    if (base_inputs != NULL)
        assert_string_equal(json_string_value(json_array_get(changed, 0)), "x.txt");
    sks_matches_clear(&matches);
    return is_matched;
}

static void configurations_match_when_the_work_is_the_same(void **state)
{
    json_t *here = json_pack("{s:s, s:s}", "/a/m71.fits", "d1", "x.txt", "d2");
    json_t *there = json_pack("{s:s, s:s}", "/b/m71.fits", "d1", "x.txt", "d3");

    (void)state;
    assert_true(do_match("{\"n\": 1, \"m\": 2}", "n=1", "{\"m\": 2, \"n\": 1}", "n=1", NULL, NULL));
    assert_false(do_match("{\"n\": 1}", "n=1", "{\"n\": 2}", "n=2", NULL, NULL));
    /* a parameter that one version does not have: no matter at its default, but when set */
    assert_true(do_match("{\"n\": 1}", "n=1", "{\"n\": 1, \"extra\": 3}", "n=1", NULL, NULL));
    assert_false(
        do_match("{\"n\": 1}", "n=1", "{\"n\": 1, \"extra\": 4}", "n=1,extra=4", NULL, NULL));
    /* a file elsewhere with the same contents, and one of the same name with others */
    assert_true(do_match("{\"image\": \"/a/m71.fits\"}", "image=/a/m71.fits",
                         "{\"image\": \"/b/m71.fits\"}", "image=/b/m71.fits", here, there));
    assert_false(do_match("{\"image\": \"x.txt\"}", "image=x.txt", "{\"image\": \"x.txt\"}",
                          "image=x.txt", here, there));
    assert_false(do_match("{\"image\": \"/a/m71.fits\"}", "image=/a/m71.fits",
                          "{\"image\": \"/b/m71.fits\"}", "image=/b/m71.fits", NULL, NULL));
    json_decref(here);
    json_decref(there);
}

static void what_only_one_side_has_is_listed(void **state)
{
    made_campaign a, b;
    const sks_match_source sources[2] = {{"a.db", a.series, 3, NULL},
                                         {"b.db", b.series + 1, 3, NULL}};
    sks_matches matches;

    (void)state;
    make_campaign(&a, 4, 6, ones, 0.01, 0.0, 1);
    make_campaign(&b, 4, 6, ones, 0.01, 0.0, 2);
    a.points[1].n_workers = 3;
    assert_int_equal(sks_match_campaigns(sources, 2, &matches), SKS_OK);
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "guided, 2 workers");
    assert_int_equal(matches.n_unmatched, 4);
    assert_string_equal(matches.unmatched[0].where, "a.db");
    assert_string_equal(matches.unmatched[3].where, "b.db");
    sks_matches_clear(&matches);
}

static void campaigns_are_compared_by_any_dimension(void **state)
{
    made_campaign c;
    const sks_match_source source = {"c.db", c.series, 4, NULL};
    sks_matches matches;

    (void)state;
    make_campaign(&c, 4, 6, ones, 0.01, 0.0, 1);
    c.series[3].scheduler = "dynamic";
    c.series[3].binding = "compact";
    assert_int_equal(sks_match_by(&source, "scheduler", NULL, &matches), SKS_OK);
    assert_string_equal(matches.base_name, "static");
    assert_int_equal(matches.n_groups, 2);
    assert_int_equal(matches.n, 2);
    assert_true(matches.matches[0].shares_rounds);
    assert_string_equal(matches.matches[0].work, ""); /* one kernel, nothing set */
    assert_string_equal(matches.matches[0].choice, "none, 2 workers");
    assert_int_equal(matches.n_unmatched, 1); /* "dynamic" bound otherwise has no "static" */
    assert_string_equal(matches.group_names[matches.unmatched[0].group], "dynamic");
    sks_matches_clear(&matches);
    assert_int_equal(sks_match_by(&source, "scheduler", "dynamic", &matches), SKS_OK);
    assert_string_equal(matches.base_name, "dynamic");
    sks_matches_clear(&matches);
    assert_int_equal(sks_match_by(&source, "binding", NULL, &matches), SKS_OK);
    assert_string_equal(matches.group_names[0], "compact");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "dynamic, 2 workers");
    sks_matches_clear(&matches);
    c.series[1].scheduler = "static";
    c.points[1].n_workers = 8;
    assert_int_equal(sks_match_by(&source, "workers", NULL, &matches), SKS_OK);
    assert_string_equal(matches.group_names[0], "8");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "static, none");
    sks_matches_clear(&matches);
    c.series[1] = c.series[0];
    c.series[1].all_parameters = "{\"tasks\": 100, \"seed\": 2}";
    c.series[1].parameters = "tasks=100,seed=2";
    assert_int_equal(sks_match_by(&source, "seed", "2", &matches), SKS_OK);
    assert_string_equal(matches.base_name, "2");
    assert_string_equal(matches.group_names[0], "1");
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.matches[0].label, "static, none, 2 workers");
    sks_matches_clear(&matches);
}

static void must_refuse(const sks_match_source *source, const char *by, const char *base,
                        const char *cause)
{
    sks_matches matches;

    sks_clear();
    assert_int_equal(sks_match_by(source, by, base, &matches), SKS_ERR_USAGE);
    if (strstr(sks_message(), cause) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", sks_message(), cause);
    sks_clear();
}

static void nonsense_is_refused_with_the_nearest_name(void **state)
{
    made_campaign c;
    const sks_match_source source = {"c.db", c.series, 3, NULL};

    (void)state;
    make_campaign(&c, 3, 6, ones, 0.01, 0.0, 1);
    must_refuse(&source, "schedulers", NULL, "did you mean \"scheduler\"?");
    must_refuse(&source, "task", NULL, "did you mean \"tasks\"?");
    must_refuse(&source, "zzzzzzzz", NULL, "need scheduler, executor");
    must_refuse(&source, "binding", NULL, "all configurations have none");
    must_refuse(&source, "scheduler", "dynamik", "did you mean \"dynamic\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configurations_match_when_the_work_is_the_same),
        cmocka_unit_test(what_only_one_side_has_is_listed),
        cmocka_unit_test(campaigns_are_compared_by_any_dimension),
        cmocka_unit_test(nonsense_is_refused_with_the_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
