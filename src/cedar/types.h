/* Types of a schema and of expressions, each held once: two types are equal exactly when their
 * numbers are. A type is added after its parts, so that nothing here recurses, and nests at most
 * PST_CEDAR_TYPE_DEPTH deep. */
#ifndef PST_CEDAR_TYPES_H
#define PST_CEDAR_TYPES_H

#include "base/buf.h"
#include "cedar/validate.h"
#include "cedar/value.h"

enum { PST_CEDAR_TYPE_DEPTH = 100 };

/* The kinds before ENTITY have one type each, whose number is the kind. */
enum pst_cedar_type_kind {
    PST_CEDAR_TY_ERROR, /* of an expression that is wrong already: agrees with everything */
    PST_CEDAR_TY_NEVER, /* of what is in an empty set */
    PST_CEDAR_TY_TRUE,
    PST_CEDAR_TY_FALSE,
    PST_CEDAR_TY_BOOL,
    PST_CEDAR_TY_LONG,
    PST_CEDAR_TY_STRING,
    PST_CEDAR_TY_DECIMAL,
    PST_CEDAR_TY_IP,
    PST_CEDAR_TY_DATETIME,
    PST_CEDAR_TY_DURATION,
    PST_CEDAR_TY_ENTITY, /* a: symbol of the entity type */
    PST_CEDAR_TY_UNION,  /* n entity types: parts[a .. a+n), sorted; permissive only */
    PST_CEDAR_TY_SET,    /* a: type of the elements */
    PST_CEDAR_TY_RECORD, /* members[a .. a+n), sorted by key */
    PST_CEDAR_TY_COUNT
};

struct pst_cedar_type_def {
    uint8_t kind;
    uint8_t open; /* RECORD: may have more members than those named; permissive only */
    uint16_t depth;
    uint32_t a, n;
    uint32_t hash;
};

struct pst_cedar_member_type {
    uint32_t key; /* symbol */
    uint32_t type;
    uint32_t required; /* 0 or 1 */
};

struct pst_cedar_lub_memo {
    uint32_t a, b, type; /* a 0: empty */
};

struct pst_cedar_types {
    struct pst_cedar_type_def *rows;
    uint32_t n_rows, cap_rows;
    struct pst_cedar_member_type *members;
    uint32_t n_members, cap_members;
    uint32_t *parts;
    uint32_t n_parts, cap_parts;
    uint32_t *slots; /* hash table of rows */
    uint32_t n_slots;
    struct pst_cedar_lub_memo *memo; /* least upper bounds found, by pair; power of two */
    uint32_t n_memo, used_memo;
    enum pst_cedar_mode memo_mode;
    uint64_t held, cap; /* bytes */
    bool full;          /* memory ran out: some answer was PST_CEDAR_NO because of that */
};

/* `cap`: bytes at most. False without memory. */
PST_NODISCARD bool pst_cedar_types_init(struct pst_cedar_types *t, uint64_t cap);
/* A copy to which more may be added: numbers stay what they are. */
PST_NODISCARD bool pst_cedar_types_copy(struct pst_cedar_types *t,
                                        const struct pst_cedar_types *from);
void pst_cedar_types_release(struct pst_cedar_types *t);

/* PST_CEDAR_NO: too deep, or full. */
uint32_t pst_cedar_type_entity(struct pst_cedar_types *t, uint32_t name);
uint32_t pst_cedar_type_set(struct pst_cedar_types *t, uint32_t element);
/* Sorts the members, whose keys must be distinct. */
uint32_t pst_cedar_type_record(struct pst_cedar_types *t, struct pst_cedar_member_type *members,
                               uint32_t n, bool open);

/* Of n > 0 sorted and distinct entity types. */
uint32_t pst_cedar_type_union(struct pst_cedar_types *t, const uint32_t *names, uint32_t n);

static inline enum pst_cedar_type_kind pst_cedar_type_kind(const struct pst_cedar_types *t,
                                                           uint32_t type)
{
    return (enum pst_cedar_type_kind)t->rows[type].kind;
}
static inline bool pst_cedar_type_is_bool(uint32_t type)
{
    return type >= PST_CEDAR_TY_TRUE && type <= PST_CEDAR_TY_BOOL;
}
/* The member called `key` of a record, or NULL. */
const struct pst_cedar_member_type *pst_cedar_type_member(const struct pst_cedar_types *t,
                                                          uint32_t record, uint32_t key);
/* The entity types of an ENTITY or UNION; 0 of anything else. */
uint32_t pst_cedar_type_entities(const struct pst_cedar_types *t, uint32_t type,
                                 const uint32_t **ret);

/* The least type that both are; PST_CEDAR_NO when there is none (or t->full). Strict: only true,
 * false and Bool have a common type that is not their own. */
uint32_t pst_cedar_type_lub(struct pst_cedar_types *t, enum pst_cedar_mode mode, uint32_t a,
                            uint32_t b);

/* Appends "Set<{age?: Long, name: String}>"; stops with "…" when `out` holds `most` bytes.
 * `text_of` gives a symbol's text. `full`: built-in types with __cedar, so that no entity type
 * looks the same. False when `out` is full. */
typedef struct pst_str pst_cedar_text_of(const void *ctx, uint32_t sym);
bool pst_cedar_type_print(const struct pst_cedar_types *t, uint32_t type, size_t most, bool full,
                          pst_cedar_text_of *text_of, const void *ctx, struct pst_buf *out);

#endif
