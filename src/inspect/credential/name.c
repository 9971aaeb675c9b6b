/* Names: which words beside "password" or "token" make it something else. */
#include "inspect/credential/assign.h"
#include "inspect/credential/value.h"

/* Sorted. After the secret's word: password_hint, token_type, secretName. */
static const char *const AFTER[] = {
    "age",         "algo",         "algorithm",  "algorithms",  "alias",        "arn",
    "attempts",    "attribute",    "attributes", "authurl",     "bits",         "boundary",
    "box",         "broker",       "budget",     "button",      "bytes",        "cache",
    "callback",    "changed",      "changes",    "char",        "chars",        "check",
    "checked",     "checker",      "checksum",   "class",       "classes",      "column",
    "command",     "comment",      "config",     "confirm",     "confirmed",    "container",
    "context",     "control",      "controller", "cost",        "count",        "counter",
    "created",     "creator",      "date",       "dates",       "decoder",      "def",
    "description", "details",      "dialog",     "dir",         "directory",    "disabled",
    "dlg",         "element",      "embedding",  "enabled",     "encoder",      "encoding",
    "encrypted",   "encryption",   "endpoint",   "entry",       "env",          "error",
    "errors",      "evaluator",    "event",      "exception",   "exists",       "exp",
    "expiration",  "expire",       "expired",    "expires",     "expiry",       "factory",
    "feature",     "field",        "fields",     "file",        "filename",     "files",
    "filter",      "flag",         "flow",       "fn",          "folder",       "forgot",
    "form",        "format",       "formatter",  "func",        "function",     "generator",
    "getter",      "grant",        "group",      "groups",      "handler",      "hash",
    "hashed",      "hasher",       "hashes",     "header",      "headers",      "help",
    "helper",      "hidden",       "hint",       "hints",       "history",      "host",
    "icon",        "id",           "identifier", "ids",         "index",        "info",
    "input",       "interface",    "invalid",    "issuer",      "item",         "items",
    "iter",        "iterator",     "kind",       "label",       "labels",       "layout",
    "len",         "length",       "level",      "lifetime",    "limit",        "limits",
    "link",        "list",         "listener",   "loader",      "location",     "lookup",
    "management",  "manager",      "mandatory",  "map",         "mapping",      "mask",
    "max",         "message",      "messages",   "method",      "mgr",          "min",
    "mismatch",    "missing",      "mode",       "model",       "module",       "msg",
    "name",        "names",        "needed",     "needs",       "node",         "none",
    "number",      "offset",       "option",     "options",     "order",        "output",
    "owner",       "page",         "param",      "parameter",   "params",       "parser",
    "path",        "paths",        "pattern",    "per",         "permission",   "permissions",
    "placeholder", "policies",     "policy",     "popup",       "position",     "prefix",
    "process",     "processor",    "prompt",     "properties",  "property",     "protected",
    "protection",  "protocol",     "provider",   "providers",   "purpose",      "query",
    "range",       "rate",         "ratio",      "recovery",    "ref",          "reference",
    "regex",       "region",       "registry",   "repo",        "repository",   "request",
    "requested",   "requests",     "required",   "requirement", "requirements", "reset",
    "resolver",    "resource",     "response",   "result",      "results",      "role",
    "rotation",    "row",          "rule",       "rules",       "schema",       "scheme",
    "scope",       "scopes",       "screen",     "script",      "section",      "selector",
    "separator",   "server",       "service",    "services",    "session",      "setting",
    "settings",    "size",         "sizes",      "source",      "spec",         "spinner",
    "start",       "state",        "status",     "storage",     "store",        "stream",
    "strength",    "struct",       "suffix",     "support",     "system",       "table",
    "tag",         "tags",         "template",   "tests",       "textbox",      "textfield",
    "theme",       "threshold",    "time",       "timeout",     "timestamp",    "title",
    "tooltip",     "total",        "ttl",        "type",        "types",        "unit",
    "update",      "updated",      "updater",    "uri",         "url",          "urls",
    "usage",       "used",         "user",       "username",    "users",        "valid",
    "validate",    "validation",   "validator",  "validity",    "var",          "variable",
    "variables",   "verification", "verified",   "verifier",    "version",      "view",
    "visibility",  "visible",      "warning",    "widget",      "width",        "wordlist",
    "wrapper",     "writer",
};
/* Sorted. Before it: max_tokens, next_page_token, public_key, has_password. */
static const char *const BEFORE[] = {
    "action",     "allow",     "allowed",      "available",   "average",    "avg",
    "begin",      "bos",       "bpe",          "budget",      "cache",      "cached",
    "canary",     "cancel",    "cancellation", "change",      "cls",        "comma",
    "completion", "confirm",   "continuation", "correlation", "count",      "creation",
    "csrf",       "cursor",    "dedup",        "empty",       "encrypted",  "end",
    "eof",        "eol",       "eom",          "eos",         "expected",   "foreign",
    "forget",     "forgot",    "generated",    "got",         "has",        "hash",
    "hashed",     "have",      "hide",         "idempotency", "identifier", "input",
    "invalid",    "is",        "keyword",      "lastpage",    "lemma",      "lexer",
    "lock",       "lookup",    "marker",       "match",       "max",        "maximum",
    "min",        "minimum",   "missing",      "next",        "no",         "num",
    "number",     "oftokens",  "oldpage",      "operator",    "output",     "pad",
    "padding",    "page",      "pagination",   "parse",       "parsed",     "partition",
    "peek",       "peer",      "per",          "prev",        "previous",   "primary",
    "prompt",     "pub",       "public",       "purchase",    "reasoning",  "remaining",
    "require",    "required",  "requires",     "reset",       "resume",     "row",
    "sep",        "separator", "sequence",     "should",      "show",       "sort",
    "special",    "start",     "stop",         "strong",      "subword",    "sync",
    "syntax",     "total",     "unk",          "unknown",     "used",       "validate",
    "verify",     "weak",      "whitespace",   "without",     "wrong",      "xsrf",
};
/* Sorted. Letters that may follow it without a separator: secretkey, passwordvalue, and endings of
 * words. */
