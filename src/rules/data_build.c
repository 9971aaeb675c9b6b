/* From definitions to the section. */
#include "base/enc.h"
#include "rules/data_compile.h"
#include "rules/data_words.h"

#include <stdlib.h>

enum { IMAGE_MAX = 32 << 20, ENTRY_MAX = 6 };

struct builder {
    struct pst_rule_set *set;
    struct pst_buf types, defs, forms, lengths, credentials, tokens, words, links, keys, texts;
    struct pst_literals token_literals, word_literals;
    struct pst_err *err;
};

static bool put(struct pst_buf *out, const void *row, size_t n)
{
    return pst_buf_add(out, pst_str_of(row, n));
}

static struct pst_data_text text_put(struct builder *b, struct pst_str text)
{
    struct pst_data_text t = {(uint32_t)b->texts.n, (uint32_t)text.n};
    (void)pst_buf_add(&b->texts, text);
    return t;
}

static void types_put(struct builder *b)
{
    for (size_t i = 0; i < b->set->n_types; i++) {
        const struct pst_type *t = &b->set->types[i];
        struct pst_data_type row = {.name = text_put(b, t->name),
                                    .title = text_put(b, t->title),
                                    .group = text_put(b, t->group),
                                    .longest = t->longest,
                                    .secret = t->secret ? 1 : 0,
                                    .action = t->action};
        (void)put(&b->types, &row, sizeof row);
    }
}

/* --- forms ------------------------------------------------------------------------------------ */

/* May it be found without context? Then it must be tried on every run of its length. */
static bool is_strong(const struct pst_rule_def *d)
{
    return (d->data.flags & PST_DEF_NEEDS_CONTEXT) == 0 && d->data.prior >= 0;
}

static enum pst_status forms_put(struct builder *b)
{
    uint32_t total = 0;
    for (size_t n = 0; n <= PST_FORM_MAX; n++) {
        struct pst_data_length row = {.first = total};
        for (int strong = 1; strong >= 0; strong--) {
            for (size_t d = 0; d < b->set->n_defs; d++) {
                const struct pst_rule_def *def = &b->set->defs[d];
                for (size_t i = 0; is_strong(def) == (strong == 1) && i < def->n_forms; i++) {
                    if (def->forms[i].n != n) {
                        continue;
                    }
                    struct pst_data_form form = def->forms[i];
                    form.def = (uint16_t)d;
                    (void)put(&b->forms, &form, sizeof form);
                    row.n++;
                    row.strong += strong == 1;
                }
            }
        }
        total += row.n;
        (void)put(&b->lengths, &row, sizeof row);
    }
    return total <= PST_FORMS_MAX ? PST_OK : pst_fail(b->err, PST_E_LIMIT, "rules: too many forms");
}

static void defs_put(struct builder *b)
{
    uint32_t credentials = 0;
    for (size_t i = 0; i < b->set->n_defs; i++) {
        struct pst_rule_def *d = &b->set->defs[i];
        d->data.n_forms = (uint32_t)d->n_forms;
        if (d->data.kind == PST_DEF_CREDENTIAL) {
            d->data.credential = credentials++;
            (void)put(&b->credentials, &d->credential, sizeof d->credential);
        }
        (void)put(&b->defs, &d->data, sizeof d->data);
    }
}

/* --- literals --------------------------------------------------------------------------------- */

static bool token_put(struct builder *b, size_t def, struct pst_buf *expression, size_t n,
                      size_t literal, bool nocase)
{
    struct pst_data_token row = {
        .def = (uint16_t)def, .n = (uint16_t)n, .literal = (uint16_t)literal};
    return put(&b->tokens, &row, sizeof row) &&
           pst_literals_add(&b->token_literals, pst_buf_str(expression), nocase);
}

/* A prefix alone may be common; with the first bytes of what must follow it is rare. */
static bool entry_put(struct builder *b, size_t def, struct pst_str literal)
{
    const struct pst_rule_def *d = &b->set->defs[def];
    struct pst_buf expression;
    pst_buf_init(&expression, 65536);
    bool ok = pst_literal_put(&expression, literal);
    size_t n = literal.n;
    if (d->data.kind == PST_DEF_CREDENTIAL && d->credential.kind == PST_CREDENTIAL_TOKEN) {
        size_t room = ENTRY_MAX;
        for (size_t i = 0; i < d->credential.n_parts && room > 0 && ok; i++) {
            const struct pst_value_part *part = &d->credential.parts[i];
            unsigned k = part->min < room ? part->min : (unsigned)room;
            ok = k == 0 || pst_set_put(&expression, part->set, k);
            n += k;
            room -= k;
            if (part->min != part->max) {
                break;
            }
        }
    }
    ok = ok && token_put(b, def, &expression, n, literal.n, d->literals_nocase);
    pst_buf_release(&expression);
    return ok;
}

