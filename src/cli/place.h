/* Where state and configuration are when the command line does not say. */
#ifndef PST_CLI_PLACE_H
#define PST_CLI_PLACE_H

/* "state", below the folder where the command is run; of a program that lies below /usr, which a
 * package put there: "/var/lib/postern". Static text. */
const char *pst_place_state(void);
/* NULL: postern.yaml in the state folder; of an installed program "/etc/postern/postern.yaml". */
const char *pst_place_config(void);

#endif
