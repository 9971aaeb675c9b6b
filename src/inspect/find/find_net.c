/* Addresses of people and machines on networks. */
#include "inspect/find/parts.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253 };

static bool local_byte(uint8_t c)
{
    return pst_find_alnum(c) || c >= 0x80 || (c != 0 && strchr(".!#$%&'*+-/=?^_{|}~", c) != NULL);
}

/* Ends of file names that look like domains of the top level, and versions of assets. */
static bool file_end(struct pst_str word)
{
    return pst_find_word_in(
        word, "png jpg jpeg gif svg webp avif ico css scss js mjs cjs ts tsx jsx json "
              "html htm xml yml yaml toml txt pdf zip gz tgz exe dll so py rb go rs "
              "java class php vue map lock local internal lan localdomain invalid");
}

/* The domain from `at`: labels of letters, digits, hyphens and bytes above ASCII; where it ends, or
 * `at` when it is none. */
static size_t domain_end(struct pst_str t, size_t at)
{
    size_t i = at, label = 0, dots = 0, last = at;
    for (; i < t.n && i - at < DOMAIN_MAX; i++) {
        uint8_t c = t.p[i];
        if (pst_find_alnum(c) || c >= 0x80 || (c == '-' && label > 0)) {
            label++;
        } else if (c == '.' && label > 0 && label < 64 &&
                   (pst_find_alnum(pst_find_at(t, i + 1)) || pst_find_at(t, i + 1) >= 0x80)) {
            dots++;
            label = 0;
            last = i + 1;
        } else {
            break;
        }
    }
    while (i > last && (t.p[i - 1] == '-')) {
        i--;
    }
    return dots > 0 && i - last >= 2 && i - at <= DOMAIN_MAX ? i : at;
}

static enum pst_verdict top_level(struct pst_str tld)
{
    uint8_t upper[2];
    bool ascii = true;
    for (size_t i = 0; i < tld.n; i++) {
        if (pst_find_digit(tld.p[i])) {
            return pst_str_eq_nocase(pst_str_cut(tld, 0, 4), PST_STR("xn--")) ? PST_CHECK_YES
                                                                              : PST_CHECK_NO;
        }
        ascii = ascii && tld.p[i] < 0x80;
    }
    if (!ascii) {
        return PST_CHECK_YES;
    }
    if (file_end(tld) || tld.n > 24) {
        return PST_CHECK_NO;
    }
    if (tld.n == 2) {
        static const char more[] = "UK EU SU AC";
        upper[0] = (uint8_t)(tld.p[0] & 0xDFU);
        upper[1] = (uint8_t)(tld.p[1] & 0xDFU);
        for (size_t i = 0; i + 2 < sizeof more; i += 3) {
            if (more[i] == (char)upper[0] && more[i + 1] == (char)upper[1]) {
                return PST_CHECK_YES;
            }
        }
        return pst_find_country(pst_str_of(upper, 2)) ? PST_CHECK_YES : PST_CHECK_NO;
    }
    return PST_CHECK_YES;
}

/* RFC 5321 without quoted local parts and address literals, RFC 6531 for bytes above ASCII. */
struct pst_found pst_find_email(struct pst_str t, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < LOCAL_MAX && local_byte(t.p[start - 1])) {
        start--;
    }
    /* what embraces or joins is not part of it */
    while (start < at && strchr(".!#$%&'*+-/=?^{|}~", t.p[start]) != NULL) {
        start++;
    }
    for (size_t i = at; i > start; i--) { /* key=mail@…, path/mail@…: the part after */
        if (t.p[i - 1] == '=' || t.p[i - 1] == '/' || t.p[i - 1] == '|') {
            start = i;
            break;
        }
    }
    if (start < at && t.p[start] >= 0x80) { /* words of scripts without spaces run into it */
        size_t ascii = start;
        while (ascii < at && t.p[ascii] >= 0xE0) {
            ascii += t.p[ascii] >= 0xF0 ? 4 : 3;
        }
        start = ascii < at ? ascii : start;
    }
    size_t end = domain_end(t, at + 1);
    if (start == at || end == at + 1 || t.p[at - 1] == '.' || pst_find_before(t, start) == '@' ||
        pst_find_at(t, end) == '@') {
        return pst_find_nothing(at + 1);
    }
    size_t dot = end;
    while (dot > at && t.p[dot - 1] != '.') {
        dot--;
    }
    /* non-ASCII letters right behind an ASCII top level are the next word of a script without
     * spaces */
    if (pst_find_letter(pst_find_at(t, dot))) {
        size_t tail = dot;
        while (tail < end && t.p[tail] < 0x80) {
            tail++;
        }
        end = tail;
    }
    enum pst_verdict verdict = top_level(pst_str_cut(t, dot, end - dot));
    struct pst_str local = pst_str_cut(t, start, at - start);
    /* an account of a machine, not of a person: git@host:path */
    bool remote = pst_find_at(t, end) == ':' && pst_find_letter(pst_find_at(t, end + 1));
    if (remote && pst_find_word_in(local, "git hg svn ssh deploy")) {
        verdict = PST_CHECK_NO;
    }
    return (struct pst_found){start, end, verdict, at + 1};
}

