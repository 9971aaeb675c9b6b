#include "sys/file.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 64, READ_STEP = 8192 };

static enum pst_status failed(const char *path, int e, struct pst_err *err)
{
    enum pst_error code = e == ENOENT ? PST_E_NOT_FOUND : e == EEXIST ? PST_E_EXISTS : PST_E_IO;
    return pst_fail(err, code, "%s: %s", path, strerror(e));
}

/* --- folders ------------------------------------------------------------------------------------
 */

enum pst_status pst_dir_open(const char *path, int *ret, struct pst_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(path, errno, err);
    }
    *ret = fd;
    return PST_OK;
}

enum pst_status pst_dir_sync(int dir, struct pst_err *err)
{
    if (fsync(dir) != 0) {
        return pst_fail(err, PST_E_IO, "cannot sync a folder: %s", strerror(errno));
    }
    return PST_OK;
}

enum pst_status pst_dir_make(const char *path, unsigned mode, struct pst_err *err)
{
    if (mkdir(path, (mode_t)mode) == 0) {
        /* umask may have narrowed it; "exactly" is the promise. */
        return chmod(path, (mode_t)mode) == 0 ? PST_OK : failed(path, errno, err);
    }
    int e = errno;
    struct stat st = {0};
    if (e == EEXIST && stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return pst_fail(err, PST_E_EXISTS, "%s exists and is not a folder", path);
    }
    return e == EEXIST ? PST_OK : failed(path, e, err);
}

enum pst_status pst_dir_make_all(const char *path, unsigned mode, struct pst_err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part)) {
        return pst_fail(err, PST_E_LIMIT, "the path is empty or too long");
    }
    memcpy(part, path, n + 1);
    for (size_t i = 1; i < n; i++) {
        if (part[i] == '/' && part[i - 1] != '/') {
            part[i] = '\0';
            if (pst_dir_make(part, mode, err) != PST_OK) {
                return PST_ERR;
            }
            part[i] = '/';
        }
    }
    return pst_dir_make(part, mode, err);
}

/* The folder a file is in, opened. */
static enum pst_status parent_open(const char *path, int *ret, struct pst_err *err)
{
    char dir[PATH_MAX];
    struct pst_str s = pst_str_c(path);
    size_t n = s.n;
    while (n > 0 && s.p[n - 1] != '/') {
        n--;
    }
    if (n >= sizeof(dir)) {
        return pst_fail(err, PST_E_LIMIT, "the path is too long");
    }
    (void)snprintf(dir, sizeof(dir), "%.*s", (int)(n > 0 ? n : 1), n > 0 ? path : ".");
    return pst_dir_open(dir, ret, err);
}

/* --- writing ------------------------------------------------------------------------------------
 */

/* A new file beside `path`, its name in `temp`. The process id keeps processes apart, the number
 * the left-overs of killed ones. */
static int temp_open(const char *path, unsigned mode, char temp[PATH_MAX])
{
    for (unsigned i = 0; i < TRIES; i++) {
        int n = snprintf(temp, PATH_MAX, "%s.new.%ld.%u", path, (long)getpid(), i);
        if (n < 0 || n >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

static enum pst_status write_temp(int fd, const char *temp, unsigned mode, struct pst_str bytes,
                                  struct pst_err *err)
{
    if (fchmod(fd, (mode_t)mode) != 0) {
        return failed(temp, errno, err);
    }
    if (pst_fd_write_full(fd, bytes, err) != PST_OK) {
        return PST_ERR;
    }
    return fsync(fd) == 0 ? PST_OK : failed(temp, errno, err);
}

static enum pst_status write_whole(const char *path, unsigned mode, struct pst_str bytes,
                                   bool replace, struct pst_err *err)
{
    char temp[PATH_MAX];
    PST_FD dir = -1;
    if (parent_open(path, &dir, err) != PST_OK) {
        return PST_ERR;
    }
    PST_FD fd = temp_open(path, mode, temp);
    if (fd < 0) {
        return failed(path, errno, err);
    }
    enum pst_status st = write_temp(fd, temp, mode, bytes, err);
    /* link() is rename() that refuses to replace. */
    if (st == PST_OK && (replace ? rename(temp, path) : link(temp, path)) != 0) {
        st = failed(path, errno, err);
    }
    if (st != PST_OK || !replace) {
        (void)unlink(temp);
    }
    return st == PST_OK ? pst_dir_sync(dir, err) : st;
}

enum pst_status pst_file_write(const char *path, unsigned mode, struct pst_str bytes,
                               struct pst_err *err)
{
    return write_whole(path, mode, bytes, true, err);
}

enum pst_status pst_file_create(const char *path, unsigned mode, struct pst_str bytes,
                                struct pst_err *err)
{
    return write_whole(path, mode, bytes, false, err);
}

/* --- reading ------------------------------------------------------------------------------------
 */

enum pst_status pst_file_read(const char *path, struct pst_buf *out, struct pst_err *err)
{
    PST_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return failed(path, errno, err);
    }
    uint64_t size = 0;
    if (pst_fd_size(fd, &size, NULL) != PST_OK) {
        return pst_fail(err, PST_E_IO, "%s is not a regular file", path);
    }
    size_t before = out->n;
    for (;;) {
        uint8_t step[READ_STEP];
        size_t got = 0;
        if (pst_fd_read(fd, step, sizeof(step), &got, err) != PST_OK) {
            pst_buf_truncate(out, before);
            return PST_ERR;
        }
        if (got == 0) {
            return PST_OK;
        }
        if (got > out->cap - out->n) { /* asked first: a failed append would stick to `out` */
            size_t room = out->cap - before;
            pst_buf_truncate(out, before);
            return pst_fail(err, PST_E_LIMIT, "%s is larger than %zu bytes", path, room);
        }
        if (!pst_buf_add(out, pst_str_of(step, got))) {
            pst_buf_truncate(out, before);
            return pst_fail(err, PST_E_NO_MEMORY, "no memory to read %s", path);
        }
    }
}

enum pst_status pst_file_private(const char *path, struct pst_err *err)
{
    struct stat st = {0};
    if (stat(path, &st) != 0) {
        return failed(path, errno, err);
    }
    if ((st.st_mode & 077) != 0) {
        return pst_fail(err, PST_E_CONFIG,
                        "%s holds a secret and others can read it; run: chmod 600", path);
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return pst_fail(err, PST_E_CONFIG, "%s holds a secret and belongs to another user", path);
    }
    return PST_OK;
}

bool pst_file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* --- lock ---------------------------------------------------------------------------------------
 */

static enum pst_status taken(const char *path, int fd, struct pst_err *err)
{
    char text[24] = {0};
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    struct pst_str pid = pst_str_trim(pst_str_of(text, n > 0 ? (size_t)n : 0));
    if (pid.n > 0 && pid.p[pid.n - 1] == '\n') {
        pid.n--;
    }
    uint64_t number;
    if (pst_str_u64(pid, &number)) {
        return pst_fail(err, PST_E_EXISTS, "%s is held by process %llu; is it running already?",
                        path, (unsigned long long)number);
    }
    return pst_fail(err, PST_E_EXISTS, "%s is held by another process", path);
}

enum pst_status pst_file_lock(const char *path, int *ret, struct pst_err *err)
{
    PST_FD fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return failed(path, errno, err);
    }
    /* A lock of the open file, not of the process: closing some other descriptor of the same file
     * does not drop it. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        return errno == EAGAIN || errno == EACCES ? taken(path, fd, err) : failed(path, errno, err);
    }
    char text[24];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        return failed(path, errno, err);
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}
