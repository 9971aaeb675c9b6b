/* For tests of the normaliser: one arena, and what a view must hold. */
#ifndef PST_INSPECT_NORMAL_TEST_VIEWS_H
#define PST_INSPECT_NORMAL_TEST_VIEWS_H

#include "base/enc.h"
#include "base/test.h"
#include "inspect/normal/normal.h"

enum { LIMIT = 1 << 20 };

struct state {
    struct pst_arena arena;
    struct pst_views views;
    struct pst_err err;
};

PST_UNUSED static int setup(void **state)
{
    static struct state s;
    pst_arena_init(&s.arena, 1 << 16, 256 << 20);
    *state = &s;
    return 0;
}

PST_UNUSED static int teardown(void **state)
{
    struct state *s = *state;
    pst_arena_release(&s->arena);
    return 0;
}

PST_UNUSED static const struct pst_views *look(struct state *s, struct pst_str text)
{
    pst_arena_clear(&s->arena);
    assert_true(pst_utf8_valid(text));
    assert_int_equal(
        pst_views_make(text, PST_WANT_READER | PST_WANT_DATA, LIMIT, &s->arena, &s->views, &s->err),
        PST_OK);
    return &s->views;
}

PST_UNUSED static const struct pst_view *view_of(const struct pst_views *views,
                                                 enum pst_view_kind kind)
{
    for (size_t i = 0; i < views->n; i++) {
        if (views->list[i].kind == kind) {
            return &views->list[i];
        }
    }
    return NULL;
}

/* The view of the kind holds `words`, which came from [start, end) of the text. */
PST_UNUSED static void holds(const struct pst_views *views, enum pst_view_kind kind,
                             const char *words, size_t start, size_t end)
{
    for (size_t i = 0; i < views->n; i++) {
        size_t at = views->list[i].kind == (uint8_t)kind
                        ? pst_str_find(views->list[i].text, pst_str_c(words))
                        : PST_NPOS;
        if (at != PST_NPOS) {
            size_t from, to;
            pst_view_origin(&views->list[i], at, at + strlen(words), &from, &to);
            assert_int_equal(from, start);
            assert_int_equal(to, end);
            return;
        }
    }
    fail_msg("no view of kind %s holds '%s'", pst_view_kind_name(kind), words);
}

#endif
