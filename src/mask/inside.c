#include "mask/inside.h"

#include "crypto/secret.h"
#include "wire/json.h"
#include "wire/json_out.h"

/* One JSON text: its tree and the way to the value in hand. */
struct level {
    struct pst_json *root;
    struct pst_json *host; /* the string it stands in, of the level below; NULL: the whole text */
    struct pst_json *way[PST_JSON_DEPTH_MAX];
    struct pst_str keys[PST_JSON_DEPTH_MAX]; /* nearest member name on the way to each */
    uint32_t depth;
    bool changed;
};

struct walk {
    const struct pst_inside *in;
    struct level *levels[PST_INSIDE_NEST];
    size_t n;
    struct pst_buf text; /* what one text becomes */
    struct pst_err *err;
};

static enum pst_status no_memory(struct walk *w)
{
    return pst_fail(w->err, PST_E_NO_MEMORY, "%s", pst_error_row(PST_E_NO_MEMORY)->text);
}

/* *ret: the tree of a text that is an object or an array, NULL for any other. What is JSON to
 * others and cannot be read here (doubled names, too deep, too large) is an error: what would be
 * put into it as into plain text could break it. */
static enum pst_status tree_of(struct walk *w, struct pst_str text, struct pst_json **ret)
{
    struct pst_err why = {0};
    size_t at = 0;
    *ret = NULL;
    while (at < text.n && (text.p[at] == ' ' || (text.p[at] >= '\t' && text.p[at] <= '\r'))) {
        at++;
    }
    if (at == text.n || (text.p[at] != '{' && text.p[at] != '[') || text.n > UINT32_MAX / 2) {
        return PST_OK;
    }
    struct pst_json_config config = pst_json_config_of((uint32_t)text.n, w->in->seed);
    config.stable = true;
    *ret = pst_json_parse(&config, w->in->arena, text, &why);
    if (*ret == NULL && why.code != PST_E_JSON_SYNTAX && why.code != PST_E_JSON_UTF8) {
        return pst_fail(w->err, PST_E_UNINSPECTED, "JSON in a text: %.120s", why.text);
    }
    if (*ret != NULL && w->n == PST_INSIDE_NEST) {
        return pst_fail(w->err, PST_E_UNINSPECTED, "JSON within JSON is nested too deeply");
    }
    return PST_OK;
}

static enum pst_status enter(struct walk *w, struct pst_json *root, struct pst_json *host,
                             struct pst_str key)
{
    struct level *l = pst_arena_take(w->in->arena, sizeof *l);
    if (l == NULL) {
        return no_memory(w);
    }
    l->root = root;
    l->host = host;
    l->way[0] = root;
    l->keys[0] = key;
    l->depth = 1;
    l->changed = false;
    w->levels[w->n++] = l;
    return PST_OK;
}

/* Shows one text; *ret is what it becomes, a view of w->text. */
static enum pst_status show(struct walk *w, struct pst_str key, struct pst_str text,
                            struct pst_str *ret)
{
    pst_buf_clear(&w->text);
    enum pst_status status = w->in->text(w->in->ctx, key, text, &w->text, w->err);
    if (status == PST_OK && w->text.failed) {
        return no_memory(w);
    }
    *ret = pst_buf_str(&w->text);
    return status;
}

static enum pst_status visit_name(struct walk *w, struct level *l, struct pst_json *v)
{
    struct pst_str fresh;
    enum pst_status status = show(w, (struct pst_str){NULL, 0}, v->name, &fresh);
    if (status != PST_OK || pst_str_eq(fresh, v->name)) {
        return status;
    }
    l->changed = true;
    return pst_json_set_name(w->in->arena, v, fresh) ? PST_OK : no_memory(w);
}

