/* Policies in Cedar's JSON format. Written part by part, because trees may nest deeper than a JSON
 * writer with a fixed stack allows. */
#include "cedar/print.h"
#include "wire/json_out.h"

static void node(struct pst_cedar_print *p, uint32_t n)
{
    pst_cedar_print_part(p, PST_CEDAR_P_NODE, n, 0);
}

static void quoted(struct pst_cedar_print *p, uint32_t sym)
{
    pst_cedar_print_part(p, PST_CEDAR_P_QUOTE, sym, 0);
}

static void uid(struct pst_cedar_print *p, uint32_t u)
{
    pst_cedar_print_text(p, "{\"type\":");
    quoted(p, p->c->uids[u].type);
    pst_cedar_print_text(p, ",\"id\":");
    quoted(p, p->c->uids[u].id);
    pst_cedar_print_text(p, "}");
}

static void named(struct pst_cedar_print *p, const char *name, const char *rest)
{
    pst_cedar_print_text(p, "{\"");
    pst_cedar_print_text(p, name);
    pst_cedar_print_text(p, rest);
}

static void pair(struct pst_cedar_print *p, const char *name, const struct pst_cedar_node *n)
{
    named(p, name, "\":{\"left\":");
    node(p, n->a);
    pst_cedar_print_text(p, ",\"right\":");
    node(p, n->b);
    pst_cedar_print_text(p, "}}");
}

static void attribute(struct pst_cedar_print *p, const char *name, const struct pst_cedar_node *n)
{
    named(p, name, "\":{\"left\":");
    node(p, n->a);
    pst_cedar_print_text(p, ",\"attr\":");
    quoted(p, n->b);
    pst_cedar_print_text(p, "}}");
}

static void list(struct pst_cedar_print *p, const char *name, const struct pst_cedar_node *n)
{
    named(p, name, "\":[");
    for (uint32_t i = 0; i < n->b; i++) {
        pst_cedar_print_text(p, i > 0 ? "," : "");
        node(p, p->c->kids[n->a + i]);
    }
    pst_cedar_print_text(p, "]}");
}

static void record(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    pst_cedar_print_text(p, "{\"Record\":{");
    for (uint32_t i = 0; i < n->b; i++) {
        pst_cedar_print_text(p, i > 0 ? "," : "");
        quoted(p, p->c->kids[n->a + 2 * i]);
        pst_cedar_print_text(p, ":");
        node(p, p->c->kids[n->a + 2 * i + 1]);
    }
    pst_cedar_print_text(p, "}}");
}

static void is_type(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    pst_cedar_print_text(p, "{\"is\":{\"left\":");
    node(p, n->a);
    pst_cedar_print_text(p, ",\"entity_type\":");
    quoted(p, n->b);
    if (n->c != PST_CEDAR_NO) {
        pst_cedar_print_text(p, ",\"in\":");
        node(p, n->c);
    }
    pst_cedar_print_text(p, "}}");
}

static void expand_leaf(struct pst_cedar_print *p, const struct pst_cedar_node *n, uint32_t self)
{
    if (n->kind == PST_CEDAR_N_VAR || n->kind == PST_CEDAR_N_SLOT) {
        pst_cedar_print_text(p, n->kind == PST_CEDAR_N_VAR ? "{\"Var\":\"" : "{\"Slot\":\"?");
        pst_cedar_print_text(p, pst_cedar_var_name((enum pst_cedar_var)n->a));
        pst_cedar_print_text(p, "\"}");
        return;
    }
    pst_cedar_print_text(p, "{\"Value\":");
    if (n->kind == PST_CEDAR_N_BOOL) {
        pst_cedar_print_text(p, n->a != 0 ? "true" : "false");
    } else if (n->kind == PST_CEDAR_N_LONG) {
        pst_cedar_print_part(p, PST_CEDAR_P_NAME, self, 0);
    } else if (n->kind == PST_CEDAR_N_STRING) {
        quoted(p, n->a);
    } else {
        pst_cedar_print_text(p, "{\"__entity\":");
        uid(p, n->a);
        pst_cedar_print_text(p, "}");
    }
    pst_cedar_print_text(p, "}");
}

