/* The type of one operation, its parts being known. */
#include "cedar/typecheck.h"

static const struct pst_cedar_caps no_caps = {NULL, 0};

static struct pst_cedar_typed only(uint32_t type)
{
    return (struct pst_cedar_typed){type, no_caps};
}

static enum pst_cedar_type_kind kind_of(const struct pst_cedar_checker *k, uint32_t type)
{
    return pst_cedar_type_kind(&k->types, type);
}

/* A type just made, or ERROR when there was no room or it is too deep. */
static uint32_t made(struct pst_cedar_checker *k, uint32_t node, uint32_t type)
{
    if (type != PST_CEDAR_NO) {
        return type;
    }
    if (!k->types.full && !k->failed) {
        const struct pst_cedar_node *n = &k->c->nodes[node];
        (void)pst_fail_at(k->err, PST_E_CEDAR_LIMIT, n->line, n->column,
                          "the type of this is nested more than %d deep", PST_CEDAR_TYPE_DEPTH);
        k->failed = true;
    }
    return PST_CEDAR_TY_ERROR;
}

bool pst_cedar_check_bool(struct pst_cedar_checker *k, uint32_t node, uint32_t *type)
{
    if (pst_cedar_type_is_bool(*type)) {
        return true;
    }
    bool known = *type == PST_CEDAR_TY_ERROR;
    if (!known) {
        pst_cedar_finding_type(k, node, "Bool", *type);
    }
    *type = PST_CEDAR_TY_BOOL;
    return known;
}

uint32_t pst_cedar_check_lub(struct pst_cedar_checker *k, uint32_t node, uint32_t a, uint32_t b,
                             const char *what)
{
    uint32_t type = pst_cedar_type_lub(&k->types, k->mode, a, b);
    if (type != PST_CEDAR_NO) {
        return type;
    }
    pst_cedar_finding_begin(k);
    (void)(pst_buf_add(&k->text, pst_str_c(what)) && PST_BUF_LIT(&k->text, " that do not agree: "));
    pst_cedar_put_type(k, &k->text, a);
    (void)PST_BUF_LIT(&k->text, " and ");
    pst_cedar_put_type(k, &k->text, b);
    pst_cedar_put_type(k, &k->expected, a);
    pst_cedar_put_type(k, &k->found, b);
    pst_cedar_finding_end(k, PST_CEDAR_F_INCOMPATIBLE, node, 0, 0);
    return PST_CEDAR_TY_ERROR;
}

/* --- leaves ------------------------------------------------------------------------------------
 */

uint32_t pst_cedar_type_of_leaf(struct pst_cedar_checker *k, uint32_t node)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    const struct pst_cedar_schema_action *action = &k->s->actions[k->action];
    uint32_t type = PST_CEDAR_NO;
    switch (n->kind) {
    case PST_CEDAR_N_BOOL:
        return n->a != 0 ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_FALSE;
    case PST_CEDAR_N_LONG:
        return PST_CEDAR_TY_LONG;
    case PST_CEDAR_N_STRING:
        return PST_CEDAR_TY_STRING;
    case PST_CEDAR_N_UID:
        type = pst_cedar_check_type(k, n->a);
        break;
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_VAR:
        type = n->a == PST_CEDAR_PRINCIPAL  ? k->principal
               : n->a == PST_CEDAR_RESOURCE ? k->resource
                                            : action->type;
        if (n->a == PST_CEDAR_CONTEXT) {
            return action->context;
        }
        break;
    default:
        break;
    }
    /* What is not declared has been reported. */
    return type == PST_CEDAR_NO
               ? (uint32_t)PST_CEDAR_TY_ERROR
               : made(k, node, pst_cedar_type_entity(&k->types, k->s->entity_types[type].name));
}

static bool is_literal(const struct pst_cedar_checker *k, uint32_t node)
{
    uint8_t kind = k->c->nodes[node].kind;
    return kind == PST_CEDAR_N_BOOL || kind == PST_CEDAR_N_LONG || kind == PST_CEDAR_N_STRING ||
           kind == PST_CEDAR_N_UID;
}

