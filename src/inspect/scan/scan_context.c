/* Stage D: what stands around a candidate. Names and words speak for or against definitions; the
 * nearer, the louder. The words are looked for only where there are candidates. */
#include "inspect/scan/scan_impl.h"

#include <stdlib.h>

enum {
    NAME_MAX = 128,
    NAME_WORDS = 8,
    KEY_POINTS = 45,
    WORD_POINTS = 40,
    WORD_POINTS_MIN = 16,
    SECOND_POINTS = 8,
    AGAINST_POINTS = 35,
    PLAUSIBLE_POINTS = 20,
};

/* --- names ------------------------------------------------------------------------------------ */

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}
static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Cuts "taxIDNumber", "tax-id", "TAX ID" into words in lower case; where each begins. */
static size_t name_words(struct pst_str name, uint8_t *folded, uint16_t *starts, size_t *ret_n)
{
    size_t n = 0, words = 0;
    bool in_word = false;
    for (size_t i = 0; i < name.n && n < NAME_MAX; i++) {
        uint8_t c = name.p[i];
        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c < 0x80) {
            in_word = false;
            continue;
        }
        bool hump = i > 0 && is_upper(c) &&
                    (is_lower(name.p[i - 1]) ||
                     (is_upper(name.p[i - 1]) && i + 1 < name.n && is_lower(name.p[i + 1])));
        if (!in_word || hump) {
            if (words == NAME_WORDS) {
                break;
            }
            starts[words++] = (uint16_t)n;
        }
        in_word = true;
        folded[n++] = (uint8_t)(is_upper(c) ? c + 32 : c);
    }
    *ret_n = n;
    return words;
}

static size_t key_lookup(const struct pst_scan_image *image, uint64_t hash, uint16_t *defs,
                         size_t n, size_t room)
{
    size_t low = 0, high = image->n_keys, bit = hash % PST_KEY_BITS;
    if ((image->key_bits[bit / 64] >> (bit % 64) & 1U) == 0) {
        return n;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (image->keys[mid].hash < hash) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; low < image->n_keys && image->keys[low].hash == hash && n < room; low++) {
        size_t i = 0;
        while (i < n && defs[i] != image->keys[low].def) {
            i++;
        }
        if (i == n) {
            defs[n++] = image->keys[low].def;
        }
    }
    return n;
}

size_t pst_scan_key(const struct pst_scan_image *image, struct pst_str key, uint16_t *defs,
                    size_t n, size_t room)
{
    uint8_t folded[NAME_MAX];
    uint16_t starts[NAME_WORDS + 1];
    size_t length;
    size_t words = name_words(key, folded, starts, &length);
    starts[words] = (uint16_t)length;
    for (size_t from = 0; from < words; from++) {
        uint64_t joined = PST_DATA_HASH_BEGIN;
        uint64_t closed = PST_DATA_HASH_BEGIN; /* "taxid" for "tax_id" */
        for (size_t to = from; to < words && to < from + 4; to++) {
            if (to > from) {
                joined = pst_data_hash(joined, '_');
            }
            for (size_t i = starts[to]; i < starts[to + 1]; i++) {
                joined = pst_data_hash(joined, folded[i]);
                closed = pst_data_hash(closed, folded[i]);
            }
            n = key_lookup(image, joined, defs, n, room);
            if (to > from) {
                n = key_lookup(image, closed, defs, n, room);
            }
        }
    }
    return n;
}

static bool is_name(uint8_t c)
{
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '-' || c >= 0x80;
}

/* <name>value: `end` is where the '>' stands. */
static struct pst_str tag_before(struct pst_str text, size_t end)
{
    size_t open = end;
    while (open > 0 && end - open < NAME_MAX && text.p[open - 1] != '<') {
        open--;
    }
    return open > 0 && text.p[open - 1] == '<' ? pst_str_cut(text, open, end - open)
                                               : (struct pst_str){NULL, 0};
}

