/* For the tests of this folder: parses a text in many cuts and wants the same result each time. */
#ifndef PST_WIRE_TEST_JSON_HELP_H
#define PST_WIRE_TEST_JSON_HELP_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"

/* A small generator, so that a failure can be repeated. */
uint64_t test_random(uint64_t *state);

/* Everything there is to know of a tree, as text. */
void test_json_dump(struct pst_buf *out, const struct pst_json *v);

/* Parses the text whole, split in two at every place (up to 300 bytes), byte by byte and at random
 * places, with copied and with stable strings; fails the test when the trees, codes, messages or
 * positions differ. Returns the code, PST_E_NONE for an accepted text; err may be NULL. */
enum pst_error test_json_code(const struct pst_json_config *config, struct pst_str text,
                              struct pst_err *err);

/* The file of the public suites, in `out`; false when it is not there. */
bool test_vector_read(const char *name, struct pst_buf *out);
/* The same for a folder: sorted names, freed with test_vector_free. Negative when not there. */
int test_vector_list(const char *folder, char ***ret);
void test_vector_free(char **names, int n);
/* Says that the suite was skipped; fails instead where CI is "true". */
void test_vector_missing(const char *name);

#endif
