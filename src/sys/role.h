/* The roles: one process each, but for front and egress, which may be several. */
#ifndef PST_SYS_ROLE_H
#define PST_SYS_ROLE_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_role {
    PST_ROLE_SUPERVISOR,
    PST_ROLE_FRONT,
    PST_ROLE_WARDEN,
    PST_ROLE_AUDIT,
    PST_ROLE_EGRESS,
    PST_ROLE_DIAL,
    PST_ROLE_KEYS,
    PST_ROLE_CONTROL,
    PST_ROLE_COMPILE, /* one-shot: configuration in, image out; speaks no IPC */
    PST_ROLE_COUNT,
    PST_ROLE_ANYONE = PST_ROLE_COUNT, /* in tables only: any role but the supervisor */
};

/* "front"; "unknown" out of range. */
const char *pst_role_name(enum pst_role role);
PST_NODISCARD bool pst_role_get(struct pst_str name, enum pst_role *ret);

#endif
