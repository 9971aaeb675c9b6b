/* Reading the files of definitions. */
#include "inspect/check/check.h"
#include "inspect/find/find.h"
#include "rules/data_compile.h"
#include "yaml/yamltree.h"

enum {
    FORMS_MAX = 128, /* of one definition, repeats spelled out */
    PATTERN_MAX = 1024,
    PATTERN_LONGEST = 256, /* what a stream holds back for a pattern */
};

struct reader {
    struct pst_arena *arena;
    struct pst_rule_set *set;
    const struct pst_rule_file *file;
    const struct pst_yaml *defaults;
    uint32_t first_line; /* of the document under way, less one */
    bool user;
    struct pst_err *err;
};

static enum pst_status fail(const struct reader *r, uint32_t line, const char *what)
{
    enum pst_status status = pst_fail_at(r->err, PST_E_CONFIG, r->first_line + line, 1, "%s", what);
    if (r->err != NULL) {
        pst_str_cut_c(r->file->name, r->err->file, sizeof r->err->file);
    }
    return status;
}

static enum pst_status no_memory(const struct reader *r)
{
    return pst_fail(r->err, PST_E_NO_MEMORY, "rules: no memory");
}

static const struct pst_yaml *get(const struct reader *r, const struct pst_yaml *map,
                                  const char *name)
{
    const struct pst_yaml *node = pst_yaml_get(map, pst_str_c(name));
    if (node == NULL && r->defaults != NULL) {
        node = pst_yaml_get(r->defaults, pst_str_c(name));
    }
    return node != NULL && pst_yaml_empty(node) ? NULL : node;
}

static struct pst_str text_of(const struct reader *r, const struct pst_yaml *map, const char *name)
{
    const struct pst_yaml *node = get(r, map, name);
    return node != NULL && node->kind == PST_YAML_SCALAR ? node->text : (struct pst_str){NULL, 0};
}

static enum pst_status members_check(struct reader *r, const struct pst_yaml *map)
{
    static const char *const both[] = {
        "type",   "title",         "group",  "areas",    "prior",   "keys",    "context", "against",
        "source", "needs_context", "action", "examples", "counter", "licence", "more",    "check"};
    static const char *const entity[] = {"form", "find", "words", "pattern", "nocase"};
    static const char *const credential[] = {"kind",  "prefix", "nocase",  "value",   "edge",
                                             "names", "find",   "entropy", "words_ok"};
    const char *const *own = r->file->credentials ? credential : entity;
    size_t own_n = r->file->credentials ? PST_LEN(credential) : PST_LEN(entity);
    for (const struct pst_yaml *m = map->first; m != NULL; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < PST_LEN(both) && !known; i++) {
            known = pst_str_eq(m->key, pst_str_c(both[i]));
        }
        for (size_t i = 0; i < own_n && !known; i++) {
            known = pst_str_eq(m->key, pst_str_c(own[i]));
        }
        if (!known) {
            return fail(r, m->key_line, "an unknown member");
        }
    }
    return PST_OK;
}

static bool flag_of(const struct reader *r, const struct pst_yaml *map, const char *name,
                    bool otherwise)
{
    struct pst_str text = text_of(r, map, name);
    return text.n == 0 ? otherwise : pst_str_eq(text, PST_STR("true"));
}

static enum pst_status number_of(struct reader *r, const struct pst_yaml *map, const char *name,
                                 int64_t low, int64_t high, int64_t *ret)
{
    struct pst_str text = text_of(r, map, name);
    int64_t value;
    if (text.n == 0) {
        return PST_OK;
    }
    if (!pst_str_i64(text, &value) || value < low || value > high) {
        return fail(r, get(r, map, name)->line, "a number out of range");
    }
    *ret = value;
    return PST_OK;
}

/* --- lists ------------------------------------------------------------------------------------ */

static enum pst_status word_add(struct reader *r, struct pst_rule_word **list,
                                const struct pst_yaml *node, int8_t sign)
{
    if (node->kind != PST_YAML_SCALAR || node->text.n == 0 || node->text.n > 65536) {
        return fail(r, node->line, "a text is expected");
    }
    struct pst_rule_word *w = PST_ARENA_NEW(r->arena, struct pst_rule_word);
    if (w == NULL) {
        return no_memory(r);
    }
    *w = (struct pst_rule_word){.next = *list, .text = node->text, .sign = sign};
    *list = w;
    return PST_OK;
}

