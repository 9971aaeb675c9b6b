#include "cli/demo_server.h"

#include "sys/fd.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { READ_BYTES = 65536, CONNECTIONS_MAX = 16384 };

struct connection {
    struct pst_demo_server *server;
    struct connection *next, *prev;
    int fd;
    struct pst_watch watch;
    struct pst_timer timer;
    struct pst_h1 parser;
    struct pst_arena head_arena, arena; /* of the parser; of one answer */
    const struct pst_h1_head *head;
    struct pst_buf in; /* read, not parsed yet: pipelined requests */
    struct pst_buf body;
    struct pst_demo_script script;
    size_t step, sent;
    bool answering;
};

struct pst_demo_server {
    struct pst_loop *loop;
    struct pst_demo_options options;
    int fd;
    struct pst_watch watch;
    uint16_t port;
    struct connection *first;
    size_t connections;
    struct pst_demo_seen seen;
};

/* --- connections ----------------------------------------------------------------------------- */

static void connection_free(struct connection *c)
{
    struct pst_demo_server *server = c->server;
    pst_timer_cancel(server->loop, &c->timer);
    pst_unwatch(server->loop, &c->watch);
    pst_fd_close(&c->fd);
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        PST_BUG_ON(server->first != c);
        server->first = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    server->connections--;
    pst_buf_release(&c->in);
    pst_buf_release(&c->body);
    pst_demo_script_release(&c->script);
    pst_arena_release(&c->head_arena);
    pst_arena_release(&c->arena);
    free(c);
}

static void on_timer(struct pst_loop *loop, void *user);

/* The script is over. False when the connection is. */
static bool script_ended(struct connection *c)
{
    switch (c->script.end) {
    case PST_DEMO_KEEP:
        c->answering = false;
        pst_h1_reset(&c->parser);
        pst_arena_clear(&c->head_arena);
        pst_arena_clear(&c->arena);
        pst_buf_clear(&c->body);
        c->head = NULL;
        pst_watch_set(c->server->loop, c->watch, PST_READ);
        return true;
    case PST_DEMO_STALL:
        pst_watch_set(c->server->loop, c->watch, PST_CLOSED);
        return true;
    case PST_DEMO_RESET:
        pst_unwatch(c->server->loop, &c->watch); /* before its descriptor goes */
        pst_net_reset(&c->fd);
        break;
    case PST_DEMO_CLOSE:
        break;
    }
    connection_free(c);
    return false;
}

/* Sends what may leave. False when the connection is over and freed. */
static bool play(struct connection *c)
{
    struct pst_loop *loop = c->server->loop;
    while (c->step < c->script.n) {
        const struct pst_demo_step *step = &c->script.steps[c->step];
        struct pst_str left = pst_str_cut(pst_buf_str(&c->script.out), c->sent,
                                          step->end - c->sent);
        while (left.n > 0) {
            size_t n = 0;
            enum pst_status st = pst_fd_write(c->fd, left, &n, /* err= */ NULL);
            if (st == PST_AGAIN) {
                pst_watch_set(loop, c->watch, PST_WRITE | PST_CLOSED);
                return true;
            }
            if (st == PST_ERR) {
                connection_free(c);
                return false;
            }
            c->sent += n;
            left = pst_str_from(left, n);
        }
        c->step++;
        if (c->step < c->script.n && c->script.steps[c->step].delay_ms > 0) {
            pst_watch_set(loop, c->watch, PST_CLOSED);
            if (!pst_timer_set(loop, &c->timer, c->script.steps[c->step].delay_ms, on_timer, c)) {
                connection_free(c);
                return false;
            }
            return true;
        }
    }
    return script_ended(c);
}

static bool answer(struct connection *c)
{
    struct pst_demo_server *server = c->server;
    struct pst_err ignored;
    if (pst_demo_script_answer(&c->script, &server->options, &server->seen, c->head,
                               pst_buf_str(&c->body), &c->arena, &ignored) != PST_OK) {
        connection_free(c);
        return false;
    }
    c->answering = true;
    c->step = c->sent = 0;
    pst_watch_set(server->loop, c->watch, PST_CLOSED);
    if (c->script.n > 0 && c->script.steps[0].delay_ms > 0) {
        if (!pst_timer_set(server->loop, &c->timer, c->script.steps[0].delay_ms, on_timer, c)) {
            connection_free(c);
            return false;
        }
        return true;
    }
    return play(c);
}

static bool on_head(struct connection *c, const struct pst_h1_head *head)
{
    c->head = head;
    if (!head->expect_continue) {
        return true;
    }
    struct pst_buf out;
    size_t n = 0;
    pst_buf_init(&out, 64);
    bool ok = pst_h1_write_continue(&out) &&
              pst_fd_write(c->fd, pst_buf_str(&out), &n, /* err= */ NULL) == PST_OK && n == out.n;
    pst_buf_release(&out);
    return ok;
}

