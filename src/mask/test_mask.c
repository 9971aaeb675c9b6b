#include "mask/test_mask.h"

static bool holds(struct pst_str text, const char *part)
{
    return pst_str_find(text, pst_str_c(part)) != PST_NPOS;
}

static void values_go_out_as_tokens_and_come_back(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    struct pst_str text = PST_STR("write to a@b.org, card 4111111111111111, again a@b.org");
    struct pst_str masked = rig_mask(&r, text);
    assert_false(holds(masked, "a@b.org"));
    assert_false(holds(masked, "4111"));
    assert_true(holds(masked, "write to QzEMAI_"));
    assert_true(holds(masked, "card QzCARD_"));
    assert_true(pst_str_eq(masked, rig_mask(&r, text))); /* always the same */
    assert_true(pst_str_eq(rig_unmask(&r, masked, 0), text));
    assert_int_equal(r.tally.n, 2);
    assert_int_equal(r.tally.list[0].masked, 4);
    assert_int_equal(r.tally.list[1].masked, 2);
    rig_release(&r);
}

static void another_conversation_restores_nothing(void **state)
{
    (void)state;
    struct rig a, b;
    rig_init(&a, 1);
    rig_init(&b, 2);
    struct pst_str text = PST_STR("a@b.org");
    struct pst_str masked = rig_mask(&a, text);
    struct pst_str other = rig_mask(&b, text);
    assert_false(pst_str_eq(masked, other));
    assert_true(pst_str_eq(rig_unmask(&b, masked, 0), masked)); /* left alone */
    assert_true(pst_str_eq(rig_unmask(&a, masked, 0), text));
    assert_true(pst_str_eq(rig_unmask(&a, masked, 1000), masked)); /* expired */
    /* what a user or a tool wrote is no token, even when it is one of this very conversation */
    struct pst_str planted = rig_mask(&a, masked);
    assert_false(pst_str_eq(planted, masked));
    assert_true(pst_str_eq(rig_unmask(&a, planted, 0), masked));
    rig_release(&a);
    rig_release(&b);
}

static void secrets_never_come_back(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    struct pst_str masked = rig_mask(&r, PST_STR("key sk-0123456789abcdef."));
    assert_str(masked, "key REDACTED_API_KEY.");
    assert_int_equal(r.vault.used, 0);
    pst_actions_set(r.image, &r.actions, PST_STR("API_KEY"), PST_ACT_MASK, false);
    assert_int_equal(r.actions.of[2], PST_ACT_REDACT);
    rig_release(&r);
}

static void every_action_does_what_it_says(void **state)
{
    (void)state;
    struct rig r;
    struct pst_buf out;
    rig_init(&r, 1);
    struct pst_str text = PST_STR("<4111111111111234>");
    pst_actions_set(r.image, &r.actions, PST_STR("payment"), PST_ACT_ALLOW, false);
    assert_str(rig_mask(&r, text), "<4111111111111234>");
    pst_actions_set(r.image, &r.actions, PST_STR("CARD"), PST_ACT_FLAG, false);
    assert_str(rig_mask(&r, text), "<4111111111111234>");
    assert_int_equal(r.tally.list[0].clear, 2);
    pst_actions_set(r.image, &r.actions, PST_STR("card"), PST_ACT_PARTIAL, false);
    assert_str(rig_mask(&r, text), "<xxxx1234>");
    pst_actions_set(r.image, &r.actions, PST_STR("pii"), PST_ACT_REDACT, false);
    assert_str(rig_mask(&r, text), "<REDACTED_CARD>");
    pst_actions_set(r.image, &r.actions, PST_STR("personal"), PST_ACT_HASH, false);
    struct pst_str hash = rig_mask(&r, text);
    assert_int_equal(hash.n, 2 + 5 + 16);
    assert_true(pst_str_eq(hash, rig_mask(&r, text)));
    assert_int_equal(pst_actions_set(r.image, &r.actions, PST_STR("nothing"), PST_ACT_BLOCK, false),
                     0);
    assert_int_equal(pst_actions_set(r.image, &r.actions, PST_STR("all"), PST_ACT_MASK, true), 3);
    assert_int_equal(r.actions.of[1], PST_ACT_HASH); /* only stricter */
    pst_actions_set(r.image, &r.actions, PST_STR("all"), PST_ACT_BLOCK, true);
    pst_buf_init(&out, 1024);
    assert_int_equal(pst_mask_text(&r.mask, PST_STR(""), text, &out, &r.err), PST_ERR);
    assert_int_equal(r.err.code, PST_E_SENSITIVE_DATA);
    assert_null(strstr(r.err.text, "4111"));
    assert_true(r.tally.blocked);
    pst_buf_release(&out);
    rig_release(&r);
}

