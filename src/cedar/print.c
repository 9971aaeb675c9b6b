#include "cedar/print.h"

#include <stdlib.h>

static void add(struct pst_cedar_print *p, struct pst_cedar_print_part part)
{
    if (p->n == p->cap) {
        size_t cap = p->cap != 0 ? p->cap * 2 : 64;
        void *more = cap < SIZE_MAX / 64 ? realloc(p->parts, cap * sizeof p->parts[0]) : NULL;
        if (more == NULL) {
            p->failed = true;
            return;
        }
        p->parts = (struct pst_cedar_print_part *)more;
        p->cap = cap;
    }
    p->parts[p->n++] = part;
}

void pst_cedar_print_text(struct pst_cedar_print *p, const char *text)
{
    add(p, (struct pst_cedar_print_part){.what = PST_CEDAR_P_TEXT, .text = text});
}

void pst_cedar_print_part(struct pst_cedar_print *p, enum pst_cedar_print_what what, uint32_t a,
                          uint32_t b)
{
    add(p, (struct pst_cedar_print_part){.what = what, .a = a, .b = b});
}

bool pst_cedar_print_run(struct pst_cedar_print *p, uint32_t node,
                         void (*expand)(struct pst_cedar_print *p, uint32_t node, uint32_t weakest),
                         bool (*write)(struct pst_cedar_print *p,
                                       const struct pst_cedar_print_part *part))
{
    pst_cedar_print_part(p, PST_CEDAR_P_NODE, node, 0);
    while (p->n > 0 && !p->failed) {
        struct pst_cedar_print_part part = p->parts[--p->n];
        if (part.what != PST_CEDAR_P_NODE) {
            bool ok = part.what == PST_CEDAR_P_TEXT ? pst_buf_add(p->out, pst_str_c(part.text))
                                                    : write(p, &part);
            p->failed = !ok;
            continue;
        }
        p->group = p->n;
        expand(p, part.a, part.b);
        /* The first part must be on top. */
        for (size_t i = p->group, j = p->n; i + 1 < j; i++) {
            j--;
            struct pst_cedar_print_part swap = p->parts[i];
            p->parts[i] = p->parts[j];
            p->parts[j] = swap;
        }
    }
    free(p->parts);
    p->parts = NULL;
    p->n = 0;
    p->cap = 0;
    return !p->failed;
}

const char *pst_cedar_op_name(enum pst_cedar_op op)
{
    static const char *const names[PST_CEDAR_OP_COUNT] = {
        [PST_CEDAR_OP_NOT] = "!",
        [PST_CEDAR_OP_NEG] = "neg",
        [PST_CEDAR_OP_IS_EMPTY] = "isEmpty",
        [PST_CEDAR_OP_EQ] = "==",
        [PST_CEDAR_OP_NE] = "!=",
        [PST_CEDAR_OP_LT] = "<",
        [PST_CEDAR_OP_LE] = "<=",
        [PST_CEDAR_OP_GT] = ">",
        [PST_CEDAR_OP_GE] = ">=",
        [PST_CEDAR_OP_ADD] = "+",
        [PST_CEDAR_OP_SUB] = "-",
        [PST_CEDAR_OP_MUL] = "*",
        [PST_CEDAR_OP_IN] = "in",
        [PST_CEDAR_OP_CONTAINS] = "contains",
        [PST_CEDAR_OP_CONTAINS_ALL] = "containsAll",
        [PST_CEDAR_OP_CONTAINS_ANY] = "containsAny",
        [PST_CEDAR_OP_GET_TAG] = "getTag",
        [PST_CEDAR_OP_HAS_TAG] = "hasTag",
    };
    PST_BUG_ON(op >= PST_CEDAR_OP_COUNT);
    return names[op];
}

const char *pst_cedar_var_name(enum pst_cedar_var var)
{
    static const char *const names[PST_CEDAR_VAR_COUNT] = {"principal", "action", "resource",
                                                           "context"};
    PST_BUG_ON(var >= PST_CEDAR_VAR_COUNT);
    return names[var];
}
