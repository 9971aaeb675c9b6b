#include "gate/image.h"

#include "base/check.h"
#include "base/enc.h"
#include "base/map.h"
#include "sys/sandbox.h"

#include <stdalign.h>

static const struct pst_limit_row limit_rows[PST_LIMIT_COUNT] = {
#define PST_LIMIT(name, def, hard, unit, error, text)                                              \
    [PST_LIMIT_##name] = {#name, unit, text, def, hard, PST_E_##error},
#include "tables/limits.def"
#undef PST_LIMIT
};

/* A checker stops at its first finding; `what` names the field for the message. */
static enum pst_status bad(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_CONFIG, "the configuration image is not valid: %s", what);
}

static enum pst_status check_plan(struct pst_str image, struct pst_err *err);
static enum pst_status check_front(struct pst_str image, struct pst_err *err);
static enum pst_status check_warden(struct pst_str image, struct pst_err *err);
static enum pst_status check_egress(struct pst_str image, struct pst_err *err);
static enum pst_status check_dial(struct pst_str image, struct pst_err *err);
static enum pst_status check_audit(struct pst_str image, struct pst_err *err);
static enum pst_status check_inspect(struct pst_str image, struct pst_err *err);

struct kind_row {
    size_t size; /* of the fixed part */
    bool tail;   /* bytes may follow it */
    enum pst_status (*check)(struct pst_str image, struct pst_err *err);
};

static const struct kind_row kinds[] = {
    [PST_IMAGE_PLAN] = {sizeof(struct pst_plan), false, check_plan},
    [PST_IMAGE_FRONT] = {sizeof(struct pst_front_image), true, check_front},
    [PST_IMAGE_WARDEN] = {sizeof(struct pst_warden_image), true, check_warden},
    [PST_IMAGE_EGRESS] = {sizeof(struct pst_egress_image), false, check_egress},
    [PST_IMAGE_DIAL] = {sizeof(struct pst_dial_image), false, check_dial},
    [PST_IMAGE_AUDIT] = {sizeof(struct pst_audit_image), false, check_audit},
    [PST_IMAGE_INSPECT] = {PST_IMAGE_INSPECT_AT, true, check_inspect},
};

const struct pst_limit_row *pst_limit_row(enum pst_limit limit)
{
    PST_BUG_ON((unsigned)limit >= PST_LIMIT_COUNT);
    return &limit_rows[limit];
}

void pst_limits_default(struct pst_limits *ret)
{
    for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
        ret->v[i] = limit_rows[i].def;
    }
}

enum pst_status pst_image_check(struct pst_str image, enum pst_image_kind kind, struct pst_err *err)
{
    if ((unsigned)kind >= PST_LEN(kinds) || kinds[kind].check == NULL) {
        return bad(err, "there is no such kind");
    }
    const struct kind_row *row = &kinds[kind];
    if (image.p == NULL || (uintptr_t)image.p % alignof(struct pst_warden_image) != 0) {
        return bad(err, "it is not aligned");
    }
    if (image.n < row->size || (!row->tail && image.n != row->size)) {
        return bad(err, "its size is wrong");
    }
    const struct pst_image_head *head = (const void *)image.p;
    if (head->magic != PST_IMAGE_MAGIC || head->version != PST_IMAGE_VERSION) {
        return bad(err, "its magic or version is another");
    }
    if (head->kind != (uint32_t)kind) {
        return bad(err, "it is of another kind");
    }
    if (head->size != image.n) {
        return bad(err, "its size is not the size it states");
    }
    return row->check(image, err);
}

const struct pst_image_model *pst_image_model(const struct pst_image_model *models, uint32_t n,
                                              struct pst_str name)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = pst_str_cmp(name, pst_str_c(models[mid].name));
        if (order == 0) {
            return &models[mid];
        }
        if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

uint64_t pst_image_listener_id(uint32_t kind, const char *address, uint32_t port)
{
    return pst_hash((uint64_t)kind << 32 | port, pst_str_c(address));
}

