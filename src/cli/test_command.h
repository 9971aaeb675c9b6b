/* For tests: one command as a process would run it, and what it printed. */
#ifndef PST_CLI_TEST_COMMAND_H
#define PST_CLI_TEST_COMMAND_H

#include "cli/test_folder.h"

struct test_command {
    int status;
    char out[32768], err[8192]; /* cut where it does not fit */
};

/* Runs `command` in a child with these arguments (the first is the command's last word, NULL at the
 * end), in the folder of the fixture, with `in` as standard input. */
void test_command(struct test_command *r, const struct test_folder *f,
                  int (*command)(int argc, char **argv), const char *in, const char *const *args);
/* Fails with what was printed. */
void test_command_check(const struct test_command *r, int status, const char *out, const char *err);

#endif
