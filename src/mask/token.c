#include "mask/token.h"

#include "base/enc.h"
#include "crypto/hash.h"

enum { HEAD = 2, TAG = 4, DIGITS = 16, CHECK = 4, CHECKED = PST_TOKEN_BYTES - CHECK };

static const char digits[] = "abcdefghijklmnoprstuvwxyz2345678";

static uint8_t lower(uint8_t b)
{
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b + ('a' - 'A')) : b;
}

static bool is_letter(uint8_t b)
{
    return b >= 'a' && b <= 'z' && b != 'q';
}

static bool is_digit(uint8_t b)
{
    return is_letter(b) || (b >= '2' && b <= '8');
}

/* The check is no secret: it tells a token from a drifted one. */
static void check_put(const uint8_t checked[CHECKED], uint8_t ret[CHECK])
{
    uint32_t crc = pst_crc32c(0, pst_str_of(checked, CHECKED));
    for (size_t i = 0; i < CHECK; i++) {
        ret[i] = (uint8_t)digits[crc >> (5 * i) & 31];
    }
}

static void tag_put(struct pst_str tag, uint8_t ret[TAG])
{
    size_t n = 0;
    for (size_t i = 0; i < tag.n && n < TAG; i++) {
        uint8_t b = lower(tag.p[i]);
        if (is_letter(b)) {
            ret[n++] = (uint8_t)(b - ('a' - 'A'));
        }
    }
    while (n < TAG) {
        ret[n++] = 'X';
    }
}

void pst_token_make(const struct pst_scope *scope, struct pst_str tag, struct pst_str value,
                    uint8_t ret[PST_TOKEN_BYTES])
{
    struct pst_err err = {0};
    struct pst_hmac hmac;
    uint8_t mac[PST_SHA256_BYTES], folded[CHECKED];
    const uint8_t zero = 0;
    PST_BUG_ON(pst_hmac_init(&hmac, pst_str_of(scope->key, sizeof scope->key), &err) != PST_OK);
    pst_hmac_update(&hmac, tag);
    pst_hmac_update(&hmac, pst_str_of(&zero, 1));
    pst_hmac_update(&hmac, value);
    pst_hmac_finish(&hmac, mac);
    pst_hmac_release(&hmac);
    ret[0] = 'Q';
    ret[1] = 'z';
    tag_put(tag, &ret[HEAD]);
    ret[HEAD + TAG] = '_';
    for (size_t i = 0; i < DIGITS; i++) { /* 5 bits at a time, from the first on */
        size_t bit = 5 * i;
        unsigned two = (unsigned)mac[bit / 8] << 8 | mac[bit / 8 + 1];
        ret[HEAD + TAG + 1 + i] = (uint8_t)digits[two >> (11 - bit % 8) & 31];
    }
    for (size_t i = 0; i < CHECKED; i++) {
        folded[i] = lower(ret[i]);
    }
    check_put(folded, &ret[CHECKED]);
}

/* Whether byte `at` of a token without zeros may be `b` (in lower case). */
static bool fits(size_t at, uint8_t b)
{
    switch (at) {
    case 0:
        return b == 'q';
    case 1:
        return b == 'z';
    case HEAD + TAG:
        return b == '_';
    default:
        return at < HEAD + TAG ? is_letter(b) : is_digit(b);
    }
}

/* Reads a form at `at`: its bytes go to `plain`. Returns how many of PST_TOKEN_BYTES fit; *ret_end
 * is where reading stopped. */
static size_t form_read(struct pst_str text, size_t at, uint8_t plain[PST_TOKEN_BYTES],
                        size_t *ret_end, size_t *ret_escapes)
{
    size_t n = 0, escapes = 0;
    while (at < text.n && n < PST_TOKEN_BYTES) {
        uint8_t b = lower(text.p[at]);
        if (n == HEAD && b == '0' && escapes < PST_TOKEN_ESCAPES_MAX) {
            escapes++;
        } else if (fits(n, b)) {
            plain[n++] = b;
        } else {
            break;
        }
        at++;
    }
    *ret_end = at;
    *ret_escapes = escapes;
    return n;
}

static bool form_whole(struct pst_str text, size_t at, struct pst_token_at *ret)
{
    uint8_t check[CHECK];
    ret->start = at;
    if (form_read(text, at, ret->plain, &ret->end, &ret->escapes) < PST_TOKEN_BYTES) {
        return false;
    }
    check_put(ret->plain, check);
    return memcmp(check, &ret->plain[CHECKED], CHECK) == 0;
}

bool pst_token_looks(struct pst_str text)
{
    struct pst_token_at t;
    return text.n == PST_TOKEN_BYTES && form_whole(text, 0, &t) && t.escapes == 0;
}

size_t pst_token_tail(struct pst_str text)
{
    uint8_t plain[PST_TOKEN_BYTES];
    size_t most = PST_TOKEN_BYTES + PST_TOKEN_ESCAPES_MAX - 1, end, escapes;
    for (size_t n = 1; n <= most && n <= text.n; n++) {
        if (lower(text.p[text.n - n]) != 'q') {
            continue;
        }
        /* a form has no other q: only the last one can begin one that is not whole */
        size_t read = form_read(text, text.n - n, plain, &end, &escapes);
        return read < PST_TOKEN_BYTES && end == text.n ? n : 0;
    }
    return 0;
}

static size_t find_from(struct pst_str text, size_t at, uint8_t byte)
{
    size_t found = pst_str_find_byte(pst_str_from(text, at), byte);
    return found == PST_NPOS ? PST_NPOS : at + found;
}

bool pst_token_next(struct pst_token_walk *w, struct pst_str text, struct pst_token_at *ret)
{
    for (;;) {
        if (!w->begun || (w->lower < w->at && w->lower != PST_NPOS)) {
            w->lower = find_from(text, w->at, 'q');
        }
        if (!w->begun || (w->upper < w->at && w->upper != PST_NPOS)) {
            w->upper = find_from(text, w->at, 'Q');
        }
        w->begun = true;
        size_t next = w->lower < w->upper ? w->lower : w->upper;
        if (next == PST_NPOS) {
            w->at = text.n;
            return false;
        }
        if (form_whole(text, next, ret)) {
            w->at = ret->end;
            return true;
        }
        w->at = next + 1;
    }
}

bool pst_token_escape(struct pst_buf *out, struct pst_str text, const struct pst_token_at *t)
{
    return pst_buf_add(out, pst_str_cut(text, t->start, HEAD)) && pst_buf_byte(out, '0') &&
           pst_buf_add(out, pst_str_cut(text, t->start + HEAD, t->end - t->start - HEAD));
}

bool pst_token_unescape(struct pst_buf *out, struct pst_str text, const struct pst_token_at *t)
{
    size_t rest = t->start + HEAD + 1;
    return pst_buf_add(out, pst_str_cut(text, t->start, HEAD)) &&
           pst_buf_add(out, pst_str_cut(text, rest, t->end - rest));
}
