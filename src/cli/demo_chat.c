#include "cli/demo_chat.h"

#include "wire/json_out.h"

/* --- reading --------------------------------------------------------------------------------- */

static void find_marker(struct pst_demo_chat *c, struct pst_str in)
{
    size_t at = pst_str_find(in, PST_STR("demo:"));
    if (c->marker.n > 0 || at == PST_NPOS) {
        return;
    }
    struct pst_str rest = pst_str_from(in, at + 5);
    size_t n = 0;
    while (n < rest.n && ((rest.p[n] >= 'a' && rest.p[n] <= 'z') || rest.p[n] == '-' ||
                          (rest.p[n] >= '0' && rest.p[n] <= '9'))) {
        n++;
    }
    c->marker = pst_str_cut(rest, 0, n);
    rest = pst_str_from(rest, n);
    if (rest.n > 0 && rest.p[0] == '=') {
        rest = pst_str_from(rest, 1);
        for (n = 0; n < rest.n && rest.p[n] > ' '; n++) {
        }
        c->value = pst_str_cut(rest, 0, n);
    }
}

static void read_message(struct pst_demo_chat *c, const struct pst_json *message)
{
    struct pst_str role = {NULL, 0}, text = {NULL, 0};
    (void)pst_json_str(PST_JSON_GET(message, "role"), &role);
    const struct pst_json *content = PST_JSON_GET(message, "content");
    if (!pst_json_str(content, &text)) {
        for (const struct pst_json *part = pst_json_first(content); part != NULL;
             part = part->next) {
            if (pst_json_str(PST_JSON_GET(part, "text"), &text)) {
                c->prompt_tokens += 1 + text.n / 4;
            }
        }
    }
    c->prompt_tokens += 3 + text.n / 4;
    c->after_tool = pst_str_eq(role, PST_STR("tool")) || pst_str_eq(role, PST_STR("function"));
    if (pst_str_eq(role, PST_STR("user"))) {
        c->last_user = text;
    }
}

enum pst_status pst_demo_chat_read(struct pst_demo_chat *ret, struct pst_str body,
                                   struct pst_arena *arena, struct pst_err *err)
{
    struct pst_json_config config = pst_json_config_of(PST_DEMO_BODY_MAX, /* seed= */ 1);
    config.stable = true;
    const struct pst_json *root = pst_json_parse(&config, arena, body, err);
    if (root == NULL) {
        return PST_ERR;
    }
    struct pst_demo_chat c = {.choices = 1};
    uint64_t number;
    if (!pst_json_str(PST_JSON_GET(root, "model"), &c.model)) {
        return pst_fail(err, PST_E_DIALECT_REQUIRED, "the member model is missing");
    }
    for (const struct pst_json *m = pst_json_first(PST_JSON_GET(root, "messages")); m != NULL;
         m = m->next) {
        read_message(&c, m);
    }
    find_marker(&c, c.model);
    find_marker(&c, c.last_user);
    (void)pst_json_bool(PST_JSON_GET(root, "stream"), &c.stream);
    (void)pst_json_bool(PST_JSON_GET(PST_JSON_GET(root, "stream_options"), "include_usage"),
                        &c.include_usage);
    if (pst_json_u64(PST_JSON_GET(root, "n"), &number) && number > 0) {
        c.choices = number > PST_DEMO_CHOICES_MAX ? PST_DEMO_CHOICES_MAX : (uint32_t)number;
    }
    if (pst_json_u64(PST_JSON_GET(root, "max_completion_tokens"), &number) ||
        pst_json_u64(PST_JSON_GET(root, "max_tokens"), &number)) {
        c.max_tokens = number > PST_DEMO_TOKENS_MAX ? PST_DEMO_TOKENS_MAX : (uint32_t)number;
    }
    const struct pst_json *tool = pst_json_first(PST_JSON_GET(root, "tools"));
    (void)pst_json_str(PST_JSON_GET(PST_JSON_GET(tool, "function"), "name"), &c.tool);
    *ret = c;
    return PST_OK;
}

