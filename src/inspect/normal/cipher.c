/* A text is looked at in stretches of a dozen words. One whose words are known is left alone, which
 * is nearly all there is; of the others those readings are scored that the short words vote for. */
#include "inspect/normal/cipher.h"

#include "inspect/normal/ascii.h"
#include "inspect/normal/words.h"

enum { STRETCH = 12, STRETCH_MIN = 3, ODD_SHARE = 35, ODD_STOP = 12, GAIN = 25 };

struct word {
    uint32_t start, end;
    uint8_t known; /* enum pst_word */
    uint8_t part;  /* enum pst_part */
};

enum { LINE = 64 };

/* Words of a line, as far as they are kept, and what speaks for and against their order. */
struct line {
    struct word words[LINE];
    size_t n, ahead, back;
};

struct stretch {
    struct word words[STRETCH];
    size_t n;
    size_t bound;                       /* words that touch a digit or a sign of codes */
    size_t letters, vowels, pairs, odd; /* pairs of letters; odd: such as no language likes */
};

enum reading { AS_GIVEN, SHIFTED, ATBASH, BACKWARDS, PIG };

struct ciphers {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft shifted, atbash, flipped, pig;
    size_t shifted_end, atbash_end, flipped_end, pig_end;
    size_t back_start, back_end; /* the part that is read backwards */
    size_t won;
    struct pst_draft turned; /* lines of words in reverse order */
    size_t turned_end, lines;
    enum reading last; /* of the stretch before this one on the same line */
    unsigned last_by;
};

static uint8_t shift(uint8_t b, unsigned by)
{
    return pst_is_lower(b) ? (uint8_t)('a' + (b - 'a' + by) % 26) : b;
}

static uint8_t mirror(uint8_t b)
{
    return pst_is_lower(b) ? (uint8_t)('a' + 'z' - b) : b;
}

static uint8_t read_letter(struct pst_str in, const struct word *w, size_t i, enum reading reading,
                           unsigned by)
{
    size_t at = w->start + i;
    switch (reading) {
    case SHIFTED:
        return shift(in.p[at], by);
    case ATBASH:
        return mirror(in.p[at]);
    case BACKWARDS:
        return in.p[w->end - 1 - i];
    case AS_GIVEN:
    case PIG:
        break;
    }
    return in.p[at];
}

static struct pst_score score(struct pst_str in, const struct stretch *s, enum reading reading,
                              unsigned by)
{
    struct pst_score ret = {0};
    uint8_t letters[PST_WORD_LONGEST];
    for (size_t k = 0; k < s->n; k++) {
        size_t n = s->words[k].end - s->words[k].start;
        if (n > sizeof letters) {
            ret.letters += n;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            letters[i] = read_letter(in, &s->words[k], i, reading, by);
        }
        pst_score_add(&ret, pst_str_of(letters, n));
    }
    return ret;
}

/* A long stretch with no short word that is known is not worth the whole score. */
static struct pst_score score_likely(struct pst_str in, const struct stretch *s,
                                     enum reading reading, unsigned by)
{
    uint8_t letters[4];
    bool likely = s->n < STRETCH / 2;
    for (size_t k = 0; !likely && k < s->n; k++) {
        size_t n = s->words[k].end - s->words[k].start;
        if (n < 2 || n > sizeof letters) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            letters[i] = read_letter(in, &s->words[k], i, reading, by);
        }
        likely = pst_word_find(pst_str_of(letters, n)) != PST_WORD_UNKNOWN;
    }
    return likely ? score(in, s, reading, by) : (struct pst_score){0};
}

/* --- shifts ----------------------------------------------------------------------------------- */

/* The distances between the letters of a word stay when the alphabet is shifted: short words that
 * every text has vote for the shift that would make them. */
