/* Property: a value is taken when it has its parameter's type and range and refused otherwise, with
 * one line that names where it stood, what it was and what would be right; a refused value leaves
 * the one before it. */
#include "common/param.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const shapes[] = {"round", "square", "triangular", NULL};

static const sks_param table[] = {
    {.name = "count", .type = SKS_INT, .min = 1, .max = 100, .default_text = "9", .unit = "tasks"},
    {.name = "offset", .type = SKS_INT, .min = -9e18, .max = 9e18},
    {.name = "fwhm", .type = SKS_REAL, .min = 0.5, .max = 50, .default_text = "2.5", .unit = "px"},
    {.name = "shape", .type = SKS_CHOICE, .choices = shapes, .default_text = "square"},
    {.name = "label", .type = SKS_TEXT},
    {.name = "image", .type = SKS_INPUT, .is_required = true, .help = "the image to read"},
    {.name = "output", .type = SKS_OUTPUT, .default_text = "-"},
    {.name = "carry", .type = SKS_FLAG, .default_text = "no"},
    {0},
};

static sks_values *create(void)
{
    sks_values *values;

    assert_int_equal(sks_values_create(table, &values), SKS_OK);
    return values;
}

static void check_message(const char *expected)
{
    assert_string_equal(sks_message(), expected);
    sks_clear();
}

static void take(sks_values *values, const char *name, const char *text)
{
    if (sks_values_set(values, name, text, "here") != SKS_OK)
        fail_msg("%s=%s: %s", name, text, sks_message());
}

static void refuse(sks_values *values, const char *name, const char *text, const char *message)
{
    if (sks_values_set(values, name, text, "here") != SKS_ERR_USAGE)
        fail_msg("%s=%s was not refused", name, text);
    check_message(message);
}

static void defaults(void **unused)
{
    sks_values *values = create();

    (void)unused;
    assert_int_equal(sks_values_int(values, "count"), 9);
    assert_true(sks_values_real(values, "fwhm") == 2.5);
    assert_int_equal(sks_values_choice(values, "shape"), 1);
    assert_string_equal(sks_values_text(values, "output"), "-");
    assert_string_equal(sks_values_text(values, "count"), "9");
    assert_false(sks_values_flag(values, "carry"));
    assert_null(sks_values_text(values, "label"));
    assert_true(sks_values_has(values, "count"));
    assert_false(sks_values_was_given(values, "count"));
    assert_false(sks_values_has(values, "label"));
    assert_false(sks_values_has(values, "image"));
    assert_ptr_equal(sks_values_table(values), table);
    sks_values_destroy(values);
    sks_values_destroy(NULL);
}

static void numbers(void **unused)
{
    sks_values *values = create();

    (void)unused;
    take(values, "count", "1");
    assert_int_equal(sks_values_int(values, "count"), 1);
    assert_true(sks_values_was_given(values, "count"));
    take(values, "count", "100");
    assert_int_equal(sks_values_int(values, "count"), 100);
    assert_string_equal(sks_values_text(values, "count"), "100");
    refuse(values, "count", "0", "here: 0 is out of range, need 1 to 100 tasks");
    refuse(values, "count", "101", "here: 101 is out of range, need 1 to 100 tasks");
    refuse(values, "count", "-5", "here: -5 is out of range, need 1 to 100 tasks");
    refuse(values, "count", "5.0", "here: \"5.0\" is not a whole number");
    refuse(values, "count", "1e2", "here: \"1e2\" is not a whole number");
    refuse(values, "count", " 5", "here: \" 5\" is not a whole number");
    refuse(values, "count", "5 ", "here: \"5 \" is not a whole number");
    refuse(values, "count", "", "here: \"\" is not a whole number");
    refuse(values, "count", "99999999999999999999",
           "here: \"99999999999999999999\" is not a whole number");
    assert_int_equal(sks_values_int(values, "count"), 100);

    take(values, "offset", "-9000000000000000000");
    assert_true(sks_values_int(values, "offset") == -9000000000000000000LL);

    take(values, "fwhm", "0.5");
    take(values, "fwhm", "5e1");
    assert_true(sks_values_real(values, "fwhm") == 50.0);
    refuse(values, "fwhm", "50.001", "here: 50.001 is out of range, need 0.5 to 50 px");
    refuse(values, "fwhm", "nan", "here: \"nan\" is not a number");
    refuse(values, "fwhm", "inf", "here: \"inf\" is not a number");
    refuse(values, "fwhm", "1e999", "here: \"1e999\" is not a number");
    refuse(values, "fwhm", "3px", "here: \"3px\" is not a number");
    refuse(values, "fwhm", "", "here: \"\" is not a number");
    assert_true(sks_values_real(values, "fwhm") == 50.0);
    sks_values_destroy(values);
}

