#include "cli/audit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum pst_status io_fail(struct pst_err *err, const char *what, const char *name)
{
    return pst_fail(err, errno == ENOENT ? PST_E_NOT_FOUND : PST_E_IO, "cannot %s %s: %s", what,
                    name, strerror(errno));
}

void pst_audit_files_name(uint64_t number, char ret[32])
{
    (void)snprintf(ret, 32, "seg-%08llu.log", (unsigned long long)number);
}

/* Only names that pst_audit_files_name writes. */
static bool number_of(const char *file, uint64_t *ret)
{
    struct pst_str s = pst_str_c(file);
    char same[32];
    uint64_t number = 0;
    if (!pst_str_starts(s, PST_STR("seg-")) || !pst_str_ends(s, PST_STR(".log")) || s.n < 16) {
        return false;
    }
    for (size_t i = 4; i < s.n - 4; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || number > UINT64_MAX / 100) {
            return false;
        }
        number = number * 10 + (uint64_t)(s.p[i] - '0');
    }
    pst_audit_files_name(number, same);
    *ret = number;
    return number > 0 && pst_str_eq(s, pst_str_c(same));
}

static int by_number(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static enum pst_status add(struct pst_audit_files *f, size_t *room, uint64_t number,
                           struct pst_err *err)
{
    if (f->n == *room) {
        size_t more = *room == 0 ? 64 : *room * 2;
        uint64_t *p = more <= PST_AUDIT_SEGMENTS_MAX ? realloc(f->numbers, more * sizeof *p) : NULL;
        if (p == NULL) {
            return pst_fail(err, PST_E_NO_MEMORY, "too many segments in %s", f->dir);
        }
        f->numbers = p;
        *room = more;
    }
    f->numbers[f->n++] = number;
    return PST_OK;
}

enum pst_status pst_audit_files_list(struct pst_audit_files *f, const char *dir,
                                     struct pst_err *err)
{
    enum pst_status st = PST_OK;
    size_t room = 0;
    *f = (struct pst_audit_files){0};
    if (!pst_str_to_c(pst_str_c(dir), f->dir, sizeof f->dir)) {
        return pst_fail(err, PST_E_USAGE, "the path of the log is too long");
    }
    DIR *d = opendir(dir);
    if (d == NULL) {
        return io_fail(err, "open the log folder", dir);
    }
    const struct dirent *entry;
    while (st == PST_OK && (entry = readdir(d)) != NULL) {
        uint64_t number;
        if (number_of(entry->d_name, &number)) {
            st = add(f, &room, number, err);
        }
    }
    closedir(d);
    if (st != PST_OK) {
        pst_audit_files_release(f);
        return st;
    }
    if (f->n > 0) {
        qsort(f->numbers, f->n, sizeof f->numbers[0], by_number);
    }
    return PST_OK;
}

void pst_audit_files_release(struct pst_audit_files *f)
{
    free(f->numbers);
    f->numbers = NULL;
    f->n = 0;
}

int pst_audit_files_open(const struct pst_audit_files *f, uint64_t number, struct pst_err *err)
{
    char name[32], path[PST_AUDIT_PATH + 40];
    pst_audit_files_name(number, name);
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        (void)io_fail(err, "open", path);
    }
    return fd;
}

enum pst_status pst_audit_files_read(int fd, uint64_t at, uint8_t *ret, size_t cap, size_t *ret_n,
                                     struct pst_err *err)
{
    ssize_t n;
    do {
        n = pread(fd, ret, cap, (off_t)at);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return io_fail(err, "read", "the segment");
    }
    *ret_n = (size_t)n;
    return PST_OK;
}

