#include "inspect/normal/unicode.h"

struct twin {
    uint32_t cp;
    char text[4];
    uint8_t sure;
};

#include "inspect/normal/unicode.inc"

uint16_t pst_unicode(uint32_t cp)
{
    uint32_t block = cp >> 6;
    if (block >= UNICODE_INDEX) {
        block = UNICODE_INDEX - 1;
    }
    return unicode_blocks[unicode_index[block]][cp & 63];
}

static const struct twin *twin_find(const struct twin *list, size_t n, uint32_t cp)
{
    size_t from = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (list[from + half].cp == cp) {
            return &list[from + half];
        }
        if (list[from + half].cp < cp) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return NULL;
}

const char *pst_unicode_ornament(uint32_t cp)
{
    const struct twin *t = twin_find(unicode_ornaments, PST_LEN(unicode_ornaments), cp);
    return t != NULL ? t->text : NULL;
}

const char *pst_unicode_alike(uint32_t cp, bool *ret_sure)
{
    const struct twin *t = twin_find(unicode_alike, PST_LEN(unicode_alike), cp);
    if (t == NULL) {
        return NULL;
    }
    *ret_sure = t->sure != 0;
    return t->text;
}

uint32_t pst_unicode_back(uint8_t letter, enum pst_script script)
{
    static const struct {
        uint8_t latin;
        uint16_t cyrillic, greek;
    } back[] = {{'a', 0x430, 0x3b1}, {'b', 0x432, 0x3b2}, {'c', 0x441, 0},     {'e', 0x435, 0},
                {'h', 0x43d, 0},     {'i', 0x456, 0x3b9}, {'j', 0x458, 0},     {'k', 0x43a, 0x3ba},
                {'m', 0x43c, 0},     {'n', 0, 0x3bd},     {'o', 0x43e, 0x3bf}, {'p', 0x440, 0x3c1},
                {'s', 0x455, 0},     {'t', 0x442, 0x3c4}, {'v', 0, 0x3bd},     {'x', 0x445, 0x3c7},
                {'y', 0x443, 0x3c5}, {'u', 0, 0x3c5}};
    for (size_t i = 0; i < PST_LEN(back); i++) {
        if (back[i].latin == letter) {
            return script == PST_SCRIPT_CYRILLIC ? back[i].cyrillic
                   : script == PST_SCRIPT_GREEK  ? back[i].greek
                                                 : 0;
        }
    }
    return 0;
}

static inline uint16_t prop_of(uint32_t cp)
{
    uint32_t block = cp >> 6;
    block = block < UNICODE_INDEX ? block : UNICODE_INDEX - 1;
    return unicode_blocks[unicode_index[block]][cp & 63];
}

size_t pst_unicode_simple(struct pst_str in, size_t at, size_t counts[PST_SCRIPTS])
{
    size_t last = at; /* where the last letter begins: a mark after it would be its own */
    enum pst_script script = PST_SCRIPT_NONE;
    while (at < in.n && in.p[at] >= 0x80) {
        size_t n;
        uint16_t prop = prop_of(pst_unicode_at(in, at, &n));
        enum pst_glyph kind = pst_unicode_glyph(prop);
        bool marked = kind == PST_GLYPH_MARK || (prop & PST_PROP_MAYBE) != 0;
        if (marked && at > last) {
            counts[script]--;
            return last;
        }
        if (kind != PST_GLYPH_LETTER ||
            (prop & (PST_PROP_COMPAT | PST_PROP_MAYBE | PST_PROP_STYLED)) != 0 ||
            pst_unicode_script(prop) == PST_SCRIPT_FANCY) {
            return at;
        }
        script = pst_unicode_script(prop);
        counts[script]++;
        last = at;
        at += n;
    }
    return at;
}

size_t pst_unicode_caseless(struct pst_str in, size_t at)
{
    const unsigned cased = 1U << PST_SCRIPT_LATIN | 1U << PST_SCRIPT_GREEK |
                           1U << PST_SCRIPT_CYRILLIC | 1U << PST_SCRIPT_ARMENIAN |
                           1U << PST_SCRIPT_CAPITALS | 1U << PST_SCRIPT_FANCY |
                           1U << PST_SCRIPT_OTHER | 1U << PST_SCRIPT_NONE;
    while (at < in.n && in.p[at] >= 0x80) {
        size_t n;
        uint16_t prop = prop_of(pst_unicode_at(in, at, &n));
        if ((cased >> pst_unicode_script(prop) & 1) != 0) {
            return at;
        }
        at += n;
    }
    return at;
}

const char *pst_unicode_version(void)
{
    return UNICODE_VERSION;
}
