#include "cedar/schema.h"

#include "cedar/check.h"
#include "cedar/lex.h"
#include "cedar/schema_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- errors ------------------------------------------------------------------------------------
 */

/* Line and column of a byte offset, as the lexer counts them. */
static struct pst_cedar_place place_of_offset(struct pst_str text, size_t offset)
{
    struct pst_cedar_place place = {1, 1};
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if ((text.p[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

enum pst_status pst_cedar_schema_fail(struct pst_cedar_schema_build *b, enum pst_error code,
                                      struct pst_cedar_place place, const char *fmt, ...)
{
    char text[PST_ERR_TEXT];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (b->json) {
        place = place_of_offset(b->text, place.line);
    }
    return pst_fail_at(b->err, code, place.line, place.column, "%s", text);
}

enum pst_status pst_cedar_schema_full(struct pst_cedar_schema_build *b)
{
    return pst_fail(b->err, PST_E_NO_MEMORY, "the schema needs more memory than the limit");
}

/* --- building ----------------------------------------------------------------------------------
 */

void *pst_cedar_schema_take(struct pst_cedar_schema_build *b, size_t count, size_t size)
{
    void *p = pst_arena_array(&b->s->arena, count, size);
    if (p == NULL) {
        (void)pst_cedar_schema_full(b);
    }
    return p;
}

enum pst_status pst_cedar_schema_add_space(struct pst_cedar_schema_build *b, uint32_t name,
                                           struct pst_cedar_place place,
                                           struct pst_cedar_space **ret)
{
    struct pst_cedar_space **last = &b->s->spaces;
    for (; *last != NULL; last = &(*last)->next) {
        if ((*last)->name == name) {
            return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place,
                                         "this namespace is declared twice");
        }
    }
    if (++b->n_spaces > PST_CEDAR_SPACES_MAX) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_LIMIT, place,
                                     "there are more than %d namespaces", PST_CEDAR_SPACES_MAX);
    }
    struct pst_cedar_space *space = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_space);
    if (space == NULL) {
        return PST_ERR;
    }
    space->name = name;
    space->place = place;
    space->last_common = &space->commons;
    space->last_entity = &space->entities;
    space->last_action = &space->actions;
    *last = space;
    *ret = space;
    return PST_OK;
}

struct pst_cedar_written *pst_cedar_schema_new_type(struct pst_cedar_schema_build *b,
                                                    enum pst_cedar_written_kind kind,
                                                    struct pst_cedar_place place,
                                                    const struct pst_cedar_space *space)
{
    struct pst_cedar_written *w = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_written);
    if (w != NULL) {
        w->kind = kind;
        w->place = place;
        w->space = space;
        w->type = PST_CEDAR_NO;
        w->name = PST_CEDAR_NO;
    }
    return w;
}

struct pst_cedar_name_ref *pst_cedar_schema_new_ref(struct pst_cedar_schema_build *b,
                                                    struct pst_cedar_name_ref ***last,
                                                    struct pst_cedar_place place)
{
    struct pst_cedar_name_ref *ref = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_name_ref);
    if (ref != NULL) {
        ref->place = place;
        ref->type = PST_CEDAR_NO;
        ref->id = PST_CEDAR_NO;
        ref->index = PST_CEDAR_NO;
        **last = ref;
        *last = &ref->next;
    }
    return ref;
}

