#include "control/compile.h"

#include "control/policy.h"
#include "crypto/hash.h"
#include "crypto/x509_verify.h"
#include "identity/certificate.h"
#include "inspect/image.h"
#include "mask/mask.h"
#include "wire/json_out.h"

#include <stdio.h>
#include <stdlib.h>

/* Of the policies as an image: policy_bytes of text become a few times as much. */
enum { CEDAR_BYTES_MAX = 512 << 20, CERTIFICATES_BYTES_MAX = 1 << 20 };

/* What every image is made from. */
struct maker {
    const struct pst_compile_in *in;
    const struct pst_config *config;
    uint8_t digest[32];
    struct pst_buf cedar, members;
    struct pst_buf certificates, authorities; /* of clients: rows, PEM */
    struct pst_images *images;
    struct pst_err *err;
};

static enum pst_status make_all(struct maker *m);
static const struct pst_listen_tls *tls_of(const struct maker *m, uint32_t i);
static const struct pst_config_listen *listen_of(const struct maker *m, uint32_t i);

enum pst_status pst_compile(const struct pst_compile_in *in, struct pst_images *ret,
                            struct pst_err *err)
{
    struct pst_images images = {.n = 0};
    struct maker m = {.in = in, .config = in->config, .images = &images, .err = err};
    pst_buf_init(&m.cedar, CEDAR_BYTES_MAX);
    pst_buf_init(&m.members, (size_t)pst_limit_row(PST_LIMIT_policy_bytes)->hard);
    pst_buf_init(&m.certificates, CERTIFICATES_BYTES_MAX);
    pst_buf_init(&m.authorities, PST_X509_ANCHOR_BYTES);
    enum pst_status status = pst_compile_digest(in, m.digest, err);
    if (status == PST_OK) {
        status = make_all(&m);
    }
    pst_buf_release(&m.cedar);
    pst_buf_release(&m.members);
    pst_buf_release(&m.certificates);
    pst_buf_release(&m.authorities);
    if (status != PST_OK) {
        pst_images_release(&images);
        return status;
    }
    *ret = images;
    return PST_OK;
}

void pst_images_release(struct pst_images *images)
{
    if (images == NULL) {
        return;
    }
    for (size_t i = 0; i < images->n; i++) {
        free(images->list[i].p);
    }
    *images = (struct pst_images){.n = 0};
}

/* --- texts -------------------------------------------------------------------------------- */

static void digest_add(struct pst_sha256 *sha, struct pst_str name, struct pst_str text)
{
    uint8_t sizes[16];
    pst_put_u64le(sizes, name.n);
    pst_put_u64le(&sizes[8], text.n);
    pst_sha256_update(sha, pst_str_of(sizes, sizeof sizes));
    pst_sha256_update(sha, name);
    pst_sha256_update(sha, text);
}

enum pst_status pst_compile_digest(const struct pst_compile_in *in, uint8_t ret[32],
                                   struct pst_err *err)
{
    struct pst_sha256 sha = {0};
    enum pst_status status = pst_sha256_init(&sha, err);
    if (status == PST_OK) {
        digest_add(&sha, PST_STR("postern.yaml"), in->config_text);
        for (size_t i = 0; i < in->n_policies; i++) {
            digest_add(&sha, in->policies[i].name, in->policies[i].text);
        }
        for (size_t i = 0; i < in->n_schemas; i++) {
            digest_add(&sha, in->schemas[i].name, in->schemas[i].text);
        }
        pst_sha256_finish(&sha, ret);
    }
    pst_sha256_release(&sha);
    return status;
}

static void out_uid(struct pst_json_out *o, const char *type, const char *id)
{
    char full[PST_NAME_MAX + 16];
    (void)snprintf(full, sizeof full, "Postern::%.*s", PST_NAME_MAX - 1, type);
    pst_json_out_object(o);
    pst_json_out_kstr(o, "type", pst_str_c(full));
    pst_json_out_kstr(o, "id", pst_str_c(id));
    pst_json_out_end(o);
}

