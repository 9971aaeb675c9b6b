/* Finding addresses in text as it comes. The text passes byte by byte through a small automaton;
 * where an address begins, it waits until the address is whole. */
#include "inspect/answer/link.h"

#include "base/enc.h"

enum state {
    TEXT,
    CLOSED,  /* after ']' */
    DEST,    /* after "](" or "]:" or "url(" or '=': white space, then the address */
    SWALLOW, /* in an address too long to be held: dropped to its end */
    PASS,    /* in one that may go as it is, however long (a data: picture) */
};

/* Beside it, since "a<b" looks like a tag for a while. */
enum tag {
    NO_TAG,
    TAG_NAME, /* after '<' and a letter */
    TAG,      /* behind the name */
};

/* What ends an address. */
enum quote {
    QUOTE_BRACKET = ')', /* a closing bracket of its own, or white space */
    QUOTE_ANGLE = '>',
    QUOTE_DOUBLE = '"',
    QUOTE_SINGLE = '\'',
    QUOTE_SPACE = ' ', /* white space or '>' */
    QUOTE_BARE = 1,
};

void pst_links_init(struct pst_links *l, const struct pst_hosts *hosts, bool strict)
{
    *l = (struct pst_links){.hosts = hosts, .strict = strict};
}

static bool is_space(uint8_t b)
{
    return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f';
}

static bool is_letter(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

static bool ends_bare(uint8_t b)
{
    return b <= 0x20 || b == 0x7f || pst_str_find_byte(PST_STR("<>\"`|^{}"), b) != PST_NPOS;
}

/* Length of the address at the start of `s`; PST_NPOS: its end has not come yet. */
static size_t address_length(const struct pst_links *l, struct pst_str s)
{
    size_t open = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t b = s.p[i];
        bool ends = false;
        switch (l->quote) {
        case QUOTE_BARE:
            ends = ends_bare(b);
            break;
        case QUOTE_BRACKET:
            open += b == '(' && l->state == DEST;
            ends = is_space(b) || (b == ')' && open == 0);
            open -= b == ')' && open > 0;
            break;
        case QUOTE_SPACE:
            ends = is_space(b) || b == '>';
            break;
        case QUOTE_ANGLE:
            ends = b == '>' || b == '\n';
            break;
        default:
            ends = b == l->quote;
            break;
        }
        if (ends) {
            return i;
        }
    }
    return PST_NPOS;
}

/* --- what a browser makes of it ----------------------------------------------------------------
 */

struct entity {
    const char *name;
    uint8_t byte;
};

/* Those that may stand in an address and hide it; the others are left as they are. */
static const struct entity entities[] = {
    {"&colon;", ':'}, {"&sol;", '/'},    {"&amp;", '&'},  {"&period;", '.'}, {"&quest;", '?'},
    {"&num;", '#'},   {"&equals;", '='}, {"&bsol;", '/'}, {"&commat;", '@'}, {"&lowbar;", '_'},
};

static int digit(uint8_t b, uint32_t base)
{
    int v = b >= '0' && b <= '9' ? b - '0' : is_letter(b) ? (b | 0x20) - 'a' + 10 : 99;
    return v < (int)base ? v : -1;
}

/* A numeric entity at the start: its length, 0 for none. */
static size_t numeric(struct pst_str s, uint32_t *ret)
{
    bool hex = s.n > 3 && (s.p[2] == 'x' || s.p[2] == 'X');
    size_t i = hex ? 3 : 2, first = i;
    uint32_t v = 0;
    if (!pst_str_starts(s, PST_STR("&#"))) {
        return 0;
    }
    while (i < s.n && i < first + 8 && digit(s.p[i], hex ? 16 : 10) >= 0) {
        v = v * (hex ? 16 : 10) + (uint32_t)digit(s.p[i], hex ? 16 : 10);
        i++;
    }
    if (i == first) {
        return 0;
    }
    *ret = v;
    return i < s.n && s.p[i] == ';' ? i + 1 : i;
}

