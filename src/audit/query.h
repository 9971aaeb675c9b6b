/* Which records somebody wants to see. Every condition that is set must hold; a record without the
 * member does not match. Works on the JSON of a record, of this version or a later one. */
#ifndef PST_AUDIT_QUERY_H
#define PST_AUDIT_QUERY_H

#include "audit/reader.h"
#include "audit/record.h"

struct pst_query {
    struct pst_str request;   /* "request" */
    struct pst_str principal; /* "principal_id" or "on_behalf_of" */
    struct pst_str key;       /* "key" */
    struct pst_str kind;      /* "kind" */
    struct pst_str decision;  /* "decision" */
    struct pst_str model;     /* "upstream_model", or "resource_id" of type Model */
    struct pst_str upstream;  /* "upstream" */
    struct pst_str reason;    /* "reason" or "code" */
    int64_t since_ns;         /* "ts" >= this; 0: no bound */
    int64_t until_ns;         /* "ts" < this; 0: no bound */
};

/* PST_OK: it matches. PST_AGAIN: it does not. PST_ERR: not a record (PST_E_SYNTAX). */
PST_NODISCARD enum pst_status pst_query_match(const struct pst_query *query, struct pst_str json,
                                              struct pst_err *err);

#endif
