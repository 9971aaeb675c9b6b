#include "mask/mask.h"

/* One text on its way to `out`. */
struct job {
    const struct pst_mask *m;
    struct pst_str text;
    struct pst_buf *out;
    bool back; /* an answer: tokens are restored */
    uint64_t now_ms;
    struct pst_err *err;
};

/* --- what was found --------------------------------------------------------------------------- */

static struct pst_tally_row *tally_row(struct pst_tally *t, uint16_t type)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->list[i].type == type) {
            return &t->list[i];
        }
    }
    if (t->n == PST_TALLY_MAX) {
        t->cut = true;
        return &t->list[PST_TALLY_MAX - 1]; /* counted, if under another name */
    }
    t->list[t->n] = (struct pst_tally_row){.type = type};
    return &t->list[t->n++];
}

static void tally(struct pst_tally *t, uint16_t type, enum pst_action action)
{
    if (t == NULL) {
        return;
    }
    struct pst_tally_row *row = tally_row(t, type);
    if (action == PST_ACT_ALLOW || action == PST_ACT_FLAG) {
        row->clear++;
    } else if (action == PST_ACT_MASK) {
        row->masked++;
    } else {
        row->removed++;
    }
    if (action == PST_ACT_BLOCK) {
        t->blocked = true;
        t->blocked_type = type;
    }
}

static enum pst_action action_of(const struct pst_mask *m, const struct pst_finding *f)
{
    const struct pst_type *type = pst_scan_type(m->image, f->type);
    enum pst_action action = f->type < PST_TYPES_MAX ? (enum pst_action)m->actions->of[f->type]
                                                     : PST_ACT_BLOCK;
    if (m->ident && type->secret && (f->why & (PST_WHY_PREFIX | PST_WHY_CHECK)) == 0) {
        return PST_ACT_ALLOW; /* ids look random because they are */
    }
    if (m->keep && action != PST_ACT_BLOCK && action != PST_ACT_ALLOW) {
        return type->secret ? PST_ACT_BLOCK : PST_ACT_FLAG;
    }
    return action;
}

/* --- what goes instead ------------------------------------------------------------------------ */