struct pst_found pst_find_ipv4(struct pst_str t, size_t at)
{
    unsigned octet[4] = {0};
    size_t i = at;
    uint8_t before = pst_find_before(t, at);
    if (pst_find_alnum(before) || (before == '.' && at > 1 && pst_find_alnum(t.p[at - 2])) ||
        before == '_' || before >= 0x80) {
        return pst_find_nothing(at + 1);
    }
    for (size_t k = 0; k < 4; k++) {
        size_t from = i;
        while (i - from < 3 && pst_find_digit(pst_find_at(t, i))) {
            octet[k] = octet[k] * 10 + (unsigned)(t.p[i++] - '0');
        }
        bool zero = i - from > 1 && t.p[from] == '0';
        if (i == from || octet[k] > 255 || zero || (k < 3 && pst_find_at(t, i++) != '.')) {
            return pst_find_nothing(at + 1);
        }
    }
    uint8_t after = pst_find_at(t, i);
    if (pst_find_alnum(after) || after == '_' ||
        (after == '.' && pst_find_alnum(pst_find_at(t, i + 1))) ||
        (after == '-' && pst_find_letter(pst_find_at(t, i + 1)))) {
        return pst_find_nothing(at + 1);
    }
    if (octet[0] == 0 || octet[0] == 127 || octet[0] >= 240 || (octet[0] == 255)) {
        return pst_find_nothing(i); /* this host, loopback, reserved: of nobody */
    }
    bool own = octet[0] == 10 || (octet[0] == 192 && octet[1] == 168) ||
               (octet[0] == 172 && octet[1] >= 16 && octet[1] < 32) ||
               (octet[0] == 169 && octet[1] == 254) || octet[0] >= 224;
    bool version = octet[0] < 10 && octet[1] < 30 && octet[2] < 30;
    bool printed = (octet[0] == 192 && octet[1] == 0 && octet[2] == 2) ||
                   (octet[0] == 198 && octet[1] == 51 && octet[2] == 100) ||
                   (octet[0] == 203 && octet[1] == 0 && octet[2] == 113);
    return (struct pst_found){at, i,
                              own || version || printed ? PST_CHECK_PLAUSIBLE : PST_CHECK_YES, i};
}

struct groups6 {
    size_t groups, end, digits;
    bool gap, ok;
};

static struct groups6 groups_read(struct pst_str t, size_t at)
{
    struct groups6 g = {.ok = true};
    size_t i = at, run = 0;
    bool colon = false;
    for (; i < t.n && i - at < 46; i++) {
        if (pst_find_hex(t.p[i]) >= 0) {
            g.groups += run == 0 ? 1 : 0;
            run++;
            g.digits += pst_find_digit(t.p[i]) ? 1 : 0;
            g.ok = g.ok && run <= 4;
            colon = false;
        } else if (t.p[i] == ':' && (pst_find_at(t, i + 1) == ':' ||
                                     pst_find_hex(pst_find_at(t, i + 1)) >= 0 || colon)) {
            g.ok = g.ok && !(colon && g.gap);
            g.gap = g.gap || colon;
            colon = true;
            run = 0;
        } else {
            break;
        }
    }
    g.end = i;
    return g;
}

/* RFC 4291. Two groups with a gap are more often names of code than addresses. */
struct pst_found pst_find_ipv6(struct pst_str t, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < 4 && pst_find_hex(t.p[start - 1]) >= 0) {
        start--;
    }
    struct groups6 g = groups_read(t, start);
    uint8_t before = pst_find_before(t, start), after = pst_find_at(t, g.end);
    bool edge = !pst_find_alnum(before) && before != ':' && before != '_' && before < 0x80 &&
                !pst_find_alnum(after) && after != ':' && after != '_';
    bool enough = (g.groups == 8 && !g.gap) ||
                  (g.gap && g.groups >= 3 && g.groups <= 7 && g.digits >= 2);
    if (!g.ok || !edge || !enough) {
        return pst_find_nothing(g.end > at ? g.end : at + 1);
    }
    struct pst_str text = pst_str_cut(t, start, g.end - start);
    bool own = (text.n > 2 && (text.p[0] | 0x20) == 'f') ||
               pst_str_eq_nocase(pst_str_cut(text, 0, 9), PST_STR("2001:db8:"));
    return (struct pst_found){start, g.end, own ? PST_CHECK_PLAUSIBLE : PST_CHECK_YES, g.end};
}

struct pst_found pst_find_mac(struct pst_str t, size_t at)
{
    if (at < 2) {
        return pst_find_nothing(at + 1);
    }
    size_t start = at - 2;
    bool one = true;
    uint8_t first = t.p[start];
    for (size_t i = 0; i < 17; i++) {
        uint8_t c = pst_find_at(t, start + i);
        if (i % 3 == 2 ? c != ':' : pst_find_hex(c) < 0) {
            return pst_find_nothing(at + 1);
        }
        one = one && (i % 3 == 2 || c == first);
    }
    uint8_t before = pst_find_before(t, start), after = pst_find_at(t, start + 17);
    if (one || pst_find_alnum(before) || before == ':' || pst_find_alnum(after) || after == ':') {
        return pst_find_nothing(start + 18); /* a fingerprint, or broadcast */
    }
    return (struct pst_found){start, start + 17, PST_CHECK_YES, start + 17};
}
