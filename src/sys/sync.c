#include "sys/sync.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum pst_status pst_sync_open(struct pst_sync *s, struct pst_err *err)
{
    *s = (struct pst_sync){.event_fd = -1};
    aio_context_t context = 0;
    if (syscall(SYS_io_setup, 1, &context) != 0) {
        return pst_fail(err, PST_E_IO, "io_setup: %s", strerror(errno));
    }
    s->context = context;
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event_fd < 0) {
        enum pst_status status = pst_fail(err, PST_E_IO, "eventfd: %s", strerror(errno));
        pst_sync_close(s);
        return status;
    }
    return PST_OK;
}

void pst_sync_close(struct pst_sync *s)
{
    if (s == NULL) {
        return;
    }
    if (s->context != 0) {
        (void)syscall(SYS_io_destroy, s->context);
    }
    if (s->event_fd >= 0) {
        (void)close(s->event_fd);
    }
    *s = (struct pst_sync){.event_fd = -1};
}

enum pst_status pst_sync_start(struct pst_sync *s, int fd, struct pst_err *err)
{
    PST_BUG_ON(s->busy);
    struct iocb cb = {
        .aio_lio_opcode = IOCB_CMD_FDSYNC,
        .aio_fildes = (uint32_t)fd,
        .aio_flags = IOCB_FLAG_RESFD,
        .aio_resfd = (uint32_t)s->event_fd,
    };
    struct iocb *list[1] = {&cb};
    if (syscall(SYS_io_submit, s->context, 1, list) != 1) {
        return pst_fail(err, PST_E_IO, "io_submit: %s", strerror(errno));
    }
    s->busy = true;
    return PST_OK;
}

/* The outcome of the sync under way, waited for until `limit` (NULL: until it is there). */
static enum pst_status outcome(struct pst_sync *s, long at_least, struct timespec *limit,
                               struct pst_err *err)
{
    struct io_event event = {0};
    long n;
    do {
        n = syscall(SYS_io_getevents, s->context, at_least, 1, &event, limit);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        return PST_AGAIN;
    }
    s->busy = false;
    if (n < 0 || event.res != 0) {
        return pst_fail(err, PST_E_IO, "fdatasync: %s", strerror(n < 0 ? errno : (int)-event.res));
    }
    return PST_OK;
}

/* The kernel raises the event a moment after the result is there: a wake-up with nothing under way
 * is drained, and harmless. */
static void drain(struct pst_sync *s)
{
    uint64_t count;
    ssize_t n = read(s->event_fd, &count, sizeof count);
    (void)n;
}

enum pst_status pst_sync_finish(struct pst_sync *s, struct pst_err *err)
{
    struct timespec none = {0};
    drain(s);
    return s->busy ? outcome(s, 0, &none, err) : PST_AGAIN;
}

enum pst_status pst_sync_wait(struct pst_sync *s, struct pst_err *err)
{
    enum pst_status status = s->busy ? outcome(s, 1, NULL, err) : PST_OK;
    drain(s);
    return status;
}