/* Parses what was read until a request is whole. False when the connection is over and freed. */
static bool parse(struct connection *c)
{
    while (!c->answering) {
        struct pst_h1_event event;
        struct pst_err ignored;
        size_t used = 0;
        enum pst_status st = pst_h1_feed(&c->parser, pst_buf_str(&c->in), &used, &event, &ignored);
        if (st == PST_AGAIN) {
            pst_buf_clear(&c->in);
            return true;
        }
        bool ok = st == PST_OK;
        if (ok && event.type == PST_H1_EVENT_BODY) {
            ok = pst_buf_add(&c->body, event.body);
        } else if (ok && event.type == PST_H1_EVENT_HEAD) {
            ok = on_head(c, event.head);
        }
        if (!ok) {
            connection_free(c);
            return false;
        }
        pst_buf_consume(&c->in, used);
        if (event.type == PST_H1_EVENT_END && !answer(c)) {
            return false;
        }
    }
    return true;
}

static void on_timer(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct connection *c = user;
    if (play(c) && !c->answering) {
        (void)parse(c); /* a pipelined request */
    }
}

static void on_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    struct connection *c = user;
    if (c->answering) {
        if ((ready & (PST_CLOSED | PST_HANGUP)) != 0) {
            connection_free(c);
        } else if ((ready & PST_WRITE) != 0 && play(c) && !c->answering) {
            (void)parse(c);
        }
        return;
    }
    uint8_t *room = pst_buf_room(&c->in, READ_BYTES);
    size_t n = 0;
    enum pst_status st = room == NULL ? PST_ERR
                                      : pst_fd_read(c->fd, room, READ_BYTES, &n, /* err= */ NULL);
    if (st == PST_AGAIN) {
        return;
    }
    if (st == PST_ERR || n == 0) {
        connection_free(c);
        return;
    }
    pst_buf_added(&c->in, n);
    (void)parse(c);
}

static void connection_open(struct pst_demo_server *server, int fd)
{
    static const struct pst_h1_limits limits = {.line_bytes = 8192,
                                                .head_bytes = 65536,
                                                .header_bytes = 32768,
                                                .headers = 200,
                                                .interims = 0,
                                                .chunks = 1 << 20,
                                                .body_bytes = PST_DEMO_BODY_MAX};
    struct pst_err ignored;
    struct connection *c = server->connections < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        pst_fd_close(&fd);
        return;
    }
    c->server = server;
    c->fd = fd;
    c->next = server->first;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    server->first = c;
    server->connections++;
    pst_arena_init(&c->head_arena, 8192, 1 << 19);
    pst_arena_init(&c->arena, 16384, (size_t)1 << 30);
    pst_buf_init(&c->in, 2U * READ_BYTES);
    pst_buf_init(&c->body, PST_DEMO_BODY_MAX);
    pst_demo_script_init(&c->script);
    pst_h1_init(&c->parser, PST_H1_REQUEST, &limits, &c->head_arena);
    if (pst_net_nodelay(fd, &ignored) != PST_OK ||
        pst_watch(server->loop, fd, PST_READ, on_ready, c, &c->watch, &ignored) != PST_OK) {
        connection_free(c);
    }
}

static void on_accept(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    struct pst_demo_server *server = user;
    for (int i = 0; i < 64; i++) {
        int fd = -1;
        struct pst_err ignored;
        if (pst_net_accept(server->fd, &fd, /* ret_peer= */ NULL, &ignored) != PST_OK) {
            return;
        }
        connection_open(server, fd);
    }
}

/* --- the server ------------------------------------------------------------------------------ */

enum pst_status pst_demo_server_open(struct pst_loop *loop, const struct pst_addr *address,
                                     const struct pst_demo_options *options,
                                     struct pst_demo_server **ret, struct pst_err *err)
{
    struct pst_demo_server *server = calloc(1, sizeof *server);
    struct pst_addr local;
    if (server == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory");
    }
    server->loop = loop;
    server->options = *options;
    server->fd = -1;
    pst_buf_init(&server->seen.authorization, 65536);
    pst_buf_init(&server->seen.body, PST_DEMO_BODY_MAX);
    if (pst_net_listen(address, /* backlog= */ 0, &server->fd, err) != PST_OK ||
        pst_net_local(server->fd, &local, err) != PST_OK ||
        pst_watch(loop, server->fd, PST_READ, on_accept, server, &server->watch, err) != PST_OK) {
        pst_demo_server_close(server);
        return PST_ERR;
    }
    server->port = pst_addr_port(&local);
    *ret = server;
    return PST_OK;
}

void pst_demo_server_close(struct pst_demo_server *server)
{
    if (server == NULL) {
        return;
    }
    while (server->first != NULL) {
        connection_free(server->first);
    }
    pst_unwatch(server->loop, &server->watch);
    pst_fd_close(&server->fd);
    pst_buf_release(&server->seen.authorization);
    pst_buf_release(&server->seen.body);
    free(server);
}

uint16_t pst_demo_server_port(const struct pst_demo_server *server)
{
    return server->port;
}

uint64_t pst_demo_server_requests(const struct pst_demo_server *server)
{
    return server->seen.requests;
}
