#include "gate/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Valid images to be spoilt, one field at a time. The caller frees them. */
static void *make(size_t size, enum pst_image_kind kind)
{
    struct pst_image_head *head = calloc(1, size);
    assert_non_null(head);
    head->magic = PST_IMAGE_MAGIC;
    head->version = PST_IMAGE_VERSION;
    head->kind = (uint32_t)kind;
    head->generation = 1;
    head->size = size;
    return head;
}

static void put(char *field, size_t cap, const char *text)
{
    assert_true(pst_str_to_c(pst_str_c(text), field, cap));
}
#define PUT(field, text) put((field), sizeof(field), (text))

static struct pst_plan *make_plan(void)
{
    struct pst_plan *plan = make(sizeof *plan, PST_IMAGE_PLAN);
    plan->fronts = 2;
    plan->heartbeat_ms = 1000;
    plan->heartbeat_missed = 5;
    plan->n_listeners = 2;
    plan->n_upstreams = 1;
    PUT(plan->state_dir, "/var/lib/postern");
    plan->listeners[0].kind = PST_LISTEN_CLIENT;
    plan->listeners[0].id = 1;
    plan->listeners[0].tls = 1;
    PUT(plan->listeners[0].key_file, "/etc/postern/server.key");
    plan->listeners[0].port = 8080;
    PUT(plan->listeners[0].address, "127.0.0.1");
    plan->listeners[1].kind = PST_LISTEN_ADMIN_UNIX;
    PUT(plan->listeners[1].address, "/var/lib/postern/run/admin.sock");
    PUT(plan->upstreams[0].name, "openai");
    plan->upstreams[0].tls = 1;
    plan->upstreams[0].cred_source = PST_CRED_ENV;
    PUT(plan->upstreams[0].cred_ref, "OPENAI_API_KEY");
    return plan;
}

static void put_models(struct pst_image_model *models, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        snprintf(models[i].name, sizeof models[i].name, "model-%03u", i);
        models[i].n_routes = 1;
        PUT(models[i].routes[0].model, "upstream-model");
    }
}

enum { FRONT_TAIL = 64 };

static struct pst_front_image *make_front(void)
{
    struct pst_front_image *front = make(sizeof *front + FRONT_TAIL, PST_IMAGE_FRONT);
    struct pst_image_listener *row = &front->listeners[0];
    front->n_listeners = 2;
    front->listeners[1].id = 2;
    front->listeners[1].kind = PST_LISTEN_ADMIN_UNIX;
    row->id = 1;
    row->kind = PST_LISTEN_CLIENT;
    row->tls = 1;
    row->client_mode = PST_CLIENT_REQUIRED;
    row->certificate_at = sizeof *front;
    row->certificate_n = 40;
    row->clients_at = sizeof *front + 40;
    row->clients_n = FRONT_TAIL - 40;
    memset(&front[1], 'P', FRONT_TAIL);
    row->n_proxy = 1;
    row->proxy[0] = (struct pst_image_cidr){.address = {0x20, 1, 0x80}, .bits = 17};
    pst_limits_default(&front->limits);
    front->n_models = 7;
    front->n_upstreams = 1;
    front->interval_ms = 50;
    put_models(front->models, 7);
    return front;
}

enum { TAIL = 96 };

static uint8_t *warden_tail(struct pst_warden_image *warden)
{
    return (void *)&warden[1];
}

static struct pst_warden_image *make_warden(void)
{
    struct pst_warden_image *warden = make(sizeof *warden + TAIL, PST_IMAGE_WARDEN);
    pst_limits_default(&warden->limits);
    warden->n_models = 7;
    warden->n_upstreams = 1;
    warden->n_limits = 1;
    PUT(warden->upstream_names[0], "openai");
    put_models(warden->models, 7);
    warden->limits_by[0] = (struct pst_image_limit){
        .scope = PST_SCOPE_PRINCIPAL, .requests = 10, .window_ms = 1000, .concurrent = 1};
    warden->cedar_at = (sizeof *warden + 15) & ~(uint32_t)15;
    warden->cedar_n = 48;
    warden->members_at = sizeof *warden + 80;
    warden->members_n = 16;
    warden->certificates_at = warden->authorities_at = sizeof *warden + TAIL;
    memcpy(warden_tail(warden) + 80, "User::a\tx\nb\ty\nz", 16);
    return warden;
}