struct pst_str pst_image_certificate(const struct pst_front_image *front,
                                     const struct pst_image_listener *row)
{
    return pst_str_cut(pst_str_of(front, front->head.size), row->certificate_at,
                       row->certificate_n);
}

struct pst_str pst_image_clients(const struct pst_front_image *front,
                                 const struct pst_image_listener *row)
{
    return pst_str_cut(pst_str_of(front, front->head.size), row->clients_at, row->clients_n);
}

const struct pst_image_listener *pst_image_listener(const struct pst_front_image *front,
                                                    uint64_t id)
{
    for (uint32_t i = 0; i < front->n_listeners; i++) {
        if (front->listeners[i].id == id) {
            return &front->listeners[i];
        }
    }
    return NULL;
}

/* Whether the first `bits` bits of both are the same. */
static bool same_prefix(const uint8_t a[16], const uint8_t b[16], uint32_t bits)
{
    uint32_t whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

bool pst_image_cidrs_hold(const struct pst_image_cidr *list, uint32_t n, const uint8_t ip[16])
{
    for (uint32_t i = 0; i < n; i++) {
        if (same_prefix(list[i].address, ip, list[i].bits)) {
            return true;
        }
    }
    return false;
}

uint64_t pst_image_target(const char *host, uint32_t port)
{
    return pst_hash(port, pst_str_c(host));
}

struct pst_str pst_image_cedar(const struct pst_warden_image *warden)
{
    return pst_str_cut(pst_str_of(warden, warden->head.size), warden->cedar_at, warden->cedar_n);
}

struct pst_str pst_image_certificates(const struct pst_warden_image *warden)
{
    return pst_str_cut(pst_str_of(warden, warden->head.size), warden->certificates_at,
                       warden->certificates_n);
}

struct pst_str pst_image_authorities(const struct pst_warden_image *warden)
{
    return pst_str_cut(pst_str_of(warden, warden->head.size), warden->authorities_at,
                       warden->authorities_n);
}

bool pst_image_group_next(const struct pst_warden_image *warden, struct pst_str principal,
                          size_t *at, struct pst_str *ret_group)
{
    struct pst_str members = pst_str_cut(pst_str_of(warden, warden->head.size), warden->members_at,
                                         warden->members_n);
    while (*at < members.n) {
        struct pst_str line = pst_str_from(members, *at);
        size_t end = pst_str_find_byte(line, '\n');
        if (end == PST_NPOS) {
            return false; /* half a line is none */
        }
        line = pst_str_cut(line, 0, end);
        *at += end + 1;
        size_t tab = pst_str_find_byte(line, '\t');
        if (tab != PST_NPOS && pst_str_eq(pst_str_cut(line, 0, tab), principal)) {
            *ret_group = pst_str_from(line, tab + 1);
            return true;
        }
    }
    return false;
}

/* --- parts -------------------------------------------------------------------------------- */

/* NUL-terminated inside the array, zeros behind, no control characters, valid UTF-8: such a text
 * may go into a header, a path or a log line as it is. */
static bool text_ok(const char *field, size_t cap, bool may_be_empty)
{
    size_t n = 0;
    while (n < cap && field[n] != 0) {
        uint8_t byte = (uint8_t)field[n];
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
        n++;
    }
    for (size_t i = n; i < cap; i++) {
        if (field[i] != 0) {
            return false;
        }
    }
    return n < cap && (n > 0 || may_be_empty) && pst_utf8_valid(pst_str_of(field, n));
}
#define TEXT(field) text_ok((field), sizeof(field), false)
#define TEXT_OR_EMPTY(field) text_ok((field), sizeof(field), true)

/* Printable ASCII without space: names that stand in a request line, a header or SNI. */
static bool token_ok(const char *field, size_t cap, bool may_be_empty)
{
    for (size_t i = 0; i < cap && field[i] != 0; i++) {
        uint8_t byte = (uint8_t)field[i];
        if (byte <= 0x20 || byte >= 0x7f) {
            return false;
        }
    }
    return text_ok(field, cap, may_be_empty);
}
#define TOKEN(field) token_ok((field), sizeof(field), false)
#define TOKEN_OR_EMPTY(field) token_ok((field), sizeof(field), true)

static bool port_ok(uint32_t port)
{
    return port >= 1 && port <= 65535;
}

static bool zero(const void *p, size_t n)
{
    const uint8_t *bytes = p;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Rows past the count are zero: an image has one form, and nothing hides in it. */
#define REST_ZERO(array, used)                                                                     \
    zero(&(array)[(used)], (PST_LEN(array) - (used)) * sizeof((array)[0]))

static bool limits_ok(const struct pst_limits *limits)
{
    for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
        if (limits->v[i] == 0 || limits->v[i] > limit_rows[i].hard) {
            return false;
        }
    }
    return true;
}

static bool model_ok(const struct pst_image_model *model, uint32_t n_upstreams)
{
    if (!TEXT(model->name) || model->n_routes == 0 || model->n_routes > PST_ROUTES_MAX ||
        model->max_tokens > INT32_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < model->n_routes; i++) {
        if (model->routes[i].upstream >= n_upstreams || !TEXT(model->routes[i].model)) {
            return false;
        }
    }
    return model->n_routes == PST_ROUTES_MAX || REST_ZERO(model->routes, model->n_routes);
}

static enum pst_status models_check(const struct pst_image_model models[PST_MODELS_MAX], uint32_t n,
                                    uint32_t n_upstreams, struct pst_err *err)
{
    if (n > PST_MODELS_MAX || n_upstreams > PST_UPSTREAMS_MAX) {
        return bad(err, "a count is past its cap");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!model_ok(&models[i], n_upstreams)) {
            return bad(err, "a model");
        }
        /* strictly ascending, or the binary search could be led past a row */
        if (i > 0 && pst_str_cmp(pst_str_c(models[i - 1].name), pst_str_c(models[i].name)) >= 0) {
            return bad(err, "the models are not sorted");
        }
    }
    if (!zero(&models[n], (PST_MODELS_MAX - n) * sizeof models[0])) {
        return bad(err, "unused models are not empty");
    }
    return PST_OK;
}

