/* For tests: a folder of its own under /tmp, removed afterwards, and a path in it for a state. */
#ifndef PST_CLI_TEST_FOLDER_H
#define PST_CLI_TEST_FOLDER_H

#include "base/test.h"
#include "cli/cli.h"

struct test_folder {
    char root[64], dir[96];
    struct pst_common common;
};

int test_folder_setup(void **state);
int test_folder_teardown(void **state);
/* Writes a file below the state folder. */
void test_folder_put(const struct test_folder *f, const char *name, const char *text);

#endif
