#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/test_tls_pair.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct test_cert root, other_root, leaf, rsa_leaf;

static void talk(struct test_pair *p)
{
    uint8_t bytes[16];
    size_t n = 0;
    assert_int_equal(SSL_write(p->client, "ping", 4), 4);
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(bytes, "ping", 4);
    assert_int_equal(pst_tls_conn_write(p->conn, PST_STR("pong!"), &n, &p->err), PST_OK);
    assert_int_equal(n, 5);
    assert_int_equal(SSL_read(p->client, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "pong!", 5);
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_AGAIN);
    assert_int_equal(pst_tls_conn_need(p->conn), PST_TLS_NEED_READ);
}

/* --- handshakes
 * ----------------------------------------------------------------------------------- */

/* The library's own macros cast a const away. */
static bool set_list(SSL_CTX *ctx, int what, const char *list)
{
    char text[64];
    return list == NULL || (pst_str_to_c(pst_str_c(list), text, sizeof text) &&
                            SSL_CTX_ctrl(ctx, what, 0, text) == 1);
}

struct good_row {
    const struct test_cert *leaf;
    int version;
    const char *sigalgs, *ciphers, *groups;
    uint16_t scheme; /* that is asked for */
};

static void one_good(const struct good_row *row)
{
    struct test_signer signer;
    test_signer_init(&signer, row->leaf);
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, row->leaf, NULL, PST_TLS_CLIENTS_NONE, true);
    SSL_CTX *client = test_tls_client(&root, NULL);
    struct test_pair p;
    SSL_CTX_set_min_proto_version(client, row->version);
    SSL_CTX_set_max_proto_version(client, row->version);
    assert_true(set_list(client, SSL_CTRL_SET_SIGALGS_LIST, row->sigalgs));
    assert_true(row->ciphers == NULL || SSL_CTX_set_cipher_list(client, row->ciphers) == 1);
    assert_true(set_list(client, SSL_CTRL_SET_GROUPS_LIST, row->groups));
    test_pair_open(&p, s, client, &signer);
    test_pair_shake(&p);
    /* it rests, and calls change nothing */
    if (p.failed) {
        fail_msg("%04x: %s", row->scheme, p.err.text);
    }
    assert_false(p.server_done);
    assert_int_equal(signer.n, 1);
    assert_int_equal(signer.asked, 1);
    assert_int_equal(pst_tls_conn_need(p.conn), PST_TLS_NEED_SIGNATURE);
    assert_int_equal(pst_tls_host_resting(h), 1);
    assert_int_equal(signer.wishes[0].scheme, row->scheme);
    test_sign(&signer, 0);
    test_pair_shake(&p);
    if (!p.server_done || !p.client_done) {
        fail_msg("%04x: %s", row->scheme, p.err.text);
    }
    assert_int_equal(pst_tls_host_resting(h), 0);
    assert_int_equal(signer.asked, 1);
    assert_string_equal(pst_tls_conn_version(p.conn),
                        row->version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
    assert_string_equal(pst_tls_conn_cipher(p.conn), SSL_get_cipher_name(p.client));
    assert_false(pst_tls_conn_resumed(p.conn));
    talk(&p);
    test_pair_close(&p);
    SSL_CTX_free(client);
    pst_tls_server_free(s);
    pst_tls_host_free(h);
    test_signer_release(&signer);
}

