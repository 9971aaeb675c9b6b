#include "base/test.h"

#include "base/enc.h"
#include "base/test_heap.h"
#include "wire/proxy2.h"

enum { LIMIT = 256 };

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x34\x01\xbb"
#define V6                                                                                         \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"         \
    "\x12\x34\x01\xbb"

struct result {
    enum pst_status status;
    enum pst_error code;
    size_t used;
    enum pst_proxy2_source source;
    uint8_t address[16];
    uint16_t port;
};

/* Plays `in` in pieces of `piece` bytes, as a reader does that never reads beyond. */
static struct result play(struct pst_str in, size_t piece)
{
    struct pst_proxy2 p;
    struct pst_err err = {0};
    struct result r = {.status = PST_AGAIN};
    pst_proxy2_init(&p, LIMIT);
    while (r.status == PST_AGAIN && r.used < in.n) {
        size_t n = pst_proxy2_want(&p);
        assert_true(n > 0);
        n = n < piece ? n : piece;
        struct pst_str bytes = pst_str_cut(in, r.used, n);
        r.used += bytes.n;
        r.status = pst_proxy2_feed(&p, bytes, &err);
    }
    r.code = err.code;
    if (r.status == PST_OK) {
        r.source = p.source;
        memcpy(r.address, p.address, sizeof r.address);
        r.port = p.port;
    }
    if (r.status != PST_AGAIN) {
        assert_int_equal(pst_proxy2_want(&p), 0);
    }
    pst_proxy2_release(&p);
    return r;
}

/* The same however it is cut; a refusal may come earlier in smaller pieces, never another way. */
static struct result every_split(struct pst_str in)
{
    struct result whole = play(in, SIZE_MAX);
    for (size_t piece = 1; piece <= in.n; piece++) {
        struct result cut = play(in, piece);
        assert_int_equal(cut.status, whole.status);
        assert_int_equal(cut.code, whole.code);
        assert_int_equal(cut.source, whole.source);
        assert_int_equal(cut.port, whole.port);
        assert_memory_equal(cut.address, whole.address, sizeof cut.address);
        if (whole.status == PST_OK) {
            assert_int_equal(cut.used, whole.used);
        }
    }
    return whole;
}

#define WHOLE(literal) every_split(PST_STR(literal))
#define refused(literal) assert_int_equal(every_split(PST_STR(literal)).code, PST_E_HTTP_SYNTAX)