/* One spelling of a name: where the rule has '_', any one separator, or with `glued` none. */
static bool name_spelt(struct builder *b, size_t def, struct pst_str name, bool glued)
{
    struct pst_buf expression;
    pst_buf_init(&expression, 65536);
    size_t n = 0;
    bool ok = true, gaps = false;
    for (size_t i = 0; i < name.n && ok; i++) {
        bool gap = name.p[i] == '_' && i > 0;
        gaps = gaps || gap;
        if (!gap) {
            ok = pst_literal_put(&expression, pst_str_cut(name, i, 1));
        } else if (!glued) {
            ok = pst_buf_add(&expression, PST_STR("[_\\-. ]"));
        }
        n += gap && glued ? 0 : 1;
    }
    if (!glued || (gaps && n >= 5)) {
        ok = ok && token_put(b, def, &expression, n, n, true);
    }
    pst_buf_release(&expression);
    return ok;
}

/* A name as people write it: apiKey, API-KEY, and in capitals of scripts that the matcher does not
 * fold. */
static bool name_put(struct builder *b, size_t def, struct pst_str name)
{
    bool ascii = true, ok = name_spelt(b, def, name, false) && name_spelt(b, def, name, true);
    for (size_t i = 0; i < name.n; i++) {
        ascii = ascii && name.p[i] < 0x80;
    }
    for (int all = 0; all < 2 && !ascii && ok; all++) {
        struct pst_buf changed;
        pst_buf_init(&changed, 1024);
        ok = pst_word_upper(name, all == 1, &changed);
        if (ok && !pst_str_eq(pst_buf_str(&changed), name)) {
            ok = name_spelt(b, def, pst_buf_str(&changed), false);
        }
        pst_buf_release(&changed);
    }
    return ok;
}

static bool tokens_put(struct builder *b)
{
    bool ok = true;
    for (size_t i = 0; i < b->set->n_defs && ok; i++) {
        const struct pst_rule_def *d = &b->set->defs[i];
        bool names = d->data.kind == PST_DEF_CREDENTIAL &&
                     d->credential.kind == PST_CREDENTIAL_ASSIGNED;
        if (d->data.kind == PST_DEF_PATTERN) {
            struct pst_data_token row = {.def = (uint16_t)i, .n = 0};
            ok = put(&b->tokens, &row, sizeof row) &&
                 pst_literals_add_pattern(&b->token_literals, d->pattern, d->literals_nocase);
        }
        for (size_t k = 0; k < d->n_literals && ok; k++) {
            ok = names ? name_put(b, i, d->literals[k]) : entry_put(b, i, d->literals[k]);
        }
        for (const struct pst_rule_word *w = d->dictionary; w != NULL && ok; w = w->next) {
            ok = entry_put(b, i, w->text);
        }
    }
    return ok;
}

/* --- context ---------------------------------------------------------------------------------- */

struct speaker {
    struct pst_str text;
    uint16_t def;
    int8_t sign;
};

static int speaker_cmp(const void *a, const void *b)
{
    const struct speaker *x = a, *y = b;
    int order = pst_str_cmp(x->text, y->text);
    return order != 0 ? order : (int)x->def - (int)y->def;
}

static struct pst_str folded(struct pst_arena *arena, struct pst_str word)
{
    struct pst_str copy = pst_arena_copy(arena, word);
    uint8_t *p = copy.n > 0 ? pst_arena_take(arena, copy.n) : NULL;
    for (size_t i = 0; p != NULL && i < copy.n; i++) {
        uint8_t c = copy.p[i];
        p[i] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c == '_' || c == '-' ? ' ' : c);
    }
    return pst_str_of(p, p != NULL ? copy.n : 0);
}

static bool variant_put(struct builder *b, struct pst_str word, const struct pst_data_word *row)
{
    struct pst_buf expression;
    pst_buf_init(&expression, 65536);
    struct pst_data_word mine = *row;
    mine.n = (uint16_t)word.n;
    bool ok = pst_word_put(&expression, word) && put(&b->words, &mine, sizeof mine) &&
              pst_literals_add(&b->word_literals, pst_buf_str(&expression), true);
    pst_buf_release(&expression);
    return ok;
}

