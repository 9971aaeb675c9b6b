/* What people write about people: dates, ages, streets, places on the map. */
#include "inspect/check/parts.h"
#include "inspect/find/parts.h"

/* --- coordinates ------------------------------------------------------------------------------ */

/* A number of degrees with at least four decimals; where it ends, or `at`. */
static size_t degrees(struct pst_str t, size_t at, int most)
{
    size_t i = at, dot;
    int whole = 0;
    while (i - at < 3 && pst_find_digit(pst_find_at(t, i))) {
        whole = whole * 10 + t.p[i++] - '0';
    }
    dot = i;
    if (i == at || whole > most || pst_find_at(t, i) != '.') {
        return at;
    }
    i++;
    while (pst_find_digit(pst_find_at(t, i)) && i - dot < 16) {
        i++;
    }
    return i - dot > 4 && !pst_find_digit(pst_find_at(t, i)) ? i : at;
}

static size_t compass(struct pst_str t, size_t i)
{
    if (pst_find_at(t, i) == 0xC2 && pst_find_at(t, i + 1) == 0xB0) {
        i += 2;
    }
    size_t letter = pst_find_at(t, i) == ' ' ? i + 1 : i;
    uint8_t c = pst_find_at(t, letter);
    bool word = pst_find_letter(pst_find_at(t, letter + 1));
    return (c == 'N' || c == 'S' || c == 'E' || c == 'W') && !word ? letter + 1 : i;
}

struct pst_found pst_find_coordinates(struct pst_str t, size_t at)
{
    uint8_t before = pst_find_before(t, at);
    size_t start = before == '-' || before == '+' ? at - 1 : at;
    before = pst_find_before(t, start);
    size_t i = degrees(t, at, 90);
    if (i == at || pst_find_alnum(before) || before == '.') {
        return pst_find_nothing(at + 1);
    }
    i = compass(t, i);
    bool comma = pst_find_at(t, i) == ',' || pst_find_at(t, i) == ';';
    i += comma ? 1 : 0;
    while (pst_find_at(t, i) == ' ' && i < at + 40) {
        i++;
        comma = true;
    }
    i += pst_find_at(t, i) == '-' || pst_find_at(t, i) == '+';
    size_t end = comma ? degrees(t, i, 180) : i;
    if (end == i || pst_find_at(t, end) == '.') {
        return pst_find_nothing(at + 1);
    }
    size_t last = compass(t, end);
    bool more = pst_find_at(t, last) == ',' &&
                pst_find_digit(pst_find_at(t, last + (pst_find_at(t, last + 1) == ' ' ? 2 : 1)));
    return (struct pst_found){start, last,
                              last != end ? PST_CHECK_YES
                              : more      ? PST_CHECK_NO
                                          : PST_CHECK_PLAUSIBLE,
                              last};
}

/* --- dates ------------------------------------------------------------------------------------ */

static const char *const months[12] = {
    "january jan januar janvier janv enero ene gennaio gen janeiro januari styczeń stycznia "
    "stycznia january января январь ocak leden ledna január ianuarie "
    "siječanj siječnja tammikuuta ιανουαρίου januára січня janeira",
    "february feb februar février févr fév febrero febbraio febbr fevereiro fev februari luty "
    "lutego февраля февраль şubat únor února február februarie "
    "veljača veljače helmikuuta φεβρουαρίου февраля лютого februára",
    "march mar märz mrz mars marzo março maart mrt marzec marca марта март mart březen března "
    "március martie ožujak ožujka maaliskuuta μαρτίου березня",
    "april apr avril avr abril abr aprile aprilie kwiecień kwietnia апреля апрель nisan duben "
    "dubna április travanj travnja huhtikuuta απριλίου квітня",
    "may mai mayo maggio mag maio mei maj maja мая май mayıs květen května május svibanj svibnja "
    "toukokuuta μαΐου травня",
    "june jun juni juin junio giugno giu junho czerwiec czerwca июня июнь haziran červen června "
    "június iunie lipanj lipnja kesäkuuta ιουνίου червня júna",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca июля июль temmuz červenec "
    "července július iulie srpanj srpnja heinäkuuta ιουλίου липня júla",
    "august aug août aout agosto ago augustus augusti sierpień sierpnia августа август ağustos "
    "srpen srpna augusztus kolovoz kolovoza elokuuta αυγούστου серпня augusta",
    "september sep sept septembre septiembre settembre set setembro wrzesień września сентября "
    "сентябрь eylül září szeptember septembrie rujan rujna syyskuuta σεπτεμβρίου вересня septembra",
    "october oct oktober okt octobre octubre ottobre ott outubro out październik października "
    "октября октябрь ekim říjen října október octombrie listopad listopada lokakuuta οκτωβρίου "
    "жовтня októbra",
    "november nov novembre noviembre novembro listopada listopad ноября ноябрь kasım noviembrie "
    "studeni studenoga marraskuuta νοεμβρίου листопада novembra",
    "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro grudzień "
    "grudnia декабря декабрь aralık prosinec prosince decembrie prosinac prosinca joulukuuta "
    "δεκεμβρίου грудня decembra",
};

