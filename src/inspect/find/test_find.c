/* What recognisers find and what they leave: `[[` and `]]` mark the span. */
#include "base/test.h"
#include "inspect/find/hash.h"
#include "inspect/find/parts.h"

static const struct {
    const char *name, *text;
    char verdict;
} cases[] = {
    {"email", "write to [[anna.b+news@example.co.uk]].", 'Y'},
    {"email", "mail=[[x@example.org]]&y", 'Y'},
    {"email",
     "<[[m\xc3\xbcller@stra\xc3\x9f"
     "e.de]]>",
     'Y'},
    {"email", "请联系[[li.wei@example.cn]]谢谢", 'Y'},
    {"email", "import x from \"@types/node\"", 'N'},
    {"email", "icon@2x.png", 'N'},
    {"email", "git@github.com:org/repo.git", 'N'},
    {"email", "react@18.2.0", 'N'},
    {"email", "@Override public", 'N'},
    {"phone_international", "Tel. [[+49 170 1234567]]", 'Y'},
    {"phone_international", "[[+1 (415) 555-2671]]", 'Y'},
    {"phone_international", "[[+33 1 42 68 53 00]], 2024", 'Y'},
    {"phone_international", "[[+44 (0)20 7946 0958]]", 'Y'},
    {"phone_international", "x +12345678", 'N'},
    {"phone_international", "1+4915112345678", 'N'},
    {"phone_national", "call [[(415) 555-2671]] now", 'Y'},
    {"phone_national", "[[01 42 68 53 00]]", 'Y'},
    {"phone_national", "[[0170 1234567]]", 'P'},
    {"phone_national", "[[13800138000]]", 'P'},
    {"phone_national", "1234567890123456", 'N'},
    {"ipv4", "from [[81.2.69.142]]:443", 'Y'},
    {"ipv4", "[[192.168.1.20]]/24", 'P'},
    {"ipv4", "127.0.0.1", 'N'},
    {"ipv4", "1.2.3.4.5", 'N'},
    {"ipv4", "v1.2.3.4", 'N'},
    {"ipv6", "[[2a02:2e0:3fe:1001:302::]]", 'Y'},
    {"ipv6", "[[2001:db8::8a2e:370:7334]]", 'P'},
    {"ipv6", "std::vector", 'N'},
    {"ipv6", "12:30:45", 'N'},
    {"mac", "hw [[00:1a:2b:3c:4d:5e]] up", 'Y'},
    {"mac", "00:1a:2b:3c:4d:5e:6f", 'N'},
    {"iban", "IBAN [[DE89 3704 0044 0532 0130 00]] danke", 'Y'},
    {"iban", "[[gb29nwbk60161331926819]]", 'Y'},
    {"iban", "DE88 3704 0044 0532 0130 00", 'N'},
    {"bitcoin", "[[1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa]]", 'Y'},
    {"bitcoin", "[[bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4]]", 'Y'},
    {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", 'N'},
    {"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", 'N'},
    {"ethereum", "[[0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed]]", 'Y'},
    {"ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", 'N'},
    {"ethereum", "[[0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed]]", 'P'},
    {"track", "[[%B4111111111111111^DOE/JOHN^2512101?]]", 'Y'},
    {"track", "%B4111111111111112^DOE/JOHN^2512101?", 'N'},
    {"track2", "swipe [[;4111111111111111=25121010000000000?]]", 'Y'},
    {"track2", ";4111111111111112=25121010000000000?", 'N'},
    {"hkid", "[[G123456(A)]]", 'Y'},
    {"hkid", "G123456(B)", 'N'},
    {"ripple", "[[rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh]]", 'Y'},
    {"ripple", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTg", 'N'},
    {"short_number", "cvv [[123]].", 'P'},
    {"short_number", "12345", 'N'},
    {"coordinates", "at [[48.85661, 2.35222]]", 'P'},
    {"coordinates", "[[52.5200\xc2\xb0 N, 13.4050\xc2\xb0 E]]", 'Y'},
    {"coordinates", "0.12345, 0.2", 'N'},
    {"date", "born [[12/03/1985]]", 'Y'},
    {"date", "[[1985-03-12]]", 'Y'},
    {"date", "geb. [[12. m\xc3\xa4rz 1985]] in", 'Y'},
    {"date", "nacido el [[3 de mayo de 1990]].", 'Y'},
    {"date", "[[March 3, 1990]]", 'Y'},
    {"date",
     "[[1990\xe5\xb9\xb4"
     "5\xe6\x9c\x88"
     "3\xe6\x97\xa5]]",
     'Y'},
    {"date", "31/02/1985", 'N'},
    {"date", "1.2.3", 'N'},
    {"age", "a [[34-year-old]] man", 'Y'},
    {"age", "[[34\xe6\xad\xb3]]", 'Y'},
    {"street", "lives at [[221B Baker Street]], London", 'Y'},
    {"street",
     "in der [[Hauptstra\xc3\x9f"
     "e 12, 10115 Berlin]]",
     'Y'},
    {"street", "[[12 rue de la Paix]], Paris", 'Y'},
    {"street", "[[Calle de Alcal\xc3\xa1 45]]", 'P'},
    {"street", "see 12 apples", 'N'},
};

static void strip(const char *marked, char *text, size_t *start, size_t *end)
{
    size_t n = 0;
    *start = *end = 0;
    for (size_t i = 0; marked[i] != '\0'; i++) {
        if (marked[i] == '[' && marked[i + 1] == '[') {
            *start = n;
            i++;
        } else if (marked[i] == ']' && marked[i + 1] == ']') {
            *end = n;
            i++;
        } else {
            text[n++] = marked[i];
        }
    }
    text[n] = '\0';
}

/* Wakes a recogniser at every byte, as the engine does at its anchors; the first that answers. */
static struct pst_found first(const struct pst_find_row *row, struct pst_str text)
{
    static const char anchors[] = "@:0+a%";
    for (size_t at = 0; at < text.n; at++) {
        uint8_t c = text.p[at], before = at > 0 ? text.p[at - 1] : 0;
        char want = anchors[row->anchor];
        bool wakes = want == '0'   ? pst_find_digit(c) && !pst_find_digit(before)
                     : want == 'a' ? pst_find_alnum(c) && !pst_find_alnum(before)
                                   : c == (uint8_t)want;
        if (wakes) {
            struct pst_found f = row->fn(text, at);
            if (f.verdict != PST_CHECK_NO) {
                return f;
            }
        }
    }
    return (struct pst_found){0};
}

static void spans_are_found(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        char text[256];
        size_t start, end;
        strip(cases[i].text, text, &start, &end);
        const struct pst_find_row *row = pst_find_find(pst_str_c(cases[i].name));
        assert_non_null(row);
        struct pst_found f = first(row, pst_str_c(text));
        char verdict = "NPY"[f.verdict];
        if (verdict != cases[i].verdict || (verdict != 'N' && (f.start != start || f.end != end))) {
            print_error("%s: %s: %c %zu-%zu\n", cases[i].name, cases[i].text, verdict, f.start,
                        f.end);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void digests_are_the_published_ones(void **state)
{
    (void)state;
    uint8_t digest[32];
    pst_find_sha256(PST_STR("abc"), digest);
    assert_memory_equal(digest, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    pst_find_sha256(PST_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest);
    assert_memory_equal(digest, "\x24\x8d\x6a\x61\xd2\x06\x38\xb8", 8);
    pst_find_keccak256(PST_STR(""), digest);
    assert_memory_equal(digest, "\xc5\xd2\x46\x01\x86\xf7\x23\x3c", 8);
}

/* Texts made of anchors: each recogniser must stay within its reach, however often it is woken. */
static void hostile_texts_end(void **state)
{
    (void)state;
    static const char *const parts[] = {"@",  "a@", "1.", "+1",      "%B4",     ":",
                                        "a:", "0",  "1 ", "12 Rue ", "\xc3\xa4"};
    static char text[200000];
    size_t n;
    const struct pst_find_row *rows = pst_find_rows(&n);
    for (size_t p = 0; p < PST_LEN(parts); p++) {
        size_t length = strlen(parts[p]);
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = parts[p][i % length];
        }
        struct pst_str all = pst_str_of(text, sizeof text);
        for (size_t r = 0; r < n; r++) {
            for (size_t at = 0; at < all.n; at += 3) {
                struct pst_found f = rows[r].fn(all, at);
                assert_true(f.verdict == PST_CHECK_NO || f.end - f.start <= PST_FIND_REACH * 2);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_found),
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(hostile_texts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
