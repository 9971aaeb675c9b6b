/* Walks a JSON tree along a table: types, known values, required members, classes. What a member
 * means beyond that is told to the dialect through hooks. Iterative; depth is that of the parser.
 */
#ifndef PST_DIALECT_WALK_H
#define PST_DIALECT_WALK_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "dialect/table.h"
#include "wire/json.h"

#include <stdbool.h>

struct pst_walk;

/* All may be NULL. ERR ends the walk. */
struct pst_walk_ops {
    /* An object of the table begins or ends: it is the top frame. */
    enum pst_status (*enter)(void *ctx, struct pst_walk *w, struct pst_err *err);
    enum pst_status (*leave)(void *ctx, struct pst_walk *w, struct pst_err *err);
    /* A member whose row has a hook; its type and value were checked, it was not entered yet. */
    enum pst_status (*member)(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                              struct pst_json *v, struct pst_err *err);
    /* A string that is text, or a name (`is_name`) that the peer chose. `row` is the one it stands
     * under, NULL below a member nobody knows. */
    enum pst_status (*text)(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                            struct pst_json *v, bool is_name, struct pst_err *err);
};

struct pst_walk_frame {
    struct pst_json *node;           /* ARRAY or OBJECT */
    struct pst_json *at, *next;      /* the child being visited and the one after it */
    const struct pst_table_row *row; /* that led here; NULL at the root and below unknown members */
    uint32_t index;                  /* of `at` */
    uint16_t required;               /* required members seen */
    uint8_t object;                  /* of the table, or a special */
};

struct pst_walk {
    const struct pst_table *table;
    const struct pst_walk_ops *ops;
    void *ctx;
    bool allow_state;
    enum pst_error refusal; /* code of shape errors instead of PST_E_DIALECT_*; NONE: those */
    /* results */
    uint32_t unknown_members;
    bool state_seen;
    /* private but for ops */
    uint32_t depth;
    struct pst_walk_frame frames[PST_JSON_DEPTH_MAX];
};

void pst_walk_init(struct pst_walk *w, const struct pst_table *table,
                   const struct pst_walk_ops *ops, void *ctx);
/* Errors name the path: PST_E_DIALECT_*, PST_E_JSON_CASE_VARIANT, PST_E_JSON_DEPTH, or what an op
 * returned. `object` is that of the root. */
PST_NODISCARD enum pst_status pst_walk_run(struct pst_walk *w, struct pst_json *root,
                                           uint8_t object, struct pst_err *err);

/* For ops: the frame `up` levels above the top one. */
static inline struct pst_walk_frame *pst_walk_frame(struct pst_walk *w, uint32_t up)
{
    PST_BUG_ON(up >= w->depth);
    return &w->frames[w->depth - 1 - up];
}
/* Fails with "<path>: text" of the place being visited; the path is cut when it is very long. */
enum pst_status pst_walk_fail(const struct pst_walk *w, struct pst_err *err, enum pst_error code,
                              const char *text);

/* The path of a node, found by searching the tree under `root`: "messages[2].content". False, and
 * nothing appended, when it is not there. */
bool pst_json_path(const struct pst_json *root, const struct pst_json *node, struct pst_buf *out);

#endif