static unsigned vote(struct pst_str in, const struct stretch *s)
{
    static const char twos[] = "toofisinmeitmydelael";
    static const char threes[] =
        "theandyouallfornotarebuthownowanyquelosundderdielesdesunaconhetmitdenmirvoneinestperche";
    static const char fours[] = "thisthatwithyourfromhavewilltellshowwhatsend";
    static const char *const lists[] = {twos, threes, fours};
    unsigned votes[26] = {0}, best = 1;
    for (size_t k = 0; k < s->n; k++) {
        const uint8_t *w = &in.p[s->words[k].start];
        size_t n = s->words[k].end - s->words[k].start;
        if (n < 2 || n > 4) {
            continue;
        }
        const char *list = lists[n - 2];
        for (size_t at = 0; list[at] != 0; at += n) {
            const char *word = &list[at];
            /* one subtraction decides nearly all */
            unsigned by = (unsigned)(word[0] - w[0] + 26) % 26;
            bool fits = shift(w[1], by) == (uint8_t)word[1];
            for (size_t i = 2; fits && i < n; i++) {
                fits = shift(w[i], by) == (uint8_t)word[i];
            }
            votes[by] += fits ? (unsigned)n : 0;
        }
    }
    for (unsigned by = 2; by < 26; by++) {
        best = votes[by] > votes[best] ? by : best;
    }
    return votes[best] > 0 ? best : 13;
}

/* --- pig latin -------------------------------------------------------------------------------- */

static bool pigs(struct pst_str in, const struct stretch *s)
{
    size_t ends = 0, all = 0;
    for (size_t k = 0; k < s->n; k++) {
        const struct word *w = &s->words[k];
        all += w->end - w->start >= 3;
        ends += w->end - w->start >= 3 && in.p[w->end - 1] == 'y' && in.p[w->end - 2] == 'a';
    }
    return all >= STRETCH_MIN && ends * 5 >= all * 4;
}

static bool vowel(uint8_t b)
{
    return b == 'a' || b == 'e' || b == 'i' || b == 'o' || b == 'u';
}

/* The word without its ending and with its head put back; the first reading that is known. */
static size_t pig_read(struct pst_str in, const struct word *w, uint8_t ret[PST_WORD_LONGEST])
{
    size_t n = w->end - w->start;
    if (n < 3 || n > PST_WORD_LONGEST || in.p[w->end - 1] != 'y' || in.p[w->end - 2] != 'a') {
        return 0;
    }
    size_t stem = n - 2;
    if (stem > 2 && in.p[w->start + stem - 1] == 'w' &&
        pst_word_find(pst_str_cut(in, w->start, stem - 1)) != PST_WORD_UNKNOWN) {
        memcpy(ret, &in.p[w->start], stem - 1);
        return stem - 1;
    }
    size_t good = 0;
    enum pst_word best = PST_WORD_UNKNOWN;
    for (size_t head = 1; head <= 4 && head < stem; head++) {
        memcpy(ret, &in.p[w->start + stem - head], head);
        memcpy(&ret[head], &in.p[w->start], stem - head);
        enum pst_word found = pst_word_find(pst_str_of(ret, stem));
        if (found > best || (found == best && found != PST_WORD_UNKNOWN && !vowel(ret[head - 1]))) {
            best = found; /* a whole cluster was moved: "het" is not what "ethay" was */
            good = head;
        }
    }
    size_t head = good > 0 ? good : stem > 1 ? 1 : 0;
    memcpy(ret, &in.p[w->start + stem - head], head);
    memcpy(&ret[head], &in.p[w->start], stem - head);
    return stem;
}

static void put_pig(struct ciphers *c, const struct stretch *s)
{
    size_t at = s->words[0].start;
    for (size_t k = 0; k < s->n; k++) {
        const struct word *w = &s->words[k];
        uint8_t letters[PST_WORD_LONGEST];
        size_t n = pig_read(c->in, w, letters);
        pst_draft_copy(&c->pig, c->in, at, w->start - at);
        if (n == 0) {
            pst_draft_copy(&c->pig, c->in, w->start, w->end - w->start);
        }
        pst_draft_text(&c->pig, pst_str_of(letters, n), w->start);
        at = w->end;
    }
    c->pig_end = at;
    pst_draft_byte(&c->pig, ' ', at);
}

/* --- what has won ----------------------------------------------------------------------------- */