/* Begins an entity; the parents follow, then out_entity_end. */
static void out_entity(struct pst_json_out *o, const char *type, const char *id)
{
    pst_json_out_object(o);
    PST_JSON_KEY(o, "uid");
    out_uid(o, type, id);
    PST_JSON_KEY(o, "attrs");
    pst_json_out_object(o);
    pst_json_out_end(o);
    PST_JSON_KEY(o, "parents");
    pst_json_out_array(o);
}

static void out_entity_end(struct pst_json_out *o)
{
    pst_json_out_end(o);
    pst_json_out_end(o);
}

static void out_groups(struct pst_json_out *o, const struct pst_config *config)
{
    for (uint32_t i = 0; i < config->n_members; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < i && !seen; k++) {
            seen = strcmp(config->members[k].group, config->members[i].group) == 0;
        }
        if (!seen) {
            out_entity(o, "Group", config->members[i].group);
            out_entity_end(o);
        }
    }
    for (uint32_t i = 0; i < config->n_members;) {
        char type[PST_NAME_MAX] = {0};
        const char *principal = config->members[i].principal;
        struct pst_str whole = pst_str_c(principal);
        size_t colons = pst_str_find(whole, PST_STR("::"));
        PST_BUG_ON(colons == PST_NPOS ||
                   !pst_str_to_c(pst_str_cut(whole, 0, colons), type, sizeof type));
        out_entity(o, type, &principal[colons + 2]);
        do { /* sorted: the memberships of a principal stand together */
            out_uid(o, "Group", config->members[i].group);
            i++;
        } while (i < config->n_members && strcmp(config->members[i].principal, principal) == 0);
        out_entity_end(o);
    }
}

enum pst_status pst_compile_entities(const struct pst_config *config, struct pst_buf *out,
                                     struct pst_err *err)
{
    struct pst_json_out o;
    pst_json_out_init(&o, out);
    pst_json_out_array(&o);
    out_groups(&o, config);
    for (uint32_t i = 0; i < config->n_upstreams; i++) {
        out_entity(&o, "Provider", config->upstreams[i].name);
        out_entity_end(&o);
    }
    for (uint32_t i = 0; i < config->n_models; i++) {
        const struct pst_image_model *model = &config->models[i];
        out_entity(&o, "Model", model->name);
        for (uint32_t k = 0; k < model->n_routes; k++) {
            bool seen = false;
            for (uint32_t j = 0; j < k; j++) {
                seen = seen || model->routes[j].upstream == model->routes[k].upstream;
            }
            if (!seen) {
                out_uid(&o, "Provider", config->upstreams[model->routes[k].upstream].name);
            }
        }
        out_entity_end(&o);
    }
    pst_json_out_end(&o);
    if (!pst_json_out_ok(&o)) {
        return pst_fail(err, PST_E_CONFIG,
                        "groups and models together are too large, or a name is "
                        "not UTF-8");
    }
    return PST_OK;
}

static enum pst_status make_policies(struct maker *m)
{
    struct pst_policy_in in = {
        .sources = m->in->policies,
        .n_sources = m->in->n_policies,
        .schemas = m->in->schemas,
        .n_schemas = m->in->n_schemas,
        .seed = m->in->seed,
    };
    struct pst_buf entities;
    struct pst_cedar *set = NULL;
    pst_buf_init(&entities, (size_t)pst_limit_row(PST_LIMIT_policy_bytes)->hard);
    enum pst_status status = pst_compile_entities(m->config, &entities, m->err);
    if (status == PST_OK) {
        in.entities = pst_buf_str(&entities);
        status = pst_policy_compile(&in, &set, m->err);
    }
    if (status == PST_OK) {
        status = pst_cedar_image_write(set, &m->cedar, m->err);
    }
    pst_cedar_free(set);
    pst_buf_release(&entities);
    return status;
}

