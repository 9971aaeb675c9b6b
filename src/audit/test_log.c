#include "audit/test_log.h"

#include "audit/header.h"
#include "base/test.h"
#include "crypto/crypto.h"

static const uint8_t log_id[PST_LOG_ID] = "0123456789abcdef";

void test_log_init(struct test_log *t)
{
    *t = (struct test_log){0};
    assert_int_equal(pst_crypto_init(NULL), PST_OK);
    assert_int_equal(pst_sha256_init(&t->sha, NULL), PST_OK);
    assert_int_equal(pst_log_init(&t->log, log_id, PST_STR(TEST_ORIGIN), NULL), PST_OK);
    struct pst_secret *seed = pst_secret_new(PST_STR("an Ed25519 seed of 32 bytes, yes"));
    assert_non_null(seed);
    assert_int_equal(pst_key_from_seed(seed, &t->secret, NULL), PST_OK);
    pst_secret_free(seed);
    struct pst_buf pub;
    pst_buf_init(&pub, 64);
    assert_int_equal(pst_key_public_raw(t->secret, &pub, NULL), PST_OK);
    assert_int_equal(pub.n, PST_NOTE_KEY);
    assert_int_equal(pst_note_key_init(&t->key, PST_STR(TEST_ORIGIN), pub.p, NULL), PST_OK);
    pst_buf_release(&pub);
}

void test_log_release(struct test_log *t)
{
    pst_sha256_release(&t->sha);
    pst_key_free(t->secret);
    for (size_t i = 0; i < TEST_SEGMENTS_MAX; i++) {
        pst_buf_release(&t->seg[i]);
    }
}

void test_log_pad(struct test_log *t)
{
    if (t->n == 0) {
        return;
    }
    struct pst_buf *b = &t->seg[t->n - 1];
    if (b->n < TEST_SEGMENT) {
        size_t n = TEST_SEGMENT - b->n;
        t->used[t->n - 1] = b->n;
        uint8_t *room = pst_buf_room(b, n);
        assert_non_null(room);
        memset(room, 0, n);
        pst_buf_added(b, n);
    }
}

void test_log_begin(struct test_log *t)
{
    test_log_pad(t);
    assert_true(t->n < TEST_SEGMENTS_MAX);
    struct pst_buf *b = &t->seg[t->n++];
    pst_buf_init(b, TEST_SEGMENT);
    assert_int_equal(pst_segment_begin(&t->log, t->n, TEST_SEGMENT, TEST_TS, b, NULL), PST_OK);
    assert_int_equal(b->n, PST_SEGMENT_HEADER);
    t->used[t->n - 1] = b->n;
}

void test_log_append(struct test_log *t, const struct pst_record *record)
{
    struct pst_buf *b = &t->seg[t->n - 1];
    assert_int_equal(pst_log_append(&t->log, &t->sha, record, b, NULL, NULL), PST_OK);
    t->used[t->n - 1] = b->n;
}

struct pst_record test_decision(void)
{
    static const uint8_t digest[32] = {0xde, 0xad, 0xbe, 0xef, [31] = 0x01};
    static const struct pst_str groups[] = {PST_STR_INIT("eng"), PST_STR_INIT("ops \"night\"")};
    static const struct pst_str policies[] = {PST_STR_INIT("chat-small-models")};
    static const struct pst_str tools[] = {PST_STR_INIT("get_weather"), PST_STR_INIT("search")};
    return (struct pst_record){.kind = PST_RECORD_DECISION,
                               .ts_ns = TEST_TS,
                               .request = PST_STR("req_0000000000001"),
                               .decision = {
                                   .action = PST_STR("chat"),
                                   .attempt = 1,
                                   .body_bytes = 2048,
                                   .body_sha256 = digest,
                                   .config_generation = 3,
                                   .decision = PST_VERDICT_ALLOW,
                                   .groups = {groups, PST_LEN(groups)},
                                   .key = PST_STR("k_7Q"),
                                   .max_tokens = 2000,
                                   .network = PST_STR("192.0.2.7"),
                                   .on_behalf_of = PST_STR("zo\xc3\xab@example.org"),
                                   .policies = {policies, PST_LEN(policies)},
                                   .policy_generation = 5,
                                   .principal_id = PST_STR("demo-app"),
                                   .principal_type = PST_STR("Workload"),
                                   .reason = PST_STR("none"),
                                   .resource_id = PST_STR("small"),
                                   .resource_type = PST_STR("Model"),
                                   .stream = true,
                                   .tools = {tools, PST_LEN(tools)},
                                   .tools_count = 2,
                                   .upstream = PST_STR("demo"),
                                   .upstream_model = PST_STR("demo-small-1"),
                               }};
}

void test_log_decision(struct test_log *t, int seconds)
{
    struct pst_record r = test_decision();
    r.ts_ns += (int64_t)seconds * 1000000000;
    test_log_append(t, &r);
}

void test_log_note(struct test_log *t, struct pst_buf *out, bool wrong)
{
    struct pst_checkpoint point = {.origin = t->log.origin, .records = t->log.seq};
    uint8_t sig[PST_SIG_MAX];
    size_t n = 0;
    struct pst_buf text;
    memcpy(point.head, t->log.chain, sizeof point.head);
    pst_buf_init(&text, PST_NOTE_MAX);
    assert_true(pst_checkpoint_text(&text, &point));
    assert_int_equal(pst_key_sign(t->secret, pst_buf_str(&text), sig, &n, NULL), PST_OK);
    assert_int_equal(n, PST_NOTE_SIG);
    sig[10] ^= wrong ? 1 : 0;
    assert_true(pst_note_put(out, pst_buf_str(&text), &t->key, sig));
    pst_buf_release(&text);
}

void test_log_checkpoint(struct test_log *t, int seconds, bool wrong)
{
    struct pst_buf note;
    pst_buf_init(&note, PST_NOTE_MAX);
    test_log_note(t, &note, wrong);
    uint8_t head[PST_LOG_HASH];
    memcpy(head, t->log.chain, sizeof head);
    struct pst_record r = {.kind = PST_RECORD_CHECKPOINT,
                           .ts_ns = TEST_TS + (int64_t)seconds * 1000000000,
                           .checkpoint = {.durability = PST_STR("answer"),
                                          .head = head,
                                          .note = pst_buf_str(&note),
                                          .records = t->log.seq}};
    test_log_append(t, &r);
    pst_buf_release(&note);
}
