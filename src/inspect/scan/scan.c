/* The scanner: one text in, findings out. Read pst_scan_begin() and pst_scan_step()
 * first: they are the order of things. */
#include "base/buf.h"
#include "inspect/scan/scan_impl.h"

#include <stdlib.h>

enum {
    FOUND_MAX = PST_FINDINGS_MAX * 4, /* before the better of two is chosen */
    JOINED_MAX = 65536,
    BEFORE_MAX = 256,
    VIEWS_BYTES = 4 << 20,
    ARENA_BYTES = 32 << 20,
    HOLD_RUN = 256, /* a run without space that is held back */
    HOLD_BACK = 96,
    TIE = 10, /* tenths: two types that speak equally */
    TIE_POINTS = 15,
};

/* --- scratch ---------------------------------------------------------------------------------- */

enum pst_status pst_scanner_init(struct pst_scanner **ret, const struct pst_scan_image *image,
                                 struct pst_err *err)
{
    struct pst_scanner *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "scanner: no memory");
    }
    s->image = image;
    s->windows = calloc(PST_WINDOWS_MAX + 64, sizeof *s->windows);
    s->hits = calloc(PST_HITS_MAX, sizeof *s->hits);
    s->tokens = calloc(PST_TOKEN_HITS_MAX, sizeof *s->tokens);
    s->found = calloc(FOUND_MAX, sizeof *s->found);
    s->out = calloc(PST_FINDINGS_MAX, sizeof *s->out);
    s->joined = malloc(JOINED_MAX + BEFORE_MAX);
    pst_arena_init(&s->arena, 0, ARENA_BYTES);
    bool ok = s->windows != NULL && s->hits != NULL && s->tokens != NULL && s->found != NULL &&
              s->out != NULL && s->joined != NULL &&
              hs_alloc_scratch(image->token_db, &s->scratch) == HS_SUCCESS &&
              hs_alloc_scratch(image->word_db, &s->scratch) == HS_SUCCESS;
    if (!ok) {
        pst_scanner_release(s);
        return pst_fail(err, PST_E_NO_MEMORY, "scanner: no memory");
    }
    *ret = s;
    return PST_OK;
}

void pst_scanner_release(struct pst_scanner *s)
{
    if (s == NULL) {
        return;
    }
    (void)hs_free_scratch(s->scratch);
    pst_arena_release(&s->arena);
    free(s->windows);
    free(s->hits);
    free(s->tokens);
    free(s->found);
    free(s->out);
    free(s->joined);
    free(s);
}

/* --- findings --------------------------------------------------------------------------------- */

bool pst_scan_add(struct pst_scanner *s, size_t def, size_t start, size_t end, int score,
                  uint32_t why)
{
    if (end <= s->from) {
        return true; /* of the text that went before */
    }
    if (s->n_found == FOUND_MAX) {
        return false;
    }
    const struct pst_data_def *d = &s->image->defs[def];
    why |= (d->flags & PST_DEF_USER) != 0 ? (uint32_t)PST_WHY_USER : 0;
    s->found[s->n_found++] = (struct pst_finding){.start = (uint32_t)start,
                                                  .end = (uint32_t)end,
                                                  .type = d->type,
                                                  .rule = (uint16_t)def,
                                                  .score = (int16_t)(score > 999 ? 999 : score),
                                                  .view = s->view,
                                                  .why = why};
    return true;
}

static int found_cmp(const void *a, const void *b)
{
    const struct pst_finding *x = a, *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end > y->end ? -1 : 1;
    }
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    return (int)x->rule - (int)y->rule;
}

static bool is_secret(const struct pst_scanner *s, const struct pst_finding *f)
{
    return s->image->types[f->type].secret;
}

/* Of two that overlap: a secret (the mailbox in u:password@host is none), else the much longer one,
 * else the surer one, else the longer one.
 */
