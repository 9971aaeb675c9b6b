#include "audit/note.h"

#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"

#include <stdlib.h>

/* An own note from the outside: made with Python's `cryptography` from the seed of test_log. */
static const char golden_vkey[] =
    "postern/test+404cd4b7+AcLGe7n97JeT1yHmVcLgSV1Abqd9u+/gWViJ3ti4IxaS";
static const char golden_note[] =
    "postern/test\n"
    "3\n"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    "\n"
    "\xe2\x80\x94 postern/test "
    "QEzUt3oEmqPRoeFX83cX5ukM/"
    "GnrWdk9dhJrUC1DWsQwpRUz4H73OOwsHzkVj0Dz9uKPxg6bXPMgfAWrUi9ltUg5Wwk=\n";

static void keys(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_note_key key;
    struct pst_buf b;
    pst_buf_init(&b, PST_NOTE_VKEY_MAX);
    test_log_init(&t);
    assert_true(pst_note_key_put(&b, &t.key));
    assert_true(pst_str_eq(pst_buf_str(&b), pst_str_c(golden_vkey)));
    assert_int_equal(pst_note_key_parse(&key, pst_buf_str(&b), NULL), PST_OK);
    assert_memory_equal(&key, &t.key, sizeof key);
    /* no prefix, and no byte changed */
    for (size_t i = 0; i < b.n; i++) {
        assert_int_equal(pst_note_key_parse(&key, pst_str_cut(pst_buf_str(&b), 0, i), NULL),
                         PST_ERR);
        char copy[PST_NOTE_VKEY_MAX];
        memcpy(copy, b.p, b.n);
        copy[i] ^= 1;
        assert_int_equal(pst_note_key_parse(&key, pst_str_of(copy, b.n), NULL), PST_ERR);
    }
    /* nor the same key in another spelling */
    assert_int_equal(
        pst_note_key_parse(
            &key, PST_STR("postern/test+404cd4B7+AcLGe7n97JeT1yHmVcLgSV1Abqd9u+/gWViJ3ti4IxaS"),
            NULL),
        PST_ERR);
    assert_true(pst_buf_byte(&b, '\n'));
    assert_int_equal(pst_note_key_parse(&key, pst_buf_str(&b), NULL), PST_ERR);
    struct pst_err err = {0};
    static const uint8_t pub[PST_NOTE_KEY];
    assert_int_equal(pst_note_key_init(&key, PST_STR("a b"), pub, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    pst_buf_release(&b);
    test_log_release(&t);
}

static void golden(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_note note;
    struct pst_checkpoint point, back;
    struct pst_buf text, out;
    uint8_t sig[PST_SIG_MAX];
    size_t n;
    test_log_init(&t);
    pst_buf_init(&text, PST_NOTE_MAX);
    pst_buf_init(&out, PST_NOTE_MAX);
    point = (struct pst_checkpoint){.origin = t.log.origin, .records = 3};
    for (size_t i = 0; i < PST_LOG_HASH; i++) {
        point.head[i] = (uint8_t)i;
    }
    assert_true(pst_checkpoint_text(&text, &point));
    assert_int_equal(pst_key_sign(t.secret, pst_buf_str(&text), sig, &n, NULL), PST_OK);
    assert_true(pst_note_put(&out, pst_buf_str(&text), &t.key, sig));
    assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(golden_note)));
    assert_int_equal(pst_note_parse(pst_buf_str(&out), &note, NULL), PST_OK);
    assert_int_equal(note.count, 1);
    assert_true(pst_str_eq(note.text, pst_buf_str(&text)));
    assert_int_equal(pst_note_verify(&note, &t.key, NULL), PST_OK);
    assert_int_equal(pst_checkpoint_parse(note.text, &back, NULL), PST_OK);
    assert_memory_equal(&point, &back, sizeof back);
    /* every flipped bit: not a note, or not signed by this key any more */
    for (size_t i = 0; i < out.n * 8; i++) {
        struct pst_err err = {0};
        out.p[i / 8] ^= (uint8_t)(1U << i % 8);
        assert_true(pst_note_parse(pst_buf_str(&out), &note, &err) == PST_ERR ||
                    pst_note_verify(&note, &t.key, &err) == PST_ERR);
        out.p[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t i = 0; i < out.n; i++) {
        assert_int_equal(pst_note_parse(pst_str_cut(pst_buf_str(&out), 0, i), &note, NULL),
                         PST_ERR);
    }
    pst_buf_release(&text);
    pst_buf_release(&out);
    test_log_release(&t);
}

static void small_buffers(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_checkpoint point;
    static const uint8_t sig[PST_NOTE_SIG];
    test_log_init(&t);
    point = (struct pst_checkpoint){.origin = t.log.origin, .records = 3};
    for (size_t cap = 0; cap < 40; cap++) {
        struct pst_buf b;
        pst_buf_init(&b, cap);
        assert_false(pst_checkpoint_text(&b, &point));
        pst_buf_release(&b);
        pst_buf_init(&b, cap);
        assert_false(pst_note_put(&b, PST_STR("a\n"), &t.key, sig));
        pst_buf_release(&b);
        pst_buf_init(&b, cap);
        assert_false(pst_note_key_put(&b, &t.key));
        pst_buf_release(&b);
    }
    test_log_release(&t);
}

static void other_signatures(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_buf b;
    struct pst_note note;
    struct pst_note_key other;
    struct pst_err err = {0};
    static const uint8_t pub[PST_NOTE_KEY] = {9};
    test_log_init(&t);
    pst_buf_init(&b, PST_NOTE_MAX);
    test_log_note(&t, &b, false);
    /* lines of unknown keys, even with our name, are ignored */
    for (int i = 0; i < 20; i++) {
        assert_true(PST_BUF_LIT(&b, "\xe2\x80\x94 zo\xc3\xab.example AAAAAAA=\n"
                                    "\xe2\x80\x94 postern/test AAAAAAA=\n"));
    }
    assert_int_equal(pst_note_parse(pst_buf_str(&b), &note, NULL), PST_OK);
    assert_int_equal(note.count, 41);
    assert_int_equal(pst_note_verify(&note, &t.key, NULL), PST_OK);
    assert_int_equal(pst_note_key_init(&other, PST_STR("postern/other"), pub, NULL), PST_OK);
    assert_int_equal(pst_note_verify(&note, &other, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    for (int i = 41; i <= PST_NOTE_SIGS_MAX; i++) {
        assert_true(PST_BUF_LIT(&b, "\xe2\x80\x94 x AAAAAAA=\n"));
    }
    assert_int_equal(pst_note_parse(pst_buf_str(&b), &note, NULL), PST_ERR);
    /* a good line does not make up for a bad one of the same key */
    pst_buf_clear(&b);
    struct pst_buf bad;
    pst_buf_init(&bad, PST_NOTE_MAX);
    test_log_note(&t, &b, false);
    test_log_note(&t, &bad, true);
    assert_int_equal(pst_note_parse(pst_buf_str(&bad), &note, NULL), PST_OK);
    assert_true(pst_buf_add(&b, note.signatures));
    assert_int_equal(pst_note_parse(pst_buf_str(&b), &note, NULL), PST_OK);
    assert_int_equal(note.count, 2);
    assert_int_equal(pst_note_verify(&note, &t.key, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IDENTITY_INVALID);
    /* our key id before a signature of another length */
    pst_buf_clear(&b);
    uint8_t blob[PST_NOTE_ID + 1] = {0};
    memcpy(blob, t.key.id, PST_NOTE_ID);
    assert_true(PST_BUF_LIT(&b, "a\n\n\xe2\x80\x94 postern/test ") &&
                pst_b64_put(&b, PST_B64_STD, pst_str_of(blob, sizeof blob)) &&
                PST_BUF_LIT(&b, "\n"));
    assert_int_equal(pst_note_parse(pst_buf_str(&b), &note, NULL), PST_OK);
    assert_int_equal(pst_note_verify(&note, &t.key, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IDENTITY_INVALID);
    pst_buf_release(&b);
    pst_buf_release(&bad);
    test_log_release(&t);
}

static void notes_that_are_none(void **state)
{
    (void)state;
#define DASH "\xe2\x80\x94 "
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "a",
        "a\n",
        "a\n\n",
        "a\n\n\n",
        "a\n" DASH "x AAAAAAA=\n",
        "a\n\n" DASH "x AAAAAAA=",
        "a\n\n- x AAAAAAA=\n",
        "a\n\n" DASH "x\n",
        "a\n\n" DASH " AAAAAAA=\n",
        "a\n\n" DASH "x AAAA\n",
        "a\n\n" DASH "x AAAAAA==\n",
        "a\n\n" DASH "x AAAAAAB=\n",
        "a\n\n" DASH "x AAAAAAA\n",
        "a\n\n" DASH "x  AAAAAAA=\n",
        "a\n\n" DASH "x AAAAAAA= \n",
        "a\n\n" DASH "x+y AAAAAAA=\n",
        "a\n\n" DASH "x\xc2\xa0y AAAAAAA=\n",
        "a\n\n" DASH "x\xe3\x80\x80y AAAAAAA=\n",
        "a\tb\n\n" DASH "x AAAAAAA=\n",
        "a\r\n\n" DASH "x AAAAAAA=\n",
        "a\xff\n\n" DASH "x AAAAAAA=\n",
        "a\n\n" DASH "x AAAAAAA=\nb\n",
        "a\n\n" DASH "x AAAAAAA=\n\n",
    };
    struct pst_note note;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_note_parse(pst_str_c(bad[i]), &note, NULL) != PST_ERR) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(pst_note_parse(PST_STR("a\n\nb\n\n" DASH "x AAAAAAA=\n"), &note, NULL),
                     PST_OK);
    assert_str(note.text, "a\n\nb\n");
    char *large = malloc(PST_NOTE_MAX + 1);
    assert_non_null(large);
    memset(large, 'a', PST_NOTE_MAX + 1);
    memcpy(&large[PST_NOTE_MAX + 1 - 17], "\n\n" DASH "x AAAAAAA=\n", 17);
    assert_int_equal(pst_note_parse(pst_str_of(&large[1], PST_NOTE_MAX), &note, NULL), PST_OK);
    assert_int_equal(pst_note_parse(pst_str_of(large, PST_NOTE_MAX + 1), &note, NULL), PST_ERR);
    free(large);
}

static void checkpoints_that_are_none(void **state)
{
    (void)state;
#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static const char *const bad[] = {
        "",
        "o\n",
        "o\n1\n",
        "o\n1\n" HASH,
        "\n1\n" HASH "\n",
        "o o\n1\n" HASH "\n",
        "o\n01\n" HASH "\n",
        "o\n-1\n" HASH "\n",
        "o\n\n" HASH "\n",
        "o\n1 \n" HASH "\n",
        "o\n18446744073709551616\n" HASH "\n",
        "o\n1\nAAEC\n",
        "o\n1\n" HASH "=\n",
        "o\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "o\n1\n" HASH "\nextension\n",
        "o\n1\n" HASH "\n\n",
    };
    struct pst_checkpoint point;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_checkpoint_parse(pst_str_c(bad[i]), &point, NULL) != PST_ERR) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(
        pst_checkpoint_parse(PST_STR("o\n18446744073709551615\n" HASH "\n"), &point, NULL), PST_OK);
    assert_int_equal(point.records, UINT64_MAX);
}

/* A file of the public vectors; 0 bytes when it is not there. */
static size_t vector(const char *name, char *ret, size_t cap)
{
    const char *root = getenv("POSTERN_VECTORS");
    char path[512];
    snprintf(path, sizeof path, "%s/tlog/%s",
             root != NULL ? root : PST_SOURCE_ROOT "/../shared/vectors", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        const char *ci = getenv("CI");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        printf("skipped: tlog/%s\n", name);
        return 0;
    }
    size_t n = fread(ret, 1, cap, f);
    fclose(f);
    return n;
}

/* The example of the specification itself, when it is there. */
static void specification_example(void **state)
{
    (void)state;
    char text[2048], vkey[256];
    struct pst_note note;
    struct pst_note_key key;
    size_t n = vector("c2sp-examples/verifiable-note.txt", text, sizeof text);
    size_t k = vector("c2sp-examples/verifiable-note.vkey", vkey, sizeof vkey);
    if (n == 0 || k == 0) {
        return;
    }
    k -= vkey[k - 1] == '\n' ? 1 : 0;
    assert_int_equal(pst_note_key_parse(&key, pst_str_of(vkey, k), NULL), PST_OK);
    assert_int_equal(pst_note_parse(pst_str_of(text, n), &note, NULL), PST_OK);
    assert_int_equal(pst_note_verify(&note, &key, NULL), PST_OK);
    text[0] ^= 1;
    assert_int_equal(pst_note_verify(&note, &key, NULL), PST_ERR);
}

/* Sixteen checkpoints that another implementation signed. */
static void foreign_checkpoints(void **state)
{
    (void)state;
    struct pst_note_key key;
    assert_int_equal(pst_note_key_parse(&key,
                                        PST_STR("example.com/log/testdata+33d7b496+"
                                                "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"),
                                        NULL),
                     PST_OK);
    for (unsigned i = 0; i < 16; i++) {
        char name[64], text[2048];
        struct pst_note note;
        struct pst_checkpoint point;
        snprintf(name, sizeof name, "tessera-log/checkpoint.%u", i);
        size_t n = vector(name, text, sizeof text);
        if (n == 0) {
            return;
        }
        assert_int_equal(pst_note_parse(pst_str_of(text, n), &note, NULL), PST_OK);
        assert_int_equal(pst_note_verify(&note, &key, NULL), PST_OK);
        assert_int_equal(pst_checkpoint_parse(note.text, &point, NULL), PST_OK);
        assert_int_equal(point.records, i);
        text[note.text.n - 3] ^= 1;
        assert_int_equal(pst_note_verify(&note, &key, NULL), PST_ERR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(golden),
        cmocka_unit_test(small_buffers),
        cmocka_unit_test(other_signatures),
        cmocka_unit_test(notes_that_are_none),
        cmocka_unit_test(checkpoints_that_are_none),
        cmocka_unit_test(specification_example),
        cmocka_unit_test(foreign_checkpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
