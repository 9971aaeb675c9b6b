/* upstreams and models */
#include "control/config_read.h"
#include "control/units.h"

#include <stdlib.h>

static enum pst_status read_url(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into);
static enum pst_status read_key(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into);
static enum pst_status read_allow_private(struct pst_config_reader *r, const struct pst_yaml *node,
                                          void *into);
static enum pst_status read_ca(struct pst_config_reader *r, const struct pst_yaml *node,
                               void *into);
static enum pst_status read_proxy(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_header(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into);
static enum pst_status read_pool(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into);
static enum pst_status read_key_env(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into);
static enum pst_status read_key_file(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
static enum pst_status read_max_tokens(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into);
static enum pst_status read_routes(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into);
static enum pst_status read_route_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                           void *into);
static enum pst_status read_route_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into);
static enum pst_status read_model_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                           void *into);
static enum pst_status read_model_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into);

#define SECTION(id, title, ...)                                                                    \
    static const struct pst_config_field id##_fields[] = {__VA_ARGS__};                            \
    const struct pst_config_section id = {(title), id##_fields, PST_LEN(id##_fields)}

SECTION(pst_config_upstream_section, "upstreams.NAME", {"url", read_url}, {"key", read_key},
        {"allow_private", read_allow_private}, {"ca", read_ca}, {"proxy", read_proxy},
        {"header", read_header}, {"pool", read_pool});
SECTION(pst_config_key_section, "key", {"env", read_key_env}, {"file", read_key_file});
SECTION(pst_config_model_section, "models.NAME", {"upstream", read_model_upstream},
        {"model", read_model_model}, {"routes", read_routes}, {"max_tokens", read_max_tokens});
SECTION(pst_config_route_section, "routes", {"upstream", read_route_upstream},
        {"model", read_route_model});

/* --- upstreams ---------------------------------------------------------------------------- */

static bool copy(char *field, size_t cap, const char *text)
{
    memset(field, 0, cap);
    return pst_str_to_c(pst_str_c(text), field, cap);
}
#define COPY(field, text) PST_BUG_ON(!copy((field), sizeof(field), (text)))

/* Where plain text or a private address would surprise, the operator must have said so. */
static enum pst_status check_reach(struct pst_config_reader *r, const struct pst_yaml *node,
                                   const struct pst_config_upstream *upstream)
{
    bool proxied = upstream->proxy_host[0] != 0;
    enum pst_reach reach = pst_host_reach(
        pst_str_c(proxied ? upstream->proxy_host : upstream->host));
    if (upstream->allow_private) {
        return PST_OK;
    }
    if (reach == PST_REACH_LOOPBACK || reach == PST_REACH_PRIVATE) {
        return pst_config_refuse(r, node,
                                 "upstream \"%s\": %s is a private address; if it is meant, "
                                 "add allow_private: true",
                                 upstream->name, proxied ? upstream->proxy_host : upstream->host);
    }
    if (!upstream->tls) {
        return pst_config_refuse(r, node,
                                 "upstream \"%s\": http:// sends prompts and the key in "
                                 "plain text; use https://, or for a server in your own "
                                 "network add allow_private: true",
                                 upstream->name);
    }
    return PST_OK;
}

static enum pst_status read_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                     struct pst_config_upstream *upstream)
{
    if (!pst_name_valid(node->key)) {
        return pst_config_refuse(r, node,
                                 "an upstream's name is letters, digits, dot, dash and "
                                 "underscore, at most %d",
                                 PST_NAME_MAX - 1);
    }
    PST_BUG_ON(!pst_str_to_c(node->key, upstream->name, sizeof upstream->name));
    COPY(upstream->cred_header, "authorization");
    COPY(upstream->cred_prefix, "Bearer ");
    upstream->pool = 32;
    enum pst_status status = pst_config_map(r, node, &pst_config_upstream_section, upstream);
    if (status != PST_OK) {
        return status;
    }
    if (upstream->host[0] == 0) {
        return pst_config_refuse(r, node,
                                 "upstream \"%s\" has no url; add for example url: "
                                 "https://api.openai.com/v1",
                                 upstream->name);
    }
    if (upstream->ca_file[0] != 0 && !upstream->tls) {
        return pst_config_refuse(r, node,
                                 "upstream \"%s\": ca is for https:// only; delete it or "
                                 "change the url",
                                 upstream->name);
    }
    if (upstream->proxy_host[0] != 0 && !upstream->tls) {
        return pst_config_refuse(r, node,
                                 "upstream \"%s\": a proxy is used for https:// only "
                                 "(CONNECT); delete it or change the url",
                                 upstream->name);
    }
    return check_reach(r, node, upstream);
}