/* The matcher folds the case of ASCII only; the rest is spelled out. */
static bool word_put(struct builder *b, struct pst_str word, const struct pst_data_word *row)
{
    bool ascii = true;
    for (size_t i = 0; i < word.n; i++) {
        ascii = ascii && word.p[i] < 0x80;
    }
    bool ok = variant_put(b, word, row);
    for (int all = 0; all < 2 && !ascii && ok; all++) {
        struct pst_buf changed;
        pst_buf_init(&changed, 1024);
        ok = pst_word_upper(word, all == 1, &changed);
        if (ok && !pst_str_eq(pst_buf_str(&changed), word)) {
            ok = variant_put(b, pst_buf_str(&changed), row);
        }
        pst_buf_release(&changed);
    }
    return ok;
}

static size_t speakers_collect(struct builder *b, struct speaker *list)
{
    size_t n = 0;
    for (size_t i = 0; i < b->set->n_defs; i++) {
        const struct pst_rule_def *d = &b->set->defs[i];
        for (int pass = 0; pass < 2; pass++) {
            for (const struct pst_rule_word *w = pass == 0 ? d->words : d->keys; w != NULL;
                 w = w->next) {
                struct pst_str text = folded(b->set->arena, w->text);
                bool short_key = pass == 1 && text.n < 4; /* a name only where names stand */
                if (text.n > 0 && text.n < 128 && !short_key) {
                    if (list != NULL) {
                        list[n] = (struct speaker){text, (uint16_t)i, w->sign};
                    }
                    n++;
                }
            }
        }
    }
    return n;
}

static bool words_put(struct builder *b)
{
    size_t n = speakers_collect(b, NULL);
    struct speaker *list = n > 0 && n <= PST_RULE_WORDS_MAX * 4 ? calloc(n, sizeof *list) : NULL;
    if (list == NULL) {
        return n == 0;
    }
    n = speakers_collect(b, list);
    qsort(list, n, sizeof *list, speaker_cmp);
    bool ok = true;
    for (size_t i = 0; i < n && ok;) {
        struct pst_data_word row = {.first = (uint32_t)(b->links.n / sizeof(struct pst_data_link)),
                                    .cjk = pst_word_unspaced(list[i].text) ? 1 : 0,
                                    .exact = pst_word_length(list[i].text) < 5 ? 1 : 0};
        size_t end = i;
        for (; end < n && pst_str_eq(list[end].text, list[i].text) && ok; end++) {
            if (end > i && list[end].def == list[end - 1].def) {
                continue;
            }
            struct pst_data_link link = {.def = list[end].def, .sign = list[end].sign};
            ok = put(&b->links, &link, sizeof link);
            row.n_links++;
        }
        ok = ok && word_put(b, list[i].text, &row);
        i = end;
    }
    free(list);
    return ok;
}

static int key_cmp(const void *a, const void *b)
{
    const struct pst_data_key *x = a, *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return (int)x->def - (int)y->def;
}

static bool keys_put(struct builder *b)
{
    size_t n = 0, room = 0;
    for (size_t i = 0; i < b->set->n_defs; i++) {
        for (const struct pst_rule_word *w = b->set->defs[i].keys; w != NULL; w = w->next) {
            room++;
        }
    }
    struct pst_data_key *list = calloc(room + 1, sizeof *list);
    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < b->set->n_defs; i++) {
        for (const struct pst_rule_word *w = b->set->defs[i].keys; w != NULL; w = w->next) {
            struct pst_str text = folded(b->set->arena, w->text);
            uint64_t hash = PST_DATA_HASH_BEGIN;
            for (size_t k = 0; k < text.n; k++) {
                hash = pst_data_hash(hash, text.p[k] == ' ' ? '_' : text.p[k]);
            }
            list[n++] = (struct pst_data_key){.hash = hash, .def = (uint16_t)i};
        }
    }
    qsort(list, n, sizeof *list, key_cmp);
    bool ok = put(&b->keys, list, n * sizeof *list);
    free(list);
    return ok;
}

/* --- the section ------------------------------------------------------------------------------ */

static void table_put(struct pst_buf *body, struct pst_str rows, size_t row,
                      struct pst_data_table *ret)
{
    size_t at = sizeof(struct pst_data_head) + body->n;
    while (at % PST_DATA_ALIGN != 0 && pst_buf_byte(body, 0)) {
        at++;
    }
    *ret = (struct pst_data_table){(uint32_t)at, (uint32_t)(rows.n / row)};
    (void)pst_buf_add(body, rows);
}

