/* A frame cut into sections is put together again: pasting writes every pixel once, blending weighs
 * every pixel with 1 in all, whatever the sizes. */
#include "kernels/astro/sections.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/assert_near.h"

struct shape {
    size_t nx, ny, size, step;
    unsigned subsample;
};

static const struct shape shapes[] = {
    {800, 800, 256, 128, 1}, {100, 37, 16, 8, 2}, {10, 50, 16, 8, 3}, {64, 64, 16, 16, 1},
    {17, 16, 16, 8, 2},      {33, 90, 16, 5, 1},  {16, 16, 16, 1, 1}, {40, 41, 16, 1, 2},
    {1, 1, 16, 8, 4},        {51, 18, 4, 3, 1},
};

/* The value that stands for sub-pixel k of the product. */
static float value_of(size_t k)
{
    return (float)(1 + k % 4093);
}

/* A section's image, taken from the product it should lead to. */
static void fill_image(const struct shape *p, const sks_section *s, float *image)
{
    size_t k = p->subsample;

    for (size_t j = 0; j < k * s->ny; j++)
        for (size_t i = 0; i < k * s->nx; i++)
            image[j * k * s->nx + i] = value_of((k * s->y0 + j) * k * p->nx + k * s->x0 + i);
}

static void put_together(const struct shape *p)
{
    size_t k = p->subsample, n = k * k * p->nx * p->ny;
    float *pasted = calloc(n, sizeof(*pasted)), *blended = calloc(n, sizeof(*blended));
    unsigned *times = calloc(n, sizeof(*times));
    sks_sections *sections = NULL;

    assert_int_equal(sks_sections_create(p->nx, p->ny, p->size, p->step, p->subsample, &sections),
                     SKS_OK);
    for (size_t t = 0; t < sks_sections_count(sections); t++) {
        sks_section s = sks_sections_get(sections, t);
        float *image = calloc(k * k * s.nx * s.ny, sizeof(*image));

        assert_true(s.nx == (p->size < p->nx ? p->size : p->nx));
        assert_true(s.x0 + s.nx <= p->nx && s.y0 + s.ny <= p->ny);
        assert_true(s.inner_x0 >= s.x0 && s.inner_x1 <= s.x0 + s.nx);
        assert_true(s.inner_y0 >= s.y0 && s.inner_y1 <= s.y0 + s.ny);
        for (size_t y = k * s.inner_y0; y < k * s.inner_y1; y++)
            for (size_t x = k * s.inner_x0; x < k * s.inner_x1; x++)
                times[y * k * p->nx + x]++;
        fill_image(p, &s, image);
        sks_sections_paste(sections, t, image, pasted);
        sks_sections_blend(sections, t, image, blended);
        free(image);
    }
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(times[i], 1);
        assert_true(pasted[i] == value_of(i));
        assert_near(blended[i], value_of(i), 1e-6 * (double)value_of(i));
    }
    sks_sections_destroy(sections);
    free(pasted);
    free(blended);
    free(times);
}

static void every_frame_is_covered_once(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        put_together(&shapes[i]);
}

/* 256 with a step of 128: the paper's sections, its inner squares and its PSF positions. */
static void sections_are_the_papers(void **unused)
{
    sks_sections *sections = NULL;
    sks_section s;
    size_t index = 99;

    (void)unused;
    assert_int_equal(sks_sections_create(800, 800, 256, 128, 2, &sections), SKS_OK);
    assert_int_equal(sks_sections_count(sections), 36);
    assert_true(sks_sections_find(sections, 384, 640, &index));
    s = sks_sections_get(sections, index);
    assert_int_equal(s.x0, 256); /* [257:512,513:768] */
    assert_int_equal(s.y0, 512);
    assert_near(s.psf_x, 384, 0);
    assert_near(s.psf_y, 640, 0);
    assert_int_equal(s.inner_x0, 320);
    assert_int_equal(s.inner_x1, 448);
    assert_true(sks_sections_find(sections, 128, 128, &index));
    assert_int_equal(index, 0);
    assert_false(sks_sections_find(sections, 130, 128, &index));
    s = sks_sections_get(sections, 35); /* moved back to end with the frame */
    assert_int_equal(s.x0, 544);
    assert_int_equal(s.inner_x1, 800);
    sks_sections_destroy(sections);
}

static void a_section_is_cut_from_its_place(void **unused)
{
    enum { NX = 23, NY = 19, SIZE = 8 };
    float frame[NX * NY], data[SIZE * SIZE];
    sks_sections *sections = NULL;

    (void)unused;
    for (size_t i = 0; i < NX * NY; i++)
        frame[i] = (float)i;
    assert_int_equal(sks_sections_create(NX, NY, SIZE, 4, 1, &sections), SKS_OK);
    for (size_t t = 0; t < sks_sections_count(sections); t++) {
        sks_section s = sks_sections_get(sections, t);

        sks_sections_cut(sections, t, frame, data);
        for (size_t i = 0; i < SIZE * SIZE; i++)
            assert_true(data[i] == frame[(s.y0 + i / SIZE) * NX + s.x0 + i % SIZE]);
    }
    sks_sections_destroy(sections);
}

/* Blending two sections that differ by a constant: no step anywhere larger than the ramp's. */
static void blending_leaves_no_seam(void **unused)
{
    enum { NX = 48, SIZE = 32 };
    float image[SIZE * SIZE], product[NX * SIZE] = {0};
    sks_sections *sections = NULL;

    (void)unused;
    assert_int_equal(sks_sections_create(NX, SIZE, SIZE, 16, 1, &sections), SKS_OK);
    assert_int_equal(sks_sections_count(sections), 2);
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < SIZE * SIZE; i++)
            image[i] = (float)t;
        sks_sections_blend(sections, t, image, product);
    }
    for (size_t i = 1; i < NX; i++) {
        assert_true(product[i] >= product[i - 1]);
        assert_true(product[i] - product[i - 1] < 0.25f);
    }
    /* The outermost quarter of the overlap [16, 32) is the neighbour's alone. */
    assert_true(product[19] == 0 && product[28] == 1);
    sks_sections_destroy(sections);
}

static void wrong_shapes_are_refused(void **unused)
{
    sks_sections *none = NULL;

    (void)unused;
    assert_int_equal(sks_sections_create(0, 5, 16, 8, 1, &none), SKS_ERR_USAGE);
    assert_int_equal(sks_sections_create(50, 50, 3, 1, 1, &none), SKS_ERR_USAGE);
    assert_int_equal(sks_sections_create(50, 50, 16, 17, 1, &none), SKS_ERR_USAGE);
    assert_int_equal(sks_sections_create(50, 50, 16, 0, 1, &none), SKS_ERR_USAGE);
    assert_int_equal(sks_sections_create(50, 50, 16, 8, 0, &none), SKS_ERR_USAGE);
    assert_null(none);
    sks_sections_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_covered_once),
        cmocka_unit_test(sections_are_the_papers),
        cmocka_unit_test(a_section_is_cut_from_its_place),
        cmocka_unit_test(blending_leaves_no_seam),
        cmocka_unit_test(wrong_shapes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
