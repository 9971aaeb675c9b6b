/* Dial: resolves names and connects, for listed upstreams only, and hands the descriptor over.
 * Which upstream is asked for is told by the link the question came on: an egress cannot name a
 * host. Loopback, private, link-local and metadata addresses are refused unless the upstream's row
 * lists them. It never reads or writes what it connected. */
#include "roles/roles.h"

#include "base/map.h"
#include "gate/image.h"
#include "roles/house.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/hosts.h"
#include "sys/net.h"

#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRIES_MAX = 8, WATCHES = 16, CALLS_MAX = 4096, HOSTS_MAX = 1 << 20 };

struct dial;

/* One question of an egress: the addresses of its upstream, tried in order. */
struct call {
    struct dial *dial;
    uint64_t id;     /* as its egress names it */
    uint64_t serial; /* as no other question of this process is named */
    uint8_t egress;
    struct pst_dial_target target; /* a copy: it outlives the image it came from */
    struct pst_addr tries[TRIES_MAX];
    size_t n_tries, at;
    bool refused; /* an address was there, and not allowed */
    int fd;
    struct pst_watch watch;
    struct pst_timer timer;
    struct call *next;
};

struct dial {
    struct pst_house house;
    struct pst_str map;
    const struct pst_dial_image *image;
    ares_channel resolver;
    struct pst_buf hosts; /* /etc/hosts as it was at the start */
    bool resolver_open;
    struct {
        int fd;
        struct pst_watch watch;
    } sockets[WATCHES]; /* of the resolver */
    struct pst_timer resolver_timer;
    struct call *calls;
    size_t n_calls;
    uint64_t serial;
};

static void try_next(struct call *c);

/* --- the end of a question
 * -------------------------------------------------------------------------- */

static void call_free(struct call *c)
{
    struct dial *d = c->dial;
    struct call **at = &d->calls;
    while (*at != c) {
        PST_BUG_ON(*at == NULL);
        at = &(*at)->next;
    }
    *at = c->next;
    d->n_calls--;
    pst_unwatch(d->house.loop, &c->watch);
    pst_timer_cancel(d->house.loop, &c->timer);
    pst_fd_close(&c->fd);
    free(c);
}

static void answer(struct call *c, int *fd, enum pst_error error, const char *text)
{
    struct dial *d = c->dial;
    struct pst_link *link = pst_house_peer(&d->house, PST_ROLE_EGRESS, c->egress);
    struct pst_ipc_connected m = {.id = c->id, .error = (uint16_t)error};
    char address[PST_ADDR_TEXT] = "-";
    if (c->at > 0 && c->at <= c->n_tries) {
        pst_addr_text(&c->tries[c->at - 1], address);
    }
    PST_ISTR_CUT(m.address, pst_str_c(address));
    PST_ISTR_CUT(m.text, pst_str_c(text));
    if (link != NULL) {
        (void)pst_link_send(link, PST_IPC_CONNECTED, &m, (struct pst_str){NULL, 0},
                            fd != NULL ? pst_fd_take(fd) : -1);
    }
    if (error != PST_E_NONE) {
        pst_house_count(&d->house, PST_METRIC_upstream_errors_total, 1);
    } else {
        pst_house_count(&d->house, PST_METRIC_connections_total, 1);
    }
}

static void call_fail(struct call *c, enum pst_error error, const char *text)
{
    answer(c, NULL, error, text);
    call_free(c);
}

/* --- connecting
 * ----------------------------------------------------------------------------------------- */

static void hand_over(struct call *c)
{
    pst_unwatch(c->dial->house.loop, &c->watch);
    answer(c, &c->fd, PST_E_NONE, "");
    call_free(c);
}

static void connect_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    struct call *c = user;
    struct pst_err err = {0};
    if (pst_net_connected(c->fd, &err) == PST_OK) {
        hand_over(c);
        return;
    }
    pst_unwatch(c->dial->house.loop, &c->watch);
    pst_fd_close(&c->fd);
    try_next(c);
}

static void try_next(struct call *c)
{
    struct pst_err err = {0};
    while (c->at < c->n_tries) {
        const struct pst_addr *a = &c->tries[c->at++];
        enum pst_status status = pst_net_connect(a, &c->fd, &err);
        if (status == PST_OK) {
            hand_over(c);
            return;
        }
        if (status == PST_AGAIN && pst_watch(c->dial->house.loop, c->fd, PST_WRITE, connect_ready,
                                             c, &c->watch, &err) == PST_OK) {
            return;
        }
        pst_fd_close(&c->fd);
    }
    if (c->refused && c->n_tries == 0) {
        call_fail(
            c, PST_E_UPSTREAM_REFUSED_ADDRESS,
            "the name leads to an address that is not allowed (allow_private: true lists it)");
    } else {
        call_fail(c, PST_E_UPSTREAM_CONNECT, "no address of the upstream could be connected to");
    }
}

