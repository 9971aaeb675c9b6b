/* Strict JSON (RFC 8259): an incremental parser that builds a tree in an arena, and the tree.
 * Refused beyond the grammar: repeated member names (after unescaping), case variants of known
 * names, ill-formed UTF-8, lone surrogates, a byte-order mark. \u0000 is data. The result does not
 * depend on how the input is cut. Writing is in wire/json_out.h. */
#ifndef PST_WIRE_JSON_H
#define PST_WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_JSON_DEPTH_MAX = 128,  /* hard limit of nesting, for reading and for writing */
    PST_JSON_NUMBER_MAX = 256, /* bytes of a number literal */
    PST_JSON_KNOWN_MAX = 512,  /* names in one struct pst_json_names */
};

enum pst_json_type {
    PST_JSON_NULL,
    PST_JSON_FALSE,
    PST_JSON_TRUE,
    PST_JSON_NUMBER,
    PST_JSON_STRING,
    PST_JSON_ARRAY,
    PST_JSON_OBJECT,
};

/* One value. Read the fields freely; change them only through the functions below. */
struct pst_json {
    struct pst_json *next; /* the next element or member, NULL at the end */
    union {
        struct pst_str text; /* STRING: decoded; NUMBER: the literal */
        struct {
            struct pst_json *first, *last; /* ARRAY, OBJECT: children in order */
        };
    };
    struct pst_str name; /* member name, decoded; empty for elements and the root */
    uint32_t offset,
        length;     /* source span, quotes and brackets included; length 0: made by an edit */
    uint32_t count; /* children */
    uint16_t known; /* 1 + index of the name in the known names, 0: not one of them */
    uint8_t type;   /* enum pst_json_type */
    uint8_t opaque; /* below an opaque member: names were not compared with known ones */
};

/* A name the reader acts upon. In the subtree of an `opaque` member the names are the client's own
 * (a tool's parameters, metadata): there nothing is a case variant and `known` stays 0. */
struct pst_json_name {
    struct pst_str name;
    bool opaque;
};

/* Known names, prepared once at start and then shared, read-only, by any number of parsers. */
struct pst_json_names {
    const struct pst_json_name *list; /* the caller's, alive as long as this; any order */
    uint16_t n;
    uint16_t head[256]; /* 1 + index, 0 empty; private */
    uint16_t chain[PST_JSON_KNOWN_MAX];
};
/* At most PST_JSON_KNOWN_MAX names, each of 1-255 bytes: else a bug. */
void pst_json_names_init(struct pst_json_names *names, const struct pst_json_name *list, size_t n);

struct pst_json_limits {
    uint32_t bytes;        /* of the whole text */
    uint32_t depth;        /* open arrays and objects, at most PST_JSON_DEPTH_MAX */
    uint32_t nodes;        /* values */
    uint32_t string_bytes; /* of one decoded string */
    uint32_t name_bytes;   /* of one decoded member name */
};

struct pst_json_config {
    struct pst_json_limits limits;
    const struct pst_json_names *names; /* NULL: no case-variant check */
    uint64_t seed;                      /* of the name hash: random, per process or per parser */
    bool stable; /* the fed bytes outlive the tree: strings without escapes point into them */
};

/* Sensible limits for a body of at most `bytes`. */
struct pst_json_config pst_json_config_of(uint32_t bytes, uint64_t seed);

struct pst_json_index;
struct pst_json_parser {
    struct pst_json_config config;
    struct pst_arena *arena;
    struct pst_json *root;
    /* the rest is private */
    struct pst_json *stack[PST_JSON_DEPTH_MAX];
    uint32_t depth;
    uint32_t nodes;
    uint32_t base; /* offset of the first byte of the view being fed */
    uint32_t line, line_start;
    uint32_t token; /* offset of the token being read */
    uint8_t state;
    uint8_t literal, matched; /* which of null, true, false and how much of it */
    uint8_t hex_digits;
    uint16_t hex, high; /* \uXXXX being read, high surrogate waiting for its half */
    bool in_name, wide; /* the string is a name; it has bytes over 0x7F */
    uint16_t known;
    uint8_t opaque;
    enum pst_error refused;
    struct pst_str name;
    struct pst_buf spill; /* a token that has escapes or crosses feeds */
    struct pst_json *slab;
    uint32_t slab_left;
    struct pst_json_index *index;
};

/* The tree will live in `arena`. Limits out of range are a bug. No allocation happens here. */
void pst_json_init(struct pst_json_parser *p, const struct pst_json_config *config,
                   struct pst_arena *arena);
