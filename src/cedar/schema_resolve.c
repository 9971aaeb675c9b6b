/* From declarations to what they mean: every name registered once, references looked up,
 * hierarchies closed. */
#include "cedar/schema_build.h"

#include <stdlib.h>

static int name_width(struct pst_str name)
{
    return (int)(name.n < 80 ? name.n : 80);
}
#define NAME(s) name_width(s), (const char *)(s).p

uint32_t pst_cedar_schema_qualify(struct pst_cedar_schema_build *b, uint32_t space, uint32_t name)
{
    struct pst_cedar *names = b->s->names;
    if (pst_cedar_text(names, space).n == 0) {
        return name;
    }
    pst_buf_clear(&b->scratch);
    bool ok = pst_buf_add(&b->scratch, pst_cedar_text(names, space)) &&
              PST_BUF_LIT(&b->scratch, "::") &&
              pst_buf_add(&b->scratch, pst_cedar_text(names, name));
    return ok ? pst_cedar_sym(names, pst_buf_str(&b->scratch)) : PST_CEDAR_NO;
}

/* --- names -------------------------------------------------------------------------------------
 */

/* The type of a namespace's actions. */
static uint32_t action_type(struct pst_cedar_schema_build *b, const struct pst_cedar_space *space)
{
    uint32_t name = pst_cedar_sym(b->s->names, PST_STR("Action"));
    return name != PST_CEDAR_NO ? pst_cedar_schema_qualify(b, space->name, name) : PST_CEDAR_NO;
}

/* First all symbols and entity references are made, so that tables indexed by them may follow. */
static enum pst_status make_symbols(struct pst_cedar_schema_build *b)
{
    struct pst_cedar_schema *s = b->s;
    bool ok = true;
    for (const struct pst_cedar_space *p = s->spaces; p != NULL && ok; p = p->next) {
        for (struct pst_cedar_common *d = p->commons; d != NULL && ok; d = d->next) {
            d->full = pst_cedar_schema_qualify(b, p->name, d->name);
            ok = d->full != PST_CEDAR_NO;
        }
        for (struct pst_cedar_entity_decl *d = p->entities; d != NULL && ok; d = d->next) {
            d->full = pst_cedar_schema_qualify(b, p->name, d->name);
            ok = d->full != PST_CEDAR_NO;
            s->n_entity_types++;
        }
        s->n_entity_types += p->actions != NULL;
        uint32_t type = p->actions != NULL ? action_type(b, p) : 0;
        for (const struct pst_cedar_action_decl *d = p->actions; d != NULL && ok; d = d->next) {
            ok = pst_cedar_uid_add(s->names, type, d->id) != PST_CEDAR_NO;
            s->n_actions++;
        }
    }
    s->n_syms = PST_CEDAR_N_OF(s->names, syms);
    s->n_uids = PST_CEDAR_N_OF(s->names, uids);
    if (!ok) {
        return pst_cedar_schema_full(b);
    }
    s->type_of_sym = (uint32_t *)pst_cedar_schema_take(b, s->n_syms, sizeof(uint32_t));
    s->action_of_uid = (uint32_t *)pst_cedar_schema_take(b, s->n_uids, sizeof(uint32_t));
    b->s->common_of_sym = (struct pst_cedar_common **)pst_cedar_schema_take(
        b, s->n_syms, sizeof b->s->common_of_sym[0]);
    s->entity_types = (struct pst_cedar_entity_type *)pst_cedar_schema_take(
        b, s->n_entity_types, sizeof s->entity_types[0]);
    s->actions = (struct pst_cedar_schema_action *)pst_cedar_schema_take(b, s->n_actions,
                                                                         sizeof s->actions[0]);
    if (s->type_of_sym == NULL || s->action_of_uid == NULL || b->s->common_of_sym == NULL ||
        s->entity_types == NULL || s->actions == NULL) {
        return PST_ERR;
    }
    memset(s->type_of_sym, 0xFF, s->n_syms * sizeof s->type_of_sym[0]);
    memset(s->action_of_uid, 0xFF, s->n_uids * sizeof s->action_of_uid[0]);
    return PST_OK;
}

static enum pst_status twice(struct pst_cedar_schema_build *b, struct pst_cedar_place place,
                             const char *what, uint32_t sym)
{
    struct pst_str name = pst_cedar_text(b->s->names, sym);
    return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place, "%s `%.*s` is declared twice", what,
                                 NAME(name));
}

