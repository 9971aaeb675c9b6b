/* llhttp's own fixtures, every row: what llhttp rejects in strict mode is refused here, and what it
 * accepts, also under its leniency switches, is pinned with our decision. */
#include "base/test.h"
#include "wire/h1_trace.h"

#include "base/enc.h"

#include <stdlib.h>

/* Our decision: the last line of the trace. Accepted are CLOSED (all messages complete), CLOSED END
 * (complete by close), CUT http_framing (only the end of the body is missing in the row). LEFT:
 * complete, and the bytes after a message that closes the connection are nobody's. "router":
 * complete, with a method that this parser reports by name only and no route has. */
struct pin {
    const char *file;
    unsigned line;
    const char *decision;
};

static const struct pin pins[] = {
    {"request/connection.md", 9, "CLOSED"},
    {"request/connection.md", 37, "ERR http_host"},
    {"request/connection.md", 84, "LEFT 19"},
    {"request/connection.md", 113, "LEFT 47"},
    {"request/connection.md", 159, "ERR http_syntax"},
    {"request/connection.md", 211, "ERR http_bare_lf"},
    {"request/connection.md", 239, "LEFT 0"},
    {"request/connection.md", 267, "LEFT 0"},
    {"request/connection.md", 297, "LEFT 18"},
    {"request/connection.md", 347, "LEFT 18"},
    {"request/connection.md", 397, "LEFT 18"},
    {"request/connection.md", 456, "ERR http_header"},
    {"request/connection.md", 484, "ERR http_header"},
    {"request/connection.md", 545, "ERR http_header"},
    {"request/connection.md", 579, "ERR http_header"},
    {"request/connection.md", 614, "ERR http_syntax"},
    {"request/connection.md", 640, "ERR http_syntax"},
    {"request/connection.md", 682, "ERR http_header"},
    {"request/connection.md", 716, "ERR http_header"},
    {"request/connection.md", 756, "ERR http_header"},
    {"request/connection.md", 815, "ERR http_header"},
    {"request/content-length.md", 7, "ERR http_framing"},
    {"request/content-length.md", 44, "ERR http_framing"},
    {"request/content-length.md", 78, "ERR http_framing"},
    {"request/content-length.md", 103, "ERR http_framing"},
    {"request/content-length.md", 132, "ERR http_framing"},
    {"request/content-length.md", 162, "ERR http_header"},
    {"request/content-length.md", 192, "ERR http_header"},
    {"request/content-length.md", 232, "ERR http_framing"},
    {"request/content-length.md", 264, "LEFT 0"},
    {"request/content-length.md", 293, "ERR http_framing"},
    {"request/content-length.md", 320, "ERR http_framing"},
    {"request/content-length.md", 347, "ERR http_framing"},
    {"request/content-length.md", 373, "ERR http_framing"},
    {"request/content-length.md", 399, "ERR http_framing"},
    {"request/content-length.md", 424, "ERR http_bare_lf"},
    {"request/content-length.md", 447, "CUT http_framing"},
    {"request/content-length.md", 496, "ERR http_bare_lf"},
    {"request/content-length.md", 522, "ERR http_bare_lf"},
    {"request/finish.md", 9, "CLOSED"},
    {"request/finish.md", 33, "CUT http_framing"},
    {"request/finish.md", 58, "ERR http_syntax"},
    {"request/invalid.md", 7, "ERR http_syntax"},
    {"request/invalid.md", 28, "ERR http_syntax"},
    {"request/invalid.md", 48, "ERR http_syntax"},
    {"request/invalid.md", 69, "router"},
    {"request/invalid.md", 90, "ERR http_bare_lf"},
    {"request/invalid.md", 116, "ERR http_bare_lf"},
    {"request/invalid.md", 150, "ERR http_bare_lf"},
    {"request/invalid.md", 184, "ERR http_bare_lf"},
    {"request/invalid.md", 219, "ERR http_bare_lf"},
    {"request/invalid.md", 257, "ERR http_bare_lf"},
    {"request/invalid.md", 290, "ERR http_syntax"},
    {"request/invalid.md", 313, "ERR http_syntax"},
    {"request/invalid.md", 336, "ERR http_syntax"},
    {"request/invalid.md", 359, "router"},
    {"request/invalid.md", 375, "ERR http_syntax"},
    {"request/invalid.md", 399, "ERR http_bare_lf"},
    {"request/invalid.md", 428, "ERR http_bare_lf"},
    {"request/invalid.md", 458, "ERR http_bare_lf"},
    {"request/invalid.md", 493, "ERR http_version"},
    {"request/invalid.md", 512, "ERR http_syntax"},
    {"request/invalid.md", 534, "ERR http_bare_lf"},
    {"request/invalid.md", 571, "ERR http_bare_lf"},
    {"request/invalid.md", 654, "ERR http_syntax"},
    {"request/invalid.md", 690, "ERR http_syntax"},
    {"request/lenient-header-value-relaxed.md", 13, "ERR http_syntax"},
    {"request/lenient-header-value-relaxed.md", 43, "ERR http_syntax"},
    {"request/lenient-header-value-relaxed.md", 71, "ERR http_bare_lf"},
    {"request/lenient-header-value-relaxed.md", 106, "ERR http_bare_lf"},
    {"request/lenient-header-value-relaxed.md", 141, "ERR http_syntax"},
    {"request/lenient-headers.md", 9, "ERR http_syntax"},
    {"request/lenient-headers.md", 37, "ERR http_syntax"},
    {"request/lenient-headers.md", 85, "ERR http_syntax"},
    {"request/lenient-headers.md", 112, "ERR http_bare_lf"},
    {"request/lenient-version.md", 7, "ERR http_version"},
    {"request/method.md", 7, "router"},
    {"request/method.md", 30, "ERR http_method"},
    {"request/method.md", 65, "ERR http_method"},
    {"request/method.md", 99, "ERR http_method"},
    {"request/method.md", 138, "ERR http_syntax"},
    {"request/method.md", 176, "CLOSED"},
    {"request/method.md", 220, "router"},
    {"request/method.md", 248, "router"},
    {"request/method.md", 276, "router"},
    {"request/method.md", 314, "router"},
    {"request/method.md", 347, "router"},
    {"request/method.md", 375, "ERR http_syntax"},
    {"request/method.md", 405, "ERR http_syntax"},
    {"request/method.md", 433, "ERR http_syntax"},
    {"request/method.md", 461, "ERR http_syntax"},
    {"request/method.md", 485, "router"},
    {"request/pipelining.md", 7, "ERR http_syntax"},
    {"request/sample.md", 9, "CLOSED"},
    {"request/sample.md", 47, "CLOSED"},
    {"request/sample.md", 70, "ERR http_host"},
    {"request/sample.md", 108, "ERR http_host"},
    {"request/sample.md", 171, "CLOSED"},
    {"request/sample.md", 199, "CLOSED"},
    {"request/sample.md", 222, "CLOSED"},
    {"request/sample.md", 253, "LEFT 0"},
    {"request/sample.md", 294, "ERR http_syntax"},
    {"request/sample.md", 317, "ERR http_syntax"},
    {"request/sample.md", 336, "ERR http_syntax"},
    {"request/sample.md", 398, "ERR http_bare_lf"},
    {"request/sample.md", 436, "ERR http_bare_lf"},
    {"request/sample.md", 458, "ERR http_bare_lf"},
    {"request/sample.md", 481, "ERR http_syntax"},
    {"request/sample.md", 511, "CLOSED"},
    {"request/sample.md", 541, "CLOSED"},
    {"request/sample.md", 576, "ERR http_syntax"},
    {"request/transfer-encoding.md", 9, "ERR http_framing"},
    {"request/transfer-encoding.md", 36, "CLOSED"},
    {"request/transfer-encoding.md", 73, "CLOSED"},
    {"request/transfer-encoding.md", 110, "CLOSED"},
    {"request/transfer-encoding.md", 147, "CLOSED"},
    {"request/transfer-encoding.md", 189, "ERR http_framing"},
    {"request/transfer-encoding.md", 241, "ERR http_framing"},
    {"request/transfer-encoding.md", 294, "ERR http_framing"},
    {"request/transfer-encoding.md", 331, "ERR http_framing"},
    {"request/transfer-encoding.md", 369, "ERR http_framing"},
    {"request/transfer-encoding.md", 427, "ERR http_framing"},
    {"request/transfer-encoding.md", 470, "ERR http_framing"},
    {"request/transfer-encoding.md", 498, "ERR http_framing"},
    {"request/transfer-encoding.md", 539, "ERR http_framing"},
    {"request/transfer-encoding.md", 577, "ERR http_framing"},
    {"request/transfer-encoding.md", 616, "ERR http_framing"},
    {"request/transfer-encoding.md", 647, "ERR http_framing"},
    {"request/transfer-encoding.md", 683, "ERR http_framing"},
    {"request/transfer-encoding.md", 716, "ERR http_framing"},
    {"request/transfer-encoding.md", 754, "ERR http_framing"},
    {"request/transfer-encoding.md", 796, "ERR http_framing"},
    {"request/transfer-encoding.md", 843, "ERR http_framing"},
    {"request/transfer-encoding.md", 880, "ERR http_framing"},
    {"request/transfer-encoding.md", 914, "ERR http_framing"},
    {"request/transfer-encoding.md", 945, "ERR http_syntax"},
    {"request/transfer-encoding.md", 980, "ERR http_framing"},
    {"request/transfer-encoding.md", 1029, "ERR http_framing"},
    {"request/transfer-encoding.md", 1101, "ERR http_framing"},
    {"request/transfer-encoding.md", 1144, "ERR http_framing"},
    {"request/transfer-encoding.md", 1187, "ERR http_framing"},
    {"request/transfer-encoding.md", 1218, "ERR http_framing"},
    {"request/uri.md", 7, "ERR http_syntax"},
    {"request/uri.md", 32, "CLOSED"},
    {"request/uri.md", 55, "ERR http_syntax"},
    {"request/uri.md", 78, "ERR http_syntax"},
    {"request/uri.md", 105, "ERR http_syntax"},
    {"request/uri.md", 128, "ERR http_syntax"},
    {"request/uri.md", 151, "ERR http_syntax"},
    {"request/uri.md", 168, "ERR http_syntax"},
    {"request/uri.md", 191, "ERR http_method"},
    {"request/uri.md", 225, "ERR http_syntax"},
    {"request/uri.md", 248, "ERR http_syntax"},
    {"response/connection.md", 7, "CLOSED"},
    {"response/connection.md", 52, "ERR http_framing"},
    {"response/connection.md", 80, "ERR http_framing"},
    {"response/connection.md", 116, "ERR http_framing"},
    {"response/connection.md", 139, "ERR http_framing"},
    {"response/connection.md", 167, "LEFT 15"},
    {"response/connection.md", 196, "LEFT 31"},
    {"response/connection.md", 230, "LEFT 31"},
    {"response/connection.md", 263, "LEFT 15"},
    {"response/connection.md", 296, "ERR http_syntax"},
    {"response/connection.md", 334, "ERR http_syntax"},
    {"response/connection.md", 377, "ERR http_header"},
    {"response/connection.md", 408, "ERR http_header"},
    {"response/connection.md", 445, "ERR http_header"},
    {"response/connection.md", 495, "ERR http_syntax"},
    {"response/connection.md", 540, "CLOSED"},
    {"response/connection.md", 589, "ERR http_syntax"},
    {"response/connection.md", 644, "ERR http_syntax"},
    {"response/content-length.md", 13, "CLOSED END"},
    {"response/content-length.md", 86, "CLOSED"},
    {"response/content-length.md", 126, "CUT http_framing"},
    {"response/content-length.md", 171, "ERR http_framing"},
    {"response/finish.md", 9, "ERR http_framing"},
    {"response/invalid.md", 7, "ERR http_syntax"},
    {"response/invalid.md", 22, "ERR http_syntax"},
    {"response/invalid.md", 39, "ERR http_syntax"},
    {"response/invalid.md", 56, "ERR http_syntax"},
    {"response/invalid.md", 75, "ERR http_syntax"},
    {"response/invalid.md", 93, "ERR http_syntax"},
    {"response/invalid.md", 111, "ERR http_bare_lf"},
    {"response/invalid.md", 135, "ERR http_bare_lf"},
    {"response/invalid.md", 154, "ERR http_bare_lf"},
    {"response/invalid.md", 179, "ERR http_bare_lf"},
    {"response/invalid.md", 198, "ERR http_version"},
    {"response/invalid.md", 215, "ERR http_syntax"},
    {"response/invalid.md", 234, "ERR http_syntax"},
    {"response/invalid.md", 252, "ERR http_framing"},
    {"response/invalid.md", 272, "ERR http_syntax"},
    {"response/invalid.md", 290, "ERR http_bare_lf"},
    {"response/invalid.md", 307, "ERR http_bare_lf"},
    {"response/invalid.md", 330, "ERR http_bare_lf"},
    {"response/invalid.md", 351, "ERR http_bare_lf"},
    {"response/lenient-version.md", 7, "ERR http_version"},
    {"response/pipelining.md", 7, "ERR http_syntax"},
    {"response/sample.md", 7, "CLOSED"},
    {"response/sample.md", 43, "ERR http_syntax"},
    {"response/sample.md", 63, "ERR http_syntax"},
    {"response/sample.md", 85, "ERR http_syntax"},
    {"response/sample.md", 101, "ERR http_framing"},
    {"response/sample.md", 121, "CLOSED"},
    {"response/sample.md", 199, "CLOSED"},
    {"response/sample.md", 274, "ERR http_framing"},
    {"response/sample.md", 294, "ERR http_syntax"},
    {"response/sample.md", 313, "ERR http_framing"},
    {"response/sample.md", 333, "ERR http_bare_lf"},
    {"response/sample.md", 354, "ERR http_bare_lf"},
    {"response/sample.md", 387, "CLOSED"},
    {"response/sample.md", 431, "CLOSED"},
    {"response/sample.md", 497, "LEFT 0"},
    {"response/sample.md", 577, "ERR http_syntax"},
    {"response/sample.md", 612, "LEFT 0"},
    {"response/sample.md", 648, "ERR http_version"},
    {"response/sample.md", 672, "ERR http_framing"},
    {"response/sample.md", 698, "ERR http_syntax"},
    {"response/transfer-encoding.md", 7, "ERR http_framing"},
    {"response/transfer-encoding.md", 46, "ERR http_framing"},
    {"response/transfer-encoding.md", 77, "ERR http_framing"},
    {"response/transfer-encoding.md", 115, "ERR http_framing"},
    {"response/transfer-encoding.md", 160, "ERR http_framing"},
    {"response/transfer-encoding.md", 215, "ERR http_framing"},
    {"response/transfer-encoding.md", 251, "ERR http_framing"},
    {"response/transfer-encoding.md", 287, "ERR http_framing"},
    {"response/transfer-encoding.md", 348, "ERR http_framing"},
    {"response/transfer-encoding.md", 392, "ERR http_syntax"},
    {"url.md", 5, "ERR http_syntax"},
    {"url.md", 19, "ERR http_syntax"},
    {"url.md", 32, "ERR http_syntax"},
    {"url.md", 43, "ERR http_syntax"},
    {"url.md", 55, "ERR http_syntax"},
    {"url.md", 67, "ERR http_syntax"},
    {"url.md", 79, "ERR http_syntax"},
    {"url.md", 91, "ERR http_syntax"},
    {"url.md", 103, "ERR http_syntax"},
    {"url.md", 118, "CLOSED"},
    {"url.md", 129, "ERR http_syntax"},
    {"url.md", 140, "ERR http_syntax"},
    {"url.md", 155, "ERR http_syntax"},
    {"url.md", 169, "ERR http_syntax"},
    {"url.md", 184, "ERR http_syntax"},
    {"url.md", 195, "ERR http_syntax"},
    {"url.md", 207, "ERR http_syntax"},
    {"url.md", 219, "ERR http_syntax"},
    {"url.md", 231, "ERR http_syntax"},
    {"url.md", 244, "ERR http_syntax"},
    {"url.md", 255, "ERR http_syntax"},
};

