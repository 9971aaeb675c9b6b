/* Words that were spelt out, written with digits, glued or heaped with accents, in their place. */
#include "inspect/normal/tokens.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/look.h"
#include "inspect/normal/unicode.h"
#include "inspect/normal/words.h"

#include <utf8proc.h>

enum {
    SEPARATORS = 8, /* kinds told apart */
    CHUNK = 256,    /* letters split into words at a time */
    LONGEST = 16,   /* letters of a word that is looked for in glued letters */
    TOKEN_MAX = 96, /* bytes; longer ones are no disguised words */
    PARTS_MIN = 4,
    SPELT_MIN = 5, /* single letters that make a word */
};

/* Everything up to `start` as it is. */
static void copy_to(struct pst_collapse *c, size_t start)
{
    c->changes++;
    if (c->out.size == 0) {
        pst_draft_init(&c->out, c->make, c->in.n + 64);
    }
    size_t mark = c->out.n;
    pst_draft_copy(&c->out, c->in, c->done, start - c->done);
    pst_look_lower(&c->out.text[mark], pst_str_of(&c->out.text[mark], c->out.n - mark));
    c->done = start;
}

/* --- glued letters ---------------------------------------------------------------------------- */

/* Where words begin in n letters (n <= CHUNK): cuts[i] is set before letter i. The best split is
 * the one with the longest known words. Share of letters in known words, in hundredths. */
static size_t split_letters(const uint8_t *letters, size_t n, bool *cuts)
{
    uint32_t best[CHUNK + 1] = {0};
    uint8_t length[CHUNK + 1] = {0}; /* of the word that ends here; 0: an unknown letter */
    size_t known = 0;
    for (size_t end = 1; end <= n; end++) {
        best[end] = best[end - 1];
        for (size_t k = 2; k <= LONGEST && k <= end; k++) {
            if (best[end - k] + k * k <= best[end] ||
                pst_word_find(pst_str_of(&letters[end - k], k)) == PST_WORD_UNKNOWN) {
                continue;
            }
            best[end] = best[end - k] + (uint32_t)(k * k);
            length[end] = (uint8_t)k;
        }
    }
    for (size_t i = 0; i < n; i++) {
        cuts[i] = false;
    }
    for (size_t end = n; end > 0;) {
        size_t k = length[end];
        if (k == 0) {
            end--;
            continue;
        }
        known += k > 2 ? k : 0;
        if (end < n) {
            cuts[end] = true;
        }
        end -= k;
        cuts[end] = end > 0;
    }
    return n > 0 ? known * 100 / n : 0;
}

/* Letters of the draft from `mark` on are split into words when that is what they are. */
static bool split_tail(struct pst_collapse *c, size_t mark)
{
    struct pst_draft *d = &c->out;
    uint8_t letters[CHUNK];
    uint32_t from[CHUNK];
    bool cuts[CHUNK];
    size_t n = d->n - mark;
    if (n < 8 || n > CHUNK) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        letters[i] = d->text[mark + i];
        from[i] = d->map[mark + i];
        if (!pst_is_lower(letters[i])) {
            return false;
        }
    }
    if (split_letters(letters, n, cuts) < 60) {
        return false;
    }
    d->n = mark;
    for (size_t i = 0; i < n; i++) {
        if (cuts[i]) {
            pst_draft_byte(d, ' ', from[i]);
        }
        pst_draft_byte(d, letters[i], from[i]);
    }
    return true;
}

/* --- tokens
 * ------------------------------------------------------------------------------------------------
 */

struct census {
    size_t lower, upper, digits, signs, high, parts, glue;
};

/* The letter a digit or sign stands for; 1, ! and | may be i or l. */
static uint8_t leet_letter(uint8_t b)
{
    static const uint8_t letters[128] = {
        ['0'] = 'o', ['3'] = 'e', ['4'] = 'a', ['5'] = 's', ['7'] = 't', ['8'] = 'b',
        ['@'] = 'a', ['$'] = 's', ['+'] = 't', ['6'] = 'g', ['9'] = 'g', ['('] = 'c',
        ['2'] = 'z', ['1'] = 'i', ['!'] = 'i', ['|'] = 'i',
    };
    return b < sizeof letters ? letters[b] : 0;
}

static struct census token_count(struct pst_str t)
{
    struct census n = {0};
    bool part = false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t b = t.p[i];
        bool letter = pst_is_alpha(b);
        bool hump = pst_is_upper(b) && i > 0 && pst_is_lower(t.p[i - 1]);
        n.lower += pst_is_lower(b);
        n.upper += pst_is_upper(b);
        n.digits += pst_is_digit(b);
        n.high += b >= 0xC0;
        n.glue += b == '-' || b == '_';
        n.signs += !letter && !pst_is_digit(b) && b < 0x80 && leet_letter(b) != 0;
        n.parts += letter && (!part || hump);
        part = letter;
    }
    return n;
}

