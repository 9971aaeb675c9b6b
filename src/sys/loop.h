/* The event loop: one epoll reactor per process, one thread. Descriptors with read and write
 * interest, timers, hooks that run once before each sleep, signals, and the clocks, read once per
 * wake-up. Handles are an index and a generation: {0, 0} means none, a stale handle is harmless,
 * and a callback may remove any watch or timer, its own included. */
#ifndef PST_SYS_LOOP_H
#define PST_SYS_LOOP_H

#include "base/def.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pst_loop;

struct pst_watch {
    uint32_t index, generation;
};
struct pst_timer {
    uint32_t index, generation;
};

/* Interest, and what a callback is told. */
enum {
    PST_READ = 1,
    PST_WRITE = 2,
    PST_CLOSED = 4, /* as interest: tell when the peer shut down its side, without reading */
    PST_HANGUP = 8, /* told only: error or both sides gone; the next read or write says which */
};

typedef void pst_watch_fn(struct pst_loop *loop, struct pst_watch watch, unsigned ready,
                          void *user);
typedef void pst_timer_fn(struct pst_loop *loop, void *user);
typedef void pst_hook_fn(struct pst_loop *loop, void *user);
typedef void pst_signal_fn(struct pst_loop *loop, int signal, void *user);

struct pst_loop_config {
    size_t watches_cap; /* 0: 65536 */
    size_t timers_cap;  /* 0: 65536 */
    bool fake_clock;    /* tests: time starts at 1 s and fake_wall_ns, moves by pst_loop_advance */
    int64_t fake_wall_ns;
};

/* `config` may be NULL. On success the caller owns *ret. */
PST_NODISCARD enum pst_status pst_loop_open(const struct pst_loop_config *config,
                                            struct pst_loop **ret, struct pst_err *err);
/* Forgets all watches (descriptors stay open, they are the callers') and timers. NULL is fine. Not
 * from inside a callback. */
void pst_loop_close(struct pst_loop *loop);

/* One wake-up: flush hooks, wait at most max_wait_ms (-1: until something happens) or until the
 * next timer, then run what is ready. Under the fake clock it never waits. *ret_ran (may be NULL)
 * counts callbacks. */
PST_NODISCARD enum pst_status pst_loop_step(struct pst_loop *loop, int max_wait_ms, size_t *ret_ran,
                                            struct pst_err *err);
/* Steps until pst_loop_stop; what is already in the batch still runs. */
PST_NODISCARD enum pst_status pst_loop_run(struct pst_loop *loop, struct pst_err *err);
void pst_loop_stop(struct pst_loop *loop);

/* Fake clock only: moves time on in the order of the timers, running each when it is due, and polls
 * descriptors (without waiting) until nothing is ready, before and after each. */
PST_NODISCARD enum pst_status pst_loop_advance(struct pst_loop *loop, uint64_t ms,
                                               struct pst_err *err);

/* --- clocks, cached at each wake-up ------------------------------------------------------------
 */
uint64_t pst_loop_now_ms(const struct pst_loop *loop); /* monotonic */
uint64_t pst_loop_now_ns(const struct pst_loop *loop); /* monotonic */
int64_t pst_loop_wall_ns(const struct pst_loop *loop); /* since 1970 */
/* Reads both clocks now: for a callback that worked long or measures itself. */
void pst_loop_clock_read(struct pst_loop *loop);

/* --- descriptors -------------------------------------------------------------------------------
 */
/* The descriptor must be non-blocking and pollable, and stay open until pst_unwatch: unwatch, then
 * close. Interest may be 0. One watch per descriptor. PST_E_LIMIT at the cap. */
PST_NODISCARD enum pst_status pst_watch(struct pst_loop *loop, int fd, unsigned interest,
                                        pst_watch_fn *fn, void *user, struct pst_watch *ret,
                                        struct pst_err *err);
/* Cheap: the kernel is told before the next sleep, and only if it matters then. Stale: ignored. */
void pst_watch_set(struct pst_loop *loop, struct pst_watch watch, unsigned interest);
unsigned pst_watch_interest(const struct pst_loop *loop, struct pst_watch watch);
/* The descriptor, -1 when the handle is stale. */
int pst_watch_fd(const struct pst_loop *loop, struct pst_watch watch);
/* No callback after this, also not from the batch being run. Sets *watch to none. Stale: ignored.
 */
void pst_unwatch(struct pst_loop *loop, struct pst_watch *watch);

/* --- timers: one shot, never early, O(log n) ----------------------------------------------------
 */
/* Arms *timer, or re-arms it when it is still live (fn and user are replaced). It is free again
 * when fn runs, so fn may arm it anew. False, and *timer unchanged, only at the cap or without
 * memory. */
PST_NODISCARD bool pst_timer_set(struct pst_loop *loop, struct pst_timer *timer, uint64_t after_ms,
                                 pst_timer_fn *fn, void *user);
/* Sets *timer to none. Stale: ignored. */
void pst_timer_cancel(struct pst_loop *loop, struct pst_timer *timer);
bool pst_timer_live(const struct pst_loop *loop, struct pst_timer timer);
size_t pst_loop_timers(const struct pst_loop *loop);

/* --- before each sleep --------------------------------------------------------------------------
 */
enum { PST_LOOP_HOOKS = 16 };
/* Runs once per wake-up, before the wait, in the order of addition; for the process's lifetime.
 * PST_E_LIMIT past PST_LOOP_HOOKS. */
PST_NODISCARD enum pst_status pst_loop_hook(struct pst_loop *loop, pst_hook_fn *fn, void *user,
                                            struct pst_err *err);
/* Runs once, before the next sleep and before the hooks: to release an object after its callbacks
 * have returned, or to continue long work after others had their turn (what is put off while
 * put-off work runs comes after the next poll, which then does not wait). Embedded in the caller's
 * object; zero it at first. */
struct pst_later {
    pst_hook_fn *fn;
    void *user;
    struct pst_later *next, *prev; /* private */
};
/* Adding one that waits already changes nothing. */
void pst_loop_later(struct pst_loop *loop, struct pst_later *later, pst_hook_fn *fn, void *user);
void pst_loop_later_cancel(struct pst_loop *loop, struct pst_later *later);

/* --- signals ------------------------------------------------------------------------------------
 */
/* Blocks the signals for the process and delivers them here instead. Once per loop. */
PST_NODISCARD enum pst_status pst_loop_signals(struct pst_loop *loop, const int *signals, size_t n,
                                               pst_signal_fn *fn, void *user, struct pst_err *err);

#endif
