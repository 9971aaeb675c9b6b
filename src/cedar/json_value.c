/* Values from JSON: strings, numbers, booleans, arrays as sets, objects as records, and objects
 * with the single member __entity or __extn. Without recursion: an explicit stack of open
 * containers, whose finished members wait in one array. */
#include "cedar/entities.h"
#include "cedar/request.h"

struct open {
    const struct pst_json *node;
    const struct pst_json *next; /* child to be read next */
    uint32_t first;              /* where its members begin */
};

struct reader {
    struct pst_cedar_target t;
    struct pst_arena *scratch;
    struct pst_err *err;
    struct pst_cedar_field *members; /* keys unused for elements of sets */
    uint32_t n, cap;
    struct open stack[PST_JSON_DEPTH_MAX + 1];
    uint32_t depth;
};

static enum pst_status no_room(const struct reader *rd)
{
    return pst_fail(rd->err, PST_E_NO_MEMORY, "no memory for a value");
}

static enum pst_status bad(const struct reader *rd, const char *what)
{
    return pst_fail(rd->err, PST_E_CEDAR_ENTITY, "%s", what);
}

static bool keep(struct reader *rd, uint32_t key, struct pst_cedar_value v)
{
    if (rd->n == rd->cap) {
        uint32_t cap = rd->cap != 0 ? rd->cap * 2 : 32;
        struct pst_cedar_field *more = (struct pst_cedar_field *)pst_arena_take(
            rd->scratch, (size_t)cap * sizeof more[0]);
        if (more == NULL) {
            return false;
        }
        if (rd->n != 0) {
            memcpy(more, rd->members, (size_t)rd->n * sizeof more[0]);
        }
        rd->members = more;
        rd->cap = cap;
    }
    rd->members[rd->n++] = (struct pst_cedar_field){.key = key, .value = v};
    return true;
}

bool pst_cedar_json_is_uid(const struct pst_json *v, const struct pst_json **ret)
{
    const struct pst_json *inner = PST_JSON_GET(v, "__entity");
    if (inner != NULL && v->count == 1) {
        v = inner;
    }
    struct pst_str text;
    if (!pst_json_is(v, PST_JSON_OBJECT) || v->count != 2 ||
        !pst_json_str(PST_JSON_GET(v, "type"), &text) ||
        !pst_json_str(PST_JSON_GET(v, "id"), &text)) {
        return false;
    }
    *ret = v;
    return true;
}

enum pst_status pst_cedar_json_uid(struct pst_cedar_target t, const struct pst_json *v,
                                   struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_str type = {0};
    struct pst_str id = {0};
    const struct pst_json *o = NULL;
    if (!pst_cedar_json_is_uid(v, &o) || !pst_json_str(PST_JSON_GET(o, "type"), &type) ||
        !pst_json_str(PST_JSON_GET(o, "id"), &id)) {
        return pst_fail(err, PST_E_CEDAR_ENTITY,
                        "an entity is written {\"type\": \"…\", \"id\": \"…\"}");
    }
    if (!pst_cedar_name_valid(type)) {
        return pst_fail(err, PST_E_CEDAR_ENTITY, "an entity type is not a valid name");
    }
    *ret = pst_cedar_target_uid(t, type, id);
    return ret->tag == PST_CEDAR_UID ? PST_OK
                                     : pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity");
}

static enum pst_status extension(struct reader *rd, const struct pst_json *v,
                                 struct pst_cedar_value *ret);

/* {"fn": "offset", "args": [datetime, duration]}: how a datetime is written that has no text. */
static enum pst_status offset(struct reader *rd, const struct pst_json *args,
                              struct pst_cedar_value *ret)
{
    const struct pst_json *first = pst_json_first(args);
    struct pst_cedar_value v[2] = {{0}};
    for (unsigned i = 0; i < 2 && first != NULL; i++, first = first->next) {
        const struct pst_json *inner = PST_JSON_GET(first, "__extn");
        struct pst_str fn;
        /* Only constructors inside: no nesting of offsets. */
        if (inner == NULL || !pst_json_str(PST_JSON_GET(inner, "fn"), &fn) ||
            pst_str_eq(fn, PST_STR("offset")) || extension(rd, inner, &v[i]) != PST_OK) {
            return bad(rd, "offset takes a datetime and a duration");
        }
    }
    if (args->count != 2 || v[0].tag != PST_CEDAR_DATETIME || v[1].tag != PST_CEDAR_DURATION) {
        return bad(rd, "offset takes a datetime and a duration");
    }
    if (__builtin_add_overflow(v[0].i, v[1].i, &v[0].i)) {
        return pst_fail(rd->err, PST_E_CEDAR_EXTENSION, "this datetime does not fit");
    }
    *ret = v[0];
    return PST_OK;
}

/* {fn, arg} or {fn, args: [arg]}. */
static enum pst_status extension(struct reader *rd, const struct pst_json *v,
                                 struct pst_cedar_value *ret)
{
    struct pst_str name;
    struct pst_str text;
    const struct pst_json *arg = PST_JSON_GET(v, "arg");
    const struct pst_json *args = PST_JSON_GET(v, "args");
    if (!pst_json_str(PST_JSON_GET(v, "fn"), &name) || v->count != 2 ||
        (arg == NULL && !pst_json_is(args, PST_JSON_ARRAY))) {
        return bad(rd, "__extn takes {\"fn\": \"…\", \"arg\": \"…\"}");
    }
    if (args != NULL && pst_str_eq(name, PST_STR("offset"))) {
        return offset(rd, args, ret);
    }
    if (args != NULL && args->count == 1) {
        arg = pst_json_first(args);
    }
    enum pst_cedar_fn fn = pst_cedar_fn_find(name, false);
    if (fn == PST_CEDAR_FN_COUNT || !pst_json_str(arg, &text)) {
        return pst_fail(rd->err, PST_E_CEDAR_EXTENSION,
                        "__extn takes a function of one text: decimal, ip, datetime or duration");
    }
    return pst_cedar_target_extension(rd->t, fn, text, ret, rd->err);
}

