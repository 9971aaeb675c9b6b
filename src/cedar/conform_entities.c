/* Entities from JSON, read by a schema. */
#include "cedar/check.h"
#include "cedar/conform_model.h"

#include <stdio.h>
#include <stdlib.h>

/* An action of this source: looked at again when all of them are known. */
struct seen_action {
    uint32_t uid;
    const struct pst_json *at;
};

struct load {
    struct pst_cedar *c;
    const struct pst_cedar_schema *s;
    struct pst_str file, text;
    struct pst_arena scratch;
    pst_cedar_entity_report *report;
    void *ctx;
    struct pst_err err; /* the first error */
    bool failed;
    struct seen_action *actions;
    uint32_t n_actions;
};

/* An entity is wrong; true: go on, because all are wanted. */
static bool note(struct load *l, const struct pst_json *at, struct pst_str uid, struct pst_err *err)
{
    if (err->line == 0) {
        pst_cedar_json_position(err, l->text, at->offset);
    }
    pst_cedar_err_file(err, l->file);
    if (!l->failed) {
        l->err = *err;
    }
    l->failed = true;
    if (l->report == NULL) {
        return false;
    }
    l->report(l->ctx, uid, err);
    return err->code != PST_E_NO_MEMORY && err->code != PST_E_CEDAR_LIMIT;
}

/* --- parts of an entity ------------------------------------------------------------------------
 */

static enum pst_status check_members(const struct pst_json *e, struct pst_err *err)
{
    static const char *const known[] = {"uid", "attrs", "parents", "tags"};
    if (!pst_json_is(e, PST_JSON_OBJECT)) {
        return pst_fail(err, PST_E_CEDAR_ENTITY, "an entity is not an object");
    }
    for (const struct pst_json *m = pst_json_first(e); m != NULL; m = m->next) {
        bool ok = false;
        for (size_t i = 0; i < PST_LEN(known) && !ok; i++) {
            ok = pst_str_eq(m->name, pst_str_c(known[i]));
        }
        if (!ok) {
            return pst_fail(err, PST_E_CEDAR_ENTITY,
                            "an entity has uid, attrs, parents and tags only");
        }
    }
    const struct pst_json *tags = PST_JSON_GET(e, "tags");
    return pst_json_is(PST_JSON_GET(e, "attrs"), PST_JSON_OBJECT) &&
                   pst_json_is(PST_JSON_GET(e, "parents"), PST_JSON_ARRAY) &&
                   (tags == NULL || tags->type == PST_JSON_OBJECT)
               ? PST_OK
               : pst_fail(err, PST_E_CEDAR_ENTITY,
                          "an entity needs the object `attrs` and the list `parents`");
}