static enum pst_status register_common(struct pst_cedar_schema_build *b, struct pst_cedar_common *d)
{
    struct pst_str name = pst_cedar_text(b->s->names, d->name);
    if (pst_cedar_schema_reserved_type(name)) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, d->place,
                                     "`%.*s` is reserved and cannot be the name of a common type",
                                     NAME(name));
    }
    if (b->s->common_of_sym[d->full] != NULL) {
        return twice(b, d->place, "the common type", d->full);
    }
    b->s->common_of_sym[d->full] = d;
    return PST_OK;
}

static enum pst_status register_entity(struct pst_cedar_schema_build *b,
                                       const struct pst_cedar_entity_decl *d, uint32_t *n)
{
    struct pst_cedar_schema *s = b->s;
    if (pst_str_eq(pst_cedar_text(s->names, d->name), PST_STR("Action"))) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, d->place,
                                     "`Action` is the type of actions and cannot be declared");
    }
    if (s->type_of_sym[d->full] != PST_CEDAR_NO) {
        return twice(b, d->place, "the entity type", d->full);
    }
    s->type_of_sym[d->full] = *n;
    s->entity_types[(*n)++] = (struct pst_cedar_entity_type){
        .name = d->full, .decl = d, .is_enum = d->is_enum, .tags = PST_CEDAR_NO};
    return PST_OK;
}

static enum pst_status register_actions(struct pst_cedar_schema_build *b,
                                        const struct pst_cedar_space *p, uint32_t *n_types,
                                        uint32_t *n_actions)
{
    struct pst_cedar_schema *s = b->s;
    if (p->actions == NULL) {
        return PST_OK;
    }
    uint32_t sym = action_type(b, p);
    uint32_t empty = pst_cedar_type_record(&s->types, NULL, 0, false);
    if (sym == PST_CEDAR_NO || empty == PST_CEDAR_NO) {
        return pst_cedar_schema_full(b);
    }
    s->type_of_sym[sym] = *n_types;
    s->entity_types[(*n_types)++] = (struct pst_cedar_entity_type){
        .name = sym, .is_action = true, .attrs = empty, .tags = PST_CEDAR_NO};
    for (const struct pst_cedar_action_decl *d = p->actions; d != NULL; d = d->next) {
        uint32_t uid = pst_cedar_uid_find(s->names, sym, d->id);
        if (s->action_of_uid[uid] != PST_CEDAR_NO) {
            return twice(b, d->place, "the action", d->id);
        }
        s->action_of_uid[uid] = *n_actions;
        s->actions[(*n_actions)++] = (struct pst_cedar_schema_action){
            .uid = uid, .type = s->type_of_sym[sym], .decl = d};
    }
    return PST_OK;
}

/* A name in a namespace may not be one that is declared outside of any. */
static enum pst_status check_shadow(struct pst_cedar_schema_build *b, uint32_t name, uint32_t full,
                                    struct pst_cedar_place place)
{
    bool hides = b->s->common_of_sym[name] != NULL || b->s->type_of_sym[name] != PST_CEDAR_NO;
    struct pst_str text = pst_cedar_text(b->s->names, name);
    return name == full || !hides
               ? PST_OK
               : pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place,
                                       "this would hide the `%.*s` declared outside of any "
                                       "namespace: rename one of them",
                                       NAME(text));
}

static enum pst_status check_shadows(struct pst_cedar_schema_build *b,
                                     const struct pst_cedar_space *p)
{
    struct pst_cedar_schema *s = b->s;
    uint32_t plain = pst_cedar_sym_find(s->names, PST_STR("Action"));
    enum pst_status st = PST_OK;
    for (const struct pst_cedar_common *d = p->commons; d != NULL && st == PST_OK; d = d->next) {
        st = check_shadow(b, d->name, d->full, d->place);
    }
    for (const struct pst_cedar_entity_decl *d = p->entities; d != NULL && st == PST_OK;
         d = d->next) {
        st = check_shadow(b, d->name, d->full, d->place);
    }
    bool outside = pst_cedar_text(s->names, p->name).n == 0;
    for (const struct pst_cedar_action_decl *d = p->actions;
         d != NULL && st == PST_OK && !outside && plain != PST_CEDAR_NO; d = d->next) {
        uint32_t uid = pst_cedar_uid_find(s->names, plain, d->id);
        if (uid < s->n_uids && s->action_of_uid[uid] != PST_CEDAR_NO) {
            struct pst_str text = pst_cedar_text(s->names, d->id);
            st = pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, d->place,
                                       "this would hide the action `%.*s` declared outside of any "
                                       "namespace: rename one of them",
                                       NAME(text));
        }
    }
    return st;
}