/* The token with letters for digits; bit k of `els`: its k-th one is an l. 0: it holds something
 * that is no such letter. */
static size_t leet_read(struct pst_str t, unsigned els, uint8_t ret[TOKEN_MAX], size_t *ret_ones)
{
    *ret_ones = 0;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t b = t.p[i];
        uint8_t letter = pst_is_alpha(b) ? b | 0x20 : leet_letter(b);
        if (letter == 0) {
            return 0;
        }
        if (letter == 'i' && !pst_is_alpha(b)) {
            letter = (els >> *ret_ones & 1) != 0 ? 'l' : 'i';
            (*ret_ones)++;
        }
        ret[i] = letter;
    }
    return t.n;
}

static bool leet_known(struct pst_collapse *c, struct pst_str t, size_t start)
{
    enum { ONES = 3 };
    uint8_t word[TOKEN_MAX];
    size_t ones = 0, swaps = 0, letters = 0;
    for (size_t i = 0; i < t.n; i++) {
        letters += pst_is_alpha(t.p[i]);
        swaps += pst_is_alpha(t.p[i]) ? 0U : i + 1 < t.n ? 2U : 1U;
    }
    /* s3, 10 and score$ are disguised words only where others were */
    bool strong = t.n >= 3 && letters > 0 && swaps >= 2;
    if (swaps == 0 || (!strong && c->leet < 2)) {
        return false;
    }
    for (unsigned els = 0; els < 1U << (ones < ONES ? ones : ONES) || els == 0; els++) {
        size_t n = leet_read(t, els, word, &ones);
        if (pst_word_find(pst_str_of(word, n)) == PST_WORD_UNKNOWN) {
            continue;
        }
        copy_to(c, start);
        for (size_t i = 0; i < n; i++) {
            pst_draft_byte(&c->out, word[i], start + i);
        }
        c->done = start + n;
        c->leet += strong;
        c->leet_letters += strong ? n : 0;
        return true;
    }
    return false;
}

/* --- single letters --------------------------------------------------------------------------- */

static bool of_token(uint8_t c)
{
    return c >= 0x80 || pst_is_alnum(c);
}

static size_t token_end(struct pst_str in, size_t at)
{
    while (at < in.n && of_token(in.p[at])) {
        at++;
    }
    return at;
}

static size_t gap_end(struct pst_str in, size_t at)
{
    while (at < in.n && !of_token(in.p[at])) {
        at++;
    }
    return at;
}

static uint32_t gap_key(struct pst_str in, size_t at, size_t end)
{
    uint32_t key = 0;
    for (size_t i = at; i < end && i < at + 4; i++) {
        key = key << 8 | in.p[i];
    }
    return key;
}

/* The separator that stands most often between the letters: the others part words. */
static uint32_t usual_gap(struct pst_str in, size_t start, size_t end)
{
    uint32_t keys[SEPARATORS] = {0};
    size_t counts[SEPARATORS] = {0}, best = 0;
    for (size_t at = token_end(in, start); at < end;) {
        size_t next = gap_end(in, at), i = 0;
        uint32_t key = gap_key(in, at, next);
        while (i < SEPARATORS - 1 && counts[i] > 0 && keys[i] != key) {
            i++;
        }
        keys[i] = key;
        counts[i]++;
        best = counts[i] > counts[best] ? i : best;
        at = token_end(in, next);
    }
    return keys[best];
}

/* Words of the draft from `mark` on: how many letters are known. */
static bool tail_good(const struct pst_draft *d, size_t mark)
{
    struct pst_score score = {0};
    size_t start = mark;
    for (size_t i = mark; i <= d->n; i++) {
        if (i < d->n && pst_is_lower(d->text[i])) {
            continue;
        }
        if (i > start) {
            pst_score_add(&score, pst_str_of(&d->text[start], i - start));
        }
        start = i + 1;
    }
    return score.known >= 5 && pst_score_share(&score) >= 40;
}

/* Pieces too long for a word: the blanks between the words were lost. */
static void split_pieces(struct pst_collapse *c, size_t mark)
{
    struct pst_draft *d = &c->out;
    size_t n = d->n - mark, piece = mark;
    bool longer = false;
    for (size_t i = mark; i <= d->n; i++) {
        if (i < d->n && d->text[i] != ' ') {
            continue;
        }
        longer = longer || i - piece >= 8;
        piece = i + 1;
    }
    uint8_t *text = longer ? pst_arena_take(c->make->arena, n) : NULL;
    uint32_t *map = text != NULL ? PST_ARENA_ARRAY(c->make->arena, n, uint32_t) : NULL;
    if (map == NULL) {
        return; /* as it is: still readable */
    }
    memcpy(text, &d->text[mark], n);
    memcpy(map, &d->map[mark], n * sizeof *map);
    d->n = piece = mark;
    for (size_t i = 0; i <= n; i++) {
        if (i == n || text[i] == ' ') {
            (void)split_tail(c, piece);
        }
        if (i < n) {
            pst_draft_byte(d, text[i], map[i]);
            piece = text[i] == ' ' ? d->n : piece;
        }
    }
}

