#include "gate/decide.h"

#include <stdio.h>

enum obligation_kind { NOTE, DO, NOT_HERE };

struct obligation {
    struct pst_str name;
    enum obligation_kind kind;
};

static const struct obligation obligations[] = {
#define PST_OBLIGATION(name, kind, text) {PST_STR_INIT(#name), kind},
#include "tables/obligations.def"
#undef PST_OBLIGATION
};

/* One pass over the facts: what has been found so far. */
struct court {
    const struct pst_cedar *policies;
    const struct pst_facts *facts;
    struct pst_arena *arena;
    struct pst_decision *out;
};

static void deny(struct pst_decision *d, enum pst_error code, const char *what, struct pst_str name)
{
    d->verdict = PST_DENY;
    d->code = code;
    pst_text(d->message, sizeof d->message, "%s%s%.*s", what, name.n > 0 ? ": " : "",
             name.n > 64 ? 64 : (int)name.n, name.n > 0 ? (const char *)name.p : "");
}

static void list_add(struct pst_str *list, size_t *n, struct pst_str item)
{
    for (size_t i = 0; i < *n; i++) {
        if (pst_str_eq(list[i], item)) {
            return;
        }
    }
    if (*n < PST_DECISION_LIST) {
        list[(*n)++] = item;
    }
}

static struct pst_str policy_name(const struct court *c, uint32_t policy)
{
    struct pst_str name;
    if (pst_cedar_annotation(c->policies, policy, PST_STR("id"), &name) && name.n > 0) {
        return name;
    }
    return pst_cedar_policy(c->policies, policy).id;
}

/* --- obligations ------------------------------------------------------------------------------ */

static const struct obligation *obligation_find(struct pst_str name)
{
    for (size_t i = 0; i < PST_LEN(obligations); i++) {
        if (pst_str_eq(obligations[i].name, name)) {
            return &obligations[i];
        }
    }
    return NULL;
}

/* Whether this gateway can carry the annotation out with this value. */
static bool obligation_possible(struct pst_str name, struct pst_str value)
{
    const struct obligation *o = obligation_find(name);
    uint64_t tokens;
    if (o == NULL || o->kind == NOT_HERE) {
        return false;
    }
    if (pst_str_eq(name, PST_STR("max_tokens"))) {
        return pst_str_u64(value, &tokens) && tokens > 0 && tokens <= UINT32_MAX;
    }
    if (pst_str_eq(name, PST_STR("record"))) {
        return pst_str_eq(value, PST_STR("send"));
    }
    if (pst_str_eq(name, PST_STR("strip"))) {
        return pst_str_eq(value, PST_STR("tool"));
    }
    if (pst_str_eq(name, PST_STR("mask")) || pst_str_eq(name, PST_STR("redact")) ||
        pst_str_eq(name, PST_STR("block"))) {
        return pst_found_words_valid(value);
    }
    return true;
}

/* Whether what was found already leaves as `name` demands. */
static bool demand_met(struct pst_str name, const struct pst_found *f)
{
    if (pst_str_eq(name, PST_STR("redact"))) {
        return f->state == PST_FOUND_REMOVED;
    }
    return f->state != PST_FOUND_CLEAR;
}

/* @mask, @redact, @block: each type that was found and is meant becomes a demand, or a denial. */
static void demand_take(struct court *c, struct pst_str name, struct pst_str value)
{
    struct pst_decision *d = c->out;
    struct pst_str word;
    size_t at = 0;
    bool block = pst_str_eq(name, PST_STR("block"));
    while (pst_found_word(value, &at, &word)) {
        for (size_t i = 0; i < c->facts->n_findings; i++) {
            const struct pst_found *f = &c->facts->findings[i];
            if (!pst_found_meant(f, word)) {
                continue;
            }
            if (block) {
                d->blocked = f->type;
            } else if (!demand_met(name, f)) {
                size_t n = name.n + 1 + f->type.n;
                uint8_t *text = pst_arena_take(c->arena, n);
                if (text == NULL) {
                    d->blocked = f->type; /* no memory to say what is demanded: denied */
                    return;
                }
                memcpy(text, name.p, name.n);
                text[name.n] = ':';
                memcpy(&text[name.n + 1], f->type.p, f->type.n);
                list_add(d->demands, &d->n_demands, pst_str_of(text, n));
            }
        }
    }
}

