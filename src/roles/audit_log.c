#include "roles/audit.h"

#include "crypto/random.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_CAP = 32 * 1024 * 1024, READ_CHUNK = 256 * 1024, NAME_CAP = 32 };

static void segment_name(uint64_t number, char ret[NAME_CAP])
{
    pst_text(ret, NAME_CAP, "seg-%08llu.log", (unsigned long long)number);
}

static enum pst_status io_fail(struct pst_err *err, const char *what, const char *name)
{
    return pst_fail(err, PST_E_IO, "%s %s: %s", what, name, strerror(errno));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The number in a segment's name, 0 when it is none. */
static uint64_t segment_number(const char *entry)
{
    char name[NAME_CAP];
    struct pst_cur c = pst_cur_of(pst_str_c(entry));
    uint64_t number = 0;
    if (!pst_cur_lit(&c, PST_STR("seg-"))) {
        return 0;
    }
    while (pst_cur_peek(&c, 0) >= '0' && pst_cur_peek(&c, 0) <= '9' && number < UINT32_MAX) {
        number = number * 10 + (uint64_t)(pst_cur_peek(&c, 0) - '0');
        pst_cur_skip(&c, 1);
    }
    segment_name(number, name);
    return strcmp(name, entry) == 0 ? number : 0;
}

/* The highest segment there is, 0 for none. Old ones may have been moved away. */
static enum pst_status last_segment(int dir, uint64_t *ret, struct pst_err *err)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    uint64_t last = 0;
    if (entries == NULL) {
        enum pst_status status = io_fail(err, "cannot read", "the evidence folder");
        pst_fd_close(&copy);
        return status;
    }
    while ((entry = readdir(entries)) != NULL) {
        uint64_t number = segment_number(entry->d_name);
        last = number > last ? number : last;
    }
    (void)closedir(entries);
    *ret = last;
    return PST_OK;
}

/* Begins segment `number` where the log stands: preallocated, headed, durable with its name. What
 * is there already is never written over. */
static enum pst_status segment_create(struct pst_audit_log *l, uint64_t number, int64_t now_ns,
                                      struct pst_err *err)
{
    char name[NAME_CAP];
    PST_FD fd = -1;
    struct pst_buf head;
    segment_name(number, name);
    pst_buf_init(&head, PST_SEGMENT_HEADER);
    enum pst_status status = pst_segment_begin(&l->log, number, l->segment_bytes, now_ns, &head,
                                               err);
    if (status == PST_OK) {
        fd = openat(l->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        int e = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)l->segment_bytes);
        if (e != 0) {
            errno = e; /* posix_fallocate does not set it */
            status = io_fail(err, "no room for", name);
        }
    }
    if (status == PST_OK &&
        (fd < 0 || pwrite(fd, head.p, head.n, 0) != (ssize_t)head.n || fdatasync(fd) != 0)) {
        status = io_fail(err, "cannot begin", name);
    }
    if (status == PST_OK) {
        status = pst_dir_sync(l->dir, err);
    }
    if (status == PST_OK) {
        pst_fd_close(&l->fd);
        l->fd = pst_fd_take(&fd);
        l->segment = number;
        l->size = l->segment_bytes;
        l->used = head.n;
    } else if (fd >= 0) {
        (void)unlinkat(l->dir, name, 0); /* nothing was recorded in it */
    }
    pst_buf_release(&head);
    return status;
}

static enum pst_status recover_feed(struct pst_recover *r, int fd, struct pst_err *err)
{
    uint8_t *chunk = malloc(READ_CHUNK);
    enum pst_status status = chunk != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no memory");
    for (off_t at = 0; status == PST_OK;) {
        ssize_t n = pread(fd, chunk, READ_CHUNK, at);
        if (n < 0) {
            status = io_fail(err, "cannot read", "the last segment");
        }
        if (n <= 0) {
            break;
        }
        at += n;
        status = pst_recover_feed(r, pst_str_of(chunk, (size_t)n), err);
    }
    free(chunk);
    return status;
}

