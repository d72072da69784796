/* Property: a count is believed only after its self-test; what cannot be counted is absent with a
 * reason, never 0; unknown names are usage errors. Processors, and what their counters get wrong,
 * are played by a source made up here; the real sources are held to the same rules. */
#include "harness/machine/counters.h"

#include "harness/machine/counters_source.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static sks_counter_session *start_counting(const sks_counters *counters)
{
    sks_counter_session *session = sks_counters_ready(counters);

    sks_counters_start(counters, session);
    return session;
}

/* ---- A made-up processor: every event counts `rate` for each unit of sks_check_work's work, which
 * it recognises by the order of sessions (once, three times, once, …). ---- */

enum fault { NONE, DEAD, STUCK, NOISY_AT_FIRST, HUGE_VALUE, NEGATIVE, SHARED, STARVED };

static struct {
    enum fault fault;
    size_t n_counters; /* events beyond this many starve the group */
    unsigned n_sessions;
    int n_open;
} processor;

struct made_up_session {
    size_t n;
    unsigned number;
};

static const char *made_up_label(void)
{
    return "made-up";
}

static const char *made_up_unavailable(void)
{
    return NULL;
}

static sks_knowledge made_up_resolve(const char *event, sks_event_code *code, char *reason)
{
    if (strcmp(event, "l1d-misses") == 0) {
        snprintf(reason, SKS_REASON_SIZE, "left out of this model");
        return SKS_EVENT_REFUSED;
    }
    *code = (sks_event_code){.type = 7, .config = strlen(event)};
    return sks_is_generic_event(event) ? SKS_EVENT_KNOWN : SKS_EVENT_UNKNOWN;
}

static void *made_up_open(const sks_event_code *codes, size_t n)
{
    struct made_up_session *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(codes[i].type, 7);
    s->n = n;
    s->number = processor.n_sessions++;
    processor.n_open++;
    return s;
}

static void made_up_nothing(void *session)
{
    (void)session;
}

static double made_up_value(unsigned number)
{
    double work = 6e5 * (number % 2 == 0 ? 1 : 3);

    switch (processor.fault) {
    case DEAD:
        return 0;
    case STUCK:
        return 1.2e6;
    case NOISY_AT_FIRST:
        return number < 2 ? 1.2e6 : work;
    case HUGE_VALUE:
        return work + ldexp(1, 47);
    case NEGATIVE:
        return -work;
    case SHARED:
        return work / 4;
    default:
        return work;
    }
}

static void made_up_close(void *session, sks_raw_count *raw)
{
    struct made_up_session *s = session;
    bool is_starved = processor.fault == STARVED && s->n > processor.n_counters;

    for (size_t i = 0; i < s->n; i++)
        raw[i] = (sks_raw_count){
            .is_read = true,
            .value = is_starved ? 0 : made_up_value(s->number),
            .enabled_ns = 4e6,
            .running_ns = is_starved                  ? 0
                          : processor.fault == SHARED ? 1e6
                                                      : 4e6,
            .is_crowded = is_starved,
        };
    processor.n_open--;
    free(s);
}

static const sks_counter_source made_up = {
    .name = "made-up",
    .label = made_up_label,
    .unavailable = made_up_unavailable,
    .resolve = made_up_resolve,
    .open = made_up_open,
    .begin = made_up_nothing,
    .end = made_up_nothing,
    .close = made_up_close,
};

static sks_counters *open_made_up(enum fault fault, const char *events)
{
    const sks_counter_source *sources[] = {&made_up};
    sks_counters *counters = NULL;

    memset(&processor, 0, sizeof(processor));
    processor.fault = fault;
    processor.n_counters = 2;
    sks_clear();
    assert_int_equal(sks_counters_open_from(events, sources, 1, &counters), SKS_OK);
    assert_int_equal(processor.n_open, 0);
    return counters;
}

