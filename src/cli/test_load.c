#include "cli/load.h"

#include "cli/state.h"
#include "cli/test_folder.h"
#include "crypto/crypto.h"

#include <sys/stat.h>

static void test_load(void **state)
{
    struct test_folder *f = *state;
    struct pst_state_made made;
    struct pst_loaded loaded;
    struct pst_err err = {0};
    char path[192];
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.text, "postern init"));
    pst_loaded_release(&loaded);
    for (int demo = 0; demo < 2; demo++) { /* both configurations that init writes are valid */
        snprintf(f->dir, sizeof f->dir, "%s/b%d", f->root, demo);
        assert_int_equal(pst_state_make(f->dir, demo == 1, 1000, &made, &err), PST_OK);
        if (pst_load(&f->common, &loaded, &err) != PST_OK) {
            fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
        }
        assert_int_equal(loaded.n_policies, 2);
        pst_loaded_release(&loaded);
    }
    static const char mine[] =
        "upstreams: {o: {url: 'https://a/v1'}}\nmodels: {m: o}\npolicies: p\n";
    test_folder_put(f, "postern.yaml", mine);
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    pst_loaded_release(&loaded);
    snprintf(path, sizeof path, "%s/p", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.text, "no *.cedar"));
    pst_loaded_release(&loaded);
    test_folder_put(f, "p/b.cedar", "permit (principal, action, resource);\n");
    test_folder_put(f, "p/a.cedar", "// first\n");
    test_folder_put(f, "p/B.cedar", "// capital\n");
    test_folder_put(f, "p/.hidden.cedar", "garbage");
    test_folder_put(f, "p/notes.txt", "garbage");
    test_folder_put(f, "p/x.cedarschema", "entity X;");
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_OK);
    assert_int_equal(loaded.n_policies, 3);
    assert_str(loaded.policies[0].name, "p/B.cedar"); /* by bytes, in every locale */
    assert_str(loaded.policies[1].name, "p/a.cedar");
    assert_str(loaded.policies[2].text, "permit (principal, action, resource);\n");
    assert_int_equal(loaded.n_schemas, 1);
    assert_str(loaded.schemas[0].name, "p/x.cedarschema");
    assert_str(loaded.schemas[0].text, "entity X;");
    pst_loaded_release(&loaded);
    test_folder_put(f, "postern.yaml", "models:\n  - x\n");
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.file, "postern.yaml"));
    assert_int_equal(err.line, 2);
    pst_loaded_release(&loaded);
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_load, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