enum pst_status pst_config_upstreams(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    (void)into;
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "upstreams: names and their urls are expected, such as "
                                 "{openai: {url: https://api.openai.com/v1}}");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (r->config->n_upstreams >= PST_UPSTREAMS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d upstreams", PST_UPSTREAMS_MAX);
        }
        enum pst_status status = read_upstream(r, one,
                                               &r->config->upstreams[r->config->n_upstreams]);
        if (status != PST_OK) {
            return status;
        }
        r->config->n_upstreams++;
    }
    return PST_OK;
}

static enum pst_status read_url(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into)
{
    struct pst_config_upstream *upstream = into;
    struct pst_url url = {0};
    if (node->kind != PST_YAML_SCALAR || !pst_url_parse(node->text, &url)) {
        return pst_config_refuse(r, node,
                                 "a url such as https://api.openai.com/v1 is expected here: "
                                 "no user, password, query or fragment");
    }
    upstream->tls = url.tls;
    upstream->port = url.at.port;
    COPY(upstream->host, url.at.host);
    COPY(upstream->base_path, url.path);
    return PST_OK;
}

static enum pst_status read_key(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into)
{
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "a secret is never written into this file; use "
                                 "key: {env: NAME} or key: {file: PATH} (and replace this "
                                 "secret: others may have seen it)");
    }
    if (node->count != 1) {
        return pst_config_refuse(r, node, "either env or file is expected, not both");
    }
    return pst_config_map(r, node, &pst_config_key_section, into);
}

static enum pst_status read_key_env(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    struct pst_config_upstream *upstream = into;
    bool ok = node->kind == PST_YAML_SCALAR && node->text.n > 0 && node->text.n <= 64;
    for (size_t i = 0; ok && i < node->text.n; i++) {
        uint8_t byte = node->text.p[i];
        bool digit = byte >= '0' && byte <= '9';
        ok = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_' ||
             (digit && i > 0);
    }
    if (!ok) {
        return pst_config_refuse(r, node,
                                 "the name of an environment variable is expected here, "
                                 "such as OPENAI_API_KEY, not the secret itself");
    }
    upstream->cred_source = PST_CRED_ENV;
    return pst_config_text(r, node, "a name", upstream->cred_ref, sizeof upstream->cred_ref);
}

static enum pst_status read_key_file(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    struct pst_config_upstream *upstream = into;
    upstream->cred_source = PST_CRED_FILE;
    return pst_config_path(r, node, upstream->cred_ref);
}

static enum pst_status read_allow_private(struct pst_config_reader *r, const struct pst_yaml *node,
                                          void *into)
{
    struct pst_config_upstream *upstream = into;
    return pst_config_bool(r, node, &upstream->allow_private);
}

static enum pst_status read_ca(struct pst_config_reader *r, const struct pst_yaml *node, void *into)
{
    struct pst_config_upstream *upstream = into;
    return pst_config_path(r, node, upstream->ca_file);
}

static enum pst_status read_proxy(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config_upstream *upstream = into;
    struct pst_url url = {0};
    if (node->kind != PST_YAML_SCALAR || !pst_url_parse(node->text, &url) || url.tls ||
        url.path[0] != 0) {
        return pst_config_refuse(r, node,
                                 "a proxy such as http://proxy.example.com:3128 is expected "
                                 "here");
    }
    COPY(upstream->proxy_host, url.at.host);
    upstream->proxy_port = url.at.port;
    return PST_OK;
}

