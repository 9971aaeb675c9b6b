#include "audit/reader.h"

#include "base/enc.h"

static const uint64_t int_max = ((uint64_t)1 << 53) - 1;

void pst_reader_init(struct pst_reader *r, struct pst_str json)
{
    *r = (struct pst_reader){.cur = pst_cur_of(json)};
}

static enum pst_status bad(const struct pst_cur *c, struct pst_err *err, const char *what)
{
    return pst_fail_at(err, PST_E_SYNTAX, 1, (uint32_t)c->at + 1, "record: %s", what);
}

/* The character that a canonical escape stands for, behind the backslash; -1 when no writer of
 * RFC 8785 would have written it so. Takes what it reads. */
static int take_escape(struct pst_cur *c)
{
    static const struct {
        char letter;
        uint8_t value;
    } letters[] = {{'"', '"'},  {'\\', '\\'}, {'b', '\b'}, {'f', '\f'},
                   {'n', '\n'}, {'r', '\r'},  {'t', '\t'}};
    int letter = pst_cur_peek(c, 0);
    for (size_t i = 0; i < PST_LEN(letters); i++) {
        if (letter == letters[i].letter) {
            pst_cur_skip(c, 1);
            return letters[i].value;
        }
    }
    struct pst_str hex;
    uint8_t value;
    if (!pst_cur_lit(c, PST_STR("u00")) || !pst_cur_take(c, 2, &hex) ||
        !pst_hex_get(hex, &value, 1)) {
        return -1;
    }
    bool upper = hex.p[1] >= 'A' && hex.p[1] <= 'F'; /* the first digit is 0 or 1 below */
    if (upper || value >= 0x20 || (value >= 8 && value <= 13 && value != 11)) {
        return -1;
    }
    return value;
}

/* A string with its quotes; `ret` is what stands between them. */
static bool take_string(struct pst_cur *c, struct pst_str *ret)
{
    if (!pst_cur_byte(c, '"')) {
        return false;
    }
    size_t start = c->at;
    for (;;) {
        int byte = pst_cur_peek(c, 0);
        if (byte == '"') {
            break;
        }
        if (byte < 0x20) { /* the end of the input too */
            return false;
        }
        if (byte == '\\') {
            pst_cur_skip(c, 1);
            if (take_escape(c) < 0) {
                return false;
            }
        } else if (byte < 0x80) {
            pst_cur_skip(c, 1);
        } else {
            uint32_t cp;
            size_t n = pst_utf8_get(pst_cur_rest(c), &cp);
            if (n == 0) {
                return false;
            }
            pst_cur_skip(c, n);
        }
    }
    *ret = pst_str_cut(c->in, start, c->at - start);
    pst_cur_skip(c, 1);
    return true;
}

static bool take_strings(struct pst_cur *c, struct pst_str *ret)
{
    if (!pst_cur_byte(c, '[')) {
        return false;
    }
    size_t start = c->at;
    struct pst_str item;
    if (pst_cur_peek(c, 0) != ']') {
        do {
            if (!take_string(c, &item)) {
                return false;
            }
        } while (pst_cur_byte(c, ','));
    }
    *ret = pst_str_cut(c->in, start, c->at - start);
    return pst_cur_byte(c, ']');
}

static bool take_number(struct pst_cur *c, struct pst_reader_field *ret)
{
    size_t n = 0;
    while (pst_cur_peek(c, n) >= '0' && pst_cur_peek(c, n) <= '9') {
        n++;
    }
    return pst_cur_take(c, n, &ret->raw) && pst_str_u64(ret->raw, &ret->number) &&
           ret->number <= int_max;
}

static bool take_value(struct pst_cur *c, struct pst_reader_field *ret)
{
    size_t start = c->at;
    switch (pst_cur_peek(c, 0)) {
    case '"':
        ret->type = PST_READER_STR;
        return take_string(c, &ret->raw);
    case '[':
        ret->type = PST_READER_STRS;
        return take_strings(c, &ret->raw);
    case 't':
    case 'f':
        ret->type = PST_READER_BOOL;
        ret->number = pst_cur_peek(c, 0) == 't' ? 1 : 0;
        if (!pst_cur_lit(c, ret->number == 1 ? PST_STR("true") : PST_STR("false"))) {
            return false;
        }
        ret->raw = pst_str_cut(c->in, start, c->at - start);
        return true;
    default:
        ret->type = PST_READER_INT;
        return take_number(c, ret);
    }
}

