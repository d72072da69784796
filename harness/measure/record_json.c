#include "harness/measure/record_json.h"

#include "harness/measure/loss.h"

#include <math.h>
#include <stdio.h>

json_t *sks_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *sks_values_to_json(const sks_values *values)
{
    json_t *object = json_object();

    for (const sks_param *p = sks_values_table(values); p->name != NULL; p++) {
        json_t *value = NULL;

        if (!sks_values_has(values, p->name))
            continue;
        switch (p->type) {
        case SKS_INT:
            value = json_integer(sks_values_int(values, p->name));
            break;
        case SKS_REAL:
            value = json_real(sks_values_real(values, p->name));
            break;
        case SKS_FLAG:
            value = json_boolean(sks_values_flag(values, p->name));
            break;
        case SKS_CHOICE:
        case SKS_TEXT:
        case SKS_INPUT:
        case SKS_OUTPUT:
            value = json_string(sks_values_text(values, p->name));
            if (value == NULL) /* a file name that is not UTF-8 */
                value = json_string("(not UTF-8)");
            break;
        }
        json_object_set_new(object, p->name, value);
    }
    return object;
}

static json_t *phases_to_json(const sks_phases *p)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "startup_s", p->startup_s, "prepare_s",
                     p->prepare_s, "parallel_s", p->parallel_s, "finish_s", p->finish_s, "total_s",
                     p->total_s);
}

static json_t *count_to_json(const sks_count *count, const char *source)
{
    json_t *object = json_object();

    json_object_set_new(object, "value", sks_json_number(count->value));
    json_object_set_new(object, "quality", json_string(sks_quality_name[count->quality]));
    json_object_set_new(object, "source", json_string(source));
    if (count->reason[0] != '\0')
        json_object_set_new(object, "reason", json_string(count->reason));
    return object;
}

static json_t *counters_to_json(const sks_record *record)
{
    json_t *object = json_object();

    for (size_t i = 0; i < record->n_events; i++)
        json_object_set_new(object, record->events[i],
                            count_to_json(&record->counts[i], record->event_sources[i]));
    return object;
}

static json_t *place_to_json(const sks_place *place)
{
    if (place->pu < 0)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:i}", "pu", place->pu, "core", place->core, "package",
                     place->package, "numa", place->numa);
}