/* --- kinds -------------------------------------------------------------------------------- */

static bool listener_ok(const struct pst_plan_listener *listener)
{
    bool key = listener->tls == 1;
    if (listener->tls > 1 || listener->pad != 0 ||
        (key ? !TEXT(listener->key_file)
             : !zero(listener->key_file, sizeof listener->key_file) ||
                   !zero(listener->spki, sizeof listener->spki))) {
        return false;
    }
    switch (listener->kind) {
    case PST_LISTEN_CLIENT:
    case PST_LISTEN_ADMIN:
        return port_ok(listener->port) && TOKEN(listener->address);
    case PST_LISTEN_ADMIN_UNIX:
        return listener->port == 0 && !key && TEXT(listener->address);
    default:
        return false;
    }
}

static bool plan_upstream_ok(const struct pst_plan_upstream *upstream)
{
    if (!TEXT(upstream->name) || upstream->cred_source > PST_CRED_FILE || upstream->tls > 1 ||
        !TEXT_OR_EMPTY(upstream->ca_file)) {
        return false;
    }
    return upstream->cred_source == PST_CRED_NONE
               ? zero(upstream->cred_ref, sizeof upstream->cred_ref)
               : TEXT(upstream->cred_ref);
}

static enum pst_status check_plan(struct pst_str image, struct pst_err *err)
{
    const struct pst_plan *plan = (const void *)image.p;
    if (plan->fronts == 0 || plan->fronts > PST_FRONTS_MAX || plan->sandbox > PST_SANDBOX_OFF ||
        plan->heartbeat_ms == 0 || plan->heartbeat_missed == 0) {
        return bad(err, "fronts, sandbox or heartbeat");
    }
    if (plan->n_listeners > PST_LISTENERS_MAX || plan->n_upstreams > PST_UPSTREAMS_MAX) {
        return bad(err, "a count is past its cap");
    }
    if (!TEXT(plan->state_dir)) {
        return bad(err, "state_dir");
    }
    for (uint32_t i = 0; i < plan->n_listeners; i++) {
        if (!listener_ok(&plan->listeners[i])) {
            return bad(err, "a listener");
        }
        for (uint32_t k = 0; k < i; k++) {
            if (plan->listeners[k].id == plan->listeners[i].id) {
                return bad(err, "two listeners are the same");
            }
        }
    }
    for (uint32_t i = 0; i < plan->n_upstreams; i++) {
        if (!plan_upstream_ok(&plan->upstreams[i])) {
            return bad(err, "an upstream");
        }
    }
    if (!zero(&plan->listeners[plan->n_listeners],
              (PST_LISTENERS_MAX - plan->n_listeners) * sizeof plan->listeners[0]) ||
        !zero(&plan->upstreams[plan->n_upstreams],
              (PST_UPSTREAMS_MAX - plan->n_upstreams) * sizeof plan->upstreams[0])) {
        return bad(err, "unused rows are not empty");
    }
    return PST_OK;
}

