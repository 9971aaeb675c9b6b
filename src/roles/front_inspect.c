#include "roles/front.h"

#include "base/enc.h"
#include "identity/key.h"
#include "inspect/image.h"
#include "mask/inside.h"
#include "mask/scope.h"
#include "sys/fd.h"

#include <stdlib.h>

/* --- the image -------------------------------------------------------------------------------- */

void pst_front_inspect_close(struct pst_front_inspect *inspect)
{
    if (inspect != NULL) {
        pst_front_detect_close(inspect->detect);
        for (size_t i = 0; i < PST_FRONT_SLOW; i++) {
            pst_scanner_release(inspect->slow[i].scanner);
        }
        pst_scanner_release(inspect->scanner);
        pst_scan_image_close(inspect->image);
        pst_memfd_unmap(&inspect->map);
        free(inspect);
    }
}

enum pst_status pst_front_inspect_open(int fd, uint64_t size, struct pst_front_inspect **ret,
                                       struct pst_err *err)
{
    struct pst_front_inspect *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the inspection image");
    }
    struct pst_str whole, data;
    if (pst_memfd_check(fd, PST_SEALS, size, err) != PST_OK ||
        pst_memfd_map(fd, (size_t)size, &fresh->map, err) != PST_OK ||
        pst_image_check(fresh->map, PST_IMAGE_INSPECT, err) != PST_OK) {
        pst_front_inspect_close(fresh);
        return PST_ERR;
    }
    whole = pst_str_from(fresh->map, PST_IMAGE_INSPECT_AT);
    if (pst_inspect_image_section(whole, PST_SECTION_DATA, &data, err) != PST_OK ||
        pst_scan_image_open(data, &fresh->image, err) != PST_OK ||
        pst_scanner_init(&fresh->scanner, fresh->image, err) != PST_OK ||
        pst_front_detect_open(whole, &fresh->detect, err) != PST_OK) {
        pst_front_inspect_close(fresh);
        return PST_ERR;
    }
    *ret = fresh;
    return PST_OK;
}

enum pst_status pst_front_inspect_configure(struct pst_front_inspect *inspect,
                                            const struct pst_front_config *config,
                                            struct pst_err *err)
{
    const struct pst_front_image *image = config->image;
    /* Requests: as the definitions say. Answers: only secrets, which no answer should show. */
    pst_actions_default(inspect->image, &inspect->requests);
    inspect->answers = (struct pst_actions){{0}};
    (void)pst_actions_set(inspect->image, &inspect->answers, PST_STR("secrets"), PST_ACT_REDACT,
                          /* only_stricter= */ false);
    inspect->restore = image->restore != 0;
    if (image->inspect != 0 && image->detector != 0 && inspect->detect == NULL) {
        return pst_fail(err, PST_E_CONFIG, "inspect: there are no weights for the detector");
    }
    for (uint32_t i = 0; i < image->n_actions; i++) {
        const struct pst_image_action *row = &image->actions[i];
        struct pst_actions *to = row->answers != 0 ? &inspect->answers : &inspect->requests;
        if (pst_actions_set(inspect->image, to, pst_str_c(row->who), (enum pst_action)row->action,
                            false) == 0) {
            return pst_fail(err, PST_E_CONFIG, "inspect: there is no type or group %s", row->who);
        }
    }
    return PST_OK;
}

/* --- whose tokens ----------------------------------------------------------------------------- */

/* The subject that an assertion claims. It is not verified here: with a false one nothing is
 * released, so that no token of it ever leaves. */