/* --- planning -------------------------------------------------------------------------------- */

static const char sentence[] = "This is the demo model. It says the same words to everyone, in the "
                               "same order, and it forgets what it was asked.";
/* the key that AWS prints in its own documentation */
static const char secret[] = "Sure, the key is AKIAIOSFODNN7EXAMPLE and the rest is easy.";

/* Length of the word at the front with the space before it. */
static size_t word_length(struct pst_str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] == ' ') {
        n++;
    }
    while (n < s.n && s.p[n] != ' ') {
        n++;
    }
    return n;
}

/* As many words as asked for; the source starts over when it ends. */
static void fill_text(struct pst_demo_plan *p, struct pst_str source, uint32_t want)
{
    struct pst_str rest = source;
    bool all = want == 0;
    while (source.n > 0 && p->tokens < (all ? PST_DEMO_TOKENS_MAX : want)) {
        if (rest.n == 0) {
            if (all) {
                return;
            }
            rest = source;
            pst_buf_byte(p->text, ' ');
        }
        size_t n = word_length(rest);
        pst_buf_add(p->text, pst_str_cut(rest, 0, n));
        rest = pst_str_from(rest, n);
        p->tokens++;
    }
}

struct pst_str pst_demo_word(struct pst_str *rest)
{
    size_t n = word_length(*rest);
    struct pst_str word = pst_str_cut(*rest, 0, n);
    *rest = pst_str_from(*rest, n);
    return word;
}

static void plan_calls(struct pst_demo_plan *p)
{
    const struct pst_demo_chat *c = p->chat;
    uint64_t number;
    if (c->after_tool) {
        return; /* the tool has answered: say something */
    }
    if (PST_DEMO_IS(c, "tool") || PST_DEMO_IS(c, "tool-garbage")) {
        p->calls = 1;
        p->call_name = c->value.n > 0 ? c->value : c->tool;
        p->call_garbage = PST_DEMO_IS(c, "tool-garbage");
    } else if (PST_DEMO_IS(c, "tools")) {
        bool given = pst_str_u64(c->value, &number) && number > 0 && number <= PST_DEMO_CALLS_MAX;
        p->calls = given ? (uint32_t)number : 2;
        p->call_name = c->tool;
    } else if (PST_DEMO_IS(c, "tool-not-offered")) {
        p->calls = 1;
        p->call_name = PST_STR("not_offered");
    }
    if (p->calls > 0) {
        p->finish = "tool_calls";
        if (p->call_name.n == 0) {
            p->call_name = PST_STR("get_weather");
        }
    }
}

void pst_demo_plan(struct pst_demo_plan *p, const struct pst_demo_chat *c,
                   const struct pst_demo_options *options, struct pst_buf *text)
{
    *p = (struct pst_demo_plan){
        .chat = c, .text = text, .member = "content", .finish = "stop", .role = "assistant"};
    struct pst_str source = pst_str_c(sentence);
    uint64_t want = options->tokens;
    plan_calls(p);
    if (PST_DEMO_IS(c, "tokens") && !pst_str_u64(c->value, &want)) {
        want = options->tokens;
    }
    if (PST_DEMO_IS(c, "secret")) {
        source = pst_str_c(secret);
        want = 0;
    } else if (PST_DEMO_IS(c, "echo")) {
        source = c->last_user;
        want = 0;
    } else if (PST_DEMO_IS(c, "refusal")) {
        p->member = "refusal";
    } else if (PST_DEMO_IS(c, "reasoning")) {
        p->member = "reasoning_content";
    } else if (PST_DEMO_IS(c, "unknown-finish")) {
        p->finish = "exploded";
    } else if (PST_DEMO_IS(c, "wrong-role")) {
        p->role = "system";
    } else if (PST_DEMO_IS(c, "content-filter")) {
        p->finish = "content_filter";
    }
    if (p->calls > 0) {
        p->tokens = 8 * p->calls;
        return;
    }
    fill_text(p, source, want > PST_DEMO_TOKENS_MAX ? PST_DEMO_TOKENS_MAX : (uint32_t)want);
    if (c->max_tokens > 0 && c->max_tokens < p->tokens) {
        size_t keep = 0;
        for (p->tokens = 0; p->tokens < c->max_tokens; p->tokens++) {
            keep += word_length(pst_str_from(pst_buf_str(text), keep));
        }
        pst_buf_truncate(text, keep);
        p->finish = "length";
    }
}

