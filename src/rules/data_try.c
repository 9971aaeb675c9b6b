#include "rules/data_try.h"

#include "base/enc.h"
#include "rules/example.h"

struct trial {
    const struct pst_rule_set *set;
    const struct pst_scan_image *image;
    struct pst_scanner *scanner;
    struct pst_arena arena; /* of one example */
    struct pst_buf text;
    pst_rule_failure_fn fn;
    void *ctx;
    struct pst_rule_tried *tried;
};

static void failed(struct trial *t, const struct pst_rule_def *def, struct pst_str example,
                   bool counter, const char *what)
{
    struct pst_rule_failure failure = {.def = def,
                                       .type = &t->set->types[def->data.type],
                                       .example = example,
                                       .counter = counter,
                                       .what = what};
    t->tried->failed++;
    if (t->fn != NULL) {
        t->fn(t->ctx, &failure);
    }
}

/* Whether the type stands at [start, end), or with no marks anywhere. */
static bool holds(const struct pst_findings *found, uint16_t type, bool marked, size_t start,
                  size_t end)
{
    for (size_t i = 0; i < found->n; i++) {
        const struct pst_finding *f = &found->list[i];
        if (f->type == type && (!marked || (f->start == start && f->end == end))) {
            return true;
        }
    }
    return false;
}

static void example_try(struct trial *t, const struct pst_rule_def *def, struct pst_str written,
                        size_t number, bool counter)
{
    struct pst_scan_text scan = {.more = false};
    struct pst_findings found;
    struct pst_err err = {0};
    size_t start = 0, end = 0;
    pst_buf_clear(&t->text);
    pst_arena_clear(&t->arena);
    *(counter ? &t->tried->counters : &t->tried->examples) += 1;
    uint64_t seed = pst_rules_example_seed(t->set->types[def->data.type].name, number);
    if (pst_rules_example_expand(written, seed, &t->text, &err) != PST_OK) {
        failed(t, def, written, counter, "a generator in it is not well formed");
        return;
    }
    scan.text = pst_buf_str(&t->text);
    bool marked = !counter &&
                  pst_rule_example(&t->arena, pst_buf_str(&t->text), &scan.text, &start, &end);
    if (!pst_utf8_valid(scan.text) || pst_scan(t->scanner, &scan, &found, &err) != PST_OK) {
        failed(t, def, scan.text, counter, "it could not be inspected");
    } else if (holds(&found, def->data.type, marked, start, end) == counter) {
        failed(t, def, scan.text, counter,
               counter ? "found in a counter-example" : "not found where it is marked");
    }
}

static void def_try(struct trial *t, const struct pst_rule_def *def)
{
    size_t number = def->n_examples;
    t->tried->defs++;
    for (const struct pst_rule_word *w = def->examples; w != NULL; w = w->next) {
        example_try(t, def, w->text, --number, false);
    }
    number = def->n_counter;
    for (const struct pst_rule_word *w = def->counter; w != NULL; w = w->next) {
        example_try(t, def, w->text, --number, true);
    }
}

enum pst_status pst_rules_try(const struct pst_rule_set *set, const struct pst_scan_image *image,
                              pst_rule_failure_fn fn, void *ctx, struct pst_rule_tried *ret,
                              struct pst_err *err)
{
    struct trial t = {.set = set, .image = image, .fn = fn, .ctx = ctx, .tried = ret};
    *ret = (struct pst_rule_tried){0};
    if (pst_scanner_init(&t.scanner, image, err) != PST_OK) {
        return PST_ERR;
    }
    pst_arena_init(&t.arena, PST_EXAMPLE_MAX, PST_EXAMPLE_MAX * 4);
    pst_buf_init(&t.text, PST_EXAMPLE_MAX);
    for (size_t i = 0; i < set->n_defs; i++) {
        def_try(&t, &set->defs[i]);
    }
    pst_buf_release(&t.text);
    pst_arena_release(&t.arena);
    pst_scanner_release(t.scanner);
    return PST_OK;
}

/* --- packs ------------------------------------------------------------------------------------ */

static bool sized_put(struct pst_buf *out, struct pst_str bytes)
{
    uint8_t n[4];
    pst_put_u32le(n, (uint32_t)bytes.n);
    return pst_buf_add(out, pst_str_of(n, sizeof n)) && pst_buf_add(out, bytes);
}

bool pst_rules_pack(const struct pst_rule_file *files, size_t n, struct pst_buf *out)
{
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        ok = pst_buf_byte(out, files[i].credentials ? 1 : 0) && sized_put(out, files[i].name) &&
             sized_put(out, files[i].text);
    }
    return ok;
}

static bool sized_get(struct pst_cur *c, struct pst_str *ret)
{
    uint32_t n;
    return pst_cur_u32le(c, &n) && pst_cur_take(c, n, ret);
}

enum pst_status pst_rules_unpack(struct pst_str pack, struct pst_rule_file *files, size_t room,
                                 size_t *ret_n, struct pst_err *err)
{
    struct pst_cur c = pst_cur_of(pack);
    size_t n = 0;
    while (!pst_cur_done(&c)) {
        uint8_t credentials;
        struct pst_rule_file f = {.credentials = false};
        if (n == room || !pst_cur_u8(&c, &credentials) || !sized_get(&c, &f.name) ||
            !sized_get(&c, &f.text)) {
            return pst_fail(err, PST_E_CONFIG, "not a pack of rules, or of too many files");
        }
        f.credentials = credentials != 0;
        files[n++] = f;
    }
    *ret_n = n;
    return PST_OK;
}