static const char *const GLUED[] = {
    "access",  "admin",  "am",   "api",  "base", "code", "data",       "db",   "dev",   "en",
    "ene",     "et",     "id1",  "im",   "ini",  "ja",   "key",        "m",    "n",     "na",
    "name123", "ni",     "om",   "ot",   "prd",  "prod", "production", "root", "si",    "staging",
    "str",     "string", "test", "text", "ul",   "user", "v",          "val",  "value",
};

enum { WORD_MAX = 24 };

/* The next word of a name from `i` on: camelCase and separators divide; digits end a word. Empty at
 * the end. `ret_next`: where to go on. */
static struct pst_str next_word(struct pst_str name, size_t i, size_t *ret_next)
{
    while (i < name.n && !pst_is_alpha(name.p[i]) && name.p[i] < 0x80) {
        i++;
    }
    size_t from = i;
    while (i < name.n && (pst_is_alpha(name.p[i]) || name.p[i] >= 0x80)) {
        bool hump = i > from && pst_is_upper(name.p[i]) &&
                    (pst_is_lower(name.p[i - 1]) ||
                     (pst_is_lower(pst_at(name, i + 1)) && pst_is_upper(name.p[i - 1])));
        if (hump) {
            break;
        }
        i++;
    }
    *ret_next = i;
    return pst_str_cut(name, from, i - from);
}

static bool any_word(struct pst_str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < name.n;) {
        size_t next = i;
        struct pst_str word = next_word(name, i, &next);
        if (word.n > 0 && word.n <= WORD_MAX && pst_word_in(word, list, n)) {
            return true;
        }
        i = next > i ? next : i + 1;
    }
    return false;
}

bool pst_name_keeps(struct pst_str name, size_t at, size_t len)
{
    struct pst_str before = pst_str_cut(name, 0, at), after = pst_str_from(name, at + len);
    uint8_t last = pst_at(name, at + len - 1), next = pst_at(after, 0);
    if (pst_is_alpha(last) && pst_is_alpha(next) && !(pst_is_lower(last) && pst_is_upper(next))) {
        size_t end = 0;
        struct pst_str glued = next_word(after, 0, &end);
        if (!pst_word_in(glued, GLUED, PST_LEN(GLUED))) {
            return false;
        }
        after = pst_str_from(after, end);
    }
    /* short names inside longer words: bypass, compass, spwd */
    uint8_t prev = at > 0 ? name.p[at - 1] : 0, first = pst_at(name, at);
    if (len < 5 && pst_is_alpha(prev) && pst_is_alpha(first) &&
        !(pst_is_lower(prev) && pst_is_upper(first))) {
        return false;
    }
    return !any_word(before, BEFORE, PST_LEN(BEFORE)) && !any_word(after, AFTER, PST_LEN(AFTER));
}

bool pst_name_keeps_any(struct pst_str name)
{
    size_t last = 0;
    for (size_t i = 0; i < name.n;) {
        size_t next = i;
        struct pst_str word = next_word(name, i, &next);
        last = word.n > 0 ? i : last;
        i = next > i ? next : i + 1;
    }
    /* "token" and "key" are in neither list, so that the words around decide */
    return !any_word(name, BEFORE, PST_LEN(BEFORE)) &&
           !any_word(pst_str_from(name, last), AFTER, PST_LEN(AFTER));
}
