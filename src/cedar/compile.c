/* Nodes → instructions. Subtrees without variables that cannot fail become constants; the rest is
 * emitted depth first with an explicit stack. */
#include "cedar/compile.h"

#include "cedar/check.h"
#include "cedar/entities.h"

#include <stdlib.h>

struct work {
    uint32_t node;
    uint32_t stage; /* children emitted so far */
    uint32_t patch; /* instruction whose target is not known yet; or the record's kids */
};

struct compiler {
    struct pst_cedar *c;
    struct pst_err *err;
    uint32_t *folded; /* per node: its constant, or PST_CEDAR_NO */
    uint8_t *nesting; /* per node: sets and records in the value it builds, at most */
    struct work *stack;
    uint32_t n, cap;
    uint32_t node; /* being emitted: the position of the instructions */
};

static enum pst_status full(const struct compiler *k)
{
    return pst_fail(k->err, PST_E_NO_MEMORY,
                    "the compiled policies need more memory than the limit");
}

static enum pst_status fail_node(const struct compiler *k, uint32_t node, const char *what)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    return pst_fail_at(k->err, PST_E_CEDAR_LIMIT, n->line, n->column, "%s", what);
}

/* --- constants ---------------------------------------------------------------------------------
 */

static enum pst_status add_constant(struct compiler *k, uint32_t node, struct pst_cedar_value v)
{
    uint32_t i = PST_CEDAR_ADD(k->c, values, 1);
    if (i == PST_CEDAR_NO) {
        return full(k);
    }
    k->c->values[i] = v;
    k->folded[node] = i;
    return PST_OK;
}

static bool all_folded(const struct compiler *k, uint32_t first, uint32_t n, uint32_t step)
{
    for (uint32_t i = 0; i < n; i++) {
        if (k->folded[k->c->kids[first + i * step]] == PST_CEDAR_NO) {
            return false;
        }
    }
    return true;
}

static enum pst_status fold_set(struct compiler *k, uint32_t node)
{
    struct pst_cedar_node n = k->c->nodes[node];
    if (!all_folded(k, n.a, n.b, 1)) {
        return PST_OK;
    }
    uint32_t first = PST_CEDAR_ADD(k->c, values, n.b);
    if (first == PST_CEDAR_NO) {
        return full(k);
    }
    for (uint32_t i = 0; i < n.b; i++) {
        k->c->values[first + i] = k->c->values[k->folded[k->c->kids[n.a + i]]];
    }
    struct pst_cedar_ctx x = {.c = k->c};
    uint32_t kept = pst_cedar_items_sort(x, &k->c->values[first], n.b);
    return add_constant(k, node, (struct pst_cedar_value){PST_CEDAR_SET, kept, first});
}

static int by_key(const void *a, const void *b)
{
    const struct pst_cedar_field *fa = (const struct pst_cedar_field *)a;
    const struct pst_cedar_field *fb = (const struct pst_cedar_field *)b;
    return fa->key < fb->key ? -1 : fa->key > fb->key;
}

static enum pst_status fold_record(struct compiler *k, uint32_t node)
{
    struct pst_cedar_node n = k->c->nodes[node];
    if (!all_folded(k, n.a + 1, n.b, 2)) {
        return PST_OK;
    }
    uint32_t first = PST_CEDAR_ADD(k->c, fields, n.b);
    if (first == PST_CEDAR_NO) {
        return full(k);
    }
    for (uint32_t i = 0; i < n.b; i++) {
        k->c->fields[first + i] = (struct pst_cedar_field){
            .key = k->c->kids[n.a + 2 * i],
            .value = k->c->values[k->folded[k->c->kids[n.a + 2 * i + 1]]]};
    }
    if (n.b != 0) {
        qsort(&k->c->fields[first], n.b, sizeof k->c->fields[0], by_key);
    }
    return add_constant(k, node, (struct pst_cedar_value){PST_CEDAR_RECORD, n.b, first});
}

/* An extension constructor of a literal that is valid; an invalid one fails when it is evaluated.
 */
