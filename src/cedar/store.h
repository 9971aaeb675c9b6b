/* The store: all sections of a set, and its symbols and entity references.
 *
 * Sections are arrays of fixed-size records. While a set is built they grow on the heap; opened
 * from an image they point into it. Nothing in a section is a pointer. */
#ifndef PST_CEDAR_STORE_H
#define PST_CEDAR_STORE_H

#include "cedar/ast.h"
#include "cedar/cedar.h"
#include "cedar/value.h"

struct pst_cedar_span {
    uint32_t at, n;
};

struct pst_cedar_sym_row {
    uint32_t at, n; /* in bytes[] */
    uint32_t hash;
};

struct pst_cedar_uid_row {
    uint32_t type, id; /* symbols */
    uint32_t entity;   /* its data, or PST_CEDAR_NO */
    uint32_t hash;
    /* Policies indexed under this as principal, action and resource; see index.c. */
    uint32_t bucket[3];
};

struct pst_cedar_entity_row {
    uint32_t uid;
    uint32_t parents, n_parents;     /* links[], as given, sorted */
    uint32_t ancestors, n_ancestors; /* links[], transitive, sorted; after seal */
    uint32_t zero;
    struct pst_cedar_value attrs, tags;
};

/* Policies indexed under an entity type; sorted by type. See index.c. */
struct pst_cedar_type_row {
    uint32_t type;
    uint32_t bucket[2]; /* as principal, as resource */
};

/* The first thing that a policy's conditions test, where that is a variable's attribute or tag
 * being equal to a literal: a policy for which it is not so is passed over without running it. One
 * for each bucket item. */
enum pst_cedar_guard_kind {
    PST_CEDAR_G_NONE,
    PST_CEDAR_G_ATTR,     /* var.sym == value; without the attribute it would fail */
    PST_CEDAR_G_HAS_ATTR, /* var has sym && var.sym == value */
    PST_CEDAR_G_HAS_TAG,  /* var.hasTag(sym) && var.getTag(sym) == value */
    PST_CEDAR_G_COUNT
};

struct pst_cedar_guard {
    uint8_t kind, var;
    uint16_t zero;
    uint32_t sym;
    struct pst_cedar_value value; /* a bool, long, string or entity */
};

struct pst_cedar_code {
    uint8_t op;
    uint8_t x;
    uint16_t y;
    uint32_t a;
};

/* name, record type */
#define PST_CEDAR_SECTIONS(X)                                                                      \
    X(bytes, uint8_t)                         /* texts of symbols */                               \
    X(syms, struct pst_cedar_sym_row)         /* symbol → text */                                  \
    X(sym_slots, uint32_t)                    /* hash table of symbols */                          \
    X(uids, struct pst_cedar_uid_row)         /* entity references */                              \
    X(uid_slots, uint32_t)                    /* hash table of entity references */                \
    X(entities, struct pst_cedar_entity_row)  /* entities with data */                             \
    X(links, uint32_t)                        /* parents and ancestors */                          \
    X(values, struct pst_cedar_value)         /* items of sets, constants */                       \
    X(fields, struct pst_cedar_field)         /* members of records */                             \
    X(ips, struct pst_cedar_ip)               /* addresses */                                      \
    X(nodes, struct pst_cedar_node)           /* expressions */                                    \
    X(kids, uint32_t)                         /* lists of nodes, symbols, references */            \
    X(notes, struct pst_cedar_annotation_row) /* annotations */                                    \
    X(policies, struct pst_cedar_policy_row)  /* policies and templates */                         \
    X(code, struct pst_cedar_code)            /* instructions */                                   \
    X(code_nodes, uint32_t)                   /* instruction → node, for positions */              \
    X(buckets, struct pst_cedar_span)         /* index: spans of bucket_items */                   \
    X(bucket_items, uint32_t)                 /* index: policies */                                \
    X(guards, struct pst_cedar_guard)         /* index: one for each bucket item */                \
    X(types, struct pst_cedar_type_row)       /* index: by type of principal and resource */

enum pst_cedar_section {
#define X(name, type) PST_CEDAR_S_##name,
    PST_CEDAR_SECTIONS(X)
#undef X
        PST_CEDAR_S_COUNT
};

struct pst_cedar {
    union {
        struct {
#define X(name, type) type *name;
            PST_CEDAR_SECTIONS(X)
#undef X
        };
        void *section[PST_CEDAR_S_COUNT];
    };
    uint32_t n[PST_CEDAR_S_COUNT];   /* records in use */
    uint32_t cap[PST_CEDAR_S_COUNT]; /* records allocated; 0 in an opened image */
    uint64_t held;                   /* bytes allocated */
    struct pst_cedar_limits limits;  /* defaults filled in */
    uint32_t always;                 /* bucket of policies that nothing narrows; after seal */
    uint32_t stack_max;              /* of all policies' n_stack; after seal */
    bool sealed, borrowed;           /* borrowed: sections belong to an image */
};

/* Number of records in a section: PST_CEDAR_N_OF(c, nodes). */
#define PST_CEDAR_N_OF(c, name) ((c)->n[PST_CEDAR_S_##name])

uint32_t pst_cedar_record_size(enum pst_cedar_section s);
/* Appends `count` cleared records and returns the index of the first; PST_CEDAR_NO at a limit or
 * without memory. Pointers into that section are void afterwards. */
uint32_t pst_cedar_grow(struct pst_cedar *c, enum pst_cedar_section s, uint32_t count);
#define PST_CEDAR_ADD(c, name, count) pst_cedar_grow((c), PST_CEDAR_S_##name, (count))

/* The hash that the tables use. */
uint32_t pst_cedar_hash(const struct pst_cedar *c, struct pst_str text);
static inline uint32_t pst_cedar_uid_hash(uint32_t type, uint32_t id)
{
    uint64_t h = (((uint64_t)type << 32) | id) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

/* The symbol of a text, added when new; PST_CEDAR_NO at a limit. Not after seal. */
uint32_t pst_cedar_sym(struct pst_cedar *c, struct pst_str text);
/* The symbol of a text if there is one, else PST_CEDAR_NO. */
uint32_t pst_cedar_sym_find(const struct pst_cedar *c, struct pst_str text);
uint32_t pst_cedar_sym_find_hashed(const struct pst_cedar *c, struct pst_str text, uint32_t hash);
static inline struct pst_str pst_cedar_text(const struct pst_cedar *c, uint32_t sym)
{
    return pst_str_of(&c->bytes[c->syms[sym].at], c->syms[sym].n);
}

/* The entity reference of a type and an id symbol, added when new; PST_CEDAR_NO at a limit. */
uint32_t pst_cedar_uid_add(struct pst_cedar *c, uint32_t type, uint32_t id);
uint32_t pst_cedar_uid_find(const struct pst_cedar *c, uint32_t type, uint32_t id);

/* A full type name ("A::B", every part an identifier and none reserved). */
bool pst_cedar_name_valid(struct pst_str name);

#endif
