/* Which signatures show in which texts: for measuring them. Files of signatures as arguments; texts
 * on standard input, each a 32-bit little-endian length and its bytes. One line for each text: the
 * ids that show, with a space between any two. With --list: the rules themselves. */
#include "rules/signature_load.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 4 << 20 };

static void print_hits(const struct pst_signature_image *image,
                       const struct pst_signature_hits *hits)
{
    bool shown[PST_SIGNATURES_MAX] = {false};
    for (size_t i = 0; i < hits->n; i++) {
        if (!shown[hits->list[i].rule]) {
            printf("%.*s ", PST_FMT(pst_signature_id(image, hits->list[i].rule)));
        }
        shown[hits->list[i].rule] = true;
    }
    printf("\n");
}

static enum pst_status scan_all(const struct pst_signature_image *image, struct pst_err *err)
{
    struct pst_signature_scanner *scanner = NULL;
    uint8_t *text = malloc(TEXT_MAX), head[4];
    if (text == NULL || pst_signature_scanner_init(&scanner, image, err) != PST_OK) {
        free(text);
        return PST_ERR;
    }
    enum pst_status status = PST_OK;
    while (status == PST_OK && fread(head, 1, 4, stdin) == 4) {
        struct pst_signature_hits hits;
        struct pst_views views = {.n = 1};
        struct pst_cur c = pst_cur_of(pst_str_of(head, 4));
        uint32_t n = 0;
        if (!pst_cur_u32le(&c, &n) || n > TEXT_MAX || fread(text, 1, n, stdin) != n) {
            status = pst_fail(err, PST_E_SYNTAX, "a text is cut off or too long");
            break;
        }
        views.list[0].text = pst_str_of(text, n);
        status = pst_signature_scan(scanner, &views, &hits, err);
        print_hits(image, &hits);
    }
    pst_signature_scanner_release(scanner);
    free(text);
    return status;
}

static void print_rules(const struct pst_signature_image *image)
{
    for (size_t i = 0; i < pst_signature_count(image); i++) {
        struct pst_signature s = pst_signature_get(image, i);
        printf("%.*s\t%s\t%u\t%.*s\t%u\n", PST_FMT(s.id), pst_category_name(s.category), s.weight,
               PST_FMT(s.tags), s.longest);
    }
}

int main(int argc, char **argv)
{
    struct pst_arena arena;
    struct pst_signature_set set;
    struct pst_signature_image *opened = NULL;
    uint8_t *image = NULL;
    size_t image_n = 0;
    struct pst_err err = {0};
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    int first = list ? 2 : 1;
    pst_arena_init(&arena, 1 << 20, 128 << 20);
    enum pst_status status = pst_signature_load(&arena, &argv[first], (size_t)(argc - first),
                                                getenv("POSTERN_RULE_STORE"), &set, &image,
                                                &image_n, &err);
    if (status == PST_OK) {
        status = pst_signature_image_open(pst_str_of(image, image_n), &opened, &err);
    }
    if (status == PST_OK && list) {
        print_rules(opened);
        fprintf(stderr, "%zu bytes\n", image_n);
    } else if (status == PST_OK) {
        status = scan_all(opened, &err);
    }
    if (status != PST_OK) {
        fprintf(stderr, "%s:%u: %s\n", err.file, err.line, err.text);
    }
    pst_signature_image_close(opened);
    free(image);
    pst_arena_release(&arena);
    return status == PST_OK ? 0 : 1;
}
