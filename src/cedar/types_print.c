/* Types as text. */
#include "cedar/lex.h"
#include "cedar/types.h"

struct frame {
    uint32_t type;
    uint32_t done;        /* parts printed */
    struct pst_str after; /* of a record: the key printed last */
};

struct printer {
    const struct pst_cedar_types *t;
    pst_cedar_text_of *text_of;
    const void *ctx;
    struct pst_buf *out;
    bool full;
};

static const char *const names[PST_CEDAR_TY_ENTITY] = {
    [PST_CEDAR_TY_ERROR] = "?",           [PST_CEDAR_TY_NEVER] = "nothing",
    [PST_CEDAR_TY_TRUE] = "True",         [PST_CEDAR_TY_FALSE] = "False",
    [PST_CEDAR_TY_BOOL] = "Bool",         [PST_CEDAR_TY_LONG] = "Long",
    [PST_CEDAR_TY_STRING] = "String",     [PST_CEDAR_TY_DECIMAL] = "decimal",
    [PST_CEDAR_TY_IP] = "ipaddr",         [PST_CEDAR_TY_DATETIME] = "datetime",
    [PST_CEDAR_TY_DURATION] = "duration",
};

/* What a type begins with; all of it when it has no parts. */
static bool head(const struct printer *p, uint32_t type)
{
    const struct pst_cedar_type_def *r = &p->t->rows[type];
    if (r->kind == PST_CEDAR_TY_SET) {
        return PST_BUF_LIT(p->out, "Set<");
    }
    if (r->kind == PST_CEDAR_TY_RECORD) {
        return PST_BUF_LIT(p->out, "{");
    }
    if (r->kind < PST_CEDAR_TY_ENTITY) {
        return (!p->full || PST_BUF_LIT(p->out, "__cedar::")) &&
               pst_buf_add(p->out, pst_str_c(names[r->kind]));
    }
    const uint32_t *parts = NULL;
    uint32_t n = pst_cedar_type_entities(p->t, type, &parts);
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = (i == 0 || PST_BUF_LIT(p->out, " or ")) &&
             pst_buf_add(p->out, p->text_of(p->ctx, parts[i]));
    }
    return ok;
}

/* The member with the least key after the one printed last: members are held in order of their
 * symbols, which says nothing to a reader. */
static const struct pst_cedar_member_type *next_member(const struct printer *p,
                                                       const struct frame *f)
{
    const struct pst_cedar_type_def *r = &p->t->rows[f->type];
    const struct pst_cedar_member_type *best = NULL;
    struct pst_str best_key = {0};
    for (uint32_t i = 0; i < r->n; i++) {
        struct pst_str key = p->text_of(p->ctx, p->t->members[r->a + i].key);
        if ((f->done == 0 || pst_str_cmp(key, f->after) > 0) &&
            (best == NULL || pst_str_cmp(key, best_key) < 0)) {
            best = &p->t->members[r->a + i];
            best_key = key;
        }
    }
    return best;
}

/* The next part's type in *ret, what stands before it printed; false when there is none. */
static bool next_part(const struct printer *p, struct frame *f, uint32_t *ret, bool *ret_ok)
{
    const struct pst_cedar_type_def *r = &p->t->rows[f->type];
    if (r->kind == PST_CEDAR_TY_SET) {
        *ret = r->a;
        return f->done++ == 0;
    }
    const struct pst_cedar_member_type *m = f->done < r->n ? next_member(p, f) : NULL;
    if (m == NULL) {
        return false;
    }
    struct pst_str key = p->text_of(p->ctx, m->key);
    *ret_ok = (f->done == 0 || PST_BUF_LIT(p->out, ", ")) &&
              (pst_cedar_ident_valid(key) ? pst_buf_add(p->out, key)
                                          : pst_cedar_quote(p->out, key)) &&
              pst_buf_add(p->out, m->required ? PST_STR(": ") : PST_STR("?: "));
    f->after = key;
    f->done++;
    *ret = m->type;
    return true;
}

bool pst_cedar_type_print(const struct pst_cedar_types *t, uint32_t type, size_t most, bool full,
                          pst_cedar_text_of *text_of, const void *ctx, struct pst_buf *out)
{
    struct printer p = {.t = t, .text_of = text_of, .ctx = ctx, .out = out, .full = full};
    struct frame stack[PST_CEDAR_TYPE_DEPTH + 1];
    uint32_t depth = 0;
    bool ok = true;
    while (ok) {
        enum pst_cedar_type_kind kind = pst_cedar_type_kind(t, type);
        if (out->n >= most) {
            return PST_BUF_LIT(out, "…");
        }
        ok = head(&p, type);
        if (kind == PST_CEDAR_TY_SET || kind == PST_CEDAR_TY_RECORD) {
            PST_BUG_ON(depth > PST_CEDAR_TYPE_DEPTH);
            stack[depth++] = (struct frame){.type = type};
        }
        while (ok && depth > 0 && !next_part(&p, &stack[depth - 1], &type, &ok)) {
            const struct pst_cedar_type_def *r = &t->rows[stack[--depth].type];
            ok = pst_buf_add(out, r->kind == PST_CEDAR_TY_SET ? PST_STR(">")
                                  : r->open                   ? PST_STR(", …}")
                                                              : PST_STR("}"));
        }
        if (depth == 0) {
            return ok;
        }
    }
    return false;
}
