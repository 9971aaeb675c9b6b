/* Internal: a request, its local tables and its scratch. Everything is in the request's arena. */
#ifndef PST_CEDAR_REQUEST_H
#define PST_CEDAR_REQUEST_H

#include "cedar/store.h"

struct pst_cedar_local_sym {
    struct pst_str text;
    uint32_t hash;
};

struct pst_cedar_local_uid {
    uint32_t type, id;
};

/* An entity of this request only. */
struct pst_cedar_local_entity {
    uint32_t uid;
    uint32_t ancestors, n_ancestors; /* links[], sorted; includes those in the set */
    struct pst_cedar_value attrs, tags;
};

struct pst_cedar_local_table {
    uint32_t *slots; /* power of two, at most half full */
    uint32_t size;
};

/* A growing array: grown ones are copied within the arena. */
#define PST_CEDAR_LOCAL_ARRAYS(X)                                                                  \
    X(syms, struct pst_cedar_local_sym)                                                            \
    X(uids, struct pst_cedar_local_uid)                                                            \
    X(values, struct pst_cedar_value)                                                              \
    X(fields, struct pst_cedar_field)                                                              \
    X(ips, struct pst_cedar_ip)                                                                    \
    X(links, uint32_t)                                                                             \
    X(entities, struct pst_cedar_local_entity)                                                     \
    X(reasons, uint32_t)                                                                           \
    X(failures, struct pst_cedar_failure)

enum pst_cedar_local_array {
#define X(name, type) PST_CEDAR_L_##name,
    PST_CEDAR_LOCAL_ARRAYS(X)
#undef X
        PST_CEDAR_L_COUNT
};

struct pst_cedar_request {
    const struct pst_cedar *c;
    struct pst_arena *arena;
    union {
        struct {
#define X(name, type) type *name;
            PST_CEDAR_LOCAL_ARRAYS(X)
#undef X
        };
        void *array[PST_CEDAR_L_COUNT];
    };
    uint32_t n[PST_CEDAR_L_COUNT];
    uint32_t cap[PST_CEDAR_L_COUNT];
    struct pst_cedar_local_table sym_table, uid_table;
    struct pst_cedar_value *stack;
    uint32_t vars[3]; /* entity references of principal, action, resource; PST_CEDAR_NO: not set */
    struct pst_cedar_value context;
    bool full; /* the arena is: no decision can be reached */
};

/* Appends n uncleared elements; PST_CEDAR_NO (and r->full) without room. */
uint32_t pst_cedar_local_grow(struct pst_cedar_request *r, enum pst_cedar_local_array a,
                              uint32_t n);
#define PST_CEDAR_LOCAL_ADD(r, name, n) pst_cedar_local_grow((r), PST_CEDAR_L_##name, (n))

/* The symbol of a text: the set's, or a local one that keeps the view. */
uint32_t pst_cedar_local_sym(struct pst_cedar_request *r, struct pst_str text);
uint32_t pst_cedar_local_uid(struct pst_cedar_request *r, uint32_t type, uint32_t id);

/* What evaluation needs to know of an entity; all zero when there is no such entity. */
struct pst_cedar_entity_view {
    bool exists;
    struct pst_cedar_value attrs, tags;
    const uint32_t *ancestors;
    uint32_t n_ancestors;
};
struct pst_cedar_entity_view pst_cedar_entity_of(const struct pst_cedar_request *r, uint32_t uid);
/* uid is `other` or one of its descendants. */
bool pst_cedar_uid_in(const struct pst_cedar_request *r, uint32_t uid, uint32_t other);

#endif
