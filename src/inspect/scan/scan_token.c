/* Stage A: literals. The matcher wakes a credential's rule or a dictionary's word; confirming reads
 * the text around it. */
#include "inspect/scan/scan_impl.h"

enum { TOKEN_BLOCK = 65536, TOKEN_OVERLAP = 512 };

static int on_token(unsigned int id, unsigned long long from, unsigned long long to,
                    unsigned int flags, void *ctx)
{
    struct pst_scanner *s = ctx;
    (void)flags;
    if (id >= s->image->n_tokens) {
        return 0;
    }
    size_t end = (size_t)to + s->region, n = s->image->tokens[id].n;
    if (n == 0) {
        n = (size_t)(to - from); /* a pattern */
    }
    if (end < n || n == 0 || n > UINT16_MAX) {
        return 0;
    }
    if (s->n_tokens == PST_TOKEN_HITS_MAX) {
        s->overflow = true;
        return 1;
    }
    s->tokens[s->n_tokens++] = (struct pst_token_hit){(uint32_t)(end - n), (uint16_t)n,
                                                      (uint16_t)id};
    return 0;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool dictionary_hit(struct pst_scanner *s, const struct pst_data_token *token, size_t at)
{
    const struct pst_data_def *d = &s->image->defs[token->def];
    size_t end = at + token->n;
    bool border = (at == 0 || !is_letter(s->text.p[at - 1])) &&
                  (end >= s->text.n || !is_letter(s->text.p[end]));
    int score = d->prior;
    for (size_t i = 0; i < s->n_key_defs; i++) {
        score += s->key_defs[i] == token->def ? 40 : 0;
    }
    return !border || score < 0 || pst_scan_add(s, token->def, at, end, score, PST_WHY_DICTIONARY);
}

/* What a pattern or a word of a dictionary matched is judged as shapes are: by what stands around
 * it. Its own check runs on its letters and digits. */
static bool stretch_hit(struct pst_scanner *s, const struct pst_token_hit *hit, uint16_t def)
{
    if (s->n_windows == PST_WINDOWS_MAX) {
        return false;
    }
    struct pst_window w = {.start = hit->at,
                           .end = hit->at + hit->n,
                           .find = PST_WINDOW_STRETCH,
                           .def = def,
                           .verdict = PST_CHECK_YES};
    for (size_t i = w.start; i < w.end && w.n < PST_FORM_MAX; i++) {
        uint8_t c = s->text.p[i];
        bool small = c >= 'a' && c <= 'z';
        if (small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            w.chars[w.n++] = (uint8_t)(small ? c - 32 : c);
        }
    }
    const struct pst_data_def *d = &s->image->defs[def];
    if (d->check != 0) {
        w.verdict = (uint8_t)s->image->checks[d->check - 1].fn(pst_str_of(w.chars, w.n));
    }
    s->windows[s->n_windows] = w;
    s->n_windows += w.verdict != PST_CHECK_NO;
    return true;
}

static bool token_hit(struct pst_scanner *s, const struct pst_token_hit *hit)
{
    const struct pst_data_token *token = &s->image->tokens[hit->token];
    const struct pst_data_def *d = &s->image->defs[token->def];
    struct pst_credential_hit found;
    if (d->kind == PST_DEF_PATTERN) {
        return stretch_hit(s, hit, token->def);
    }
    if (d->kind == PST_DEF_WORDS) {
        return (d->flags & PST_DEF_NEEDS_CONTEXT) != 0 ? stretch_hit(s, hit, token->def)
                                                       : dictionary_hit(s, token, hit->at);
    }
    if (d->kind != PST_DEF_CREDENTIAL) {
        return true;
    }
    const struct pst_credential_rule *rule = &s->image->credentials[d->credential];
    if (!pst_credential_confirm(rule, s->text, hit->at, token->literal, s->key, &found) ||
        found.score < 0 || found.end > s->text.n || found.start >= found.end) {
        return true;
    }
    return pst_scan_add(s, token->def, found.start, found.end, found.score, found.why);
}

/* The whole text is a value, and its name holds a rule's: {"dd_api_key": "…"}. */
static enum pst_status keyed(struct pst_scanner *s, struct pst_err *err)
{
    struct pst_credential_hit found;
    s->n_tokens = 0;
    s->region = 0;
    hs_error_t e = hs_scan(s->image->token_db, (const char *)s->key.p, (unsigned int)s->key.n, 0,
                           s->scratch, on_token, s);
    for (size_t i = 0; i < s->n_tokens && e == HS_SUCCESS; i++) {
        size_t def = s->image->tokens[s->tokens[i].token].def;
        const struct pst_data_def *d = &s->image->defs[def];
        if (d->kind != PST_DEF_CREDENTIAL ||
            s->image->credentials[d->credential].kind != PST_CREDENTIAL_ASSIGNED) {
            continue;
        }
        if (pst_credential_confirm_keyed(&s->image->credentials[d->credential], s->text, s->key,
                                         &found) &&
            found.score >= 0 && found.start < found.end && found.end <= s->text.n &&
            !pst_scan_add(s, def, found.start, found.end, found.score, found.why | PST_WHY_KEY)) {
            return pst_fail(err, PST_E_LIMIT, "too many findings in one text");
        }
    }
    return PST_OK;
}

enum pst_status pst_scan_tokens(struct pst_scanner *s, struct pst_err *err)
{
    s->overflow = false;
    if (s->key.n > 0 && s->key.n <= 256 && keyed(s, err) != PST_OK) {
        return PST_ERR;
    }
    for (size_t from = 0; from < s->text.n; from += TOKEN_BLOCK) {
        size_t start = from > TOKEN_OVERLAP ? from - TOKEN_OVERLAP : 0;
        struct pst_str block = pst_str_cut(s->text, start, from - start + TOKEN_BLOCK);
        s->n_tokens = 0;
        s->region = start;
        hs_error_t e = hs_scan(s->image->token_db, (const char *)block.p, (unsigned int)block.n, 0,
                               s->scratch, on_token, s);
        if (s->overflow || (e != HS_SUCCESS && e != HS_SCAN_TERMINATED)) {
            return pst_fail(err, PST_E_LIMIT,
                            "too many openers of credentials in one stretch of text");
        }
        for (size_t i = 0; i < s->n_tokens; i++) {
            bool seen = s->tokens[i].at + s->tokens[i].n <= from;
            if (!seen && !token_hit(s, &s->tokens[i])) {
                return pst_fail(err, PST_E_LIMIT, "too many findings in one text");
            }
        }
    }
    return PST_OK;
}
