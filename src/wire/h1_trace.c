/* See h1_trace.h; compiled into tests and fuzz targets only. */
#include "wire/h1_trace.h"

#include <stdlib.h>
#include <string.h>

struct h1_trace_plan h1_trace_plan(enum pst_h1_kind kind)
{
    return (struct h1_trace_plan){
        .kind = kind,
        .expect = PST_H1_GET,
        .limits = {.line_bytes = 4096,
                   .head_bytes = 32768,
                   .header_bytes = 16384,
                   .headers = 100,
                   .interims = 8,
                   .chunks = 1000,
                   .body_bytes = 1 << 20},
        .arena_cap = 1 << 20,
    };
}

static void put_head(struct pst_buf *out, const struct pst_h1_head *head)
{
    pst_buf_fmt(out, "HEAD %d v=%u keep=%d up=%d body=%d len=%llu expect=%d status=%u\n",
                head->method, head->minor, head->keep_alive, head->upgrade, head->body,
                (unsigned long long)head->content_length, head->expect_continue, head->status);
    const struct pst_str parts[] = {head->method_name, head->path, head->query, head->host,
                                    head->reason};
    for (size_t i = 0; i < PST_LEN(parts); i++) {
        PST_BUF_LIT(out, " ");
        pst_buf_add(out, parts[i]);
        PST_BUF_LIT(out, "\n");
    }
    pst_buf_fmt(out, " has_query=%d\n", head->has_query);
    for (size_t i = 0; i < head->n_headers; i++) {
        PST_BUF_LIT(out, "  ");
        pst_buf_add(out, head->headers[i].name);
        PST_BUF_LIT(out, "=");
        pst_buf_add(out, head->headers[i].value);
        PST_BUF_LIT(out, "\n");
    }
}

/* The connection while it is played. */
struct play {
    struct pst_buf *out;
    const struct h1_trace_plan *plan;
    struct pst_h1 h;
    struct pst_arena arena;
    bool in_body, keep, done; /* done: a message that closes the connection has ended */
    enum pst_error code;
};

static void play_event(struct play *p, const struct pst_h1_event *ev, struct pst_str piece)
{
    if (ev->type == PST_H1_EVENT_BODY) {
        PST_BUG_ON(ev->body.n == 0 || ev->body.p < piece.p);
        PST_BUG_ON((size_t)(ev->body.p - piece.p) > piece.n - ev->body.n);
        if (!p->in_body) {
            PST_BUF_LIT(p->out, "BODY ");
        }
        p->in_body = true;
        pst_buf_add(p->out, ev->body);
        return;
    }
    if (p->in_body) {
        PST_BUF_LIT(p->out, "\n");
    }
    p->in_body = false;
    if (ev->type == PST_H1_EVENT_HEAD) {
        put_head(p->out, ev->head);
        p->keep = ev->head->keep_alive;
        return;
    }
    PST_BUF_LIT(p->out, "END\n");
    p->done = !p->keep;
    if (!p->done) {
        pst_h1_reset(&p->h);
        pst_arena_clear(&p->arena);
        if (p->plan->kind == PST_H1_RESPONSE) {
            pst_h1_expect(&p->h, p->plan->expect);
        }
    }
}

static void play_refused(struct play *p, enum pst_error code)
{
    struct pst_err again = {0};
    struct pst_h1_event ev;
    size_t used = 0;
    PST_BUG_ON(code == PST_E_NONE);
    PST_BUG_ON(pst_h1_feed(&p->h, PST_STR("x"), &used, &ev, &again) != PST_ERR);
    PST_BUG_ON(again.code != code);
    PST_BUG_ON(pst_h1_finish(&p->h, &ev, NULL) != PST_ERR);
    pst_buf_fmt(p->out, "%sERR %s\n", p->in_body ? "\n" : "", pst_error_row(code)->code);
    p->code = code;
}

