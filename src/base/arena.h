/* Arenas: one per lifetime. Memory comes from the heap in chunks up to a cap fixed at init; a
 * single `clear` returns to empty and keeps a chunk of the first size. Nothing is freed one by one.
 * Running past the cap (or a failing heap) returns NULL and is remembered: `pst_arena_full` stays
 * true until clear, so a builder may check once at its end. */
#ifndef PST_BASE_ARENA_H
#define PST_BASE_ARENA_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_arena_chunk;

struct pst_arena {
    struct pst_arena_chunk *head; /* newest; private */
    uint8_t *at, *end;            /* room in head; private */
    size_t cap;                   /* bytes of room in all chunks, at most; headers come on top */
    size_t held;                  /* bytes of room in all chunks, now */
    size_t first;                 /* size of the first chunk */
    bool full;
};

/* No allocation happens here: the first chunk comes with the first use. `first` is its size. */
void pst_arena_init(struct pst_arena *a, size_t first, size_t cap);
/* Frees every chunk; the arena may be used again as after init. NULL is fine. */
void pst_arena_release(struct pst_arena *a);
/* Forgets everything; keeps one chunk of the first size for reuse. */
void pst_arena_clear(struct pst_arena *a);
static inline bool pst_arena_full(const struct pst_arena *a)
{
    return a->full;
}

/* n bytes aligned to 16, not cleared; NULL past the cap. n may be 0 (a valid pointer). */
PST_NODISCARD void *pst_arena_take(struct pst_arena *a, size_t n);
/* count * size bytes, cleared, with the product checked. */
PST_NODISCARD void *pst_arena_array(struct pst_arena *a, size_t count, size_t size);
#define PST_ARENA_NEW(a, type) ((type *)pst_arena_array((a), 1, sizeof(type)))
#define PST_ARENA_ARRAY(a, count, type) ((type *)pst_arena_array((a), (count), sizeof(type)))
/* A copy of the bytes; {NULL, 0} past the cap, also when s is empty. Packed to 1-byte alignment. */
PST_NODISCARD struct pst_str pst_arena_copy(struct pst_arena *a, struct pst_str s);

#endif
