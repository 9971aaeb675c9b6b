#include "base/test.h"

#include "base/test_heap.h"
#include "sys/fd.h"
#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

static size_t told; /* calls of epoll_ctl */
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    told++;
    return __real_epoll_ctl(epoll, op, fd, event);
}

static struct pst_loop *open_loop(bool fake)
{
    struct pst_loop *loop = NULL;
    struct pst_loop_config config = {.fake_clock = fake, .fake_wall_ns = 5000};
    assert_int_equal(pst_loop_open(&config, &loop, NULL), PST_OK);
    return loop;
}

static size_t step(struct pst_loop *loop, int wait)
{
    size_t ran = 99;
    assert_int_equal(pst_loop_step(loop, wait, &ran, NULL), PST_OK);
    return ran;
}

/* One end of a socket pair, and what its callback saw and shall do. */
struct end {
    int fd, other;
    struct pst_watch watch;
    unsigned seen, calls;
    struct pst_watch *remove; /* unwatched by the callback */
    bool drain;
};

static void on_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    struct end *e = user;
    assert_int_equal(pst_watch_fd(loop, watch), e->fd);
    e->seen |= ready;
    e->calls++;
    if (e->drain) {
        char bytes[64];
        size_t n;
        while (pst_fd_read(e->fd, bytes, sizeof(bytes), &n, NULL) == PST_OK && n > 0) {
        }
    }
    if (e->remove != NULL) {
        pst_unwatch(loop, e->remove);
    }
}

static void end_open(struct pst_loop *loop, struct end *e, unsigned interest)
{
    int pair[2];
    *e = (struct end){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    e->fd = pair[0];
    e->other = pair[1];
    assert_int_equal(pst_watch(loop, e->fd, interest, on_ready, e, &e->watch, NULL), PST_OK);
}

static void end_close(struct pst_loop *loop, struct end *e)
{
    pst_unwatch(loop, &e->watch);
    pst_fd_close(&e->fd);
    pst_fd_close(&e->other);
}

static void tells_what_is_ready(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    struct end e;
    end_open(loop, &e, PST_READ);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(write(e.other, "x", 1), 1);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(e.seen, PST_READ);
    pst_watch_set(loop, e.watch, PST_READ | PST_WRITE);
    assert_int_equal(pst_watch_interest(loop, e.watch), PST_READ | PST_WRITE);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(e.seen, PST_READ | PST_WRITE);
    e.seen = 0;
    pst_watch_set(loop, e.watch, PST_CLOSED);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(shutdown(e.other, SHUT_WR), 0);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(e.seen, PST_CLOSED);
    pst_fd_close(&e.other);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(e.seen, PST_CLOSED | PST_HANGUP);
    end_close(loop, &e);
    pst_loop_close(loop);
}

/* A hang-up is told by the kernel whether asked for or not: it must not become a spin. */
static void without_interest_nothing_spins(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    struct end e;
    end_open(loop, &e, PST_READ);
    pst_watch_set(loop, e.watch, 0);
    assert_int_equal(write(e.other, "x", 1), 1);
    pst_fd_close(&e.other);
    assert_int_equal(step(loop, 0), 0); /* takes the descriptor out */
    struct timespec a, b;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &a), 0);
    assert_int_equal(step(loop, 30), 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &b), 0);
    assert_true((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 29000000);
    assert_int_equal(e.calls, 0);
    pst_watch_set(loop, e.watch, PST_READ);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(e.seen, PST_READ | PST_HANGUP);
    end_close(loop, &e);
    pst_loop_close(loop);
}

static void the_kernel_is_told_only_what_matters(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    struct end e;
    end_open(loop, &e, PST_READ);
    told = 0;
    /* there and back between two sleeps */
    pst_watch_set(loop, e.watch, PST_READ | PST_WRITE);
    pst_watch_set(loop, e.watch, 0);
    pst_watch_set(loop, e.watch, PST_READ);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(told, 0);
    /* reading paused and resumed while nothing came */
    pst_watch_set(loop, e.watch, 0);
    assert_int_equal(step(loop, 0), 0);
    pst_watch_set(loop, e.watch, PST_READ);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(told, 0);
    /* paused, and something came: once, and no callback */
    pst_watch_set(loop, e.watch, 0);
    assert_int_equal(write(e.other, "x", 1), 1);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(told, 1);
    /* writing goes at once, since a socket is nearly always writable */
    pst_watch_set(loop, e.watch, PST_WRITE);
    assert_int_equal(step(loop, 0), 1);
    pst_watch_set(loop, e.watch, 0);
    assert_int_equal(step(loop, 0), 0);
    assert_int_equal(told, 3);
    end_close(loop, &e); /* is not in the set: nothing to tell */
    assert_int_equal(told, 3);
    pst_loop_close(loop);
}

static void a_callback_may_remove_any_watch(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    struct end a, b;
    end_open(loop, &a, PST_READ);
    end_open(loop, &b, PST_READ);
    a.remove = &b.watch;
    b.remove = &a.watch;
    assert_int_equal(write(a.other, "x", 1), 1);
    assert_int_equal(write(b.other, "x", 1), 1);
    assert_int_equal(step(loop, 0), 1); /* whichever was first removed the other */
    assert_int_equal(a.calls + b.calls, 1);
    end_close(loop, &a);
    end_close(loop, &b);
    /* itself */
    end_open(loop, &a, PST_READ);
    a.remove = &a.watch;
    assert_int_equal(write(a.other, "x", 1), 1);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(a.watch.generation, 0);
    assert_int_equal(step(loop, 0), 0);
    end_close(loop, &a);
    pst_loop_close(loop);
}

