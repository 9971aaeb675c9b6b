/* One pass over the characters. The draft begins with the first change, so that honest text, which
 * has none, is only read. */
#include "base/enc.h"
#include "inspect/normal/look.h"
#include "inspect/normal/plain.h"
#include "inspect/normal/unicode.h"

#include <utf8proc.h>

enum { SEGMENT = 128, PILED = 2, PILED_ELSEWHERE = 8, SEQUENCE_MAX = 2048 };

struct glyph {
    uint32_t cp;
    uint16_t prop;
    uint8_t n; /* bytes; 0: past the end */
};

struct cleaner {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft *out;
    struct pst_clean *info;
    size_t at;
    struct glyph last;  /* the last one kept that is no mark */
    size_t last_unseen; /* offset after the last soft hyphen */
    size_t styled_run, regional_run, fancy_run, selector_run, sneaky_run;
    size_t wide;       /* full-width letters in runs: honest beside CJK letters */
    size_t directions; /* marks and embeddings: honest beside letters from right to left */
    size_t hits[16];
};

static struct glyph glyph_at(struct pst_str in, size_t at)
{
    struct glyph g = {0};
    if (at < in.n) {
        size_t n;
        g.cp = pst_unicode_at(in, at, &n);
        g.n = (uint8_t)n;
        g.prop = pst_unicode(g.cp);
    }
    return g;
}

static bool is_letter(struct glyph g)
{
    return g.n > 0 && pst_unicode_glyph(g.prop) == PST_GLYPH_LETTER;
}

static void hit(struct cleaner *c, enum pst_evasion flag, size_t times)
{
    c->hits[__builtin_ctz((unsigned)flag)] += times;
}

/* From here on the draft is written. */
static void change(struct cleaner *c)
{
    if (!c->info->changed) {
        c->info->changed = true;
        pst_draft_init(c->out, c->make, c->in.n + 64);
        pst_draft_copy(c->out, c->in, 0, c->at);
    }
}

static void keep(struct cleaner *c, size_t n)
{
    if (c->info->changed) {
        pst_draft_copy(c->out, c->in, c->at, n);
    }
    c->at += n;
}

static void put(struct cleaner *c, uint32_t cp, size_t n)
{
    change(c);
    pst_draft_cp(c->out, cp, c->at);
    c->at += n;
}

static void drop(struct cleaner *c, size_t n)
{
    change(c);
    c->at += n;
}

/* --- control characters -------------------------------------------------------------------------
 */

/* Length of an escape sequence that begins at `at` with ESC or a C1 introducer of `head` bytes. */
static size_t sequence_length(struct pst_str in, size_t at, size_t head, int kind)
{
    size_t i = at + head;
    if (kind == '[') {
        while (i < in.n && in.p[i] >= 0x20 && in.p[i] < 0x40 && i - at < SEQUENCE_MAX) {
            i++;
        }
        return i < in.n && in.p[i] >= 0x40 && in.p[i] < 0x7F ? i + 1 - at : i - at;
    }
    for (; i < in.n && i - at < SEQUENCE_MAX; i++) { /* a string: up to BEL or ESC \ */
        if (in.p[i] == 0x07) {
            return i + 1 - at;
        }
        if (in.p[i] == 0x1B) {
            return i + 1 < in.n && in.p[i + 1] == '\\' ? i + 2 - at : i - at;
        }
    }
    return head; /* never ended: its text stays */
}

static void clean_escape(struct cleaner *c)
{
    int kind = c->at + 1 < c->in.n ? c->in.p[c->at + 1] : 0;
    size_t n = 1;
    if (kind == '[' || kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
        n = sequence_length(c->in, c->at, 2, kind);
    } else if (kind >= 0x20 && kind < 0x7F) {
        n = 2;
    }
    hit(c, PST_EVADE_CONTROL, 1);
    c->info->matters = true;
    drop(c, n);
}

static void clean_control(struct cleaner *c, uint8_t b)
{
    size_t at = c->at;
    if (b == 0x1B) {
        clean_escape(c);
    } else if (b == 0x08 || b == 0x7F) { /* takes back what stands before it on the line */
        hit(c, PST_EVADE_CONTROL, 1);
        c->info->matters = true;
        change(c);
        if (c->out->n > 0 && c->out->text[c->out->n - 1] != '\n') {
            (void)pst_draft_pop(c->out, 0);
        }
        c->at++;
    } else if (b == '\r') {
        if (at + 1 < c->in.n && c->in.p[at + 1] == '\n') {
            keep(c, 1);
        } else {
            if (at + 1 < c->in.n && at > 0 && c->in.p[at - 1] != '\n') {
                hit(c, PST_EVADE_CONTROL, 1); /* what follows is written over the line */
            }
            put(c, '\n', 1);
        }
    } else if (b == '\f' || b == '\v') {
        put(c, '\n', 1);
    } else {
        hit(c, PST_EVADE_CONTROL, 1);
        c->info->matters = true;
        drop(c, 1);
    }
}