static struct pst_cedar_schema *parse(const struct pst_cedar_limits *limits, struct pst_str file,
                                      struct pst_str text, bool json, struct pst_err *err)
{
    struct pst_err ignored = {0};
    struct pst_cedar_schema *s = (struct pst_cedar_schema *)calloc(1, sizeof *s);
    struct pst_cedar_schema_build b = {
        .s = s, .file = file, .text = text, .json = json, .err = err != NULL ? err : &ignored};
    if (s == NULL) {
        (void)pst_cedar_schema_full(&b);
        return NULL;
    }
    s->names = pst_cedar_new(limits);
    enum pst_status st = PST_ERR;
    if (s->names == NULL) {
        (void)pst_cedar_schema_full(&b);
    } else if (text.n > s->names->limits.text_bytes) {
        (void)pst_fail(b.err, PST_E_CEDAR_LIMIT, "the schema is larger than %u bytes",
                       s->names->limits.text_bytes);
    } else if (!pst_cedar_types_init(&s->types, s->names->limits.total_bytes)) {
        (void)pst_cedar_schema_full(&b);
    } else {
        pst_arena_init(&s->arena, 4096, s->names->limits.total_bytes);
        pst_buf_init(&b.scratch, s->names->limits.text_bytes);
        st = json ? pst_cedar_schema_read_json(&b) : pst_cedar_schema_read_text(&b, limits);
        if (st == PST_OK) {
            st = pst_cedar_schema_resolve(&b);
        }
        pst_buf_release(&b.scratch);
    }
    if (st != PST_OK) {
        pst_cedar_err_file(b.err, file);
        pst_cedar_schema_free(s);
        return NULL;
    }
    return s;
}

struct pst_cedar_schema *pst_cedar_schema_parse_text(const struct pst_cedar_limits *limits,
                                                     struct pst_str file, struct pst_str text,
                                                     struct pst_err *err)
{
    return parse(limits, file, text, false, err);
}

struct pst_cedar_schema *pst_cedar_schema_parse_json(const struct pst_cedar_limits *limits,
                                                     struct pst_str file, struct pst_str text,
                                                     struct pst_err *err)
{
    return parse(limits, file, text, true, err);
}

void pst_cedar_schema_free(struct pst_cedar_schema *s)
{
    if (s == NULL) {
        return;
    }
    pst_cedar_types_release(&s->types);
    pst_cedar_free(s->names);
    if (s->arena.cap != 0) {
        pst_arena_release(&s->arena);
    }
    free(s);
}

/* --- questions ---------------------------------------------------------------------------------
 */

bool pst_cedar_sorted_has(const uint32_t *list, uint32_t n, uint32_t item)
{
    uint32_t low = 0;
    while (low < n) {
        uint32_t mid = low + (n - low) / 2;
        if (list[mid] == item) {
            return true;
        }
        if (list[mid] < item) {
            low = mid + 1;
        } else {
            n = mid;
        }
    }
    return false;
}

uint32_t pst_cedar_schema_entity_type(const struct pst_cedar_schema *s, uint32_t sym)
{
    return sym < s->n_syms ? s->type_of_sym[sym] : PST_CEDAR_NO;
}

uint32_t pst_cedar_schema_find_type(const struct pst_cedar_schema *s, struct pst_str name)
{
    return pst_cedar_schema_entity_type(s, pst_cedar_sym_find(s->names, name));
}

uint32_t pst_cedar_schema_find_action(const struct pst_cedar_schema *s, struct pst_str type,
                                      struct pst_str id)
{
    uint32_t type_sym = pst_cedar_sym_find(s->names, type);
    uint32_t id_sym = pst_cedar_sym_find(s->names, id);
    uint32_t uid = PST_CEDAR_NO;
    if (type_sym != PST_CEDAR_NO && id_sym != PST_CEDAR_NO) {
        uid = pst_cedar_uid_find(s->names, type_sym, id_sym);
    }
    return uid < s->n_uids ? s->action_of_uid[uid] : PST_CEDAR_NO;
}

bool pst_cedar_schema_type_in(const struct pst_cedar_schema *s, uint32_t a, uint32_t b)
{
    const struct pst_cedar_entity_type *t = &s->entity_types[a];
    return a == b || pst_cedar_sorted_has(t->ancestors, t->n_ancestors, b);
}

bool pst_cedar_schema_action_in(const struct pst_cedar_schema *s, uint32_t a, uint32_t b)
{
    const struct pst_cedar_schema_action *x = &s->actions[a];
    return a == b || pst_cedar_sorted_has(x->ancestors, x->n_ancestors, b);
}
