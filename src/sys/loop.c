#include "sys/loop.h"

#include "sys/fd.h"
#include "sys/timers.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_CAP = 65536,
    FIRST_WATCHES = 64,
    BATCH = 128,
    SIGNALS = 8,
    FAKE_START_S = 1,
    FAKE_ROUNDS = 20000, /* rounds in which something was ready all the time: a callback spins */
};
#define NONE UINT32_MAX
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

struct slot {
    pst_watch_fn *fn; /* NULL: free */
    void *user;
    int fd;
    uint32_t generation; /* never 0 while in use */
    uint32_t next;       /* free: next free slot */
    uint32_t next_dirty;
    uint8_t wanted; /* interest the owner asked for */
    uint8_t armed;  /* interest the kernel knows; 0: not in the epoll set */
    bool dirty;     /* in the list of those to look at before the next sleep */
};

struct hook {
    pst_hook_fn *fn;
    void *user;
};

struct pst_loop {
    int epoll;
    bool fake, stopped;
    uint64_t mono_ns;
    int64_t wall_ns;
    struct slot *slots;
    uint32_t size, cap, free_head, dirty_head;
    struct pst_timers timers;
    struct hook hooks[PST_LOOP_HOOKS];
    size_t n_hooks;
    struct pst_later later; /* head of a ring */
    int signal_fd;
    pst_signal_fn *signal_fn;
    void *signal_user;
    struct epoll_event batch[BATCH];
};

/* --- clocks -------------------------------------------------------------------------------------
 */

static uint64_t clock_ns(clockid_t id)
{
    struct timespec ts = {0};
    PST_BUG_ON(clock_gettime(id, &ts) != 0);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void pst_loop_clock_read(struct pst_loop *loop)
{
    if (!loop->fake) {
        loop->mono_ns = clock_ns(CLOCK_MONOTONIC);
        loop->wall_ns = (int64_t)clock_ns(CLOCK_REALTIME);
    }
}

uint64_t pst_loop_now_ms(const struct pst_loop *loop)
{
    return loop->mono_ns / NS_PER_MS;
}

uint64_t pst_loop_now_ns(const struct pst_loop *loop)
{
    return loop->mono_ns;
}

int64_t pst_loop_wall_ns(const struct pst_loop *loop)
{
    return loop->wall_ns;
}

/* --- open and close -----------------------------------------------------------------------------
 */

enum pst_status pst_loop_open(const struct pst_loop_config *config, struct pst_loop **ret,
                              struct pst_err *err)
{
    static const struct pst_loop_config usual = {0};
    if (config == NULL) {
        config = &usual;
    }
    struct pst_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for an event loop");
    }
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        int e = errno;
        free(loop);
        return pst_fail(err, PST_E_IO, "epoll_create1: %s", strerror(e));
    }
    size_t cap = config->watches_cap != 0 ? config->watches_cap : DEFAULT_CAP;
    loop->cap = cap < NONE ? (uint32_t)cap : NONE - 1;
    loop->free_head = loop->dirty_head = NONE;
    pst_timers_init(&loop->timers, config->timers_cap != 0 ? config->timers_cap : DEFAULT_CAP);
    loop->later.next = loop->later.prev = &loop->later;
    loop->signal_fd = -1;
    loop->fake = config->fake_clock;
    loop->mono_ns = FAKE_START_S * NS_PER_S;
    loop->wall_ns = config->fake_wall_ns;
    pst_loop_clock_read(loop);
    *ret = loop;
    return PST_OK;
}

void pst_loop_close(struct pst_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    pst_timers_release(&loop->timers);
    pst_fd_close(&loop->signal_fd);
    pst_fd_close(&loop->epoll);
    free(loop->slots);
    free(loop);
}

/* --- watches ------------------------------------------------------------------------------------
 */

static struct slot *slot_of(const struct pst_loop *loop, struct pst_watch watch)
{
    if (watch.generation == 0 || watch.index >= loop->size) {
        return NULL;
    }
    struct slot *s = &loop->slots[watch.index];
    return s->fn != NULL && s->generation == watch.generation ? s : NULL;
}

static bool grow(struct pst_loop *loop)
{
    if (loop->size >= loop->cap) {
        return false;
    }
    uint32_t size = loop->size == 0 ? FIRST_WATCHES : loop->size * 2;
    if (size > loop->cap || size < loop->size) {
        size = loop->cap;
    }
    struct slot *slots = realloc(loop->slots, (size_t)size * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = loop->size; i < size; i++) {
        slots[i] = (struct slot){.fd = -1, .next = i + 1 < size ? i + 1 : NONE};
    }
    loop->slots = slots;
    loop->free_head = loop->size;
    loop->size = size;
    return true;
}

