#include "base/test.h"
#include "cli/policy_world.h"

static void test_refs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool gateway, action;
        const char *type, *id; /* NULL: refused */
    } rows[] = {
        {"User/alice", true, false, "Postern::User", "alice"},
        {"User/alice", false, false, "User", "alice"},
        {"A::B/c", true, false, "A::B", "c"},
        {"Gateway//admin/v1/keys", true, false, "Postern::Gateway", "/admin/v1/keys"},
        {"A::B::\"c/\\\"\\u{e9}\\0\"", true, false, "A::B", NULL},
        {"U::\"\"", false, false, "U", ""},
        {"chat", true, true, "Postern::Action", "chat"},
        {"chat", false, true, "Action", "chat"},
        {"chat", true, false, NULL, NULL},
        {"N::Action::\"x\"", true, true, "N::Action", "x"},
        {"", true, true, NULL, NULL},
        {"/x", true, false, NULL, NULL},
        {"User/", true, false, NULL, NULL},
        {"1/x", true, false, NULL, NULL},
        {"in/x", true, false, NULL, NULL},
        {"::\"x\"", true, false, NULL, NULL},
        {"U::\"x\" ", true, false, NULL, NULL},
        {"U::\"x\"y", true, false, NULL, NULL},
        {"U::\"x", true, false, NULL, NULL},
        {"U::\"\\q\"", true, false, NULL, NULL},
        {"U/\xff", true, false, NULL, NULL},
        {"A::Action::x\"y", true, true, NULL, NULL},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_arena arena;
        struct pst_cedar_uid_text uid;
        struct pst_err err = {0};
        pst_arena_init(&arena, 4096, 1 << 16);
        enum pst_status status = pst_policy_ref(&arena, rows[i].gateway, rows[i].action,
                                                pst_str_c(rows[i].text), &uid, &err);
        if ((status == PST_OK) != (rows[i].type != NULL)) {
            fail_msg("%s", rows[i].text);
        }
        if (status != PST_OK) {
            assert_int_equal(err.code, PST_E_USAGE);
        } else {
            assert_true(pst_str_eq(uid.type, pst_str_c(rows[i].type)));
            struct pst_str id = rows[i].id != NULL ? pst_str_c(rows[i].id)
                                                   : PST_STR("c/\"\xc3\xa9\0");
            assert_true(pst_str_eq(uid.id, id));
        }
        pst_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