/* A number that is replaced becomes a string: no token is a number. */
static enum pst_status visit_text(struct walk *w, struct level *l, struct pst_json *v,
                                  struct pst_str key)
{
    struct pst_str fresh;
    struct pst_json *tree = NULL;
    if (v->type == PST_JSON_STRING && tree_of(w, v->text, &tree) != PST_OK) {
        return PST_ERR;
    }
    if (tree != NULL) {
        return enter(w, tree, v, key);
    }
    enum pst_status status = show(w, key, v->text, &fresh);
    if (status != PST_OK || pst_str_eq(fresh, v->text)) {
        return status;
    }
    l->changed = true;
    return pst_json_set_string(w->in->arena, v, fresh) ? PST_OK : no_memory(w);
}

static enum pst_status visit(struct walk *w, struct level *l)
{
    struct pst_json *v = l->way[l->depth - 1];
    struct pst_str key = l->keys[l->depth - 1];
    enum pst_status status = PST_OK;
    if (v->name.n > 0) {
        key = v->name;
        l->keys[l->depth - 1] = key;
        status = visit_name(w, l, v);
    }
    if (status == PST_OK && (v->type == PST_JSON_STRING || v->type == PST_JSON_NUMBER)) {
        status = visit_text(w, l, v, key);
    }
    return status;
}

/* The next value in the order of the text; false when the level is done. */
static bool advance(struct level *l)
{
    struct pst_json *v = l->way[l->depth - 1], *child = pst_json_first(v);
    if (child != NULL && l->depth < PST_JSON_DEPTH_MAX) {
        l->way[l->depth] = child;
        l->keys[l->depth] = l->keys[l->depth - 1];
        l->depth++;
        return true;
    }
    while (l->depth > 1) {
        if (l->way[l->depth - 1]->next != NULL) {
            l->way[l->depth - 1] = l->way[l->depth - 1]->next;
            l->keys[l->depth - 1] = l->keys[l->depth - 2];
            return true;
        }
        l->depth--;
    }
    return false;
}

/* The innermost level is done: what changed is written into the string around it. */
static enum pst_status leave(struct walk *w, struct pst_str whole, struct pst_buf *out)
{
    struct level *l = w->levels[--w->n];
    if (l->host == NULL) {
        if (!l->changed) {
            return pst_buf_add(out, whole) ? PST_OK : no_memory(w);
        }
        return pst_json_write(l->root, out, w->err);
    }
    if (!l->changed) {
        return PST_OK;
    }
    w->levels[w->n - 1]->changed = true;
    pst_buf_clear(&w->text);
    if (pst_json_write(l->root, &w->text, w->err) != PST_OK) {
        return PST_ERR;
    }
    return pst_json_set_string(w->in->arena, l->host, pst_buf_str(&w->text)) ? PST_OK
                                                                             : no_memory(w);
}

static enum pst_status run(struct walk *w, struct pst_str whole, struct pst_buf *out)
{
    enum pst_status status = PST_OK;
    bool fresh = true; /* the value in hand was not visited yet */
    while (status == PST_OK && w->n > 0) {
        struct level *l = w->levels[w->n - 1];
        size_t before = w->n;
        if (fresh) {
            status = visit(w, l);
            fresh = w->n > before;
        } else if (advance(l)) {
            fresh = true;
        } else {
            status = leave(w, whole, out);
        }
    }
    return status;
}

enum pst_status pst_inside_apply(const struct pst_inside *in, struct pst_str key,
                                 struct pst_str text, struct pst_buf *out, struct pst_err *err)
{
    struct walk w = {.in = in, .err = err};
    struct pst_json *tree = NULL;
    if (tree_of(&w, text, &tree) != PST_OK) {
        return PST_ERR;
    }
    if (tree == NULL) {
        return in->text(in->ctx, key, text, out, err);
    }
    pst_buf_init(&w.text, SIZE_MAX / 4);
    enum pst_status status = enter(&w, tree, NULL, key);
    if (status == PST_OK) {
        status = run(&w, text, out);
    }
    if (w.text.p != NULL) {
        pst_wipe(w.text.p, w.text.n);
    }
    pst_buf_release(&w.text);
    return status;
}
