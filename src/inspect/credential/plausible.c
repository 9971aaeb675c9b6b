/* Plausibility of values; weights in tenths of log-odds, set on clean code and made-up secrets. */
#include "inspect/credential/plausible.h"
#include "inspect/credential/value.h"

enum { MACHINE_MIN = 8, CHOSEN_MIN = 4, CHOSEN_MAX = 128, NEVER = -99 };

/* How surely a value is written out and not meant to be looked up. */
enum literal {
    LITERAL_MAYBE, /* could be an identifier, a type, a word of a sentence */
    LITERAL_SAID,  /* stands where a sentence or a table says the value */
    LITERAL_LIKELY,
    LITERAL_SURELY, /* the syntax allows nothing else */
};

static enum literal literal_of(const struct pst_assign *a)
{
    switch (a->how) {
    case PST_ASSIGN_PART:
    case PST_ASSIGN_QUERY:
    case PST_ASSIGN_XML:
        return LITERAL_SURELY;
    case PST_ASSIGN_PROSE:
    case PST_ASSIGN_CELL:
        return LITERAL_SAID;
    case PST_ASSIGN_CALL:
    case PST_ASSIGN_WORD:
    case PST_ASSIGN_FLAG:
    case PST_ASSIGN_SQL:
        return LITERAL_LIKELY;
    case PST_ASSIGN_BESIDE:
        return LITERAL_MAYBE;
    case PST_ASSIGN_SIGN:
    case PST_ASSIGN_COLON:
    default:
        break;
    }
    if (a->quoted) {
        return LITERAL_LIKELY;
    }
    return a->code ? LITERAL_MAYBE
                   : (a->shouted && a->how == PST_ASSIGN_SIGN ? LITERAL_SURELY : LITERAL_LIKELY);
}

static bool is_identifier(struct pst_str v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (!pst_is_ident(v.p[i]) && v.p[i] != '.' && v.p[i] != '$' && v.p[i] != ':') {
            return false;
        }
    }
    return v.n > 0 && !pst_is_digit(v.p[0]);
}

/* f(x, a[i, p->q, N::m, a.b: where program text goes on. `wordy`: the value reads like words, so
 * that its dots divide names. */
static bool goes_on(struct pst_str v, size_t i, bool wordy)
{
    uint8_t c = v.p[i], next = pst_at(v, i + 1);
    switch (c) {
    case '(':
    case '[':
        return i > 0 && pst_is_ident(v.p[i - 1]);
    case '-':
        return next == '>';
    case ':':
        return next == ':';
    case '.':
        return wordy && i > 0 && pst_is_alpha(v.p[i - 1]) && pst_is_alpha(next) && i + 4 < v.n;
    default:
        return false;
    }
}

/* Expressions of programs: calls, subscripts, members, operators. */
static bool is_expression(struct pst_str v, bool code)
{
    if (v.n == 0) {
        return false;
    }
    bool digits = false; /* soccer.soccer52: chosen by a person, where nothing else says code */
    for (size_t i = 0; i < v.n; i++) {
        digits = digits || pst_is_digit(v.p[i]);
    }
    uint8_t first = v.p[0], last = v.p[v.n - 1];
    bool opens = strchr("([{\\!", first) != NULL || (v.n > 1 && first == '&') ||
                 (v.n > 1 && first == '*' && pst_is_ident(v.p[1]));
    if ((first != 0 && opens) || last == '(' || last == '[' || last == '{') {
        return true;
    }
    bool wordy = (code || !digits) && pst_str_find_byte(v, '.') != PST_NPOS &&
                 pst_value_rarity(v) < 20;
    for (size_t i = 0; i + 1 < v.n; i++) {
        if (goes_on(v, i, wordy)) {
            return true;
        }
    }
    return false;
}

/* The value speaks of secrets: password2, tokenValue, db_pwd. */
static bool names_secret(struct pst_str v)
{
    static const char *const WORDS[] = {"passw",      "token",      "secret",  "pwd",
                                        "privatekey", "apikey",     "api_key", "credential",
                                        "passphrase", "private_key"};
    for (size_t i = 0; i < PST_LEN(WORDS); i++) {
        if (pst_holds_nocase(v, WORDS[i])) {
            return true;
        }
    }
    return false;
}

