#include "wire/json_private.h"

/* Nodes come from the arena in blocks: most requests have some dozens. */
enum { SLAB_NODES = 16 };

struct pst_json_config pst_json_config_of(uint32_t bytes, uint64_t seed)
{
    return (struct pst_json_config){
        .limits = {.bytes = bytes,
                   .depth = 64,
                   .nodes = bytes < 4 * 65536 ? 65536 : bytes / 4,
                   .string_bytes = bytes,
                   .name_bytes = 256},
        .names = NULL,
        .seed = seed,
        .stable = false,
    };
}

void pst_json_init(struct pst_json_parser *p, const struct pst_json_config *config,
                   struct pst_arena *arena)
{
    const struct pst_json_limits *limits = &config->limits;
    PST_BUG_ON(limits->depth > PST_JSON_DEPTH_MAX);
    p->config = *config;
    p->arena = arena;
    p->root = NULL;
    p->depth = 0;
    p->nodes = 0;
    p->base = 0;
    p->line = 1;
    p->line_start = 0;
    p->token = 0;
    p->state = PST_JS_VALUE;
    p->literal = p->matched = 0;
    p->hex_digits = 0;
    p->hex = p->high = 0;
    p->in_name = p->wide = false;
    p->known = 0;
    p->opaque = 0;
    p->refused = PST_E_NONE;
    p->name = PST_STR("");
    size_t spill = PST_JSON_NUMBER_MAX;
    spill = limits->string_bytes > spill ? limits->string_bytes : spill;
    spill = limits->name_bytes > spill ? limits->name_bytes : spill;
    pst_buf_init(&p->spill, spill);
    p->slab = NULL;
    p->slab_left = 0;
    p->index = NULL;
}

void pst_json_release(struct pst_json_parser *p)
{
    if (p != NULL) {
        pst_buf_release(&p->spill);
    }
}

enum pst_status pst_json_refuse(struct pst_json_parser *p, enum pst_error code, uint32_t at,
                                const char *what, struct pst_err *err)
{
    p->state = PST_JS_REFUSED;
    p->refused = code;
    const uint32_t column = at - p->line_start + 1;
    return pst_fail_at(err, code, p->line, column, "%s (line %u, column %u, offset %u)", what,
                       p->line, column, at);
}

static enum pst_status syntax(struct pst_json_parser *p, const struct pst_cur *c, const char *what,
                              struct pst_err *err)
{
    return pst_json_refuse(p, PST_E_JSON_SYNTAX, pst_json_at(p, c), what, err);
}

/* --- nodes --------------------------------------------------------------------------------------
 */

static void attach(struct pst_json_parser *p, struct pst_json *v)
{
    if (p->depth == 0) {
        p->root = v;
        return;
    }
    struct pst_json *parent = p->stack[p->depth - 1];
    if (parent->last != NULL) {
        parent->last->next = v;
    } else {
        parent->first = v;
    }
    parent->last = v;
    parent->count++;
    v->opaque = parent->opaque;
    if (parent->type == PST_JSON_OBJECT) {
        v->name = p->name;
        v->known = p->known;
        v->opaque |= p->opaque;
    }
}

struct pst_json *pst_json_add_node(struct pst_json_parser *p, enum pst_json_type type,
                                   uint32_t offset, struct pst_err *err)
{
    if (p->nodes >= p->config.limits.nodes) {
        (void)pst_json_refuse(p, PST_E_JSON_LIMIT, offset, "too many values", err);
        return NULL;
    }
    if (p->slab_left == 0) {
        p->slab = PST_ARENA_ARRAY(p->arena, SLAB_NODES, struct pst_json);
        if (p->slab == NULL) {
            (void)pst_json_refuse(p, PST_E_NO_MEMORY, offset, "no memory for a value", err);
            return NULL;
        }
        p->slab_left = SLAB_NODES;
    }
    struct pst_json *v = &p->slab[SLAB_NODES - p->slab_left--];
    p->nodes++;
    v->type = (uint8_t)type;
    v->offset = offset;
    attach(p, v);
    return v;
}

static void value_end(struct pst_json_parser *p)
{
    p->state = p->depth > 0 ? PST_JS_AFTER : PST_JS_DONE;
}

static enum pst_status open_container(struct pst_json_parser *p, struct pst_cur *c,
                                      enum pst_json_type type, struct pst_err *err)
{
    const uint32_t at = pst_json_at(p, c);
    if (p->depth >= p->config.limits.depth) {
        return pst_json_refuse(p, PST_E_JSON_DEPTH, at, "nested too deeply", err);
    }
    struct pst_json *v = pst_json_add_node(p, type, at, err);
    if (v == NULL) {
        return PST_ERR;
    }
    p->stack[p->depth++] = v;
    p->state = type == PST_JSON_OBJECT ? PST_JS_FIRST_NAME : PST_JS_FIRST_VALUE;
    c->at++;
    return PST_OK;
}

