/* Property: whatever is wrong with the input, the program says so in one line on standard error
 * that names the cause, prints nothing else, exits with 1 (the work failed) or 2 (wrong usage), and
 * leaves no file behind: no product, no temporary file, no database.
 * Here: transformations, campaigns, usage; bad_science_test.c has the other kernels. */
#include "tests/cli/bad_case.h"

static void bad_images(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run pix2sky --image nofile.fits --coords list.txt -o out.txt", FAILED, "nofile.fits",
              "No such file")},
        {CASE("run pix2sky --image text.fits --coords list.txt -o out.txt", FAILED, "text.fits")},
        {CASE("run pix2sky --image empty.txt --coords list.txt -o out.txt", FAILED, "empty.txt")},
        {CASE("run pix2sky --image cut-header.fits --coords list.txt -o out.txt", FAILED,
              "cut-header.fits")},
        {CASE("run pix2sky --image cut-data.fits --coords list.txt -o out.txt", FAILED,
              "cut-data.fits", "truncated")},
        {CASE("run pix2sky --image none.fits --coords list.txt -o out.txt", FAILED, "none.fits",
              "coordinate system")},
        {CASE("run sky2pix --image linear.fits --coords list.txt -o out.txt", FAILED, "linear.fits",
              "celestial")},
        {CASE("run pix2sky --image frame.fits[7] --coords list.txt -o out.txt", FAILED,
              "frame.fits[7]")},
        {CASE("run pix2sky --image frame.fits --wcs Q --coords list.txt -o out.txt", FAILED,
              "frame.fits", "\"Q\"")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_lists(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run pix2sky --image frame.fits --coords nolist.txt -o out.txt", FAILED, "nolist.txt",
              "No such file")},
        {CASE("run pix2sky --image frame.fits --coords empty.txt -o out.txt", FAILED, "empty.txt",
              "no positions")},
        {CASE("run pix2sky --image frame.fits --coords comments.txt -o out.txt", FAILED,
              "comments.txt", "no positions")},
        {CASE("run pix2sky --image frame.fits --coords third.txt -o out.txt -w 2", FAILED,
              "third.txt:3", "not two numbers")},
        {CASE("run pix2sky --image frame.fits --coords garbage.bin -o out.txt -w 2", FAILED,
              "garbage.bin:1")},
        {CASE("run pix2sky --image frame.fits --coords long.txt -o out.txt", FAILED, "long.txt:1")},
        {CASE("run pix2sky --image frame.fits --coords . -o out.txt", FAILED, "is a directory")},
        {CASE("run pix2sky --image frame.fits --coords frame.fits -o out.txt", FAILED,
              "frame.fits")},
        {CASE("run pix2sky --image frame.fits --coords list.txt --columns 1,9 -o out.txt", FAILED,
              "list.txt:1")},
        {CASE("run pix2sky --image frame.fits --coords - -o out.txt", FAILED, "standard input:1"),
         .in = "garbage.bin"},
        {CASE("run pix2sky --image frame.fits --coords - -o out.txt", FAILED, "standard input",
              "no positions"),
         .in = "empty.txt"},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_outputs(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("run pix2sky --image frame.fits --coords list.txt -o nofolder/out.txt", FAILED,
              "nofolder/out.txt", "No such file")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o .", FAILED, "is a directory")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o list.txt/out.txt", FAILED,
              "list.txt/out.txt", "Not a directory")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o /dev/full", FAILED, "/dev/full",
              "No space left")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o -", FAILED, "standard output",
              "No space left"),
         .out = "/dev/full"},
        /* Before the run, which would fail for want of its list only later. */
        {CASE("run pix2sky --image frame.fits --coords none.txt -o x --trace nofolder/t", FAILED,
              "nofolder/t", "No such file")},
        {CASE("run pix2sky --image frame.fits --coords none.txt -o x --record .", FAILED,
              "is a directory")},
        {CASE("run pix2sky --image frame.fits --coords list.txt --trace -", USAGE,
              "standard output", "FILE")},
        {CASE("run null --tasks 9 --json --record -", USAGE, "standard output", "FILE")},
        {CASE("run null --tasks 9 --trace - --record -", USAGE, "standard output", "FILE")},
        {CASE("list", FAILED, "standard output", "No space left"), .out = "/dev/full"},
        {CASE("machine --json", FAILED, "standard output", "No space left"), .out = "/dev/full"},
        {CASE("--help", FAILED, "standard output", "No space left"), .out = "/dev/full"},
        {CASE("run pix2sky --help", FAILED, "standard output", "No space left"),
         .out = "/dev/full"},
        {CASE("synth wfpc2 --size 64 -o nofolder/x.fits", FAILED, "nofolder/x.fits")},
        {CASE("synth wfpc2 --size 64 -o /dev/full", FAILED, "/dev/full", "No space left")},
        {CASE("synth positions --image frame.fits -n 10 -o /dev/full", FAILED, "No space left")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_usage(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("", USAGE, "--help")},
        {CASE("runn pix2sky", USAGE, "\"runn\"", "did you mean \"run\"")},
        {CASE("--nonsense", USAGE, "--nonsense")},
        {CASE("run", USAGE, "KERNEL")},
        {CASE("run pix2sly --image frame.fits", USAGE, "\"pix2sly\"", "did you mean \"pix2sky\"")},
        {CASE("run qqqqqqqq", USAGE, "\"qqqqqqqq\"", "skyscale list kernels")},
        {CASE("run pix2sky --coords list.txt -o out.txt", USAGE, "image")},
        {CASE("run pix2sky --image frame.fits -o out.txt", USAGE, "coords")},
        {CASE("run pix2sky --image frame.fits --coords list.txt --random 5 -o out.txt", USAGE,
              "coords", "random")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --decimls 3", USAGE,
              "--decimls", "did you mean \"--decimals\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --decimals 99", USAGE,
              "decimals", "99")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --decimals many", USAGE,
              "decimals", "\"many\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --block 0", USAGE,
              "block", "0")},
        {CASE("run pix2sky --image frame.fits --random 0 -o out.txt", USAGE, "random", "0")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --distortion maybe",
              USAGE, "distortion", "\"maybe\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt --wcs primary", USAGE,
              "wcs", "\"primary\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -w 0", USAGE, "workers",
              "0")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -w 1000000", USAGE,
              "workers", "1000000")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -w two", USAGE,
              "workers", "\"two\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -s guidd", USAGE,
              "\"guidd\"", "did you mean \"guided\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -s dynamic:chunk=0",
              USAGE, "chunk", "0")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -s dynamic:chnk=1",
              USAGE, "did you mean \"chunk\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -s dynamic:chunk", USAGE,
              "chunk")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -e thread", USAGE,
              "\"thread\"", "did you mean \"threads\"")},
        {CASE("run pix2sky --image frame.fits --coords list.txt -o out.txt -b compat", USAGE,
              "\"compat\"")},
        {CASE("list kernals", USAGE, "\"kernals\"", "kernels")},
        {CASE("machine --topology nonsense:::", USAGE, "nonsense:::")},
        {CASE("synth", USAGE, "SCENE")},
        {CASE("synth wfpc3 -o x.fits", USAGE, "\"wfpc3\"", "did you mean \"wfpc2\"")},
        {CASE("synth wfpc2", USAGE, "--output")},
        {CASE("synth wfpc2 -o x.fits --size 63", USAGE, "--size", "63")},
        {CASE("synth wcs -o x.fits --projection TAM", USAGE, "\"TAM\"", "did you mean \"TAN\"")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

static void bad_campaigns(void **unused)
{
    static const struct bad_case cases[] = {
        {CASE("sweep", USAGE, "SWEEP")},
        {CASE("sweep nosweep.yaml -d out.db", FAILED, "nosweep.yaml", "No such file")},
        {CASE("sweep syntax.yaml -d out.db", USAGE, "syntax.yaml:")},
        {CASE("sweep garbage.bin -d out.db", USAGE, "garbage.bin")},
        {CASE("sweep empty.txt -d out.db", USAGE, "empty.txt")},
        {CASE("sweep key.yaml -d out.db", USAGE, "key.yaml:3", "\"workers\"")},
        {CASE("sweep kernel.yaml -d out.db", USAGE, "kernel.yaml:2", "\"null\"")},
        {CASE("sweep scheduler.yaml -d out.db", USAGE, "scheduler.yaml:5", "\"dynamic\"")},
        {CASE("sweep range.yaml -d out.db", USAGE, "range.yaml:3")},
        {CASE("sweep input.yaml -d out.db", FAILED, "input.yaml:2", "nofile.fits")},
        {CASE("sweep good.yaml -d nofolder/out.db", FAILED, "nofolder/out.db")},
        {CASE("sweep good.yaml -d garbage.bin", FAILED, "garbage.bin")},
        {CASE("fit nodb.db", FAILED, "nodb.db", "No such file")},
        {CASE("fit garbage.bin", FAILED, "garbage.bin")},
        {CASE("fit empty.txt", FAILED, "empty.txt")},
        {CASE("export nodb.db", FAILED, "nodb.db", "No such file")},
        {CASE("export garbage.bin -f csvv", USAGE, "\"csvv\"", "did you mean \"csv\"")},
        {CASE("plot nodb.db -f speedup -o out.svg", FAILED, "nodb.db", "No such file")},
        {CASE("plot garbage.bin -f speedup -o out.svg", FAILED, "garbage.bin")},
        {CASE("plot garbage.bin -f speedupp -o out.svg", USAGE, "\"speedupp\"",
              "did you mean \"speedup\"")},
        {CASE("plot garbage.bin -f speedup -o out.doc", USAGE, "out.doc")},
    };

    (void)unused;
    CHECK_ALL(cases);
}

/* An older product survives a run that fails. */
static void older_product_survives(void **unused)
{
    static const struct bad_case c = {CASE(
        "run pix2sky --image frame.fits --coords third.txt -o older.txt", FAILED, "third.txt:3")};
    char text[16] = "";
    FILE *older;

    (void)unused;
    check_all(&c, 1);
    older = fopen("older.txt", "r");
    assert_non_null(older);
    assert_non_null(fgets(text, sizeof(text), older));
    fclose(older);
    assert_string_equal(text, "older\n");
}

/* As root no permission is missing, so this one cannot be seen then. */
static void unwritable_folder(void **unused)
{
    static const struct bad_case c = {
        CASE("run pix2sky --image frame.fits --coords list.txt -o locked/out.txt", FAILED,
             "locked/out.txt", "Permission denied")};

    (void)unused;
    if (geteuid() == 0) {
        print_message("skipped: an unwritable folder cannot be made as root\n");
        skip();
    }
    check_all(&c, 1);
}

static void make_frame(const char *projection, const char *name)
{
    char arguments[128];
    struct outcome o;

    snprintf(arguments, sizeof(arguments), "synth wcs --projection %s -o %s", projection, name);
    run(arguments, NULL, NULL, &o);
    if (o.status != 0)
        fail_msg("skyscale %s: %s", arguments, o.err);
}

static void make_cut(const char *name, size_t size)
{
    static char bytes[20000];
    FILE *frame = fopen("frame.fits", "rb");

    assert_non_null(frame);
    assert_true(size <= sizeof(bytes));
    assert_int_equal(fread(bytes, 1, size, frame), size);
    fclose(frame);
    write_file(name, bytes, size);
}

static void make_binaries(void)
{
    const size_t long_line = 10 << 20;
    unsigned char garbage[4096];
    uint32_t random = 1;
    char *line = malloc(long_line);

    for (size_t i = 0; i < sizeof(garbage); i++) {
        random = random * 1664525u + 1013904223u;
        garbage[i] = (unsigned char)(random >> 24);
    }
    write_file("garbage.bin", garbage, sizeof(garbage));
    assert_non_null(line);
    memset(line, '7', long_line);
    write_file("long.txt", line, long_line);
    free(line);
}

static void make_sweeps(void)
{
    write_text("good.yaml", "kernels:\n  - {kernel: \"null\"}\nworkers: [1]\n");
    write_text("syntax.yaml", "kernels:\n  - {kernel: \"null\"\nworkers: [1\n");
    write_text("key.yaml", "kernels:\n  - {kernel: \"null\"}\nworker: [1]\n");
    write_text("kernel.yaml", "kernels:\n  - {kernel: \"nul\"}\nworkers: [1]\n");
    write_text("scheduler.yaml", "kernels:\n  - {kernel: \"null\"}\nworkers: [1]\nschedulers:\n"
                                 "  - dynamc\n");
    write_text("range.yaml", "kernels:\n  - {kernel: \"null\"}\nworkers: [0]\n");
    write_text("input.yaml", "kernels:\n  - {kernel: pix2sky, image: nofile.fits, random: 5}\n"
                             "workers: [1]\n");
}

static int make_inputs(void **unused)
{
    (void)unused;
    if (enter_folder() != 0)
        return 1;
    make_frame("TAN", "frame.fits");
    make_frame("none", "none.fits");
    make_frame("linear", "linear.fits");
    make_cut("cut-header.fits", 1500);
    make_cut("cut-data.fits", 12000);
    make_binaries();
    make_sweeps();
    write_text("text.fits", "this is no FITS file\n");
    write_text("list.txt", "10 20\n30 40\n");
    write_text("third.txt", "10 20\n30 40\n50 sixty\n70 80\n");
    write_text("empty.txt", "");
    write_text("comments.txt", "# nothing\n\n   \n# but comments\n");
    write_text("older.txt", "older\n");
    return mkdir("locked", 0555);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_images),        cmocka_unit_test(bad_lists),
        cmocka_unit_test(bad_outputs),       cmocka_unit_test(bad_usage),
        cmocka_unit_test(bad_campaigns),     cmocka_unit_test(older_product_survives),
        cmocka_unit_test(unwritable_folder),
    };

    return RUN_CASES(tests, make_inputs);
}
