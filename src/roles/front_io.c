#include "roles/front_io.h"

#include "roles/front.h"
#include "sys/fd.h"

#include <sys/socket.h>

enum pst_status pst_front_io_read(struct pst_front_conn *c, uint8_t *ret, size_t n, size_t *ret_n,
                                  struct pst_err *err)
{
    return pst_fd_read(c->fd, ret, n, ret_n, err);
}

enum pst_status pst_front_io_write(struct pst_front_conn *c, struct pst_str in, size_t *ret_n,
                                   struct pst_err *err)
{
    return pst_fd_write(c->fd, in, ret_n, err);
}

void pst_front_io_finish(struct pst_front_conn *c)
{
    (void)shutdown(c->fd, SHUT_WR);
}