/* What may stand between the sign that gives and what is given. */
static bool is_wrapping(uint8_t c)
{
    return c == ' ' || c == '"' || c == '\'' || c == '\t' || c == '\\' || c == '[' || c == '`' ||
           c == '(';
}

struct pst_str pst_scan_name_before(struct pst_str text, size_t at)
{
    size_t i = at;
    bool given = false;
    for (size_t steps = 0; i > 0 && steps < 12; steps++) {
        uint8_t c = text.p[i - 1];
        bool arrow = c == '>' && i > 1 && (text.p[i - 2] == '=' || text.p[i - 2] == '-');
        if (c == '>' && !given && !arrow) {
            return tag_before(text, i - 1);
        }
        if (c != ':' && c != '=' && (c != '>' || given) && !is_wrapping(c)) {
            break;
        }
        given = given || !is_wrapping(c);
        i--;
    }
    if (!given) {
        return (struct pst_str){NULL, 0};
    }
    size_t end = i;
    while (i > 0 && end - i < 64 &&
           (is_name(text.p[i - 1]) || text.p[i - 1] == ' ' || text.p[i - 1] == '.')) {
        i--;
    }
    return pst_str_cut(text, i, end - i);
}

/* --- words ------------------------------------------------------------------------------------ */

/* A letter of a script with borders between words ends before or begins at `at`. */
static bool letter_before(struct pst_str text, size_t at)
{
    return at > 0 &&
           (is_lower(text.p[at - 1]) || is_upper(text.p[at - 1]) || text.p[at - 1] >= 0x80);
}

static bool border_before(struct pst_str text, size_t start)
{
    bool hump = start > 0 && is_lower(text.p[start - 1]) && is_upper(text.p[start]);
    return hump || !letter_before(text, start);
}

/* Up to three more letters are an inflection. */
static bool border_after(struct pst_str text, size_t end, bool exact)
{
    size_t letters = 0;
    for (size_t i = end; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (!is_lower(c) && !is_upper(c) && c < 0x80) {
            break;
        }
        if (c < 0x80 && i == end && is_upper(c) && is_lower(text.p[end - 1])) {
            return true; /* a hump: taxId */
        }
        letters += (c & 0xC0U) != 0x80U;
        if (letters > (exact ? 0U : 3U)) {
            return false;
        }
    }
    return true;
}

static int on_word(unsigned int id, unsigned long long from, unsigned long long to,
                   unsigned int flags, void *ctx)
{
    struct pst_scanner *s = ctx;
    (void)from;
    (void)flags;
    if (id >= s->image->n_words) {
        return 0;
    }
    const struct pst_data_word *w = &s->image->words[id];
    size_t end = (size_t)to + s->region;
    if (end > s->text.n || end < w->n) {
        return 0;
    }
    size_t start = end - w->n;
    if (w->cjk == 0 &&
        (!border_before(s->text, start) || !border_after(s->text, end, w->exact != 0))) {
        return 0;
    }
    if (s->n_hits == PST_HITS_MAX) {
        s->overflow = true;
        return 1;
    }
    s->hits[s->n_hits++] = (struct pst_word_hit){(uint32_t)start, (uint32_t)end, id};
    return 0;
}

static int window_cmp(const void *a, const void *b)
{
    const struct pst_window *x = a, *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    return x->end < y->end ? -1 : x->end > y->end;
}

static enum pst_status region_scan(struct pst_scanner *s, size_t from, size_t to,
                                   struct pst_err *err)
{
    struct pst_str region = pst_str_cut(s->text, from, to - from);
    s->region = from;
    hs_error_t e = hs_scan(s->image->word_db, (const char *)region.p, (unsigned int)region.n, 0,
                           s->scratch, on_word, s);
    if (s->overflow) {
        return pst_fail(err, PST_E_LIMIT, "too many context words in one stretch of text");
    }
    return e == HS_SUCCESS ? PST_OK : pst_fail(err, PST_E_LIMIT, "the pattern matcher gave up");
}