static void check_unavailable(const sks_counters *counters, size_t i)
{
    sks_count counts[SKS_MAX_EVENTS];

    assert_string_equal(sks_counters_source(counters, i), "none");
    assert_true(sks_counters_reason(counters, i)[0] != '\0');
    sks_counters_stop(counters, start_counting(counters), counts);
    assert_int_equal(counts[i].quality, SKS_UNAVAILABLE);
    assert_true(isnan(counts[i].value));
    assert_string_equal(counts[i].reason, sks_counters_reason(counters, i));
}

static void sound_counters_pass(void **state)
{
    sks_counters *counters = open_made_up(NONE, "instructions,cycles,branches,cache-misses");
    sks_count counts[4];

    (void)state;
    assert_int_equal(sks_counters_n(counters), 4);
    processor.n_sessions = 0;
    sks_counters_stop(counters, start_counting(counters), counts);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(sks_counters_source(counters, i), "made-up");
        assert_string_equal(sks_counters_reason(counters, i), "");
    }
    sks_counters_close(counters);
}

static void broken_counters_are_unavailable(void **state)
{
    static const enum fault faults[] = {DEAD, STUCK, HUGE_VALUE, NEGATIVE};

    (void)state;
    for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
        sks_counters *counters = open_made_up(faults[f], "instructions,cycles");

        check_unavailable(counters, 0);
        check_unavailable(counters, 1);
        sks_counters_close(counters);
    }
}

static void one_disturbed_test_is_forgiven(void **state)
{
    sks_counters *counters = open_made_up(NOISY_AT_FIRST, "instructions");

    (void)state;
    assert_string_equal(sks_counters_source(counters, 0), "made-up");
    sks_counters_close(counters);
}

/* A processor of two counters: of four events the last two are given up, not all four. */
static void a_crowded_group_is_relieved(void **state)
{
    sks_counters *counters = open_made_up(STARVED, "instructions,cycles,branches,cache-misses");

    (void)state;
    assert_string_equal(sks_counters_source(counters, 0), "made-up");
    assert_string_equal(sks_counters_source(counters, 1), "made-up");
    check_unavailable(counters, 2);
    check_unavailable(counters, 3);
    sks_counters_close(counters);
}

static void shared_counters_are_scaled_and_marked(void **state)
{
    sks_counters *counters = open_made_up(SHARED, "instructions");
    sks_counter_session *session;
    sks_count count;

    (void)state;
    processor.n_sessions = 0;
    session = start_counting(counters);
    usleep(1000); /* time for the count to be plausible */
    sks_counters_stop(counters, session, &count);
    assert_int_equal(count.quality, SKS_MULTIPLEXED);
    assert_true(fabs(count.value - 6e5) < 1);
    assert_true(count.reason[0] != '\0');
    sks_counters_close(counters);
}

/* Sound in the self-test, then off by 2^47: the value is not handed out. */
static void an_impossible_count_is_not_handed_out(void **state)
{
    sks_counters *counters = open_made_up(NONE, "instructions,cache-misses");
    sks_count counts[2];

    (void)state;
    processor.fault = HUGE_VALUE;
    sks_counters_stop(counters, start_counting(counters), counts);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(counts[i].quality, SKS_IMPLAUSIBLE);
        assert_true(isnan(counts[i].value));
        assert_true(counts[i].reason[0] != '\0');
    }
    sks_counters_close(counters);
}

static void the_next_source_is_tried(void **state)
{
    const sks_counter_source *sources[] = {&made_up, &sks_counter_source_rusage};
    sks_counters *counters = NULL;

    (void)state;
    memset(&processor, 0, sizeof(processor));
    processor.fault = DEAD;
    assert_int_equal(
        sks_counters_open_from("page-faults,instructions,l1d-misses", sources, 2, &counters),
        SKS_OK);
    assert_string_equal(sks_counters_source(counters, 0), "rusage");
    assert_string_equal(sks_counters_reason(counters, 0), "");
    check_unavailable(counters, 1);
    check_unavailable(counters, 2);
    assert_non_null(strstr(sks_counters_reason(counters, 2), "left out of this model"));
    sks_counters_close(counters);
}

