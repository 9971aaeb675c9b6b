#include "base/test.h"

#include "sys/fd.h"
#include "sys/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct pst_addr at(const char *text)
{
    struct pst_addr a = {0};
    assert_true(pst_addr_parse(pst_str_c(text), &a));
    return a;
}

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, 5000), 1);
}

static void tcp_round_trip(const char *any_port)
{
    struct pst_addr a = at(any_port), real = {0}, peer = {0}, own = {0};
    PST_FD listener = -1;
    PST_FD client = -1;
    PST_FD served = -1;
    assert_int_equal(pst_net_listen(&a, 0, &listener, NULL), PST_OK);
    assert_int_equal(fcntl(listener, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pst_net_local(listener, &real, NULL), PST_OK);
    assert_true(pst_addr_port(&real) != 0);
    assert_int_equal(pst_net_accept(listener, &served, &peer, NULL), PST_AGAIN);
    enum pst_status st = pst_net_connect(&real, &client, NULL);
    assert_true(st != PST_ERR);
    wait_for(client, POLLOUT);
    assert_int_equal(pst_net_connected(client, NULL), PST_OK);
    int on = 0;
    socklen_t n = sizeof(on);
    assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
    assert_int_equal(on, 1);
    wait_for(listener, POLLIN);
    assert_int_equal(pst_net_accept(listener, &served, &peer, NULL), PST_OK);
    assert_int_equal(pst_net_local(client, &own, NULL), PST_OK);
    assert_true(pst_addr_eq(&own, &peer));
    assert_true((fcntl(served, F_GETFL) & O_NONBLOCK) != 0);
    assert_int_equal(fcntl(served, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pst_net_nodelay(served, NULL), PST_OK);
    /* a reset is seen as one */
    pst_net_reset(&served);
    assert_int_equal(served, -1);
    pst_net_reset(&served);
    wait_for(client, POLLIN);
    char byte;
    size_t got;
    struct pst_err err = {0};
    assert_int_equal(pst_fd_read(client, &byte, 1, &got, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_ABORTED_PEER);
}

static void connects_and_accepts(void **state)
{
    (void)state;
    tcp_round_trip("127.0.0.1:0");
    int v6 = socket(AF_INET6, SOCK_STREAM, 0);
    struct pst_addr a = at("[::1]:0");
    if (v6 >= 0 && bind(v6, &a.u.any, a.n) == 0) {
        tcp_round_trip("[::1]:0");
    } else {
        print_message("skipped: no IPv6 here\n");
    }
    pst_fd_close(&v6);
}

static void a_taken_port_is_named(void **state)
{
    (void)state;
    struct pst_addr a = at("127.0.0.1:0"), real = {0};
    PST_FD first = -1;
    PST_FD second = -1;
    struct pst_err err = {0};
    char text[PST_ADDR_TEXT];
    assert_int_equal(pst_net_listen(&a, 0, &first, NULL), PST_OK);
    assert_int_equal(pst_net_local(first, &real, NULL), PST_OK);
    assert_int_equal(pst_net_listen(&real, 0, &second, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    pst_addr_text(&real, text);
    assert_non_null(strstr(err.text, text));
    assert_non_null(strstr(err.text, "taken"));
    assert_int_equal(second, -1);
    struct pst_addr foreign = at("192.0.2.1:0");
    assert_int_equal(pst_net_listen(&foreign, 0, &second, &err), PST_ERR);
    assert_non_null(strstr(err.text, "not an address of this machine"));
    struct pst_addr none = {0};
    assert_int_equal(pst_net_listen(&none, 0, &second, &err), PST_ERR);
}

static void nobody_there_is_a_connect_error(void **state)
{
    (void)state;
    struct pst_addr a = at("127.0.0.1:0"), real = {0};
    struct pst_err err = {0};
    PST_FD listener = -1;
    PST_FD client = -1;
    assert_int_equal(pst_net_listen(&a, 0, &listener, NULL), PST_OK);
    assert_int_equal(pst_net_local(listener, &real, NULL), PST_OK);
    pst_fd_close(&listener);
    enum pst_status st = pst_net_connect(&real, &client, &err);
    if (st == PST_AGAIN) {
        wait_for(client, POLLOUT);
        st = pst_net_connected(client, &err);
    }
    assert_int_equal(st, PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_CONNECT);
    /* not even begun */
    PST_FD fresh = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(pst_net_connected(fresh, NULL), PST_AGAIN);
    assert_int_equal(pst_net_connected(-1, &err), PST_ERR);
    struct pst_addr none = {0};
    int fd = -1;
    assert_int_equal(pst_net_connect(&none, &fd, &err), PST_ERR);
    assert_int_equal(fd, -1);
    assert_int_equal(pst_net_local(-1, &real, &err), PST_ERR);
    assert_int_equal(pst_net_nodelay(-1, &err), PST_ERR);
}

static void accept_tells_limits_from_bad_luck(void **state)
{
    (void)state;
    struct pst_addr a = at("127.0.0.1:0"), real = {0};
    struct pst_err err = {0};
    PST_FD listener = -1;
    PST_FD client = -1;
    int served = -1;
    assert_int_equal(pst_net_listen(&a, 0, &listener, NULL), PST_OK);
    assert_int_equal(pst_net_local(listener, &real, NULL), PST_OK);
    assert_true(pst_net_connect(&real, &client, NULL) != PST_ERR);
    wait_for(listener, POLLIN);
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum pst_status st = pst_net_accept(listener, &served, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(st, PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_int_equal(pst_net_accept(client, &served, NULL, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    assert_int_equal(pst_net_accept(listener, &served, NULL, NULL), PST_OK);
    pst_fd_close(&served);
}

/* --- Unix sockets ----------------------------------------------------------------------------- */

static int folder(void **state)
{
    *state = mkdtemp(strdup("/tmp/postern-net-XXXXXX"));
    return *state == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/s", (const char *)*state);
    (void)unlink(path);
    int done = rmdir(*state);
    free(*state);
    return done;
}

static void unix_listeners_have_mode_and_peer(void **state)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/s", (const char *)*state);
    PST_FD listener = -1;
    PST_FD client = -1;
    PST_FD served = -1;
    struct pst_err err = {0};
    assert_int_equal(pst_net_connect_unix(path, &client, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    mode_t before = umask(0);
    assert_int_equal(pst_net_listen_unix(path, 0600, 0, &listener, NULL), PST_OK);
    assert_int_equal(umask(before), 0); /* left as it was */
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(pst_net_connect_unix(path, &client, NULL), PST_OK);
    struct pst_addr peer = {.n = 5};
    struct pst_peer who = {0};
    assert_int_equal(pst_net_accept(listener, &served, &peer, NULL), PST_OK);
    assert_int_equal(peer.n, 0);
    assert_int_equal(pst_fd_peer(served, &who, NULL), PST_OK);
    assert_int_equal(who.pid, getpid());
    assert_int_equal(pst_net_local(served, &peer, NULL), PST_ERR);
    /* a live socket is not taken over */
    PST_FD second = -1;
    assert_int_equal(pst_net_listen_unix(path, 0600, 0, &second, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_non_null(strstr(err.text, path));
    /* a dead one is, */
    pst_fd_close(&listener);
    assert_int_equal(pst_net_listen_unix(path, 0666, 0, &second, NULL), PST_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    pst_fd_close(&second);
    /* another kind of file is not. */
    assert_int_equal(unlink(path), 0);
    PST_FD file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(pst_net_listen_unix(path, 0600, 0, &second, &err), PST_ERR);
    assert_non_null(strstr(err.text, "not a socket"));
}

static void unix_paths_have_a_length(void **state)
{
    (void)state;
    char path[200];
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    int fd = -1;
    struct pst_err err = {0};
    assert_int_equal(pst_net_listen_unix(path, 0600, 0, &fd, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_int_equal(pst_net_listen_unix("", 0600, 0, &fd, &err), PST_ERR);
    assert_int_equal(pst_net_connect_unix(path, &fd, &err), PST_ERR);
    assert_int_equal(pst_net_listen_unix("/nonexistent/folder/s", 0600, 0, &fd, &err), PST_ERR);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_and_accepts),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(nobody_there_is_a_connect_error),
        cmocka_unit_test(accept_tells_limits_from_bad_luck),
        cmocka_unit_test_setup_teardown(unix_listeners_have_mode_and_peer, folder, remove_folder),
        cmocka_unit_test(unix_paths_have_a_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