enum pst_status pst_scan_context(struct pst_scanner *s, struct pst_err *err)
{
    s->n_hits = 0;
    s->overflow = false;
    qsort(s->windows, s->n_windows, sizeof *s->windows, window_cmp);
    size_t done = 0;
    for (size_t i = 0; i < s->n_windows;) {
        size_t from = s->windows[i].start > PST_NEAR_BEFORE ? s->windows[i].start - PST_NEAR_BEFORE
                                                            : 0;
        size_t to = s->windows[i].end;
        from = from < done ? done : from;
        for (; i < s->n_windows && s->windows[i].start <= to + PST_NEAR_BEFORE + PST_NEAR_AFTER;
             i++) {
            to = s->windows[i].end > to ? s->windows[i].end : to;
        }
        to = to + PST_NEAR_AFTER < s->text.n ? to + PST_NEAR_AFTER : s->text.n;
        if (to > from && region_scan(s, from, to, err) != PST_OK) {
            return PST_ERR;
        }
        done = to;
    }
    return PST_OK;
}

/* --- the score -------------------------------------------------------------------------------- */

static struct pst_said *said_of(struct pst_hearing *h, uint16_t def)
{
    if (h->rounds[def] == h->round) {
        return &h->list[h->slots[def]];
    }
    if (h->n == PST_SAID_MAX) {
        return NULL;
    }
    h->rounds[def] = h->round;
    h->slots[def] = (uint16_t)h->n;
    h->list[h->n] = (struct pst_said){.def = def};
    return &h->list[h->n++];
}

static void hear_word(struct pst_scanner *s, struct pst_hearing *h, const struct pst_word_hit *hit,
                      const struct pst_window *w)
{
    const struct pst_data_word *word = &s->image->words[hit->word];
    int distance = hit->end <= w->start ? (int)(w->start - hit->end)
                                        : (int)(hit->start - w->end) * 2;
    int points = WORD_POINTS - distance / 4;
    points = points < WORD_POINTS_MIN ? WORD_POINTS_MIN : points;
    for (size_t i = 0; i < word->n_links; i++) {
        const struct pst_data_link *link = &s->image->links[word->first + i];
        struct pst_said *said = said_of(h, link->def);
        if (said == NULL) {
            return;
        }
        if (link->sign < 0) {
            int against = points * AGAINST_POINTS / WORD_POINTS;
            said->against = (int16_t)(said->against > against ? said->against : against);
        } else if (points > said->best) {
            said->others = said->best > 0 ? SECOND_POINTS : said->others;
            said->best = (int16_t)points;
        } else {
            said->others = SECOND_POINTS;
        }
    }
}

static void hear_key(struct pst_hearing *h, const uint16_t *defs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pst_said *said = said_of(h, defs[i]);
        if (said != NULL) {
            said->key = true;
        }
    }
}

/* A blank line or a second line end parts what is said from what it is said of. */
static bool same_stretch(struct pst_str text, size_t from, size_t to)
{
    size_t lines = 0;
    for (size_t i = from; i < to && i < text.n; i++) {
        lines += text.p[i] == '\n';
    }
    return lines < 2;
}

static void hear(struct pst_scanner *s, const struct pst_window *w, size_t *first,
                 struct pst_hearing *h)
{
    h->n = 0;
    if (++h->round == 0) {
        memset(h->rounds, 0, sizeof h->rounds);
        h->round = 1;
    }
    while (*first < s->n_hits && s->hits[*first].end + PST_NEAR_BEFORE < w->start) {
        (*first)++;
    }
    for (size_t i = *first; i < s->n_hits && s->hits[i].start <= w->end + PST_NEAR_AFTER; i++) {
        const struct pst_word_hit *hit = &s->hits[i];
        bool before = hit->end <= w->start, after = hit->start >= w->end;
        if ((before && same_stretch(s->text, hit->end, w->start)) ||
            (after && same_stretch(s->text, w->end, hit->start + 1) &&
             hit->start - w->end < PST_NEAR_AFTER)) {
            hear_word(s, h, hit, w);
        }
    }
    hear_key(h, s->key_defs, s->n_key_defs);
    if (s->name_at != w->start) { /* windows come in order: those of one start share the name */
        struct pst_str name = pst_scan_name_before(s->text, w->start);
        if (name.n == 0) {
            name = pst_scan_column(&s->columns, s->text, w->start);
        }
        s->name_at = w->start;
        s->n_name_defs = name.n > 0
                             ? pst_scan_key(s->image, name, s->name_defs, 0, PST_KEY_DEFS_MAX)
                             : 0;
    }
    hear_key(h, s->name_defs, s->n_name_defs);
}

