#include "roles/front.h"

#include "sys/fd.h"
#include "wire/forwarded.h"

enum { UNINVITED_BYTES = 5 }; /* no HTTP message and no TLS record begins with these */

/* IPv4 in its mapped form, as the rows have it. False: no IP address. */
static bool ip_of(const struct pst_addr *a, uint8_t ret[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (a->n != 0 && a->u.any.sa_family == AF_INET) {
        memcpy(ret, mapped, sizeof mapped);
        memcpy(&ret[12], &a->u.v4.sin_addr, 4);
        return true;
    }
    if (a->n != 0 && a->u.any.sa_family == AF_INET6) {
        memcpy(ret, &a->u.v6.sin6_addr, 16);
        return true;
    }
    return false;
}

static bool listed(const struct pst_image_cidr *list, uint32_t n, const struct pst_addr *a)
{
    uint8_t ip[16];
    return n > 0 && ip_of(a, ip) && pst_image_cidrs_hold(list, n, ip);
}

/* --- PROXY protocol --------------------------------------------------------------------------- */

void pst_front_hop_begin(struct pst_front_conn *c, const struct pst_image_listener *row,
                         const struct pst_addr *peer)
{
    struct pst_front_hop *hop = &c->hop;
    hop->n_forwarded = row->n_forwarded;
    memcpy(hop->forwarded, row->forwarded, sizeof hop->forwarded);
    hop->awaited = listed(row->proxy, row->n_proxy, peer);
    hop->uninvited = row->n_proxy > 0 && !hop->awaited && row->tls == 0;
    hop->believed = listed(hop->forwarded, hop->n_forwarded, peer);
    if (hop->awaited) {
        const struct pst_limits *limits = &c->front->config->image->limits;
        pst_proxy2_init(&hop->header, (size_t)limits->v[PST_LIMIT_proxy_header_bytes]);
    }
}

void pst_front_hop_release(struct pst_front_conn *c)
{
    pst_proxy2_release(&c->hop.header);
}

static void refuse(struct pst_front_conn *c)
{
    pst_house_count(&c->front->house, PST_METRIC_hops_refused_total, 1);
    pst_front_conn_close(c, PST_E_NONE);
}

void pst_front_hop_late(struct pst_front_conn *c)
{
    refuse(c);
}

/* The header is whole: it names whose connection this is, or the hop speaks for itself. */
static void named(struct pst_front_conn *c)
{
    struct pst_front_hop *hop = &c->hop;
    struct pst_addr source = {.n = 0};
    if (hop->header.source == PST_PROXY2_V4) {
        source.n = sizeof source.u.v4;
        source.u.v4.sin_family = AF_INET;
        memcpy(&source.u.v4.sin_addr, hop->header.address, 4);
    } else if (hop->header.source == PST_PROXY2_V6) {
        source.n = sizeof source.u.v6;
        source.u.v6.sin6_family = AF_INET6;
        memcpy(&source.u.v6.sin6_addr, hop->header.address, 16);
    }
    if (source.n != 0) {
        pst_addr_ip_text(&source, c->address);
        hop->believed = listed(hop->forwarded, hop->n_forwarded, &source);
    }
    hop->awaited = false;
    pst_proxy2_release(&hop->header);
    pst_front_conn_named(c);
}

void pst_front_hop_read(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    enum pst_status status = PST_AGAIN;
    while (status == PST_AGAIN) {
        size_t n = 0, want = pst_proxy2_want(&c->hop.header);
        want = want < sizeof f->read_buf ? want : sizeof f->read_buf;
        status = pst_fd_read(c->fd, f->read_buf, want, &n, &err);
        if (status == PST_AGAIN) {
            return;
        }
        if (status == PST_OK && n == 0 && want == PST_PROXY2_FIXED) {
            pst_front_conn_close(c, PST_E_NONE); /* it only looked whether somebody is here */
            return;
        }
        status = status == PST_OK && n > 0
                     ? pst_proxy2_feed(&c->hop.header, pst_str_of(f->read_buf, n), &err)
                     : PST_ERR;
    }
    if (status == PST_OK) {
        named(c);
    } else {
        refuse(c);
    }
}

bool pst_front_hop_uninvited(struct pst_front_conn *c, struct pst_str first)
{
    bool is = c->hop.uninvited && first.n >= UNINVITED_BYTES && pst_proxy2_begins(first);
    c->hop.uninvited = false;
    if (is) {
        pst_house_count(&c->front->house, PST_METRIC_hops_refused_total, 1);
    }
    return is;
}

/* --- forwarding headers ----------------------------------------------------------------------- */

static enum pst_status bad(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_HTTP_HEADER, "a forwarding header is not valid: %s", what);
}

static enum pst_status senders_read(const struct pst_h1_head *head, struct pst_forwarded *f,
                                    struct pst_err *err)
{
    bool old = false, new = false;
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct pst_h1_header *h = &head->headers[i];
        enum pst_status status = PST_OK;
        if (pst_str_eq(h->name, PST_STR("x-forwarded-for"))) {
            old = true;
            status = pst_forwarded_for(f, h->value, err);
        } else if (pst_str_eq(h->name, PST_STR("forwarded"))) {
            new = true;
            status = pst_forwarded_elements(f, h->value, err);
        }
        if (status != PST_OK) {
            return status;
        }
    }
    /* a hop writes one of them; the other came from further away, and says what it likes */
    return old && new ? bad(err, "X-Forwarded-For and Forwarded contradict each other") : PST_OK;
}

enum pst_status pst_front_hop_sender(struct pst_front_request *r, struct pst_err *err)
{
    const struct pst_front_hop *hop = &r->conn->hop;
    struct pst_forwarded f = {.n = 0};
    if (!hop->believed) {
        return PST_OK;
    }
    if (senders_read(r->head, &f, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_addr sender = {.n = 0};
    for (size_t i = f.n; i > 0; i--) { /* every one is looked at: a malformed one refuses */
        struct pst_addr one;
        if (f.from[i - 1].n > 0 && !pst_addr_parse_ip(f.from[i - 1], 0, &one)) {
            return bad(err, "a sender is no address");
        }
    }
    for (size_t i = f.n; i > 0 && f.from[i - 1].n > 0; i--) {
        if (!pst_addr_parse_ip(f.from[i - 1], 0, &sender) ||
            !listed(hop->forwarded, hop->n_forwarded, &sender)) {
            break;
        }
    }
    if (sender.n != 0) {
        pst_addr_ip_text(&sender, r->address);
    }
    return PST_OK;
}
