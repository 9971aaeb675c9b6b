/* A text is looked at in stretches of a dozen words. One whose words are known is left alone, which
 * is nearly all there is; of the others those readings are scored that the short words vote for. */
#include "inspect/normal/cipher.h"

#include "inspect/normal/ascii.h"
#include "inspect/normal/words.h"

enum { STRETCH = 12, STRETCH_MIN = 3, ODD_SHARE = 35, GAIN = 25 };

struct word {
    uint32_t start, end;
};

struct stretch {
    struct word words[STRETCH];
    size_t n;
};

enum reading { AS_GIVEN, SHIFTED, ATBASH, BACKWARDS, PIG };

struct ciphers {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft shifted, atbash, flipped, pig;
    size_t shifted_end, atbash_end, flipped_end, pig_end;
    size_t back_start, back_end; /* the part that is read backwards */
    size_t won;
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

/* --- shifts
 * ------------------------------------------------------------------------------------------ */

/* The distances between the letters of a word stay when the alphabet is shifted: short words that
 * every text has vote for the shift that would make them. */
static unsigned vote(struct pst_str in, const struct stretch *s)
{
    static const char short_words[][5] = {
        "the",  "and",  "you",  "all",  "for",  "not",  "are",  "but",  "how",  "now",  "any",
        "que",  "los",  "und",  "der",  "die",  "les",  "des",  "una",  "con",  "het",  "een",
        "this", "that", "with", "your", "from", "have", "will", "tell", "show", "what", "send",
        "to",   "of",   "is",   "in",   "me",   "it",   "my",   "de",   "la",   "el",
    };
    unsigned votes[26] = {0}, best = 0;
    for (size_t k = 0; k < s->n; k++) {
        const uint8_t *w = &in.p[s->words[k].start];
        size_t n = s->words[k].end - s->words[k].start;
        for (size_t j = 0; n <= 4 && j < PST_LEN(short_words); j++) {
            const char *word = short_words[j];
            bool fits = word[n] == 0 && word[n - 1] != 0;
            unsigned by = (unsigned)(word[0] - w[0] + 26) % 26;
            for (size_t i = 1; fits && i < n; i++) {
                fits = shift(w[i], by) == (uint8_t)word[i];
            }
            votes[by] += fits ? (unsigned)n : 0;
        }
    }
    for (unsigned by = 1; by < 26; by++) {
        best = votes[by] > votes[best] || best == 0 ? by : best;
    }
    return votes[best] > 0 ? best : 13;
}

/* --- pig latin
 * ----------------------------------------------------------------------------------------- */

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

/* --- what has won
 * ---------------------------------------------------------------------------------------- */

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
    struct pst_score given = score(c->in, s, AS_GIVEN, 0);
    size_t share = pst_score_share(&given);
    if (share >= ODD_SHARE) {
        c->last = AS_GIVEN;
        return;
    }
    if (pigs(c->in, s)) {
        c->last = PIG;
        put_reading(c, s);
        return;
    }
    unsigned by = vote(c->in, s);
    struct {
        enum reading reading;
        struct pst_score score;
    } tried[] = {{SHIFTED, score(c->in, s, SHIFTED, by)},
                 {ATBASH, score(c->in, s, ATBASH, 0)},
                 {BACKWARDS, score(c->in, s, BACKWARDS, 0)}};
    size_t best = 0;
    for (size_t i = 1; i < PST_LEN(tried); i++) {
        best = tried[i].score.known > tried[best].score.known ? i : best;
    }
    if (pst_score_good(&tried[best].score) && pst_score_share(&tried[best].score) >= share + GAIN) {
        c->last = tried[best].reading;
        c->last_by = by;
    }
    if (c->last != AS_GIVEN) { /* one with names in it goes on as the one before */
        put_reading(c, s);
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

/* --- words in reverse order
 * ------------------------------------------------------------------------------- */

enum part { OTHER, DETERMINER, PREPOSITION, VERB };

static enum part part_of(struct pst_str word)
{
    static const char *const lists[] = {
        [OTHER] = "",
        [DETERMINER] = " the a an your my our this all any these their ",
        [PREPOSITION] = " of in to on for from with at by about into and or ",
        [VERB] = " ignore reveal send show tell print is are was must write forget delete give ",
    };
    char spaced[16];
    if (word.n == 0 || word.n > sizeof spaced - 3) {
        return OTHER;
    }
    spaced[0] = ' ';
    memcpy(&spaced[1], word.p, word.n);
    memcpy(&spaced[word.n + 1], " ", 2);
    for (unsigned i = DETERMINER; i <= VERB; i++) {
        if (strstr(lists[i], spaced) != NULL) {
            return (enum part)i;
        }
    }
    return OTHER;
}

/* "of the" and "reveal the" are English, "the of" and "the reveal" are English backwards. */
static bool line_reversed(struct pst_str in, const struct word *words, size_t n)
{
    size_t ahead = 0, back = 0;
    for (size_t k = 0; k + 1 < n; k++) {
        enum part a = part_of(pst_str_cut(in, words[k].start, words[k].end - words[k].start));
        if (a == OTHER) {
            continue;
        }
        enum part b = part_of(
            pst_str_cut(in, words[k + 1].start, words[k + 1].end - words[k + 1].start));
        ahead += (a == PREPOSITION || a == VERB) && b == DETERMINER;
        back += a == DETERMINER && (b == PREPOSITION || b == VERB);
    }
    struct pst_str last = pst_str_cut(in, words[n - 1].start,
                                      words[n - 1].end - words[n - 1].start);
    size_t stop = words[0].end;
    back += part_of(last) == DETERMINER;
    back += stop < in.n && strchr(".!?", in.p[stop]) != NULL && words[1].start - stop > 1;
    return back >= 2 && back > 2 * ahead;
}

static size_t put_reversed(struct pst_draft *out, struct pst_str in, const struct word *words,
                           size_t n)
{
    for (size_t k = n; k > 0; k--) {
        pst_draft_copy(out, in, words[k - 1].start, words[k - 1].end - words[k - 1].start);
        pst_draft_byte(out, ' ', words[k - 1].start);
    }
    return words[n - 1].end;
}

static void view_words_reversed(struct pst_make *make, size_t parent)
{
    enum { LINE = 64 };
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    struct word words[LINE];
    size_t n = 0, end = 0, lines = 0;
    for (size_t at = 0; at <= in.n;) {
        uint8_t b = at < in.n ? in.p[at] : '\n';
        if (pst_is_alpha(b)) {
            size_t stop = at;
            while (stop < in.n && (pst_is_alpha(in.p[stop]) || in.p[stop] == '\'')) {
                stop++;
            }
            words[n++] = (struct word){(uint32_t)at, (uint32_t)stop};
            at = stop;
        } else {
            at++;
        }
        if ((b == '\n' || n == LINE || b == '"' || b == ':' || b == '>') && n > 0) {
            if (n >= 4 && line_reversed(in, words, n)) {
                end = put_reversed(&out, in, words, n);
                lines++;
            }
            n = 0;
        }
    }
    if (lines > 0 && pst_draft_view(&out, PST_VIEW_WORDS_REVERSED, parent, end, true, true) > 0) {
        pst_make_hit(make, PST_EVADE_CIPHER, lines);
    }
}

/* --- all of them
 * ------------------------------------------------------------------------------------------- */

static void read_stretches(struct ciphers *c)
{
    struct stretch s = {.n = 0};
    for (size_t at = 0; at < c->in.n;) {
        uint8_t b = c->in.p[at];
        if (pst_is_lower(b)) {
            size_t end = at + 1;
            while (end < c->in.n && pst_is_lower(c->in.p[end])) {
                end++;
            }
            s.words[s.n++] = (struct word){(uint32_t)at, (uint32_t)end};
            at = end;
        } else {
            at++;
        }
        if (s.n == STRETCH || (s.n > 0 && (b == '\n' || b == '"' || b == ':' || b == '`'))) {
            stretch_judge(c, &s);
            s.n = 0;
            c->last = pst_is_lower(b) || b == ' ' ? c->last : AS_GIVEN;
        }
    }
    stretch_judge(c, &s);
}

void pst_view_ciphers(struct pst_make *make, size_t parent)
{
    struct ciphers c = {.make = make, .in = make->ret->list[parent].text};
    struct pst_draft back = {.make = make};
    c.shifted.make = c.atbash.make = c.flipped.make = c.pig.make = make;
    read_stretches(&c);
    pst_make_hit(make, PST_EVADE_CIPHER, c.won);
    (void)pst_draft_view(&c.shifted, PST_VIEW_ROT13, parent, c.shifted_end, true, false);
    (void)pst_draft_view(&c.atbash, PST_VIEW_ATBASH, parent, c.atbash_end, true, false);
    (void)pst_draft_view(&c.pig, PST_VIEW_REVERSED, parent, c.pig_end, true, false);
    if (c.back_end > c.back_start) {
        put_backwards(&c, &back);
        (void)pst_draft_view(&back, PST_VIEW_REVERSED, parent, c.back_end, true, true);
        (void)pst_draft_view(&c.flipped, PST_VIEW_REVERSED, parent, c.flipped_end, true, true);
    }
    view_words_reversed(make, parent);
}

static uint8_t rot47(uint8_t b)
{
    return b >= 33 && b <= 126 ? (uint8_t)(33 + (b - 33 + 47) % 94) : b;
}

/* Letters and signs exchanged: the lines that are mostly signs where letters should be. */
void pst_view_rot47(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    size_t end = 0;
    for (size_t at = 0; at < in.n;) {
        struct pst_score read = {0};
        uint8_t letters[PST_WORD_LONGEST];
        size_t stop = at, n = 0, signs = 0, blanks = 0;
        for (; stop < in.n && in.p[stop] != '\n'; stop++) {
            signs += in.p[stop] > ' ' && in.p[stop] < 0x7F && !pst_is_alpha(in.p[stop]);
            blanks += in.p[stop] == ' ';
        }
        if (stop - at >= 12 && blanks >= 2 && signs * 3 >= stop - at) {
            for (size_t i = at; i <= stop; i++) {
                uint8_t b = i < stop ? rot47(in.p[i]) : 0;
                if (pst_is_alpha(b) && n < sizeof letters) {
                    letters[n++] = b | 0x20;
                } else if (n > 0) {
                    pst_score_add(&read, pst_str_of(letters, n));
                    n = 0;
                }
            }
        }
        if (read.known >= 10 && pst_score_good(&read)) {
            for (size_t i = at; i < stop; i++) {
                pst_draft_byte(&out, in.p[i] < 0x80 ? rot47(in.p[i]) : '?', i);
            }
            pst_draft_byte(&out, '\n', stop);
            end = stop;
        }
        at = stop + 1;
    }
    if (pst_draft_view(&out, PST_VIEW_ROT13, parent, end, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_CIPHER, 1);
    }
}
