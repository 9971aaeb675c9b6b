#include "cli/test_command.h"

#include <sys/stat.h>

#define RUN(in, ...)                                                                               \
    test_command(&r, f, pst_cmd_policy_format, (in),                                               \
                 (const char *const[]){"format", __VA_ARGS__, NULL})

static void test_format(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    char path[128], text[256];
    struct stat st;
    snprintf(path, sizeof path, "%s/a", f->root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    static const char ugly[] = "// kept\npermit(principal,action,resource)when{1<2};";
    RUN(ugly, "-");
    test_command_check(&r, 0, "// kept\npermit(principal, action, resource)\nwhen { 1 < 2 };\n",
                       "");
    pst_str_cut_c(pst_str_c(r.out), text, sizeof text);
    RUN(text, NULL); /* standard input, where no file is named; nothing to change */
    assert_string_equal(r.out, text);
    test_folder_put(f, "a.cedar", ugly);
    test_folder_put(f, "b.cedar", text);
    RUN("", "a.cedar", "b.cedar", "--check");
    test_command_check(&r, 1, "not formatted: a.cedar\n", "");
    assert_null(strstr(r.out, "b.cedar"));
    RUN("", "b.cedar", "--check");
    test_command_check(&r, 0, "", "");
    RUN("", "a.cedar", "--check", "--json");
    test_command_check(&r, 1, "{\"files\":[{\"file\":\"a.cedar\",\"formatted\":false}]}", "");
    snprintf(path, sizeof path, "%s/a.cedar", f->dir);
    assert_int_equal(chmod(path, 0640), 0);
    RUN("", "a.cedar", "--write");
    test_command_check(&r, 0, "formatted: a.cedar\n", "");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    RUN("", "a.cedar");
    assert_string_equal(r.out, text);
    RUN("", "a.cedar", "--json");
    test_command_check(&r, 0, "\"text\":\"// kept\\n", "");
    RUN("permit (", "-");
    test_command_check(&r, 3, "", "-:1:9");
    RUN("", "a.cedar", "--check", "--write");
    test_command_check(&r, 2, "", "--check");
    RUN("", "--write");
    test_command_check(&r, 2, "", "--write needs files");
    RUN("", "none.cedar");
    test_command_check(&r, 3, "", "none.cedar");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_format, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