static bool better(const struct pst_scanner *s, const struct pst_finding *x,
                   const struct pst_finding *y)
{
    uint32_t nx = x->end - x->start, ny = y->end - y->start;
    if (is_secret(s, x) != is_secret(s, y)) {
        return is_secret(s, x);
    }
    if (nx >= ny * 2 || ny >= nx * 2) {
        return nx > ny;
    }
    if (x->score != y->score) {
        return x->score > y->score;
    }
    return nx > ny;
}

/* Several types that one stretch could be, none of them named around it: none is sure. */
static void compete(struct pst_scanner *s)
{
    const uint32_t named = PST_WHY_CONTEXT | PST_WHY_KEY;
    for (size_t i = 0; i < s->n_found;) {
        size_t end = i + 1;
        struct pst_finding *f = &s->found[i];
        while (end < s->n_found && s->found[end].start == f->start && s->found[end].end == f->end) {
            end++;
        }
        for (size_t k = i + 1; k < end; k++) {
            bool other = s->found[k].type != f->type;
            if (other && (f->why & named) == 0 && (s->found[k].why & named) == 0 &&
                f->score - s->found[k].score <= TIE && !is_secret(s, f)) {
                f->score = (int16_t)(f->score - TIE_POINTS);
                break;
            }
        }
        i = end;
    }
}

size_t pst_scan_settle(struct pst_scanner *s)
{
    size_t n = 0;
    qsort(s->found, s->n_found, sizeof *s->found, found_cmp);
    compete(s);
    for (size_t i = 0; i < s->n_found; i++) {
        const struct pst_finding *f = &s->found[i];
        bool keep = f->score >= 0;
        while (keep && n > 0 && s->out[n - 1].end > f->start) {
            keep = better(s, f, &s->out[n - 1]);
            n -= keep;
        }
        if (keep) {
            if (n == PST_FINDINGS_MAX) {
                return PST_NPOS;
            }
            s->out[n++] = *f;
        }
    }
    return n;
}

/* --- views ------------------------------------------------------------------------------------ */

static enum pst_status judge_batch(struct pst_scanner *s, struct pst_err *err)
{
    if (s->n_windows == 0) {
        return PST_OK;
    }
    return pst_scan_context(s, err) == PST_OK ? pst_scan_judge(s, err) : PST_ERR;
}

/* A text is begun: what its literals say. Its shapes are found in parts. */
static enum pst_status text_begin(struct pst_scanner *s, struct pst_str text, struct pst_err *err)
{
    s->text = text;
    s->n_windows = 0;
    memset(s->resume, 0, sizeof s->resume);
    s->groups.first = 0;
    s->groups.end = 0;
    s->columns = (struct pst_columns){.delimiter = 0};
    if (pst_scan_tokens(s, err) != PST_OK || judge_batch(s, err) != PST_OK) {
        return PST_ERR;
    }
    s->columns = (struct pst_columns){.delimiter = 0}; /* from the beginning again */
    s->course.at = 0;
    s->course.phase = PST_SCAN_SHAPES;
    return PST_OK;
}

/* What is found in a decoded view stands, in the text as given, for the encoded run; in the text
 * that went before, for nothing. */
static void to_origin(struct pst_scanner *s)
{
    const struct pst_scan_course *c = &s->course;
    const struct pst_view *view = &c->views.list[c->view];
    size_t kept = c->first;
    for (size_t i = c->first; i < s->n_found; i++) {
        size_t start, end;
        pst_view_origin(view, s->found[i].start, s->found[i].end, &start, &end);
        start += c->piece;
        end += c->piece;
        end = end > c->whole.n ? c->whole.n : end;
        start = start < end ? start : end;
        if (end <= c->released) {
            continue;
        }
        s->found[kept] = s->found[i];
        s->found[kept].start = (uint32_t)start;
        s->found[kept].end = (uint32_t)end;
        s->found[kept++].why |= PST_WHY_DECODED;
    }
    s->n_found = kept;
}

