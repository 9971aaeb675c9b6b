/* The two small languages of definitions: forms of numbers and codes, values of credentials. */
#include "rules/data_compile.h"

enum { EXPANSIONS_MAX = 64 };

/* One element of a form as written. */
struct element {
    uint8_t kind; /* '9' 'A' 'X' 'H', 'c' one character, '_' or '-' a separator */
    uint8_t chr;
    uint8_t min, max;
};

static bool count_read(struct pst_str text, size_t *at, uint32_t limit, uint32_t *ret_min,
                       uint32_t *ret_max)
{
    struct pst_str rest = pst_str_from(text, *at + 1);
    size_t close = pst_str_find_byte(rest, '}');
    struct pst_str inside = pst_str_cut(rest, 0, close);
    size_t comma = pst_str_find_byte(inside, ',');
    uint64_t min, max;
    if (close == PST_NPOS || !pst_str_u64(pst_str_cut(inside, 0, comma), &min)) {
        return false;
    }
    max = min;
    if (comma != PST_NPOS) {
        struct pst_str upper = pst_str_from(inside, comma + 1);
        if (upper.n == 0) {
            max = limit;
        } else if (!pst_str_u64(upper, &max)) {
            return false;
        }
    }
    *at += close + 2;
    *ret_min = (uint32_t)min;
    *ret_max = (uint32_t)max;
    return min <= max && max <= limit && max > 0;
}

static bool is_separator(uint8_t c)
{
    return c == '-' || c == ' ' || c == '.' || c == '/';
}

static bool elements_read(struct pst_str form, struct element *list, size_t *ret_n)
{
    size_t n = 0;
    for (size_t at = 0; at < form.n;) {
        uint8_t c = form.p[at++];
        struct element e = {.kind = c, .chr = c, .min = 1, .max = 1};
        if (c == '\\') {
            if (at == form.n) {
                return false;
            }
            e.kind = 'c';
            e.chr = form.p[at++];
        } else if (c == '_' || is_separator(c)) {
            e.kind = c == '_' ? '_' : '-';
        } else if (c != '9' && c != 'A' && c != 'X' && c != 'H') {
            e.kind = 'c';
        }
        if (e.kind == 'c') {
            e.chr = (uint8_t)(e.chr >= 'a' && e.chr <= 'z' ? e.chr - 32 : e.chr);
            if (!((e.chr >= '0' && e.chr <= '9') || (e.chr >= 'A' && e.chr <= 'Z'))) {
                return false;
            }
        }
        if (at < form.n && form.p[at] == '{') {
            uint32_t min, max;
            if (e.kind == '_' || e.kind == '-' ||
                !count_read(form, &at, PST_FORM_MAX, &min, &max)) {
                return false;
            }
            e.min = (uint8_t)min;
            e.max = (uint8_t)max;
        }
        if (n == PST_FORM_MAX * 2) {
            return false;
        }
        list[n++] = e;
    }
    *ret_n = n;
    return n > 0;
}

static bool position_add(struct pst_data_form *f, const struct element *e, uint8_t *sep)
{
    if (f->n == PST_FORM_MAX) {
        return false;
    }
    uint64_t bit = UINT64_C(1) << f->n;
    if (e->kind == '9') {
        f->digit |= bit;
    } else if (e->kind == 'A') {
        f->letter |= bit;
    } else if (e->kind == 'c') {
        f->fixed |= bit;
        f->chars[f->n] = e->chr;
        *(e->chr <= '9' ? &f->digit : &f->letter) |= bit;
    } else if (e->kind == 'H') {
        f->chars[f->n] = 'H'; /* hexadecimal: neither fixed nor free */
    }
    f->sep[f->n] = *sep;
    f->any |= *sep == '_';
    *sep = 0;
    f->n++;
    return true;
}

/* One expansion: how often every element stands is in `counts`. */
static bool form_make(const struct element *list, size_t n, const uint8_t *counts,
                      struct pst_data_form *ret)
{
    uint8_t sep = 0;
    *ret = (struct pst_data_form){0};
    for (size_t i = 0; i < n; i++) {
        if (list[i].kind == '_' || list[i].kind == '-') {
            sep = list[i].chr;
            continue;
        }
        for (uint8_t k = 0; k < counts[i]; k++) {
            if (!position_add(ret, &list[i], &sep)) {
                return false;
            }
        }
    }
    return ret->n >= 4 && sep == 0 && ret->sep[0] == 0;
}

