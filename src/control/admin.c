#include "control/admin.h"

#include "base/arena.h"
#include "base/enc.h"
#include "control/units.h"
#include "crypto/secret.h"
#include "identity/key.h"
#include "wire/json.h"

#include <stdio.h>

enum {
    BODY_MAX = 65536,
    EXPIRES_MAX_S = 10 * 366 * 86400,
};

/* One call. */
struct call {
    const struct pst_admin *admin;
    const struct pst_admin_in *in;
    struct pst_admin_out *out;
    struct pst_str id; /* of a path with one */
    struct pst_arena arena;
    const struct pst_json *body; /* NULL: none came */
    struct pst_err err;
};

static enum pst_status key_create(struct call *c);
static enum pst_status key_list(struct call *c);
static enum pst_status key_get(struct call *c);
static enum pst_status key_rotate(struct call *c);
static enum pst_status key_revoke(struct call *c);
static enum pst_status status_get(struct call *c);
static enum pst_status reload(struct call *c);
static enum pst_status reload_now(struct call *c);
static enum pst_status metrics_get(struct call *c);

struct route {
    struct pst_str method, head,
        tail; /* a tail that is set has an id before it; "" ends with the id */
    bool with_id;
    enum pst_status (*act)(struct call *c);
};

#define ROUTE(method, head, act) {PST_STR_INIT(method), PST_STR_INIT(head), {NULL, 0}, false, act}
#define ROUTE_ID(method, head, tail, act)                                                          \
    {PST_STR_INIT(method), PST_STR_INIT(head), PST_STR_INIT(tail), true, act}
static const struct route routes[] = {
    ROUTE("POST", "/admin/v1/keys", key_create),
    ROUTE("GET", "/admin/v1/keys", key_list),
    ROUTE_ID("GET", "/admin/v1/keys/", "", key_get),
    ROUTE_ID("DELETE", "/admin/v1/keys/", "", key_revoke),
    ROUTE_ID("POST", "/admin/v1/keys/", "/rotate", key_rotate),
    ROUTE("GET", "/admin/v1/status", status_get),
    ROUTE("POST", "/admin/v1/reload", reload),
    ROUTE("POST", "/admin/v1/reload/now", reload_now),
    ROUTE("GET", "/metrics", metrics_get),
};

static bool route_fits(const struct route *route, struct pst_str path, struct pst_str *ret_id)
{
    if (!route->with_id) {
        return pst_str_eq(path, route->head);
    }
    if (!pst_str_starts(path, route->head) || !pst_str_ends(path, route->tail) ||
        path.n < route->head.n + route->tail.n) {
        return false;
    }
    *ret_id = pst_str_cut(path, route->head.n, path.n - route->head.n - route->tail.n);
    return pst_key_id_valid(*ret_id);
}

static enum pst_status find_route(struct call *c, const struct route **ret)
{
    bool path_known = false;
    for (size_t i = 0; i < PST_LEN(routes); i++) {
        if (!route_fits(&routes[i], c->in->path, &c->id)) {
            continue;
        }
        path_known = true;
        if (pst_str_eq(routes[i].method, c->in->method)) {
            *ret = &routes[i];
            return PST_OK;
        }
    }
    enum pst_error code = path_known ? PST_E_HTTP_METHOD : PST_E_ROUTE_UNKNOWN;
    return pst_fail(&c->err, code, "%s", pst_error_row(code)->text);
}

static enum pst_status read_body(struct call *c)
{
    if (pst_str_trim(c->in->body).n == 0) {
        return PST_OK;
    }
    if (c->in->body.n > BODY_MAX) {
        return pst_fail(&c->err, PST_E_BODY_TOO_LARGE, "the body is larger than %d bytes",
                        BODY_MAX);
    }
    uint64_t seed = 0;
    c->admin->random(c->admin->user, (uint8_t *)&seed, sizeof seed);
    struct pst_json_config config = pst_json_config_of(BODY_MAX, seed);
    c->body = pst_json_parse(&config, &c->arena, c->in->body, &c->err);
    if (c->body == NULL) {
        return PST_ERR;
    }
    if (!pst_json_is(c->body, PST_JSON_OBJECT)) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "the body must be a JSON object");
    }
    return PST_OK;
}

