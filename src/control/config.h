/* postern.yaml: what an operator writes, checked and with every default filled in. docs/config.md
 * describes every key. Reading is pure: the caller brings the text. */
#ifndef PST_CONTROL_CONFIG_H
#define PST_CONTROL_CONFIG_H

#include "base/arena.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "gate/image.h"
#include "identity/certificate.h"
#include "identity/certificate_name.h"
#include "sys/sandbox.h"

#include <stdbool.h>

/* Where something stands in the file, for messages of those who look into what it names. */
struct pst_config_place {
    uint32_t line, column; /* 0: it is not written there */
};

struct pst_config_listen {
    char address[PST_PATH_MAX]; /* an IP literal; an IPv6 one has no brackets */
    uint32_t port;
    struct pst_config_place at, certificate_at, key_at, clients_at;
    char certificate[PST_PATH_MAX], key[PST_PATH_MAX]; /* absolute; both, or plain HTTP */
    char clients[PST_PATH_MAX];                        /* absolute; empty: none is asked for */
    enum pst_client_mode client_mode;
    bool http2;
    uint32_t n_proxy, n_forwarded;
    struct pst_image_cidr proxy[PST_CIDRS_MAX], forwarded[PST_CIDRS_MAX];
};

struct pst_config_upstream {
    char name[PST_NAME_MAX];
    char host[PST_HOST_MAX]; /* an IPv6 literal has no brackets */
    uint32_t port;
    bool tls;
    bool allow_private;
    char base_path[PST_PATH_MAX]; /* empty or "/v1" */
    enum pst_cred_source cred_source;
    char cred_ref[PST_PATH_MAX];    /* a variable's name, or a path made absolute */
    char cred_header[PST_NAME_MAX]; /* lower case */
    char cred_prefix[PST_NAME_MAX]; /* with its space at the end, or empty */
    char ca_file[PST_PATH_MAX];
    char proxy_host[PST_HOST_MAX]; /* empty: none */
    uint32_t proxy_port;
    uint32_t pool;
};

/* One row of `certificates`. */
struct pst_config_certificate {
    const char *kind; /* "uri", "dns" or "email" */
    char pattern[PST_CERTIFICATE_PATTERN_MAX + 1];
    char principal[PST_NAME_MAX]; /* "Workload::batch" */
    uint32_t n_groups;
    char groups[PST_CERTIFICATE_GROUPS][PST_NAME_MAX];
};

/* One line of `groups`. */
struct pst_config_member {
    char principal[PST_NAME_MAX]; /* "User::alice" */
    char group[PST_NAME_MAX];
};

enum { PST_CONFIG_MEMBERS_MAX = 16384 };

struct pst_config {
    struct pst_config_listen listen[PST_CLIENT_LISTENERS_MAX]; /* in the file's order */
    struct pst_config_listen admin;
    uint32_t n_listen, n_upstreams, n_models, n_members, n_rates;
    struct pst_config_upstream upstreams[PST_UPSTREAMS_MAX]; /* in the file's order */
    struct pst_image_model models[PST_MODELS_MAX];           /* sorted by name */
    uint32_t n_certificates;
    struct pst_config_certificate *certificates; /* in the file's order: the first match holds */
    struct pst_config_member *members;           /* sorted, no doubles */
    bool inspect, restore; /* texts are looked at; tokens are turned back in answers */
    bool detector;         /* texts are scored */
    uint32_t taint;        /* 0 … 1000 */
    bool links;            /* addresses and escapes in answers are looked at */
    uint32_t leak;         /* enum pst_leak_rule */
    uint32_t n_hosts;
    char hosts[PST_INSPECT_HOSTS_MAX][PST_HOST_MAX]; /* that answers may point to */
    uint32_t n_actions;
    struct pst_image_action actions[PST_INSPECT_ROWS_MAX]; /* in the file's order */
    struct pst_limits limits;
    struct pst_image_limit rates[PST_LIMIT_ROWS_MAX];
    enum pst_durability durability;
    uint32_t interval_ms;
    char log_name[PST_NAME_MAX];
    char definitions[PST_PATH_MAX]; /* own definitions of sensitive data: a file; empty: none */
    char policies[PST_PATH_MAX];    /* a folder, absolute; empty: the built-in policies */
    enum pst_sandbox_mode sandbox;
    uint32_t fronts;
};

/* Reads the text of a file whose folder is `folder` (absolute, no slash at the end; relative paths
 * in the file start there). `*ret` lives in the arena. ERR: `err` has line and column; the caller
 * puts the file's name in. No message ever contains a value that could be a secret. */
PST_NODISCARD enum pst_status pst_config_parse(struct pst_arena *arena, struct pst_str text,
                                               struct pst_str folder, struct pst_config **ret,
                                               struct pst_err *err);

/* No two listeners may share an address: looked at again when the command line changed one. */
PST_NODISCARD enum pst_status pst_config_listeners_check(const struct pst_config *config,
                                                         struct pst_err *err);

/* The keys, for the documentation's test: section "" is the top level. False past the last. */
bool pst_config_key_at(size_t at, const char **ret_section, const char **ret_key);

#endif