bool pst_rule_form_read(struct pst_arena *arena, struct pst_str form, struct pst_data_form *ret,
                        size_t room, size_t *ret_n, const char **why)
{
    struct element list[PST_FORM_MAX * 2];
    uint8_t counts[PST_FORM_MAX * 2];
    size_t n, made = 0;
    (void)arena;
    *why = "a form is made of 9 A X H, letters, digits, separators and {m,n}";
    if (!elements_read(form, list, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        counts[i] = list[i].min;
    }
    for (;;) {
        if (made == room || made == EXPANSIONS_MAX) {
            *why = "a form that stands for too many";
            return false;
        }
        if (!form_make(list, n, counts, &ret[made])) {
            *why = "a form has 4 to 40 letters and digits, and no separator at its ends";
            return false;
        }
        made++;
        size_t i = 0;
        while (i < n && counts[i] == list[i].max) {
            counts[i] = list[i].min;
            i++;
        }
        if (i == n) {
            break;
        }
        counts[i]++;
    }
    *ret_n = made;
    return true;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool class_byte(struct pst_str text, size_t *at, uint8_t *ret)
{
    if (*at < text.n && text.p[*at] == '\\') {
        (*at)++;
    }
    if (*at >= text.n) {
        return false;
    }
    *ret = text.p[(*at)++];
    return true;
}

bool pst_rule_class_read(struct pst_str text, size_t *at, uint8_t set[32])
{
    if (*at >= text.n || text.p[*at] != '[') {
        return false;
    }
    (*at)++;
    bool any = false;
    while (*at < text.n && text.p[*at] != ']') {
        uint8_t from, to;
        if (!class_byte(text, at, &from)) {
            return false;
        }
        to = from;
        if (*at + 1 < text.n && text.p[*at] == '-' && text.p[*at + 1] != ']') {
            (*at)++;
            if (!class_byte(text, at, &to) || to < from) {
                return false;
            }
        }
        for (unsigned b = from; b <= to; b++) {
            set[b >> 3] = (uint8_t)(set[b >> 3] | 1U << (b & 7U));
        }
        any = true;
    }
    if (*at >= text.n || !any) {
        return false;
    }
    (*at)++;
    return true;
}

bool pst_rule_value_read(struct pst_str value, struct pst_value_part *ret, size_t room,
                         size_t *ret_n, const char **why)
{
    size_t n = 0;
    *why = "a value is made of literals and [classes] with {m,n}";
    for (size_t at = 0; at < value.n;) {
        struct pst_value_part part = {.min = 1, .max = 1};
        if (value.p[at] == '[') {
            if (!pst_rule_class_read(value, &at, part.set)) {
                return false;
            }
        } else {
            uint8_t c;
            if (!class_byte(value, &at, &c) || c == '{' || c == '}') {
                return false;
            }
            part.set[c >> 3] = (uint8_t)(1U << (c & 7U));
        }
        if (at < value.n && value.p[at] == '{') {
            uint32_t min, max;
            if (!count_read(value, &at, PST_SECRET_MAX, &min, &max)) {
                return false;
            }
            part.min = (uint16_t)min;
            part.max = (uint16_t)max;
        }
        if (n == room) {
            *why = "a value of too many parts";
            return false;
        }
        ret[n++] = part;
    }
    *ret_n = n;
    return n > 0;
}

/* --- examples --------------------------------------------------------------------------------- */

bool pst_rule_example(struct pst_arena *arena, struct pst_str example, struct pst_str *ret_text,
                      size_t *ret_start, size_t *ret_end)
{
    size_t open = pst_str_find(example, PST_STR("[["));
    if (open == PST_NPOS) {
        return false;
    }
    struct pst_str rest = pst_str_from(example, open + 2);
    size_t close = pst_str_find(rest, PST_STR("]]"));
    if (close == PST_NPOS || close == 0) {
        return false;
    }
    while (close + 2 < rest.n && rest.p[close + 2] == ']') {
        close++; /* a bracket of the value itself */
    }
    uint8_t *text = pst_arena_take(arena, example.n);
    if (text == NULL) {
        return false;
    }
    memcpy(text, example.p, open);
    memcpy(&text[open], rest.p, close);
    struct pst_str tail = pst_str_from(rest, close + 2);
    if (tail.n > 0) {
        memcpy(&text[open + close], tail.p, tail.n);
    }
    *ret_text = pst_str_of(text, example.n - 4);
    *ret_start = open;
    *ret_end = open + close;
    return true;
}
