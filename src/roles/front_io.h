/* How the bytes of a client connection travel. Behind this nobody knows. */
#ifndef PST_ROLES_FRONT_IO_H
#define PST_ROLES_FRONT_IO_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_front_conn;

/* PST_OK with *ret_n = 0: the client sends no more. AGAIN: nothing for now. */
PST_NODISCARD enum pst_status pst_front_io_read(struct pst_front_conn *c, uint8_t *ret, size_t n,
                                                size_t *ret_n, struct pst_err *err);
/* Takes a part or all. AGAIN: nothing for now. */
PST_NODISCARD enum pst_status pst_front_io_write(struct pst_front_conn *c, struct pst_str in,
                                                 size_t *ret_n, struct pst_err *err);
/* Bytes are there that the descriptor does not show: read again without waiting for it. */
bool pst_front_io_pending(const struct pst_front_conn *c);
/* Nothing more will be written. */
void pst_front_io_finish(struct pst_front_conn *c);
/* Closes the descriptor. `whole`: the client may take what it has for all that there is. */
void pst_front_io_close(struct pst_front_conn *c, bool whole);

#endif