/* *ret_open: it is a container, to be read member by member. */
static enum pst_status scalar(struct reader *rd, const struct pst_json *v,
                              struct pst_cedar_value *ret, bool *ret_open)
{
    struct pst_str text = {0};
    *ret_open = false;
    switch ((enum pst_json_type)v->type) {
    case PST_JSON_FALSE:
    case PST_JSON_TRUE:
        *ret = pst_cedar_bool(v->type == PST_JSON_TRUE);
        return PST_OK;
    case PST_JSON_NUMBER:
        ret->tag = PST_CEDAR_LONG;
        ret->n = 0;
        return pst_json_i64(v, &ret->i) ? PST_OK : bad(rd, "a number is not an integer of 64 bits");
    case PST_JSON_STRING:
        (void)pst_json_str(v, &text);
        uint32_t sym = pst_cedar_target_sym(rd->t, text);
        *ret = (struct pst_cedar_value){.tag = PST_CEDAR_STRING, .i = sym};
        return sym != PST_CEDAR_NO ? PST_OK : no_room(rd);
    case PST_JSON_OBJECT:
        if (PST_JSON_GET(v, "__entity") != NULL) {
            return pst_cedar_json_uid(rd->t, v, ret, rd->err);
        }
        if (PST_JSON_GET(v, "__extn") != NULL) {
            return v->count == 1 ? extension(rd, PST_JSON_GET(v, "__extn"), ret)
                                 : bad(rd, "__extn must be the only member");
        }
        if (PST_JSON_GET(v, "__expr") != NULL) {
            return bad(rd, "the __expr escape is no longer part of Cedar");
        }
        *ret_open = true;
        return PST_OK;
    case PST_JSON_ARRAY:
        *ret_open = true;
        return PST_OK;
    case PST_JSON_NULL:
    default:
        return bad(rd, "null is not a value in Cedar");
    }
}

static enum pst_status close(struct reader *rd, struct pst_cedar_value *ret)
{
    const struct open *o = &rd->stack[rd->depth - 1];
    uint32_t n = rd->n - o->first;
    struct pst_cedar_field *members = n != 0 ? &rd->members[o->first] : NULL;
    bool ok = true;
    if (o->node->type == PST_JSON_OBJECT) {
        ok = pst_cedar_target_record(rd->t, members, n, ret);
    } else {
        struct pst_cedar_value *items = (struct pst_cedar_value *)pst_arena_take(
            rd->scratch, (size_t)n * sizeof items[0]);
        for (uint32_t i = 0; i < n && items != NULL; i++) {
            items[i] = members[i].value;
        }
        ok = items != NULL && pst_cedar_target_set(rd->t, items, n, ret);
    }
    rd->n = o->first;
    rd->depth--;
    return ok ? PST_OK : no_room(rd);
}

static enum pst_status take(struct reader *rd, const struct pst_json *node,
                            struct pst_cedar_value v)
{
    uint32_t key = 0;
    if (rd->depth > 0 && rd->stack[rd->depth - 1].node->type == PST_JSON_OBJECT) {
        key = pst_cedar_target_sym(rd->t, node->name);
    }
    return key != PST_CEDAR_NO && keep(rd, key, v) ? PST_OK : no_room(rd);
}

enum pst_status pst_cedar_json_value(struct pst_cedar_target t, const struct pst_json *v,
                                     struct pst_arena *scratch, struct pst_cedar_value *ret,
                                     struct pst_err *err)
{
    struct reader rd = {.t = t, .scratch = scratch, .err = err};
    const struct pst_json *node = v;
    for (;;) {
        struct pst_cedar_value got = {0};
        bool opens = false;
        if (scalar(&rd, node, &got, &opens) != PST_OK) {
            return PST_ERR;
        }
        if (opens && rd.depth > PST_JSON_DEPTH_MAX) {
            return pst_fail(err, PST_E_CEDAR_LIMIT, "a value is nested too deeply");
        }
        if (opens) {
            rd.stack[rd.depth++] = (struct open){node, pst_json_first(node), rd.n};
        } else if (take(&rd, node, got) != PST_OK) {
            return PST_ERR;
        }
        while (rd.depth > 0 && rd.stack[rd.depth - 1].next == NULL) {
            node = rd.stack[rd.depth - 1].node;
            if (close(&rd, &got) != PST_OK || take(&rd, node, got) != PST_OK) {
                return PST_ERR;
            }
        }
        if (rd.depth == 0) {
            *ret = rd.members[0].value;
            return PST_OK;
        }
        node = rd.stack[rd.depth - 1].next;
        rd.stack[rd.depth - 1].next = node->next;
    }
}

enum pst_status pst_cedar_value_json(struct pst_cedar_request *r, struct pst_str text,
                                     struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_json_config config = pst_json_config_of(r->c->limits.text_bytes, r->c->limits.seed);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    const struct pst_json *v = pst_json_parse(&config, r->arena, text, err);
    if (v == NULL) {
        return PST_ERR;
    }
    return pst_cedar_json_value((struct pst_cedar_target){.r = r}, v, r->arena, ret, err);
}