static void every_key_and_version(void **state)
{
    (void)state;
    struct test_cert p384 = test_cert_make(
        &(struct test_cert_spec){.cn = "p384", .issuer = &root, .kind = "P-384"});
    struct test_cert ed = test_cert_make(
        &(struct test_cert_spec){.cn = "ed", .issuer = &root, .kind = "ED25519"});
    const struct good_row rows[] = {
        {&leaf, TLS1_3_VERSION, NULL, NULL, NULL, 0x0403},
        {&leaf, TLS1_3_VERSION, NULL, NULL, "P-384", 0x0403},
        {&leaf, TLS1_3_VERSION, NULL, NULL, "X448:P-256", 0x0403}, /* another round */
        {&leaf, TLS1_2_VERSION, NULL, NULL, NULL, 0x0403},
        {&leaf, TLS1_2_VERSION, "ECDSA+SHA384:ECDSA+SHA256", NULL, "P-256", 0x0403},
        {&leaf, TLS1_2_VERSION, NULL, "ECDHE-ECDSA-CHACHA20-POLY1305", "P-384:P-256", 0x0403},
        {&rsa_leaf, TLS1_3_VERSION, NULL, NULL, NULL, 0x0804},
        {&rsa_leaf, TLS1_3_VERSION, "RSA-PSS+SHA512:ECDSA+SHA256", NULL, NULL, 0x0806},
        {&rsa_leaf, TLS1_2_VERSION, "RSA+SHA256:ECDSA+SHA256", NULL, NULL, 0x0401},
        {&rsa_leaf, TLS1_2_VERSION, "RSA+SHA512:ECDSA+SHA256", NULL, NULL, 0x0601},
        {&rsa_leaf, TLS1_2_VERSION, "RSA-PSS+SHA384:ECDSA+SHA256", NULL, NULL, 0x0805},
        {&p384, TLS1_3_VERSION, NULL, NULL, NULL, 0x0503},
        {&p384, TLS1_2_VERSION, "ECDSA+SHA384:ECDSA+SHA256", NULL, NULL, 0x0403},
        {&ed, TLS1_3_VERSION, NULL, NULL, NULL, 0x0807},
        {&ed, TLS1_2_VERSION, NULL, NULL, NULL, 0x0807},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        one_good(&rows[i]);
    }
    test_cert_free(&p384);
    test_cert_free(&ed);
}

/* Handshakes rest side by side and end in another order than they came. */
static void many_at_rest(void **state)
{
    (void)state;
    enum { MANY = 64 };
    struct test_signer signer;
    struct test_pair *pairs = calloc(MANY, sizeof *pairs);
    assert_non_null(pairs);
    test_signer_init(&signer, &leaf);
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, &leaf, NULL, PST_TLS_CLIENTS_NONE, false);
    SSL_CTX *client = test_tls_client(&root, NULL);
    for (size_t i = 0; i < MANY; i++) {
        SSL_CTX_set_max_proto_version(client, i % 3 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        test_pair_open(&pairs[i], s, client, &signer);
        test_pair_shake(&pairs[i]);
    }
    assert_int_equal(signer.n, MANY);
    assert_int_equal(pst_tls_host_resting(h), MANY);
    pst_tls_server_free(s); /* its connections keep it */
    uint32_t seed = 12345;
    while (signer.n > 0) {
        seed = seed * 1103515245 + 12345;
        test_sign(&signer, (seed >> 16) % signer.n);
        if (seed % 2 == 0) { /* several may be signed before any goes on */
            for (size_t i = 0; i < MANY; i++) {
                test_pair_shake(&pairs[i]);
            }
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        test_pair_shake(&pairs[i]);
        assert_true(pairs[i].server_done && pairs[i].client_done);
        talk(&pairs[i]);
        test_pair_close(&pairs[i]);
    }
    assert_int_equal(signer.asked, MANY);
    assert_int_equal(pst_tls_host_resting(h), 0);
    SSL_CTX_free(client);
    pst_tls_host_free(h);
    test_signer_release(&signer);
    free(pairs);
}

enum ending { NEVER, NONE, WRONG, EMPTY_AND_LATE, HUGE_ONE };

/* The signature does not come, or is none. */
static void one_bad_ending(enum ending how, int version)
{
    struct test_signer signer;
    test_signer_init(&signer, &leaf);
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, &leaf, NULL, PST_TLS_CLIENTS_NONE, false);
    SSL_CTX *client = test_tls_client(&root, NULL);
    uint8_t junk[PST_TLS_SIG_MAX + 1] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    struct test_pair p;
    SSL_CTX_set_max_proto_version(client, version);
    test_pair_open(&p, s, client, &signer);
    pst_tls_conn_signed(p.conn, PST_STR("too early")); /* nobody waits */
    test_pair_shake(&p);
    assert_int_equal(signer.n, 1);
    switch (how) {
    case NEVER:
        break;
    case NONE:
    case EMPTY_AND_LATE:
        pst_tls_conn_signed(p.conn, (struct pst_str){NULL, 0});
        break;
    case WRONG:
        pst_tls_conn_signed(p.conn, pst_str_of(junk, 8));
        break;
    case HUGE_ONE:
        pst_tls_conn_signed(p.conn, pst_str_of(junk, sizeof junk));
        break;
    }
    if (how == EMPTY_AND_LATE) { /* the first word counts */
        pst_tls_conn_signed(p.conn, pst_str_of(junk, 8));
    }
    if (how != NEVER) {
        test_pair_shake(&p);
        assert_true(p.failed);
        assert_false(p.client_done && p.server_done);
        if (how == WRONG) {
            assert_int_equal(p.err.code, PST_E_CLIENT_TLS); /* the client said so */
        } else {
            assert_int_equal(p.err.code, PST_E_KEYS_UNAVAILABLE);
        }
        assert_int_equal(pst_tls_conn_handshake(p.conn, &p.err), PST_ERR);
    }
    test_pair_close(&p);
    assert_int_equal(pst_tls_host_resting(h), 0);
    SSL_CTX_free(client);
    pst_tls_server_free(s);
    pst_tls_host_free(h);
    test_signer_release(&signer);
}