/* Random as machines make them. */
static bool is_random(struct pst_str v, const struct pst_value_shape *s)
{
    if (s->n < 12 || s->space > 0 || s->high > 0) {
        return false;
    }
    unsigned entropy = pst_value_entropy(v);
    if (s->hex == s->n || pst_value_uuid(v)) {
        return s->n >= 16 && s->distinct >= 6 && s->digit > 0 && s->digit < s->n && entropy >= 250;
    }
    /* what n different characters of 64 would have on the average, less a fifth */
    unsigned least = s->n < 16 ? 270 : (s->n < 24 ? 310 : (s->n < 40 ? 350 : 400));
    int rarity = pst_value_rarity(v);
    if (entropy < least) {
        return false;
    }
    if (s->digit == 0) {
        return rarity > 40 && (s->upper > 0 || s->n >= 16);
    }
    return rarity > 0 || s->steps * 4 >= s->n || (s->digit * 3 >= s->n && s->letter_run <= 6);
}

/* Digits, or digits and signs: a PIN, a telephone number that serves as one. */
static int number_score(const struct pst_value_shape *s, enum literal literal)
{
    if (s->special == 0) {
        return s->n >= 6 && s->n <= 20 && literal >= LITERAL_SAID ? 5 : NEVER;
    }
    return s->digit > 0 && s->n >= 6 && s->special * 2 <= s->n ? 0 : NEVER;
}

/* Letters and digits. `inner`: a sign that no word has inside or at its end. */
static int mixed_score(struct pst_str v, const struct pst_value_shape *s, enum literal literal,
                       bool inner)
{
    bool numbered = s->digit == 1 && pst_is_digit(v.p[v.n - 1]); /* step2, version3 */
    if (literal == LITERAL_MAYBE && !inner && numbered) {
        return NEVER;
    }
    int score = s->n >= 6 ? 12 : 0;
    score += inner || (s->upper > 0 && s->lower > 0) ? 8 : 0;
    score += s->special > 0 && s->space == 0 ? 3 : 0;
    score -= literal == LITERAL_MAYBE && !inner && s->digit < 2 ? 14 : 0;
    return score;
}

/* Letters, and signs at most. */
static int letters_score(struct pst_str v, const struct pst_value_shape *s, enum literal literal,
                         bool inner)
{
    if (inner && s->special * 2 < s->n && s->n >= 6 && s->space == 0) {
        return literal <= LITERAL_SAID ? -5 : 12;
    }
    if (s->n >= 8 && s->special == 0 && pst_value_rarity(v) > 60) {
        return literal <= LITERAL_SAID ? 2 : 10;
    }
    /* a word, or words: only where nothing but a literal can stand */
    return literal == LITERAL_SURELY && s->n >= 5 && s->special <= 2 && s->space == 0 ? 4 : NEVER;
}

/* Of a person's choosing. */
static int chosen_score(struct pst_str v, const struct pst_value_shape *s, enum literal literal)
{
    if (pst_value_common_password(v)) {
        return literal <= LITERAL_SAID ? 5 : 20;
    }
    if (s->n < CHOSEN_MIN || s->n > CHOSEN_MAX || s->high * 2 > s->n) {
        return NEVER;
    }
    if (s->lower + s->upper == 0) {
        return number_score(s, literal);
    }
    bool inner = false;
    for (size_t i = 0; i < v.n && !inner; i++) {
        inner = v.p[i] != 0 && strchr("!@#$%^&*+=~?", v.p[i]) != NULL;
    }
    return s->digit > 0 ? mixed_score(v, s, literal, inner) : letters_score(v, s, literal, inner);
}

/* Of a machine's making, but not random enough to be known by it. */
static int made_score(struct pst_str v, const struct pst_value_shape *s)
{
    if (s->n < MACHINE_MIN || s->space > 0 || s->digit == 0 || s->lower + s->upper == 0 ||
        pst_str_find_byte(v, '\\') != PST_NPOS || pst_value_words(v)) {
        return NEVER;
    }
    return s->digit >= 2 && (s->steps >= 2 || s->n >= 12) && s->letter_run <= 10 ? 6 : -5;
}

