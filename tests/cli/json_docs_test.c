/* Property: docs/json.md names every member of what `run`, `sweep`, `fit`, `compare` and `list`
 * print with --json. */
#include "tests/unit/sweep_files.h"

#include "spawn.h"

#include <jansson.h>
#include <stdbool.h>

static const char *program;
static char *page;

static const char sweep_text[] = "kernels: [{kernel: 'null', tasks: 300}]\n"
                                 "workers: [1, 2]\n"
                                 "schedulers: [static, dynamic]\n"
                                 "repeat: {warmup: 0, min: 8, max: 8}\n";

static int set_up(void **state)
{
    program = getenv("SKYSCALE");
    page = spawn_read_file("docs/json.md", NULL);
    if (program == NULL || page == NULL || make_folder(state) != 0)
        return -1;
    write_text("sweep.yaml", sweep_text);
    return 0;
}

static int tear_down(void **state)
{
    free(page);
    return remove_folder(state);
}

/* "@" in the arguments stands for the folder. */
static json_t *printed(const char *arguments)
{
    char text[512];
    size_t used = 0;
    json_error_t error;
    json_t *json;

    for (const char *p = arguments; *p != '\0'; p++)
        if (*p == '@')
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s/", folder);
        else
            text[used++] = *p;
    text[used] = '\0';
    if (spawn(program, text, NULL, in_folder("out"), in_folder("err")) != 0)
        fail_msg("%s: %s", text, spawn_read_file(in_folder("err"), NULL));
    json = json_load_file(in_folder("out"), 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    return json;
}

/* Members that a kernel, a scheduler or the machine gives names to. */
static bool has_names_of_its_own(const char *key)
{
    static const char *const keys[] = {"parameters", "scheduler_options", "counters", "product",
                                       "machine"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void check_named(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach(value, i, member) check_named(member);
    json_object_foreach((json_t *)value, key, member)
    {
        char *quoted;

        assert_true(asprintf(&quoted, "`%s`", key) > 0);
        if (strstr(page, quoted) == NULL)
            fail_msg("docs/json.md lacks %s", quoted);
        free(quoted);
        if (!has_names_of_its_own(key) || json_is_array(member))
            check_named(member);
    }
}

static void check(const char *arguments)
{
    json_t *json = printed(arguments);

    check_named(json);
    json_decref(json);
}

static void every_member_is_documented(void **state)
{
    (void)state;
    check("run null --tasks 100 -w 2 -s auto --check --json -q");
    check("sweep @sweep.yaml -d @made.db --dry-run --json");
    check("sweep @sweep.yaml -d @made.db --json");
    check("fit @made.db --predict 4 --oversubscribed apart --replicates 100 --json");
    check("compare @made.db --by scheduler --replicates 100 --json");
    check("compare @made.db @made.db --replicates 100 --json");
}

/* Of the lists only the outermost names: what follows is told by them. */
static void every_list_is_documented(void **state)
{
    json_t *json = printed("list --json"), *member;
    const char *key;

    (void)state;
    json_object_foreach(json, key, member)
    {
        char *quoted;

        assert_true(asprintf(&quoted, "`%s`", key) > 0);
        assert_non_null(strstr(page, quoted));
        free(quoted);
    }
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_documented),
        cmocka_unit_test(every_list_is_documented),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
