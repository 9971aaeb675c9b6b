/* The frames of http2jp/http2-frame-test-case: a broken one ends its stream or the connection with
 * one of the codes it may; a good one, on a stream that is not there, is refused as RFC 9113 §5.1
 * says, or passes. */
#include "base/test.h"
#include "wire/h2_trace.h"

#include "base/enc.h"

#include <stdlib.h>

enum { FRAME_MAX = 4096, REFUSED = 1, PASSES = 0, HPACK = 9 };

/* A good frame's fate as the first behind the preface and a POST on stream 1. */
static const struct {
    const char *file;
    uint32_t code; /* of GOAWAY; 0: none */
} good[] = {
    {"continuation/header.json", REFUSED}, {"continuation/normal.json", REFUSED},
    {"data/normal.json", REFUSED},         {"goaway/normal.json", PASSES},
    {"headers/normal.json", HPACK},        {"headers/priority.json", HPACK},
    {"ping/normal.json", PASSES},          {"priority/normal.json", PASSES},
    {"push_promise/normal.json", REFUSED}, {"rst_stream/normal.json", REFUSED},
    {"settings/normal.json", PASSES},      {"window_update/normal.json", REFUSED},
};

static struct h2_trace trace;

static struct pst_str member(struct pst_str row, const char *name)
{
    char key[32];
    snprintf(key, sizeof key, "\"%s\": ", name);
    size_t at = pst_str_find(row, pst_str_c(key));
    assert_true(at != PST_NPOS);
    struct pst_str rest = pst_str_from(row, at + strlen(key));
    if (rest.p[0] == '"') {
        rest = pst_str_from(rest, 1);
        return pst_str_cut(rest, 0, pst_str_find_byte(rest, '"'));
    }
    return pst_str_cut(rest, 0, pst_str_find_byte(rest, rest.p[0] == '[' ? ']' : ','));
}

static bool allowed(struct pst_str file, struct pst_str errors, uint32_t code)
{
    if (pst_str_eq(errors, PST_STR("null"))) {
        for (size_t i = 0; i < PST_LEN(good); i++) {
            if (pst_str_eq(file, pst_str_c(good[i].file))) {
                return code == good[i].code;
            }
        }
        return false;
    }
    if (pst_str_eq(file, PST_STR("error/priority-frame-stream.json"))) {
        return code == 0; /* priorities are not looked at, RFC 9218 §2.1 */
    }
    char digit = (char)('0' + code % 10); /* the suite knows 1 and 6 */
    return code > 0 && code < 10 && pst_str_find_byte(errors, (uint8_t)digit) != PST_NPOS;
}

static bool check_row(struct pst_str row)
{
    static uint8_t frame[FRAME_MAX];
    struct pst_h2_limits limits = h2_trace_limits();
    struct pst_str wire = member(row, "wire"), file = member(row, "file");
    struct pst_buf in;
    uint32_t code = 0;
    assert_true(wire.n / 2 <= sizeof frame && pst_hex_get(wire, frame, wire.n / 2));
    assert_true(h2_trace_open(&trace, &limits));
    pst_buf_init(&in, 1 << 16);
    h2_put_begin(&in);
    if (!pst_str_starts(file, PST_STR("headers/"))) {
        h2_put_headers(&in, 1, ":method: POST\n:scheme: http\n:path: /\n:authority: h\n", false);
    }
    pst_buf_add(&in, pst_str_of(frame, wire.n / 2));
    (void)h2_trace_feed(&trace, pst_buf_str(&in));
    if (h2_count_frames(pst_buf_str(&trace.out), 7, NULL, &code) == 0) {
        (void)h2_count_frames(pst_buf_str(&trace.out), 3, NULL, &code);
    }
    bool ok = allowed(file, member(row, "error"), code);
    if (!ok) {
        print_message("%.*s: %u\n", PST_FMT(file), code);
    }
    pst_buf_release(&in);
    h2_trace_close(&trace);
    return ok;
}

static void test_frames(void **state)
{
    (void)state;
    char path[4096];
    const char *base = getenv("POSTERN_VECTORS");
    snprintf(path, sizeof path, "%s/http/http2-frames/frames.jsonl",
             base != NULL ? base : PST_SOURCE_ROOT "/../shared/vectors");
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        const char *ci = getenv("CI");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        printf("skipped: HTTP/2 frames\n");
        skip();
        return;
    }
    char *line = NULL;
    size_t cap = 0, rows = 0, wrong = 0;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0; rows++) {
        wrong += check_row(pst_str_of(line, (size_t)n)) ? 0 : 1;
    }
    free(line);
    fclose(f);
    assert_int_equal(wrong, 0);
    assert_int_equal(rows, 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
