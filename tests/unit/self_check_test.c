/* Property: the A/A self-check alarms as often as asked for, sees what changed between the halves
 * of a campaign, and says when it cannot be made; the checklist answers from the data. */
#include "harness/analysis/rules.h"
#include "harness/analysis/self_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/made_campaign.h"

#include <string.h>

static void self_check_alarms_as_often_as_asked_for(void **state)
{
    const sks_compare_options options = sks_compare_defaults;
    size_t n = 0, alarms = 0, halves = 0, drift_halves = 0, campaigns = 0, changes = 0;
    sks_self_check check;
    char text[512];

    (void)state;
    for (uint64_t t = 0; t < 20; t++) {
        made_campaign c;

        make_campaign(&c, 8, 40, ones, 0.01, 0.0, t);
        assert_int_equal(sks_self_check_run(c.series, 8, &options, &check), SKS_OK);
        assert_int_equal(check.interleaved.n, 8 * SKS_SELF_CHECK_SPLITS);
        assert_int_equal(check.halves.n, 8);
        n += check.interleaved.n;
        alarms += check.interleaved.n_alarms;
        halves += check.halves.n_alarms;
        campaigns += check.n_campaigns_called;
        changes += sks_self_check_found_change(&check, &options);
        for (size_t i = 0; i < 8; i++) /* 3 % slower in the second half */
            for (size_t k = 20; k < 40; k++)
                c.seconds[i][k] *= 1.03;
        assert_int_equal(sks_self_check_run(c.series, 8, &options, &check), SKS_OK);
        drift_halves += check.halves.n_called;
        assert_true(sks_self_check_found_change(&check, &options));
    }
    assert_in_range(alarms, n / 100, n * 7 / 100);
    assert_in_range(halves, 0, 18); /* 5 % of 160 are 8, the deviation is 3 */
    assert_in_range(drift_halves, 140, 160);
    assert_int_equal(campaigns, 0);
    assert_in_range(changes, 0, 3); /* one of 20 by chance */
    sks_self_check_text(&check, &options, text, sizeof(text));
    assert_non_null(strstr(text, "A/A self-check: the same under two names"));
    assert_non_null(strstr(text, "more than by chance: the machine changed meanwhile"));
}

static void self_check_says_when_it_cannot_be_made(void **state)
{
    made_campaign c;
    sks_self_check check;
    char text[512];

    (void)state;
    make_campaign(&c, 2, 7, ones, 0.01, 0.0, 1);
    assert_int_equal(sks_self_check_run(c.series, 2, &sks_compare_defaults, &check), SKS_OK);
    assert_int_equal(check.n_left_out, 2);
    assert_true(isnan(check.rate));
    sks_self_check_text(&check, &sks_compare_defaults, text, sizeof(text));
    assert_non_null(strstr(text, "not possible, no configuration has the 8 samples"));
}

static void rules_are_answered_from_the_data(void **state)
{
    made_campaign c;
    sks_diagnosis_counts counts;
    sks_facts facts = {.settings = json_pack("{s:{s:[]}, s:s, s:s, s:s}", "machine", "warnings",
                                             "sweep", "campaign: x", "seed", "1", "version", "0.1"),
                       .inputs = json_object(),
                       .n_planned = 3,
                       .n_good = 30,
                       .greatest_skew = NAN};
    sks_rules_input input = {&facts, c.series, 3, 0.95, &counts};
    sks_rule_answer answers[SKS_N_RULES];
    json_t *json;

    (void)state;
    make_campaign(&c, 3, 10, ones, 0.01, 0.0, 1);
    assert_int_equal(sks_diagnose_all(c.series, 3, 0.05, &counts), SKS_OK);
    sks_rules_answer(&input, answers);
    for (int i = 0; i < SKS_N_RULES; i++) {
        bool is_about_scaling = i == 0 || i == 10;

        assert_int_equal(answers[i].answer,
                         is_about_scaling ? SKS_RULE_NOT_APPLICABLE : SKS_RULE_YES);
        assert_true(answers[i].reason[0] != '\0');
    }
    c.points[1].n_workers = 4; /* the first two become one series, of 2 and of 4 workers */
    c.series[0].n_points = 2;
    c.points[0].n = 5;
    facts.n_without = 1;
    facts.is_simulated = true;
    json_object_del(facts.settings, "machine");
    assert_int_equal(sks_diagnose_all(c.series, 3, 0.05, &counts), SKS_OK);
    sks_rules_answer(&input, answers);
    assert_int_equal(answers[0].answer, SKS_RULE_YES);
    assert_non_null(strstr(answers[0].reason, "one worker in 0 of 1 series; its median, 1"));
    assert_int_equal(answers[1].answer, SKS_RULE_NO);
    assert_non_null(strstr(answers[1].reason, "1 of 3 planned"));
    assert_int_equal(answers[4].answer, SKS_RULE_NO);
    assert_non_null(strstr(answers[4].reason, "1 of 4 configurations have fewer than the 6"));
    assert_int_equal(answers[8].answer, SKS_RULE_NO);
    assert_int_equal(answers[9].answer, SKS_RULE_NO);
    json = sks_rules_json(answers);
    assert_int_equal(json_array_size(json), SKS_N_RULES);
    json_decref(json);
    sks_facts_clear(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_check_alarms_as_often_as_asked_for),
        cmocka_unit_test(self_check_says_when_it_cannot_be_made),
        cmocka_unit_test(rules_are_answered_from_the_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
