/* What stands where a secret could stand and is none. */
#include "inspect/credential/value.h"

/* The whole value, without separators around it. Sorted. */
static const char *const WHOLE[] = {
    "abc123def456",
    "access",
    "access_token",
    "actual",
    "admin_password",
    "all",
    "always",
    "any",
    "api_key",
    "apikey",
    "array",
    "asap",
    "ask",
    "asterisks",
    "auth",
    "auto",
    "automatic",
    "await",
    "base64",
    "basic",
    "bearer",
    "blank",
    "bool",
    "boolean",
    "byte",
    "bytes",
    "bytestring",
    "case",
    "char",
    "check",
    "cleartext",
    "client_secret",
    "confirm",
    "const",
    "cookie",
    "correct",
    "credential",
    "credentials",
    "custom",
    "data",
    "database",
    "db_password",
    "default",
    "default_value",
    "deprecated",
    "dict",
    "disabled",
    "email",
    "empty",
    "enabled",
    "encrypted",
    "env",
    "environment",
    "error",
    "exists",
    "expired",
    "external",
    "false",
    "file",
    "first",
    "float",
    "foo",
    "forgot",
    "form",
    "function",
    "generated",
    "getenv",
    "global",
    "guest_password",
    "hash",
    "hashed",
    "header",
    "hidden",
    "hmac",
    "host",
    "identifier",
    "ignore",
    "ignored",
    "implicit",
    "incorrect",
    "inherit",
    "input",
    "int",
    "integer",
    "internal",
    "invalid",
    "jwt",
    "key",
    "keychain",
    "keyring",
    "lambda",
    "last",
    "list",
    "local",
    "localhost",
    "login",
    "long",
    "manual",
    "map",
    "masked",
    "maybe",
    "missing",
    "my_password",
    "mypassword",
    "n/a",
    "name",
    "never",
    "new",
    "next",
    "nil",
    "no",
    "none",
    "not_set",
    "notset",
    "null",
    "nullable",
    "number",
    "oauth",
    "oauth2",
    "object",
    "off",
    "ok",
    "old",
    "omitted",
    "on",
    "only",
    "opaque",
    "option",
    "optional",
    "parameter",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "password1234567890",
    "path",
    "plain",
    "plaintext",
    "primary",
    "private",
    "private_key",
    "prompt",
    "protected",
    "public",
    "pwd",
    "query",
    "random",
    "raw",
    "readonly",
    "redacted",
    "refresh",
    "refresh_token",
    "regex",
    "required",
    "reset",
    "response",
    "return",
    "revoked",
    "same",
    "schema",
    "secret",
    "secret_key",
    "secrets",
    "secure",
    "secured",
    "self",
    "sensitive",
    "service",
    "session",
    "set",
    "shared",
    "shown",
    "signature",
    "static",
    "str",
    "string",
    "strong",
    "struct",
    "super",
    "tbd",
    "test",
    "testing",
    "text",
    "this",
    "token",
    "tokens",
    "true",
    "type",
    "undefined",
    "unique",
    "unknown",
    "unset",
    "unused",
    "url",
    "user",
    "user_name",
    "user_password",
    "username",
    "uuid",
    "valid",
    "value",
    "values",
    "var",
    "varchar",
    "variable",
    "vault",
    "visible",
    "void",
    "weak",
    "wrong",
    "yes",
};
/* A value that holds one of these was written to be replaced. */
enum { PARTS_PER_LETTER = 8 };
static const char *const PARTS[26][PARTS_PER_LETTER] = {
    ['c' - 'a'] = {"changeme", "change_me", "change-me", "changeit"},
    ['d' - 'a'] = {"dummy", "deadbeef"},
    ['e' - 'a'] = {"example", "enter_", "enter-"},
    ['f' - 'a'] = {"fixme", "fake", "foobar"},
    ['g' - 'a'] = {"goes here"},
    ['i' - 'a'] = {"insert"},
    ['l' - 'a'] = {"lorem"},
    ['m' - 'a'] = {"my-secret", "my_secret", "mysecret", "my-api", "my_api", "my-token", "my_token",
                   "mytoken"},
    ['n' - 'a'] = {"notreal", "not-real", "not_real", "notarealkey"},
    ['p' - 'a'] = {"placeholder"},
    ['r' - 'a'] = {"replace", "redacted", "removed"},
    ['s' - 'a'] = {"sample", "some-", "some_"},
    ['t' - 'a'] = {"todo"},
    ['x' - 'a'] = {"xxxx"},
    ['y' - 'a'] = {"your_", "your-", "your ", "yourpass", "yoursecret", "yourtoken", "yourapi",
                   "yourkey"},
};
static const char *const SIGNS[] = {"_here", "-here", "****",         "...",
                                    "____",  "<your", "\xe2\x80\xa6", "\xe2\x80\xa2\xe2\x80\xa2"};
