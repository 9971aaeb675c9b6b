#include "mask/lane_guard.h"

#include "inspect/answer/link.h"
#include "inspect/answer/terminal.h"
#include "mask/inside.h"

/* A hold that grows without an end is not looked at again with every token: else a long one would
 * cost its square. */
enum { RESCAN_FREE = 1024, RESCAN_GROWTH = 4 /* a quarter more */ };

struct pst_guard_lane {
    struct pst_guard_lane *next;
    uint32_t choice;
    uint8_t kind;
    struct pst_str name;
    uint8_t before[PST_GUARD_CONTEXT]; /* the end of what was taken, as the model wrote it */
    size_t before_n;
    size_t scanned; /* bytes of `plain` when it was looked at last */
    struct pst_terminal terminal;
    struct pst_buf plain; /* without escapes; not looked at to its end */
    struct pst_links links;
    struct pst_buf ready; /* looked at and restored; an address in it may not be whole */
    struct pst_leak leak;
};

void pst_lane_guard_release(struct pst_lane_guard *g)
{
    for (struct pst_guard_lane *l = g->lanes; l != NULL; l = l->next) {
        pst_buf_release(&l->plain);
        pst_buf_release(&l->ready);
    }
    g->lanes = NULL;
}

static enum pst_status no_memory(struct pst_err *err)
{
    return pst_fail(err, PST_E_UNINSPECTED, "no memory to inspect the answer");
}

static enum pst_status lane_of(struct pst_lane_guard *g, const struct pst_lane *id,
                               struct pst_guard_lane **ret, struct pst_err *err)
{
    for (struct pst_guard_lane *l = g->lanes; l != NULL; l = l->next) {
        if (l->choice == id->choice && l->kind == id->kind && pst_str_eq(l->name, id->name)) {
            *ret = l;
            return PST_OK;
        }
    }
    struct pst_guard_lane *l = PST_ARENA_NEW(g->arena, struct pst_guard_lane);
    struct pst_str name = pst_arena_copy(g->arena, id->name);
    if (l == NULL || (id->name.n > 0 && name.p == NULL)) {
        return no_memory(err);
    }
    l->choice = id->choice;
    l->kind = id->kind;
    l->name = name;
    /* one piece may be large; what stays behind is checked after each */
    pst_buf_init(&l->plain, SIZE_MAX / 4);
    pst_buf_init(&l->ready, SIZE_MAX / 4);
    pst_links_init(&l->links, g->hosts, g->strict);
    if (g->prompt != NULL && pst_leak_init(&l->leak, g->prompt, g->seed, g->arena, err) != PST_OK) {
        return no_memory(err);
    }
    l->next = g->lanes;
    g->lanes = l;
    *ret = l;
    return PST_OK;
}

/* Keeps the end of what was taken, from a character's start on. The last finding in it is blanked:
 * it is settled, and nothing that begins in it may be found again with what follows. */
static void remember(struct pst_guard_lane *l, struct pst_str taken, struct pst_stretch settled)
{
    uint8_t joined[2 * PST_GUARD_CONTEXT];
    struct pst_str last = pst_str_from(
        taken, taken.n > PST_GUARD_CONTEXT ? taken.n - PST_GUARD_CONTEXT : 0);
    memcpy(joined, l->before, l->before_n);
    if (last.n > 0) {
        memcpy(&joined[l->before_n], last.p, last.n);
    }
    for (size_t i = 0, at = taken.n - last.n; i < last.n; i++, at++) {
        if (at >= settled.start && at < settled.end) {
            joined[l->before_n + i] = ' ';
        }
    }
    size_t n = l->before_n + last.n, from = n > PST_GUARD_CONTEXT ? n - PST_GUARD_CONTEXT : 0;
    while (from < n && (joined[from] & 0xC0) == 0x80) {
        from++;
    }
    l->before_n = n - from;
    memcpy(l->before, &joined[from], l->before_n);
}

/* Looks for findings and tokens in l->plain. */
static enum pst_status look(struct pst_lane_guard *g, struct pst_guard_lane *l, bool end,
                            struct pst_buf *out, struct pst_err *err)
{
    struct pst_str plain = pst_buf_str(&l->plain);
    size_t taken = 0;
    if (plain.n == 0 ||
        (!end && plain.n > RESCAN_FREE && plain.n < l->scanned + l->scanned / RESCAN_GROWTH)) {
        return PST_OK;
    }
    const struct pst_scan_text text = {
        .text = plain, .before = pst_str_of(l->before, l->before_n), .more = !end};
    struct pst_stretch settled = {0, 0};
    if (pst_unmask_text(&g->mask, &text, g->now_ms, &taken, &settled, out, err) != PST_OK) {
        return PST_ERR;
    }
    remember(l, pst_str_cut(plain, 0, taken), settled);
    l->scanned = taken == 0 ? plain.n : 0;
    pst_buf_consume(&l->plain, taken);
    return PST_OK;
}

