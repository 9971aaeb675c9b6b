#include "roles/front_io.h"

#include "roles/front.h"
#include "sys/fd.h"

#include <sys/socket.h>

enum pst_status pst_front_io_read(struct pst_front_conn *c, uint8_t *ret, size_t n, size_t *ret_n,
                                  struct pst_err *err)
{
    struct pst_front_tls_conn *t = &c->tls;
    if (t->conn == NULL) {
        return pst_fd_read(c->fd, ret, n, ret_n, err);
    }
    if (!t->shaken) {
        enum pst_status status = pst_front_tls_shake(c, err);
        if (status != PST_OK) {
            return status;
        }
    }
    enum pst_status status = pst_tls_conn_read(t->conn, ret, n, ret_n, err);
    t->stuck = status == PST_AGAIN && pst_tls_conn_need(t->conn) == PST_TLS_NEED_WRITE;
    return status;
}

enum pst_status pst_front_io_write(struct pst_front_conn *c, struct pst_str in, size_t *ret_n,
                                   struct pst_err *err)
{
    return c->tls.conn != NULL ? pst_tls_conn_write(c->tls.conn, in, ret_n, err)
                               : pst_fd_write(c->fd, in, ret_n, err);
}

bool pst_front_io_pending(const struct pst_front_conn *c)
{
    return c->tls.conn != NULL && c->tls.shaken && pst_tls_conn_pending(c->tls.conn);
}

void pst_front_io_finish(struct pst_front_conn *c)
{
    struct pst_err err = {0};
    if (c->tls.conn != NULL) {
        (void)pst_tls_conn_shutdown(c->tls.conn, &err);
    }
    (void)shutdown(c->fd, SHUT_WR);
}

void pst_front_io_close(struct pst_front_conn *c, bool whole)
{
    struct pst_err err = {0};
    if (c->tls.conn != NULL) {
        if (whole && c->tls.shaken && !c->last_word) {
            (void)pst_tls_conn_shutdown(c->tls.conn, &err);
        }
        pst_front_tls_close(c);
    }
    pst_fd_close(&c->fd);
}