/* Pieces that are words when their digits are letters. */
static void leet_pieces(struct pst_collapse *c, size_t mark)
{
    struct pst_draft *d = &c->out;
    for (size_t start = mark, end; start < d->n; start = end + 1) {
        uint8_t word[TOKEN_MAX];
        size_t ones, digits = 0;
        for (end = start; end < d->n && d->text[end] != ' '; end++) {
            digits += pst_is_digit(d->text[end]);
        }
        struct pst_str piece = pst_str_of(&d->text[start], end - start);
        if (digits == 0 || piece.n > PST_WORD_LONGEST) {
            continue;
        }
        for (unsigned els = 0; els < 4; els++) { /* its ones as i or as l */
            size_t n = leet_read(piece, els, word, &ones);
            if (n > 0 && pst_word_find(pst_str_of(word, n)) != PST_WORD_UNKNOWN) {
                memcpy(&d->text[start], word, n);
                c->leet++;
                break;
            }
        }
    }
}

void pst_collapse_spaced(struct pst_collapse *c, size_t start, size_t end)
{
    size_t spelt = 0;
    for (size_t at = start; at < end && spelt < SPELT_MIN; at++) {
        spelt += pst_is_alpha(c->in.p[at]) || c->in.p[at] >= 0xC0;
    }
    if (spelt < SPELT_MIN) {
        return;
    }
    uint32_t usual = usual_gap(c->in, start, end);
    size_t foreign = 0, letters = 0, tokens = 0;
    if (start < c->done) {
        return;
    }
    copy_to(c, start);
    size_t mark = c->out.n;
    c->done = end;
    for (size_t at = start; at < end;) {
        size_t stop = token_end(c->in, at);
        foreign += c->in.p[at] >= 0x80;
        letters += !pst_is_digit(c->in.p[at]);
        tokens++;
        for (size_t i = at; i < stop; i++) {
            uint8_t b = c->in.p[i];
            pst_draft_byte(&c->out, (uint8_t)(b | (pst_is_upper(b) ? 0x20 : 0)), i);
        }
        size_t next = gap_end(c->in, stop);
        if (next < end && gap_key(c->in, stop, next) != usual) {
            pst_draft_byte(&c->out, ' ', stop);
        }
        at = next;
    }
    leet_pieces(c, mark);
    split_pieces(c, mark);
    bool good = letters >= SPELT_MIN && letters * 2 > tokens &&
                (tail_good(&c->out, mark) || foreign >= 8);
    if (good) {
        pst_make_hit(c->make, PST_EVADE_SPACED, letters);
    } else if (letters < 10 || letters * 3 < tokens * 2) { /* a list, a formula, a version */
        c->out.n = mark;
        c->done = start;
        c->changes--;
    }
}

/* Digits and signs within a word of letters, when the word they make is known, or all looks so. */
static bool try_leet(struct pst_collapse *c, struct pst_str t, size_t start)
{
    /* what opens and ends a sentence is no letter, unless nothing else will do */
    size_t head = 0, tail = t.n;
    while (tail > head && strchr(".,;:!?)\"'", t.p[tail - 1]) != NULL) {
        tail--;
    }
    while (head < tail && strchr("(\"'", t.p[head]) != NULL) {
        head++;
    }
    struct pst_str inner = pst_str_cut(t, head, tail - head);
    if (leet_known(c, inner, start + head)) {
        return true;
    }
    return tail < t.n && t.p[tail] == '!' &&
           leet_known(c, pst_str_cut(t, head, tail + 1 - head), start + head);
}

