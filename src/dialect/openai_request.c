#include "dialect/openai.h"

#include "base/check.h"
#include "dialect/openai_table.h"
#include "dialect/walk.h"

/* What the hooks know of the message and the tool they are in. */
struct reader {
    const struct pst_openai_config *config;
    struct pst_exchange *x;
    uint32_t message; /* index, PST_NO_MESSAGE outside */
    enum pst_speaker role;
    bool content, calls, call_id, assistant_only; /* non-null members of this message */
};

/* --- segments and tools ---------------------------------------------------------------------- */

static enum pst_status no_memory(struct pst_err *err)
{
    return pst_fail(err, PST_E_NO_MEMORY, "the memory limit of this request was reached");
}

/* Room for one more element in an array that grows in the arena; the old block is left behind. */
static void *grown(struct pst_arena *arena, void *old, size_t n, size_t *size, size_t element)
{
    if (n < *size) {
        return old;
    }
    size_t want;
    if (!pst_mul_size(*size == 0 ? 16 : *size, *size == 0 ? 1 : 2, &want)) {
        return NULL;
    }
    uint8_t *block = pst_arena_array(arena, want, element);
    if (block == NULL) {
        return NULL;
    }
    if (n > 0) {
        memcpy(block, old, n * element);
    }
    *size = want;
    return block;
}

static enum pst_status on_text(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                               struct pst_json *v, bool is_name, struct pst_err *err)
{
    (void)w;
    struct reader *r = ctx;
    struct pst_exchange *x = r->x;
    struct pst_segment *list = grown(x->arena, x->segments, x->n_segments, &x->segments_size,
                                     sizeof *list);
    if (list == NULL) {
        return no_memory(err);
    }
    x->segments = list;
    struct pst_segment *s = &list[x->n_segments++];
    *s = (struct pst_segment){
        .node = v,
        .message = r->message,
        .role = (uint8_t)r->role,
        .channel = row != NULL ? row->channel : (uint8_t)PST_CHANNEL_UNKNOWN,
        .is_name = is_name,
    };
    x->text_bytes += pst_segment_text(s).n;
    return PST_OK;
}

/* A tool's definition is the top frame; the element of the list is itself or the one above. */
static enum pst_status add_tool(struct reader *r, struct pst_walk *w, struct pst_str name,
                                struct pst_err *err)
{
    struct pst_exchange *x = r->x;
    const struct pst_walk_frame *definition = pst_walk_frame(w, 0), *above = pst_walk_frame(w, 1);
    if (x->n_tools >= r->config->limits.tools) {
        return pst_walk_fail(w, err, PST_E_LIMIT, "too many tools");
    }
    if (name.n == 0) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must not be empty");
    }
    struct pst_offered_tool *list = grown(x->arena, x->tools, x->n_tools, &x->tools_size,
                                          sizeof *list);
    if (list == NULL) {
        return no_memory(err);
    }
    x->tools = list;
    bool legacy = above->node->type == PST_JSON_ARRAY;
    bool custom = definition->object == PST_REQ_custom;
    list[x->n_tools++] = (struct pst_offered_tool){
        .name = name,
        .node = legacy ? definition->node : above->node,
        .type = (uint8_t)(legacy   ? PST_TOOL_LEGACY
                          : custom ? PST_TOOL_CUSTOM
                                   : PST_TOOL_FUNCTION),
    };
    x->capabilities |= (uint32_t)(legacy   ? PST_CAP_LEGACY_FUNCTIONS
                                  : custom ? PST_CAP_CUSTOM_TOOLS
                                           : PST_CAP_TOOLS);
    return PST_OK;
}

static void note_tool_choice(struct pst_exchange *x, const struct pst_json *v)
{
    struct pst_str word = {NULL, 0};
    if (v->type == PST_JSON_NULL) {
        return;
    }
    if (pst_json_str(v, &word)) {
        x->tool_choice = pst_str_eq(word, PST_STR("none"))   ? PST_CHOICE_NONE
                         : pst_str_eq(word, PST_STR("auto")) ? PST_CHOICE_AUTO
                                                             : PST_CHOICE_REQUIRED;
        return;
    }
    if (pst_json_str(PST_JSON_GET(v, "type"), &word) &&
        pst_str_eq(word, PST_STR("allowed_tools"))) {
        x->tool_choice = PST_CHOICE_ALLOWED;
        return;
    }
    x->tool_choice = PST_CHOICE_NAMED;
    const struct pst_json *holder = word.n > 0 ? pst_json_get(v, word) : v;
    (void)pst_json_str(PST_JSON_GET(holder, "name"), &x->tool_choice_name);
}