/* Entities undone, tabs and line ends gone, as URL parsers do (WHATWG URL §4.4). */
static void put_plain(struct pst_str raw, struct pst_buf *out)
{
    struct pst_cur c = pst_cur_of(raw);
    while (!pst_cur_done(&c)) {
        struct pst_str rest = pst_cur_rest(&c);
        uint32_t cp = rest.p[0];
        size_t n = numeric(rest, &cp);
        for (size_t i = 0; n == 0 && cp == '&' && i < PST_LEN(entities); i++) {
            if (pst_str_starts(rest, pst_str_c(entities[i].name))) {
                n = strlen(entities[i].name);
                cp = entities[i].byte;
            }
        }
        pst_cur_skip(&c, n > 0 ? n : 1);
        if (n == 0 || (cp > 0x20 && cp < 0x7f)) {
            if (cp > 0x20 || (cp == 0x20 && out->n > 0)) {
                (void)pst_buf_byte(out, (uint8_t)cp);
            }
        }
    }
}

/* Attributes may hold several addresses (srcset) or one in CSS: the worst counts. */
static struct pst_link_judgement judge_value(const struct pst_links *l, struct pst_str plain)
{
    struct pst_link_judgement worst = pst_link_judge(l->hosts, plain, (enum pst_link_kind)l->kind,
                                                     l->strict);
    struct pst_str rest = plain;
    size_t at;
    while ((at = pst_str_find(rest, PST_STR("//"))) != PST_NPOS) {
        rest = pst_str_from(rest, at);
        size_t n = 2;
        while (n < rest.n && !ends_bare(rest.p[n]) && rest.p[n] != ',' && rest.p[n] != ')' &&
               rest.p[n] != '\'') {
            n++;
        }
        struct pst_link_judgement j = pst_link_judge(l->hosts, pst_str_cut(rest, 0, n),
                                                     (enum pst_link_kind)l->kind, l->strict);
        worst = j.verdict > worst.verdict ? j : worst;
        rest = pst_str_from(rest, n);
    }
    return worst;
}

static void put_host(struct pst_str plain, struct pst_buf *out)
{
    struct pst_address a;
    pst_address_read(plain, &a);
    for (size_t i = 0; i < a.host.n && i < 64; i++) {
        uint8_t b = a.host.p[i];
        bool plain_byte = is_letter(b) || (b >= '0' && b <= '9') || b == '.' || b == '-';
        (void)pst_buf_byte(out, plain_byte ? b : '_');
    }
}

static void put_instead(const struct pst_links *l, struct pst_str plain, uint8_t why,
                        struct pst_buf *out)
{
    bool bare = l->kind == PST_LINK_BARE;
    (void)(bare ? PST_BUF_LIT(out, "[address removed") : PST_BUF_LIT(out, "#removed"));
    if ((why & PST_LINK_WHY_HOST) != 0) {
        /* a host that is itself the data is not named */
        struct pst_buf host;
        pst_buf_init(&host, 256);
        put_host(plain, &host);
        if (host.n > 0 && host.n <= 40) {
            (void)(bare ? PST_BUF_LIT(out, ": ") : PST_BUF_LIT(out, "/"));
            (void)pst_buf_add(out, pst_buf_str(&host));
        }
        pst_buf_release(&host);
    }
    if (bare) {
        (void)pst_buf_byte(out, ']');
    }
}

static void count(struct pst_links *l, struct pst_link_judgement j)
{
    l->kept += j.verdict == PST_LINK_KEEP;
    l->neutralised += j.verdict == PST_LINK_NEUTRALISE;
    l->blocked += j.verdict == PST_LINK_BLOCK;
    l->why |= j.verdict == PST_LINK_KEEP ? 0U : j.why;
}

/* Closing punctuation after a bare address is the sentence's. */
static size_t trim_bare(struct pst_str s)
{
    size_t n = s.n;
    while (n > 0 && pst_str_find_byte(PST_STR(".,;:!?)'*_]"), s.p[n - 1]) != PST_NPOS) {
        n--;
    }
    return n;
}

static void settle(struct pst_links *l, struct pst_str raw, struct pst_buf *out)
{
    struct pst_buf plain;
    size_t n = l->quote == QUOTE_BARE ? trim_bare(raw) : raw.n;
    pst_buf_init(&plain, PST_LINK_MAX + 16);
    if (l->quote == QUOTE_BARE && pst_str_eq_nocase(pst_str_cut(raw, 0, 4), PST_STR("www."))) {
        (void)PST_BUF_LIT(&plain, "//");
    }
    put_plain(pst_str_cut(raw, 0, n), &plain);
    struct pst_link_judgement j = judge_value(l, pst_buf_str(&plain));
    if (plain.failed) {
        j = (struct pst_link_judgement){PST_LINK_BLOCK, PST_LINK_WHY_LONG};
    }
    count(l, j);
    if (j.verdict == PST_LINK_KEEP) {
        (void)pst_buf_add(out, raw);
    } else {
        put_instead(l, pst_buf_str(&plain), j.why, out);
        (void)pst_buf_add(out, pst_str_from(raw, n));
    }
    pst_buf_release(&plain);
}