static void expand(struct pst_cedar_print *p, uint32_t self, uint32_t weakest)
{
    const struct pst_cedar_node *n = &p->c->nodes[self];
    (void)weakest;
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_IF:
        pst_cedar_print_text(p, "{\"if-then-else\":{\"if\":");
        node(p, n->a);
        pst_cedar_print_text(p, ",\"then\":");
        node(p, n->b);
        pst_cedar_print_text(p, ",\"else\":");
        node(p, n->c);
        pst_cedar_print_text(p, "}}");
        return;
    case PST_CEDAR_N_AND:
        pair(p, "&&", n);
        return;
    case PST_CEDAR_N_OR:
        pair(p, "||", n);
        return;
    case PST_CEDAR_N_UNARY:
        named(p, pst_cedar_op_name((enum pst_cedar_op)n->op), "\":{\"arg\":");
        node(p, n->a);
        pst_cedar_print_text(p, "}}");
        return;
    case PST_CEDAR_N_BINARY:
        pair(p, pst_cedar_op_name((enum pst_cedar_op)n->op), n);
        return;
    case PST_CEDAR_N_GET:
        attribute(p, ".", n);
        return;
    case PST_CEDAR_N_HAS:
        attribute(p, "has", n);
        return;
    case PST_CEDAR_N_LIKE:
        pst_cedar_print_text(p, "{\"like\":{\"left\":");
        node(p, n->a);
        pst_cedar_print_text(p, ",\"pattern\":[");
        pst_cedar_print_part(p, PST_CEDAR_P_KEY, self, 0);
        pst_cedar_print_text(p, "]}}");
        return;
    case PST_CEDAR_N_IS:
        is_type(p, n);
        return;
    case PST_CEDAR_N_SET:
        list(p, "Set", n);
        return;
    case PST_CEDAR_N_RECORD:
        record(p, n);
        return;
    case PST_CEDAR_N_CALL:
        list(p, pst_cedar_fn((enum pst_cedar_fn)n->op)->name, n);
        return;
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_COUNT:
    default:
        expand_leaf(p, n, self);
        return;
    }
}

static bool json_string(struct pst_buf *out, struct pst_str s)
{
    return pst_buf_byte(out, '"') && pst_json_escape(out, s) && pst_buf_byte(out, '"');
}

/* One {"Literal"} for each character, as Cedar's own writer does. */
static bool pattern(struct pst_buf *out, const struct pst_cedar *c, const struct pst_cedar_node *n)
{
    bool ok = true;
    bool first = true;
    for (uint32_t i = 0; i < n->c && ok; i++) {
        if (i > 0) {
            ok = first ? PST_BUF_LIT(out, "\"Wildcard\"") : PST_BUF_LIT(out, ",\"Wildcard\"");
            first = false;
        }
        struct pst_str text = pst_cedar_text(c, c->kids[n->b + i]);
        size_t start = 0;
        for (size_t k = 1; k <= text.n && ok; k++) {
            if (k < text.n && (text.p[k] & 0xC0) == 0x80) {
                continue;
            }
            ok = (first || pst_buf_byte(out, ',')) && PST_BUF_LIT(out, "{\"Literal\":") &&
                 json_string(out, pst_str_cut(text, start, k - start)) && pst_buf_byte(out, '}');
            first = false;
            start = k;
        }
    }
    return ok;
}

static bool write(struct pst_cedar_print *p, const struct pst_cedar_print_part *part)
{
    if (part->what == PST_CEDAR_P_QUOTE) {
        return json_string(p->out, pst_cedar_text(p->c, part->a));
    }
    const struct pst_cedar_node *n = &p->c->nodes[part->a];
    if (part->what == PST_CEDAR_P_KEY) {
        return pattern(p->out, p->c, n);
    }
    return pst_buf_i64(p->out, (int64_t)(((uint64_t)n->b << 32) | n->a));
}

