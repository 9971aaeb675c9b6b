#include "base/arena.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PST_ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(PST_ARENA_ASAN)
#include <sanitizer/asan_interface.h>
#define ARENA_HIDE(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define ARENA_SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define ARENA_HIDE(p, n) ((void)(p), (void)(n))
#define ARENA_SHOW(p, n) ((void)(p), (void)(n))
#endif

enum { ARENA_ALIGN = 16, ARENA_FIRST_MIN = 64 };

struct pst_arena_chunk {
    struct pst_arena_chunk *older;
    size_t room;
    _Alignas(ARENA_ALIGN) uint8_t bytes[];
};

void pst_arena_init(struct pst_arena *a, size_t first, size_t cap)
{
    size_t size = first < ARENA_FIRST_MIN ? ARENA_FIRST_MIN : first;
    *a = (struct pst_arena){.first = size < cap ? size : cap, .cap = cap};
}

static void chunk_free(struct pst_arena_chunk *c)
{
    ARENA_SHOW(c->bytes, c->room);
    free(c);
}

void pst_arena_release(struct pst_arena *a)
{
    if (a == NULL) {
        return;
    }
    struct pst_arena_chunk *c = a->head;
    while (c != NULL) {
        struct pst_arena_chunk *older = c->older;
        chunk_free(c);
        c = older;
    }
    *a = (struct pst_arena){.first = a->first, .cap = a->cap};
}

/* Only a chunk of the first size is kept: one huge request must not pin its memory for the life of
 * a connection. */
void pst_arena_clear(struct pst_arena *a)
{
    struct pst_arena_chunk *c = a->head, *kept = NULL;
    while (c != NULL) {
        struct pst_arena_chunk *older = c->older;
        if (kept == NULL && c->room == a->first) {
            kept = c;
        } else {
            chunk_free(c);
        }
        c = older;
    }
    a->head = kept;
    a->at = NULL;
    a->end = NULL;
    a->held = 0;
    a->full = false;
    if (kept != NULL) {
        kept->older = NULL;
        a->at = kept->bytes;
        a->end = kept->bytes + kept->room;
        a->held = kept->room;
        ARENA_HIDE(kept->bytes, kept->room);
    }
}

/* A chunk with at least n bytes of room. Chunks double, so that an arena of any size has few; the
 * last ones shrink to what the cap leaves. */
static struct pst_arena_chunk *chunk_new(struct pst_arena *a, size_t n)
{
    size_t left = a->cap - a->held;
    if (n > left) {
        return NULL;
    }
    size_t room = a->held > a->first ? a->held : a->first;
    room = room < left ? room : left;
    room = room > n ? room : n;
    size_t size;
    if (!pst_add_size(sizeof(struct pst_arena_chunk), room, &size)) {
        return NULL;
    }
    struct pst_arena_chunk *c = malloc(size);
    if (c == NULL) {
        return NULL;
    }
    c->older = NULL;
    c->room = room;
    a->held += room;
    ARENA_HIDE(c->bytes, room);
    return c;
}

static void *take_slow(struct pst_arena *a, size_t n)
{
    struct pst_arena_chunk *c = chunk_new(a, n);
    if (c == NULL) {
        a->full = true;
        return NULL;
    }
    size_t left_old = (size_t)(a->end - a->at), left_new = c->room - n;
    if (a->head != NULL && left_old > left_new) {
        /* a large one-off: it goes behind the head, whose room stays in use */
        c->older = a->head->older;
        a->head->older = c;
    } else {
        c->older = a->head;
        a->head = c;
        a->at = c->bytes + n;
        a->end = c->bytes + c->room;
    }
    ARENA_SHOW(c->bytes, n);
    return c->bytes;
}

void *pst_arena_take(struct pst_arena *a, size_t n)
{
    size_t left = (size_t)(a->end - a->at);
    size_t pad = (size_t)(-(uintptr_t)a->at) & (ARENA_ALIGN - 1);
    if (__builtin_expect(a->head == NULL || left < pad || n > left - pad, 0)) {
        return take_slow(a, n);
    }
    uint8_t *p = a->at + pad;
    a->at = p + n;
    ARENA_SHOW(p, n);
    return p;
}

void *pst_arena_array(struct pst_arena *a, size_t count, size_t size)
{
    size_t n;
    if (!pst_mul_size(count, size, &n)) {
        a->full = true;
        return NULL;
    }
    void *p = pst_arena_take(a, n);
    if (p != NULL) {
        memset(p, 0, n);
    }
    return p;
}

struct pst_str pst_arena_copy(struct pst_arena *a, struct pst_str s)
{
    if (s.n == 0) {
        return (struct pst_str){NULL, 0};
    }
    uint8_t *p;
    if (a->head != NULL && s.n <= (size_t)(a->end - a->at)) {
        p = a->at;
        a->at += s.n;
        ARENA_SHOW(p, s.n);
    } else {
        p = take_slow(a, s.n);
        if (p == NULL) {
            return (struct pst_str){NULL, 0};
        }
    }
    memcpy(p, s.p, s.n);
    return (struct pst_str){p, s.n};
}
