/* What the SVG of every figure has to hold, drawn from the files of figure_contents_test.c: one
 * entry for each figure of the registry. */
#ifndef SKYSCALE_TESTS_FIGURE_EXPECTATIONS_H
#define SKYSCALE_TESTS_FIGURE_EXPECTATIONS_H

#include <stddef.h>
#include <string.h>

enum { MOST_TEXTS = 14 };

/* What the SVG of one figure holds. */
struct expectation {
    const char *figure;
    const char *files[2]; /* of the fixture */
    size_t n_plots;       /* plot elements, whether or not anything is in them; 0: not counted */
    const char *mark;     /* "transform='translate(": markers; "<image ": pictures */
    size_t n_marks;
    const char *shows[MOST_TEXTS], *lacks[MOST_TEXTS];
};

/* 20 points, of which 4 are drawn twice, white and hollow; the legend has one marker an entry. */
static const struct expectation expectations[] = {
    {"speedup",
     {"a.db"},
     2 * 18 + 2,
     "transform='translate(",
     24 + 2,
     {">speedup T(1)/T(N), total time<", ">workers N<", ">synthetic<", ">null<", ">static<",
      ">dynamic:chunk=4<", "lines: fitted", "bars and bands: 95 % intervals",
      "pale bands: of single runs", "more workers than places", ">8<", "fill-opacity = '0.22",
      "fill-opacity = '0.10"},
     {">9<", ">10<"}},
    {"efficiency",
     {"a.db"},
     2 * 18 + 2,
     "transform='translate(",
     24 + 2,
     {">efficiency T(1)/(N T(N)), total time<", ">workers N<", ">synthetic<", ">0.8<", ">1<",
      "fill-opacity = '0.22"},
     {">1.4<", ">2.5<", ">-0.2<"}},
    {"residuals",
     {"a.db"},
     3 * 31 + 4,
     "transform='translate(",
     3 * 16 + 4,
     {">residual, of the measured time (%)<", ">amdahl<", ">log<", ">usl<", ">synthetic, static<",
      ">4<"},
     {">8<"}},
    {"imbalance",
     {"a.db"},
     2 * 17 + 2,
     "transform='translate(",
     16 + 4 + 2,
     {">load imbalance max/mean − 1 (%)<", ">workers N<", ">14<", "points: medians"},
     {">20<", "lines:"}},
    {"overhead",
     {"a.db"},
     2 * 17 + 2,
     "transform='translate(",
     24 + 2,
     {">scheduling overhead per chunk (µs)<", ">0.1<", ">1<"},
     {">0.01<", ">10<", ">100<"}},
    {"phases",
     {"a.db"},
     2 * 6 + 4,
     "transform='translate(",
     20,
     {">synthetic<", ">null<", ">static<", ">dynamic:chunk=4<", ">time of a run (ms)<",
      ">start-up<", ">prepare<", ">parallel<", ">finish<", ">8*<", ">800<",
      "more workers than places"},
     {">1200<"}},
    {"schemes",
     {"a.db"},
     2 * 5 * 5 + 5,
     "transform='translate(",
     24 + 5,
     {">total time (ms)<", ">static<", ">dynamic:chunk=4<", ">1 worker<", ">8 workers<",
      ">synthetic<", "hollow: more workers than places", "95 % intervals"},
     {">2000<"}},
    {"roofline",
     {"a.db"},
     34,
     "transform='translate(",
     24 + 4,
     {">arithmetic intensity (flop/byte)<", ">rate of computing in the parallel phase (Gflop/s)<",
      ">synthetic, static<", "10 GB/s", ">8<",
      "flops and bytes: declared by the kernel, not counted", "no roof: peaks not given"},
     {">1000<"}},
    {"frame",
     {"frame.fits[11:30,5:14]"},
     1,
     "<image ",
     1,
     {">x (pixels)<", ">y (pixels)<", ">pixel value<", "asinh stretch", "frame: the section used",
      ">40<", "data:image/png;base64,"},
     {">50<"}},
    {"deconvolution",
     {"frame.fits", "after.fits"},
     2,
     "<image ",
     2,
     {">x (pixels)<", ">y (pixels)<", "the central region", "2 x 2 for each one before", ">40<"},
     {">80<"}},
    {"completeness",
     {"table.txt"},
     5,
     "transform='translate(",
     6 + 1,
     {">magnitude of the inserted star (mag)<", ">completeness: recovered / inserted<",
      "95 % intervals", ">18<", ">22<"},
     {">16<", ">23<"}},
    {"timeline",
     {"record.txt"},
     8,
     "fill = 'rgb(  0, 114, 178)'",
     4 + 1,
     {">worker<", "time since the release of the workers", ">chunks<", "12 tasks, 4 chunks"},
     {">stolen chunks<"}},
    {"simulation",
     {"simulated.json"},
     6,
     "transform='translate(",
     3 * 2 + 2,
     {"workers", "simulated", "static", "dynamic"},
     {"measured time"}},
};

static inline const struct expectation *expectation_of(const char *figure)
{
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        if (strcmp(expectations[i].figure, figure) == 0)
            return &expectations[i];
    return NULL;
}

#endif