/* The stretch with its signs, letter by letter. */
static size_t put_stretch(struct ciphers *c, struct pst_draft *out, const struct stretch *s,
                          enum reading reading, unsigned by)
{
    size_t at = s->words[0].start;
    for (size_t k = 0; k < s->n; k++) {
        const struct word *w = &s->words[k];
        pst_draft_copy(out, c->in, at, w->start - at);
        for (size_t i = 0; i < w->end - w->start; i++) {
            size_t from = reading == BACKWARDS ? w->end - 1 - i : w->start + i;
            pst_draft_byte(out, read_letter(c->in, w, i, reading, by), from);
        }
        at = w->end;
    }
    pst_draft_byte(out, ' ', at);
    return at;
}

/* Letters in an order that is no language's: a key is needed, or they mean nothing. */
static bool gibberish(const struct stretch *s)
{
    if (s->bound * 2 > s->n) {
        return false; /* base64, digests, names of versions: known codes, not disguised words */
    }
    return (s->pairs >= 36 && s->odd * 5 >= s->pairs) ||
           (s->letters >= 36 && s->n >= 6 && s->vowels * 6 <= s->letters);
}

static void put_reading(struct ciphers *c, const struct stretch *s)
{
    size_t end = s->words[s->n - 1].end;
    c->won += s->n;
    switch (c->last) {
    case SHIFTED:
        c->shifted_end = put_stretch(c, &c->shifted, s, SHIFTED, c->last_by);
        break;
    case ATBASH:
        c->atbash_end = put_stretch(c, &c->atbash, s, ATBASH, 0);
        break;
    case BACKWARDS:
        c->flipped_end = put_stretch(c, &c->flipped, s, BACKWARDS, 0);
        c->back_start = c->back_end == 0 ? s->words[0].start : c->back_start;
        c->back_end = end;
        break;
    case PIG:
        put_pig(c, s);
        break;
    case AS_GIVEN:
        break;
    }
}

static void stretch_judge(struct ciphers *c, const struct stretch *s)
{
    if (s->n < STRETCH_MIN) {
        if (s->n > 0 && c->last != AS_GIVEN) { /* the end of what was read before */
            put_reading(c, s);
        }
        return;
    }
    struct pst_score given = {0};
    for (size_t k = 0; k < s->n; k++) {
        pst_score_count(&given, s->words[k].end - s->words[k].start,
                        (enum pst_word)s->words[k].known);
    }
    size_t share = pst_score_share(&given);
    if (share >= ODD_SHARE || given.stop * 100 >= given.letters * ODD_STOP) {
        c->last = AS_GIVEN;
        return;
    }
    if (pigs(c->in, s)) {
        c->last = PIG;
        put_reading(c, s);
        return;
    }
    unsigned by = vote(c->in, s);
    if (by != 13) { /* nearly always 13: it need not win the vote */
        struct pst_score score13 = score_likely(c->in, s, SHIFTED, 13);
        by = pst_score_good(&score13) ? 13 : by;
    }
    struct {
        enum reading reading;
        struct pst_score score;
    } tried[] = {{SHIFTED, score_likely(c->in, s, SHIFTED, by)},
                 {ATBASH, score_likely(c->in, s, ATBASH, 0)},
                 {BACKWARDS, score_likely(c->in, s, BACKWARDS, 0)}};
    size_t best = 0;
    for (size_t i = 1; i < PST_LEN(tried); i++) {
        best = tried[i].score.known > tried[best].score.known ? i : best;
    }
    /* of a language whose words are not in the table, the little words gain less */
    size_t gain = tried[best].score.stops >= 4 && given.stop == 0 ? GAIN / 2 : GAIN;
    if (pst_score_good(&tried[best].score) && pst_score_share(&tried[best].score) >= share + gain) {
        c->last = tried[best].reading;
        c->last_by = by;
    }
    if (c->last != AS_GIVEN) { /* one with names in it goes on as the one before */
        put_reading(c, s);
    } else if (gibberish(s)) {
        pst_make_hit(c->make, PST_EVADE_GIBBERISH, 1);
    }
}

/* All of the part that reads backwards, from its end. */
static void put_backwards(struct ciphers *c, struct pst_draft *out)
{
    size_t end = c->back_end;
    while (end > c->back_start) {
        size_t at = end - 1;
        while (at > c->back_start && (c->in.p[at] & 0xC0) == 0x80) {
            at--;
        }
        for (size_t i = at; i < end; i++) {
            pst_draft_byte(out, c->in.p[i], i);
        }
        end = at;
    }
}

