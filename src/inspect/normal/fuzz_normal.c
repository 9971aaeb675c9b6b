/* Texts: the first two bytes choose what is wanted and the limit. Whatever the text is, the views
 * are UTF-8, within the limits, and their maps stay within the text and do not run backwards. */
#include "base/enc.h"
#include "base/lossy.h"
#include "inspect/normal/normal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void view_check(const struct pst_views *views, size_t i, struct pst_str text)
{
    const struct pst_view *v = &views->list[i];
    PST_BUG_ON(!pst_utf8_valid(v->text));
    PST_BUG_ON(v->kind >= PST_VIEW_KINDS || v->depth > PST_VIEW_DEPTH_MAX ||
               (i > 0 && v->parent >= i));
    PST_BUG_ON(v->map == NULL && v->text.n != text.n);
    for (size_t k = 0; v->map != NULL && k <= v->text.n; k++) {
        PST_BUG_ON(v->map[k] > text.n);
        PST_BUG_ON(k > 0 && !v->moved && v->map[k] < v->map[k - 1]);
    }
    for (size_t k = 0; k < v->text.n; k += 1 + v->text.n / 16) {
        size_t start, end;
        pst_view_origin(v, k, k + 1, &start, &end);
        PST_BUG_ON(start >= end || end > text.n);
        pst_view_origin(v, k, v->text.n, &start, &end);
        PST_BUG_ON(start >= end || end > text.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_buf text;
    struct pst_arena arena;
    struct pst_err err = {0};
    if (size < 2) {
        return 0;
    }
    struct pst_views *views = malloc(sizeof *views);
    PST_BUG_ON(views == NULL);
    pst_buf_init(&text, 1 << 20);
    pst_arena_init(&arena, 4096, 64 << 20);
    PST_BUG_ON(!pst_utf8_lossy(&text, pst_str_of(&data[2], size - 2)));
    size_t limit = (data[1] & 1) != 0 ? 1 << 20 : (size_t)data[1] * 8;
    uint32_t want = (data[0] & 3) != 0 ? data[0] & 3U : PST_WANT_DATA | PST_WANT_READER;
    if (pst_views_make(pst_buf_str(&text), want, limit, &arena, views, &err) == PST_OK) {
        size_t all = 0;
        PST_BUG_ON(views->n == 0 || views->n > PST_VIEWS_MAX);
        for (size_t i = 0; i < views->n; i++) {
            view_check(views, i, pst_buf_str(&text));
            all += i > 0 ? views->list[i].text.n : 0;
        }
        PST_BUG_ON(all > limit);
    }
    pst_arena_release(&arena);
    pst_buf_release(&text);
    free(views);
    return 0;
}
