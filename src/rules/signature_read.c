/* Reading the files of signatures. */
#include "inspect/detect/detect.h"
#include "rules/signature_compile.h"
#include "rules/signature_pattern.h"
#include "yaml/yamltree.h"

/* What `defaults:` says, for the rules of one file. */
struct defaults {
    struct pst_str category, tags;
    uint32_t channels;
    struct pst_signature_words words;
};

struct reader {
    struct pst_arena *arena;
    struct pst_signature_set *set;
    struct pst_str file;
    struct pst_err *err;
};

static enum pst_status fail(const struct reader *r, uint32_t line, const char *what)
{
    enum pst_status status = pst_fail_at(r->err, PST_E_CONFIG, line, 1, "%.*s: %s",
                                         PST_FMT(r->file), what);
    if (r->err != NULL) {
        pst_str_cut_c(r->file, r->err->file, sizeof r->err->file);
    }
    return status;
}

static enum pst_status no_memory(const struct reader *r)
{
    return pst_fail(r->err, PST_E_NO_MEMORY, "signatures: no memory");
}

static const char *const channel_names[] = {
    [PST_SOURCE_USER] = "user",     [PST_SOURCE_DOCUMENT] = "document",
    [PST_SOURCE_TOOL] = "tool",     [PST_SOURCE_EMAIL] = "email",
    [PST_SOURCE_WEB] = "web",       [PST_SOURCE_CODE] = "code",
    [PST_SOURCE_OUTPUT] = "output", [PST_SOURCE_DESCRIPTION] = "description",
};

static enum pst_status read_channels(struct reader *r, const struct pst_yaml *node, uint32_t *ret)
{
    uint32_t bits = 0;
    if (node->kind != PST_YAML_LIST) {
        return fail(r, node->line, "channels: a list is expected");
    }
    for (const struct pst_yaml *item = node->first; item != NULL; item = item->next) {
        size_t i = 0;
        while (i < PST_LEN(channel_names) && !pst_str_eq(item->text, pst_str_c(channel_names[i]))) {
            i++;
        }
        if (i == PST_LEN(channel_names)) {
            return fail(r, item->line, "channels: there is none of this name");
        }
        bits |= 1U << i;
    }
    *ret = bits;
    return PST_OK;
}

