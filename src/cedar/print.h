/* Internal: writing trees without recursion. What is still to be written waits on a stack; a node's
 * parts are put there in their order and taken from it one after the other. */
#ifndef PST_CEDAR_PRINT_H
#define PST_CEDAR_PRINT_H

#include "cedar/format.h"
#include "cedar/store.h"

enum pst_cedar_print_what {
    PST_CEDAR_P_TEXT, /* text as it is */
    PST_CEDAR_P_NODE, /* node number a; b is the weakest operator it may have without parentheses */
    PST_CEDAR_P_NAME, /* symbol a as it is */
    PST_CEDAR_P_QUOTE, /* symbol a as a literal */
    PST_CEDAR_P_KEY,   /* symbol a, quoted unless it is an identifier */
};

struct pst_cedar_print_part {
    enum pst_cedar_print_what what;
    const char *text;
    uint32_t a, b;
};

struct pst_cedar_print {
    const struct pst_cedar *c;
    struct pst_buf *out;
    struct pst_cedar_print_part *parts;
    size_t n, cap;
    size_t group; /* where the parts of the node being expanded begin */
    bool failed;
};

/* Adds parts of the node being expanded, in their order. */
void pst_cedar_print_text(struct pst_cedar_print *p, const char *text);
void pst_cedar_print_part(struct pst_cedar_print *p, enum pst_cedar_print_what what, uint32_t a,
                          uint32_t b);
/* Writes `node` and everything in it: expand() adds a node's parts, write() writes the others. */
bool pst_cedar_print_run(struct pst_cedar_print *p, uint32_t node,
                         void (*expand)(struct pst_cedar_print *p, uint32_t node, uint32_t weakest),
                         bool (*write)(struct pst_cedar_print *p,
                                       const struct pst_cedar_print_part *part));
/* Names of operators, as both formats write them. */
const char *pst_cedar_op_name(enum pst_cedar_op op);
const char *pst_cedar_var_name(enum pst_cedar_var var);
/* An expression as Cedar text. */
bool pst_cedar_print_expr(const struct pst_cedar *c, uint32_t node, struct pst_buf *out);

#endif
