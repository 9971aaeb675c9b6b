#include "base/test.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

static void a_sealed_file_is_final(void **state)
{
    (void)state;
    PST_FD fd = -1;
    assert_int_equal(pst_memfd_of("body", PST_STR("content"), &fd, NULL), PST_OK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pst_memfd_check(fd, PST_SEALS, 7, NULL), PST_OK);
    assert_int_equal(pwrite(fd, "X", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 3), -1);
    assert_int_equal(ftruncate(fd, 30), -1);
    assert_true(mmap(NULL, 7, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    struct pst_str map = {0};
    assert_int_equal(pst_memfd_map(fd, 7, &map, NULL), PST_OK);
    assert_str(map, "content");
    pst_memfd_unmap(&map);
    assert_null(map.p);
    pst_memfd_unmap(&map);
    struct pst_err err = {0};
    assert_int_equal(pst_memfd_seal(fd, &err), PST_ERR); /* sealed for good */
    PST_FD empty = -1;
    assert_int_equal(pst_memfd_of("empty", PST_STR(""), &empty, NULL), PST_OK);
    assert_int_equal(pst_memfd_check(empty, PST_SEALS, 0, NULL), PST_OK);
}

static void refused(int fd, uint64_t size)
{
    struct pst_err err = {0};
    assert_int_equal(pst_memfd_check(fd, PST_SEALS, size, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_PROTOCOL_VIOLATION);
}

static void anything_else_is_a_violation(void **state)
{
    (void)state;
    PST_FD fd = -1;
    assert_int_equal(pst_memfd_of("body", PST_STR("content"), &fd, NULL), PST_OK);
    refused(fd, 6);
    refused(fd, 8);
    refused(fd, UINT64_MAX);
    refused(-1, 7);
    /* every proper subset of the seals */
    static const int seals[] = {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE};
    for (unsigned set = 0; set < 7; set++) {
        PST_FD weak = -1;
        assert_int_equal(pst_memfd_open("weak", &weak, NULL), PST_OK);
        assert_int_equal(pst_fd_write_full(weak, PST_STR("content"), NULL), PST_OK);
        for (unsigned i = 0; i < 3; i++) {
            if ((set & (1U << i)) != 0) {
                assert_int_equal(fcntl(weak, F_ADD_SEALS, seals[i]), 0);
            }
        }
        refused(weak, 7);
    }
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    refused(pair[0], 0);
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
    PST_FD exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    uint64_t size = 0;
    assert_int_equal(pst_fd_size(exe, &size, NULL), PST_OK);
    refused(exe, size);
    PST_FD null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    refused(null, 0);
    PST_FD dir = open("/", O_RDONLY | O_CLOEXEC);
    refused(dir, 0);
}

static void a_writable_mapping_cannot_be_hidden(void **state)
{
    (void)state;
    PST_FD fd = -1;
    assert_int_equal(pst_memfd_open("body", &fd, NULL), PST_OK);
    assert_int_equal(ftruncate(fd, 4096), 0);
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    struct pst_err err = {0};
    assert_int_equal(pst_memfd_seal(fd, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    refused(fd, 4096);
    assert_int_equal(munmap(p, 4096), 0);
    assert_int_equal(pst_memfd_seal(fd, NULL), PST_OK);
    assert_int_equal(pst_memfd_check(fd, PST_SEALS, 4096, NULL), PST_OK);
}

static void bad_descriptors_are_errors(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_str map = {0};
    int fd = -1;
    assert_int_equal(pst_memfd_map(-1, 1, &map, &err), PST_ERR);
    assert_null(map.p);
    assert_int_equal(pst_memfd_seal(-1, &err), PST_ERR);
    char name[300];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(pst_memfd_of(name, PST_STR("x"), &fd, &err), PST_ERR); /* too long a name */
    assert_int_equal(fd, -1);
    assert_dies(pst_memfd_map(0, 0, &map, &err) == PST_OK ? abort() : (void)0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_file_is_final),
        cmocka_unit_test(anything_else_is_a_violation),
        cmocka_unit_test(a_writable_mapping_cannot_be_hidden),
        cmocka_unit_test(bad_descriptors_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
