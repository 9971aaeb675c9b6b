/* For tests: makes the Nth heap allocation of the code under test fail. Link with the meson
 * variable `test_heap`, which wraps malloc, calloc and realloc of everything linked statically. */
#ifndef PST_BASE_TEST_HEAP_H
#define PST_BASE_TEST_HEAP_H

#include <stddef.h>

/* The nth allocation from now (1 is the next) and every later one fails; 0 turns failing off.
 * Counting starts anew. */
void test_heap_fail_from(size_t nth);
/* Allocations asked for since the last call of test_heap_fail_from. */
size_t test_heap_count(void);

#endif