/* A part behind the fixed one: whole inside the image, and never over the fixed part. */
static bool tail_ok(struct pst_str image, size_t fixed, uint32_t at, uint32_t n)
{
    uint64_t end = 0;
    return at >= fixed && pst_add_u64(at, n, &end) && end <= image.n;
}

static bool cidrs_ok(const struct pst_image_cidr list[PST_CIDRS_MAX], uint32_t n)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
    if (n > PST_CIDRS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct pst_image_cidr *row = &list[i];
        if (row->bits == 0 || row->bits > 128 ||
            (row->bits <= 96 && same_prefix(row->address, mapped, row->bits))) {
            return false; /* everybody, or all of IPv4: nobody trusts that */
        }
        for (uint32_t bit = row->bits; bit < 128; bit++) {
            if ((row->address[bit / 8] >> (7 - bit % 8) & 1) != 0) {
                return false;
            }
        }
    }
    return zero(&list[n], (PST_CIDRS_MAX - n) * sizeof list[0]);
}

/* PEM and nothing that could end a C string. */
static bool pem_ok(struct pst_str image, uint32_t at, uint32_t n, uint32_t cap)
{
    return n == 0 ? at == 0
                  : n <= cap && tail_ok(image, sizeof(struct pst_front_image), at, n) &&
                        pst_str_find_byte(pst_str_cut(image, at, n), 0) == PST_NPOS;
}

static bool front_listener_ok(struct pst_str image, const struct pst_image_listener *row)
{
    bool tls = row->tls == 1;
    if (row->kind < PST_LISTEN_CLIENT || row->kind > PST_LISTEN_ADMIN_UNIX || row->tls > 1 ||
        row->client_mode > PST_CLIENT_REQUIRED || row->http2 > 1) {
        return false;
    }
    if (tls != (row->certificate_n > 0) || (row->client_mode != 0) != (row->clients_n > 0) ||
        (!tls && (row->clients_n > 0 || !zero(row->spki, sizeof row->spki))) ||
        (tls && row->kind == PST_LISTEN_ADMIN_UNIX)) {
        return false;
    }
    return pem_ok(image, row->certificate_at, row->certificate_n, PST_CHAIN_BYTES_MAX) &&
           pem_ok(image, row->clients_at, row->clients_n, PST_CLIENTS_BYTES_MAX) &&
           cidrs_ok(row->proxy, row->n_proxy) && cidrs_ok(row->forwarded, row->n_forwarded);
}

