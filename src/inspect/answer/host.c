#include "inspect/answer/host.h"

#include "base/enc.h"

static bool is_scheme_byte(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '+' ||
           b == '-' || b == '.';
}

static bool is_slash(int b)
{
    return b == '/' || b == '\\';
}

/* The part up to the first of `ends`, taken off `*rest`. */
static struct pst_str take_until(struct pst_str *rest, const char *ends)
{
    size_t i = 0;
    while (i < rest->n && pst_str_find_byte(pst_str_c(ends), rest->p[i]) == PST_NPOS) {
        i++;
    }
    struct pst_str part = pst_str_cut(*rest, 0, i);
    *rest = pst_str_from(*rest, i);
    return part;
}

static void read_authority(struct pst_str authority, struct pst_address *ret)
{
    size_t at = authority.n;
    while (at > 0 && authority.p[at - 1] != '@') {
        at--;
    }
    if (at > 0) {
        ret->userinfo = pst_str_cut(authority, 0, at - 1);
    }
    struct pst_str host = pst_str_from(authority, at);
    if (host.n > 0 && host.p[0] == '[') {
        size_t close = pst_str_find_byte(host, ']');
        ret->host = close == PST_NPOS ? host : pst_str_cut(host, 0, close + 1);
        return;
    }
    ret->host = take_until(&host, ":");
}

void pst_address_read(struct pst_str text, struct pst_address *ret)
{
    size_t i = 0;
    struct pst_str rest = text;
    *ret = (struct pst_address){0};
    while (i < text.n && is_scheme_byte(text.p[i])) {
        i++;
    }
    if (i > 0 && i < text.n && text.p[i] == ':') {
        ret->scheme = pst_str_cut(text, 0, i);
        rest = pst_str_from(text, i + 1);
    }
    bool web = pst_str_eq_nocase(ret->scheme, PST_STR("http")) ||
               pst_str_eq_nocase(ret->scheme, PST_STR("https")) ||
               pst_str_eq_nocase(ret->scheme, PST_STR("ftp")) ||
               pst_str_eq_nocase(ret->scheme, PST_STR("ws")) ||
               pst_str_eq_nocase(ret->scheme, PST_STR("wss"));
    size_t slashes = 0;
    while (slashes < rest.n && is_slash(rest.p[slashes])) {
        slashes++;
    }
    if (slashes >= 2 || (web && rest.n > 0)) {
        rest = pst_str_from(rest, slashes);
        read_authority(take_until(&rest, "/\\?#"), ret);
    }
    ret->path = take_until(&rest, "?#");
    if (rest.n > 0 && rest.p[0] == '?') {
        rest = pst_str_from(rest, 1);
        ret->query = take_until(&rest, "#");
    }
    ret->fragment = pst_str_from(rest, rest.n > 0 ? 1 : 0);
}

/* --- folding ---------------------------------------------------------------------------------- */

enum { LABEL_MAX = 63 };

static int digit_of(uint8_t b)
{
    if (b >= 'a' && b <= 'z') {
        return b - 'a';
    }
    return b >= '0' && b <= '9' ? b - '0' + 26 : -1;
}

/* RFC 3492 §6.1 */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    while (delta > 455) {
        delta /= 35;
        k += 36;
    }
    return k + 36 * delta / (delta + 38);
}

/* One generalised integer (RFC 3492 §6.2); false when it ends early or is too large. */
static bool decode_delta(struct pst_cur *c, uint32_t bias, uint32_t *i)
{
    uint32_t weight = 1;
    for (uint32_t k = 36;; k += 36) {
        int digit = pst_cur_done(c) ? -1 : digit_of((uint8_t)pst_cur_peek(c, 0));
        if (digit < 0 || (uint32_t)digit > (0x7fffffffU - *i) / weight) {
            return false;
        }
        pst_cur_skip(c, 1);
        *i += (uint32_t)digit * weight;
        uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if ((uint32_t)digit < t) {
            return true;
        }
        if (weight > 0x7fffffffU / (36 - t)) {
            return false;
        }
        weight *= 36 - t;
    }
}

