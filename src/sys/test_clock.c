/* The loop's time: timers, put-off work, hooks, the real and the fake clock. */
#include "base/test.h"

#include "sys/fd.h"
#include "sys/loop.h"

#include <time.h>

enum { WALL = 1700000000 };

static struct pst_loop *open_loop(bool fake)
{
    struct pst_loop *loop = NULL;
    struct pst_loop_config config = {.fake_clock = fake, .fake_wall_ns = WALL};
    assert_int_equal(pst_loop_open(&config, &loop, NULL), PST_OK);
    return loop;
}

/* What ran, as a string of letters, and when. */
struct journal {
    struct pst_loop *loop;
    char what[64];
    uint64_t when[64];
    size_t n;
};
struct note {
    struct journal *journal;
    char letter;
    struct pst_timer timer;
    uint64_t again_ms; /* re-armed this often */
    unsigned times;
    struct pst_later later;
};

static void write_down(struct note *n, struct pst_loop *loop)
{
    struct journal *j = n->journal;
    if (j->n < sizeof(j->what) - 1) {
        j->when[j->n] = pst_loop_now_ms(loop);
        j->what[j->n++] = n->letter;
    }
}

static void on_timer(struct pst_loop *loop, void *user)
{
    struct note *n = user;
    assert_false(pst_timer_live(loop, n->timer));
    write_down(n, loop);
    if (n->times > 0) {
        n->times--;
        assert_true(pst_timer_set(loop, &n->timer, n->again_ms, on_timer, n));
    }
}

static void the_fake_clock_runs_timers_at_their_time(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    struct note a = {.journal = &j, .letter = 'a', .again_ms = 10, .times = 4};
    struct note b = {.journal = &j, .letter = 'b'};
    struct note c = {.journal = &j, .letter = 'c'};
    assert_int_equal(pst_loop_now_ms(j.loop), 1000);
    assert_int_equal(pst_loop_wall_ns(j.loop), WALL);
    assert_true(pst_timer_set(j.loop, &a.timer, 10, on_timer, &a));
    assert_true(pst_timer_set(j.loop, &b.timer, 25, on_timer, &b));
    assert_true(pst_timer_set(j.loop, &c.timer, 100000, on_timer, &c));
    assert_int_equal(pst_loop_timers(j.loop), 3);
    assert_int_equal(pst_loop_advance(j.loop, 9, NULL), PST_OK);
    assert_int_equal(j.n, 0);
    assert_int_equal(pst_loop_advance(j.loop, 31, NULL), PST_OK);
    assert_string_equal(j.what, "aabaa");
    static const uint64_t when[] = {1010, 1020, 1025, 1030, 1040};
    assert_memory_equal(j.when, when, sizeof(when));
    assert_int_equal(pst_loop_now_ms(j.loop), 1040);
    assert_int_equal(pst_loop_wall_ns(j.loop), WALL + 40 * 1000000);
    /* re-arming moves, cancelling forgets */
    assert_true(pst_timer_set(j.loop, &c.timer, 5, on_timer, &c));
    pst_timer_cancel(j.loop, &a.timer);
    pst_timer_cancel(j.loop, &a.timer);
    assert_int_equal(pst_loop_advance(j.loop, 1000000, NULL), PST_OK);
    assert_string_equal(j.what, "aabaac");
    assert_int_equal(j.when[5], 1045);
    assert_int_equal(pst_loop_timers(j.loop), 0);
    pst_loop_close(j.loop);
}

