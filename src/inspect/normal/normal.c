#include "inspect/normal/normal.h"

#include "inspect/normal/cipher.h"
#include "inspect/normal/decode.h"
#include "inspect/normal/hidden.h"
#include "inspect/normal/look.h"
#include "inspect/normal/plain.h"
#include "inspect/normal/role.h"
#include "inspect/normal/tokens.h"
#include "inspect/normal/unseen.h"

static size_t view_lower(struct pst_make *make, size_t parent)
{
    struct pst_views *views = make->ret;
    const struct pst_view *from = &views->list[parent];
    struct pst_str in = from->text;
    if (views->n == PST_VIEWS_MAX || in.n > make->left) {
        views->cut = true;
        return parent;
    }
    uint8_t *text = pst_arena_take(make->arena, in.n);
    if (text == NULL) {
        make->no_memory = true;
        return parent;
    }
    pst_look_lower(text, in);
    struct pst_str lower = pst_str_of(text, in.n);
    if (parent > 0 && pst_str_eq(lower, in)) {
        return parent; /* a decoded text that is its own PLAIN */
    }
    /* the map of the parent serves: not a byte has moved */
    struct pst_view *view = &views->list[views->n];
    *view = *from;
    view->text = lower;
    view->kind = PST_VIEW_PLAIN;
    view->parent = (uint8_t)parent;
    make->left -= in.n;
    return views->n++;
}

/* Where the decoders and the readers of words go on: what remains when tricks are gone. */
struct base {
    size_t exact; /* the text itself, or CLEAN */
    size_t plain; /* PLAIN of it, or the text where that is plain already */
    struct pst_clean clean;
};

/* Counts the flag; true when there were tokens, and `out` is the text without them. */
static bool roles_strip(struct pst_make *make, struct pst_str text, bool flags,
                        struct pst_draft *out)
{
    size_t tokens;
    size_t hits = pst_roles_count(text, &tokens);
    if (flags) {
        pst_make_hit(make, PST_EVADE_ROLES, hits);
    }
    if (tokens > 0) {
        pst_roles_strip(text, out);
    }
    return tokens > 0 && out->n > 0;
}

static struct base view_plain(struct pst_make *make, size_t parent, const struct pst_look *look)
{
    struct pst_str in = make->ret->list[parent].text;
    struct base base = {.exact = parent, .plain = parent};
    bool reader = (make->want & PST_WANT_READER) != 0;
    bool flags = make->ret->list[parent].depth == 0;
    struct pst_draft clean = {.make = make}, plain, stripped = {.make = make};
    if ((look->hints & (PST_HINT_HIGH | PST_HINT_CONTROL)) == 0) {
        if (reader && !roles_strip(make, in, flags, &stripped)) {
            base.plain = view_lower(make, parent);
        } else if (reader) {
            pst_plain(make, pst_str_of(stripped.text, stripped.n), stripped.map, false, &base.clean,
                      &plain);
            size_t view = pst_draft_view(&plain, PST_VIEW_PLAIN, parent, in.n, false, false);
            base.plain = view > 0 ? view : parent;
        }
        return base;
    }
    pst_clean(make, in, flags, &clean, &base.clean);
    if (base.clean.changed && base.clean.matters) {
        size_t view = pst_draft_view(&clean, PST_VIEW_CLEAN, parent, in.n, false, false);
        base.exact = view > 0 ? view : parent;
    }
    if (!reader || make->no_memory) {
        return base;
    }
    size_t from = base.exact; /* a clean draft that is no view is read through its own map */
    struct pst_str text = make->ret->list[from].text;
    const uint32_t *map = NULL;
    if (from == parent && base.clean.changed) {
        text = pst_str_of(clean.text, clean.n);
        map = clean.map;
    }
    if (roles_strip(make, text, flags, &stripped)) {
        for (size_t i = 0; map != NULL && i < stripped.n; i++) {
            stripped.map[i] = map[stripped.map[i]];
        }
        text = pst_str_of(stripped.text, stripped.n);
        map = stripped.map;
    }
    pst_plain(make, text, map, flags, &base.clean, &plain);
    size_t view = pst_draft_view(&plain, PST_VIEW_PLAIN, from, make->ret->list[from].text.n, false,
                                 false);
    base.plain = view > 0 ? view : from;
    return base;
}

static bool decodes(uint8_t kind)
{
    return kind != PST_VIEW_PLAIN && kind != PST_VIEW_CLEAN;
}