/* Frees the parser's own buffer; the tree stays. */
void pst_json_release(struct pst_json_parser *p);
/* Takes all of `in`. OK: the value is complete so far (only white space may follow); AGAIN: it is
 * not; ERR: refused, for good. Errors: PST_E_JSON_SYNTAX, _DUPLICATE, _CASE_VARIANT, _DEPTH,
 * _LIMIT, _UTF8, PST_E_BODY_TOO_LARGE (limits.bytes), PST_E_NO_MEMORY; with line and column. */
PST_NODISCARD enum pst_status pst_json_feed(struct pst_json_parser *p, struct pst_str in,
                                            struct pst_err *err);
/* No more input: OK and p->root is the tree, or ERR. Never AGAIN. */
PST_NODISCARD enum pst_status pst_json_finish(struct pst_json_parser *p, struct pst_err *err);
/* Whole text at once: the root, or NULL with err set. */
PST_NODISCARD struct pst_json *pst_json_parse(const struct pst_json_config *config,
                                              struct pst_arena *arena, struct pst_str in,
                                              struct pst_err *err);

/* --- reading: all accept NULL and wrong types, and then say "absent" ----------------------------
 */

static inline bool pst_json_is(const struct pst_json *v, enum pst_json_type type)
{
    return v != NULL && v->type == type;
}
/* The member, NULL when absent or not an object. */
struct pst_json *pst_json_get(const struct pst_json *object, struct pst_str name);
#define PST_JSON_GET(object, literal) pst_json_get((object), PST_STR(literal))
/* The first child, NULL when there is none; then v->next. */
static inline struct pst_json *pst_json_first(const struct pst_json *v)
{
    return v != NULL && v->type >= PST_JSON_ARRAY ? v->first : NULL;
}
bool pst_json_str(const struct pst_json *v, struct pst_str *ret);
bool pst_json_bool(const struct pst_json *v, bool *ret);
/* Strict: a number whose literal is a plain integer in range (no fraction, no exponent, no "-0").
 */
bool pst_json_i64(const struct pst_json *v, int64_t *ret);
bool pst_json_u64(const struct pst_json *v, uint64_t *ret);
/* The nearest double; false when that is not finite. Expects the "C" numeric locale. */
bool pst_json_double(const struct pst_json *v, double *ret);
/* Whether the bytes are one JSON number and nothing else. */
bool pst_json_number_valid(struct pst_str literal);

/* --- editing: allocates from `a`, the tree's arena; text is copied ------------------------------
 */

/* New values; NULL without memory, for text that is not UTF-8, for a literal that is no number. */
struct pst_json *pst_json_new(struct pst_arena *a, enum pst_json_type type); /* not NUMBER */
struct pst_json *pst_json_new_string(struct pst_arena *a, struct pst_str text);
struct pst_json *pst_json_new_number(struct pst_arena *a, struct pst_str literal);
struct pst_json *pst_json_new_u64(struct pst_arena *a, uint64_t value);
struct pst_json *pst_json_new_i64(struct pst_arena *a, int64_t value);
/* Turn a value into another in place; name and position stay. False leaves it as it was. */
PST_NODISCARD bool pst_json_set_string(struct pst_arena *a, struct pst_json *v,
                                       struct pst_str text);
PST_NODISCARD bool pst_json_set_number(struct pst_arena *a, struct pst_json *v,
                                       struct pst_str literal);
/* Gives a member another name (its `known` becomes 0). The caller sees to it that no other member
 * has it. */
PST_NODISCARD bool pst_json_set_name(struct pst_arena *a, struct pst_json *v, struct pst_str name);
PST_NODISCARD bool pst_json_set_u64(struct pst_arena *a, struct pst_json *v, uint64_t value);
void pst_json_set_bool(struct pst_json *v, bool value);
void pst_json_set_null(struct pst_json *v);
/* Adds the member at the end (its `known` is 0), or replaces the one of that name in its place.
 * `value` must be new or removed from where it was; NULL is passed through as failure, so that
 * calls nest. */
PST_NODISCARD bool pst_json_put(struct pst_arena *a, struct pst_json *object, struct pst_str name,
                                struct pst_json *value);
/* Adds an element at the end. */
PST_NODISCARD bool pst_json_append(struct pst_json *array, struct pst_json *value);
/* Puts `value` in the place (and under the name) of `child`, which leaves the tree. */
PST_NODISCARD bool pst_json_replace(struct pst_json *parent, struct pst_json *child,
                                    struct pst_json *value);
/* Takes the child out; false when it is not one. */
bool pst_json_remove(struct pst_json *parent, struct pst_json *child);

#endif