/* --- the automaton ------------------------------------------------------------------------------
 */

static void begin_address(struct pst_links *l, enum pst_link_kind kind, uint8_t quote)
{
    l->state = DEST;
    l->kind = (uint8_t)kind;
    l->quote = quote;
}

static bool back_is(const struct pst_links *l, struct pst_str what)
{
    return pst_str_eq_nocase(pst_str_of(&l->back[sizeof l->back - what.n], what.n), what);
}

static void text_byte(struct pst_links *l, uint8_t b)
{
    if (b == '[') {
        l->images = l->images << 1 | (l->back[7] == '!' ? 1U : 0U);
    } else if (b == ']') {
        l->kind = (uint8_t)((l->images & 1U) != 0 ? PST_LINK_IMAGE : PST_LINK_TEXT);
        l->images >>= 1;
        l->state = CLOSED;
    } else if (b == '(' && back_is(l, PST_STR("url"))) {
        begin_address(l, PST_LINK_FETCHED, QUOTE_BRACKET);
    } else if (back_is(l, PST_STR("@import")) && is_space(b)) {
        begin_address(l, PST_LINK_FETCHED, QUOTE_SPACE);
    } else if (l->back[7] == '<' && is_letter(b)) {
        l->tag = TAG_NAME;
        l->anchor = b == 'a' || b == 'A';
        l->one = true;
    }
}

static void tag_byte(struct pst_links *l, uint8_t b)
{
    if (b == '>') {
        l->tag = NO_TAG;
    } else if (l->tag == TAG_NAME && (is_letter(b) || (b >= '0' && b <= '9') || b == '-')) {
        l->anchor = l->anchor && l->one && back_is(l, PST_STR("<"));
        l->one = false;
    } else if (b == '=') {
        bool href = l->anchor && back_is(l, PST_STR("href"));
        begin_address(l, href ? PST_LINK_TEXT : PST_LINK_FETCHED, QUOTE_SPACE);
        l->tag = TAG;
    } else {
        l->tag = TAG;
    }
}

static void remember(struct pst_links *l, uint8_t b)
{
    memmove(l->back, &l->back[1], sizeof l->back - 1);
    l->back[sizeof l->back - 1] = b;
}

/* After the address: where the text around it goes on. */
static void after_address(struct pst_links *l)
{
    l->state = TEXT;
    memset(l->back, 0, sizeof l->back);
}

/* One byte that is no address's. */
static void pass_byte(struct pst_links *l, uint8_t b)
{
    bool tag = l->tag != NO_TAG;
    if (l->state == CLOSED && b == '(') {
        begin_address(l, (enum pst_link_kind)l->kind, QUOTE_BRACKET);
    } else if (l->state == CLOSED && b == ':') {
        begin_address(l, PST_LINK_REFERENCE, QUOTE_SPACE);
    } else if (l->state != DEST) {
        l->state = TEXT;
        text_byte(l, b);
        if (tag) {
            tag_byte(l, b);
        }
    } else if (b == '<') { /* white space and an opening quote before the address */
        l->quote = QUOTE_ANGLE;
    } else if (b == '"' || b == '\'') {
        l->quote = b;
    }
    remember(l, b);
}

static const struct pst_str bare_schemes[] = {PST_STR_INIT("https:"), PST_STR_INIT("http:"),
                                              PST_STR_INIT("ftp:"),   PST_STR_INIT("wss:"),
                                              PST_STR_INIT("ws:"),    PST_STR_INIT("www.")};

/* A bare address may begin here: 1, may yet turn out to: -1, no: 0. */
static int bare_begins(const struct pst_links *l, struct pst_str rest, bool end)
{
    uint8_t before = l->back[7];
    if (is_letter(before) || (before >= '0' && before <= '9')) {
        return 0;
    }
    int maybe = 0;
    for (size_t i = 0; i < PST_LEN(bare_schemes); i++) {
        struct pst_str s = bare_schemes[i];
        size_t n = rest.n < s.n ? rest.n : s.n;
        if (pst_str_eq_nocase(pst_str_cut(rest, 0, n), pst_str_cut(s, 0, n))) {
            if (n < s.n) {
                maybe = end ? maybe : -1;
            } else if (rest.n == s.n) {
                maybe = end ? maybe : -1;
            } else if (s.p[s.n - 1] == '.' || rest.p[s.n] == '/' || rest.p[s.n] == '\\') {
                return 1;
            }
        }
    }
    return maybe;
}

