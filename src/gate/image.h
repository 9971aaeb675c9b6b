/* The compiled configuration: one immutable, fixed-layout image per reader, in sealed memfds.
 * `postern compile` (one shot, unprivileged) writes them; each role maps only its own, read-only.
 * No pointers, only counts and offsets; texts are NUL-terminated in their array, padded with zeros.
 * A reload is the next generation. pst_image_check() must accept an image before a field is read.
 *   plan    supervisor: what to start and which listeners to open
 *   front   models, aliases and limits a front needs to propose
 *   warden  models, groups, limits, policies, static entities
 *   egress  one upstream
 *   dial    the hosts that may be connected to
 *   audit   where the log lives and how durable it is
 *   inspect what fronts look for in texts (inspect/image.h), behind the head at a multiple of 64 */
#ifndef PST_GATE_IMAGE_H
#define PST_GATE_IMAGE_H

#include "base/err.h"
#include "base/str.h"
#include "gate/image_parts.h"

#include <stdbool.h>
#include <stdint.h>

/* --- plan ------------------------------------------------------------------------------------- */

enum pst_cred_source { PST_CRED_NONE = 0, PST_CRED_ENV = 1, PST_CRED_FILE = 2 };

struct pst_plan_listener {
    uint64_t id;           /* pst_image_listener_id() */
    uint32_t kind;         /* enum pst_listener_kind */
    uint32_t port;         /* host order; 0 for a Unix socket */
    uint32_t tls;          /* 1: with a key */
    uint32_t line, column; /* of the key in postern.yaml, for messages */
    uint32_t pad;
    uint8_t spki[PST_SPKI_BYTES]; /* whose key it must be */
    char address[PST_PATH_MAX];   /* an IP literal, or the path of a Unix socket */
    char key_file[PST_PATH_MAX];  /* opened by supervisor, read by keys alone */
};

struct pst_plan_upstream {
    char name[PST_NAME_MAX];
    uint32_t cred_source; /* enum pst_cred_source: where supervisor takes the credential from */
    uint32_t tls;         /* 1: the egress needs a CA bundle */
    char cred_ref[PST_PATH_MAX]; /* the variable's name or the file's path */
    char ca_file[PST_PATH_MAX];  /* empty: the system's bundle */
};

struct pst_plan {
    struct pst_image_head head;
    uint32_t fronts;  /* public fronts; one admin front is always added */
    uint32_t sandbox; /* enum pst_sandbox_mode of sys/sandbox.h */
    uint32_t n_listeners, n_upstreams;
    uint32_t heartbeat_ms, heartbeat_missed; /* neither is 0 */
    char state_dir[PST_PATH_MAX];
    struct pst_plan_listener listeners[PST_LISTENERS_MAX];
    struct pst_plan_upstream upstreams[PST_UPSTREAMS_MAX];
};

/* --- front ------------------------------------------------------------------------------------ */

/* What becomes of an answer that tells the operator's prompt. */
enum pst_leak_rule { PST_LEAK_OFF, PST_LEAK_FLAG, PST_LEAK_BLOCK };

struct pst_front_image {
    struct pst_image_head head;
    struct pst_limits limits;
    uint32_t n_models, n_upstreams;
    uint32_t durability; /* enum pst_durability, for /readyz */
    uint32_t interval_ms;
    uint32_t inspect;  /* 1: texts are inspected; a front without an inspection image serves none */
    uint32_t restore;  /* 1: tokens of this conversation are restored in answers */
    uint32_t detector; /* 1: texts are scored */
    uint32_t taint;    /* 0 … 1000: from this score on a text from outside taints the request */
    uint32_t links;    /* 1: addresses and escapes in answers are looked at */
    uint32_t leak;     /* enum pst_leak_rule */
    uint32_t n_hosts;
    uint32_t n_actions, n_listeners;
    struct pst_image_listener listeners[PST_LISTENERS_MAX]; /* in the plan's order */
    char hosts[PST_INSPECT_HOSTS_MAX][PST_HOST_MAX]; /* "docs.example.com", "*.example.com" */
    struct pst_image_action actions[PST_INSPECT_ROWS_MAX];
    struct pst_image_model models[PST_MODELS_MAX];
};

/* --- warden ----------------------------------------------------------------------------------- */

enum pst_limit_scope {
    PST_SCOPE_PRINCIPAL = 1, /* name empty: every principal by itself */
    PST_SCOPE_GROUP = 2,     /* all members together */
    PST_SCOPE_MODEL = 3,     /* all users of the model together */
};

struct pst_image_limit {
    uint32_t scope;    /* enum pst_limit_scope */
    uint32_t requests; /* per window; 0: unlimited */
    uint32_t window_ms;
    uint32_t concurrent;      /* 0: unlimited */
    char name[PST_MODEL_MAX]; /* a principal "Workload::demo", group, model; empty: each */
};

