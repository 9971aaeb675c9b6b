#include "base/enc.h"
#include "base/test.h"
#include "sys/ipc.h"

#include <stdalign.h>
#include <stdlib.h>

/* One message, built by the row: numbers and bytes filled with a pattern, texts empty. */
struct sample {
    uint8_t bytes[PST_IPC_MESSAGE_MAX + 1];
    size_t n;
    enum pst_role from, to;
    bool fd;
    const struct pst_ipc_row *row;
};

static enum pst_role a_role(enum pst_role role)
{
    return role == PST_ROLE_ANYONE ? PST_ROLE_DIAL : role;
}

static void make(struct sample *s, unsigned type, size_t tail)
{
    const struct pst_ipc_row *row = pst_ipc_row(type);
    struct pst_ipc_head head = {.type = (uint16_t)type, .tail_n = (uint32_t)tail};
    memset(s->bytes, 0, sizeof s->bytes);
    memcpy(s->bytes, &head, sizeof head);
    size_t at = sizeof head;
    for (const struct pst_ipc_field *f = row->fields; f->kind != 0; f++) {
        if (f->kind != 's') {
            memset(&s->bytes[at], 0xa5, f->size);
        }
        at += f->size;
    }
    memset(&s->bytes[at], 0x5a, tail);
    s->n = at + tail;
    s->row = row;
    s->from = a_role(row->from);
    s->to = a_role(row->to);
    s->fd = row->fd == PST_IPC_FD_ONE;
}

static enum pst_status check(const struct sample *s)
{
    alignas(8) uint8_t fixed[PST_IPC_FIXED_MAX];
    const struct pst_ipc_row *row = NULL;
    struct pst_str tail = {NULL, 0};
    /* the exact size, so that a sanitizer sees a read behind it */
    uint8_t *exact = malloc(s->n + (s->n == 0));
    assert_non_null(exact);
    memcpy(exact, s->bytes, s->n);
    enum pst_status status = pst_ipc_check(pst_str_of(exact, s->n), s->fd, s->from, s->to, &row,
                                           fixed, &tail);
    if (status == PST_OK) {
        assert_ptr_equal(row, s->row);
        assert_memory_equal(fixed, &s->bytes[sizeof(struct pst_ipc_head)], row->fixed_n);
        assert_int_equal(tail.n, s->n - sizeof(struct pst_ipc_head) - row->fixed_n);
    } else {
        assert_null(row);
        assert_null(tail.p);
    }
    free(exact);
    return status;
}

static void test_rows(void **state)
{
    (void)state;
    assert_null(pst_ipc_row(PST_IPC_NONE));
    assert_null(pst_ipc_row(PST_IPC_COUNT));
    assert_null(pst_ipc_row(UINT16_MAX));
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        const struct pst_ipc_row *row = pst_ipc_row(type);
        size_t n = 0;
        for (const struct pst_ipc_field *f = row->fields; f->kind != 0; f++) {
            assert_true(f->kind == 'n' || f->kind == 'b' || f->kind == 's');
            assert_true(f->kind != 's' || f->size > 2);
            n += f->size;
        }
        assert_int_equal(n, row->fixed_n);
        assert_true(row->fixed_n > 0);
        assert_true(row->states != 0);
        assert_true(strlen(row->name) > 0);
    }
}

/* Every row: exactly its size, with no tail, the longest tail, and nothing in between or beyond. */
static void test_sizes(void **state)
{
    (void)state;
    static struct sample s;
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        size_t longest = pst_ipc_row(type)->tail_max;
        const size_t tails[] = {0, 1, longest / 2, longest};
        for (size_t i = 0; i < PST_LEN(tails); i++) {
            if (tails[i] > longest) {
                continue;
            }
            make(&s, type, tails[i]);
            assert_int_equal(check(&s), PST_OK);
            s.n++;
            assert_int_equal(check(&s), PST_ERR);
            s.n -= 2;
            assert_int_equal(check(&s), PST_ERR);
        }
        make(&s, type, longest + (longest < PST_IPC_TAIL_MAX));
        if (longest < PST_IPC_TAIL_MAX) {
            assert_int_equal(check(&s), PST_ERR);
        }
        for (size_t n = 0; n < sizeof(struct pst_ipc_head) + pst_ipc_row(type)->fixed_n; n++) {
            make(&s, type, 0);
            s.n = n;
            assert_int_equal(check(&s), PST_ERR);
        }
    }
}

