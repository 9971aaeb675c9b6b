/* Case folding, and the folding of look-alikes word by word: a word is only touched when letters of
 * two alphabets stand in it, or when a whole text writes Latin with other letters. */
#include "inspect/normal/plain.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/look.h"
#include "inspect/normal/unicode.h"

#include <utf8proc.h>

enum { FOREIGN_TEXT_MIN = 6 };

struct folder {
    struct pst_make *make;
    struct pst_str in;
    const uint32_t *map;
    struct pst_draft *out;
    bool whole;      /* all letters of other alphabets have Latin look-alikes: they are Latin */
    size_t hits;     /* words folded */
    size_t to_latin; /* of them */
    size_t left;     /* words of look-alikes that were left as they are */
    size_t honest;   /* words of other alphabets that cannot be Latin */
};

struct word {
    size_t start, end;
    size_t latin, ascii, foreign, alike, sure;
    size_t back;         /* Latin letters that have a twin in the other alphabet */
    size_t switches;     /* from Latin to another alphabet or back */
    int side;            /* of the last letter: 1 Latin, 2 another */
    bool other;          /* letters that have no business with look-alikes */
    uint32_t first;      /* its first foreign letter */
    bool starts_foreign; /* and it stands at the head */
    enum pst_script other_script;
};

static size_t from_of(const struct folder *f, size_t at)
{
    return f->map != NULL ? f->map[at] : at;
}

static void put_lower(struct folder *f, size_t at, size_t end)
{
    size_t n = end - at;
    struct pst_draft *d = f->out;
    if (n == 0 || (d->size - d->n < n && !pst_draft_grow(d, n))) {
        return;
    }
    pst_look_lower(&d->text[d->n], pst_str_cut(f->in, at, n));
    for (size_t i = 0; i < n; i++) {
        d->map[d->n + i] = (uint32_t)from_of(f, at + i);
    }
    d->n += n;
}

static bool of_word(uint32_t cp, uint16_t prop)
{
    if (cp < 0x80) {
        return pst_is_alpha(cp) || pst_is_digit(cp);
    }
    enum pst_glyph kind = pst_unicode_glyph(prop);
    return (kind == PST_GLYPH_LETTER || kind == PST_GLYPH_MARK) &&
           pst_unicode_script(prop) != PST_SCRIPT_CJK;
}

static void word_side(struct word *w, int side)
{
    w->switches += w->side != 0 && w->side != side;
    w->side = side;
}

static void word_letter(struct word *w, uint32_t cp, uint16_t prop, size_t at)
{
    enum pst_script script = pst_unicode_script(prop);
    if (cp < 0x80) {
        if (pst_is_alpha(cp)) {
            w->latin++;
            w->ascii++;
            word_side(w, 1);
        }
        return;
    }
    if (pst_unicode_glyph(prop) == PST_GLYPH_MARK) {
        return;
    }
    if (script == PST_SCRIPT_LATIN) {
        w->latin++;
        word_side(w, 1);
        return;
    }
    word_side(w, 2);
    if (w->foreign == 0) {
        w->first = cp;
        w->starts_foreign = at == w->start;
        w->other_script = script;
    }
    w->foreign++;
    w->other = w->other || script != w->other_script;
}

/* Letters that Russian or Greek have, too; those that only other languages of the alphabet have (i,
 * j, s) are as likely Latin. */
static bool is_twin(uint32_t letter, enum pst_script script)
{
    return strchr("ijs", (int)letter) == NULL && pst_unicode_back((uint8_t)letter, script) != 0;
}

/* Which of its foreign letters have look-alikes. */
static void word_compare(const struct folder *f, struct word *w)
{
    for (size_t at = w->start; at < w->end;) {
        size_t n;
        bool sure = false;
        uint32_t cp = pst_unicode_at(f->in, at, &n);
        uint16_t prop = pst_unicode(cp);
        enum pst_script script = pst_unicode_script(prop);
        bool ready = script == PST_SCRIPT_GREEK || script == PST_SCRIPT_CYRILLIC ||
                     script == PST_SCRIPT_ARMENIAN || script == PST_SCRIPT_CAPITALS;
        at += n;
        if (cp < 0x80 && pst_is_alpha(cp)) {
            w->back += is_twin(cp | 0x20, w->other_script);
        }
        if (cp >= 0x80 && script != PST_SCRIPT_LATIN && pst_unicode_glyph(prop) != PST_GLYPH_MARK &&
            pst_unicode_alike(cp, &sure) != NULL) {
            w->alike += ready || sure;
            w->sure += sure;
        }
    }
}