static void no_delay_still_lets_time_and_others_pass(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    struct note a = {.journal = &j, .letter = 'a', .times = 5};
    struct note b = {.journal = &j, .letter = 'b', .times = 5};
    assert_true(pst_timer_set(j.loop, &a.timer, 0, on_timer, &a));
    assert_true(pst_timer_set(j.loop, &b.timer, 0, on_timer, &b));
    size_t ran = 0;
    assert_int_equal(pst_loop_step(j.loop, 0, &ran, NULL), PST_OK);
    assert_int_equal(ran, 2);
    assert_string_equal(j.what, "ab");
    /* for ever without delay: said, not hung */
    a.times = b.times = UINT32_MAX;
    struct pst_err err = {0};
    assert_int_equal(pst_loop_advance(j.loop, 1, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_INTERNAL);
    pst_loop_close(j.loop);
}

static void a_far_timer_does_not_wrap(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    struct note a = {.journal = &j, .letter = 'a'};
    assert_true(pst_timer_set(j.loop, &a.timer, UINT64_MAX, on_timer, &a));
    assert_int_equal(pst_loop_advance(j.loop, UINT32_MAX, NULL), PST_OK);
    assert_int_equal(j.n, 0);
    pst_loop_close(j.loop);
    j.loop = open_loop(false);
    assert_true(pst_timer_set(j.loop, &a.timer, UINT64_MAX, on_timer, &a));
    assert_int_equal(pst_loop_step(j.loop, 1, NULL, NULL), PST_OK);
    assert_int_equal(j.n, 0);
    pst_loop_close(j.loop);
}

/* --- put-off work and hooks ------------------------------------------------------------------- */

static void on_hook(struct pst_loop *loop, void *user)
{
    write_down(user, loop);
}

static void on_later(struct pst_loop *loop, void *user)
{
    struct note *n = user;
    write_down(n, loop);
    if (n->times > 0) {
        n->times--;
        pst_loop_later(loop, &n->later, on_later, n);
    }
}

static void hooks_run_once_before_each_sleep(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    struct note h = {.journal = &j, .letter = 'h'}, i = {.journal = &j, .letter = 'i'};
    struct note a = {.journal = &j, .letter = 'a', .times = 1}, b = {.journal = &j, .letter = 'b'};
    assert_int_equal(pst_loop_hook(j.loop, on_hook, &h, NULL), PST_OK);
    assert_int_equal(pst_loop_hook(j.loop, on_hook, &i, NULL), PST_OK);
    pst_loop_later(j.loop, &a.later, on_later, &a);
    pst_loop_later(j.loop, &b.later, on_later, &b);
    pst_loop_later(j.loop, &b.later, on_later, &b); /* waits already */
    assert_int_equal(pst_loop_step(j.loop, 0, NULL, NULL), PST_OK);
    assert_string_equal(j.what, "abhi");
    assert_int_equal(pst_loop_step(j.loop, 0, NULL, NULL), PST_OK);
    assert_string_equal(j.what, "abhiahi"); /* a put itself off: after the poll */
    pst_loop_later(j.loop, &a.later, on_later, &a);
    pst_loop_later_cancel(j.loop, &a.later);
    pst_loop_later_cancel(j.loop, &a.later);
    assert_int_equal(pst_loop_step(j.loop, 0, NULL, NULL), PST_OK);
    assert_string_equal(j.what, "abhiahihi");
    for (int n = 2; n < PST_LOOP_HOOKS; n++) {
        assert_int_equal(pst_loop_hook(j.loop, on_hook, &i, NULL), PST_OK);
    }
    struct pst_err err = {0};
    assert_int_equal(pst_loop_hook(j.loop, on_hook, &i, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    pst_loop_close(j.loop);
}

static void cancel_other(struct pst_loop *loop, void *user)
{
    struct note *n = user;
    pst_loop_later_cancel(loop, &n->later);
}

static void put_off_work_may_cancel_its_neighbour(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    struct note a = {.journal = &j, .letter = 'a'}, b = {.journal = &j, .letter = 'b'};
    struct pst_later first = {0};
    pst_loop_later(j.loop, &first, cancel_other, &a);
    pst_loop_later(j.loop, &a.later, on_later, &a);
    pst_loop_later(j.loop, &b.later, on_later, &b);
    assert_int_equal(pst_loop_step(j.loop, 0, NULL, NULL), PST_OK);
    assert_string_equal(j.what, "b");
    pst_loop_close(j.loop);
}

/* --- the real clock --------------------------------------------------------------------------- */

static uint64_t mono_ms(void)
{
    struct timespec ts;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void on_stop(struct pst_loop *loop, void *user)
{
    write_down(user, loop);
    pst_loop_stop(loop);
}

static void a_real_timer_is_never_early(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(false)};
    struct note a = {.journal = &j, .letter = 'a'}, h = {.journal = &j, .letter = 'h'};
    uint64_t t0 = mono_ms();
    assert_int_equal(pst_loop_hook(j.loop, on_hook, &h, NULL), PST_OK);
    assert_true(pst_timer_set(j.loop, &a.timer, 40, on_stop, &a));
    assert_int_equal(pst_loop_run(j.loop, NULL), PST_OK);
    assert_true(mono_ms() - t0 >= 40);
    assert_string_equal(j.what, "hah"); /* one sleep, and the last flush after the stop */
    int64_t wall = pst_loop_wall_ns(j.loop);
    uint64_t ns = pst_loop_now_ns(j.loop);
    assert_true(wall > INT64_C(1600000000) * 1000000000);
    const struct timespec nap = {.tv_nsec = 2000000};
    assert_int_equal(nanosleep(&nap, NULL), 0);
    assert_int_equal(pst_loop_now_ns(j.loop), ns); /* cached */
    pst_loop_clock_read(j.loop);
    assert_true(pst_loop_now_ns(j.loop) >= ns + 2000000);
    pst_loop_close(j.loop);
}

/* --- descriptors under the fake clock --------------------------------------------------------- */

struct relay {
    struct journal *journal;
    int fd;
};
static void on_byte(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    struct relay *r = user;
    char byte = 0;
    size_t n;
    (void)watch;
    assert_int_equal(ready, PST_READ);
    assert_int_equal(pst_fd_read(r->fd, &byte, 1, &n, NULL), PST_OK);
    struct note note = {.journal = r->journal, .letter = byte};
    write_down(&note, loop);
}

static void on_write(struct pst_loop *loop, void *user)
{
    (void)loop;
    size_t n;
    assert_int_equal(pst_fd_write(*(int *)user, PST_STR("xyz"), &n, NULL), PST_OK);
}

static void on_deaf(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    (void)user;
}

static void the_fake_clock_serves_descriptors_in_between(void **state)
{
    (void)state;
    struct journal j = {.loop = open_loop(true)};
    int pair[2];
    assert_int_equal(pst_fd_pair(pair, 0, NULL), PST_OK);
    int stream[2];
    assert_int_equal(pipe(stream), 0);
    assert_int_equal(pst_fd_nonblock(stream[0], true, NULL), PST_OK);
    struct relay r = {&j, stream[0]};
    struct pst_watch w;
    assert_int_equal(pst_watch(j.loop, stream[0], PST_READ, on_byte, &r, &w, NULL), PST_OK);
    struct pst_timer t = {0};
    assert_true(pst_timer_set(j.loop, &t, 7, on_write, &stream[1]));
    assert_int_equal(pst_loop_advance(j.loop, 100, NULL), PST_OK);
    assert_string_equal(j.what, "xyz");
    assert_int_equal(j.when[2], 1007); /* all of it when the timer ran, not at the end */
    /* a callback that leaves its descriptor ready is found out */
    pst_unwatch(j.loop, &w);
    assert_int_equal(pst_watch(j.loop, stream[0], PST_READ, on_deaf, NULL, &w, NULL), PST_OK);
    assert_int_equal(write(stream[1], "!", 1), 1);
    struct pst_err err = {0};
    assert_int_equal(pst_loop_advance(j.loop, 1, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_INTERNAL);
    pst_loop_close(j.loop);
    for (int i = 0; i < 2; i++) {
        pst_fd_close(&pair[i]);
        pst_fd_close(&stream[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fake_clock_runs_timers_at_their_time),
        cmocka_unit_test(no_delay_still_lets_time_and_others_pass),
        cmocka_unit_test(a_far_timer_does_not_wrap),
        cmocka_unit_test(hooks_run_once_before_each_sleep),
        cmocka_unit_test(put_off_work_may_cancel_its_neighbour),
        cmocka_unit_test(a_real_timer_is_never_early),
        cmocka_unit_test(the_fake_clock_serves_descriptors_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