/* --- invisible characters ------------------------------------------------------------------------
 */

static bool joins(struct glyph g)
{
    enum pst_script script = pst_unicode_script(g.prop);
    return script == PST_SCRIPT_INDIC || script == PST_SCRIPT_ARABIC || script == PST_SCRIPT_SEA ||
           script == PST_SCRIPT_MONGOLIAN || script == PST_SCRIPT_OTHER;
}

static bool pictured(struct glyph g)
{
    return g.n > 0 &&
           (pst_unicode_glyph(g.prop) == PST_GLYPH_PICTURE || (g.cp >= 0x1F000 && g.cp < 0x1FB00));
}

/* A joiner with something to join. */
static bool joiner_honest(const struct cleaner *c, struct glyph g, struct glyph next)
{
    if (g.cp == 0x200D && pictured(next)) {
        return pictured(c->last);
    }
    return joins(c->last) && (is_letter(c->last) || c->last.cp == 0x0640);
}

/* An unseen character that has a use where it stands, though dropping it loses no words. */
static bool unseen_useful(const struct cleaner *c, struct glyph g, struct glyph next)
{
    enum pst_script before = pst_unicode_script(c->last.prop);
    enum pst_script after = pst_unicode_script(next.prop);
    if (g.cp >= 0xFE00 && g.cp <= 0xFE0F) { /* how the character before it is drawn */
        return c->last.n > 0 && !(is_letter(c->last) && before == PST_SCRIPT_LATIN);
    }
    if (g.cp >= 0xE0100 && g.cp <= 0xE01EF) {
        return before == PST_SCRIPT_CJK;
    }
    switch (g.cp) {
    case 0x200B: /* may break a line between words without spaces, and at the edge of a word */
        return before == PST_SCRIPT_SEA || after == PST_SCRIPT_SEA || before == PST_SCRIPT_CJK ||
               after == PST_SCRIPT_CJK || !is_letter(c->last) || !is_letter(next);
    case 0x200C:
    case 0x200D:
    case 0x2060: /* loose at the edge of a word, where a keyboard left it */
        return !is_letter(c->last) || !is_letter(next) || joins(next);
    case 0x00AD: /* a syllable is longer than two letters of anybody's word */
        return c->at - c->last_unseen > 2;
    case 0xFEFF:
        return c->at == 0;
    case 0x17B4:
    case 0x17B5:
        return before == PST_SCRIPT_SEA;
    case 0x115F:
    case 0x1160:
    case 0x3164:
    case 0xFFA0:
        return before == PST_SCRIPT_CJK && after == PST_SCRIPT_CJK;
    case 0x034F:
        return before != PST_SCRIPT_LATIN && before != PST_SCRIPT_CYRILLIC &&
               before != PST_SCRIPT_GREEK;
    default:
        return false;
    }
}

static bool is_direction(uint32_t cp)
{
    return cp == 0x061C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x206F);
}

/* A flag of a region, spelt in tag characters after the black flag; its length or 0. */
static size_t flag_length(struct pst_str in, size_t at)
{
    size_t i = at, letters = 0;
    for (; letters < 8; letters++) {
        struct glyph g = glyph_at(in, i);
        if (g.cp == 0xE007F) {
            return i + g.n - at;
        }
        if (g.cp < 0xE0030 || g.cp > 0xE007A) {
            return 0;
        }
        i += g.n;
    }
    return 0;
}

static void end_selectors(struct cleaner *c)
{
    if (c->selector_run > 2) {
        hit(c, PST_EVADE_SELECTORS, c->selector_run);
        c->info->selectors = true;
        c->info->matters = true;
    }
    if (c->sneaky_run >= 8) {
        hit(c, PST_EVADE_SELECTORS, c->sneaky_run);
        c->info->selectors = true;
    }
    c->selector_run = c->sneaky_run = 0;
}