/* A list, or for `deep` a map of lists: language → words. */
static enum pst_status words_read(struct reader *r, const struct pst_yaml *node, bool deep,
                                  int8_t sign, struct pst_rule_word **list, size_t *ret_n)
{
    if (node == NULL) {
        return PST_OK;
    }
    if (node->kind == PST_YAML_SCALAR) {
        return fail(r, node->line, "a list is expected");
    }
    for (const struct pst_yaml *item = node->first; item != NULL; item = item->next) {
        if (item->kind != PST_YAML_SCALAR) {
            if (!deep || words_read(r, item, false, sign, list, ret_n) != PST_OK) {
                return deep ? PST_ERR : fail(r, item->line, "a text is expected");
            }
            continue;
        }
        if (word_add(r, list, item, sign) != PST_OK) {
            return PST_ERR;
        }
        *ret_n += 1;
    }
    return PST_OK;
}

/* --- types ------------------------------------------------------------------------------------ */

static bool type_name_ok(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || c == '_' || (i > 0 && c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return s.n >= 2 && s.n <= 48;
}

static enum pst_status action_read(struct reader *r, const struct pst_yaml *map, uint8_t *ret)
{
    static const char *const names[] = {"allow",   "flag", "mask", "redact",
                                        "partial", "hash", "block"};
    struct pst_str text = text_of(r, map, "action");
    for (size_t i = 0; i < PST_LEN(names); i++) {
        if (pst_str_eq(text, pst_str_c(names[i]))) {
            *ret = (uint8_t)i;
            return PST_OK;
        }
    }
    return text.n == 0 ? PST_OK : fail(r, get(r, map, "action")->line, "there is no such action");
}

static enum pst_status type_of(struct reader *r, const struct pst_yaml *map, uint16_t *ret)
{
    struct pst_str name = text_of(r, map, "type");
    bool more = flag_of(r, map, "more", false);
    if (!type_name_ok(name)) {
        return fail(r, map->line, "type: 2 to 48 of A-Z, 0-9 and _");
    }
    for (size_t i = 0; i < r->set->n_types; i++) {
        if (pst_str_eq(r->set->types[i].name, name)) {
            *ret = (uint16_t)i;
            return more ? PST_OK
                        : fail(r, map->line, "this type is already defined; say more: true");
        }
    }
    if (r->set->n_types == PST_TYPES_MAX) {
        return fail(r, map->line, "too many types");
    }
    struct pst_type *t = &r->set->types[r->set->n_types];
    *t = (struct pst_type){.name = name,
                           .title = text_of(r, map, "title"),
                           .group = text_of(r, map, "group"),
                           .secret = r->file->credentials,
                           .action = r->file->credentials ? PST_ACT_REDACT : PST_ACT_MASK};
    if (t->group.n == 0) {
        t->group = r->file->credentials ? PST_STR("credential") : PST_STR("other");
    }
    *ret = (uint16_t)r->set->n_types++;
    return action_read(r, map, &t->action);
}

/* --- entities --------------------------------------------------------------------------------- */

static enum pst_status check_read(struct reader *r, const struct pst_yaml *map,
                                  struct pst_rule_def *d)
{
    struct pst_str name = text_of(r, map, "check");
    size_t n;
    const struct pst_check_row *rows = pst_check_rows(&n);
    if (name.n == 0) {
        return PST_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (pst_str_eq(rows[i].name, name)) {
            d->data.check = (uint8_t)(i + 1);
            return i < 255 ? PST_OK : fail(r, map->line, "too many checks");
        }
    }
    return fail(r, map->line, "check: there is none of this name");
}

static enum pst_status forms_read(struct reader *r, const struct pst_yaml *node,
                                  struct pst_rule_def *d)
{
    const struct pst_yaml *item = node->kind == PST_YAML_LIST ? node->first : node;
    d->data.kind = PST_DEF_FORM;
    d->forms = PST_ARENA_ARRAY(r->arena, FORMS_MAX, struct pst_data_form);
    if (d->forms == NULL) {
        return no_memory(r);
    }
    for (; item != NULL; item = node->kind == PST_YAML_LIST ? item->next : NULL) {
        size_t made;
        const char *why;
        if (!pst_rule_form_read(r->arena, item->text, &d->forms[d->n_forms], FORMS_MAX - d->n_forms,
                                &made, &why)) {
            return fail(r, item->line, why);
        }
        d->n_forms += made;
    }
    return d->n_forms > 0 ? PST_OK : fail(r, node->line, "form: empty");
}

/* An expression of the matcher's that says where a match begins: costly, so for operators only. */
static enum pst_status pattern_read(struct reader *r, const struct pst_yaml *map,
                                    const struct pst_yaml *node, struct pst_rule_def *d)
{
    if (!r->user && !r->file->user) {
        return fail(r, node->line, "pattern: for an operator's own definitions only");
    }
    if (node->kind != PST_YAML_SCALAR || node->text.n < 3 || node->text.n > PATTERN_MAX) {
        return fail(r, node->line, "pattern: an expression of 3 to 1024 bytes");
    }
    d->data.kind = PST_DEF_PATTERN;
    d->pattern = node->text;
    d->literals_nocase = flag_of(r, map, "nocase", false);
    return PST_OK;
}

static enum pst_status entity_read(struct reader *r, const struct pst_yaml *map,
                                   struct pst_rule_def *d)
{
    const struct pst_yaml *form = get(r, map, "form"), *find = get(r, map, "find"),
                          *words = get(r, map, "words"), *pattern = get(r, map, "pattern");
    struct pst_type *type = &r->set->types[d->data.type];
    size_t count = 0;
    if ((form != NULL) + (find != NULL) + (words != NULL) + (pattern != NULL) != 1) {
        return fail(r, map->line, "exactly one of form, find, words and pattern");
    }
    d->data.flags |= flag_of(r, map, "needs_context", false) ? PST_DEF_NEEDS_CONTEXT : 0;
    if (check_read(r, map, d) != PST_OK) {
        return PST_ERR;
    }
    uint16_t longest = PST_FORM_MAX * 2;
    if (form != NULL) {
        if (forms_read(r, form, d) != PST_OK) {
            return PST_ERR;
        }
    } else if (pattern != NULL) {
        if (pattern_read(r, map, pattern, d) != PST_OK) {
            return PST_ERR;
        }
        longest = PATTERN_LONGEST;
    } else if (find != NULL) {
        size_t n, i = 0;
        const struct pst_find_row *rows = pst_find_rows(&n);
        while (i < n && !pst_str_eq(rows[i].name, find->text)) {
            i++;
        }
        if (i == n || i > 255) {
            return fail(r, find->line, "find: there is none of this name");
        }
        d->data.kind = PST_DEF_FIND;
        d->data.find = (uint8_t)i;
        longest = rows[i].longest;
    } else {
        d->data.kind = PST_DEF_WORDS;
        d->literals_nocase = true;
        if (words_read(r, words, false, 1, &d->dictionary, &count) != PST_OK) {
            return PST_ERR;
        }
    }
    type->longest = longest > type->longest ? longest : type->longest;
    return PST_OK;
}

/* --- credentials ------------------------------------------------------------------------------ */

static enum pst_status literals_read(struct reader *r, const struct pst_yaml *node,
                                     const char *what, struct pst_rule_def *d)
{
    if (node == NULL || node->kind == PST_YAML_MAP) {
        return fail(r, d->line, what);
    }
    const struct pst_yaml *item = node->kind == PST_YAML_LIST ? node->first : node;
    for (; item != NULL; item = node->kind == PST_YAML_LIST ? item->next : NULL) {
        if (item->text.n < 2 || item->text.n > 128 || d->n_literals == PST_RULE_PREFIXES_MAX) {
            return fail(r, item->line, "literals of 2 to 128 bytes, 512 at most");
        }
        d->literals[d->n_literals++] = item->text;
    }
    return PST_OK;
}

static enum pst_status finder_read(struct reader *r, const struct pst_yaml *map,
                                   struct pst_rule_def *d)
{
    size_t n, i = 0;
    const struct pst_credential_finder *rows = pst_credential_finders(&n);
    struct pst_str name = text_of(r, map, "find");
    while (i < n && !pst_str_eq(rows[i].name, name)) {
        i++;
    }
    if (i == n) {
        return fail(r, map->line, "find: there is none of this name");
    }
    d->credential.find = (uint8_t)i;
    d->literals_nocase = rows[i].nocase;
    for (size_t k = 0; k < PST_OPENERS_MAX && rows[i].openers[k].n > 0; k++) {
        d->literals[d->n_literals++] = rows[i].openers[k];
    }
    struct pst_type *type = &r->set->types[d->data.type];
    type->longest = rows[i].longest;
    return PST_OK;
}

/* A list of pieces, or one. */
static enum pst_status parts_read(struct reader *r, const struct pst_yaml *node,
                                  struct pst_credential_rule *c, size_t *ret_n)
{
    size_t n = 0;
    const struct pst_yaml *item = node == NULL                  ? NULL
                                  : node->kind == PST_YAML_LIST ? node->first
                                                                : node;
    for (; item != NULL; item = node->kind == PST_YAML_LIST ? item->next : NULL) {
        size_t made;
        const char *why;
        if (!pst_rule_value_read(item->text, &c->parts[n], PST_VALUE_PARTS_MAX - n, &made, &why)) {
            return fail(r, item->line, why);
        }
        n += made;
    }
    *ret_n = n;
    return PST_OK;
}

static enum pst_status value_read(struct reader *r, const struct pst_yaml *map,
                                  struct pst_rule_def *d)
{
    struct pst_str edge = text_of(r, map, "edge"), check = text_of(r, map, "check");
    struct pst_credential_rule *c = &d->credential;
    size_t n = 0, at = 0;
    if (parts_read(r, get(r, map, "value"), c, &n) != PST_OK) {
        return PST_ERR;
    }
    c->n_parts = (uint8_t)n;
    if (edge.n == 0) {
        edge = PST_STR("[A-Za-z0-9_]");
    }
    if (!pst_str_eq(edge, PST_STR("none")) && !pst_rule_class_read(edge, &at, c->edge)) {
        return fail(r, map->line, "edge: a class [...] is expected");
    }
    if (check.n > 0) {
        size_t rows_n, i = 0;
        const struct pst_credential_check *rows = pst_credential_checks(&rows_n);
        while (i < rows_n && !pst_str_eq(rows[i].name, check)) {
            i++;
        }
        if (i == rows_n) {
            return fail(r, map->line, "check: there is none of this name");
        }
        c->check = (uint8_t)(i + 1);
    }
    return PST_OK;
}

/* "3.2" bits per byte, in hundredths. */
static bool entropy_read(struct pst_str text, uint16_t *ret)
{
    size_t dot = pst_str_find_byte(text, '.');
    uint64_t whole, part = 0;
    if (!pst_str_u64(pst_str_cut(text, 0, dot), &whole) || whole > 8) {
        return false;
    }
    if (dot != PST_NPOS) {
        struct pst_str digits = pst_str_from(text, dot + 1);
        for (size_t i = 0; i < 2; i++) {
            uint8_t c = i < digits.n ? digits.p[i] : '0';
            if (c < '0' || c > '9') {
                return false;
            }
            part = part * 10 + (uint64_t)(c - '0');
        }
    }
    *ret = (uint16_t)(whole * 100 + part);
    return true;
}

static enum pst_status credential_read(struct reader *r, const struct pst_yaml *map,
                                       struct pst_rule_def *d)
{
    struct pst_str kind = text_of(r, map, "kind"), entropy = text_of(r, map, "entropy");
    struct pst_credential_rule *c = &d->credential;
    enum pst_status status;
    d->data.kind = PST_DEF_CREDENTIAL;
    d->literals = PST_ARENA_ARRAY(r->arena, PST_RULE_PREFIXES_MAX, struct pst_str);
    if (d->literals == NULL) {
        return no_memory(r);
    }
    d->literals_nocase = flag_of(r, map, "nocase", false);
    c->words_ok = flag_of(r, map, "words_ok", false) ? 1 : 0;
    c->prior = d->data.prior;
    if (entropy.n > 0 && !entropy_read(entropy, &c->entropy)) {
        return fail(r, map->line, "entropy: bits per byte, 3 or 3.5");
    }
    if (value_read(r, map, d) != PST_OK) {
        return PST_ERR;
    }
    struct pst_type *type = &r->set->types[d->data.type];
    size_t longest = 128;
    for (size_t i = 0; i < c->n_parts; i++) {
        longest += c->parts[i].max;
    }
    type->longest = (uint16_t)(longest > 8192 ? 8192 : longest);
    if (pst_str_eq(kind, PST_STR("token"))) {
        c->kind = PST_CREDENTIAL_TOKEN;
        status = literals_read(r, get(r, map, "prefix"), "a token needs a prefix", d);
    } else if (pst_str_eq(kind, PST_STR("assigned"))) {
        c->kind = PST_CREDENTIAL_ASSIGNED;
        d->literals_nocase = true;
        status = literals_read(r, get(r, map, "names"), "an assigned value needs names", d);
    } else if (pst_str_eq(kind, PST_STR("find"))) {
        c->kind = PST_CREDENTIAL_FIND;
        status = finder_read(r, map, d);
    } else {
        return fail(r, map->line, "kind: token, assigned or find");
    }
    c->nocase = d->literals_nocase ? 1 : 0;
    return status;
}

/* --- one definition --------------------------------------------------------------------------- */

static enum pst_status proof_check(struct reader *r, const struct pst_yaml *map,
                                   const struct pst_rule_def *d)
{
    if (r->user || r->file->user) {
        return PST_OK;
    }
    if (d->n_examples == 0 || d->n_counter == 0) {
        return fail(r, map->line, "a definition without examples and counter-examples");
    }
    if (get(r, map, "source") == NULL || get(r, map, "licence") == NULL) {
        return fail(r, map->line, "a definition without source and licence");
    }
    return PST_OK;
}

static enum pst_status def_read(struct reader *r, const struct pst_yaml *map,
                                struct pst_rule_def *d)
{
    int64_t prior = r->file->credentials ? 30 : 0;
    size_t ignored = 0;
    *d = (struct pst_rule_def){.file = r->file->name, .line = map->line};
    if (members_check(r, map) != PST_OK || type_of(r, map, &d->data.type) != PST_OK ||
        number_of(r, map, "prior", -90, 90, &prior) != PST_OK) {
        return PST_ERR;
    }
    d->data.prior = (int16_t)prior;
    d->data.flags |= r->user || r->file->user ? PST_DEF_USER : 0;
    if (words_read(r, get(r, map, "context"), true, 1, &d->words, &ignored) != PST_OK ||
        words_read(r, get(r, map, "against"), true, -1, &d->words, &ignored) != PST_OK ||
        words_read(r, get(r, map, "keys"), false, 1, &d->keys, &ignored) != PST_OK ||
        words_read(r, get(r, map, "examples"), false, 1, &d->examples, &d->n_examples) != PST_OK ||
        words_read(r, get(r, map, "counter"), false, 1, &d->counter, &d->n_counter) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = r->file->credentials ? credential_read(r, map, d)
                                                  : entity_read(r, map, d);
    return status == PST_OK ? proof_check(r, map, d) : status;
}

static enum pst_status document_read(struct reader *r, struct pst_str text, struct pst_yaml **ret)
{
    if (pst_yaml_parse(r->arena, text, ret, r->err) != PST_OK) {
        if (r->err != NULL) {
            pst_str_cut_c(r->file->name, r->err->file, sizeof r->err->file);
            r->err->line += r->first_line;
        }
        return PST_ERR;
    }
    return PST_OK;
}

/* The leading document with `defaults:`, when there is one; what follows it. */
static enum pst_status defaults_read(struct reader *r, struct pst_str *text)
{
    const struct pst_str mark = PST_STR("\n---\n");
    size_t at = pst_str_find(*text, mark);
    struct pst_yaml *head;
    r->defaults = NULL;
    r->first_line = 0;
    if (at == PST_NPOS) {
        return PST_OK;
    }
    struct pst_str first = pst_str_cut(*text, 0, at + 1);
    if (document_read(r, first, &head) != PST_OK) {
        return PST_ERR;
    }
    r->defaults = head != NULL ? pst_yaml_get(head, PST_STR("defaults")) : NULL;
    if (r->defaults == NULL) {
        return fail(r, 1, "the leading document holds defaults: and nothing else");
    }
    for (size_t i = 0; i < at + mark.n; i++) {
        r->first_line += text->p[i] == '\n';
    }
    *text = pst_str_from(*text, at + mark.n);
    return PST_OK;
}

static enum pst_status file_read(struct reader *r)
{
    struct pst_str text = r->file->text;
    struct pst_yaml *root;
    if (defaults_read(r, &text) != PST_OK || document_read(r, text, &root) != PST_OK) {
        return PST_ERR;
    }
    if (root == NULL || root->kind != PST_YAML_LIST) {
        return fail(r, 1, "a list of definitions is expected");
    }
    for (const struct pst_yaml *item = root->first; item != NULL; item = item->next) {
        if (item->kind != PST_YAML_MAP) {
            return fail(r, item->line, "a definition is a map");
        }
        if (r->set->n_defs == PST_DEFS_MAX) {
            return fail(r, item->line, "too many definitions");
        }
        if (def_read(r, item, &r->set->defs[r->set->n_defs]) != PST_OK) {
            return PST_ERR;
        }
        r->set->n_defs++;
    }
    return PST_OK;
}

enum pst_status pst_rules_read(struct pst_arena *arena, const struct pst_rule_file *files, size_t n,
                               bool user, struct pst_rule_set *ret, struct pst_err *err)
{
    struct reader r = {.arena = arena, .set = ret, .user = user, .err = err};
    *ret = (struct pst_rule_set){.arena = arena};
    ret->types = PST_ARENA_ARRAY(arena, PST_TYPES_MAX, struct pst_type);
    ret->defs = PST_ARENA_ARRAY(arena, PST_DEFS_MAX, struct pst_rule_def);
    if (ret->types == NULL || ret->defs == NULL) {
        return no_memory(&r);
    }
    for (size_t i = 0; i < n; i++) {
        r.file = &files[i];
        if (file_read(&r) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}
