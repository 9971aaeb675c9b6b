/* What the detector sees of texts, for training: `detector-features ids` writes the n-grams of
 * every view, `detector-features tokens` the same token by token, `detector-features fuse WEIGHTS`
 * the inputs of the fusion, `detector-features score WEIGHTS` the detections; an inspection image
 * after WEIGHTS adds its signatures. Built, not installed. Numbers are of this machine's byte
 * order: maker and reader are one machine.
 *
 *   in   u32 bytes, u32 source, text                                       … to the end
 *   out  u32 flags, u32 views, then for each view that is scored: u32 kind, u32 depth, and
 *        ids:  u32 blocks, u32 ids, block ends (u32 each), ids (u32 each)
 *        tokens: u32 tokens, then for each token u32 ids, ids (u32 each)
 *        fuse: PST_INPUTS * i32
 *   out  score: struct pst_detection */
#include "inspect/detect/detect.h"
#include "inspect/detect/fusion.h"
#include "inspect/detect/weights.h"
#include "inspect/image.h"

#include "base/buf.h"
#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 16 << 20, ARENA = 512 << 20, FILE_MAX = 64 << 20 };

struct job {
    const char *mode;
    struct pst_weights weights;
    struct pst_detector *detector;
    struct pst_signature_image *signatures;
    struct pst_signature_scanner *scanner;
    struct pst_signature_hits hits;
    struct pst_arena arena;
    struct pst_buf ids, ends;
};

static void put(const void *p, size_t n)
{
    if (n > 0 && fwrite(p, 1, n, stdout) != n) {
        exit(1);
    }
}

static void put_u32(uint32_t v)
{
    put(&v, sizeof(v));
}

static void add_u32(struct pst_buf *b, uint32_t v)
{
    if (!pst_buf_add(b, pst_str_of(&v, sizeof(v)))) {
        exit(1);
    }
}

static void put_ids(struct job *job, const struct pst_view *view)
{
    pst_buf_clear(&job->ids);
    pst_buf_clear(&job->ends);
    struct pst_grams g;
    pst_grams_init(&g, view->text);
    size_t tokens = 0;
    while (pst_grams_next(&g)) {
        if (tokens > 0 && tokens % PST_BLOCK_TOKENS == 0) {
            add_u32(&job->ends, (uint32_t)(job->ids.n / 4));
        }
        for (size_t i = 0; i < g.n; i++) {
            add_u32(&job->ids, g.id[i]);
        }
        tokens++;
    }
    if (tokens > 0) {
        add_u32(&job->ends, (uint32_t)(job->ids.n / 4));
    }
    put_u32((uint32_t)(job->ends.n / 4));
    put_u32((uint32_t)(job->ids.n / 4));
    put(job->ends.p, job->ends.n);
    put(job->ids.p, job->ids.n);
}

static void put_tokens(struct job *job, const struct pst_view *view)
{
    pst_buf_clear(&job->ids);
    struct pst_grams g;
    pst_grams_init(&g, view->text);
    uint32_t tokens = 0;
    for (; pst_grams_next(&g); tokens++) {
        add_u32(&job->ids, (uint32_t)g.n);
        for (size_t i = 0; i < g.n; i++) {
            add_u32(&job->ids, g.id[i]);
        }
    }
    put_u32(tokens);
    put(job->ids.p, job->ids.n);
}

static void put_inputs(struct job *job, const struct pst_views *views, size_t i, uint32_t source)
{
    struct pst_model_score score;
    int32_t inputs[PST_INPUTS];
    pst_model_score(&job->weights.injection, views->list[i].text, &score);
    pst_fusion_inputs(&score, &views->list[i], views->flags,
                      job->scanner != NULL ? &job->hits : NULL, (enum pst_source)source, inputs);
    put(inputs, sizeof(inputs));
}

static void put_text(struct job *job, struct pst_str text, uint32_t source)
{
    struct pst_views views;
    struct pst_err err;
    if (pst_views_make(text, PST_WANT_READER, 64 << 20, &job->arena, &views, &err) != PST_OK ||
        (job->scanner != NULL &&
         pst_signature_scan_in(job->scanner, &views, 1U << source, &job->hits, &err) != PST_OK)) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    if (strcmp(job->mode, "score") == 0) {
        struct pst_detection d = {0};
        views.cut = false;
        if (pst_detect(job->detector, &views, job->scanner != NULL ? &job->hits : NULL,
                       (enum pst_source)source, &job->arena, &d, &err) != PST_OK) {
            (void)fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        put(&d, sizeof(d));
        return;
    }
    uint32_t n = 0;
    for (size_t i = 0; i < views.n; i++) {
        n += pst_detect_reads(&views, i);
    }
    put_u32(views.flags);
    put_u32(n);
    for (size_t i = 0; i < views.n; i++) {
        if (!pst_detect_reads(&views, i)) {
            continue;
        }
        put_u32(views.list[i].kind);
        put_u32(views.list[i].depth);
        if (strcmp(job->mode, "ids") == 0) {
            put_ids(job, &views.list[i]);
        } else if (strcmp(job->mode, "tokens") == 0) {
            put_tokens(job, &views.list[i]);
        } else {
            put_inputs(job, &views, i, source);
        }
    }
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

static enum pst_status read_signatures(struct job *job, struct pst_str image, struct pst_err *err)
{
    struct pst_str section;
    return pst_inspect_image_section(image, PST_SECTION_SIGNATURE, &section, err) == PST_OK &&
                   pst_signature_image_open(section, &job->signatures, err) == PST_OK &&
                   pst_signature_scanner_init(&job->scanner, job->signatures, err) == PST_OK
               ? PST_OK
               : PST_ERR;
}

static bool read_job(struct job *job, int argc, char **argv)
{
    struct pst_err err = {0};
    job->mode = argc > 1 ? argv[1] : "";
    bool ids = (strcmp(job->mode, "ids") == 0 || strcmp(job->mode, "tokens") == 0) && argc == 2;
    bool other = (strcmp(job->mode, "fuse") == 0 || strcmp(job->mode, "score") == 0) && argc >= 3;
    if (!ids && !other) {
        (void)fprintf(stderr, "detector-features ids|tokens | fuse|score WEIGHTS [IMAGE]\n");
        return false;
    }
    if (other) {
        struct pst_str file = read_file(argv[2]);
        if (pst_weights_open(file, &job->weights, &err) != PST_OK ||
            pst_detector_init(&job->detector, file, &err) != PST_OK ||
            (argc > 3 && read_signatures(job, read_file(argv[3]), &err) != PST_OK)) {
            (void)fprintf(stderr, "%s\n", err.text);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    pst_buf_init(&job.ids, 1 << 30);
    pst_buf_init(&job.ends, 1 << 30);
    pst_arena_init(&job.arena, 1 << 20, ARENA);
    uint8_t *text = malloc(TEXT_MAX);
    if (text == NULL || !read_job(&job, argc, argv)) {
        return 1;
    }
    uint32_t head[2];
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        if (head[0] > TEXT_MAX || head[1] >= PST_SOURCES ||
            fread(text, 1, head[0], stdin) != head[0] ||
            !pst_utf8_valid(pst_str_of(text, head[0]))) {
            (void)fprintf(stderr, "the input is cut, too long or not UTF-8\n");
            return 1;
        }
        put_text(&job, pst_str_of(text, head[0]), head[1]);
        pst_arena_clear(&job.arena);
    }
    pst_detector_release(job.detector);
    pst_buf_release(&job.ids);
    pst_buf_release(&job.ends);
    pst_arena_release(&job.arena);
    free(text);
    return 0;
}
