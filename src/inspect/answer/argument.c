#include "inspect/answer/argument.h"

#include "inspect/answer/host.h"

static uint8_t lower(uint8_t b)
{
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 0x20) : b;
}

static struct pst_str fold(struct pst_str text, struct pst_arena *arena)
{
    uint8_t *p = pst_arena_take(arena, text.n > 0 ? text.n : 1);
    for (size_t i = 0; p != NULL && i < text.n; i++) {
        p[i] = lower(text.p[i]);
    }
    return p != NULL ? pst_str_of(p, text.n) : (struct pst_str){0};
}

enum pst_status pst_provenance_init(struct pst_provenance *p, const struct pst_str *turns, size_t n,
                                    struct pst_arena *arena, struct pst_err *err)
{
    size_t total = n;
    for (size_t i = 0; i < n; i++) {
        total += turns[i].n;
    }
    uint8_t *all = pst_arena_take(arena, total > 0 ? total : 1);
    if (all == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for what the user said");
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < turns[i].n; k++) {
            all[at++] = lower(turns[i].p[k]);
        }
        all[at++] = '\n'; /* nothing is said across two turns */
    }
    p->folded = pst_str_of(all, at);
    return PST_OK;
}

static bool is_alnum(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9');
}

/* Said as a whole: not within a longer name. */
static bool said(struct pst_str all, struct pst_str item)
{
    size_t from = 0;
    while (item.n > 0) {
        size_t at = pst_str_find(pst_str_from(all, from), item);
        if (at == PST_NPOS) {
            return false;
        }
        at += from;
        size_t end = at + item.n;
        bool left = at == 0 || !(is_alnum(all.p[at - 1]) || all.p[at - 1] == '-');
        bool right = end == all.n || !(is_alnum(all.p[end]) || all.p[end] == '-');
        if (left && right) {
            return true;
        }
        from = at + 1;
    }
    return false;
}

static void note(struct pst_argument_facts *facts, enum pst_argument_kind kind, size_t start,
                 size_t end, bool given)
{
    uint16_t *count = given ? &facts->given[kind] : &facts->fresh[kind];
    *count = (uint16_t)(*count < UINT16_MAX ? *count + 1 : UINT16_MAX);
    facts->looked++;
    if (given) {
        return;
    }
    if (facts->n == PST_ARGUMENT_ITEMS_MAX) {
        facts->cut = true;
        return;
    }
    facts->list[facts->n++] = (struct pst_argument_item){(uint32_t)start, (uint32_t)end,
                                                         (uint8_t)kind};
}

static bool ends_item(uint8_t b)
{
    return b <= 0x20 || b == 0x7f || pst_str_find_byte(PST_STR("\"'<>()[]{}|^`,;"), b) != PST_NPOS;
}

static bool is_email(struct pst_str s)
{
    size_t at = pst_str_find_byte(s, '@');
    if (at == PST_NPOS || at == 0 || at > 64 || at + 4 > s.n) {
        return false;
    }
    struct pst_str domain = pst_str_from(s, at + 1);
    size_t dot = pst_str_find_byte(domain, '.');
    return dot != PST_NPOS && dot > 0 && dot + 2 < domain.n &&
           pst_str_find_byte(domain, '@') == PST_NPOS && pst_str_find_byte(s, '/') == PST_NPOS;
}

static bool is_path(struct pst_str s)
{
    bool rooted = s.n > 2 &&
                  (s.p[0] == '/' || pst_str_starts(s, PST_STR("~/")) ||
                   pst_str_starts(s, PST_STR("./")) || pst_str_starts(s, PST_STR("../")));
    bool drive = s.n > 3 && is_alnum(s.p[0]) && s.p[1] == ':' && (s.p[2] == '\\' || s.p[2] == '/');
    bool share = pst_str_starts(s, PST_STR("\\\\")) && s.n > 3;
    return rooted || drive || share;
}

/* One run of what encoders write, with digits in it: a long word or name has none. */
static bool is_blob(struct pst_str s)
{
    size_t digits = 0;
    if (s.n < PST_ARGUMENT_BLOB_MIN) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        uint8_t b = s.p[i];
        if (!is_alnum(b) && b != '+' && b != '/' && b != '=' && b != '-' && b != '_') {
            return false;
        }
        digits += b >= '0' && b <= '9';
    }
    return digits * 32 >= s.n;
}

/* `s` and `all` folded. */
static void look(struct pst_str all, struct pst_str s, size_t at, struct pst_argument_facts *facts)
{
    size_t scheme = pst_str_find(s, PST_STR("://"));
    struct pst_address a;
    if (pst_str_starts(s, PST_STR("mailto:"))) {
        s = pst_str_from(s, 7);
        at += 7;
    }
    if (scheme != PST_NPOS && scheme > 0 && scheme < 12) {
        pst_address_read(s, &a);
        note(facts, PST_ARGUMENT_URL, at, at + s.n, a.userinfo.n == 0 && said(all, a.host));
    } else if (is_email(s)) {
        note(facts, PST_ARGUMENT_EMAIL, at, at + s.n, said(all, s));
    } else if (is_path(s)) {
        note(facts, PST_ARGUMENT_PATH, at, at + s.n, said(all, s));
    } else if (pst_str_starts(s, PST_STR("www."))) {
        size_t slash = pst_str_find_byte(s, '/');
        note(facts, PST_ARGUMENT_URL, at, at + s.n, said(all, pst_str_cut(s, 0, slash)));
    }
    if (is_blob(s)) {
        note(facts, PST_ARGUMENT_BLOB, at, at + s.n, said(all, s));
    }
}

enum pst_status pst_argument_inspect(const struct pst_provenance *p, struct pst_str text,
                                     struct pst_arena *arena, struct pst_argument_facts *facts,
                                     struct pst_err *err)
{
    struct pst_str s = fold(text, arena);
    size_t from = 0;
    if (s.p == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the arguments");
    }
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && !ends_item(s.p[i])) {
            continue;
        }
        struct pst_str item = pst_str_cut(s, from, i - from);
        while (item.n > 0 && pst_str_find_byte(PST_STR(".!?:"), item.p[item.n - 1]) != PST_NPOS) {
            item.n--;
        }
        /* every search for one item costs the length of what was said */
        if (item.n > 3 && facts->n < PST_ARGUMENT_ITEMS_MAX &&
            facts->looked < PST_ARGUMENT_LOOKED_MAX) {
            look(p->folded, item, from, facts);
        } else if (item.n > 3) {
            facts->cut = true;
        }
        from = i + 1;
    }
    return PST_OK;
}
