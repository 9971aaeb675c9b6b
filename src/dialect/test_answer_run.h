/* Shared by the tests and the fuzz target of the answer guard: runs an answer through it in pieces
 * of a given size and gathers everything that is released. */
#ifndef PST_DIALECT_TEST_ANSWER_RUN_H
#define PST_DIALECT_TEST_ANSWER_RUN_H

#include "dialect/openai.h"
#include "dialect/openai_answer.h"

#include <stdbool.h>
#include <stdint.h>

struct run {
    struct pst_answer_config config; /* arena and names are filled in */
    uint32_t status;
    struct pst_str media_type; /* empty: the one that fits */
    struct pst_str deny;       /* the tool that is denied; others are allowed */
    /* results */
    enum pst_status st; /* the last answer of the guard */
    struct pst_err err;
    struct pst_buf out;
    struct pst_buf decided; /* "choice:index:id:name:arguments:type:offered;" */
    struct pst_answer_facts facts;
    bool ended;
};

static inline void run_init(struct run *r, bool stream)
{
    *r = (struct run){.status = 200};
    r->config.stream = stream;
    r->config.choices = 4;
    r->config.limits = pst_answer_limits_default();
    r->config.request_id = PST_STR("req1");
    pst_buf_init(&r->out, 1 << 22);
    pst_buf_init(&r->decided, 1 << 20);
}

static inline void run_release(struct run *r)
{
    pst_buf_release(&r->out);
    pst_buf_release(&r->decided);
}

static inline bool run_decide(struct run *r, const struct pst_answer_call *call)
{
    pst_buf_u64(&r->decided, call->choice);
    pst_buf_byte(&r->decided, ':');
    pst_buf_u64(&r->decided, call->index);
    pst_buf_byte(&r->decided, ':');
    pst_buf_add(&r->decided, call->id);
    pst_buf_byte(&r->decided, ':');
    pst_buf_add(&r->decided, call->name);
    pst_buf_byte(&r->decided, ':');
    pst_buf_add(&r->decided, call->arguments);
    pst_buf_byte(&r->decided, ':');
    pst_buf_u64(&r->decided, call->type);
    pst_buf_byte(&r->decided, ':');
    pst_buf_u64(&r->decided, call->offered);
    pst_buf_byte(&r->decided, ';');
    return r->deny.n == 0 || !pst_str_eq(call->name, r->deny);
}

static inline enum pst_status run_verdicts(struct run *r, struct pst_answer *a, enum pst_status st)
{
    while (st == PST_AGAIN) {
        bool allow = run_decide(r, &a->pending);
        st = pst_answer_verdict(a, allow, &r->out, &r->err);
    }
    return st;
}

/* Size of the next piece: `cut` 0: all; at most 1 << 16: fixed; above: a seed of random sizes. */
static inline size_t run_piece(size_t *seed, size_t cut, size_t left)
{
    size_t n = cut;
    if (cut > (1U << 16)) {
        *seed = *seed * 6364136223846793005U + 1442695040888963407U;
        n = 1 + (*seed >> 33) % 97;
    }
    return n == 0 || n > left ? left : n;
}

static inline void run_answer(struct run *r, const struct pst_openai_names *names,
                              struct pst_str body, size_t cut)
{
    struct pst_arena arena;
    struct pst_answer a;
    pst_arena_init(&arena, 4096, 1 << 24);
    pst_buf_clear(&r->out);
    pst_buf_clear(&r->decided);
    r->err = (struct pst_err){.code = PST_E_NONE};
    r->config.arena = &arena;
    r->config.names = &names->names;
    struct pst_str media = r->config.stream && r->status == 200
                               ? PST_STR("text/event-stream; charset=utf-8")
                               : PST_STR("application/json");
    r->st = pst_answer_init(&a, &r->config, &r->err);
    if (r->st == PST_OK) {
        r->st = pst_answer_begin(&a, r->status, r->media_type.n > 0 ? r->media_type : media,
                                 &r->err);
    }
    size_t at = 0, seed = cut;
    while (r->st == PST_OK && at < body.n) {
        size_t used = 0;
        size_t n = run_piece(&seed, cut, body.n - at);
        /* an exact copy, so that a read past the piece is seen */
        struct pst_buf piece;
        pst_buf_init(&piece, n);
        pst_buf_add(&piece, pst_str_cut(body, at, n));
        r->st = pst_answer_feed(&a, pst_buf_str(&piece), &used, &r->out, &r->err);
        PST_BUG_ON(r->st == PST_OK && used != n);
        pst_buf_release(&piece);
        at += used;
        r->st = run_verdicts(r, &a, r->st);
    }
    if (r->st == PST_OK) {
        r->st = run_verdicts(r, &a, pst_answer_finish(&a, &r->out, &r->err));
    }
    r->facts = a.facts;
    r->ended = a.s != NULL && pst_answer_ended(&a);
    pst_answer_release(&a);
    pst_arena_release(&arena);
}

#endif