/* What people choose most, as far as it would otherwise be taken for a run or a word. Sorted. */
static const char *const COMMON[] = {
    "000000",     "111111",    "112233",   "121212",    "123123",     "123321",    "12345",
    "123456",     "1234567",   "12345678", "123456789", "1234567890", "123qwe",    "1q2w3e4r",
    "1qaz2wsx",   "654321",    "666666",   "abc123",    "abcd1234",   "admin123",  "asdf1234",
    "asdfgh",     "asdfghjkl", "baseball", "batman",    "dragon",     "football",  "iloveyou",
    "letmein",    "master123", "michael",  "monkey",    "ninja123",   "p@ssw0rd",  "p@ssword",
    "pa$$w0rd",   "pa$$word",  "pass123",  "pass1234",  "passw0rd",   "password1", "password123",
    "pokemon",    "princess",  "qazwsx",   "qwe123",    "qwerty",     "qwerty123", "qwertyuiop",
    "root123",    "shadow",    "starwars", "sunshine",  "superman",   "trustno1",  "welcome1",
    "welcome123", "whatever",  "zaq12wsx", "zxcvbnm",
};

bool pst_value_common_password(struct pst_str value)
{
    return pst_word_in(value, COMMON, PST_LEN(COMMON));
}

struct ends {
    uint8_t first, last;
};
static const struct ends CLOSED[] = {{'{', '}'}, {'<', '>'}, {'%', '%'},
                                     {'[', ']'}, {'(', ')'}, {'@', '@'}};
static const char *const OPENED[] = {"#{", "{{", "<%", "<?", "&{", "${", "$(", "$[", "__"};

/* A whole value that is only a reference: ${X}, $(cmd), $X, %X%, {{ x }}, <x>, #{x}, @x@, [x]. */
static bool is_reference(struct pst_str v)
{
    for (size_t i = 0; i < PST_LEN(OPENED); i++) {
        if (pst_has_nocase(v, 0, OPENED[i]) && (i + 1 < PST_LEN(OPENED) || v.p[v.n - 1] == '_')) {
            return true;
        }
    }
    for (size_t i = 0; i < PST_LEN(CLOSED); i++) {
        if (v.n > 1 && v.p[0] == CLOSED[i].first && v.p[v.n - 1] == CLOSED[i].last) {
            return true;
        }
    }
    size_t i = 1;
    while (i < v.n && (pst_is_ident(v.p[i]) || v.p[i] == ':' || v.p[i] == '.')) {
        i++;
    }
    return pst_at(v, 0) == '$' && i == v.n && v.n > 1 && !pst_is_digit(v.p[1]);
}

/* A reference or a format inside: %s, %(x)s, {0}, {name}, ${x}, #{x}, $(x). */
static bool holds_reference(struct pst_str v)
{
    for (size_t i = 0; i + 1 < v.n; i++) {
        uint8_t c = v.p[i], next = v.p[i + 1];
        if ((c == '$' || c == '#' || c == '{') && next == '{') {
            return true;
        }
        bool format = next == 's' || next == 'd' || next == 'v';
        if (c == '%' && (next == '(' || (format && !pst_is_alnum(pst_at(v, i + 2)))) &&
            (i == 0 || !pst_is_alnum(v.p[i - 1]))) {
            return true;
        }
        if (c == '$' && next == '(') {
            return true;
        }
        if (c == '{') {
            size_t k = i + 1;
            while (k < v.n && (pst_is_ident(v.p[k]) || strchr(".[]()'\":!", v.p[k]) != NULL)) {
                k++;
            }
            if (pst_at(v, k) == '}' && k > i) {
                return true;
            }
        }
    }
    return false;
}

static struct pst_str without_edges(struct pst_str v)
{
    size_t from = 0, to = v.n;
    while (from < to && !pst_is_alnum(v.p[from]) && v.p[from] < 0x80) {
        from++;
    }
    while (to > from && !pst_is_alnum(v.p[to - 1]) && v.p[to - 1] < 0x80) {
        to--;
    }
    return pst_str_cut(v, from, to - from);
}

static bool written_to_be_replaced(struct pst_str v, size_t i)
{
    uint8_t c = v.p[i];
    if (pst_is_alpha(c)) {
        const char *const *list = PARTS[(c | 0x20) - 'a'];
        for (size_t k = 0; k < PARTS_PER_LETTER && list[k] != NULL; k++) {
            if (pst_has_nocase(v, i, list[k])) {
                return true;
            }
        }
        return false;
    }
    for (size_t k = 0; k < PST_LEN(SIGNS); k++) {
        if (c == (uint8_t)SIGNS[k][0] && pst_has_nocase(v, i, SIGNS[k])) {
            return true;
        }
    }
    return false;
}

bool pst_value_reserved(struct pst_str v)
{
    if (v.n == 0 || is_reference(v) || holds_reference(v)) {
        return true;
    }
    struct pst_str core = without_edges(v);
    if (core.n == 0 || pst_word_in(core, WHOLE, PST_LEN(WHOLE))) {
        return true;
    }
    /* long secrets hold anything by chance: look where people look */
    struct pst_str seen = pst_str_cut(v, 0, 128);
    for (size_t i = 0; i < seen.n; i++) {
        if (written_to_be_replaced(seen, i)) {
            return true;
        }
    }
    return false;
}

bool pst_value_placeholder(struct pst_str value)
{
    struct pst_value_shape shape;
    if (pst_value_reserved(value)) {
        return true;
    }
    pst_value_shape(value, &shape);
    return pst_value_monotone(&shape);
}