/* The label after "xn--" as UTF-8; false: not well formed, or longer than any label. */
static bool label_decode(struct pst_str label, struct pst_buf *out)
{
    uint32_t points[LABEL_MAX], n = 0x80, i = 0, bias = 72, count = 0;
    size_t basic = label.n;
    while (basic > 0 && label.p[basic - 1] != '-') {
        basic--;
    }
    if (label.n > LABEL_MAX) {
        return false;
    }
    for (size_t k = 0; k + 1 < basic; k++) {
        points[count++] = label.p[k];
    }
    struct pst_cur c = pst_cur_of(pst_str_from(label, basic));
    while (!pst_cur_done(&c)) {
        uint32_t old = i;
        if (count == LABEL_MAX || !decode_delta(&c, bias, &i)) {
            return false;
        }
        bias = adapt(i - old, count + 1, old == 0);
        n += i / (count + 1);
        i %= count + 1;
        if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) {
            return false;
        }
        memmove(&points[i + 1], &points[i], (count - i) * sizeof points[0]);
        points[i++] = n;
        count++;
    }
    for (uint32_t k = 0; k < count; k++) {
        uint8_t utf8[4];
        (void)pst_buf_add(out, pst_str_of(utf8, pst_utf8_put(points[k], utf8)));
    }
    return count > 0;
}

/* The length of a dot at the start: ASCII, or one that IDNA takes for one (RFC 3490 §3.1). */
static size_t dot_length(struct pst_str s)
{
    static const struct pst_str dots[] = {PST_STR_INIT("."), PST_STR_INIT("\xe3\x80\x82"),
                                          PST_STR_INIT("\xef\xbc\x8e"),
                                          PST_STR_INIT("\xef\xbd\xa1")};
    for (size_t i = 0; i < PST_LEN(dots); i++) {
        if (pst_str_starts(s, dots[i])) {
            return dots[i].n;
        }
    }
    return 0;
}

/* A letter as others may write it: ASCII and full-width capitals small. */
static void put_letter(uint32_t cp, struct pst_buf *out)
{
    uint8_t utf8[4];
    if (cp >= 0xff01 && cp <= 0xff5e) {
        cp = cp - 0xff01 + 0x21;
    }
    if (cp >= 'A' && cp <= 'Z') {
        cp += 0x20;
    } else if ((cp >= 0xc0 && cp <= 0xde && cp != 0xd7) || (cp >= 0x410 && cp <= 0x42f) ||
               (cp >= 0x391 && cp <= 0x3a9)) {
        cp += 0x20;
    }
    (void)pst_buf_add(out, pst_str_of(utf8, pst_utf8_put(cp, utf8)));
}

static bool put_label(struct pst_buf *label, struct pst_buf *out)
{
    struct pst_str s = pst_buf_str(label);
    bool ok = s.n > 0;
    if (pst_str_starts(s, PST_STR("xn--"))) {
        ok = label_decode(pst_str_from(s, 4), out);
    } else {
        (void)pst_buf_add(out, s);
    }
    pst_buf_clear(label);
    return ok;
}

bool pst_host_fold(struct pst_str host, struct pst_buf *out)
{
    struct pst_buf label;
    struct pst_cur c = pst_cur_of(host);
    bool ok = host.n > 0 && host.n <= PST_HOST_BYTES;
    pst_buf_init(&label, 4 * PST_HOST_BYTES);
    while (ok && !pst_cur_done(&c)) {
        uint32_t cp = 0;
        size_t dot = dot_length(pst_cur_rest(&c));
        size_t n = dot > 0 ? dot : pst_utf8_get(pst_cur_rest(&c), &cp);
        if (n == 0 || (dot == 0 && (cp <= 0x20 || cp == 0x7f))) {
            ok = false;
            break;
        }
        pst_cur_skip(&c, n);
        if (dot == 0) {
            put_letter(cp, &label);
        } else {
            ok = put_label(&label, out);
            if (ok && !pst_cur_done(&c)) {
                (void)pst_buf_byte(out, '.');
            }
        }
    }
    if (ok && label.n > 0) {
        ok = put_label(&label, out);
    }
    ok = ok && !out->failed && !label.failed && out->n > 0;
    pst_buf_release(&label);
    return ok;
}

