#include "base/test.h"
#include "base/test_heap.h"
#include "cedar/cedar.h"
#include "control/builtin.h"
#include "control/compile.h"
#include "wire/json.h"

#include <stdlib.h>

static const char yaml[] =
    "upstreams:\n"
    "  openai: {url: 'https://api.openai.com/v1', key: {env: OPENAI_API_KEY}, ca: ca.pem}\n"
    "  local: {url: 'http://127.0.0.1:9000', allow_private: true, header: x-key}\n"
    "  corp: {url: 'https://llm.example.com:8443/x', proxy: 'http://proxy.example.com:3128'}\n"
    "models:\n"
    "  b: {upstream: openai, model: gpt, max_tokens: 9}\n"
    "  a: [local, openai, {upstream: local, model: other}]\n"
    "groups: {g2: [User/alice], g1: [User/alice, Workload/x]}\n"
    "rates: [{each: principal, requests: 5/s}]\n"
    "audit: {durability: send}\n"
    "sandbox: strict\n";

struct fixture {
    struct pst_arena arena;
    struct pst_config *config;
    struct pst_compile_in in;
};

static int setup(void **state)
{
    static struct fixture f;
    struct pst_err err = {0};
    f = (struct fixture){0};
    pst_arena_init(&f.arena, 1 << 16, 8 << 20);
    if (pst_config_parse(&f.arena, pst_str_c(yaml), PST_STR("/etc/postern"), &f.config, &err) !=
        PST_OK) {
        print_error("%u:%u %s\n", err.line, err.column, err.text);
        return -1;
    }
    f.in = (struct pst_compile_in){
        .config = f.config,
        .config_text = pst_str_c(yaml),
        .policies = pst_builtin_policies,
        .n_policies = pst_builtin_policies_n,
        .state_dir = PST_STR("/var/lib/postern"),
        .generation = 3,
        .admin_uid = 1000,
    };
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pst_arena_release(&f->arena);
    return 0;
}

static const void *find(const struct pst_images *images, enum pst_image_kind kind, uint32_t index)
{
    for (size_t i = 0; i < images->n; i++) {
        if (images->list[i].kind == kind && images->list[i].index == index) {
            return images->list[i].p;
        }
    }
    fail_msg("no image of kind %d", (int)kind);
    return NULL;
}

static void compile(const struct fixture *f, struct pst_images *images)
{
    struct pst_err err = {0};
    if (pst_compile(&f->in, images, &err) != PST_OK) {
        fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
    }
}

static void test_fields(void **state)
{
    const struct fixture *f = *state;
    struct pst_images images = {.n = 0};
    compile(f, &images);
    assert_int_equal(images.n, 8);
    assert_int_equal(images.list[0].kind, PST_IMAGE_PLAN);
    for (size_t i = 0; i < images.n; i++) {
        const struct pst_image_head *head = images.list[i].p;
        assert_int_equal(head->generation, 3);
        assert_int_equal(head->size, images.list[i].n);
        assert_memory_equal(head->digest, ((const struct pst_image_head *)images.list[0].p)->digest,
                            32);
        assert_int_equal(pst_image_check(pst_str_of(images.list[i].p, images.list[i].n),
                                         images.list[i].kind, NULL),
                         PST_OK);
    }
    const struct pst_plan *plan = find(&images, PST_IMAGE_PLAN, 0);
    assert_int_equal(plan->fronts, 2);
    assert_int_equal(plan->sandbox, PST_SANDBOX_STRICT);
    assert_int_equal(plan->heartbeat_ms, 1000);
    assert_int_equal(plan->heartbeat_missed, 5);
    assert_int_equal(plan->n_listeners, 3);
    assert_string_equal(plan->listeners[2].address, "/var/lib/postern/run/admin.sock");
    assert_int_equal(plan->n_upstreams, 3);
    assert_string_equal(plan->upstreams[0].cred_ref, "OPENAI_API_KEY");
    assert_string_equal(plan->upstreams[0].ca_file, "/etc/postern/ca.pem");
    assert_int_equal(plan->upstreams[0].tls, 1);
    assert_int_equal(plan->upstreams[1].tls, 0);

    const struct pst_front_image *front = find(&images, PST_IMAGE_FRONT, 0);
    assert_int_equal(front->n_models, 2);
    assert_string_equal(front->models[0].name, "a");
    assert_int_equal(front->models[0].n_routes, 3);
    assert_int_equal(front->durability, PST_DURABLE_SEND);

    const struct pst_egress_image *egress = find(&images, PST_IMAGE_EGRESS, 1);
    assert_string_equal(egress->name, "local");
    assert_string_equal(egress->cred_header, "x-key");
    assert_string_equal(egress->cred_prefix, "");
    assert_int_equal(egress->port, 9000);
    egress = find(&images, PST_IMAGE_EGRESS, 2);
    assert_string_equal(egress->host, "llm.example.com");
    assert_string_equal(egress->base_path, "/x");
    assert_string_equal(egress->proxy_host, "proxy.example.com");
    assert_int_equal(egress->proxy_port, 3128);

    const struct pst_dial_image *dial = find(&images, PST_IMAGE_DIAL, 0);
    assert_int_equal(dial->n_targets, 3);
    assert_string_equal(dial->targets[0].host, "api.openai.com");
    assert_int_equal(dial->targets[0].allow_private, 0);
    assert_int_equal(dial->targets[1].allow_private, 1);
    assert_string_equal(dial->targets[2].host, "proxy.example.com"); /* not the upstream */
    assert_int_equal(dial->targets[2].port, 3128);

    const struct pst_audit_image *audit = find(&images, PST_IMAGE_AUDIT, 0);
    assert_int_equal(audit->durability, PST_DURABLE_SEND);
    assert_string_equal(audit->log_name, "postern");
    pst_images_release(&images);
    pst_images_release(NULL);
}

