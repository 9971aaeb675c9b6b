/* One entry for all rules: what was matched, is it the thing, and where exactly. */
#include "inspect/credential/assign.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/plausible.h"
#include "inspect/credential/value.h"
#include "inspect/finding.h"

enum {
    CHECK_HOLDS = 20,  /* tenths of log-odds, for a self-check that proves something */
    CHECK_FAILS = -15, /* made up, cut, or of a time before the check: still of the form */
    NAMED = 10,
    PLACES_MAX = 6, /* where a value of known form may begin after a name */
};

static bool edge_free(const struct pst_credential_rule *rule, struct pst_str text, size_t start,
                      size_t end)
{
    bool before = start == 0 || !pst_byte_in(rule->edge, text.p[start - 1]);
    /* \n of an escaped text before a secret is no letter */
    if (!before && start >= 2 && text.p[start - 2] == '\\' &&
        strchr("nrt", text.p[start - 1]) != NULL) {
        before = true;
    }
    return before && (end >= text.n || !pst_byte_in(rule->edge, text.p[end]));
}

/* What holds for every value whose form a rule states. `value`: without the prefix. */
static bool judge_value(const struct pst_credential_rule *rule, struct pst_str secret,
                        struct pst_str value, struct pst_credential_hit *ret)
{
    if (value.n > PST_SECRET_MAX || pst_value_placeholder(value) ||
        (secret.n < 64 && pst_value_placeholder(secret))) {
        return false;
    }
    if (rule->entropy > 0 && pst_value_entropy(value) < rule->entropy) {
        return false;
    }
    if (rule->words_ok == 0 && value.n >= 6 && pst_value_words(value)) {
        return false;
    }
    if (rule->entropy > 0) {
        ret->why |= PST_WHY_ENTROPY;
    }
    size_t n = 0;
    const struct pst_credential_check *checks = pst_credential_checks(&n);
    if (rule->check > 0 && rule->check <= n) {
        const struct pst_credential_check *check = &checks[rule->check - 1];
        bool holds = check->fn(secret);
        if (!holds && !check->proof) {
            return false;
        }
        ret->why |= holds ? PST_WHY_CHECK : 0;
        ret->score = (int16_t)(ret->score +
                               (!check->proof ? 0 : (holds ? CHECK_HOLDS : CHECK_FAILS)));
    }
    return true;
}

static bool confirm_token(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                          size_t len, struct pst_credential_hit *ret)
{
    size_t end = rule->n_parts == 0 ? at + len
                                    : pst_value_match(rule->parts, rule->n_parts, text, at + len);
    if (end == PST_NPOS || end - at > PST_SECRET_MAX || !edge_free(rule, text, at, end)) {
        return false;
    }
    *ret = (struct pst_credential_hit){at, end, rule->prior, PST_WHY_PREFIX | PST_WHY_FORM};
    struct pst_str value = pst_str_cut(text, at + len, end - at - len);
    return value.n == 0 || judge_value(rule, pst_str_cut(text, at, end - at), value, ret);
}

/* Words of the stretch from before the name to the value: that a key is given, or that a sum is. */
static bool gives_key(struct pst_str near)
{
    static const char *const WORDS[] = {"key",  "token", "secret", "auth",    "pass", "pwd",
                                        "cred", "api",   "bearer", "private", "dsn",  "access"};
    for (size_t i = 0; i < PST_LEN(WORDS); i++) {
        if (pst_holds_nocase(near, WORDS[i])) {
            return true;
        }
    }
    return false;
}

static bool gives_sum(struct pst_str near)
{
    static const char *const WORDS[] = {"sha1",     "sha2",   "sha5",       "h1:",  "md5",
                                        "checksum", "digest", "integrity",  "hash", "commit",
                                        "revision", "etag",   "fingerprint"};
    for (size_t i = 0; i < PST_LEN(WORDS); i++) {
        if (pst_holds_nocase(near, WORDS[i])) {
            return true;
        }
    }
    return false;
}

/* Names of issuers are also names of products, in lock files and lists of sums: what stands between
 * must say that a key is given, or be nothing but the sign. */
static bool is_given(struct pst_str text, size_t at, size_t len, size_t value)
{
    size_t from = at > 24 ? at - 24 : 0;
    for (size_t i = from; i < at; i++) {
        from = text.p[i] == '\n' || text.p[i] == ' ' || text.p[i] == ',' ? i + 1 : from;
    }
    struct pst_str near = pst_str_cut(text, from, value - from);
    if (gives_key(near)) {
        return !gives_sum(pst_str_cut(text, at + len, value - at - len));
    }
    size_t i = at + len;
    while (i < value && (pst_is_ident(text.p[i]) || strchr("\"'` \t]*\\", text.p[i]) != NULL)) {
        i++;
    }
    bool sign = i < value &&
                (text.p[i] == '=' || text.p[i] == ':' || text.p[i] == '(' || text.p[i] == '\n');
    return (sign || text.p[at + len - 1] == '=') && !gives_sum(near) && value - i <= 16;
}

