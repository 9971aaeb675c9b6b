#include "cli/backup.h"

#include "cli/audit_files.h"
#include "control/store.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders below the state folder, and the depth to which they are followed. */
enum { FOLDERS_MAX = 1024, DEPTH_MAX = 8, COPY_CHUNK = 64 * 1024, PATH_CAP = 1024 };

struct backup {
    const char *from;
    char to[PATH_CAP];
    char (*folders)[PATH_CAP]; /* relative names that wait, a stack */
    size_t n_folders;
    uint8_t *chunk;
    struct pst_backup_made made;
    struct pst_err *err;
};

static enum pst_status join(const struct backup *b, const char *folder, const char *name,
                            char ret[PATH_CAP])
{
    int n = snprintf(ret, PATH_CAP, "%s%s%s", folder, name[0] != 0 ? "/" : "", name);
    return n > 0 && n < PATH_CAP
               ? PST_OK
               : pst_fail(b->err, PST_E_CONFIG, "a path in %s is too long", folder);
}

static enum pst_status io_fail(const struct backup *b, const char *path)
{
    return pst_fail(b->err, PST_E_IO, "%s: %m", path);
}

/* The bytes [0, end) of a file, then zeros up to `size`, which take no room on the disk. */
static enum pst_status copy_bytes(struct backup *b, int from, const char *to, uint64_t end,
                                  uint64_t size)
{
    PST_FD out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0) {
        return io_fail(b, to);
    }
    uint64_t at = 0;
    while (at < end) {
        size_t want = end - at < COPY_CHUNK ? (size_t)(end - at) : COPY_CHUNK, n = 0;
        if (pst_audit_files_read(from, at, b->chunk, want, &n, b->err) != PST_OK ||
            pst_fd_write_full(out, pst_str_of(b->chunk, n), b->err) != PST_OK) {
            return PST_ERR;
        }
        if (n == 0) {
            break; /* it shrank meanwhile */
        }
        at += n;
    }
    if (ftruncate(out, (off_t)(size > at ? size : at)) != 0 || fsync(out) != 0) {
        return io_fail(b, to);
    }
    b->made.bytes += at;
    b->made.files++;
    return PST_OK;
}

static enum pst_status copy_file(struct backup *b, const char *from, const char *to)
{
    struct stat st;
    PST_FD in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0 && errno == ENOENT) {
        return PST_OK; /* gone since it was listed */
    }
    if (in < 0 || fstat(in, &st) != 0) {
        return io_fail(b, from);
    }
    return copy_bytes(b, in, to, (uint64_t)st.st_size, 0);
}

/* --- the evidence ------------------------------------------------------------------------- */

static bool count(void *user, struct pst_str json)
{
    struct backup *b = user;
    (void)json;
    b->made.records++;
    return true;
}

static enum pst_status copy_segment(struct backup *b, const struct pst_audit_files *f,
                                    uint64_t number)
{
    char name[32], folder[PATH_CAP], to[PATH_CAP];
    uint64_t end = 0;
    bool whole = false;
    struct stat st;
    pst_audit_files_name(number, name);
    if (join(b, b->to, "audit", folder) != PST_OK || join(b, folder, name, to) != PST_OK ||
        pst_audit_files_each(f, number, 0, count, b, &end, &whole, b->err) != PST_OK) {
        return PST_ERR;
    }
    if (!whole) {
        return pst_fail(b->err, PST_E_SYNTAX,
                        "the log is damaged in %s; look at it with: postern audit verify --log %s",
                        name, f->dir);
    }
    if (end == 0) {
        return PST_OK; /* created and not begun */
    }
    PST_FD in = pst_audit_files_open(f, number, b->err);
    if (in < 0) {
        return PST_ERR;
    }
    if (fstat(in, &st) != 0) {
        return io_fail(b, name);
    }
    b->made.segments++;
    return copy_bytes(b, in, to, end, (uint64_t)st.st_size);
}