static enum pst_status fold_call(struct compiler *k, uint32_t node)
{
    struct pst_cedar_node n = k->c->nodes[node];
    uint32_t arg = n.b == 1 ? k->folded[k->c->kids[n.a]] : PST_CEDAR_NO;
    if (arg == PST_CEDAR_NO || k->c->values[arg].tag != PST_CEDAR_STRING) {
        return PST_OK;
    }
    struct pst_str text = pst_cedar_text(k->c, (uint32_t)k->c->values[arg].i);
    struct pst_cedar_value v = {0};
    bool ok = n.op < PST_CEDAR_FN_LESS_THAN &&
              pst_cedar_target_extension((struct pst_cedar_target){.c = k->c},
                                         (enum pst_cedar_fn)n.op, text, &v, NULL) == PST_OK;
    return ok ? add_constant(k, node, v) : PST_OK;
}

static uint8_t deepest(const struct compiler *k, const struct pst_cedar_node *n)
{
    bool record = n->kind == PST_CEDAR_N_RECORD;
    uint8_t depth = 0;
    for (uint32_t i = 0; i < n->b; i++) {
        uint8_t d = k->nesting[k->c->kids[record ? n->a + 2 * i + 1 : n->a + i]];
        depth = d > depth ? d : depth;
    }
    return (uint8_t)(depth + 1);
}

/* Children come before parents, so one pass in order folds everything. */
static enum pst_status fold(struct compiler *k, uint32_t node)
{
    const struct pst_cedar_node n = k->c->nodes[node];
    k->folded[node] = PST_CEDAR_NO;
    k->nesting[node] = 0;
    switch ((enum pst_cedar_kind)n.kind) {
    case PST_CEDAR_N_BOOL:
        return add_constant(k, node, pst_cedar_bool(n.a != 0));
    case PST_CEDAR_N_LONG:
        return add_constant(k, node, pst_cedar_long((int64_t)(((uint64_t)n.b << 32) | n.a)));
    case PST_CEDAR_N_STRING:
        return add_constant(k, node, (struct pst_cedar_value){PST_CEDAR_STRING, 0, n.a});
    case PST_CEDAR_N_UID:
        return add_constant(k, node, (struct pst_cedar_value){PST_CEDAR_UID, 0, n.a});
    case PST_CEDAR_N_GET:
        k->nesting[node] = k->nesting[n.a];
        return PST_OK;
    case PST_CEDAR_N_IF:
        k->nesting[node] = k->nesting[n.b] > k->nesting[n.c] ? k->nesting[n.b] : k->nesting[n.c];
        return PST_OK;
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
        k->nesting[node] = deepest(k, &n);
        if (k->nesting[node] > PST_CEDAR_LITERAL_DEPTH) {
            return fail_node(k, node, "sets and records are nested more than 100 deep");
        }
        return n.kind == PST_CEDAR_N_SET ? fold_set(k, node) : fold_record(k, node);
    case PST_CEDAR_N_CALL:
        return fold_call(k, node);
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_BINARY:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
    case PST_CEDAR_N_IS:
    case PST_CEDAR_N_COUNT:
    default:
        return PST_OK;
    }
}

/* --- emission ----------------------------------------------------------------------------------
 */

static enum pst_status emit(struct compiler *k, struct pst_cedar_code code)
{
    uint32_t at = PST_CEDAR_ADD(k->c, code, 1);
    uint32_t pos = at != PST_CEDAR_NO ? PST_CEDAR_ADD(k->c, code_nodes, 1) : PST_CEDAR_NO;
    if (pos == PST_CEDAR_NO) {
        return full(k);
    }
    k->c->code[at] = code;
    k->c->code_nodes[pos] = k->node;
    return PST_OK;
}

static uint32_t here(const struct compiler *k)
{
    return PST_CEDAR_N_OF(k->c, code);
}

static enum pst_status push(struct compiler *k, uint32_t node)
{
    if (k->n == k->cap) {
        uint32_t cap = k->cap != 0 ? k->cap * 2 : 64;
        void *more = cap < UINT32_MAX / 32 ? realloc(k->stack, cap * sizeof k->stack[0]) : NULL;
        if (more == NULL) {
            return full(k);
        }
        k->stack = (struct work *)more;
        k->cap = cap;
    }
    k->stack[k->n++] = (struct work){.node = node};
    return PST_OK;
}

