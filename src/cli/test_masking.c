/* Masking with the scanner and the definitions that are built in: what becomes of texts does not
 * depend on how they are cut, and restoring undoes masking. */
#include "base/enc.h"
#include "inspect/image.h"
#include "mask/test_mask.h"
#include "rules/image_build.h"

static void real_init(struct rig *r)
{
    struct pst_str data;
    memset(r, 0, sizeof *r);
    pst_arena_init(&r->arena, 4096, 256 << 20);
    assert_int_equal(pst_crypto_init(&r->err), PST_OK);
    assert_int_equal(pst_aead_init(&r->aead, &r->err), PST_OK);
    assert_int_equal(
        pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_DATA, &data, &r->err),
        PST_OK);
    assert_int_equal(pst_scan_image_open(data, &r->image, &r->err), PST_OK);
    assert_int_equal(pst_scanner_init(&r->scanner, r->image, &r->err), PST_OK);
    memset(r->scope.key, 1, sizeof r->scope.key);
    pst_vault_init(&r->vault, &r->arena, &r->aead, 65536, 1000);
    pst_actions_default(r->image, &r->actions);
    (void)pst_actions_set(r->image, &r->actions, PST_STR("personal"), PST_ACT_MASK, false);
    (void)pst_actions_set(r->image, &r->actions, PST_STR("secrets"), PST_ACT_ALLOW, false);
    /* types that need no word behind them: those only count as far as they are held */
    (void)pst_actions_set(r->image, &r->answers, PST_STR("secrets"), PST_ACT_REDACT, false);
    (void)pst_actions_set(r->image, &r->answers, PST_STR("EMAIL"), PST_ACT_REDACT, false);
    r->mask = (struct pst_mask){.scanner = r->scanner,
                                .image = r->image,
                                .actions = &r->actions,
                                .scope = &r->scope,
                                .vault = &r->vault,
                                .tally = &r->tally};
    r->guard = (struct pst_lane_guard){
        .mask = r->mask, .arena = &r->arena, .seed = 7, .hold_max = 1 << 20};
    r->guard.mask.actions = &r->answers;
}

static const char *const pieces[] = {
    "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",
    "ghp_w3Kd8Zq1Xv6Nb2Lt9Ry4Hc7Gm5Pf0Jc1Xyz",
    "password = \"hV7#kq29!xZpL\"",
    "maria.keller@brenner-optik.de",
    "card 4539 1488 0343 6467",
    "IBAN DE89 3704 0044 0532 0130 00",
    "+49 170 1234567",
    "call 0170 1234567 or 555-0199",
    "https://user:Zk93xQ71@db.example.net:5432/app",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n"
     "-----END PRIVATE KEY-----\n"),
    "10.12.0.7",
    "2001:db8:85a3::8a2e:370:7334",
    "{\"api_key\": \"4f3c2b1a9d8e7f6a5b4c3d2e1f0a9b8c\"}",
    "plain words, nothing else",
    "\xE4\xBD\xA0\xE5\xA5\xBD",
    "\xC3\xA9t\xC3\xA9",
    "1234567890123456789012345678901234567890",
    "Qz",
    "QzEMAI_",
    "a",
    "9",
    "-",
    ".",
    "@",
    " ",
    " ",
    "\n",
    ", ",
};

static struct pst_str text_of(struct rig *r, uint64_t *seed)
{
    struct pst_buf b;
    pst_buf_init(&b, 1 << 16);
    for (size_t n = 1 + roll(seed) % 10; n > 0; n--) {
        pst_buf_add(&b, pst_str_c(pieces[roll(seed) % PST_LEN(pieces)]));
        pst_buf_add(&b, roll(seed) % 3 != 0 ? PST_STR(" ") : PST_STR("\n"));
    }
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&b));
    pst_buf_release(&b);
    return copy;
}

static struct pst_str fed(struct rig *r, struct pst_str text, uint64_t *seed, size_t most)
{
    static const struct pst_lane lane = {.kind = PST_LANE_CONTENT};
    struct pst_buf held, out;
    pst_buf_init(&held, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    pst_lane_guard_release(&r->guard);
    for (size_t at = 0; at < text.n || held.n > 0;) {
        size_t taken = 0;
        struct pst_str in = pst_str_cut(text, at, most == 0 ? text.n : 1 + roll(seed) % most);
        while (at + in.n < text.n && (text.p[at + in.n] & 0xC0) == 0x80) {
            in.n++;
        }
        at += in.n;
        pst_buf_add(&held, in);
        assert_int_equal(pst_lane_guard_filter.push(&r->guard, &lane, pst_buf_str(&held),
                                                    at == text.n, &taken, &out, &r->err),
                         PST_OK);
        pst_buf_consume(&held, taken);
    }
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&out));
    pst_buf_release(&held);
    pst_buf_release(&out);
    return copy;
}

static void cuts_change_nothing(void **state)
{
    (void)state;
    struct rig r;
    uint64_t seed = 99;
    size_t changed = 0;
    real_init(&r);
    for (int round = 0; round < 600; round++) {
        struct pst_str text = text_of(&r, &seed);
        struct pst_str whole = fed(&r, text, &seed, 0);
        changed += pst_str_eq(whole, text) ? 0 : 1;
        for (size_t most = 1; most <= 9; most += 4) {
            struct pst_str cut = fed(&r, text, &seed, most);
            if (!pst_str_eq(whole, cut)) {
                print_error("text:  %.*s\nwhole: %.*s\ncut:   %.*s\n", PST_FMT(text),
                            PST_FMT(whole), PST_FMT(cut));
            }
            assert_true(pst_str_eq(whole, cut));
        }
    }
    assert_true(changed > 300);
    rig_release(&r);
}

static void restoring_undoes_masking(void **state)
{
    (void)state;
    struct rig r;
    uint64_t seed = 7;
    real_init(&r);
    r.answers = (struct pst_actions){{0}};
    for (int round = 0; round < 600; round++) {
        struct pst_str text = text_of(&r, &seed);
        struct pst_str masked = rig_mask(&r, text), back = rig_unmask(&r, masked, 0);
        if (!pst_str_eq(back, text)) {
            print_error("text:   %.*s\nmasked: %.*s\nback:   %.*s\n", PST_FMT(text),
                        PST_FMT(masked), PST_FMT(back));
        }
        assert_true(pst_str_eq(back, text));
    }
    rig_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(restoring_undoes_masking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