/* "authorization" keeps "Bearer "; another header carries the bare credential; "Name: Scheme" says
 * both. Only a scheme's letters may follow, so that no secret is ever put here. */
/* A field name in lower case; false if it is none. */
static bool copy_name(struct pst_str name, char ret[PST_NAME_MAX])
{
    bool ok = name.n > 0 && name.n < PST_NAME_MAX;
    for (size_t i = 0; ok && i < name.n; i++) {
        uint8_t byte = name.p[i];
        byte = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
        ok = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
        ret[i] = (char)byte;
    }
    return ok;
}

/* An authentication scheme such as Bearer, or nothing. */
static bool copy_scheme(struct pst_str scheme, char ret[PST_NAME_MAX])
{
    bool ok = scheme.n <= 16;
    for (size_t i = 0; ok && i < scheme.n; i++) {
        uint8_t byte = scheme.p[i];
        ok = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-';
        ret[i] = (char)byte;
    }
    return ok;
}

static enum pst_status read_header(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into)
{
    struct pst_config_upstream *upstream = into;
    struct pst_str name = node->text, scheme = {0};
    size_t colon = node->kind == PST_YAML_SCALAR ? pst_str_find_byte(node->text, ':') : PST_NPOS;
    if (colon != PST_NPOS) {
        name = pst_str_cut(node->text, 0, colon);
        scheme = pst_str_trim(pst_str_from(node->text, colon + 1));
    }
    char lower[PST_NAME_MAX] = {0}, prefix[PST_NAME_MAX] = {0};
    if (node->kind != PST_YAML_SCALAR || !copy_name(name, lower) || !copy_scheme(scheme, prefix) ||
        strcmp(lower, "host") == 0 || strcmp(lower, "content-length") == 0 ||
        strcmp(lower, "transfer-encoding") == 0 || strcmp(lower, "connection") == 0) {
        return pst_config_refuse(r, node,
                                 "the header that carries the credential is expected here, "
                                 "such as x-api-key or \"Authorization: Bearer\"");
    }
    if (scheme.n > 0) {
        prefix[scheme.n] = ' ';
    } else if (strcmp(lower, "authorization") == 0) {
        COPY(prefix, "Bearer ");
    }
    memcpy(upstream->cred_header, lower, sizeof lower);
    memcpy(upstream->cred_prefix, prefix, sizeof prefix);
    return PST_OK;
}

static enum pst_status read_pool(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    struct pst_config_upstream *upstream = into;
    return pst_config_u32(r, node, 0, (uint32_t)pst_limit_row(PST_LIMIT_upstream_connections)->hard,
                          &upstream->pool);
}

/* --- models ------------------------------------------------------------------------------- */

static enum pst_status find_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                     uint32_t *ret)
{
    const char *names[PST_UPSTREAMS_MAX];
    uint32_t n = r->config->n_upstreams;
    for (uint32_t i = 0; i < n; i++) {
        names[i] = r->config->upstreams[i].name;
        if (node->kind == PST_YAML_SCALAR && pst_str_eq(node->text, pst_str_c(names[i]))) {
            *ret = i;
            return PST_OK;
        }
    }
    if (node->kind != PST_YAML_SCALAR) {
        return pst_config_refuse(r, node, "the name of an upstream is expected here");
    }
    const char *nearest = pst_name_nearest(node->text, names, n);
    return pst_config_refuse(r, node, "there is no upstream of this name; %s%s%s",
                             nearest != NULL ? "did you mean \"" : "add it to \"upstreams\"",
                             nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static enum pst_status read_route_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                           void *into)
{
    struct pst_image_route *route = into;
    return find_upstream(r, node, &route->upstream);
}

static enum pst_status read_route_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    struct pst_image_route *route = into;
    memset(route->model, 0, sizeof route->model);
    return pst_config_text(r, node, "the upstream's name of the model", route->model,
                           sizeof route->model);
}

