/* Sealed memory files: how large requests and compiled images travel between processes. */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

enum { SEAL_TRIES = 8 };

_Static_assert(PST_SEALS == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), "seals of linux/fcntl.h");

enum pst_status pst_memfd_open(const char *name, int *ret, struct pst_err *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); /* before Linux 6.3 */
    }
    if (fd < 0) {
        int e = errno; /* no more descriptors or memory: that passes, so a client may try again */
        bool passes = e == EMFILE || e == ENFILE || e == ENOMEM;
        return pst_fail(err, passes ? PST_E_NO_MEMORY : PST_E_IO, "memfd_create: %s", strerror(e));
    }
    *ret = fd;
    return PST_OK;
}

/* The kernel refuses while somebody holds a page of the file, be it its own housekeeping (a page
 * that is moved, or looked at for reclaim). It waits a moment itself before it does; asking again
 * helps. */
enum pst_status pst_memfd_seal(int fd, struct pst_err *err)
{
    for (int tries = 0; fcntl(fd, F_ADD_SEALS, PST_SEALS | F_SEAL_SEAL) != 0; tries++) {
        if (errno != EBUSY || tries == SEAL_TRIES) {
            return pst_fail(err, PST_E_IO, "cannot seal a memory file: %s", strerror(errno));
        }
    }
    return PST_OK;
}

enum pst_status pst_memfd_of(const char *name, struct pst_str bytes, int *ret, struct pst_err *err)
{
    PST_FD fd = -1;
    if (pst_memfd_open(name, &fd, err) != PST_OK || pst_fd_write_full(fd, bytes, err) != PST_OK ||
        pst_memfd_seal(fd, err) != PST_OK) {
        return PST_ERR;
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}

enum pst_status pst_memfd_check(int fd, unsigned seals, uint64_t size, struct pst_err *err)
{
    /* Seals first: only when growing and shrinking are ruled out does the size mean anything. */
    int have = fcntl(fd, F_GET_SEALS);
    if (have < 0 || ((unsigned)have & seals) != seals) {
        return pst_fail(err, PST_E_PROTOCOL_VIOLATION, "a passed descriptor is not sealed");
    }
    uint64_t real = 0;
    if (pst_fd_size(fd, &real, NULL) != PST_OK || real != size) {
        return pst_fail(err, PST_E_PROTOCOL_VIOLATION,
                        "a sealed file does not have the size that was said");
    }
    return PST_OK;
}

enum pst_status pst_memfd_map(int fd, size_t size, struct pst_str *ret, struct pst_err *err)
{
    PST_BUG_ON(size == 0);
    void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        return pst_fail(err, PST_E_IO, "cannot map a sealed file: %s", strerror(errno));
    }
    *ret = pst_str_of(p, size);
    return PST_OK;
}

void pst_memfd_unmap(struct pst_str *map)
{
    if (map->p != NULL) {
        union {
            const uint8_t *in;
            void *out;
        } p = {.in = map->p};
        PST_BUG_ON(munmap(p.out, map->n) != 0);
        *map = (struct pst_str){NULL, 0};
    }
}