/* --- numbers --------------------------------------------------------------------------------- */

static enum pst_status note_max_tokens(struct reader *r, struct pst_walk *w, struct pst_json *v,
                                       struct pst_json **ret_node, struct pst_err *err)
{
    uint64_t value;
    *ret_node = v;
    if (v->type == PST_JSON_NULL) {
        return PST_OK;
    }
    /* some servers read -1 as "no limit" */
    if (!pst_json_u64(v, &value) || value == 0) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must be at least 1");
    }
    if (r->x->max_tokens == 0 || value < r->x->max_tokens) {
        r->x->max_tokens = value;
    }
    return PST_OK;
}

static enum pst_status note_n(struct reader *r, struct pst_walk *w, const struct pst_json *v,
                              struct pst_err *err)
{
    uint64_t value;
    if (v->type == PST_JSON_NULL) {
        return PST_OK;
    }
    if (!pst_json_u64(v, &value) || value == 0) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must be at least 1");
    }
    if (value > r->config->limits.choices) {
        return pst_walk_fail(w, err, PST_E_LIMIT, "too many choices");
    }
    r->x->n = (uint32_t)value;
    return PST_OK;
}

/* --- opaque parts ---------------------------------------------------------------------------- */

static bool has_scheme(struct pst_str url, struct pst_str scheme)
{
    return pst_str_eq_nocase(pst_str_cut(url, 0, scheme.n), scheme);
}

/* data: URLs travel with the request. A remote one is fetched by the provider, from wherever the
 * caller says: a fact for policy, and its text is inspected. Other schemes are refused: what they
 * do depends on the server. */
static enum pst_status note_url(struct reader *r, struct pst_walk *w,
                                const struct pst_table_row *row, struct pst_json *v, bool bare_data,
                                struct pst_err *err)
{
    struct pst_exchange *x = r->x;
    if (has_scheme(v->text, PST_STR("data:"))) {
        x->opaque_bytes += v->text.n;
        return PST_OK;
    }
    if (has_scheme(v->text, PST_STR("https://")) || has_scheme(v->text, PST_STR("http://"))) {
        x->remote_urls++;
        x->capabilities |= PST_CAP_REMOTE_FETCH;
        return on_text(r, w, row, v, /* is_name= */ false, err);
    }
    bool scheme = pst_str_find_byte(pst_str_cut(v->text, 0, 32), ':') != PST_NPOS;
    if (!bare_data || scheme) {
        return pst_walk_fail(w, err, PST_E_DIALECT_UNKNOWN, "must be a data: or http(s): URL");
    }
    x->opaque_bytes += v->text.n;
    return PST_OK;
}

static void note_modalities(struct pst_exchange *x, const struct pst_json *v)
{
    for (const struct pst_json *e = pst_json_first(v); e != NULL; e = e->next) {
        if (pst_json_is(e, PST_JSON_STRING) && pst_str_eq(e->text, PST_STR("audio"))) {
            x->capabilities |= PST_CAP_AUDIO_OUT;
        }
    }
}

static uint32_t capability_of(uint8_t hook)
{
    switch (hook) {
    case PST_REQ_HOOK_CAP_AUDIO_OUT:
        return PST_CAP_AUDIO_OUT;
    case PST_REQ_HOOK_CAP_LOGIT_BIAS:
        return PST_CAP_LOGIT_BIAS;
    case PST_REQ_HOOK_CAP_PREDICTION:
        return PST_CAP_PREDICTION;
    case PST_REQ_HOOK_CAP_WEB_SEARCH:
        return PST_CAP_WEB_SEARCH;
    case PST_REQ_HOOK_CAP_MODERATION:
        return PST_CAP_MODERATION;
    case PST_REQ_HOOK_CAP_PROMPT_CACHE:
        return PST_CAP_PROMPT_CACHE;
    case PST_REQ_HOOK_CAP_JSON_SCHEMA:
        return PST_CAP_JSON_SCHEMA;
    case PST_REQ_HOOK_LOGPROBS:
        return PST_CAP_LOGPROBS;
    case PST_REQ_HOOK_STORE:
        return PST_CAP_STORE;
    case PST_REQ_HOOK_STATE:
        return PST_CAP_STATE;
    default:
        return 0;
    }
}