static enum pst_status leave(struct compiler *k, enum pst_status st)
{
    k->n--;
    return st;
}

static enum pst_status emit_if(struct compiler *k, struct work *w, const struct pst_cedar_node *n)
{
    switch (w->stage++) {
    case 0:
        return push(k, n->a);
    case 1:
        w->patch = here(k);
        return emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_IF}) == PST_OK ? push(k, n->b)
                                                                                : PST_ERR;
    case 2:
        if (emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_JUMP}) != PST_OK) {
            return PST_ERR;
        }
        k->c->code[w->patch].a = here(k);
        w->patch = here(k) - 1;
        return push(k, n->c);
    default:
        k->c->code[w->patch].a = here(k);
        return leave(k, PST_OK);
    }
}

/* Whether the value is a bool whenever there is one, so that && and || need not look again. */
static bool always_bool(const struct pst_cedar_node *n)
{
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
    case PST_CEDAR_N_IS:
        return true;
    case PST_CEDAR_N_UNARY:
        return n->op != PST_CEDAR_OP_NEG;
    case PST_CEDAR_N_BINARY:
        return n->op != PST_CEDAR_OP_ADD && n->op != PST_CEDAR_OP_SUB &&
               n->op != PST_CEDAR_OP_MUL && n->op != PST_CEDAR_OP_GET_TAG;
    case PST_CEDAR_N_CALL:
        return pst_cedar_fn((enum pst_cedar_fn)n->op)->result == PST_CEDAR_BOOL;
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_IF:
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_COUNT:
    default:
        return false;
    }
}

static enum pst_status emit_and_or(struct compiler *k, struct work *w,
                                   const struct pst_cedar_node *n)
{
    uint8_t op = n->kind == PST_CEDAR_N_AND ? PST_CEDAR_C_AND : PST_CEDAR_C_OR;
    if (w->stage == 0) {
        w->stage++;
        return push(k, n->a);
    }
    if (w->stage == 1) {
        w->stage++;
        w->patch = here(k);
        return emit(k, (struct pst_cedar_code){.op = op}) == PST_OK ? push(k, n->b) : PST_ERR;
    }
    if (!always_bool(&k->c->nodes[n->b]) &&
        emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_BOOL}) != PST_OK) {
        return PST_ERR;
    }
    k->c->code[w->patch].a = here(k);
    return leave(k, PST_OK);
}

/* a is T in b: (a is T) && (a in b). */
static enum pst_status emit_is(struct compiler *k, struct work *w, const struct pst_cedar_node *n)
{
    struct pst_cedar_code is = {.op = PST_CEDAR_C_IS, .a = n->b};
    struct pst_cedar_code in = {.op = PST_CEDAR_C_BINARY, .x = PST_CEDAR_OP_IN};
    switch (w->stage++) {
    case 0:
        return push(k, n->a);
    case 1:
        if (n->c == PST_CEDAR_NO) {
            return leave(k, emit(k, is));
        }
        if (emit(k, is) != PST_OK) {
            return PST_ERR;
        }
        w->patch = here(k);
        return emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_AND}) == PST_OK ? push(k, n->a)
                                                                                 : PST_ERR;
    case 2:
        return push(k, n->c);
    default:
        if (emit(k, in) != PST_OK) {
            return PST_ERR;
        }
        k->c->code[w->patch].a = here(k);
        return leave(k, PST_OK);
    }
}

static enum pst_status emit_binary(struct compiler *k, struct work *w,
                                   const struct pst_cedar_node *n)
{
    bool eq = n->op == PST_CEDAR_OP_EQ || n->op == PST_CEDAR_OP_NE;
    if (eq && k->folded[n->b] != PST_CEDAR_NO) {
        if (w->stage++ == 0) {
            return push(k, n->a);
        }
        struct pst_cedar_code code = {
            .op = PST_CEDAR_C_EQ_CONST, .x = n->op == PST_CEDAR_OP_NE, .a = k->folded[n->b]};
        return leave(k, emit(k, code));
    }
    if (w->stage < 2) {
        return push(k, w->stage++ == 0 ? n->a : n->b);
    }
    return leave(k, emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_BINARY, .x = n->op}));
}