static enum pst_status register_all(struct pst_cedar_schema_build *b)
{
    enum pst_status st = make_symbols(b);
    uint32_t types = 0;
    uint32_t actions = 0;
    for (const struct pst_cedar_space *p = b->s->spaces; p != NULL && st == PST_OK; p = p->next) {
        for (struct pst_cedar_common *d = p->commons; d != NULL && st == PST_OK; d = d->next) {
            st = register_common(b, d);
        }
        for (const struct pst_cedar_entity_decl *d = p->entities; d != NULL && st == PST_OK;
             d = d->next) {
            st = register_entity(b, d, &types);
        }
        if (st == PST_OK) {
            st = register_actions(b, p, &types, &actions);
        }
    }
    for (const struct pst_cedar_space *p = b->s->spaces; p != NULL && st == PST_OK; p = p->next) {
        st = check_shadows(b, p);
    }
    return st;
}

/* --- references --------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The indexes of a resolved list, sorted and distinct. */
static enum pst_status collect(struct pst_cedar_schema_build *b,
                               const struct pst_cedar_name_ref *list, uint32_t **ret,
                               uint32_t *ret_n)
{
    uint32_t n = 0;
    for (const struct pst_cedar_name_ref *ref = list; ref != NULL; ref = ref->next) {
        n++;
    }
    uint32_t *items = (uint32_t *)pst_cedar_schema_take(b, n, sizeof items[0]);
    if (items == NULL) {
        return PST_ERR;
    }
    n = 0;
    for (const struct pst_cedar_name_ref *ref = list; ref != NULL; ref = ref->next) {
        items[n++] = ref->index;
    }
    qsort(items, n, sizeof items[0], by_number);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept == 0 || items[kept - 1] != items[i]) {
            items[kept++] = items[i];
        }
    }
    *ret = items;
    *ret_n = kept;
    return PST_OK;
}

/* Entity types: in the namespace if it is declared there, else as written. */
static enum pst_status resolve_entities(struct pst_cedar_schema_build *b,
                                        const struct pst_cedar_space *p,
                                        struct pst_cedar_name_ref *list, uint32_t **ret,
                                        uint32_t *ret_n)
{
    struct pst_cedar_schema *s = b->s;
    for (struct pst_cedar_name_ref *ref = list; ref != NULL; ref = ref->next) {
        uint32_t sym = ref->type;
        if (pst_str_find(pst_cedar_text(s->names, sym), PST_STR("::")) == PST_NPOS) {
            sym = pst_cedar_schema_qualify(b, p->name, sym);
            if (sym == PST_CEDAR_NO) {
                return pst_cedar_schema_full(b);
            }
        }
        ref->index = pst_cedar_schema_entity_type(s, sym);
        if (ref->index == PST_CEDAR_NO) {
            ref->index = pst_cedar_schema_entity_type(s, ref->type);
        }
        if (ref->index == PST_CEDAR_NO || s->entity_types[ref->index].is_action) {
            struct pst_str name = pst_cedar_text(s->names, ref->type);
            return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, ref->place,
                                         "`%.*s` is not declared as an entity type", NAME(name));
        }
    }
    return collect(b, list, ret, ret_n);
}

static uint32_t action_number(const struct pst_cedar_schema *s, uint32_t type, uint32_t id)
{
    uint32_t uid = type != PST_CEDAR_NO ? pst_cedar_uid_find(s->names, type, id) : PST_CEDAR_NO;
    return uid < s->n_uids ? s->action_of_uid[uid] : PST_CEDAR_NO;
}