static void bad_endings(void **state)
{
    (void)state;
    for (int how = NEVER; how <= HUGE_ONE; how++) {
        one_bad_ending((enum ending)how, TLS1_3_VERSION);
        one_bad_ending((enum ending)how, TLS1_2_VERSION);
    }
}

/* Past the bound a handshake fails at once, and those at rest go on. */
static void too_many_at_rest(void **state)
{
    (void)state;
    enum { MANY = PST_TLS_RESTING_MAX + 1 };
    struct test_signer signer;
    struct test_pair *pairs = calloc(MANY, sizeof *pairs);
    assert_non_null(pairs);
    test_signer_init(&signer, &leaf);
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, &leaf, NULL, PST_TLS_CLIENTS_NONE, false);
    SSL_CTX *client = test_tls_client(&root, NULL);
    for (size_t i = 0; i < MANY; i++) {
        test_pair_open(&pairs[i], s, client, &signer);
        test_pair_shake(&pairs[i]);
        assert_int_equal(pairs[i].failed, i == MANY - 1);
    }
    assert_int_equal(pairs[MANY - 1].err.code, PST_E_KEYS_UNAVAILABLE);
    test_sign(&signer, 0);
    test_pair_shake(&pairs[0]);
    assert_true(pairs[0].server_done && pairs[0].client_done);
    for (size_t i = 0; i < MANY; i++) {
        test_pair_close(&pairs[i]);
    }
    assert_int_equal(pst_tls_host_resting(h), 0);
    SSL_CTX_free(client);
    pst_tls_server_free(s);
    pst_tls_host_free(h);
    test_signer_release(&signer);
    free(pairs);
}

/* --- what is refused
 * ------------------------------------------------------------------------------- */

struct fixture {
    struct test_signer signer;
    struct pst_tls_host *host;
    struct pst_tls_server *server;
    SSL_CTX *client;
    struct test_pair pair;
};

static void set_up(struct fixture *f, const struct test_cert *clients, enum pst_tls_clients mode,
                   bool http2, const struct test_cert *own)
{
    memset(f, 0, sizeof *f);
    test_signer_init(&f->signer, &leaf);
    f->signer.at_once = true;
    f->host = test_tls_host();
    f->server = test_tls_server(f->host, &leaf, clients, mode, http2);
    f->client = test_tls_client(&root, own);
}

static void tear_down(struct fixture *f)
{
    SSL_CTX_free(f->client);
    pst_tls_server_free(f->server);
    pst_tls_host_free(f->host);
    test_signer_release(&f->signer);
}

static void shake(struct fixture *f)
{
    test_pair_open(&f->pair, f->server, f->client, &f->signer);
    test_pair_shake(&f->pair);
}

