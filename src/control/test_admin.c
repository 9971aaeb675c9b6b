#include "base/test.h"
#include "control/admin.h"

#include <stdlib.h>

struct fixture {
    char folder[64], path[96];
    struct pst_admin admin;
    struct pst_admin_out out;
    uint32_t draws;
    unsigned changes;
    struct pst_key_row changed[4];
    enum pst_status reload;
    bool now;
};

static void draw(void *user, uint8_t *ret, size_t n)
{
    struct fixture *f = user;
    f->draws++;
    for (size_t i = 0; i < n; i++) {
        ret[i] = (uint8_t)(f->draws * 7 + i);
    }
}

static void key_changed(void *user, const struct pst_key_row *row)
{
    struct fixture *f = user;
    f->changed[f->changes++ % 4] = *row;
}

static enum pst_status reload(void *user, bool now, struct pst_err *err)
{
    ((struct fixture *)user)->now = now;
    const struct fixture *f = user;
    return f->reload == PST_ERR ? pst_fail(err, PST_E_CONTROL_UNAVAILABLE, "not now") : f->reload;
}

static void status(void *user, struct pst_json_out *out)
{
    (void)user;
    pst_json_out_kstr(out, "state", PST_STR("fine"));
}

static void metrics(void *user, struct pst_buf *out)
{
    (void)user;
    PST_BUF_LIT(out, "postern_up 1\n");
}

static int setup(void **state)
{
    static struct fixture f;
    struct pst_err err = {0};
    f = (struct fixture){.reload = PST_AGAIN};
    snprintf(f.folder, sizeof f.folder, "/tmp/postern-admin-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/keys.db", f.folder);
    f.admin = (struct pst_admin){.max_keys = 5,
                                 .user = &f,
                                 .random = draw,
                                 .key_changed = key_changed,
                                 .reload = reload,
                                 .status = status,
                                 .metrics = metrics};
    pst_buf_init(&f.out.body, 1 << 16);
    *state = &f;
    return pst_store_open(f.path, &f.admin.store, &err) == PST_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];
    pst_store_close(f->admin.store);
    pst_buf_release(&f->out.body);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < PST_LEN(ends); i++) {
        snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        (void)unlink(path);
    }
    return rmdir(f->folder);
}

static enum pst_status call(struct fixture *f, const char *method, const char *path,
                            const char *body)
{
    struct pst_admin_in in = {.method = pst_str_c(method),
                              .path = pst_str_c(path),
                              .body = pst_str_c(body),
                              .who = PST_STR("User::local-0"),
                              .now_s = 1000000};
    pst_buf_clear(&f->out.body);
    return pst_admin_handle(&f->admin, &in, &f->out);
}

static bool says(const struct fixture *f, const char *what)
{
    return pst_str_find(pst_buf_str(&f->out.body), pst_str_c(what)) != PST_NPOS;
}

#define ASK(f_, method_, path_, body_, want_)                                                      \
    do {                                                                                           \
        assert_int_equal(call((f_), (method_), (path_), (body_)), PST_OK);                         \
        if ((f_)->out.status != (want_)) {                                                         \
            fail_msg("%u: %.*s", (f_)->out.status, PST_FMT(pst_buf_str(&(f_)->out.body)));         \
        }                                                                                          \
    } while (0)

/* The key in the answer, and its id. */
static void take_key(const struct fixture *f, char text[PST_KEY_CHARS + 1],
                     struct pst_key_text *key)
{
    struct pst_str body = pst_buf_str(&f->out.body);
    size_t at = pst_str_find(body, PST_STR("\"key\":\"pst_"));
    assert_true(at != PST_NPOS);
    assert_true(pst_str_to_c(pst_str_cut(body, at + 7, PST_KEY_CHARS), text, PST_KEY_CHARS + 1));
    assert_true(pst_key_parse(pst_str_c(text), key));
}