enum pst_status pst_admin_handle(const struct pst_admin *admin, const struct pst_admin_in *in,
                                 struct pst_admin_out *out)
{
    struct call c = {.admin = admin, .in = in, .out = out};
    const struct route *route = NULL;
    out->status = 200;
    out->json = true;
    pst_arena_init(&c.arena, 4096, 16 * BODY_MAX);
    enum pst_status status = find_route(&c, &route);
    if (status == PST_OK) {
        status = read_body(&c);
    }
    if (status == PST_OK) {
        status = route->act(&c);
    }
    pst_arena_release(&c.arena);
    if (status == PST_ERR || out->body.failed) {
        if (status != PST_ERR) {
            (void)pst_fail(&c.err, PST_E_LIMIT, "the answer is too large");
        }
        pst_admin_refuse(&c.err, out);
        status = PST_OK;
    }
    return status;
}

bool pst_admin_split(struct pst_str submitted, struct pst_admin_in *ret)
{
    size_t end = pst_str_find_byte(submitted, '\n');
    struct pst_str line = pst_str_cut(submitted, 0, end);
    size_t space = pst_str_find_byte(line, ' ');
    if (end == PST_NPOS || space == PST_NPOS) {
        return false;
    }
    ret->method = pst_str_cut(line, 0, space);
    ret->path = pst_str_from(line, space + 1);
    ret->body = pst_str_from(submitted, end + 1);
    return ret->method.n > 0 && ret->path.n > 0;
}

void pst_admin_refuse(const struct pst_err *err, struct pst_admin_out *out)
{
    const struct pst_error_row *row = pst_error_row(err->code);
    struct pst_json_out o;
    pst_buf_clear(&out->body);
    out->status = row->status;
    out->json = true;
    pst_json_out_init(&o, &out->body);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "error");
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "message");
    pst_json_out_lossy(&o, pst_str_c(err->text));
    pst_json_out_kstr(&o, "type", pst_str_c(row->type));
    pst_json_out_kstr(&o, "code", pst_str_c(row->code));
    if (err->file[0] != 0) {
        PST_JSON_KEY(&o, "file");
        pst_json_out_lossy(&o, pst_str_c(err->file));
        pst_json_out_ku64(&o, "line", err->line);
        pst_json_out_ku64(&o, "column", err->column);
    }
    pst_json_out_end(&o);
    pst_json_out_end(&o);
}

/* --- members of a body -------------------------------------------------------------------- */

/* Administration is not a place for members that nobody reads: a mistyped one is an error. */
static enum pst_status only(struct call *c, const char *const *names, size_t n)
{
    for (const struct pst_json *m = pst_json_first(c->body); m != NULL; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || pst_str_eq(m->name, pst_str_c(names[i]));
        }
        if (!known) {
            const char *nearest = pst_name_nearest(m->name, names, n);
            return pst_fail(&c->err, PST_E_DIALECT_UNKNOWN, "there is an unknown member%s%s%s",
                            nearest != NULL ? "; did you mean \"" : "",
                            nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
        }
    }
    return PST_OK;
}

static enum pst_status seconds(struct call *c, const char *name, bool *ret_given, int64_t *ret)
{
    const struct pst_json *v = pst_json_get(c->body, pst_str_c(name));
    *ret_given = v != NULL && !pst_json_is(v, PST_JSON_NULL);
    if (!*ret_given) {
        *ret = 0;
        return PST_OK;
    }
    if (!pst_json_i64(v, ret) || *ret < 0 || *ret > EXPIRES_MAX_S) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER,
                        "%s must be whole seconds, at most ten years", name);
    }
    return PST_OK;
}

static enum pst_status read_expiry(struct call *c, struct pst_key_row *row)
{
    bool given = false;
    int64_t in_s = 0;
    enum pst_status status = seconds(c, "expires_in_s", &given, &in_s);
    if (status == PST_OK && given) {
        if (in_s == 0) {
            return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "expires_in_s must be at least 1");
        }
        row->expires_s = c->in->now_s + in_s;
    }
    return status;
}

