#include "inspect/normal/role.h"

#include "inspect/normal/ascii.h"
#include "inspect/normal/look.h"

enum { TOKEN_LONGEST = 48, HEAD_WORDS = 4 };

static bool at_nocase(struct pst_str in, size_t at, const char *what)
{
    struct pst_str w = pst_str_c(what);
    return in.n - at >= w.n && pst_str_eq_nocase(pst_str_cut(in, at, w.n), w);
}

/* <|name|> of any template, with the bar of ASCII or the full-width one. */
static size_t barred(struct pst_str in, size_t at)
{
    size_t i = at + 1, bar = 0;
    bool wide = i + 2 < in.n && in.p[i] == 0xEF && in.p[i + 1] == 0xBD && in.p[i + 2] == 0x9C;
    if (!wide && (i >= in.n || in.p[i] != '|')) {
        return 0;
    }
    bar = wide ? 3 : 1;
    for (i += bar; i < in.n && i - at < TOKEN_LONGEST; i++) {
        bool ends = in.p[i] == '|' || (wide && in.p[i] == 0xEF);
        if (ends && i + bar < in.n && in.p[i + bar] == '>') {
            return i - at > 2 ? i + bar + 1 - at : 0;
        }
        /* the names have letters, digits, blanks, and a block character in one family */
        if (!pst_is_alnum(in.p[i]) && in.p[i] != '_' && in.p[i] != ' ' && in.p[i] != '-' &&
            in.p[i] < 0x80) {
            return 0;
        }
    }
    return 0;
}

static size_t token_at(struct pst_str in, size_t at)
{
    static const char *const angles[] = {
        "<<sys>>",
        "<</sys>>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<tool_result>",
        "</tool_result>",
        "<tool_results>",
        "</tool_results>",
        "<tool_call>",
        "</tool_call>",
        "<tool_response>",
        "</tool_response>",
        "<system>",
        "</system>",
        "<system_prompt>",
        "</system_prompt>",
        "<assistant>",
        "</assistant>",
        "<system-reminder>",
        "</system-reminder>",
        "<function_results>",
        "</function_results>",
        "<function_calls>",
        "</function_calls>",
        "<bos>",
        "<eos>",
        "</s><s>",
        "<instructions>",
        "</instructions>",
    };
    static const char *const squares[] = {
        "[inst]",           "[/inst]",           "[system_prompt]",
        "[/system_prompt]", "[available_tools]", "[/available_tools]",
        "[tool_results]",   "[/tool_results]",   "[tool_calls]",
        "[system](#",
    };
    uint8_t second = at + 1 < in.n ? in.p[at + 1] | 0x20 : 0;
    const char *const *list = in.p[at] == '<' ? angles : squares;
    size_t n = in.p[at] == '<' ? PST_LEN(angles) : PST_LEN(squares);
    size_t length = in.p[at] == '<' ? barred(in, at) : 0;
    for (size_t i = 0; length == 0 && i < n; i++) {
        bool may = (uint8_t)list[i][1] == second || second < 0x40;
        length = may && at_nocase(in, at, list[i]) ? strlen(list[i]) : 0;
    }
    return length;
}

/* "system:" and "### Response:" at the head of a line, with something said after it. */
static size_t head_at(struct pst_str in, size_t at)
{
    static const char *const names[] = {"system",      "assistant", "user", "human", "developer",
                                        "instruction", "response",  "tool", "ai"};
    size_t i = at, hashes = 0;
    while (i < in.n && i - at < 8 && (in.p[i] == '#' || in.p[i] == ' ' || in.p[i] == '*')) {
        hashes += in.p[i] == '#' || in.p[i] == '*';
        i++;
    }
    uint8_t first = i < in.n ? in.p[i] | 0x20 : 0;
    for (size_t k = 0; k < PST_LEN(names); k++) {
        if ((uint8_t)names[k][0] != first || !at_nocase(in, i, names[k])) {
            continue;
        }
        size_t end = i + strlen(names[k]);
        while (end < in.n && (in.p[end] == '*' || in.p[end] == ' ') && end - i < 16) {
            end++;
        }
        if (end >= in.n || in.p[end] != ':') {
            return 0;
        }
        size_t words = 0;
        for (size_t j = end + 1; j + 1 < in.n && j - end < 64 && words < HEAD_WORDS; j++) {
            words += (pst_is_alpha(in.p[j]) || in.p[j] >= 0x80) && pst_is_blank(in.p[j - 1]);
        }
        return words >= HEAD_WORDS || hashes >= 2 ? end + 1 - at : 0;
    }
    return 0;
}

bool pst_role_next(struct pst_str text, size_t from, struct pst_role *ret)
{
    for (size_t at = from; at < text.n; at++) {
        bool head = at == 0 || text.p[at - 1] == '\n';
        if (!head) {
            at = pst_look_any(text, at, '<', '[', '\n');
            if (at == text.n) {
                return false;
            }
        }
        uint8_t b = text.p[at];
        size_t n = 0;
        if (b == '<' || b == '[') {
            n = token_at(text, at);
            *ret = (struct pst_role){(uint32_t)at, (uint32_t)(at + n), true};
        } else if (head && (pst_is_alpha(b) || b == '#' || b == '*')) {
            n = head_at(text, at);
            *ret = (struct pst_role){(uint32_t)at, (uint32_t)(at + n), false};
        }
        if (n > 0) {
            return true;
        }
    }
    return false;
}

size_t pst_roles_count(struct pst_str text, size_t *ret_tokens)
{
    struct pst_role role;
    size_t tokens = 0, heads = 0;
    for (size_t at = 0; pst_role_next(text, at, &role); at = role.end) {
        tokens += role.token;
        heads += !role.token;
    }
    *ret_tokens = tokens;
    /* one line that begins with "user:" is a list of settings; two are a conversation */
    return tokens + (heads >= 2 || tokens > 0 ? heads : 0);
}

void pst_roles_strip(struct pst_str text, struct pst_draft *out)
{
    struct pst_role role;
    size_t at = 0, done = 0;
    pst_draft_init(out, out->make, text.n);
    for (; pst_role_next(text, at, &role); at = role.end) {
        if (!role.token) {
            continue;
        }
        pst_draft_copy(out, text, done, role.start - done);
        done = role.end;
        bool within = role.start > 0 && role.end < text.n && pst_is_alpha(text.p[role.start - 1]) &&
                      pst_is_alpha(text.p[role.end]);
        if (!within) { /* between words it parts them, within one it only hides it */
            pst_draft_byte(out, '\n', role.start);
        }
    }
    pst_draft_copy(out, text, done, text.n - done);
}
