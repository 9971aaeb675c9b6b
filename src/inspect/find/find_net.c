/* Addresses of machines and mailboxes. */
#include "inspect/find/grow.h"

struct pst_found pst_find_email(struct pst_str text, size_t at);
struct pst_found pst_find_ipv4(struct pst_str text, size_t at);
struct pst_found pst_find_ipv6(struct pst_str text, size_t at);
struct pst_found pst_find_mac(struct pst_str text, size_t at);

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63, TLD_MAX = 24 };

/* --- e-mail: RFC 5321 §4.1.2 without quoted local parts, RFC 6531 for other letters -------------
 */

static bool is_local(uint8_t c)
{
    return pst_is_letter(c) || pst_is_digit(c) || c == '.' || c == '_' || c == '%' || c == '+' ||
           c == '-' || c == '\'' || c == '&' || c == '~' || pst_is_high_letter(c);
}

/* Endings that are files, not domains: icon@2x.png. */
static bool is_file_ending(struct pst_str tld)
{
    static const char *const endings[] = {
        "png",     "jpg",    "jpeg",   "gif",   "svg",   "webp",  "js",    "jsx",   "ts",
        "tsx",     "css",    "scss",   "json",  "yaml",  "yml",   "html",  "htm",   "txt",
        "log",     "xml",    "csv",    "pdf",   "local", "lock",  "toml",  "java",  "cpp",
        "service", "target", "socket", "timer", "mount", "slice", "scope", "device"};
    for (size_t i = 0; i < PST_LEN(endings); i++) {
        if (pst_str_eq_nocase(tld, pst_str_c(endings[i]))) {
            return true;
        }
    }
    return false;
}

/* Where the domain that begins at `from` ends; 0 when there is none. */
static size_t domain_end(struct pst_str text, size_t from)
{
    size_t at = from, label = 0, dot = 0, end = 0;
    while (at < text.n && at - from < DOMAIN_MAX) {
        uint8_t c = text.p[at];
        if (c == '.') {
            if (label == 0 || text.p[at - 1] == '-') {
                break;
            }
            dot = at;
            label = 0;
        } else if (pst_is_letter(c) || pst_is_digit(c) || c == '-' || pst_is_high_letter(c)) {
            if (label == LABEL_MAX || (label == 0 && c == '-')) {
                break;
            }
            label++;
            end = at + 1;
        } else {
            break;
        }
        at++;
    }
    while (end > from && text.p[end - 1] == '-') {
        end--;
    }
    if (dot == 0 ||
        end <= dot + 2) { /* "a@b.c" has no such top level; a sentence may end in a dot */
        size_t last = from;
        for (size_t i = from; i < end; i++) {
            last = text.p[i] == '.' ? i : last;
        }
        if (last == from || end <= last + 2) {
            return 0;
        }
        dot = last;
    }
    struct pst_str tld = pst_str_cut(text, dot + 1, end - dot - 1);
    for (size_t i = 0; i < tld.n; i++) {
        if (pst_is_digit(tld.p[i]) && !pst_str_starts(tld, PST_STR("xn--"))) {
            return 0;
        }
    }
    return tld.n <= TLD_MAX && !is_file_ending(tld) ? end : 0;
}

/* user@[192.0.2.1] */
static size_t literal_end(struct pst_str text, size_t from)
{
    if (pst_byte_at(text, from) != '[') {
        return 0;
    }
    size_t at = from + 1, dots = 0;
    while (at < text.n && at - from < 48 &&
           (pst_is_hex(text.p[at]) || text.p[at] == '.' || text.p[at] == ':')) {
        dots += text.p[at] == '.' || text.p[at] == ':';
        at++;
    }
    return dots >= 3 && pst_byte_at(text, at) == ']' ? at + 1 : 0;
}

