/* The mains of the roles. Each runs in a process of its own, started by the supervisor with its
 * control socket as descriptor 3, and returns its exit status. `postern-role ROLE INDEX` calls all
 * but control, which lives in `postern` because of the database. */
#ifndef PST_ROLES_ROLES_H
#define PST_ROLES_ROLES_H

#include <stdbool.h>
#include <stdint.h>

int pst_front_main(uint8_t index, bool admin);
int pst_warden_main(uint8_t index);
int pst_audit_main(uint8_t index);
int pst_egress_main(uint8_t index);
int pst_dial_main(uint8_t index);
int pst_keys_main(uint8_t index);
int pst_control_main(uint8_t index);

#endif
