#include "gate/findings.h"

static const struct pst_str states[] = {
    [PST_FOUND_CLEAR] = PST_STR_INIT("clear"),
    [PST_FOUND_MASKED] = PST_STR_INIT("masked"),
    [PST_FOUND_REMOVED] = PST_STR_INIT("removed"),
};

static bool type_valid(struct pst_str type)
{
    for (size_t i = 0; i < type.n; i++) {
        uint8_t b = type.p[i];
        if (!(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9') && b != '_') {
            return false;
        }
    }
    return type.n > 0 && type.n <= PST_FOUND_TYPE_MAX;
}

bool pst_found_put(struct pst_buf *out, const struct pst_found *f)
{
    return type_valid(f->type) && f->state < PST_LEN(states) &&
           pst_buf_add(out, f->secret ? PST_STR("secret:") : PST_STR("personal:")) &&
           pst_buf_add(out, f->type) && pst_buf_byte(out, ':') &&
           pst_buf_add(out, states[f->state]) && pst_buf_byte(out, ':') &&
           pst_buf_u64(out, f->count);
}

static bool part(struct pst_str *rest, struct pst_str *ret)
{
    size_t colon = pst_str_find_byte(*rest, ':');
    if (colon == PST_NPOS) {
        return false;
    }
    *ret = pst_str_cut(*rest, 0, colon);
    *rest = pst_str_from(*rest, colon + 1);
    return true;
}

bool pst_found_get(struct pst_str text, struct pst_found *ret)
{
    struct pst_str rest = text, kind, type, state;
    uint64_t count;
    if (text.n > PST_FOUND_TEXT_MAX || !part(&rest, &kind) || !part(&rest, &type) ||
        !part(&rest, &state) || !type_valid(type) || !pst_str_u64(rest, &count) || count == 0 ||
        count > UINT32_MAX) {
        return false;
    }
    *ret = (struct pst_found){.text = text, .type = type, .count = (uint32_t)count};
    ret->secret = pst_str_eq(kind, PST_STR("secret"));
    if (!ret->secret && !pst_str_eq(kind, PST_STR("personal"))) {
        return false;
    }
    for (size_t i = 0; i < PST_LEN(states); i++) {
        if (pst_str_eq(state, states[i])) {
            ret->state = (uint8_t)i;
            return true;
        }
    }
    return false;
}

bool pst_found_meant(const struct pst_found *f, struct pst_str word)
{
    if (pst_str_eq_nocase(word, PST_STR("all"))) {
        return true;
    }
    if (pst_str_eq_nocase(word, PST_STR("secrets"))) {
        return f->secret;
    }
    if (pst_str_eq_nocase(word, PST_STR("pii")) || pst_str_eq_nocase(word, PST_STR("personal"))) {
        return !f->secret;
    }
    return pst_str_eq_nocase(word, f->type);
}

bool pst_found_word(struct pst_str value, size_t *at, struct pst_str *ret)
{
    if (*at >= value.n) {
        return false;
    }
    struct pst_str rest = pst_str_from(value, *at);
    size_t comma = pst_str_find_byte(rest, ',');
    *ret = pst_str_trim(pst_str_cut(rest, 0, comma));
    *at = comma == PST_NPOS ? value.n : *at + comma + 1;
    return true;
}

bool pst_found_words_valid(struct pst_str value)
{
    struct pst_str word;
    size_t at = 0, n = 0;
    while (pst_found_word(value, &at, &word)) {
        for (size_t i = 0; i < word.n; i++) {
            uint8_t b = word.p[i];
            if (!(b >= 'A' && b <= 'Z') && !(b >= 'a' && b <= 'z') && !(b >= '0' && b <= '9') &&
                b != '_') {
                return false;
            }
        }
        if (word.n == 0 || word.n > PST_FOUND_TYPE_MAX) {
            return false;
        }
        n++;
    }
    return n > 0 && value.p[value.n - 1] != ',';
}