struct pst_found pst_find_email(struct pst_str text, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < LOCAL_MAX && is_local(text.p[start - 1])) {
        start--;
    }
    while (start < at && (text.p[start] == '.' || text.p[start] == '\'' || text.p[start] == '-' ||
                          (text.p[start] & 0xC0U) == 0x80U)) {
        start++;
    }
    size_t end = domain_end(text, at + 1);
    end = end != 0 ? end : literal_end(text, at + 1);
    bool dotted = start < at && text.p[at - 1] == '.';
    if (start == at || end == 0 || dotted || pst_byte_at(text, end) == '@') {
        return pst_found_none(at + 1);
    }
    struct pst_str local = pst_str_cut(text, start, at - start);
    uint8_t before = pst_byte_before(text, start);
    bool remote = pst_str_eq(local, PST_STR("git")) &&
                  (pst_byte_at(text, end) == ':' || before == '/');
    bool url = before == '/' && start > 2 && text.p[start - 2] == '/'; /* user@host of a URL */
    if (remote ||
        (url && pst_byte_at(text, end) != 0 && !(start > 8 && text.p[start - 4] == 'o'))) {
        return pst_found_none(end);
    }
    return pst_found_at(start, end, PST_CHECK_YES);
}

/* --- IPv4 ------------------------------------------------------------------------------------- */

static bool octets_read(struct pst_str text, size_t *at, unsigned octets[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned value = 0;
        size_t digits = 0;
        while (digits < 4 && pst_is_digit(pst_byte_at(text, *at))) {
            value = value * 10 + (unsigned)(text.p[*at] - '0');
            digits++;
            (*at)++;
        }
        bool leading = digits > 1 && text.p[*at - digits] == '0';
        if (digits == 0 || digits > 3 || value > 255 || leading) {
            return false;
        }
        octets[i] = value;
        if (i < 3) {
            if (pst_byte_at(text, *at) != '.') {
                return false;
            }
            (*at)++;
        }
    }
    return true;
}

/* Private, loopback, link-local, documentation, multicast and reserved ranges; numbers of versions.
 */
static bool is_dull(const unsigned o[4])
{
    bool private_range = o[0] == 10 || (o[0] == 172 && o[1] >= 16 && o[1] < 32) ||
                         (o[0] == 192 && o[1] == 168) || o[0] == 127 ||
                         (o[0] == 169 && o[1] == 254) || (o[0] == 100 && o[1] >= 64 && o[1] < 128);
    bool documentation = (o[0] == 192 && o[1] == 0 && o[2] == 2) ||
                         (o[0] == 198 && o[1] == 51 && o[2] == 100) ||
                         (o[0] == 203 && o[1] == 0 && o[2] == 113) ||
                         (o[0] == 198 && (o[1] == 18 || o[1] == 19));
    bool version = o[0] < 20 && o[1] < 20 && o[2] < 20 && o[3] < 20;
    return private_range || documentation || version || o[0] == 0 || o[0] >= 224;
}

struct pst_found pst_find_ipv4(struct pst_str text, size_t at)
{
    unsigned octets[4];
    size_t end = at;
    uint8_t before = pst_byte_before(text, at);
    if (!octets_read(text, &end, octets)) {
        return pst_found_none(at + 1);
    }
    uint8_t after = pst_byte_at(text, end);
    bool longer = after == '.' && pst_is_digit(pst_byte_at(text, end + 1));
    bool glued = pst_is_letter(before) || before == '.' || before == '_' || pst_is_letter(after) ||
                 after == '_' || (before == '-' && at > 1 && pst_is_digit(text.p[at - 2])) ||
                 (after == '-' && pst_is_digit(pst_byte_at(text, end + 1)));
    bool zeros = octets[2] == 0 && octets[3] == 0; /* Chrome/120.0.0.0, networks */
    if (longer || glued || (before == '/' && octets[3] == 0) || (zeros && octets[1] == 0)) {
        return pst_found_none(end);
    }
    return pst_found_at(at, end, is_dull(octets) ? PST_CHECK_PLAUSIBLE : PST_CHECK_YES);
}

