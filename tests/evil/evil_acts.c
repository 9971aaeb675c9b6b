/* The scenarios: each function is one thing that somebody who owns a front could try. Bodies carry
 * the word EVIL: the driver looks for it at the upstream. */
#include "evil.h"

#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { BODY = 512, ROUND_ONE = 2 /* attempt 1, not amended */ };

struct body {
    char text[BODY];
    size_t n;
};

static struct body body_of(const struct evil *e, const char *word)
{
    struct body b;
    int n = snprintf(b.text, sizeof b.text,
                     "{\"messages\":[{\"content\":\"%s\",\"role\":\"user\"}],\"model\":\"%s\"}",
                     word, e->model);
    b.n = n > 0 ? (size_t)n : 0;
    return b;
}

static struct pst_ipc_propose proposal(struct evil *e, uint64_t id, const struct body *b)
{
    struct pst_ipc_propose p = {.req = id,
                                .body_bytes = b->n,
                                .generation = e->generation,
                                .messages = 1,
                                .choices = 1,
                                .cred_n = (uint16_t)strlen(e->key),
                                .operation = PST_OP_CHAT,
                                .cred_kind = PST_CRED_KIND_BEARER,
                                .attempt = 1};
    pst_sha256(pst_str_of(b->text, b->n), p.digest);
    (void)PST_ISTR_SET(p.resource, pst_str_c(e->model));
    (void)PST_ISTR_SET(p.address, PST_STR("127.0.0.1"));
    return p;
}

static bool propose(struct evil *e, const struct pst_ipc_propose *p)
{
    return evil_send(e->warden, PST_IPC_PROPOSE, p, e->key, strlen(e->key), -1);
}

static struct pst_ipc_submit submission(uint64_t id, size_t n)
{
    return (struct pst_ipc_submit){
        .req = id, .body_bytes = n, .operation = PST_OP_CHAT, .attempt = 1, .round = ROUND_ONE};
}

static void submit(struct evil *e, uint64_t id, const struct body *b)
{
    struct pst_ipc_submit s = submission(id, b->n);
    (void)evil_send(e->egress[0], PST_IPC_SUBMIT, &s, b->text, b->n, -1);
}

/* A sealed file of `n` spaces behind a body; seals as told. */
static int memfd_of(const struct body *b, size_t n, unsigned seals)
{
    int fd = memfd_create("request", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (write(fd, b->text, b->n) != (ssize_t)b->n) {
        return -1;
    }
    return ftruncate(fd, (off_t)n) == 0 && fcntl(fd, F_ADD_SEALS, (int)seals) == 0 ? fd : -1;
}
enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static void submit_fd(struct evil *e, uint64_t id, size_t n, int fd)
{
    struct pst_ipc_submit s = submission(id, n);
    (void)evil_send(e->egress[0], PST_IPC_SUBMIT, &s, NULL, 0, fd);
}

/* An honest request, up to the release; returns its id. */
static uint64_t released(struct evil *e)
{
    struct body b = body_of(e, "honest");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    submit(e, id, &b);
    (void)propose(e, &p);
    evil_sleep_ms(200);
    return id;
}

/* --- bytes that nobody decided ---------------------------------------------------------------- */

static void submit_only(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit(e, evil_id(e), &b);
}

static void submit_flood(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    for (int i = 0; i < 3000; i++) {
        submit(e, evil_id(e), &b);
    }
}

static void wrong_digest(struct evil *e)
{
    struct body good = body_of(e, "good"), bad = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &good);
    submit(e, id, &bad);
    (void)propose(e, &p);
}

static void wrong_size(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    p.body_bytes = 7; /* the record would say so */
    submit(e, id, &b);
    (void)propose(e, &p);
}

/* The release first, then the body that it names, and at once another. */
static void second_body(struct evil *e)
{
    struct body good = body_of(e, "good"), bad = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &good);
    (void)propose(e, &p);
    evil_sleep_ms(200);
    submit(e, id, &good);
    submit(e, id, &bad);
}

static void second_body_fd(struct evil *e)
{
    struct body good = body_of(e, "good"), bad = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &good);
    (void)propose(e, &p);
    evil_sleep_ms(200);
    submit(e, id, &good);
    submit_fd(e, id, 40000, memfd_of(&bad, 40000, ALL_SEALS));
}

static void wrong_round(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    struct pst_ipc_submit s = submission(id, b.n);
    s.operation = PST_OP_ADMINISTER;
    (void)propose(e, &p);
    evil_sleep_ms(200);
    (void)evil_send(e->egress[0], PST_IPC_SUBMIT, &s, b.text, b.n, -1);
}