static void clean_tag(struct cleaner *c, struct glyph g)
{
    size_t flag = c->last.cp == 0x1F3F4 ? flag_length(c->in, c->at) : 0;
    if (flag > 0) {
        keep(c, flag);
        return;
    }
    hit(c, PST_EVADE_TAGS, 1);
    c->info->tags = c->info->matters = true;
    drop(c, g.n);
}

static void clean_unseen(struct cleaner *c, struct glyph g)
{
    struct glyph next = glyph_at(c->in, c->at + g.n);
    if (g.cp >= 0xE0000 && g.cp <= 0xE007F) {
        clean_tag(c, g);
        return;
    }
    if ((g.cp >= 0xFE00 && g.cp <= 0xFE0F) || (g.cp >= 0xE0100 && g.cp <= 0xE01EF)) {
        c->selector_run++;
    } else if (g.cp == 0x2062 || g.cp == 0x2064) {
        c->sneaky_run++;
    }
    if (is_direction(g.cp)) {
        if (g.cp == 0x202D || g.cp == 0x202E) {
            hit(c, PST_EVADE_BIDI, 1);
            c->info->matters = c->info->reordered = true;
        } else {
            c->directions++;
        }
        drop(c, g.n);
        return;
    }
    if ((g.cp == 0x200C || g.cp == 0x200D) && joiner_honest(c, g, next)) {
        keep(c, g.n);
        return;
    }
    if (g.cp >= 0x180B && g.cp <= 0x180F &&
        pst_unicode_script(c->last.prop) == PST_SCRIPT_MONGOLIAN) {
        keep(c, g.n);
        return;
    }
    if (!unseen_useful(c, g, next)) {
        hit(c, PST_EVADE_INVISIBLE, 1);
        c->info->matters = true;
    } else if (is_letter(c->last) && is_letter(next)) {
        c->info->matters = true; /* two halves of one word are joined */
    }
    drop(c, g.n);
    c->last_unseen = c->at;
}

/* --- letters ---------------------------------------------------------------------------------- */

static void end_runs(struct cleaner *c)
{
    if (c->styled_run >= 3) {
        hit(c, PST_EVADE_STYLED, c->styled_run);
    }
    if (c->regional_run >= 5) {
        hit(c, PST_EVADE_STYLED, c->regional_run);
    }
    if (c->fancy_run >= 3) {
        hit(c, PST_EVADE_SCRIPT, c->fancy_run);
    }
    c->styled_run = c->regional_run = c->fancy_run = 0;
}

static void count_styled(struct cleaner *c, struct glyph g)
{
    if (g.cp >= 0xFF01 && g.cp <= 0xFF5E) {
        c->wide += is_letter(g);
    } else if (g.cp >= 0x1F1E6 && g.cp <= 0x1F1FF) {
        c->regional_run++;
    } else {
        c->styled_run++;
        c->info->turned += (g.cp >= 0x250 && g.cp < 0x2B0) || g.cp == 0x1D09 || g.cp == 0x183;
    }
    c->info->matters = true;
}

/* Whether letters of the other alphabets are all ones that resemble Latin: known as soon as one is
 * not, which in an honest text is soon. */
static void count_foreign(struct cleaner *c, size_t from, size_t end, size_t n)
{
    struct pst_clean *info = c->info;
    bool undecided = info->foreign == info->foreign_sure;
    info->foreign += n;
    for (size_t at = from; undecided && at < end;) {
        size_t k;
        bool sure = false;
        uint32_t cp = pst_unicode_at(c->in, at, &k);
        enum pst_script script = pst_unicode_script(pst_unicode(cp));
        at += k;
        if (script == PST_SCRIPT_GREEK || script == PST_SCRIPT_CYRILLIC ||
            script == PST_SCRIPT_ARMENIAN || script == PST_SCRIPT_CAPITALS) {
            undecided = pst_unicode_alike(cp, &sure) != NULL && sure;
            info->foreign_sure += undecided;
        }
    }
}

static void count_scripts(struct cleaner *c, const size_t counts[PST_SCRIPTS], size_t from,
                          size_t end)
{
    struct pst_clean *info = c->info;
    size_t foreign = counts[PST_SCRIPT_GREEK] + counts[PST_SCRIPT_CYRILLIC] +
                     counts[PST_SCRIPT_ARMENIAN] + counts[PST_SCRIPT_CAPITALS];
    info->latin += counts[PST_SCRIPT_LATIN];
    info->accents += counts[PST_SCRIPT_LATIN];
    info->right_to_left += counts[PST_SCRIPT_HEBREW] + counts[PST_SCRIPT_ARABIC];
    info->cjk += counts[PST_SCRIPT_CJK];
    c->fancy_run += counts[PST_SCRIPT_FANCY];
    if (foreign > 0) {
        count_foreign(c, from, end, foreign);
    }
}