static struct pst_egress_image *make_egress(void)
{
    struct pst_egress_image *egress = make(sizeof *egress, PST_IMAGE_EGRESS);
    pst_limits_default(&egress->limits);
    egress->port = 443;
    egress->tls = 1;
    egress->pool = 32;
    PUT(egress->name, "openai");
    PUT(egress->host, "api.openai.com");
    PUT(egress->base_path, "/v1");
    PUT(egress->cred_header, "authorization");
    PUT(egress->cred_prefix, "Bearer ");
    return egress;
}

static struct pst_dial_image *make_dial(void)
{
    struct pst_dial_image *dial = make(sizeof *dial, PST_IMAGE_DIAL);
    pst_limits_default(&dial->limits);
    dial->n_targets = 2;
    for (uint32_t i = 0; i < 2; i++) {
        dial->targets[i].upstream = i;
        dial->targets[i].port = 443;
        PUT(dial->targets[i].host, "api.example.com");
    }
    return dial;
}

static struct pst_audit_image *make_audit(void)
{
    struct pst_audit_image *audit = make(sizeof *audit, PST_IMAGE_AUDIT);
    pst_limits_default(&audit->limits);
    audit->interval_ms = 50;
    PUT(audit->log_name, "postern");
    return audit;
}

static bool accepted(const void *image, enum pst_image_kind kind)
{
    const struct pst_image_head *head = image;
    struct pst_err err = {0};
    enum pst_status status = pst_image_check(pst_str_of(image, head->size), kind, &err);
    assert_true((status == PST_OK) == (err.text[0] == 0));
    assert_true(status == PST_OK || err.code == PST_E_CONFIG);
    return status == PST_OK;
}

/* The unspoilt image passes, the spoilt one does not: so it is this change that is refused. */
#define REFUSED(type, maker, kind, change)                                                         \
    do {                                                                                           \
        type *x = maker();                                                                         \
        assert_true(accepted(x, (kind)));                                                          \
        change;                                                                                    \
        assert_false(accepted(x, (kind)));                                                         \
        free(x);                                                                                   \
    } while (0)

static void test_limits(void **state)
{
    (void)state;
    struct pst_limits limits;
    pst_limits_default(&limits);
    for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
        const struct pst_limit_row *row = pst_limit_row((enum pst_limit)i);
        assert_non_null(row->name);
        assert_true(row->def > 0 && row->def <= row->hard);
        assert_int_equal(limits.v[i], row->def);
        assert_true(row->error != PST_E_NONE && row->error < PST_E_COUNT);
    }
    assert_string_equal(pst_limit_row(PST_LIMIT_body_bytes)->name, "body_bytes");
}

static void test_head(void **state)
{
    (void)state;
    struct pst_plan *plan = make_plan();
    struct pst_err err = {0};
    struct pst_str whole = pst_str_of(plan, sizeof *plan);
    assert_int_equal(pst_image_check(whole, PST_IMAGE_PLAN, &err), PST_OK);
    for (unsigned kind = 0; kind < 9; kind++) {
        bool ok = pst_image_check(whole, (enum pst_image_kind)kind, &err) == PST_OK;
        assert_true(ok == (kind == PST_IMAGE_PLAN));
    }
    for (size_t n = 0; n < whole.n; n += 61) {
        assert_int_equal(pst_image_check(pst_str_cut(whole, 0, n), PST_IMAGE_PLAN, &err), PST_ERR);
    }
    assert_int_equal(pst_image_check(pst_str_from(whole, 4), PST_IMAGE_PLAN, &err), PST_ERR);
    assert_int_equal(pst_image_check((struct pst_str){0}, PST_IMAGE_PLAN, NULL), PST_ERR);
    free(plan);
    REFUSED(struct pst_plan, make_plan, PST_IMAGE_PLAN, x->head.magic++);
    REFUSED(struct pst_plan, make_plan, PST_IMAGE_PLAN, x->head.version++);
    REFUSED(struct pst_plan, make_plan, PST_IMAGE_PLAN, x->head.kind = PST_IMAGE_FRONT);
    REFUSED(struct pst_plan, make_plan, PST_IMAGE_PLAN, x->head.size -= 4);
}

