#include "identity/assertion.h"

#include "base/enc.h"
#include "crypto/hash.h"
#include "wire/json.h"

enum { CLOCK_SKEW_S = 60, SEGMENT_MAX = 3072 };

static enum pst_status bad(struct pst_err *err)
{
    return pst_fail(err, PST_E_ASSERTION_INVALID, "%s",
                    pst_error_row(PST_E_ASSERTION_INVALID)->text);
}

/* RFC 8725bis §3.2: nothing but the base64url alphabet and two dots, before anything is decoded. */
static bool split(struct pst_str token, struct pst_str parts[3])
{
    size_t first = pst_str_find_byte(token, '.');
    struct pst_str rest = first == PST_NPOS ? (struct pst_str){NULL, 0}
                                            : pst_str_from(token, first + 1);
    size_t second = pst_str_find_byte(rest, '.');
    if (token.n > PST_ASSERTION_MAX || first == PST_NPOS || second == PST_NPOS) {
        return false;
    }
    parts[0] = pst_str_cut(token, 0, first);
    parts[1] = pst_str_cut(rest, 0, second);
    parts[2] = pst_str_from(rest, second + 1);
    return parts[0].n > 0 && parts[1].n > 0 && pst_str_find_byte(parts[2], '.') == PST_NPOS;
}

static struct pst_json *decode(struct pst_str part, struct pst_arena *arena)
{
    const struct pst_json_config config = {.limits = {.bytes = SEGMENT_MAX,
                                                      .depth = 8,
                                                      .nodes = 128,
                                                      .string_bytes = 1024,
                                                      .name_bytes = 128}};
    uint8_t *bytes = pst_arena_take(arena, SEGMENT_MAX);
    size_t n;
    if (bytes == NULL || !pst_b64_get(part, PST_B64_URL, bytes, SEGMENT_MAX, &n)) {
        return NULL;
    }
    struct pst_err ignored = {0};
    struct pst_json *root = pst_json_parse(&config, arena, pst_str_of(bytes, n), &ignored);
    return pst_json_is(root, PST_JSON_OBJECT) ? root : NULL;
}

/* One algorithm, spelled exactly; no member that could mean another key or another rule. */
static bool header_valid(const struct pst_json *header)
{
    struct pst_str alg, typ;
    const struct pst_json *type = PST_JSON_GET(header, "typ");
    return pst_json_str(PST_JSON_GET(header, "alg"), &alg) && pst_str_eq(alg, PST_STR("HS256")) &&
           (type == NULL || (pst_json_str(type, &typ) && pst_str_eq_nocase(typ, PST_STR("JWT")))) &&
           header->count == (type == NULL ? 1u : 2u);
}

static bool signature_valid(struct pst_str token, const struct pst_str parts[3],
                            struct pst_str key_text)
{
    struct pst_hmac hmac;
    uint8_t expected[PST_SHA256_BYTES], given[PST_SHA256_BYTES];
    struct pst_err err = {0};
    size_t n;
    if (!pst_b64_get(parts[2], PST_B64_URL, given, sizeof given, &n) || n != sizeof given ||
        pst_hmac_init(&hmac, key_text, &err) != PST_OK) {
        return false;
    }
    pst_hmac_once(&hmac, pst_str_cut(token, 0, parts[0].n + 1 + parts[1].n), expected);
    pst_hmac_release(&hmac);
    return pst_str_eq_const_time(pst_str_of(expected, sizeof expected),
                                 pst_str_of(given, sizeof given));
}

static bool times_valid(const struct pst_json *claims, int64_t now, uint64_t max_age_s)
{
    int64_t exp, iat;
    if (!pst_json_i64(PST_JSON_GET(claims, "exp"), &exp) ||
        !pst_json_i64(PST_JSON_GET(claims, "iat"), &iat) || iat < 0 || exp <= iat) {
        return false;
    }
    return exp > now && iat <= now + CLOCK_SKEW_S && (uint64_t)(exp - iat) <= max_age_s;
}

static bool subject_valid(struct pst_str sub)
{
    if (sub.n == 0 || sub.n > PST_ASSERTION_SUB_MAX) {
        return false;
    }
    for (size_t i = 0; i < sub.n; i++) {
        if (sub.p[i] < 0x20 || sub.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

enum pst_status pst_assertion_verify(struct pst_str token, struct pst_str key_text,
                                     int64_t now_unix_s, uint64_t max_age_s,
                                     struct pst_arena *arena, struct pst_str *ret_sub,
                                     struct pst_err *err)
{
    struct pst_str parts[3], sub, aud;
    if (!split(token, parts) || !signature_valid(token, parts, key_text)) {
        return bad(err);
    }
    const struct pst_json *header = decode(parts[0], arena);
    const struct pst_json *claims = decode(parts[1], arena);
    if (header == NULL || claims == NULL || !header_valid(header) ||
        !times_valid(claims, now_unix_s, max_age_s)) {
        return bad(err);
    }
    const struct pst_json *audience = PST_JSON_GET(claims, "aud");
    if (audience != NULL &&
        (!pst_json_str(audience, &aud) || !pst_str_eq(aud, PST_STR("postern")))) {
        return bad(err);
    }
    if (!pst_json_str(PST_JSON_GET(claims, "sub"), &sub) || !subject_valid(sub)) {
        return bad(err);
    }
    *ret_sub = sub;
    return PST_OK;
}