/* Whether the operator's prompt is told, before the words that tell it are let go. */
static enum pst_status leak_look(struct pst_lane_guard *g, struct pst_leak *leak,
                                 struct pst_str text, bool end, struct pst_err *err)
{
    if (g->prompt == NULL) {
        return PST_OK;
    }
    pst_leak_push(leak, text);
    if (end) {
        pst_leak_end(leak);
    }
    if (pst_leak_found(leak)) {
        g->prompt_told = true;
        if (g->prompt_stops) {
            return pst_fail(err, PST_E_SENSITIVE_DATA, "the answer tells the operator's prompt");
        }
    }
    return PST_OK;
}

/* What is held back is held here: each stage has text of its own. */
static enum pst_status push_text(struct pst_lane_guard *g, const struct pst_lane *lane,
                                 struct pst_str held, bool end, size_t *ret_taken,
                                 struct pst_buf *out, struct pst_err *err)
{
    struct pst_guard_lane *l = NULL;
    if (lane_of(g, lane, &l, err) != PST_OK) {
        return PST_ERR;
    }
    *ret_taken = held.n;
    bool rules = g->hosts != NULL;
    if (rules ? !pst_terminal_push(&l->terminal, held, end, &l->plain)
              : !pst_buf_add(&l->plain, held)) {
        return no_memory(err);
    }
    struct pst_buf *looked = rules ? &l->ready : out;
    size_t before = looked->n;
    if (look(g, l, end, looked, err) != PST_OK) {
        return PST_ERR;
    }
    if (looked->failed) {
        return no_memory(err);
    }
    if (leak_look(g, &l->leak, pst_str_from(pst_buf_str(looked), before), end, err) != PST_OK) {
        return PST_ERR;
    }
    size_t taken = 0;
    if (rules &&
        pst_links_push(&l->links, pst_buf_str(&l->ready), end, &taken, out, err) != PST_OK) {
        return PST_ERR;
    }
    pst_buf_consume(&l->ready, taken);
    if (end) { /* another text of this lane may come, but it begins anew */
        l->terminal = (struct pst_terminal){0};
        pst_links_init(&l->links, g->hosts, g->strict);
    }
    if (l->plain.n + l->ready.n > g->hold_max) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER,
                        "more text would have to be held back than the limit allows");
    }
    return PST_OK;
}

static enum pst_status one_argument(void *ctx, struct pst_str key, struct pst_str text,
                                    struct pst_buf *out, struct pst_err *err)
{
    struct pst_lane_guard *g = ctx;
    const struct pst_scan_text in = {.text = text, .key = key};
    size_t taken, before = out->n;
    if (pst_unmask_text(&g->mask, &in, g->now_ms, &taken, /* ret_last= */ NULL, out, err) !=
        PST_OK) {
        return PST_ERR;
    }
    struct pst_str restored = pst_str_from(pst_buf_str(out), before);
    if (g->said != NULL &&
        pst_argument_inspect(g->said, restored, g->arena, &g->unsaid, err) != PST_OK) {
        return no_memory(err);
    }
    if (g->prompt != NULL && g->argument_leak.seen == NULL &&
        pst_leak_init(&g->argument_leak, g->prompt, g->seed, g->arena, err) != PST_OK) {
        return no_memory(err);
    }
    return leak_look(g, &g->argument_leak, restored, /* end= */ true, err);
}

/* Ids, names and citations: a token there is not restored, nor is what only looks random a secret.
 */
static enum pst_status push_atom(struct pst_lane_guard *g, struct pst_str held, struct pst_buf *out,
                                 struct pst_err *err)
{
    struct pst_mask mask = g->mask;
    const struct pst_scan_text in = {.text = held};
    size_t taken;
    mask.vault = NULL;
    mask.ident = true;
    return pst_unmask_text(&mask, &in, g->now_ms, &taken, /* ret_last= */ NULL, out, err);
}

static enum pst_status push(void *ctx, const struct pst_lane *lane, struct pst_str held, bool end,
                            size_t *ret_taken, struct pst_buf *out, struct pst_err *err)
{
    struct pst_lane_guard *g = ctx;
    const struct pst_inside inside = {
        .arena = g->arena, .seed = g->seed, .text = one_argument, .ctx = g};
    switch (lane->kind) {
    case PST_LANE_ARGUMENTS:
        *ret_taken = held.n;
        return pst_inside_apply(&inside, (struct pst_str){NULL, 0}, held, out, err);
    case PST_LANE_ATOM:
        *ret_taken = held.n;
        return push_atom(g, held, out, err);
    default:
        return push_text(g, lane, held, end, ret_taken, out, err);
    }
}

const struct pst_lane_filter pst_lane_guard_filter = {.push = push};