static enum pst_status close_container(struct pst_json_parser *p, struct pst_cur *c,
                                       enum pst_json_type type, struct pst_err *err)
{
    struct pst_json *v = p->stack[p->depth - 1];
    if (v->type != type) {
        return syntax(p, c, "the wrong closing bracket", err);
    }
    c->at++;
    v->length = pst_json_at(p, c) - v->offset;
    p->depth--;
    value_end(p);
    return PST_OK;
}

/* --- numbers and words --------------------------------------------------------------------------
 */

static bool in_number(uint8_t b)
{
    return (b >= '0' && b <= '9') || b == '.' || b == '-' || b == '+' || (b | 0x20) == 'e';
}

static enum pst_status number_end(struct pst_json_parser *p, struct pst_str run, uint32_t end,
                                  struct pst_err *err)
{
    struct pst_str text;
    if (!pst_json_token_text(p, run, &text)) {
        return pst_json_refuse(p, PST_E_NO_MEMORY, p->token, "no memory for a number", err);
    }
    if (!pst_json_number_valid(text)) {
        return pst_json_refuse(p, PST_E_JSON_SYNTAX, p->token, "not a valid number", err);
    }
    struct pst_json *v = pst_json_add_node(p, PST_JSON_NUMBER, p->token, err);
    if (v == NULL) {
        return PST_ERR;
    }
    v->text = text;
    v->length = end - p->token;
    value_end(p);
    return PST_OK;
}

static enum pst_status number_step(struct pst_json_parser *p, struct pst_cur *c,
                                   struct pst_err *err)
{
    const size_t from = c->at;
    size_t at = from;
    while (at < c->in.n && in_number(c->in.p[at])) {
        at++;
    }
    const struct pst_str run = pst_str_of(&c->in.p[from], at - from);
    if (run.n > PST_JSON_NUMBER_MAX - p->spill.n) {
        return pst_json_refuse(p, PST_E_JSON_LIMIT, p->token, "a number is too long", err);
    }
    c->at = at;
    if (at < c->in.n) {
        return number_end(p, run, pst_json_at(p, c), err);
    }
    if (!pst_buf_add(&p->spill, run)) {
        return pst_json_refuse(p, PST_E_NO_MEMORY, p->token, "no memory for a number", err);
    }
    return PST_OK;
}

static enum pst_status word_step(struct pst_json_parser *p, struct pst_cur *c, struct pst_err *err)
{
    static const struct pst_str words[] = {[PST_JSON_NULL] = PST_STR_INIT("null"),
                                           [PST_JSON_FALSE] = PST_STR_INIT("false"),
                                           [PST_JSON_TRUE] = PST_STR_INIT("true")};
    const struct pst_str word = words[p->literal];
    while (!pst_cur_done(c)) {
        if (c->in.p[c->at] != word.p[p->matched]) {
            return syntax(p, c, "an unknown word", err);
        }
        c->at++;
        if (++p->matched == word.n) {
            struct pst_json *v = pst_json_add_node(p, (enum pst_json_type)p->literal, p->token,
                                                   err);
            if (v == NULL) {
                return PST_ERR;
            }
            v->length = (uint32_t)word.n;
            value_end(p);
            return PST_OK;
        }
    }
    return PST_OK;
}

/* --- structure ----------------------------------------------------------------------------------
 */

static void token_begin(struct pst_json_parser *p, const struct pst_cur *c,
                        enum pst_json_state state)
{
    p->token = pst_json_at(p, c);
    p->state = (uint8_t)state;
    if (p->spill.n > 0) {
        pst_buf_truncate(&p->spill, 0);
    }
}

static enum pst_status string_begin(struct pst_json_parser *p, struct pst_cur *c, bool in_name,
                                    struct pst_err *err)
{
    token_begin(p, c, PST_JS_STRING);
    p->in_name = in_name;
    p->wide = false;
    c->at++;
    return pst_json_string_step(p, c, err);
}

static enum pst_status word_begin(struct pst_json_parser *p, struct pst_cur *c,
                                  enum pst_json_type type, struct pst_err *err)
{
    token_begin(p, c, PST_JS_WORD);
    p->literal = (uint8_t)type;
    p->matched = 0;
    return word_step(p, c, err);
}

static enum pst_status value_begin(struct pst_json_parser *p, struct pst_cur *c, uint8_t b,
                                   struct pst_err *err)
{
    switch (b) {
    case '"':
        return string_begin(p, c, false, err);
    case '{':
        return open_container(p, c, PST_JSON_OBJECT, err);
    case '[':
        return open_container(p, c, PST_JSON_ARRAY, err);
    case 't':
        return word_begin(p, c, PST_JSON_TRUE, err);
    case 'f':
        return word_begin(p, c, PST_JSON_FALSE, err);
    case 'n':
        return word_begin(p, c, PST_JSON_NULL, err);
    default:
        break;
    }
    if (b == '-' || (b >= '0' && b <= '9')) {
        token_begin(p, c, PST_JS_NUMBER);
        return number_step(p, c, err);
    }
    if (b == 0xef && pst_json_at(p, c) == 0) {
        return syntax(p, c, "a byte-order mark is not allowed", err);
    }
    return syntax(p, c, "a value was expected", err);
}