/* --- writing --------------------------------------------------------------------------------- */

static void put_head(const struct pst_demo_plan *p, struct pst_json_out *o, struct pst_buf *out,
                     const char *object)
{
    pst_json_out_init(o, out);
    pst_json_out_object(o);
    pst_json_out_kstr(o, "id", PST_STR("chatcmpl-demo"));
    pst_json_out_kstr(o, "object", pst_str_c(object));
    pst_json_out_ku64(o, "created", 1700000000);
    pst_json_out_kstr(o, "model", p->chat->model);
    pst_json_out_kstr(o, "system_fingerprint", PST_STR("fp_demo"));
    PST_JSON_KEY(o, "choices");
    pst_json_out_array(o);
}

static void chunk_begin(const struct pst_demo_plan *p, struct pst_json_out *o, struct pst_buf *out,
                        uint32_t choice)
{
    put_head(p, o, out, "chat.completion.chunk");
    pst_json_out_object(o);
    pst_json_out_ku64(o, "index", choice);
    PST_JSON_KEY(o, "delta");
    pst_json_out_object(o);
}

static void chunk_end(struct pst_json_out *o, const char *finish)
{
    pst_json_out_end(o);
    PST_JSON_KEY(o, "logprobs");
    pst_json_out_null(o);
    PST_JSON_KEY(o, "finish_reason");
    if (finish != NULL) {
        pst_json_out_str(o, pst_str_c(finish));
    } else {
        pst_json_out_null(o);
    }
    pst_json_out_end(o);
    pst_json_out_end(o);
    pst_json_out_end(o);
}

static void put_usage(const struct pst_demo_plan *p, struct pst_json_out *o)
{
    uint64_t completion = (uint64_t)p->tokens * p->chat->choices;
    PST_JSON_KEY(o, "usage");
    pst_json_out_object(o);
    pst_json_out_ku64(o, "prompt_tokens", p->chat->prompt_tokens);
    pst_json_out_ku64(o, "completion_tokens", completion);
    pst_json_out_ku64(o, "total_tokens", p->chat->prompt_tokens + completion);
    pst_json_out_end(o);
}

static void put_call_id(struct pst_json_out *o, uint32_t choice, uint32_t call)
{
    char id[] = "call_demo_0_0";
    id[10] = (char)('0' + choice);
    id[12] = (char)('0' + call);
    pst_json_out_kstr(o, "id", pst_str_c(id));
}

static struct pst_str arguments(const struct pst_demo_plan *p)
{
    return p->call_garbage ? PST_STR("{\"city\": \"Bo") : PST_STR("{\"city\":\"Bonn\",\"days\":2}");
}

void pst_demo_write_role(const struct pst_demo_plan *p, uint32_t choice, struct pst_buf *out)
{
    struct pst_json_out o;
    chunk_begin(p, &o, out, choice);
    pst_json_out_kstr(&o, "role", pst_str_c(p->role));
    PST_JSON_KEY(&o, "content");
    if (p->calls > 0) {
        pst_json_out_null(&o);
    } else {
        pst_json_out_str(&o, PST_STR(""));
    }
    chunk_end(&o, NULL);
}

