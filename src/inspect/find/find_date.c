/* Dates whose month is a word: 12 March 1980, 3. Mai 1971, 12 de enero de 1980, March 12, 1980. */
#include "inspect/find/grow.h"

struct pst_found pst_find_date_words(struct pst_str text, size_t at);

/* Beginnings that tell months from other words; each is matched without the case of ASCII. */
static const char *const months[] = {"jan",
                                     "feb",
                                     "mar",
                                     "apr",
                                     "may",
                                     "jun",
                                     "jul",
                                     "aug",
                                     "sep",
                                     "oct",
                                     "nov",
                                     "dec",
                                     "m\xc3\xa4r",
                                     "mai",
                                     "okt",
                                     "dez",
                                     "janv",
                                     "f\xc3\xa9v",
                                     "avr",
                                     "juin",
                                     "juil",
                                     "ao\xc3\xbb",
                                     "d\xc3\xa9"
                                     "c",
                                     "ene",
                                     "abr",
                                     "ago",
                                     "dic",
                                     "gen",
                                     "mag",
                                     "giu",
                                     "lug",
                                     "set",
                                     "ott",
                                     "fev",
                                     "mar\xc3\xa7o",
                                     "out",
                                     "maart",
                                     "mei",
                                     "maj",
                                     "stycz",
                                     "lut",
                                     "kwie",
                                     "czerw",
                                     "lip",
                                     "sierp",
                                     "wrze",
                                     "pa\xc5\xba",
                                     "listop",
                                     "grud",
                                     "\xd1\x8f\xd0\xbd\xd0\xb2",
                                     "\xd1\x84\xd0\xb5\xd0\xb2",
                                     "\xd0\xbc\xd0\xb0\xd1\x80",
                                     "\xd0\xb0\xd0\xbf\xd1\x80",
                                     "\xd0\xbc\xd0\xb0\xd1\x8f",
                                     "\xd0\xbc\xd0\xb0\xd0\xb9",
                                     "\xd0\xb8\xd1\x8e\xd0\xbd",
                                     "\xd0\xb8\xd1\x8e\xd0\xbb",
                                     "\xd0\xb0\xd0\xb2\xd0\xb3",
                                     "\xd1\x81\xd0\xb5\xd0\xbd",
                                     "\xd0\xbe\xd0\xba\xd1\x82",
                                     "\xd0\xbd\xd0\xbe\xd1\x8f",
                                     "\xd0\xb4\xd0\xb5\xd0\xba",
                                     "oca",
                                     "\xc5\x9fub",
                                     "nis",
                                     "haz",
                                     "tem",
                                     "a\xc4\x9fu",
                                     "eyl",
                                     "eki",
                                     "kas",
                                     "ara"};

static bool is_word(uint8_t c)
{
    return pst_is_letter(c) || pst_is_high_letter(c);
}

static bool is_month(struct pst_str word)
{
    for (size_t i = 0; i < PST_LEN(months); i++) {
        struct pst_str m = pst_str_c(months[i]);
        if (word.n >= m.n && word.n <= m.n + 14 &&
            pst_str_eq_nocase(pst_str_cut(word, 0, m.n), m)) {
            return true;
        }
    }
    return false;
}

static size_t digits_at(struct pst_str text, size_t at)
{
    size_t n = 0;
    while (n < 5 && pst_is_digit(pst_byte_at(text, at + n))) {
        n++;
    }
    return n;
}

static size_t skip(struct pst_str text, size_t at)
{
    size_t n = 0;
    while (n < 3 && (pst_byte_at(text, at) == ' ' || pst_byte_at(text, at) == '.' ||
                     pst_byte_at(text, at) == ',' || pst_byte_at(text, at) == '-')) {
        at++;
        n++;
    }
    return at;
}

static size_t word_at(struct pst_str text, size_t at)
{
    size_t end = at;
    while (end < text.n && end - at < 24 && is_word(text.p[end])) {
        end++;
    }
    return end;
}

/* "de", "of", "th" between the parts. */
static size_t skip_small(struct pst_str text, size_t at)
{
    size_t end = word_at(text, at);
    return end > at && end - at <= 2 ? skip(text, end) : at;
}

static bool is_year(struct pst_str text, size_t at)
{
    return digits_at(text, at) == 4 && ((text.p[at] == '1' && text.p[at + 1] == '9') ||
                                        (text.p[at] == '2' && text.p[at + 1] == '0'));
}

/* `at` is the day: forwards to month and year. */
static size_t day_first(struct pst_str text, size_t at, size_t n)
{
    size_t i = skip_small(text, skip(text, at + n));
    size_t end = word_at(text, i);
    if (!is_month(pst_str_cut(text, i, end - i))) {
        return 0;
    }
    i = skip_small(text, skip(text, end));
    return is_year(text, i) ? i + 4 : 0;
}

struct pst_found pst_find_date_words(struct pst_str text, size_t at)
{
    size_t n = digits_at(text, at), back = at;
    if (n == 0 || n > 2 || pst_is_digit(pst_byte_before(text, at))) {
        return pst_found_none(at + 1);
    }
    size_t end = day_first(text, at, n);
    if (end != 0) {
        return pst_found_at(at, end, PST_CHECK_YES);
    }
    while (back > 0 && at - back < 2 && (text.p[back - 1] == ' ' || text.p[back - 1] == '.')) {
        back--;
    }
    size_t word = back;
    while (word > 0 && back - word < 24 && is_word(text.p[word - 1])) {
        word--;
    }
    size_t year = skip(text, at + n);
    year = skip(text, skip_small(text, year));
    if (back > word && is_month(pst_str_cut(text, word, back - word)) && is_year(text, year)) {
        return pst_found_at(word, year + 4, PST_CHECK_YES);
    }
    return pst_found_none(at + 1);
}
