/* The table of recognisers, and what they share. */
#include "inspect/credential/find.h"
#include "inspect/credential/plausible.h"
#include "inspect/credential/value.h"

static const struct pst_credential_finder FINDERS[] = {
#define PST_FINDER(name, nocase, longest, ...)                                                     \
    {PST_STR_INIT(#name), nocase, longest, pst_finder_##name, {__VA_ARGS__}},
#include "inspect/credential/credential.def"
#undef PST_FINDER
};

const struct pst_credential_finder *pst_credential_finders(size_t *ret_n)
{
    *ret_n = PST_LEN(FINDERS);
    return FINDERS;
}

bool pst_finder_password(struct pst_str text, size_t start, size_t end, int base,
                         struct pst_credential_hit *ret)
{
    if (end <= start || end > text.n || end - start > PST_SECRET_MAX) {
        return false;
    }
    struct pst_str value = pst_str_cut(text, start, end - start);
    bool random = false;
    bool common = pst_value_common_password(value);
    if (!common && pst_value_placeholder(value)) {
        return false;
    }
    int score = pst_plausible_value(value, /* chosen= */ true, &random);
    if (score < 0) {
        score = base;
    }
    if (score < 0) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, (int16_t)score,
                                       PST_WHY_FORM | (random ? PST_WHY_ENTROPY : 0U)};
    return true;
}

size_t pst_finder_word(struct pst_str text, size_t i, size_t *ret_start)
{
    uint8_t quote = pst_at(text, i);
    bool quoted = quote == '"' || quote == '\'';
    *ret_start = quoted ? i + 1 : i;
    size_t k = *ret_start, most = k + PST_CREDENTIAL_REACH;
    while (k < text.n && k < most && text.p[k] != '\n' &&
           (quoted ? text.p[k] != quote
                   : !pst_is_space(text.p[k]) && text.p[k] != '"' && text.p[k] != '`')) {
        k++;
    }
    return k;
}

size_t pst_finder_line(struct pst_str text, size_t i, size_t reach)
{
    size_t k = i;
    while (k < text.n && k - i < reach && text.p[k] != '\n') {
        k++;
    }
    return k;
}