/* --- policies ----------------------------------------------------------------------------------
 */

static bool put_uid(const struct pst_cedar *c, uint32_t u, struct pst_buf *out)
{
    return PST_BUF_LIT(out, "{\"type\":") && json_string(out, pst_cedar_text(c, c->uids[u].type)) &&
           PST_BUF_LIT(out, ",\"id\":") && json_string(out, pst_cedar_text(c, c->uids[u].id)) &&
           PST_BUF_LIT(out, "}");
}

/* "entity":{…} or "slot":"?…". As the template that it is a link of, a policy has its slots. */
static bool put_target(const struct pst_cedar *c, const struct pst_cedar_scope *s, unsigned var,
                       bool filled, struct pst_buf *out)
{
    if (s->slot != 0 && !filled) {
        return PST_BUF_LIT(out, "\"slot\":\"?") &&
               pst_buf_add(out, pst_str_c(pst_cedar_var_name((enum pst_cedar_var)var))) &&
               PST_BUF_LIT(out, "\"");
    }
    return PST_BUF_LIT(out, "\"entity\":") && put_uid(c, s->uid, out);
}

static bool put_scope(const struct pst_cedar *c, const struct pst_cedar_scope *s, unsigned var,
                      struct pst_buf *out)
{
    bool filled = s->uid != PST_CEDAR_NO;
    switch ((enum pst_cedar_scope_kind)s->kind) {
    case PST_CEDAR_SCOPE_EQ:
        return PST_BUF_LIT(out, "{\"op\":\"==\",") && put_target(c, s, var, filled, out) &&
               PST_BUF_LIT(out, "}");
    case PST_CEDAR_SCOPE_IN:
        return PST_BUF_LIT(out, "{\"op\":\"in\",") && put_target(c, s, var, filled, out) &&
               PST_BUF_LIT(out, "}");
    case PST_CEDAR_SCOPE_IS:
    case PST_CEDAR_SCOPE_IS_IN:
        return PST_BUF_LIT(out, "{\"op\":\"is\",\"entity_type\":") &&
               json_string(out, pst_cedar_text(c, s->type)) &&
               (s->kind == PST_CEDAR_SCOPE_IS ||
                (PST_BUF_LIT(out, ",\"in\":{") && put_target(c, s, var, filled, out) &&
                 PST_BUF_LIT(out, "}"))) &&
               PST_BUF_LIT(out, "}");
    case PST_CEDAR_SCOPE_LIST: {
        bool ok = PST_BUF_LIT(out, "{\"op\":\"in\",\"entities\":[");
        for (uint32_t i = 0; i < s->n && ok; i++) {
            ok = (i == 0 || pst_buf_byte(out, ',')) && put_uid(c, c->kids[s->uid + i], out);
        }
        return ok && PST_BUF_LIT(out, "]}");
    }
    case PST_CEDAR_SCOPE_ANY:
    case PST_CEDAR_SCOPE_COUNT:
    default:
        return PST_BUF_LIT(out, "{\"op\":\"All\"}");
    }
}