static enum pst_status read_model_upstream(struct pst_config_reader *r, const struct pst_yaml *node,
                                           void *into)
{
    struct pst_image_model *model = into;
    model->n_routes = 1;
    return find_upstream(r, node, &model->routes[0].upstream);
}

static enum pst_status read_model_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    struct pst_image_model *model = into;
    if (model->n_routes == 0) {
        return pst_config_refuse(r, node, "\"model\" needs \"upstream\" beside it");
    }
    return read_route_model(r, node, &model->routes[0]);
}

static enum pst_status read_max_tokens(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into)
{
    struct pst_image_model *model = into;
    return pst_config_u32(r, node, 1, INT32_MAX, &model->max_tokens);
}

static enum pst_status read_routes(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into)
{
    struct pst_image_model *model = into;
    if (node->kind != PST_YAML_LIST || node->count == 0 || node->count > PST_ROUTES_MAX) {
        return pst_config_refuse(r, node,
                                 "a list of 1 to %d upstreams is expected here, such as "
                                 "[{upstream: openai, model: gpt-4o}]",
                                 PST_ROUTES_MAX);
    }
    if (model->n_routes != 0) {
        return pst_config_refuse(r, node,
                                 "\"routes\" and \"upstream\" are two ways to say the same; "
                                 "keep one");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        struct pst_image_route *route = &model->routes[model->n_routes];
        enum pst_status status = PST_OK;
        memcpy(route->model, model->name, sizeof route->model); /* the same name, unless said */
        if (one->kind != PST_YAML_MAP) {
            status = find_upstream(r, one, &route->upstream);
        } else if (pst_yaml_get(one, PST_STR("upstream")) == NULL) {
            status = pst_config_refuse(r, one, "this route has no \"upstream\"");
        } else {
            status = pst_config_map(r, one, &pst_config_route_section, route);
        }
        if (status != PST_OK) {
            return status;
        }
        model->n_routes++;
    }
    return PST_OK;
}

static enum pst_status read_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                  struct pst_image_model *model)
{
    bool clean = node->key.n < PST_MODEL_MAX;
    for (size_t i = 0; clean && i < node->key.n; i++) {
        clean = node->key.p[i] > 0x20 && node->key.p[i] != 0x7f;
    }
    if (!clean || !pst_str_to_c(node->key, model->name, sizeof model->name)) {
        return pst_config_refuse(r, node,
                                 "a model's name has no spaces or control characters and at "
                                 "most %d bytes",
                                 PST_MODEL_MAX - 1);
    }
    memcpy(model->routes[0].model, model->name, sizeof model->name);
    switch (node->kind) {
    case PST_YAML_SCALAR:
        return read_model_upstream(r, node, model);
    case PST_YAML_LIST:
        return read_routes(r, node, model);
    case PST_YAML_MAP:
        break;
    }
    enum pst_status status = pst_config_map(r, node, &pst_config_model_section, model);
    if (status == PST_OK && model->n_routes == 0) {
        return pst_config_refuse(r, node, "the model \"%s\" has no \"upstream\"", model->name);
    }
    return status;
}

static int by_name(const void *a, const void *b)
{
    const struct pst_image_model *x = a, *y = b;
    return pst_str_cmp(pst_str_c(x->name), pst_str_c(y->name));
}

enum pst_status pst_config_models(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config *config = r->config;
    (void)into;
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "models: names and their upstreams are expected, such as "
                                 "{gpt-4o-mini: openai}");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (config->n_models >= PST_MODELS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d models", PST_MODELS_MAX);
        }
        enum pst_status status = read_model(r, one, &config->models[config->n_models]);
        if (status != PST_OK) {
            return status;
        }
        config->n_models++;
    }
    qsort(config->models, config->n_models, sizeof config->models[0], by_name);
    return PST_OK;
}