static size_t letters_end(struct pst_str t, size_t at, size_t max)
{
    size_t i = at;
    while (i < t.n && i - at < max && (pst_find_letter(t.p[i]) || t.p[i] >= 0x80)) {
        i++;
    }
    return i;
}

/* A capital letter beyond ASCII folds in its last byte for Latin and Cyrillic; months are written
 * small in those languages but at the start of a sentence, where no day stands before. */
static int month_of(struct pst_str word)
{
    for (int m = 0; m < 12 && word.n >= 3; m++) {
        if (pst_find_word_in(word, months[m])) {
            return m + 1;
        }
    }
    return 0;
}

static size_t number_read(struct pst_str t, size_t at, size_t max, int *ret)
{
    size_t i = at;
    *ret = 0;
    while (i - at < max && pst_find_digit(pst_find_at(t, i))) {
        *ret = *ret * 10 + t.p[i++] - '0';
    }
    return pst_find_digit(pst_find_at(t, i)) ? at : i;
}

static size_t skip(struct pst_str t, size_t i, const char *any)
{
    for (size_t n = 0; n < 3 && pst_find_at(t, i) != 0 && strchr(any, t.p[i]) != NULL; n++) {
        i++;
    }
    return i;
}

static bool born(int y, int m, int d)
{
    return y >= 1900 && y <= 2035 && pst_check_date(y, m, d);
}

/* 12/03/1985, 12.3.85, 1985-03-12 and 1985年3月12日. */
static struct pst_found date_numbers(struct pst_str t, size_t at)
{
    int a, b, c;
    size_t i = number_read(t, at, 4, &a), k = i;
    uint8_t sep = pst_find_at(t, i);
    static const char *const signs[3] = {"年月日", "년월일", ""};
    for (size_t s = 0; s < 2; s++) {
        struct pst_str sign = pst_str_c(signs[s]);
        if (i - at == 4 && pst_str_starts(pst_str_from(t, i), pst_str_cut(sign, 0, 3))) {
            k = number_read(t, skip(t, i + 3, " "), 2, &b);
            k = pst_str_starts(pst_str_from(t, k), pst_str_cut(sign, 3, 3)) ? k + 3 : k;
            k = number_read(t, skip(t, k, " "), 2, &c);
            bool day = pst_str_starts(pst_str_from(t, k), pst_str_cut(sign, 6, 3));
            return day && born(a, b, c) ? (struct pst_found){at, k + 3, PST_CHECK_YES, k + 3}
                                        : pst_find_nothing(i + 1);
        }
    }
    if (i == at || sep == 0 || strchr("-/.", sep) == NULL) {
        return pst_find_nothing(at + 1);
    }
    k = number_read(t, skip(t, i + 1, " "), 2, &b);
    size_t third = skip(t, k + 1, " ");
    if (k == i + 1 || pst_find_at(t, k) != sep) {
        return pst_find_nothing(at + 1);
    }
    size_t end = number_read(t, third, 4, &c);
    size_t first_n = i - at, last_n = end - third;
    uint8_t after = pst_find_at(t, end);
    bool edge = !pst_find_alnum(after) &&
                !(after == sep && pst_find_digit(pst_find_at(t, end + 1)));
    edge = edge || (after == 'T' && pst_find_digit(pst_find_at(t, end + 1)));
    int year = last_n == 4 ? c : c <= 35 ? 2000 + c : 1900 + c;
    bool big = first_n == 4 && (last_n == 1 || last_n == 2) && born(a, b, c);
    bool small = first_n <= 2 && (last_n == 4 || last_n == 2) &&
                 (born(year, b, a) || born(year, a, b));
    return edge && (big || small) ? (struct pst_found){at, end, PST_CHECK_YES, end}
                                  : pst_find_nothing(at + 1);
}

