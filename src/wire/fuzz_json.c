/* Two bytes choose the configuration and the cuts, the rest is the text. However it is cut, the
 * result must be the same; what was accepted must come back from its written and from its canonical
 * form. */
#include "wire/json_out.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 16 };

static const struct pst_json_name known[] = {
    {PST_STR_INIT("model"), false},
    {PST_STR_INIT("a"), false},
    {PST_STR_INIT("parameters"), true},
    {PST_STR_INIT("Content"), false},
};

struct result {
    struct pst_arena arena;
    struct pst_json_parser parser;
    struct pst_err err;
    enum pst_status status;
};

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void parse(struct result *r, const struct pst_json_config *config, struct pst_str text,
                  uint8_t cuts)
{
    *r = (struct result){.status = PST_AGAIN};
    pst_arena_init(&r->arena, 1024, 32U << 20);
    pst_json_init(&r->parser, config, &r->arena);
    uint32_t state = cuts;
    size_t at = 0;
    while (r->status != PST_ERR && at < text.n) {
        state = state * 1664525 + 1013904223;
        const size_t n = cuts == 0 ? text.n : cuts == 1 ? 1 : (state >> 24) % cuts;
        r->status = pst_json_feed(&r->parser, pst_str_cut(text, at, n), &r->err);
        at += n;
    }
    if (r->status != PST_ERR) {
        const enum pst_status last = pst_json_finish(&r->parser, &r->err);
        must(last != PST_AGAIN && (r->status != PST_OK || last == PST_OK));
        r->status = last;
    }
}

static void release(struct result *r)
{
    pst_json_release(&r->parser);
    pst_arena_release(&r->arena);
}

static void same_value(const struct pst_json *a, const struct pst_json *b, bool spans)
{
    must(a->type == b->type && a->count == b->count && pst_str_eq(a->name, b->name));
    must(a->known == b->known && a->opaque == b->opaque);
    must(!spans || (a->offset == b->offset && a->length == b->length));
    if (a->type == PST_JSON_STRING || a->type == PST_JSON_NUMBER) {
        must(pst_str_eq(a->text, b->text));
    }
}

static void same_tree(const struct pst_json *a, const struct pst_json *b, bool spans)
{
    const struct pst_json *stack[PST_JSON_DEPTH_MAX][2];
    size_t depth = 0;
    while (a != NULL && b != NULL) {
        same_value(a, b, spans);
        if (pst_json_first(a) != NULL) {
            must(depth < PST_JSON_DEPTH_MAX);
            stack[depth][0] = a;
            stack[depth++][1] = b;
            a = pst_json_first(a);
            b = pst_json_first(b);
            continue;
        }
        while (depth > 0 && a->next == NULL && b->next == NULL) {
            a = stack[--depth][0];
            b = stack[depth][1];
        }
        a = depth > 0 ? a->next : NULL;
        b = depth > 0 ? b->next : NULL;
    }
    must(a == NULL && b == NULL);
}

static void same_result(const struct result *a, const struct result *b)
{
    must(a->status == b->status);
    if (a->status == PST_OK) {
        same_tree(a->parser.root, b->parser.root, true);
    } else {
        must(a->err.code == b->err.code && a->err.line == b->err.line &&
             a->err.column == b->err.column && strcmp(a->err.text, b->err.text) == 0);
    }
}

/* Spans lie inside the text, and the span of a number is its literal. */
static void spans_are_right(const struct pst_json *root, struct pst_str text)
{
    must((size_t)root->offset + root->length <= text.n);
    for (const struct pst_json *v = pst_json_first(root); v != NULL; v = v->next) {
        must(v->offset > root->offset && v->offset + v->length < root->offset + root->length);
        if (v->type == PST_JSON_NUMBER) {
            must(pst_str_eq(v->text, pst_str_cut(text, v->offset, v->length)));
        }
    }
}

static void comes_back(const struct pst_json_config *config, const struct pst_json *root)
{
    struct pst_buf out, again;
    struct pst_arena scratch;
    struct result r;
    pst_buf_init(&out, 1U << 20);
    pst_buf_init(&again, 1U << 20);
    pst_arena_init(&scratch, 1024, 32U << 20);
    must(pst_json_write(root, &out, NULL) == PST_OK);
    parse(&r, config, pst_buf_str(&out), 0);
    must(r.status == PST_OK);
    same_tree(root, r.parser.root, false);
    release(&r);

    pst_buf_clear(&out);
    if (pst_json_write_canonical(root, &scratch, &out, NULL) == PST_OK) {
        parse(&r, config, pst_buf_str(&out), 7);
        must(r.status == PST_OK);
        must(pst_json_write_canonical(r.parser.root, &scratch, &again, NULL) == PST_OK);
        must(pst_str_eq(pst_buf_str(&out), pst_buf_str(&again)));
        release(&r);
    }
    pst_arena_release(&scratch);
    pst_buf_release(&out);
    pst_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > TEXT_MAX) {
        return 0;
    }
    const uint8_t flags = data[0];
    const struct pst_str text = pst_str_from(pst_str_of(data, size), 2);
    struct pst_json_names names;
    pst_json_names_init(&names, known, PST_LEN(known));
    struct pst_json_config config = pst_json_config_of(4 * TEXT_MAX, flags);
    config.stable = (flags & 1) != 0;
    config.names = (flags & 2) != 0 ? &names : NULL;
    if ((flags & 4) != 0) {
        config.limits = (struct pst_json_limits){
            .bytes = 4 * TEXT_MAX, .depth = 4, .nodes = 32, .string_bytes = 16, .name_bytes = 8};
    }
    struct result whole, cut;
    parse(&whole, &config, text, 0);
    config.stable = !config.stable;
    parse(&cut, &config, text, data[1] > 0 ? data[1] : 1);
    same_result(&whole, &cut);
    release(&cut);
    if (whole.status == PST_OK) {
        spans_are_right(whole.parser.root, text);
        comes_back(&config, whole.parser.root);
    }
    release(&whole);
    return 0;
}