static enum pst_status read_groups(struct call *c, struct pst_key_row *row)
{
    const struct pst_json *groups = PST_JSON_GET(c->body, "groups");
    if (groups == NULL) {
        return PST_OK;
    }
    if (!pst_json_is(groups, PST_JSON_ARRAY) || groups->count > PST_STORE_GROUPS_MAX) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "groups must be a list of at most %d names",
                        PST_STORE_GROUPS_MAX);
    }
    for (const struct pst_json *g = pst_json_first(groups); g != NULL; g = g->next) {
        struct pst_str name = {0};
        if (!pst_json_str(g, &name) || !pst_name_valid(name) ||
            !pst_str_to_c(name, row->groups[row->n_groups], PST_NAME_MAX)) {
            return pst_fail(&c->err, PST_E_DIALECT_MEMBER,
                            "a group's name is letters, digits, dot, "
                            "dash and underscore");
        }
        for (uint32_t i = 0; i < row->n_groups; i++) {
            if (strcmp(row->groups[i], row->groups[row->n_groups]) == 0) {
                return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "a group is named twice");
            }
        }
        row->n_groups++;
    }
    return PST_OK;
}

static enum pst_status read_key(struct call *c, struct pst_key_row *row)
{
    static const char *const names[] = {"owner", "groups", "label", "expires_in_s", "may_assert"};
    struct pst_str owner = {0}, label = {0};
    const struct pst_json *v = NULL;
    if (only(c, names, PST_LEN(names)) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_json_str(PST_JSON_GET(c->body, "owner"), &owner) ||
        !pst_principal_parse(owner, row->owner) || pst_str_starts(owner, PST_STR("EndUser"))) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER,
                        "owner must be a principal such as Workload/demo or User/alice");
    }
    v = PST_JSON_GET(c->body, "label");
    if (v != NULL &&
        (!pst_json_str(v, &label) || !pst_str_to_c(label, row->label, sizeof row->label))) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "label must be a text of at most %d bytes",
                        PST_STORE_LABEL_MAX - 1);
    }
    v = PST_JSON_GET(c->body, "may_assert");
    if (v != NULL && !pst_json_bool(v, &row->may_assert)) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER, "may_assert must be true or false");
    }
    /* an end user is named Workload/PERSON: the name must be able to say which workload */
    if (row->may_assert && (!pst_str_starts(pst_str_c(row->owner), PST_STR("Workload::")) ||
                            pst_str_find_byte(pst_str_c(row->owner), '/') != PST_NPOS)) {
        return pst_fail(&c->err, PST_E_DIALECT_MEMBER,
                        "only a Workload without a slash in its name may speak for end users");
    }
    return read_groups(c, row) == PST_OK ? read_expiry(c, row) : PST_ERR;
}

/* --- keys --------------------------------------------------------------------------------- */

static void out_time(struct pst_json_out *o, const char *key, int64_t at_s)
{
    char text[PST_TIME_CHARS];
    pst_json_out_key(o, pst_str_c(key));
    if (at_s == 0) {
        pst_json_out_null(o);
        return;
    }
    pst_time_put(at_s * 1000000000, text);
    text[19] = 'Z'; /* to the second: "2026-11-25T07:32:31Z" */
    pst_json_out_str(o, pst_str_of(text, 20));
}

/* The members of a key, in an object that is open. */
static void out_key(struct pst_json_out *o, const struct pst_key_row *row, int64_t now_s)
{
    static const char *const states[] = {
        [PST_KEY_ACTIVE] = "active", [PST_KEY_EXPIRED] = "expired", [PST_KEY_REVOKED] = "revoked"};
    pst_json_out_kstr(o, "id", pst_str_c(row->id));
    pst_json_out_kstr(o, "state", pst_str_c(states[pst_key_row_state(row, now_s)]));
    pst_json_out_kstr(o, "owner", pst_str_c(row->owner));
    PST_JSON_KEY(o, "groups");
    pst_json_out_array(o);
    for (uint32_t i = 0; i < row->n_groups; i++) {
        pst_json_out_str(o, pst_str_c(row->groups[i]));
    }
    pst_json_out_end(o);
    pst_json_out_kbool(o, "may_assert", row->may_assert);
    out_time(o, "created", row->created_s);
    out_time(o, "expires", row->expires_s);
    out_time(o, "revoked", row->revoked_s);
    if (row->rotated_from[0] != 0) {
        pst_json_out_kstr(o, "rotated_from", pst_str_c(row->rotated_from));
    }
    pst_json_out_kstr(o, "label", pst_str_c(row->label));
}