static bool front_listeners_ok(struct pst_str image, const struct pst_front_image *front)
{
    if (front->n_listeners > PST_LISTENERS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < front->n_listeners; i++) {
        if (!front_listener_ok(image, &front->listeners[i]) ||
            pst_image_listener(front, front->listeners[i].id) != &front->listeners[i]) {
            return false;
        }
    }
    return zero(&front->listeners[front->n_listeners],
                (PST_LISTENERS_MAX - front->n_listeners) * sizeof front->listeners[0]);
}

enum { ACTIONS_LAST = 6 }; /* PST_ACT_BLOCK: gate does not know the scanner */

static enum pst_status check_front(struct pst_str image, struct pst_err *err)
{
    const struct pst_front_image *front = (const void *)image.p;
    if (!limits_ok(&front->limits)) {
        return bad(err, "a limit is zero or past its hard maximum");
    }
    if (front->durability > PST_DURABLE_INTERVAL || front->interval_ms == 0) {
        return bad(err, "durability");
    }
    if (!front_listeners_ok(image, front)) {
        return bad(err, "a listener");
    }
    if (front->inspect > 1 || front->restore > 1 || front->detector > 1 || front->taint > 1000 ||
        front->links > 1 || front->leak > PST_LEAK_BLOCK ||
        front->n_hosts > PST_INSPECT_HOSTS_MAX || front->n_actions > PST_INSPECT_ROWS_MAX) {
        return bad(err, "inspection");
    }
    for (uint32_t i = 0; i < front->n_hosts; i++) {
        if (!TEXT(front->hosts[i])) {
            return bad(err, "a host of answers");
        }
    }
    for (uint32_t i = 0; i < front->n_actions; i++) {
        const struct pst_image_action *row = &front->actions[i];
        if (!TEXT(row->who) || row->action > ACTIONS_LAST || row->answers > 1) {
            return bad(err, "an action");
        }
    }
    return models_check(front->models, front->n_models, front->n_upstreams, err);
}

static bool limit_by_ok(const struct pst_image_limit *limit)
{
    return limit->scope >= PST_SCOPE_PRINCIPAL && limit->scope <= PST_SCOPE_MODEL &&
           (limit->requests > 0 || limit->concurrent > 0) &&
           (limit->requests > 0) == (limit->window_ms > 0) && TEXT_OR_EMPTY(limit->name);
}

static enum pst_status names_check(const char names[PST_UPSTREAMS_MAX][PST_NAME_MAX], uint32_t n,
                                   struct pst_err *err)
{
    if (n > PST_UPSTREAMS_MAX) {
        return bad(err, "a count is past its cap");
    }
    for (uint32_t i = 0; i < PST_UPSTREAMS_MAX; i++) {
        if (!(i < n ? text_ok(names[i], PST_NAME_MAX, false) : zero(names[i], PST_NAME_MAX))) {
            return bad(err, "the name of an upstream");
        }
    }
    return PST_OK;
}

static enum pst_status check_warden(struct pst_str image, struct pst_err *err)
{
    const struct pst_warden_image *warden = (const void *)image.p;
    if (!limits_ok(&warden->limits)) {
        return bad(err, "a limit is zero or past its hard maximum");
    }
    if (warden->n_limits > PST_LIMIT_ROWS_MAX) {
        return bad(err, "a count is past its cap");
    }
    if (names_check(warden->upstream_names, warden->n_upstreams, err) != PST_OK) {
        return PST_ERR;
    }
    for (uint32_t i = 0; i < PST_LIMIT_ROWS_MAX; i++) {
        const struct pst_image_limit *limit = &warden->limits_by[i];
        if (!(i < warden->n_limits ? limit_by_ok(limit) : zero(limit, sizeof *limit))) {
            return bad(err, "a rate");
        }
    }
    if (!tail_ok(image, sizeof *warden, warden->cedar_at, warden->cedar_n) ||
        warden->cedar_at % PST_IMAGE_CEDAR_ALIGN != 0) {
        return bad(err, "the policies lie outside, or not where they may begin");
    }
    if (!tail_ok(image, sizeof *warden, warden->members_at, warden->members_n) ||
        !pst_utf8_valid(pst_str_cut(image, warden->members_at, warden->members_n))) {
        return bad(err, "the members lie outside or are not UTF-8");
    }
    if (!tail_ok(image, sizeof *warden, warden->certificates_at, warden->certificates_n) ||
        !tail_ok(image, sizeof *warden, warden->authorities_at, warden->authorities_n) ||
        !pst_utf8_valid(pst_str_cut(image, warden->certificates_at, warden->certificates_n))) {
        return bad(err, "the client certificates lie outside or are not UTF-8");
    }
    return models_check(warden->models, warden->n_models, warden->n_upstreams, err);
}

