#include "base/test.h"

#include "sys/fd.h"
#include "sys/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that listens at a name; the name's first byte 0 makes it an abstract one. */
static int manager(const char *name, size_t n)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    memcpy(at.sun_path, name, n);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
                     0);
    return fd;
}

static void hears(const char *variable, const char *name, size_t n)
{
    char got[64];
    PST_FD fd = manager(name, n);
    assert_int_equal(setenv("NOTIFY_SOCKET", variable, 1), 0);
    assert_true(pst_notify(PST_STR("READY=1")));
    assert_int_equal(recv(fd, got, sizeof got, 0), 7);
    assert_memory_equal(got, "READY=1", 7);
}

static void test_path_and_abstract(void **state)
{
    (void)state;
    char path[64], abstract[64];
    snprintf(path, sizeof path, "/tmp/postern-notify-%d", (int)getpid());
    hears(path, path, strlen(path));
    assert_int_equal(unlink(path), 0);
    snprintf(abstract, sizeof abstract, "@postern-notify-%d", (int)getpid());
    char name[64];
    memcpy(name, abstract, sizeof name);
    name[0] = 0;
    hears(abstract, name, strlen(abstract));
}

static void test_nobody_there(void **state)
{
    (void)state;
    char longest[256];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = 0;
    const char *const names[] = {"", "@", "relative", "/nonexistent/socket", longest};
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_false(pst_notify(PST_STR("READY=1")));
    for (size_t i = 0; i < PST_LEN(names); i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        assert_false(pst_notify(PST_STR("READY=1")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_and_abstract),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
