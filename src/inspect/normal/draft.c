#include "inspect/normal/draft.h"

#include "base/check.h"
#include "base/enc.h"
#include "inspect/normal/unicode.h"

void pst_make_hit(struct pst_make *make, enum pst_evasion flag, size_t times)
{
    if (times == 0) {
        return;
    }
    size_t bit = (size_t)__builtin_ctz((unsigned)flag);
    size_t room = UINT32_MAX - make->hits[bit];
    make->hits[bit] += (uint32_t)(times < room ? times : room);
    make->ret->flags |= (uint32_t)flag;
}

void pst_draft_init(struct pst_draft *d, struct pst_make *make, size_t guess)
{
    *d = (struct pst_draft){.make = make};
    if (guess == 0) {
        return; /* most decoders find nothing: the first byte takes memory */
    }
    (void)pst_draft_grow(d, guess < make->left ? guess : make->left);
}

/* Not cleared: every entry is written before it is read. */
static uint32_t *map_take(struct pst_arena *arena, size_t n)
{
    size_t bytes;
    return pst_mul_size(n, sizeof(uint32_t), &bytes) ? pst_arena_take(arena, bytes) : NULL;
}

bool pst_draft_grow(struct pst_draft *d, size_t more)
{
    struct pst_make *make = d->make;
    if (d->over || make->no_memory || d->n > make->left || more > make->left - d->n) {
        d->over = true;
        make->ret->cut = true;
        return false;
    }
    size_t size = d->n + more;
    if (size < 2 * d->size) {
        size = 2 * d->size;
    }
    if (size < 256) {
        size = 256;
    }
    if (size > make->left) {
        size = make->left;
    }
    uint8_t *text = pst_arena_take(make->arena, size);
    uint32_t *map = text != NULL ? map_take(make->arena, size + 1) : NULL;
    if (map == NULL) {
        d->over = true;
        make->no_memory = true;
        return false;
    }
    if (d->n > 0) {
        memcpy(text, d->text, d->n);
        memcpy(map, d->map, d->n * sizeof *map);
    }
    d->text = text;
    d->map = map;
    d->size = size;
    return true;
}

void pst_draft_text(struct pst_draft *d, struct pst_str s, size_t from)
{
    for (size_t i = 0; i < s.n; i++) {
        pst_draft_byte(d, s.p[i], from);
    }
}

void pst_draft_cp(struct pst_draft *d, uint32_t cp, size_t from)
{
    if (cp < 0x80) {
        pst_draft_byte(d, (uint8_t)cp, from);
        return;
    }
    uint8_t bytes[4];
    size_t n = pst_utf8_put(cp, bytes);
    if (d->size - d->n >= n || pst_draft_grow(d, n)) { /* never half a character */
        pst_draft_text(d, pst_str_of(bytes, n), from);
    }
}

void pst_draft_copy(struct pst_draft *d, struct pst_str parent, size_t from, size_t n)
{
    if (d->size - d->n < n && !pst_draft_grow(d, n)) {
        return;
    }
    if (n == 0) {
        return;
    }
    memcpy(&d->text[d->n], &parent.p[from], n);
    for (size_t i = 0; i < n; i++) {
        d->map[d->n + i] = (uint32_t)(from + i);
    }
    d->n += n;
}

bool pst_draft_pop(struct pst_draft *d, size_t floor)
{
    if (d->n <= floor) {
        return false;
    }
    d->n--;
    while (d->n > floor && (d->text[d->n] & 0xC0) == 0x80) {
        d->n--;
    }
    return true;
}

/* Parts of a byte string that speak for text. */
struct census {
    size_t plain; /* printable ASCII, tab, line ends */
    size_t zeros_even, zeros_odd;
    size_t high_letters; /* 0xA0 … 0xFF */
};

static struct census census_take(struct pst_str s)
{
    struct census c = {0};
    for (size_t i = 0; i < s.n; i++) {
        uint8_t b = s.p[i];
        c.plain += (b >= 0x20 && b < 0x7F) || b == '\n' || b == '\r' || b == '\t';
        c.high_letters += b >= 0xC0;
        if (b == 0) {
            c.zeros_even += (i & 1) == 0;
            c.zeros_odd += (i & 1) != 0;
        }
    }
    return c;
}

/* Printable characters of valid UTF-8, in hundredths. */
static size_t printable_share(struct pst_str s)
{
    size_t good = 0, all = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t cp = 0;
        size_t n = pst_utf8_get(pst_str_from(s, at), &cp);
        if (n == 0) {
            return 0;
        }
        uint16_t prop = cp >= 0x80 ? pst_unicode(cp) : 0;
        bool ok = cp >= 0x80 ? cp >= 0xA0 && (prop & 0xFF) != 0
                             : (cp >= 0x20 && cp < 0x7F) || cp == '\n' || cp == '\r' || cp == '\t';
        good += ok;
        all++;
        at += n;
    }
    return all > 0 ? good * 100 / all : 0;
}

/* In place: two bytes of UTF-16 make at most three of UTF-8, but only ASCII and Latin come out
 * shorter, so it goes over a copy of the tail. */