/* One operand, which may be a variable that the instruction reads itself. */
static enum pst_status emit_member(struct compiler *k, struct work *w,
                                   const struct pst_cedar_node *n)
{
    const struct pst_cedar_node *a = &k->c->nodes[n->a];
    bool get = n->kind == PST_CEDAR_N_GET;
    if (a->kind == PST_CEDAR_N_VAR) {
        struct pst_cedar_code code = {
            .op = get ? PST_CEDAR_C_VAR_GET : PST_CEDAR_C_VAR_HAS, .x = (uint8_t)a->a, .a = n->b};
        return leave(k, emit(k, code));
    }
    if (w->stage++ == 0) {
        return push(k, n->a);
    }
    struct pst_cedar_code code = {.op = get ? PST_CEDAR_C_GET : PST_CEDAR_C_HAS, .a = n->b};
    return leave(k, emit(k, code));
}

static enum pst_status emit_like(struct compiler *k, struct work *w, const struct pst_cedar_node *n)
{
    if (w->stage++ == 0) {
        return push(k, n->a);
    }
    uint32_t at = PST_CEDAR_ADD(k->c, kids, n->c + 1);
    if (at == PST_CEDAR_NO) {
        return full(k);
    }
    k->c->kids[at] = n->c;
    memcpy(&k->c->kids[at + 1], &k->c->kids[n->b], n->c * sizeof k->c->kids[0]);
    return leave(k, emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_LIKE, .a = at}));
}

struct pair {
    uint32_t key, node;
};

static int by_pair_key(const void *a, const void *b)
{
    const struct pair *pa = (const struct pair *)a;
    const struct pair *pb = (const struct pair *)b;
    return pa->key < pb->key ? -1 : pa->key > pb->key;
}

/* Lays out kids[at] = n, n keys in order, n nodes in the same order. */
static enum pst_status order_record(struct compiler *k, const struct pst_cedar_node *n,
                                    uint32_t *ret_at)
{
    struct pair *pairs = (struct pair *)calloc((size_t)n->b + 1, sizeof pairs[0]);
    uint32_t at = PST_CEDAR_ADD(k->c, kids, 2 * n->b + 1);
    if (pairs == NULL || at == PST_CEDAR_NO) {
        free(pairs);
        return full(k);
    }
    for (uint32_t i = 0; i < n->b; i++) {
        pairs[i] = (struct pair){k->c->kids[n->a + 2 * i], k->c->kids[n->a + 2 * i + 1]};
    }
    qsort(pairs, n->b, sizeof pairs[0], by_pair_key);
    k->c->kids[at] = n->b;
    for (uint32_t i = 0; i < n->b; i++) {
        k->c->kids[at + 1 + i] = pairs[i].key;
        k->c->kids[at + 1 + n->b + i] = pairs[i].node;
    }
    free(pairs);
    *ret_at = at;
    return PST_OK;
}

static enum pst_status emit_list(struct compiler *k, struct work *w, const struct pst_cedar_node *n)
{
    bool record = n->kind == PST_CEDAR_N_RECORD;
    if (w->stage == 0) {
        uint32_t max = n->kind == PST_CEDAR_N_CALL ? PST_CEDAR_ARGS_MAX : PST_CEDAR_STACK_MAX;
        if (n->b > max) {
            return fail_node(k, w->node, "this list is too long");
        }
        if (record && order_record(k, n, &w->patch) != PST_OK) {
            return PST_ERR;
        }
    }
    if (w->stage < n->b) {
        uint32_t i = w->stage++;
        return push(k, k->c->kids[record ? w->patch + 1 + n->b + i : n->a + i]);
    }
    struct pst_cedar_code code = {.op = PST_CEDAR_C_SET, .a = n->b};
    if (record) {
        code = (struct pst_cedar_code){.op = PST_CEDAR_C_RECORD, .a = w->patch};
    } else if (n->kind == PST_CEDAR_N_CALL) {
        code = (struct pst_cedar_code){.op = PST_CEDAR_C_CALL, .x = n->op, .y = (uint16_t)n->b};
    }
    return leave(k, emit(k, code));
}