/* A head that lies about the tail, also so that a sum would wrap round. */
static void test_heads(void **state)
{
    (void)state;
    static struct sample s;
    const uint32_t lies[] = {1, 32768, 32769, INT32_MAX, UINT32_MAX - 7, UINT32_MAX};
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        struct pst_ipc_head head;
        for (size_t i = 0; i < PST_LEN(lies); i++) {
            make(&s, type, 0);
            memcpy(&head, s.bytes, sizeof head);
            head.tail_n = lies[i];
            memcpy(s.bytes, &head, sizeof head);
            assert_int_equal(check(&s), PST_ERR);
        }
        make(&s, type, 0);
        s.bytes[2] = 1; /* pad */
        assert_int_equal(check(&s), PST_ERR);
        const uint16_t types[] = {PST_IPC_NONE, PST_IPC_COUNT, UINT16_MAX};
        for (size_t i = 0; i < PST_LEN(types); i++) {
            make(&s, type, 0);
            memcpy(s.bytes, &types[i], 2);
            assert_int_equal(check(&s), PST_ERR);
        }
    }
}

/* What the table says, said once more in other words. */
static bool may(const struct pst_ipc_row *row, enum pst_role from, enum pst_role to)
{
    bool sender = row->from == PST_ROLE_ANYONE ? from != PST_ROLE_SUPERVISOR : row->from == from;
    bool receiver = row->to == PST_ROLE_ANYONE ? to != PST_ROLE_SUPERVISOR : row->to == to;
    if (from == PST_ROLE_CONTROL && row->from == PST_ROLE_EGRESS) {
        sender = true; /* control answers as an egress does */
    }
    if (to == PST_ROLE_CONTROL && row->to == PST_ROLE_EGRESS) {
        receiver = true;
    }
    return sender && receiver;
}

static void test_directions(void **state)
{
    (void)state;
    static struct sample s;
    unsigned fine = 0, wrong = 0;
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        for (unsigned from = 0; from < PST_ROLE_COUNT; from++) {
            for (unsigned to = 0; to < PST_ROLE_COUNT; to++) {
                make(&s, type, 0);
                s.from = (enum pst_role)from;
                s.to = (enum pst_role)to;
                bool ok = may(s.row, s.from, s.to);
                assert_int_equal(check(&s), ok ? PST_OK : PST_ERR);
                fine += ok;
                wrong += !ok;
            }
        }
    }
    assert_true(fine > 40 && wrong > 3000);
}

/* Nobody but those whom the table names can say what matters. */
static void test_privileges(void **state)
{
    (void)state;
    const struct {
        enum pst_ipc_type type;
        enum pst_role only;
    } rows[] = {
        {PST_IPC_RELEASE, PST_ROLE_WARDEN},   {PST_IPC_RELEASED, PST_ROLE_AUDIT},
        {PST_IPC_KEY, PST_ROLE_CONTROL},      {PST_IPC_SIGN, PST_ROLE_AUDIT},
        {PST_IPC_GRANT, PST_ROLE_SUPERVISOR}, {PST_IPC_SYNCED, PST_ROLE_AUDIT},
        {PST_IPC_RELOAD, PST_ROLE_CONTROL},   {PST_IPC_TOOL_VERDICT, PST_ROLE_AUDIT},
        {PST_IPC_PERMITTED, PST_ROLE_AUDIT},  {PST_IPC_CONNECTED, PST_ROLE_DIAL},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        for (unsigned from = 0; from < PST_ROLE_COUNT; from++) {
            for (unsigned to = 0; to < PST_ROLE_COUNT; to++) {
                if (pst_ipc_direction(pst_ipc_row(rows[i].type), (enum pst_role)from,
                                      (enum pst_role)to)) {
                    assert_int_equal(from, rows[i].only);
                }
            }
        }
    }
}