/* The action that an expression names, `action` being that of the request. */
static uint32_t action_of(struct pst_cedar_checker *k, uint32_t node)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    if (n->kind == PST_CEDAR_N_VAR && n->a == PST_CEDAR_ACTION) {
        return k->action;
    }
    return n->kind == PST_CEDAR_N_UID ? pst_cedar_check_action(k, n->a) : PST_CEDAR_NO;
}

/* --- operands ----------------------------------------------------------------------------------
 */

/* The operand is of one of the kinds (bits); else reported. */
static bool operand(struct pst_cedar_checker *k, uint32_t node, uint32_t type, uint32_t kinds,
                    const char *expected)
{
    enum pst_cedar_type_kind kind = kind_of(k, type);
    if (kind == PST_CEDAR_TY_ERROR || ((kinds >> kind) & 1) != 0) {
        return kind != PST_CEDAR_TY_ERROR;
    }
    pst_cedar_finding_type(k, node, expected, type);
    return false;
}

#define BIT(kind) (1u << PST_CEDAR_TY_##kind)
enum {
    ENTITIES = BIT(ENTITY) | BIT(UNION),
    ORDERED = BIT(LONG) | BIT(DATETIME) | BIT(DURATION),
};

struct pst_cedar_typed pst_cedar_type_of_unary(struct pst_cedar_checker *k, uint32_t node,
                                               uint32_t a)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    switch (n->op) {
    case PST_CEDAR_OP_NOT:
        (void)pst_cedar_check_bool(k, n->a, &a);
        return only(a == PST_CEDAR_TY_TRUE    ? PST_CEDAR_TY_FALSE
                    : a == PST_CEDAR_TY_FALSE ? PST_CEDAR_TY_TRUE
                                              : PST_CEDAR_TY_BOOL);
    case PST_CEDAR_OP_NEG:
        (void)operand(k, n->a, a, BIT(LONG), "Long");
        return only(PST_CEDAR_TY_LONG);
    default:
        (void)operand(k, n->a, a, BIT(SET), "a set");
        return only(PST_CEDAR_TY_BOOL);
    }
}

uint32_t pst_cedar_type_of_like(struct pst_cedar_checker *k, uint32_t node, uint32_t a)
{
    (void)operand(k, k->c->nodes[node].a, a, BIT(STRING), "String");
    return PST_CEDAR_TY_BOOL;
}

uint32_t pst_cedar_type_of_is(struct pst_cedar_checker *k, uint32_t node, uint32_t a)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    const uint32_t *types = NULL;
    if (!operand(k, n->a, a, ENTITIES, "an entity")) {
        return PST_CEDAR_TY_BOOL;
    }
    uint32_t wanted = pst_cedar_check_sym(k, n->b);
    uint32_t count = pst_cedar_type_entities(&k->types, a, &types);
    if (!pst_cedar_sorted_has(types, count, wanted)) {
        return PST_CEDAR_TY_FALSE;
    }
    return count == 1 ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_BOOL;
}

/* --- == and in ---------------------------------------------------------------------------------
 */

static bool share_entity_type(const struct pst_cedar_checker *k, uint32_t a, uint32_t b)
{
    const uint32_t *x = NULL;
    const uint32_t *y = NULL;
    uint32_t nx = pst_cedar_type_entities(&k->types, a, &x);
    uint32_t ny = pst_cedar_type_entities(&k->types, b, &y);
    for (uint32_t i = 0; i < nx; i++) {
        if (pst_cedar_sorted_has(y, ny, x[i])) {
            return true;
        }
    }
    return false;
}

