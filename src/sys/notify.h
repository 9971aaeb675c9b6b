/* Tells the service manager that started this process how it is: sd_notify(3), without its library.
 * Does nothing when nobody asked for it. */
#ifndef PST_SYS_NOTIFY_H
#define PST_SYS_NOTIFY_H

#include "base/def.h"
#include "base/str.h"

/* `state` is lines like "READY=1"; at most one datagram. True when it was sent: a manager that
 * cannot be reached is no reason to stop. Reads NOTIFY_SOCKET, a path or "@abstract". */
bool pst_notify(struct pst_str state);

#endif
