/* Property: a template and an input line become exactly the words that the template says, with
 * places as in GNU parallel; what would need a shell, or does not end, is refused with the reason.
 */
#include "kernels/parts/command_place.h"
#include "kernels/parts/command_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* By the definitions in parallel(1), --rpl, and by dirname(1). */
static void places_are_those_of_gnu_parallel(void **unused)
{
    static const struct {
        const char *input, *stem, *name, *folder, *title;
    } cases[] = {
        {"a.fits", "a", "a.fits", ".", "a"},
        {"d/e/a.b.fits", "d/e/a.b", "a.b.fits", "d/e", "a.b"},
        {"sub.dir/bar", "sub.dir/bar", "bar", "sub.dir", "bar"},
        {"/a.c", "/a", "a.c", "/", "a"},
        {"//x//y.z", "//x//y", "y.z", "//x", "y"},
        {".hidden", "", ".hidden", ".", ""},
        {"dot.", "dot.", "dot.", ".", "dot."},
        {"a..b", "a.", "a..b", ".", "a."},
        {"d/", "d/", "", ".", ""},
        {"/", "/", "", "/", ""},
        {"", "", "", ".", ""},
        {"two words.x y", "two words", "two words.x y", ".", "two words"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *expected[SKS_N_PLACES] = {cases[i].input,  cases[i].stem,  cases[i].name,
                                              cases[i].folder, cases[i].title, "17"};

        for (size_t which = 0; which < SKS_N_PLACES; which++) {
            char text[64];
            size_t length = sks_place_fill(which, cases[i].input, 17, NULL);

            assert_int_equal(sks_place_fill(which, cases[i].input, 17, text), length);
            text[length] = '\0';
            assert_string_equal(text, expected[which]);
        }
    }
}

static void templates_become_words(void **unused)
{
    static const struct {
        const char *text;
        const char *words[6]; /* for the input "d/a b.x", number 3 */
    } cases[] = {
        {"cp {} {.}.bak", {"cp", "d/a b.x", "d/a b.bak"}},
        {"cp", {"cp", "d/a b.x"}},
        {"  echo  'a  {/}' \"n{#}\"x ", {"echo", "a  a b.x", "n3x"}},
        {"awk '{print $1}' {//}/{/.}.y", {"awk", "{print $1}", "d/a b.y"}},
        {"echo a\\ b 'it'\\''s' \"q\\\"q\" \"\\a\" {#}",
         {"echo", "a b", "it's", "q\"q", "\\a", "3"}},
        {"echo '' \"\" {#}", {"echo", "", "", "3"}},
        {"echo \\{} {}", {"echo", "{}", "d/a b.x"}},
        {"echo \"\\{}\" {#}", {"echo", "{}", "3"}},
        {"{//}/tool", {"d/tool"}},
        {"echo\n\ta\\\nb {#}{#}", {"echo", "ab", "33"}},
        {"ls *.fits im[1:5] '|' {#} {1}", {"ls", "*.fits", "im[1:5]", "|", "3", "{1}"}},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sks_template *template;
        char **argv;
        size_t n = 0;

        sks_clear();
        assert_int_equal(sks_template_parse(cases[i].text, false, &template), SKS_OK);
        assert_int_equal(sks_template_expand(template, "d/a b.x", 3, &argv), SKS_OK);
        for (; n < 6 && cases[i].words[n] != NULL; n++) {
            assert_non_null(argv[n]);
            assert_string_equal(argv[n], cases[i].words[n]);
        }
        assert_null(argv[n]);
        free(argv);
        sks_template_destroy(template);
    }
}

static void bad_templates_are_refused(void **unused)
{
    static const struct {
        bool uses_shell;
        const char *text, *says;
    } cases[] = {
        {false, "", "no command"},
        {false, " \t", "no command"},
        {true, "  ", "no command"},
        {false, "echo 'a", "does not end"},
        {false, "echo \"a", "does not end"},
        {false, "echo a\\", "backslash"},
        {false, "a {} | b", "\"|\" needs a shell"},
        {false, "a {} > b", "\">\" needs a shell"},
        {false, "a; b", "\";\" needs a shell"},
        {false, "ls $HOME", "\"$\" needs a shell"},
        {false, "ls \"$HOME\"", "quote it with '...'"},
        {false, "ls `id`", "\"`\" needs a shell"},
        {false, "ls ~/x", "\"~\" needs a shell"},
        {true, "echo `ls {}`", "cannot stand inside `...`"},
        {true, "echo \"${x:-{}}\"", "cannot stand inside ${...}"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sks_template *template = NULL;

        sks_clear();
        assert_int_equal(sks_template_parse(cases[i].text, cases[i].uses_shell, &template),
                         SKS_ERR_USAGE);
        assert_null(template);
        assert_non_null(strstr(sks_message(), cases[i].says));
    }
    sks_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_of_gnu_parallel),
        cmocka_unit_test(templates_become_words),
        cmocka_unit_test(bad_templates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
