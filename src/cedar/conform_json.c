/* JSON values by the types that a schema expects. Without recursion: a stack of open sets and
 * records, whose finished members wait in one array. */
#include "cedar/conform_model.h"

struct open {
    const struct pst_json *node;
    const struct pst_json *next; /* child to be read next */
    const struct pst_json *now;  /* child being read */
    uint32_t type;
    uint32_t first; /* where its members begin */
};

struct reader {
    struct pst_cedar_target t;
    const struct pst_cedar_schema *s;
    const char *name;
    struct pst_arena *scratch;
    struct pst_err *err;
    struct pst_cedar_field *members;
    uint32_t n, cap;
    struct open stack[PST_CEDAR_TYPE_DEPTH + 1];
    uint32_t depth;
};

/* --- messages ----------------------------------------------------------------------------------
 */

static struct pst_str shortened(struct pst_str s)
{
    struct pst_str cut = pst_str_cut(s, 0, 40);
    while (cut.n > 0 && cut.n < s.n && (s.p[cut.n] & 0xC0) == 0x80) {
        cut.n--;
    }
    return cut;
}

/* "context `a.b`": at most about 200 bytes, because an error's text is short. */
static void put_path(const struct reader *rd, struct pst_buf *out)
{
    (void)pst_buf_add(out, pst_str_c(rd->name));
    size_t whole = out->n; /* nothing follows when the value itself is wrong */
    (void)PST_BUF_LIT(out, " `");
    size_t inside = out->n;
    for (uint32_t i = 0; i < rd->depth && out->n < 120; i++) {
        const struct open *o = &rd->stack[i];
        if (o->node->type == PST_JSON_ARRAY) {
            (void)PST_BUF_LIT(out, "[]");
        } else if (o->now != NULL) {
            (void)(i == 0 || PST_BUF_LIT(out, "."));
            struct pst_str key = shortened(o->now->name);
            for (size_t k = 0; k < key.n; k++) {
                (void)pst_buf_byte(out, key.p[k] < 0x20 ? (uint8_t)'?' : key.p[k]);
            }
        }
    }
    if (out->n == inside) {
        pst_buf_truncate(out, whole);
    } else {
        (void)PST_BUF_LIT(out, "`");
    }
}

static struct pst_str type_text(const void *schema, uint32_t sym)
{
    return shortened(pst_cedar_schema_text((const struct pst_cedar_schema *)schema, sym));
}

enum pst_status pst_cedar_mismatch(const struct pst_cedar_schema *s, uint32_t type,
                                   const char *found, struct pst_buf *path, struct pst_err *err)
{
    (void)PST_BUF_LIT(path, ": expected ");
    (void)pst_cedar_type_print(&s->types, type, path->n + 80, false, type_text, s, path);
    (void)(PST_BUF_LIT(path, ", found ") && pst_buf_add(path, pst_str_c(found)));
    return pst_fail(err, PST_E_CEDAR_SCHEMA, "%.*s", (int)path->n, (const char *)path->p);
}

static enum pst_status mismatch(const struct reader *rd, uint32_t type, const char *found)
{
    struct pst_buf path;
    pst_buf_init(&path, 1024);
    put_path(rd, &path);
    enum pst_status st = pst_cedar_mismatch(rd->s, type, found, &path, rd->err);
    pst_buf_release(&path);
    return st;
}

/* What a nested reader said, with the path before it. */
static enum pst_status wrong(const struct reader *rd, enum pst_error code, const char *what)
{
    struct pst_buf path;
    pst_buf_init(&path, 1024);
    put_path(rd, &path);
    enum pst_status st = pst_fail(rd->err, code, "%.*s: %s", (int)path.n, (const char *)path.p,
                                  what);
    pst_buf_release(&path);
    return st;
}

static enum pst_status no_room(const struct reader *rd)
{
    return pst_fail(rd->err, PST_E_NO_MEMORY, "no memory for a value");
}

static const char *json_words(const struct pst_json *v)
{
    static const char *const words[] = {"null",   "a boolean", "a boolean", "a number",
                                        "a text", "a list",    "an object"};
    return words[v->type];
}

/* --- entities and extension values --------------------------------------------------------------
 */

bool pst_cedar_json_uid_texts(const struct pst_json *v, struct pst_str *ret_type,
                              struct pst_str *ret_id)
{
    const struct pst_json *inner = PST_JSON_GET(v, "__entity");
    v = inner != NULL ? inner : v;
    return pst_json_str(PST_JSON_GET(v, "type"), ret_type) &&
           pst_json_str(PST_JSON_GET(v, "id"), ret_id);
}