/* --- the set ---------------------------------------------------------------------------------- */

void pst_hosts_init(struct pst_hosts *h, struct pst_arena *arena)
{
    *h = (struct pst_hosts){.arena = arena};
}

static bool rule_fits(struct pst_str rule, struct pst_str host)
{
    if (rule.p[0] != '.') {
        return pst_str_eq(rule, host);
    }
    return pst_str_ends(host, rule) || pst_str_eq(host, pst_str_from(rule, 1));
}

static bool has_folded(const struct pst_hosts *h, struct pst_str host)
{
    for (size_t i = 0; i < h->n; i++) {
        if (rule_fits(h->list[i], host)) {
            return true;
        }
    }
    return false;
}

static bool put(struct pst_hosts *h, struct pst_str host, bool under)
{
    struct pst_buf folded;
    pst_buf_init(&folded, 4 * PST_HOST_BYTES + 4);
    if (under) {
        (void)pst_buf_byte(&folded, '.');
    }
    bool ok = pst_host_fold(host, &folded);
    if (ok && (under || !has_folded(h, pst_buf_str(&folded)))) {
        struct pst_str copy = {0};
        if (h->list == NULL) {
            h->list = PST_ARENA_ARRAY(h->arena, PST_HOSTS_MAX, struct pst_str);
        }
        if (h->list != NULL && h->n < PST_HOSTS_MAX) {
            copy = pst_arena_copy(h->arena, pst_buf_str(&folded));
        }
        if (copy.p != NULL) {
            h->list[h->n++] = copy;
        } else {
            h->full = true;
        }
    }
    pst_buf_release(&folded);
    return ok;
}

enum pst_status pst_hosts_allow(struct pst_hosts *h, struct pst_str rule, struct pst_err *err)
{
    bool under = pst_str_starts(rule, PST_STR("*."));
    if (!put(h, under ? pst_str_from(rule, 2) : rule, under)) {
        return pst_fail(err, PST_E_CONFIG, "not a host that may be allowed");
    }
    return h->full ? pst_fail(err, PST_E_LIMIT, "too many allowed hosts") : PST_OK;
}

bool pst_hosts_has(const struct pst_hosts *h, struct pst_str host)
{
    struct pst_buf folded;
    pst_buf_init(&folded, 4 * PST_HOST_BYTES + 4);
    bool has = pst_host_fold(host, &folded) && has_folded(h, pst_buf_str(&folded));
    pst_buf_release(&folded);
    return has;
}

static bool ends_host(uint8_t b)
{
    return b <= 0x20 || b == 0x7f ||
           pst_str_find_byte(PST_STR("/\\?#:\"'<>()[]{}|^`,;*"), b) != PST_NPOS;
}

/* The host at the start of `rest`, user information stepped over. */
static struct pst_str host_at(struct pst_str rest)
{
    size_t n = 0;
    while (n < rest.n && n <= PST_HOST_BYTES && !ends_host(rest.p[n])) {
        n++;
    }
    struct pst_str host = pst_str_cut(rest, 0, n);
    size_t at = pst_str_find_byte(host, '@');
    host = pst_str_from(host, at == PST_NPOS ? 0 : at + 1);
    while (host.n > 0 && pst_str_find_byte(PST_STR(".!?"), host.p[host.n - 1]) != PST_NPOS) {
        host.n--;
    }
    return host;
}

void pst_hosts_learn(struct pst_hosts *h, struct pst_str text)
{
    struct pst_str rest = text;
    size_t at;
    while (!h->full && (at = pst_str_find(rest, PST_STR("://"))) != PST_NPOS) {
        rest = pst_str_from(rest, at + 3);
        (void)put(h, host_at(rest), false);
    }
    rest = text;
    while (!h->full && (at = pst_str_find(rest, PST_STR("www."))) != PST_NPOS) {
        rest = pst_str_from(rest, at);
        (void)put(h, host_at(rest), false);
        (void)put(h, pst_str_from(host_at(rest), 4), false);
        rest = pst_str_from(rest, 4);
    }
}
