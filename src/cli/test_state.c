#include "cli/state.h"

#include "audit/note.h"
#include "cli/test_folder.h"
#include "control/store.h"
#include "crypto/crypto.h"
#include "sys/file.h"

#include <sys/stat.h>

static unsigned mode_of(const struct test_folder *f, const char *name)
{
    char path[192];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

/* What is made is private, whole, and never overwritten. */
static void test_made_and_kept(void **state)
{
    const struct test_folder *f = *state;
    struct pst_state_made made, again;
    struct pst_err err = {0};
    struct pst_key_text admin, demo;
    struct pst_key_row row;
    struct pst_store *store = NULL;
    char path[192];
    uint8_t hash[32];
    assert_int_equal(pst_state_make(f->dir, true, 1000, &made, &err), PST_OK);
    assert_true(made.fresh);
    assert_int_equal(mode_of(f, ""), 0700);
    assert_int_equal(mode_of(f, "keys"), 0700);
    assert_int_equal(mode_of(f, "keys/log.seed"), 0600);
    assert_int_equal(mode_of(f, "store/postern.db"), 0600);
    assert_true(pst_key_parse(pst_str_c(made.admin_key), &admin));
    assert_true(pst_key_parse(pst_str_c(made.demo_key), &demo));

    snprintf(path, sizeof path, "%s/store/postern.db", f->dir);
    assert_int_equal(pst_store_open(path, &store, &err), PST_OK);
    assert_int_equal(pst_store_key_get(store, pst_str_c(admin.id), &row, &err), PST_OK);
    pst_key_hash(&admin, hash);
    assert_memory_equal(row.hash, hash, 32);
    assert_string_equal(row.owner, "User::admin");
    assert_string_equal(row.groups[0], "admins");
    assert_false(row.may_assert);
    assert_int_equal(pst_store_key_get(store, pst_str_c(demo.id), &row, &err), PST_OK);
    assert_string_equal(row.owner, "Workload::demo");
    assert_true(row.may_assert);
    pst_store_close(store);

    struct pst_buf text;
    struct pst_note_key note;
    pst_buf_init(&text, 1 << 16);
    snprintf(path, sizeof path, "%s/audit/log.pub", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_int_equal(
        pst_note_key_parse(&note, pst_str_cut(pst_buf_str(&text), 0, text.n - 1), &err), PST_OK);

    /* the keys are in no file of the folder */
    pst_buf_clear(&text);
    snprintf(path, sizeof path, "%s/store/postern.db", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_int_equal(pst_str_find(pst_buf_str(&text), pst_str_of(&made.demo_key[17], 20)),
                     PST_NPOS);
    assert_int_equal(pst_str_find(pst_buf_str(&text), pst_str_of(demo.secret, 32)), PST_NPOS);
    pst_buf_release(&text);

    test_folder_put(f, "postern.yaml", "# mine\n");
    assert_int_equal(pst_state_make(f->dir, true, 2000, &again, &err), PST_OK);
    assert_false(again.fresh);
    assert_int_equal(again.admin_key[0], 0);
    assert_int_equal(again.demo_key[0], 0);
    pst_buf_init(&text, 64);
    snprintf(path, sizeof path, "%s/postern.yaml", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_str(pst_buf_str(&text), "# mine\n");
    pst_buf_release(&text);
    test_folder_put(f, "keys/log.seed", "short");
    assert_int_equal(pst_state_make(f->dir, true, 2000, &again, &err), PST_ERR);
    assert_non_null(strstr(err.text, "32 bytes"));
    pst_state_made_wipe(&made);
    assert_int_equal(made.demo_key[0], 0);
}

static void read_whole(const struct test_folder *f, const char *name, struct pst_buf *out)
{
    char path[192];
    struct pst_err err = {0};
    pst_buf_clear(out);
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(pst_file_read(path, out, &err), PST_OK);
}

/* The certificate for this machine is kept while it is good, and then renewed by the same
 * authority. */
static void test_certificate(void **state)
{
    static const int64_t day_s = 86400, from_s = 1800000000;
    const struct test_folder *f = *state;
    struct pst_state_made made;
    struct pst_err err = {0};
    struct pst_buf ca, first, now;
    pst_buf_init(&ca, 1 << 16);
    pst_buf_init(&first, 1 << 16);
    pst_buf_init(&now, 1 << 16);
    assert_int_equal(pst_state_make(f->dir, true, from_s, &made, &err), PST_OK);
    assert_int_equal(mode_of(f, "tls"), 0700);
    assert_int_equal(mode_of(f, "tls/server.key"), 0600);
    assert_int_equal(mode_of(f, "keys/ca.key"), 0600);
    read_whole(f, "tls/ca.pem", &ca);
    read_whole(f, "tls/server.pem", &first);
    static const struct {
        int64_t days;
        bool kept;
    } later[] = {{0, true}, {300, true}, {334, true}, {336, false}};
    for (size_t i = 0; i < PST_LEN(later); i++) {
        assert_int_equal(pst_state_make(f->dir, true, from_s + later[i].days * day_s, &made, &err),
                         PST_OK);
        read_whole(f, "tls/server.pem", &now);
        assert_int_equal(pst_str_eq(pst_buf_str(&now), pst_buf_str(&first)), later[i].kept);
    }
    read_whole(f, "tls/ca.pem", &now);
    assert_true(pst_str_eq(pst_buf_str(&now), pst_buf_str(&ca)));
    /* half of a pair is no pair */
    read_whole(f, "tls/server.pem", &first);
    test_folder_put(f, "tls/server.key", "garbage");
    assert_int_equal(pst_state_make(f->dir, true, from_s + 336 * day_s, &made, &err), PST_OK);
    read_whole(f, "tls/server.pem", &now);
    assert_false(pst_str_eq(pst_buf_str(&now), pst_buf_str(&first)));
    /* an authority whose halves do not fit is told, not replaced */
    test_folder_put(f, "tls/ca.pem", "garbage");
    assert_int_equal(pst_state_make(f->dir, true, from_s + 3000 * day_s, &made, &err), PST_ERR);
    assert_non_null(strstr(err.text, "do not belong together"));
    pst_buf_release(&ca);
    pst_buf_release(&first);
    pst_buf_release(&now);
}

static enum pst_status no_key(void *user, const struct pst_key_row *row, struct pst_err *err)
{
    (void)user;
    return pst_fail(err, PST_E_EXISTS, "there is a key of %s", row->owner);
}

/* For a package: the configuration lies elsewhere, and nobody reads what is printed. */
static void test_without_keys(void **state)
{
    const struct test_folder *f = *state;
    struct pst_state_made made;
    struct pst_err err = {0};
    struct pst_store *store = NULL;
    char config[192], path[192];
    snprintf(config, sizeof config, "%s/elsewhere.yaml", f->root);
    const struct pst_state_plan plan = {.no_keys = true, .config = config, .now_s = 1000};
    for (int round = 0; round < 2; round++) {
        assert_int_equal(pst_state_make_as(f->dir, &plan, &made, &err), PST_OK);
        assert_int_equal(made.fresh, round == 0);
        assert_int_equal(made.admin_key[0], 0);
        assert_int_equal(made.demo_key[0], 0);
    }
    assert_true(pst_file_exists(config));
    snprintf(path, sizeof path, "%s/postern.yaml", f->dir);
    assert_false(pst_file_exists(path));
    snprintf(path, sizeof path, "%s/store/postern.db", f->dir);
    assert_int_equal(pst_store_open(path, &store, &err), PST_OK);
    assert_int_equal(pst_store_key_each(store, no_key, NULL, &err), PST_OK);
    pst_store_close(store);
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_certificate, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_made_and_kept, test_folder_setup,
                                        test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_without_keys, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