static void versions_and_suites(void **state)
{
    (void)state;
    struct fixture f;
    static const struct {
        int version;
        const char *ciphers, *groups;
    } rows[] = {
        {TLS1_VERSION, "ALL:@SECLEVEL=0", NULL},
        {TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM", NULL},
        {TLS1_2_VERSION, "AES128-GCM-SHA256", NULL},
        {TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", NULL},
        {TLS1_2_VERSION, "PSK-AES128-GCM-SHA256", NULL},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "P-521"},
        {TLS1_3_VERSION, NULL, "P-521"},
        {TLS1_3_VERSION, NULL, "ffdhe2048"},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        set_up(&f, NULL, PST_TLS_CLIENTS_NONE, false, NULL);
        assert_int_equal(SSL_CTX_set_min_proto_version(f.client, 0), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(f.client, rows[i].version), 1);
        assert_true(rows[i].ciphers == NULL ||
                    SSL_CTX_set_cipher_list(f.client, rows[i].ciphers) == 1);
        assert_true(set_list(f.client, SSL_CTRL_SET_GROUPS_LIST, rows[i].groups));
        shake(&f);
        if (!f.pair.failed || f.pair.server_done || f.pair.err.code != PST_E_CLIENT_TLS) {
            fail_msg("row %zu: %s", i, f.pair.err.text);
        }
        assert_int_equal(f.signer.asked, 0);
        test_pair_close(&f.pair);
        tear_down(&f);
    }
}

static void protocols(void **state)
{
    (void)state;
    static const struct {
        bool http2;
        const char *offer, *chosen; /* NULL: refused */
    } rows[] = {
        {true, "\x02h2\x08http/1.1", "h2"},
        {true, "\x08http/1.1\x02h2", "h2"}, /* the server's choice */
        {true, "\x08http/1.1", "http/1.1"},
        {true,
         "\x03"
         "foo\x02h2",
         "h2"},
        {false, "\x02h2\x08http/1.1", "http/1.1"},
        {false, "\x02h2", NULL},
        {true, "\x02h3", NULL},
        {true, "\x08http/1.0", NULL},
        {true, "\x03h2c", NULL},
        {true, "\x08HTTP/1.1", NULL},
        {true, "", ""},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct fixture f;
        set_up(&f, NULL, PST_TLS_CLIENTS_NONE, rows[i].http2, NULL);
        const unsigned char *offer = (const unsigned char *)rows[i].offer;
        assert_int_equal(SSL_CTX_set_alpn_protos(f.client, offer, (unsigned)strlen(rows[i].offer)),
                         0);
        shake(&f);
        if (rows[i].chosen == NULL) {
            assert_true(f.pair.failed);
            assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()),
                             SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
        } else {
            assert_true(f.pair.server_done && f.pair.client_done);
            assert_true(pst_str_eq(pst_tls_conn_alpn(f.pair.conn), pst_str_c(rows[i].chosen)));
        }
        test_pair_close(&f.pair);
        tear_down(&f);
    }
}

/* --- resumption
 * -------------------------------------------------------------------------------------- */

static SSL_SESSION *last_session;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(last_session);
    last_session = session;
    return 1;
}

static void ticket_key(uint8_t key[PST_TLS_TICKET_KEY], uint8_t fill)
{
    memset(key, fill, PST_TLS_TICKET_KEY);
}

/* Whether the session that was kept is resumed, and whether a full handshake would have been fine.
 */
static bool resumes(struct fixture *f)
{
    test_pair_open(&f->pair, f->server, f->client, &f->signer);
    assert_int_equal(SSL_set_session(f->pair.client, last_session), 1);
    size_t asked = f->signer.asked;
    test_pair_shake(&f->pair);
    assert_true(f->pair.server_done && f->pair.client_done);
    bool resumed = pst_tls_conn_resumed(f->pair.conn);
    assert_int_equal(SSL_session_reused(f->pair.client), resumed);
    assert_int_equal(f->signer.asked, asked + (resumed ? 0 : 1));
    talk(&f->pair);
    if (SSL_version(f->pair.client) ==
        TLS1_2_VERSION) { /* keep_session hears of no second ticket */
        keep_session(f->pair.client, SSL_get1_session(f->pair.client));
    }
    test_pair_close(&f->pair);
    return resumed;
}

static void get_session(struct fixture *f)
{
    SSL_SESSION_free(last_session);
    last_session = NULL;
    shake(f);
    assert_true(f->pair.server_done && f->pair.client_done);
    talk(&f->pair);
    test_pair_close(&f->pair);
}