static void test_plan(void **state)
{
    (void)state;
#define PLAN(change) REFUSED(struct pst_plan, make_plan, PST_IMAGE_PLAN, change)
    PLAN(x->fronts = 0);
    PLAN(x->heartbeat_ms = 0);
    PLAN(x->heartbeat_missed = 0);
    PLAN(x->fronts = PST_FRONTS_MAX + 1);
    PLAN(x->sandbox = 3);
    PLAN(x->n_listeners = PST_LISTENERS_MAX + 1);
    PLAN(x->n_listeners = UINT32_MAX);
    PLAN(x->n_listeners = 1); /* an unused row that is not empty */
    PLAN(x->n_listeners = 3); /* a used row that is */
    PLAN(x->n_upstreams = UINT32_MAX);
    PLAN(memset(x->state_dir, 'x', sizeof x->state_dir));
    PLAN(x->state_dir[0] = 0);
    PLAN(x->state_dir[PST_PATH_MAX - 1] = 'x'); /* bytes behind the NUL */
    PLAN(x->state_dir[3] = '\n');
    PLAN(x->state_dir[3] = (char)0xff);
    PLAN(x->listeners[0].kind = 0);
    PLAN(x->listeners[0].kind = 4);
    PLAN(x->listeners[0].port = 0);
    PLAN(x->listeners[0].port = 65536);
    PLAN(x->listeners[0].tls = 2);
    PLAN(x->listeners[0].tls = 0); /* but with a key */
    PLAN(x->listeners[0].key_file[0] = 0);
    PLAN(x->listeners[0].pad = 1);
    PLAN(x->listeners[1].spki[31] = 1);
    PLAN(x->listeners[0].id = 0); /* that of the other */
    PLAN((x->listeners[1].tls = 1, PUT(x->listeners[1].key_file, "/k")));
    PLAN(x->listeners[1].port = 1);
    PLAN(PUT(x->listeners[0].address, "127.0.0.1 x"));
    PLAN(x->upstreams[0].name[0] = 0);
    PLAN(x->upstreams[0].tls = 2);
    PLAN(x->upstreams[0].cred_source = 3);
    PLAN(x->upstreams[0].cred_source = PST_CRED_NONE); /* but named */
    PLAN(memset(x->upstreams[0].cred_ref, 0, PST_PATH_MAX));
    PLAN(x->upstreams[PST_UPSTREAMS_MAX - 1].tls = 1);
}