static void sources(void **state)
{
    (void)state;
    struct result r = WHOLE(SIGNATURE "\x21\x11\0\x0c" V4 "beyond");
    assert_int_equal(r.status, PST_OK);
    assert_int_equal(r.source, PST_PROXY2_V4);
    assert_memory_equal(r.address, "\xc0\x00\x02\x01", 4);
    assert_int_equal(r.port, 0x1234);
    assert_int_equal(r.used, 28); /* never a byte beyond */
    r = WHOLE(SIGNATURE "\x21\x21\0\x24" V6);
    assert_int_equal(r.status, PST_OK);
    assert_int_equal(r.source, PST_PROXY2_V6);
    assert_memory_equal(r.address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    assert_int_equal(r.port, 0x1234);
}

static void nobody_is_named(void **state)
{
    (void)state;
    struct result r = WHOLE(SIGNATURE "\x20\0\0\0");
    assert_int_equal(r.status, PST_OK);
    assert_int_equal(r.source, PST_PROXY2_NONE);
    /* LOCAL: whatever stands behind it is skipped, the family too */
    r = WHOLE(SIGNATURE "\x20\x31\0\x05"
                        "\xff\xff\xff\xff\xff");
    assert_int_equal(r.status, PST_OK);
    assert_int_equal(r.source, PST_PROXY2_NONE);
    r = WHOLE(SIGNATURE "\x20\x11\0\x0c" V4);
    assert_int_equal(r.source, PST_PROXY2_NONE);
    r = WHOLE(SIGNATURE "\x21\0\0\x04\x04\0\x01x");
    assert_int_equal(r.status, PST_OK);
    assert_int_equal(r.source, PST_PROXY2_NONE);
}

static void refusals(void **state)
{
    (void)state;
    refused("PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\n");
    refused("GET / HTTP/1.1\r\n");
    refused("\x16\x03\x01\x02");
    refused("\r\n\r\n\r\n");
    refused("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" V4);
    refused(SIGNATURE "\x11\x11\0\x0c" V4); /* version 1 in a header of version 2 */
    refused(SIGNATURE "\x31\x11\0\x0c" V4);
    refused(SIGNATURE "\x22\x11\0\x0c" V4);
    refused(SIGNATURE "\x2f\x11\0\x0c" V4);
    refused(SIGNATURE "\x21\x12\0\x0c" V4); /* UDP */
    refused(SIGNATURE "\x21\x22\0\x24" V6);
    refused(SIGNATURE "\x21\x31\0\x0c" V4); /* Unix */
    refused(SIGNATURE "\x21\x10\0\x0c" V4);
    refused(SIGNATURE "\x21\x01\0\x0c" V4);
    refused(SIGNATURE "\x21\x41\0\x0c" V4);
    refused(SIGNATURE "\x21\x11\0\x0b" V4); /* too short for its addresses */
    refused(SIGNATURE "\x21\x21\0\x0c" V4);
    refused(SIGNATURE "\x21\x11\0\0");
    /* the first wrong byte refuses, without those that would follow */
    assert_int_equal(play(PST_STR("P"), 1).status, PST_ERR);
    assert_int_equal(play(PST_STR(SIGNATURE "\x23"), 1).status, PST_ERR);
    assert_int_equal(play(PST_STR(SIGNATURE "\x21\x12"), 1).status, PST_ERR);
    assert_int_equal(play(PST_STR(SIGNATURE "\x21\x11\xff\xff"), 16).code, PST_E_LIMIT);
}

static void length_limits(void **state)
{
    (void)state;
    static uint8_t in[PST_PROXY2_FIXED + LIMIT + 1] = SIGNATURE "\x20";
    in[14] = LIMIT >> 8;
    in[15] = LIMIT & 0xff;
    assert_int_equal(every_split(pst_str_of(in, PST_PROXY2_FIXED + LIMIT)).status, PST_OK);
    assert_int_equal(every_split(pst_str_of(in, PST_PROXY2_FIXED + LIMIT - 1)).status, PST_AGAIN);
    in[15]++;
    assert_int_equal(every_split(pst_str_of(in, sizeof in)).code, PST_E_LIMIT);
}

static void shapes_of_tlvs(void **state)
{
    (void)state;
    /* a name, nothing, an unknown one, TLS with a nested one */
    assert_int_equal(WHOLE(SIGNATURE "\x21\x11\0\x26" V4 "\x02\0\x05"
                                     "ab.cd"
                                     "\x04\0\0"
                                     "\xe0\0\0"
                                     "\x20\0\x09\x07\0\0\0\0\x21\0\x01x"
                                     "")
                         .status,
                     PST_OK);
    refused(SIGNATURE "\x21\x11\0\x0d" V4 "\x02");
    refused(SIGNATURE "\x21\x11\0\x0e" V4 "\x02\0");
    refused(SIGNATURE "\x21\x11\0\x10" V4 "\x02\0\x02x");
    refused(SIGNATURE "\x21\x11\0\x10" V4 "\x02\0\0\x02");
    refused(SIGNATURE "\x21\x11\0\x13" V4 "\x20\0\x04\x07\0\0\0");       /* TLS, cut */
    refused(SIGNATURE "\x21\x11\0\x15" V4 "\x20\0\x06\x07\0\0\0\0\x21"); /* a nested one, cut */
    refused(SIGNATURE "\x21\x11\0\x17" V4 "\x20\0\x08\x07\0\0\0\0\x21\0\x01"); /* the same */
}

static void put_crc(uint8_t *bytes, size_t n, size_t at)
{
    memset(&bytes[at], 0, 4);
    uint32_t crc = pst_crc32c(0, pst_str_of(bytes, n));
    for (int i = 0; i < 4; i++) {
        bytes[at + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

static void checksums(void **state)
{
    (void)state;
    uint8_t in[] = SIGNATURE "\x21\x11\0\x16" V4 "\x04\0\0\x03\0\x04"
                             "....";
    size_t n = sizeof in - 1, at = n - 4;
    in[15] = 22;
    put_crc(in, n, at);
    assert_int_equal(every_split(pst_str_of(in, n)).status, PST_OK);
    for (size_t i = 0; i < n; i++) { /* any bit of it */
        for (int bit = 0; bit < 8; bit++) {
            in[i] ^= (uint8_t)(1 << bit);
            struct result r = play(pst_str_of(in, n), SIZE_MAX);
            bool skipped = i == 12 && bit == 0; /* PROXY becomes LOCAL: nothing of it is read */
            bool longer = i == 15 || i == 14;
            bool other_tlv = i >= n - 10 && i < at; /* then it is no checksum any more */
            assert_true(skipped || longer || other_tlv || r.status == PST_ERR);
            in[i] ^= (uint8_t)(1 << bit);
        }
    }
    /* twice, and of a wrong length */
    uint8_t twice[] = SIGNATURE "\x21\x11\0\x1a" V4 "\x03\0\x04....\x03\0\x04....";
    put_crc(twice, sizeof twice - 1, 31);
    assert_int_equal(every_split(pst_str_of(twice, sizeof twice - 1)).status, PST_ERR);
    refused(SIGNATURE "\x21\x11\0\x0f" V4 "\x03\0\0");
    refused(SIGNATURE "\x21\x11\0\x14" V4 "\x03\0\x05.....");
}

static void how_it_begins(void **state)
{
    (void)state;
    struct pst_str whole = PST_STR(SIGNATURE "\x21");
    assert_false(pst_proxy2_begins(PST_STR("")));
    for (size_t n = 1; n <= whole.n; n++) {
        assert_true(pst_proxy2_begins(pst_str_cut(whole, 0, n)));
    }
    assert_false(pst_proxy2_begins(PST_STR("\r\n\r\nG")));
    assert_false(pst_proxy2_begins(PST_STR("PROXY")));
}

static void without_memory(void **state)
{
    (void)state;
    struct pst_proxy2 p;
    struct pst_err err = {0};
    pst_proxy2_init(&p, LIMIT);
    test_heap_fail_from(1);
    assert_int_equal(pst_proxy2_feed(&p, PST_STR("\r"), &err), PST_ERR);
    test_heap_fail_from(0);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    assert_int_equal(pst_proxy2_want(&p), 0);
    pst_proxy2_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),        cmocka_unit_test(nobody_is_named),
        cmocka_unit_test(refusals),       cmocka_unit_test(length_limits),
        cmocka_unit_test(shapes_of_tlvs), cmocka_unit_test(checksums),
        cmocka_unit_test(how_it_begins),  cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