/* false when the connection is over; *ret_used: bytes taken of the piece */
static bool play_piece(struct play *p, struct pst_str piece, size_t *ret_used)
{
    size_t at = 0;
    while (!p->done) {
        struct pst_h1_event ev;
        struct pst_err err = {0};
        size_t used = 0;
        enum pst_status st = pst_h1_feed(&p->h, pst_str_from(piece, at), &used, &ev, &err);
        if (st == PST_ERR) {
            play_refused(p, err.code);
            return false;
        }
        at += used;
        if (st == PST_AGAIN) {
            PST_BUG_ON(at != piece.n);
            break;
        }
        play_event(p, &ev, piece);
    }
    *ret_used = at;
    return !p->done;
}

static void play_finish(struct play *p)
{
    struct pst_h1_event ev = {0};
    struct pst_err err = {0};
    enum pst_status st = pst_h1_finish(&p->h, &ev, &err);
    if (st == PST_ERR) {
        pst_buf_fmt(p->out, "%sCUT %s\n", p->in_body ? "\n" : "", pst_error_row(err.code)->code);
        p->code = err.code;
    } else {
        pst_buf_fmt(p->out, "%s%s\n", p->in_body ? "\n" : "",
                    st == PST_OK ? "CLOSED END" : "CLOSED");
    }
}

enum pst_error h1_trace(struct pst_buf *out, const struct h1_trace_plan *plan, struct pst_str in)
{
    struct play p = {.out = out, .plan = plan};
    pst_arena_init(&p.arena, 4096, plan->arena_cap);
    pst_h1_init(&p.h, plan->kind, &plan->limits, &p.arena);
    if (plan->kind == PST_H1_RESPONSE) {
        pst_h1_expect(&p.h, plan->expect);
    }
    size_t at = 0;
    bool open = true;
    for (size_t i = 0; open && at < in.n; i++) {
        struct pst_str part = pst_str_cut(in, at,
                                          plan->n_cuts > 0 ? plan->cuts[i % plan->n_cuts] : in.n);
        uint8_t *block = malloc(part.n > 0 ? part.n : 1);
        PST_BUG_ON(block == NULL);
        memcpy(block, part.p, part.n);
        size_t used = part.n;
        open = play_piece(&p, pst_str_of(block, part.n), &used);
        free(block);
        at += used;
    }
    if (open) {
        play_finish(&p);
    } else if (p.done) {
        pst_buf_fmt(out, "LEFT %zu\n", in.n - at);
    }
    pst_arena_release(&p.arena);
    return p.code;
}

static bool same(const struct h1_trace_plan *plan, struct pst_str in, const size_t *cuts,
                 size_t n_cuts, struct pst_str whole, enum pst_error code)
{
    struct h1_trace_plan cut = *plan;
    cut.cuts = cuts;
    cut.n_cuts = n_cuts;
    struct pst_buf out;
    pst_buf_init(&out, SIZE_MAX / 2);
    bool ok = h1_trace(&out, &cut, in) == code && pst_str_eq(pst_buf_str(&out), whole);
    pst_buf_release(&out);
    return ok;
}

bool h1_trace_splits(struct pst_buf *out, const struct h1_trace_plan *plan, struct pst_str in,
                     enum pst_error *ret_code)
{
    size_t before = out->n;
    struct h1_trace_plan one = *plan;
    one.n_cuts = 0;
    enum pst_error code = h1_trace(out, &one, in);
    *ret_code = code;
    struct pst_str whole = pst_str_from(pst_buf_str(out), before);
    bool ok = same(plan, in, (const size_t[]){1}, 1, whole, code);
    size_t step = in.n > 4096 ? in.n / 64 : 1;
    for (size_t k = 1; ok && k < in.n; k += step) {
        ok = same(plan, in, (const size_t[]){k, SIZE_MAX}, 2, whole, code);
    }
    uint32_t seed = 1;
    for (size_t round = 0; ok && round < 16; round++) {
        size_t cuts[13];
        for (size_t i = 0; i < PST_LEN(cuts); i++) {
            seed = seed * 1664525 + 1013904223;
            cuts[i] = (seed >> 24) % (1u << (1 + round % 8));
        }
        cuts[0]++; /* not all empty */
        ok = same(plan, in, cuts, PST_LEN(cuts), whole, code);
    }
    return ok;
}