static struct pst_str subject(struct pst_front_request *r)
{
    struct pst_str token = r->assertion;
    size_t dot = pst_str_find_byte(token, '.');
    struct pst_str rest = pst_str_from(token, dot == PST_NPOS ? token.n : dot + 1);
    struct pst_str payload = pst_str_cut(rest, 0, pst_str_find_byte(rest, '.'));
    uint8_t *bytes = pst_arena_take(&r->stream->arena, payload.n);
    size_t n = 0;
    if (bytes == NULL || !pst_b64_get(payload, PST_B64_URL, bytes, payload.n, &n)) {
        return token;
    }
    struct pst_json_config config = pst_json_config_of((uint32_t)n, r->front->seed);
    struct pst_json *root = pst_json_parse(&config, &r->stream->arena, pst_str_of(bytes, n), NULL);
    struct pst_str sub;
    return pst_json_str(PST_JSON_GET(root, "sub"), &sub) ? sub : token;
}

static bool leads(const struct pst_segment *s, bool user)
{
    return s->channel == PST_CHANNEL_CONTENT && s->message != PST_NO_MESSAGE &&
           (user ? s->role == PST_SPEAKER_USER
                 : s->role == PST_SPEAKER_SYSTEM || s->role == PST_SPEAKER_DEVELOPER);
}

static void first_message(struct pst_hmac *hmac, const struct pst_exchange *x, bool user)
{
    uint32_t message = PST_NO_MESSAGE;
    for (size_t i = 0; i < x->n_segments; i++) {
        const struct pst_segment *s = &x->segments[i];
        if (leads(s, user) && (message == PST_NO_MESSAGE || message == s->message)) {
            message = s->message;
            pst_hmac_update(hmac, pst_segment_text(s));
        }
    }
    const uint8_t end = user ? 1 : 0;
    pst_hmac_update(hmac, pst_str_of(&end, 1));
}

/* Without a name a conversation is known by how it begins: that stays when turns are added. */
static void scope_make(struct pst_front_request *r)
{
    struct pst_hmac *masking = &r->front->masking;
    struct pst_key_text key;
    struct pst_str principal = r->credential;
    uint8_t begin[PST_SHA256_BYTES];
    if (r->cred_kind == PST_CRED_KIND_BEARER && pst_key_parse(r->credential, &key)) {
        principal = pst_arena_copy(&r->stream->arena, pst_str_c(key.id));
        pst_wipe(&key, sizeof key);
    }
    struct pst_str conversation = r->texts.conversation;
    if (conversation.n == 0) {
        pst_hmac_update(masking, PST_STR("conversation"));
        first_message(masking, &r->exchange, false);
        first_message(masking, &r->exchange, true);
        pst_hmac_finish(masking, begin);
        conversation = pst_str_of(begin, sizeof begin);
    }
    pst_scope_make(masking, principal, r->assertion.n > 0 ? subject(r) : (struct pst_str){NULL, 0},
                   conversation, &r->texts.scope);
}

/* --- requests --------------------------------------------------------------------------------- */

static enum pst_status one_text(void *ctx, struct pst_str key, struct pst_str text,
                                struct pst_buf *out, struct pst_err *err)
{
    return pst_mask_text(ctx, key, text, out, err);
}

/* Names of tools are what policies decide about, and what the model's calls are matched with. */
static bool name_kept(const struct pst_segment *s)
{
    bool speaker = s->role == PST_SPEAKER_USER || s->role == PST_SPEAKER_SYSTEM ||
                   s->role == PST_SPEAKER_DEVELOPER;
    return s->channel == PST_CHANNEL_NAME && !speaker;
}

/* What the segment holds instead of its text. */
static enum pst_status segment_set(struct pst_front_request *r, const struct pst_segment *s,
                                   struct pst_str text, struct pst_err *err)
{
    struct pst_arena *arena = &r->stream->arena;
    if (pst_str_eq(text, pst_segment_text(s))) {
        return PST_OK;
    }
    bool ok = s->is_name ? pst_json_set_name(arena, s->node, text)
                         : pst_json_set_string(arena, s->node, text);
    return ok ? PST_OK : pst_fail(err, PST_E_UNINSPECTED, "no memory to inspect the request");
}

