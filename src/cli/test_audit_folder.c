#include "cli/test_audit_folder.h"

#include "base/test.h"
#include "cli/audit_files.h"
#include "cli/cmd_audit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

void test_folder_write(struct test_folder *f, const char *name, struct pst_str bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
    assert_int_equal(fclose(file), 0);
}

void test_folder_make(struct test_folder *f)
{
    struct pst_buf key;
    const char *tmp = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%s/postern-audit-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->path));
    test_log_init(&f->log);
    for (int s = 0; s < 3; s++) {
        test_log_begin(&f->log);
        for (int i = 0; i < 4; i++) {
            if (i == 2) {
                test_log_checkpoint(&f->log, s * 10 + i, false);
            } else {
                test_log_decision(&f->log, s * 10 + i);
            }
        }
    }
    test_log_pad(&f->log);
    for (size_t s = 0; s < f->log.n; s++) {
        char name[32];
        pst_audit_files_name(s + 1, name);
        test_folder_write(f, name, pst_buf_str(&f->log.seg[s]));
    }
    pst_buf_init(&key, PST_NOTE_VKEY_MAX + 1);
    assert_true(pst_note_key_put(&key, &f->log.key) && pst_buf_byte(&key, '\n'));
    test_folder_write(f, "log.pub", pst_buf_str(&key));
    pst_buf_release(&key);
}

void test_folder_remove(struct test_folder *f)
{
    DIR *d = opendir(f->path);
    assert_non_null(d);
    const struct dirent *entry;
    while ((entry = readdir(d)) != NULL) {
        (void)unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
    (void)rmdir(f->path);
    test_log_release(&f->log);
}

static void collect(FILE *from, char *ret, size_t cap)
{
    rewind(from);
    ret[fread(ret, 1, cap - 1, from)] = 0;
    fclose(from);
}

/* Points a stream's descriptor at `to`; returns what it was. */
static int divert(FILE *stream, int to)
{
    fflush(stream);
    int kept = dup(fileno(stream));
    assert_true(kept >= 0 && dup2(to, fileno(stream)) >= 0);
    return kept;
}

void test_run(struct test_run *r, const char *const *args)
{
    char *argv[32];
    int argc = 0;
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out != NULL && err != NULL);
    while (args[argc] != NULL) {
        argv[argc] = strdup(args[argc]);
        argc++;
    }
    argv[argc] = NULL;
    int kept_out = divert(stdout, fileno(out)), kept_err = divert(stderr, fileno(err));
    r->status = pst_cmd_audit(argc, argv);
    close(divert(stdout, kept_out));
    close(divert(stderr, kept_err));
    close(kept_out);
    close(kept_err);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    collect(out, r->out, sizeof r->out);
    collect(err, r->err, sizeof r->err);
}
