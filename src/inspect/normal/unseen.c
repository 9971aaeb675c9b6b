/* What invisible characters spell: tag characters as ASCII, selectors as bytes, two invisible
 * operators as bits. */
#include "inspect/normal/unseen.h"

#include "base/enc.h"

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
