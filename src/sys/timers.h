/* The timers of a loop: a binary heap over slots, ordered by due time, then by age. Private to the
 * loop; pure but for memory. */
#ifndef PST_SYS_TIMERS_H
#define PST_SYS_TIMERS_H

#include "base/def.h"
#include "sys/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pst_timers_slot {
    uint64_t due_ns;
    uint64_t age; /* order of arming: earlier armed runs first when due together */
    pst_timer_fn *fn;
    void *user;
    uint32_t generation; /* of the handle; odd while live */
    uint32_t at;         /* live: place in the heap; free: next free slot */
};

struct pst_timers {
    struct pst_timers_slot *slots;
    uint32_t *heap; /* slot numbers */
    uint32_t used;  /* live timers, also the heap's length */
    uint32_t size;  /* slots allocated */
    uint32_t cap;
    uint32_t free_head; /* PST_TIMERS_NONE: none */
    uint64_t age;
};
#define PST_TIMERS_NONE UINT32_MAX

void pst_timers_init(struct pst_timers *t, size_t cap);
void pst_timers_release(struct pst_timers *t);
/* Arms or re-arms; see pst_timer_set. */
PST_NODISCARD bool pst_timers_set(struct pst_timers *t, struct pst_timer *timer, uint64_t due_ns,
                                  pst_timer_fn *fn, void *user);
void pst_timers_cancel(struct pst_timers *t, struct pst_timer timer);
bool pst_timers_live(const struct pst_timers *t, struct pst_timer timer);
/* Due time of the next timer; false when there is none. */
bool pst_timers_next(const struct pst_timers *t, uint64_t *ret_due_ns);
/* Takes out the next timer if it is due at now_ns and was armed before `age`. The age keeps a timer
 * that is armed anew with no delay from running for ever within one wake-up. */
PST_NODISCARD bool pst_timers_take(struct pst_timers *t, uint64_t now_ns, uint64_t age,
                                   pst_timer_fn **ret_fn, void **ret_user);

#endif
