/* Everything in this folder works behind a seccomp filter that lets no file be opened and no socket
 * be made, once pst_crypto_init has run. */
#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/test_pki.h"
#include "crypto/test_tls_pair.h"
#include "crypto/tls.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <openssl/err.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(nr)                                                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL(nr)                                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1),                                               \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static bool lock_up(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#if defined(PST_SANITIZED)
        /* a sanitizer needs calls of its own, so only what must never happen is listed */
        KILL(SYS_openat),
        KILL(SYS_socket),
        KILL(SYS_execve),
#if defined(SYS_open)
        KILL(SYS_open),
        KILL(SYS_access),
        KILL(SYS_stat),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#else
        ALLOW(SYS_read),
        ALLOW(SYS_write),
        ALLOW(SYS_recvfrom),
        ALLOW(SYS_sendto),
        ALLOW(SYS_rt_sigprocmask), /* the jobs of handshakes that wait for a signature */
        ALLOW(SYS_getrandom),
        ALLOW(SYS_getpid),
        ALLOW(SYS_brk),
        ALLOW(SYS_mmap),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_futex),
        ALLOW(SYS_clock_gettime),
        ALLOW(SYS_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
    };
    struct sock_fprog program = {PST_LEN(rules), rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

struct fixture {
    struct pst_buf ca;
    struct test_server server;
    const struct test_cert *root, *leaf;
    struct test_signer signer;
    SSL_CTX *client;
    struct test_pair pair;
};

static bool hashes_and_keys(void)
{
    uint8_t digest[32], sig[PST_SIG_MAX];
    struct pst_sha256 h;
    struct pst_hmac m;
    pst_sha256(PST_STR("abc"), digest);
    if (pst_sha256_init(&h, NULL) != PST_OK || pst_hmac_init(&m, PST_STR("key"), NULL) != PST_OK) {
        return false;
    }
    pst_sha256_once(&h, PST_STR("abc"), digest);
    pst_hmac_once(&m, PST_STR("abc"), digest);
    pst_sha256_release(&h);
    pst_hmac_release(&m);
    for (int i = 0; i < 2000; i++) { /* past the generator's first reseeding */
        (void)pst_random_u64();
    }
    const enum pst_sig algs[] = {PST_SIG_EDDSA, PST_SIG_ES256, PST_SIG_RS256};
    for (size_t i = 0; i < PST_LEN(algs); i++) {
        struct pst_key *k = NULL, *loaded = NULL;
        struct pst_secret *pem = NULL;
        size_t n = 0;
        if (pst_key_generate(algs[i], &k, NULL) != PST_OK ||
            pst_key_private_pem(k, &pem, NULL) != PST_OK ||
            pst_key_from_pem(pem, &loaded, NULL) != PST_OK ||
            pst_key_sign(loaded, PST_STR("m"), sig, &n, NULL) != PST_OK ||
            !pst_key_verify(k, algs[i], PST_STR("m"), pst_str_of(sig, n))) {
            return false;
        }
        pst_key_free(k);
        pst_key_free(loaded);
        pst_secret_free(pem);
    }
    return true;
}

static bool talks_tls(struct fixture *f)
{
    struct pst_tls_client *c = NULL;
    struct pst_tls *t = NULL;
    struct pst_err err;
    uint8_t bytes[8];
    size_t n = 0;
    if (pst_tls_client_new(pst_buf_str(&f->ca), &c, &err) != PST_OK ||
        pst_tls_new(c, f->server.client_fd, PST_STR("a.test"), &t, &err) != PST_OK) {
        return false;
    }
    enum pst_status status = PST_AGAIN;
    for (int i = 0; i < 50 && status == PST_AGAIN; i++) {
        status = pst_tls_handshake(t, &err);
        ERR_clear_error();
        (void)SSL_do_handshake(f->server.ssl);
    }
    bool ok = status == PST_OK && pst_tls_write(t, PST_STR("ping"), &n, &err) == PST_OK &&
              SSL_read(f->server.ssl, bytes, 8) == 4 && SSL_write(f->server.ssl, "pong", 4) == 4 &&
              pst_tls_read(t, bytes, 8, &n, &err) == PST_OK && n == 4 &&
              pst_tls_shutdown(t, &err) == PST_OK;
    pst_tls_free(t);
    pst_tls_client_free(c);
    return ok;
}

/* All of it, as after a reload. */
static bool serves_tls(struct fixture *f)
{
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, f->leaf, f->root, PST_TLS_CLIENTS_REQUIRED, true);
    f->pair.err.code = PST_E_NONE;
    if (pst_tls_conn_new(s, f->pair.server_fd, &f->signer, &f->pair.conn, &f->pair.err) != PST_OK) {
        return false;
    }
    f->pair.server_done = f->pair.client_done = false;
    test_pair_shake(&f->pair);
    if (f->signer.n != 1 || f->pair.failed) {
        return false;
    }
    test_sign(&f->signer, 0);
    test_pair_shake(&f->pair);
    bool ok = f->pair.server_done && f->pair.client_done;
    pst_tls_conn_free(f->pair.conn);
    pst_tls_server_free(s);
    pst_tls_host_free(h);
    return ok;
}

static int in_child(struct fixture *f, bool (*work)(struct fixture *f))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!lock_up()) {
            _exit(2);
        }
        _exit(work(f) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool do_hashes(struct fixture *f)
{
    (void)f;
    return hashes_and_keys();
}

static bool do_open(struct fixture *f)
{
    (void)f;
    return open("/dev/null", O_RDONLY) >= 0;
}

static void works_behind_the_filter(void **state)
{
    (void)state;
    struct test_cert root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .san = "DNS:a.test", .issuer = &root});
    struct fixture f;
    pst_buf_init(&f.ca, 1 << 16);
    test_cert_pem(&root, &f.ca);
    test_server_init(&f.server, &leaf, NULL);
    int status = in_child(&f, do_open);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS); /* the filter bites */
    status = in_child(&f, do_hashes);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = in_child(&f, talks_tls);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    f.root = &root;
    f.leaf = &leaf;
    test_signer_init(&f.signer, &leaf);
    f.client = test_tls_client(&root, &leaf);
    struct pst_tls_host *h = test_tls_host();
    struct pst_tls_server *s = test_tls_server(h, &leaf, NULL, PST_TLS_CLIENTS_NONE, true);
    test_pair_open(&f.pair, s, f.client, &f.signer); /* for its sockets and its client */
    status = in_child(&f, serves_tls);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    test_pair_close(&f.pair);
    pst_tls_server_free(s);
    pst_tls_host_free(h);
    SSL_CTX_free(f.client);
    test_signer_release(&f.signer);
    test_server_release(&f.server);
    pst_buf_release(&f.ca);
    test_cert_free(&leaf);
    test_cert_free(&root);
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(works_behind_the_filter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