static uint32_t type_of_eq(struct pst_cedar_checker *k, uint32_t node, uint32_t a, uint32_t b)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    uint32_t x = action_of(k, n->a);
    uint32_t y = action_of(k, n->b);
    if (x != PST_CEDAR_NO && y != PST_CEDAR_NO) {
        return x == y ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_FALSE;
    }
    if (is_literal(k, n->a) && is_literal(k, n->b)) {
        return k->number[n->a] == k->number[n->b] ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_FALSE;
    }
    bool entities = ((1u << kind_of(k, a)) & ENTITIES) != 0 &&
                    ((1u << kind_of(k, b)) & ENTITIES) != 0;
    if (entities && !share_entity_type(k, a, b)) {
        return PST_CEDAR_TY_FALSE;
    }
    if (k->mode == PST_CEDAR_STRICT) {
        (void)pst_cedar_check_lub(k, node, a, b, "the values compared have types");
    }
    return PST_CEDAR_TY_BOOL;
}

/* The action on the left is in one of those that the right names; *ret_known: all it names are
 * literals. */
static bool action_in(struct pst_cedar_checker *k, uint32_t action, uint32_t right, bool *ret_known)
{
    const struct pst_cedar_node *n = &k->c->nodes[right];
    bool set = n->kind == PST_CEDAR_N_SET;
    uint32_t count = set ? n->b : 1;
    bool found = false;
    *ret_known = true;
    for (uint32_t i = 0; i < count && *ret_known; i++) {
        uint32_t node = set ? k->c->kids[n->a + i] : right;
        uint32_t other = action_of(k, node);
        *ret_known = other != PST_CEDAR_NO || k->c->nodes[node].kind == PST_CEDAR_N_UID;
        found = found || (other != PST_CEDAR_NO && pst_cedar_schema_action_in(k->s, action, other));
    }
    return found;
}

static bool types_in(const struct pst_cedar_checker *k, uint32_t a, uint32_t b)
{
    const uint32_t *x = NULL;
    const uint32_t *y = NULL;
    uint32_t nx = pst_cedar_type_entities(&k->types, a, &x);
    uint32_t ny = pst_cedar_type_entities(&k->types, b, &y);
    for (uint32_t i = 0; i < nx; i++) {
        for (uint32_t j = 0; j < ny; j++) {
            uint32_t below = pst_cedar_schema_entity_type(k->s, x[i]);
            uint32_t above = pst_cedar_schema_entity_type(k->s, y[j]);
            if (below != PST_CEDAR_NO && above != PST_CEDAR_NO &&
                pst_cedar_schema_type_in(k->s, below, above)) {
                return true;
            }
        }
    }
    return false;
}

uint32_t pst_cedar_type_of_in(struct pst_cedar_checker *k, uint32_t node, uint32_t left,
                              uint32_t right, uint32_t a, uint32_t b)
{
    bool ok = operand(k, left, a, ENTITIES, "an entity");
    uint32_t above = kind_of(k, b) == PST_CEDAR_TY_SET ? k->types.rows[b].a : b;
    enum pst_cedar_type_kind kind = kind_of(k, above);
    (void)node;
    if (kind == PST_CEDAR_TY_ERROR) {
        return PST_CEDAR_TY_BOOL;
    }
    if (((1u << kind) & ENTITIES) == 0 && (kind != PST_CEDAR_TY_NEVER || above == b)) {
        pst_cedar_finding_type(k, right, "an entity or a set of entities", b);
        return PST_CEDAR_TY_BOOL;
    }
    if (!ok) {
        return PST_CEDAR_TY_BOOL;
    }
    uint32_t action = action_of(k, left);
    if (action != PST_CEDAR_NO) {
        bool known = false;
        bool found = action_in(k, action, right, &known);
        if (known) {
            return found ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_FALSE;
        }
    }
    return types_in(k, a, above) ? PST_CEDAR_TY_BOOL : PST_CEDAR_TY_FALSE;
}

/* --- tags --------------------------------------------------------------------------------------
 */

static struct pst_cedar_cap tag_cap(const struct pst_cedar_checker *k,
                                    const struct pst_cedar_node *n)
{
    return (struct pst_cedar_cap){.expr = k->number[n->a], .key = k->number[n->b], .tag = 1};
}