static void tickets(void **state)
{
    (void)state;
    uint8_t one[PST_TLS_TICKET_KEY], two[PST_TLS_TICKET_KEY], three[PST_TLS_TICKET_KEY];
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct fixture f;
        ticket_key(one, 1);
        ticket_key(two, 2);
        ticket_key(three, 3);
        struct pst_err err = {0};
        set_up(&f, NULL, PST_TLS_CLIENTS_NONE, false, NULL);
        SSL_CTX_set_max_proto_version(f.client, version);
        SSL_CTX_set_session_cache_mode(f.client, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(f.client, keep_session);
        get_session(&f);
        assert_true(last_session == NULL || SSL_SESSION_has_ticket(last_session) == 0);
        assert_int_equal(pst_tls_host_tickets(f.host, one, two, &err), PST_OK);
        get_session(&f);
        assert_non_null(last_session);
        assert_int_equal(SSL_SESSION_get_max_early_data(last_session), 0);
        assert_true(SSL_SESSION_get_ticket_lifetime_hint(last_session) <= PST_TLS_TICKET_LIFE_S);
        for (int i = 0; i < 5; i++) { /* each gives another for the next one */
            assert_true(resumes(&f));
        }
        get_session(&f);
        /* the generation before is good, and gives a new ticket */
        assert_int_equal(pst_tls_host_tickets(f.host, three, one, &err), PST_OK);
        assert_true(resumes(&f));
        assert_int_equal(pst_tls_host_tickets(f.host, two, three, &err), PST_OK);
        assert_true(resumes(&f)); /* the new one is of the third key */
        get_session(&f);
        /* one that nobody knows any more: a full handshake */
        assert_int_equal(pst_tls_host_tickets(f.host, one, three, &err), PST_OK);
        assert_false(resumes(&f));
        /* a name that is known and content that is not */
        get_session(&f);
        memset(&one[16], 9, sizeof one - 16);
        assert_int_equal(pst_tls_host_tickets(f.host, one, three, &err), PST_OK);
        assert_false(resumes(&f));
        /* of another server, with another key */
        get_session(&f);
        struct test_cert other = test_cert_make(
            &(struct test_cert_spec){.cn = "other", .issuer = &root});
        pst_tls_server_free(f.server);
        pst_server_key_free(f.signer.key);
        f.server = test_tls_server(f.host, &other, NULL, PST_TLS_CLIENTS_NONE, false);
        f.signer.key = test_tls_key(&other);
        assert_false(resumes(&f));
        test_cert_free(&other);
        tear_down(&f);
        SSL_SESSION_free(last_session);
        last_session = NULL;
    }
}

/* --- client certificates
 * ------------------------------------------------------------------------------ */

