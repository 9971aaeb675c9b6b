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

/* Expressions of programs: calls, subscripts, members, operators. */
static bool is_expression(struct pst_str v)
{
    if (v.n == 0) {
        return false;
    }
    for (size_t i = 0; i + 1 < v.n; i++) {
        uint8_t c = v.p[i], next = v.p[i + 1];
        bool call = (c == '(' || c == '[') && i > 0 && pst_is_ident(v.p[i - 1]);
        bool member = (c == '-' && next == '>') || (c == ':' && next == ':') ||
                      (c == '.' && i > 0 && pst_is_alpha(v.p[i - 1]) && pst_is_alpha(next) &&
                       i + 4 < v.n && pst_value_rarity(v) < 20);
        if (call || member) {
            return true;
        }
    }
    uint8_t last = v.p[v.n - 1];
    return last == '(' || last == '[' || last == '{' || (v.p[0] == '&' && v.n > 1) ||
           (v.p[0] == '*' && v.n > 1 && pst_is_ident(v.p[1])) || v.p[0] == '(' || v.p[0] == '[' ||
           v.p[0] == '{' || v.p[0] == '\\' || v.p[0] == '!';
}

/* The value speaks of secrets: password2, tokenValue, db_pwd. */
static bool names_secret(struct pst_str v)
{
    static const char *const WORDS[] = {"passw",  "token",   "secret",     "pwd",
                                        "apikey", "api_key", "credential", "passphrase"};
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

/* Of a person's choosing. */
static int chosen_score(struct pst_str v, const struct pst_value_shape *s, enum literal literal)
{
    size_t letters = s->lower + s->upper;
    if (pst_value_common_password(v)) {
        return literal <= LITERAL_SAID ? 5 : 20;
    }
    if (s->n < CHOSEN_MIN || s->n > CHOSEN_MAX || s->high * 2 > s->n) {
        return NEVER;
    }
    if (letters == 0) {
        if (s->special == 0) {
            return s->n >= 6 && s->n <= 20 && literal >= LITERAL_LIKELY ? 5 : NEVER;
        }
        return s->digit > 0 && s->n >= 6 && s->special * 2 <= s->n ? 0 : NEVER;
    }
    bool inner = false; /* a sign that no word has inside or at its end */
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        inner = inner || (c != 0 && strchr("!@#$%^&*+=~?", c) != NULL);
    }
    if (s->digit > 0 && letters > 0) {
        int score = s->n >= 6 ? 12 : 0;
        score += inner || (s->upper > 0 && s->lower > 0) ? 8 : 0;
        score += s->special > 0 && s->space == 0 ? 3 : 0;
        if (s->digit == 1 && !inner && pst_is_digit(v.p[v.n - 1]) && literal == LITERAL_MAYBE) {
            return NEVER; /* a numbered word */
        }
        return score - (literal == LITERAL_MAYBE && !inner && s->digit < 2 ? 14 : 0);
    }
    if (inner && s->special * 2 < s->n && s->n >= 6 && s->space == 0) {
        return literal <= LITERAL_SAID ? -5 : 12;
    }
    int rarity = pst_value_rarity(v);
    if (rarity > 60 && s->n >= 8 && s->special == 0) {
        return literal <= LITERAL_SAID ? 2 : 10;
    }
    /* a word, or words: only where nothing but a literal can stand */
    return literal == LITERAL_SURELY && s->n >= 5 && s->special <= 2 && s->space == 0 ? 4 : NEVER;
}

/* People do choose abc12345, which from a machine would be a placeholder. */
static bool stands_in(struct pst_str v, bool chosen)
{
    struct pst_value_shape shape;
    if (chosen && pst_value_common_password(v)) {
        return false;
    }
    if (pst_value_reserved(v)) {
        return true;
    }
    pst_value_shape(v, &shape);
    return chosen ? shape.distinct <= 2 || shape.repeat * 3 > shape.n * 2
                  : pst_value_monotone(&shape);
}

int pst_plausible_value(struct pst_str v, bool chosen, bool *ret_random)
{
    struct pst_value_shape shape;
    *ret_random = false;
    if (stands_in(v, chosen) || pst_value_thing(v)) {
        return NEVER;
    }
    pst_value_shape(v, &shape);
    if (is_random(v, &shape)) {
        *ret_random = true;
        return 25;
    }
    if (chosen) {
        return chosen_score(v, &shape, LITERAL_LIKELY);
    }
    size_t letters = shape.lower + shape.upper;
    if (pst_str_find_byte(v, '\\') != PST_NPOS) {
        return NEVER; /* a pattern, or text in escapes */
    }
    if (shape.n < MACHINE_MIN || shape.space > 0 || pst_value_words(v) || letters == 0 ||
        shape.digit == 0) {
        return NEVER;
    }
    return shape.digit >= 2 && (shape.steps >= 2 || shape.n >= 12) && shape.letter_run <= 10 ? 6
                                                                                             : -5;
}

int pst_plausible(struct pst_str text, const struct pst_assign *a, bool chosen, bool *ret_random)
{
    struct pst_str v = pst_str_cut(text, a->start, a->end - a->start);
    struct pst_str name = pst_str_cut(text, a->name_start, a->name_end - a->name_start);
    enum literal literal = literal_of(a);
    struct pst_value_shape shape;
    *ret_random = false;
    if (pst_str_eq_nocase(v, name)) {
        return NEVER;
    }
    /* "pass" is a verb, and what tests print; "identified by" is SQL only where a string follows */
    bool verb = name.n == 4 && pst_has_nocase(name, 0, "pass");
    bool said = a->how == PST_ASSIGN_PROSE || a->how == PST_ASSIGN_SQL ||
                a->how == PST_ASSIGN_BESIDE || a->how == PST_ASSIGN_WORD ||
                a->how == PST_ASSIGN_CELL;
    if ((verb && (said || (a->shouted && a->how == PST_ASSIGN_COLON))) ||
        (pst_has_nocase(name, 0, "identified") && a->how != PST_ASSIGN_SQL)) {
        return NEVER;
    }
    if (!a->quoted && (is_expression(v) || (literal == LITERAL_MAYBE && names_secret(v)))) {
        return NEVER;
    }
    if (a->quoted && is_identifier(v) && names_secret(v) && literal != LITERAL_SURELY) {
        return NEVER; /* the name of a field, of a variable, of a header */
    }
    int score = pst_plausible_value(v, chosen, ret_random);
    if (*ret_random) {
        bool beside = a->how == PST_ASSIGN_BESIDE || (a->how == PST_ASSIGN_SQL && !chosen);
        score += a->code && !a->quoted ? -5 : 5;
        return beside && is_identifier(v) && pst_str_find_byte(v, '_') != PST_NPOS ? NEVER : score;
    }
    if (!chosen && (a->how == PST_ASSIGN_BESIDE || a->how == PST_ASSIGN_SQL)) {
        return NEVER;
    }
    pst_value_shape(v, &shape);
    if (score == NEVER && !chosen) {
        return NEVER;
    }
    if (chosen) {
        if (stands_in(v, chosen) || pst_value_thing(v)) {
            return NEVER;
        }
        score = chosen_score(v, &shape, literal);
        if (a->how == PST_ASSIGN_PROSE || a->how == PST_ASSIGN_CELL ||
            a->how == PST_ASSIGN_BESIDE) {
            score -= a->quoted ? 0 : 4;
        }
    }
    if (!a->quoted && a->code && is_identifier(v)) {
        score -= 20; /* next_token2 */
    }
    return score;
}
