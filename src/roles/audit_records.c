#include "roles/audit.h"

#include "gate/operation.h"

#include <stdio.h>

const char *pst_audit_durability_name(uint32_t durability)
{
    static const char *const names[] = {"answer", "send", "interval"};
    return durability < PST_LEN(names) ? names[durability] : "unknown";
}

static struct pst_str request_text(uint64_t id, char ret[PST_ID_CHARS + 4])
{
    memcpy(ret, "req_", 4);
    pst_id_put(id, &ret[4]);
    return pst_str_of(ret, PST_ID_CHARS + 4);
}

/* "Type::id" into its halves; without a type the whole is the id. */
static void principal_split(struct pst_str text, struct pst_str *type, struct pst_str *id)
{
    size_t at = pst_str_find(text, PST_STR("::"));
    *type = at == PST_NPOS ? (struct pst_str){NULL, 0} : pst_str_cut(text, 0, at);
    *id = at == PST_NPOS ? text : pst_str_from(text, at + 2);
}

/* Takes `n` items off the tail into the space. */
static bool list_take(struct pst_cur *tail, uint16_t n, struct pst_audit_space *space, size_t *used,
                      struct pst_strs *ret)
{
    if (n > PST_AUDIT_ITEMS - *used) {
        return false;
    }
    *ret = (struct pst_strs){&space->items[*used], n};
    for (uint16_t i = 0; i < n; i++) {
        if (!pst_ipc_list_next(tail, &space->items[(*used)++])) {
            return false;
        }
    }
    return true;
}

/* Numbers of upstreams mean something within one configuration only. */
static struct pst_str upstream_name(const struct pst_audit *a, uint32_t generation,
                                    uint8_t upstream)
{
    const struct pst_audit_image *image = a->image;
    if (generation < image->head.generation && a->before != NULL) {
        image = a->before;
    }
    if (upstream < image->n_upstreams) {
        return pst_str_c(image->upstream_names[upstream]);
    }
    return (struct pst_str){NULL, 0};
}

bool pst_audit_decision(const struct pst_audit *a, const struct pst_ipc_release *m,
                        struct pst_str tail, bool allow, struct pst_audit_space *space,
                        struct pst_record *r, struct pst_strs *ret_permitted)
{
    const struct pst_operation_row *row = pst_operation_row(m->operation);
    struct pst_cur cur = pst_cur_of(tail);
    size_t used = 0;
    *r = (struct pst_record){.kind = PST_RECORD_DECISION,
                             .ts_ns = pst_loop_wall_ns(a->house.loop),
                             .request = request_text(m->req, space->request)};
    struct pst_record_decision *d = &r->decision;
    if (row == NULL || m->code >= PST_E_COUNT ||
        !list_take(&cur, m->groups_n, space, &used, &d->groups) ||
        !list_take(&cur, m->policies_n, space, &used, &d->policies) ||
        !list_take(&cur, m->errors_n, space, &used, &d->policy_errors) ||
        !list_take(&cur, m->obligations_n, space, &used, &d->obligations) ||
        !list_take(&cur, m->tools_n, space, &used, &d->tools) ||
        !list_take(&cur, m->permitted_n, space, &used, ret_permitted) ||
        !list_take(&cur, m->findings_n, space, &used, &d->findings) || !pst_cur_done(&cur)) {
        return false;
    }
    bool nothing_sent = m->body_bytes == 0;
    d->action = row->action;
    d->attempt = m->attempt;
    d->body_bytes = m->body_bytes;
    d->body_sha256 = nothing_sent ? NULL : m->digest;
    d->config_generation = m->generation;
    d->policy_generation = m->generation;
    d->decision = allow ? PST_VERDICT_ALLOW : PST_VERDICT_DENY;
    d->durability = m->sync_first != 0 ? PST_STR("send") : (struct pst_str){NULL, 0};
    d->key = PST_ISTR(m->key_id);
    d->max_tokens = m->max_tokens;
    d->network = PST_ISTR(m->address);
    d->on_behalf_of = PST_ISTR(m->end_user);
    principal_split(PST_ISTR(m->principal), &d->principal_type, &d->principal_id);
    d->reason = pst_str_c(pst_error_row(allow ? PST_E_NONE : (enum pst_error)m->code)->code);
    d->resource_id = PST_ISTR(m->resource);
    d->resource_type = row->resource_type;
    d->stream = m->stream != 0;
    d->tools_count = m->tools_n;
    d->upstream = upstream_name(a, m->generation, m->upstream);
    d->upstream_model = PST_ISTR(m->upstream_model);
    return true;
}

