/* init, load and compile on a real folder: what is made is private, whole, accepted by the
 * compiler, and never overwritten. */
#include "audit/note.h"
#include "base/test.h"
#include "cli/client.h"
#include "cli/load.h"
#include "cli/state.h"
#include "control/store.h"
#include "crypto/crypto.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

struct fixture {
    char root[64], dir[96];
    struct pst_common common;
};

static int setup(void **state)
{
    static struct fixture f;
    snprintf(f.root, sizeof f.root, "/tmp/postern-cli-XXXXXX");
    assert_non_null(mkdtemp(f.root));
    snprintf(f.dir, sizeof f.dir, "%s/a/state", f.root);
    f.common = (struct pst_common){.state = f.dir};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    return nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const struct fixture *f, const char *name, const char *text)
{
    char path[192];
    struct pst_err err = {0};
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(pst_file_write(path, 0600, pst_str_c(text), &err), PST_OK);
}

static unsigned mode_of(const struct fixture *f, const char *name)
{
    char path[192];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void test_made_and_kept(void **state)
{
    const struct fixture *f = *state;
    struct pst_state_made made, again;
    struct pst_err err = {0};
    struct pst_key_text admin, demo;
    struct pst_key_row row;
    struct pst_store *store = NULL;
    char path[192];
    uint8_t hash[32];
    assert_int_equal(pst_state_make(f->dir, true, 1000, &made, &err), PST_OK);
    assert_true(made.fresh);
    assert_int_equal(mode_of(f, ""), 0700);
    assert_int_equal(mode_of(f, "keys"), 0700);
    assert_int_equal(mode_of(f, "keys/log.seed"), 0600);
    assert_int_equal(mode_of(f, "store/postern.db"), 0600);
    assert_true(pst_key_parse(pst_str_c(made.admin_key), &admin));
    assert_true(pst_key_parse(pst_str_c(made.demo_key), &demo));

    snprintf(path, sizeof path, "%s/store/postern.db", f->dir);
    assert_int_equal(pst_store_open(path, &store, &err), PST_OK);
    assert_int_equal(pst_store_key_get(store, pst_str_c(admin.id), &row, &err), PST_OK);
    pst_key_hash(&admin, hash);
    assert_memory_equal(row.hash, hash, 32);
    assert_string_equal(row.owner, "User::admin");
    assert_string_equal(row.groups[0], "admins");
    assert_false(row.may_assert);
    assert_int_equal(pst_store_key_get(store, pst_str_c(demo.id), &row, &err), PST_OK);
    assert_string_equal(row.owner, "Workload::demo");
    assert_true(row.may_assert);
    pst_store_close(store);

    struct pst_buf text;
    struct pst_note_key note;
    pst_buf_init(&text, 1 << 16);
    snprintf(path, sizeof path, "%s/audit/log.pub", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_int_equal(
        pst_note_key_parse(&note, pst_str_cut(pst_buf_str(&text), 0, text.n - 1), &err), PST_OK);

    /* the keys are in no file of the folder */
    pst_buf_clear(&text);
    snprintf(path, sizeof path, "%s/store/postern.db", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_int_equal(pst_str_find(pst_buf_str(&text), pst_str_of(&made.demo_key[17], 20)),
                     PST_NPOS);
    assert_int_equal(pst_str_find(pst_buf_str(&text), pst_str_of(demo.secret, 32)), PST_NPOS);
    pst_buf_release(&text);

    put_file(f, "postern.yaml", "# mine\n");
    assert_int_equal(pst_state_make(f->dir, true, 2000, &again, &err), PST_OK);
    assert_false(again.fresh);
    assert_int_equal(again.admin_key[0], 0);
    assert_int_equal(again.demo_key[0], 0);
    pst_buf_init(&text, 64);
    snprintf(path, sizeof path, "%s/postern.yaml", f->dir);
    assert_int_equal(pst_file_read(path, &text, &err), PST_OK);
    assert_str(pst_buf_str(&text), "# mine\n");
    pst_buf_release(&text);
    put_file(f, "keys/log.seed", "short");
    assert_int_equal(pst_state_make(f->dir, true, 2000, &again, &err), PST_ERR);
    assert_non_null(strstr(err.text, "32 bytes"));
    pst_state_made_wipe(&made);
    assert_int_equal(made.demo_key[0], 0);
}

static void test_load(void **state)
{
    struct fixture *f = *state;
    struct pst_state_made made;
    struct pst_loaded loaded;
    struct pst_err err = {0};
    char path[192];
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.text, "postern init"));
    pst_loaded_release(&loaded);
    for (int demo = 0; demo < 2; demo++) { /* both configurations that init writes are valid */
        snprintf(f->dir, sizeof f->dir, "%s/b%d", f->root, demo);
        assert_int_equal(pst_state_make(f->dir, demo == 1, 1000, &made, &err), PST_OK);
        if (pst_load(&f->common, &loaded, &err) != PST_OK) {
            fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
        }
        assert_int_equal(loaded.n_policies, 2);
        pst_loaded_release(&loaded);
    }
    static const char mine[] =
        "upstreams: {o: {url: 'https://a/v1'}}\nmodels: {m: o}\npolicies: p\n";
    put_file(f, "postern.yaml", mine);
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    pst_loaded_release(&loaded);
    snprintf(path, sizeof path, "%s/p", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.text, "no *.cedar"));
    pst_loaded_release(&loaded);
    put_file(f, "p/b.cedar", "permit (principal, action, resource);\n");
    put_file(f, "p/a.cedar", "// first\n");
    put_file(f, "p/B.cedar", "// capital\n");
    put_file(f, "p/.hidden.cedar", "garbage");
    put_file(f, "p/notes.txt", "garbage");
    put_file(f, "p/x.cedarschema", "garbage");
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_OK);
    assert_int_equal(loaded.n_policies, 3);
    assert_str(loaded.policies[0].name, "p/B.cedar"); /* by bytes, in every locale */
    assert_str(loaded.policies[1].name, "p/a.cedar");
    assert_str(loaded.policies[2].text, "permit (principal, action, resource);\n");
    pst_loaded_release(&loaded);
    put_file(f, "postern.yaml", "models:\n  - x\n");
    assert_int_equal(pst_load(&f->common, &loaded, &err), PST_ERR);
    assert_non_null(strstr(err.file, "postern.yaml"));
    assert_int_equal(err.line, 2);
    pst_loaded_release(&loaded);
}