static void other_upstream(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    struct pst_ipc_submit s = submission(id, b.n);
    (void)evil_send(e->egress[1], PST_IPC_SUBMIT, &s, b.text, b.n, -1);
    p.upstream = 1;
    (void)propose(e, &p);
}

static void no_upstream(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.upstream = 200;
    (void)propose(e, &p);
}

static void control_upstream(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.upstream = PST_UPSTREAM_CONTROL;
    (void)propose(e, &p);
}

static void wrong_route(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.route = 9;
    (void)propose(e, &p);
}

static void unlisted_model(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    (void)PST_ISTR_SET(p.resource, PST_STR("no-such-model"));
    (void)propose(e, &p);
}

static void wrong_generation(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    struct pst_ipc_denied d = {0};
    p.generation += 7;
    submit(e, id, &b);
    (void)propose(e, &p);
    (void)evil_wait(e, e->audit, PST_IPC_DENIED, 3000, &d);
    evil_say(e, "denied %s", pst_error_row((enum pst_error)d.code)->code);
}

static void wrong_key(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    struct pst_ipc_propose p = proposal(e, id, &b);
    struct pst_ipc_denied d = {0};
    e->key[30] ^= 1;
    submit(e, id, &b);
    (void)propose(e, &p);
    (void)evil_wait(e, e->audit, PST_IPC_DENIED, 3000, &d);
    evil_say(e, "denied %s", pst_error_row((enum pst_error)d.code)->code);
}

/* A client certificate that nobody showed: noise, a length that lies, and nothing at all. */
static void wrong_certificate(struct evil *e)
{
    static const uint8_t noise[2][6144] = {{0x30, 0x82, 0x17, 0xfc, 0x30},
                                           {0x30, 0x84, 0xff, 0xff}};
    for (size_t i = 0; i < 3; i++) {
        struct body b = body_of(e, "EVIL");
        struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
        struct pst_ipc_denied d = {0};
        p.cred_kind = PST_CRED_KIND_CERTIFICATE;
        p.cred_n = i < 2 ? (uint16_t)sizeof noise[i] : 0;
        (void)evil_send(e->warden, PST_IPC_PROPOSE, &p, i < 2 ? noise[i] : NULL, p.cred_n, -1);
        (void)evil_wait(e, e->audit, PST_IPC_DENIED, 3000, &d);
        evil_say(e, "denied %zu %s", i, pst_error_row((enum pst_error)d.code)->code);
    }
}

static void certificate_flag(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.certificate = 2;
    (void)propose(e, &p);
}

/* --- ids ----------------------------------------------------------------------------------------
 */

static uint64_t foreign(struct evil *e)
{
    return (evil_id(e) & 0x00ffffffffffffff) | (uint64_t)(e->index + 1) << 56;
}

static void foreign_propose(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, foreign(e), &b);
    (void)propose(e, &p);
}

static void foreign_submit(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit(e, foreign(e), &b);
}

static void foreign_credit(struct evil *e)
{
    struct pst_ipc_credit m = {.req = foreign(e), .bytes = 1};
    (void)evil_send(e->egress[0], PST_IPC_CREDIT, &m, NULL, 0, -1);
}

static void foreign_withdraw(struct evil *e)
{
    struct pst_ipc_withdraw m = {.req = foreign(e), .round = UINT32_MAX};
    (void)evil_send(e->egress[0], PST_IPC_WITHDRAW, &m, NULL, 0, -1);
}

static void foreign_settle(struct evil *e)
{
    struct pst_ipc_settle m = {.req = foreign(e), .status = 200};
    (void)evil_send(e->warden, PST_IPC_SETTLE, &m, NULL, 0, -1);
}

static void foreign_tool(struct evil *e)
{
    struct pst_ipc_tool m = {.req = foreign(e), .offered = 1};
    (void)PST_ISTR_SET(m.tool, PST_STR("get_weather"));
    (void)evil_send(e->warden, PST_IPC_TOOL, &m, NULL, 0, -1);
}

static void unknown_settle(struct evil *e)
{
    struct pst_ipc_settle m = {.req = evil_id(e), .status = 200};
    (void)evil_send(e->warden, PST_IPC_SETTLE, &m, NULL, 0, -1);
}

static void unknown_tool(struct evil *e)
{
    struct pst_ipc_tool m = {.req = evil_id(e), .offered = 1};
    (void)evil_send(e->warden, PST_IPC_TOOL, &m, NULL, 0, -1);
}