bool pst_audit_tool(const struct pst_audit *a, const struct pst_ipc_tool_decided *m,
                    struct pst_str tail, struct pst_audit_space *space, struct pst_record *r)
{
    struct pst_cur cur = pst_cur_of(tail);
    size_t used = 0;
    *r = (struct pst_record){.kind = PST_RECORD_TOOL,
                             .ts_ns = pst_loop_wall_ns(a->house.loop),
                             .request = request_text(m->req, space->request)};
    struct pst_record_tool *t = &r->tool;
    if (m->code >= PST_E_COUNT || !list_take(&cur, m->policies_n, space, &used, &t->policies) ||
        !list_take(&cur, m->errors_n, space, &used, &t->policy_errors) || !pst_cur_done(&cur)) {
        return false;
    }
    t->arguments_bytes = m->arguments_bytes;
    t->arguments_sha256 = m->digest;
    t->config_generation = m->generation;
    t->policy_generation = m->generation;
    t->decision = m->allow != 0 ? PST_VERDICT_ALLOW : PST_VERDICT_DENY;
    t->on_behalf_of = PST_ISTR(m->end_user);
    principal_split(PST_ISTR(m->principal), &t->principal_type, &t->principal_id);
    t->reason = pst_str_c(pst_error_row((enum pst_error)m->code)->code);
    t->tool = PST_ISTR(m->tool);
    return true;
}

bool pst_audit_outcome(const struct pst_audit *a, const struct pst_audit_pending *p,
                       struct pst_audit_space *space, struct pst_record *r)
{
    const struct pst_ipc_outcome *o = &p->outcome;
    struct pst_cur cur = pst_cur_of(pst_buf_str(&p->findings));
    size_t used = 0;
    *r = (struct pst_record){.kind = PST_RECORD_OUTCOME,
                             .ts_ns = pst_loop_wall_ns(a->house.loop),
                             .request = request_text(p->req, space->request)};
    struct pst_record_outcome *t = &r->outcome;
    if (!list_take(&cur, o->findings_n, space, &used, &t->findings) || !pst_cur_done(&cur)) {
        return false;
    }
    t->attempts = p->attempts;
    t->bytes_in = p->egress_done.bytes_received;
    t->bytes_out = o->bytes_out;
    t->code = o->outcome == PST_E_NONE ? PST_STR("ok")
                                       : pst_str_c(pst_error_row((enum pst_error)o->outcome)->code);
    t->duration_us = o->duration_us;
    t->finish = PST_ISTR(o->finish);
    t->key = pst_str_c(p->key_id);
    t->on_behalf_of = pst_str_c(p->end_user);
    principal_split(pst_str_c(p->principal), &t->principal_type, &t->principal_id);
    t->status = o->status;
    t->tokens_in = o->tokens_in;
    t->tokens_out = o->tokens_out;
    t->ttfb_us = o->ttfb_us;
    t->upstream = upstream_name(a, p->generation, p->egress);
    t->upstream_model = pst_str_c(p->upstream_model);
    t->upstream_status = p->egress_done.status;
    t->usage_reported = o->tokens_in != 0 || o->tokens_out != 0;
    return true;
}

void pst_audit_admin(const struct pst_audit *a, const struct pst_ipc_administered *m,
                     struct pst_audit_space *space, struct pst_record *r)
{
    *r = (struct pst_record){.kind = PST_RECORD_ADMIN,
                             .ts_ns = pst_loop_wall_ns(a->house.loop),
                             .request = request_text(m->req, space->request)};
    struct pst_record_admin *t = &r->admin;
    t->action = PST_ISTR(m->action);
    t->decision = PST_VERDICT_ALLOW;
    t->detail = PST_ISTR(m->detail);
    t->object_id = PST_ISTR(m->object);
    t->object_type = PST_STR("Key");
    principal_split(PST_ISTR(m->who), &t->principal_type, &t->principal_id);
    t->reason = PST_STR("none");
    t->result = PST_STR("ok");
}

void pst_audit_violation(const struct pst_audit *a, const struct pst_ipc_death *death,
                         struct pst_audit_space *space, struct pst_record *r)
{
    const struct pst_ipc_row *row = pst_ipc_row(death->type);
    *r = (struct pst_record){.kind = PST_RECORD_VIOLATION,
                             .ts_ns = pst_loop_wall_ns(a->house.loop)};
    if (death->req != 0) {
        r->request = request_text(death->req, space->request);
    }
    r->violation.code = pst_str_c(pst_error_row((enum pst_error)death->code)->code);
    r->violation.index = death->index;
    r->violation.role = pst_str_c(pst_role_name((enum pst_role)death->role));
    if (row != NULL) {
        r->violation.message = pst_str_c(row->name);
    }
}