/* What evidence will say of a change to a key. */
static void note(struct call *c, const char *action, const struct pst_key_row *row)
{
    struct pst_admin_deed *deed = &c->out->deed;
    char groups[256] = "-";
    size_t n = 0;
    for (uint32_t i = 0; i < row->n_groups && n + PST_NAME_MAX + 2 < sizeof groups; i++) {
        pst_text(&groups[n], sizeof groups - n, "%s%s", i > 0 ? "," : "", row->groups[i]);
        n += strlen(&groups[n]);
    }
    pst_text(deed->action, sizeof deed->action, "%s", action);
    pst_text(deed->object, sizeof deed->object, "%s", row->id);
    pst_text(deed->detail, sizeof deed->detail, "owner=%s groups=%s may_assert=%s expires=%lld%s%s",
             row->owner, groups, row->may_assert ? "yes" : "no", (long long)row->expires_s,
             row->rotated_from[0] != 0 ? " instead_of=" : "", row->rotated_from);
}

/* Draws a key and fills in what follows from it. */
static void draw(struct call *c, struct pst_key_text *key, struct pst_key_row *row)
{
    uint8_t random[8 + PST_KEY_SECRET_BYTES];
    c->admin->random(c->admin->user, random, sizeof random);
    pst_key_make(random, key);
    pst_key_hash(key, row->hash);
    memcpy(row->id, key->id, sizeof row->id);
    row->created_s = c->in->now_s;
    pst_wipe(random, sizeof random);
}

static void answer_new(struct call *c, const struct pst_key_text *key,
                       const struct pst_key_row *row)
{
    char text[PST_KEY_CHARS + 1];
    struct pst_json_out o;
    /* room first: a growing buffer would leave copies of the key behind in the heap */
    if (pst_buf_room(&c->out->body, 4096) == NULL) {
        return;
    }
    pst_key_format(key, text);
    c->out->status = 201;
    pst_json_out_init(&o, &c->out->body);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "key", pst_str_of(text, PST_KEY_CHARS));
    out_key(&o, row, c->in->now_s);
    pst_json_out_end(&o);
    pst_wipe(text, sizeof text);
}

static enum pst_status key_create(struct call *c)
{
    struct pst_key_row row = {0};
    struct pst_key_text key;
    if (read_key(c, &row) != PST_OK) {
        return PST_ERR;
    }
    draw(c, &key, &row);
    enum pst_status status = pst_store_key_add(c->admin->store, &row, c->admin->max_keys, &c->err);
    if (status == PST_OK) {
        answer_new(c, &key, &row);
        note(c, "key.create", &row);
        c->admin->key_changed(c->admin->user, &row);
    }
    pst_wipe(&key, sizeof key);
    return status;
}

static enum pst_status key_rotate(struct call *c)
{
    static const char *const names[] = {"grace_s", "expires_in_s"};
    struct pst_key_row row, old;
    struct pst_key_text key;
    bool given = false;
    int64_t grace = 0;
    if (only(c, names, PST_LEN(names)) != PST_OK ||
        seconds(c, "grace_s", &given, &grace) != PST_OK ||
        pst_store_key_get(c->admin->store, c->id, &old, &c->err) != PST_OK) {
        return PST_ERR;
    }
    row = old; /* owner, groups, label and rights go on */
    row.expires_s = 0;
    row.revoked_s = 0;
    if (old.expires_s != 0) { /* it lives as long as the old one was made for */
        row.expires_s = c->in->now_s + (old.expires_s - old.created_s);
    }
    if (read_expiry(c, &row) != PST_OK) {
        return PST_ERR;
    }
    draw(c, &key, &row);
    enum pst_status status = pst_store_key_rotate(
        c->admin->store, c->id, &row, c->in->now_s + grace, c->admin->max_keys, &c->err);
    if (status == PST_OK) {
        status = pst_store_key_get(c->admin->store, c->id, &old, &c->err);
    }
    if (status == PST_OK) {
        answer_new(c, &key, &row);
        note(c, "key.rotate", &row);
        c->admin->key_changed(c->admin->user, &row);
        c->admin->key_changed(c->admin->user, &old);
    }
    pst_wipe(&key, sizeof key);
    return status;
}

