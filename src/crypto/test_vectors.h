/* For tests: public test suites kept outside the tree. A suite is JSON; what a test needs of it is
 * the order of its "name": value pairs, so that is all that is read. */
#ifndef PST_CRYPTO_TEST_VECTORS_H
#define PST_CRYPTO_TEST_VECTORS_H

#include "base/str.h"

#include <stdbool.h>

/* The whole file below POSTERN_VECTORS or <source root>/../shared/vectors; free it. NULL when it is
 * not there: then "skipped: NAME" was printed, or the process exited with 1 if CI is "true". */
char *test_vectors_load(const char *name);

/* The next pair after *at whose value is a string (its text, \n undone in place) or a number or
 * word (as written). False at the end. */
bool test_vectors_next(char *json, size_t *at, struct pst_str *ret_name, struct pst_str *ret_value);

/* Hex into a block of its own, to be freed; its length in *ret_n. */
uint8_t *test_vectors_hex(struct pst_str hex, size_t *ret_n);

#endif