static void test_front(void **state)
{
    (void)state;
#define FRONT(change) REFUSED(struct pst_front_image, make_front, PST_IMAGE_FRONT, change)
    FRONT(x->n_listeners = 1); /* an unused row that is not empty */
    FRONT(x->n_listeners = 3);
    FRONT(x->n_listeners = PST_LISTENERS_MAX + 1);
    FRONT(x->n_listeners = UINT32_MAX);
    FRONT(x->listeners[0].id = 2);
    FRONT(x->listeners[0].kind = 0);
    FRONT(x->listeners[0].kind = 4);
    FRONT(x->listeners[0].kind = PST_LISTEN_ADMIN_UNIX); /* with TLS */
    FRONT(x->listeners[0].tls = 0);
    FRONT(x->listeners[0].tls = 2);
    FRONT(x->listeners[1].tls = 1);
    FRONT(x->listeners[1].spki[0] = 1);
    FRONT(x->listeners[0].client_mode = 3);
    FRONT(x->listeners[0].client_mode = 0);
    FRONT(x->listeners[0].http2 = 2);
    FRONT(x->listeners[0].certificate_at--);
    FRONT(x->listeners[0].certificate_at = 0);
    FRONT(x->listeners[0].certificate_n = 0);
    FRONT(x->listeners[0].certificate_n = UINT32_MAX);
    FRONT(x->listeners[0].certificate_n = FRONT_TAIL + 1);
    FRONT(x->listeners[0].clients_n++);
    FRONT(x->listeners[0].clients_at = UINT32_MAX);
    FRONT(memset(&x[1], 0, 1)); /* a NUL in a certificate */
    FRONT(x->listeners[0].n_proxy = 0);
    FRONT(x->listeners[0].n_proxy = PST_CIDRS_MAX + 1);
    FRONT(x->listeners[0].n_forwarded = 1);
    FRONT(x->listeners[0].proxy[0].bits = 16); /* a bit behind the prefix */
    FRONT(x->listeners[0].proxy[0].bits = 129);
    FRONT((x->listeners[0].proxy[0] = (struct pst_image_cidr){.address = {[10] = 0xff, [11] = 0xff},
                                                              .bits = 96})); /* all of IPv4 */
    FRONT(x->limits.v[PST_LIMIT_body_bytes] = 0);
    FRONT(x->limits.v[PST_LIMIT_body_bytes] = 67108865);
    FRONT(x->limits.v[PST_LIMIT_COUNT - 1] = UINT64_MAX);
    FRONT(x->n_models = PST_MODELS_MAX + 1);
    FRONT(x->n_models = UINT32_MAX);
    FRONT(x->n_models = 6);
    FRONT(x->n_upstreams = 0);
    FRONT(x->n_upstreams = PST_UPSTREAMS_MAX + 1);
    FRONT(x->durability = 3);
    FRONT(x->detector = 2);
    FRONT(x->taint = 1001);
    FRONT(x->links = 2);
    FRONT(x->leak = PST_LEAK_BLOCK + 1);
    FRONT(x->n_hosts = PST_INSPECT_HOSTS_MAX + 1);
    FRONT(x->n_hosts = 1);
    FRONT((x->n_hosts = 1, memset(x->hosts[0], 'h', PST_HOST_MAX)));
    FRONT(x->interval_ms = 0);
    FRONT(x->models[0].name[0] = 0);
    FRONT(memset(x->models[0].name, 'm', PST_MODEL_MAX));
    FRONT(x->models[0].n_routes = 0);
    FRONT(x->models[0].n_routes = PST_ROUTES_MAX + 1);
    FRONT(x->models[0].n_routes = UINT32_MAX);
    FRONT(x->models[0].n_routes = 2);
    FRONT(x->models[0].max_tokens = UINT32_MAX);
    FRONT(x->models[0].routes[0].upstream = 1);
    FRONT(x->models[0].routes[0].upstream = PST_UPSTREAM_CONTROL);
    FRONT(memset(x->models[0].routes[0].model, 'm', PST_MODEL_MAX));
    FRONT(x->models[0].routes[7].upstream = 1);
    FRONT(PUT(x->models[3].name, "model-004"));  /* twice */
    FRONT(PUT(x->models[3].name, "model-9999")); /* out of order */
    FRONT(x->models[200].n_routes = 1);
}

static void test_warden(void **state)
{
    (void)state;
#define WARDEN(change) REFUSED(struct pst_warden_image, make_warden, PST_IMAGE_WARDEN, change)
    WARDEN(x->limits.v[0] = 0);
    WARDEN(x->n_limits = PST_LIMIT_ROWS_MAX + 1);
    WARDEN(x->n_limits = 2);
    WARDEN(x->n_limits = 0);
    WARDEN(x->n_upstreams = PST_UPSTREAMS_MAX + 1);
    WARDEN(x->n_upstreams = 2);
    WARDEN(memset(x->upstream_names[0], 'u', PST_NAME_MAX));
    WARDEN(x->upstream_names[31][0] = 'u');
    WARDEN(x->limits_by[0].scope = 0);
    WARDEN(x->limits_by[0].scope = 4);
    WARDEN(x->limits_by[0].window_ms = 0);
    WARDEN(x->limits_by[0].requests = 0);
    WARDEN(memset(x->limits_by[0].name, 'n', PST_MODEL_MAX));
    WARDEN(x->cedar_at = 0);
    WARDEN(x->cedar_at -= 16);
    WARDEN(x->cedar_at += 8);
    WARDEN(x->cedar_at = UINT32_MAX);
    WARDEN(x->cedar_at = UINT32_MAX - 15);
    WARDEN(x->cedar_n = TAIL + 1);
    WARDEN(x->cedar_n = UINT32_MAX);
    WARDEN((x->cedar_at = UINT32_MAX - 15, x->cedar_n = UINT32_MAX));
    WARDEN(x->members_at = 1);
    WARDEN(x->members_n = 17);
    WARDEN(memset(warden_tail(x) + 80, 0xff, 1)); /* members that are not UTF-8 */
    WARDEN(x->n_models = 8);
}