static void test_descriptors(void **state)
{
    (void)state;
    static struct sample s;
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        for (int has = 0; has < 2; has++) {
            make(&s, type, 0);
            s.fd = has != 0;
            bool ok = s.row->fd == PST_IPC_FD_MAYBE || (s.row->fd == PST_IPC_FD_ONE) == s.fd;
            assert_int_equal(check(&s), ok ? PST_OK : PST_ERR);
        }
    }
}

static void put_text(struct sample *s, size_t at, uint16_t n, const void *bytes, size_t bytes_n)
{
    memcpy(&s->bytes[at], &n, sizeof n);
    memcpy(&s->bytes[at + 2], bytes, bytes_n);
}

/* Every text of every row: its own length, UTF-8, no NUL inside, nothing but NUL behind. */
static void test_texts(void **state)
{
    (void)state;
    static struct sample s;
    static const struct {
        const char *bytes;
        uint16_t n;
        bool ok;
    } cases[] = {
        {"", 0, true},
        {"a", 1, true},
        {"\xc3\xa9", 2, true},
        {"\xf0\x9f\x98\x80", 4, true},
        {"\xef\xbf\xbd", 3, true},
        {"\xc3", 1, false},             /* cut */
        {"\xc3\xa9", 1, false},         /* cut by the length */
        {"a\0b", 3, false},             /* NUL inside */
        {"\0", 1, false},               /* NUL only */
        {"ab", 1, false},               /* more than it says */
        {"\xff", 1, false},             /* never in UTF-8 */
        {"\xc0\x80", 2, false},         /* overlong NUL */
        {"\xe0\x80\xaf", 3, false},     /* overlong slash */
        {"\xed\xa0\x80", 3, false},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, false}, /* beyond Unicode */
        {"", UINT16_MAX, false},
    };
    unsigned texts = 0;
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        size_t at = sizeof(struct pst_ipc_head);
        for (const struct pst_ipc_field *f = pst_ipc_row(type)->fields; f->kind != 0; f++) {
            for (size_t i = 0; f->kind == 's' && i < PST_LEN(cases); i++) {
                make(&s, type, 0);
                size_t given = strlen(cases[i].bytes);
                if (cases[i].n != UINT16_MAX && cases[i].n > given) {
                    given = cases[i].n;
                }
                put_text(&s, at, cases[i].n, cases[i].bytes, given);
                assert_int_equal(check(&s), cases[i].ok ? PST_OK : PST_ERR);
            }
            if (f->kind == 's') {
                uint16_t room = (uint16_t)(f->size - 2);
                make(&s, type, 0);
                memset(&s.bytes[at + 2], 'x', room);
                memcpy(&s.bytes[at], &room, sizeof room);
                assert_int_equal(check(&s), PST_OK); /* filled to the last byte */
                room++;
                memcpy(&s.bytes[at], &room, sizeof room);
                assert_int_equal(check(&s), PST_ERR);
                make(&s, type, 0);
                s.bytes[at + f->size - 1] = 1; /* an empty text with something behind it */
                assert_int_equal(check(&s), PST_ERR);
                texts++;
            }
            at += f->size;
        }
    }
    assert_true(texts > 15);
}

static void test_states(void **state)
{
    (void)state;
    const struct pst_ipc_row *submit = pst_ipc_row(PST_IPC_SUBMIT);
    assert_true(pst_ipc_legal(submit, PST_REQ_NONE));
    assert_true(pst_ipc_legal(submit, PST_REQ_RELEASED));
    assert_false(pst_ipc_legal(submit, PST_REQ_SUBMITTED));
    assert_false(pst_ipc_legal(submit, PST_REQ_SENT));
    const struct pst_ipc_row *released = pst_ipc_row(PST_IPC_RELEASED);
    assert_true(pst_ipc_legal(released, PST_REQ_SUBMITTED));
    assert_false(pst_ipc_legal(released, PST_REQ_SENT));
    for (unsigned bit = 0; bit < 10; bit++) {
        assert_true(pst_ipc_legal(pst_ipc_row(PST_IPC_SYNCED), (enum pst_req_state)(1u << bit)));
    }
}

