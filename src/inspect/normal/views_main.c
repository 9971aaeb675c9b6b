/* Texts in, views out, for training and for people: `normal-views < texts > views`. Texts are
 * separated by NUL; each makes one line of JSON. Built, not installed. */
#include "inspect/normal/normal.h"

#include "base/buf.h"
#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 1 << 30, TEXT_LIMIT = 16 << 20, ARENA = 512 << 20 };

static void put_string(FILE *out, struct pst_str s)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

static void put_views(FILE *out, size_t number, const struct pst_views *views)
{
    const char *comma = "";
    (void)fprintf(out, "{\"n\":%zu,\"cut\":%s,\"flags\":{", number, views->cut ? "true" : "false");
    for (size_t i = 0; i < PST_LEN(views->counts); i++) {
        if ((views->flags & 1U << i) != 0) {
            (void)fprintf(out, "%s\"%s\":%u", comma, pst_evasion_name(i), views->counts[i]);
            comma = ",";
        }
    }
    (void)fputs("},\"views\":[", out);
    for (size_t i = 1; i < views->n; i++) {
        const struct pst_view *v = &views->list[i];
        (void)fprintf(out,
                      "%s{\"kind\":\"%s\",\"depth\":%u,\"parent\":%u,\"text\":", i > 1 ? "," : "",
                      pst_view_kind_name((enum pst_view_kind)v->kind), v->depth, v->parent);
        put_string(out, v->text);
        (void)fputc('}', out);
    }
    (void)fputs("]}\n", out);
}

static bool read_all(FILE *in, struct pst_buf *ret)
{
    for (;;) {
        uint8_t *room = pst_buf_room(ret, 1 << 16);
        size_t n = room != NULL ? fread(room, 1, 1 << 16, in) : 0;
        if (n == 0) {
            return room != NULL && ferror(in) == 0;
        }
        pst_buf_added(ret, n);
    }
}

static bool show(struct pst_str text, size_t number, struct pst_arena *arena,
                 struct pst_views *views)
{
    struct pst_err err = {0};
    pst_arena_clear(arena);
    if (!pst_utf8_valid(text)) {
        (void)fprintf(stderr, "text %zu is not UTF-8\n", number);
        return false;
    }
    if (pst_views_make(text, PST_WANT_DATA | PST_WANT_READER, TEXT_LIMIT, arena, views, &err) !=
        PST_OK) {
        (void)fprintf(stderr, "text %zu: %s\n", number, err.text);
        return false;
    }
    put_views(stdout, number, views);
    return true;
}

int main(void)
{
    struct pst_buf in;
    struct pst_arena arena;
    struct pst_views *views = malloc(sizeof *views);
    bool ok = views != NULL;
    pst_buf_init(&in, INPUT_MAX);
    pst_arena_init(&arena, 1 << 20, ARENA);
    ok = ok && read_all(stdin, &in);
    struct pst_str rest = pst_buf_str(&in);
    for (size_t number = 0; ok && rest.n > 0; number++) {
        size_t end = pst_str_find_byte(rest, 0);
        end = end == PST_NPOS ? rest.n : end;
        ok = show(pst_str_cut(rest, 0, end), number, &arena, views);
        rest = pst_str_from(rest, end < rest.n ? end + 1 : end);
    }
    pst_arena_release(&arena);
    pst_buf_release(&in);
    free(views);
    return ok ? 0 : 1;
}