static void test_life_of_a_key(void **state)
{
    struct fixture *f = *state;
    char text[PST_KEY_CHARS + 1], path[96];
    struct pst_key_text key, next;
    uint8_t hash[32];
    ASK(f, "POST", "/admin/v1/keys",
        "{\"owner\":\"Workload/demo\",\"groups\":[\"demo\",\"b\"],\"label\":\"a \\\"label\\\"\","
        "\"expires_in_s\":3600,\"may_assert\":true}",
        201);
    take_key(f, text, &key);
    assert_true(says(f, "\"owner\":\"Workload::demo\""));
    assert_true(says(f, "\"created\":\"1970-01-12T13:46:40Z\""));
    assert_true(says(f, "\"expires\":\"1970-01-12T14:46:40Z\""));
    assert_true(says(f, "\"revoked\":null"));
    assert_int_equal(f->changes, 1);
    pst_key_hash(&key, hash);
    assert_memory_equal(f->changed[0].hash, hash, 32);
    assert_string_equal(f->changed[0].id, key.id);
    assert_true(f->changed[0].may_assert);

    /* the secret is shown once */
    ASK(f, "GET", "/admin/v1/keys", NULL, 200);
    assert_true(says(f, key.id) && says(f, "\"state\":\"active\""));
    assert_false(says(f, &text[17]));
    snprintf(path, sizeof path, "/admin/v1/keys/%s", key.id);
    ASK(f, "GET", path, NULL, 200);
    assert_true(says(f, "a \\\"label\\\"") && says(f, "[\"b\",\"demo\"]"));
    assert_false(says(f, "pst_"));

    snprintf(path, sizeof path, "/admin/v1/keys/%s/rotate", key.id);
    ASK(f, "POST", path, "{\"grace_s\":60}", 201);
    take_key(f, text, &next);
    assert_true(says(f, "\"rotated_from\"") && says(f, "\"may_assert\":true"));
    assert_true(says(f, "\"expires\":\"1970-01-12T14:46:40Z\"")); /* as long as the old one */
    assert_int_equal(f->changes, 3);
    assert_string_equal(f->changed[2].id, key.id);
    assert_int_equal(f->changed[2].expires_s, 1000060);

    snprintf(path, sizeof path, "/admin/v1/keys/%s", next.id);
    ASK(f, "DELETE", path, NULL, 200);
    assert_true(says(f, "\"state\":\"revoked\""));
    assert_int_equal(f->changes, 4);
    assert_int_equal(f->changed[3].revoked_s, 1000000);
    snprintf(path, sizeof path, "/admin/v1/keys/%s/rotate", next.id);
    ASK(f, "POST", path, NULL, 409);
    assert_int_equal(f->changes, 4);
}

static void test_refused_bodies(void **state)
{
    static const char *const bodies[] = {
        NULL,
        "",
        "[]",
        "{",
        "{}",
        "{\"owner\":\"demo\"}",
        "{\"owner\":\"EndUser/alice\"}",
        "{\"owner\":5}",
        "{\"owner\":\"User/a\",\"owner\":\"User/b\"}",
        "{\"owner\":\"User/a\",\"group\":[\"x\"]}",
        "{\"owner\":\"User/a\",\"groups\":\"x\"}",
        "{\"owner\":\"User/a\",\"groups\":[\"x\",\"x\"]}",
        "{\"owner\":\"User/a\",\"groups\":[\"a b\"]}",
        "{\"owner\":\"User/a\",\"groups\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\","
        "\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]}",
        "{\"owner\":\"User/a\",\"label\":[]}",
        "{\"owner\":\"User/a\",\"label\":\"a\\u0000b\"}",
        "{\"owner\":\"User/a\",\"may_assert\":1}",
        "{\"owner\":\"User/a\",\"expires_in_s\":0}",
        "{\"owner\":\"User/a\",\"expires_in_s\":-1}",
        "{\"owner\":\"User/a\",\"expires_in_s\":1.5}",
        "{\"owner\":\"User/a\",\"expires_in_s\":9223372036854775807}",
        "{\"owner\":\"User/a\"} x",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < PST_LEN(bodies); i++) {
        ASK(f, "POST", "/admin/v1/keys", bodies[i], 400);
        assert_true(says(f, "{\"error\":{\"message\":\""));
    }
    assert_int_equal(f->changes, 0);
    ASK(f, "GET", "/admin/v1/keys", NULL, 200);
    assert_true(says(f, "{\"keys\":[]}"));
    ASK(f, "POST", "/admin/v1/keys", "{\"owner\":\"User/a\",\"expires_in\":5}", 400);
    assert_true(says(f, "did you mean \\\"expires_in_s\\\""));
}

