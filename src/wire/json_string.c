#include "base/enc.h"
#include "wire/json_private.h"
#include "wire/json_scan.h"

static uint32_t length_limit(const struct pst_json_parser *p)
{
    return p->in_name ? p->config.limits.name_bytes : p->config.limits.string_bytes;
}

static enum pst_status too_long(struct pst_json_parser *p, struct pst_err *err)
{
    return pst_json_refuse(p, PST_E_JSON_LIMIT, p->token,
                           p->in_name ? "a member name is too long" : "a string is too long", err);
}

static enum pst_status no_memory(struct pst_json_parser *p, struct pst_err *err)
{
    return pst_json_refuse(p, PST_E_NO_MEMORY, p->token, "no memory for a string", err);
}

static enum pst_status surrogate(struct pst_json_parser *p, const struct pst_cur *c,
                                 struct pst_err *err)
{
    return pst_json_refuse(p, PST_E_JSON_UTF8, pst_json_at(p, c), "a lone surrogate", err);
}

bool pst_json_token_text(struct pst_json_parser *p, struct pst_str run, struct pst_str *ret)
{
    struct pst_str text = run;
    if (p->spill.n > 0) {
        if (!pst_buf_add(&p->spill, run)) {
            return false;
        }
        text = pst_buf_str(&p->spill);
    }
    if (text.n == 0) {
        *ret = PST_STR("");
        return true;
    }
    if (p->spill.n > 0 || !p->config.stable) {
        text = pst_arena_copy(p->arena, text);
    }
    *ret = text;
    return text.p != NULL;
}

/* The closing quote was taken. */
static enum pst_status string_end(struct pst_json_parser *p, struct pst_str run, uint32_t end,
                                  struct pst_err *err)
{
    struct pst_str text;
    if (!pst_json_token_text(p, run, &text)) {
        return no_memory(p, err);
    }
    /* Escapes decode to whole characters, so the decoded text is well formed exactly when every
     * raw piece of it is. */
    if (p->wide && !pst_utf8_valid(text)) {
        return pst_json_refuse(p, PST_E_JSON_UTF8, p->token, "a string is not valid UTF-8", err);
    }
    if (p->in_name) {
        p->name = text;
        p->state = PST_JS_COLON;
        return pst_json_check_name(p, p->stack[p->depth - 1], err);
    }
    struct pst_json *v = pst_json_add_node(p, PST_JSON_STRING, p->token, err);
    if (v == NULL) {
        return PST_ERR;
    }
    v->text = text;
    v->length = end - p->token;
    p->state = p->depth > 0 ? PST_JS_AFTER : PST_JS_DONE;
    return PST_OK;
}

