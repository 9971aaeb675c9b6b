/* Findings: their texts, hints, and keeping each once. */
#include "base/map.h"
#include "cedar/lex.h"
#include "cedar/typecheck.h"

enum { NAME_MAX_BYTES = 80, TYPE_MAX_BYTES = 240, NEAR_MAX = 64 };

const char *pst_cedar_finding_name(enum pst_cedar_finding_kind kind)
{
    static const char *const names[PST_CEDAR_F_COUNT] = {
        [PST_CEDAR_F_ENTITY_TYPE] = "unknown_entity_type",
        [PST_CEDAR_F_ACTION] = "unknown_action",
        [PST_CEDAR_F_ENUM] = "not_in_enum",
        [PST_CEDAR_F_NO_ACTION] = "no_applicable_action",
        [PST_CEDAR_F_TYPE] = "unexpected_type",
        [PST_CEDAR_F_INCOMPATIBLE] = "incompatible_types",
        [PST_CEDAR_F_ATTRIBUTE] = "unknown_attribute",
        [PST_CEDAR_F_OPTIONAL] = "optional_attribute",
        [PST_CEDAR_F_TAG] = "tag_not_known",
        [PST_CEDAR_F_EMPTY_SET] = "empty_set",
        [PST_CEDAR_F_EXTENSION] = "extension_argument",
        [PST_CEDAR_F_NOT_LITERAL] = "not_literal",
        [PST_CEDAR_F_LEVEL] = "level",
        [PST_CEDAR_F_IMPOSSIBLE] = "impossible",
    };
    PST_BUG_ON(kind >= PST_CEDAR_F_COUNT);
    return names[kind];
}

/* --- texts -------------------------------------------------------------------------------------
 */

static struct pst_str shortened(struct pst_str s)
{
    struct pst_str cut = pst_str_cut(s, 0, NAME_MAX_BYTES);
    while (cut.n > 0 && cut.n < s.n && (s.p[cut.n] & 0xC0) == 0x80) {
        cut.n--;
    }
    return cut;
}

/* Control characters would garble a terminal. */
static void put_clean(struct pst_buf *out, struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        (void)pst_buf_byte(out, s.p[i] < 0x20 || s.p[i] == 0x7F ? (uint8_t)'?' : s.p[i]);
    }
}

void pst_cedar_put_name(struct pst_buf *out, struct pst_str name)
{
    struct pst_str cut = shortened(name);
    (void)PST_BUF_LIT(out, "`");
    put_clean(out, cut);
    (void)(cut.n == name.n || PST_BUF_LIT(out, "…"));
    (void)PST_BUF_LIT(out, "`");
}

static struct pst_str short_text(const void *checker, uint32_t sym)
{
    return shortened(pst_cedar_check_text(checker, sym));
}

void pst_cedar_put_type(struct pst_cedar_checker *k, struct pst_buf *out, uint32_t type)
{
    (void)pst_cedar_type_print(&k->types, type, out->n + TYPE_MAX_BYTES, false, short_text, k, out);
}

/* --- the nearest name --------------------------------------------------------------------------
 */

void pst_cedar_nearest_init(struct pst_cedar_nearest *n, struct pst_str wanted)
{
    /* Nearer than a third of the letters, else a suggestion only confuses. */
    *n = (struct pst_cedar_nearest){.wanted = wanted, .distance = (uint32_t)(wanted.n / 3) + 2};
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint8_t lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch + 32) : ch;
}

/* Insertions, deletions and changes that make one of the other, letters' case apart. */
static uint32_t distance(struct pst_str a, struct pst_str b)
{
    uint32_t row[NEAR_MAX + 1];
    for (uint32_t j = 0; j <= b.n; j++) {
        row[j] = j;
    }
    for (uint32_t i = 1; i <= a.n; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b.n; j++) {
            uint32_t change = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            diagonal = row[j];
            row[j] = least(change, 1 + least(row[j], row[j - 1]));
        }
    }
    return row[b.n];
}

void pst_cedar_nearest_try(struct pst_cedar_nearest *n, struct pst_str candidate)
{
    if (n->wanted.n == 0 || n->wanted.n > NEAR_MAX || candidate.n == 0 || candidate.n > NEAR_MAX) {
        return;
    }
    uint32_t d = distance(n->wanted, candidate);
    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}

