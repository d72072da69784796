/* Property: whatever is wrong with a sweep file is answered by one line that names file, line and
 * cause. */
#include "plan_case.h"

static void missing_files(void **state)
{
    sks_plan *plan = NULL;
    static const char text[] = "kernels:\n"
                               "- {kernel: pix2sky, image: frame.fits,\n"
                               "   coords: [list.txt, absent.txt]}\n"
                               "workers: [1]\n";

    (void)state;
    write_text("frame.fits", "any");
    write_text("list.txt", "any");
    expect_bytes(text, strlen(text), SKS_ERR_IO, 3, "absent.txt: No such file");
    sks_clear();
    assert_int_equal(sks_plan_load(in_folder("absent.yaml"), topology, &plan), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "absent.yaml: No such file"));
    sks_clear();
    assert_int_equal(sks_plan_load(folder, topology, &plan), SKS_ERR_IO);
    assert_non_null(strstr(sks_message(), "Is a directory"));
}

static void wrong_yaml(void **state)
{
    char *large = malloc(1 << 21);

    (void)state;
    expect("", 1, "the file is empty");
    expect("# nothing\n", 1, "the file is empty");
    expect("just words\n", 1, "got text");
    expect("- a\n- b\n", 1, "got a list");
    expect("kernels: [null\nworkers: [1]\n", 2, "");
    expect("kernels: {a: b\n", 2, "");
    expect("kernels:\n\t- null\n", 2, "a tab where YAML wants spaces");
    expect(HEAD "seed: 'x\n", 4, "");
    expect(HEAD "seed: *nowhere\n", 3, "undefined alias");
    expect(HEAD "---\nkernels: [null]\n", 4, "a second document");
    expect(HEAD "seed: 1\nseed: 2\n", 4, "seed: given twice, first in line 3");
    expect("kernels: [{kernel: null, tasks: 1,\n  tasks: 2}]\n", 2, "tasks: given twice");
    expect("? [a]\n: b\n", 1, "a key has to be a text, got a list");
    expect("kernels: [\"nu\\0ll\"]\n", 1, "NUL");
    expect_bytes(HEAD "a: \xff\xfe\n", strlen(HEAD) + 6, SKS_ERR_USAGE, 3, "");
    expect_bytes("a: b\n\0c", 7, SKS_ERR_USAGE, 2, "");
    assert_non_null(large);
    memset(large, '#', 1 << 21);
    write_bytes("bad.yaml", large, 1 << 21);
    sks_plan *plan = NULL;
    sks_clear();
    assert_int_equal(sks_plan_load(in_folder("bad.yaml"), topology, &plan), SKS_ERR_USAGE);
    assert_non_null(strstr(sks_message(), "larger than"));
    free(large);
}

static void wrong_keys(void **state)
{
    (void)state;
    expect("workers: [1]\n", 1, "\"kernels:\" is missing");
    expect("kernels: [null]\n", 1, "\"workers:\" is missing");
    expect("kernels: [null]\nwokers: [1]\n", 2,
           "wokers: unknown parameter; did you mean \"workers\"?");
    expect(HEAD "xyzzy: 1\n", 3, "xyzzy: unknown parameter");
    expect(HEAD "campaign: [a]\n", 3, "campaign: need one value, got a list");
    expect(HEAD "campaign:\n", 3, "campaign: the value is empty");
    expect(HEAD "seed: soon\n", 3, "seed: \"soon\" is not a whole number");
    expect(HEAD "seed: -1\n", 3, "seed: -1 is out of range");
    expect(HEAD "confidence: 1\n", 3, "confidence: 1 is out of range");
    expect(HEAD "confidence: much\n", 3, "confidence: \"much\" is not a number");
    expect(HEAD "repeat: 3\n", 3, "repeat: need a map");
    expect(HEAD "repeat: {min: 3, max: 2}\n", 3, "repeat: min 3 is more than max 2");
    expect(HEAD "repeat:\n  min: 3\n  mox: 5\n", 5, "mox: unknown parameter; did you mean");
    expect(HEAD "repeat: {min: 0}\n", 3, "min: 0 is out of range");
    expect(HEAD "repeat: {min: [1]}\n", 3, "min: need one value, got a list");
    expect(HEAD "repeat: {interval: 0}\n", 3, "interval: 0 is out of range");
    expect(HEAD "repeat: {interval: '%'}\n", 3, "interval: \"\" is not a number");
}