/* A scanner for a long text, kept to its end. AGAIN: all are taken. */
static enum pst_status slow_take(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_front_inspect *in = r->config->inspect;
    for (size_t i = 0; i < PST_FRONT_SLOW; i++) {
        if (in->slow[i].user == NULL) {
            if (in->slow[i].scanner == NULL &&
                pst_scanner_init(&in->slow[i].scanner, in->image, err) != PST_OK) {
                return PST_ERR;
            }
            in->slow[i].user = r;
            r->texts.slow = in->slow[i].scanner;
            return PST_OK;
        }
    }
    return PST_AGAIN;
}

static void slow_give(struct pst_front_request *r)
{
    struct pst_front_inspect *in = r->config != NULL ? r->config->inspect : NULL;
    for (size_t i = 0; in != NULL && r->texts.slow != NULL && i < PST_FRONT_SLOW; i++) {
        if (in->slow[i].user == r) {
            in->slow[i].user = NULL;
        }
    }
    r->texts.slow = NULL;
}

void pst_front_inspect_forget(struct pst_front_request *r)
{
    slow_give(r);
    r->texts.looking = false;
}

/* The findings of a long text, a slice with each call. */
static enum pst_status scan_slice(struct pst_front_request *r, const struct pst_scan_text *text,
                                  struct pst_findings *ret, struct pst_err *err)
{
    struct pst_err why = {0};
    enum pst_status status = PST_OK;
    if (r->texts.slow == NULL) {
        status = slow_take(r, &why);
        if (status == PST_OK) {
            status = pst_scan_begin(r->texts.slow, text, &why);
        }
    }
    if (status == PST_OK) {
        status = pst_scan_step(r->texts.slow, PST_FRONT_SLICE, ret, &why);
    }
    return status != PST_ERR ? status
                             : pst_fail(err, PST_E_UNINSPECTED, "%s: %.120s",
                                        pst_error_row(PST_E_UNINSPECTED)->text, why.text);
}

static enum pst_status inspect_segment(struct pst_front_request *r, struct pst_mask *m,
                                       const struct pst_segment *s, struct pst_str text,
                                       struct pst_err *err)
{
    struct pst_buf *out = &r->front->masked;
    struct pst_str key = s->is_name || s->channel == PST_CHANNEL_CONTENT ? (struct pst_str){NULL, 0}
                                                                         : s->node->name;
    const struct pst_inside inside = {
        .arena = &r->stream->arena, .seed = r->front->seed, .text = one_text, .ctx = m};
    enum pst_status status;
    m->keep = name_kept(s);
    m->ident = s->channel == PST_CHANNEL_IDENT;
    pst_buf_clear(out);
    if (s->channel == PST_CHANNEL_ARGUMENTS && !s->is_name) {
        if (text.n > pst_front_limit(r, PST_LIMIT_tool_arguments_bytes)) {
            return pst_fail(err, PST_E_LIMIT, "the arguments of a tool call are too long");
        }
        status = pst_inside_apply(&inside, key, text, out, err);
    } else if (text.n <= PST_FRONT_SLICE) {
        status = pst_mask_text(m, key, text, out, err);
    } else {
        const struct pst_scan_text long_text = {.text = text, .key = key};
        struct pst_findings found = {0};
        status = scan_slice(r, &long_text, &found, err);
        if (status == PST_OK) {
            status = pst_mask_found(m, text, &found, out, err);
        }
    }
    return status == PST_OK ? segment_set(r, s, pst_buf_str(out), err) : status;
}

/* From the segment in turn on, as many texts as fit one slice. */
static enum pst_status look_on(struct pst_front_request *r, struct pst_err *err)
{
    const struct pst_front_inspect *in = r->config->inspect;
    struct pst_front_texts *t = &r->texts;
    const struct pst_exchange *x = &r->exchange;
    struct pst_mask m = {.scanner = in->scanner,
                         .image = in->image,
                         .actions = t->actions,
                         .scope = &t->scope,
                         .vault = in->restore ? &t->vault : NULL,
                         .tally = &t->tally};
    size_t looked_at = 0;
    r->front->masked.cap = (size_t)pst_front_limit(r, PST_LIMIT_body_bytes) * 4;
    while (t->next < x->n_segments) {
        struct pst_str text = t->originals[t->next];
        if (looked_at > 0 && looked_at + text.n > PST_FRONT_SLICE) {
            return PST_AGAIN;
        }
        enum pst_status status = inspect_segment(r, &m, &x->segments[t->next], text, err);
        if (status != PST_OK) {
            return status;
        }
        slow_give(r);
        looked_at += text.n;
        t->next++;
    }
    return PST_OK;
}

