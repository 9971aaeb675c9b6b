/* `postern role control 0`, internal: the control role lives in this executable because of the
 * database; the supervisor starts it as it starts the others. */
#include "cli/cli.h"
#include "roles/house.h"
#include "roles/roles.h"

#include <fcntl.h>
#include <stdio.h>

int pst_cmd_role(int argc, char **argv)
{
    if (argc != 3 || !pst_str_eq(pst_str_c(argv[1]), PST_STR("control")) ||
        fcntl(PST_HOUSE_CONTROL_FD, F_GETFD) < 0) {
        (void)fprintf(stderr, "roles are started by the gateway itself; run: postern up\n");
        return PST_EXIT_USAGE;
    }
    return pst_control_main(0);
}
