/* Named character references of HTML (WHATWG HTML §13.5): those of Latin-1 and of ASCII signs,
 * which is what words and addresses are hidden with. */
#ifndef PST_INSPECT_NORMAL_ENTITY_H
#define PST_INSPECT_NORMAL_ENTITY_H

#include "base/str.h"

/* The character of the name (without & and ;), 0 when there is none. */
uint32_t pst_entity_find(struct pst_str name);

#endif