static json_t *workers_to_json(const sks_record *record)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < record->n_workers; i++) {
        const sks_worker_record *w = &record->workers[i];
        json_t *object = json_pack(
            "{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "chunks", (json_int_t)w->n_chunks,
            "tasks", (json_int_t)w->n_tasks, "start_s", w->start_s, "end_s", w->end_s, "busy_s",
            w->busy_s, "scheduling_s", w->scheduling_s, "idle_s", w->idle_s, "steals_tried",
            (json_int_t)w->steals.steals_tried, "steals_won", (json_int_t)w->steals.steals_won);

        json_object_set_new(object, "place_asked", place_to_json(&w->asked));
        json_object_set_new(object, "place", place_to_json(&w->got));
        json_object_set_new(object, "involuntary_switches",
                            w->involuntary_switches >= 0 ? json_integer(w->involuntary_switches)
                                                         : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *noise_to_json(const sks_record *record)
{
    const sks_noise *n = &record->noise;
    json_t *object = json_object();

    json_object_set_new(object, "involuntary_switches", sks_json_number(n->involuntary_switches));
    json_object_set_new(object, "major_faults", sks_json_number(n->major_faults));
    json_object_set_new(object, "steal_s", sks_json_number(n->steal_s));
    json_object_set_new(object, "other_load_s", sks_json_number(n->other_load_s));
    json_object_set_new(object, "frequency_hz", sks_json_number(n->frequency_hz));
    json_object_set_new(object, "latency_before_s", sks_json_number(n->latency_before_s));
    json_object_set_new(object, "latency_after_s", sks_json_number(n->latency_after_s));
    json_object_set_new(object, "start_skew_s", sks_json_number(record->start_skew_s));
    return object;
}

static json_t *events_to_json(const sks_record *record)
{
    json_t *array = json_array();

    for (size_t i = 0; i < record->n_happened && i < SKS_MAX_EVENTS_KEPT; i++) {
        const sks_event *e = &record->happened[i];

        json_array_append_new(array, json_pack("{s:f, s:I, s:I, s:I, s:s}", "time_s", e->time_s,
                                               "worker", (json_int_t)e->worker, "tasks_begin",
                                               (json_int_t)e->tasks.begin, "tasks_end",
                                               (json_int_t)e->tasks.end, "text", e->text));
    }
    return array;
}

/* In seconds; start-up, dispatch and imbalance are of all workers together, as busy is. */
static json_t *loss_to_json(const sks_record *record)
{
    sks_loss loss;
    json_t *object = json_object();

    sks_loss_attribute(record, NAN, &loss);
    json_object_set_new(object, "makespan_s", sks_json_number(loss.makespan_s));
    json_object_set_new(object, "clairvoyant_bound_s", sks_json_number(loss.bound_s));
    json_object_set_new(object, "longest_chunk_s", sks_json_number(loss.longest_chunk_s));
    json_object_set_new(object, "regret", sks_json_number(loss.regret));
    json_object_set_new(object, "busy_worker_s", sks_json_number(loss.busy_s));
    json_object_set_new(object, "startup_worker_s", sks_json_number(loss.startup_s));
    json_object_set_new(object, "dispatch_worker_s", sks_json_number(loss.dispatch_s));
    json_object_set_new(object, "imbalance_worker_s", sks_json_number(loss.imbalance_s));
    return object;
}

static json_t *product_to_json(const sks_configuration *configuration, const sks_record *record)
{
    json_t *object = json_object();

    for (const sks_param *p = sks_values_table(configuration->parameters); p->name != NULL; p++)
        if (p->type == SKS_OUTPUT && sks_values_has(configuration->parameters, p->name)) {
            json_t *name = json_string(sks_values_text(configuration->parameters, p->name));

            json_object_set_new(object, p->name, name != NULL ? name : json_string("(not UTF-8)"));
        }
    for (size_t i = 0; i < record->notes.n; i++)
        json_object_set_new(object, record->notes.note[i].name,
                            sks_json_number(record->notes.note[i].value));
    return object;
}

json_t *sks_record_to_json(const sks_configuration *configuration, const sks_record *record,
                           json_t *machine)
{
    json_t *object = json_object();

    if (object == NULL)
        return NULL;
    json_object_set_new(object, "kernel", json_string(configuration->kernel->name));
    json_object_set_new(object, "parameters", sks_values_to_json(configuration->parameters));
    json_object_set_new(object, "executor", json_string(configuration->executor->name));
    json_object_set_new(object, "recipe",
                        configuration->recipe != NULL ? json_string(configuration->recipe->name)
                                                      : json_null());
    json_object_set_new(object, "scheduler", json_string(configuration->scheduler->name));
    json_object_set_new(object, "scheduler_options",
                        sks_values_to_json(configuration->scheduler_options));
    json_object_set_new(object, "workers", json_integer(record->n_workers));
    json_object_set_new(object, "binding", json_string(configuration->binding));
    json_object_set_new(object, "is_oversubscribed", json_boolean(record->is_oversubscribed));
    json_object_set_new(object, "tasks", json_integer((json_int_t)record->n_tasks));
    json_object_set_new(object, "chunks", json_integer((json_int_t)record->n_chunks));
    json_object_set_new(object, "phases", phases_to_json(&record->phases));
    json_object_set_new(object, "imbalance", sks_json_number(record->imbalance));
    json_object_set_new(object, "overhead_ns_per_chunk",
                        sks_json_number(1e9 * record->overhead_per_chunk_s));
    json_object_set_new(object, "counters", counters_to_json(record));
    json_object_set_new(object, "work",
                        json_pack("{s:o, s:o}", "flops", sks_json_number(record->work.flops),
                                  "bytes", sks_json_number(record->work.bytes)));
    json_object_set_new(object, "noise", noise_to_json(record));
    json_object_set_new(object, "per_worker", workers_to_json(record));
    json_object_set_new(object, "scheduler_decision",
                        record->decision[0] != '\0' ? json_string(record->decision) : json_null());
    json_object_set_new(object, "events", events_to_json(record));
    json_object_set_new(object, "rule_check",
                        json_pack("{s:s, s:s}", "verdict",
                                  sks_rule_verdict_name[record->rule.verdict], "text",
                                  record->rule.text));
    json_object_set_new(object, "loss", loss_to_json(record));
    json_object_set_new(object, "digest", json_string(record->digest.hex));
    json_object_set_new(object, "product", product_to_json(configuration, record));
    if (record->machines != NULL)
        json_object_set_new(object, "machines_of_workers", json_loads(record->machines, 0, NULL));
    if (machine != NULL)
        json_object_set(object, "machine", machine);
    return object;
}
