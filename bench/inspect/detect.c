/* What the detector costs: `bench_detect WEIGHTS [IMAGE]`, microseconds for a user's turn of 2 KB
 * and a tool's result of 32 KB: views, signatures, model and fusion, each alone and together, in
 * time of the processor: what others do on the machine does not count. */
#include "inspect/detect/detect.h"
#include "inspect/image.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIMIT = 8 << 20, ROUNDS = 400, FILE_MAX = 64 << 20 };

struct bench {
    struct pst_detector *detector;
    struct pst_signature_image *image;
    struct pst_signature_scanner *scanner;
    struct pst_arena arena;
    struct pst_views views;
    struct pst_signature_hits hits;
};

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void line(const char *name, double *times, size_t bytes)
{
    qsort(times, ROUNDS, sizeof(*times), by_size);
    printf("  %-12s p50 %8.1f us  p99 %8.1f us  %6.2f ns/B\n", name, times[ROUNDS / 2],
           times[ROUNDS * 99 / 100], times[ROUNDS / 2] * 1e3 / (double)bytes);
}

static bool measure(struct bench *b, const char *name, struct pst_str text, enum pst_source source)
{
    static double times[4][ROUNDS];
    struct pst_err err = {0};
    struct pst_detection d = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        double start = now_us();
        pst_arena_clear(&b->arena);
        if (pst_views_make(text, PST_WANT_READER, LIMIT, &b->arena, &b->views, &err) != PST_OK) {
            return false;
        }
        double views = now_us();
        if (b->scanner != NULL &&
            pst_signature_scan_in(b->scanner, &b->views, 1U << source, &b->hits, &err) != PST_OK) {
            return false;
        }
        double signatures = now_us();
        if (pst_detect(b->detector, &b->views, b->scanner != NULL ? &b->hits : NULL, source,
                       &b->arena, &d, &err) != PST_OK) {
            return false;
        }
        double end = now_us();
        times[0][i] = views - start;
        times[1][i] = signatures - views;
        times[2][i] = end - signatures;
        times[3][i] = end - start;
    }
    printf("%s, %zu bytes, %zu views, score %u\n", name, text.n, b->views.n, d.injection);
    line("views", times[0], text.n);
    line("signatures", times[1], text.n);
    line("model", times[2], text.n);
    line("all", times[3], text.n);
    return true;
}

static struct pst_str read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = aligned_alloc(64, FILE_MAX);
    if (f == NULL || p == NULL) {
        perror(path);
        exit(1);
    }
    size_t n = fread(p, 1, FILE_MAX, f);
    (void)fclose(f);
    return pst_str_of(p, n);
}

static void fill(struct pst_buf *out, size_t size, const char *unit)
{
    pst_buf_clear(out);
    for (unsigned i = 0; out->n + strlen(unit) + 16 <= size; i++) {
        if (!pst_buf_fmt(out, "%u ", i) || !pst_buf_add(out, pst_str_c(unit))) {
            return;
        }
    }
}

int main(int argc, char **argv)
{
    struct bench b = {.detector = NULL};
    struct pst_err err = {0};
    struct pst_str section;
    struct pst_buf text;
    if (argc < 2) {
        (void)fputs("bench_detect WEIGHTS [IMAGE]\n", stderr);
        return 2;
    }
    pst_arena_init(&b.arena, 1 << 20, 96 << 20);
    pst_buf_init(&text, 1 << 20);
    bool ok = pst_detector_init(&b.detector, read_file(argv[1]), &err) == PST_OK;
    if (ok && argc > 2) {
        ok = pst_inspect_image_section(read_file(argv[2]), PST_SECTION_SIGNATURE, &section, &err) ==
                 PST_OK &&
             pst_signature_image_open(section, &b.image, &err) == PST_OK &&
             pst_signature_scanner_init(&b.scanner, b.image, &err) == PST_OK;
    }
    fill(&text, 2048,
         "please look at the second paragraph of my letter, and tell me whether it is "
         "too long for a first application; ");
    ok = ok && measure(&b, "user turn", pst_buf_str(&text), PST_SOURCE_USER);
    fill(&text, 32768,
         "{\"id\": 4711, \"name\": \"Ada\", \"note\": \"the invoice was sent again on "
         "Monday, and the customer agreed\", \"open\": false},\n");
    ok = ok && measure(&b, "tool result", pst_buf_str(&text), PST_SOURCE_TOOL);
    if (!ok) {
        (void)fprintf(stderr, "%s\n", err.text);
    }
    pst_signature_scanner_release(b.scanner);
    pst_signature_image_close(b.image);
    pst_detector_release(b.detector);
    pst_buf_release(&text);
    pst_arena_release(&b.arena);
    return ok ? 0 : 1;
}