/* Rows for client certificates, and every listener's authorities. */
static enum pst_status make_certificates(struct maker *m)
{
    struct pst_buf *out = &m->certificates;
    for (uint32_t i = 0; i < m->config->n_certificates; i++) {
        const struct pst_config_certificate *row = &m->config->certificates[i];
        pst_buf_add(out, pst_str_c(row->kind));
        pst_buf_byte(out, '\t');
        pst_buf_add(out, pst_str_c(row->pattern));
        pst_buf_byte(out, '\t');
        pst_buf_add(out, pst_str_c(row->principal));
        for (uint32_t k = 0; k < row->n_groups; k++) {
            pst_buf_byte(out, '\t');
            pst_buf_add(out, pst_str_c(row->groups[k]));
        }
        pst_buf_byte(out, '\n');
    }
    for (uint32_t i = 0; listen_of(m, i) != NULL; i++) {
        pst_buf_add(&m->authorities, tls_of(m, i)->clients);
    }
    if (out->failed || m->authorities.failed) {
        return pst_fail(m->err, PST_E_CONFIG,
                        "the certificates and authorities of clients are too large together");
    }
    /* warden must never refuse what was compiled: better to say it here, with a reason */
    struct pst_certificates *set = NULL;
    enum pst_status status = pst_certificates_new(pst_buf_str(out), pst_buf_str(&m->authorities), 1,
                                                  0, &set, m->err);
    pst_certificates_free(set);
    return status;
}

static enum pst_status make_texts(struct maker *m)
{
    uint64_t total = 0, limit = m->config->limits.v[PST_LIMIT_policy_bytes];
    for (size_t i = 0; i < m->in->n_policies; i++) {
        total += m->in->policies[i].text.n;
    }
    if (total > limit) {
        return pst_fail(m->err, PST_E_CONFIG,
                        "the policies are larger than policy_bytes (%llu bytes); raise the limit",
                        (unsigned long long)limit);
    }
    for (uint32_t i = 0; i < m->config->n_members; i++) {
        pst_buf_add(&m->members, pst_str_c(m->config->members[i].principal));
        pst_buf_byte(&m->members, '\t');
        pst_buf_add(&m->members, pst_str_c(m->config->members[i].group));
        pst_buf_byte(&m->members, '\n');
    }
    if (m->members.failed) {
        return pst_fail(m->err, PST_E_CONFIG, "the groups have too many members");
    }
    return make_certificates(m) == PST_OK ? make_policies(m) : PST_ERR;
}

/* --- images ------------------------------------------------------------------------------- */

static void *make_image(struct maker *m, enum pst_image_kind kind, uint32_t index, size_t size)
{
    struct pst_image_head *head = calloc(1, size);
    if (head == NULL) {
        (void)pst_fail(m->err, PST_E_NO_MEMORY, "no memory for the configuration images");
        return NULL;
    }
    head->magic = PST_IMAGE_MAGIC;
    head->version = PST_IMAGE_VERSION;
    head->kind = (uint32_t)kind;
    head->generation = m->in->generation;
    head->size = size;
    memcpy(head->digest, m->digest, sizeof head->digest);
    PST_BUG_ON(m->images->n >= PST_IMAGES_MAX);
    m->images->list[m->images->n++] = (struct pst_blob){kind, index, head, size};
    return head;
}

#define COPY(to, from) memcpy((to), (from), sizeof(to) < sizeof(from) ? sizeof(to) : sizeof(from))

/* What the files of listener i said: in the order of the plan. */
static const struct pst_listen_tls *tls_of(const struct maker *m, uint32_t i)
{
    static const struct pst_listen_tls plain = {.to_s = 0};
    return m->in->listen_tls != NULL && i < PST_LISTEN_TLS_MAX ? &m->in->listen_tls[i] : &plain;
}

/* Listener i of the plan: those of `listen`, then the administration's, NULL past them. */
static const struct pst_config_listen *listen_of(const struct maker *m, uint32_t i)
{
    const struct pst_config *config = m->config;
    return i < config->n_listen    ? &config->listen[i]
           : i == config->n_listen ? &config->admin
                                   : NULL;
}

static void put_listener(const struct maker *m, struct pst_plan *plan, uint32_t i)
{
    const struct pst_config_listen *from = listen_of(m, i);
    struct pst_plan_listener *listener = &plan->listeners[plan->n_listeners++];
    listener->kind = i < m->config->n_listen ? PST_LISTEN_CLIENT : PST_LISTEN_ADMIN;
    listener->port = from->port;
    listener->tls = from->key[0] != 0;
    listener->line = from->key_at.line;
    listener->column = from->key_at.column;
    COPY(listener->address, from->address);
    COPY(listener->key_file, from->key);
    COPY(listener->spki, tls_of(m, i)->spki);
    listener->id = pst_image_listener_id(listener->kind, listener->address, listener->port);
}

