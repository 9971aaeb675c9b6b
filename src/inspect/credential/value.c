/* Shape, entropy, rarity: how random a value is. */
#include "inspect/credential/value.h"
#include "inspect/credential/rarity_table.h"

bool pst_has_nocase_rest(struct pst_str s, size_t i, const char *lit)
{
    for (size_t k = 0; lit[k] != 0; k++, i++) {
        uint8_t c = pst_at(s, i);
        if ((pst_is_upper(c) ? c | 0x20 : c) != (uint8_t)lit[k]) {
            return false;
        }
    }
    return true;
}

bool pst_holds_nocase(struct pst_str s, const char *lit)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] | 0x20) == ((uint8_t)lit[0] | 0x20) && pst_has_nocase(s, i, lit)) {
            return true;
        }
    }
    return false;
}

static int compare_folded(struct pst_str word, const char *with)
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = word.p[i];
        int a = pst_is_upper(c) ? c | 0x20 : c, b = (uint8_t)with[i];
        if (a != b || b == 0) {
            return a - b;
        }
    }
    return with[word.n] == 0 ? 0 : -1;
}

bool pst_word_in(struct pst_str word, const char *const *list, size_t n)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = compare_folded(word, list[mid]);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return false;
}

enum kind { KIND_LOWER, KIND_UPPER, KIND_DIGIT, KIND_SPACE, KIND_SPECIAL, KIND_HIGH };

static enum kind kind_of(uint8_t c)
{
    if (pst_is_lower(c)) {
        return KIND_LOWER;
    }
    if (pst_is_upper(c)) {
        return KIND_UPPER;
    }
    if (pst_is_digit(c)) {
        return KIND_DIGIT;
    }
    if (c >= 0x80) {
        return KIND_HIGH;
    }
    return pst_is_space(c) ? KIND_SPACE : KIND_SPECIAL;
}

static void count_kind(struct pst_value_shape *ret, enum kind kind)
{
    ret->lower += kind == KIND_LOWER;
    ret->upper += kind == KIND_UPPER;
    ret->digit += kind == KIND_DIGIT;
    ret->space += kind == KIND_SPACE;
    ret->special += kind == KIND_SPECIAL;
    ret->high += kind == KIND_HIGH;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void pst_value_shape(struct pst_str value, struct pst_value_shape *ret)
{
    *ret = (struct pst_value_shape){.n = value.n};
    uint8_t seen[256] = {0};
    size_t letters = 0, same = 0, up = 0, down = 0;
    enum kind last = KIND_SPECIAL, before = KIND_SPECIAL;
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        enum kind kind = kind_of(c);
        count_kind(ret, kind);
        ret->hex += pst_is_hex(c);
        ret->distinct += seen[c] == 0;
        seen[c] = 1;
        letters = kind == KIND_LOWER || kind == KIND_UPPER ? letters + 1 : 0;
        ret->letter_run = larger(ret->letter_run, letters);
        int step = i > 0 ? c - value.p[i - 1] : 99;
        same = step == 0 ? same + 1 : 1;
        up = step == 1 ? up + 1 : 1;
        down = step == -1 ? down + 1 : 1;
        ret->repeat = larger(ret->repeat, same);
        ret->sequence = larger(ret->sequence, larger(up, down));
        if (i > 0 && kind != last && kind <= KIND_DIGIT && last <= KIND_DIGIT) {
            /* camelCase is no step: the capital began a word */
            bool word = last == KIND_UPPER && kind == KIND_LOWER && before != KIND_UPPER;
            ret->steps += !word;
        }
        before = last;
        last = kind;
    }
}

unsigned pst_value_entropy(struct pst_str value)
{
    uint8_t count[256] = {0};
    size_t n = value.n < 255 ? value.n : 255;
    uint32_t sum = 0; /* of c * log2(c) over the counts, kept as they grow */
    for (size_t i = 0; i < n; i++) {
        uint8_t c = count[value.p[i]]++;
        sum += N_LOG2_N[c + 1] - N_LOG2_N[c];
    }
    /* H = log2(n) - sum(c * log2(c)) / n */
    return n == 0 ? 0 : (N_LOG2_N[n] - sum) / (uint32_t)n;
}

int pst_value_rarity(struct pst_str value)
{
    int sum = 0, pairs = 0;
    for (size_t i = 1; i < value.n && i < 256; i++) {
        uint8_t a = value.p[i - 1], b = value.p[i];
        bool hump = pst_is_lower(a) && pst_is_upper(b); /* a word ended, another begins */
        if (pst_is_alpha(a) && pst_is_alpha(b) && !hump) {
            sum -= RARITY[(a | 0x20) - 'a'][(b | 0x20) - 'a'];
            pairs++;
        }
    }
    return pairs == 0 ? 0 : sum * 10 / pairs;
}

bool pst_value_words(struct pst_str value)
{
    struct pst_value_shape shape;
    pst_value_shape(value, &shape);
    size_t letters = shape.lower + shape.upper;
    if (shape.n == 0 || letters == 0) {
        return false;
    }
    if (shape.high * 2 > shape.n) {
        return true; /* another script: a label or a sentence */
    }
    if (shape.space > 0 && shape.space * 12 >= shape.n && shape.digit * 6 <= shape.n) {
        return true;
    }
    int rarity = pst_value_rarity(value);
    if (shape.digit == 0) {
        /* the longer the letters, the surer the mean: random letters lie at +100 and more */
        return rarity < (letters >= 16 ? 20 : -15);
    }
    /* user_name_2, Version1Beta, sha256-fingerprint: digits at word ends only */
    return letters * 5 >= shape.n * 4 - shape.special * 4 && shape.digit <= 4 && rarity < -35 &&
           shape.steps <= 2 + shape.special;
}

bool pst_value_monotone(const struct pst_value_shape *shape)
{
    return shape->repeat * 2 > shape->n || shape->sequence * 2 > shape->n ||
           (shape->n >= 8 && shape->distinct <= 3) || (shape->n >= 16 && shape->distinct <= 5) ||
           (shape->n >= 12 && shape->n < 48 && shape->repeat >= 8) || shape->sequence >= 9;
}

bool pst_value_uuid(struct pst_str value)
{
    if (value.n != 36) {
        return false;
    }
    for (size_t i = 0; i < value.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? value.p[i] != '-' : !pst_is_hex(value.p[i])) {
            return false;
        }
    }
    return true;
}
