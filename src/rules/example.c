/* Expansion of generators in examples. */
#include "rules/example.h"
#include "base/enc.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

struct alphabet {
    struct pst_str name, bytes;
};
static const struct alphabet ALPHABETS[] = {
    {PST_STR_INIT("base62"), PST_STR_INIT(UPPER LOWER DIGITS)},
    {PST_STR_INIT("base64"), PST_STR_INIT(UPPER LOWER DIGITS "+/")},
    {PST_STR_INIT("base64url"), PST_STR_INIT(UPPER LOWER DIGITS "-_")},
    {PST_STR_INIT("base32"), PST_STR_INIT(UPPER "234567")},
    {PST_STR_INIT("hex"), PST_STR_INIT(DIGITS "abcdef")},
    {PST_STR_INIT("lower"), PST_STR_INIT(LOWER)},
    {PST_STR_INIT("upper"), PST_STR_INIT(UPPER)},
    {PST_STR_INIT("digits"), PST_STR_INIT(DIGITS)},
    {PST_STR_INIT("lower36"), PST_STR_INIT(DIGITS LOWER)},
    {PST_STR_INIT("upper36"), PST_STR_INIT(DIGITS UPPER)},
};

uint64_t pst_rules_example_seed(struct pst_str type, size_t number)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < type.n; i++) {
        hash = (hash ^ type.p[i]) * 0x100000001b3U;
    }
    return (hash ^ number) * 0x100000001b3U;
}

/* splitmix64 */
static uint64_t next_number(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void put_run(struct pst_buf *out, struct pst_str bytes, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        pst_buf_byte(out, bytes.p[next_number(state) % bytes.n]);
    }
}

/* A set between brackets, ranges written out. Returns how many bytes it has; 0: none. */
static size_t read_set(struct pst_str set, uint8_t ret[256])
{
    size_t n = 0;
    bool seen[256] = {false};
    for (size_t i = 1; i + 1 < set.n; i++) {
        unsigned from = set.p[i], to = from;
        if (i + 3 < set.n && set.p[i + 1] == '-') {
            to = set.p[i + 2];
            i += 2;
        }
        for (unsigned c = from; c <= to; c++) {
            if (!seen[c]) {
                seen[c] = true;
                ret[n++] = (uint8_t)c;
            }
        }
    }
    return n;
}

static void put_jwt(struct pst_buf *out, uint64_t *state)
{
    uint8_t bytes[32];
    char claims[64];
    pst_text(claims, sizeof(claims), "{\"sub\":\"bob\",\"n\":%u}",
             (unsigned)(next_number(state) % 1000000000U));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)next_number(state);
    }
    pst_b64_put(out, PST_B64_URL, PST_STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    pst_buf_byte(out, '.');
    pst_b64_put(out, PST_B64_URL, pst_str_c(claims));
    pst_buf_byte(out, '.');
    pst_b64_put(out, PST_B64_URL, pst_str_of(bytes, sizeof(bytes)));
}

/* `what`: between the braces. */
static enum pst_status put_generated(struct pst_str what, uint64_t *state, struct pst_buf *out,
                                     struct pst_err *err)
{
    uint8_t set[256];
    uint64_t count = 0;
    if (pst_str_eq(what, PST_STR("jwt"))) {
        put_jwt(out, state);
        return PST_OK;
    }
    size_t colon = what.n;
    while (colon > 0 && what.p[colon - 1] != ':') {
        colon--;
    }
    struct pst_str name = pst_str_cut(what, 0, colon > 0 ? colon - 1 : 0);
    if (!pst_str_u64(pst_str_from(what, colon), &count) || count == 0 ||
        count > PST_EXAMPLE_RUN_MAX) {
        return pst_fail(err, PST_E_CONFIG, "an example's generator has no count between 1 and %d",
                        PST_EXAMPLE_RUN_MAX);
    }
    for (size_t i = 0; i < PST_LEN(ALPHABETS); i++) {
        if (pst_str_eq(name, ALPHABETS[i].name)) {
            put_run(out, ALPHABETS[i].bytes, (size_t)count, state);
            return PST_OK;
        }
    }
    size_t n = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']' ? read_set(name, set)
                                                                           : 0;
    if (n == 0) {
        return pst_fail(err, PST_E_CONFIG, "an example's generator is unknown");
    }
    put_run(out, pst_str_of(set, n), (size_t)count, state);
    return PST_OK;
}

enum pst_status pst_rules_example_expand(struct pst_str example, uint64_t seed, struct pst_buf *out,
                                         struct pst_err *err)
{
    uint64_t state = seed;
    size_t i = 0;
    while (i < example.n) {
        struct pst_str rest = pst_str_from(example, i);
        size_t open = pst_str_find(rest, PST_STR("{{"));
        if (open == PST_NPOS) {
            pst_buf_add(out, rest);
            break;
        }
        size_t close = pst_str_find(pst_str_from(rest, open), PST_STR("}}"));
        struct pst_str what = pst_str_cut(rest, open + 2, close == PST_NPOS ? 0 : close - 2);
        pst_buf_add(out, pst_str_cut(rest, 0, open));
        if (close == PST_NPOS) {
            return pst_fail(err, PST_E_CONFIG, "an example's generator is not closed");
        }
        if (what.n > 0 && what.p[0] == ' ') {
            /* {{ name }}: a placeholder of a template language, which a counter-example may hold */
            pst_buf_add(out, pst_str_cut(rest, open, close + 2));
        } else if (put_generated(what, &state, out, err) != PST_OK) {
            return PST_ERR;
        }
        i += open + close + 2;
    }
    return out->failed ? pst_fail(err, PST_E_CONFIG, "an example is too long") : PST_OK;
}
