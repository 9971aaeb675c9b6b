#include "cli/test_command.h"

#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 24, ARG_MAX_BYTES = 256 };

static void slurp(const char *path, char *ret, size_t cap)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(ret, 1, cap - 1, file);
    ret[n] = 0;
    fclose(file);
}

static int child(const struct test_folder *f, int (*command)(int argc, char **argv),
                 const char *const *args)
{
    char texts[ARGS_MAX][ARG_MAX_BYTES];
    char *argv[ARGS_MAX + 1] = {NULL};
    int argc = 0;
    for (; args[argc] != NULL && argc < ARGS_MAX; argc++) {
        snprintf(texts[argc], ARG_MAX_BYTES, "%s", args[argc]);
        argv[argc] = texts[argc];
    }
    if (chdir(f->dir) != 0 || freopen("../in", "r", stdin) == NULL ||
        freopen("../out", "w", stdout) == NULL || freopen("../err", "w", stderr) == NULL) {
        return 99;
    }
    int status = command(argc, argv);
    fflush(stdout);
    fflush(stderr);
    return status;
}

void test_command(struct test_command *r, const struct test_folder *f,
                  int (*command)(int argc, char **argv), const char *in, const char *const *args)
{
    char path[128];
    int status = 0;
    snprintf(path, sizeof path, "%s/../in", f->dir);
    assert_int_equal(pst_file_write(path, 0600, pst_str_c(in), NULL), PST_OK);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(child(f, command, args));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    r->status = WEXITSTATUS(status);
    snprintf(path, sizeof path, "%s/../out", f->dir);
    slurp(path, r->out, sizeof r->out);
    snprintf(path, sizeof path, "%s/../err", f->dir);
    slurp(path, r->err, sizeof r->err);
}

void test_command_check(const struct test_command *r, int status, const char *out, const char *err)
{
    if (r->status != status || strstr(r->out, out) == NULL || strstr(r->err, err) == NULL) {
        fail_msg("status %d for %d\nwanted: %s | %s\nout: %s\nerr: %s", r->status, status, out, err,
                 r->out, r->err);
    }
}