static void look_begin(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    struct pst_front_texts *t = &r->texts;
    uint64_t until = pst_loop_now_ms(f->house.loop) + pst_front_limit(r, PST_LIMIT_answer_ms);
    pst_vault_init(&t->vault, &r->stream->arena, &f->aead,
                   (size_t)pst_front_limit(r, PST_LIMIT_masked_values), until);
    t->tally = (struct pst_tally){.n = 0};
    t->next = 0;
    t->looking = true;
}

static enum pst_status look_first(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_front_texts *t = &r->texts;
    const struct pst_exchange *x = &r->exchange;
    if (r->config->inspect == NULL || !r->front->masking_there) {
        return pst_fail(err, PST_E_UNINSPECTED, "inspection is not ready");
    }
    t->originals = PST_ARENA_ARRAY(&r->stream->arena, x->n_segments, struct pst_str);
    if (t->originals == NULL) {
        return pst_fail(err, PST_E_UNINSPECTED, "no memory to inspect the request");
    }
    for (size_t i = 0; i < x->n_segments; i++) {
        t->originals[i] = pst_segment_text(&x->segments[i]);
    }
    scope_make(r);
    t->actions = &r->config->inspect->requests;
    t->scoring = r->config->image->detector != 0;
    look_begin(r);
    return PST_OK;
}

