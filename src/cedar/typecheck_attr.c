/* Attributes: getting them, and asking whether they are there. */
#include "cedar/typecheck.h"

static const struct pst_cedar_caps no_caps = {NULL, 0};

static struct pst_cedar_typed only(uint32_t type)
{
    return (struct pst_cedar_typed){type, no_caps};
}

/* The record of what `type` has; of several entity types, what all of them have. PST_CEDAR_NO for
 * what has no attributes. */
static uint32_t record_of(struct pst_cedar_checker *k, uint32_t type)
{
    const uint32_t *types = NULL;
    uint32_t record = PST_CEDAR_NO;
    if (pst_cedar_type_kind(&k->types, type) == PST_CEDAR_TY_RECORD) {
        return type;
    }
    for (uint32_t i = 0; i < pst_cedar_type_entities(&k->types, type, &types); i++) {
        uint32_t t = pst_cedar_schema_entity_type(k->s, types[i]);
        if (t == PST_CEDAR_NO) {
            return PST_CEDAR_NO;
        }
        uint32_t attrs = k->s->entity_types[t].attrs;
        record = i == 0 ? attrs
                        : pst_cedar_type_lub(&k->types, PST_CEDAR_PERMISSIVE, record, attrs);
        if (record == PST_CEDAR_NO) {
            return PST_CEDAR_NO;
        }
    }
    return record;
}

static bool is_entity(const struct pst_cedar_checker *k, uint32_t type)
{
    enum pst_cedar_type_kind kind = pst_cedar_type_kind(&k->types, type);
    return kind == PST_CEDAR_TY_ENTITY || kind == PST_CEDAR_TY_UNION;
}

/* An entity or record; else reported. */
static bool has_attributes(struct pst_cedar_checker *k, uint32_t node, uint32_t type)
{
    if (is_entity(k, type) || pst_cedar_type_kind(&k->types, type) == PST_CEDAR_TY_RECORD) {
        return true;
    }
    if (type != PST_CEDAR_TY_ERROR) {
        pst_cedar_finding_type(k, node, "an entity or a record", type);
    }
    return false;
}

static struct pst_cedar_cap attr_cap(const struct pst_cedar_checker *k,
                                     const struct pst_cedar_node *n, uint32_t key)
{
    return (struct pst_cedar_cap){.expr = k->number[n->a], .key = key};
}

static void missing(struct pst_cedar_checker *k, uint32_t node, uint32_t type, uint32_t record,
                    uint32_t key)
{
    struct pst_str name = pst_cedar_check_text(k, key);
    struct pst_cedar_nearest nearest;
    pst_cedar_nearest_init(&nearest, name);
    pst_cedar_finding_begin(k);
    (void)PST_BUF_LIT(&k->text, "there is no attribute ");
    pst_cedar_put_name(&k->text, name);
    (void)PST_BUF_LIT(&k->text, " in ");
    pst_cedar_put_type(k, &k->text, type);
    pst_cedar_put_name(&k->found, name);
    uint32_t n = record != PST_CEDAR_NO ? k->types.rows[record].n : 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct pst_cedar_member_type *m = &k->types.members[k->types.rows[record].a + i];
        pst_cedar_nearest_try(&nearest, pst_cedar_check_text(k, m->key));
    }
    pst_cedar_nearest_put(&nearest, &k->hint);
    pst_cedar_finding_end(k, PST_CEDAR_F_ATTRIBUTE, node, 0, 0);
}

static void optional(struct pst_cedar_checker *k, uint32_t node, uint32_t type, uint32_t key)
{
    struct pst_str name = pst_cedar_check_text(k, key);
    pst_cedar_finding_begin(k);
    (void)PST_BUF_LIT(&k->text, "the attribute ");
    pst_cedar_put_name(&k->text, name);
    (void)PST_BUF_LIT(&k->text, " of ");
    pst_cedar_put_type(k, &k->text, type);
    (void)PST_BUF_LIT(&k->text, " is optional and may be missing");
    pst_cedar_put_name(&k->found, name);
    (void)PST_BUF_LIT(&k->hint, "test it first: … has ");
    pst_cedar_put_name(&k->hint, name);
    (void)PST_BUF_LIT(&k->hint, " && …");
    pst_cedar_finding_end(k, PST_CEDAR_F_OPTIONAL, node, 0, 0);
}

struct pst_cedar_typed pst_cedar_type_of_get(struct pst_cedar_checker *k, uint32_t node, uint32_t a,
                                             struct pst_cedar_caps prior)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    if (!has_attributes(k, n->a, a)) {
        return only(PST_CEDAR_TY_ERROR);
    }
    uint32_t key = pst_cedar_check_sym(k, n->b);
    uint32_t record = record_of(k, a);
    const struct pst_cedar_member_type *m = record != PST_CEDAR_NO
                                                ? pst_cedar_type_member(&k->types, record, key)
                                                : NULL;
    if (m == NULL) {
        missing(k, node, a, record, key);
        return only(PST_CEDAR_TY_ERROR);
    }
    uint32_t type = m->type;
    if (m->required == 0 &&
        !pst_cedar_sorted_has(prior.list, prior.n, pst_cedar_cap(k, attr_cap(k, n, key)))) {
        optional(k, node, a, key);
    }
    return only(type);
}

/* Some of the entity types have an attribute that is not in what all of them have. */
static bool some_have(const struct pst_cedar_checker *k, uint32_t type, uint32_t key)
{
    const uint32_t *types = NULL;
    uint32_t n = pst_cedar_type_entities(&k->types, type, &types);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = pst_cedar_schema_entity_type(k->s, types[i]);
        if (t != PST_CEDAR_NO &&
            pst_cedar_type_member(&k->types, k->s->entity_types[t].attrs, key) != NULL) {
            return true;
        }
    }
    return false;
}

struct pst_cedar_typed pst_cedar_type_of_has(struct pst_cedar_checker *k, uint32_t node, uint32_t a,
                                             struct pst_cedar_caps prior)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    if (!has_attributes(k, n->a, a)) {
        return only(PST_CEDAR_TY_BOOL);
    }
    uint32_t key = pst_cedar_check_sym(k, n->b);
    uint32_t record = record_of(k, a);
    const struct pst_cedar_member_type *m = record != PST_CEDAR_NO
                                                ? pst_cedar_type_member(&k->types, record, key)
                                                : NULL;
    if (m == NULL) {
        bool may = is_entity(k, a) ? some_have(k, a, key) : k->types.rows[a].open != 0;
        return only(may ? PST_CEDAR_TY_BOOL : PST_CEDAR_TY_FALSE);
    }
    uint32_t cap = pst_cedar_cap(k, attr_cap(k, n, key));
    /* An entity may be missing altogether, with the attributes that its type requires. */
    bool sure = m->required != 0 && !is_entity(k, a);
    if (sure || pst_cedar_sorted_has(prior.list, prior.n, cap)) {
        return only(PST_CEDAR_TY_TRUE);
    }
    return (struct pst_cedar_typed){PST_CEDAR_TY_BOOL, pst_cedar_caps_one(k, cap)};
}
