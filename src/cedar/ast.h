/* Expression nodes and policies: records in the set's sections that name each other by index, so
 * that a tree is data of the image like everything else. A node's children always have smaller
 * indexes than the node (the parser adds children first): a walk over indexes visits children
 * before parents, without recursion. Nodes may be shared (`a has b.c` uses `a` twice). */
#ifndef PST_CEDAR_AST_H
#define PST_CEDAR_AST_H

#include "cedar/cedar.h"
#include "cedar/value.h"

enum pst_cedar_kind {
    PST_CEDAR_N_BOOL,   /* a: 0 or 1 */
    PST_CEDAR_N_LONG,   /* a: low, b: high 32 bits */
    PST_CEDAR_N_STRING, /* a: symbol */
    PST_CEDAR_N_UID,    /* a: entity reference */
    PST_CEDAR_N_VAR,    /* a: enum pst_cedar_var */
    PST_CEDAR_N_SLOT, /* a: enum pst_cedar_var (principal or resource); templates' scopes in JSON */
    PST_CEDAR_N_IF,   /* a: condition, b: then, c: else */
    PST_CEDAR_N_AND,  /* a, b. op 1: made from a `has` path, whose last test is b */
    PST_CEDAR_N_OR,   /* a, b */
    PST_CEDAR_N_UNARY,  /* op: enum pst_cedar_op (NOT, NEG, IS_EMPTY); a */
    PST_CEDAR_N_BINARY, /* op: enum pst_cedar_op; a, b */
    PST_CEDAR_N_GET,    /* a.b: a node, b symbol; op 1: written a["b"] */
    PST_CEDAR_N_HAS,    /* a has b: a node, b symbol */
    PST_CEDAR_N_LIKE,   /* a like pattern: a node; kids[b .. b+c) are c text symbols with a star
                           between each two */
    PST_CEDAR_N_IS,     /* a is b [in c]: a node, b type symbol, c node or PST_CEDAR_NO */
    PST_CEDAR_N_SET,    /* kids[a .. a+b) are b nodes */
    PST_CEDAR_N_RECORD, /* kids[a .. a+2b) are b pairs (key symbol, node), in source order */
    PST_CEDAR_N_CALL,   /* op: enum pst_cedar_fn; kids[a .. a+b) are b nodes; of a method, the first
                           is the receiver */
    PST_CEDAR_N_COUNT
};

enum pst_cedar_var {
    PST_CEDAR_PRINCIPAL,
    PST_CEDAR_ACTION,
    PST_CEDAR_RESOURCE,
    PST_CEDAR_CONTEXT,
    PST_CEDAR_VAR_COUNT
};

enum pst_cedar_op {
    PST_CEDAR_OP_NOT,
    PST_CEDAR_OP_NEG,
    PST_CEDAR_OP_IS_EMPTY,
    PST_CEDAR_OP_EQ,
    PST_CEDAR_OP_NE,
    PST_CEDAR_OP_LT,
    PST_CEDAR_OP_LE,
    PST_CEDAR_OP_GT, /* a > b is !(a <= b), also in the order of errors */
    PST_CEDAR_OP_GE,
    PST_CEDAR_OP_ADD,
    PST_CEDAR_OP_SUB,
    PST_CEDAR_OP_MUL,
    PST_CEDAR_OP_IN,
    PST_CEDAR_OP_CONTAINS,
    PST_CEDAR_OP_CONTAINS_ALL,
    PST_CEDAR_OP_CONTAINS_ANY,
    PST_CEDAR_OP_GET_TAG,
    PST_CEDAR_OP_HAS_TAG,
    PST_CEDAR_OP_COUNT
};

/* Extension functions and methods; the table is in fn.c. */
enum pst_cedar_fn {
    PST_CEDAR_FN_DECIMAL,
    PST_CEDAR_FN_IP,
    PST_CEDAR_FN_DATETIME,
    PST_CEDAR_FN_DURATION,
    PST_CEDAR_FN_LESS_THAN, /* methods from here on */
    PST_CEDAR_FN_LESS_THAN_OR_EQUAL,
    PST_CEDAR_FN_GREATER_THAN,
    PST_CEDAR_FN_GREATER_THAN_OR_EQUAL,
    PST_CEDAR_FN_IS_IPV4,
    PST_CEDAR_FN_IS_IPV6,
    PST_CEDAR_FN_IS_LOOPBACK,
    PST_CEDAR_FN_IS_MULTICAST,
    PST_CEDAR_FN_IS_IN_RANGE,
    PST_CEDAR_FN_OFFSET,
    PST_CEDAR_FN_DURATION_SINCE,
    PST_CEDAR_FN_TO_DATE,
    PST_CEDAR_FN_TO_TIME,
    PST_CEDAR_FN_TO_MILLISECONDS,
    PST_CEDAR_FN_TO_SECONDS,
    PST_CEDAR_FN_TO_MINUTES,
    PST_CEDAR_FN_TO_HOURS,
    PST_CEDAR_FN_TO_DAYS,
    PST_CEDAR_FN_COUNT
};

struct pst_cedar_fn_row {
    const char *name;
    uint8_t args[2]; /* enum pst_cedar_tag of the arguments, receiver first; NONE: no such */
    uint8_t n_args;
    uint8_t result; /* enum pst_cedar_tag */
    bool method;
};
const struct pst_cedar_fn_row *pst_cedar_fn(enum pst_cedar_fn fn);
/* The function or method of that name; PST_CEDAR_FN_COUNT when there is none. */
enum pst_cedar_fn pst_cedar_fn_find(struct pst_str name, bool method);

struct pst_cedar_node {
    uint8_t kind;
    uint8_t op;
    uint16_t column; /* 1-based, 65535 when further right; 0 when there is no source */
    uint32_t line;   /* 1-based */
    uint32_t a, b, c;
};

enum pst_cedar_scope_kind {
    PST_CEDAR_SCOPE_ANY,
    PST_CEDAR_SCOPE_EQ,    /* uid */
    PST_CEDAR_SCOPE_IN,    /* uid */
    PST_CEDAR_SCOPE_LIST,  /* in kids[uid .. uid+n), entity references; action only */
    PST_CEDAR_SCOPE_IS,    /* type */
    PST_CEDAR_SCOPE_IS_IN, /* type, uid */
    PST_CEDAR_SCOPE_COUNT
};

struct pst_cedar_scope {
    uint8_t kind;
    uint8_t slot; /* 1: uid is the slot of this variable */
    uint16_t zero;
    uint32_t type; /* symbol */
    uint32_t uid;
    uint32_t n;
    uint32_t line, column; /* of the variable's name */
};

struct pst_cedar_annotation_row {
    uint32_t key, value; /* symbols */
    uint32_t has_value;  /* 0: written without one */
};

struct pst_cedar_policy_row {
    struct pst_cedar_scope scope[3]; /* principal, action, resource */
    uint32_t id, file, text;         /* symbols */
    uint32_t line, column;
    uint8_t forbid;
    uint8_t is_template; /* has a slot that is not filled */
    uint16_t zero;
    uint32_t link_of;               /* template's number, or PST_CEDAR_NO */
    uint32_t conds, n_conds;        /* kids[conds .. conds+2n): (node, 1 for unless) */
    uint32_t notes, n_notes;        /* annotations */
    uint32_t code, n_code, n_stack; /* compiled conditions; see compile.h */
};

#endif