static void test_setting(void **state)
{
    (void)state;
    struct pst_ipc_tool m;
    memset(&m, 0xff, sizeof m);
    assert_true(PST_ISTR_SET(m.tool, PST_STR("get")));
    assert_str(PST_ISTR(m.tool), "get");
    assert_int_equal(m.tool.b[3], 0);
    assert_int_equal(m.tool.b[sizeof m.tool.b - 1], 0);
    char longest[sizeof m.tool.b + 1];
    memset(longest, 'x', sizeof longest);
    assert_true(PST_ISTR_SET(m.tool, pst_str_of(longest, sizeof m.tool.b)));
    assert_int_equal(m.tool.n, sizeof m.tool.b);
    assert_false(PST_ISTR_SET(m.tool, pst_str_of(longest, sizeof longest)));
    assert_int_equal(m.tool.n, 0);
    assert_int_equal(m.tool.b[0], 0);
    PST_ISTR_CUT(m.tool, pst_str_of(longest, sizeof longest));
    assert_int_equal(m.tool.n, sizeof m.tool.b);
    /* what the peer would take for a broken message is never made: names come from clients */
    assert_false(PST_ISTR_SET(m.tool, PST_STR("a\0b")));
    assert_int_equal(m.tool.n, 0);
    assert_false(PST_ISTR_SET(m.tool, PST_STR("a\xff")));
    PST_ISTR_CUT(m.tool, PST_STR("\0a\0"));
    assert_str(PST_ISTR(m.tool), "?a?");
    PST_ISTR_CUT(m.tool, PST_STR("\xc3\xa4\xff"));
    assert_str(PST_ISTR(m.tool), "???");
    /* cut at whole characters: every length of room for a text of wide ones */
    struct {
        uint16_t n;
        char b[16];
    } small;
    static const char wide[] = "\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    for (size_t cap = 1; cap <= sizeof small.b; cap++) {
        pst_ipc_str_cut(&small.n, small.b, cap, pst_str_c(wide));
        assert_true(small.n <= cap && pst_utf8_valid(pst_str_of(small.b, small.n)));
        assert_true(small.n + 4u > cap || small.n == sizeof wide - 1);
    }
}

static void test_lists(void **state)
{
    (void)state;
    struct pst_buf tail;
    struct pst_str item;
    uint8_t big[256];
    memset(big, 'y', sizeof big);
    pst_buf_init(&tail, 1024);
    assert_true(pst_ipc_list_add(&tail, PST_STR("one")));
    assert_true(pst_ipc_list_add(&tail, (struct pst_str){NULL, 0}));
    assert_true(pst_ipc_list_add(&tail, pst_str_of(big, 255)));
    struct pst_cur cur = pst_cur_of(pst_buf_str(&tail));
    assert_true(pst_ipc_list_next(&cur, &item));
    assert_str(item, "one");
    assert_true(pst_ipc_list_next(&cur, &item));
    assert_int_equal(item.n, 0);
    assert_true(pst_ipc_list_next(&cur, &item));
    assert_int_equal(item.n, 255);
    assert_false(pst_ipc_list_next(&cur, &item));
    assert_true(pst_cur_done(&cur));
    /* an item longer than the tail, and a length without an item: not the end of a list */
    static const char *const cut[] = {"\x05"
                                      "four",
                                      "\x03"
                                      "one"
                                      "\x01"};
    for (size_t i = 0; i < PST_LEN(cut); i++) {
        cur = pst_cur_of(pst_str_c(cut[i]));
        while (pst_ipc_list_next(&cur, &item)) {
        }
        assert_false(pst_cur_done(&cur));
    }
    assert_false(pst_ipc_list_add(&tail, pst_str_of(big, 256)));
    assert_true(tail.failed);
    pst_buf_release(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_heads),      cmocka_unit_test(test_directions),
        cmocka_unit_test(test_privileges), cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_texts),      cmocka_unit_test(test_states),
        cmocka_unit_test(test_setting),    cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