/* March 12, 1985: the month stands before. */
static size_t month_before(struct pst_str t, size_t at, int *ret)
{
    size_t end = at, start;
    while (end > 0 && at - end < 2 && (t.p[end - 1] == ' ' || t.p[end - 1] == '.')) {
        end--;
    }
    start = end;
    while (start > 0 && end - start < 24 &&
           (pst_find_letter(t.p[start - 1]) || t.p[start - 1] >= 0x80)) {
        start--;
    }
    bool named = end > start && t.p[start] >= 'A' && t.p[start] <= 'Z';
    *ret = end == at || !named ? 0 : month_of(pst_str_cut(t, start, end - start));
    return start;
}

struct pst_found pst_find_date(struct pst_str t, size_t at)
{
    int day, month, year;
    uint8_t before = pst_find_before(t, at);
    if (pst_find_alnum(before) || ((before == '.' || before == '-' || before == '/') && at > 1 &&
                                   pst_find_alnum(t.p[at - 2]))) {
        return pst_find_nothing(at + 1);
    }
    size_t i = number_read(t, at, 2, &day);
    if (i == at) {
        return date_numbers(t, at);
    }
    size_t start = month_before(t, at, &month);
    size_t k = i;
    if (pst_find_word_in(pst_str_cut(t, k, 2), "st nd rd th er")) {
        k += 2;
    }
    if (month != 0) {
        size_t y = skip(t, k, ", ");
        size_t end = number_read(t, y, 4, &year);
        return y > k && end - y == 4 && born(year, month, day)
                   ? (struct pst_found){start, end, PST_CHECK_YES, end}
                   : pst_find_nothing(i);
    }
    k = skip(t, k, ". -/");
    for (size_t n = 0; n < 2; n++) { /* de marzo de 1985, of March */
        size_t word = letters_end(t, k, 3);
        if (pst_find_word_in(pst_str_cut(t, k, word - k), "de of")) {
            k = skip(t, word, " ");
        }
    }
    size_t word = letters_end(t, k, 28);
    struct pst_str name = pst_str_cut(t, k, word - k);
    k = skip(t, word, "., -/");
    size_t of = letters_end(t, k, 3);
    k = pst_find_word_in(pst_str_cut(t, k, of - k), "de del") ? skip(t, of, " ") : k;
    /* the list of months is long: only where a year follows */
    month = pst_find_digit(pst_find_at(t, k)) ? month_of(name) : 0;
    if (month == 0) {
        return date_numbers(t, at);
    }
    size_t end = number_read(t, k, 4, &year);
    bool ok = (end - k == 4 || end - k == 2) && born(end - k == 4 ? year
                                                     : year <= 35 ? 2000 + year
                                                                  : 1900 + year,
                                                     month, day);
    return ok ? (struct pst_found){at, end, PST_CHECK_YES, end} : pst_find_nothing(i);
}

/* --- age -------------------------------------------------------------------------------------- */

/* One to three digits and a word for years of life. */
struct pst_found pst_find_age(struct pst_str t, size_t at)
{
    int years;
    size_t i = number_read(t, at, 3, &years);
    uint8_t before = pst_find_before(t, at);
    if (i == at || years < 1 || years > 120 || pst_find_alnum(before) || before == '.' ||
        before == '-' || before == '/' || before == '$') {
        return pst_find_nothing(at + 1);
    }
    size_t k = skip(t, i, " -");
    size_t end = letters_end(t, k, 24);
    struct pst_str word = pst_str_cut(t, k, end - k);
    if (pst_find_word_in(
            word, "yo jährige jähriger jährigen jähriges jährig-letni летний летняя letá letý")) {
        return (struct pst_found){at, end, PST_CHECK_YES, end};
    }
    if (pst_str_starts(word, PST_STR("歳")) || pst_str_starts(word, PST_STR("岁")) ||
        pst_str_starts(word, PST_STR("歲")) || pst_str_starts(word, PST_STR("세"))) {
        return (struct pst_found){at, k + 3, PST_CHECK_YES, k + 3};
    }
    if (pst_find_word_in(word, "years year yrs yr y")) {
        size_t o = skip(t, end, "- /");
        size_t old = letters_end(t, o, 8);
        if (pst_find_word_in(pst_str_cut(t, o, old - o), "old o")) {
            return (struct pst_found){at, old, PST_CHECK_YES, old};
        }
        return (struct pst_found){at, end, PST_CHECK_PLAUSIBLE, end};
    }
    bool named = pst_find_word_in(
        word, "jahre ans años anni anos jaar lat år лет года yaşında let éves ani");
    bool bare = end == k && !pst_find_alnum(pst_find_at(t, i)) && pst_find_at(t, i) != '%' &&
                pst_find_at(t, i) != ':';
    return named                        ? (struct pst_found){at, end, PST_CHECK_PLAUSIBLE, end}
           : bare || (end > k && k > i) ? (struct pst_found){at, i, PST_CHECK_PLAUSIBLE, i}
                                        : pst_find_nothing(at + 1);
}