/* What a reader could make of it who is no decoder. */
static void view_readings(struct pst_make *make, size_t parent, const struct base *base,
                          const struct pst_look *look)
{
    if (base->clean.reordered) {
        pst_view_reordered(make, parent);
    }
    if (base->clean.turned >= 3) {
        pst_view_turned(make, parent);
    }
    pst_decode_dense(make, base->exact);
    pst_view_tokens(make, base->exact);
    pst_view_ciphers(make, base->plain);
    pst_view_rot47(make, base->exact);
    if ((look->hints & (PST_HINT_MARKUP | PST_HINT_BRACKET)) != 0 || parent == 0) {
        pst_view_hidden(make, base->exact);
    }
}

static void view_expand(struct pst_make *make, size_t parent)
{
    const struct pst_view *view = &make->ret->list[parent];
    struct pst_look look = pst_look(view->text);
    struct base base = view_plain(make, parent, &look);
    if (base.clean.tags && view->depth < PST_VIEW_DEPTH_MAX) {
        pst_view_tags(make, parent);
    }
    if (base.clean.selectors && view->depth < PST_VIEW_DEPTH_MAX) {
        pst_view_selectors(make, parent);
    }
    if (base.exact != parent) {
        look = pst_look(make->ret->list[base.exact].text);
    }
    if (view->kind == PST_VIEW_COLLAPSED || view->kind == PST_VIEW_HIDDEN) {
        return; /* made of what was read before */
    }
    if (view->depth == PST_VIEW_DEPTH_MAX) {
        /* what lies deeper is not looked at, and that is said; a run that stands in the text as it
         * was given has been read already (escapes leave it where it is) */
        make->ret->cut = make->ret->cut ||
                         pst_runs_new(make->ret->list[base.exact].text, make->text);
        return;
    }
    pst_decode_escapes(make, base.exact, &look);
    pst_decode_runs(make, base.exact, &look);
    if ((make->want & PST_WANT_READER) != 0) {
        view_readings(make, parent, &base, &look);
    }
}

static void counts_set(const struct pst_make *make, struct pst_views *ret)
{
    size_t n = ret->list[0].text.n < 1024 ? 1024 : ret->list[0].text.n;
    for (size_t i = 0; i < PST_LEN(ret->counts); i++) {
        uint64_t rate = ((uint64_t)make->hits[i] * 1024 + n - 1) / n;
        ret->counts[i] = (uint16_t)(rate > UINT16_MAX ? UINT16_MAX : rate);
    }
}

enum pst_status pst_views_make(struct pst_str text, uint32_t want, size_t limit,
                               struct pst_arena *arena, struct pst_views *ret, struct pst_err *err)
{
    if (text.n >= UINT32_MAX) {
        return pst_fail(err, PST_E_NO_MEMORY, "a text of 4 GB or more cannot be inspected");
    }
    struct pst_make make = {.text = text, .want = want, .left = limit, .arena = arena, .ret = ret};
    ret->n = 1;
    ret->flags = 0;
    ret->cut = false;
    memset(ret->counts, 0, sizeof ret->counts);
    ret->list[0] = (struct pst_view){.text = text, .whole = text, .kind = PST_VIEW_GIVEN};
    for (size_t i = 0; i < ret->n && !make.no_memory; i++) {
        if (decodes(ret->list[i].kind)) {
            view_expand(&make, i);
        }
    }
    if (make.no_memory) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to look at a text");
    }
    counts_set(&make, ret);
    return PST_OK;
}

static size_t out_to_start(struct pst_str whole, size_t at)
{
    while (at > 0 && at < whole.n && (whole.p[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

static size_t out_to_end(struct pst_str whole, size_t at)
{
    while (at < whole.n && (whole.p[at] & 0xC0) == 0x80) {
        at++;
    }
    return at;
}

void pst_view_origin(const struct pst_view *view, size_t start, size_t end, size_t *ret_start,
                     size_t *ret_end)
{
    PST_BUG_ON(start >= end || end > view->text.n);
    size_t from = start, to = end;
    if (view->map != NULL && view->moved) {
        from = to = view->map[start];
        for (size_t i = start; i < end; i++) {
            from = view->map[i] < from ? view->map[i] : from;
            to = view->map[i] > to ? view->map[i] : to;
        }
        to++;
    } else if (view->map != NULL) {
        from = view->map[start];
        /* the unit that the last byte came from ends where the next one begins */
        size_t next = end;
        while (next < view->text.n && view->map[next] == view->map[end - 1]) {
            next++;
        }
        to = view->map[next];
    }
    /* what a decoder put after the last unit (a line end) stands for the end of the text */
    from = from < view->whole.n ? from : view->whole.n - 1;
    to = to > from ? to : from + 1;
    *ret_start = out_to_start(view->whole, from);
    *ret_end = out_to_end(view->whole, to < view->whole.n ? to : view->whole.n);
}
