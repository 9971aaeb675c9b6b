/* The text of a hosts file (hosts(5)), read once: a process in its sandbox opens no files, and the
 * resolver would open this one for every question. */
#ifndef PST_SYS_HOSTS_H
#define PST_SYS_HOSTS_H

#include "base/str.h"
#include "sys/net.h"

/* The next address that `text` gives to `name` (compared without regard to case), with `port`.
 * *at begins with 0 and is moved on; false when there is no more. Lines that are not understood are
 * passed over. */
bool pst_hosts_next(struct pst_str text, struct pst_str name, uint16_t port, size_t *at,
                    struct pst_addr *ret);

#endif