/* The name of an issuer stands near, and a value of its form is given. */
static bool confirm_named(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                          size_t len, struct pst_credential_hit *ret)
{
    size_t place = at + len, limit = place + PST_ASSIGN_REACH;
    place -= len > 1 && text.p[place - 1] == '='; /* the name was given with its sign */
    for (size_t n = 0; n < PLACES_MAX; n++) {
        place = pst_assign_next(text, place, limit);
        if (place == PST_NPOS) {
            return false;
        }
        size_t end = pst_value_match(rule->parts, rule->n_parts, text, place);
        if (end != PST_NPOS && end - place <= PST_SECRET_MAX && edge_free(rule, text, place, end) &&
            is_given(text, at, len, place)) {
            struct pst_str value = pst_str_cut(text, place, end - place);
            *ret = (struct pst_credential_hit){place, end, rule->prior,
                                               PST_WHY_ASSIGNED | PST_WHY_FORM};
            if (judge_value(rule, value, value, ret)) {
                return true;
            }
        }
    }
    return false;
}

static bool confirm_assigned(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                             size_t len, struct pst_credential_hit *ret)
{
    struct pst_assign a;
    bool random = false;
    if (!pst_assign_name(text, at, len, &a)) {
        return false;
    }
    struct pst_str name = pst_str_cut(text, a.name_start, a.name_end - a.name_start);
    if (!pst_name_keeps(name, at - a.name_start, len) || !pst_assign_given(text, &a) ||
        a.end - a.start > PST_SECRET_MAX) {
        return false;
    }
    int score = pst_plausible(text, &a, rule->words_ok != 0, &random);
    if (score < 0) {
        return false;
    }
    struct pst_str value = pst_str_cut(text, a.start, a.end - a.start);
    if (rule->entropy > 0 && pst_value_entropy(value) < rule->entropy) {
        return false;
    }
    *ret = (struct pst_credential_hit){a.start, a.end, (int16_t)(rule->prior + score),
                                       PST_WHY_ASSIGNED | (random ? PST_WHY_ENTROPY : 0U)};
    return ret->score >= 0;
}

static bool confirm_found(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                          size_t len, struct pst_credential_hit *ret)
{
    size_t n = 0;
    const struct pst_credential_finder *rows = pst_credential_finders(&n);
    if (rule->find >= n || !rows[rule->find].fn(text, at, len, ret)) {
        return false;
    }
    ret->score = (int16_t)(ret->score + rule->prior);
    return ret->start < ret->end && ret->end <= text.n;
}

bool pst_credential_confirm(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                            size_t len, struct pst_str key, struct pst_credential_hit *ret)
{
    if (at > text.n || len > text.n - at || rule->n_parts > PST_VALUE_PARTS_MAX) {
        return false;
    }
    struct pst_credential_hit hit = {0};
    bool found = false;
    switch ((enum pst_credential_kind)rule->kind) {
    case PST_CREDENTIAL_TOKEN:
        found = confirm_token(rule, text, at, len, &hit);
        break;
    case PST_CREDENTIAL_ASSIGNED:
        found = rule->n_parts > 0 ? confirm_named(rule, text, at, len, &hit)
                                  : confirm_assigned(rule, text, at, len, &hit);
        break;
    case PST_CREDENTIAL_FIND:
        found = confirm_found(rule, text, at, len, &hit);
        break;
    default:
        return false;
    }
    if (!found) {
        return false;
    }
    if (key.n > 0 && key.n <= PST_ASSIGN_REACH && hit.start == 0 && hit.end == text.n &&
        pst_name_keeps_any(key)) {
        hit.score = (int16_t)(hit.score + NAMED);
        hit.why |= PST_WHY_KEY;
    }
    *ret = hit;
    return true;
}

bool pst_credential_confirm_keyed(const struct pst_credential_rule *rule, struct pst_str text,
                                  struct pst_str key, struct pst_credential_hit *ret)
{
    bool random = false;
    struct pst_credential_hit hit = {0, text.n, rule->prior, PST_WHY_KEY | PST_WHY_ASSIGNED};
    if (rule->kind != PST_CREDENTIAL_ASSIGNED || text.n == 0 || text.n > PST_SECRET_MAX) {
        return false;
    }
    if (rule->n_parts > 0) {
        if (rule->n_parts > PST_VALUE_PARTS_MAX ||
            pst_value_match(rule->parts, rule->n_parts, text, 0) != text.n ||
            !judge_value(rule, text, text, &hit)) {
            return false;
        }
        *ret = hit;
        return true;
    }
    int score = pst_plausible_value(text, rule->words_ok != 0, &random);
    if (score < 0 || !pst_name_keeps_any(key) || pst_str_eq_nocase(text, key) ||
        (rule->entropy > 0 && pst_value_entropy(text) < rule->entropy)) {
        return false;
    }
    hit.score = (int16_t)(hit.score + score);
    hit.why |= random ? PST_WHY_ENTROPY : 0U;
    *ret = hit;
    return hit.score >= 0;
}
