#include "cedar/blank.h"

#include "cedar/schema_model.h"
#include "wire/json_out.h"

/* A record being written: its type, and the member that comes next. */
struct level {
    uint32_t type, at;
};

static const struct pst_cedar_member_type *next_member(const struct pst_cedar_types *t,
                                                       struct level *l)
{
    const struct pst_cedar_type_def *def = &t->rows[l->type];
    while (l->at < def->n) {
        const struct pst_cedar_member_type *m = &t->members[def->a + l->at++];
        if (m->required != 0) {
            return m;
        }
    }
    return NULL;
}

/* Writes the record; the records in it wait on a stack. */
static bool write_record(const struct pst_cedar_schema *s, uint32_t type, struct pst_json_out *o)
{
    const struct pst_cedar_types *t = &s->types;
    struct level stack[PST_CEDAR_TYPE_DEPTH + 1];
    uint32_t n = 1;
    stack[0] = (struct level){type, 0};
    pst_json_out_object(o);
    while (n > 0) {
        const struct pst_cedar_member_type *m = next_member(t, &stack[n - 1]);
        if (m == NULL) {
            pst_json_out_end(o);
            n--;
            continue;
        }
        enum pst_cedar_type_kind kind = pst_cedar_type_kind(t, m->type);
        if (!pst_cedar_type_is_bool(m->type) && kind != PST_CEDAR_TY_LONG &&
            kind != PST_CEDAR_TY_STRING && kind != PST_CEDAR_TY_SET &&
            kind != PST_CEDAR_TY_RECORD) {
            continue;
        }
        pst_json_out_key(o, pst_cedar_schema_text(s, m->key));
        if (pst_cedar_type_is_bool(m->type)) {
            pst_json_out_bool(o, false);
        } else if (kind == PST_CEDAR_TY_LONG) {
            pst_json_out_i64(o, 0);
        } else if (kind == PST_CEDAR_TY_STRING) {
            pst_json_out_str(o, PST_STR(""));
        } else if (kind == PST_CEDAR_TY_SET) {
            pst_json_out_array(o);
            pst_json_out_end(o);
        } else if (n < PST_LEN(stack)) {
            pst_json_out_object(o);
            stack[n++] = (struct level){m->type, 0};
        } else {
            return false;
        }
    }
    return pst_json_out_ok(o);
}

enum pst_status pst_cedar_context_blank(const struct pst_cedar_schema *s,
                                        struct pst_cedar_uid_text action, struct pst_buf *out,
                                        struct pst_err *err)
{
    struct pst_json_out o;
    uint32_t index = pst_cedar_schema_find_action(s, action.type, action.id);
    if (index == PST_CEDAR_NO) {
        struct pst_str id = pst_str_cut(action.id, 0, 80);
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "the action `%.*s` is not declared", PST_FMT(id));
    }
    pst_json_out_init(&o, out);
    if (!write_record(s, s->actions[index].context, &o)) {
        return pst_fail(err, PST_E_NO_MEMORY, "the context is too large");
    }
    return PST_OK;
}
