/* HTML and Markdown are looked at as attackers write them, not as a browser reads them: an element
 * is hidden when its own tag says so, and its text ends with the next closing tag of its name. */
#include "inspect/normal/hidden.h"

#include "inspect/normal/ascii.h"
#include "inspect/normal/look.h"

enum {
    TAG_MAX = 4096,
    NAME_MAX_BYTES = 24,
    LINE_MAX_BYTES = 1024,
    TEXT_MIN = 12,
    FRONT_MAX = 16384
};

struct hider {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft out;
    size_t end;
    size_t concealed; /* texts that nobody sees, but who reads the source */
};

static bool at_nocase(struct pst_str in, size_t at, struct pst_str what)
{
    return in.n - at >= what.n && pst_str_eq_nocase(pst_str_cut(in, at, what.n), what);
}

/* Words, not a number, a name or an address. */
static bool speaks(struct pst_str s)
{
    size_t words = 0, letters = 0, run = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = pst_is_alpha(s.p[i]) || s.p[i] >= 0x80;
        letters += letter;
        run = letter ? run + 1 : 0;
        words += run == 2;
    }
    return letters >= TEXT_MIN && (words >= 3 || (words > 0 && letters > 24));
}

static bool take(struct hider *h, size_t start, size_t end)
{
    struct pst_str s = pst_str_cut(h->in, start, end - start);
    if (start >= end || start < h->end || !speaks(s)) {
        return false;
    }
    if (h->out.n > 0) {
        pst_draft_byte(&h->out, '\n', h->end);
    }
    pst_draft_copy(&h->out, h->in, start, end - start);
    h->end = end;
    return true;
}

/* Offset of `what` after `at`, or the end. */
static size_t find(struct pst_str in, size_t at, struct pst_str what)
{
    size_t found = pst_str_find(pst_str_from(in, at), what);
    return found == PST_NPOS ? in.n : at + found;
}

/* --- tags ------------------------------------------------------------------------------------- */

/* The style with blanks gone and in lower case, as far as it fits. */
static struct pst_str squeeze(struct pst_str s, uint8_t *ret, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < cap; i++) {
        uint8_t b = s.p[i];
        if (!pst_is_blank(b)) {
            ret[n++] = (uint8_t)(b | (pst_is_upper(b) ? 0x20 : 0));
        }
    }
    return pst_str_of(ret, n);
}

static bool has(struct pst_str s, struct pst_str what)
{
    return pst_str_find(s, what) != PST_NPOS;
}

/* A value of nothing: 0, 0px, 0.0em, and at most 2px. */
static bool is_zero(struct pst_str style, struct pst_str property, uint8_t most)
{
    size_t at = pst_str_find(style, property);
    if (at == PST_NPOS) {
        return false;
    }
    at += property.n;
    uint8_t b = at < style.n ? style.p[at] : 'x';
    uint8_t next = at + 1 < style.n ? style.p[at + 1] : ';';
    if (b == '0' && next == '.') {
        return at + 2 < style.n && style.p[at + 2] <= '1';
    }
    return pst_is_digit(b) && b - '0' <= most && !pst_is_digit(next) && next != '.';
}

static bool is_white(struct pst_str style, struct pst_str property)
{
    static const char *const whites[] = {"#fff",        "white",   "rgb(255,255,255",
                                         "transparent", "#fefefe", "rgba(255,255,255",
                                         "rgba(0,0,0,0"};
    size_t at = pst_str_find(style, property);
    /* background-color ends with color: what stands before must end a declaration */
    while (at != PST_NPOS && at > 0 && style.p[at - 1] == '-') {
        size_t next = pst_str_find(pst_str_from(style, at + 1), property);
        at = next == PST_NPOS ? PST_NPOS : at + 1 + next;
    }
    for (size_t i = 0; at != PST_NPOS && i < PST_LEN(whites); i++) {
        if (pst_str_starts(pst_str_from(style, at + property.n), pst_str_c(whites[i]))) {
            return true;
        }
    }
    return false;
}

/* Most tags say nothing about how they look. */
static bool tag_styled(struct pst_str tag)
{
    static const char *const signs[] = {"style", "STYLE", "hidden", "HIDDEN", "color", "COLOR"};
    for (size_t i = 0; i < PST_LEN(signs); i++) {
        if (has(tag, pst_str_c(signs[i]))) {
            return true;
        }
    }
    return false;
}