static void what_cannot_be_inspected_is_an_error(void **state)
{
    (void)state;
    struct rig r;
    struct pst_buf out;
    rig_init(&r, 1);
    pst_buf_init(&out, 1024);
    assert_int_equal(pst_mask_text(&r.mask, PST_STR(""), PST_STR("UNSCANNABLE"), &out, &r.err),
                     PST_ERR);
    assert_int_equal(r.err.code, PST_E_UNINSPECTED);
    assert_int_equal(out.n, 0);
    r.vault.cap = 0;
    assert_int_equal(pst_mask_text(&r.mask, PST_STR(""), PST_STR("a@b.org"), &out, &r.err),
                     PST_ERR);
    assert_int_equal(r.err.code, PST_E_UNINSPECTED);
    pst_buf_release(&out);
    pst_buf_init(&out, 10); /* the token does not fit */
    r.vault.cap = 10;
    assert_int_equal(pst_mask_text(&r.mask, PST_STR(""), PST_STR("a@b.org"), &out, &r.err),
                     PST_ERR);
    pst_buf_release(&out);
    rig_release(&r);
}

static void ids_and_names_keep_what_only_looks_random(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    r.mask.ident = true;
    assert_str(rig_mask(&r, PST_STR("sk-0123456789abcdef")), "sk-0123456789abcdef");
    r.mask.ident = false;
    r.mask.keep = true;
    assert_str(rig_mask(&r, PST_STR("a@b.org")), "a@b.org");
    struct pst_buf out;
    pst_buf_init(&out, 1024);
    assert_int_equal(
        pst_mask_text(&r.mask, PST_STR(""), PST_STR("sk-0123456789abcdef"), &out, &r.err), PST_ERR);
    pst_buf_release(&out);
    rig_release(&r);
}

/* mask ∘ restore is the identity for every text, with look-alikes, halves of them and tokens of
 * this and other conversations in it. */
static void restoring_undoes_masking(void **state)
{
    (void)state;
    uint64_t seed = 20261125;
    size_t changed = 0;
    struct rig r;
    for (int round = 0; round < 3000; round++) {
        if (round % 50 == 0) {
            rig_init(&r, 1);
        }
        struct pst_str text = random_text(&r, &seed);
        struct pst_str masked = rig_mask(&r, text);
        changed += !pst_str_eq(masked, text) ? 1 : 0;
        assert_false(holds(masked, "a@b.org"));
        assert_false(holds(masked, "ann.lee"));
        struct pst_str back = rig_unmask(&r, masked, 0);
        if (!pst_str_eq(back, text)) {
            print_error("%.*s\n%.*s\n%.*s\n", PST_FMT(text), PST_FMT(masked), PST_FMT(back));
        }
        assert_true(pst_str_eq(back, text));
        if (round % 50 == 49) {
            rig_release(&r);
        }
    }
    assert_true(changed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_out_as_tokens_and_come_back),
        cmocka_unit_test(another_conversation_restores_nothing),
        cmocka_unit_test(secrets_never_come_back),
        cmocka_unit_test(every_action_does_what_it_says),
        cmocka_unit_test(what_cannot_be_inspected_is_an_error),
        cmocka_unit_test(ids_and_names_keep_what_only_looks_random),
        cmocka_unit_test(restoring_undoes_masking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