void pst_demo_write_word(const struct pst_demo_plan *p, uint32_t choice, struct pst_str word,
                         struct pst_buf *out)
{
    struct pst_json_out o;
    chunk_begin(p, &o, out, choice);
    pst_json_out_kstr(&o, p->member, word);
    chunk_end(&o, NULL);
}

void pst_demo_write_call(const struct pst_demo_plan *p, uint32_t choice, uint32_t call,
                         uint32_t part, struct pst_buf *out)
{
    struct pst_str whole = arguments(p);
    struct pst_json_out o;
    chunk_begin(p, &o, out, choice);
    PST_JSON_KEY(&o, "tool_calls");
    pst_json_out_array(&o);
    pst_json_out_object(&o);
    pst_json_out_ku64(&o, "index", call);
    if (part == 0) {
        put_call_id(&o, choice, call);
        pst_json_out_kstr(&o, "type", PST_STR("function"));
    }
    PST_JSON_KEY(&o, "function");
    pst_json_out_object(&o);
    if (part == 0) {
        pst_json_out_kstr(&o, "name", p->call_name);
        pst_json_out_kstr(&o, "arguments", PST_STR(""));
    } else {
        size_t half = whole.n / 2;
        pst_json_out_kstr(&o, "arguments",
                          part == 1 ? pst_str_cut(whole, 0, half) : pst_str_from(whole, half));
    }
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    chunk_end(&o, NULL);
}

void pst_demo_write_finish(const struct pst_demo_plan *p, uint32_t choice, struct pst_buf *out)
{
    struct pst_json_out o;
    chunk_begin(p, &o, out, choice);
    chunk_end(&o, p->finish);
}

void pst_demo_write_usage(const struct pst_demo_plan *p, struct pst_buf *out)
{
    struct pst_json_out o;
    put_head(p, &o, out, "chat.completion.chunk");
    pst_json_out_end(&o);
    put_usage(p, &o);
    pst_json_out_end(&o);
}

static void put_whole_calls(const struct pst_demo_plan *p, struct pst_json_out *o, uint32_t choice)
{
    PST_JSON_KEY(o, "tool_calls");
    pst_json_out_array(o);
    for (uint32_t i = 0; i < p->calls; i++) {
        pst_json_out_object(o);
        put_call_id(o, choice, i);
        pst_json_out_kstr(o, "type", PST_STR("function"));
        PST_JSON_KEY(o, "function");
        pst_json_out_object(o);
        pst_json_out_kstr(o, "name", p->call_name);
        pst_json_out_kstr(o, "arguments", arguments(p));
        pst_json_out_end(o);
        pst_json_out_end(o);
    }
    pst_json_out_end(o);
}

void pst_demo_write_whole(const struct pst_demo_plan *p, struct pst_buf *out)
{
    struct pst_json_out o;
    bool other = !pst_str_eq(pst_str_c(p->member), PST_STR("content"));
    put_head(p, &o, out, "chat.completion");
    for (uint32_t i = 0; i < p->chat->choices; i++) {
        pst_json_out_object(&o);
        pst_json_out_ku64(&o, "index", i);
        PST_JSON_KEY(&o, "message");
        pst_json_out_object(&o);
        pst_json_out_kstr(&o, "role", pst_str_c(p->role));
        if (p->calls > 0 || other) {
            PST_JSON_KEY(&o, "content");
            pst_json_out_null(&o);
        }
        if (p->calls > 0) {
            put_whole_calls(p, &o, i);
        } else {
            pst_json_out_kstr(&o, p->member, pst_buf_str(p->text));
        }
        pst_json_out_end(&o);
        PST_JSON_KEY(&o, "logprobs");
        pst_json_out_null(&o);
        pst_json_out_kstr(&o, "finish_reason", pst_str_c(p->finish));
        pst_json_out_end(&o);
    }
    pst_json_out_end(&o);
    put_usage(p, &o);
    pst_json_out_end(&o);
}
