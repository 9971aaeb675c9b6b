#include "wire/json_out.h"
#include "wire/json_text.h"

#include <stdlib.h>

int pst_json_name_cmp(struct pst_str a, struct pst_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    size_t at = 0;
    while (at < n && a.p[at] == b.p[at]) {
        at++;
    }
    if (at == n) {
        return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
    }
    /* UTF-8 sorts as code points do. UTF-16 sorts U+10000… (lead bytes F0-F4, surrogates D800…)
     * before U+E000-U+FFFF (lead bytes EE and EF): the only difference. */
    const int x = a.p[at] + ((a.p[at] & 0xfe) == 0xee ? 0x10 : 0);
    const int y = b.p[at] + ((b.p[at] & 0xfe) == 0xee ? 0x10 : 0);
    return x < y ? -1 : 1;
}

static int member_cmp(const void *a, const void *b)
{
    const struct pst_json *const *x = a, *const *y = b;
    return pst_json_name_cmp((*x)->name, (*y)->name);
}

/* An array or object being written. */
struct level {
    const struct pst_json *parent;
    const struct pst_json *child;   /* being written */
    const struct pst_json **sorted; /* canonical objects: the members in order */
    uint32_t at;                    /* in sorted, of the next */
};

struct writer {
    struct pst_buf *out;
    struct pst_arena *scratch; /* NULL: not canonical */
    struct pst_err *err;
    uint32_t depth;
    struct level levels[PST_JSON_DEPTH_MAX];
};

static enum pst_status full(struct writer *w)
{
    return pst_fail(w->err, PST_E_NO_MEMORY, "no room to write JSON");
}

/* Whether the literal is an integer that stays what it is: a double holds 15 digits exactly and
 * prints them plainly. */
static bool plain_integer(struct pst_str s)
{
    int64_t value;
    return s.n <= 15 && pst_str_i64(s, &value);
}

static enum pst_status write_number(struct writer *w, const struct pst_json *v)
{
    if (w->scratch == NULL || plain_integer(v->text)) {
        return pst_buf_add(w->out, v->text) ? PST_OK : full(w);
    }
    double value;
    char text[PST_JSON_DOUBLE_CHARS];
    if (!pst_json_double(v, &value)) {
        return pst_fail(w->err, PST_E_JSON_LIMIT, "a number is too large for canonical JSON");
    }
    return pst_buf_add(w->out, pst_json_double_text(value, text)) ? PST_OK : full(w);
}

/* Enters a container that has children. */
static enum pst_status enter(struct writer *w, const struct pst_json *v)
{
    if (w->depth == PST_JSON_DEPTH_MAX) {
        return pst_fail(w->err, PST_E_JSON_DEPTH, "nested too deeply to be written");
    }
    struct level *level = &w->levels[w->depth];
    *level = (struct level){.parent = v, .child = v->first};
    if (w->scratch != NULL && v->type == PST_JSON_OBJECT) {
        level->sorted = PST_ARENA_ARRAY(w->scratch, v->count, const struct pst_json *);
        if (level->sorted == NULL) {
            return full(w);
        }
        size_t n = 0;
        for (const struct pst_json *m = v->first; m != NULL; m = m->next) {
            PST_BUG_ON(n == v->count);
            level->sorted[n++] = m;
        }
        qsort(level->sorted, n, sizeof *level->sorted, member_cmp);
        level->child = level->sorted[level->at++];
    }
    w->depth++;
    return PST_OK;
}

/* The value itself, or the opening bracket of one that was entered. */
static enum pst_status write_one(struct writer *w, const struct pst_json *v, bool *entered)
{
    static const struct pst_str fixed[] = {[PST_JSON_NULL] = PST_STR_INIT("null"),
                                           [PST_JSON_FALSE] = PST_STR_INIT("false"),
                                           [PST_JSON_TRUE] = PST_STR_INIT("true"),
                                           [PST_JSON_ARRAY] = PST_STR_INIT("[]"),
                                           [PST_JSON_OBJECT] = PST_STR_INIT("{}")};
    if (v->type == PST_JSON_NUMBER) {
        return write_number(w, v);
    }
    if (v->type == PST_JSON_STRING) {
        return pst_json_quote(w->out, v->text) ? PST_OK : full(w);
    }
    *entered = v->type >= PST_JSON_ARRAY && v->first != NULL;
    const struct pst_str text = *entered ? pst_str_cut(fixed[v->type], 0, 1) : fixed[v->type];
    if (!pst_buf_add(w->out, text)) {
        return full(w);
    }
    return *entered ? enter(w, v) : PST_OK;
}

/* Moves on to the next value, closing what is finished; NULL when all is. */
static const struct pst_json *next_value(struct writer *w)
{
    while (w->depth > 0) {
        struct level *level = &w->levels[w->depth - 1];
        if (level->sorted != NULL) {
            level->child = level->at < level->parent->count ? level->sorted[level->at++] : NULL;
        } else {
            level->child = level->child->next;
        }
        if (level->child != NULL) {
            (void)pst_buf_byte(w->out, ',');
            return level->child;
        }
        (void)pst_buf_byte(w->out, level->parent->type == PST_JSON_OBJECT ? '}' : ']');
        w->depth--;
    }
    return NULL;
}

static enum pst_status write_tree(struct writer *w, const struct pst_json *v)
{
    while (v != NULL) {
        if (w->depth > 0 && w->levels[w->depth - 1].parent->type == PST_JSON_OBJECT &&
            (!pst_json_quote(w->out, v->name) || !pst_buf_byte(w->out, ':'))) {
            return full(w);
        }
        bool entered = false;
        if (write_one(w, v, &entered) != PST_OK) {
            return PST_ERR;
        }
        v = entered ? w->levels[w->depth - 1].child : next_value(w);
    }
    return w->out->failed ? full(w) : PST_OK;
}

static enum pst_status write_whole(const struct pst_json *v, struct pst_arena *scratch,
                                   struct pst_buf *out, struct pst_err *err)
{
    PST_UNINIT struct writer w; /* a level is filled when it is entered */
    w.out = out;
    w.scratch = scratch;
    w.err = err;
    w.depth = 0;
    const size_t before = out->n;
    if (write_tree(&w, v) != PST_OK) {
        pst_buf_truncate(out, before);
        return PST_ERR;
    }
    return PST_OK;
}

enum pst_status pst_json_write(const struct pst_json *v, struct pst_buf *out, struct pst_err *err)
{
    return write_whole(v, /* scratch= */ NULL, out, err);
}

enum pst_status pst_json_write_canonical(const struct pst_json *v, struct pst_arena *scratch,
                                         struct pst_buf *out, struct pst_err *err)
{
    PST_BUG_ON(scratch == NULL);
    return write_whole(v, scratch, out, err);
}