static bool is_name(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return s.n > 0;
}

enum pst_status pst_reader_next(struct pst_reader *r, struct pst_reader_field *ret,
                                struct pst_err *err)
{
    struct pst_cur *c = &r->cur;
    if (r->ended) {
        return PST_AGAIN;
    }
    bool first = !r->begun;
    if (first && !pst_cur_byte(c, '{')) {
        return bad(c, err, "an object is missing");
    }
    r->begun = true;
    if (pst_cur_byte(c, '}')) {
        if (!pst_cur_done(c)) {
            return bad(c, err, "something stands behind the object");
        }
        r->ended = true;
        return PST_AGAIN;
    }
    if (!first && !pst_cur_byte(c, ',')) {
        return bad(c, err, "a comma is missing");
    }
    struct pst_reader_field field = {0};
    if (!take_string(c, &field.name) || !is_name(field.name)) {
        return bad(c, err, "a member name is not well formed");
    }
    if (!first && pst_str_cmp(r->last, field.name) >= 0) {
        return bad(c, err, "the members are not in order");
    }
    if (!pst_cur_byte(c, ':') || !take_value(c, &field)) {
        return bad(c, err, "a value is not in canonical form");
    }
    r->last = field.name;
    *ret = field;
    return PST_OK;
}

/* The next byte of the value of a raw string that take_string has accepted; -1 when it has not. */
static int plain_byte(struct pst_cur *c)
{
    if (pst_cur_byte(c, '\\')) {
        return take_escape(c);
    }
    int byte = pst_cur_peek(c, 0);
    pst_cur_skip(c, 1);
    return byte;
}

bool pst_reader_eq(struct pst_str raw, struct pst_str plain)
{
    if (pst_str_find_byte(raw, '\\') == PST_NPOS) {
        return pst_str_eq(raw, plain);
    }
    struct pst_cur c = pst_cur_of(raw);
    size_t at = 0;
    while (!pst_cur_done(&c)) {
        int byte = plain_byte(&c);
        if (at >= plain.n || byte != plain.p[at]) {
            return false;
        }
        at++;
    }
    return at == plain.n;
}

bool pst_reader_plain(struct pst_str raw, struct pst_buf *out)
{
    struct pst_cur c = pst_cur_of(raw);
    while (!pst_cur_done(&c)) {
        int byte = plain_byte(&c);
        if (byte < 0 || !pst_buf_byte(out, (uint8_t)byte)) {
            return false;
        }
    }
    return true;
}

bool pst_reader_item(struct pst_cur *items, struct pst_str *ret_raw)
{
    if (items->at > 0 && !pst_cur_byte(items, ',')) {
        return false;
    }
    return take_string(items, ret_raw);
}

/* --- time --------------------------------------------------------------------------------- */

static bool digits(struct pst_str text, size_t from, size_t n, int64_t low, int64_t high,
                   int64_t *ret)
{
    int64_t value = 0;
    for (size_t i = from; i < from + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        value = value * 10 + (text.p[i] - '0');
    }
    *ret = value;
    return value >= low && value <= high;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; years count from March so that the
 * leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

bool pst_reader_time(struct pst_str text, int64_t *ret_unix_ns)
{
    static const struct {
        uint8_t at;
        char c;
    } marks[] = {{4, '-'}, {7, '-'}, {10, 'T'}, {13, ':'}, {16, ':'}, {19, '.'}, {26, 'Z'}};
    if (text.n != PST_TIME_CHARS) {
        return false;
    }
    for (size_t i = 0; i < PST_LEN(marks); i++) {
        if (text.p[marks[i].at] != (uint8_t)marks[i].c) {
            return false;
        }
    }
    static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day, hour, minute, second, micro;
    if (!digits(text, 0, 4, 1678, 2261, &year) || !digits(text, 5, 2, 1, 12, &month) ||
        !digits(text, 8, 2, 1, month_days[month - 1], &day) || !digits(text, 11, 2, 0, 23, &hour) ||
        !digits(text, 14, 2, 0, 59, &minute) || !digits(text, 17, 2, 0, 59, &second) ||
        !digits(text, 20, 6, 0, 999999, &micro)) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2 && day == 29 && !leap) {
        return false;
    }
    int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *ret_unix_ns = seconds * 1000000000 + micro * 1000;
    return true;
}