static struct pst_cedar_typed has_tag(struct pst_cedar_checker *k, const struct pst_cedar_node *n,
                                      uint32_t a, struct pst_cedar_caps prior)
{
    const uint32_t *types = NULL;
    uint32_t count = pst_cedar_type_entities(&k->types, a, &types);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t t = pst_cedar_schema_entity_type(k->s, types[i]);
        any = any || (t != PST_CEDAR_NO && k->s->entity_types[t].tags != PST_CEDAR_NO);
    }
    if (!any) {
        return only(PST_CEDAR_TY_FALSE);
    }
    uint32_t cap = pst_cedar_cap(k, tag_cap(k, n));
    if (pst_cedar_sorted_has(prior.list, prior.n, cap)) {
        return only(PST_CEDAR_TY_TRUE);
    }
    return (struct pst_cedar_typed){PST_CEDAR_TY_BOOL, pst_cedar_caps_one(k, cap)};
}

static void no_tag(struct pst_cedar_checker *k, uint32_t node, uint32_t a, bool none)
{
    pst_cedar_finding_begin(k);
    (void)pst_buf_add(&k->text, none ? PST_STR("there are no tags on ")
                                     : PST_STR("this tag may be missing on "));
    pst_cedar_put_type(k, &k->text, a);
    (void)pst_buf_add(&k->hint, none ? PST_STR("declare `tags` for the entity type")
                                     : PST_STR("test `hasTag` with the same text first"));
    pst_cedar_finding_end(k, PST_CEDAR_F_TAG, node, 0, 0);
}

static uint32_t get_tag(struct pst_cedar_checker *k, uint32_t node, uint32_t a,
                        struct pst_cedar_caps prior)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    uint32_t type = PST_CEDAR_TY_NEVER;
    for (uint32_t i = 0;; i++) { /* the list moves when types are added */
        const uint32_t *types = NULL;
        if (i == pst_cedar_type_entities(&k->types, a, &types)) {
            break;
        }
        uint32_t t = pst_cedar_schema_entity_type(k->s, types[i]);
        if (t == PST_CEDAR_NO || k->s->entity_types[t].tags == PST_CEDAR_NO) {
            no_tag(k, node, a, true);
            return PST_CEDAR_TY_ERROR;
        }
        type = pst_cedar_check_lub(k, node, type, k->s->entity_types[t].tags,
                                   "the tags of these entities have types");
    }
    if (!pst_cedar_sorted_has(prior.list, prior.n, pst_cedar_cap(k, tag_cap(k, n)))) {
        no_tag(k, node, a, false);
    }
    return type;
}

/* --- other operations of two -------------------------------------------------------------------
 */

static uint32_t type_of_order(struct pst_cedar_checker *k, const struct pst_cedar_node *n,
                              uint32_t a, uint32_t b)
{
    static const char *const expected = "Long, datetime or duration";
    bool ok = operand(k, n->a, a, ORDERED, expected);
    if (operand(k, n->b, b, ORDERED, expected) && ok && a != b) {
        pst_cedar_finding_type(k, n->b,
                               a == PST_CEDAR_TY_LONG       ? "Long"
                               : a == PST_CEDAR_TY_DATETIME ? "datetime"
                                                            : "duration",
                               b);
    }
    return PST_CEDAR_TY_BOOL;
}

static uint32_t type_of_contains(struct pst_cedar_checker *k, uint32_t node, uint32_t a, uint32_t b)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    bool one = n->op == PST_CEDAR_OP_CONTAINS;
    bool ok = operand(k, n->a, a, BIT(SET), "a set");
    ok = (one || operand(k, n->b, b, BIT(SET), "a set")) && ok;
    if (ok && k->mode == PST_CEDAR_STRICT) {
        if (one) {
            (void)pst_cedar_check_lub(k, node, k->types.rows[a].a, b,
                                      "the set's elements and the value looked for have types");
        } else {
            (void)pst_cedar_check_lub(k, node, a, b, "the two sets have types");
        }
    }
    return PST_CEDAR_TY_BOOL;
}