/* Sets the bytes of an unfinished tail aside and zeroes them, so that the log goes on cleanly. */
static enum pst_status tail_mend(struct pst_audit_log *l, const struct pst_segment_end *end,
                                 struct pst_err *err)
{
    uint8_t zeros[4096] = {0};
    for (uint64_t at = end->valid; at < end->data_end;) {
        uint64_t left = end->data_end - at;
        size_t n = left < sizeof zeros ? (size_t)left : sizeof zeros;
        if (pwrite(l->fd, zeros, n, (off_t)at) != (ssize_t)n) {
            return io_fail(err, "cannot mend", "the last segment");
        }
        at += n;
    }
    if ((errno = posix_fallocate(l->fd, 0, (off_t)l->size)) != 0) {
        return io_fail(err, "cannot mend", "the last segment");
    }
    l->dropped_bytes = end->data_end > end->valid ? end->data_end - end->valid : 0;
    return PST_OK;
}

static enum pst_status tail_keep(struct pst_audit_log *l, const struct pst_segment_end *end,
                                 struct pst_err *err)
{
    char name[NAME_CAP + 16];
    uint8_t chunk[4096];
    pst_text(name, sizeof name, "tail-%08llu-%llu.cut", (unsigned long long)l->segment,
             (unsigned long long)end->valid);
    PST_FD fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return io_fail(err, "cannot set aside", name);
    }
    for (uint64_t at = end->valid; at < end->data_end;) {
        uint64_t left = end->data_end - at;
        size_t n = left < sizeof chunk ? (size_t)left : sizeof chunk;
        if (pst_fd_pread_full(l->fd, chunk, n, at, err) != PST_OK ||
            pst_fd_write_full(fd, pst_str_of(chunk, n), err) != PST_OK) {
            return PST_ERR;
        }
        at += n;
    }
    return fsync(fd) == 0 ? pst_dir_sync(l->dir, err) : io_fail(err, "cannot set aside", name);
}

