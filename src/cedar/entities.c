/* The entity store: reading it from JSON, and closing its hierarchy. */
#include "cedar/entities.h"

#include "cedar/check.h"
#include "cedar/index.h"
#include "cedar/lex.h"

#include <stdio.h>
#include <stdlib.h>

struct pst_cedar_uid_words pst_cedar_uid_words(struct pst_cedar_ctx x, uint32_t uid)
{
    struct pst_cedar_uid_words w = {{0}};
    struct pst_str type = pst_cedar_sym_text(x, pst_cedar_uid_type(x, uid));
    struct pst_str id = pst_str_cut(pst_cedar_sym_text(x, pst_cedar_uid_id(x, uid)), 0, 24);
    struct pst_buf b;
    pst_buf_init(&b, sizeof w.c - 1);
    bool ok = pst_buf_add(&b, pst_str_cut(type, 0, 40)) && PST_BUF_LIT(&b, "::");
    /* An id that was cut inside a character, or holds what does not print, is left out. */
    if (!ok || !pst_cedar_quote(&b, id) || b.n >= sizeof w.c) {
        (void)snprintf(w.c, sizeof w.c, "entity number %u", uid);
    } else {
        memcpy(w.c, b.p, b.n);
    }
    pst_buf_release(&b);
    return w;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t sort_links(uint32_t *links, uint32_t n)
{
    uint32_t kept = n != 0 ? 1 : 0;
    if (n > 1) {
        qsort(links, n, sizeof links[0], by_number);
    }
    for (uint32_t i = 1; i < n; i++) {
        if (links[i] != links[kept - 1]) {
            links[kept++] = links[i];
        }
    }
    return kept;
}

static bool same_entity(const struct pst_cedar *c, const struct pst_cedar_entity_row *a,
                        const struct pst_cedar_entity_row *b)
{
    struct pst_cedar_ctx x = {.c = c};
    return a->n_parents == b->n_parents &&
           (a->n_parents == 0 || memcmp(&c->links[a->parents], &c->links[b->parents],
                                        a->n_parents * sizeof c->links[0]) == 0) &&
           pst_cedar_value_eq(x, a->attrs, b->attrs) && pst_cedar_value_eq(x, a->tags, b->tags);
}

enum pst_status pst_cedar_entity_put(struct pst_cedar *c, uint32_t uid,
                                     struct pst_cedar_value attrs, struct pst_cedar_value tags,
                                     const uint32_t *parents, uint32_t n, struct pst_err *err)
{
    uint32_t links = PST_CEDAR_ADD(c, links, n);
    if (links == PST_CEDAR_NO || uid == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_NO_MEMORY, "the entities need more memory than the limit");
    }
    if (n != 0) {
        memcpy(&c->links[links], parents, n * sizeof parents[0]);
        n = sort_links(&c->links[links], n);
    }
    struct pst_cedar_entity_row row = {
        .uid = uid, .parents = links, .n_parents = n, .attrs = attrs, .tags = tags};
    uint32_t old = c->uids[uid].entity;
    if (old != PST_CEDAR_NO) {
        if (same_entity(c, &c->entities[old], &row)) {
            return PST_OK;
        }
        struct pst_cedar_uid_words words = pst_cedar_uid_words((struct pst_cedar_ctx){.c = c}, uid);
        return pst_fail(err, PST_E_CEDAR_ENTITY, "%s is given twice, and differently", words.c);
    }
    if (PST_CEDAR_N_OF(c, entities) >= c->limits.entities) {
        return pst_fail(err, PST_E_CEDAR_LIMIT, "more than %u entities", c->limits.entities);
    }
    uint32_t at = PST_CEDAR_ADD(c, entities, 1);
    if (at == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_NO_MEMORY, "the entities need more memory than the limit");
    }
    c->entities[at] = row;
    c->uids[uid].entity = at;
    return PST_OK;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static enum pst_status read_parents(struct pst_cedar *c, const struct pst_json *list,
                                    struct pst_arena *scratch, uint32_t **ret, struct pst_err *err)
{
    if (list != NULL && list->type != PST_JSON_ARRAY) {
        return pst_fail(err, PST_E_CEDAR_ENTITY, "`parents` is not an array");
    }
    uint32_t n = 0;
    uint32_t *parents = PST_ARENA_ARRAY(scratch, list != NULL ? list->count : 0, uint32_t);
    if (parents == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
    }
    for (const struct pst_json *p = pst_json_first(list); p != NULL; p = p->next) {
        struct pst_cedar_value v;
        if (pst_cedar_json_uid((struct pst_cedar_target){.c = c}, p, &v, err) != PST_OK) {
            return PST_ERR;
        }
        parents[n++] = (uint32_t)v.i;
    }
    *ret = parents;
    return PST_OK;
}

