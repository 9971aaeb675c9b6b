/* Opening the section: everything that the scanner relies on is proven here, once. */
#include "base/enc.h"
#include "inspect/scan/scan_impl.h"

#include <stdlib.h>

enum { DATABASE_MIN = 128 };

static enum pst_status bad(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_CONFIG, "rules image: %s", what);
}

/* The rows of a table; NULL when they do not lie inside. */
static const void *table(struct pst_str image, struct pst_data_table t, size_t row, size_t limit)
{
    bool ok = t.at >= sizeof(struct pst_data_head) && t.at % PST_DATA_ALIGN == 0 &&
              t.at <= image.n && t.n <= limit && t.n <= (image.n - t.at) / row;
    return ok ? &image.p[t.at] : NULL;
}

static bool text_get(struct pst_str texts, struct pst_data_text t, struct pst_str *ret)
{
    if (t.at > texts.n || t.n > texts.n - t.at) {
        return false;
    }
    *ret = pst_str_cut(texts, t.at, t.n);
    return pst_utf8_valid(*ret);
}

static enum pst_status types_open(struct pst_scan_image *image, const struct pst_data_type *rows,
                                  struct pst_str texts, struct pst_err *err)
{
    image->types = calloc(image->n_types > 0 ? image->n_types : 1, sizeof *image->types);
    if (image->types == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    for (size_t i = 0; i < image->n_types; i++) {
        struct pst_type *t = &image->types[i];
        if (!text_get(texts, rows[i].name, &t->name) ||
            !text_get(texts, rows[i].title, &t->title) ||
            !text_get(texts, rows[i].group, &t->group) || rows[i].action > PST_ACT_BLOCK) {
            return bad(err, "a type is not well formed");
        }
        t->secret = rows[i].secret != 0;
        t->action = rows[i].action;
        t->longest = rows[i].longest;
    }
    return PST_OK;
}

static bool credential_ok(const struct pst_credential_rule *c)
{
    size_t finders, checks;
    (void)pst_credential_finders(&finders);
    (void)pst_credential_checks(&checks);
    bool ok = c->kind <= PST_CREDENTIAL_FIND && c->n_parts <= PST_VALUE_PARTS_MAX &&
              c->find < finders && c->check <= checks;
    for (size_t i = 0; ok && i < c->n_parts; i++) {
        ok = c->parts[i].min <= c->parts[i].max && c->parts[i].max <= PST_SECRET_MAX;
    }
    return ok;
}

static bool words_ok(const struct pst_scan_image *image)
{
    bool ok = true;
    for (size_t i = 0; ok && i < image->n_words; i++) {
        const struct pst_data_word *w = &image->words[i];
        ok = w->first <= image->n_links && w->n_links <= image->n_links - w->first;
    }
    for (size_t i = 0; ok && i < image->n_links; i++) {
        ok = image->links[i].def < image->n_defs;
    }
    for (size_t i = 0; ok && i < image->n_keys; i++) {
        ok = image->keys[i].def < image->n_defs;
    }
    return ok;
}

static bool rows_ok(const struct pst_scan_image *image)
{
    size_t checks, finds;
    bool ok = true;
    (void)pst_check_rows(&checks);
    (void)pst_find_rows(&finds);
    for (size_t i = 0; ok && i < image->n_defs; i++) {
        const struct pst_data_def *d = &image->defs[i];
        ok = d->type < image->n_types && d->kind <= PST_DEF_CREDENTIAL && d->check <= checks &&
             (d->kind != PST_DEF_FIND || d->find < finds) &&
             (d->kind != PST_DEF_CREDENTIAL || d->credential < image->n_credentials);
    }
    for (size_t i = 0; ok && i < image->n_forms; i++) {
        ok = image->forms[i].def < image->n_defs && image->forms[i].n <= PST_FORM_MAX;
    }
    for (size_t i = 0; ok && i <= PST_FORM_MAX; i++) {
        const struct pst_data_length *l = &image->lengths[i];
        ok = l->first <= image->n_forms && l->n <= image->n_forms - l->first && l->strong <= l->n;
    }
    for (size_t i = 0; ok && i < image->n_credentials; i++) {
        ok = credential_ok(&image->credentials[i]);
    }
    for (size_t i = 0; ok && i < image->n_tokens; i++) {
        ok = image->tokens[i].def < image->n_defs;
    }
    return ok && words_ok(image);
}

static enum pst_status database_open(struct pst_str image, struct pst_data_table t,
                                     const hs_database_t **ret, struct pst_err *err)
{
    const void *at = table(image, t, 1, image.n);
    size_t size = 0;
    if (at == NULL || t.n < DATABASE_MIN) {
        return bad(err, "a database lies outside");
    }
    const hs_database_t *database = at;
    if (hs_database_size(database, &size) != HS_SUCCESS || size > t.n) {
        return bad(err, "made for another version of the pattern matcher");
    }
    *ret = database;
    return PST_OK;
}

static enum pst_status finds_open(struct pst_scan_image *image, struct pst_err *err)
{
    size_t n;
    bool wanted[256] = {false};
    image->finds = pst_find_rows(&n);
    image->find_defs = calloc(image->n_defs + 1, sizeof *image->find_defs);
    if (image->find_defs == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    for (size_t i = 0; i < image->n_defs; i++) {
        if (image->defs[i].kind == PST_DEF_FIND) {
            wanted[image->defs[i].find] = true;
            image->find_defs[image->n_find_defs++] = (uint16_t)i;
        }
    }
    for (size_t i = 0; i < n && i < 255; i++) {
        struct pst_scan_anchor *a = &image->anchors[image->finds[i].anchor];
        if (wanted[i]) {
            PST_BUG_ON(a->n == PST_LEN(a->rows));
            a->rows[a->n++] = (uint8_t)i;
        }
    }
    return PST_OK;
}

static enum pst_status quick_open(struct pst_scan_image *image, struct pst_err *err)
{
    image->quick = calloc(image->n_forms + 1, sizeof *image->quick);
    if (image->quick == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    for (size_t i = 0; i < image->n_forms; i++) {
        const struct pst_data_form *f = &image->forms[i];
        struct pst_form_quick *q = &image->quick[i];
        q->digit = f->digit;
        q->letter = f->letter;
        for (size_t k = 0; k < f->n; k++) {
            *(f->sep[k] == '_' ? &q->sep_any : &q->sep_fixed) |= (uint64_t)(f->sep[k] != 0) << k;
        }
    }
    return PST_OK;
}

/* No letter or digit is given, no separator is one of its own. */
static bool is_free(const struct pst_data_form *f, const struct pst_form_quick *q)
{
    bool hex = false;
    for (size_t i = 0; i < f->n; i++) {
        hex = hex || f->chars[i] == 'H';
    }
    return f->fixed == 0 && q->sep_fixed == 0 && !hex;
}

static enum pst_status classes_open(struct pst_scan_image *image, struct pst_err *err)
{
    uint32_t total = 0;
    image->class_list = calloc(image->n_forms + 1, sizeof *image->class_list);
    if (image->class_list == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    for (size_t n = 0; n <= PST_FORM_MAX; n++) {
        struct pst_form_classes *c = &image->classes[n];
        const struct pst_data_length *l = &image->lengths[n];
        c->first = total;
        for (size_t i = l->first; i < (size_t)l->first + l->n && total < image->n_forms; i++) {
            const struct pst_form_quick *q = &image->quick[i];
            uint32_t k = c->first;
            while (k < total && memcmp(&image->class_list[k].masks, q, sizeof *q) != 0) {
                k++;
            }
            if (k == total) {
                image->class_list[total++].masks = *q;
                c->n++;
            }
            image->class_list[k].free |= is_free(&image->forms[i], q);
            c->seps |= q->sep_any | q->sep_fixed;
        }
    }
    return PST_OK;
}

static enum pst_status tables_open(struct pst_str image, const struct pst_data_head *h,
                                   struct pst_scan_image *ret, struct pst_err *err)
{
    const struct pst_data_type *types = table(image, h->types, sizeof *types, PST_TYPES_MAX);
    ret->defs = table(image, h->defs, sizeof *ret->defs, PST_DEFS_MAX);
    ret->forms = table(image, h->forms, sizeof *ret->forms, PST_FORMS_MAX);
    ret->lengths = table(image, h->lengths, sizeof *ret->lengths, PST_FORM_MAX + 1);
    ret->credentials = table(image, h->credentials, sizeof *ret->credentials, PST_DEFS_MAX);
    ret->tokens = table(image, h->tokens, sizeof *ret->tokens, PST_LITERALS_MAX);
    ret->words = table(image, h->words, sizeof *ret->words, PST_LITERALS_MAX * 4);
    ret->links = table(image, h->links, sizeof *ret->links, PST_LITERALS_MAX * 16);
    ret->keys = table(image, h->keys, sizeof *ret->keys, PST_LITERALS_MAX);
    const uint8_t *texts = table(image, h->texts, 1, image.n);
    ret->n_types = h->types.n;
    ret->n_defs = h->defs.n;
    ret->n_forms = h->forms.n;
    ret->n_credentials = h->credentials.n;
    ret->n_tokens = h->tokens.n;
    ret->n_words = h->words.n;
    ret->n_links = h->links.n;
    ret->n_keys = h->keys.n;
    if (types == NULL || ret->defs == NULL || ret->forms == NULL || ret->lengths == NULL ||
        ret->credentials == NULL || ret->tokens == NULL || ret->words == NULL ||
        ret->links == NULL || ret->keys == NULL || texts == NULL ||
        h->lengths.n != PST_FORM_MAX + 1) {
        return bad(err, "a table lies outside");
    }
    if (types_open(ret, types, pst_str_of(texts, h->texts.n), err) != PST_OK) {
        return PST_ERR;
    }
    return rows_ok(ret) ? PST_OK : bad(err, "a row is out of range");
}

static enum pst_status keys_open(struct pst_scan_image *image, struct pst_err *err)
{
    image->key_bits = calloc(PST_KEY_BITS / 64, sizeof *image->key_bits);
    if (image->key_bits == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    for (size_t i = 0; i < image->n_keys; i++) {
        size_t bit = image->keys[i].hash % PST_KEY_BITS;
        image->key_bits[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    return PST_OK;
}

enum pst_status pst_scan_image_open(struct pst_str image, struct pst_scan_image **ret,
                                    struct pst_err *err)
{
    struct pst_data_head h;
    if (image.n < sizeof h || (uintptr_t)image.p % PST_DATA_ALIGN != 0) {
        return bad(err, "too short, or not at a multiple of 64");
    }
    memcpy(&h, image.p, sizeof h);
    if (memcmp(h.magic, PST_DATA_MAGIC, sizeof h.magic) != 0 || h.size != image.n) {
        return bad(err, "not an image of this version, or cut off");
    }
    if (pst_crc32c(0, pst_str_from(image, 16)) != h.crc) {
        return bad(err, "damaged");
    }
    if (hs_valid_platform() != HS_SUCCESS) {
        return bad(err, "this processor lacks SSE4.2");
    }
    struct pst_scan_image *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules image: no memory");
    }
    size_t checks;
    opened->checks = pst_check_rows(&checks);
    if (tables_open(image, &h, opened, err) != PST_OK || finds_open(opened, err) != PST_OK ||
        keys_open(opened, err) != PST_OK || quick_open(opened, err) != PST_OK ||
        classes_open(opened, err) != PST_OK ||
        database_open(image, h.token_db, &opened->token_db, err) != PST_OK ||
        database_open(image, h.word_db, &opened->word_db, err) != PST_OK) {
        pst_scan_image_close(opened);
        return PST_ERR;
    }
    *ret = opened;
    return PST_OK;
}

void pst_scan_image_close(struct pst_scan_image *image)
{
    if (image != NULL) {
        free(image->types);
        free(image->key_bits);
        free(image->quick);
        free(image->class_list);
        free(image->find_defs);
        free(image);
    }
}

size_t pst_scan_types(const struct pst_scan_image *image)
{
    return image->n_types;
}

const struct pst_type *pst_scan_type(const struct pst_scan_image *image, size_t type)
{
    PST_BUG_ON(type >= image->n_types);
    return &image->types[type];
}

size_t pst_scan_type_find(const struct pst_scan_image *image, struct pst_str name)
{
    for (size_t i = 0; i < image->n_types; i++) {
        if (pst_str_eq(image->types[i].name, name)) {
            return i;
        }
    }
    return PST_NPOS;
}