static enum pst_status next_view(struct pst_scanner *s, struct pst_err *err)
{
    struct pst_scan_course *c = &s->course;
    if (c->view > 0) {
        to_origin(s);
    }
    if (c->view + 1 >= c->views.n) {
        c->phase = PST_SCAN_PIECE;
        return PST_OK;
    }
    c->view++;
    c->first = s->n_found;
    s->view = c->views.list[c->view].kind;
    return text_begin(s, c->views.list[c->view].text, err);
}

/* The views of the next piece; the first of them is the text as it stands, which was looked at. */
static enum pst_status next_piece(struct pst_scanner *s, struct pst_err *err)
{
    struct pst_scan_course *c = &s->course;
    if (c->next == c->whole.n) {
        c->phase = PST_SCAN_DONE;
        return PST_OK;
    }
    c->piece = c->next;
    c->next = pst_text_piece(c->whole, c->piece, PST_PIECE_BYTES);
    c->view = 0;
    c->phase = PST_SCAN_VIEW;
    s->from = 0; /* places in a view are not places in the text */
    pst_arena_clear(&s->arena);
    if (pst_views_make(pst_str_cut(c->whole, c->piece, c->next - c->piece), PST_WANT_DATA,
                       VIEWS_BYTES, &s->arena, &c->views, err) != PST_OK) {
        return PST_ERR;
    }
    return c->views.cut ? pst_fail(err, PST_E_LIMIT, "more encoded text than can be looked at")
                        : PST_OK;
}

/* --- streams ---------------------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The run without space at the end is held, and groups of digits before it: a number in groups may
 * go on. */
size_t pst_scan_safe(struct pst_str text)
{
    size_t at = text.n;
    while (at > 0 && text.n - at < HOLD_RUN && !is_space(text.p[at - 1])) {
        at--;
    }
    size_t run = at;
    while (at > 0 && run - at < HOLD_BACK) {
        size_t i = at;
        bool digit = false;
        while (i > 0 && is_space(text.p[i - 1])) {
            i--;
        }
        size_t group = i;
        while (i > 0 && group - i < 24 && !is_space(text.p[i - 1])) {
            digit = digit || (text.p[i - 1] >= '0' && text.p[i - 1] <= '9') ||
                    text.p[i - 1] >= 0x80;
            i--;
        }
        bool letters = group > i && group - i <= 4;
        if (group == i || (!digit && !letters)) {
            break;
        }
        at = i;
    }
    return at;
}

/* --- the order of things ---------------------------------------------------------------------- */

/* What precedes is scanned with the text, for the names and words in it; its findings are dropped.
 */
static struct pst_str join(struct pst_scanner *s, const struct pst_scan_text *t)
{
    size_t n = t->before.n < BEFORE_MAX ? t->before.n : BEFORE_MAX;
    if (n == 0 || t->text.n > JOINED_MAX) {
        s->from = 0;
        return t->text;
    }
    while (n > 0 && (t->before.p[t->before.n - n] & 0xC0U) == 0x80U) {
        n--; /* not in the middle of a character */
    }
    struct pst_str tail = pst_str_from(t->before, t->before.n - n);
    if (n > 0) {
        memcpy(s->joined, tail.p, n);
    }
    if (t->text.n > 0) {
        memcpy(&s->joined[n], t->text.p, t->text.n);
    }
    s->from = n;
    return pst_str_of(s->joined, n + t->text.n);
}

enum pst_status pst_scan_begin(struct pst_scanner *s, const struct pst_scan_text *t,
                               struct pst_err *err)
{
    if (t->text.n > UINT32_MAX / 2) {
        return pst_fail(err, PST_E_LIMIT, "a text too long to inspect");
    }
    struct pst_str text = join(s, t);
    s->key = t->key;
    s->n_found = 0;
    s->view = 0;
    s->n_key_defs = t->key.n > 0 ? pst_scan_key(s->image, t->key, s->key_defs, 0, PST_KEY_DEFS_MAX)
                                 : 0;
    s->course = (struct pst_scan_course){.whole = text, .released = s->from, .more = t->more};
    return text_begin(s, text, err);
}