static enum pst_status answer_key(struct call *c, struct pst_key_row *ret)
{
    enum pst_status status = pst_store_key_get(c->admin->store, c->id, ret, &c->err);
    if (status == PST_OK) {
        struct pst_json_out o;
        pst_json_out_init(&o, &c->out->body);
        pst_json_out_object(&o);
        out_key(&o, ret, c->in->now_s);
        pst_json_out_end(&o);
    }
    return status;
}

static enum pst_status key_get(struct call *c)
{
    struct pst_key_row row;
    return answer_key(c, &row);
}

static enum pst_status key_revoke(struct call *c)
{
    struct pst_key_row row;
    enum pst_status status = pst_store_key_revoke(c->admin->store, c->id, c->in->now_s, &c->err);
    if (status == PST_OK) {
        status = answer_key(c, &row);
    }
    if (status == PST_OK) {
        note(c, "key.revoke", &row);
        c->admin->key_changed(c->admin->user, &row);
    }
    return status;
}

struct listing {
    struct pst_json_out o;
    int64_t now_s;
};

static enum pst_status list_one(void *user, const struct pst_key_row *row, struct pst_err *err)
{
    struct listing *l = user;
    pst_json_out_object(&l->o);
    out_key(&l->o, row, l->now_s);
    pst_json_out_end(&l->o);
    return l->o.buf->failed ? pst_fail(err, PST_E_LIMIT, "the answer is too large") : PST_OK;
}

static enum pst_status key_list(struct call *c)
{
    struct listing l = {.now_s = c->in->now_s};
    pst_json_out_init(&l.o, &c->out->body);
    pst_json_out_object(&l.o);
    PST_JSON_KEY(&l.o, "keys");
    pst_json_out_array(&l.o);
    enum pst_status status = pst_store_key_each(c->admin->store, list_one, &l, &c->err);
    if (status == PST_OK) {
        pst_json_out_end(&l.o);
        pst_json_out_end(&l.o);
    }
    return status;
}

/* --- the rest ----------------------------------------------------------------------------- */

static enum pst_status status_get(struct call *c)
{
    struct pst_json_out o;
    pst_json_out_init(&o, &c->out->body);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "you", c->in->who);
    c->admin->status(c->admin->user, &o);
    pst_json_out_end(&o);
    return PST_OK;
}

static enum pst_status ask_reload(struct call *c, bool now)
{
    enum pst_status status = c->admin->reload(c->admin->user, now, &c->err);
    if (status == PST_OK) {
        pst_admin_reloaded(true, 0, PST_STR(""), c->out);
    }
    return status;
}

static enum pst_status reload(struct call *c)
{
    return ask_reload(c, false);
}

static enum pst_status reload_now(struct call *c)
{
    return ask_reload(c, true);
}

void pst_admin_reloaded(bool ok, uint32_t generation, struct pst_str why, struct pst_admin_out *out)
{
    struct pst_err err = {0};
    if (!ok) {
        (void)pst_fail(&err, PST_E_CONFIG, "the old configuration stays in force: %.*s",
                       (int)(why.n > 420 ? 420 : why.n), (const char *)why.p);
        pst_admin_refuse(&err, out);
        out->status = 409; /* the gateway is well; it is the request that cannot be met */
        return;
    }
    struct pst_json_out o;
    pst_buf_clear(&out->body);
    out->status = 200;
    out->json = true;
    pst_json_out_init(&o, &out->body);
    pst_json_out_object(&o);
    pst_json_out_kbool(&o, "reloaded", true);
    if (generation != 0) {
        pst_json_out_ku64(&o, "generation", generation);
    }
    pst_json_out_end(&o);
}

static enum pst_status metrics_get(struct call *c)
{
    c->out->json = false;
    c->admin->metrics(c->admin->user, &c->out->body);
    return PST_OK;
}