static void count_letter(struct cleaner *c, struct glyph g)
{
    size_t counts[PST_SCRIPTS] = {0};
    counts[pst_unicode_script(g.prop)] = 1;
    count_scripts(c, counts, c->at, c->at + g.n);
}

/* Letters that stand for themselves, as many as there are; false: there are none. */
static bool clean_simple(struct cleaner *c)
{
    size_t counts[PST_SCRIPTS] = {0};
    size_t end = pst_unicode_simple(c->in, c->at, counts);
    if (end == c->at) {
        return false;
    }
    end_runs(c);
    end_selectors(c);
    count_scripts(c, counts, c->at, end);
    size_t last = end - 1;
    while ((c->in.p[last] & 0xC0) == 0x80) {
        last--;
    }
    c->last = glyph_at(c->in, last);
    keep(c, end - c->at);
    return true;
}

/* NFKC of [at, at + n); n is small. */
static void compose(struct cleaner *c, size_t n)
{
    int options = (int)UTF8PROC_STABLE | (int)UTF8PROC_COMPAT | (int)UTF8PROC_COMPOSE;
    utf8proc_int32_t cps[SEGMENT];
    utf8proc_ssize_t got = utf8proc_decompose(&c->in.p[c->at], (utf8proc_ssize_t)n, cps, SEGMENT,
                                              (utf8proc_option_t)options);
    if (got <= 0 || got > SEGMENT) {
        keep(c, n);
        return;
    }
    got = utf8proc_normalize_utf32(cps, got, (utf8proc_option_t)options);
    uint8_t bytes[4];
    size_t at = c->at, made = 0;
    bool same = true;
    for (utf8proc_ssize_t i = 0; i < got; i++) {
        size_t k = pst_utf8_put((uint32_t)cps[i], bytes);
        same = same && made + k <= n && memcmp(&c->in.p[at + made], bytes, k) == 0;
        made += k;
    }
    if (same && made == n) {
        keep(c, n);
        return;
    }
    change(c);
    for (utf8proc_ssize_t i = 0; i < got; i++) {
        pst_draft_cp(c->out, (uint32_t)cps[i], at);
    }
    c->at += n;
}

static bool strikes(uint32_t cp)
{
    return (cp >= 0x0334 && cp <= 0x0338) || cp == 0x0332 || cp == 0x0333 || cp == 0x0305 ||
           cp == 0x033F || (cp >= 0x20D0 && cp <= 0x20DC) || (cp >= 0x20E5 && cp <= 0x20EA);
}

/* A character and the marks on it. */
static void clean_cluster(struct cleaner *c, struct glyph g)
{
    size_t n = g.n, marks = 0, struck = 0;
    struct glyph next = glyph_at(c->in, c->at + n);
    while (next.n > 0 && pst_unicode_glyph(next.prop) == PST_GLYPH_MARK) {
        marks++;
        struck += strikes(next.cp);
        n += next.n;
        next = glyph_at(c->in, c->at + n);
    }
    enum pst_script script = pst_unicode_script(g.prop);
    bool few = script <= PST_SCRIPT_ARMENIAN || script == PST_SCRIPT_CJK;
    if (marks > (few ? PILED : PILED_ELSEWHERE)) {
        hit(c, PST_EVADE_MARKS, 1);
        c->info->matters = true;
        put(c, g.cp, n);
        return;
    }
    if (struck > 0 && script == PST_SCRIPT_LATIN) {
        hit(c, PST_EVADE_STYLED, 1);
        c->info->matters = true;
        put(c, g.cp, n);
        return;
    }
    if (marks == 0 && next.n > 0 && (next.prop & PST_PROP_MAYBE) != 0) {
        /* jamo and the like: everything up to the next character that stands for itself */
        while (next.n > 0 && (next.prop & PST_PROP_MAYBE) != 0 && n < SEGMENT / 2) {
            n += next.n;
            next = glyph_at(c->in, c->at + n);
        }
    }
    /* one ligature is a sentence of eighteen letters: honest texts are read with it as it is */
    if (g.cp != 0xFDFA && (n > g.n || (g.prop & (PST_PROP_COMPAT | PST_PROP_MAYBE)) != 0)) {
        compose(c, n);
    } else {
        keep(c, n);
    }
}