/* Takes on what one determining policy demands: of several, the strictest holds. */
static void obligation_take(struct court *c, struct pst_str name, struct pst_str value)
{
    struct pst_decision *d = c->out;
    uint64_t tokens;
    if (pst_str_eq(name, PST_STR("max_tokens")) && pst_str_u64(value, &tokens)) {
        if (d->max_tokens == 0 || tokens < d->max_tokens) {
            d->max_tokens = (uint32_t)tokens;
        }
    } else if (pst_str_eq(name, PST_STR("record"))) {
        d->sync_first = true;
    } else {
        demand_take(c, name, value);
    }
    list_add(d->obligations, &d->n_obligations, name);
}

static bool obligations_take(struct court *c, uint32_t policy)
{
    struct pst_str name, value;
    for (uint32_t i = 0; pst_cedar_annotation_at(c->policies, policy, i, &name, &value); i++) {
        if (!obligation_possible(name, value)) {
            deny(c->out, PST_E_OBLIGATION_UNKNOWN,
                 "a policy demands something that is not available", name);
            return false;
        }
        const struct obligation *o = obligation_find(name);
        if (o != NULL && o->kind == DO) {
            obligation_take(c, name, value);
        }
    }
    if (c->out->blocked.n > 0) {
        deny(c->out, PST_E_SENSITIVE_DATA, "a policy lets none of this pass", c->out->blocked);
        return false;
    }
    return true;
}