static bool dest_begins(const struct pst_links *l, uint8_t b)
{
    bool opens = (b == '"' || b == '\'' || b == '<') &&
                 (l->quote == QUOTE_SPACE || l->quote == QUOTE_BRACKET);
    return !is_space(b) && !opens;
}

/* More than can be held. A long value of an attribute that names no host so far is no address: it
 * passes as text, in which addresses are looked for like anywhere. */
static void too_long(struct pst_links *l, struct pst_str first, struct pst_buf *out)
{
    if (l->quote != QUOTE_BARE && pst_str_find(first, PST_STR("//")) == PST_NPOS &&
        pst_str_find_byte(first, ':') == PST_NPOS) {
        after_address(l);
        return;
    }
    put_instead(l, first, 0, out);
    count(l, (struct pst_link_judgement){PST_LINK_BLOCK, PST_LINK_WHY_LONG});
    l->state = SWALLOW;
}

/* The address that begins at `rest`: settles it and returns its length; PST_NPOS: wait. */
static size_t take_address(struct pst_links *l, struct pst_str rest, bool end, struct pst_buf *out)
{
    size_t n = address_length(l, rest);
    bool picture = pst_str_eq_nocase(pst_str_cut(rest, 0, 11), PST_STR("data:image/")) &&
                   !pst_str_eq_nocase(pst_str_cut(rest, 0, 15), PST_STR("data:image/svg+"));
    if (n == PST_NPOS && rest.n < 16 && !end) {
        return PST_NPOS;
    }
    if (picture && l->quote != QUOTE_BARE) {
        l->state = PASS;
        l->kept++;
        return 0;
    }
    if (n == PST_NPOS && rest.n <= PST_LINK_MAX && !end) {
        return PST_NPOS;
    }
    if ((n == PST_NPOS ? rest.n : n) > PST_LINK_MAX) {
        too_long(l, pst_str_cut(rest, 0, PST_LINK_MAX), out);
        return 0;
    }
    n = n == PST_NPOS ? rest.n : n;
    if (n > 0) {
        settle(l, pst_str_cut(rest, 0, n), out);
    }
    after_address(l);
    return n;
}

/* In SWALLOW and PASS: the rest of the address. Returns its length. */
static size_t run_on(struct pst_links *l, struct pst_str rest, struct pst_buf *out)
{
    size_t n = address_length(l, rest);
    bool done = n != PST_NPOS;
    n = done ? n : rest.n;
    if (l->state == PASS) {
        (void)pst_buf_add(out, pst_str_cut(rest, 0, n));
    }
    if (done) {
        after_address(l);
    }
    return n;
}

/* Handles what begins at `rest`: returns how many bytes are done with, PST_NPOS: wait for more. */
static size_t step(struct pst_links *l, struct pst_str rest, bool end, struct pst_buf *out)
{
    if (l->state == SWALLOW || l->state == PASS) {
        size_t n = run_on(l, rest, out);
        if (n > 0 || l->state == SWALLOW || l->state == PASS) {
            return n;
        }
    }
    if (l->state == DEST && dest_begins(l, rest.p[0])) {
        return take_address(l, rest, end, out);
    }
    if (l->state == TEXT || l->state == CLOSED) {
        int begins = bare_begins(l, rest, end);
        if (begins < 0) {
            return PST_NPOS;
        }
        if (begins > 0) {
            begin_address(l, PST_LINK_BARE, QUOTE_BARE);
            return take_address(l, rest, end, out);
        }
    }
    (void)pst_buf_byte(out, rest.p[0]);
    pass_byte(l, rest.p[0]);
    return 1;
}

enum pst_status pst_links_push(struct pst_links *l, struct pst_str held, bool end,
                               size_t *ret_taken, struct pst_buf *out, struct pst_err *err)
{
    size_t at = 0;
    while (at < held.n) {
        uint8_t state = l->state;
        size_t n = step(l, pst_str_from(held, at), end, out);
        if (n == PST_NPOS) {
            break;
        }
        PST_BUG_ON(n == 0 && l->state == state);
        at += n;
    }
    if (out->failed) {
        return pst_fail(err, PST_E_LIMIT, "links: the answer is larger than its limit");
    }
    *ret_taken = at;
    return PST_OK;
}
