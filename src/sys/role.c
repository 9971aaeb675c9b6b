#include "sys/role.h"

static const char *const names[] = {
    [PST_ROLE_SUPERVISOR] = "supervisor",
    [PST_ROLE_FRONT] = "front",
    [PST_ROLE_WARDEN] = "warden",
    [PST_ROLE_AUDIT] = "audit",
    [PST_ROLE_EGRESS] = "egress",
    [PST_ROLE_DIAL] = "dial",
    [PST_ROLE_KEYS] = "keys",
    [PST_ROLE_CONTROL] = "control",
    [PST_ROLE_COMPILE] = "compile",
};

const char *pst_role_name(enum pst_role role)
{
    return (unsigned)role < PST_LEN(names) ? names[role] : "unknown";
}

bool pst_role_get(struct pst_str name, enum pst_role *ret)
{
    for (unsigned i = 0; i < PST_LEN(names); i++) {
        if (pst_str_eq(name, pst_str_c(names[i]))) {
            *ret = (enum pst_role)i;
            return true;
        }
    }
    return false;
}