/* --- IPv6: RFC 4291 §2.2 ------------------------------------------------------------------------
 */

static bool groups_read(struct pst_str s, size_t *ret_groups, bool *ret_gap)
{
    size_t groups = 0, digits = 0, i = 0;
    bool gap = false;
    if (pst_str_starts(s, PST_STR("::"))) {
        gap = true;
        i = 2;
    } else if (pst_byte_at(s, 0) == ':') {
        return false;
    }
    for (; i < s.n; i++) {
        if (s.p[i] != ':') {
            if (++digits > 4) {
                return false;
            }
            groups += digits == 1;
            continue;
        }
        if (digits == 0) {
            return false;
        }
        digits = 0;
        if (pst_byte_at(s, i + 1) == ':') {
            if (gap) {
                return false;
            }
            gap = true;
            i++;
        } else if (i + 1 == s.n) {
            return false;
        }
    }
    *ret_groups = groups;
    *ret_gap = gap;
    return gap ? groups < 8 : groups == 8;
}

struct pst_found pst_find_ipv6(struct pst_str text, size_t at)
{
    size_t start = at, end = at, digits = 0, groups;
    bool gap;
    while (start > 0 && at - start < 45 &&
           (pst_is_hex(text.p[start - 1]) || text.p[start - 1] == ':')) {
        start--;
    }
    while (end < text.n && end - at < 45 && (pst_is_hex(text.p[end]) || text.p[end] == ':')) {
        end++;
    }
    size_t resume = end;
    if (end > start + 1 && text.p[end - 1] == ':' && text.p[end - 2] != ':') {
        end--; /* a colon of the sentence */
    }
    struct pst_str s = pst_str_cut(text, start, end - start);
    for (size_t i = 0; i < s.n; i++) {
        digits += pst_is_digit(s.p[i]);
    }
    uint8_t before = pst_byte_before(text, start), after = pst_byte_at(text, end);
    bool glued = pst_is_letter(before) || before == '_' || pst_is_letter(after) || after == '_' ||
                 before == '.';
    if (glued || s.n < 3 || !groups_read(s, &groups, &gap)) {
        return pst_found_none(resume);
    }
    bool dull = pst_str_starts(s, PST_STR("fe80")) || pst_str_starts(s, PST_STR("2001:db8")) ||
                groups < 3;
    if (gap && (groups < 2 || digits < 2)) {
        return pst_found_none(resume);
    }
    struct pst_found found = pst_found_at(start, end, dull ? PST_CHECK_PLAUSIBLE : PST_CHECK_YES);
    found.resume = resume;
    return found;
}

/* --- MAC: IEEE 802, pairs with colons (pairs with hyphens are a form) ---------------------------
 */

struct pst_found pst_find_mac(struct pst_str text, size_t at)
{
    if (at < 2 || at + 15 > text.n) {
        return pst_found_none(at + 1);
    }
    size_t start = at - 2, zeros = 0, fs = 0;
    for (size_t i = 0; i < 17; i++) {
        uint8_t c = text.p[start + i];
        if (i % 3 == 2 ? c != ':' : !pst_is_hex(c)) {
            return pst_found_none(at + 1);
        }
        zeros += c == '0';
        fs += c == 'f' || c == 'F';
    }
    uint8_t before = pst_byte_before(text, start), after = pst_byte_at(text, start + 17);
    bool glued = pst_is_letter(before) || pst_is_digit(before) || before == ':' ||
                 pst_is_letter(after) || pst_is_digit(after) || after == ':';
    if (glued) { /* a fingerprint of a certificate goes on */
        size_t end = start;
        while (end < text.n && end - start < 320 &&
               (pst_is_hex(text.p[end]) || text.p[end] == ':')) {
            end++;
        }
        return pst_found_none(end);
    }
    if (zeros == 12 || fs == 12) {
        return pst_found_none(start + 17);
    }
    return pst_found_at(start, start + 17, PST_CHECK_YES);
}