static enum pst_status section_put(struct builder *b, struct pst_str token_db,
                                   struct pst_str word_db, struct pst_buf *out)
{
    struct pst_data_head h = {0};
    struct pst_buf body;
    pst_buf_init(&body, IMAGE_MAX);
    table_put(&body, pst_buf_str(&b->types), sizeof(struct pst_data_type), &h.types);
    table_put(&body, pst_buf_str(&b->defs), sizeof(struct pst_data_def), &h.defs);
    table_put(&body, pst_buf_str(&b->forms), sizeof(struct pst_data_form), &h.forms);
    table_put(&body, pst_buf_str(&b->lengths), sizeof(struct pst_data_length), &h.lengths);
    table_put(&body, pst_buf_str(&b->credentials), sizeof(struct pst_credential_rule),
              &h.credentials);
    table_put(&body, pst_buf_str(&b->tokens), sizeof(struct pst_data_token), &h.tokens);
    table_put(&body, pst_buf_str(&b->words), sizeof(struct pst_data_word), &h.words);
    table_put(&body, pst_buf_str(&b->links), sizeof(struct pst_data_link), &h.links);
    table_put(&body, pst_buf_str(&b->keys), sizeof(struct pst_data_key), &h.keys);
    table_put(&body, pst_buf_str(&b->texts), 1, &h.texts);
    table_put(&body, token_db, 1, &h.token_db);
    table_put(&body, word_db, 1, &h.word_db);
    memcpy(h.magic, PST_DATA_MAGIC, sizeof h.magic);
    h.size = (uint32_t)(sizeof h + body.n);
    /* the checksum covers the head behind it, too */
    struct pst_str rest = pst_str_from(pst_str_of(&h, sizeof h), 16);
    h.crc = pst_crc32c(pst_crc32c(0, rest), pst_buf_str(&body));
    (void)put(out, &h, sizeof h);
    (void)pst_buf_add(out, pst_buf_str(&body));
    bool failed = body.failed || out->failed;
    pst_buf_release(&body);
    return failed ? pst_fail(b->err, PST_E_LIMIT, "rules: the image is too large") : PST_OK;
}

static void builder_init(struct builder *b, struct pst_rule_set *set, struct pst_err *err)
{
    *b = (struct builder){.set = set, .err = err};
    struct pst_buf *all[] = {&b->types,  &b->defs,  &b->forms, &b->lengths, &b->credentials,
                             &b->tokens, &b->words, &b->links, &b->keys,    &b->texts};
    for (size_t i = 0; i < PST_LEN(all); i++) {
        pst_buf_init(all[i], IMAGE_MAX);
    }
}

static void builder_release(struct builder *b)
{
    struct pst_buf *all[] = {&b->types,  &b->defs,  &b->forms, &b->lengths, &b->credentials,
                             &b->tokens, &b->words, &b->links, &b->keys,    &b->texts};
    for (size_t i = 0; i < PST_LEN(all); i++) {
        pst_buf_release(all[i]);
    }
    pst_literals_release(&b->token_literals);
    pst_literals_release(&b->word_literals);
}

/* The matcher takes no empty set: a literal that is never reported stands in for it. */
static bool never_put(struct pst_literals *l)
{
    return l->n > 0 || pst_literals_add(l, PST_STR("\\x00\\xff\\x00\\xff\\x00\\xff"), false);
}

enum pst_status pst_rules_build(struct pst_rule_set *set, struct pst_buf *out, struct pst_err *err)
{
    struct builder b;
    void *token_db = NULL, *word_db = NULL;
    size_t token_n = 0, word_n = 0;
    builder_init(&b, set, err);
    types_put(&b);
    enum pst_status status = forms_put(&b);
    defs_put(&b);
    if (status == PST_OK && (!tokens_put(&b) || !words_put(&b) || !keys_put(&b) ||
                             !never_put(&b.token_literals) || !never_put(&b.word_literals))) {
        status = pst_fail(err, PST_E_NO_MEMORY, "rules: no memory");
    }
    if (status == PST_OK) {
        status = pst_literals_compile(&b.token_literals, &token_db, &token_n, err);
    }
    if (status == PST_OK) {
        status = pst_literals_compile(&b.word_literals, &word_db, &word_n, err);
    }
    if (status == PST_OK) {
        status = section_put(&b, pst_str_of(token_db, token_n), pst_str_of(word_db, word_n), out);
    }
    free(token_db);
    free(word_db);
    builder_release(&b);
    return status;
}