static enum pst_status read_record(struct pst_cedar *c, const struct pst_json *v, const char *name,
                                   struct pst_arena *scratch, struct pst_cedar_value *ret,
                                   struct pst_err *err)
{
    *ret = (struct pst_cedar_value){.tag = PST_CEDAR_RECORD};
    if (v == NULL) {
        return PST_OK;
    }
    if (v->type != PST_JSON_OBJECT) {
        return pst_fail(err, PST_E_CEDAR_ENTITY, "`%s` is not an object", name);
    }
    struct pst_cedar_target t = {.c = c};
    if (pst_cedar_json_value(t, v, scratch, ret, err) != PST_OK) {
        return PST_ERR;
    }
    return ret->tag == PST_CEDAR_RECORD
               ? PST_OK
               : pst_fail(err, PST_E_CEDAR_ENTITY, "`%s` is not a record", name);
}

static enum pst_status read_entity(struct pst_cedar *c, const struct pst_json *e,
                                   struct pst_arena *scratch, struct pst_err *err)
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
    struct pst_cedar_value uid;
    struct pst_cedar_value attrs;
    struct pst_cedar_value tags;
    uint32_t *parents = NULL;
    const struct pst_json *list = PST_JSON_GET(e, "parents");
    if (pst_cedar_json_uid((struct pst_cedar_target){.c = c}, PST_JSON_GET(e, "uid"), &uid, err) !=
            PST_OK ||
        read_parents(c, list, scratch, &parents, err) != PST_OK ||
        read_record(c, PST_JSON_GET(e, "attrs"), "attrs", scratch, &attrs, err) != PST_OK ||
        read_record(c, PST_JSON_GET(e, "tags"), "tags", scratch, &tags, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_cedar_entity_put(c, (uint32_t)uid.i, attrs, tags, parents,
                                list != NULL ? list->count : 0, err);
}

/* Line and column of a byte of the text, for errors that have no better position. */
void pst_cedar_json_position(struct pst_err *err, struct pst_str text, size_t offset)
{
    uint32_t line = 1;
    uint32_t column = 1;
    for (size_t i = 0; i < offset && i < text.n; i++) {
        bool end = text.p[i] == '\n';
        line += end;
        column = end ? 1 : column + ((text.p[i] & 0xC0) != 0x80);
    }
    err->line = line;
    err->column = column;
}

enum pst_status pst_cedar_add_entities_json(struct pst_cedar *c, struct pst_str file,
                                            struct pst_str text, struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    struct pst_err own = {0};
    struct pst_arena tree;
    struct pst_arena scratch;
    pst_arena_init(&tree, 65536, c->limits.total_bytes);
    pst_arena_init(&scratch, 65536, c->limits.total_bytes);
    struct pst_json_config config = pst_json_config_of(c->limits.text_bytes, c->limits.seed);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    const struct pst_json *root = pst_json_parse(&config, &tree, text, &own);
    enum pst_status st = root != NULL ? PST_OK : PST_ERR;
    if (root != NULL && root->type != PST_JSON_ARRAY) {
        st = pst_fail(&own, PST_E_CEDAR_ENTITY, "entities are an array");
    }
    for (const struct pst_json *e = pst_json_first(root); e != NULL && st == PST_OK; e = e->next) {
        pst_arena_clear(&scratch);
        st = read_entity(c, e, &scratch, &own);
        if (st != PST_OK) {
            pst_cedar_json_position(&own, text, e->offset);
        }
    }
    pst_arena_release(&scratch);
    pst_arena_release(&tree);
    if (st != PST_OK) {
        pst_cedar_err_file(&own, file);
        if (err != NULL) {
            *err = own;
        }
    }
    return st;
}

/* --- hierarchy ---------------------------------------------------------------------------------
 */

enum color { WHITE, GREY, BLACK };

struct closer {
    struct pst_cedar *c;
    struct pst_err *err;
    uint8_t *color;  /* per entity */
    uint32_t *stack; /* entities being visited */
    uint32_t *next;  /* per stack place: which parent is looked at next */
    uint32_t *seen;  /* per reference: 1 + the entity whose ancestors it was last added to */
};

/* The ancestors of one entity, all of whose parents are done. */
static enum pst_status collect(struct closer *k, uint32_t entity)
{
    struct pst_cedar *c = k->c;
    uint32_t first = PST_CEDAR_N_OF(c, links);
    for (uint32_t i = 0; i < c->entities[entity].n_parents; i++) {
        uint32_t parent = c->links[c->entities[entity].parents + i];
        uint32_t e = c->uids[parent].entity;
        uint32_t more = e != PST_CEDAR_NO ? c->entities[e].n_ancestors : 0;
        uint32_t at = PST_CEDAR_ADD(c, links, more + 1);
        if (at == PST_CEDAR_NO) {
            return pst_fail(k->err, PST_E_CEDAR_LIMIT,
                            "the entity hierarchy needs more memory than the limit");
        }
        uint32_t kept = at;
        for (uint32_t a = 0; a <= more; a++) {
            uint32_t uid = a == 0 ? parent : c->links[c->entities[e].ancestors + a - 1];
            if (k->seen[uid] != entity + 1) {
                k->seen[uid] = entity + 1;
                c->links[kept++] = uid;
            }
        }
        c->n[PST_CEDAR_S_links] = kept;
    }
    struct pst_cedar_entity_row *row = &c->entities[entity];
    row->ancestors = first;
    row->n_ancestors = PST_CEDAR_N_OF(c, links) - first;
    if (row->n_ancestors > 1) {
        qsort(&c->links[first], row->n_ancestors, sizeof c->links[0], by_number);
    }
    return PST_OK;
}

static enum pst_status visit(struct closer *k, uint32_t start)
{
    struct pst_cedar *c = k->c;
    uint32_t depth = 1;
    k->stack[0] = start;
    k->next[0] = 0;
    k->color[start] = GREY;
    while (depth > 0) {
        uint32_t entity = k->stack[depth - 1];
        const struct pst_cedar_entity_row *row = &c->entities[entity];
        if (k->next[depth - 1] == row->n_parents) {
            k->color[entity] = BLACK;
            depth--;
            if (collect(k, entity) != PST_OK) {
                return PST_ERR;
            }
            continue;
        }
        uint32_t parent = c->uids[c->links[row->parents + k->next[depth - 1]++]].entity;
        if (parent == PST_CEDAR_NO || k->color[parent] == BLACK) {
            continue;
        }
        if (k->color[parent] == GREY) {
            struct pst_cedar_uid_words words = pst_cedar_uid_words((struct pst_cedar_ctx){.c = c},
                                                                   c->entities[parent].uid);
            return pst_fail(k->err, PST_E_CEDAR_ENTITY, "%s is its own ancestor", words.c);
        }
        k->color[parent] = GREY;
        k->stack[depth] = parent;
        k->next[depth] = 0;
        depth++;
    }
    return PST_OK;
}

enum pst_status pst_cedar_close_hierarchy(struct pst_cedar *c, struct pst_err *err)
{
    size_t n = PST_CEDAR_N_OF(c, entities);
    struct closer k = {.c = c, .err = err};
    k.color = (uint8_t *)calloc(n + 1, 1);
    k.stack = (uint32_t *)calloc(n + 1, sizeof k.stack[0]);
    k.next = (uint32_t *)calloc(n + 1, sizeof k.next[0]);
    k.seen = (uint32_t *)calloc((size_t)PST_CEDAR_N_OF(c, uids) + 1, sizeof k.seen[0]);
    enum pst_status st = PST_OK;
    if (k.color == NULL || k.stack == NULL || k.next == NULL || k.seen == NULL) {
        st = pst_fail(err, PST_E_NO_MEMORY, "no memory for the entity hierarchy");
    }
    for (uint32_t e = 0; e < n && st == PST_OK; e++) {
        if (k.color[e] == WHITE) {
            st = visit(&k, e);
        }
    }
    free(k.color);
    free(k.stack);
    free(k.next);
    free(k.seen);
    return st;
}

enum pst_status pst_cedar_seal(struct pst_cedar *c, struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    if (pst_cedar_close_hierarchy(c, err) != PST_OK || pst_cedar_compile(c, err) != PST_OK ||
        pst_cedar_index(c, err) != PST_OK) {
        return PST_ERR;
    }
    c->sealed = true;
    return PST_OK;
}
