#include "base/test.h"
#include "identity/keyring.h"

static const uint8_t hash_a[32] = {1, 2, 3}, hash_b[32] = {9}, zero[32] = {0};

static enum pst_status put(struct pst_keyring *r, const char *id, const char *owner,
                           const uint8_t hash[32], int64_t expires, bool revoked)
{
    const struct pst_str groups[] = {PST_STR_INIT("demo"), PST_STR_INIT("team")};
    struct pst_err err = {0};
    return pst_keyring_put(r, pst_str_c(id), pst_str_c(owner), groups, 2, hash, expires, revoked,
                           true, &err);
}

static const struct pst_keyring_key *verify(const struct pst_keyring *r, const char *id,
                                            const uint8_t hash[32], int64_t now,
                                            enum pst_error *code)
{
    struct pst_err err = {0};
    const struct pst_keyring_key *key = pst_keyring_verify(r, pst_str_c(id), hash, now, &err);
    *code = err.code;
    assert_int_equal(key == NULL, err.code != PST_E_NONE);
    return key;
}

static void test_known(void **state)
{
    (void)state;
    struct pst_keyring r;
    enum pst_error code;
    pst_keyring_init(&r, 1, 10);
    assert_int_equal(put(&r, "a", "Workload::demo", hash_a, 0, false), PST_OK);
    const struct pst_keyring_key *key = verify(&r, "a", hash_a, 5, &code);
    assert_non_null(key);
    assert_str(key->id, "a");
    assert_str(key->owner_type, "Workload");
    assert_str(key->owner_id, "demo");
    assert_int_equal(key->n_groups, 2);
    assert_str(key->groups[1], "team");
    assert_true(key->may_assert);
    pst_keyring_release(&r);
    pst_keyring_release(NULL);
}

static void test_refused(void **state)
{
    (void)state;
    struct pst_keyring r;
    enum pst_error code;
    uint8_t near[32];
    pst_keyring_init(&r, 1, 10);
    assert_int_equal(put(&r, "a", "Workload::demo", hash_a, 0, false), PST_OK);
    for (size_t i = 0; i < 256; i++) { /* every single bit */
        memcpy(near, hash_a, sizeof near);
        near[i / 8] ^= (uint8_t)(1u << (i % 8));
        assert_null(verify(&r, "a", near, 5, &code));
        assert_int_equal(code, PST_E_IDENTITY_INVALID);
    }
    assert_null(verify(&r, "b", hash_a, 5, &code));
    assert_int_equal(code, PST_E_IDENTITY_INVALID);
    assert_null(verify(&r, "", zero, 5, &code)); /* what an unknown id is compared with */
    assert_null(verify(&r, "nobody", zero, 5, &code));
    assert_int_equal(code, PST_E_IDENTITY_INVALID);
    pst_keyring_release(&r);
}

/* Who does not have the key learns nothing about it, not even that it is revoked. */
static void test_ended(void **state)
{
    (void)state;
    struct pst_keyring r;
    enum pst_error code;
    pst_keyring_init(&r, 1, 10);
    assert_int_equal(put(&r, "a", "Workload::demo", hash_a, 100, false), PST_OK);
    assert_non_null(verify(&r, "a", hash_a, 99, &code));
    assert_null(verify(&r, "a", hash_a, 100, &code));
    assert_int_equal(code, PST_E_IDENTITY_EXPIRED);
    assert_null(verify(&r, "a", hash_b, 100, &code));
    assert_int_equal(code, PST_E_IDENTITY_INVALID);
    assert_int_equal(put(&r, "a", "Workload::demo", hash_a, 0, true), PST_OK);
    assert_null(verify(&r, "a", hash_a, 99, &code));
    assert_int_equal(code, PST_E_IDENTITY_REVOKED);
    assert_null(verify(&r, "a", hash_b, 99, &code));
    assert_int_equal(code, PST_E_IDENTITY_INVALID);
    pst_keyring_release(&r);
}

/* A change keeps the place, so that a request under way sees it; views follow. */
static void test_replaced(void **state)
{
    (void)state;
    struct pst_keyring r;
    enum pst_error code;
    pst_keyring_init(&r, 1, 10);
    assert_int_equal(put(&r, "a", "Workload::a-long-name", hash_a, 0, false), PST_OK);
    const struct pst_keyring_key *before = verify(&r, "a", hash_a, 5, &code);
    uint64_t epoch = before->epoch;
    assert_int_equal(put(&r, "a", "User::x", hash_b, 0, false), PST_OK);
    const struct pst_keyring_key *after = verify(&r, "a", hash_b, 5, &code);
    assert_ptr_equal(before, after);
    assert_true(after->epoch > epoch);
    assert_str(after->id, "a");
    assert_str(after->owner_type, "User");
    assert_str(after->owner_id, "x");
    assert_str(after->groups[0], "demo");
    assert_str(after->groups[1], "team");
    const struct pst_str views[] = {after->id, after->owner_type, after->owner_id, after->groups[0],
                                    after->groups[1]};
    for (size_t i = 0; i < PST_LEN(views); i++) { /* into its own text, not one that was freed */
        assert_true((uintptr_t)views[i].p >= (uintptr_t)after->text &&
                    (uintptr_t)views[i].p < (uintptr_t)after->text + sizeof after->text);
    }
    assert_null(verify(&r, "a", hash_a, 5, &code));
    assert_int_equal(pst_keyring_count(&r), 1);
    pst_keyring_release(&r);
}

static void test_limits(void **state)
{
    (void)state;
    struct pst_keyring r;
    enum pst_error code;
    struct pst_err err = {0};
    static const char *const owners[] = {"", "demo", "::demo", "Workload::", "Workload:demo", ":"};
    pst_keyring_init(&r, 1, 3);
    for (size_t i = 0; i < PST_LEN(owners); i++) {
        assert_int_equal(put(&r, "a", owners[i], hash_a, 0, false), PST_ERR);
    }
    assert_int_equal(put(&r, "", "User::a", hash_a, 0, false), PST_ERR);
    assert_int_equal(put(&r, "a", "User::a::b", hash_a, 0, false), PST_OK);
    assert_str(verify(&r, "a", hash_a, 1, &code)->owner_id, "a::b");
    assert_int_equal(put(&r, "b", "User::b", hash_a, 0, false), PST_OK);
    assert_int_equal(put(&r, "c", "User::c", hash_a, 0, false), PST_OK);
    assert_int_equal(put(&r, "d", "User::d", hash_a, 0, false), PST_ERR);
    assert_int_equal(put(&r, "c", "User::c2", hash_a, 0, false), PST_OK); /* no new place */
    char longest[PST_KEYRING_TEXT + 32];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "User::", 6);
    assert_int_equal(pst_keyring_put(&r, PST_STR("a"), pst_str_of(longest, sizeof longest), NULL, 0,
                                     hash_b, 0, false, false, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_non_null(verify(&r, "a", hash_a, 1, &code)); /* the old one stays */
    struct pst_str many[PST_KEYRING_GROUPS + 1];
    for (size_t i = 0; i < PST_LEN(many); i++) {
        many[i] = PST_STR("g");
    }
    assert_int_equal(pst_keyring_put(&r, PST_STR("a"), PST_STR("User::a"), many,
                                     PST_KEYRING_GROUPS + 1, hash_b, 0, false, false, &err),
                     PST_ERR);
    assert_int_equal(pst_keyring_put(&r, PST_STR("a"), PST_STR("User::a"), many, PST_KEYRING_GROUPS,
                                     hash_b, 0, false, false, &err),
                     PST_OK);
    pst_keyring_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ended),  cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
