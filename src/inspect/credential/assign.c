/* From a name to where its value begins. assign_value.c reads the value. */
#include "inspect/credential/assign.h"
#include "inspect/credential/assign_value.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/value.h"

enum { NAME_REACH = 48, PROSE_WORDS = 6, PROSE_REACH = 64 };

static bool is_name_byte(struct pst_str text, size_t i)
{
    uint8_t c = pst_at(text, i);
    return pst_is_ident(c) || (c == '-' && pst_is_alnum(pst_at(text, i + 1)));
}

/* The ending of a word in Latin, Greek, Cyrillic, Hebrew or Arabic letters: two bytes each, after a
 * name in such letters. */
static bool ends_word(struct pst_str text, size_t from, size_t i)
{
    uint8_t c = pst_at(text, i), before = i > from ? text.p[i - 1] : 0;
    return before >= 0x80 &&
           ((c >= 0xc3 && c <= 0xdb) || ((c & 0xc0U) == 0x80 && before >= 0xc3 && before <= 0xdb));
}

static void grow_name(struct pst_str text, size_t at, size_t len, struct pst_assign *ret)
{
    size_t from = at, to = at + len;
    while (from > 0 && at - from < NAME_REACH && is_name_byte(text, from - 1)) {
        from--;
    }
    while (from < at && text.p[from] == '-') {
        from++;
    }
    while (to - at < NAME_REACH + len && (is_name_byte(text, to) || ends_word(text, from, to))) {
        to++;
    }
    ret->name_start = from;
    ret->name_end = to;
    ret->shouted = true;
    for (size_t i = from; i < to; i++) {
        ret->shouted = ret->shouted && !pst_is_lower(text.p[i]) && text.p[i] < 0x80;
    }
}

static size_t skip_blanks(struct pst_str text, size_t i)
{
    size_t most = i + PST_ASSIGN_REACH;
    while (i < most && pst_is_blank(pst_at(text, i))) {
        i++;
    }
    return i;
}

/* What closes a name: quotes, a subscript, marks of Markdown, the array of a declaration. */
static size_t skip_closers(struct pst_str text, size_t i, bool *ret_quoted)
{
    for (size_t n = 0; n < 6; n++) {
        uint8_t c = pst_at(text, i);
        if (c == '\\' && (pst_at(text, i + 1) == '"' || pst_at(text, i + 1) == '\'')) {
            i += 2;
            *ret_quoted = true;
        } else if (c == '"' || c == '\'' || c == '`') {
            i++;
            *ret_quoted = true;
        } else if (c == ']' || c == '*') {
            i++;
        } else if (c == '[') {
            size_t k = i + 1;
            while (k < i + 24 && pst_is_ident(pst_at(text, k))) {
                k++;
            }
            if (pst_at(text, k) != ']') {
                return i;
            }
            i = k + 1;
        } else {
            return i;
        }
    }
    return i;
}

/* … value="v", value: v, after the name of a pair; from the end of the closed name. */
static size_t skip_to_value(struct pst_str text, size_t i)
{
    size_t most = i + 48;
    while (i < most && (pst_is_space(pst_at(text, i)) || pst_at(text, i) == ',')) {
        i++;
    }
    bool quoted = false;
    if (pst_at(text, i) == '"' || pst_at(text, i) == '\'') {
        i++;
        quoted = true;
    }
    if (!pst_has_nocase(text, i, "value")) {
        return PST_NPOS;
    }
    i += 5;
    if (quoted) {
        i++;
    }
    i = skip_blanks(text, i);
    return pst_at(text, i) == ':' || pst_at(text, i) == '=' ? i + 1 : PST_NPOS;
}

