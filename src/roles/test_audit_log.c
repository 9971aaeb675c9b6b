#include "roles/audit.h"

#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEGMENT = 8 * 1024 * 1024, SMALL = 256 * 1024 };

struct place {
    char path[64];
    int dir;
};

static int place_make(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    pst_text(p->path, sizeof p->path, "/tmp/postern-test-log-XXXXXX");
    assert_non_null(mkdtemp(p->path));
    p->dir = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(p->dir >= 0);
    *state = p;
    return 0;
}

static int place_remove(void **state)
{
    struct place *p = *state;
    char command[128];
    pst_text(command, sizeof command, "rm -rf '%s'", p->path);
    assert_int_equal(system(command), 0);
    (void)close(p->dir);
    free(p);
    return 0;
}

static void open_log(const struct place *p, struct pst_audit_log *l, uint64_t segment_bytes)
{
    struct pst_err err = {0};
    int dir = fcntl(p->dir, F_DUPFD_CLOEXEC, 0);
    enum pst_status status = pst_audit_log_open(l, dir, PST_STR("t"), segment_bytes, 1, &err);
    if (status != PST_OK) {
        print_error("%s\n", err.text);
    }
    assert_int_equal(status, PST_OK);
}

/* Adds and writes n records. */
static void add(struct pst_audit_log *l, int n)
{
    struct pst_err err = {0};
    uint64_t seq;
    for (int i = 0; i < n; i++) {
        struct pst_record r = {.kind = PST_RECORD_SYSTEM, .ts_ns = 1};
        r.system.event = PST_STR("start");
        r.system.role = PST_STR("audit");
        assert_int_equal(pst_audit_log_add(l, &r, &seq, &err), PST_OK);
    }
    assert_int_equal(pst_audit_log_write(l, &err), PST_OK);
}

static off_t size_of(const struct place *p, const char *name)
{
    struct stat st;
    return fstatat(p->dir, name, &st, 0) == 0 ? st.st_size : -1;
}

static void test_goes_on_where_it_stopped(void **state)
{
    struct pst_audit_log l;
    open_log(*state, &l, SMALL);
    add(&l, 3);
    struct pst_log before = l.log;
    pst_audit_log_close(&l);
    open_log(*state, &l, SMALL);
    assert_true(l.recovered);
    assert_int_equal(l.log.seq, 3);
    assert_int_equal(l.durable, 3);
    assert_memory_equal(l.log.chain, before.chain, sizeof before.chain);
    pst_audit_log_close(&l);
}

/* Unsynced pages reach the disk in any order: what stands behind a hole is kept whole. */
static void test_a_large_tail_is_set_aside(void **state)
{
    const struct place *p = *state;
    struct pst_audit_log l;
    enum { TAIL = 5 * 1024 * 1024 };
    open_log(p, &l, SEGMENT);
    add(&l, 2);
    uint64_t used = l.used;
    uint8_t *junk = malloc(TAIL);
    assert_non_null(junk);
    memset(junk, 0xa5, TAIL);
    assert_int_equal(pwrite(l.fd, junk, TAIL, (off_t)used + 2048), TAIL);
    free(junk);
    pst_audit_log_close(&l);
    open_log(p, &l, SEGMENT);
    assert_int_equal(l.log.seq, 2);
    assert_int_equal(l.used, used);
    assert_int_equal(l.dropped_bytes, TAIL + 2048);
    char name[64];
    pst_text(name, sizeof name, "tail-00000001-%llu.cut", (unsigned long long)used);
    assert_int_equal(size_of(p, name), TAIL + 2048);
    add(&l, 1);
    pst_audit_log_close(&l);
    open_log(p, &l, SEGMENT);
    assert_int_equal(l.log.seq, 3);
    assert_int_equal(l.dropped_bytes, 0);
    pst_audit_log_close(&l);
}

/* A segment keeps the size it was made with; only the next has the new one. */
static void test_another_size_counts_from_the_next_segment(void **state)
{
    const struct place *p = *state;
    struct pst_audit_log l;
    open_log(p, &l, SMALL);
    add(&l, 1);
    pst_audit_log_close(&l);
    open_log(p, &l, SEGMENT);
    while (l.segment == 1) {
        add(&l, 1);
    }
    assert_int_equal(size_of(p, "seg-00000001.log"), SMALL);
    assert_int_equal(size_of(p, "seg-00000002.log"), SEGMENT);
    pst_audit_log_close(&l);
}

/* Old segments may be moved away: the log goes on behind the newest, and begins none anew. */
static void test_old_segments_may_go(void **state)
{
    const struct place *p = *state;
    struct pst_audit_log l;
    open_log(p, &l, SMALL);
    while (l.segment < 4) {
        add(&l, 1);
    }
    uint64_t seq = l.log.seq;
    pst_audit_log_close(&l);
    assert_int_equal(unlinkat(p->dir, "seg-00000001.log", 0), 0);
    assert_int_equal(unlinkat(p->dir, "seg-00000002.log", 0), 0);
    open_log(p, &l, SMALL);
    assert_int_equal(l.segment, 4);
    assert_int_equal(l.log.seq, seq);
    assert_int_equal(size_of(p, "seg-00000001.log"), -1);
    pst_audit_log_close(&l);
}

/* A crash between making a segment and beginning it leaves an empty one. */
static void test_a_segment_that_was_not_begun_is_made_again(void **state)
{
    const struct place *p = *state;
    struct pst_audit_log l;
    open_log(p, &l, SMALL);
    add(&l, 2);
    pst_audit_log_close(&l);
    int fd = openat(p->dir, "seg-00000002.log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, SMALL), 0);
    (void)close(fd);
    open_log(p, &l, SMALL);
    assert_int_equal(l.segment, 1);
    assert_int_equal(l.log.seq, 2);
    while (l.segment == 1) {
        add(&l, 1);
    }
    pst_audit_log_close(&l);
    assert_int_equal(size_of(p, "seg-00000002.log"), SMALL);
}

static void test_a_failed_write_is_final(void **state)
{
    struct pst_audit_log l;
    struct pst_err err = {0};
    struct pst_record r = {.kind = PST_RECORD_SYSTEM, .ts_ns = 1};
    uint64_t seq;
    open_log(*state, &l, SMALL);
    add(&l, 1);
    int good = l.fd;
    l.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pst_audit_log_add(&l, &r, &seq, &err), PST_OK);
    assert_int_equal(pst_audit_log_write(&l, &err), PST_ERR);
    (void)close(l.fd);
    l.fd = good;
    assert_int_equal(pst_audit_log_write(&l, &err), PST_ERR);
    assert_int_equal(pst_audit_log_add(&l, &r, &seq, &err), PST_ERR);
    assert_int_equal(l.written.seq, 1);
    pst_audit_log_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_A_PLACE(f) cmocka_unit_test_setup_teardown(f, place_make, place_remove)
        IN_A_PLACE(test_goes_on_where_it_stopped),
        IN_A_PLACE(test_a_large_tail_is_set_aside),
        IN_A_PLACE(test_another_size_counts_from_the_next_segment),
        IN_A_PLACE(test_old_segments_may_go),
        IN_A_PLACE(test_a_segment_that_was_not_begun_is_made_again),
        IN_A_PLACE(test_a_failed_write_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