static bool is_alnum(uint8_t b)
{
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

/* Letters, digits and underscores only: it must survive JSON, XML, Markdown, URLs and shells. */
static void put_redacted(struct pst_buf *out, const struct pst_type *type)
{
    PST_BUF_LIT(out, "REDACTED_");
    for (size_t i = 0; i < type->name.n; i++) {
        uint8_t b = type->name.p[i];
        pst_buf_byte(out, is_alnum(b) ? b : '_');
    }
}

/* The last four characters, when they are no more than half of it. */
static void put_partial(struct pst_buf *out, const struct pst_type *type, struct pst_str value)
{
    enum { SHOWN = 4 };
    uint8_t last[SHOWN];
    size_t n = 0, all = 0;
    for (size_t i = value.n; i > 0; i--) {
        uint8_t b = value.p[i - 1];
        if (is_alnum(b)) {
            all++;
            if (n < SHOWN) {
                last[SHOWN - ++n] = b;
            }
        }
    }
    if (all < (size_t)2 * SHOWN) {
        put_redacted(out, type);
        return;
    }
    PST_BUF_LIT(out, "xxxx");
    pst_buf_add(out, pst_str_of(last, sizeof last));
}

static void put_hash(struct pst_buf *out, const struct job *j, const struct pst_type *type,
                     struct pst_str value)
{
    uint8_t token[PST_TOKEN_BYTES];
    pst_token_make(j->m->scope, type->name, value, token);
    PST_BUF_LIT(out, "HASH_");
    pst_buf_add(out, pst_str_cut(pst_str_of(token, sizeof token), 7, 16));
}

/* A value of an answer is masked for the client; it did not come from there, so nothing restores
 * it. */
static enum pst_status put_token(const struct job *j, const struct pst_type *type,
                                 struct pst_str value)
{
    uint8_t token[PST_TOKEN_BYTES];
    pst_token_make(j->m->scope, type->name, value, token);
    if (!j->back && j->m->vault != NULL) {
        struct pst_err why = {0};
        if (pst_vault_put(j->m->vault, token, value, &why) != PST_OK) {
            return pst_fail(j->err, PST_E_UNINSPECTED, "%s", why.text);
        }
    }
    pst_buf_add(j->out, pst_str_of(token, sizeof token));
    return PST_OK;
}

static enum pst_status put_finding(const struct job *j, const struct pst_finding *f)
{
    const struct pst_type *type = pst_scan_type(j->m->image, f->type);
    struct pst_str value = pst_str_cut(j->text, f->start, f->end - f->start);
    enum pst_action action = action_of(j->m, f);
    tally(j->m->tally, f->type, action);
    switch (action) {
    case PST_ACT_ALLOW:
    case PST_ACT_FLAG:
        pst_buf_add(j->out, value);
        return PST_OK;
    case PST_ACT_MASK:
        return put_token(j, type, value);
    case PST_ACT_REDACT:
        put_redacted(j->out, type);
        return PST_OK;
    case PST_ACT_PARTIAL:
        put_partial(j->out, type, value);
        return PST_OK;
    case PST_ACT_HASH:
        put_hash(j->out, j, type, value);
        return PST_OK;
    case PST_ACT_BLOCK:
        break;
    }
    return pst_fail(j->err, PST_E_SENSITIVE_DATA, "%s: %.*s",
                    pst_error_row(PST_E_SENSITIVE_DATA)->text, PST_FMT(type->name));
}

/* What stays as it is is only counted: forms within it are forms all the same. */
static bool passes(const struct job *j, const struct pst_finding *f)
{
    enum pst_action action = action_of(j->m, f);
    if (action != PST_ACT_ALLOW && action != PST_ACT_FLAG) {
        return false;
    }
    tally(j->m->tally, f->type, action);
    return true;
}

/* A token or look-alike of the text. */
static void put_form(const struct job *j, const struct pst_token_at *t)
{
    struct pst_str as_is = pst_str_cut(j->text, t->start, t->end - t->start);
    if (j->m->vault == NULL) {
        pst_buf_add(j->out, as_is);
    } else if (!j->back) {
        pst_token_escape(j->out, j->text, t);
    } else if (t->escapes > 0) {
        pst_token_unescape(j->out, j->text, t);
    } else if (!pst_vault_get(j->m->vault, t->plain, j->now_ms, j->out)) {
        pst_buf_add(j->out, as_is); /* nobody's, or somebody else's: never guessed */
    }
}

/* --- one text --------------------------------------------------------------------------------- */

/* The text up to `end`, findings and forms replaced; both are in order. A finding within a form is
 * none: a token is neither a secret nor a number. */
static enum pst_status render(const struct job *j, const struct pst_findings *found, size_t end)
{
    struct pst_token_walk walk = {0};
    struct pst_token_at form;
    struct pst_str text = pst_str_cut(j->text, 0, end);
    size_t at = 0, i = 0;
    bool more = pst_token_next(&walk, text, &form);
    while (i < found->n || more) {
        const struct pst_finding *f = i < found->n ? &found->list[i] : NULL;
        if (f != NULL && (f->end > end || f->start < at)) {
            i++;
            continue;
        }
        bool inside = f != NULL && more && f->start >= form.start && f->end <= form.end;
        if (inside || (f != NULL && passes(j, f))) {
            i++;
        } else if (f != NULL && (!more || f->start < form.end)) {
            pst_buf_add(j->out, pst_str_cut(text, at, f->start - at));
            if (put_finding(j, f) != PST_OK) {
                return PST_ERR;
            }
            at = f->end;
            i++;
            while (more && form.start < at) {
                more = pst_token_next(&walk, text, &form);
            }
        } else {
            pst_buf_add(j->out, pst_str_cut(text, at, form.start - at));
            put_form(j, &form);
            at = form.end;
            more = pst_token_next(&walk, text, &form);
        }
    }
    pst_buf_add(j->out, pst_str_from(text, at));
    return j->out->failed
               ? pst_fail(j->err, PST_E_UNINSPECTED, "the text would grow beyond its limit")
               : PST_OK;
}

static enum pst_status scan(const struct pst_mask *m, const struct pst_scan_text *text,
                            struct pst_findings *ret, struct pst_err *err)
{
    struct pst_err why = {0};
    if (pst_scan(m->scanner, text, ret, &why) == PST_OK) {
        return PST_OK;
    }
    return pst_fail(err, PST_E_UNINSPECTED, "%s: %.120s", pst_error_row(PST_E_UNINSPECTED)->text,
                    why.text);
}

enum pst_status pst_mask_found(const struct pst_mask *m, struct pst_str text,
                               const struct pst_findings *found, struct pst_buf *out,
                               struct pst_err *err)
{
    const struct job j = {.m = m, .text = text, .out = out, .err = err};
    return render(&j, found, text.n);
}

enum pst_status pst_mask_text(const struct pst_mask *m, struct pst_str key, struct pst_str text,
                              struct pst_buf *out, struct pst_err *err)
{
    const struct pst_scan_text in = {.text = text, .key = key};
    struct pst_findings found = {0};
    if (text.n == 0) {
        return PST_OK;
    }
    if (scan(m, &in, &found, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_mask_found(m, text, &found, out, err);
}

/* An armoured block begins with a line that has spaces in it, "-----BEGIN … KEY-----": nothing of
 * such a line leaves before it is whole. RFC 7468 §3; no label is longer than LINE. */
static size_t opener_start(struct pst_str text)
{
    enum { LINE = 96 };
    static const struct pst_str dashes = PST_STR_INIT("-----");
    size_t from = text.n > LINE ? text.n - LINE : 0;
    for (size_t i = text.n; i > from; i--) {
        if (text.p[i - 1] == '\n') {
            from = i;
            break;
        }
    }
    size_t found = pst_str_find(pst_str_from(text, from), dashes);
    return found == PST_NPOS ? text.n : from + found;
}

/* Where a release may end: before whatever is not whole yet. Findings and forms that overlap one
 * another are cut off together: they are looked at together when they are whole. */
static size_t release_end(const struct pst_str text, const struct pst_findings *found)
{
    size_t end = found->safe < text.n ? found->safe : text.n, tail = pst_token_tail(text);
    size_t start = 0, stop = 0, i = 0;
    struct pst_token_walk walk = {0};
    struct pst_token_at form;
    size_t opener = opener_start(text);
    end = end > text.n - tail ? text.n - tail : end;
    end = end > opener ? opener : end;
    bool more = pst_token_next(&walk, text, &form);
    while (i < found->n || more) {
        bool finding = i < found->n && (!more || found->list[i].start <= form.start);
        size_t from = finding ? found->list[i].start : form.start;
        size_t to = finding ? found->list[i].end : form.end;
        if (from >= end) {
            break;
        }
        start = from >= stop ? from : start;
        stop = to > stop ? to : stop;
        if (stop > end) {
            end = start;
            break;
        }
        if (finding) {
            i++;
        } else {
            more = pst_token_next(&walk, text, &form);
        }
    }
    while (end > 0 && end < text.n && (text.p[end] & 0xC0) == 0x80) {
        end--;
    }
    return end;
}

enum pst_status pst_unmask_text(const struct pst_mask *m, const struct pst_scan_text *text,
                                uint64_t now_ms, size_t *ret_taken, struct pst_stretch *ret_last,
                                struct pst_buf *out, struct pst_err *err)
{
    const struct job j = {
        .m = m, .text = text->text, .out = out, .back = true, .now_ms = now_ms, .err = err};
    struct pst_findings found = {0};
    if (text->text.n > 0 && scan(m, text, &found, err) != PST_OK) {
        return PST_ERR;
    }
    size_t end = text->more ? release_end(text->text, &found) : text->text.n;
    if (end == 0) { /* nothing may go yet */
        *ret_taken = 0;
        return PST_OK;
    }
    *ret_taken = end;
    for (size_t i = 0; ret_last != NULL && i < found.n && found.list[i].end <= end; i++) {
        *ret_last = (struct pst_stretch){found.list[i].start, found.list[i].end};
    }
    return render(&j, &found, end);
}
