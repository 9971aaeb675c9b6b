#include "sys/timers.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

void pst_timers_init(struct pst_timers *t, size_t cap)
{
    *t = (struct pst_timers){0};
    t->cap = cap < PST_TIMERS_NONE ? (uint32_t)cap : PST_TIMERS_NONE - 1;
    t->free_head = PST_TIMERS_NONE;
}

void pst_timers_release(struct pst_timers *t)
{
    free(t->slots);
    free(t->heap);
    pst_timers_init(t, t->cap);
}

static bool before(const struct pst_timers *t, uint32_t a, uint32_t b)
{
    const struct pst_timers_slot *x = &t->slots[a], *y = &t->slots[b];
    return x->due_ns != y->due_ns ? x->due_ns < y->due_ns : x->age < y->age;
}

static void put(struct pst_timers *t, uint32_t at, uint32_t slot)
{
    t->heap[at] = slot;
    t->slots[slot].at = at;
}

/* Moves the slot at `at` to where it belongs, whichever way that is. */
static void settle(struct pst_timers *t, uint32_t at)
{
    uint32_t slot = t->heap[at];
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!before(t, slot, t->heap[parent])) {
            break;
        }
        put(t, at, t->heap[parent]);
        at = parent;
    }
    for (;;) {
        uint64_t child = (uint64_t)at * 2 + 1;
        if (child >= t->used) {
            break;
        }
        if (child + 1 < t->used && before(t, t->heap[child + 1], t->heap[child])) {
            child++;
        }
        if (!before(t, t->heap[child], slot)) {
            break;
        }
        put(t, at, t->heap[child]);
        at = (uint32_t)child;
    }
    put(t, at, slot);
}

static bool grow(struct pst_timers *t)
{
    if (t->size >= t->cap) {
        return false;
    }
    uint32_t size = t->size == 0 ? FIRST_SLOTS : t->size * 2;
    if (size > t->cap || size < t->size) {
        size = t->cap;
    }
    struct pst_timers_slot *slots = realloc(t->slots, (size_t)size * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    t->slots = slots;
    uint32_t *heap = realloc(t->heap, (size_t)size * sizeof(*heap));
    if (heap == NULL) {
        return false;
    }
    t->heap = heap;
    for (uint32_t i = t->size; i < size; i++) {
        t->slots[i] = (struct pst_timers_slot){.at = i + 1 < size ? i + 1 : PST_TIMERS_NONE};
    }
    t->free_head = t->size;
    t->size = size;
    return true;
}

bool pst_timers_live(const struct pst_timers *t, struct pst_timer timer)
{
    return (timer.generation & 1) != 0 && timer.index < t->size &&
           t->slots[timer.index].generation == timer.generation;
}

bool pst_timers_set(struct pst_timers *t, struct pst_timer *timer, uint64_t due_ns,
                    pst_timer_fn *fn, void *user)
{
    uint32_t index;
    if (pst_timers_live(t, *timer)) {
        index = timer->index;
    } else {
        if (t->free_head == PST_TIMERS_NONE && !grow(t)) {
            return false;
        }
        index = t->free_head;
        t->free_head = t->slots[index].at;
        t->slots[index].generation++;
        t->slots[index].at = t->used;
        t->heap[t->used] = index;
        t->used++;
        *timer = (struct pst_timer){index, t->slots[index].generation};
    }
    struct pst_timers_slot *s = &t->slots[index];
    s->due_ns = due_ns;
    s->age = t->age++;
    s->fn = fn;
    s->user = user;
    settle(t, s->at);
    return true;
}

static void remove_at(struct pst_timers *t, uint32_t at)
{
    uint32_t slot = t->heap[at];
    t->used--;
    if (at < t->used) {
        put(t, at, t->heap[t->used]);
        settle(t, at);
    }
    struct pst_timers_slot *s = &t->slots[slot];
    s->generation++;
    s->at = t->free_head;
    t->free_head = slot;
}

void pst_timers_cancel(struct pst_timers *t, struct pst_timer timer)
{
    if (pst_timers_live(t, timer)) {
        remove_at(t, t->slots[timer.index].at);
    }
}

bool pst_timers_next(const struct pst_timers *t, uint64_t *ret_due_ns)
{
    if (t->used == 0) {
        return false;
    }
    *ret_due_ns = t->slots[t->heap[0]].due_ns;
    return true;
}

bool pst_timers_take(struct pst_timers *t, uint64_t now_ns, uint64_t age, pst_timer_fn **ret_fn,
                     void **ret_user)
{
    if (t->used == 0) {
        return false;
    }
    const struct pst_timers_slot *s = &t->slots[t->heap[0]];
    if (s->due_ns > now_ns || s->age >= age) {
        return false;
    }
    *ret_fn = s->fn;
    *ret_user = s->user;
    remove_at(t, 0);
    return true;
}
