/* What a decision is taken on. Typed facts only: no text of a prompt, an answer or an argument ever
 * reaches the warden. All views live as long as the decision's arena. */
#ifndef PST_GATE_FACTS_H
#define PST_GATE_FACTS_H

#include "base/err.h"
#include "gate/findings.h"
#include "gate/operation.h"

#include <stdbool.h>

enum { PST_GROUPS_MAX = 32, PST_TOOLS_MAX = 1024 };

/* How a request brought its credential. */
enum pst_cred_kind {
    PST_CRED_KIND_NONE,
    PST_CRED_KIND_BEARER,      /* the text of an API key */
    PST_CRED_KIND_PEER,        /* the user at the other end of the admin Unix socket */
    PST_CRED_KIND_CERTIFICATE, /* the chain of a TLS client certificate, DER, the leaf first */
};

struct pst_principal {
    struct pst_str type; /* "Workload", "User": without namespace; empty: nobody */
    struct pst_str id;
    struct pst_str key_id; /* of the API key or certificate; empty for a local peer */
    struct pst_str groups[PST_GROUPS_MAX];
    size_t n_groups;
    struct pst_str end_user; /* asserted by the app, without the app's name; empty: none */
    bool may_assert;         /* the key is allowed to carry assertions at all */
    const char *acr;         /* how it was proven: "key", "key+assertion", "certificate", "peer" */
};

struct pst_facts {
    enum pst_operation operation;
    enum pst_error fault; /* a front could not make a proposal of it: denied for this reason */
    const struct pst_principal *who;
    struct pst_str resource; /* model, tool or administered path, as the client named it */
    struct pst_str address;  /* client address without port; "local" for a Unix socket */
    struct pst_str user;     /* the dialect's own end-user field, unproven */
    bool stream;
    bool certificate;  /* its connection has a client certificate of a listed authority */
    bool tool_offered; /* callTool: the tool is one that the request offered */
    uint8_t attempt;
    uint32_t max_tokens, messages, choices, images, files, audios, remote_urls, unknown_members;
    uint64_t bytes;                   /* of the body, or of a tool call's arguments */
    const struct pst_found *findings; /* of the texts as they would leave */
    size_t n_findings;
    uint16_t injection; /* 0 … 1000 */
    uint32_t evasion;   /* enum pst_evasion bits of inspect/normal/normal.h */
    bool tainted;       /* text from outside (a tool, a document) looks like instructions */
    const struct pst_str *tools;
    size_t n_tools;
    int64_t wall_ns;
};

#endif