static enum pst_status segment_recover(struct pst_audit_log *l, uint64_t number,
                                       struct pst_err *err)
{
    char name[NAME_CAP];
    struct pst_recover r;
    struct pst_segment_end end;
    segment_name(number, name);
    l->fd = openat(l->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (l->fd < 0) {
        return io_fail(err, "cannot open", name);
    }
    enum pst_status status = pst_recover_init(&r, err);
    if (status == PST_OK) {
        status = recover_feed(&r, l->fd, err);
    }
    if (status == PST_OK) {
        status = pst_recover_finish(&r, &l->log, &end, err);
    }
    l->size = r.dec.head.size; /* of this file, whatever later ones will have */
    pst_recover_release(&r);
    if (status != PST_OK) {
        return status;
    }
    if (end.tail == PST_TAIL_CORRUPT) {
        return pst_fail(err, PST_E_IO, "%s is damaged behind byte %llu: see docs/evidence.md", name,
                        (unsigned long long)end.valid);
    }
    l->segment = number;
    l->used = end.valid;
    l->recovered = true;
    if (end.tail != PST_TAIL_CLEAN &&
        ((end.data_end > end.valid && tail_keep(l, &end, err) != PST_OK) ||
         tail_mend(l, &end, err) != PST_OK)) {
        return PST_ERR;
    }
    /* what the process before this one wrote may be in memory only */
    return fdatasync(l->fd) == 0 ? PST_OK : io_fail(err, "cannot sync", name);
}

/* A segment that was created and not begun holds nothing: it is made again. */
static enum pst_status segment_unmake(struct pst_audit_log *l, uint64_t number, struct pst_err *err)
{
    char name[NAME_CAP];
    segment_name(number, name);
    pst_fd_close(&l->fd);
    return unlinkat(l->dir, name, 0) == 0 ? PST_OK : io_fail(err, "cannot remove", name);
}

static enum pst_status log_begin(struct pst_audit_log *l, struct pst_str name, int64_t now_ns,
                                 struct pst_err *err)
{
    uint8_t id[PST_LOG_ID];
    char origin[PST_LOG_ORIGIN_MAX + 1];
    pst_random(id, sizeof id);
    pst_text(origin, sizeof origin, "postern/%.*s", PST_FMT(name));
    if (pst_log_init(&l->log, id, pst_str_c(origin), err) != PST_OK) {
        return PST_ERR;
    }
    return segment_create(l, 1, now_ns, err);
}

enum pst_status pst_audit_log_open(struct pst_audit_log *l, int dir, struct pst_str name,
                                   uint64_t segment_bytes, int64_t now_ns, struct pst_err *err)
{
    *l = (struct pst_audit_log){.dir = dir, .fd = -1, .segment_bytes = segment_bytes};
    pst_buf_init(&l->batch, BATCH_CAP);
    uint64_t number = 0;
    enum pst_status status = pst_sync_open(&l->sync, err);
    if (status == PST_OK) {
        status = pst_sha256_init(&l->sha, err);
    }
    if (status == PST_OK) {
        status = last_segment(dir, &number, err);
    }
    if (status == PST_OK && number > 0) {
        struct pst_err why = {0};
        status = segment_recover(l, number, &why);
        if (status != PST_OK && why.code == PST_E_NOT_FOUND) {
            status = segment_unmake(l, number--, err);
            if (status == PST_OK && number > 0) {
                status = segment_recover(l, number, err);
            }
        } else if (status != PST_OK && err != NULL) {
            *err = why;
        }
    }
    if (status == PST_OK && number == 0) {
        status = log_begin(l, name, now_ns, err);
    }
    l->written = l->log;
    l->synced = l->log;
    l->durable = l->log.seq;
    return status;
}

void pst_audit_log_close(struct pst_audit_log *l)
{
    if (l->fd >= 0) {
        (void)fdatasync(l->fd);
    }
    pst_sync_close(&l->sync);
    pst_fd_close(&l->fd);
    pst_fd_close(&l->dir);
    pst_buf_release(&l->batch);
    pst_sha256_release(&l->sha);
}

/* --- appending -------------------------------------------------------------------------------- */

/* A sync that failed once may succeed the next time without the bytes: never ask again. */
static enum pst_status broken(struct pst_audit_log *l, struct pst_err *err, const char *what,
                              const char *name)
{
    l->broken = true;
    return io_fail(err, what, name);
}

/* The current segment is closed durable before the next begins, so the order of files is the order
 * of durability. */
static enum pst_status roll(struct pst_audit_log *l, int64_t now_ns, struct pst_err *err)
{
    if (pst_audit_log_write(l, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_sync_wait(&l->sync, err) != PST_OK) {
        l->broken = true; /* a sync that succeeds behind one that failed proves nothing */
        return PST_ERR;
    }
    if (fdatasync(l->fd) != 0) {
        return broken(l, err, "cannot sync", "the segment");
    }
    l->synced = l->written;
    l->durable = l->written.seq;
    return segment_create(l, l->segment + 1, now_ns, err);
}

enum pst_status pst_audit_log_add(struct pst_audit_log *l, const struct pst_record *record,
                                  uint64_t *ret_seq, struct pst_err *err)
{
    if (l->broken) {
        return pst_fail(err, PST_E_IO, "the evidence log is broken");
    }
    if (pst_segment_full(l->used + l->batch.n, l->size) && roll(l, record->ts_ns, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_log_append(&l->log, &l->sha, record, &l->batch, NULL, err) != PST_OK) {
        return PST_ERR;
    }
    *ret_seq = l->log.seq;
    return PST_OK;
}

enum pst_status pst_audit_log_write(struct pst_audit_log *l, struct pst_err *err)
{
    struct pst_str left = pst_buf_str(&l->batch);
    uint64_t at = l->used;
    if (l->broken) {
        return pst_fail(err, PST_E_IO, "the evidence log is broken");
    }
    while (left.n > 0) {
        ssize_t n = pwrite(l->fd, left.p, left.n, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return broken(l, err, "cannot write", "the segment");
        }
        at += (uint64_t)n;
        left = pst_str_from(left, (size_t)n);
    }
    l->used = at;
    l->written = l->log;
    pst_buf_clear(&l->batch);
    return PST_OK;
}

enum pst_status pst_audit_log_sync(struct pst_audit_log *l, struct pst_err *err)
{
    if (l->broken || l->sync.busy || l->durable == l->written.seq) {
        return PST_OK;
    }
    l->syncing_log = l->written;
    l->syncing = l->written.seq;
    enum pst_status status = pst_sync_start(&l->sync, l->fd, err);
    l->broken = status != PST_OK;
    return status;
}

enum pst_status pst_audit_log_synced(struct pst_audit_log *l, struct pst_err *err)
{
    enum pst_status status = pst_sync_finish(&l->sync, err);
    if (status == PST_OK && l->syncing > l->durable) {
        l->synced = l->syncing_log;
        l->durable = l->syncing;
    }
    l->broken = l->broken || status == PST_ERR;
    return status;
}