/* ignoreAllPrevious, ignore-all-previous: apart, if the parts are words. */
static void try_parts(struct pst_collapse *c, struct pst_str t, size_t start)
{
    struct pst_score score = {0};
    uint8_t word[TOKEN_MAX];
    size_t n = 0;
    for (size_t i = 0; i <= t.n; i++) {
        uint8_t b = i < t.n ? t.p[i] : 0;
        bool hump = pst_is_upper(b) && i > 0 && pst_is_lower(t.p[i - 1]);
        if (n > 0 && (!pst_is_alpha(b) || hump)) {
            pst_score_add(&score, pst_str_of(word, n));
            n = 0;
        }
        if (pst_is_alpha(b)) {
            word[n++] = b | 0x20;
        }
    }
    if (score.words < PARTS_MIN || score.stop < 4 || !pst_score_good(&score)) {
        return;
    }
    copy_to(c, start);
    for (size_t i = 0; i < t.n; i++) {
        uint8_t b = t.p[i];
        if (pst_is_upper(b) && i > 0 && pst_is_lower(t.p[i - 1])) {
            pst_draft_byte(&c->out, ' ', start + i);
        }
        b = b == '-' || b == '_' ? ' ' : b;
        pst_draft_byte(&c->out, (uint8_t)(b | (pst_is_upper(b) ? 0x20 : 0)), start + i);
    }
    c->done = start + t.n;
}

static void try_glued(struct pst_collapse *c, struct pst_str t, size_t start)
{
    size_t n = t.n;
    while (n > 0 && !pst_is_lower(t.p[n - 1])) {
        n--;
    }
    bool cuts[CHUNK];
    if (n < 16 || split_letters(t.p, n, cuts) < 80) {
        return;
    }
    copy_to(c, start);
    size_t mark = c->out.n;
    for (size_t i = 0; i < n; i++) {
        pst_draft_byte(&c->out, t.p[i], start + i);
    }
    c->done = start + n;
    (void)split_tail(c, mark);
}

/* Words with several accents that are known without them. */
static void try_accents(struct pst_collapse *c, struct pst_str t, size_t start)
{
    uint8_t word[TOKEN_MAX];
    uint32_t from[TOKEN_MAX];
    size_t n = 0, accents = 0;
    for (size_t at = 0; at < t.n;) {
        uint32_t cp = 0;
        size_t k = pst_utf8_get(pst_str_from(t, at), &cp);
        utf8proc_int32_t parts[8] = {(utf8proc_int32_t)cp};
        if (cp >= 0x80 && pst_unicode_glyph(pst_unicode(cp)) == PST_GLYPH_LETTER) {
            int boundary = 0;
            (void)utf8proc_decompose_char((utf8proc_int32_t)cp, parts, 8, UTF8PROC_DECOMPOSE,
                                          &boundary);
        }
        uint32_t base = (uint32_t)parts[0];
        if (pst_is_alpha(base)) {
            accents += cp >= 0x80;
            word[n] = (uint8_t)(base | 0x20);
            from[n++] = (uint32_t)(start + at);
        } else if (pst_unicode_glyph(pst_unicode(cp)) != PST_GLYPH_MARK) {
            if (cp >= 0x80) {
                return;
            }
            break;
        } else {
            accents++;
        }
        at += k;
    }
    bool strong = accents >= 2 && accents * 3 >= n;
    /* one is enough where others were heaped */
    if (n < 2 || accents == 0 || (!strong && c->accents < 2) ||
        pst_word_find(pst_str_of(word, n)) == PST_WORD_UNKNOWN) {
        return;
    }
    copy_to(c, start);
    for (size_t i = 0; i < n; i++) {
        pst_draft_byte(&c->out, word[i], from[i]);
    }
    /* the rest of the token follows as it is */
    size_t end = from[n - 1] - start;
    do {
        end++;
    } while (end < t.n && t.p[end] >= 0x80);
    c->done = start + end;
    c->accents += strong;
}

void pst_collapse_token(struct pst_collapse *c, size_t start, size_t end)
{
    struct pst_str t = pst_str_cut(c->in, start, end - start);
    if (t.n < 2 || t.n > TOKEN_MAX || start < c->done) {
        return;
    }
    struct census n = token_count(t);
    if (n.high > 0) {
        try_accents(c, t, start);
    } else if (n.digits + n.signs > 0 && (n.lower + n.upper > 0 || c->leet >= 2) &&
               t.n <= PST_WORD_LONGEST && try_leet(c, t, start)) {
        return;
    } else if (n.parts >= PARTS_MIN && n.parts * 2 <= n.lower + n.upper) {
        try_parts(c, t, start);
    } else if (n.parts == 1 && n.lower >= 16 && n.lower + 2 >= t.n) {
        try_glued(c, t, start);
    }
}

size_t pst_collapse_end(struct pst_collapse *c, size_t parent)
{
    if (c->changes == 0) {
        return 0;
    }
    if (c->leet >= 3 || (c->leet >= 2 && c->leet_letters >= 8)) {
        pst_make_hit(c->make, PST_EVADE_LEET, c->leet);
    }
    if (c->accents >= 3) {
        pst_make_hit(c->make, PST_EVADE_MARKS, c->accents);
    }
    copy_to(c, c->in.n);
    return pst_draft_view(&c->out, PST_VIEW_COLLAPSED, parent, c->in.n, false, false);
}