static void wrong_kernels(void **state)
{
    (void)state;
    expect("kernels: []\nworkers: [1]\n", 1, "kernels: the list is empty");
    expect("workers: [1]\nkernels:\n", 2, "");
    expect("workers: [1]\nkernels:\n- null\n- nul\n", 4, "unknown kernel \"nul\"; did you mean");
    expect("workers: [1]\nkernels:\n- [null]\n", 3, "got a list");
    expect("workers: [1]\nkernels:\n- {tasks: 4}\n", 3, "an entry without \"kernel\"");
    expect("workers: [1]\nkernels:\n- {kernel: [null]}\n", 3, "kernel: need a name, got a list");
    expect("workers: [1]\nkernels:\n- kernel: null\n  taks: 4\n", 4,
           "taks: unknown parameter; did you mean \"tasks\"?");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks:\n  - 4\n  - -1\n", 6,
           "tasks: -1 is out of range");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: many\n", 4,
           "tasks: \"many\" is not a whole number");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: []\n", 4, "tasks: the list is empty");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: [[1]]\n", 4, "entry 1 is a list");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks: {a: 1}\n", 4, "got a map");
    expect("workers: [1]\nkernels:\n- kernel: null\n  tasks:\n", 4, "tasks: the value is empty");
    expect("workers: [1]\nkernels:\n- null\n- {kernel: null, tasks: 10000}\n", 4,
           "is there already, in line 3");
    expect("workers: [1]\nkernels:\n- {kernel: null, tasks: [2, 02]}\n", 3, "is there already");
    expect("workers: [1]\nkernels:\n- {kernel: pix2sky, random: 5}\n", 3,
           "kernel pix2sky needs image");
    write_text("frame.fits", "any");
    expect("workers: [1]\nkernels:\n- kernel: pix2sky\n  image: frame.fits\n  coords: '-'\n", 5,
           "coords: \"-\" cannot serve");
    expect("workers: [1]\nkernels:\n- kernel: pix2sky\n  image: frame.fits\n  random: 5\n"
           "  output: '-'\n",
           6, "output: \"-\" cannot serve");
}

static void wrong_lists(void **state)
{
    (void)state;
    expect("kernels: [null]\nworkers: []\n", 2, "workers: the list is empty");
    expect("kernels: [null]\nworkers: {a: 1}\n", 2, "workers: need a value or a list, got a map");
    expect("kernels: [null]\nworkers:\n- 1\n- 0\n", 4, "workers: 0 is out of range");
    expect("kernels: [null]\nworkers: [65537]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [99999999999999999999]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [99999*cores]\n", 2, "out of range");
    expect("kernels: [null]\nworkers: [8-2]\n", 2, "ends at 2, before its beginning 8");
    expect("kernels: [null]\nworkers: [-3]\n", 2, "\"-3\" is none of");
    expect("kernels: [null]\nworkers: [1-]\n", 2, "\"1-\" is none of");
    expect("kernels: [null]\nworkers: [1-2-3]\n", 2, "is none of");
    expect("kernels: [null]\nworkers: [coers]\n", 2, "is none of");
    expect("kernels: [null]\nworkers: [2.5]\n", 2, "is none of");
    expect(HEAD "executors: [thread]\n", 3, "unknown executor \"thread\"; did you mean");
    expect(HEAD "executors: [threads, threads]\n", 3, "threads is there already");
    expect(HEAD "schedulers:\n- static\n- dynamik\n", 5,
           "unknown scheduler \"dynamik\"; did you mean");
    expect(HEAD "schedulers: [\"dynamic:chunk=0\"]\n", 3, "out of range");
    expect(HEAD "schedulers: [\"dynamic:chnk=4\"]\n", 3, "did you mean \"chunk\"?");
    expect(HEAD "schedulers: [\"dynamic:4\"]\n", 3, "not of the form key=value");
    expect(HEAD "schedulers: [dynamic, \"dynamic:chunk=1\"]\n", 3, "is there already");
    expect(HEAD "schedulers: []\n", 3, "schedulers: the list is empty");
    expect(HEAD "bindings: [core]\n", 3, "unknown binding \"core\"; did you mean \"cores\"?");
    expect(HEAD "bindings: [\"0,99\"]\n", 3, "99");
    expect(HEAD "bindings: [cores, cores]\n", 3, "cores is there already");
    expect(HEAD "counters: [cycels]\n", 3, "cycels");
    expect(HEAD "counters: []\n", 3, "counters: the list is empty");
    expect(HEAD "counter_source: perf\n", 3, "there are no counters");
    expect(HEAD "counters: [cycles]\ncounter_source: perv\n", 3, "perv");
    expect("kernels:\n- {kernel: null, tasks: [1, 2]}\nworkers: [1-60000]\n", 1,
           "more than 100000 configurations");
}

static void wrong_rules(void **state)
{
    (void)state;
    expect(HEAD "exclude: {workers: 1}\n", 3, "need a list of maps");
    expect(HEAD "exclude: [1]\n", 3, "need a map");
    expect(HEAD "exclude:\n- {kernel: nul}\n", 4, "did you mean \"null\"");
    expect(HEAD "exclude: [{scheduler: statc}]\n", 3, "did you mean \"static\"");
    expect(HEAD "exclude: [{schedulers: static}]\n", 3, "no kernel here has a parameter");
    expect(HEAD "exclude: [{tasks: many}]\n", 3, "tasks");
    expect(HEAD "exclude: [{workers: 1}]\n", 3, "no configuration is left");
    expect(HEAD "include: [{tasks: 5}]\n", 3, "tasks needs a kernel");
    expect(HEAD "include: [{kernel: null, stars: 5}]\n", 3, "stars");
    expect(HEAD "include: null\n", 3, "need a list of maps");
    /* It has the compiler's three rules, or is not there at all. */
    expect(HEAD "executors: openmp\nschedulers: fac2\n", 3, "openmp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_files), cmocka_unit_test(wrong_yaml),
        cmocka_unit_test(wrong_keys),    cmocka_unit_test(wrong_kernels),
        cmocka_unit_test(wrong_lists),   cmocka_unit_test(wrong_rules),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