static void test_warden(void **state)
{
    const struct fixture *f = *state;
    struct pst_images images = {.n = 0};
    compile(f, &images);
    const struct pst_warden_image *warden = find(&images, PST_IMAGE_WARDEN, 0);
    assert_int_equal(warden->admin_uid, 1000);
    assert_int_equal(warden->n_limits, 1);
    assert_string_equal(warden->upstream_names[2], "corp");
    struct pst_cedar *set = NULL;
    struct pst_err err = {0};
    assert_int_equal(pst_cedar_image_open(pst_image_cedar(warden), &set, &err), PST_OK);
    assert_int_equal(pst_cedar_policies(set), 9);
    struct pst_cedar_policy_info last = pst_cedar_policy(set, 8);
    assert_str(last.file, "builtin/20-admins.cedar"); /* files and lines travel with the policies */
    assert_int_equal(last.line, 16);
    pst_cedar_free(set);

    /* a single bit anywhere in it, and nothing is decided by it */
    struct pst_warden_image *writable = NULL;
    for (size_t i = 0; i < images.n; i++) {
        writable = images.list[i].kind == PST_IMAGE_WARDEN ? images.list[i].p : writable;
    }
    uint8_t *bytes = (void *)writable;
    for (size_t i = 0; i < warden->cedar_n; i += 61) {
        bytes[warden->cedar_at + i] ^= 4;
        set = NULL;
        assert_int_equal(pst_cedar_image_open(pst_image_cedar(warden), &set, &err), PST_ERR);
        assert_null(set);
        bytes[warden->cedar_at + i] ^= 4;
    }

    size_t at = 0;
    struct pst_str group;
    assert_true(pst_image_group_next(warden, PST_STR("User::alice"), &at, &group));
    assert_str(group, "g1");
    assert_true(pst_image_group_next(warden, PST_STR("User::alice"), &at, &group));
    assert_str(group, "g2");
    assert_false(pst_image_group_next(warden, PST_STR("User::alice"), &at, &group));

    pst_images_release(&images);
}

static void test_entities(void **state)
{
    const struct fixture *f = *state;
    struct pst_buf buf;
    struct pst_arena arena;
    pst_buf_init(&buf, 1 << 20);
    assert_int_equal(pst_compile_entities(f->config, &buf, NULL), PST_OK);
    struct pst_str entities = pst_buf_str(&buf);
    pst_arena_init(&arena, 4096, 1 << 20);
    struct pst_json_config config = pst_json_config_of(1 << 20, 1);
    const struct pst_json *root = pst_json_parse(&config, &arena, entities, NULL);
    assert_non_null(root);
    assert_int_equal(root->count, 2 + 2 + 3 + 2); /* groups, members, providers, models */
    assert_true(
        pst_str_find(entities,
                     PST_STR("{\"uid\":{\"type\":\"Postern::User\",\"id\":\"alice\"},"
                             "\"attrs\":{},\"parents\":[{\"type\":\"Postern::Group\","
                             "\"id\":\"g1\"},{\"type\":\"Postern::Group\",\"id\":\"g2\"}]}")) !=
        PST_NPOS);
    /* a provider that serves a model twice is its parent once */
    assert_true(
        pst_str_find(entities, PST_STR("{\"uid\":{\"type\":\"Postern::Model\",\"id\":\"a\"},"
                                       "\"attrs\":{},\"parents\":[{\"type\":\"Postern::Provider\","
                                       "\"id\":\"local\"},{\"type\":\"Postern::Provider\",\"id\":"
                                       "\"openai\"}]}")) != PST_NPOS);
    pst_arena_release(&arena);
    pst_buf_release(&buf);
}