/* --- hooks ----------------------------------------------------------------------------------- */

static enum pst_status on_count(struct pst_walk *w, const struct pst_json *v, uint32_t most,
                                const char *text, struct pst_err *err)
{
    return v->type == PST_JSON_ARRAY && v->count > most ? pst_walk_fail(w, err, PST_E_LIMIT, text)
                                                        : PST_OK;
}

/* Members of one message, tool or part. */
static enum pst_status on_inner(struct reader *r, struct pst_walk *w,
                                const struct pst_table_row *row, struct pst_json *v,
                                struct pst_err *err)
{
    struct pst_exchange *x = r->x;
    bool given = v->type != PST_JSON_NULL;
    switch (row->hook) {
    case PST_REQ_HOOK_CONTENT:
        r->content = given;
        return PST_OK;
    case PST_REQ_HOOK_TOOL_CALLS:
        r->calls = r->calls || given;
        return PST_OK;
    case PST_REQ_HOOK_TOOL_CALL_ID:
        r->call_id = given;
        return PST_OK;
    case PST_REQ_HOOK_ASSISTANT_ONLY:
        r->assistant_only = r->assistant_only || given;
        return PST_OK;
    case PST_REQ_HOOK_TOOL_NAME:
        return add_tool(r, w, v->text, err);
    case PST_REQ_HOOK_IMAGE_URL:
        x->images++;
        x->capabilities |= PST_CAP_IMAGE_IN;
        return note_url(r, w, row, v, /* bare_data= */ false, err);
    case PST_REQ_HOOK_AUDIO_DATA:
        x->audios++;
        x->capabilities |= PST_CAP_AUDIO_IN;
        x->opaque_bytes += v->text.n;
        return PST_OK;
    case PST_REQ_HOOK_FILE_DATA:
        x->files++;
        x->capabilities |= PST_CAP_FILE_IN;
        return note_url(r, w, row, v, /* bare_data= */ true, err);
    default:
        return PST_OK;
    }
}

static enum pst_status on_member(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                                 struct pst_json *v, struct pst_err *err)
{
    struct reader *r = ctx;
    struct pst_exchange *x = r->x;
    switch (row->hook) {
    case PST_REQ_HOOK_MODEL:
        x->model = v->text;
        x->model_node = v;
        return v->text.n > 0 ? PST_OK
                             : pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must not be empty");
    case PST_REQ_HOOK_MESSAGES:
        x->messages = v->count;
        if (v->count == 0) {
            return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must not be empty");
        }
        return on_count(w, v, r->config->limits.messages, "too many messages", err);
    case PST_REQ_HOOK_TOOLS:
    case PST_REQ_HOOK_FUNCTIONS:
        return on_count(w, v, r->config->limits.tools, "too many tools", err);
    case PST_REQ_HOOK_STREAM:
        x->stream = v->type == PST_JSON_TRUE;
        return PST_OK;
    case PST_REQ_HOOK_INCLUDE_USAGE:
        x->usage_asked = v->type == PST_JSON_TRUE;
        return PST_OK;
    case PST_REQ_HOOK_MAX_TOKENS:
        return note_max_tokens(r, w, v, &x->max_tokens_node, err);
    case PST_REQ_HOOK_MAX_COMPLETION:
        return note_max_tokens(r, w, v, &x->max_completion_node, err);
    case PST_REQ_HOOK_N:
        return note_n(r, w, v, err);
    case PST_REQ_HOOK_TOOL_CHOICE:
        note_tool_choice(x, v);
        return PST_OK;
    case PST_REQ_HOOK_MODALITIES:
        note_modalities(x, v);
        return PST_OK;
    case PST_REQ_HOOK_SERVICE_TIER:
        if (v->type == PST_JSON_STRING && !pst_str_eq(v->text, PST_STR("auto")) &&
            !pst_str_eq(v->text, PST_STR("default"))) {
            x->capabilities |= PST_CAP_SERVICE_TIER;
        }
        return PST_OK;
    case PST_REQ_HOOK_END_USER:
        (void)pst_json_str(v, &x->end_user);
        return PST_OK;
    case PST_REQ_HOOK_SAFETY_ID:
        (void)pst_json_str(v, &x->safety_identifier);
        return PST_OK;
    default:
        break;
    }
    uint32_t capability = capability_of(row->hook);
    if (capability != 0) {
        if (v->type != PST_JSON_NULL && v->type != PST_JSON_FALSE) {
            x->capabilities |= capability;
        }
        return PST_OK;
    }
    return on_inner(r, w, row, v, err);
}