static const struct pst_said *heard_of(const struct pst_hearing *h, uint16_t def)
{
    return h->rounds[def] == h->round ? &h->list[h->slots[def]] : NULL;
}

/* Scores one definition for one window; adds a finding when it holds. */
static bool judge_def(struct pst_scanner *s, const struct pst_window *w, uint16_t index,
                      const struct pst_said *said)
{
    const struct pst_data_def *d = &s->image->defs[index];
    int score = d->prior;
    uint32_t why = 0;
    bool spoken = said != NULL && (said->key || said->best > 0);
    if (said != NULL) {
        score += (said->key ? KEY_POINTS : 0) + said->best + said->others - said->against;
        why |= (said->key ? (uint32_t)PST_WHY_KEY : 0) |
               (said->best > 0 ? (uint32_t)PST_WHY_CONTEXT : 0) |
               (said->against > 0 ? (uint32_t)PST_WHY_AGAINST : 0);
    }
    enum pst_verdict verdict = (enum pst_verdict)w->verdict;
    if ((d->flags & PST_DEF_NEEDS_CONTEXT) != 0 && !spoken) {
        return true;
    }
    if (w->find == 0) {
        verdict = d->check == 0 || score < 0
                      ? PST_CHECK_PLAUSIBLE
                      : s->image->checks[d->check - 1].fn(pst_str_of(w->chars, w->n));
    } else if (verdict == PST_CHECK_PLAUSIBLE) {
        score -= PLAUSIBLE_POINTS;
    }
    if (score < 0 || verdict == PST_CHECK_NO) {
        return true;
    }
    why |= verdict == PST_CHECK_YES ? (uint32_t)PST_WHY_CHECK : (uint32_t)PST_WHY_FORM;
    return pst_scan_add(s, index, w->start, w->end, score, why);
}

static bool judge_window(struct pst_scanner *s, const struct pst_window *w,
                         const struct pst_hearing *h)
{
    if (w->find != 0) {
        for (size_t i = 0; i < s->image->n_find_defs; i++) {
            uint16_t def = s->image->find_defs[i];
            if (s->image->defs[def].find + 1U == w->find &&
                !judge_def(s, w, def, heard_of(h, def))) {
                return false;
            }
        }
        return true;
    }
    const struct pst_data_length *l = &s->image->lengths[w->n];
    uint32_t n = h->n > 0 ? l->n : l->strong;
    for (uint32_t i = 0; i < n; i++) {
        if (!pst_form_may(s->image, l->first + i, w)) {
            continue;
        }
        const struct pst_data_form *form = &s->image->forms[l->first + i];
        const struct pst_said *said = heard_of(h, form->def);
        bool worth = i < l->strong || (said != NULL && (said->key || said->best > 0));
        if (worth && pst_form_fits(form, w) && !judge_def(s, w, form->def, said)) {
            return false;
        }
    }
    return true;
}

enum pst_status pst_scan_judge(struct pst_scanner *s, struct pst_err *err)
{
    struct pst_hearing *h = &s->hearing;
    size_t first = 0;
    s->name_at = SIZE_MAX;
    for (size_t i = 0; i < s->n_windows; i++) {
        hear(s, &s->windows[i], &first, h);
        if (!judge_window(s, &s->windows[i], h)) {
            return pst_fail(err, PST_E_LIMIT, "too many findings in one text");
        }
    }
    s->n_windows = 0;
    return PST_OK;
}