/* An address is tried only if its class is allowed: checked on the address itself, not on the name.
 */
static void address_add(struct call *c, const struct pst_addr *a)
{
    enum pst_addr_class class = pst_addr_class(a);
    bool listed = c->target.allow_private != 0 &&
                  (class == PST_ADDR_LOOPBACK || class == PST_ADDR_PRIVATE ||
                   class == PST_ADDR_SHARED || class == PST_ADDR_LINK_LOCAL ||
                   class == PST_ADDR_UNIQUE_LOCAL);
    if (class != PST_ADDR_PUBLIC && !listed) {
        c->refused = true;
        return;
    }
    if (c->n_tries < TRIES_MAX) {
        c->tries[c->n_tries++] = *a;
    }
}

/* --- resolving
 * -------------------------------------------------------------------------------------------- */

static void resolver_pump(struct dial *d);

static void resolver_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready,
                           void *user)
{
    struct dial *d = user;
    int fd = pst_watch_fd(loop, watch);
    ares_process_fd(d->resolver, (ready & PST_READ) != 0 ? fd : ARES_SOCKET_BAD,
                    (ready & PST_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
    resolver_pump(d);
}

static void resolver_tick(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct dial *d = user;
    ares_process_fd(d->resolver, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    resolver_pump(d);
}

/* c-ares tells of every socket it opens, changes or closes. */
static void resolver_socket(void *user, ares_socket_t fd, int readable, int writable)
{
    struct dial *d = user;
    unsigned want = (readable != 0 ? PST_READ : 0u) | (writable != 0 ? PST_WRITE : 0u);
    struct pst_err err = {0};
    size_t free_one = WATCHES;
    for (size_t i = 0; i < WATCHES; i++) {
        if (d->sockets[i].fd == fd) {
            if (want == 0) {
                pst_unwatch(d->house.loop, &d->sockets[i].watch);
                d->sockets[i].fd = -1;
            } else {
                pst_watch_set(d->house.loop, d->sockets[i].watch, want);
            }
            return;
        }
        if (d->sockets[i].fd < 0) {
            free_one = i;
        }
    }
    if (want != 0 && free_one < WATCHES &&
        pst_watch(d->house.loop, fd, want, resolver_ready, d, &d->sockets[free_one].watch, &err) ==
            PST_OK) {
        d->sockets[free_one].fd = fd;
    }
}

static void resolver_pump(struct dial *d)
{
    struct timeval max = {.tv_sec = 1}, tv;
    const struct timeval *next = ares_timeout(d->resolver, &max, &tv);
    if (d->calls != NULL && next != NULL) {
        pst_house_timer(&d->house, &d->resolver_timer,
                        (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1,
                        resolver_tick, d);
    }
}

/* A question that has been given up is not in the list any more. */
static struct call *call_find(struct dial *d, uint64_t serial)
{
    for (struct call *c = d->calls; c != NULL; c = c->next) {
        if (c->serial == serial) {
            return c;
        }
    }
    return NULL;
}

struct question {
    struct dial *dial;
    uint64_t serial;
};

static void resolved(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    (void)timeouts;
    struct question *q = arg;
    struct call *c = call_find(q->dial, q->serial);
    free(q);
    if (c != NULL && status == ARES_SUCCESS) {
        for (const struct ares_addrinfo_node *n = info->nodes; n != NULL; n = n->ai_next) {
            struct pst_addr a;
            if (pst_addr_of(n->ai_addr, (socklen_t)n->ai_addrlen, &a)) {
                address_add(c, &a);
            }
        }
    }
    ares_freeaddrinfo(info);
    if (c != NULL && status == ARES_SUCCESS) {
        try_next(c);
    } else if (c != NULL) {
        char text[120];
        pst_text(text, sizeof text, "the upstream's name could not be resolved: %s",
                 ares_strerror(status));
        call_fail(c, PST_E_UPSTREAM_CONNECT, text);
    }
}

/* Names of the hosts file come first, and `localhost` is always this machine (RFC 6761 §6.3). */
static bool resolve_here(struct call *c)
{
    struct pst_str hosts = pst_buf_str(&c->dial->hosts), name = pst_str_c(c->target.host);
    uint16_t port = (uint16_t)c->target.port;
    struct pst_addr a;
    size_t at = 0, n = 0;
    for (; pst_hosts_next(hosts, name, port, &at, &a); n++) {
        address_add(c, &a);
    }
    if (n == 0 && pst_str_eq_nocase(name, PST_STR("localhost"))) {
        for (; n < 2 && pst_addr_parse_ip(n == 0 ? PST_STR("127.0.0.1") : PST_STR("::1"), port, &a);
             n++) {
            address_add(c, &a);
        }
    }
    return n > 0;
}

static void resolve(struct call *c)
{
    struct dial *d = c->dial;
    char port[8];
    if (resolve_here(c)) {
        try_next(c);
        return;
    }
    const struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NUMERICSERV};
    struct question *q = calloc(1, sizeof *q);
    if (q == NULL || !d->resolver_open) {
        free(q);
        call_fail(c, PST_E_UPSTREAM_CONNECT, "there is no resolver");
        return;
    }
    *q = (struct question){d, c->serial};
    pst_text(port, sizeof port, "%u", c->target.port);
    ares_getaddrinfo(d->resolver, c->target.host, port, &hints, resolved, q);
    resolver_pump(d);
}

/* --- questions
 * ---------------------------------------------------------------------------------------------- */

static void call_timeout(struct pst_loop *loop, void *user)
{
    (void)loop;
    call_fail(user, PST_E_UPSTREAM_CONNECT, "the upstream could not be reached in time");
}

static const struct pst_dial_target *target_of(const struct dial *d, uint8_t egress)
{
    for (uint32_t i = 0; i < d->image->n_targets; i++) {
        if (d->image->targets[i].upstream == egress) {
            return &d->image->targets[i];
        }
    }
    return NULL;
}

static enum pst_status on_connect(struct dial *d, struct pst_link *link,
                                  const struct pst_ipc_connect *m)
{
    const struct pst_dial_target *target = target_of(d, link->index);
    struct call *c = calloc(1, sizeof *c);
    struct pst_addr literal;
    if (c == NULL) {
        return PST_OK; /* the egress's own timer ends it */
    }
    *c = (struct call){
        .dial = d, .id = m->id, .serial = ++d->serial, .egress = link->index, .fd = -1};
    c->next = d->calls;
    d->calls = c;
    d->n_calls++;
    if (target == NULL || m->target != pst_image_target(target->host, target->port) ||
        d->n_calls > CALLS_MAX) {
        call_fail(c, PST_E_UPSTREAM_CONNECT, "the configuration is changing, or dial is too busy");
        return PST_OK;
    }
    c->target = *target;
    pst_house_timer(&d->house, &c->timer, d->image->limits.v[PST_LIMIT_connect_ms], call_timeout,
                    c);
    if (pst_addr_parse_ip(pst_str_c(c->target.host), (uint16_t)c->target.port, &literal)) {
        address_add(c, &literal);
        try_next(c);
    } else {
        resolve(c);
    }
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    return m->type == PST_IPC_CONNECT ? on_connect(ctx, link, m->fixed) : PST_ERR;
}

static void on_peer_lost(void *user, struct pst_link *link)
{
    struct dial *d = user;
    struct call *next;
    for (struct call *c = d->calls; c != NULL; c = next) {
        next = c->next;
        if (link->peer == PST_ROLE_EGRESS && c->egress == link->index) {
            call_free(c);
        }
    }
}

static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct dial *d = user;
    struct pst_str map;
    if (pst_memfd_check(*fd, PST_SEALS, image->size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)image->size, &map, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_image_check(map, PST_IMAGE_DIAL, err) != PST_OK) {
        pst_memfd_unmap(&map);
        return PST_ERR;
    }
    union {
        const void *p;
        const struct pst_dial_image *image;
    } cast = {.p = map.p};
    pst_memfd_unmap(&d->map);
    d->map = map;
    d->image = cast.image;
    for (struct call *c = d->calls, *next; c != NULL;
         c = next) { /* a reload cuts nothing that stays */
        const struct pst_dial_target *now = target_of(d, c->egress);
        next = c->next;
        if (now == NULL || memcmp(now, &c->target, sizeof c->target) != 0) {
            call_fail(c, PST_E_UPSTREAM_CONNECT, "the configuration changed");
        }
    }
    return PST_OK;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    (void)go;
    (void)sandbox;
    struct dial *d = user;
    struct ares_options options = {.sock_state_cb = resolver_socket, .sock_state_cb_data = d};
    if (d->image == NULL) {
        return pst_fail(err, PST_E_CONFIG, "dial was started without targets");
    }
    struct pst_err none = {0};
    pst_buf_init(&d->hosts, HOSTS_MAX);
    if (pst_file_read("/etc/hosts", &d->hosts, &none) != PST_OK && none.code == PST_E_LIMIT) {
        pst_house_log(&d->house, "/etc/hosts is not used: %s", none.text);
    }
    if (ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS &&
        ares_init_options(&d->resolver, &options, ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS) {
        d->resolver_open = true; /* without it, upstreams named by address still work */
    }
    return PST_OK;
}

int pst_dial_main(uint8_t index)
{
    static const struct pst_house_ops ops = {
        .image = on_image, .start = on_start, .message = on_message, .peer_lost = on_peer_lost};
    struct dial *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return 1;
    }
    for (size_t i = 0; i < WATCHES; i++) {
        d->sockets[i].fd = -1;
    }
    int status = pst_house_run(&d->house, PST_ROLE_DIAL, index, &ops, d);
    free(d);
    return status;
}
