#include "harness/analysis/compare_report.h"

#include <stdlib.h>
#include <string.h>

sks_status sks_compared_examine(const sks_compare_options *options, sks_compared *campaign)
{
    sks_status status = sks_states_find(campaign->series, campaign->n, &campaign->states);

    if (status == SKS_OK)
        status = sks_diagnose_all(campaign->series, campaign->n, 1.0 - options->confidence,
                                  &campaign->counts);
    if (status == SKS_OK)
        status = sks_self_check_run(campaign->series, campaign->n, options, &campaign->self_check);
    return status;
}

static sks_status match(const char *base, sks_compare_report *report)
{
    sks_match_source *sources = calloc(report->n_campaigns, sizeof(*sources));
    sks_status status;

    if (sources == NULL)
        return sks_fail_nomem("campaigns");
    for (size_t i = 0; i < report->n_campaigns; i++) {
        const sks_compared *c = &report->campaigns[i];

        sources[i] = (sks_match_source){c->path, c->series, c->n, c->facts->inputs};
    }
    status = report->by != NULL
                 ? sks_match_by(&sources[0], report->by, base, &report->matches)
                 : sks_match_campaigns(sources, report->n_campaigns, &report->matches);
    free(sources);
    return status;
}

/* The states of the base and of what each group is compared with. */
static sks_status list_states(const sks_compare_report *report, sks_states **states)
{
    size_t n_groups = report->matches.n_groups;
    sks_states *list = calloc(n_groups + 1, sizeof(*list));

    if (list == NULL)
        return sks_fail_nomem("states");
    for (size_t g = 0; g <= n_groups; g++)
        list[g] = report->campaigns[report->by != NULL ? 0 : g].states;
    *states = list;
    return SKS_OK;
}

/* Only where all campaigns had both states: near in one cannot be held against anything in the
 * other otherwise. */
static sks_status compare_states(sks_compare_report *report)
{
    static const sks_state both[SKS_STATE_REPORTS] = {SKS_STATE_NEAR, SKS_STATE_FAR};
    sks_states *states = NULL;
    sks_status status = SKS_OK;

    for (size_t i = 0; i < report->n_campaigns; i++)
        if (!report->campaigns[i].states.are_two)
            return SKS_OK;
    status = list_states(report, &states);
    for (int k = 0; status == SKS_OK && k < SKS_STATE_REPORTS; k++) {
        sks_state_report *r = &report->states[k];

        r->state = both[k];
        status = sks_compare_in_state(report->matches.matches, report->matches.n,
                                      report->matches.n_groups, states, both[k], &report->options,
                                      &r->selection, &r->result);
        report->n_states += status == SKS_OK;
    }
    free(states);
    return status;
}

sks_status sks_compare_report_make(const char *base, sks_compare_report *report)
{
    sks_status status = match(base, report);

    if (status == SKS_OK)
        status = sks_compare(report->matches.matches, report->matches.n, report->matches.n_groups,
                             &report->options, &report->result);
    report->is_same_campaign = report->by == NULL;
    for (size_t i = 0; status == SKS_OK && i < report->n_campaigns; i++) {
        status = sks_compared_examine(&report->options, &report->campaigns[i]);
        report->is_same_campaign =
            report->is_same_campaign &&
            sks_facts_are_same(report->campaigns[0].facts, report->campaigns[i].facts);
    }
    return status == SKS_OK ? compare_states(report) : status;
}

void sks_compare_report_clear(sks_compare_report *report)
{
    for (int k = 0; k < SKS_STATE_REPORTS; k++) {
        sks_compare_clear(&report->states[k].result);
        sks_state_selection_clear(&report->states[k].selection);
    }
    sks_compare_clear(&report->result);
    sks_matches_clear(&report->matches);
}