/* What compile sends is what a supervisor can check: sealed, exact, in order. */
static int run_compile(const struct fixture *f, int fd)
{
    char out[16];
    char *argv[] = {
        (char[]){"compile"},        (char[]){"--out-fd"},        out, (char[]){"--state"}, NULL,
        (char[]){"--generation=5"}, (char[]){"--demo-port=4321"}};
    char dir[96];
    snprintf(out, sizeof out, "%d", fd);
    memcpy(dir, f->dir, sizeof dir);
    argv[4] = dir;
    return pst_cmd_compile((int)PST_LEN(argv), argv);
}

static void test_compile(void **state)
{
    const struct fixture *f = *state;
    struct pst_state_made made;
    struct pst_err err = {0};
    int pair[2];
    assert_int_equal(pst_state_make(f->dir, true, 1000, &made, &err), PST_OK);
    assert_int_equal(pst_fd_pair(pair, 0, &err), PST_OK);
    assert_int_equal(run_compile(f, pair[1]), PST_EXIT_OK);
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct pst_compile_msg msg;
        struct pst_fd_message m;
        struct pst_str map;
        assert_int_equal(pst_fd_recv(pair[0], &msg, sizeof msg, &m, &err), PST_OK);
        assert_int_equal(m.n, sizeof msg);
        assert_int_equal(m.n_fds, 1);
        assert_int_equal(msg.magic, PST_IMAGE_MAGIC);
        count = msg.count;
        assert_int_equal(pst_memfd_check(m.fds[0], PST_SEALS, msg.size, &err), PST_OK);
        assert_int_equal(pst_memfd_map(m.fds[0], msg.size, &map, &err), PST_OK);
        assert_int_equal(pst_image_check(map, (enum pst_image_kind)msg.kind, &err), PST_OK);
        assert_true((i == 0) == (msg.kind == PST_IMAGE_PLAN));
        const struct pst_image_head *head = (const void *)map.p;
        assert_int_equal(head->generation, 5);
        if (msg.kind == PST_IMAGE_DIAL) {
            const struct pst_dial_image *dial = (const void *)map.p;
            assert_int_equal(dial->targets[0].port, 4321);
        }
        pst_memfd_unmap(&map);
        pst_fd_message_release(&m);
    }
    assert_int_equal(count, 6);
    put_file(f, "postern.yaml", "models: {m: o}\nlistn: 1\n");
    assert_true(freopen("/dev/null", "w", stderr) != NULL);
    assert_int_equal(run_compile(f, pair[1]), PST_EXIT_FAILED);
    struct pst_compile_msg msg;
    struct pst_fd_message m;
    assert_int_equal(pst_fd_recv(pair[0], &msg, sizeof msg, &m, &err), PST_OK);
    assert_int_equal(msg.kind, 0);
    assert_int_equal(msg.err.line, 2);
    assert_non_null(strstr(msg.err.text, "listen"));
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
}

/* --- the client against a server that answers as it is told -------------------------------- */

static pid_t serve(const struct fixture *f, const char *answer)
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

static enum pst_status ask(const struct fixture *f, const char *answer, struct pst_err *err)
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
    const struct fixture *f = *state;
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
        cmocka_unit_test_setup_teardown(test_made_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_load, setup, teardown),
        cmocka_unit_test_setup_teardown(test_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
