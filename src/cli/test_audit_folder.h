/* For tests of `postern audit`: a log folder on disk, and the command's two outputs as text. */
#ifndef PST_CLI_TEST_AUDIT_FOLDER_H
#define PST_CLI_TEST_AUDIT_FOLDER_H

#include "audit/test_log.h"

struct test_folder {
    char path[128];
    struct test_log log;
};

/* Three segments of four records, the third of each a checkpoint; log.pub beside them. */
void test_folder_make(struct test_folder *f);
void test_folder_remove(struct test_folder *f);
/* Writes segment `number` (from 1) anew, or a file of any name. */
void test_folder_write(struct test_folder *f, const char *name, struct pst_str bytes);

/* Runs the command with arguments up to NULL; output texts stay valid until the next run. */
struct test_run {
    int status;
    char out[8192], err[1024];
};
void test_run(struct test_run *r, const char *const *args);

#endif
