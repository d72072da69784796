/* What one would write without skyscale: WCSLIB on one big array, strtod before, printf after.
 *
 *   wcslib_text IMAGE LIST OUTPUT */
#include <fitsio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wcslib/wcs.h>
#include <wcslib/wcshdr.h>

static void fail(const char *what)
{
    fprintf(stderr, "wcslib_text: %s\n", what);
    exit(1);
}

static char *read_text(const char *name)
{
    FILE *file = fopen(name, "rb");
    char *text;
    long size;

    if (file == NULL)
        fail(name);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size)
        fail(name);
    text[size] = '\0';
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    fitsfile *fits = NULL;
    char *header = NULL, *text, *p;
    int n_cards, n_rejected, n_wcs, code = 0;
    struct wcsprm *wcs = NULL;
    size_t n = 0;
    double *from, *plane, *phi, *theta, *to;
    int *stat;
    FILE *out;

    if (argc != 4)
        fail("usage: wcslib_text IMAGE LIST OUTPUT");
    if (fits_open_file(&fits, argv[1], READONLY, &code) != 0 ||
        fits_hdr2str(fits, 1, NULL, 0, &header, &n_cards, &code) != 0 ||
        wcspih(header, n_cards, WCSHDR_all, 0, &n_rejected, &n_wcs, &wcs) != 0 || wcsset(wcs) != 0)
        fail(argv[1]);
    text = read_text(argv[2]);
    for (p = text; (p = strchr(p, '\n')) != NULL; p++)
        n++;
    from = malloc(2 * n * sizeof(double));
    plane = malloc(2 * n * sizeof(double));
    to = malloc(2 * n * sizeof(double));
    phi = malloc(n * sizeof(double));
    theta = malloc(n * sizeof(double));
    stat = malloc(n * sizeof(int));
    p = text;
    for (size_t i = 0; i < 2 * n; i++)
        from[i] = strtod(p, &p);
    if (wcsp2s(wcs, (int)n, 2, from, plane, phi, theta, to, stat) != 0)
        fail("transformation");
    out = fopen(argv[3], "w");
    if (out == NULL)
        fail(argv[3]);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%.4f %.4f %.9f %.9f\n", from[2 * i], from[2 * i + 1], to[2 * i],
                to[2 * i + 1]);
    if (fclose(out) != 0)
        fail(argv[3]);
    return 0;
}