static bool tag_ok(struct pst_str tag)
{
    for (size_t i = 0; i < tag.n; i++) {
        uint8_t b = tag.p[i];
        bool ok = (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '.' || b == ':';
        if (!ok) {
            return false;
        }
    }
    return pst_str_starts(tag, PST_STR("LLM")) || pst_str_starts(tag, PST_STR("ASI")) ||
           pst_str_starts(tag, PST_STR("AML.T"));
}

/* All tags in one text, a space between any two. */
static enum pst_status read_tags(struct reader *r, const struct pst_yaml *node, struct pst_str *ret)
{
    struct pst_buf joined;
    if (node->kind != PST_YAML_LIST || node->first == NULL) {
        return fail(r, node->line, "tags: a list is expected");
    }
    pst_buf_init(&joined, 1024);
    for (const struct pst_yaml *item = node->first; item != NULL; item = item->next) {
        if (!tag_ok(item->text)) {
            pst_buf_release(&joined);
            return fail(r, item->line, "tags: LLM…, ASI… or AML.T… is expected");
        }
        if (joined.n > 0) {
            (void)pst_buf_byte(&joined, ' ');
        }
        (void)pst_buf_add(&joined, item->text);
    }
    *ret = pst_arena_copy(r->arena, pst_buf_str(&joined));
    pst_buf_release(&joined);
    return ret->p != NULL ? PST_OK : no_memory(r);
}

static enum pst_status read_words(struct reader *r, const struct pst_yaml *node, struct defaults *d)
{
    if (node->kind != PST_YAML_MAP) {
        return fail(r, node->line, "words: a map is expected");
    }
    for (const struct pst_yaml *item = node->first; item != NULL; item = item->next) {
        struct pst_str words;
        const char *what = NULL;
        if (d->words.n == PST_SIGNATURE_WORDS_MAX) {
            return fail(r, item->line, "words: too many");
        }
        words = pst_signature_words_put(&d->words, item->text, r->arena, &what);
        if (words.p == NULL) {
            return fail(r, item->line, what);
        }
        d->words.list[d->words.n++] = (struct pst_signature_word){item->key, words};
    }
    return PST_OK;
}

static enum pst_status read_defaults(struct reader *r, const struct pst_yaml *map,
                                     struct defaults *d)
{
    for (const struct pst_yaml *m = map->first; m != NULL; m = m->next) {
        enum pst_status status = PST_OK;
        if (pst_str_eq(m->key, PST_STR("words"))) {
            status = read_words(r, m, d);
        } else if (pst_str_eq(m->key, PST_STR("tags"))) {
            status = read_tags(r, m, &d->tags);
        } else if (pst_str_eq(m->key, PST_STR("channels"))) {
            status = read_channels(r, m, &d->channels);
        } else if (pst_str_eq(m->key, PST_STR("category"))) {
            d->category = m->text;
        } else if (!pst_str_eq(m->key, PST_STR("source")) &&
                   !pst_str_eq(m->key, PST_STR("licence"))) {
            status = fail(r, m->key_line, "defaults: there is no such member");
        }
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

static enum pst_status read_texts(struct reader *r, const struct pst_yaml *node,
                                  struct pst_signature_texts *ret)
{
    if (node->kind != PST_YAML_LIST || node->count == 0 ||
        node->count > PST_SIGNATURE_EXAMPLES_MAX) {
        return fail(r, node->line, "a list of 1 to 64 texts is expected");
    }
    ret->list = PST_ARENA_ARRAY(r->arena, node->count, struct pst_str);
    if (ret->list == NULL) {
        return no_memory(r);
    }
    for (const struct pst_yaml *item = node->first; item != NULL; item = item->next) {
        if (item->kind != PST_YAML_SCALAR || item->text.n == 0) {
            return fail(r, item->line, "a text is expected");
        }
        ret->list[ret->n++] = item->text;
    }
    return PST_OK;
}

static enum pst_status read_number(struct reader *r, const struct pst_yaml *node, uint64_t max,
                                   uint64_t *ret)
{
    if (!pst_str_u64(node->text, ret) || *ret == 0 || *ret > max) {
        return fail(r, node->line, "a number within its limits is expected");
    }
    return PST_OK;
}

static bool id_ok(struct pst_str id)
{
    for (size_t i = 0; i < id.n; i++) {
        uint8_t b = id.p[i];
        bool ok = (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-';
        if (!ok) {
            return false;
        }
    }
    return id.n > 0 && id.n <= 64;
}

static enum pst_status read_member(struct reader *r, const struct pst_yaml *m,
                                   const struct defaults *d, struct pst_signature_rule *rule,
                                   struct pst_str *category)
{
    uint64_t number;
    if (pst_str_eq(m->key, PST_STR("id"))) {
        rule->rule.id = m->text;
        return id_ok(m->text) ? PST_OK : fail(r, m->line, "id: small letters, digits and '-'");
    }
    if (pst_str_eq(m->key, PST_STR("category"))) {
        *category = m->text;
        return PST_OK;
    }
    if (pst_str_eq(m->key, PST_STR("tags"))) {
        return read_tags(r, m, &rule->rule.tags);
    }
    if (pst_str_eq(m->key, PST_STR("channels"))) {
        return read_channels(r, m, &rule->rule.channels);
    }
    if (pst_str_eq(m->key, PST_STR("pattern"))) {
        const char *what = NULL;
        rule->pattern = pst_signature_words_put(&d->words, m->text, r->arena, &what);
        return rule->pattern.p != NULL ? PST_OK : fail(r, m->line, what);
    }
    if (pst_str_eq(m->key, PST_STR("weight"))) {
        enum pst_status status = read_number(r, m, 100, &number);
        rule->rule.weight = status == PST_OK ? (uint8_t)number : 0;
        return status;
    }
    if (pst_str_eq(m->key, PST_STR("repeat"))) {
        enum pst_status status = read_number(r, m, 1000, &number);
        rule->rule.repeat = status == PST_OK ? (uint16_t)number : 0;
        return status;
    }
    if (pst_str_eq(m->key, PST_STR("examples"))) {
        return read_texts(r, m, &rule->examples);
    }
    if (pst_str_eq(m->key, PST_STR("counter"))) {
        return read_texts(r, m, &rule->counter);
    }
    return fail(r, m->key_line, "there is no such member");
}

static enum pst_status check_rule(struct reader *r, struct pst_signature_rule *rule,
                                  struct pst_str category)
{
    size_t c = 0;
    while (c < PST_CATEGORIES && !pst_str_eq(category, pst_str_c(pst_category_name(c)))) {
        c++;
    }
    if (c == PST_CATEGORIES) {
        return fail(r, rule->line, "category: there is none of this name");
    }
    rule->rule.category = (uint8_t)c;
    if (rule->rule.id.n == 0 || rule->pattern.n == 0 || rule->rule.weight == 0 ||
        rule->rule.tags.n == 0 || rule->rule.channels == 0) {
        return fail(r, rule->line, "id, pattern, weight, tags and channels must be there");
    }
    if (rule->examples.n == 0 || rule->counter.n == 0) {
        return fail(r, rule->line, "a rule without examples and counter-examples is refused");
    }
    for (size_t i = 0; i < r->set->n; i++) {
        if (pst_str_eq(r->set->list[i].rule.id, rule->rule.id)) {
            return fail(r, rule->line, "this id is there already");
        }
    }
    return PST_OK;
}

static enum pst_status read_rule(struct reader *r, const struct pst_yaml *map,
                                 const struct defaults *d)
{
    if (r->set->n == PST_SIGNATURES_MAX) {
        return fail(r, map->line, "too many signatures");
    }
    struct pst_signature_rule rule = {
        .rule = {.repeat = 1, .tags = d->tags, .channels = d->channels},
        .file = r->file,
        .line = map->line,
    };
    struct pst_str category = d->category;
    for (const struct pst_yaml *m = map->first; m != NULL; m = m->next) {
        enum pst_status status = read_member(r, m, d, &rule, &category);
        if (status != PST_OK) {
            return status;
        }
    }
    enum pst_status status = check_rule(r, &rule, category);
    if (status == PST_OK) {
        r->set->list[r->set->n++] = rule;
    }
    return status;
}

static enum pst_status read_file(struct reader *r, struct pst_str text)
{
    struct pst_yaml *root = NULL;
    struct defaults *d = PST_ARENA_NEW(r->arena, struct defaults);
    if (d == NULL) {
        return no_memory(r);
    }
    if (pst_yaml_parse(r->arena, text, &root, r->err) != PST_OK) {
        if (r->err != NULL) {
            pst_str_cut_c(r->file, r->err->file, sizeof r->err->file);
        }
        return PST_ERR;
    }
    if (root == NULL || root->kind != PST_YAML_LIST) {
        return fail(r, 1, "a list of signatures is expected");
    }
    d->channels = PST_SIGNATURE_CHANNELS_ALL;
    for (const struct pst_yaml *item = root->first; item != NULL; item = item->next) {
        const struct pst_yaml *defaults = pst_yaml_get(item, PST_STR("defaults"));
        enum pst_status status;
        if (item->kind != PST_YAML_MAP) {
            return fail(r, item->line, "a signature is a map");
        }
        if (defaults != NULL && item == root->first && item->count == 1) {
            status = read_defaults(r, defaults, d);
        } else {
            status = read_rule(r, item, d);
        }
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

enum pst_status pst_signature_read(struct pst_arena *arena, const struct pst_signature_file *files,
                                   size_t n, struct pst_signature_set *ret, struct pst_err *err)
{
    struct pst_signature_set set = {0};
    set.list = PST_ARENA_ARRAY(arena, PST_SIGNATURES_MAX, struct pst_signature_rule);
    struct reader r = {.arena = arena, .set = &set, .err = err};
    if (set.list == NULL) {
        return no_memory(&r);
    }
    for (size_t i = 0; i < n; i++) {
        r.file = files[i].name;
        if (read_file(&r, files[i].text) != PST_OK) {
            return PST_ERR;
        }
    }
    *ret = set;
    return PST_OK;
}