/* People do choose abc12345, which from a machine would be a placeholder. */
static bool stands_in(struct pst_str v, const struct pst_value_shape *s, bool chosen)
{
    if (chosen && pst_value_common_password(v)) {
        return false;
    }
    bool dull = chosen ? s->distinct <= 2 || s->repeat * 3 > s->n * 2 : pst_value_monotone(s);
    return dull || pst_value_reserved(v) || pst_value_thing(v);
}

static int value_score(struct pst_str v, bool chosen, enum literal literal, bool *ret_random)
{
    struct pst_value_shape shape;
    *ret_random = false;
    if (v.n < CHOSEN_MIN) {
        return NEVER;
    }
    pst_value_shape(v, &shape);
    bool random = is_random(v, &shape);
    int score = random ? 25 : (chosen ? chosen_score(v, &shape, literal) : made_score(v, &shape));
    if (score <= NEVER || stands_in(v, &shape, chosen)) {
        return NEVER;
    }
    *ret_random = random;
    return score;
}

int pst_plausible_value(struct pst_str v, bool chosen, bool *ret_random)
{
    return value_score(v, chosen, LITERAL_LIKELY, ret_random);
}

/* Names that are also words: "pass" is a verb, and what tests print; "identified by" is SQL only
 * where a string follows. */
static bool name_misleads(struct pst_str name, const struct pst_assign *a)
{
    bool said = a->how == PST_ASSIGN_PROSE || a->how == PST_ASSIGN_SQL ||
                a->how == PST_ASSIGN_BESIDE || a->how == PST_ASSIGN_WORD ||
                a->how == PST_ASSIGN_CELL || (a->shouted && a->how == PST_ASSIGN_COLON) ||
                a->start > a->name_end + 8;
    if (name.n == 4 && pst_has_nocase(name, 0, "pass")) {
        return said;
    }
    return pst_has_nocase(name, 0, "identified") && a->how != PST_ASSIGN_SQL;
}

/* An identifier or an expression, the name of a field, of a variable, of a header. */
static bool reads_as_code(struct pst_str v, const struct pst_assign *a, enum literal literal,
                          bool chosen)
{
    if (a->quoted) {
        return literal != LITERAL_SURELY && is_identifier(v) && names_secret(v);
    }
    return is_expression(v, a->code) ||
           ((literal == LITERAL_MAYBE || (!chosen && is_identifier(v))) && names_secret(v));
}

int pst_plausible(struct pst_str text, const struct pst_assign *a, bool chosen, bool *ret_random)
{
    struct pst_str v = pst_str_cut(text, a->start, a->end - a->start);
    struct pst_str name = pst_str_cut(text, a->name_start, a->name_end - a->name_start);
    enum literal literal = literal_of(a);
    *ret_random = false;
    if (v.n < CHOSEN_MIN || pst_str_eq_nocase(v, name) || name_misleads(name, a) ||
        reads_as_code(v, a, literal, chosen)) {
        return NEVER;
    }
    int score = value_score(v, chosen, literal, ret_random);
    bool beside = a->how == PST_ASSIGN_BESIDE || (a->how == PST_ASSIGN_SQL && !chosen);
    if (*ret_random) {
        bool listed = is_identifier(v) && pst_str_find_byte(v, '_') != PST_NPOS;
        listed = listed || pst_str_find_byte(v, ',') != PST_NPOS;
        return beside && listed ? NEVER : score + (a->code && !a->quoted ? -5 : 5);
    }
    if (beside && !chosen) {
        return NEVER;
    }
    bool said = a->how == PST_ASSIGN_PROSE || a->how == PST_ASSIGN_CELL ||
                a->how == PST_ASSIGN_BESIDE;
    score -= chosen && said && !a->quoted ? 4 : 0;
    score -= !a->quoted && a->code && is_identifier(v) ? 20 : 0; /* next_token2 */
    return score;
}
