#include "base/buf.h"
#include "base/enc.h"
#include "base/test.h"
#include "inspect/normal/normal.h"

enum { N = 96 };

static struct pst_str repeated(struct pst_buf *b, const char *unit, size_t n)
{
    pst_buf_init(b, 1 << 16);
    while (b->n < n) {
        assert_true(pst_buf_add(b, pst_str_c(unit)));
    }
    return pst_buf_str(b);
}

/* Pieces follow one another without gap, none is empty or too long, none ends within a character.
 */
static void pieces_cover_the_text(void **state)
{
    static const char *const units[] = {
        "a", "word ", "\xd0\xb4", "\xe4\xbd\xa0", "\xf0\x9f\x99\x82", "a\xe4\xbd\xa0", "line\n"};
    (void)state;
    for (size_t i = 0; i < PST_LEN(units); i++) {
        struct pst_buf b;
        struct pst_str text = repeated(&b, units[i], 20000);
        for (size_t from = 0, to; from < text.n; from = to) {
            to = pst_text_piece(text, from, N);
            assert_true(to > from && to - from <= N && to <= text.n);
            assert_true(to == text.n || (text.p[to] & 0xC0) != 0x80);
        }
        pst_buf_release(&b);
    }
}

/* The next piece begins before the end of the last, before a word or a letter, and in a run at it.
 */
static void pieces_overlap(void **state)
{
    static const struct {
        const char *unit;
        bool run;
    } rows[] = {{"YWxsIGlz", true},      {"word ", false}, {"\xd0\xb4", false},
                {"\xe4\xbd\xa0", false}, {"a,b", false},   {"line\n", false}};
    (void)state;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_buf b;
        struct pst_str text = repeated(&b, rows[i].unit, 2000);
        for (size_t from = 0, end; from < text.n; from = end) {
            end = pst_text_piece(text, from, N);
            size_t next = pst_text_overlap(text, end, 24);
            assert_true(next <= end && end - next <= 24 && (end == text.n || next > from));
            assert_true(next == text.n || (text.p[next] & 0xC0) != 0x80);
            assert_int_equal(next == end, rows[i].run);
        }
        pst_buf_release(&b);
    }
    assert_int_equal(pst_text_overlap(PST_STR("ab cd"), 5, 24), 0);
    assert_int_equal(pst_text_overlap(PST_STR("ab cd"), 5, 3), 3);
}

/* A run that is longer than a piece goes on from a whole group: what lies behind is decoded. */
static void a_long_run_is_decoded_in_every_piece(void **state)
{
    struct pst_buf plain, run;
    size_t found = 0;
    (void)state;
    repeated(&plain, "the key is under the mat; ", 3000);
    pst_buf_init(&run, 1 << 16);
    assert_true(pst_b64_put(&run, PST_B64_STD, pst_buf_str(&plain)));
    struct pst_str text = pst_buf_str(&run);
    for (size_t from = 0, to; from < text.n; from = to) {
        uint8_t decoded[1024];
        to = pst_text_piece(text, from, 1000);
        assert_int_equal((to - from) % 4, 0);
        struct pst_str piece = pst_str_cut(text, from, to - from);
        size_t n = 0;
        assert_true(pst_b64_get(piece, PST_B64_STD, decoded, sizeof decoded, &n));
        found += pst_str_find(pst_str_of(decoded, n), PST_STR("under the mat")) != PST_NPOS;
    }
    assert_true(found >= 4);
    pst_buf_release(&plain);
    pst_buf_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_cover_the_text),
        cmocka_unit_test(pieces_overlap),
        cmocka_unit_test(a_long_run_is_decoded_in_every_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
