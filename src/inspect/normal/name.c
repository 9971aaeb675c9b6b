#include "inspect/normal/normal.h"

const char *pst_view_kind_name(enum pst_view_kind kind)
{
    static const char *const names[PST_VIEW_KINDS] = {
        [PST_VIEW_GIVEN] = "given",         [PST_VIEW_PLAIN] = "plain",
        [PST_VIEW_TAGS] = "tags",           [PST_VIEW_SELECTORS] = "selectors",
        [PST_VIEW_COLLAPSED] = "collapsed", [PST_VIEW_BASE64] = "base64",
        [PST_VIEW_BASE32] = "base32",       [PST_VIEW_HEX] = "hex",
        [PST_VIEW_PERCENT] = "percent",     [PST_VIEW_ENTITY] = "entity",
        [PST_VIEW_ESCAPE] = "escape",       [PST_VIEW_QUOTED] = "quoted",
        [PST_VIEW_BINARY] = "binary",       [PST_VIEW_MORSE] = "morse",
        [PST_VIEW_BRAILLE] = "braille",     [PST_VIEW_NATO] = "nato",
        [PST_VIEW_ROT13] = "rot13",         [PST_VIEW_ATBASH] = "atbash",
        [PST_VIEW_REVERSED] = "reversed",   [PST_VIEW_WORDS_REVERSED] = "words_reversed",
        [PST_VIEW_UTF16] = "utf16",         [PST_VIEW_BASE85] = "base85",
        [PST_VIEW_HIDDEN] = "hidden",       [PST_VIEW_CLEAN] = "clean",
    };
    return (size_t)kind < PST_LEN(names) ? names[kind] : NULL;
}

const char *pst_evasion_name(size_t bit)
{
    static const char *const names[] = {
        "invisible", "tags",    "selectors", "bidi",   "lookalike", "styled", "spaced", "leet",
        "marks",     "control", "encoded",   "cipher", "hidden",    "roles",  "script", "gibberish",
    };
    return bit < PST_LEN(names) ? names[bit] : NULL;
}