static enum pst_status name_begin(struct pst_json_parser *p, struct pst_cur *c, uint8_t b,
                                  struct pst_err *err)
{
    return b == '"' ? string_begin(p, c, true, err)
                    : syntax(p, c, "a member name was expected", err);
}

static enum pst_status after_value(struct pst_json_parser *p, struct pst_cur *c, uint8_t b,
                                   struct pst_err *err)
{
    if (b == ',') {
        c->at++;
        p->state = p->stack[p->depth - 1]->type == PST_JSON_OBJECT ? PST_JS_NAME : PST_JS_VALUE;
        return PST_OK;
    }
    if (b == '}') {
        return close_container(p, c, PST_JSON_OBJECT, err);
    }
    if (b == ']') {
        return close_container(p, c, PST_JSON_ARRAY, err);
    }
    return syntax(p, c, "a comma or a closing bracket was expected", err);
}

static void skip_space(struct pst_json_parser *p, struct pst_cur *c)
{
    while (c->at < c->in.n) {
        const uint8_t b = c->in.p[c->at];
        if (b > ' ' || (b != ' ' && b != '\n' && b != '\r' && b != '\t')) {
            return;
        }
        c->at++;
        if (b == '\n') {
            p->line++;
            p->line_start = pst_json_at(p, c);
        }
    }
}

/* Between tokens. Takes at least one byte or refuses. */
static enum pst_status structure_step(struct pst_json_parser *p, struct pst_cur *c,
                                      struct pst_err *err)
{
    skip_space(p, c);
    if (pst_cur_done(c)) {
        return PST_OK;
    }
    const uint8_t b = c->in.p[c->at];
    switch (p->state) {
    case PST_JS_AFTER:
        return after_value(p, c, b, err);
    case PST_JS_COLON:
        if (b != ':') {
            return syntax(p, c, "a colon was expected", err);
        }
        c->at++;
        p->state = PST_JS_VALUE;
        return PST_OK;
    case PST_JS_NAME:
        return name_begin(p, c, b, err);
    case PST_JS_FIRST_NAME:
        return b == '}' ? close_container(p, c, PST_JSON_OBJECT, err) : name_begin(p, c, b, err);
    case PST_JS_FIRST_VALUE:
        return b == ']' ? close_container(p, c, PST_JSON_ARRAY, err) : value_begin(p, c, b, err);
    case PST_JS_VALUE:
        return value_begin(p, c, b, err);
    default:
        return syntax(p, c, "more bytes behind the value", err);
    }
}

static enum pst_status step(struct pst_json_parser *p, struct pst_cur *c, struct pst_err *err)
{
    if (p->state < PST_JS_NUMBER) {
        return structure_step(p, c, err);
    }
    if (p->state == PST_JS_NUMBER) {
        return number_step(p, c, err);
    }
    return p->state == PST_JS_WORD ? word_step(p, c, err) : pst_json_string_step(p, c, err);
}

enum pst_status pst_json_feed(struct pst_json_parser *p, struct pst_str in, struct pst_err *err)
{
    if (p->state == PST_JS_REFUSED) {
        return pst_fail(err, p->refused, "the text was refused before");
    }
    /* The limit cuts the input first, so that an error before it is the same however the text
     * comes. */
    const uint32_t left = p->config.limits.bytes - p->base;
    struct pst_cur c = pst_cur_of(pst_str_cut(in, 0, left));
    while (!pst_cur_done(&c)) {
        if (step(p, &c, err) != PST_OK) {
            return PST_ERR;
        }
    }
    p->base += (uint32_t)c.in.n;
    if (in.n > left) {
        return pst_json_refuse(p, PST_E_BODY_TOO_LARGE, p->base, "larger than the limit", err);
    }
    return p->state == PST_JS_DONE ? PST_OK : PST_AGAIN;
}

enum pst_status pst_json_finish(struct pst_json_parser *p, struct pst_err *err)
{
    if (p->state == PST_JS_REFUSED) {
        return pst_fail(err, p->refused, "the text was refused before");
    }
    if (p->state == PST_JS_NUMBER && number_end(p, PST_STR(""), p->base, err) != PST_OK) {
        return PST_ERR;
    }
    if (p->state != PST_JS_DONE) {
        return pst_json_refuse(p, PST_E_JSON_SYNTAX, p->base, "the text ends too early", err);
    }
    return PST_OK;
}

struct pst_json *pst_json_parse(const struct pst_json_config *config, struct pst_arena *arena,
                                struct pst_str in, struct pst_err *err)
{
    struct pst_json_parser p;
    struct pst_json *root = NULL;
    pst_json_init(&p, config, arena);
    if (pst_json_feed(&p, in, err) != PST_ERR && pst_json_finish(&p, err) == PST_OK) {
        root = p.root;
    }
    pst_json_release(&p);
    return root;
}