static void reused_id(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.cred_kind = PST_CRED_KIND_NONE; /* denied, and over */
    (void)propose(e, &p);
    evil_sleep_ms(100);
    (void)propose(e, &p);
}

static void older_id(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t first = evil_id(e);
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.cred_kind = PST_CRED_KIND_NONE;
    (void)propose(e, &p);
    p.req = first;
    (void)propose(e, &p);
}

/* Of the front that ran here before: long ago, by the clock in the id. */
static void predecessor_id(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e) - ((uint64_t)60000 << 16), &b);
    (void)propose(e, &p);
}

/* --- states -------------------------------------------------------------------------------------
 */

static void propose_twice(struct evil *e)
{
    struct body b = body_of(e, "honest");
    struct pst_ipc_propose p = proposal(e, released(e), &b);
    (void)propose(e, &p);
}

/* A second attempt while the first is under way: the same upstream gets a release it cannot have.
 */
static void attempt_under_way(struct evil *e)
{
    struct body b = body_of(e, "honest");
    struct pst_ipc_propose p = proposal(e, released(e), &b);
    p.attempt = 2;
    (void)propose(e, &p);
}

/* Releases without any body, one after the other. */
static void release_twice(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    (void)propose(e, &p);
    evil_sleep_ms(200);
    p.attempt = 2;
    (void)propose(e, &p);
}

static void first_attempt_ten(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.attempt = 10;
    (void)propose(e, &p);
}

static void fault_when_live(struct evil *e)
{
    struct body b = body_of(e, "honest");
    struct pst_ipc_propose p = proposal(e, released(e), &b);
    p.attempt = 2;
    p.fault = PST_E_JSON_SYNTAX;
    p.upstream = PST_UPSTREAM_CONTROL;
    (void)propose(e, &p);
}

static void amended_unasked(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.amended = 1;
    (void)propose(e, &p);
}

static void admit_twice(struct evil *e)
{
    struct pst_ipc_admit m = {
        .req = evil_id(e), .cred_n = (uint16_t)strlen(e->key), .cred_kind = PST_CRED_KIND_BEARER};
    (void)evil_send(e->warden, PST_IPC_ADMIT, &m, e->key, strlen(e->key), -1);
    evil_sleep_ms(100);
    (void)evil_send(e->warden, PST_IPC_ADMIT, &m, e->key, strlen(e->key), -1);
}

static void submit_twice(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t id = evil_id(e);
    submit(e, id, &b);
    submit(e, id, &b);
}

static void submit_when_sent(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit(e, released(e), &b);
}

static void credit_huge(struct evil *e)
{
    struct pst_ipc_credit m = {.req = evil_id(e), .bytes = PST_IPC_WINDOW + 1};
    (void)evil_send(e->egress[0], PST_IPC_CREDIT, &m, NULL, 0, -1);
}

static void credit_unearned(struct evil *e)
{
    struct pst_ipc_credit m = {.req = released(e), .bytes = PST_IPC_WINDOW};
    (void)evil_send(e->egress[0], PST_IPC_CREDIT, &m, NULL, 0, -1);
}

/* Says that the request is over, so that it does not count, and lets the answer run on. */
static void settle_early(struct evil *e)
{
    uint64_t id = released(e);
    struct pst_ipc_settle m = {.req = id, .status = 200};
    struct pst_ipc_answer a = {0};
    (void)evil_send(e->warden, PST_IPC_SETTLE, &m, NULL, 0, -1);
    uint64_t end = evil_now_ms(CLOCK_MONOTONIC) + 3000;
    while (a.last == 0 && evil_now_ms(CLOCK_MONOTONIC) < end &&
           evil_wait(e, e->egress[0], PST_IPC_ANSWER, 3000, &a)) {
    }
    evil_say(e, "answer ended %u with %s", a.last, pst_error_row((enum pst_error)a.error)->code);
}

static void settle_outcome(struct evil *e)
{
    struct pst_ipc_settle m = {.req = released(e), .outcome = PST_E_COUNT};
    (void)evil_send(e->warden, PST_IPC_SETTLE, &m, NULL, 0, -1);
}

/* Text of an answer, in the place of what was found in it. */
static void settle_findings(struct evil *e)
{
    static const char text[] = "the answer said: hunter2";
    struct pst_ipc_settle m = {.req = released(e), .status = 200, .findings_n = 1};
    struct pst_buf tail;
    pst_buf_init(&tail, 256);
    if (pst_ipc_list_add(&tail, pst_str_c(text))) {
        (void)evil_send(e->warden, PST_IPC_SETTLE, &m, tail.p, tail.n, -1);
    }
    pst_buf_release(&tail);
}