static enum pst_status check_egress(struct pst_str image, struct pst_err *err)
{
    const struct pst_egress_image *egress = (const void *)image.p;
    if (!limits_ok(&egress->limits)) {
        return bad(err, "a limit is zero or past its hard maximum");
    }
    if (egress->upstream >= PST_UPSTREAMS_MAX || !port_ok(egress->port) || egress->tls > 1 ||
        egress->pool > pst_limit_row(PST_LIMIT_upstream_connections)->hard) {
        return bad(err, "upstream, port, tls or pool");
    }
    if (!TEXT(egress->name) || !TOKEN(egress->host) || !TOKEN_OR_EMPTY(egress->base_path)) {
        return bad(err, "name, host or base path");
    }
    struct pst_str path = pst_str_c(egress->base_path);
    if (path.n > 0 && (path.p[0] != '/' || path.p[path.n - 1] == '/')) {
        return bad(err, "the base path starts with a slash and ends without one");
    }
    if (!TOKEN(egress->cred_header) || !TEXT_OR_EMPTY(egress->cred_prefix)) {
        return bad(err, "the credential's header");
    }
    bool proxied = egress->proxy_host[0] != 0;
    if (!TOKEN_OR_EMPTY(egress->proxy_host) ||
        (proxied ? !port_ok(egress->proxy_port) : egress->proxy_port != 0)) {
        return bad(err, "the proxy");
    }
    return PST_OK;
}

static enum pst_status check_dial(struct pst_str image, struct pst_err *err)
{
    const struct pst_dial_image *dial = (const void *)image.p;
    if (!limits_ok(&dial->limits)) {
        return bad(err, "a limit is zero or past its hard maximum");
    }
    if (dial->n_targets > PST_UPSTREAMS_MAX) {
        return bad(err, "a count is past its cap");
    }
    for (uint32_t i = 0; i < PST_UPSTREAMS_MAX; i++) {
        const struct pst_dial_target *target = &dial->targets[i];
        if (i >= dial->n_targets) {
            if (!zero(target, sizeof *target)) {
                return bad(err, "unused rows are not empty");
            }
            continue;
        }
        if (target->upstream >= PST_UPSTREAMS_MAX || !port_ok(target->port) ||
            target->allow_private > 1 || !TOKEN(target->host)) {
            return bad(err, "a host to connect to");
        }
        if (i > 0 && dial->targets[i - 1].upstream >= target->upstream) {
            return bad(err, "the hosts are not sorted by upstream");
        }
    }
    return PST_OK;
}

static enum pst_status check_audit(struct pst_str image, struct pst_err *err)
{
    const struct pst_audit_image *audit = (const void *)image.p;
    if (!limits_ok(&audit->limits)) {
        return bad(err, "a limit is zero or past its hard maximum");
    }
    if (audit->durability > PST_DURABLE_INTERVAL || audit->interval_ms == 0 ||
        !TOKEN(audit->log_name)) {
        return bad(err, "durability, interval or the log's name");
    }
    return names_check(audit->upstream_names, audit->n_upstreams, err);
}

/* Its inside is the scanner's to check. */
static enum pst_status check_inspect(struct pst_str image, struct pst_err *err)
{
    return image.n > PST_IMAGE_INSPECT_AT ? PST_OK : bad(err, "it is empty");
}