/* A slot that is freed and taken again within one batch does not get the old one's event. */
struct swap {
    struct end *victim;
    struct end fresh;
};
static void on_swap(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    struct swap *s = user;
    (void)ready;
    pst_unwatch(loop, &watch);
    pst_unwatch(loop, &s->victim->watch);
    end_open(loop, &s->fresh, PST_READ);
}

static void a_reused_slot_gets_no_stale_event(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    struct end a, b;
    struct swap s = {.victim = &b};
    end_open(loop, &a, 0);
    pst_unwatch(loop, &a.watch);
    assert_int_equal(pst_watch(loop, a.fd, PST_READ, on_swap, &s, &a.watch, NULL), PST_OK);
    end_open(loop, &b, PST_READ);
    struct pst_watch old = b.watch;
    assert_int_equal(write(a.other, "x", 1), 1);
    assert_int_equal(write(b.other, "x", 1), 1);
    assert_int_equal(step(loop, 0), 1);
    assert_int_equal(s.fresh.watch.index, old.index);
    assert_int_not_equal(s.fresh.watch.generation, old.generation);
    assert_int_equal(s.fresh.calls + b.calls, 0);
    pst_watch_set(loop, old, PST_WRITE); /* stale: ignored */
    assert_int_equal(pst_watch_interest(loop, s.fresh.watch), PST_READ);
    assert_int_equal(pst_watch_interest(loop, old), 0);
    assert_int_equal(pst_watch_fd(loop, old), -1);
    pst_unwatch(loop, &old);
    assert_int_equal(pst_watch_fd(loop, s.fresh.watch), s.fresh.fd);
    end_close(loop, &s.fresh);
    end_close(loop, &a);
    end_close(loop, &b);
    pst_loop_close(loop);
}

static void refuses_what_it_cannot_watch(void **state)
{
    (void)state;
    struct pst_loop *loop = NULL;
    struct pst_loop_config config = {.watches_cap = 2};
    struct pst_err err = {0};
    assert_int_equal(pst_loop_open(&config, &loop, NULL), PST_OK);
    PST_FD file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct pst_watch w = {0};
    assert_int_equal(pst_watch(loop, file, PST_READ, on_ready, NULL, &w, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    assert_int_equal(w.generation, 0);
    struct end a, b;
    end_open(loop, &a, 0);
    end_open(loop, &b, PST_READ);
    assert_int_equal(pst_watch(loop, a.other, PST_READ, on_ready, NULL, &w, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    end_close(loop, &a);
    assert_int_equal(pst_watch(loop, b.other, PST_READ, on_ready, NULL, &w, NULL), PST_OK);
    pst_unwatch(loop, &w);
    end_close(loop, &b);
    pst_loop_close(loop);
    pst_loop_close(NULL);
}

static void many_descriptors_are_all_served(void **state)
{
    (void)state;
    enum { MANY = 400 };
    static struct end e[MANY];
    struct pst_loop *loop = open_loop(false);
    for (size_t i = 0; i < MANY; i++) {
        end_open(loop, &e[i], PST_READ);
        e[i].drain = true;
        assert_int_equal(write(e[i].other, "x", 1), 1);
    }
    size_t ran = 0;
    for (size_t i = 0; i < 8; i++) { /* more than a batch holds */
        ran += step(loop, 0);
    }
    assert_int_equal(ran, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(e[i].calls, 1);
        end_close(loop, &e[i]);
    }
    pst_loop_close(loop);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct pst_loop *loop = NULL;
    struct pst_err err = {0};
    test_heap_fail_from(1);
    assert_int_equal(pst_loop_open(NULL, &loop, &err), PST_ERR);
    test_heap_fail_from(0);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    assert_null(loop);
    loop = open_loop(false);
    struct pst_watch w = {0};
    test_heap_fail_from(1);
    assert_int_equal(pst_watch(loop, 0, PST_READ, on_ready, NULL, &w, &err), PST_ERR);
    struct pst_timer t = {0};
    assert_false(pst_timer_set(loop, &t, 1, (pst_timer_fn *)abort, NULL));
    test_heap_fail_from(0);
    pst_loop_close(loop);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void on_signal(struct pst_loop *loop, int signal, void *user)
{
    *(int *)user += signal;
    pst_loop_stop(loop);
}

static void delivers_signals(void **state)
{
    (void)state;
    struct pst_loop *loop = open_loop(false);
    int got = 0;
    static const int signals[] = {SIGUSR1, SIGUSR2};
    assert_int_equal(pst_loop_signals(loop, signals, 2, on_signal, &got, NULL), PST_OK);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(pst_loop_run(loop, NULL), PST_OK);
    assert_int_equal(got, SIGUSR1 + SIGUSR2);
    pst_loop_close(loop);
    sigset_t set;
    sigemptyset(&set);
    assert_int_equal(sigprocmask(SIG_SETMASK, &set, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_ready),
        cmocka_unit_test(without_interest_nothing_spins),
        cmocka_unit_test(the_kernel_is_told_only_what_matters),
        cmocka_unit_test(a_callback_may_remove_any_watch),
        cmocka_unit_test(a_reused_slot_gets_no_stale_event),
        cmocka_unit_test(refuses_what_it_cannot_watch),
        cmocka_unit_test(many_descriptors_are_all_served),
        cmocka_unit_test(out_of_memory_is_an_error),
        cmocka_unit_test(delivers_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