static struct word word_read(const struct folder *f, size_t start)
{
    struct word w = {.start = start, .end = start};
    while (w.end < f->in.n) {
        uint32_t cp = f->in.p[w.end];
        size_t n = 1;
        if (cp >= 0x80) {
            cp = pst_unicode_at(f->in, w.end, &n);
        }
        uint16_t prop = pst_unicode(cp);
        if (!of_word(cp, prop)) {
            break;
        }
        word_letter(&w, cp, prop, w.end);
        w.end += n;
    }
    return w;
}

/* Δx, μservice, λs: one Greek letter at the head is a symbol. */
static bool symbol_at_head(const struct word *w)
{
    return w->foreign == 1 && w->other_script == PST_SCRIPT_GREEK &&
           (w->starts_foreign || w->latin < 2);
}

enum fold { AS_IT_IS, TO_LATIN, TO_CYRILLIC, TO_GREEK };

/* Letters of the other alphabet among them are its own, and the Latin ones could be, too. */
static bool is_other(const struct word *w)
{
    return (w->other_script == PST_SCRIPT_CYRILLIC || w->other_script == PST_SCRIPT_GREEK) &&
           !w->other && w->latin > 0 && w->latin == w->ascii && w->back == w->latin &&
           w->sure < w->foreign;
}

static enum fold word_judge(struct folder *f, struct word *w)
{
    /* a text of other alphabets has been recognised: its words are not compared any more */
    if (w->foreign == 0 || (w->latin == 0 && !f->whole && f->honest > f->hits + 2)) {
        return AS_IT_IS;
    }
    word_compare(f, w);
    bool alike = w->alike == w->foreign;
    /* "API" with an ending of another language is honest: a stem, and then an ending */
    bool woven = w->switches > 1 || w->latin == 1 || w->foreign == 1;
    if (is_other(w) && woven) {
        f->hits++;
        return w->other_script == PST_SCRIPT_CYRILLIC ? TO_CYRILLIC : TO_GREEK;
    }
    if (!f->whole && (w->latin == 0 || symbol_at_head(w))) {
        f->left += alike;
        f->honest += w->latin == 0 && w->sure < w->foreign && w->foreign > 3;
        return AS_IT_IS;
    }
    if (alike && (f->whole || w->sure == w->foreign || woven)) {
        bool counts = f->whole || w->latin + w->foreign >= 3;
        f->hits += counts;
        f->to_latin += counts;
        return TO_LATIN;
    }
    return AS_IT_IS;
}

static uint32_t lower(uint32_t cp)
{
    if (cp >= 0x410 && cp < 0x430) {
        return cp + 0x20;
    }
    if ((cp >= 0x430 && cp < 0x460) || (cp >= 0xDF && cp <= 0xFF) || (cp >= 0x3B1 && cp <= 0x3C9)) {
        return cp;
    }
    /* the dot of a capital dotted I is no letter of its own */
    utf8proc_int32_t low = cp == 0x130 ? 'i' : utf8proc_tolower((utf8proc_int32_t)cp);
    return low > 0 ? (uint32_t)low : cp;
}

static void put_letter(struct folder *f, uint32_t cp, uint16_t prop, size_t at, enum fold fold)
{
    bool sure;
    enum pst_script script = pst_unicode_script(prop);
    size_t from = from_of(f, at);
    if (fold == TO_LATIN && cp >= 0x80 && script != PST_SCRIPT_LATIN) {
        const char *letters = pst_unicode_alike(cp, &sure);
        if (letters != NULL) {
            pst_draft_text(f->out, pst_str_c(letters), from);
            return;
        }
    }
    if (cp < 0x80) {
        uint8_t low = (uint8_t)(cp | (pst_is_alpha(cp) ? 0x20U : 0U));
        uint32_t back = fold == TO_CYRILLIC ? pst_unicode_back(low, PST_SCRIPT_CYRILLIC)
                        : fold == TO_GREEK  ? pst_unicode_back(low, PST_SCRIPT_GREEK)
                                            : 0;
        pst_draft_cp(f->out, back != 0 ? back : low, from);
        return;
    }
    pst_draft_cp(f->out, lower(cp), from);
}

static void put_word(struct folder *f, const struct word *w, enum fold fold)
{
    for (size_t at = w->start; at < w->end && !f->out->over;) {
        size_t n;
        uint32_t cp = pst_unicode_at(f->in, at, &n);
        put_letter(f, cp, pst_unicode(cp), at, fold);
        at += n;
    }
}

