#include "inspect/detect/gram.h"

#include "base/enc.h"

/* One salt for each kind of n-gram, so that a word and the same letters inside another differ. */
enum pst_salt {
    PST_SALT_2 = 0x2545F491,
    PST_SALT_3 = 0x1B873593,
    PST_SALT_4 = 0x38B34AE5,
    PST_SALT_5 = 0x5A2D9C71,
    PST_SALT_W1 = 0x61C88647,
    PST_SALT_W2 = 0x165667B1,
    PST_SALT_W3 = 0x27D4EB2F,
    PST_SALT_SKIP2 = 0x4CF5AD43,
    PST_SALT_SKIP3 = 0x7FEB352D,
};

static const uint32_t STEP = 0x85EBCA6BU;

static uint32_t bucket(uint32_t h, enum pst_salt salt)
{
    h ^= (uint32_t)salt;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 12;
    h *= 0x297A2D39U;
    return h >> (32 - PST_GRAM_BITS);
}

struct range {
    uint32_t first, last;
    enum pst_letter letter;
};
/* Everything above ASCII that is not a letter of a script written with spaces. Sorted. */
static const struct range RANGES[] = {
    {0x0080, 0x009F, PST_LETTER_SPACE},   {0x00A0, 0x00A0, PST_LETTER_SPACE},
    {0x00A1, 0x00A9, PST_LETTER_MARK},    {0x00AB, 0x00B4, PST_LETTER_MARK},
    {0x00B6, 0x00B9, PST_LETTER_MARK},    {0x00BB, 0x00BF, PST_LETTER_MARK},
    {0x00D7, 0x00D7, PST_LETTER_MARK},    {0x00F7, 0x00F7, PST_LETTER_MARK},
    {0x055A, 0x055F, PST_LETTER_MARK},    {0x0589, 0x058F, PST_LETTER_MARK},
    {0x05BE, 0x05BE, PST_LETTER_MARK},    {0x060C, 0x060D, PST_LETTER_MARK},
    {0x061B, 0x061F, PST_LETTER_MARK},    {0x066A, 0x066D, PST_LETTER_MARK},
    {0x06D4, 0x06D4, PST_LETTER_MARK},    {0x0964, 0x0965, PST_LETTER_MARK},
    {0x0E00, 0x0EFF, PST_LETTER_ALONE},   {0x1000, 0x109F, PST_LETTER_ALONE},
    {0x1680, 0x1680, PST_LETTER_SPACE},   {0x1780, 0x17FF, PST_LETTER_ALONE},
    {0x2000, 0x200A, PST_LETTER_SPACE},   {0x200B, 0x2027, PST_LETTER_MARK},
    {0x2028, 0x2029, PST_LETTER_SPACE},   {0x202A, 0x202E, PST_LETTER_MARK},
    {0x202F, 0x202F, PST_LETTER_SPACE},   {0x2030, 0x206F, PST_LETTER_MARK},
    {0x20A0, 0x20CF, PST_LETTER_MARK},    {0x2190, 0x2BFF, PST_LETTER_MARK},
    {0x2E00, 0x2E7F, PST_LETTER_MARK},    {0x2E80, 0x2FFF, PST_LETTER_ALONE},
    {0x3000, 0x3000, PST_LETTER_SPACE},   {0x3001, 0x303F, PST_LETTER_MARK},
    {0x3040, 0x30FA, PST_LETTER_ALONE},   {0x30FB, 0x30FB, PST_LETTER_MARK},
    {0x30FC, 0x312F, PST_LETTER_ALONE},   {0x31F0, 0x31FF, PST_LETTER_ALONE},
    {0x3400, 0x4DBF, PST_LETTER_ALONE},   {0x4E00, 0x9FFF, PST_LETTER_ALONE},
    {0xE000, 0xF8FF, PST_LETTER_MARK},    {0xF900, 0xFAFF, PST_LETTER_ALONE},
    {0xFE10, 0xFE6F, PST_LETTER_MARK},    {0xFF00, 0xFF0F, PST_LETTER_MARK},
    {0xFF1A, 0xFF20, PST_LETTER_MARK},    {0xFF3B, 0xFF40, PST_LETTER_MARK},
    {0xFF5B, 0xFF65, PST_LETTER_MARK},    {0xFF66, 0xFF9F, PST_LETTER_ALONE},
    {0xFFE0, 0xFFFF, PST_LETTER_MARK},    {0x1F000, 0x1FAFF, PST_LETTER_MARK},
    {0x20000, 0x3FFFF, PST_LETTER_ALONE}, {0xE0000, 0x10FFFF, PST_LETTER_MARK},
};

static enum pst_letter letter_of_ascii(uint32_t cp)
{
    if ((cp | 0x20) - 'a' < 26 || cp - '0' < 10) {
        return PST_LETTER_WORD;
    }
    return cp <= ' ' || cp == 0x7F ? PST_LETTER_SPACE : PST_LETTER_MARK;
}