static bool tag_hides(struct pst_str tag)
{
    uint8_t bytes[1024];
    struct pst_str s = squeeze(tag, bytes, sizeof bytes);
    size_t hidden = pst_str_find(s, PST_STR("hidden"));
    bool plain_hidden = false;
    if (hidden != PST_NPOS) { /* the attribute, not overflow:hidden or a class */
        size_t raw = pst_str_find(tag, PST_STR("hidden"));
        uint8_t next = raw != PST_NPOS && raw + 6 < tag.n ? tag.p[raw + 6] : ' ';
        plain_hidden = raw != PST_NPOS && raw > 0 && pst_is_blank(tag.p[raw - 1]) &&
                       (pst_is_blank(next) || next == '=' || next == '/' || next == '>');
    }
    static const char *const hides[] = {
        "display:none",
        "visibility:hidden",
        "visibility:collapse",
        "aria-hidden=\"true",
        "left:-",
        "top:-9",
        "text-indent:-",
        "clip:rect(0",
        "clip-path:inset(",
        "color:transparent",
        "type=\"hidden",
    };
    for (size_t i = 0; i < PST_LEN(hides); i++) {
        if (has(s, pst_str_c(hides[i]))) {
            return true;
        }
    }
    return plain_hidden || is_zero(s, PST_STR("font-size:"), 2) ||
           is_zero(s, PST_STR("opacity:"), 0) ||
           (is_zero(s, PST_STR(";height:"), 1) && has(s, PST_STR("overflow:hidden"))) ||
           is_white(s, PST_STR("color:")) || is_white(s, PST_STR("color=\""));
}

/* Texts that stand in attributes of a tag. */
static void take_attributes(struct hider *h, size_t start, size_t end)
{
    static const char *const names[] = {"alt",     "title",       "aria-label", "aria-description",
                                        "content", "placeholder", "summary",    "data-prompt",
                                        "value"};
    for (size_t at = start; at < end;) {
        size_t equal = pst_str_find_byte(pst_str_cut(h->in, at, end - at), '=');
        if (equal == PST_NPOS) {
            return;
        }
        equal += at;
        size_t name = equal;
        while (name > at && (pst_is_alpha(h->in.p[name - 1]) || h->in.p[name - 1] == '-') &&
               equal - name < NAME_MAX_BYTES) {
            name--;
        }
        uint8_t quote = equal + 1 < end ? h->in.p[equal + 1] : 0;
        if (quote != '"' && quote != '\'') {
            at = equal + 1;
            continue;
        }
        size_t close = pst_str_find_byte(pst_str_cut(h->in, equal + 2, end - equal - 2), quote);
        close = close == PST_NPOS ? end : equal + 2 + close;
        for (size_t i = 0; i < PST_LEN(names); i++) {
            if (pst_str_eq_nocase(pst_str_cut(h->in, name, equal - name), pst_str_c(names[i]))) {
                (void)take(h, equal + 2, close);
            }
        }
        at = close + 1;
    }
}

/* Where the tag that begins at `at` ends: after its '>', which may not stand in quotation marks. */
static size_t tag_end(struct pst_str in, size_t at)
{
    uint8_t quote = 0;
    for (size_t i = at + 1; i < in.n && i - at < TAG_MAX; i++) {
        uint8_t b = in.p[i];
        if (quote != 0) {
            quote = b == quote ? 0 : quote;
        } else if ((b == '"' || b == '\'') && in.p[i - 1] == '=') {
            quote = b;
        } else if (b == '>') {
            return i + 1;
        } else if (b == '<') { /* it was no tag */
            return at + 1;
        }
    }
    return at + 1;
}

/* After a tag that hides: the text up to the closing tag of the same name; nested ones of other
 * names lie within. */
static size_t element_end(struct pst_str in, size_t tag, size_t text)
{
    size_t n = 0;
    while (tag + 1 + n < in.n && n < NAME_MAX_BYTES && pst_is_alnum(in.p[tag + 1 + n])) {
        n++;
    }
    struct pst_str name = pst_str_cut(in, tag + 1, n);
    for (size_t at = text; at < in.n; at++) {
        size_t next = pst_str_find(pst_str_from(in, at), PST_STR("</"));
        if (next == PST_NPOS) {
            return in.n;
        }
        at += next;
        if (at_nocase(in, at + 2, name)) {
            return at;
        }
    }
    return in.n;
}

