/* What the files of the JSON parser share. Private to wire/. */
#ifndef PST_WIRE_JSON_PRIVATE_H
#define PST_WIRE_JSON_PRIVATE_H

#include "wire/json.h"

enum pst_json_state {
    PST_JS_VALUE,       /* a value must come */
    PST_JS_FIRST_VALUE, /* a value or ] */
    PST_JS_FIRST_NAME,  /* a name or } */
    PST_JS_NAME,        /* a name must come */
    PST_JS_COLON,
    PST_JS_AFTER, /* a comma, ] or } */
    PST_JS_DONE,  /* white space only */
    PST_JS_NUMBER,
    PST_JS_WORD,
    PST_JS_STRING,
    PST_JS_ESCAPE,    /* behind a backslash */
    PST_JS_HEX,       /* within \uXXXX */
    PST_JS_LOW_SLASH, /* a high surrogate was read: \ must come */
    PST_JS_LOW_U,     /* and u */
    PST_JS_REFUSED,
};

/* Sets err with the position; `at` is an offset in the whole text on the current line or before. */
enum pst_status pst_json_refuse(struct pst_json_parser *p, enum pst_error code, uint32_t at,
                                const char *what, struct pst_err *err);

/* Remembers that a member called p->name is about to be added to the object: PST_ERR with
 * JSON_DUPLICATE, JSON_CASE_VARIANT or NO_MEMORY. Sets p->known and p->opaque. */
PST_NODISCARD enum pst_status
pst_json_check_name(struct pst_json_parser *p, const struct pst_json *object, struct pst_err *err);

/* A new node in its place in the tree, span from `offset` on; NULL with err set at a limit. */
PST_NODISCARD struct pst_json *pst_json_add_node(struct pst_json_parser *p, enum pst_json_type type,
                                                 uint32_t offset, struct pst_err *err);

/* The text of a finished token: the run of the current view alone, or what was spilled before it
 * plus the run. False: no memory. */
PST_NODISCARD bool pst_json_token_text(struct pst_json_parser *p, struct pst_str run,
                                       struct pst_str *ret);

/* Steps inside a string: state STRING … LOW_U. Each takes at least one byte. */
PST_NODISCARD enum pst_status pst_json_string_step(struct pst_json_parser *p, struct pst_cur *c,
                                                   struct pst_err *err);

static inline uint32_t pst_json_at(const struct pst_json_parser *p, const struct pst_cur *c)
{
    return p->base + (uint32_t)c->at;
}

#endif