enum pst_letter pst_letter_of(uint32_t cp)
{
    if (cp < 0x80) {
        return letter_of_ascii(cp);
    }
    size_t low = 0;
    size_t high = PST_LEN(RANGES);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (cp > RANGES[mid].last) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < PST_LEN(RANGES) && cp >= RANGES[low].first ? RANGES[low].letter : PST_LETTER_WORD;
}

/* The character at the cursor; digits are all alike: their values are of no meaning here. */
static size_t look(const struct pst_cur *in, uint32_t *ret)
{
    uint32_t c = in->in.p[in->at];
    size_t n = 1;
    if (c >= 0x80) {
        n = pst_utf8_get(pst_cur_rest(in), &c);
        if (n == 0) { /* not reached with valid UTF-8; never stand still */
            c = 0xFFFD;
            n = 1;
        }
    } else if (c - '0' < 10) {
        c = '0';
    } else if (c - 'A' < 26) {
        c |= 0x20;
    }
    *ret = c;
    return n;
}

static void push(struct pst_grams *g, uint32_t cp)
{
    uint32_t x = (cp + 1) * 0x9E3779B1U;
    uint32_t five = g->run[3] * STEP + x;
    g->run[3] = g->run[2] * STEP + x;
    g->run[2] = g->run[1] * STEP + x;
    g->run[1] = g->run[0] * STEP + x;
    g->run[0] = x;
    if (cp == ' ' || g->n + 3 > PST_GRAMS_MAX - 8) {
        return;
    }
    if (cp < 0x1100) {
        g->id[g->n++] = bucket(g->run[2], PST_SALT_3);
        g->id[g->n++] = bucket(g->run[3], PST_SALT_4);
        g->id[g->n++] = bucket(five, PST_SALT_5);
    } else { /* syllables and ideographs: two say what five letters do */
        g->id[g->n++] = bucket(g->run[1], PST_SALT_2);
        g->id[g->n++] = bucket(g->run[2], PST_SALT_3);
        g->id[g->n++] = bucket(g->run[3], PST_SALT_4);
    }
}

static void end_word(struct pst_grams *g, uint32_t word)
{
    uint32_t one = g->word[0];
    uint32_t two = g->word[1];
    uint32_t three = g->word[2];
    g->id[g->n++] = bucket(word, PST_SALT_W1);
    g->id[g->n++] = bucket(one * STEP + word, PST_SALT_W2);
    g->id[g->n++] = bucket((two * STEP + one) * STEP + word, PST_SALT_W3);
    g->id[g->n++] = bucket(two * STEP + word, PST_SALT_SKIP2);
    g->id[g->n++] = bucket(three * STEP + word, PST_SALT_SKIP3);
    g->word[2] = two;
    g->word[1] = one;
    g->word[0] = word;
}

void pst_grams_init(struct pst_grams *g, struct pst_str text)
{
    *g = (struct pst_grams){.in = pst_cur_of(text)};
    push(g, ' ');
    g->n = 0;
}

static void read_word(struct pst_grams *g)
{
    uint32_t word = 0x811C9DC5U;
    for (size_t letters = 0; letters < PST_GRAM_WORD_MAX && !pst_cur_done(&g->in); letters++) {
        uint32_t cp;
        size_t n = look(&g->in, &cp);
        if (pst_letter_of(cp) != PST_LETTER_WORD) {
            break;
        }
        pst_cur_skip(&g->in, n);
        push(g, cp);
        word = (word ^ cp) * 0x01000193U;
        word ^= word >> 13;
    }
    end_word(g, word);
}

bool pst_grams_next(struct pst_grams *g)
{
    g->n = 0;
    bool spaced = false;
    while (!pst_cur_done(&g->in)) {
        uint32_t cp;
        size_t n = look(&g->in, &cp);
        enum pst_letter letter = pst_letter_of(cp);
        if (letter == PST_LETTER_SPACE) {
            spaced = true;
            g->last = 0;
            pst_cur_skip(&g->in, n);
            continue;
        }
        if (letter == PST_LETTER_MARK && cp == g->last && ++g->repeats >= 3) {
            pst_cur_skip(&g->in, n); /* a rule of dashes is one thing, however long */
            continue;
        }
        if (spaced) {
            push(g, ' ');
        }
        if (cp != g->last) {
            g->repeats = 0;
        }
        g->last = letter == PST_LETTER_MARK ? cp : 0;
        g->start = g->in.at;
        if (letter == PST_LETTER_WORD) {
            read_word(g);
        } else {
            pst_cur_skip(&g->in, n);
            push(g, cp);
            if (letter == PST_LETTER_ALONE) {
                end_word(g, (cp + 1) * 0x9E3779B1U);
            }
        }
        g->end = g->in.at;
        return true;
    }
    return false;
}