static uint32_t events_of(unsigned interest)
{
    return ((interest & PST_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((interest & PST_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0) |
           ((interest & PST_CLOSED) != 0 ? (uint32_t)EPOLLRDHUP : 0);
}

/* A set without interest leaves the epoll set altogether, because the kernel reports a hang-up
 * whether asked or not, and nobody would take it. */
static int arm(struct pst_loop *loop, uint32_t index, uint8_t interest)
{
    struct slot *s = &loop->slots[index];
    struct epoll_event ev = {.events = events_of(interest)};
    ev.data.u64 = (uint64_t)s->generation << 32 | index;
    int op = interest == 0 ? EPOLL_CTL_DEL : s->armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(loop->epoll, op, s->fd, &ev) != 0) {
        return errno;
    }
    s->armed = interest;
    return 0;
}

static void mark_dirty(struct pst_loop *loop, uint32_t index)
{
    struct slot *s = &loop->slots[index];
    if (!s->dirty) {
        s->dirty = true;
        s->next_dirty = loop->dirty_head;
        loop->dirty_head = index;
    }
}

enum pst_status pst_watch(struct pst_loop *loop, int fd, unsigned interest, pst_watch_fn *fn,
                          void *user, struct pst_watch *ret, struct pst_err *err)
{
    PST_BUG_ON(fn == NULL || fd < 0);
    if (loop->free_head == NONE && !grow(loop)) {
        return pst_fail(err, PST_E_LIMIT, "too many watched descriptors");
    }
    uint32_t index = loop->free_head;
    struct slot *s = &loop->slots[index];
    uint32_t next = s->next;
    uint32_t generation = s->generation + 1;
    s->generation = generation != 0 ? generation : 1;
    s->fd = fd;
    s->armed = 0;
    s->wanted = (uint8_t)(interest & (PST_READ | PST_WRITE | PST_CLOSED));
    int e = s->wanted != 0 ? arm(loop, index, s->wanted) : 0;
    if (e != 0) {
        return pst_fail(err, PST_E_IO, "cannot watch descriptor %d: %s", fd, strerror(e));
    }
    loop->free_head = next;
    s->fn = fn;
    s->user = user;
    *ret = (struct pst_watch){index, s->generation};
    return PST_OK;
}

void pst_watch_set(struct pst_loop *loop, struct pst_watch watch, unsigned interest)
{
    struct slot *s = slot_of(loop, watch);
    if (s == NULL) {
        return;
    }
    s->wanted = (uint8_t)(interest & (PST_READ | PST_WRITE | PST_CLOSED));
    if (s->wanted != s->armed) {
        mark_dirty(loop, watch.index);
    }
}

unsigned pst_watch_interest(const struct pst_loop *loop, struct pst_watch watch)
{
    const struct slot *s = slot_of(loop, watch);
    return s != NULL ? s->wanted : 0;
}

int pst_watch_fd(const struct pst_loop *loop, struct pst_watch watch)
{
    const struct slot *s = slot_of(loop, watch);
    return s != NULL ? s->fd : -1;
}

void pst_unwatch(struct pst_loop *loop, struct pst_watch *watch)
{
    struct slot *s = slot_of(loop, *watch);
    uint32_t index = watch->index;
    *watch = (struct pst_watch){0, 0};
    if (s == NULL) {
        return;
    }
    /* Closing alone would not do: a descriptor that was passed on lives in the receiver, and the
     * epoll set would keep reporting it. */
    int e = s->armed != 0 ? arm(loop, index, 0) : 0;
    PST_BUG_ON(e != 0); /* closed before it was unwatched */
    s->fn = NULL;
    s->fd = -1;
    s->wanted = 0;
    s->next = loop->free_head;
    loop->free_head = index;
}

/* Tells the kernel what changed since the last sleep. Reading that is no longer wanted stays armed
 * until something arrives: a stream that pauses for credit and goes on costs no system call. */
static enum pst_status flush_interest(struct pst_loop *loop, struct pst_err *err)
{
    while (loop->dirty_head != NONE) {
        uint32_t index = loop->dirty_head;
        struct slot *s = &loop->slots[index];
        loop->dirty_head = s->next_dirty;
        s->dirty = false;
        unsigned more = s->wanted & ~(unsigned)s->armed;
        unsigned less = s->armed & ~(unsigned)s->wanted;
        if (s->fn == NULL || (more == 0 && (less & PST_WRITE) == 0)) {
            continue;
        }
        int e = arm(loop, index, s->wanted);
        if (e != 0) {
            PST_BUG_ON(e == EBADF || e == ENOENT || e == EEXIST || e == EINVAL);
            return pst_fail(err, PST_E_IO, "epoll_ctl: %s", strerror(e));
        }
    }
    return PST_OK;
}

static size_t dispatch(struct pst_loop *loop, int n)
{
    size_t ran = 0;
    for (int i = 0; i < n; i++) {
        uint64_t key = loop->batch[i].data.u64;
        uint32_t events = loop->batch[i].events;
        struct pst_watch watch = {(uint32_t)(key & UINT32_MAX), (uint32_t)(key >> 32)};
        struct slot *s = slot_of(loop, watch);
        if (s == NULL) {
            continue; /* removed by an earlier callback of this batch */
        }
        unsigned ready = 0;
        ready |= (events & EPOLLIN) != 0 ? PST_READ : 0U;
        ready |= (events & EPOLLOUT) != 0 ? PST_WRITE : 0U;
        ready |= (events & EPOLLRDHUP) != 0 ? PST_CLOSED : 0U;
        ready &= s->wanted;
        if (s->wanted != 0 && (events & (uint32_t)(EPOLLHUP | EPOLLERR)) != 0) {
            ready |= PST_HANGUP;
        }
        if (ready == 0) {
            /* Armed for something that is no longer wanted: now it costs, so now it goes. */
            int e = s->wanted != s->armed ? arm(loop, watch.index, s->wanted) : 0;
            PST_BUG_ON(e != 0);
            continue;
        }
        s->fn(loop, watch, ready, s->user);
        ran++;
    }
    return ran;
}

/* --- timers -------------------------------------------------------------------------------------
 */

bool pst_timer_set(struct pst_loop *loop, struct pst_timer *timer, uint64_t after_ms,
                   pst_timer_fn *fn, void *user)
{
    PST_BUG_ON(fn == NULL);
    uint64_t room = (UINT64_MAX - loop->mono_ns) / NS_PER_MS;
    uint64_t due = loop->mono_ns + (after_ms < room ? after_ms : room) * NS_PER_MS;
    return pst_timers_set(&loop->timers, timer, due, fn, user);
}

void pst_timer_cancel(struct pst_loop *loop, struct pst_timer *timer)
{
    pst_timers_cancel(&loop->timers, *timer);
    *timer = (struct pst_timer){0, 0};
}

bool pst_timer_live(const struct pst_loop *loop, struct pst_timer timer)
{
    return pst_timers_live(&loop->timers, timer);
}

size_t pst_loop_timers(const struct pst_loop *loop)
{
    return loop->timers.used;
}

static size_t run_timers(struct pst_loop *loop)
{
    size_t ran = 0;
    uint64_t age = loop->timers.age;
    pst_timer_fn *fn;
    void *user;
    while (pst_timers_take(&loop->timers, loop->mono_ns, age, &fn, &user)) {
        fn(loop, user);
        ran++;
    }
    return ran;
}

static int wait_ms(const struct pst_loop *loop, int max_wait_ms)
{
    uint64_t due;
    if (loop->fake || loop->stopped || loop->later.next != &loop->later) {
        return 0;
    }
    if (!pst_timers_next(&loop->timers, &due)) {
        return max_wait_ms;
    }
    /* The cached time is as old as the batch was long; sleeping by it would wake too late. */
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    uint64_t left = due <= now ? 0 : (due - now + NS_PER_MS - 1) / NS_PER_MS; /* up: never early */
    uint64_t most = max_wait_ms < 0 ? INT_MAX : (uint64_t)max_wait_ms;
    return (int)(left < most ? left : most);
}

/* --- hooks --------------------------------------------------------------------------------------
 */

enum pst_status pst_loop_hook(struct pst_loop *loop, pst_hook_fn *fn, void *user,
                              struct pst_err *err)
{
    if (loop->n_hooks == PST_LOOP_HOOKS) {
        return pst_fail(err, PST_E_LIMIT, "too many hooks in one event loop");
    }
    loop->hooks[loop->n_hooks++] = (struct hook){fn, user};
    return PST_OK;
}

static void unlink_later(struct pst_later *later)
{
    later->prev->next = later->next;
    later->next->prev = later->prev;
    later->next = later->prev = NULL;
}

void pst_loop_later(struct pst_loop *loop, struct pst_later *later, pst_hook_fn *fn, void *user)
{
    if (later->next != NULL) {
        return;
    }
    later->fn = fn;
    later->user = user;
    later->prev = loop->later.prev;
    later->next = &loop->later;
    later->prev->next = later;
    loop->later.prev = later;
}

void pst_loop_later_cancel(struct pst_loop *loop, struct pst_later *later)
{
    (void)loop;
    if (later->next != NULL) {
        unlink_later(later);
    }
}

static size_t run_before_sleep(struct pst_loop *loop)
{
    size_t ran = 0;
    /* A mark at the end of the ring keeps what is put off meanwhile for the next round. */
    struct pst_later mark = {0};
    pst_loop_later(loop, &mark, NULL, NULL);
    while (loop->later.next != &mark) {
        struct pst_later *later = loop->later.next;
        unlink_later(later);
        later->fn(loop, later->user);
        ran++;
    }
    unlink_later(&mark);
    for (size_t i = 0; i < loop->n_hooks; i++) {
        loop->hooks[i].fn(loop, loop->hooks[i].user);
    }
    return ran;
}

/* --- signals ------------------------------------------------------------------------------------
 */

static void on_signal(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    (void)user;
    struct signalfd_siginfo info[SIGNALS];
    size_t n = 0;
    if (pst_fd_read(loop->signal_fd, info, sizeof(info), &n, NULL) != PST_OK) {
        return;
    }
    for (size_t i = 0; i < n / sizeof(info[0]); i++) {
        loop->signal_fn(loop, (int)info[i].ssi_signo, loop->signal_user);
    }
}

enum pst_status pst_loop_signals(struct pst_loop *loop, const int *signals, size_t n,
                                 pst_signal_fn *fn, void *user, struct pst_err *err)
{
    PST_BUG_ON(fn == NULL || loop->signal_fd >= 0);
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < n; i++) {
        PST_BUG_ON(sigaddset(&set, signals[i]) != 0);
    }
    PST_FD fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        return pst_fail(err, PST_E_IO, "signalfd: %s", strerror(errno));
    }
    struct pst_watch watch;
    if (pst_watch(loop, fd, PST_READ, on_signal, NULL, &watch, err) != PST_OK) {
        return PST_ERR;
    }
    PST_BUG_ON(sigprocmask(SIG_BLOCK, &set, NULL) != 0);
    loop->signal_fd = pst_fd_take(&fd);
    loop->signal_fn = fn;
    loop->signal_user = user;
    return PST_OK;
}

