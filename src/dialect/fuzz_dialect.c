/* Requests: what is accepted is amended, written, and accepted again with the same meaning.
 * Answers: fed whole and in pieces, the guard says, releases and asks the same. The first byte
 * chooses what the rest is, the second how it is cut. */
#include "dialect/openai.h"
#include "dialect/test_answer_run.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pst_json *parse(const struct pst_openai_names *names, struct pst_arena *arena,
                              struct pst_str body)
{
    struct pst_json_config c = pst_json_config_of(1 << 20, 7);
    c.names = &names->names;
    return pst_json_parse(&c, arena, body, NULL);
}

static void check_segments(const struct pst_exchange *x)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < x->n_segments; i++) {
        struct pst_buf path;
        pst_buf_init(&path, 1 << 16);
        pst_segment_path(x, &x->segments[i], &path);
        PST_BUG_ON(path.n == 0);
        pst_buf_release(&path);
        bytes += pst_segment_text(&x->segments[i]).n;
    }
    PST_BUG_ON(bytes != x->text_bytes);
}

static void fuzz_request(const struct pst_openai_names *names, struct pst_str body, bool state)
{
    struct pst_arena arena, again;
    struct pst_exchange x, y;
    struct pst_err err;
    struct pst_buf out;
    const struct pst_openai_config config = {{64, 16, 8}, state};
    pst_arena_init(&arena, 4096, 1 << 24);
    pst_arena_init(&again, 4096, 1 << 24);
    pst_buf_init(&out, 1 << 22);
    struct pst_json *root = parse(names, &arena, body);
    if (root != NULL && pst_openai_read(&config, &arena, root, &x, &err) == PST_OK) {
        check_segments(&x);
        size_t segments = x.n_segments, unknown = x.unknown_members;
        PST_BUG_ON(!pst_exchange_cap_tokens(&x, 100, /* legacy= */ false));
        PST_BUG_ON(!pst_exchange_want_usage(&x));
        PST_BUG_ON(pst_exchange_write(&x, &out, &err) != PST_OK);
        struct pst_json *second = parse(names, &again, pst_buf_str(&out));
        PST_BUG_ON(second == NULL);
        PST_BUG_ON(pst_openai_read(&config, &again, second, &y, &err) != PST_OK);
        PST_BUG_ON(y.n_segments != segments || y.unknown_members != unknown);
        PST_BUG_ON(y.max_tokens == 0 || y.max_tokens > 100);
        PST_BUG_ON(!pst_str_eq(x.model, y.model) || x.stream != y.stream || x.n != y.n);
        PST_BUG_ON(y.stream && !y.usage_asked);
        while (x.n_tools > 0) {
            PST_BUG_ON(pst_exchange_strip_tool(&x, x.tools[0].name) == 0);
        }
    }
    pst_buf_release(&out);
    pst_arena_release(&arena);
    pst_arena_release(&again);
}

/* Releases all but the last two bytes, at a character's start; turns nothing into anything. */
static enum pst_status lag(void *ctx, const struct pst_lane *lane, struct pst_str held, bool end,
                           size_t *ret_taken, struct pst_buf *out, struct pst_err *err)
{
    (void)ctx;
    (void)lane;
    (void)err;
    size_t n = end ? held.n : held.n > 2 ? held.n - 2 : 0;
    while (n > 0 && n < held.n && (held.p[n] & 0xC0) == 0x80) {
        n--;
    }
    *ret_taken = n;
    pst_buf_add(out, pst_str_cut(held, 0, n));
    return PST_OK;
}

static void fuzz_answer(const struct pst_openai_names *names, struct pst_str body, uint8_t how,
                        uint8_t cut)
{
    static const struct pst_lane_filter filter = {lag};
    struct run runs[2];
    for (size_t i = 0; i < 2; i++) {
        struct run *r = &runs[i];
        run_init(r, (how & 1) != 0);
        r->config.filter = (how & 2) != 0 ? &filter : NULL;
        r->config.usage_asked = (how & 4) != 0;
        r->config.limits.bytes = 1 << 18;
        r->config.limits.event_bytes = 1 << 14;
        r->config.limits.hold_bytes = 1 << 10;
        r->status = (how & 8) != 0 ? 400 : 200;
        if ((how & 16) != 0) {
            r->deny = PST_STR("put");
        }
        run_answer(r, names, body, i == 0 ? 0 : cut >= 128 ? (1U << 16) + cut : (size_t)cut + 1);
        PST_BUG_ON(!r->ended);
        PST_BUG_ON(!r->config.stream && r->st != PST_OK && r->out.n > 0);
    }
    PST_BUG_ON(runs[0].st != runs[1].st || runs[0].err.code != runs[1].err.code);
    PST_BUG_ON(!pst_str_eq(pst_buf_str(&runs[0].out), pst_buf_str(&runs[1].out)));
    PST_BUG_ON(!pst_str_eq(pst_buf_str(&runs[0].decided), pst_buf_str(&runs[1].decided)));
    run_release(&runs[0]);
    run_release(&runs[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pst_openai_names request_names, answer_names;
    if (request_names.names.n == 0) {
        pst_openai_request_names(&request_names);
        pst_openai_answer_names(&answer_names);
    }
    if (size < 2) {
        return 0;
    }
    struct pst_str body = pst_str_from(pst_str_of(data, size), 2);
    if (data[0] >= 'a') {
        fuzz_request(&request_names, body, data[0] == 'b');
    } else {
        fuzz_answer(&answer_names, body, data[0], data[1]);
    }
    return 0;
}