/* --- what only others may ask -------------------------------------------------------------------
 */

static void operation(struct evil *e, uint8_t op, const char *resource)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.operation = op;
    p.upstream = PST_UPSTREAM_CONTROL;
    (void)PST_ISTR_SET(p.resource, pst_str_c(resource));
    (void)propose(e, &p);
}

static void administer(struct evil *e)
{
    operation(e, PST_OP_ADMINISTER, "/admin/v1/keys");
}

static void read_metrics(struct evil *e)
{
    operation(e, PST_OP_READ_METRICS, "/metrics");
}

static void offer_tool(struct evil *e)
{
    operation(e, PST_OP_OFFER_TOOL, "get_weather");
}

static void call_tool(struct evil *e)
{
    operation(e, PST_OP_CALL_TOOL, "get_weather");
}

static void speak_for(struct evil *e)
{
    operation(e, PST_OP_SPEAK_FOR, "alice");
}

static void operation_none(struct evil *e)
{
    operation(e, PST_OP_NONE, "x");
}

static void operation_unknown(struct evil *e)
{
    operation(e, 200, "x");
}

static void peer_propose(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.cred_kind = PST_CRED_KIND_PEER;
    (void)propose(e, &p);
}

static void peer_admit(struct evil *e)
{
    struct pst_ipc_admit m = {.req = evil_id(e), .cred_kind = PST_CRED_KIND_PEER};
    (void)evil_send(e->warden, PST_IPC_ADMIT, &m, NULL, 0, -1);
}

/* --- sizes inside a message
 * ----------------------------------------------------------------------- */

static void cred_beyond(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.cred_n = UINT16_MAX;
    (void)propose(e, &p);
}

static void tools_bytes(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.tools_n = 1;
    p.tools_bytes = 9;
    (void)propose(e, &p);
}

static void tools_count(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.tools_n = UINT16_MAX;
    (void)propose(e, &p);
}

static void fault_unknown(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
    p.fault = UINT16_MAX;
    (void)propose(e, &p);
}

static void body_bytes(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_submit s = submission(evil_id(e), b.n + 1);
    (void)evil_send(e->egress[0], PST_IPC_SUBMIT, &s, b.text, b.n, -1);
}

/* --- descriptors
 * ----------------------------------------------------------------------------------- */

static void fd_unsealed(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit_fd(e, evil_id(e), 40000, memfd_of(&b, 40000, 0));
}

static void fd_half_sealed(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit_fd(e, evil_id(e), 40000, memfd_of(&b, 40000, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW));
}

static void fd_short(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit_fd(e, evil_id(e), 40000, memfd_of(&b, 39999, ALL_SEALS));
}

static void fd_long(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    submit_fd(e, evil_id(e), 40000, memfd_of(&b, 40001, ALL_SEALS));
}

static void fd_pipe(struct evil *e)
{
    int pair[2] = {-1, -1};
    if (pipe2(pair, O_CLOEXEC) == 0) {
        submit_fd(e, evil_id(e), 40000, pair[0]);
    }
}