static enum pst_status read_uid(struct load *l, const struct pst_json *v, uint32_t *ret,
                                struct pst_err *err)
{
    struct pst_str type = {0};
    struct pst_str id = {0};
    if (!pst_cedar_json_uid_texts(v, &type, &id)) {
        return pst_fail(err, PST_E_CEDAR_ENTITY,
                        "an entity is written {\"type\": \"…\", \"id\": \"…\"}");
    }
    if (pst_cedar_uid_allowed(l->s, type, id, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_value v_uid = pst_cedar_target_uid((struct pst_cedar_target){.c = l->c}, type,
                                                        id);
    *ret = (uint32_t)v_uid.i;
    return v_uid.tag == PST_CEDAR_UID ? PST_OK
                                      : pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
}

/* Parents may be of any type that the schema has above this one. Those of an action are checked
 * when all actions are known. */
static enum pst_status read_parents(struct load *l, const struct pst_json *list, uint32_t type,
                                    uint32_t **ret, struct pst_err *err)
{
    uint32_t n = 0;
    uint32_t *parents = PST_ARENA_ARRAY(&l->scratch, list->count, uint32_t);
    if (parents == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
    }
    const struct pst_cedar_entity_type *t = &l->s->entity_types[type];
    for (const struct pst_json *p = pst_json_first(list); p != NULL; p = p->next) {
        struct pst_str name = {0};
        struct pst_str id = {0};
        enum pst_status st = read_uid(l, p, &parents[n], err);
        if (st == PST_OK && !t->is_action && pst_cedar_json_uid_texts(p, &name, &id) &&
            !pst_cedar_sorted_has(t->ancestors, t->n_ancestors,
                                  pst_cedar_schema_find_type(l->s, name))) {
            st = pst_fail(err, PST_E_CEDAR_SCHEMA,
                          "the schema does not let it have a parent of type `%.*s`",
                          (int)(name.n < 60 ? name.n : 60), (const char *)name.p);
        }
        if (st != PST_OK) {
            pst_cedar_json_position(err, l->text, p->offset);
            return PST_ERR;
        }
        n++;
    }
    *ret = parents;
    return PST_OK;
}

static enum pst_status read_attrs(struct load *l, const struct pst_json *v, uint32_t type,
                                  struct pst_cedar_value *ret, struct pst_err *err)
{
    const struct pst_json *at = v;
    struct pst_cedar_target t = {.c = l->c};
    if (pst_cedar_json_typed(t, l->s, v, type, "attribute", &l->scratch, ret, &at, err) != PST_OK) {
        pst_cedar_json_position(err, l->text, at->offset);
        return PST_ERR;
    }
    return PST_OK;
}

static enum pst_status read_tags(struct load *l, const struct pst_json *tags, uint32_t type,
                                 struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_cedar_target t = {.c = l->c};
    uint32_t n = 0;
    *ret = (struct pst_cedar_value){.tag = PST_CEDAR_RECORD};
    if (tags == NULL || tags->count == 0) {
        return PST_OK;
    }
    if (type == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "entities of this type have no tags");
    }
    struct pst_cedar_field *fields = PST_ARENA_ARRAY(&l->scratch, tags->count,
                                                     struct pst_cedar_field);
    if (fields == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
    }
    for (const struct pst_json *m = pst_json_first(tags); m != NULL; m = m->next, n++) {
        const struct pst_json *at = m;
        fields[n].key = pst_cedar_target_sym(t, m->name);
        if (fields[n].key == PST_CEDAR_NO) {
            return pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
        }
        if (pst_cedar_json_typed(t, l->s, m, type, "tag", &l->scratch, &fields[n].value, &at,
                                 err) != PST_OK) {
            pst_cedar_json_position(err, l->text, at->offset);
            return PST_ERR;
        }
    }
    return pst_cedar_target_record(t, fields, n, ret)
               ? PST_OK
               : pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
}

static enum pst_status read_entity(struct load *l, const struct pst_json *e, struct pst_err *err)
{
    struct pst_cedar_value attrs = {.tag = PST_CEDAR_RECORD};
    struct pst_cedar_value tags = {.tag = PST_CEDAR_RECORD};
    uint32_t uid = 0;
    uint32_t *parents = NULL;
    if (check_members(e, err) != PST_OK ||
        read_uid(l, PST_JSON_GET(e, "uid"), &uid, err) != PST_OK) {
        return PST_ERR;
    }
    uint32_t type = pst_cedar_schema_find_type(l->s, pst_cedar_text(l->c, l->c->uids[uid].type));
    const struct pst_cedar_entity_type *t = &l->s->entity_types[type];
    const struct pst_json *list = PST_JSON_GET(e, "parents");
    if (read_parents(l, list, type, &parents, err) != PST_OK ||
        read_attrs(l, PST_JSON_GET(e, "attrs"), t->attrs, &attrs, err) != PST_OK ||
        read_tags(l, PST_JSON_GET(e, "tags"), t->tags, &tags, err) != PST_OK ||
        pst_cedar_entity_put(l->c, uid, attrs, tags, parents, list->count, err) != PST_OK) {
        return PST_ERR;
    }
    if (t->is_action) {
        l->actions[l->n_actions++] = (struct seen_action){uid, e};
    }
    return PST_OK;
}

/* --- actions -----------------------------------------------------------------------------------
 */

static uint32_t action_of(const struct load *l, uint32_t uid)
{
    const struct pst_cedar_uid_row *row = &l->c->uids[uid];
    return pst_cedar_schema_find_action(l->s, pst_cedar_text(l->c, row->type),
                                        pst_cedar_text(l->c, row->id));
}

/* What is above an action in the set must be what is above it in the schema. */
static enum pst_status check_action(struct load *l, uint32_t uid, struct pst_err *err)
{
    const struct pst_cedar_schema_action *a = &l->s->actions[action_of(l, uid)];
    uint32_t n = 0;
    uint32_t *queue = PST_ARENA_ARRAY(&l->scratch, (size_t)a->n_ancestors + 1, uint32_t);
    bool same = queue != NULL;
    uint32_t at = uid;
    for (uint32_t next = 0; same;) {
        uint32_t entity = l->c->uids[at].entity;
        uint32_t n_parents = entity != PST_CEDAR_NO ? l->c->entities[entity].n_parents : 0;
        for (uint32_t i = 0; i < n_parents && same; i++) {
            uint32_t parent = l->c->links[l->c->entities[entity].parents + i];
            bool known = false;
            for (uint32_t k = 0; k < n && !known; k++) {
                known = queue[k] == parent;
            }
            uint32_t action = action_of(l, parent);
            same = action != PST_CEDAR_NO &&
                   pst_cedar_sorted_has(a->ancestors, a->n_ancestors, action);
            if (!known && same) {
                queue[n++] = parent; /* distinct ancestors of the schema: there is room */
            }
        }
        if (next == n) {
            break;
        }
        at = queue[next++];
    }
    return same && n == a->n_ancestors
               ? PST_OK
               : pst_fail(err, PST_E_CEDAR_SCHEMA,
                          "the action is not in the groups that the schema puts it in");
}

/* --- a source ----------------------------------------------------------------------------------
 */

static struct pst_str uid_text(struct load *l, const struct pst_json *e)
{
    struct pst_str type = {0};
    struct pst_str id = {0};
    if (!pst_json_is(e, PST_JSON_OBJECT) ||
        !pst_cedar_json_uid_texts(PST_JSON_GET(e, "uid"), &type, &id)) {
        return (struct pst_str){0};
    }
    uint8_t *p = (uint8_t *)pst_arena_take(&l->scratch, type.n + id.n + 2);
    if (p == NULL) {
        return (struct pst_str){0};
    }
    memcpy(p, type.p, type.n);
    memcpy(&p[type.n], "::", 2);
    if (id.n != 0) {
        memcpy(&p[type.n + 2], id.p, id.n);
    }
    return pst_str_of(p, type.n + id.n + 2);
}

static enum pst_status load(struct load *l, struct pst_arena *tree)
{
    struct pst_json_config config = pst_json_config_of(l->c->limits.text_bytes, l->c->limits.seed);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    const struct pst_json *root = pst_json_parse(&config, tree, l->text, &l->err);
    if (root == NULL) {
        return PST_ERR;
    }
    if (root->type != PST_JSON_ARRAY) {
        return pst_fail(&l->err, PST_E_CEDAR_ENTITY, "entities are an array");
    }
    l->actions = PST_ARENA_ARRAY(tree, root->count, struct seen_action);
    if (l->actions == NULL) {
        return pst_fail(&l->err, PST_E_NO_MEMORY, "no memory for the entities");
    }
    bool go_on = true;
    for (const struct pst_json *e = pst_json_first(root); e != NULL && go_on; e = e->next) {
        struct pst_err err = {0};
        pst_arena_clear(&l->scratch);
        go_on = read_entity(l, e, &err) == PST_OK || note(l, e, uid_text(l, e), &err);
    }
    for (uint32_t i = 0; i < l->n_actions && go_on; i++) {
        struct pst_err err = {0};
        const struct pst_json *e = l->actions[i].at;
        pst_arena_clear(&l->scratch);
        go_on = check_action(l, l->actions[i].uid, &err) == PST_OK ||
                note(l, e, uid_text(l, e), &err);
    }
    return l->failed ? PST_ERR : PST_OK;
}

enum pst_status pst_cedar_add_entities_by_schema(struct pst_cedar *c,
                                                 const struct pst_cedar_schema *s,
                                                 struct pst_str file, struct pst_str text,
                                                 pst_cedar_entity_report *report, void *ctx,
                                                 struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    struct load l = {.c = c, .s = s, .file = file, .text = text, .report = report, .ctx = ctx};
    struct pst_arena tree;
    pst_arena_init(&tree, 65536, c->limits.total_bytes);
    pst_arena_init(&l.scratch, 65536, c->limits.total_bytes);
    enum pst_status st = load(&l, &tree);
    pst_arena_release(&tree);
    pst_arena_release(&l.scratch);
    if (st != PST_OK) {
        pst_cedar_err_file(&l.err, file);
        if (err != NULL) {
            *err = l.err;
        }
    }
    return st;
}

enum pst_status pst_cedar_add_actions(struct pst_cedar *c, const struct pst_cedar_schema *s,
                                      struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    struct pst_cedar_value none = {.tag = PST_CEDAR_RECORD};
    struct pst_cedar_target t = {.c = c};
    for (uint32_t i = 0; i < s->n_actions; i++) {
        const struct pst_cedar_schema_action *a = &s->actions[i];
        struct pst_arena scratch;
        pst_arena_init(&scratch, 1024, c->limits.total_bytes);
        uint32_t *parents = PST_ARENA_ARRAY(&scratch, a->n_parents, uint32_t);
        enum pst_status st = parents != NULL
                                 ? PST_OK
                                 : pst_fail(err, PST_E_NO_MEMORY, "no memory for an action");
        uint32_t uid = PST_CEDAR_NO;
        for (uint32_t k = 0; k <= a->n_parents && st == PST_OK; k++) {
            uint32_t of = k < a->n_parents ? s->actions[a->parents[k]].uid : a->uid;
            const struct pst_cedar_uid_row *row = &s->names->uids[of];
            struct pst_cedar_value v = pst_cedar_target_uid(t, pst_cedar_text(s->names, row->type),
                                                            pst_cedar_text(s->names, row->id));
            uid = (uint32_t)v.i;
            if (v.tag != PST_CEDAR_UID) {
                st = pst_fail(err, PST_E_NO_MEMORY, "no memory for an action");
            } else if (k < a->n_parents) {
                parents[k] = uid;
            }
        }
        /* One that is there already has been read by the schema, or is the caller's choice. */
        if (st == PST_OK && c->uids[uid].entity == PST_CEDAR_NO) {
            st = pst_cedar_entity_put(c, uid, none, none, parents, a->n_parents, err);
        }
        pst_arena_release(&scratch);
        if (st != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}
