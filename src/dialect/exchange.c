#include "dialect/exchange.h"

#include "dialect/walk.h"
#include "wire/json_out.h"

const char *pst_speaker_name(enum pst_speaker role)
{
    static const char *const names[] = {"none",      "system", "developer", "user",
                                        "assistant", "tool",   "function"};
    return (size_t)role < PST_LEN(names) ? names[role] : "none";
}

const char *pst_channel_name(enum pst_channel channel)
{
    static const char *const names[] = {"none",        "content", "refusal",   "name",
                                        "description", "schema",  "arguments", "stop",
                                        "ident",       "meta",    "url",       "unknown"};
    return (size_t)channel < PST_LEN(names) ? names[channel] : "none";
}

void pst_segment_path(const struct pst_exchange *x, const struct pst_segment *s,
                      struct pst_buf *out)
{
    struct pst_buf path;
    pst_buf_init(&path, 65536);
    if (pst_json_path(x->root, s->node, &path)) {
        pst_buf_add(out, pst_buf_str(&path));
        if (s->is_name) {
            PST_BUF_LIT(out, "(name)");
        }
    }
    pst_buf_release(&path);
}

bool pst_exchange_set_model(struct pst_exchange *x, struct pst_str upstream_model)
{
    if (!pst_json_set_string(x->arena, x->model_node, upstream_model)) {
        return false;
    }
    x->model = x->model_node->text;
    return true;
}

/* --- limits ---------------------------------------------------------------------------------- */

static bool lower(struct pst_exchange *x, struct pst_json *node, uint64_t cap, bool *ret_there)
{
    uint64_t value;
    if (node == NULL || !pst_json_u64(node, &value)) {
        return true; /* absent or null: no limit was asked for */
    }
    *ret_there = true;
    return value <= cap || pst_json_set_u64(x->arena, node, cap);
}

bool pst_exchange_cap_tokens(struct pst_exchange *x, uint64_t cap, bool legacy)
{
    bool there = false;
    if (!lower(x, x->max_tokens_node, cap, &there) ||
        !lower(x, x->max_completion_node, cap, &there)) {
        return false;
    }
    if (!there) {
        struct pst_str name = legacy ? PST_STR("max_tokens") : PST_STR("max_completion_tokens");
        struct pst_json *node = pst_json_new_u64(x->arena, cap);
        if (!pst_json_put(x->arena, x->root, name, node)) {
            return false;
        }
        *(legacy ? &x->max_tokens_node : &x->max_completion_node) = node;
    }
    if (x->max_tokens == 0 || x->max_tokens > cap) {
        x->max_tokens = cap;
    }
    return true;
}

bool pst_exchange_want_usage(struct pst_exchange *x)
{
    if (!x->stream) {
        return true;
    }
    struct pst_json *options = PST_JSON_GET(x->root, "stream_options");
    if (!pst_json_is(options, PST_JSON_OBJECT)) {
        options = pst_json_new(x->arena, PST_JSON_OBJECT);
        if (!pst_json_put(x->arena, x->root, PST_STR("stream_options"), options)) {
            return false;
        }
    }
    struct pst_json *usage = PST_JSON_GET(options, "include_usage");
    if (usage != NULL) {
        pst_json_set_bool(usage, true);
        return true;
    }
    return pst_json_put(x->arena, options, PST_STR("include_usage"),
                        pst_json_new(x->arena, PST_JSON_TRUE));
}

/* --- tools ----------------------------------------------------------------------------------- */

/* The name in {"type": …, "function"|"custom": {"name": …}} or in {"name": …}. */
static struct pst_str tool_name(const struct pst_json *tool)
{
    static const struct pst_str holders[] = {PST_STR_INIT("function"), PST_STR_INIT("custom")};
    struct pst_str name = {NULL, 0};
    if (pst_json_str(PST_JSON_GET(tool, "name"), &name)) {
        return name;
    }
    for (size_t i = 0; i < PST_LEN(holders); i++) {
        if (pst_json_str(PST_JSON_GET(pst_json_get(tool, holders[i]), "name"), &name)) {
            return name;
        }
    }
    return name;
}

static void strip_from(struct pst_json *array, struct pst_str name)
{
    for (struct pst_json *v = pst_json_first(array), *next; v != NULL; v = next) {
        next = v->next;
        if (pst_str_eq(tool_name(v), name)) {
            pst_json_remove(array, v);
        }
    }
}

static void remove_member(struct pst_json *object, struct pst_str name)
{
    struct pst_json *v = pst_json_get(object, name);
    if (v != NULL) {
        pst_json_remove(object, v);
    }
}

/* A choice that names the stripped tool, or allows nothing else, falls back to the default. */
static void strip_choice(struct pst_exchange *x, struct pst_str member, struct pst_str name)
{
    struct pst_json *choice = pst_json_get(x->root, member);
    struct pst_json *allowed = PST_JSON_GET(PST_JSON_GET(choice, "allowed_tools"), "tools");
    strip_from(allowed, name);
    bool empty = allowed != NULL && allowed->count == 0;
    if (pst_json_is(choice, PST_JSON_OBJECT) && (empty || pst_str_eq(tool_name(choice), name))) {
        pst_json_remove(x->root, choice);
        x->tool_choice = PST_CHOICE_UNSET;
        x->tool_choice_name = (struct pst_str){NULL, 0};
    }
}

size_t pst_exchange_strip_tool(struct pst_exchange *x, struct pst_str name)
{
    size_t kept = 0, before = x->n_tools;
    for (size_t i = 0; i < before; i++) {
        if (!pst_str_eq(x->tools[i].name, name)) {
            x->tools[kept++] = x->tools[i];
        }
    }
    if (kept == before) {
        return 0;
    }
    x->n_tools = kept;
    struct pst_json *tools = PST_JSON_GET(x->root, "tools");
    struct pst_json *functions = PST_JSON_GET(x->root, "functions");
    strip_from(tools, name);
    strip_from(functions, name);
    strip_choice(x, PST_STR("tool_choice"), name);
    strip_choice(x, PST_STR("function_call"), name);
    /* an empty list, or a choice without a list, is refused by upstreams */
    if (tools != NULL && tools->count == 0) {
        pst_json_remove(x->root, tools);
        remove_member(x->root, PST_STR("tool_choice"));
        remove_member(x->root, PST_STR("parallel_tool_calls"));
    }
    if (functions != NULL && functions->count == 0) {
        pst_json_remove(x->root, functions);
        remove_member(x->root, PST_STR("function_call"));
    }
    if (kept == 0) {
        x->tool_choice = PST_CHOICE_UNSET;
        x->capabilities &= ~(uint32_t)(PST_CAP_TOOLS | PST_CAP_CUSTOM_TOOLS |
                                       PST_CAP_LEGACY_FUNCTIONS);
    }
    return before - kept;
}

bool pst_exchange_offers(const struct pst_exchange *x, struct pst_str name)
{
    for (size_t i = 0; i < x->n_tools; i++) {
        if (pst_str_eq(x->tools[i].name, name)) {
            return true;
        }
    }
    return false;
}

enum pst_status pst_exchange_write(const struct pst_exchange *x, struct pst_buf *out,
                                   struct pst_err *err)
{
    return pst_json_write(x->root, out, err);
}
