#include "rules/signature_pattern.h"

#include "base/enc.h"

/* Between two words: white space and what writers put around words for looks. */
#define BETWEEN "[\\s\"'*_`~,;:>#|()\\[\\]{}=+/-]"

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

/* Letters that many write without their marks, by what they then write. The views fold case, so
 * small letters do. */
static const struct {
    const char *letters, *plain;
} spellings[] = {
    {"äæ", "ae|a"}, {"öœø", "oe|o"}, {"ü", "ue|u"},      {"ß", "ss"},       {"àáâãåāăąǎ", "a"},
    {"çćčĉ", "c"},  {"ďđð", "d"},    {"èéêëēĕėęě", "e"}, {"ğĝģ", "g"},      {"ìíîïīĭįı", "i"},
    {"ķ", "k"},     {"łľĺļ", "l"},   {"ñńňņ", "n"},      {"òóôõōŏőơ", "o"}, {"řŕ", "r"},
    {"śšşșŝ", "s"}, {"ťţț", "t"},    {"ùúûūŭůűųư", "u"}, {"ýÿ", "y"},       {"źżž", "z"},
    {"ё", "е"},     {"ґ", "г"},      {"أإآ", "ا"},       {"ة", "ه"},        {"ى", "ي"},
    {"ά", "α"},     {"έ", "ε"},      {"ή", "η"},         {"ίϊΐ", "ι"},      {"ό", "ο"},
    {"ύϋΰ", "υ"},   {"ώ", "ω"},      {"ς", "σ"},
};

/* Vietnamese, U+1EA0 to U+1EF9: runs of one base letter. */
static const char *vietnamese(uint32_t cp)
{
    static const struct {
        uint32_t last;
        const char *plain;
    } runs[] = {{0x1eb7, "a"}, {0x1ec7, "e"}, {0x1ecb, "i"},
                {0x1ee3, "o"}, {0x1ef1, "u"}, {0x1ef9, "y"}};
    for (size_t i = 0; cp >= 0x1ea0 && i < PST_LEN(runs); i++) {
        if (cp <= runs[i].last) {
            return runs[i].plain;
        }
    }
    return NULL;
}

static const char *spelling(struct pst_str letter)
{
    uint32_t cp = 0;
    for (size_t i = 0; i < PST_LEN(spellings); i++) {
        if (pst_str_find(pst_str_c(spellings[i].letters), letter) != PST_NPOS) {
            return spellings[i].plain;
        }
    }
    return pst_utf8_get(letter, &cp) != 0 ? vietnamese(cp) : NULL;
}

/* A letter of several bytes: one element for what follows it, with its plain spelling. */
static void put_letter(struct pst_str letter, struct pst_buf *out)
{
    const char *plain = spelling(letter);
    (void)PST_BUF_LIT(out, "(?:");
    (void)pst_buf_add(out, letter);
    if (plain != NULL) {
        (void)pst_buf_byte(out, '|');
        (void)pst_buf_add(out, pst_str_c(plain));
    }
    (void)pst_buf_byte(out, ')');
}

bool pst_signature_expression(struct pst_str pattern, bool bounded, struct pst_buf *out)
{
    bool class = false;
    struct pst_cur c = pst_cur_of(pattern);
    while (!pst_cur_done(&c)) {
        uint8_t b = (uint8_t)pst_cur_peek(&c, 0);
        uint32_t cp = 0;
        size_t n = b == '\\' && pst_cur_left(&c) > 1 ? 2 : pst_utf8_get(pst_cur_rest(&c), &cp);
        struct pst_str part;
        if (n == 0 || !pst_cur_take(&c, n, &part)) {
            return false;
        }
        if (b == '[' || b == ']') {
            class = b == '[';
        }
        if (b == ' ' && !class) {
            (void)(bounded ? PST_BUF_LIT(out, "(?:" BETWEEN "{1,8})")
                           : PST_BUF_LIT(out, "(?:" BETWEEN "+)"));
        } else if (b >= 0x80) {
            put_letter(part, out);
        } else {
            (void)pst_buf_add(out, part);
        }
    }
    return pst_buf_byte(out, 0);
}

bool pst_signature_class_ok(struct pst_str pattern)
{
    bool class = false;
    for (size_t i = 0; i < pattern.n; i++) {
        uint8_t b = pattern.p[i];
        if (b == '\\') {
            i++;
        } else if (b == '[' || b == ']') {
            class = b == '[';
        } else if (class && b >= 0x80) {
            return false;
        }
    }
    return true;
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