static void put_unix(struct pst_plan *plan, const char address[PST_PATH_MAX])
{
    struct pst_plan_listener *listener = &plan->listeners[plan->n_listeners++];
    listener->kind = PST_LISTEN_ADMIN_UNIX;
    memcpy(listener->address, address, sizeof listener->address);
    listener->id = pst_image_listener_id(listener->kind, listener->address, 0);
}

static enum pst_status make_plan(struct maker *m)
{
    enum { SUN_PATH_MAX = 107 }; /* of a Unix socket's address, without the NUL */
    struct pst_plan *plan = make_image(m, PST_IMAGE_PLAN, 0, sizeof *plan);
    char unix_socket[PST_PATH_MAX] = {0};
    if (plan == NULL) {
        return PST_ERR;
    }
    int n = snprintf(unix_socket, sizeof unix_socket, "%.*s/run/admin.sock",
                     m->in->state_dir.n > 200 ? 200 : (int)m->in->state_dir.n,
                     (const char *)m->in->state_dir.p);
    if (n < 0 || n > SUN_PATH_MAX || m->in->state_dir.n == 0 || m->in->state_dir.p[0] != '/' ||
        !pst_str_to_c(m->in->state_dir, plan->state_dir, sizeof plan->state_dir)) {
        return pst_fail(m->err, PST_E_CONFIG,
                        "the state folder must be an absolute path of at most "
                        "%d bytes (a Unix socket lives in it)",
                        SUN_PATH_MAX - (int)sizeof "/run/admin.sock" + 1);
    }
    plan->fronts = m->config->fronts;
    plan->sandbox = (uint32_t)m->config->sandbox;
    plan->heartbeat_ms = (uint32_t)m->config->limits.v[PST_LIMIT_heartbeat_ms];
    plan->heartbeat_missed = (uint32_t)m->config->limits.v[PST_LIMIT_heartbeat_missed];
    for (uint32_t i = 0; i <= m->config->n_listen; i++) {
        put_listener(m, plan, i);
    }
    put_unix(plan, unix_socket);
    plan->n_upstreams = m->config->n_upstreams;
    for (uint32_t i = 0; i < plan->n_upstreams; i++) {
        const struct pst_config_upstream *from = &m->config->upstreams[i];
        COPY(plan->upstreams[i].name, from->name);
        COPY(plan->upstreams[i].cred_ref, from->cred_ref);
        COPY(plan->upstreams[i].ca_file, from->ca_file);
        plan->upstreams[i].cred_source = (uint32_t)from->cred_source;
        plan->upstreams[i].tls = from->tls;
    }
    return PST_OK;
}

/* A text behind the fixed part of an image; `*at` moves on. */
static void put_text(void *image, size_t *at, struct pst_str text, uint32_t *ret_at,
                     uint32_t *ret_n)
{
    uint8_t *bytes = image;
    if (text.n > 0) {
        memcpy(&bytes[*at], text.p, text.n);
    }
    *ret_at = (uint32_t)*at;
    *ret_n = (uint32_t)text.n;
    *at += text.n;
}

static void put_front_listener(const struct maker *m, struct pst_front_image *front, size_t *at,
                               uint32_t i)
{
    const struct pst_plan *plan = m->images->list[0].p;
    const struct pst_config_listen *from = listen_of(m, i);
    const struct pst_listen_tls *tls = tls_of(m, i);
    struct pst_image_listener *row = &front->listeners[front->n_listeners++];
    row->id = plan->listeners[i].id;
    row->kind = plan->listeners[i].kind;
    if (from == NULL) {
        return; /* the Unix socket */
    }
    row->tls = plan->listeners[i].tls;
    row->client_mode = (uint32_t)from->client_mode;
    row->http2 = from->http2;
    COPY(row->spki, tls->spki);
    row->n_proxy = from->n_proxy;
    row->n_forwarded = from->n_forwarded;
    COPY(row->proxy, from->proxy);
    COPY(row->forwarded, from->forwarded);
    if (tls->chain.n > 0) {
        put_text(front, at, tls->chain, &row->certificate_at, &row->certificate_n);
    }
    if (tls->clients.n > 0) {
        put_text(front, at, tls->clients, &row->clients_at, &row->clients_n);
    }
}

