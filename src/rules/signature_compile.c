#include "rules/signature_compile.h"

#include "base/enc.h"
#include "crypto/hash.h"
#include "inspect/signature/signature_format.h"
#include "rules/signature_pattern.h"
#include "rules/signature_store.h"

#include <hs.h>

#include <stdlib.h>

enum { LITERAL_MIN = 4 };

/* What the matcher takes: parallel arrays. */
struct expressions {
    struct pst_buf *texts;
    const char **list;
    unsigned int *flags, *ids;
    size_t n;
};

static enum pst_status fail_rule(const struct pst_signature_rule *rule, struct pst_err *err,
                                 const char *what)
{
    enum pst_status status = pst_fail_at(err, PST_E_CONFIG, rule->line, 1, "%.*s: %.*s: %s",
                                         PST_FMT(rule->file), PST_FMT(rule->rule.id), what);
    if (err != NULL) {
        pst_str_cut_c(rule->file, err->file, sizeof err->file);
    }
    return status;
}

static enum pst_status no_memory(struct pst_err *err)
{
    return pst_fail(err, PST_E_NO_MEMORY, "signatures: no memory");
}

static unsigned int flags_of(const struct pst_signature_rule *rule)
{
    unsigned int flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL;
    return rule->rule.repeat > 1 ? flags : flags | HS_FLAG_SINGLEMATCH;
}

static enum pst_status fail_expression(const struct pst_signature_rule *rule,
                                       hs_compile_error_t *why, struct pst_err *err)
{
    enum pst_status status = fail_rule(rule, err, why != NULL ? why->message : "not compiled");
    (void)hs_free_compile_error(why);
    return status;
}

/* How long a match can be, spaces taken as eight bytes at most. */
static enum pst_status measure(struct pst_signature_rule *rule, struct pst_err *err)
{
    struct pst_buf text;
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *why = NULL;
    if (pst_signature_literal(rule->pattern) < LITERAL_MIN) {
        return fail_rule(rule, err, "no literal of four bytes");
    }
    if (!pst_signature_class_ok(rule->pattern)) {
        return fail_rule(rule, err, "a class may hold ASCII only");
    }
    pst_buf_init(&text, 8 * PST_SIGNATURE_PATTERN_MAX);
    if (!pst_signature_expression(rule->pattern, true, &text)) {
        pst_buf_release(&text);
        return no_memory(err);
    }
    hs_error_t failed = hs_expression_info((const char *)text.p, flags_of(rule), &info, &why);
    pst_buf_release(&text);
    if (failed != HS_SUCCESS) {
        return fail_expression(rule, why, err);
    }
    bool is_short = info->min_width < LITERAL_MIN;
    rule->rule.longest = info->max_width;
    free(info);
    return is_short ? fail_rule(rule, err, "it may match less than four bytes") : PST_OK;
}

static void expressions_release(struct expressions *e)
{
    for (size_t i = 0; e->texts != NULL && i < e->n; i++) {
        pst_buf_release(&e->texts[i]);
    }
    free(e->texts);
    free(e->list);
    free(e->flags);
    free(e->ids);
}

static enum pst_status expressions_fill(struct pst_signature_set *set, struct expressions *e,
                                        struct pst_err *err)
{
    e->texts = calloc(set->n, sizeof *e->texts);
    e->list = calloc(set->n, sizeof *e->list);
    e->flags = calloc(set->n, sizeof *e->flags);
    e->ids = calloc(set->n, sizeof *e->ids);
    if (e->texts == NULL || e->list == NULL || e->flags == NULL || e->ids == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < set->n; i++) {
        pst_buf_init(&e->texts[i], 8 * PST_SIGNATURE_PATTERN_MAX);
        e->n = i + 1;
        if (measure(&set->list[i], err) != PST_OK) {
            return PST_ERR;
        }
        if (!pst_signature_expression(set->list[i].pattern, false, &e->texts[i])) {
            return no_memory(err);
        }
        e->list[i] = (const char *)e->texts[i].p;
        e->flags[i] = flags_of(&set->list[i]);
        e->ids[i] = (unsigned int)i;
    }
    return PST_OK;
}

/* As it will lie in the section: at a multiple of 64. `*ret` is to be freed. */
static enum pst_status database_place(const hs_database_t *made, void **ret, size_t *ret_n,
                                      struct pst_err *err)
{
    char *bytes = NULL;
    size_t n = 0, size = 0;
    if (hs_serialize_database(made, &bytes, &n) != HS_SUCCESS) {
        return no_memory(err);
    }
    void *placed = NULL;
    bool ok = hs_serialized_database_size(bytes, n, &size) == HS_SUCCESS;
    if (ok) {
        size = (size + PST_SIGNATURE_ALIGN - 1) / PST_SIGNATURE_ALIGN * PST_SIGNATURE_ALIGN;
        placed = aligned_alloc(PST_SIGNATURE_ALIGN, size);
        ok = placed != NULL;
    }
    if (ok) {
        memset(placed, 0, size);
        ok = hs_deserialize_database_at(bytes, n, (hs_database_t *)placed) == HS_SUCCESS;
    }
    free(bytes);
    if (!ok) {
        free(placed);
        return no_memory(err);
    }
    *ret = placed;
    *ret_n = size;
    return PST_OK;
}

