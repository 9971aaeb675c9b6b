/* The client against a server that answers as it is told. */
#include "cli/client.h"

#include "cli/state.h"
#include "cli/test_folder.h"
#include "crypto/crypto.h"

#include <sys/socket.h>
#include <sys/un.h>

static pid_t serve(const struct test_folder *f, const char *answer)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%.80s/run/admin.sock", f->dir);
    (void)unlink(at.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char request[4096];
        int c = accept(fd, NULL, NULL);
        ssize_t n = recv(c, request, sizeof request - 1, 0);
        request[n > 0 ? n : 0] = 0;
        bool good = strncmp(request, "POST /x HTTP/1.1\r\nhost: postern\r\n", 33) == 0 ||
                    strncmp(request, "POST /x HTTP/1.1\r\nHost: postern\r\n", 33) == 0;
        for (size_t i = 0; answer[i] != 0; i++) { /* byte by byte: the answer comes in pieces */
            (void)send(c, &answer[i], 1, MSG_NOSIGNAL);
        }
        _exit(good ? 0 : 1);
    }
    close(fd);
    return pid;
}

static enum pst_status ask(const struct test_folder *f, const char *answer, struct pst_err *err)
{
    struct pst_arena arena;
    struct pst_buf raw;
    const struct pst_json *root = NULL;
    int status = 0;
    *err = (struct pst_err){0};
    pst_arena_init(&arena, 1 << 14, 1 << 20);
    pst_buf_init(&raw, 1 << 16);
    pid_t pid = serve(f, answer);
    enum pst_status got = pst_client_ask(&f->common, "POST", "/x", PST_STR("{}"), &arena, &raw,
                                         &root, err);
    if (got == PST_OK) {
        bool ok = false;
        assert_true(pst_json_bool(PST_JSON_GET(root, "ok"), &ok) && ok);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pst_buf_release(&raw);
    pst_arena_release(&arena);
    return got;
}

#define CLOSE "connection: close\r\n"

static void test_client(void **state)
{
    const struct test_folder *f = *state;
    struct pst_state_made made;
    struct pst_err err = {0};
    const struct pst_json *root = NULL;
    assert_int_equal(pst_state_make(f->dir, true, 1000, &made, &err), PST_OK);
    assert_int_equal(pst_client_ask(&f->common, "GET", "/x", PST_STR(""), NULL, NULL, &root, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_CONTROL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "postern up"));
    assert_int_equal(
        ask(f, "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n" CLOSE "\r\n{\"ok\":true}", &err),
        PST_OK);
    assert_int_equal(ask(f,
                         "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n" CLOSE
                         "\r\n5\r\n{\"ok\"\r\n6\r\n:true}\r\n0\r\n\r\n",
                         &err),
                     PST_OK);
    assert_int_equal(ask(f,
                         "HTTP/1.1 409 Conflict\r\ncontent-length: 103\r\n" CLOSE
                         "\r\n{\"error\":{\"message\":\"no good\",\"type\":\"api_error\",\"code\":"
                         "\"config\",\"file\":\"a.cedar\",\"line\":3,\"column\":7}}",
                         &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_string_equal(err.file, "a.cedar");
    assert_int_equal(err.line, 3);
    assert_non_null(strstr(err.text, "no good (HTTP 409)"));
    static const char *const bad[] = {
        "",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n" CLOSE "\r\n{\"ok\"",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n" CLOSE "\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n" CLOSE "\r\nabc",
        "HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n" CLOSE "\r\n{}",
        "HTTP/1.1 204 No Content\r\n" CLOSE "\r\n",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_int_equal(ask(f, bad[i], &err), PST_ERR);
        assert_true(err.text[0] != 0 && err.code != PST_E_USAGE);
    }
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_client, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