static enum pst_status resolve_action_parents(struct pst_cedar_schema_build *b,
                                              const struct pst_cedar_space *p,
                                              struct pst_cedar_schema_action *a)
{
    struct pst_cedar_schema *s = b->s;
    for (struct pst_cedar_name_ref *ref = a->decl->parents; ref != NULL; ref = ref->next) {
        uint32_t type = ref->type;
        if (type == PST_CEDAR_NO) {
            type = pst_cedar_sym(s->names, PST_STR("Action"));
        }
        if (type == PST_CEDAR_NO) {
            return pst_cedar_schema_full(b);
        }
        uint32_t inside = type;
        if (pst_str_find(pst_cedar_text(s->names, type), PST_STR("::")) == PST_NPOS) {
            inside = pst_cedar_schema_qualify(b, p->name, type);
        }
        ref->index = action_number(s, inside, ref->id);
        if (ref->index == PST_CEDAR_NO) {
            ref->index = action_number(s, type, ref->id);
        }
        if (ref->index == PST_CEDAR_NO) {
            struct pst_str id = pst_cedar_text(s->names, ref->id);
            return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, ref->place,
                                         "the action `%.*s` is not declared", NAME(id));
        }
    }
    return collect(b, a->decl->parents, &a->parents, &a->n_parents);
}

/* --- types -------------------------------------------------------------------------------------
 */

static enum pst_status record_type(struct pst_cedar_schema_build *b, struct pst_cedar_written *w,
                                   const char *what, uint32_t *ret)
{
    if (w == NULL) {
        *ret = pst_cedar_type_record(&b->s->types, NULL, 0, false);
        return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_schema_full(b);
    }
    if (pst_cedar_schema_resolve_type(b, w) != PST_OK) {
        return PST_ERR;
    }
    *ret = w->type;
    return pst_cedar_type_kind(&b->s->types, w->type) == PST_CEDAR_TY_RECORD
               ? PST_OK
               : pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, w->place, "%s must be a record",
                                       what);
}

static enum pst_status resolve_entity(struct pst_cedar_schema_build *b,
                                      const struct pst_cedar_space *p,
                                      struct pst_cedar_entity_type *t)
{
    struct pst_cedar_entity_decl d = *t->decl;
    if (resolve_entities(b, p, d.parents, &t->parents, &t->n_parents) != PST_OK ||
        record_type(b, d.shape, "the shape of an entity type", &t->attrs) != PST_OK) {
        return PST_ERR;
    }
    if (d.tags != NULL) {
        if (pst_cedar_schema_resolve_type(b, d.tags) != PST_OK) {
            return PST_ERR;
        }
        t->tags = d.tags->type;
    }
    for (struct pst_cedar_name_ref *ref = d.ids; ref != NULL; ref = ref->next) {
        ref->index = ref->id;
    }
    return collect(b, d.ids, &t->ids, &t->n_ids);
}

static enum pst_status resolve_action(struct pst_cedar_schema_build *b,
                                      const struct pst_cedar_space *p,
                                      struct pst_cedar_schema_action *a)
{
    const struct pst_cedar_action_decl *d = a->decl;
    if (resolve_action_parents(b, p, a) != PST_OK ||
        resolve_entities(b, p, d->principals, &a->principals, &a->n_principals) != PST_OK ||
        resolve_entities(b, p, d->resources, &a->resources, &a->n_resources) != PST_OK) {
        return PST_ERR;
    }
    return record_type(b, d->context, "the context of an action", &a->context);
}

/* --- hierarchies -------------------------------------------------------------------------------
 */

struct closure {
    uint32_t *queue; /* room for all */
    uint32_t *seen;  /* stamp of the last walk that came by */
};

/* Everything reachable from `from` by at least one step, sorted. */
static enum pst_status close_one(struct pst_cedar_schema_build *b, struct closure *c, uint32_t from,
                                 void (*parents_of)(const struct pst_cedar_schema *s, uint32_t i,
                                                    const uint32_t **ret, uint32_t *ret_n),
                                 uint32_t **ret, uint32_t *ret_n)
{
    uint32_t n = 0;
    uint32_t at = from;
    for (uint32_t next = 0;; at = c->queue[next++]) {
        const uint32_t *parents = NULL;
        uint32_t n_parents = 0;
        parents_of(b->s, at, &parents, &n_parents);
        for (uint32_t i = 0; i < n_parents; i++) {
            if (c->seen[parents[i]] != from + 1) {
                c->seen[parents[i]] = from + 1;
                c->queue[n++] = parents[i];
            }
        }
        if (next == n) {
            break;
        }
    }
    *ret = (uint32_t *)pst_cedar_schema_take(b, n, sizeof(uint32_t));
    if (*ret == NULL) {
        return PST_ERR;
    }
    memcpy(*ret, c->queue, n * sizeof(uint32_t));
    qsort(*ret, n, sizeof(uint32_t), by_number);
    *ret_n = n;
    return PST_OK;
}