static void clients(void **state)
{
    (void)state;
    struct test_cert good = test_cert_make(
        &(struct test_cert_spec){.cn = "app", .issuer = &root, .eku = "clientAuth"});
    struct test_cert rsa = test_cert_make(
        &(struct test_cert_spec){.cn = "app", .issuer = &root, .rsa_bits = 2048});
    struct test_cert old = test_cert_make(
        &(struct test_cert_spec){.cn = "old", .issuer = &root, .from_days = -9, .to_days = -2});
    struct test_cert early = test_cert_make(
        &(struct test_cert_spec){.cn = "early", .issuer = &root, .from_days = 2, .to_days = 9});
    struct test_cert foreign = test_cert_make(
        &(struct test_cert_spec){.cn = "app", .issuer = &other_root});
    struct test_cert self = test_cert_make(&(struct test_cert_spec){.cn = "self"});
    struct test_cert server = test_cert_make(
        &(struct test_cert_spec){.cn = "server", .issuer = &root, .eku = "serverAuth"});
    const struct {
        const struct test_cert *own;
        enum pst_tls_clients mode;
        const char *text; /* NULL: accepted */
    } rows[] = {
        {&good, PST_TLS_CLIENTS_REQUIRED, NULL},
        {&good, PST_TLS_CLIENTS_OPTIONAL, NULL},
        {&good, PST_TLS_CLIENTS_NONE, NULL},
        {&rsa, PST_TLS_CLIENTS_REQUIRED, NULL},
        {NULL, PST_TLS_CLIENTS_OPTIONAL, NULL},
        {NULL, PST_TLS_CLIENTS_REQUIRED, "peer did not return a certificate"},
        {&old, PST_TLS_CLIENTS_REQUIRED, "expired"},
        {&old, PST_TLS_CLIENTS_OPTIONAL, "expired"},
        {&early, PST_TLS_CLIENTS_REQUIRED, "not yet valid"},
        {&foreign, PST_TLS_CLIENTS_REQUIRED, "unable to get local issuer certificate"},
        {&foreign, PST_TLS_CLIENTS_OPTIONAL, "unable to get local issuer certificate"},
        {&self, PST_TLS_CLIENTS_REQUIRED, "self-signed certificate"},
        {&server, PST_TLS_CLIENTS_REQUIRED, "unsuitable certificate purpose"},
    };
    for (size_t i = 0; i < 2 * PST_LEN(rows); i++) {
        struct fixture f;
        bool asks = rows[i / 2].mode != PST_TLS_CLIENTS_NONE;
        set_up(&f, asks ? &root : NULL, rows[i / 2].mode, false, rows[i / 2].own);
        SSL_CTX_set_max_proto_version(f.client, i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
        shake(&f);
        assert_int_equal(f.pair.server_done, rows[i / 2].text == NULL);
        if (rows[i / 2].text != NULL) {
            assert_int_equal(f.pair.err.code, PST_E_CLIENT_TLS);
            if (strstr(f.pair.err.text, rows[i / 2].text) == NULL) {
                fail_msg("row %zu: %s", i / 2, f.pair.err.text);
            }
        } else {
            struct pst_buf chain;
            pst_buf_init(&chain, 6144);
            assert_int_equal(pst_tls_conn_peer(f.pair.conn, &chain, &f.pair.err), PST_OK);
            assert_int_equal(chain.n > 0, asks && rows[i / 2].own != NULL);
            if (chain.n > 0) {
                unsigned char *der = NULL;
                int n = i2d_X509(rows[i / 2].own->cert, &der);
                assert_int_equal(chain.n, n);
                assert_memory_equal(chain.p, der, (size_t)n);
                OPENSSL_free(der);
            }
            pst_buf_release(&chain);
        }
        test_pair_close(&f.pair);
        tear_down(&f);
    }
    struct test_cert *all[] = {&good, &rsa, &old, &early, &foreign, &self, &server};
    for (size_t i = 0; i < PST_LEN(all); i++) {
        test_cert_free(all[i]);
    }
}

/* The certificates above the leaf come along; where they do not fit, nothing does. And a session
 * with a certificate is never resumed. */
static void client_chains(void **state)
{
    (void)state;
    struct test_cert middle = test_cert_make(
        &(struct test_cert_spec){.cn = "middle", .ca = true, .issuer = &root});
    struct test_cert own = test_cert_make(&(struct test_cert_spec){.cn = "app", .issuer = &middle});
    uint8_t key[PST_TLS_TICKET_KEY];
    struct fixture f;
    struct pst_buf chain;
    ticket_key(key, 1);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        set_up(&f, &root, PST_TLS_CLIENTS_OPTIONAL, false, &own);
        assert_int_equal(SSL_CTX_add1_chain_cert(f.client, middle.cert), 1);
        assert_int_equal(pst_tls_host_tickets(f.host, key, key, &f.pair.err), PST_OK);
        SSL_CTX_set_max_proto_version(f.client, version);
        SSL_CTX_set_session_cache_mode(f.client, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(f.client, keep_session);
        shake(&f);
        assert_true(f.pair.server_done && f.pair.client_done);
        talk(&f.pair);
        pst_buf_init(&chain, 6144);
        assert_int_equal(pst_tls_conn_peer(f.pair.conn, &chain, &f.pair.err), PST_OK);
        size_t whole = chain.n;
        unsigned char *der = NULL;
        int n = i2d_X509(own.cert, &der);
        assert_true(n > 0 && whole > (size_t)n);
        assert_memory_equal(chain.p, der, (size_t)n);
        OPENSSL_free(der);
        pst_buf_release(&chain);
        pst_buf_init(&chain, whole - 1);
        assert_int_equal(pst_tls_conn_peer(f.pair.conn, &chain, &f.pair.err), PST_ERR);
        assert_int_equal(f.pair.err.code, PST_E_LIMIT);
        assert_int_equal(chain.n, 0);
        pst_buf_release(&chain);
        test_pair_close(&f.pair);
        if (last_session != NULL) {
            assert_false(resumes(&f));
        }
        SSL_SESSION_free(last_session);
        last_session = NULL;
        tear_down(&f);
    }
    test_cert_free(&middle);
    test_cert_free(&own);
}

/* --- settings that do not fit
 * --------------------------------------------------------------------------- */

static void bad_settings(void **state)
{
    (void)state;
    struct pst_tls_host *h = test_tls_host();
    struct test_cert p521 = test_cert_make(&(struct test_cert_spec){.cn = "x", .kind = "P-521"});
    struct test_cert small = test_cert_make(&(struct test_cert_spec){.cn = "x", .rsa_bits = 1024});
    struct pst_buf good, odd, tiny, eleven, cut;
    struct pst_buf *all[] = {&good, &odd, &tiny, &eleven, &cut};
    for (size_t i = 0; i < PST_LEN(all); i++) {
        pst_buf_init(all[i], 1 << 16);
    }
    test_cert_pem(&leaf, &good);
    test_cert_pem(&p521, &odd);
    test_cert_pem(&small, &tiny);
    for (int i = 0; i <= PST_TLS_CERTS_MAX; i++) {
        test_cert_pem(&leaf, &eleven);
    }
    assert_true(pst_buf_add(&cut, pst_str_cut(pst_buf_str(&good), 0, good.n / 2)));
    const struct pst_str none = {NULL, 0};
    const struct {
        struct pst_str certificate, clients;
        enum pst_tls_clients mode;
    } rows[] = {
        {none, none, PST_TLS_CLIENTS_NONE},
        {PST_STR("no certificate"), none, PST_TLS_CLIENTS_NONE},
        {pst_buf_str(&cut), none, PST_TLS_CLIENTS_NONE},
        {pst_buf_str(&odd), none, PST_TLS_CLIENTS_NONE},
        {pst_buf_str(&tiny), none, PST_TLS_CLIENTS_NONE},
        {pst_buf_str(&eleven), none, PST_TLS_CLIENTS_NONE},
        {pst_buf_str(&good), none, PST_TLS_CLIENTS_REQUIRED},
        {pst_buf_str(&good), PST_STR("nothing"), PST_TLS_CLIENTS_OPTIONAL},
        {pst_buf_str(&good), pst_buf_str(&cut), PST_TLS_CLIENTS_OPTIONAL},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_tls_server *s = NULL;
        struct pst_err err = {0};
        const struct pst_tls_server_config config = {
            .certificate = rows[i].certificate, .clients = rows[i].clients, .mode = rows[i].mode};
        assert_int_equal(pst_tls_server_new(h, &config, &s, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
        assert_true(err.text[0] != 0);
        assert_null(s);
    }
    for (size_t i = 0; i < PST_LEN(all); i++) {
        pst_buf_release(all[i]);
    }
    test_cert_free(&p521);
    test_cert_free(&small);
    pst_tls_host_free(h);
}

static int make_all(void **state)
{
    (void)state;
    root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    other_root = test_cert_make(&(struct test_cert_spec){.cn = "other root", .ca = true});
    leaf = test_cert_make(&(struct test_cert_spec){.cn = "leaf", .issuer = &root});
    rsa_leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "rsa", .issuer = &root, .rsa_bits = 2048});
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    test_cert_free(&root);
    test_cert_free(&other_root);
    test_cert_free(&leaf);
    test_cert_free(&rsa_leaf);
    return 0;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's own client writes with write(2) */
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_and_version),
        cmocka_unit_test(many_at_rest),
        cmocka_unit_test(bad_endings),
        cmocka_unit_test(too_many_at_rest),
        cmocka_unit_test(versions_and_suites),
        cmocka_unit_test(protocols),
        cmocka_unit_test(tickets),
        cmocka_unit_test(clients),
        cmocka_unit_test(client_chains),
        cmocka_unit_test(bad_settings),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
