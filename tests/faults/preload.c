/* Stands between one role and the C library, so that a disk or a clock can fail when a test says
 * so. It is loaded before the sandbox is entered and makes no call that the role would not make. */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct fault none;
static struct fault *fault = &none;
static int (*real_clock)(clockid_t, struct timespec *);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static long (*real_syscall)(long, ...);
static int (*real_openat)(int, const char *, int, ...);

/* Before the constructor too: a sanitizer asks for the time early. */
static void resolve(void)
{
    if (real_openat != NULL) {
        return;
    }
    *(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
    *(void **)&real_openat = dlsym(RTLD_NEXT, "openat64");
}

__attribute__((constructor)) static void begin(void)
{
    resolve();
    int fd = open(FAULT_PAGE, O_RDWR | O_CLOEXEC);
    void *page = fd >= 0 ? mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                         : MAP_FAILED;
    if (page == MAP_FAILED) {
        abort(); /* a test without its faults would prove nothing */
    }
    fault = page;
    close(fd);
    unsetenv("LD_PRELOAD");
}

static int hit(int error)
{
    __atomic_add_fetch(&fault->hits, 1, __ATOMIC_RELAXED);
    errno = error;
    return -1;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    resolve();
    int status = real_clock(id, t);
    int64_t offset = __atomic_load_n(&fault->clock_offset_ns, __ATOMIC_RELAXED);
    if (status == 0 && offset != 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t ns = t->tv_sec * 1000000000LL + t->tv_nsec + offset;
        t->tv_sec = ns / 1000000000;
        t->tv_nsec = ns % 1000000000;
    }
    return status;
}

static ssize_t faulty_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    resolve();
    if (fault->write_short && n > 1) {
        (void)hit(0);
        return real_pwrite(fd, bytes, n / 2, at);
    }
    return fault->write_errno ? hit(fault->write_errno) : real_pwrite(fd, bytes, n, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return faulty_pwrite(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    return faulty_pwrite(fd, bytes, n, at);
}

static int faulty_openat(int dir, const char *path, int flags, mode_t mode)
{
    resolve();
    if ((flags & O_CREAT) != 0 && fault->create_errno) {
        return hit(fault->create_errno);
    }
    return real_openat(dir, path, flags, mode);
}

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {                                                  \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

int openat(int dir, const char *path, int flags, ...)
{
    MODE(flags)
    return faulty_openat(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    MODE(flags)
    return faulty_openat(dir, path, flags, mode);
}

/* The log's syncs are asynchronous: what they came to is read by io_getevents. */
long syscall(long number, ...)
{
    long a[6];
    resolve();
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(args, long);
    }
    va_end(args);
    long status = real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_io_getevents && status == 1 && fault->sync_errno) {
        struct io_event *event = (void *)a[3];
        event->res = -fault->sync_errno;
        (void)hit(0);
    }
    return status;
}