static void choices(void **unused)
{
    sks_values *values = create();

    (void)unused;
    take(values, "shape", "triangular");
    assert_int_equal(sks_values_choice(values, "shape"), 2);
    refuse(values, "shape", "rownd",
           "here: unknown value \"rownd\"; did you mean \"round\"? (round, square, triangular)");
    refuse(values, "shape", "zzzzzzzzzz",
           "here: unknown value \"zzzzzzzzzz\", need one of: round, square, triangular");
    assert_int_equal(sks_values_choice(values, "shape"), 2);
    sks_values_destroy(values);
}

static void flags(void **unused)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    sks_values *values = create();

    (void)unused;
    for (size_t i = 0; i < 4; i++)
        for (int w = 0; w < 2; w++) {
            take(values, "carry", words[i][w]);
            assert_int_equal(sks_values_flag(values, "carry"), w == 1);
        }
    refuse(values, "carry", "perhaps", "here: \"perhaps\" is neither yes nor no");
    sks_values_destroy(values);
}

static void texts(void **unused)
{
    sks_values *values = create();
    char name[] = "frame.fits";

    (void)unused;
    take(values, "image", name);
    name[0] = 'X'; /* it is a copy */
    assert_string_equal(sks_values_text(values, "image"), "frame.fits");
    take(values, "label", "a, b = c");
    assert_string_equal(sks_values_text(values, "label"), "a, b = c");
    refuse(values, "label", "", "here: the value is empty");
    refuse(values, "image", "", "here: the value is empty");
    sks_values_destroy(values);
}

static void unknown_names(void **unused)
{
    sks_values *values = create();
    sks_values *empty;

    (void)unused;
    refuse(values, "cuont", "1", "here: unknown parameter; did you mean \"count\"?");
    refuse(values, "Count", "1", "here: unknown parameter; did you mean \"count\"?");
    refuse(values, "ouput", "1", "here: unknown parameter; did you mean \"output\"?");
    refuse(values, "qqqqqqqqqqq", "1", "here: unknown parameter");
    sks_values_destroy(values);

    assert_int_equal(sks_values_create(NULL, &empty), SKS_OK);
    refuse(empty, "count", "1", "here: unknown parameter; there are none here");
    assert_null(sks_values_table(empty)->name);
    assert_int_equal(sks_values_complete(empty, "--"), SKS_OK);
    sks_values_destroy(empty);
}

static void lists(void **unused)
{
    sks_values *values = create();

    (void)unused;
    assert_int_equal(sks_values_set_list(values, "count=5,shape=round,label=a=b", "-s rule"),
                     SKS_OK);
    assert_int_equal(sks_values_int(values, "count"), 5);
    assert_int_equal(sks_values_choice(values, "shape"), 0);
    assert_string_equal(sks_values_text(values, "label"), "a=b");
    assert_int_equal(sks_values_set_list(values, "count", "-s rule"), SKS_ERR_USAGE);
    check_message("-s rule: \"count\" is not of the form key=value");
    assert_int_equal(sks_values_set_list(values, "count=5,", "-s rule"), SKS_ERR_USAGE);
    check_message("-s rule: \"\" is not of the form key=value");
    assert_int_equal(sks_values_set_list(values, "count=0", "-s rule"), SKS_ERR_USAGE);
    check_message("-s rule: count: 0 is out of range, need 1 to 100 tasks");
    assert_int_equal(sks_values_set_list(values, "cont=3", "-s rule"), SKS_ERR_USAGE);
    check_message("-s rule: cont: unknown parameter; did you mean \"count\"?");
    assert_int_equal(sks_values_int(values, "count"), 5);
    sks_values_destroy(values);
}

static void required(void **unused)
{
    sks_values *values = create();

    (void)unused;
    assert_int_equal(sks_values_complete(values, "--"), SKS_ERR_USAGE);
    check_message("--image is needed: the image to read");
    take(values, "image", "frame.fits");
    assert_int_equal(sks_values_complete(values, "--"), SKS_OK);
    sks_values_destroy(values);
}

static void copies(void **unused)
{
    sks_values *values = create();
    sks_values *copy = NULL;

    (void)unused;
    take(values, "count", "7");
    take(values, "image", "frame.fits");
    assert_int_equal(sks_values_copy(values, &copy), SKS_OK);
    take(values, "count", "8");
    take(values, "image", "other.fits");
    sks_values_destroy(values);
    assert_int_equal(sks_values_int(copy, "count"), 7);
    assert_string_equal(sks_values_text(copy, "image"), "frame.fits");
    assert_false(sks_values_was_given(copy, "fwhm"));
    sks_values_destroy(copy);
}

static void describe(int i, const char *expected)
{
    char text[80];

    sks_param_describe(&table[i], text, sizeof(text));
    assert_string_equal(text, expected);
}