struct sign {
    const char *text;
    uint8_t how;
};
/* The longer first. Full-width colon and equals sign, arrows. */
static const struct sign SIGNS[] = {
    {":=", PST_ASSIGN_SIGN},
    {"=>", PST_ASSIGN_SIGN},
    {"->", PST_ASSIGN_SIGN},
    {"<-", PST_ASSIGN_SIGN},
    {"?=", PST_ASSIGN_SIGN},
    {"=", PST_ASSIGN_SIGN},
    {"\xef\xbc\x9a", PST_ASSIGN_COLON},
    {"\xef\xbc\x9d", PST_ASSIGN_SIGN},
    {"\xe2\x86\x92", PST_ASSIGN_SIGN},
    {":: ", PST_ASSIGN_COLON},
    {":", PST_ASSIGN_COLON},
    {"|", PST_ASSIGN_CELL},
    {"- ", PST_ASSIGN_PROSE},
    {"\xe2\x80\x94", PST_ASSIGN_PROSE},
    {"\xe2\x80\x93", PST_ASSIGN_PROSE},
};

static size_t read_sign(struct pst_str text, size_t i, enum pst_assign_how *ret_how)
{
    uint8_t c = pst_at(text, i), next = pst_at(text, i + 1);
    bool compares = (c == '=' && (next == '=' || next == '~')) || c == '!' || c == '<' ||
                    c == '+' || (c == '|' && next == '|') ||
                    (c == ':' && next == ':' && pst_at(text, i + 2) != ' ');
    if (compares && !(c == '<' && next == '-')) {
        return PST_NPOS;
    }
    for (size_t k = 0; k < PST_LEN(SIGNS); k++) {
        if (pst_has_nocase(text, i, SIGNS[k].text)) {
            *ret_how = (enum pst_assign_how)SIGNS[k].how;
            return i + strlen(SIGNS[k].text);
        }
    }
    return PST_NPOS;
}

/* "is" and what does its work; of one length, so that one comparison decides. */
enum { IS_BYTES = 12 };
static const char IS[][IS_BYTES] = {
    "adalah",
    "are",
    "az",
    "brzmi",
    "der",
    "est",
    "et",
    "equals",
    "es",
    "ist",
    "is",
    "je",
    "jest",
    "lautet",
    "l\xc3\xa0",
    "on",
    "sont",
    "to",
    "was",
    "\xc3\xa4r",
    "\xc3\xa9",
    "\xc3\xa8",
    "er",
    "este",
    "era",
    "ser\xc3\xa1",
    "\xd1\x8d\xd1\x82\xd0\xbe",
    "fue",
    "war",
    "hai",
    "\xe0\xa4\xb9\xe0\xa5\x88",
    "\xd9\x87\xd9\x8a",
    "\xd9\x87\xd9\x88",
    "sia",
    "olan",
    "sea",
    "reads",
    "be",

    "sera",
    "wird",
    "\xce\xb5\xce\xaf\xce\xbd\xce\xb1\xce\xb9",
    "\xd0\xb5",
    "\xd7\x94\xd7\x99\xd7\x90",
    "\xd7\x94\xd7\x95\xd7\x90",
    "\xe2\x80\x94",
    "\xe2\x80\x93",
    "\xd1\x94",
};
/* Written directly after the name. */
static const char *const PARTICLES[] = {
    "\xe6\x98\xaf",
    "\xe4\xb8\xba",
    "\xe7\x82\xba",
    "\xe3\x81\xaf",
    "\xe3\x81\x8c",
    "\xeb\x8a\x94",
    "\xec\x9d\x80",
    "\xec\x9d\xb4",
    "\xea\xb0\x80",
    "\xe6\x94\xb9\xe6\x88\x90",
    "\xe8\xae\xbe\xe4\xb8\xba",
    "\xe0\xb8\x84\xe0\xb8\xb7\xe0\xb8\xad",
};