/* ---- The real sources. ---- */

/* Asserts nothing: it also runs on threads, where cmocka cannot fail a test. */
static bool touch_fresh_pages(size_t n)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    volatile char *pages =
        mmap(NULL, n * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return false;
    madvise((void *)pages, n * page_bytes, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < n; i++)
        pages[i * page_bytes] = 1;
    return munmap((void *)pages, n * page_bytes) == 0;
}

static void software_events_are_counted(void **state)
{
    const char *events = "page-faults,context-switches,task-clock,minor-faults";
    const double at_least[] = {500, 5, 1000, 500};
    sks_counters *counters = NULL;
    sks_counter_session *session;
    sks_count counts[4];

    (void)state;
    sks_clear();
    assert_int_equal(sks_counters_open(events, "auto", &counters), SKS_OK);
    session = start_counting(counters);
    assert_true(touch_fresh_pages(500));
    for (int i = 0; i < 5; i++)
        usleep(1000);
    sks_counters_stop(counters, session, counts);
    for (int i = 0; i < 4; i++) {
        if (counts[i].quality != SKS_EXACT) /* a sandbox that accounts nothing */
            check_unavailable(counters, (size_t)i);
        else
            assert_true(counts[i].value >= at_least[i]);
    }
    sks_counters_close(counters);
}

/* Every generic event, from every source: counted with a proper value, or absent with a reason. */
static void nothing_is_zero_for_missing(void **state)
{
    static const char *const sources[] = {"auto", "papi", "perf", "rusage"};

    (void)state;
    for (size_t s = 0; s < sizeof(sources) / sizeof(sources[0]); s++)
        for (const sks_event_info *e = sks_event_table; e->name != NULL; e++) {
            sks_counters *counters = NULL;
            sks_counter_session *session;
            sks_count count;
            sks_status status;

            sks_clear();
            status = sks_counters_open(e->name, sources[s], &counters);
            if (status != SKS_OK) { /* the only source asked for does not know the name */
                assert_int_equal(status, SKS_ERR_USAGE);
                assert_int_not_equal(s, 0);
                assert_null(counters);
                continue;
            }
            assert_string_equal(sks_counters_event(counters, 0), e->name);
            session = start_counting(counters);
            sks_check_work(1);
            sks_counters_stop(counters, session, &count);
            if (count.quality == SKS_EXACT || count.quality == SKS_MULTIPLEXED)
                assert_true(isfinite(count.value) && count.value >= 0 && count.value < 0x1p46);
            else
                assert_true(isnan(count.value) && count.reason[0] != '\0');
            if (strcmp(e->name, "instructions") == 0 || strcmp(e->name, "cycles") == 0)
                assert_true(isnan(count.value) || count.value > 0);
            sks_counters_close(counters);
        }
}

static void sources_say_why_not(void **state)
{
    static const char *const names[] = {"papi", "perf"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *reason = sks_counter_source_unavailable(names[i]);
        sks_counters *counters = NULL;

        sks_clear();
        assert_int_equal(sks_counters_open("instructions", names[i], &counters), SKS_OK);
        if (reason != NULL) {
            assert_true(reason[0] != '\0');
            check_unavailable(counters, 0);
        }
        sks_counters_close(counters);
    }
    assert_non_null(sks_counter_source_unavailable("rusage"));
    assert_non_null(sks_counter_source_unavailable("tea-leaves"));
}

