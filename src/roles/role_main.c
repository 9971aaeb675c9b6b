/* postern-role ROLE INDEX: started by the supervisor only. */
#include "roles/house.h"
#include "roles/roles.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    enum pst_role role;
    uint64_t index;
    bool admin = argc == 4 && pst_str_eq(pst_str_c(argv[3]), PST_STR("admin"));
    if ((argc != 3 && !admin) || !pst_role_get(pst_str_c(argv[1]), &role) ||
        !pst_str_u64(pst_str_c(argv[2]), &index) || index > UINT8_MAX ||
        fcntl(PST_HOUSE_CONTROL_FD, F_GETFD) < 0) {
        (void)fprintf(stderr, "postern-role is started by postern; run: postern up\n");
        return 2;
    }
    uint8_t at = (uint8_t)index;
    switch ((unsigned)role) {
    case PST_ROLE_FRONT:
        return pst_front_main(at, admin);
    case PST_ROLE_WARDEN:
        return pst_warden_main(at);
    case PST_ROLE_AUDIT:
        return pst_audit_main(at);
    case PST_ROLE_EGRESS:
        return pst_egress_main(at);
    case PST_ROLE_DIAL:
        return pst_dial_main(at);
    case PST_ROLE_KEYS:
        return pst_keys_main(at);
    default:
        (void)fprintf(stderr, "there is no role %s here\n", argv[1]);
        return 2;
    }
}