static bool is_connective(struct pst_str word)
{
    uint8_t folded[IS_BYTES] = {0};
    if (word.n == 0 || word.n > IS_BYTES) {
        return false;
    }
    for (size_t i = 0; i < word.n; i++) {
        folded[i] = pst_is_upper(word.p[i]) ? word.p[i] | 0x20 : word.p[i];
    }
    for (size_t i = 0; i < PST_LEN(IS); i++) {
        if (memcmp(folded, IS[i], IS_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static size_t skip_particle(struct pst_str text, size_t i)
{
    for (size_t k = 0; k < PST_LEN(PARTICLES) && pst_at(text, i) >= 0x80; k++) {
        if (pst_has_nocase(text, i, PARTICLES[k])) {
            i += strlen(PARTICLES[k]);
            return pst_has_nocase(text, i, "\xef\xbc\x9a") ? i + 3 : i + (pst_at(text, i) == ':');
        }
    }
    return PST_NPOS;
}

static bool is_prose_byte(uint8_t c)
{
    return pst_is_alnum(c) || c >= 0x80 || c == '\'' || c == '-' || c == '_';
}

static bool is_prose_gap(uint8_t c)
{
    return pst_is_blank(c) || c == '(' || c == ')' || c == '"';
}

/* A colon, or an equals sign that does not compare. */
static bool gives(struct pst_str text, size_t i)
{
    return pst_at(text, i) == ':' || (pst_at(text, i) == '=' && pst_at(text, i + 1) != '=');
}

/* "is now v", "ist jetzt v" */
static size_t skip_fillers(struct pst_str text, size_t i)
{
    static const char *const FILLERS[] = {"now ",
                                          "still ",
                                          "currently ",
                                          "just ",
                                          "actually ",
                                          "simply ",
                                          "jetzt ",
                                          "nun ",
                                          "noch ",
                                          "ahora ",
                                          "agora ",
                                          "maintenant ",
                                          "adesso ",
                                          "ora ",
                                          "nu ",
                                          "teraz ",
                                          "only ",
                                          "\xd1\x82\xd0\xb5\xd0\xbf\xd0\xb5\xd1\x80\xd1\x8c ",
                                          "\xd1\x81\xd0\xb5\xd0\xb9\xd1\x87\xd0\xb0\xd1\x81 "};
    for (size_t k = 0; k < PST_LEN(FILLERS); k++) {
        if (pst_has_nocase(text, i, FILLERS[k])) {
            return i + strlen(FILLERS[k]);
        }
    }
    return i;
}

static bool has_digit(struct pst_str word)
{
    size_t i = 0;
    while (i < word.n && !pst_is_digit(word.p[i])) {
        i++;
    }
    return i < word.n;
}

/* "… for the server is v", "… du wifi : v": up to some words, then a connective or a colon. */
static size_t read_prose(struct pst_str text, size_t i)
{
    size_t most = i + PROSE_REACH;
    for (size_t n = 0; n < PROSE_WORDS && i < most; n++) {
        while (is_prose_gap(pst_at(text, i))) {
            i++;
        }
        size_t from = i;
        while (i < most && is_prose_byte(pst_at(text, i))) {
            i++;
        }
        struct pst_str word = pst_str_cut(text, from, i - from);
        if (is_connective(word)) {
            size_t k = skip_blanks(text, i);
            return pst_at(text, k) == ':' ? k + 1 : skip_fillers(text, k);
        }
        if (n == 0 && has_digit(word)) {
            return PST_NPOS; /* the value itself: verbs come last in many languages */
        }
        if (gives(text, i)) {
            return i + 1;
        }
        if (word.n == 0 || !is_prose_gap(pst_at(text, i))) {
            return PST_NPOS;
        }
        if (gives(text, i + 1)) {
            return i + 2;
        }
    }
    return PST_NPOS;
}

/* name: type = "v": the value is the default. From behind the colon, or behind the name. */
static size_t typed_default(struct pst_str text, size_t i)
{
    size_t most = i + NAME_REACH, k = i;
    while (k < most &&
           (pst_is_ident(pst_at(text, k)) ||
            (pst_at(text, k) != 0 && strchr("&*<>[], |.?'", pst_at(text, k)) != NULL))) {
        k++;
    }
    if (k == i || pst_at(text, k) != '=' || pst_at(text, k + 1) == '=' ||
        pst_at(text, k + 1) == '>') {
        return PST_NPOS;
    }
    size_t value = skip_blanks(text, k + 1);
    uint8_t c = pst_at(text, value);
    return c == '"' || c == '\'' || (c != 0 && pst_at(text, value + 1) == '"') ? value : PST_NPOS;
}

/* The words at the start of a line after which a name and its value stand side by side. */
static bool line_gives(struct pst_str text, size_t name)
{
    static const char *const STARTS[] = {"env ",      "arg ",    "set ",    "setx ",     "export ",
                                         "machine ",  "login ",  "enable ", "username ", "setenv ",
                                         "password ", "secret ", "user "};
    size_t from = name;
    while (from > 0 && name - from < PST_ASSIGN_REACH && text.p[from - 1] != '\n') {
        from--;
    }
    from = skip_blanks(text, from);
    for (size_t i = 0; i < PST_LEN(STARTS); i++) {
        if (pst_has_nocase(text, from, STARTS[i])) {
            return true;
        }
    }
    return false;
}

/* "… and password v", "with password v": the word before the name. */
static bool word_leads(struct pst_str text, size_t name)
{
    static const char *const LEADS[] = {"and", "avec", "con",   "et",  "mit",
                                        "und", "use",  "using", "with"};
    size_t to = name;
    while (to > 0 && name - to < 4 && text.p[to - 1] == ' ') {
        to--;
    }
    size_t from = to;
    while (from > 0 && to - from < 8 && pst_is_alpha(text.p[from - 1])) {
        from--;
    }
    return to < name && pst_word_in(pst_str_cut(text, from, to - from), LEADS, PST_LEN(LEADS));
}

/* The name ends in a blank: a flag, a keyword of a file format, SQL, or prose. */
static size_t read_blank(struct pst_str text, size_t i, struct pst_assign *ret)
{
    size_t start = ret->name_start, next = skip_blanks(text, i);
    uint8_t c = pst_at(text, next);
    bool flag = start > 0 && text.p[start - 1] == '-';
    if (flag) {
        ret->how = PST_ASSIGN_FLAG;
        return c == '-' || c == '<' || c == '[' ? PST_NPOS : next;
    }
    if (c == '\'' || c == '"') {
        ret->how = PST_ASSIGN_SQL;
        return next;
    }
    if (c != '(' && line_gives(text, start)) {
        ret->how = PST_ASSIGN_WORD;
        return next;
    }
    size_t typed = typed_default(text, next);
    if (typed != PST_NPOS) {
        ret->how = PST_ASSIGN_SIGN;
        return typed;
    }
    if (start > 0 && (text.p[start - 1] == '/' || text.p[start - 1] == '\\')) {
        return PST_NPOS; /* the end of a path */
    }
    size_t prose = read_prose(text, next);
    ret->how = prose != PST_NPOS ? PST_ASSIGN_PROSE
                                 : (word_leads(text, start) ? PST_ASSIGN_CELL : PST_ASSIGN_BESIDE);
    return prose != PST_NPOS ? prose : next;
}

/* ("name", …: the first of some arguments, not one of a list of words. */
static bool opens_list(struct pst_str text, size_t name)
{
    size_t i = name;
    while (i > 0 && name - i < 4 &&
           (text.p[i - 1] == '"' || text.p[i - 1] == '\'' || text.p[i - 1] == '\\')) {
        i--;
    }
    while (i > 0 && name - i < 12 && pst_is_space(text.p[i - 1])) {
        i--;
    }
    uint8_t c = i > 0 ? text.p[i - 1] : 0;
    return c == '(' || c == '{' || c == '[';
}

/* A sign after the name at `i`, blanks between allowed. PST_NPOS: none, or it gives nothing. */
static size_t find_signed(struct pst_str text, size_t i, struct pst_assign *ret)
{
    uint8_t before = ret->name_start > 0 ? text.p[ret->name_start - 1] : 0;
    size_t at = skip_blanks(text, i), value = read_sign(text, at, &ret->how);
    if (value == PST_NPOS || (ret->how == PST_ASSIGN_CELL && at == i)) {
        return PST_NPOS; /* one type or another is no cell */
    }
    if (ret->how == PST_ASSIGN_COLON && before == ':' && at == i &&
        !pst_is_blank(pst_at(text, value))) {
        return PST_NPOS; /* arn:…:secret:name, and other lists with colons */
    }
    if (ret->how == PST_ASSIGN_COLON) {
        size_t typed = typed_default(text, skip_blanks(text, value));
        if (typed != PST_NPOS) {
            ret->how = PST_ASSIGN_SIGN;
            return typed;
        }
        size_t rest = skip_blanks(text, value);
        if (pst_at(text, rest) == '\n') {
            return skip_to_value(text, rest); /* name: ⏎ value: v */
        }
        return pst_has_nocase(text, value, "**") ? value + 2 : value; /* **Password:** v */
    }
    if (ret->how == PST_ASSIGN_SIGN) {
        ret->code = at > i && !ret->shouted;
        ret->how = at == i && (before == '?' || before == '&') ? PST_ASSIGN_QUERY : ret->how;
    }
    return value;
}

/* <name>v</name>, setName("v"), ("name", "v"), … "name", value: "v" */
static bool find_construct(struct pst_str text, size_t i, bool quoted, struct pst_assign *ret,
                           size_t *ret_value)
{
    size_t start = ret->name_start;
    uint8_t before = start > 0 ? text.p[start - 1] : 0, c = pst_at(text, i);
    bool setter = before == '.' || pst_has_nocase(text, start, "set") ||
                  pst_has_nocase(text, start, "with");
    *ret_value = i + 1;
    if (c == '>' && (before == '<' || before == ':')) {
        ret->how = PST_ASSIGN_XML;
        return true;
    }
    if (c == '(' && !quoted && setter) {
        ret->how = PST_ASSIGN_CALL;
        return true;
    }
    if (c != ',' || !quoted) {
        return false;
    }
    size_t pair = skip_to_value(text, i);
    ret->how = pair != PST_NPOS ? PST_ASSIGN_SIGN : PST_ASSIGN_CALL;
    *ret_value = pair != PST_NPOS ? pair : (opens_list(text, start) ? i + 1 : PST_NPOS);
    return true;
}

static size_t find_value(struct pst_str text, struct pst_assign *ret)
{
    bool quoted = false;
    size_t i = skip_closers(text, ret->name_end, &quoted), value = PST_NPOS;
    if (find_construct(text, i, quoted, ret, &value)) {
        return value;
    }
    if ((pst_at(text, i) == '?' || pst_at(text, i) == '!') && pst_at(text, i + 1) == ':') {
        i++; /* an optional member's type */
    }
    value = skip_particle(text, i);
    if (value != PST_NPOS) {
        ret->how = PST_ASSIGN_PROSE;
        return value;
    }
    value = find_signed(text, i, ret);
    if (value != PST_NPOS) {
        return value;
    }
    value = skip_to_value(text, i);
    if (value != PST_NPOS) {
        ret->how = PST_ASSIGN_SIGN;
        return value;
    }
    return pst_is_blank(pst_at(text, i)) && !quoted ? read_blank(text, i, ret) : PST_NPOS;
}

bool pst_assign_name(struct pst_str text, size_t at, size_t len, struct pst_assign *ret)
{
    *ret = (struct pst_assign){0};
    if (at > text.n || len > text.n - at) {
        return false;
    }
    grow_name(text, at, len, ret);
    return true;
}

bool pst_assign_given(struct pst_str text, struct pst_assign *ret)
{
    size_t value = find_value(text, ret);
    return value != PST_NPOS && pst_assign_value(text, value, ret);
}

bool pst_assign_read(struct pst_str text, size_t at, size_t len, struct pst_assign *ret)
{
    return pst_assign_name(text, at, len, ret) && pst_assign_given(text, ret);
}

/* What may stand between a name and its value, a blank included. */
static bool is_between(uint8_t c)
{
    switch (c) {
    case '=':
    case ':':
    case '>':
    case '"':
    case '\'':
    case '`':
    case '(':
    case '|':
    case ',':
    case ' ':
    case '\t':
        return true;
    default:
        return false;
    }
}

size_t pst_assign_next(struct pst_str text, size_t from, size_t limit)
{
    size_t i = from;
    while (i < text.n && i < limit && text.p[i] != '\n' && !is_between(text.p[i])) {
        i++;
    }
    if (i >= text.n || i >= limit) {
        return PST_NPOS;
    }
    if (text.p[i] == '\n') {
        i = skip_to_value(text, i);
        if (i == PST_NPOS) {
            return PST_NPOS;
        }
    }
    size_t most = i + 8;
    while (i < most && i < text.n && (is_between(text.p[i]) || text.p[i] == '\\')) {
        i++;
    }
    return i < text.n ? i : PST_NPOS;
}
