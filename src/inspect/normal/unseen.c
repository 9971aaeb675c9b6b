/* What invisible characters spell: tag characters as ASCII, selectors as bytes, two invisible
 * operators as bits. */
#include "inspect/normal/unseen.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"

static size_t next_cp(struct pst_str in, size_t at, uint32_t *ret)
{
    if (in.p[at] < 0xC0) { /* ASCII: nothing here */
        *ret = in.p[at];
        return 1;
    }
    return pst_utf8_get(pst_str_from(in, at), ret);
}

void pst_view_tags(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    size_t end = 0;
    uint32_t cp;
    for (size_t at = 0, n; at < in.n; at += n) {
        n = next_cp(in, at, &cp);
        if (cp < 0xE0020 || cp > 0xE007E) {
            continue;
        }
        if (out.n > 0 && at > end) { /* what is between them was seen: another run */
            pst_draft_byte(&out, ' ', end);
        }
        pst_draft_byte(&out, (uint8_t)(cp - 0xE0000), at);
        end = at + n;
    }
    (void)pst_draft_view(&out, PST_VIEW_TAGS, parent, end, true, false);
}

static int selector_byte(uint32_t cp)
{
    return cp >= 0xFE00 && cp <= 0xFE0F     ? (int)(cp - 0xFE00)
           : cp >= 0xE0100 && cp <= 0xE01EF ? (int)(cp - 0xE0100 + 16)
                                            : -1;
}

static void selectors(struct pst_make *make, size_t parent, struct pst_str in)
{
    struct pst_draft out = {.make = make};
    size_t end = 0, mark = 0, run = 0;
    uint32_t cp;
    for (size_t at = 0, n; at <= in.n; at += n) {
        n = 1;
        int byte = -1;
        if (at < in.n) {
            n = next_cp(in, at, &cp);
            byte = selector_byte(cp);
        }
        if (byte >= 0) {
            pst_draft_byte(&out, (uint8_t)byte, at);
            end = at + n;
            run++;
        } else if (run > 0) {
            if (run < 3 || !pst_draft_settle(&out, mark)) {
                out.n = mark;
            }
            run = 0;
            if (out.n > mark) {
                pst_draft_byte(&out, ' ', end);
            }
            mark = out.n;
        }
    }
    if (out.n > 0) {
        out.n--; /* the last blank */
    }
    (void)pst_draft_view(&out, PST_VIEW_SELECTORS, parent, end, true, false);
}

/* U+2062 is 0 and U+2064 is 1, or the other way round: whichever makes text. */
static void sneaky_bits(struct pst_make *make, size_t parent, struct pst_str in, unsigned flip)
{
    struct pst_draft out = {.make = make};
    size_t end = 0, first = 0;
    unsigned bits = 0, value = 0;
    uint32_t cp;
    for (size_t at = 0, n; at < in.n; at += n) {
        n = next_cp(in, at, &cp);
        if (cp != 0x2062 && cp != 0x2064) {
            continue;
        }
        first = bits == 0 ? at : first;
        value = value << 1 | ((cp == 0x2064 ? 1U : 0U) ^ flip);
        end = at + n;
        if (++bits == 8) {
            pst_draft_byte(&out, (uint8_t)value, first);
            bits = value = 0;
        }
    }
    if (out.n > 0 && pst_draft_settle(&out, 0)) {
        (void)pst_draft_view(&out, PST_VIEW_SELECTORS, parent, end, true, false);
    }
}

void pst_view_selectors(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    selectors(make, parent, in);
    sneaky_bits(make, parent, in, 0);
    sneaky_bits(make, parent, in, 1);
}

/* [from, end) from its end, character by character. */
static void put_backwards(struct pst_draft *out, struct pst_str in, size_t from, size_t end)
{
    while (end > from) {
        size_t at = end - 1;
        while (at > from && (in.p[at] & 0xC0) == 0x80) {
            at--;
        }
        for (size_t i = at; i < end; i++) {
            pst_draft_byte(out, in.p[i], i);
        }
        end = at;
    }
}

void pst_view_reordered(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    size_t from = 0;
    bool over = false;
    uint32_t cp;
    for (size_t at = 0, n; at <= in.n; at += n) {
        n = 1;
        cp = '\n';
        if (at < in.n) {
            n = next_cp(in, at, &cp);
        }
        bool control = cp >= 0x202A && cp <= 0x202E;
        if (!control && !(cp == '\n' && (over || at == in.n))) {
            continue; /* a line is the reach of an override */
        }
        if (over) {
            put_backwards(&out, in, from, at);
        } else {
            pst_draft_copy(&out, in, from, at - from);
        }
        over = cp == 0x202E;
        from = control ? at + n : at;
    }
    (void)pst_draft_view(&out, PST_VIEW_REVERSED, parent, in.n, true, true);
}

/* The letter that a character is when it is turned by half a circle; 0: itself. */
static uint8_t turned_letter(uint32_t cp)
{
    static const struct {
        uint16_t from;
        uint8_t to;
    } table[] = {
        {'b', 'q'},    {'q', 'b'},    {'d', 'p'},    {'p', 'd'},    {'n', 'u'},    {'u', 'n'},
        {'m', 'w'},    {'w', 'm'},    {'\'', ','},   {',', '\''},   {0x2D9, '.'},  {0xBF, '?'},
        {0xA1, '!'},   {0x250, 'a'},  {0x254, 'c'},  {0x1DD, 'e'},  {0x259, 'e'},  {0x25F, 'f'},
        {0x183, 'g'},  {0x253, 'g'},  {0x265, 'h'},  {0x1D09, 'i'}, {0x131, 'i'},  {0x27E, 'j'},
        {0x638, 'j'},  {0x29E, 'k'},  {0x26F, 'm'},  {0x279, 'r'},  {0x287, 't'},  {0x28C, 'v'},
        {0x28D, 'w'},  {0x28E, 'y'},  {0x2C7, 0},    {0x25C, 'e'},  {0x1D1F, 'm'}, {0x2200, 'a'},
        {0x18E, 'e'},  {0x2132, 'f'}, {0x2141, 'g'}, {0x186, 'c'},  {0x2142, 'l'}, {0x2229, 'u'},
        {0x1D1A, 'r'}, {0x22A5, 't'}, {0x39B, 'v'},  {0x2144, 'y'},
    };
    for (size_t i = 0; i < PST_LEN(table); i++) {
        if (table[i].from == cp) {
            return table[i].to;
        }
    }
    return 0;
}

void pst_view_turned(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct pst_draft out = {.make = make};
    for (size_t end = in.n; end > 0 && !out.over;) {
        size_t at = end - 1;
        uint32_t cp = 0;
        while (at > 0 && (in.p[at] & 0xC0) == 0x80) {
            at--;
        }
        (void)pst_utf8_get(pst_str_cut(in, at, end - at), &cp);
        uint8_t letter = turned_letter(pst_is_upper(cp) ? cp | 0x20 : cp);
        pst_draft_cp(&out, letter != 0 ? letter : cp, at);
        end = at;
    }
    (void)pst_draft_view(&out, PST_VIEW_REVERSED, parent, in.n, true, true);
}