static void unknown_names_are_usage_errors(void **state)
{
    static const char *const bad[] = {"instrucions",      "cycles,",       ",cycles",
                                      "cycles,,branches", "cycles,cycles", "Cycles",
                                      "no such event"};
    char many[512] = "cycles";
    sks_counters *counters = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sks_clear();
        assert_int_equal(sks_counters_open(bad[i], "auto", &counters), SKS_ERR_USAGE);
        assert_true(sks_message()[0] != '\0');
    }
    sks_clear();
    sks_counters_open("instrucions", "auto", &counters);
    assert_non_null(strstr(sks_message(), "did you mean \"instructions\""));
    sks_clear();
    assert_int_equal(sks_counters_open("cycles", "papy", &counters), SKS_ERR_USAGE);
    for (size_t i = 1; sks_event_table[i].name != NULL; i++) {
        strcat(many, ",");
        strcat(many, sks_event_table[i].name);
    }
    sks_clear();
    assert_int_equal(sks_counters_open(many, "auto", &counters), SKS_ERR_USAGE); /* too many */
    assert_null(counters);
}

static void no_counters_is_no_work(void **state)
{
    sks_counters *counters = NULL;
    sks_count count = {.value = 42};

    (void)state;
    assert_null(start_counting(NULL));
    sks_counters_stop(NULL, NULL, &count);
    assert_true(count.value == 42);
    assert_int_equal(sks_counters_n(NULL), 0);
    sks_counters_close(NULL);

    assert_int_equal(sks_counters_open("", "auto", &counters), SKS_OK);
    assert_int_equal(sks_counters_n(counters), 0);
    sks_counters_stop(counters, start_counting(counters), &count);
    sks_counters_close(counters);

    /* A session that could not be made leaves no zeros behind. */
    assert_int_equal(sks_counters_open("page-faults", "auto", &counters), SKS_OK);
    sks_counters_stop(counters, NULL, &count);
    assert_int_equal(count.quality, SKS_UNAVAILABLE);
    assert_true(isnan(count.value));
    sks_counters_close(counters);
}

/* Each worker counts its own: the pages one touches do not show in the other's count. */
struct worker {
    const sks_counters *counters;
    size_t n_pages;
    bool has_touched;
    sks_count counts[SKS_MAX_EVENTS];
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    sks_counter_session *session = start_counting(worker->counters);

    worker->has_touched = touch_fresh_pages(worker->n_pages);
    sks_counters_stop(worker->counters, session, worker->counts);
    return NULL;
}

static void workers_count_apart(void **state)
{
    enum { N = 4 };
    struct worker workers[N];
    pthread_t threads[N];
    sks_counters *counters = NULL;

    (void)state;
    assert_int_equal(sks_counters_open("page-faults,instructions", "auto", &counters), SKS_OK);
    for (size_t i = 0; i < N; i++) {
        workers[i] = (struct worker){.counters = counters, .n_pages = i == 0 ? 10000 : 100};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < N && strcmp(sks_counters_source(counters, 0), "none") != 0; i++) {
        double n_pages = (double)workers[i].n_pages;

        assert_true(workers[i].has_touched);
        assert_int_equal(workers[i].counts[0].quality, SKS_EXACT);
        assert_true(workers[i].counts[0].value >= n_pages);
        /* A sanitizer touches some pages of its own for each of ours. */
        assert_true(i == 0 || workers[i].counts[0].value < 5000);
    }
    sks_counters_close(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_counters_pass),
        cmocka_unit_test(broken_counters_are_unavailable),
        cmocka_unit_test(one_disturbed_test_is_forgiven),
        cmocka_unit_test(a_crowded_group_is_relieved),
        cmocka_unit_test(shared_counters_are_scaled_and_marked),
        cmocka_unit_test(an_impossible_count_is_not_handed_out),
        cmocka_unit_test(the_next_source_is_tried),
        cmocka_unit_test(software_events_are_counted),
        cmocka_unit_test(nothing_is_zero_for_missing),
        cmocka_unit_test(sources_say_why_not),
        cmocka_unit_test(unknown_names_are_usage_errors),
        cmocka_unit_test(no_counters_is_no_work),
        cmocka_unit_test(workers_count_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