enum pst_status pst_front_inspect_request(struct pst_front_request *r, struct pst_err *err)
{
    if (r->config->image->inspect == 0 || (!r->texts.looking && r->texts.originals != NULL)) {
        return PST_OK;
    }
    if (!r->texts.looking && look_first(r, err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = look_on(r, err);
    if (status != PST_AGAIN) {
        pst_front_inspect_forget(r);
    }
    return status;
}

enum pst_status pst_front_inspect_score(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_front_texts *t = &r->texts;
    enum pst_status status = PST_OK;
    if (t->scoring) {
        status = pst_front_detect_run(r->config->inspect->detect, &r->exchange, t->originals,
                                      r->config->image->taint, &t->walk, err);
    }
    t->scoring = status == PST_AGAIN;
    return status;
}

enum pst_status pst_front_inspect_amend(struct pst_front_request *r, const struct pst_str *demands,
                                        size_t n, struct pst_err *err)
{
    const struct pst_front_inspect *in = r->config->inspect;
    if (n == 0) {
        return PST_OK;
    }
    struct pst_actions *actions = PST_ARENA_NEW(&r->stream->arena, struct pst_actions);
    if (in == NULL || r->texts.originals == NULL || actions == NULL) {
        return pst_fail(err, PST_E_UNINSPECTED, "inspection is not ready");
    }
    *actions = in->requests;
    for (size_t i = 0; i < n; i++) {
        size_t colon = pst_str_find_byte(demands[i], ':');
        enum pst_action action = pst_action_find(pst_str_cut(demands[i], 0, colon));
        if (colon == PST_NPOS || action > PST_ACT_BLOCK ||
            pst_actions_set(in->image, actions, pst_str_from(demands[i], colon + 1), action,
                            /* only_stricter= */ true) == 0) {
            return pst_fail(err, PST_E_POLICY_DENIED, "what a policy demands cannot be done");
        }
    }
    r->texts.actions = actions;
    look_begin(r);
    return PST_OK;
}

/* --- what warden is told ---------------------------------------------------------------------- */

static bool found_put(struct pst_buf *tail, struct pst_str type, bool secret,
                      enum pst_found_state state, uint32_t count, uint16_t *n)
{
    struct pst_buf item;
    const struct pst_found f = {
        .type = type, .secret = secret, .state = (uint8_t)state, .count = count};
    if (count == 0) {
        return true;
    }
    pst_buf_init(&item, PST_FOUND_TEXT_MAX);
    bool ok = pst_found_put(&item, &f) && pst_ipc_list_add(tail, pst_buf_str(&item));
    pst_buf_release(&item);
    *n = (uint16_t)(*n + 1);
    return ok;
}

static bool found_add(struct pst_buf *tail, const struct pst_type *type, enum pst_found_state state,
                      uint32_t count, uint16_t *n)
{
    return found_put(tail, type->name, type->secret, state, count, n);
}

/* What only answers have: the operator's prompt, and in calls of tools what the user never said. */
static bool told_add(const struct pst_lane_guard *g, struct pst_buf *tail, uint16_t *n)
{
    static const struct pst_str names[PST_ARGUMENT_KINDS] = {
        PST_STR_INIT("UNSAID_URL"), PST_STR_INIT("UNSAID_EMAIL"), PST_STR_INIT("UNSAID_PATH"),
        PST_STR_INIT("UNSAID_BLOB")};
    bool ok = found_put(tail, PST_STR("SYSTEM_PROMPT"), /* secret= */ true,
                        g->prompt_stops ? PST_FOUND_REMOVED : PST_FOUND_CLEAR,
                        g->prompt_told ? 1 : 0, n);
    for (size_t i = 0; ok && i < PST_ARGUMENT_KINDS; i++) {
        ok = found_put(tail, names[i], /* secret= */ false, PST_FOUND_CLEAR, g->unsaid.fresh[i], n);
    }
    return ok;
}

bool pst_front_inspect_findings(const struct pst_front_request *r, bool answer,
                                struct pst_buf *tail, uint16_t *ret_n)
{
    const struct pst_tally *t = answer ? &r->texts.answer_tally : &r->texts.tally;
    *ret_n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct pst_type *type = pst_scan_type(r->config->inspect->image, t->list[i].type);
        if (!found_add(tail, type, PST_FOUND_CLEAR, t->list[i].clear, ret_n) ||
            !found_add(tail, type, PST_FOUND_MASKED, t->list[i].masked, ret_n) ||
            !found_add(tail, type, PST_FOUND_REMOVED, t->list[i].removed, ret_n)) {
            return false;
        }
    }
    return !answer || told_add(&r->texts.guard, tail, ret_n);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Hosts that the operator allows, and those named by who may be trusted with it: the user and the
 * operator's prompt, in their own words, before masking. */
static enum pst_status hosts_make(struct pst_front_request *r, struct pst_err *err)
{
    const struct pst_front_image *image = r->config->image;
    const struct pst_exchange *x = &r->exchange;
    struct pst_hosts *hosts = &r->texts.hosts;
    pst_hosts_init(hosts, &r->stream->arena);
    for (uint32_t i = 0; i < image->n_hosts; i++) {
        struct pst_err why = {0};
        if (pst_hosts_allow(hosts, pst_str_c(image->hosts[i]), &why) != PST_OK) {
            return pst_fail(err, PST_E_UNINSPECTED, "hosts of answers: %.120s", why.text);
        }
    }
    for (size_t i = 0; i < x->n_segments; i++) {
        if (leads(&x->segments[i], true) || leads(&x->segments[i], false)) {
            pst_hosts_learn(hosts, r->texts.originals[i]);
        }
    }
    return PST_OK;
}

static struct pst_str joined(struct pst_front_request *r, bool user)
{
    const struct pst_exchange *x = &r->exchange;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < x->n_segments; i++) {
        n += leads(&x->segments[i], user) ? r->texts.originals[i].n + 1 : 0;
    }
    uint8_t *bytes = n > 0 ? pst_arena_take(&r->stream->arena, n) : NULL;
    for (size_t i = 0; bytes != NULL && i < x->n_segments; i++) {
        struct pst_str text = r->texts.originals[i];
        if (leads(&x->segments[i], user)) {
            memcpy(&bytes[at], text.p, text.n);
            at += text.n;
            bytes[at++] = '\n';
        }
    }
    return pst_str_of(bytes, at);
}

/* The operator's prompt, without what the user said too; *ret stays NULL when there is none. */
static enum pst_status prompt_make(struct pst_front_request *r, const struct pst_leak_source **ret,
                                   struct pst_err *err)
{
    const struct pst_exchange *x = &r->exchange;
    struct pst_front_texts *t = &r->texts;
    struct pst_str prompt = joined(r, false);
    *ret = NULL;
    if (prompt.n == 0) {
        return PST_OK;
    }
    if (pst_leak_source_init(&t->prompt, prompt, (struct pst_str){NULL, 0}, r->front->seed,
                             &r->stream->arena, err) != PST_OK) {
        return pst_fail(err, PST_E_UNINSPECTED, "no memory to inspect the answer");
    }
    for (size_t i = 0; i < x->n_segments; i++) {
        if (leads(&x->segments[i], true)) {
            pst_leak_source_except(&t->prompt, t->originals[i], r->front->seed);
        }
    }
    *ret = &t->prompt;
    return PST_OK;
}

/* Against what calls of tools are held: the user's words, and the operator's. */
static enum pst_status said_make(struct pst_front_request *r, const struct pst_provenance **ret,
                                 struct pst_err *err)
{
    *ret = NULL;
    if (r->exchange.n_tools == 0) {
        return PST_OK;
    }
    const struct pst_str turns[] = {joined(r, true), joined(r, false)};
    if (pst_provenance_init(&r->texts.said, turns, PST_LEN(turns), &r->stream->arena, err) !=
        PST_OK) {
        return pst_fail(err, PST_E_UNINSPECTED, "no memory to inspect the answer");
    }
    *ret = &r->texts.said;
    return PST_OK;
}

enum pst_status pst_front_inspect_answer(struct pst_front_request *r,
                                         const struct pst_lane_filter **ret, struct pst_err *err)
{
    struct pst_front *f = r->front;
    const struct pst_front_inspect *in = r->config->inspect;
    *ret = NULL;
    if (pst_house_simulates(&f->house, PST_X_ANSWER_UNINSPECTED)) {
        return pst_fail(err, PST_E_UNINSPECTED, "%s (simulated)",
                        pst_exception_row(PST_X_ANSWER_UNINSPECTED)->text);
    }
    if (r->config->image->inspect == 0) {
        return PST_OK;
    }
    bool links = r->config->image->links != 0;
    if (links && hosts_make(r, err) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_leak_source *prompt = NULL;
    const struct pst_provenance *said = NULL;
    uint32_t leak = r->config->image->leak;
    if ((leak != PST_LEAK_OFF && prompt_make(r, &prompt, err) != PST_OK) ||
        said_make(r, &said, err) != PST_OK) {
        return PST_ERR;
    }
    pst_lane_guard_release(&r->texts.guard);
    r->texts.guard = (struct pst_lane_guard){
        .mask = {.scanner = in->scanner,
                 .image = in->image,
                 .actions = &in->answers,
                 .scope = &r->texts.scope,
                 .vault = in->restore ? &r->texts.vault : NULL,
                 .tally = &r->texts.answer_tally},
        .arena = &r->stream->arena,
        .seed = f->seed,
        .hold_max = (size_t)pst_front_limit(r, PST_LIMIT_lane_hold_bytes),
        .hosts = links ? &r->texts.hosts : NULL,
        .strict = r->texts.walk.score.tainted,
        .prompt = prompt,
        .prompt_stops = leak == PST_LEAK_BLOCK,
        .said = said,
    };
    *ret = &pst_lane_guard_filter;
    return PST_OK;
}