static enum pst_status entity(struct reader *rd, const struct pst_json *v, uint32_t type,
                              struct pst_cedar_value *ret)
{
    struct pst_str name = {0};
    struct pst_str id = {0};
    struct pst_err inner = {0};
    if (!pst_cedar_json_uid_texts(v, &name, &id)) {
        return mismatch(rd, type, json_words(v));
    }
    if (!pst_str_eq(name, pst_cedar_schema_text(rd->s, rd->s->types.rows[type].a))) {
        return mismatch(rd, type, "an entity of another type");
    }
    if (pst_cedar_uid_allowed(rd->s, name, id, &inner) != PST_OK) {
        return wrong(rd, inner.code, inner.text);
    }
    *ret = pst_cedar_target_uid(rd->t, name, id);
    return ret->tag == PST_CEDAR_UID ? PST_OK : no_room(rd);
}

static enum pst_cedar_tag tag_of(uint32_t type)
{
    return type == PST_CEDAR_TY_DECIMAL    ? PST_CEDAR_DECIMAL
           : type == PST_CEDAR_TY_IP       ? PST_CEDAR_IP
           : type == PST_CEDAR_TY_DATETIME ? PST_CEDAR_DATETIME
                                           : PST_CEDAR_DURATION;
}

static enum pst_cedar_fn constructor_of(enum pst_cedar_tag tag)
{
    return tag == PST_CEDAR_DECIMAL    ? PST_CEDAR_FN_DECIMAL
           : tag == PST_CEDAR_IP       ? PST_CEDAR_FN_IP
           : tag == PST_CEDAR_DATETIME ? PST_CEDAR_FN_DATETIME
                                       : PST_CEDAR_FN_DURATION;
}

/* A text; {fn, arg}; {fn, args}; or one of the latter in __extn. */
static enum pst_status extension(struct reader *rd, const struct pst_json *v, uint32_t type,
                                 struct pst_cedar_value *ret)
{
    struct pst_str text = {0};
    struct pst_err inner = {0};
    enum pst_cedar_tag tag = tag_of(type);
    enum pst_status st = PST_ERR;
    if (pst_json_str(v, &text)) {
        st = pst_cedar_target_extension(rd->t, constructor_of(tag), text, ret, &inner);
        return st == PST_OK ? PST_OK : wrong(rd, inner.code, inner.text);
    }
    const struct pst_json *call = PST_JSON_GET(v, "__extn");
    call = call != NULL ? call : v;
    if (PST_JSON_GET(call, "fn") == NULL) {
        return mismatch(rd, type, json_words(v));
    }
    /* The reader of explicit values wants exactly one member, the escape. */
    struct pst_json alone = *call;
    alone.name = PST_STR("__extn");
    alone.next = NULL;
    struct pst_json wrapped = {.first = &alone, .last = &alone, .count = 1};
    wrapped.type = PST_JSON_OBJECT;
    st = pst_cedar_json_value(rd->t, &wrapped, rd->scratch, ret, &inner);
    if (st != PST_OK) {
        return wrong(rd, inner.code, inner.text);
    }
    return ret->tag == (uint32_t)tag ? PST_OK : mismatch(rd, type, "another extension value");
}

/* --- values ------------------------------------------------------------------------------------
 */

