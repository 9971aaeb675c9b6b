#include "cli/client.h"

#include "cli/load.h"
#include "crypto/random.h"
#include "sys/fd.h"
#include "wire/h1.h"
#include "wire/json.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20, HEAD_MAX = 16384, WAIT_S = 30, DIR_MAX = 91 };

static enum pst_status open_socket(const struct pst_common *common, int *ret, struct pst_err *err)
{
    char dir[PST_PATH_MAX];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = WAIT_S};
    if (pst_load_state_dir(common, dir, err) != PST_OK) {
        return PST_ERR;
    }
    if (strlen(dir) > DIR_MAX) {
        return pst_fail(err, PST_E_CONFIG, "the state folder's path is too long for a Unix socket");
    }
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.*s/run/admin.sock", DIR_MAX, dir);
    PST_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pst_fail(err, PST_E_IO, "no socket: %m");
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0) {
        return pst_fail(err, PST_E_IO, "no time limit on the socket: %m");
    }
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        return errno == ENOENT || errno == ECONNREFUSED
                   ? pst_fail(err, PST_E_CONTROL_UNAVAILABLE,
                              "no gateway is running on %s; start it with: postern up --state %s",
                              dir, common->state)
                   : pst_fail(err, PST_E_IO, "%s: %m", at.sun_path);
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}

static enum pst_status send_request(int fd, const char *method, const char *path,
                                    struct pst_str body, struct pst_err *err)
{
    const struct pst_h1_header headers[] = {
        {PST_STR("host"), PST_STR("postern")},
        {PST_STR("accept"), PST_STR("application/json")},
        {PST_STR("content-type"), PST_STR("application/json")},
    };
    struct pst_h1_framing framing = {.body = body.n > 0 ? PST_H1_BODY_LENGTH : PST_H1_BODY_NONE,
                                     .length = body.n,
                                     .close = true};
    struct pst_buf out;
    pst_buf_init(&out, HEAD_MAX + body.n);
    enum pst_status status = pst_h1_write_request(&out, pst_str_c(method), pst_str_c(path),
                                                  (struct pst_str){NULL, 0}, headers,
                                                  body.n > 0 ? 3 : 2, framing, err);
    if (status == PST_OK && !pst_buf_add(&out, body)) {
        status = pst_fail(err, PST_E_NO_MEMORY, "the request is too large");
    }
    if (status == PST_OK) {
        status = pst_fd_write_full(fd, pst_buf_str(&out), err);
    }
    pst_buf_release(&out);
    return status;
}

/* Feeds what came; true when the answer is whole. */
static enum pst_status take(struct pst_h1 *h, struct pst_str in, struct pst_buf *raw,
                            uint16_t *status_code, bool *whole, struct pst_err *err)
{
    size_t at = 0;
    while (!*whole) {
        struct pst_h1_event event = {0};
        size_t used = 0;
        enum pst_status status = pst_h1_feed(h, pst_str_from(in, at), &used, &event, err);
        if (status != PST_OK) {
            return status == PST_AGAIN ? PST_OK : status;
        }
        at += used;
        switch (event.type) {
        case PST_H1_EVENT_HEAD:
            *status_code = event.head->status;
            break;
        case PST_H1_EVENT_BODY:
            if (!pst_buf_add(raw, event.body)) {
                return pst_fail(err, PST_E_LIMIT, "the answer is too large");
            }
            break;
        case PST_H1_EVENT_END:
            *whole = true;
            break;
        }
    }
    return PST_OK;
}