struct row {
    struct pst_str file, type, verdict, input;
    uint64_t line;
};

/* The value of "name": in a row of one flat JSON object whose strings hold no escapes where we
 * look. */
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
    return pst_str_cut(rest, 0, pst_str_find_byte(rest, ','));
}

/* The input with a Host where a request has none, and without the fragment many targets carry,
 * since nearly all rows would be refused for that alone. */
static void put_input(struct pst_buf *out, const struct row *row, bool request)
{
    struct pst_str in = row->input;
    if (pst_str_starts(row->type, PST_STR("url"))) {
        PST_BUF_LIT(out, "GET ");
        pst_buf_add(out, in);
        PST_BUF_LIT(out, " HTTP/1.1\r\nHost: h\r\n\r\n");
        return;
    }
    size_t hash = pst_str_find(in, PST_STR("#hey HTTP/1.1\r\n"));
    if (hash != PST_NPOS) {
        pst_buf_add(out, pst_str_cut(in, 0, hash));
        in = pst_str_from(in, hash + strlen("#hey"));
    }
    size_t line = pst_str_find(in, PST_STR("\r\n"));
    bool host = pst_str_find(in, PST_STR("Host:")) != PST_NPOS;
    if (!request || host || line == PST_NPOS) {
        pst_buf_add(out, in);
        return;
    }
    pst_buf_add(out, pst_str_cut(in, 0, line + 2));
    PST_BUF_LIT(out, "Host: h\r\n");
    pst_buf_add(out, pst_str_from(in, line + 2));
}

