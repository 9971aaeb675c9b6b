/* The two layers of the sandbox that have files of their own. Private to sandbox*.c and tests. */
#ifndef PST_SYS_SANDBOX_PARTS_H
#define PST_SYS_SANDBOX_PARTS_H

#include "base/def.h"
#include "base/err.h"
#include "sys/sandbox.h"

#include <stddef.h>
#include <stdint.h>

/* --- seccomp ------------------------------------------------------------------------------------
 */
enum { PST_FILTER_CONDITIONS = 3 };
struct pst_filter_condition {
    uint8_t kind; /* 0: none */
    uint8_t argument;
    uint64_t mask, value;
};
struct pst_filter_row {
    uint32_t roles; /* bits 1 << enum pst_role */
    int call;       /* negative: does not exist on this machine's architecture */
    int fail;       /* 0: allowed; else the errno it is answered with */
    const char *name, *why;
    struct pst_filter_condition when[PST_FILTER_CONDITIONS];
};
/* src/tables/sandbox.def as data. */
const struct pst_filter_row *pst_filter_rows(size_t *ret_n);
/* Does this row hold for this role? The supervisor has every row. */
bool pst_filter_row_for(const struct pst_filter_row *row, enum pst_role role);
/* Loads the role's filter into all threads of the process. */
PST_NODISCARD enum pst_status pst_filter_load(enum pst_role role, struct pst_err *err);

/* --- Landlock -----------------------------------------------------------------------------------
 */
/* The kernel's version of the interface; 0: none. */
int pst_landlock_abi(void);
/* May a role be given this access to a path? */
bool pst_landlock_may(enum pst_role role, enum pst_sandbox_access access);
/* Confines the process; a no-op without Landlock, and for the supervisor, whose domain the roles
 * would inherit. Fills landlock_* of the status. */
PST_NODISCARD enum pst_status pst_landlock_enter(const struct pst_sandbox_config *config,
                                                 struct pst_sandbox_status *status,
                                                 struct pst_err *err);

#endif
