/* Making a file durable beside other work, without a thread: fdatasync through the kernel's
 * asynchronous I/O (io_submit, IOCB_CMD_FDSYNC, Linux >= 4.18), told through an eventfd. One sync
 * is under way at a time. Opened before the sandbox, which then allows io_submit and io_getevents.
 */
#ifndef PST_SYS_SYNC_H
#define PST_SYS_SYNC_H

#include "base/err.h"

#include <stdbool.h>

struct pst_sync {
    unsigned long context; /* aio_context_t; private */
    int event_fd;          /* readable when a sync has ended: watch it, then call finish */
    bool busy;
};

PST_NODISCARD enum pst_status pst_sync_open(struct pst_sync *s, struct pst_err *err);
void pst_sync_close(struct pst_sync *s);
/* Starts an fdatasync of fd, which stays open until it ends. A bug while busy. */
PST_NODISCARD enum pst_status pst_sync_start(struct pst_sync *s, int fd, struct pst_err *err);
/* AGAIN: still under way. OK: the bytes written before start are durable. ERR: they may be lost. */
PST_NODISCARD enum pst_status pst_sync_finish(struct pst_sync *s, struct pst_err *err);
/* Sleeps until the sync under way, if any, has ended. OK and ERR as above. */
PST_NODISCARD enum pst_status pst_sync_wait(struct pst_sync *s, struct pst_err *err);

#endif