static enum pst_status make_front(struct maker *m)
{
    struct pst_front_image *front = NULL;
    size_t at = sizeof *front, size = at;
    for (uint32_t i = 0; listen_of(m, i) != NULL; i++) { /* each has its cap: it fits 32 bits */
        size += tls_of(m, i)->chain.n + tls_of(m, i)->clients.n;
    }
    front = make_image(m, PST_IMAGE_FRONT, 0, size);
    if (front == NULL) {
        return PST_ERR;
    }
    front->limits = m->config->limits;
    front->n_models = m->config->n_models;
    front->n_upstreams = m->config->n_upstreams;
    front->durability = (uint32_t)m->config->durability;
    front->interval_ms = m->config->interval_ms;
    front->inspect = m->config->inspect && m->in->inspect.n > 0;
    front->restore = m->config->restore;
    front->detector = m->config->detector;
    front->taint = m->config->taint;
    front->links = m->config->links;
    front->leak = m->config->leak;
    front->n_hosts = m->config->n_hosts;
    COPY(front->hosts, m->config->hosts);
    front->n_actions = m->config->n_actions;
    COPY(front->actions, m->config->actions);
    COPY(front->models, m->config->models);
    const struct pst_plan *plan = m->images->list[0].p;
    for (uint32_t i = 0; i < plan->n_listeners; i++) {
        put_front_listener(m, front, &at, i);
    }
    return PST_OK;
}

/* An action for something that no definition finds is a mistake that would never be noticed. */
static enum pst_status actions_check(const struct maker *m)
{
    struct pst_scan_image *image = NULL;
    struct pst_actions actions = {{0}};
    struct pst_str data;
    enum pst_status status = pst_inspect_image_section(m->in->inspect, PST_SECTION_DATA, &data,
                                                       m->err);
    if (status == PST_OK) {
        status = pst_scan_image_open(data, &image, m->err);
    }
    for (uint32_t i = 0; status == PST_OK && i < m->config->n_actions; i++) {
        const struct pst_image_action *row = &m->config->actions[i];
        if (pst_actions_set(image, &actions, pst_str_c(row->who), (enum pst_action)row->action,
                            false) == 0) {
            status = pst_fail(m->err, PST_E_CONFIG,
                              "inspect: there is no type or group \"%s\"; postern rules list "
                              "shows them",
                              row->who);
        }
    }
    pst_scan_image_close(image);
    return status;
}

static enum pst_status make_inspect(struct maker *m)
{
    if (!m->config->inspect || m->in->inspect.n == 0) {
        return PST_OK;
    }
    if (actions_check(m) != PST_OK) {
        return PST_ERR;
    }
    uint8_t *image = make_image(m, PST_IMAGE_INSPECT, 0, PST_IMAGE_INSPECT_AT + m->in->inspect.n);
    if (image == NULL) {
        return PST_ERR;
    }
    memcpy(&image[PST_IMAGE_INSPECT_AT], m->in->inspect.p, m->in->inspect.n);
    return PST_OK;
}

static enum pst_status make_warden(struct maker *m)
{
    size_t align = PST_IMAGE_CEDAR_ALIGN;
    size_t at = (sizeof(struct pst_warden_image) + align - 1) / align * align;
    size_t size = at + m->cedar.n + m->members.n + m->certificates.n +
                  m->authorities.n; /* all have caps: the sum fits 32 bits */
    struct pst_warden_image *warden = make_image(m, PST_IMAGE_WARDEN, 0, size);
    if (warden == NULL) {
        return PST_ERR;
    }
    warden->limits = m->config->limits;
    warden->n_models = m->config->n_models;
    warden->n_upstreams = m->config->n_upstreams;
    warden->n_limits = m->config->n_rates;
    warden->admin_uid = m->in->admin_uid;
    for (uint32_t i = 0; i < m->config->n_upstreams; i++) {
        COPY(warden->upstream_names[i], m->config->upstreams[i].name);
    }
    COPY(warden->models, m->config->models);
    COPY(warden->limits_by, m->config->rates);
    put_text(warden, &at, pst_buf_str(&m->cedar), &warden->cedar_at, &warden->cedar_n);
    put_text(warden, &at, pst_buf_str(&m->members), &warden->members_at, &warden->members_n);
    put_text(warden, &at, pst_buf_str(&m->certificates), &warden->certificates_at,
             &warden->certificates_n);
    put_text(warden, &at, pst_buf_str(&m->authorities), &warden->authorities_at,
             &warden->authorities_n);
    return PST_OK;
}

