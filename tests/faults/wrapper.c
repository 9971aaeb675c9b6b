/* Stands in for postern-role: starts the real one, with the library that makes faults for the roles
 * named in FAULT_ROLES (" audit warden "). The supervisor gives no environment, so nothing can be
 * told but at compilation. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char name[32] = " ";
    if (argc > 1 && strlen(argv[1]) < sizeof name - 3) {
        strcat(strcat(name, argv[1]), " ");
        if (strstr(FAULT_ROLES, name) != NULL) {
            setenv("LD_PRELOAD", FAULT_LIBRARY, 1);
        }
    }
    execv(FAULT_REAL, argv);
    return 127;
}
