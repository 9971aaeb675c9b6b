#include "rules/signature_pattern.h"

/* Between two words: white space and what writers put around words for looks. */
#define BETWEEN "[\\s\"'*_`~,;:>#|-]"

static struct pst_str word_find(const struct pst_signature_words *words, struct pst_str name)
{
    for (size_t i = 0; i < words->n; i++) {
        if (pst_str_eq(words->list[i].name, name)) {
            return words->list[i].text;
        }
    }
    return (struct pst_str){0};
}

/* At `{{`: puts the words in and steps over the name. */
static const char *put_word(const struct pst_signature_words *words, struct pst_cur *c,
                            struct pst_buf *out)
{
    struct pst_str rest = pst_str_from(pst_cur_rest(c), 2);
    size_t close = pst_str_find(rest, PST_STR("}}"));
    if (close == PST_NPOS) {
        return "'{{' without '}}'";
    }
    struct pst_str text = word_find(words, pst_str_cut(rest, 0, close));
    if (text.n == 0) {
        return "there are no words of this name (before here)";
    }
    (void)PST_BUF_LIT(out, "(?:");
    (void)pst_buf_add(out, text);
    (void)pst_buf_byte(out, ')');
    pst_cur_skip(c, 2 + close + 2);
    return NULL;
}

struct pst_str pst_signature_words_put(const struct pst_signature_words *words,
                                       struct pst_str pattern, struct pst_arena *arena,
                                       const char **ret_what)
{
    struct pst_buf out;
    struct pst_str made = {0};
    struct pst_cur c = pst_cur_of(pattern);
    const char *what = pattern.n == 0 ? "the pattern is empty" : NULL;
    pst_buf_init(&out, PST_SIGNATURE_PATTERN_MAX);
    while (what == NULL && !pst_cur_done(&c)) {
        if (pst_cur_peek(&c, 0) == '{' && pst_cur_peek(&c, 1) == '{') {
            what = put_word(words, &c, &out);
        } else {
            (void)pst_buf_byte(&out, (uint8_t)pst_cur_peek(&c, 0));
            pst_cur_skip(&c, 1);
        }
    }
    if (what == NULL && out.failed) {
        what = "the pattern is too long";
    }
    if (what == NULL) {
        made = pst_arena_copy(arena, pst_buf_str(&out));
        what = "no memory";
    }
    pst_buf_release(&out);
    *ret_what = what;
    return made;
}

bool pst_signature_expression(struct pst_str pattern, bool bounded, struct pst_buf *out)
{
    bool class = false;
    for (size_t i = 0; i < pattern.n; i++) {
        uint8_t b = pattern.p[i];
        if (b == '\\' && i + 1 < pattern.n) {
            (void)pst_buf_byte(out, b);
            (void)pst_buf_byte(out, pattern.p[++i]);
            continue;
        }
        if (b == '[' || b == ']') {
            class = b == '[';
        }
        if (b == ' ' && !class) {
            (void)(bounded ? PST_BUF_LIT(out, BETWEEN "{1,8}") : PST_BUF_LIT(out, BETWEEN "+"));
        } else {
            (void)pst_buf_byte(out, b);
        }
    }
    return pst_buf_byte(out, 0);
}

static bool is_literal(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
           b >= 0x80 || b == '_' || b == '-' || b == '=' || b == '<' || b == '>' || b == ':' ||
           b == '/' || b == '"' || b == '\'' || b == '!' || b == '#' || b == '@' || b == ',' ||
           b == '%' || b == '&' || b == ';';
}

size_t pst_signature_literal(struct pst_str pattern)
{
    size_t best = 0, run = 0;
    bool class = false;
    for (size_t i = 0; i < pattern.n; i++) {
        uint8_t b = pattern.p[i];
        bool escaped = b == '\\' && i + 1 < pattern.n;
        if (escaped) {
            b = pattern.p[++i];
        } else if (b == '[' || b == ']') {
            class = b == '[';
        }
        bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
        bool literal = !class && (escaped ? !letter : is_literal(b));
        uint8_t next = i + 1 < pattern.n ? pattern.p[i + 1] : 0;
        if (literal && (next == '?' || next == '*' || next == '{')) {
            literal = false; /* may be absent */
        }
        run = literal ? run + 1 : 0;
        best = run > best ? run : best;
    }
    return best;
}