static void test_deterministic(void **state)
{
    struct fixture *f = *state;
    struct pst_images one = {.n = 0}, two = {.n = 0};
    compile(f, &one);
    compile(f, &two);
    assert_int_equal(one.n, two.n);
    for (size_t i = 0; i < one.n; i++) {
        assert_int_equal(one.list[i].n, two.list[i].n);
        assert_memory_equal(one.list[i].p, two.list[i].p, one.list[i].n);
    }
    pst_images_release(&two);
    uint8_t digest[32], other[32];
    assert_int_equal(pst_compile_digest(&f->in, digest, NULL), PST_OK);
    assert_memory_equal(digest, ((const struct pst_image_head *)one.list[0].p)->digest, 32);
    f->in.config_text = pst_str_cut(f->in.config_text, 0, f->in.config_text.n - 1);
    assert_int_equal(pst_compile_digest(&f->in, other, NULL), PST_OK);
    assert_memory_not_equal(digest, other, 32);
    f->in.config_text = pst_str_c(yaml);
    /* the same bytes, cut into files elsewhere, are another source */
    struct pst_source a[2] = {{PST_STR("a"), PST_STR("xy")}, {PST_STR("b"), PST_STR("z")}};
    struct pst_source b[2] = {{PST_STR("a"), PST_STR("x")}, {PST_STR("b"), PST_STR("yz")}};
    f->in.n_policies = 2;
    f->in.policies = a;
    assert_int_equal(pst_compile_digest(&f->in, digest, NULL), PST_OK);
    f->in.policies = b;
    assert_int_equal(pst_compile_digest(&f->in, other, NULL), PST_OK);
    assert_memory_not_equal(digest, other, 32);
    pst_images_release(&one);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct pst_images images = {.n = 0};
    struct pst_err err = {0};
    struct pst_source bad = {PST_STR("mine.cedar"),
                             PST_STR("permit (principal, action resource);")};
    f->in.policies = &bad;
    f->in.n_policies = 1;
    assert_int_equal(pst_compile(&f->in, &images, &err), PST_ERR);
    assert_string_equal(err.file, "mine.cedar");
    assert_int_equal(err.line, 1);
    f->in.n_policies = 0;
    f->in.state_dir = PST_STR("relative/path");
    assert_int_equal(pst_compile(&f->in, &images, &err), PST_ERR);
    f->in.state_dir = PST_STR("/0123456789012345678901234567890123456789012345678901234567890123456"
                              "789012345678901234567890123456789");
    assert_int_equal(pst_compile(&f->in, &images, &err), PST_ERR);
    assert_non_null(strstr(err.text, "Unix socket"));
    f->in.state_dir = PST_STR("/s");
    f->config->limits.v[PST_LIMIT_policy_bytes] = 10;
    struct pst_source big = {PST_STR("mine.cedar"), PST_STR("// eleven bytes\n")};
    f->in.policies = &big;
    f->in.n_policies = 1;
    assert_int_equal(pst_compile(&f->in, &images, &err), PST_ERR);
    assert_non_null(strstr(err.text, "policy_bytes"));
    assert_int_equal(images.n, 0);
    /* no policies at all: nothing is permitted, but it is a configuration */
    f->in.n_policies = 0;
    assert_int_equal(pst_compile(&f->in, &images, &err), PST_OK);
    pst_images_release(&images);
}

/* Without memory at any point: an error, nothing half made, nothing lost. */
static void test_no_memory(void **state)
{
    const struct fixture *f = *state;
    enum pst_status status = PST_ERR;
    size_t nth = 0;
    while (status != PST_OK) {
        struct pst_images images = {.n = 0};
        struct pst_err err = {0};
        test_heap_fail_from(++nth);
        status = pst_compile(&f->in, &images, &err);
        test_heap_fail_from(0);
        assert_true(status == PST_OK || (images.n == 0 && err.text[0] != 0));
        pst_images_release(&images);
    }
    assert_true(nth > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_warden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entities, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deterministic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