static void test_routes(void **state)
{
    struct fixture *f = *state;
    ASK(f, "GET", "/admin/v1", NULL, 404);
    ASK(f, "GET", "/admin/v1/keys/", NULL, 404);
    ASK(f, "GET", "/admin/v1/keys/../status", NULL, 404);
    ASK(f, "GET", "/admin/v1/keys/000000000000", NULL, 404);
    ASK(f, "DELETE", "/admin/v1/keys/000000000000", NULL, 404);
    ASK(f, "POST", "/admin/v1/keys/000000000000/rotate", NULL, 404);
    ASK(f, "DELETE", "/admin/v1/keys", NULL, 405);
    ASK(f, "get", "/admin/v1/keys", NULL, 405);
    ASK(f, "GET", "/admin/v1/keys/000000000000/rotate", NULL, 405);
    ASK(f, "GET", "/admin/v1/status", NULL, 200);
    assert_true(says(f, "{\"you\":\"User::local-0\",\"state\":\"fine\"}"));
    ASK(f, "GET", "/metrics", NULL, 200);
    assert_true(says(f, "postern_up 1\n"));
    assert_false(f->out.json);
    assert_int_equal(call(f, "POST", "/admin/v1/reload/now", NULL), PST_AGAIN);
    assert_true(f->now);
    assert_int_equal(call(f, "POST", "/admin/v1/reload", NULL), PST_AGAIN);
    assert_false(f->now);
    pst_admin_reloaded(true, 4, PST_STR(""), &f->out);
    assert_true(f->out.json && says(f, "{\"reloaded\":true,\"generation\":4}"));
    pst_admin_reloaded(false, 0, PST_STR("a.cedar:3:1: no"), &f->out);
    assert_int_equal(f->out.status, 409);
    assert_true(says(f, "stays in force: a.cedar:3:1: no"));
    f->reload = PST_ERR;
    ASK(f, "POST", "/admin/v1/reload", NULL, 503);
    for (int i = 0; i < 5; i++) {
        ASK(f, "POST", "/admin/v1/keys", "{\"owner\":\"User/a\"}", 201);
    }
    ASK(f, "POST", "/admin/v1/keys", "{\"owner\":\"User/a\"}", 400);
    assert_true(says(f, "the limit \\\"keys\\\""));
    pst_buf_release(&f->out.body);
    pst_buf_init(&f->out.body, 600); /* an answer that does not fit is an error, not a half */
    ASK(f, "GET", "/admin/v1/keys", NULL, 400);
    assert_true(says(f, "too large"));
}

static void test_split(void **state)
{
    (void)state;
    struct pst_admin_in in = {0};
    assert_true(pst_admin_split(PST_STR("POST /admin/v1/keys\n{\"a\":\"\\n\"}\n"), &in));
    assert_str(in.method, "POST");
    assert_str(in.path, "/admin/v1/keys");
    assert_str(in.body, "{\"a\":\"\\n\"}\n");
    assert_true(pst_admin_split(PST_STR("GET /x\n"), &in));
    assert_int_equal(in.body.n, 0);
    assert_false(pst_admin_split(PST_STR(""), &in));
    assert_false(pst_admin_split(PST_STR("GET /x"), &in));
    assert_false(pst_admin_split(PST_STR("GET\n/x"), &in));
    assert_false(pst_admin_split(PST_STR(" /x\n"), &in));
    assert_false(pst_admin_split(PST_STR("GET \n"), &in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life_of_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