enum pst_status pst_decide_check(const struct pst_cedar *policies, struct pst_err *err)
{
    uint32_t n = pst_cedar_policies(policies);
    for (uint32_t policy = 0; policy < n; policy++) {
        struct pst_str name, value;
        for (uint32_t i = 0; pst_cedar_annotation_at(policies, policy, i, &name, &value); i++) {
            if (obligation_possible(name, value)) {
                continue;
            }
            struct pst_cedar_policy_info info = pst_cedar_policy(policies, policy);
            const struct obligation *o = obligation_find(name);
            (void)pst_fail_at(err, PST_E_CEDAR_VALIDATION, info.line, info.column,
                              "@%.*s(\"%.*s\"): %s", PST_FMT(name), PST_FMT(value),
                              o == NULL ? "there is no such annotation; see docs/policy.md"
                              : o->kind == NOT_HERE
                                  ? "this version cannot carry it out"
                                  : "the value is not one that can be carried out");
            if (err != NULL && !pst_str_to_c(info.file, err->file, sizeof err->file)) {
                err->file[0] = '\0'; /* too long a name is no name */
            }
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- one question to Cedar -------------------------------------------------------------------- */

#define TYPE(name) PST_STR("Postern::" name)

static struct pst_cedar_value typed(struct court *c, struct pst_cedar_request *r,
                                    struct pst_str type, struct pst_str id)
{
    uint8_t *full = pst_arena_take(c->arena, 9 + type.n);
    if (full == NULL) {
        return pst_cedar_uid(r, TYPE("Gateway"), id); /* the arena is full: authorize will refuse */
    }
    memcpy(full, "Postern::", 9);
    memcpy(&full[9], type.p, type.n);
    return pst_cedar_uid(r, pst_str_of(full, 9 + type.n), id);
}

static void put_count(struct pst_cedar_record *rec, struct pst_str key, uint64_t v)
{
    pst_cedar_record_put(rec, key, pst_cedar_long(v > INT64_MAX ? INT64_MAX : (int64_t)v));
}

/* In the order of the bits of enum pst_evasion. */
static const struct pst_str evasions[] = {
    PST_STR_INIT("invisible"), PST_STR_INIT("tags"),      PST_STR_INIT("selectors"),
    PST_STR_INIT("bidi"),      PST_STR_INIT("lookalike"), PST_STR_INIT("styled"),
    PST_STR_INIT("spaced"),    PST_STR_INIT("leet"),      PST_STR_INIT("marks"),
    PST_STR_INIT("control"),   PST_STR_INIT("encoded"),   PST_STR_INIT("cipher"),
    PST_STR_INIT("hidden"),    PST_STR_INIT("roles"),     PST_STR_INIT("script"),
    PST_STR_INIT("gibberish"),
};

/* Types found, of one kind: those that would leave in clear, or those that would not. */
static struct pst_cedar_value found_set(const struct pst_facts *f, struct pst_cedar_request *r,
                                        bool secrets, bool clear)
{
    struct pst_cedar_value list[PST_FOUND_MAX];
    size_t n = 0;
    for (size_t i = 0; i < f->n_findings && n < PST_LEN(list); i++) {
        const struct pst_found *one = &f->findings[i];
        bool open = one->state == PST_FOUND_CLEAR;
        if (clear ? open && one->secret == secrets : !open) {
            list[n++] = pst_cedar_string(r, one->type);
        }
    }
    return pst_cedar_set(r, list, n);
}

/* What inspection of the texts says. */
static struct pst_cedar_value findings(const struct pst_facts *f, struct pst_cedar_request *r)
{
    struct pst_cedar_value flags[PST_LEN(evasions)];
    size_t n = 0, masked = 0;
    struct pst_cedar_record *rec = pst_cedar_record_new(r, 8);
    if (rec == NULL) {
        return pst_cedar_bool(false);
    }
    for (size_t i = 0; i < PST_LEN(evasions); i++) {
        if ((f->evasion >> i & 1) != 0) {
            flags[n++] = pst_cedar_string(r, evasions[i]);
        }
    }
    for (size_t i = 0; i < f->n_findings; i++) {
        masked += f->findings[i].state != PST_FOUND_CLEAR ? 1 : 0;
    }
    pst_cedar_record_put(rec, PST_STR("secrets"), found_set(f, r, true, true));
    pst_cedar_record_put(rec, PST_STR("personal"), found_set(f, r, false, true));
    pst_cedar_record_put(rec, PST_STR("replaced"), found_set(f, r, false, false));
    pst_cedar_record_put(rec, PST_STR("masked"), pst_cedar_bool(masked > 0));
    put_count(rec, PST_STR("injection"), f->injection);
    pst_cedar_record_put(rec, PST_STR("evasion"), pst_cedar_set(r, flags, n));
    pst_cedar_record_put(rec, PST_STR("tainted"), pst_cedar_bool(f->tainted));
    return pst_cedar_record_done(rec);
}

/* The context of every action: docs/policy.md lists the members. */
static struct pst_cedar_value context(struct court *c, struct pst_cedar_request *r)
{
    const struct pst_facts *f = c->facts;
    struct pst_cedar_record *rec = pst_cedar_record_new(r, 20);
    if (rec == NULL) {
        return pst_cedar_bool(false);
    }
    put_count(rec, PST_STR("now"), f->wall_ns < 0 ? 0 : (uint64_t)f->wall_ns / 1000000000);
    pst_cedar_record_put(rec, PST_STR("acr"), pst_cedar_string(r, pst_str_c(f->who->acr)));
    pst_cedar_record_put(rec, PST_STR("address"), pst_cedar_string(r, f->address));
    pst_cedar_record_put(rec, PST_STR("certificate"), pst_cedar_bool(f->certificate));
    pst_cedar_record_put(rec, PST_STR("stream"), pst_cedar_bool(f->stream));
    put_count(rec, PST_STR("maxTokens"), f->max_tokens);
    put_count(rec, PST_STR("messages"), f->messages);
    put_count(rec, PST_STR("choices"), f->choices);
    put_count(rec, PST_STR("images"), f->images);
    put_count(rec, PST_STR("files"), f->files);
    put_count(rec, PST_STR("audios"), f->audios);
    put_count(rec, PST_STR("remoteUrls"), f->remote_urls);
    put_count(rec, PST_STR("unknownMembers"), f->unknown_members);
    put_count(rec, PST_STR("tools"), f->n_tools);
    put_count(rec, PST_STR("bytes"), f->bytes);
    put_count(rec, PST_STR("attempt"), f->attempt);
    pst_cedar_record_put(rec, PST_STR("toolOffered"), pst_cedar_bool(f->tool_offered));
    pst_cedar_record_put(rec, PST_STR("findings"), findings(f, r));
    return pst_cedar_record_done(rec);
}

static struct pst_cedar_value empty_record(struct pst_cedar_request *r)
{
    struct pst_cedar_record *rec = pst_cedar_record_new(r, 0);
    return rec != NULL ? pst_cedar_record_done(rec) : pst_cedar_bool(false);
}

/* The principal and, when an app speaks for somebody, the person: an EndUser in the app, so that
 * what the app may do bounds what its users may. Returns who the question is about. */
static struct pst_cedar_value principal(struct court *c, struct pst_cedar_request *r,
                                        bool app_itself)
{
    const struct pst_principal *who = c->facts->who;
    struct pst_cedar_value groups[PST_GROUPS_MAX];
    for (size_t i = 0; i < who->n_groups; i++) {
        groups[i] = pst_cedar_uid(r, TYPE("Group"), who->groups[i]);
    }
    struct pst_cedar_value app = typed(c, r, who->type, who->id);
    pst_cedar_entity(r, app, empty_record(r), empty_record(r), groups, who->n_groups);
    if (who->end_user.n == 0 || app_itself) {
        return app;
    }
    struct pst_cedar_value person = pst_cedar_uid(r, TYPE("EndUser"), who->end_user);
    struct pst_cedar_record *attrs = pst_cedar_record_new(r, 1);
    if (attrs != NULL) {
        if (pst_str_eq(who->type, PST_STR("Workload"))) { /* its type in the schema */
            pst_cedar_record_put(attrs, PST_STR("app"), app);
        }
        pst_cedar_entity(r, person, pst_cedar_record_done(attrs), empty_record(r), &app, 1);
    }
    return person;
}

/* Asks whether `operation` on `resource` is permitted, notes what decided and takes on what that
 * demands, also where a tool or a person is only a part of the question. The codes say why
 * not: forbidden, not permitted, not evaluable, or an obligation that cannot be met. */
static bool permitted(struct court *c, enum pst_operation operation, struct pst_str resource,
                      bool app_itself, struct pst_cedar_answer *ret)
{
    const struct pst_operation_row *row = pst_operation_row(operation);
    struct pst_err err = {0};
    *ret = (struct pst_cedar_answer){0};
    struct pst_cedar_request *r = pst_cedar_request_new(c->policies, c->arena);
    if (r == NULL) {
        deny(c->out, PST_E_POLICY_ERROR, "no memory to decide", (struct pst_str){NULL, 0});
        return false;
    }
    pst_cedar_principal(r, principal(c, r, app_itself));
    pst_cedar_action(r, pst_cedar_uid(r, TYPE("Action"), row->action));
    pst_cedar_resource(r, typed(c, r, row->resource_type, resource));
    pst_cedar_context(r, context(c, r));
    if (pst_cedar_authorize(r, ret, &err) != PST_OK) {
        deny(c->out, PST_E_POLICY_ERROR, "no decision was reached", (struct pst_str){NULL, 0});
        return false;
    }
    for (size_t i = 0; i < ret->n_errors; i++) {
        list_add(c->out->errors, &c->out->n_errors, policy_name(c, ret->errors[i].policy));
    }
    for (size_t i = 0; i < ret->n_reasons; i++) {
        list_add(c->out->policies, &c->out->n_policies, policy_name(c, ret->reasons[i]));
    }
    if (ret->n_errors > 0) {
        deny(c->out, PST_E_POLICY_ERROR, "a policy could not be evaluated",
             policy_name(c, ret->errors[0].policy));
        return false;
    }
    if (!ret->allow) {
        deny(c->out, ret->n_reasons > 0 ? PST_E_POLICY_FORBIDDEN : PST_E_POLICY_DENIED,
             ret->n_reasons > 0 ? "a policy forbids this" : "no policy permits this", resource);
    }
    for (size_t i = 0; ret->allow && i < ret->n_reasons; i++) {
        if (!obligations_take(c, ret->reasons[i])) {
            return false;
        }
    }
    return ret->allow;
}

/* --- the parts of a decision ------------------------------------------------------------------ */

static bool strips(const struct court *c, const struct pst_cedar_answer *answer)
{
    struct pst_str value;
    for (size_t i = 0; i < answer->n_reasons; i++) {
        if (!pst_cedar_annotation(c->policies, answer->reasons[i], PST_STR("strip"), &value) ||
            !pst_str_eq(value, PST_STR("tool"))) {
            return false;
        }
    }
    return answer->n_reasons > 0 && answer->n_errors == 0;
}

/* Each tool on offer is its own question. A tool that only @strip policies forbid is taken out; any
 * other denial denies the request. */
static bool tools_permitted(struct court *c)
{
    const struct pst_facts *f = c->facts;
    struct pst_str *strip = PST_ARENA_ARRAY(c->arena, f->n_tools, struct pst_str);
    size_t n = 0;
    if (strip == NULL) {
        deny(c->out, PST_E_POLICY_ERROR, "no memory to decide", (struct pst_str){NULL, 0});
        return false;
    }
    for (size_t i = 0; i < f->n_tools; i++) {
        struct pst_cedar_answer answer;
        if (permitted(c, PST_OP_OFFER_TOOL, f->tools[i], false, &answer)) {
            continue;
        }
        if (!strips(c, &answer)) {
            if (c->out->code == PST_E_POLICY_DENIED || c->out->code == PST_E_POLICY_FORBIDDEN) {
                deny(c->out, PST_E_TOOL_DENIED, "this tool is not permitted", f->tools[i]);
            }
            return false;
        }
        strip[n++] = f->tools[i];
    }
    c->out->strip = strip;
    c->out->n_strip = n;
    return true;
}

static void models_permitted(struct court *c, const struct pst_str *models, size_t n_models)
{
    struct pst_str *list = PST_ARENA_ARRAY(c->arena, n_models, struct pst_str);
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < n_models; i++) {
        struct pst_cedar_answer answer;
        if (permitted(c, PST_OP_LIST_MODELS, models[i], false, &answer)) {
            list[n++] = models[i];
        } else if (c->out->code == PST_E_POLICY_ERROR) {
            return;
        }
    }
    c->out->permitted = list;
    c->out->n_permitted = n;
    if (n > 0) {
        c->out->verdict = PST_RELEASE;
        c->out->code = PST_E_NONE;
    } else {
        deny(c->out, PST_E_POLICY_DENIED, "no policy permits this", (struct pst_str){NULL, 0});
    }
}

/* May the app speak for the person it names? */
static bool assertion_permitted(struct court *c)
{
    const struct pst_principal *who = c->facts->who;
    struct pst_cedar_answer answer;
    if (who->end_user.n == 0) {
        return true;
    }
    if (who->may_assert && permitted(c, PST_OP_SPEAK_FOR, who->end_user, true, &answer)) {
        return true;
    }
    if (c->out->code != PST_E_POLICY_ERROR) {
        deny(c->out, PST_E_ASSERTION_NOT_ALLOWED, "this app may not speak for end users",
             (struct pst_str){NULL, 0});
    }
    return false;
}

void pst_decide(const struct pst_cedar *policies, const struct pst_facts *facts,
                const struct pst_str *models, size_t n_models, struct pst_arena *arena,
                struct pst_decision *ret)
{
    *ret = (struct pst_decision){.verdict = PST_DENY, .code = PST_E_POLICY_DENIED};
    struct court c = {policies, facts, arena, ret};
    const struct pst_operation_row *row = pst_operation_row(facts->operation);
    if (facts->fault != PST_E_NONE) {
        deny(ret, facts->fault, pst_error_row(facts->fault)->text, (struct pst_str){NULL, 0});
        return;
    }
    if (row == NULL || facts->operation == PST_OP_NONE || facts->who->type.n == 0) {
        deny(ret, PST_E_IDENTITY_MISSING, "no credential was sent", (struct pst_str){NULL, 0});
        return;
    }
    if (!assertion_permitted(&c)) {
        return;
    }
    if (facts->operation == PST_OP_LIST_MODELS) {
        models_permitted(&c, models, n_models);
        return;
    }
    struct pst_cedar_answer answer;
    if (!permitted(&c, facts->operation, facts->resource, false, &answer) || !tools_permitted(&c)) {
        return;
    }
    ret->code = PST_E_NONE;
    ret->message[0] = 0;
    ret->sync_first = ret->sync_first || row->place == PST_PLACE_CONTROL;
    bool clamp = ret->max_tokens != 0 &&
                 (facts->max_tokens == 0 || facts->max_tokens > ret->max_tokens);
    ret->verdict = clamp || ret->n_strip > 0 || ret->n_demands > 0 ? PST_AMEND : PST_RELEASE;
}
