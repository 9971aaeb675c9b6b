#include "base/test_heap.h"

#include <stdbool.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

/* a test program has one thread; the library code has no globals */
static size_t fail_from, asked;

void test_heap_fail_from(size_t nth)
{
    fail_from = nth;
    asked = 0;
}

size_t test_heap_count(void)
{
    return asked;
}

static bool fails(void)
{
    asked++;
    return fail_from != 0 && asked >= fail_from;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}