static void clean_glyph(struct cleaner *c, struct glyph g)
{
    enum pst_glyph kind = pst_unicode_glyph(g.prop);
    if (kind == PST_GLYPH_UNSEEN) {
        clean_unseen(c, g);
        return;
    }
    end_selectors(c);
    if ((g.prop & PST_PROP_STYLED) != 0) {
        count_styled(c, g);
    } else if (kind != PST_GLYPH_MARK) {
        if (kind == PST_GLYPH_LETTER) {
            count_letter(c, g);
        }
        if (kind != PST_GLYPH_LETTER || pst_unicode_script(g.prop) != PST_SCRIPT_FANCY) {
            end_runs(c);
        }
    }
    c->info->pictures += kind == PST_GLYPH_PICTURE;
    c->info->braille += g.cp > 0x2800 && g.cp < 0x2900;
    c->last = g;
    const char *letters = (g.prop & PST_PROP_STYLED) != 0 && (g.prop & PST_PROP_COMPAT) == 0
                              ? pst_unicode_ornament(g.cp)
                              : NULL;
    if (letters != NULL) {
        change(c);
        pst_draft_text(c->out, pst_str_c(letters), c->at);
        c->at += g.n;
    } else if (g.cp == 0x3000) {
        put(c, ' ', g.n);
    } else if (g.cp == 0x2028 || g.cp == 0x2029 || g.cp == 0x85) {
        put(c, '\n', g.n);
    } else if (g.cp >= 0x80 && g.cp < 0xA0) { /* C1: the introducers of sequences among them */
        hit(c, PST_EVADE_CONTROL, 1);
        c->info->matters = true;
        drop(c, g.cp == 0x9B ? sequence_length(c->in, c->at, g.n, '[') : g.n);
    } else {
        clean_cluster(c, g);
    }
}

/* ASCII up to the next odd byte. The last character may carry a mark: it is taken with it. */
static void clean_ascii(struct cleaner *c)
{
    size_t odd = pst_look_odd(c->in, c->at);
    size_t n = odd - c->at;
    bool carries = n > 0 && odd < c->in.n && c->in.p[odd] >= 0x80 &&
                   (glyph_at(c->in, odd).prop & 0x70) == PST_GLYPH_MARK << 4;
    n -= carries;
    if (n > 0) {
        end_runs(c);
        end_selectors(c);
        c->info->latin += n / 2; /* near enough: it is only weighed against other letters */
        c->last = glyph_at(c->in, c->at + n - 1);
        keep(c, n);
    }
    if (carries) {
        struct glyph g = glyph_at(c->in, c->at);
        c->last = g;
        clean_cluster(c, g);
    }
}

void pst_clean(struct pst_make *make, struct pst_str in, bool flags, struct pst_draft *out,
               struct pst_clean *ret)
{
    *ret = (struct pst_clean){0};
    *out = (struct pst_draft){.make = make};
    struct cleaner c = {.make = make, .in = in, .out = out, .info = ret};
    while (c.at < in.n && !out->over) {
        uint8_t b = in.p[c.at];
        if (b >= 0x80 && clean_simple(&c)) {
            continue;
        }
        if (b >= 0x80) {
            clean_glyph(&c, glyph_at(in, c.at));
        } else if ((b < 0x20 && b != '\n' && b != '\t') || b == 0x7F) {
            end_runs(&c);
            end_selectors(&c);
            clean_control(&c, b);
            c.last = (struct glyph){.cp = b, .n = 1};
        } else {
            clean_ascii(&c);
        }
    }
    end_runs(&c);
    end_selectors(&c);
    if (ret->cjk == 0) {
        c.hits[__builtin_ctz(PST_EVADE_STYLED)] += c.wide >= 4 ? c.wide : 0;
    }
    if (ret->right_to_left == 0) {
        c.hits[__builtin_ctz(PST_EVADE_BIDI)] += c.directions;
        ret->matters = ret->matters || c.directions > 0;
    }
    if (ret->pictures >= 24 &&
        ret->pictures > ret->latin + ret->foreign + ret->cjk + ret->right_to_left) {
        hit(&c, PST_EVADE_SCRIPT, ret->pictures); /* a cipher of pictures, not a decoration */
    }
    for (size_t i = 0; flags && i < PST_LEN(c.hits); i++) {
        pst_make_hit(make, (enum pst_evasion)(1U << i), c.hits[i]);
    }
}
