#include "cli/test_folder.h"

#include "sys/file.h"

#include <ftw.h>
#include <stdlib.h>

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

int test_folder_setup(void **state)
{
    static struct test_folder f;
    snprintf(f.root, sizeof f.root, "/tmp/postern-cli-XXXXXX");
    assert_non_null(mkdtemp(f.root));
    snprintf(f.dir, sizeof f.dir, "%s/a/state", f.root);
    f.common = (struct pst_common){.state = f.dir};
    *state = &f;
    return 0;
}

int test_folder_teardown(void **state)
{
    struct test_folder *f = *state;
    return nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void test_folder_put(const struct test_folder *f, const char *name, const char *text)
{
    char path[192];
    struct pst_err err = {0};
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(pst_file_write(path, 0600, pst_str_c(text), &err), PST_OK);
}