/* Newest first: when a segment had not begun, the one before it is read later and may end in the
 * middle; when it had, the one before it is finished. Either way no record is missing in between.
 */
static enum pst_status copy_log(struct backup *b)
{
    char folder[PATH_CAP];
    struct pst_audit_files f;
    if (join(b, b->from, "audit", folder) != PST_OK ||
        pst_audit_files_list(&f, folder, b->err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = PST_OK;
    for (size_t i = f.n; i > 0 && status == PST_OK; i--) {
        status = copy_segment(b, &f, f.numbers[i - 1]);
    }
    pst_audit_files_release(&f);
    return status;
}

/* --- everything else ---------------------------------------------------------------------- */

/* What has its own way of being copied, and what only a running gateway means. */
static bool special(const char *relative)
{
    struct pst_str name = pst_str_c(relative);
    return pst_str_starts(name, PST_STR("store/postern.db")) ||
           (pst_str_starts(name, PST_STR("audit/seg-")) && pst_str_ends(name, PST_STR(".log"))) ||
           pst_str_starts(name, PST_STR("run/"));
}

static size_t depth_of(const char *relative)
{
    size_t n = 0;
    for (size_t i = 0; relative[i] != 0; i++) {
        n += relative[i] == '/';
    }
    return n;
}

static enum pst_status folder_add(struct backup *b, const char *relative)
{
    char to[PATH_CAP];
    if (join(b, b->to, relative, to) != PST_OK || pst_dir_make(to, 0700, b->err) != PST_OK) {
        return PST_ERR;
    }
    if (b->n_folders == FOLDERS_MAX || depth_of(relative) >= DEPTH_MAX) {
        return pst_fail(b->err, PST_E_LIMIT, "%s: too many folders, or too deep", relative);
    }
    memcpy(b->folders[b->n_folders++], relative, strlen(relative) + 1);
    return PST_OK;
}

static enum pst_status copy_entry(struct backup *b, const char *folder, const char *name)
{
    char relative[PATH_CAP], from[PATH_CAP], to[PATH_CAP];
    struct stat st;
    if (folder[0] == 0 ? !pst_str_to_c(pst_str_c(name), relative, sizeof relative)
                       : join(b, folder, name, relative) != PST_OK) {
        return PST_ERR;
    }
    if (special(relative)) {
        return PST_OK;
    }
    if (join(b, b->from, relative, from) != PST_OK || join(b, b->to, relative, to) != PST_OK) {
        return PST_ERR;
    }
    if (lstat(from, &st) != 0) {
        return errno == ENOENT ? PST_OK : io_fail(b, from);
    }
    if (S_ISDIR(st.st_mode)) {
        return folder_add(b, relative);
    }
    if (!S_ISREG(st.st_mode)) {
        b->made.skipped++;
        return PST_OK;
    }
    return copy_file(b, from, to);
}

static enum pst_status copy_folder(struct backup *b, const char *relative)
{
    char from[PATH_CAP];
    if (join(b, b->from, relative, from) != PST_OK) {
        return PST_ERR;
    }
    DIR *dir = opendir(from);
    if (dir == NULL) {
        return io_fail(b, from);
    }
    enum pst_status status = PST_OK;
    const struct dirent *entry;
    while (status == PST_OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = copy_entry(b, relative, entry->d_name);
        }
    }
    (void)closedir(dir);
    return status;
}

static enum pst_status copy_rest(struct backup *b)
{
    enum pst_status status = copy_folder(b, "");
    while (status == PST_OK && b->n_folders > 0) {
        char relative[PATH_CAP];
        memcpy(relative, b->folders[--b->n_folders], sizeof relative);
        status = copy_folder(b, relative);
    }
    return status;
}

/* --- the whole ---------------------------------------------------------------------------- */

static enum pst_status copy_store(struct backup *b)
{
    char folder[PATH_CAP], from[PATH_CAP], to[PATH_CAP];
    if (join(b, b->to, "store", folder) != PST_OK || pst_dir_make(folder, 0700, b->err) != PST_OK ||
        join(b, folder, "postern.db", to) != PST_OK ||
        join(b, b->from, "store/postern.db", from) != PST_OK ||
        pst_store_copy(from, to, b->err) != PST_OK) {
        return PST_ERR;
    }
    b->made.files++;
    return PST_OK;
}

/* A copy within the state folder would be copied too. */
static enum pst_status begin(struct backup *b)
{
    if (pst_dir_make(b->to, 0700, b->err) != PST_OK) {
        return PST_ERR;
    }
    char *from = realpath(b->from, NULL), *to = realpath(b->to, NULL);
    enum pst_status status = from != NULL && to != NULL ? PST_OK : io_fail(b, b->to);
    size_t n = from != NULL ? strlen(from) : 0;
    if (status == PST_OK && strncmp(to, from, n) == 0 && to[n] == '/') {
        (void)rmdir(b->to);
        status = pst_fail(b->err, PST_E_USAGE, "a backup does not go into the state folder");
    }
    free(from);
    free(to);
    return status;
}

static enum pst_status copy_all(struct backup *b)
{
    char audit[PATH_CAP];
    if (begin(b) != PST_OK || join(b, b->to, "audit", audit) != PST_OK || copy_store(b) != PST_OK ||
        pst_dir_make(audit, 0700, b->err) != PST_OK || copy_log(b) != PST_OK) {
        return PST_ERR;
    }
    return copy_rest(b);
}

/* The name appears last, and with everything behind it on the disk. */
static enum pst_status finish(struct backup *b, const char *to)
{
    char full[PATH_CAP];
    struct pst_err ignored = {0};
    PST_FD dir = -1;
    if (renameat2(AT_FDCWD, b->to, AT_FDCWD, to, RENAME_NOREPLACE) != 0) {
        return io_fail(b, to);
    }
    if (join(b, to, "..", full) == PST_OK && pst_dir_open(full, &dir, &ignored) == PST_OK) {
        return pst_dir_sync(dir, b->err);
    }
    return PST_OK; /* a parent that cannot be opened cannot be synced */
}

static enum pst_status target(struct backup *b, const char *to)
{
    struct pst_str name = pst_str_c(to);
    while (name.n > 1 && name.p[name.n - 1] == '/') {
        name.n--;
    }
    pst_text(b->to, sizeof b->to, "%.*s.partial", PST_FMT(name));
    if (name.n == 0 || name.n > sizeof b->to - sizeof ".partial") {
        return pst_fail(b->err, PST_E_USAGE, "the path of the backup is empty or too long");
    }
    if (pst_file_exists(to)) {
        return pst_fail(b->err, PST_E_EXISTS, "%s exists already; a backup makes a new folder", to);
    }
    return pst_file_exists(b->to)
               ? pst_fail(b->err, PST_E_EXISTS,
                          "%s is left of a backup that failed; remove it first", b->to)
               : PST_OK;
}

enum pst_status pst_backup(const char *state, const char *to, struct pst_backup_made *ret,
                           struct pst_err *err)
{
    struct backup *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the backup");
    }
    *b = (struct backup){.from = state,
                         .folders = calloc(FOLDERS_MAX, sizeof *b->folders),
                         .chunk = malloc(COPY_CHUNK),
                         .err = err};
    enum pst_status status = b->folders != NULL && b->chunk != NULL
                                 ? target(b, to)
                                 : pst_fail(err, PST_E_NO_MEMORY, "no memory for the backup");
    if (status == PST_OK && (status = copy_all(b)) == PST_OK) {
        status = finish(b, to);
    }
    if (status == PST_OK) {
        *ret = b->made;
    }
    free(b->folders);
    free(b->chunk);
    free(b);
    return status;
}