static void parents_of_type(const struct pst_cedar_schema *s, uint32_t i, const uint32_t **ret,
                            uint32_t *ret_n)
{
    *ret = s->entity_types[i].parents;
    *ret_n = s->entity_types[i].n_parents;
}

static void parents_of_action(const struct pst_cedar_schema *s, uint32_t i, const uint32_t **ret,
                              uint32_t *ret_n)
{
    *ret = s->actions[i].parents;
    *ret_n = s->actions[i].n_parents;
}

/* The types that actions of one type may be below: those of their ancestors. */
static enum pst_status action_type_parents(struct pst_cedar_schema_build *b)
{
    struct pst_cedar_schema *s = b->s;
    for (uint32_t t = 0; t < s->n_entity_types; t++) {
        struct pst_cedar_entity_type *type = &s->entity_types[t];
        if (!type->is_action) {
            continue;
        }
        type->ancestors = (uint32_t *)pst_cedar_schema_take(b, b->n_spaces, sizeof(uint32_t));
        if (type->ancestors == NULL) {
            return PST_ERR;
        }
        for (uint32_t i = 0; i < s->n_actions; i++) {
            const struct pst_cedar_schema_action *a = &s->actions[i];
            for (uint32_t k = 0; a->type == t && k < a->n_ancestors; k++) {
                uint32_t above = s->actions[a->ancestors[k]].type;
                bool known = false;
                for (uint32_t j = 0; j < type->n_ancestors && !known; j++) {
                    known = type->ancestors[j] == above;
                }
                if (!known) {
                    type->ancestors[type->n_ancestors++] = above;
                }
            }
        }
        qsort(type->ancestors, type->n_ancestors, sizeof(uint32_t), by_number);
    }
    return PST_OK;
}

static enum pst_status close_hierarchies(struct pst_cedar_schema_build *b)
{
    struct pst_cedar_schema *s = b->s;
    uint32_t most = s->n_actions > s->n_entity_types ? s->n_actions : s->n_entity_types;
    struct closure c = {
        .queue = (uint32_t *)pst_cedar_schema_take(b, most, sizeof(uint32_t)),
        .seen = (uint32_t *)pst_cedar_schema_take(b, most, sizeof(uint32_t)),
    };
    enum pst_status st = c.queue != NULL && c.seen != NULL ? PST_OK : PST_ERR;
    for (uint32_t i = 0; i < s->n_entity_types && st == PST_OK; i++) {
        struct pst_cedar_entity_type *t = &s->entity_types[i];
        st = close_one(b, &c, i, parents_of_type, &t->ancestors, &t->n_ancestors);
    }
    if (st == PST_OK && most != 0) {
        memset(c.seen, 0, most * sizeof c.seen[0]);
    }
    for (uint32_t i = 0; i < s->n_actions && st == PST_OK; i++) {
        struct pst_cedar_schema_action *a = &s->actions[i];
        st = close_one(b, &c, i, parents_of_action, &a->ancestors, &a->n_ancestors);
        if (st == PST_OK && pst_cedar_sorted_has(a->ancestors, a->n_ancestors, i)) {
            struct pst_str id = pst_cedar_text(s->names, a->decl->id);
            st = pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, a->decl->place,
                                       "the action `%.*s` is a member of itself", NAME(id));
        }
    }
    return st == PST_OK ? action_type_parents(b) : PST_ERR;
}

enum pst_status pst_cedar_schema_resolve(struct pst_cedar_schema_build *b)
{
    enum pst_status st = register_all(b);
    uint32_t type = 0;
    uint32_t action = 0;
    for (const struct pst_cedar_space *p = b->s->spaces; p != NULL && st == PST_OK; p = p->next) {
        for (struct pst_cedar_common *d = p->commons; d != NULL && st == PST_OK; d = d->next) {
            st = pst_cedar_schema_resolve_type(b, d->type);
        }
        for (const struct pst_cedar_entity_decl *d = p->entities; d != NULL && st == PST_OK;
             d = d->next) {
            st = resolve_entity(b, p, &b->s->entity_types[type++]);
        }
        type += p->actions != NULL;
        for (const struct pst_cedar_action_decl *d = p->actions; d != NULL && st == PST_OK;
             d = d->next) {
            st = resolve_action(b, p, &b->s->actions[action++]);
        }
    }
    return st == PST_OK ? close_hierarchies(b) : PST_ERR;
}