static void test_egress_dial_audit(void **state)
{
    (void)state;
#define EGRESS(change) REFUSED(struct pst_egress_image, make_egress, PST_IMAGE_EGRESS, change)
    EGRESS(x->limits.v[1] = 0);
    EGRESS(x->upstream = PST_UPSTREAMS_MAX);
    EGRESS(x->port = 0);
    EGRESS(x->tls = 2);
    EGRESS(x->pool = 4097);
    EGRESS(x->host[0] = 0);
    EGRESS(PUT(x->host, "a b"));
    EGRESS(PUT(x->host, "h\xc3\xa9"));
    EGRESS(PUT(x->base_path, "v1"));
    EGRESS(PUT(x->base_path, "/v1/"));
    EGRESS(PUT(x->base_path, "/v1 HTTP/1.1"));
    EGRESS(PUT(x->cred_prefix, "x\r\ny: "));
    EGRESS(x->cred_header[0] = 0);
    EGRESS(x->proxy_port = 3128);
    EGRESS(PUT(x->proxy_host, "proxy"));
#define DIAL(change) REFUSED(struct pst_dial_image, make_dial, PST_IMAGE_DIAL, change)
    DIAL(x->limits.v[1] = 0);
    DIAL(x->n_targets = PST_UPSTREAMS_MAX + 1);
    DIAL(x->n_targets = 1);
    DIAL(x->n_targets = 3);
    DIAL(x->targets[1].upstream = 0);
    DIAL(x->targets[1].upstream = PST_UPSTREAMS_MAX);
    DIAL(x->targets[0].port = 0);
    DIAL(x->targets[0].allow_private = 2);
    DIAL(memset(x->targets[0].host, 'h', PST_HOST_MAX));
#define AUDIT(change) REFUSED(struct pst_audit_image, make_audit, PST_IMAGE_AUDIT, change)
    AUDIT(x->limits.v[1] = 0);
    AUDIT(x->durability = 3);
    AUDIT(x->interval_ms = 0);
    AUDIT(x->log_name[0] = 0);
    AUDIT(PUT(x->log_name, "a b"));
}

static void test_lookup(void **state)
{
    (void)state;
    struct pst_image_model *models = calloc(PST_MODELS_MAX, sizeof *models);
    assert_non_null(models);
    put_models(models, PST_MODELS_MAX);
    for (uint32_t n = 0; n <= PST_MODELS_MAX; n += n < 9 ? 1 : 41) {
        for (uint32_t i = 0; i < PST_MODELS_MAX; i++) {
            const struct pst_image_model *found = pst_image_model(models, n,
                                                                  pst_str_c(models[i].name));
            assert_ptr_equal(found, i < n ? &models[i] : NULL);
        }
    }
    assert_null(pst_image_model(models, 9, PST_STR("")));
    assert_null(pst_image_model(models, 9, PST_STR("model-00")));
    assert_null(pst_image_model(models, 9, PST_STR("model-0000")));
    assert_null(pst_image_model(models, 9, PST_STR("MODEL-001")));
    assert_null(pst_image_model(models, 9, PST_STR("model-001\0")));
    free(models);
}

static void test_groups(void **state)
{
    (void)state;
    struct pst_warden_image *warden = make_warden();
    struct pst_str group;
    size_t at = 0;
    assert_true(pst_image_group_next(warden, PST_STR("User::a"), &at, &group));
    assert_true(pst_str_eq(group, PST_STR("x")));
    assert_false(pst_image_group_next(warden, PST_STR("User::a"), &at, &group));
    at = 0;
    assert_true(pst_image_group_next(warden, PST_STR("b"), &at, &group));
    assert_true(pst_str_eq(group, PST_STR("y")));
    at = 0;
    assert_false(pst_image_group_next(warden, PST_STR("z"), &at, &group)); /* not a whole line */
    at = 0;
    assert_false(pst_image_group_next(warden, PST_STR("User::"), &at, &group));
    free(warden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits), cmocka_unit_test(test_head),
        cmocka_unit_test(test_plan),   cmocka_unit_test(test_front),
        cmocka_unit_test(test_warden), cmocka_unit_test(test_egress_dial_audit),
        cmocka_unit_test(test_lookup), cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
