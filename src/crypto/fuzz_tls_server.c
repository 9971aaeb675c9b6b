/* What a client sends before and behind its hello; and the texts that keys is asked to sign. The
 * first byte is the size of the pieces, the second chooses. The client never gets to the end of a
 * handshake: that takes a key exchange. */
#include "crypto/crypto.h"
#include "crypto/test_pki.h"
#include "crypto/tls_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of a sanitizer, where there is one: the generator's state hangs on the heap of secrets, where
 * leaks are not looked for. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

static void never(void *user, struct pst_tls_conn *conn, const uint8_t spki[PST_TLS_SPKI],
                  uint16_t scheme, struct pst_str text)
{
    (void)user;
    (void)spki;
    PST_BUG_ON(!pst_tls_text_ok(scheme, text)); /* what OpenSSL asks for is what keys signs */
    if (text.p[text.n - 1] % 2 == 0) {
        pst_tls_conn_signed(conn, PST_STR("a signature"));
    } /* else it rests until its end */
}

static struct pst_tls_server *server(bool clients)
{
    struct test_cert cert = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    struct pst_tls_host *h = NULL;
    struct pst_tls_server *s = NULL;
    struct pst_buf pem;
    uint8_t tickets[PST_TLS_TICKET_KEY] = {1};
    pst_buf_init(&pem, 1 << 16);
    test_cert_pem(&cert, &pem);
    const struct pst_tls_server_config config = {
        .certificate = pst_buf_str(&pem),
        .clients = clients ? pst_buf_str(&pem) : (struct pst_str){NULL, 0},
        .mode = clients ? PST_TLS_CLIENTS_OPTIONAL : PST_TLS_CLIENTS_NONE,
        .http2 = true};
    if (pst_crypto_init(NULL) != PST_OK || pst_tls_host_new(never, &h, NULL) != PST_OK ||
        pst_tls_host_tickets(h, tickets, tickets, NULL) != PST_OK ||
        pst_tls_server_new(h, &config, &s, NULL) != PST_OK) {
        abort();
    }
    pst_buf_release(&pem);
    test_cert_free(&cert);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pst_tls_server *servers[2]; /* made once: a key is dear */
    struct pst_tls_conn *c = NULL;
    int ends[2];
    if (size < 2) {
        return 0;
    }
    struct pst_str in = pst_str_from(pst_str_of(data, size), 2);
    size_t piece = data[0] == 0 ? in.n : data[0], which = data[1] % 2;
    if (data[1] >= 128) {
        (void)pst_tls_text_ok((uint16_t)(0x0400 | data[0]), in);
        return 0;
    }
    if (servers[which] == NULL) {
        if (__lsan_disable != NULL) {
            __lsan_disable();
        }
        servers[which] = server(which == 1);
        if (__lsan_enable != NULL) {
            __lsan_enable();
        }
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0 ||
        pst_tls_conn_new(servers[which], ends[0], NULL, &c, NULL) != PST_OK) {
        abort();
    }
    enum pst_status status = PST_AGAIN;
    for (size_t at = 0; at < in.n && status == PST_AGAIN; at += piece) {
        struct pst_str part = pst_str_cut(in, at, piece);
        uint8_t answer[4096];
        (void)!send(ends[1], part.p, part.n, MSG_NOSIGNAL);
        status = pst_tls_conn_handshake(c, NULL);
        while (recv(ends[1], answer, sizeof answer, 0) > 0) {
        }
    }
    PST_BUG_ON(status == PST_OK);
    pst_tls_conn_free(c);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