static enum pst_status scalar(struct reader *rd, const struct pst_json *v, uint32_t type,
                              struct pst_cedar_value *ret)
{
    struct pst_str text = {0};
    *ret = (struct pst_cedar_value){0};
    switch (pst_cedar_type_kind(&rd->s->types, type)) {
    case PST_CEDAR_TY_BOOL:
        if (v->type != PST_JSON_TRUE && v->type != PST_JSON_FALSE) {
            return mismatch(rd, type, json_words(v));
        }
        *ret = pst_cedar_bool(v->type == PST_JSON_TRUE);
        return PST_OK;
    case PST_CEDAR_TY_LONG:
        ret->tag = PST_CEDAR_LONG;
        return pst_json_i64(v, &ret->i)
                   ? PST_OK
                   : mismatch(rd, type,
                              v->type == PST_JSON_NUMBER
                                  ? "a number that is not an integer of 64 bits"
                                  : json_words(v));
    case PST_CEDAR_TY_STRING:
        if (!pst_json_str(v, &text)) {
            return mismatch(rd, type, json_words(v));
        }
        uint32_t sym = pst_cedar_target_sym(rd->t, text);
        *ret = (struct pst_cedar_value){.tag = PST_CEDAR_STRING, .i = sym};
        return sym != PST_CEDAR_NO ? PST_OK : no_room(rd);
    case PST_CEDAR_TY_ENTITY:
        return entity(rd, v, type, ret);
    case PST_CEDAR_TY_DECIMAL:
    case PST_CEDAR_TY_IP:
    case PST_CEDAR_TY_DATETIME:
    case PST_CEDAR_TY_DURATION:
        return extension(rd, v, type, ret);
    case PST_CEDAR_TY_ERROR:
    case PST_CEDAR_TY_NEVER:
    case PST_CEDAR_TY_TRUE:
    case PST_CEDAR_TY_FALSE:
    case PST_CEDAR_TY_UNION:
    case PST_CEDAR_TY_SET:
    case PST_CEDAR_TY_RECORD:
    case PST_CEDAR_TY_COUNT:
    default:
        return mismatch(rd, type, json_words(v)); /* no schema has such a type */
    }
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

/* All required members are there, and the record or set is made. */
static enum pst_status close(struct reader *rd, struct pst_cedar_value *ret)
{
    struct open *o = &rd->stack[rd->depth - 1];
    const struct pst_cedar_type_def *def = &rd->s->types.rows[o->type];
    uint32_t n = rd->n - o->first;
    struct pst_cedar_field *members = n != 0 ? &rd->members[o->first] : NULL;
    bool ok = true;
    o->now = NULL;
    if (def->kind == PST_CEDAR_TY_RECORD) {
        for (uint32_t i = 0; i < def->n; i++) {
            const struct pst_cedar_member_type *m = &rd->s->types.members[def->a + i];
            struct pst_str key = pst_cedar_schema_text(rd->s, m->key);
            if (m->required != 0 && pst_json_get(o->node, key) == NULL) {
                struct pst_err inner = {0};
                struct pst_str cut = shortened(key);
                (void)pst_fail(&inner, PST_E_CEDAR_SCHEMA, "`%.*s` is missing", (int)cut.n,
                               (const char *)cut.p);
                return wrong(rd, inner.code, inner.text);
            }
        }
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

/* The finished value becomes a member of what is open. */
static enum pst_status take(struct reader *rd, struct pst_cedar_value v)
{
    uint32_t key = 0;
    if (rd->depth > 0 && rd->stack[rd->depth - 1].node->type == PST_JSON_OBJECT) {
        key = pst_cedar_target_sym(rd->t, rd->stack[rd->depth - 1].now->name);
    }
    return key != PST_CEDAR_NO && keep(rd, key, v) ? PST_OK : no_room(rd);
}

/* The value to be read next, and its type. */
static enum pst_status next_value(struct reader *rd, const struct pst_json **ret, uint32_t *type)
{
    struct open *o = &rd->stack[rd->depth - 1];
    const struct pst_cedar_type_def *def = &rd->s->types.rows[o->type];
    o->now = o->next;
    o->next = o->next->next;
    *ret = o->now;
    if (def->kind == PST_CEDAR_TY_SET) {
        *type = def->a;
        return PST_OK;
    }
    uint32_t key = pst_cedar_sym_find(rd->s->names, o->now->name);
    const struct pst_cedar_member_type *m = key != PST_CEDAR_NO
                                                ? pst_cedar_type_member(&rd->s->types, o->type, key)
                                                : NULL;
    if (m == NULL) {
        return wrong(rd, PST_E_CEDAR_SCHEMA, "the schema does not declare this");
    }
    *type = m->type;
    return PST_OK;
}

/* A set or record of the type is opened; false: it is neither. */
static bool opens(struct reader *rd, const struct pst_json *v, uint32_t type)
{
    enum pst_cedar_type_kind kind = pst_cedar_type_kind(&rd->s->types, type);
    bool fits = (kind == PST_CEDAR_TY_SET && v->type == PST_JSON_ARRAY) ||
                (kind == PST_CEDAR_TY_RECORD && v->type == PST_JSON_OBJECT);
    if (fits) {
        PST_BUG_ON(rd->depth > PST_CEDAR_TYPE_DEPTH);
        rd->stack[rd->depth++] = (struct open){
            .node = v, .next = pst_json_first(v), .type = type, .first = rd->n};
    }
    return fits;
}

static enum pst_status read(struct reader *rd, const struct pst_json *v, uint32_t type,
                            struct pst_cedar_value *ret, const struct pst_json **ret_at)
{
    for (;;) {
        struct pst_cedar_value got = {0};
        *ret_at = v;
        if (!opens(rd, v, type) &&
            (scalar(rd, v, type, &got) != PST_OK || take(rd, got) != PST_OK)) {
            return PST_ERR;
        }
        while (rd->depth > 0 && rd->stack[rd->depth - 1].next == NULL) {
            *ret_at = rd->stack[rd->depth - 1].node;
            if (close(rd, &got) != PST_OK || take(rd, got) != PST_OK) {
                return PST_ERR;
            }
        }
        if (rd->depth == 0) {
            *ret = rd->members[0].value;
            return PST_OK;
        }
        if (next_value(rd, &v, &type) != PST_OK) {
            *ret_at = v;
            return PST_ERR;
        }
    }
}

enum pst_status pst_cedar_json_typed(struct pst_cedar_target t, const struct pst_cedar_schema *s,
                                     const struct pst_json *v, uint32_t type, const char *name,
                                     struct pst_arena *scratch, struct pst_cedar_value *ret,
                                     const struct pst_json **ret_at, struct pst_err *err)
{
    struct pst_err ignored;
    struct reader rd = {
        .t = t, .s = s, .name = name, .scratch = scratch, .err = err != NULL ? err : &ignored};
    return read(&rd, v, type, ret, ret_at);
}