enum pst_status pst_audit_files_slurp(const char *path, struct pst_buf *out, struct pst_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum pst_status st = fd >= 0 ? PST_OK : io_fail(err, "open", path);
    size_t n = 1;
    for (uint64_t at = 0; st == PST_OK && n > 0; at += n) {
        uint8_t part[4096];
        st = pst_audit_files_read(fd, at, part, sizeof part, &n, err);
        if (st == PST_OK && !pst_buf_add(out, pst_str_of(part, n))) {
            st = pst_fail(err, PST_E_LIMIT, "%s is too large", path);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

/* --- records ------------------------------------------------------------------------------ */

struct walk {
    struct pst_segment_dec dec;
    pst_audit_each *each;
    void *user;
    uint64_t shift; /* what to add to the decoder's offsets: it may have begun later in the file */
    uint64_t end;
    bool stopped;
};

static enum pst_status walk_feed(struct walk *w, struct pst_str bytes, size_t *ret_records,
                                 struct pst_err *err)
{
    struct pst_cur in = pst_cur_of(bytes);
    struct pst_segment_item item;
    enum pst_status st;
    *ret_records = 0;
    while ((st = pst_segment_next(&w->dec, &in, &item, err)) == PST_OK) {
        if (item.type == PST_SEGMENT_RECORD) {
            ++*ret_records;
            w->end = w->shift + item.offset + 4 + item.json.n + 4;
            if (!w->each(w->user, item.json)) {
                w->stopped = true;
                return PST_OK;
            }
        }
    }
    return st == PST_ERR ? PST_ERR : PST_OK;
}

/* What is behind the records may be a frame that is being written just now: not damage yet. */
static bool tail_is_fine(struct walk *w)
{
    struct pst_segment_end end;
    if (pst_segment_finish(&w->dec, &end, NULL) != PST_OK) {
        return true;
    }
    return end.tail == PST_TAIL_CLEAN || end.tail == PST_TAIL_SHORT || end.tail == PST_TAIL_TORN;
}

static enum pst_status walk_file(struct walk *w, int fd, uint64_t from, uint8_t *chunk,
                                 struct pst_err *err)
{
    size_t n = 0, records = 0;
    static const uint8_t zeros[PST_SEGMENT_HEADER];
    enum pst_status st = pst_audit_files_read(fd, 0, chunk, PST_SEGMENT_HEADER, &n, err);
    if (st == PST_OK && memcmp(chunk, zeros, n) == 0) {
        return PST_OK; /* created, not begun yet */
    }
    if (st == PST_OK && n == PST_SEGMENT_HEADER) {
        st = walk_feed(w, pst_str_of(chunk, n), &records, err);
    }
    if (st != PST_OK || n < PST_SEGMENT_HEADER) {
        return st;
    }
    uint64_t at = from > PST_SEGMENT_HEADER ? from : PST_SEGMENT_HEADER;
    w->shift = at - PST_SEGMENT_HEADER;
    w->end = at;
    for (; !w->stopped; at += n) {
        st = pst_audit_files_read(fd, at, chunk, PST_AUDIT_CHUNK, &n, err);
        if (st != PST_OK || n == 0) {
            return st;
        }
        st = walk_feed(w, pst_str_of(chunk, n), &records, err);
        if (st != PST_OK || (from > 0 && records == 0)) {
            return st; /* when following, what is behind the last record is not read each time */
        }
    }
    return PST_OK;
}

enum pst_status pst_audit_files_each(const struct pst_audit_files *f, uint64_t number,
                                     uint64_t from, pst_audit_each *each, void *user,
                                     uint64_t *ret_end, bool *ret_whole, struct pst_err *err)
{
    struct walk w = {.each = each, .user = user, .end = from};
    int fd = pst_audit_files_open(f, number, err);
    if (fd < 0) {
        return PST_ERR;
    }
    uint8_t *chunk = malloc(PST_AUDIT_CHUNK);
    pst_segment_dec_init(&w.dec);
    enum pst_status st = chunk != NULL ? walk_file(&w, fd, from, chunk, err)
                                       : pst_fail(err, PST_E_NO_MEMORY, "out of memory");
    *ret_end = w.end;
    *ret_whole = w.stopped || tail_is_fine(&w);
    pst_segment_dec_release(&w.dec);
    free(chunk);
    close(fd);
    return st;
}
