#include "audit/query.h"

/* What of the wanted has been seen to hold. */
enum {
    HIT_REQUEST = 1 << 0,
    HIT_PRINCIPAL = 1 << 1,
    HIT_KEY = 1 << 2,
    HIT_KIND = 1 << 3,
    HIT_DECISION = 1 << 4,
    HIT_MODEL = 1 << 5,
    HIT_UPSTREAM = 1 << 6,
    HIT_REASON = 1 << 7,
    HIT_TIME = 1 << 8,
    HIT_MODEL_TYPE = 1 << 9, /* resource_type is Model: resource_id counts */
    HIT_RESOURCE = 1 << 10,
};

static unsigned wanted(const struct pst_query *q)
{
    unsigned mask = 0;
    mask |= q->request.n > 0 ? HIT_REQUEST : 0;
    mask |= q->principal.n > 0 ? HIT_PRINCIPAL : 0;
    mask |= q->key.n > 0 ? HIT_KEY : 0;
    mask |= q->kind.n > 0 ? HIT_KIND : 0;
    mask |= q->decision.n > 0 ? HIT_DECISION : 0;
    mask |= q->model.n > 0 ? HIT_MODEL : 0;
    mask |= q->upstream.n > 0 ? HIT_UPSTREAM : 0;
    mask |= q->reason.n > 0 ? HIT_REASON : 0;
    mask |= q->since_ns != 0 || q->until_ns != 0 ? HIT_TIME : 0;
    return mask;
}

static bool in_time(const struct pst_query *q, struct pst_str raw)
{
    int64_t ts = 0;
    return pst_reader_time(raw, &ts) && (q->since_ns == 0 || ts >= q->since_ns) &&
           (q->until_ns == 0 || ts < q->until_ns);
}

static unsigned hits(const struct pst_query *q, const struct pst_reader_field *f)
{
    const struct {
        struct pst_str name;
        struct pst_str value;
        unsigned hit;
    } plain[] = {
        {PST_STR("request"), q->request, HIT_REQUEST},
        {PST_STR("principal_id"), q->principal, HIT_PRINCIPAL},
        {PST_STR("on_behalf_of"), q->principal, HIT_PRINCIPAL},
        {PST_STR("key"), q->key, HIT_KEY},
        {PST_STR("kind"), q->kind, HIT_KIND},
        {PST_STR("decision"), q->decision, HIT_DECISION},
        {PST_STR("upstream_model"), q->model, HIT_MODEL},
        {PST_STR("resource_id"), q->model, HIT_RESOURCE},
        {PST_STR("resource_type"), PST_STR("Model"), HIT_MODEL_TYPE},
        {PST_STR("upstream"), q->upstream, HIT_UPSTREAM},
        {PST_STR("reason"), q->reason, HIT_REASON},
        {PST_STR("code"), q->reason, HIT_REASON},
    };
    if (f->type != PST_READER_STR) {
        return 0;
    }
    if (pst_str_eq(f->name, PST_STR("ts"))) {
        return in_time(q, f->raw) ? HIT_TIME : 0;
    }
    for (size_t i = 0; i < PST_LEN(plain); i++) {
        if (pst_str_eq(f->name, plain[i].name)) {
            return pst_reader_eq(f->raw, plain[i].value) ? plain[i].hit : 0;
        }
    }
    return 0;
}

enum pst_status pst_query_match(const struct pst_query *query, struct pst_str json,
                                struct pst_err *err)
{
    const unsigned both = HIT_MODEL_TYPE | HIT_RESOURCE;
    unsigned seen = 0, want = wanted(query);
    struct pst_reader r;
    struct pst_reader_field field;
    enum pst_status st;
    pst_reader_init(&r, json);
    while ((st = pst_reader_next(&r, &field, err)) == PST_OK) {
        seen |= hits(query, &field);
    }
    if (st == PST_ERR) {
        return PST_ERR;
    }
    if ((seen & both) == both) {
        seen |= HIT_MODEL;
    }
    return (seen & want) == want ? PST_OK : PST_AGAIN;
}