/* A character beyond ASCII that is part of no word: copied, byte for byte. */
static void put_other(struct folder *f, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pst_draft_byte(f->out, f->in.p[at + i], from_of(f, at + (f->map != NULL ? 0 : i)));
    }
}

/* Characters without case: as they are. */
static void put_same(struct folder *f, size_t at, size_t end)
{
    size_t n = end - at;
    struct pst_draft *d = f->out;
    if (d->size - d->n < n && !pst_draft_grow(d, n)) {
        return;
    }
    memcpy(&d->text[d->n], &f->in.p[at], n);
    for (size_t i = 0; i < n; i++) {
        d->map[d->n + i] = (uint32_t)from_of(f, at + i);
    }
    d->n += n;
}

/* A word of letters of another alphabet alone, in a text that is known to be written in it. */
static bool simple_word(struct folder *f, size_t at, size_t odd, size_t *ret_end)
{
    size_t counts[PST_SCRIPTS] = {0};
    struct pst_draft *d = f->out;
    if (f->whole || f->honest <= f->hits + 2 || (odd > at && pst_is_alnum(f->in.p[odd - 1]))) {
        return false;
    }
    size_t end = pst_unicode_simple(f->in, odd, counts);
    if (end == odd || counts[PST_SCRIPT_LATIN] > 0 ||
        (end < f->in.n && (f->in.p[end] >= 0x80 || pst_is_alnum(f->in.p[end])))) {
        return false;
    }
    size_t room = (end - odd) * 2; /* small letters may be longer than their capitals */
    if (d->size - d->n < room && !pst_draft_grow(d, room)) {
        return false;
    }
    put_lower(f, at, odd);
    if (d->size - d->n < room && !pst_draft_grow(d, room)) {
        return false;
    }
    for (size_t i = odd, n; i < end; i += n) {
        uint32_t cp = lower(pst_unicode_at(f->in, i, &n));
        uint8_t bytes[4];
        size_t k = pst_utf8_put(cp, bytes);
        for (size_t b = 0; b < k; b++) {
            d->text[d->n] = bytes[b];
            d->map[d->n] = (uint32_t)from_of(f, i);
            d->n++;
        }
    }
    *ret_end = end;
    return true;
}

static void fold(struct folder *f)
{
    struct pst_str in = f->in;
    struct pst_draft *out = f->out;
    pst_draft_init(out, f->make, in.n + 64);
    for (size_t at = 0; at < in.n && !out->over;) {
        size_t odd = pst_look_odd(in, at);
        if (odd < in.n && in.p[odd] < 0x80) { /* a carriage return that was kept */
            put_lower(f, at, odd + 1);
            at = odd + 1;
            continue;
        }
        size_t same = odd < in.n ? pst_unicode_caseless(in, odd) : odd;
        if (same > odd && (same == in.n || !pst_is_alnum(in.p[same])) &&
            (odd == at || !pst_is_alnum(in.p[odd - 1]))) {
            put_lower(f, at, odd);
            put_same(f, odd, same);
            at = same;
            continue;
        }
        if (odd < in.n && simple_word(f, at, odd, &same)) {
            at = same;
            continue;
        }
        size_t start = odd;
        while (start > at && (pst_is_alpha(in.p[start - 1]) || pst_is_digit(in.p[start - 1]))) {
            start--;
        }
        put_lower(f, at, start);
        at = start;
        if (at < in.n && odd < in.n) {
            struct word w = word_read(f, start);
            if (w.end > start) {
                put_word(f, &w, word_judge(f, &w));
                at = w.end;
            }
            if (at == odd) { /* not of a word */
                uint32_t cp = 0;
                size_t n = pst_utf8_get(pst_str_from(in, at), &cp);
                put_other(f, at, n);
                at += n;
            }
        } else if (start < odd) {
            put_lower(f, start, odd);
            at = odd;
        }
    }
}

void pst_plain(struct pst_make *make, struct pst_str in, const uint32_t *map, bool flags,
               const struct pst_clean *clean, struct pst_draft *out)
{
    struct folder f = {.make = make, .in = in, .map = map, .out = out};
    f.whole = clean->foreign >= FOREIGN_TEXT_MIN && clean->foreign_sure == clean->foreign;
    fold(&f);
    if (f.to_latin >= 2 && f.left > 0 && f.to_latin >= f.honest &&
        f.to_latin * 2 > f.hits) { /* disguised: the small words are, too */
        struct folder again = {.make = make, .in = in, .map = map, .out = out, .whole = true};
        fold(&again);
        f.hits = again.hits;
    }
    if (flags) {
        pst_make_hit(make, PST_EVADE_LOOKALIKE, f.hits);
    }
}