static void outputs_are_no_inputs(void **unused)
{
    static const sks_param files[] = {
        {.name = "image", .type = SKS_INPUT},
        {.name = "output", .type = SKS_OUTPUT, .default_text = "-"},
        {.name = "list", .type = SKS_OUTPUT},
        {0},
    };
    char folder[] = "/tmp/skyscale-param-XXXXXX";
    sks_values *v;

    (void)unused;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(close(open("there.fits", O_WRONLY | O_CREAT, 0600)), 0);
    assert_int_equal(link("there.fits", "other.fits"), 0);
    assert_int_equal(sks_values_create(files, &v), SKS_OK);
    take(v, "image", "there.fits[1:2,3:4]");
    assert_int_equal(sks_values_check_files(v), SKS_OK);
    take(v, "output", "new.fits");
    assert_int_equal(sks_values_check_files(v), SKS_OK);
    take(v, "list", "new.fits"); /* neither is there yet */
    assert_int_equal(sks_values_check_files(v), SKS_ERR_USAGE);
    check_message("output and list are the same file: new.fits");
    take(v, "list", "./other.fits");
    assert_int_equal(sks_values_check_files(v), SKS_ERR_USAGE);
    check_message("image and list are the same file: ./other.fits");
    take(v, "list", "/dev/null");
    take(v, "output", "/dev/null");
    assert_int_equal(sks_values_check_files(v), SKS_OK);
    take(v, "image", "-");
    take(v, "output", "-");
    assert_int_equal(sks_values_check_files(v), SKS_OK);
    sks_values_destroy(v);
    assert_int_equal(unlink("there.fits") + unlink("other.fits"), 0);
    assert_int_equal(chdir("/") + rmdir(folder), 0);
}

static void descriptions(void **unused)
{
    static const sks_param at_least = {.name = "n", .type = SKS_INT, .min = 2, .max = 1e15};
    char text[80];

    (void)unused;
    describe(0, "1 to 100, default 9");
    describe(1, "");
    describe(2, "0.5 to 50, default 2.5");
    describe(3, "round|square|triangular, default square");
    describe(4, "");
    describe(5, "required");
    describe(6, "default -");
    sks_param_describe(&at_least, text, sizeof(text));
    assert_string_equal(text, "at least 2");
    for (size_t size = 1; size < 45; size++) { /* cut, never beyond the end */
        memset(text, '?', sizeof(text));
        sks_param_describe(&table[3], text, size);
        assert_true(strlen(text) < size);
        assert_int_equal(text[size], '?');
    }
}

static const char *word(const void *context, size_t i)
{
    static const char *const words[] = {"dynamic", "guided", "static", "stealing", NULL};

    (void)context;
    return words[i];
}

static void nearest(void **unused)
{
    static const char *const cases[][2] = {
        {"guidd", "guided"},      {"GUIDED", "guided"},
        {"statc", "static"},      {"dynamics", "dynamic"},
        {"staeling", "stealing"}, {"static", "static"},
        {"xxxxxx", NULL},         {"", NULL},
    };
    char endless[200];

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *found = sks_nearest(cases[i][0], word, NULL);

        if (cases[i][1] == NULL)
            assert_null(found);
        else
            assert_string_equal(found, cases[i][1]);
    }
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_null(sks_nearest(endless, word, NULL));
}

/* The first cause is kept, on one line, in a text of limited length. */
static void messages(void **unused)
{
    char endless[2 * SKS_MESSAGE_SIZE];

    (void)unused;
    sks_clear();
    assert_string_equal(sks_message(), "");
    assert_int_equal(sks_fail(SKS_ERR_IO, "%s:%d: first", "file", 3), SKS_ERR_IO);
    assert_int_equal(sks_fail(SKS_ERR_BUG, "second"), SKS_ERR_BUG);
    check_message("file:3: first");
    sks_set_message("two\nlines\tand\x7fmore");
    check_message("two?lines?and?more");
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    sks_set_message("%s", endless);
    assert_int_equal(strlen(sks_message()), SKS_MESSAGE_SIZE - 1);
    sks_clear();
    assert_int_equal(sks_fail_nomem("a test"), SKS_ERR_NOMEM);
    check_message("out of memory for a test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),     cmocka_unit_test(numbers),
        cmocka_unit_test(choices),      cmocka_unit_test(flags),
        cmocka_unit_test(texts),        cmocka_unit_test(unknown_names),
        cmocka_unit_test(lists),        cmocka_unit_test(required),
        cmocka_unit_test(copies),       cmocka_unit_test(outputs_are_no_inputs),
        cmocka_unit_test(descriptions), cmocka_unit_test(nearest),
        cmocka_unit_test(messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