struct pst_warden_image {
    struct pst_image_head head;
    struct pst_limits limits;
    uint32_t n_models, n_upstreams, n_limits;
    uint32_t admin_uid; /* who may administer through the Unix socket, beside root */
    char upstream_names[PST_UPSTREAMS_MAX][PST_NAME_MAX];
    struct pst_image_model models[PST_MODELS_MAX];
    struct pst_image_limit limits_by[PST_LIMIT_ROWS_MAX];
    /* Policies and entities as a Cedar image (pst_cedar_image_open), at a multiple of
     * PST_IMAGE_CEDAR_ALIGN from the start of this one. Each policy has its file's name and line.
     */
    uint32_t cedar_at, cedar_n;
    /* Groups that the configuration gives beside those of keys: lines of "User::alice\tgroup\n",
     * sorted; read with pst_image_group_next. The entities say the same, but an entity made for one
     * request (with the groups of its key) hides the one of the set. */
    uint32_t members_at, members_n;
    /* Whom client certificates speak for (identity/certificate.h), and the authorities of all
     * listeners, as PEM. */
    uint32_t certificates_at, certificates_n, authorities_at, authorities_n;
};

/* --- egress, dial, audit ---------------------------------------------------------------------- */

struct pst_egress_image {
    struct pst_image_head head;
    struct pst_limits limits;
    uint32_t upstream; /* own index */
    uint32_t port, tls;
    char name[PST_NAME_MAX];
    char host[PST_HOST_MAX];        /* for Host, SNI and the certificate */
    char base_path[PST_PATH_MAX];   /* "/v1", without a trailing slash */
    char cred_header[PST_NAME_MAX]; /* "authorization" */
    char cred_prefix[PST_NAME_MAX]; /* "Bearer " */
    char proxy_host[PST_HOST_MAX];  /* empty: none */
    uint32_t proxy_port;
    uint32_t pool; /* idle connections kept */
};

struct pst_dial_target {
    uint32_t upstream;
    uint32_t port;
    uint32_t allow_private;  /* loopback, private, link-local addresses are listed */
    char host[PST_HOST_MAX]; /* the proxy's, where there is one */
};

/* Names an address by number: an egress and dial that hold images of different generations must not
 * mean different hosts by the same upstream. */
uint64_t pst_image_target(const char *host, uint32_t port);

struct pst_dial_image {
    struct pst_image_head head;
    struct pst_limits limits;
    uint32_t n_targets;
    struct pst_dial_target targets[PST_UPSTREAMS_MAX];
};

enum pst_durability { PST_DURABLE_ANSWER = 0, PST_DURABLE_SEND = 1, PST_DURABLE_INTERVAL = 2 };

struct pst_audit_image {
    struct pst_image_head head;
    struct pst_limits limits;
    uint32_t durability;  /* enum pst_durability */
    uint32_t interval_ms; /* the window of `interval` */
    uint32_t n_upstreams;
    char log_name[PST_NAME_MAX];
    char upstream_names[PST_UPSTREAMS_MAX][PST_NAME_MAX];
};

/* Accepts an image of this kind: magic, version, size, counts within their caps, every text
 * NUL-terminated, every index and offset inside. `image` is not copied. */
PST_NODISCARD enum pst_status pst_image_check(struct pst_str image, enum pst_image_kind kind,
                                              struct pst_err *err);
/* The Cedar image in a warden image that was accepted. */
struct pst_str pst_image_cedar(const struct pst_warden_image *warden);
/* The rows for client certificates, and their authorities, of a warden image that was accepted. */
struct pst_str pst_image_certificates(const struct pst_warden_image *warden);
struct pst_str pst_image_authorities(const struct pst_warden_image *warden);
/* Certificate and authorities of a listener in a front image that was accepted. */
struct pst_str pst_image_certificate(const struct pst_front_image *front,
                                     const struct pst_image_listener *row);
struct pst_str pst_image_clients(const struct pst_front_image *front,
                                 const struct pst_image_listener *row);
/* The row of this listener, NULL when the image has none. */
const struct pst_image_listener *pst_image_listener(const struct pst_front_image *front,
                                                    uint64_t id);
/* Finds a model by its client-visible name (binary search); NULL when absent. */
const struct pst_image_model *pst_image_model(const struct pst_image_model *models, uint32_t n,
                                              struct pst_str name);
/* The groups of a principal ("User::alice") by the configuration, one a call: start with *at = 0;
 * false at the end. The view points into the image, which was accepted. */
bool pst_image_group_next(const struct pst_warden_image *warden, struct pst_str principal,
                          size_t *at, struct pst_str *ret_group);

#endif