static enum pst_status settle(struct pst_scanner *s, struct pst_findings *ret, struct pst_err *err)
{
    struct pst_str text = s->course.whole;
    size_t from = s->course.released, n = pst_scan_settle(s);
    bool more = s->course.more;
    if (n == PST_NPOS) {
        return pst_fail(err, PST_E_LIMIT, "too many findings in one text");
    }
    size_t safe = more ? pst_scan_safe(text) : text.n;
    for (size_t i = 0; i < n; i++) {
        struct pst_finding *f = &s->out[i];
        bool goes_on = f->end >= text.n || f->end > safe;
        if (more && goes_on && f->start < safe) {
            safe = f->start; /* it may go on, or part of it would be released */
        }
        f->start = f->start > from ? f->start - (uint32_t)from : 0;
        f->end -= (uint32_t)from;
    }
    *ret = (struct pst_findings){.list = s->out, .n = n, .safe = safe > from ? safe - from : 0};
    return PST_OK;
}

enum pst_status pst_scan_step(struct pst_scanner *s, size_t bytes, struct pst_findings *ret,
                              struct pst_err *err)
{
    struct pst_scan_course *c = &s->course;
    enum pst_status status = PST_OK;
    size_t done = 0;
    while (status == PST_OK && c->phase != PST_SCAN_DONE) {
        size_t before = c->phase == PST_SCAN_SHAPES ? c->at : c->next;
        if (done >= bytes) {
            return PST_AGAIN;
        }
        switch (c->phase) {
        case PST_SCAN_SHAPES:
            c->phase = pst_scan_shapes(s, &c->at) ? PST_SCAN_VIEW : PST_SCAN_SHAPES;
            done += c->at - before;
            status = judge_batch(s, err);
            break;
        case PST_SCAN_VIEW:
            status = next_view(s, err);
            break;
        case PST_SCAN_PIECE:
            status = next_piece(s, err);
            done += c->next - before;
            break;
        case PST_SCAN_DONE:
            break;
        }
    }
    return status == PST_OK ? settle(s, ret, err) : status;
}

enum pst_status pst_scan(struct pst_scanner *s, const struct pst_scan_text *t,
                         struct pst_findings *ret, struct pst_err *err)
{
    enum pst_status status = pst_scan_begin(s, t, err);
    return status == PST_OK ? pst_scan_step(s, SIZE_MAX, ret, err) : status;
}

bool pst_finding_explain(const struct pst_scan_image *image, const struct pst_finding *f,
                         struct pst_buf *out)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } texts[] = {
        {PST_WHY_FORM, "form"},
        {PST_WHY_CHECK, "check digit or structure holds"},
        {PST_WHY_CONTEXT, "a word nearby"},
        {PST_WHY_KEY, "the name it is given to"},
        {PST_WHY_AGAINST, "a word nearby speaks against it"},
        {PST_WHY_PREFIX, "a prefix of its issuer"},
        {PST_WHY_ENTROPY, "random"},
        {PST_WHY_ASSIGNED, "given to a name that keeps secrets"},
        {PST_WHY_PAIR, "its other half nearby"},
        {PST_WHY_DECODED, "seen after decoding"},
        {PST_WHY_DICTIONARY, "dictionary"},
        {PST_WHY_MODEL, "tagger"},
        {PST_WHY_USER, "own definition"},
    };
    bool ok = pst_buf_add(out, image->types[f->type].name), first = true;
    for (size_t i = 0; i < PST_LEN(texts) && ok; i++) {
        if ((f->why & texts[i].bit) != 0) {
            ok = pst_buf_add(out, first ? PST_STR(": ") : PST_STR("; ")) &&
                 pst_buf_add(out, pst_str_c(texts[i].text));
            first = false;
        }
    }
    return ok;
}
