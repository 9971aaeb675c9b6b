/* listen and admin: where clients come, with which certificate, through which hops */
#include "control/config_read.h"
#include "control/units.h"

static enum pst_status read_at(struct pst_config_reader *r, const struct pst_yaml *node,
                               void *into);
static enum pst_status read_certificate(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into);
static enum pst_status read_key(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into);
static enum pst_status read_clients(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into);
static enum pst_status read_client_mode(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into);
static enum pst_status read_proxy(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_forwarded(struct pst_config_reader *r, const struct pst_yaml *node,
                                      void *into);
static enum pst_status read_http2(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);

static const struct pst_config_field listen_fields[] = {
    {"address", read_at},
    {"certificate", read_certificate},
    {"key", read_key},
    {"clients", read_clients},
    {"http2", read_http2},
    {"client_certificates", read_client_mode},
    {"forwarded", read_forwarded},
    {"proxy_protocol", read_proxy},
};
const struct pst_config_section pst_config_listen_section = {"listen", listen_fields,
                                                             PST_LEN(listen_fields)};

/* --- one listener ------------------------------------------------------------------------- */

static enum pst_status read_at(struct pst_config_reader *r, const struct pst_yaml *node, void *into)
{
    struct pst_config_listen *listen = into;
    struct pst_endpoint at = {0};
    if (node->kind != PST_YAML_SCALAR || !pst_endpoint_parse(node->text, &at) || at.port == 0) {
        return pst_config_refuse(r, node,
                                 "an address and a port are expected here, such as "
                                 "127.0.0.1:8080 or [::1]:8080");
    }
    bool named = pst_str_eq(pst_str_c(at.host), PST_STR("localhost"));
    const char *host = named ? "127.0.0.1" : at.host;
    uint8_t ip[16];
    if (!pst_ip_parse(pst_str_c(host), ip)) {
        return pst_config_refuse(r, node,
                                 "a listener needs an IP address, not a name; use "
                                 "127.0.0.1:%u, or 0.0.0.0:%u for all addresses",
                                 at.port, at.port);
    }
    memset(listen->address, 0, sizeof listen->address);
    PST_BUG_ON(!pst_str_to_c(pst_str_c(host), listen->address, sizeof listen->address));
    listen->port = at.port;
    return PST_OK;
}

static enum pst_status read_certificate(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    struct pst_config_listen *listen = into;
    listen->certificate_at = (struct pst_config_place){node->line, node->column};
    return pst_config_path(r, node, listen->certificate);
}

static enum pst_status read_key(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into)
{
    struct pst_config_listen *listen = into;
    listen->key_at = (struct pst_config_place){node->line, node->column};
    if (node->kind == PST_YAML_SCALAR &&
        pst_str_find(node->text, PST_STR("-----BEGIN")) != PST_NPOS) {
        return pst_config_refuse(r, node,
                                 "the path of a file with the private key is expected here, never "
                                 "the key itself (and replace this key: others may have seen it)");
    }
    return pst_config_path(r, node, listen->key);
}

static enum pst_status read_clients(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    struct pst_config_listen *listen = into;
    listen->clients_at = (struct pst_config_place){node->line, node->column};
    return pst_config_path(r, node, listen->clients);
}

static enum pst_status read_client_mode(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    static const char *const words[] = {"optional", "required"};
    struct pst_config_listen *listen = into;
    size_t index = 0;
    if (listen->clients[0] == 0) {
        return pst_config_refuse(r, node,
                                 "client_certificates needs to know whose certificates count; "
                                 "add clients: a file with the authorities");
    }
    enum pst_status status = pst_config_choice(r, node, words, PST_LEN(words), &index);
    if (status == PST_OK) {
        listen->client_mode = index == 1 ? PST_CLIENT_REQUIRED : PST_CLIENT_OPTIONAL;
    }
    return status;
}

static enum pst_status read_http2(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config_listen *listen = into;
    return pst_config_bool(r, node, &listen->http2);
}

static enum pst_status read_cidr(struct pst_config_reader *r, const struct pst_yaml *node,
                                 struct pst_image_cidr *ret)
{
    if (node->kind != PST_YAML_SCALAR || !pst_cidr_parse(node->text, ret)) {
        return pst_config_refuse(r, node,
                                 "a range of addresses such as 10.0.0.0/8, fd00::/8 or 192.0.2.7 "
                                 "is expected here; bits behind the prefix are zero");
    }
    if (ret->bits == 0 || (ret->bits == 96 && pst_cidr_is_v4(ret))) {
        return pst_config_refuse(r, node,
                                 "this names everybody, so anybody could claim any address; name "
                                 "the proxies that stand before Postern");
    }
    return PST_OK;
}

static enum pst_status read_cidrs(struct pst_config_reader *r, const struct pst_yaml *node,
                                  struct pst_image_cidr list[PST_CIDRS_MAX], uint32_t *n)
{
    if (node->kind == PST_YAML_SCALAR) {
        enum pst_status status = read_cidr(r, node, &list[0]);
        *n = status == PST_OK;
        return status;
    }
    if (node->kind != PST_YAML_LIST || node->count == 0 || node->count > PST_CIDRS_MAX) {
        return pst_config_refuse(r, node,
                                 "a list of 1 to %d ranges of addresses is expected here, such "
                                 "as [10.0.0.0/8]",
                                 PST_CIDRS_MAX);
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        enum pst_status status = read_cidr(r, one, &list[*n]);
        if (status != PST_OK) {
            return status;
        }
        (*n)++;
    }
    return PST_OK;
}

static enum pst_status read_proxy(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config_listen *listen = into;
    return read_cidrs(r, node, listen->proxy, &listen->n_proxy);
}

static enum pst_status read_forwarded(struct pst_config_reader *r, const struct pst_yaml *node,
                                      void *into)
{
    struct pst_config_listen *listen = into;
    return read_cidrs(r, node, listen->forwarded, &listen->n_forwarded);
}

static enum pst_status check_tls(struct pst_config_reader *r, const struct pst_yaml *node,
                                 const struct pst_config_listen *listen)
{
    bool certificate = listen->certificate[0] != 0, key = listen->key[0] != 0;
    if (certificate && !key) {
        return pst_config_refuse(r, node,
                                 "this listener has a certificate and no key; add key: the file "
                                 "with its private key");
    }
    if (key && !certificate) {
        return pst_config_refuse(r, node,
                                 "this listener has a key and no certificate; add certificate: "
                                 "the file with its chain, leaf first");
    }
    if (listen->clients[0] != 0 && !certificate) {
        return pst_config_refuse(r, node,
                                 "client certificates are a part of TLS; add certificate and key, "
                                 "or delete clients");
    }
    if (!certificate && pst_host_reach(pst_str_c(listen->address)) != PST_REACH_LOOPBACK) {
        return pst_config_refuse(r, node,
                                 "plain HTTP is served on loopback only; add certificate and key "
                                 "for TLS, or use 127.0.0.1:%u",
                                 listen->port);
    }
    return PST_OK;
}

static enum pst_status read_one(struct pst_config_reader *r, const struct pst_yaml *node,
                                struct pst_config_listen *listen)
{
    enum pst_status status;
    *listen = (struct pst_config_listen){.at = {node->line, node->column}, .http2 = true};
    if (node->kind != PST_YAML_MAP) {
        status = read_at(r, node, listen);
    } else {
        status = pst_config_map(r, node, &pst_config_listen_section, listen);
    }
    if (status == PST_OK && listen->address[0] == 0) {
        status = pst_config_refuse(r, node,
                                   "this listener has no address; add address: 0.0.0.0:8443");
    }
    if (status != PST_OK) {
        return status;
    }
    if (listen->clients[0] != 0 && listen->client_mode == PST_CLIENT_NONE) {
        listen->client_mode = PST_CLIENT_OPTIONAL;
    }
    return check_tls(r, node, listen);
}

/* --- all of them -------------------------------------------------------------------------- */

enum pst_status pst_config_listen(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config *config = r->config;
    (void)into;
    config->n_listen = 0;
    if (node->kind != PST_YAML_LIST) {
        config->n_listen = 1;
        return read_one(r, node, &config->listen[0]);
    }
    if (node->count == 0 || node->count > PST_CLIENT_LISTENERS_MAX) {
        return pst_config_refuse(r, node, "a list of 1 to %d addresses is expected here",
                                 PST_CLIENT_LISTENERS_MAX);
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        enum pst_status status = read_one(r, one, &config->listen[config->n_listen]);
        if (status != PST_OK) {
            return status;
        }
        config->n_listen++;
    }
    return PST_OK;
}

enum pst_status pst_config_admin(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    (void)into;
    return read_one(r, node, &r->config->admin);
}

/* Whether both cannot be opened. An address of all covers each of its family; whether [::] covers
 * IPv4 too is the kernel's setting, so it is left to the kernel. */
static bool collide(const struct pst_config_listen *a, const struct pst_config_listen *b)
{
    if (a->port != b->port) {
        return false;
    }
    bool v6 = strchr(a->address, ':') != NULL;
    if (v6 != (strchr(b->address, ':') != NULL)) {
        return false;
    }
    uint8_t x[16], y[16], any[16];
    if (!pst_ip_parse(pst_str_c(a->address), x) || !pst_ip_parse(pst_str_c(b->address), y) ||
        !pst_ip_parse(v6 ? PST_STR("::") : PST_STR("0.0.0.0"), any)) {
        return false;
    }
    return memcmp(x, y, sizeof x) == 0 || memcmp(x, any, sizeof x) == 0 ||
           memcmp(y, any, sizeof y) == 0;
}

enum pst_status pst_config_listeners_check(const struct pst_config *config, struct pst_err *err)
{
    for (uint32_t i = 0; i < config->n_listen; i++) {
        const struct pst_config_listen *one = &config->listen[i];
        if (collide(one, &config->admin)) {
            const struct pst_config_place at = one->at.line != 0 ? one->at : config->admin.at;
            return pst_fail_at(err, PST_E_CONFIG, at.line, at.column,
                               "\"listen\" and \"admin\" are the same address; give one of them "
                               "another port than %u",
                               one->port);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (collide(one, &config->listen[k])) {
                return pst_fail_at(err, PST_E_CONFIG, one->at.line, one->at.column,
                                   "the same address twice in \"listen\"; give this one another "
                                   "port than %u",
                                   one->port);
            }
        }
    }
    return PST_OK;
}
