#include "sys/sync.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void test_sync_ends_and_can_be_repeated(void **state)
{
    (void)state;
    char path[] = "/tmp/pst-sync-XXXXXX";
    int fd = mkstemp(path);
    struct pst_sync s;
    struct pst_err err = {0};
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pst_sync_open(&s, &err), PST_OK);
    assert_int_equal(pst_sync_finish(&s, &err), PST_AGAIN);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(fd, "record", 6), 6);
        assert_int_equal(pst_sync_start(&s, fd, &err), PST_OK);
        assert_true(s.busy);
        struct pollfd p = {.fd = s.event_fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        assert_int_equal(pst_sync_finish(&s, &err), PST_OK);
        assert_false(s.busy);
    }
    for (int i = 0; i < 3; i++) { /* waited for; a late wake-up changes nothing */
        assert_int_equal(pst_sync_wait(&s, &err), PST_OK);
        assert_int_equal(write(fd, "record", 6), 6);
        assert_int_equal(pst_sync_start(&s, fd, &err), PST_OK);
        assert_int_equal(pst_sync_wait(&s, &err), PST_OK);
        assert_false(s.busy);
        assert_int_equal(pst_sync_finish(&s, &err), PST_AGAIN);
    }
    pst_sync_close(&s);
    close(fd);
}

/* A descriptor that cannot be synced must say so, at the start or at the end, never pass. */
static void test_failed_sync_is_an_error(void **state)
{
    (void)state;
    int fds[2];
    struct pst_sync s;
    struct pst_err err = {0};
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pst_sync_open(&s, &err), PST_OK);
    enum pst_status status = pst_sync_start(&s, fds[1], &err);
    if (status == PST_OK) {
        struct pollfd p = {.fd = s.event_fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        status = pst_sync_finish(&s, &err);
    }
    assert_int_equal(status, PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    pst_sync_close(&s);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sync_ends_and_can_be_repeated),
        cmocka_unit_test(test_failed_sync_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