void pst_cedar_nearest_put(const struct pst_cedar_nearest *n, struct pst_buf *hint)
{
    if (n->best.n != 0) {
        (void)PST_BUF_LIT(hint, "did you mean ");
        pst_cedar_put_name(hint, n->best);
        (void)PST_BUF_LIT(hint, "?");
    }
}

/* --- keeping them ------------------------------------------------------------------------------
 */

void pst_cedar_finding_begin(struct pst_cedar_checker *k)
{
    pst_buf_clear(&k->text);
    pst_buf_clear(&k->expected);
    pst_buf_clear(&k->found);
    pst_buf_clear(&k->hint);
}

static struct pst_str kept(struct pst_cedar_checker *k, struct pst_str s)
{
    struct pst_str copy = s.n != 0 ? pst_arena_copy(&k->texts, s) : s;
    if (s.n != 0 && copy.p == NULL) {
        pst_cedar_check_full(k);
    }
    return copy;
}

static void add_request(struct pst_cedar_checker *k, struct pst_cedar_finding *f)
{
    const struct pst_cedar_schema *s = k->s;
    if (k->action == PST_CEDAR_NO) {
        return;
    }
    const struct pst_cedar_uid_row *uid = &s->names->uids[s->actions[k->action].uid];
    f->principal = kept(k, pst_cedar_schema_text(s, s->entity_types[k->principal].name));
    f->resource = kept(k, pst_cedar_schema_text(s, s->entity_types[k->resource].name));
    pst_buf_clear(&k->text);
    (void)(pst_buf_add(&k->text, shortened(pst_cedar_schema_text(s, uid->type))) &&
           PST_BUF_LIT(&k->text, "::") &&
           pst_cedar_quote(&k->text, shortened(pst_cedar_schema_text(s, uid->id))));
    f->action = kept(k, pst_buf_str(&k->text));
}

void pst_cedar_finding_end(struct pst_cedar_checker *k, enum pst_cedar_finding_kind kind,
                           uint32_t node, uint32_t line, uint32_t column)
{
    struct pst_str text = pst_buf_str(&k->text);
    uint64_t hash = pst_hash(kind, text);
    for (uint32_t i = 0; i < k->n_findings; i++) {
        const struct pst_cedar_kept_finding *other = &k->findings[i];
        if (other->node == node && other->hash == hash && other->f.line == line &&
            pst_str_eq(other->f.text, text)) {
            return;
        }
    }
    void *p = k->n_findings < PST_CEDAR_FINDINGS_MAX
                  ? pst_cedar_check_grow(k, k->findings, &k->cap_findings, k->n_findings + 1,
                                         sizeof k->findings[0])
                  : NULL;
    if (p == NULL) {
        return; /* enough said, or k->failed */
    }
    k->findings = (struct pst_cedar_kept_finding *)p;
    struct pst_cedar_kept_finding kf = {.node = node,
                                        .hash = hash,
                                        .f = {.kind = kind,
                                              .warning = kind == PST_CEDAR_F_IMPOSSIBLE,
                                              .policy = k->policy,
                                              .line = line,
                                              .column = column,
                                              .text = kept(k, text),
                                              .expected = kept(k, pst_buf_str(&k->expected)),
                                              .found = kept(k, pst_buf_str(&k->found)),
                                              .hint = kept(k, pst_buf_str(&k->hint))}};
    add_request(k, &kf.f);
    k->findings[k->n_findings++] = kf;
}

void pst_cedar_finding_type(struct pst_cedar_checker *k, uint32_t node, const char *expected,
                            uint32_t found)
{
    pst_cedar_finding_begin(k);
    (void)(PST_BUF_LIT(&k->text, "expected ") && pst_buf_add(&k->text, pst_str_c(expected)) &&
           PST_BUF_LIT(&k->text, ", found "));
    pst_cedar_put_type(k, &k->text, found);
    (void)pst_buf_add(&k->expected, pst_str_c(expected));
    pst_cedar_put_type(k, &k->found, found);
    if (found == PST_CEDAR_TY_LONG && strcmp(expected, "Bool") == 0) {
        (void)PST_BUF_LIT(&k->hint, "compare the number with something");
    } else if (found == PST_CEDAR_TY_STRING && strcmp(expected, "an entity") == 0) {
        (void)PST_BUF_LIT(&k->hint, "an entity is written Type::\"id\"");
    }
    pst_cedar_finding_end(k, PST_CEDAR_F_TYPE, node, 0, 0);
}