/* What a one-letter escape stands for, 0 where there is none. */
static const uint8_t simple_escape[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* A run and the one-letter escape behind it, when both are in this view: text is full of them.
 * False when it is for the careful way, which also finds what is wrong. */
static bool run_and_escape(struct pst_json_parser *p, struct pst_cur *c, struct pst_str run)
{
    const int letter = pst_cur_peek(c, run.n + 1);
    if (letter < 0 || simple_escape[letter] == 0 || run.n + 1 > length_limit(p) - p->spill.n) {
        return false;
    }
    uint8_t *room = pst_buf_room(&p->spill, run.n + 1);
    if (room == NULL) {
        return false;
    }
    memcpy(room, run.p, run.n);
    room[run.n] = simple_escape[letter];
    pst_buf_added(&p->spill, run.n + 1);
    c->at += run.n + 2;
    return true;
}

static enum pst_status string_run(struct pst_json_parser *p, struct pst_cur *c, struct pst_err *err)
{
    struct pst_str run;
    int b;
    do {
        run.n = pst_json_scan(c->in, c->at, &p->wide) - c->at;
        run.p = &c->in.p[c->at];
        if (run.n > length_limit(p) - p->spill.n) {
            return too_long(p, err);
        }
        b = pst_cur_peek(c, run.n);
    } while (b == '\\' && run_and_escape(p, c, run));
    c->at += run.n;
    if (b == '"') {
        c->at++;
        return string_end(p, run, pst_json_at(p, c), err);
    }
    if (b >= 0 && b != '\\') {
        return pst_json_refuse(p, PST_E_JSON_SYNTAX, pst_json_at(p, c),
                               "a control character in a string", err);
    }
    if (run.n > 0 && !pst_buf_add(&p->spill, run)) {
        return no_memory(p, err);
    }
    if (b == '\\') {
        c->at++;
        p->state = PST_JS_ESCAPE;
    }
    return PST_OK;
}

/* Adds what an escape stands for. */
static enum pst_status decoded(struct pst_json_parser *p, struct pst_str bytes, struct pst_err *err)
{
    if (bytes.n > length_limit(p) - p->spill.n) {
        return too_long(p, err);
    }
    if (!pst_buf_add(&p->spill, bytes)) {
        return no_memory(p, err);
    }
    p->state = PST_JS_STRING;
    return PST_OK;
}

static enum pst_status escape(struct pst_json_parser *p, struct pst_cur *c, struct pst_err *err)
{
    const uint8_t b = c->in.p[c->at];
    if (b == 'u') {
        c->at++;
        p->state = PST_JS_HEX;
        p->hex = 0;
        p->hex_digits = 0;
        return PST_OK;
    }
    if (simple_escape[b] != 0) {
        c->at++;
        return decoded(p, pst_str_of(&simple_escape[b], 1), err);
    }
    return pst_json_refuse(p, PST_E_JSON_SYNTAX, pst_json_at(p, c), "an unknown escape", err);
}

static int hex_value(uint8_t b)
{
    if (b >= '0' && b <= '9') {
        return b - '0';
    }
    const uint8_t lower = b | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Four digits are there. */
static enum pst_status hex_end(struct pst_json_parser *p, const struct pst_cur *c,
                               struct pst_err *err)
{
    uint32_t cp = p->hex;
    const bool low = cp >= 0xdc00 && cp <= 0xdfff;
    if (low != (p->high != 0)) {
        return surrogate(p, c, err);
    }
    if (cp >= 0xd800 && cp <= 0xdbff) {
        p->high = p->hex;
        p->state = PST_JS_LOW_SLASH;
        return PST_OK;
    }
    if (low) {
        cp = 0x10000 + ((uint32_t)(p->high - 0xd800) << 10) + (cp - 0xdc00);
        p->high = 0;
    }
    uint8_t utf8[4];
    const size_t n = pst_utf8_put(cp, utf8);
    return decoded(p, pst_str_of(utf8, n), err);
}

static enum pst_status hex_step(struct pst_json_parser *p, struct pst_cur *c, struct pst_err *err)
{
    while (!pst_cur_done(c)) {
        const int digit = hex_value(c->in.p[c->at]);
        if (digit < 0) {
            return pst_json_refuse(p, PST_E_JSON_SYNTAX, pst_json_at(p, c),
                                   "four hex digits were expected", err);
        }
        p->hex = (uint16_t)(p->hex << 4 | digit);
        c->at++;
        if (++p->hex_digits == 4) {
            return hex_end(p, c, err);
        }
    }
    return PST_OK;
}

/* The byte that must follow a high surrogate. */
static enum pst_status low_step(struct pst_json_parser *p, struct pst_cur *c, uint8_t wanted,
                                enum pst_json_state next, struct pst_err *err)
{
    if (!pst_cur_byte(c, wanted)) {
        return surrogate(p, c, err);
    }
    p->state = (uint8_t)next;
    p->hex = 0;
    p->hex_digits = 0;
    return PST_OK;
}

enum pst_status pst_json_string_step(struct pst_json_parser *p, struct pst_cur *c,
                                     struct pst_err *err)
{
    if (p->state == PST_JS_STRING) {
        return string_run(p, c, err);
    }
    if (p->state == PST_JS_ESCAPE) {
        return escape(p, c, err);
    }
    if (p->state == PST_JS_HEX) {
        return hex_step(p, c, err);
    }
    return p->state == PST_JS_LOW_SLASH ? low_step(p, c, '\\', PST_JS_LOW_U, err)
                                        : low_step(p, c, 'u', PST_JS_HEX, err);
}