/* Of all that the database is made from. */
static enum pst_status expressions_key(const struct expressions *e, struct pst_str platform,
                                       uint8_t ret[PST_SIGNATURE_KEY_BYTES], struct pst_err *err)
{
    struct pst_sha256 h;
    uint8_t row[12];
    if (pst_sha256_init(&h, err) != PST_OK) {
        return PST_ERR;
    }
    pst_sha256_update(&h, pst_str_c(hs_version()));
    pst_sha256_update(&h, platform);
    for (size_t i = 0; i < e->n; i++) {
        pst_put_u32le(&row[0], e->flags[i]);
        pst_put_u32le(&row[4], e->ids[i]);
        pst_put_u32le(&row[8], (uint32_t)e->texts[i].n);
        pst_sha256_update(&h, pst_str_of(row, sizeof row));
        pst_sha256_update(&h, pst_buf_str(&e->texts[i]));
    }
    pst_sha256_finish(&h, ret);
    pst_sha256_release(&h);
    return PST_OK;
}

/* As it was kept; it lies at a multiple of 64 bytes in the section, so it may be copied as it is.
 */
static bool database_kept(const char *store, const uint8_t *key, void **ret, size_t *ret_n)
{
    struct pst_buf bytes;
    void *placed = NULL;
    pst_buf_init(&bytes, PST_SIGNATURE_IMAGE_MAX);
    if (store != NULL && pst_signature_store_get(store, key, &bytes) &&
        bytes.n % PST_SIGNATURE_ALIGN == 0) {
        placed = aligned_alloc(PST_SIGNATURE_ALIGN, bytes.n);
    }
    if (placed != NULL) {
        memcpy(placed, bytes.p, bytes.n);
        *ret = placed;
        *ret_n = bytes.n;
    }
    pst_buf_release(&bytes);
    return placed != NULL;
}

static enum pst_status database_compile(const struct pst_signature_set *set,
                                        const struct expressions *e,
                                        const hs_platform_info_t *least, void **ret, size_t *ret_n,
                                        struct pst_err *err)
{
    hs_database_t *made = NULL;
    hs_compile_error_t *why = NULL;
    if (hs_compile_multi(e->list, e->flags, e->ids, (unsigned int)e->n, HS_MODE_BLOCK, least, &made,
                         &why) != HS_SUCCESS) {
        size_t at = why != NULL && why->expression >= 0 ? (size_t)why->expression : 0;
        return fail_expression(&set->list[at], why, err);
    }
    enum pst_status status = database_place(made, ret, ret_n, err);
    (void)hs_free_database(made);
    return status;
}

static enum pst_status database_make(struct pst_signature_set *set, void **ret, size_t *ret_n,
                                     struct pst_err *err)
{
    const hs_platform_info_t least = {.tune = HS_TUNE_FAMILY_GENERIC, .cpu_features = 0};
    const struct pst_str platform = PST_STR("block, generic, no features, placed");
    struct expressions e = {0};
    uint8_t key[PST_SIGNATURE_KEY_BYTES];
    enum pst_status status = expressions_fill(set, &e, err);
    if (status == PST_OK) {
        status = expressions_key(&e, platform, key, err);
    }
    if (status == PST_OK && !database_kept(set->store, key, ret, ret_n)) {
        status = database_compile(set, &e, &least, ret, ret_n, err);
        if (status == PST_OK && set->store != NULL) {
            pst_signature_store_put(set->store, key, pst_str_of(*ret, *ret_n));
        }
    }
    expressions_release(&e);
    return status;
}

static bool put_u32(struct pst_buf *out, uint32_t v)
{
    uint8_t bytes[4];
    pst_put_u32le(bytes, v);
    return pst_buf_add(out, pst_str_of(bytes, sizeof bytes));
}

static bool put_u16(struct pst_buf *out, size_t v)
{
    uint8_t bytes[2];
    pst_put_u16le(bytes, (uint16_t)v);
    return pst_buf_add(out, pst_str_of(bytes, sizeof bytes));
}

static void put_zeros(struct pst_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)pst_buf_byte(out, 0);
    }
}