/* --- driving ------------------------------------------------------------------------------------
 */

enum pst_status pst_loop_step(struct pst_loop *loop, int max_wait_ms, size_t *ret_ran,
                              struct pst_err *err)
{
    size_t ran = run_before_sleep(loop);
    if (flush_interest(loop, err) != PST_OK) {
        return PST_ERR;
    }
    int n = epoll_wait(loop->epoll, loop->batch, BATCH, wait_ms(loop, max_wait_ms));
    if (n < 0 && errno != EINTR) {
        return pst_fail(err, PST_E_IO, "epoll_wait: %s", strerror(errno));
    }
    pst_loop_clock_read(loop);
    ran += dispatch(loop, n);
    ran += run_timers(loop);
    if (ret_ran != NULL) {
        *ret_ran = ran;
    }
    return PST_OK;
}

void pst_loop_stop(struct pst_loop *loop)
{
    loop->stopped = true;
}

enum pst_status pst_loop_run(struct pst_loop *loop, struct pst_err *err)
{
    loop->stopped = false;
    while (!loop->stopped) {
        if (pst_loop_step(loop, -1, NULL, err) != PST_OK) {
            return PST_ERR;
        }
    }
    (void)run_before_sleep(loop); /* what the last batch produced still goes out */
    return PST_OK;
}

static enum pst_status settle_fake(struct pst_loop *loop, struct pst_err *err)
{
    size_t ran = 1;
    for (int round = 0; ran != 0; round++) {
        if (round == FAKE_ROUNDS) {
            return pst_fail(err, PST_E_INTERNAL, "a callback spins: something is always ready");
        }
        if (pst_loop_step(loop, 0, &ran, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

enum pst_status pst_loop_advance(struct pst_loop *loop, uint64_t ms, struct pst_err *err)
{
    PST_BUG_ON(!loop->fake || ms > UINT32_MAX);
    uint64_t until = loop->mono_ns + ms * NS_PER_MS;
    for (;;) {
        if (settle_fake(loop, err) != PST_OK) {
            return PST_ERR;
        }
        uint64_t due;
        bool more = pst_timers_next(&loop->timers, &due) && due <= until;
        uint64_t to = more ? due : until;
        loop->wall_ns += (int64_t)(to - loop->mono_ns);
        loop->mono_ns = to;
        if (!more) {
            return PST_OK;
        }
    }
}