static enum pst_status step(struct compiler *k)
{
    struct work *w = &k->stack[k->n - 1];
    const struct pst_cedar_node n = k->c->nodes[w->node];
    k->node = w->node;
    if (k->folded[w->node] != PST_CEDAR_NO) {
        struct pst_cedar_code code = {.op = PST_CEDAR_C_CONST, .a = k->folded[w->node]};
        return leave(k, emit(k, code));
    }
    switch ((enum pst_cedar_kind)n.kind) {
    case PST_CEDAR_N_VAR:
        return leave(k, emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_VAR, .x = (uint8_t)n.a}));
    case PST_CEDAR_N_IF:
        return emit_if(k, w, &n);
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
        return emit_and_or(k, w, &n);
    case PST_CEDAR_N_UNARY:
        if (w->stage++ == 0) {
            return push(k, n.a);
        }
        return leave(k, emit(k, (struct pst_cedar_code){.op = PST_CEDAR_C_UNARY, .x = n.op}));
    case PST_CEDAR_N_BINARY:
        return emit_binary(k, w, &n);
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
        return emit_member(k, w, &n);
    case PST_CEDAR_N_LIKE:
        return emit_like(k, w, &n);
    case PST_CEDAR_N_IS:
        return emit_is(k, w, &n);
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_CALL:
        return emit_list(k, w, &n);
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_COUNT:
    default:
        PST_BUG_ON(true); /* literals are folded, slots are refused where expressions are read */
    }
}

/* A jump to a test of the same kind goes on to that test's target: the value is the same. */
static void thread_jumps(struct compiler *k, uint32_t from)
{
    for (uint32_t i = here(k); i > from; i--) {
        struct pst_cedar_code *code = &k->c->code[i - 1];
        if ((code->op == PST_CEDAR_C_AND || code->op == PST_CEDAR_C_OR) && code->a < here(k) &&
            k->c->code[code->a].op == code->op) {
            code->a = k->c->code[code->a].a;
        }
    }
}

static enum pst_status compile_policy(struct compiler *k, uint32_t policy)
{
    struct pst_cedar_policy_row *p = &k->c->policies[policy];
    p->code = here(k);
    for (uint32_t i = 0; i < p->n_conds; i++) {
        uint32_t node = k->c->kids[p->conds + 2 * i];
        bool unless = k->c->kids[p->conds + 2 * i + 1] != 0;
        if (push(k, node) != PST_OK) {
            return PST_ERR;
        }
        while (k->n > 0) {
            if (step(k) != PST_OK) {
                return PST_ERR;
            }
        }
        k->node = node;
        struct pst_cedar_code code = {.op = PST_CEDAR_C_REQUIRE, .x = !unless};
        if (emit(k, code) != PST_OK) {
            return PST_ERR;
        }
    }
    p->n_code = here(k) - p->code;
    thread_jumps(k, p->code);
    for (uint32_t i = p->code; i < here(k); i++) {
        uint8_t op = k->c->code[i].op;
        if (op == PST_CEDAR_C_AND || op == PST_CEDAR_C_OR || op == PST_CEDAR_C_IF ||
            op == PST_CEDAR_C_JUMP) {
            k->c->code[i].a -= p->code; /* targets count from the policy's first instruction */
        }
    }
    return PST_OK;
}

enum pst_status pst_cedar_compile(struct pst_cedar *c, struct pst_err *err)
{
    uint32_t n = PST_CEDAR_N_OF(c, nodes);
    struct compiler k = {.c = c, .err = err};
    k.folded = (uint32_t *)malloc(((size_t)n + 1) * sizeof k.folded[0]);
    k.nesting = (uint8_t *)malloc((size_t)n + 1);
    enum pst_status st = k.folded != NULL && k.nesting != NULL ? PST_OK : full(&k);
    for (uint32_t node = 0; node < n && st == PST_OK; node++) {
        st = fold(&k, node);
    }
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && st == PST_OK; i++) {
        st = compile_policy(&k, i);
        if (st != PST_OK && err != NULL) {
            pst_cedar_err_file(err, pst_cedar_text(c, c->policies[i].file));
        }
    }
    free(k.folded);
    free(k.nesting);
    free(k.stack);
    return st == PST_OK ? pst_cedar_check_code(c, err) : st;
}