static struct pst_str last_line(struct pst_str trace)
{
    struct pst_str s = pst_str_cut(trace, 0, trace.n - 1);
    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == '\n') {
            return pst_str_from(s, i);
        }
    }
    return s;
}

/* Plays the row; the fixtures lost the white space at their end, so that an unfinished message gets
 * line ends back. Same under every cut. */
static void decide(const struct row *row, char *ret, size_t cap)
{
    bool request = !pst_str_starts(row->type, PST_STR("response"));
    struct h1_trace_plan plan = h1_trace_plan(request ? PST_H1_REQUEST : PST_H1_RESPONSE);
    struct pst_buf in, out;
    pst_buf_init(&in, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    put_input(&in, row, request);
    for (int i = 0; i < 4; i++) {
        enum pst_error code = PST_E_NONE;
        pst_buf_clear(&out);
        assert_true(h1_trace_splits(&out, &plan, pst_buf_str(&in), &code));
        assert_true(pst_str_to_c(last_line(pst_buf_str(&out)), ret, cap));
        if (strncmp(ret, "CUT ", 4) != 0) {
            break;
        }
        PST_BUF_LIT(&in, "\r\n");
    }
    if (pst_str_starts(pst_buf_str(&out), PST_STR("HEAD 0 ")) && request) {
        snprintf(ret, cap, "router");
    }
    pst_buf_release(&in);
    pst_buf_release(&out);
}

static const char *pinned(const struct row *row)
{
    for (size_t i = 0; i < PST_LEN(pins); i++) {
        if (pins[i].line == row->line && pst_str_eq(pst_str_c(pins[i].file), row->file)) {
            return pins[i].decision;
        }
    }
    return "not pinned";
}

static bool check_row(struct pst_str text)
{
    struct row row = {member(text, "file"), member(text, "type"), member(text, "verdict"), {0}, 0};
    assert_true(pst_str_u64(member(text, "line"), &row.line));
    struct pst_str b64 = member(text, "input_b64");
    uint8_t *bytes = malloc(b64.n + 1);
    assert_non_null(bytes);
    assert_true(pst_b64_get(b64, PST_B64_STD, bytes, b64.n + 1, &row.input.n));
    row.input.p = bytes;
    char got[64];
    decide(&row, got, sizeof got);
    free(bytes);
    const char *want = pinned(&row);
    bool strict = pst_str_find(row.type, PST_STR("lenient")) == PST_NPOS;
    bool refused = strncmp(got, "ERR ", 4) == 0 ||
                   (strncmp(got, "LEFT ", 5) == 0 && strcmp(got, "LEFT 0") != 0) ||
                   strcmp(got, "router") == 0;
    bool must = strict && pst_str_eq(row.verdict, PST_STR("reject"));
    if (strcmp(got, want) != 0 || (must && !refused)) {
        printf("    {\"%.*s\", %u, \"%s\"}, /* %.*s %.*s; was %s */\n", PST_FMT(row.file),
               (unsigned)row.line, got, PST_FMT(row.type), PST_FMT(row.verdict), want);
        return false;
    }
    return true;
}

static FILE *vectors_open(void)
{
    char path[4096];
    const char *base = getenv("POSTERN_VECTORS");
    snprintf(path, sizeof path, "%s/http/http1-llhttp/cases.jsonl",
             base != NULL ? base : PST_SOURCE_ROOT "/../shared/vectors");
    return fopen(path, "rb");
}

static void test_llhttp(void **state)
{
    (void)state;
    FILE *f = vectors_open();
    if (f == NULL) {
        const char *ci = getenv("CI");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        printf("skipped: llhttp vectors\n");
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
    printf("%zu rows\n", rows);
    assert_int_equal(wrong, 0);
    assert_int_equal(rows, PST_LEN(pins));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_llhttp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