struct pst_cedar_typed pst_cedar_type_of_binary(struct pst_cedar_checker *k, uint32_t node,
                                                uint32_t a, uint32_t b, struct pst_cedar_caps prior)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    uint32_t type = 0;
    switch (n->op) {
    case PST_CEDAR_OP_EQ:
        return only(type_of_eq(k, node, a, b));
    case PST_CEDAR_OP_NE:
        type = type_of_eq(k, node, a, b);
        return only(type == PST_CEDAR_TY_TRUE    ? PST_CEDAR_TY_FALSE
                    : type == PST_CEDAR_TY_FALSE ? PST_CEDAR_TY_TRUE
                                                 : PST_CEDAR_TY_BOOL);
    case PST_CEDAR_OP_LT:
    case PST_CEDAR_OP_LE:
    case PST_CEDAR_OP_GT:
    case PST_CEDAR_OP_GE:
        return only(type_of_order(k, n, a, b));
    case PST_CEDAR_OP_ADD:
    case PST_CEDAR_OP_SUB:
    case PST_CEDAR_OP_MUL:
        (void)operand(k, n->a, a, BIT(LONG), "Long");
        (void)operand(k, n->b, b, BIT(LONG), "Long");
        return only(PST_CEDAR_TY_LONG);
    case PST_CEDAR_OP_IN:
        return only(pst_cedar_type_of_in(k, node, n->a, n->b, a, b));
    case PST_CEDAR_OP_GET_TAG:
    case PST_CEDAR_OP_HAS_TAG: {
        bool ok = operand(k, n->a, a, ENTITIES, "an entity");
        ok = operand(k, n->b, b, BIT(STRING), "String") && ok;
        if (n->op == PST_CEDAR_OP_HAS_TAG) {
            return ok ? has_tag(k, n, a, prior) : only(PST_CEDAR_TY_BOOL);
        }
        return only(ok ? get_tag(k, node, a, prior) : (uint32_t)PST_CEDAR_TY_ERROR);
    }
    default:
        return only(type_of_contains(k, node, a, b));
    }
}

/* --- sets, records, calls ----------------------------------------------------------------------
 */

uint32_t pst_cedar_type_of_set(struct pst_cedar_checker *k, uint32_t node, const uint32_t *types)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    uint32_t type = PST_CEDAR_TY_NEVER;
    bool wrong = false;
    if (n->b == 0 && k->mode == PST_CEDAR_STRICT) {
        pst_cedar_finding_begin(k);
        (void)PST_BUF_LIT(&k->text, "the empty set has no type");
        (void)PST_BUF_LIT(&k->hint, "use isEmpty() to ask whether a set is empty");
        pst_cedar_finding_end(k, PST_CEDAR_F_EMPTY_SET, node, 0, 0);
        return PST_CEDAR_TY_ERROR;
    }
    for (uint32_t i = 0; i < n->b && !wrong; i++) {
        type = pst_cedar_check_lub(k, node, type, types[i], "the elements of this set have types");
        wrong = type == PST_CEDAR_TY_ERROR;
    }
    return wrong ? (uint32_t)PST_CEDAR_TY_ERROR
                 : made(k, node, pst_cedar_type_set(&k->types, type));
}

uint32_t pst_cedar_type_of_record(struct pst_cedar_checker *k, uint32_t node, const uint32_t *types)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    struct pst_cedar_member_type *members = PST_ARENA_ARRAY(&k->arena, n->b,
                                                            struct pst_cedar_member_type);
    if (members == NULL) {
        pst_cedar_check_full(k);
        return PST_CEDAR_TY_ERROR;
    }
    for (uint32_t i = 0; i < n->b; i++) {
        members[i] = (struct pst_cedar_member_type){
            .key = pst_cedar_check_sym(k, k->c->kids[n->a + 2 * i]),
            .type = types[i],
            .required = 1};
    }
    return made(k, node, pst_cedar_type_record(&k->types, members, n->b, false));
}