/* --- small things ----------------------------------------------------------------------------- */

/* Three or four digits by themselves: what they are, only words around can say. */
struct pst_found pst_find_short_number(struct pst_str t, size_t at)
{
    int value;
    size_t i = number_read(t, at, 4, &value);
    uint8_t before = pst_find_before(t, at), after = pst_find_at(t, i);
    bool alone = i - at >= 3 && !pst_find_alnum(before) && !pst_find_alnum(after) && after != '%';
    bool part = (before == '.' || before == '-' || before == '/') && at > 1 &&
                pst_find_alnum(t.p[at - 2]);
    bool more = (after == '.' || after == '-' || after == '/' || after == ':') &&
                pst_find_alnum(pst_find_at(t, i + 1));
    return alone && !part && !more ? (struct pst_found){at, i, PST_CHECK_PLAUSIBLE, i}
                                   : pst_find_nothing(at + 1);
}

/* Hong Kong: one or two letters, six digits, the check digit in brackets. */
struct pst_found pst_find_hkid(struct pst_str t, size_t at)
{
    uint8_t compact[9];
    size_t n = 0, start = at;
    while (start > 0 && at - start < 2 && pst_find_letter(t.p[start - 1])) {
        start--;
    }
    bool ok = start < at && !pst_find_alnum(pst_find_before(t, start)) &&
              pst_find_at(t, at + 6) == '(' && pst_find_at(t, at + 8) == ')';
    for (size_t i = start; ok && i <= at + 7; i++) {
        uint8_t c = t.p[i];
        if (i != at + 6) {
            compact[n++] = (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
        }
    }
    ok = ok && pst_check_hk_hkid(pst_str_of(compact, n)) == PST_CHECK_YES;
    return ok ? (struct pst_found){start, at + 9, PST_CHECK_YES, at + 9} : pst_find_nothing(at + 1);
}

/* --- streets ---------------------------------------------------------------------------------- */

static const char behind[] = "street st road rd avenue ave lane ln drive dr boulevard blvd court "
                             "ct place pl square sq terrace way "
                             "close crescent parkway pkwy highway hwy circle cir trail row grove "
                             "gardens straße strasse str gata gatan "
                             "vägen veien vei gate straat laan weg platz allee";
static const char ahead[] = "rue avenue boulevard place chemin allée impasse quai calle avenida "
                            "avda plaza paseo carrer via viale piazza "
                            "corso largo rua travessa praça ulica ul aleja al улица ул проспект пр "
                            "переулок rue jalan jl strada str ulice "
                            "cad sokak sok caddesi bulevardul";
static const char *const suffixes[] = {
    "straße", "strasse", "straat", "gasse", "weg",  "platz", "allee", "laan", "gatan", "gata",
    "vägen",  "veien",   "vej",    "gade",  "katu", "tie",   "utca",  "kade", "plein", "stræde"};

static bool street_suffix(struct pst_str word)
{
    for (size_t i = 0; i < PST_LEN(suffixes); i++) {
        struct pst_str suffix = pst_str_c(suffixes[i]);
        if (word.n > suffix.n + 2 &&
            pst_str_eq_nocase(pst_str_from(word, word.n - suffix.n), suffix)) {
            return true;
        }
    }
    return word.n > 6 && pst_str_eq_nocase(pst_str_from(word, word.n - 3), PST_STR("str"));
}

/* 221B Baker Street: a number, one to four words that begin with capitals, and a word for a street.
 */
static size_t words_then_street(struct pst_str t, size_t at)
{
    size_t i = at, words = 0;
    for (; words < 5; words++) {
        size_t end = letters_end(t, i, 32);
        uint8_t c = pst_find_at(t, i);
        bool named = (c >= 'A' && c <= 'Z') || c >= 0x80 || pst_find_digit(c);
        while (pst_find_digit(c) && pst_find_alnum(pst_find_at(t, end)) && end - i < 8) {
            end++; /* 42nd */
        }
        if (end == i || (!named && words == 0)) {
            return at;
        }
        if (words > 0 && pst_find_word_in(pst_str_cut(t, i, end - i), behind)) {
            return pst_find_at(t, end) == '.' ? end + 1 : end;
        }
        i = pst_find_at(t, end) == '.' ? end + 1 : end;
        if (!named || pst_find_at(t, i) != ' ') {
            return at;
        }
        i++;
    }
    return at;
}

/* Hauptstraße 12, Calle de Alcalá 45: up to five words back from the number; where it begins. */
static size_t street_then_number(struct pst_str t, size_t at)
{
    size_t i = at;
    for (size_t words = 0; words < 6 && i > 0 && at - i < 80; words++) {
        while (i > 0 && at - i < 80 &&
               (t.p[i - 1] == ' ' || t.p[i - 1] == ',' || t.p[i - 1] == '.')) {
            i--;
        }
        size_t start = i;
        while (start > 0 && i - start < 40 &&
               (pst_find_letter(t.p[start - 1]) || t.p[start - 1] >= 0x80 ||
                t.p[start - 1] == '-' || t.p[start - 1] == '\'')) {
            start--;
        }
        struct pst_str word = pst_str_cut(t, start, i - start);
        if (word.n == 0) {
            return at;
        }
        bool named = (word.p[0] >= 'A' && word.p[0] <= 'Z') || word.p[0] >= 0x80;
        if (words == 0 && !named) {
            return at; /* most numbers stand behind a plain word */
        }
        if ((words <= 1 && street_suffix(word)) || (words >= 1 && pst_find_word_in(word, ahead))) {
            return start;
        }
        i = start;
    }
    return at;
}

/* A postcode of four to six digits, and a place that begins with a capital. */
static size_t place_after(struct pst_str t, size_t end)
{
    size_t i = pst_find_at(t, end) == ',' ? end + 1 : end;
    i = skip(t, i, " \n");
    int code;
    size_t k = number_read(t, i, 6, &code);
    if (k - i >= 4 && pst_find_at(t, k) == ' ') {
        uint8_t c = pst_find_at(t, k + 1);
        size_t word = letters_end(t, k + 1, 32);
        return (c >= 'A' && c <= 'Z') || c >= 0xC3 ? word : k;
    }
    return end;
}

struct pst_found pst_find_street(struct pst_str t, size_t at)
{
    int number;
    size_t i = number_read(t, at, 5, &number);
    uint8_t before = pst_find_before(t, at);
    if (i == at || number == 0 || pst_find_alnum(before) || before == '-' || before == '/' ||
        (before == '.' && pst_find_digit(at > 1 ? t.p[at - 2] : 0))) {
        return pst_find_nothing(at + 1);
    }
    size_t house = i;
    if (pst_find_letter(pst_find_at(t, i)) && !pst_find_alnum(pst_find_at(t, i + 1))) {
        house = i + 1;
    }
    size_t start = street_then_number(t, at);
    if (start != at && !pst_find_alnum(pst_find_at(t, house))) {
        size_t end = place_after(t, house);
        return (struct pst_found){start, end, end != house ? PST_CHECK_YES : PST_CHECK_PLAUSIBLE,
                                  house};
    }
    size_t next = pst_find_at(t, house) == ',' ? house + 1 : house;
    if (pst_find_at(t, next) != ' ') {
        return pst_find_nothing(at + 1);
    }
    next++;
    size_t end = words_then_street(t, next);
    if (end != next) {
        size_t all = place_after(t, end);
        return (struct pst_found){at, all, PST_CHECK_YES, end};
    }
    size_t first = letters_end(t, next, 16);
    size_t word = skip(t, first, ". ");
    uint8_t c = pst_find_at(t, word);
    if (word > first &&
        pst_find_word_in(pst_str_cut(t, next, first - next), ahead)) { /* 12 rue de la Paix */
        end = word;
        for (size_t n = 0; n < 5; n++) {
            c = pst_find_at(t, word);
            size_t w = letters_end(t, word, 32);
            bool small = w - word <= 3;
            if (w == word || (!small && !(c >= 'A' && c <= 'Z') && c < 0xC3)) {
                break;
            }
            end = small && n < 3 ? end : w;
            word = pst_find_at(t, w) == ' ' || pst_find_at(t, w) == '\'' || pst_find_at(t, w) == '-'
                       ? w + 1
                       : w;
            if (word == w) {
                break;
            }
        }
        size_t all = end > next ? place_after(t, end) : end;
        return end > skip(t, first, ". ") ? (struct pst_found){at, all, PST_CHECK_YES, all}
                                          : pst_find_nothing(at + 1);
    }
    return pst_find_nothing(at + 1);
}