static bool put_policy(const struct pst_cedar *c, const struct pst_cedar_policy_row *row,
                       struct pst_buf *out)
{
    static const char *const names[3] = {",\"principal\":", ",\"action\":", ",\"resource\":"};
    bool ok = row->forbid != 0 ? PST_BUF_LIT(out, "{\"effect\":\"forbid\"")
                               : PST_BUF_LIT(out, "{\"effect\":\"permit\"");
    for (unsigned v = 0; v < 3 && ok; v++) {
        ok = pst_buf_add(out, pst_str_c(names[v])) && put_scope(c, &row->scope[v], v, out);
    }
    ok = ok && PST_BUF_LIT(out, ",\"conditions\":[");
    for (uint32_t i = 0; i < row->n_conds && ok; i++) {
        struct pst_cedar_print p = {.c = c, .out = out};
        ok = (i == 0 || pst_buf_byte(out, ',')) &&
             (c->kids[row->conds + 2 * i + 1] != 0
                  ? PST_BUF_LIT(out, "{\"kind\":\"unless\",\"body\":")
                  : PST_BUF_LIT(out, "{\"kind\":\"when\",\"body\":")) &&
             pst_cedar_print_run(&p, c->kids[row->conds + 2 * i], expand, write) &&
             PST_BUF_LIT(out, "}");
    }
    ok = ok && PST_BUF_LIT(out, "]");
    for (uint32_t i = 0; i < row->n_notes && ok; i++) {
        const struct pst_cedar_annotation_row *a = &c->notes[row->notes + i];
        ok = (i == 0 ? PST_BUF_LIT(out, ",\"annotations\":{") : pst_buf_byte(out, ',')) &&
             json_string(out, pst_cedar_text(c, a->key)) && pst_buf_byte(out, ':') &&
             (a->has_value != 0 ? json_string(out, pst_cedar_text(c, a->value))
                                : PST_BUF_LIT(out, "null"));
    }
    return ok && (row->n_notes == 0 || PST_BUF_LIT(out, "}")) && PST_BUF_LIT(out, "}");
}

static enum pst_status done(bool ok, struct pst_err *err)
{
    return ok ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "the JSON is larger than the limit");
}

enum pst_status pst_cedar_policy_json(const struct pst_cedar *c, uint32_t policy,
                                      struct pst_buf *out, struct pst_err *err)
{
    PST_BUG_ON(policy >= PST_CEDAR_N_OF(c, policies));
    return done(put_policy(c, &c->policies[policy], out), err);
}

static bool put_link(const struct pst_cedar *c, const struct pst_cedar_policy_row *row,
                     struct pst_buf *out)
{
    bool ok = PST_BUF_LIT(out, "{\"templateId\":") &&
              json_string(out, pst_cedar_text(c, c->policies[row->link_of].id)) &&
              PST_BUF_LIT(out, ",\"newId\":") && json_string(out, pst_cedar_text(c, row->id)) &&
              PST_BUF_LIT(out, ",\"values\":{");
    bool first = true;
    for (unsigned v = 0; v < 3 && ok; v += 2) {
        if (row->scope[v].slot == 0) {
            continue;
        }
        ok = (first || pst_buf_byte(out, ',')) && PST_BUF_LIT(out, "\"?") &&
             pst_buf_add(out, pst_str_c(pst_cedar_var_name((enum pst_cedar_var)v))) &&
             PST_BUF_LIT(out, "\":") && put_uid(c, row->scope[v].uid, out);
        first = false;
    }
    return ok && PST_BUF_LIT(out, "}}");
}

enum pst_status pst_cedar_policies_json(const struct pst_cedar *c, struct pst_buf *out,
                                        struct pst_err *err)
{
    bool ok = true;
    for (unsigned pass = 0; pass < 2 && ok; pass++) {
        bool first = true;
        ok = pass == 0 ? PST_BUF_LIT(out, "{\"templates\":{")
                       : PST_BUF_LIT(out, "},\"staticPolicies\":{");
        for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && ok; i++) {
            const struct pst_cedar_policy_row *row = &c->policies[i];
            if (row->link_of != PST_CEDAR_NO || (row->is_template != 0) != (pass == 0)) {
                continue;
            }
            ok = (first || pst_buf_byte(out, ',')) &&
                 json_string(out, pst_cedar_text(c, row->id)) && pst_buf_byte(out, ':') &&
                 put_policy(c, row, out);
            first = false;
        }
    }
    bool first = true;
    ok = ok && PST_BUF_LIT(out, "},\"templateLinks\":[");
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && ok; i++) {
        if (c->policies[i].link_of != PST_CEDAR_NO) {
            ok = (first || pst_buf_byte(out, ',')) && put_link(c, &c->policies[i], out);
            first = false;
        }
    }
    return done(ok && PST_BUF_LIT(out, "]}"), err);
}