static enum pst_speaker role_of(const struct pst_json *message)
{
    struct pst_str text;
    if (!pst_json_str(PST_JSON_GET(message, "role"), &text)) {
        return PST_SPEAKER_NONE;
    }
    for (enum pst_speaker role = PST_SPEAKER_SYSTEM; role <= PST_SPEAKER_FUNCTION; role++) {
        if (pst_str_eq(text, pst_str_c(pst_speaker_name(role)))) {
            return role;
        }
    }
    return PST_SPEAKER_NONE;
}

/* The role is needed before the members, which come in any order. */
static enum pst_status on_enter(void *ctx, struct pst_walk *w, struct pst_err *err)
{
    (void)err;
    struct reader *r = ctx;
    const struct pst_walk_frame *f = pst_walk_frame(w, 0);
    if (f->object == PST_REQ_message) {
        r->message = pst_walk_frame(w, 1)->index;
        r->role = role_of(f->node);
        r->content = r->calls = r->call_id = r->assistant_only = false;
    }
    return PST_OK;
}

static enum pst_status check_message(struct reader *r, struct pst_walk *w, struct pst_err *err)
{
    bool assistant = r->role == PST_SPEAKER_ASSISTANT;
    if (!assistant && (r->calls || r->assistant_only)) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER,
                             "has a member that only an assistant's message may have");
    }
    if (r->call_id && r->role != PST_SPEAKER_TOOL) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER,
                             "has a tool_call_id, which only a tool's message may have");
    }
    if (r->role == PST_SPEAKER_TOOL && !r->call_id) {
        return pst_walk_fail(w, err, PST_E_DIALECT_REQUIRED, "the member tool_call_id is missing");
    }
    /* an assistant's message may consist of calls, a refusal or nothing at all */
    if (!r->content && !assistant && r->role != PST_SPEAKER_FUNCTION) {
        return pst_walk_fail(w, err, PST_E_DIALECT_REQUIRED, "the member content is missing");
    }
    return PST_OK;
}

static enum pst_status on_leave(void *ctx, struct pst_walk *w, struct pst_err *err)
{
    struct reader *r = ctx;
    enum pst_status st = PST_OK;
    switch (pst_walk_frame(w, 0)->object) {
    case PST_REQ_message:
        st = check_message(r, w, err);
        r->message = PST_NO_MESSAGE;
        r->role = PST_SPEAKER_NONE;
        break;
    default:
        break;
    }
    return st;
}

/* --- public ---------------------------------------------------------------------------------- */

void pst_openai_request_names(struct pst_openai_names *ret)
{
    size_t n = pst_table_names(pst_openai_request_table(), ret->list, PST_LEN(ret->list));
    pst_json_names_init(&ret->names, ret->list, n);
}

void pst_openai_answer_names(struct pst_openai_names *ret)
{
    size_t n = pst_table_names(pst_openai_answer_table(), ret->list, PST_LEN(ret->list));
    pst_json_names_init(&ret->names, ret->list, n);
}

enum pst_status pst_openai_read(const struct pst_openai_config *config, struct pst_arena *arena,
                                struct pst_json *root, struct pst_exchange *ret,
                                struct pst_err *err)
{
    static const struct pst_walk_ops ops = {
        .enter = on_enter, .leave = on_leave, .member = on_member, .text = on_text};
    struct pst_exchange x = {.arena = arena, .root = root, .n = 1};
    struct reader r = {.config = config, .x = &x, .message = PST_NO_MESSAGE};
    PST_UNINIT struct pst_walk w; /* its frames are filled as they are entered */
    pst_walk_init(&w, pst_openai_request_table(), &ops, &r);
    w.allow_state = config->allow_state;
    if (pst_walk_run(&w, root, PST_REQ_request, err) != PST_OK) {
        return PST_ERR;
    }
    x.unknown_members = w.unknown_members;
    if (w.state_seen) {
        x.capabilities |= PST_CAP_STATE;
    }
    *ret = x;
    return PST_OK;
}