static bool settle_utf16(struct pst_draft *d, size_t mark, bool big)
{
    size_t n = d->n - mark;
    uint8_t *copy = pst_arena_take(d->make->arena, n);
    uint32_t *map = copy != NULL ? map_take(d->make->arena, n) : NULL;
    if (map == NULL) {
        d->make->no_memory = true;
        return false;
    }
    memcpy(copy, &d->text[mark], n);
    memcpy(map, &d->map[mark], n * sizeof *map);
    d->n = mark;
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t unit = big ? (uint32_t)copy[i] << 8 | copy[i + 1]
                            : (uint32_t)copy[i + 1] << 8 | copy[i];
        if (unit >= 0xD800 && unit < 0xDC00 && i + 3 < n) {
            uint32_t low = big ? (uint32_t)copy[i + 2] << 8 | copy[i + 3]
                               : (uint32_t)copy[i + 3] << 8 | copy[i + 2];
            if (low >= 0xDC00 && low < 0xE000) {
                pst_draft_cp(d, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), map[i]);
                i += 2;
                continue;
            }
        }
        if (unit != 0xFEFF && (unit < 0xD800 || unit > 0xDFFF)) {
            pst_draft_cp(d, unit, map[i]);
        }
    }
    return printable_share(pst_str_of(&d->text[mark], d->n - mark)) >= 85;
}

static bool settle_latin1(struct pst_draft *d, size_t mark)
{
    size_t n = d->n - mark;
    uint8_t *copy = pst_arena_take(d->make->arena, n);
    uint32_t *map = copy != NULL ? map_take(d->make->arena, n) : NULL;
    if (map == NULL) {
        d->make->no_memory = true;
        return false;
    }
    memcpy(copy, &d->text[mark], n);
    memcpy(map, &d->map[mark], n * sizeof *map);
    d->n = mark;
    for (size_t i = 0; i < n; i++) {
        pst_draft_cp(d, copy[i], map[i]);
    }
    return true;
}

bool pst_draft_settle(struct pst_draft *d, size_t mark)
{
    struct pst_str s = pst_str_of(&d->text[mark], d->n - mark);
    if (s.n == 0) {
        return false;
    }
    struct census c = census_take(s);
    bool ok = false;
    if (c.plain == s.n) {
        ok = true;
    } else if (c.zeros_odd * 4 >= s.n && s.n >= 6) {
        ok = settle_utf16(d, mark, false);
    } else if (c.zeros_even * 4 >= s.n && s.n >= 6) {
        ok = settle_utf16(d, mark, true);
    } else if (pst_utf8_valid(s)) {
        ok = printable_share(s) >= 85;
    } else if (c.plain * 100 >= s.n * 85 && c.plain + c.high_letters == s.n && s.n >= 8) {
        ok = settle_latin1(d, mark);
    }
    if (!ok) {
        d->n = mark;
    }
    return ok;
}

static bool said_before(const struct pst_views *views, struct pst_str text)
{
    for (size_t i = 0; i < views->n; i++) {
        if (pst_str_eq(views->list[i].text, text)) {
            return true;
        }
    }
    return false;
}

/* The limit may have come within the last character. */
static void whole_characters(struct pst_draft *d)
{
    size_t at = d->n;
    uint32_t cp;
    while (at > 0 && d->n - at < 4) {
        at--;
        if ((d->text[at] & 0xC0) != 0x80) {
            d->n = pst_utf8_get(pst_str_of(&d->text[at], d->n - at), &cp) > 0 ? d->n : at;
            return;
        }
    }
}

size_t pst_draft_view(struct pst_draft *d, enum pst_view_kind kind, size_t parent, size_t end,
                      bool decoded, bool moved)
{
    struct pst_views *views = d->make->ret;
    const struct pst_view *from = &views->list[parent];
    if (d->n > d->make->left) { /* another view was finished while this one grew */
        d->n = d->make->left;
        d->over = true;
        views->cut = true;
    }
    if (d->over) {
        whole_characters(d);
    }
    struct pst_str text = pst_str_of(d->text, d->n);
    bool due = kind == PST_VIEW_PLAIN && from->depth == 0 && from->kind != PST_VIEW_COLLAPSED;
    if (d->n == 0 || d->make->no_memory || (!due && said_before(views, text))) {
        return 0;
    }
    if (views->n == PST_VIEWS_MAX) {
        views->cut = true;
        return 0;
    }
    d->map[d->n] = (uint32_t)end;
    if (from->map != NULL) {
        for (size_t i = 0; i <= d->n; i++) {
            d->map[i] = from->map[d->map[i]];
        }
    }
    /* a reading that was given up and begun again may end before it began: then its map is read as
     * one that does not rise */
    for (size_t i = 1; i <= d->n && !moved; i++) {
        moved = d->map[i] < d->map[i - 1];
    }
    views->list[views->n] = (struct pst_view){.text = text,
                                              .map = d->map,
                                              .whole = d->make->text,
                                              .kind = (uint8_t)kind,
                                              .depth = (uint8_t)(from->depth + (decoded ? 1 : 0)),
                                              .parent = (uint8_t)parent,
                                              .moved = moved || from->moved};
    d->make->left -= d->n;
    return views->n++;
}