static void fd_folder(struct evil *e)
{
    submit_fd(e, evil_id(e), 40000, open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void fd_and_tail(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    struct pst_ipc_submit s = submission(evil_id(e), 40000);
    (void)evil_send(e->egress[0], PST_IPC_SUBMIT, &s, b.text, b.n, memfd_of(&b, 40000, ALL_SEALS));
}

static void fd_enormous(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    size_t n = (size_t)1 << 40; /* sparse: costs nothing here */
    submit_fd(e, evil_id(e), n, memfd_of(&b, n, ALL_SEALS));
}

/* --- the supervisor ------------------------------------------------------------------------------
 */

static void accuse(struct evil *e)
{
    struct pst_ipc_violation m = {.code = PST_E_DIGEST_MISMATCH, .role = PST_ROLE_WARDEN};
    (void)evil_send(e->control, PST_IPC_VIOLATION, &m, NULL, 0, -1);
}

static void ready_again(struct evil *e)
{
    struct pst_ipc_ready m = {.seccomp = 1};
    for (int i = 0; i < 100; i++) {
        (void)evil_send(e->control, PST_IPC_READY, &m, NULL, 0, -1);
    }
}

/* --- floods -------------------------------------------------------------------------------------
 */

static void propose_flood(struct evil *e)
{
    struct body b = body_of(e, "EVIL");
    uint64_t end = evil_now_ms(CLOCK_MONOTONIC) + 1500;
    unsigned n = 0;
    while (evil_now_ms(CLOCK_MONOTONIC) < end) {
        struct pst_ipc_propose p = proposal(e, evil_id(e), &b);
        p.cred_kind = PST_CRED_KIND_NONE;
        if (!propose(e, &p)) {
            evil_say(e, "cannot send: %s", strerror(errno));
            break;
        }
        n++;
    }
    evil_say(e, "proposed %u times", n);
}

/* Takes all places there are, with a key it has seen. */
static void admit_flood(struct evil *e)
{
    for (int i = 0; i < 6000; i++) {
        struct pst_ipc_admit m = {.req = evil_id(e),
                                  .cred_n = (uint16_t)strlen(e->key),
                                  .cred_kind = PST_CRED_KIND_BEARER};
        (void)evil_send(e->warden, PST_IPC_ADMIT, &m, e->key, strlen(e->key), -1);
    }
    evil_say(e, "admitted");
}

/* --- a key that signs handshakes is no key that signs anything ----------------------- */

static void sign(struct evil *e, const char *text, size_t n)
{
    struct pst_ipc_tls_sign m = {.id = 1, .scheme = 0x0403};
    (void)evil_send(e->keys, PST_IPC_TLS_SIGN, &m, text, n, -1);
}

static void sign_anything(struct evil *e)
{
    sign(e, "postern/checkpoint", 18);
}

/* What a client signs, to be taken for this server somewhere else. */
static void sign_as_client(struct evil *e)
{
    char text[64 + 34 + 32];
    memset(text, ' ', sizeof text);
    memcpy(&text[64], "TLS 1.3, client CertificateVerify", 34);
    sign(e, text, sizeof text);
}

bool evil_act(struct evil *e, char **words, size_t n)
{
    static const struct {
        const char *name;
        void (*run)(struct evil *e);
    } acts[] = {
#define ACT(name) {#name, name}
        ACT(submit_only),       ACT(submit_flood),
        ACT(wrong_digest),      ACT(wrong_size),
        ACT(second_body),       ACT(second_body_fd),
        ACT(wrong_round),       ACT(other_upstream),
        ACT(no_upstream),       ACT(control_upstream),
        ACT(wrong_route),       ACT(unlisted_model),
        ACT(wrong_generation),  ACT(wrong_key),
        ACT(foreign_propose),   ACT(foreign_submit),
        ACT(foreign_credit),    ACT(foreign_withdraw),
        ACT(foreign_settle),    ACT(foreign_tool),
        ACT(unknown_settle),    ACT(unknown_tool),
        ACT(reused_id),         ACT(older_id),
        ACT(predecessor_id),    ACT(propose_twice),
        ACT(attempt_under_way), ACT(release_twice),
        ACT(first_attempt_ten), ACT(fault_when_live),
        ACT(amended_unasked),   ACT(admit_twice),
        ACT(submit_twice),      ACT(submit_when_sent),
        ACT(credit_huge),       ACT(credit_unearned),
        ACT(settle_early),      ACT(settle_outcome),
        ACT(settle_findings),   ACT(administer),
        ACT(read_metrics),      ACT(offer_tool),
        ACT(call_tool),         ACT(speak_for),
        ACT(operation_none),    ACT(operation_unknown),
        ACT(peer_propose),      ACT(peer_admit),
        ACT(cred_beyond),       ACT(tools_bytes),
        ACT(tools_count),       ACT(fault_unknown),
        ACT(body_bytes),        ACT(fd_unsealed),
        ACT(fd_half_sealed),    ACT(fd_short),
        ACT(fd_long),           ACT(fd_pipe),
        ACT(fd_folder),         ACT(fd_and_tail),
        ACT(fd_enormous),       ACT(accuse),
        ACT(ready_again),       ACT(propose_flood),
        ACT(admit_flood),       ACT(wrong_certificate),
        ACT(certificate_flag),  ACT(sign_anything),
        ACT(sign_as_client),
#undef ACT
    };
    if (n == 4 && strcmp(words[0], "table") == 0) {
        return evil_table(e, words[1], words[2], words[3]);
    }
    for (size_t i = 0; n > 0 && i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(words[0], acts[i].name) == 0) {
            acts[i].run(e);
            return true;
        }
    }
    return false;
}