static enum pst_status make_egress(struct maker *m, uint32_t index)
{
    const struct pst_config_upstream *from = &m->config->upstreams[index];
    struct pst_egress_image *egress = make_image(m, PST_IMAGE_EGRESS, index, sizeof *egress);
    if (egress == NULL) {
        return PST_ERR;
    }
    egress->limits = m->config->limits;
    egress->upstream = index;
    egress->port = from->port;
    egress->tls = from->tls;
    egress->pool = from->pool;
    egress->proxy_port = from->proxy_port;
    COPY(egress->name, from->name);
    COPY(egress->host, from->host);
    COPY(egress->base_path, from->base_path);
    COPY(egress->cred_header, from->cred_header);
    COPY(egress->cred_prefix, from->cred_prefix);
    COPY(egress->proxy_host, from->proxy_host);
    return PST_OK;
}

static enum pst_status make_dial(struct maker *m)
{
    struct pst_dial_image *dial = make_image(m, PST_IMAGE_DIAL, 0, sizeof *dial);
    if (dial == NULL) {
        return PST_ERR;
    }
    dial->limits = m->config->limits;
    dial->n_targets = m->config->n_upstreams;
    for (uint32_t i = 0; i < dial->n_targets; i++) {
        const struct pst_config_upstream *from = &m->config->upstreams[i];
        bool proxied = from->proxy_host[0] != 0;
        dial->targets[i].upstream = i;
        dial->targets[i].port = proxied ? from->proxy_port : from->port;
        dial->targets[i].allow_private = from->allow_private;
        if (proxied) {
            COPY(dial->targets[i].host, from->proxy_host);
        } else {
            COPY(dial->targets[i].host, from->host);
        }
    }
    return PST_OK;
}

static enum pst_status make_audit(struct maker *m)
{
    struct pst_audit_image *audit = make_image(m, PST_IMAGE_AUDIT, 0, sizeof *audit);
    if (audit == NULL) {
        return PST_ERR;
    }
    audit->limits = m->config->limits;
    audit->durability = (uint32_t)m->config->durability;
    audit->interval_ms = m->config->interval_ms;
    COPY(audit->log_name, m->config->log_name);
    audit->n_upstreams = m->config->n_upstreams;
    for (uint32_t i = 0; i < m->config->n_upstreams; i++) {
        COPY(audit->upstream_names[i], m->config->upstreams[i].name);
    }
    return PST_OK;
}

static enum pst_status policies_open(const struct pst_blob *blob, struct pst_err *err)
{
    struct pst_cedar *set = NULL;
    const struct pst_warden_image *warden = blob->p;
    enum pst_status status = pst_cedar_image_open(pst_image_cedar(warden), &set, err);
    pst_cedar_free(set);
    return status;
}

static enum pst_status make_all(struct maker *m)
{
    if (make_texts(m) != PST_OK || make_plan(m) != PST_OK || make_inspect(m) != PST_OK ||
        make_front(m) != PST_OK || make_warden(m) != PST_OK) {
        return PST_ERR;
    }
    for (uint32_t i = 0; i < m->config->n_upstreams; i++) {
        if (make_egress(m, i) != PST_OK) {
            return PST_ERR;
        }
    }
    if (make_dial(m) != PST_OK || make_audit(m) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < m->images->n; i++) {
        const struct pst_blob *blob = &m->images->list[i];
        /* a role must never refuse what was compiled: better to say it here, with a reason */
        if (pst_image_check(pst_str_of(blob->p, blob->n), blob->kind, m->err) != PST_OK) {
            return PST_ERR;
        }
        if (blob->kind == PST_IMAGE_WARDEN && policies_open(blob, m->err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}