static enum pst_status receive(int fd, const char *method, struct pst_arena *arena,
                               struct pst_buf *raw, uint16_t *status_code, struct pst_err *err)
{
    const struct pst_h1_limits limits = {
        .line_bytes = 1024,
        .head_bytes = HEAD_MAX,
        .header_bytes = 8192,
        .headers = 64,
        .interims = 4,
        .chunks = 1 << 20,
        .body_bytes = ANSWER_MAX,
    };
    struct pst_h1 h;
    bool whole = false;
    pst_h1_init(&h, PST_H1_RESPONSE, &limits, arena);
    pst_h1_expect(&h, strcmp(method, "GET") == 0    ? PST_H1_GET
                      : strcmp(method, "POST") == 0 ? PST_H1_POST
                                                    : PST_H1_DELETE);
    while (!whole) {
        uint8_t bytes[8192];
        size_t n = 0;
        enum pst_status status = pst_fd_read(fd, bytes, sizeof bytes, &n, err);
        if (status == PST_AGAIN) {
            return pst_fail(err, PST_E_IO, "the gateway did not answer within %d seconds", WAIT_S);
        }
        if (status == PST_OK && n > 0) {
            status = take(&h, pst_str_of(bytes, n), raw, status_code, &whole, err);
        } else if (status == PST_OK) {
            struct pst_h1_event event = {0};
            status = pst_h1_finish(&h, &event, err);
            if (status == PST_AGAIN) {
                return pst_fail(err, PST_E_IO,
                                "the gateway closed the connection without an answer");
            }
            whole = true;
        }
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

/* An error of the gateway as an error of ours. */
static enum pst_status refused(const struct pst_json *root, uint16_t status_code,
                               struct pst_err *err)
{
    const struct pst_json *error = PST_JSON_GET(root, "error");
    struct pst_str text = PST_STR("no reason was given"), code = {0}, file = {0};
    uint64_t line = 0, column = 0;
    (void)pst_json_str(PST_JSON_GET(error, "message"), &text);
    (void)pst_json_str(PST_JSON_GET(error, "code"), &code);
    (void)pst_json_str(PST_JSON_GET(error, "file"), &file);
    (void)pst_json_u64(PST_JSON_GET(error, "line"), &line);
    (void)pst_json_u64(PST_JSON_GET(error, "column"), &column);
    enum pst_error known = PST_E_INTERNAL;
    for (size_t i = 0; i < PST_E_COUNT; i++) {
        if (pst_str_eq(code, pst_str_c(pst_error_row((enum pst_error)i)->code))) {
            known = (enum pst_error)i;
        }
    }
    struct pst_str shown = pst_str_cut(text, 0, 460);
    (void)pst_fail_at(err, known == PST_E_USAGE ? PST_E_INTERNAL : known, (uint32_t)line,
                      (uint32_t)column, "%.*s (HTTP %u)", PST_FMT(shown), status_code);
    if (!pst_str_to_c(file, err->file, sizeof err->file)) {
        err->file[0] = 0;
    }
    return PST_ERR;
}

enum pst_status pst_client_ask(const struct pst_common *common, const char *method,
                               const char *path, struct pst_str body, struct pst_arena *arena,
                               struct pst_buf *raw, const struct pst_json **ret,
                               struct pst_err *err)
{
    PST_FD fd = -1;
    uint16_t status_code = 0;
    if (open_socket(common, &fd, err) != PST_OK ||
        send_request(fd, method, path, body, err) != PST_OK ||
        receive(fd, method, arena, raw, &status_code, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_json_config config = pst_json_config_of(ANSWER_MAX, pst_random_u64());
    const struct pst_json *root = pst_json_parse(&config, arena, pst_buf_str(raw), err);
    if (root == NULL || !pst_json_is(root, PST_JSON_OBJECT)) {
        return pst_fail(err, PST_E_IO, "the gateway's answer (HTTP %u) is not a JSON object",
                        status_code);
    }
    if (status_code >= 300) {
        return refused(root, status_code, err);
    }
    *ret = root;
    return PST_OK;
}

enum pst_status pst_client_get(const struct pst_common *common, const char *path,
                               struct pst_arena *arena, struct pst_buf *raw, uint16_t *ret_status,
                               struct pst_err *err)
{
    PST_FD fd = -1;
    if (open_socket(common, &fd, err) != PST_OK ||
        send_request(fd, "GET", path, PST_STR(""), err) != PST_OK) {
        return PST_ERR;
    }
    return receive(fd, "GET", arena, raw, ret_status, err);
}