static void put_rule(struct pst_buf *out, const struct pst_signature *rule, size_t text_at)
{
    (void)put_u32(out, (uint32_t)text_at);
    (void)put_u16(out, rule->id.n);
    (void)put_u16(out, rule->tags.n);
    (void)pst_buf_byte(out, rule->category);
    (void)pst_buf_byte(out, rule->weight);
    (void)put_u16(out, rule->repeat);
    (void)put_u32(out, rule->channels);
    (void)put_u32(out, rule->longest);
    put_zeros(out, 12);
}

/* Everything from byte 16 on, into `body`. */
static void put_body(const struct pst_signature_set *set, struct pst_str database,
                     struct pst_buf *body)
{
    size_t texts_n = 0;
    for (size_t i = 0; i < set->n; i++) {
        texts_n += set->list[i].rule.id.n + set->list[i].rule.tags.n;
    }
    size_t texts_at = PST_SIGNATURE_HEAD_BYTES + set->n * PST_SIGNATURE_RULE_BYTES;
    size_t end = texts_at + texts_n;
    size_t pad = (PST_SIGNATURE_ALIGN - end % PST_SIGNATURE_ALIGN) % PST_SIGNATURE_ALIGN;
    (void)put_u32(body, (uint32_t)(end + pad + database.n));
    (void)put_u32(body, 0);
    (void)put_u32(body, (uint32_t)(end + pad));
    (void)put_u32(body, (uint32_t)database.n);
    (void)put_u32(body, (uint32_t)texts_at);
    (void)put_u32(body, (uint32_t)texts_n);
    put_zeros(body, 24);
    size_t at = 0;
    for (size_t i = 0; i < set->n; i++) {
        put_rule(body, &set->list[i].rule, at);
        at += set->list[i].rule.id.n + set->list[i].rule.tags.n;
    }
    for (size_t i = 0; i < set->n; i++) {
        (void)pst_buf_add(body, set->list[i].rule.id);
        (void)pst_buf_add(body, set->list[i].rule.tags);
    }
    put_zeros(body, pad);
    (void)pst_buf_add(body, database);
}

enum pst_status pst_signature_build(struct pst_signature_set *set, struct pst_buf *out,
                                    struct pst_err *err)
{
    void *database = NULL;
    size_t n = 0;
    if (set->n == 0) {
        return pst_fail(err, PST_E_CONFIG, "signatures: there are none");
    }
    if (database_make(set, &database, &n, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_buf body;
    pst_buf_init(&body, PST_SIGNATURE_IMAGE_MAX);
    put_body(set, pst_str_of(database, n), &body);
    free(database);
    (void)pst_buf_add(out, PST_SIGNATURE_MAGIC);
    (void)put_u32(out, (uint32_t)set->n);
    (void)put_u32(out, pst_crc32c(0, pst_buf_str(&body)));
    (void)pst_buf_add(out, pst_buf_str(&body));
    bool failed = body.failed || out->failed;
    pst_buf_release(&body);
    return failed ? pst_fail(err, PST_E_LIMIT, "signatures: the image is too large") : PST_OK;
}

/* --- examples --------------------------------------------------------------------------------- */

static bool shows(const struct pst_signature_hits *hits, size_t rule)
{
    for (size_t i = 0; i < hits->n; i++) {
        if (hits->list[i].rule == rule) {
            return true;
        }
    }
    return false;
}

static enum pst_status try_texts(const struct pst_signature_set *set, size_t rule, bool wanted,
                                 struct pst_signature_scanner *scanner, struct pst_err *err)
{
    const struct pst_signature_rule *r = &set->list[rule];
    const struct pst_signature_texts *texts = wanted ? &r->examples : &r->counter;
    for (size_t i = 0; i < texts->n; i++) {
        struct pst_signature_hits hits;
        struct pst_views views = {.n = 1};
        views.list[0].text = texts->list[i];
        enum pst_status status = pst_signature_scan(scanner, &views, &hits, err);
        if (status != PST_OK) {
            return status;
        }
        if (shows(&hits, rule) != wanted) {
            char what[64];
            pst_text(what, sizeof what, "%s %zu %s", wanted ? "example" : "counter-example", i + 1,
                     wanted ? "is not hit" : "is hit");
            return fail_rule(r, err, what);
        }
    }
    return PST_OK;
}

enum pst_status pst_signature_try(const struct pst_signature_set *set,
                                  const struct pst_signature_image *image, struct pst_err *err)
{
    struct pst_signature_scanner *scanner = NULL;
    PST_BUG_ON(pst_signature_count(image) != set->n);
    enum pst_status status = pst_signature_scanner_init(&scanner, image, err);
    for (size_t i = 0; status == PST_OK && i < set->n; i++) {
        status = try_texts(set, i, true, scanner, err);
        if (status == PST_OK) {
            status = try_texts(set, i, false, scanner, err);
        }
    }
    pst_signature_scanner_release(scanner);
    return status;
}
