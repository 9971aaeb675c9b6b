/* Instructions: what conditions are compiled to. Straight-line code for a stack of values, with
 * jumps forward only. */
#ifndef PST_CEDAR_COMPILE_H
#define PST_CEDAR_COMPILE_H

#include "cedar/store.h"

enum pst_cedar_code_op {
    PST_CEDAR_C_CONST,    /* push values[a] */
    PST_CEDAR_C_VAR,      /* push variable x */
    PST_CEDAR_C_VAR_GET,  /* push variable x . symbol a */
    PST_CEDAR_C_VAR_HAS,  /* push variable x has symbol a */
    PST_CEDAR_C_AND,      /* the top must be a bool: false: go to a; true: pop */
    PST_CEDAR_C_OR,       /* the top must be a bool: true: go to a; false: pop */
    PST_CEDAR_C_IF,       /* pop a bool: false: go to a */
    PST_CEDAR_C_JUMP,     /* go to a; the branch's value stays */
    PST_CEDAR_C_BOOL,     /* the top must be a bool */
    PST_CEDAR_C_UNARY,    /* pop 1, push x (enum pst_cedar_op) of it */
    PST_CEDAR_C_BINARY,   /* pop 2, push x of them */
    PST_CEDAR_C_EQ_CONST, /* pop 1, push whether it equals values[a]; x 1: whether not */
    PST_CEDAR_C_GET,      /* pop 1, push its symbol a */
    PST_CEDAR_C_HAS,      /* pop 1, push whether it has symbol a */
    PST_CEDAR_C_LIKE,     /* pop 1; kids[a] texts from kids[a+1] */
    PST_CEDAR_C_IS,       /* pop 1; type symbol a */
    PST_CEDAR_C_SET,      /* pop a, push a set */
    PST_CEDAR_C_RECORD,   /* pop kids[a], push a record with the keys from kids[a+1], sorted */
    PST_CEDAR_C_CALL,     /* pop y, push function x of them */
    PST_CEDAR_C_REQUIRE,  /* pop a bool; x is what it must be: else the policy is not satisfied */
    PST_CEDAR_C_COUNT
};

enum { PST_CEDAR_STACK_MAX = 16384, PST_CEDAR_ARGS_MAX = 1000 };

/* Compiles the conditions of all policies. CEDAR_LIMIT with a position, NO_MEMORY. */
PST_NODISCARD enum pst_status pst_cedar_compile(struct pst_cedar *c, struct pst_err *err);
/* What an instruction takes from and leaves on the stack; false for one that is not valid in `c`
 * (unknown operation, index out of range). Jump targets are the caller's matter. */
bool pst_cedar_code_effect(const struct pst_cedar *c, struct pst_cedar_code code, uint32_t *ret_pop,
                           uint32_t *ret_push);

#endif
