/* The demo model on a socket: kept and pipelined connections, pace, clients that go away. */
#include "cli/demo_server.h"
#include "sys/fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct pst_loop *loop;
    struct pst_demo_server *server;
    struct pst_addr address;
    struct pst_err err;
};

static void world_open(struct world *w, const struct pst_demo_options *options)
{
    const struct pst_loop_config config = {.fake_clock = true};
    struct pst_addr any;
    assert_true(pst_addr_parse(PST_STR("127.0.0.1:0"), &any));
    assert_int_equal(pst_loop_open(&config, &w->loop, &w->err), PST_OK);
    assert_int_equal(pst_demo_server_open(w->loop, &any, options, &w->server, &w->err), PST_OK);
    assert_true(
        pst_addr_parse_ip(PST_STR("127.0.0.1"), pst_demo_server_port(w->server), &w->address));
}

static void world_close(struct world *w)
{
    pst_demo_server_close(w->server);
    pst_loop_close(w->loop);
}

static int client(struct world *w)
{
    int fd = -1;
    enum pst_status st = pst_net_connect(&w->address, &fd, &w->err);
    assert_true(st == PST_OK || st == PST_AGAIN);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t n = 0;
    assert_int_equal(pst_fd_write(fd, pst_str_c(text), &n, NULL), PST_OK);
    assert_int_equal(n, strlen(text));
}

/* Lets the server work, then reads what is there. False at the end of the connection. */
static bool hear(struct world *w, int fd, struct pst_buf *text)
{
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pst_loop_advance(w->loop, 0, &w->err), PST_OK);
    }
    for (;;) {
        uint8_t *room = pst_buf_room(text, 4096);
        size_t n = 0;
        assert_non_null(room);
        enum pst_status st = pst_fd_read(fd, room, 4096, &n, NULL);
        if (st == PST_AGAIN) {
            return true;
        }
        if (st != PST_OK || n == 0) {
            return false;
        }
        pst_buf_added(text, n);
    }
}

static size_t count(const struct pst_buf *b, const char *needle)
{
    size_t found = 0;
    struct pst_str rest = pst_buf_str(b);
    for (;;) {
        size_t at = pst_str_find(rest, pst_str_c(needle));
        if (at == PST_NPOS) {
            return found;
        }
        found++;
        rest = pst_str_from(rest, at + 1);
    }
}

#define BODY "{\"model\":\"m\",\"messages\":[]}"
#define POST(body, length)                                                                         \
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " length "\r\n\r\n" body

static void test_keep_alive_and_pipeline(void **state)
{
    (void)state;
    struct world w;
    struct pst_buf text;
    const struct pst_demo_options options = {.latency_ms = 5};
    world_open(&w, &options);
    pst_buf_init(&text, 1 << 20);
    int fd = client(&w);
    say(fd, POST(BODY, "27") POST(BODY, "27") "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear(&w, fd, &text));
    assert_int_equal(count(&text, "HTTP/1.1 200"), 0);
    assert_int_equal(pst_loop_advance(w.loop, 5, &w.err), PST_OK);
    assert_true(hear(&w, fd, &text));
    assert_int_equal(count(&text, "HTTP/1.1 200"), 1);
    assert_int_equal(pst_loop_advance(w.loop, 5, &w.err), PST_OK);
    assert_true(hear(&w, fd, &text));
    assert_int_equal(count(&text, "HTTP/1.1 200"), 3);
    assert_int_equal(pst_demo_server_requests(w.server), 2);
    say(fd, "nonsense\r\n\r\n");
    assert_false(hear(&w, fd, &text));
    pst_fd_close(&fd);
    pst_buf_release(&text);
    world_close(&w);
}

static void test_pace_and_leaving(void **state)
{
    (void)state;
    struct world w;
    struct pst_buf text;
    const struct pst_demo_options options = {.pace_ms = 20, .tokens = 4};
    world_open(&w, &options);
    pst_buf_init(&text, 1 << 20);
    static const char stream[] = POST("{\"model\":\"m\",\"stream\":true}", "27");
    int fd = client(&w), leaver = client(&w);
    say(fd, stream);
    say(leaver, stream);
    for (size_t i = 1; i <= 5; i++) {
        assert_true(hear(&w, fd, &text));
        assert_int_equal(count(&text, "data: {"), i);
        if (i == 2) {
            pst_fd_close(&leaver);
        }
        assert_int_equal(pst_loop_advance(w.loop, 20, &w.err), PST_OK);
    }
    assert_true(hear(&w, fd, &text));
    assert_int_equal(count(&text, "data: [DONE]"), 1);
    assert_int_equal(pst_loop_timers(w.loop), 0);
    pst_fd_close(&fd);
    pst_buf_release(&text);
    world_close(&w);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool open; /* afterwards */
    } cases[] = {
        {POST("{\"model\":\"demo:reset\"}", "22"), false},
        {POST("{\"model\":\"demo:truncate\"}", "25"), false},
        {POST("{\"model\":\"demo:stall\"}", "22"), true},
        {"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false},
        {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
         "Content-Length: 5\r\n\r\n",
         true},
    };
    struct world w;
    const struct pst_demo_options options = {0};
    world_open(&w, &options);
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_buf text;
        pst_buf_init(&text, 1 << 20);
        int fd = client(&w);
        say(fd, cases[i].request);
        assert_int_equal(hear(&w, fd, &text), cases[i].open);
        assert_true(i != 4 || count(&text, "HTTP/1.1 100 Continue\r\n\r\n") == 1);
        pst_fd_close(&fd);
        pst_buf_release(&text);
    }
    world_close(&w);
}

static void test_taken_port(void **state)
{
    (void)state;
    struct world w;
    struct pst_demo_server *second = NULL;
    const struct pst_demo_options options = {0};
    world_open(&w, &options);
    assert_int_equal(pst_demo_server_open(w.loop, &w.address, &options, &second, &w.err), PST_ERR);
    assert_int_equal(w.err.code, PST_E_CONFIG);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive_and_pipeline),
        cmocka_unit_test(test_pace_and_leaving),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_taken_port),
    };
    return cmocka_run_group_tests_name("demo_server", tests, NULL, NULL);
}