static size_t take_tag(struct hider *h, size_t at)
{
    struct pst_str in = h->in;
    if (at_nocase(in, at, PST_STR("<!--"))) {
        size_t end = find(in, at + 4, PST_STR("-->"));
        h->concealed += take(h, at + 4, end);
        return end;
    }
    if (at + 1 >= in.n || !pst_is_alpha(in.p[at + 1])) {
        return at + 1;
    }
    size_t text = tag_end(in, at);
    if (text == at + 1) {
        return text;
    }
    struct pst_str tag = pst_str_cut(in, at, text - at);
    take_attributes(h, at, text);
    bool inert = at_nocase(in, at, PST_STR("<template")) ||
                 at_nocase(in, at, PST_STR("<noscript")) || at_nocase(in, at, PST_STR("<desc>")) ||
                 at_nocase(in, at, PST_STR("<metadata"));
    if (inert || (tag_styled(tag) && tag_hides(tag))) {
        size_t end = element_end(in, at, text);
        h->concealed += take(h, text, end);
        return end;
    }
    return text;
}

/* --- Markdown --------------------------------------------------------------------------------- */

/* Where the title of a link begins: after blanks, the target and blanks. */
static size_t after_target(struct pst_str in, size_t from, size_t line)
{
    while (from < line && in.p[from] == ' ') {
        from++;
    }
    while (from < line && in.p[from] != ' ' && in.p[from] != ')') {
        from++;
    }
    while (from < line && in.p[from] == ' ') {
        from++;
    }
    return from;
}

/* [name]: target "title", which shows nothing; [//]: # (a comment) and [a](b "title") too. */
static size_t take_bracket(struct hider *h, size_t at)
{
    struct pst_str in = h->in;
    struct pst_str rest = pst_str_cut(in, at, LINE_MAX_BYTES);
    size_t line = at + find(rest, 0, PST_STR("\n"));
    size_t close = pst_str_find_byte(pst_str_cut(in, at, line - at), ']');
    if (close == PST_NPOS || at + close + 1 >= line) {
        return at + 1;
    }
    close += at;
    bool reference = in.p[close + 1] == ':' &&
                     (at == 0 || in.p[at - 1] == '\n' || in.p[at - 1] == ' ');
    if (!reference && in.p[close + 1] != '(') {
        return at + 1;
    }
    size_t from = after_target(in, close + 2, line);
    uint8_t open = from < line ? in.p[from] : 0;
    if (open == '"' || open == '\'' || (reference && open == '(')) {
        uint8_t ends = open == '(' ? ')' : open;
        size_t end = line;
        while (end > from + 1 && in.p[end - 1] != ends) {
            end--;
        }
        if (!reference) { /* other links may follow on the line */
            size_t next = pst_str_find_byte(pst_str_cut(in, from + 1, line - from - 1), ends);
            end = next == PST_NPOS ? from : from + 2 + next;
        }
        bool found = take(h, from + 1, end > from + 1 ? end - 1 : from + 1);
        h->concealed += found && reference && open == '(';
    }
    return at + 1;
}

/* --- at the head of a document: values of front matter ---------------------------------------- */
static void take_front(struct hider *h)
{
    struct pst_str in = h->in;
    bool dashes = pst_str_starts(in, PST_STR("---\n"));
    if (!dashes && !pst_str_starts(in, PST_STR("+++\n"))) {
        return;
    }
    struct pst_str head = pst_str_cut(in, 0, FRONT_MAX);
    size_t end = pst_str_find(pst_str_from(head, 3), dashes ? PST_STR("\n---") : PST_STR("\n+++"));
    if (end != PST_NPOS) {
        (void)take(h, 4, 3 + end);
    }
}

void pst_view_hidden(struct pst_make *make, size_t parent)
{
    struct hider h = {.make = make, .in = make->ret->list[parent].text, .out = {.make = make}};
    take_front(&h);
    for (size_t at = h.end; at < h.in.n;) {
        at = pst_look_any(h.in, at, '<', '[', '[');
        if (at < h.in.n) {
            at = h.in.p[at] == '<' ? take_tag(&h, at) : take_bracket(&h, at);
        }
    }
    if (pst_draft_view(&h.out, PST_VIEW_HIDDEN, parent, h.end, false, false) > 0) {
        pst_make_hit(make, PST_EVADE_HIDDEN, h.concealed);
    }
}