/* --- words in reverse order ------------------------------------------------------------------- */

/* "of the" and "reveal the" are English, "the of" and "the reveal" are English backwards. */
static void line_add(struct line *l, struct word w)
{
    if (l->n > 0) {
        unsigned a = l->words[l->n - 1].part, b = w.part;
        bool a_leads = a == PST_PART_PREPOSITION || a == PST_PART_VERB;
        bool b_leads = b == PST_PART_PREPOSITION || b == PST_PART_VERB;
        l->ahead += a_leads && b == PST_PART_DETERMINER;
        l->back += a == PST_PART_DETERMINER && b_leads;
    }
    l->words[l->n++] = w;
}

static void line_end(struct ciphers *c, struct line *l)
{
    size_t n = l->n;
    bool turned = false;
    l->n = 0;
    if (n >= 4) {
        size_t stop = l->words[0].end;
        l->back += l->words[n - 1].part == PST_PART_DETERMINER;
        bool ended = strchr(".!?", c->in.p[stop]) != NULL && l->words[1].start - stop > 1;
        l->back += ended ? 1 : 0;
        turned = l->ahead == 0 && (l->back >= 3 || (l->back >= 2 && ended));
    }
    if (n >= 5 && turned) {
        for (size_t k = n; k > 0; k--) {
            const struct word *w = &l->words[k - 1];
            pst_draft_copy(&c->turned, c->in, w->start, w->end - w->start);
            pst_draft_byte(&c->turned, ' ', w->start);
        }
        c->turned_end = l->words[n - 1].end;
        c->lines++;
    }
    l->ahead = l->back = 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Letters that follow a letter in the words of some two dozen languages, with 6 pairs of 10,000 in
 * one of them at least: bit k for the k-th letter. Counted in the benign texts of training. */
static const uint32_t likely_after[26] = {
    0x37fffef, 0x1164913, 0x31e5f95, 0x31e6b99, 0x3ffffff, 0x01a4931, 0x11e6fd1,
    0x11afb19, 0x3ffffff, 0x0146539, 0x17e5d1d, 0x13cfffd, 0x15ed93f, 0x37cfffd,
    0x3feffff, 0x15ff93d, 0x0101000, 0x3ff7fff, 0x37fdf95, 0x37effff, 0x3feffff,
    0x1164111, 0x1446591, 0x2088111, 0x17cffdd, 0x3587959,
};
/* aeiouy */
enum { VOWELS = 1 << 0 | 1 << 4 | 1 << 8 | 1 << 14 | 1 << 20 | 1 << 24 };

static bool of_code(uint8_t b)
{
    return pst_is_digit(b) || b == '+' || b == '=' || b == '_';
}

static size_t word_read(struct pst_str in, size_t at, struct stretch *s, struct word *ret)
{
    uint32_t hash = (uint32_t)PST_WORD_SEED, likely = UINT32_MAX;
    enum pst_part part;
    size_t end = at;
    while (end < in.n && pst_is_lower(in.p[end])) {
        unsigned letter = in.p[end] - (unsigned)'a';
        hash = pst_word_next(hash, in.p[end]);
        s->odd += (likely >> letter & 1) == 0;
        s->vowels += (VOWELS >> letter & 1) != 0;
        likely = likely_after[letter];
        end++;
    }
    s->letters += end - at;
    s->pairs += end - at - 1;
    enum pst_word known = pst_word_known(hash, end - at, &part);
    s->bound += (at > 0 && of_code(in.p[at - 1])) || (end < in.n && of_code(in.p[end]));
    *ret = (struct word){(uint32_t)at, (uint32_t)end, (uint8_t)known, (uint8_t)part};
    return end;
}

static void stretch_clear(struct stretch *s)
{
    s->n = s->letters = s->vowels = s->pairs = s->odd = s->bound = 0;
}

static void read_words(struct ciphers *c)
{
    struct stretch s PST_UNINIT;
    struct line line PST_UNINIT;
    stretch_clear(&s);
    line.n = line.ahead = line.back = 0;
    for (size_t at = 0; at < c->in.n;) {
        uint8_t b = c->in.p[at];
        bool ends = b == '\n' || b == '"' || b == ':' || b == '`';
        if (pst_is_lower(b)) {
            struct word w;
            at = word_read(c->in, at, &s, &w);
            s.words[s.n++] = w;
            line_add(&line, w);
        } else {
            at++;
        }
        if (s.n == STRETCH || ends) {
            stretch_judge(c, &s);
            stretch_clear(&s);
            c->last = ends ? AS_GIVEN : c->last;
        }
        if (line.n == LINE || ends || b == '>') {
            line_end(c, &line);
        }
    }
    stretch_judge(c, &s);
    line_end(c, &line);
}

void pst_view_ciphers(struct pst_make *make, size_t parent)
{
    struct ciphers c = {.make = make, .in = make->ret->list[parent].text};
    struct pst_draft back = {.make = make};
    c.shifted.make = c.atbash.make = c.flipped.make = c.pig.make = c.turned.make = make;
    read_words(&c);
    pst_make_hit(make, PST_EVADE_CIPHER, c.won);
    (void)pst_draft_view(&c.shifted, PST_VIEW_ROT13, parent, c.shifted_end, true, false);
    (void)pst_draft_view(&c.atbash, PST_VIEW_ATBASH, parent, c.atbash_end, true, false);
    (void)pst_draft_view(&c.pig, PST_VIEW_REVERSED, parent, c.pig_end, true, false);
    if (c.back_end > c.back_start) {
        put_backwards(&c, &back);
        (void)pst_draft_view(&back, PST_VIEW_REVERSED, parent, c.back_end, true, true);
        (void)pst_draft_view(&c.flipped, PST_VIEW_REVERSED, parent, c.flipped_end, true, true);
    }
    if (pst_draft_view(&c.turned, PST_VIEW_WORDS_REVERSED, parent, c.turned_end, true, true) > 0) {
        pst_make_hit(make, PST_EVADE_CIPHER, c.lines);
    }
}

static uint8_t rot47(uint8_t b)
{
    return b >= 33 && b <= 126 ? (uint8_t)(33 + (b - 33 + 47) % 94) : b;
}

/* Small letters become the characters from '2' to 'K'. */
static bool rot47_likely(struct pst_str line)
{
    enum { SAMPLE = 64 };
    size_t n = line.n < SAMPLE ? line.n : SAMPLE, fits = 0, blanks = 0;
    for (size_t i = line.n - n; i < line.n; i++) { /* its end: a name may stand before it */
        fits += line.p[i] >= '2' && line.p[i] <= 'K';
        blanks += line.p[i] == ' ';
    }
    return n >= 12 && blanks >= 2 && fits * 10 >= (n - blanks) * 7;
}

/* Letters and signs exchanged, line by line. */
void pst_view_rot47(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    size_t end = 0;
    for (size_t at = 0, stop; at < in.n; at = stop + 1) {
        struct pst_score read = {0};
        uint8_t letters[PST_WORD_LONGEST];
        size_t line = pst_str_find_byte(pst_str_from(in, at), '\n'), n = 0;
        stop = line == PST_NPOS ? in.n : at + line;
        if (!rot47_likely(pst_str_cut(in, at, stop - at))) {
            continue;
        }
        /* "rot47: …" stands before it, perhaps */
        size_t mark = pst_str_find(pst_str_cut(in, at, stop - at), PST_STR(": "));
        size_t from = mark == PST_NPOS || mark > 64 ? at : at + mark + 2;
        for (size_t i = from; i <= stop; i++) {
            uint8_t b = i < stop ? rot47(in.p[i]) : 0;
            if (pst_is_alpha(b) && n < sizeof letters) {
                letters[n++] = b | 0x20;
            } else if (n > 0) {
                pst_score_add(&read, pst_str_of(letters, n));
                n = 0;
            }
        }
        if (read.known >= 10 && pst_score_good(&read)) {
            for (size_t i = from; i < stop; i++) {
                pst_draft_byte(&out, in.p[i] < 0x80 ? rot47(in.p[i]) : '?', i);
            }
            pst_draft_byte(&out, '\n', stop);
            end = stop;
        }
    }
    if (pst_draft_view(&out, PST_VIEW_ROT13, parent, end, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_CIPHER, 1);
    }
}