static uint32_t type_of_tag(enum pst_cedar_tag tag)
{
    switch (tag) {
    case PST_CEDAR_BOOL:
        return PST_CEDAR_TY_BOOL;
    case PST_CEDAR_LONG:
        return PST_CEDAR_TY_LONG;
    case PST_CEDAR_STRING:
        return PST_CEDAR_TY_STRING;
    case PST_CEDAR_DECIMAL:
        return PST_CEDAR_TY_DECIMAL;
    case PST_CEDAR_IP:
        return PST_CEDAR_TY_IP;
    case PST_CEDAR_DATETIME:
        return PST_CEDAR_TY_DATETIME;
    case PST_CEDAR_DURATION:
        return PST_CEDAR_TY_DURATION;
    case PST_CEDAR_NONE:
    case PST_CEDAR_UID:
    case PST_CEDAR_SET:
    case PST_CEDAR_RECORD:
    case PST_CEDAR_UNKNOWN:
    case PST_CEDAR_TAG_COUNT:
    default:
        return PST_CEDAR_TY_ERROR;
    }
}

/* A constructor's text must be written out (strict), and must be one. */
static void check_constructor(struct pst_cedar_checker *k, uint32_t node, uint32_t arg,
                              const struct pst_cedar_fn_row *fn)
{
    const struct pst_cedar_node *n = &k->c->nodes[arg];
    if (n->kind != PST_CEDAR_N_STRING) {
        if (k->mode == PST_CEDAR_STRICT) {
            pst_cedar_finding_begin(k);
            (void)pst_buf_fmt(&k->text, "%s() takes a literal text only", fn->name);
            (void)PST_BUF_LIT(&k->hint, "let the attribute be of that type in the schema");
            pst_cedar_finding_end(k, PST_CEDAR_F_NOT_LITERAL, node, 0, 0);
        }
        return;
    }
    struct pst_str text = pst_cedar_text(k->c, n->a);
    struct pst_cedar_ip ip;
    int64_t value = 0;
    bool ok = fn->result == PST_CEDAR_DECIMAL    ? pst_cedar_decimal_parse(text, &value)
              : fn->result == PST_CEDAR_IP       ? pst_cedar_ip_parse(text, &ip)
              : fn->result == PST_CEDAR_DATETIME ? pst_cedar_datetime_parse(text, &value)
                                                 : pst_cedar_duration_parse(text, &value);
    if (!ok) {
        pst_cedar_finding_begin(k);
        pst_cedar_put_name(&k->text, text);
        (void)pst_buf_fmt(&k->text, " is not a valid %s", fn->name);
        pst_cedar_finding_end(k, PST_CEDAR_F_EXTENSION, arg, 0, 0);
    }
}

uint32_t pst_cedar_type_of_call(struct pst_cedar_checker *k, uint32_t node, const uint32_t *types)
{
    const struct pst_cedar_node *n = &k->c->nodes[node];
    const struct pst_cedar_fn_row *fn = pst_cedar_fn((enum pst_cedar_fn)n->op);
    if (n->b != fn->n_args) {
        uint32_t self = fn->method ? 1 : 0;
        pst_cedar_finding_begin(k);
        (void)pst_buf_fmt(&k->text, "%s() takes %u argument%s, found %u", fn->name,
                          fn->n_args - self, fn->n_args - self == 1 ? "" : "s", n->b - self);
        pst_cedar_finding_end(k, PST_CEDAR_F_EXTENSION, node, 0, 0);
        return type_of_tag((enum pst_cedar_tag)fn->result);
    }
    bool ok = true;
    for (uint32_t i = 0; i < n->b; i++) {
        uint32_t wanted = type_of_tag((enum pst_cedar_tag)fn->args[i]);
        if (types[i] != wanted && types[i] != PST_CEDAR_TY_ERROR) {
            struct pst_buf name;
            pst_buf_init(&name, 64);
            pst_cedar_put_type(k, &name, wanted);
            (void)pst_buf_byte(&name, 0);
            pst_cedar_finding_type(k, k->c->kids[n->a + i], (const char *)name.p, types[i]);
            pst_buf_release(&name);
            ok = false;
        }
    }
    if (ok && !fn->method) {
        check_constructor(k, node, k->c->kids[n->a], fn);
    }
    return type_of_tag((enum pst_cedar_tag)fn->result);
}
