/* A copy of a state folder that a gateway may be using, itself a state folder that starts.
 *
 * The key store is copied first, as one transaction, then the evidence, newest segment first, each
 * up to its last whole record: so every key in the copy has its record, no segment is missing
 * before another, and the copy verifies. All other regular files are copied as they are. run/ is
 * made anew. Symbolic links, sockets and other things are not copied. */
#ifndef PST_CLI_BACKUP_H
#define PST_CLI_BACKUP_H

#include "base/def.h"
#include "base/err.h"

#include <stdint.h>

struct pst_backup_made {
    uint64_t files, segments, records;
    uint64_t bytes;   /* written; segments are sparse */
    uint64_t skipped; /* not regular files */
};

/* `to` must not exist; it appears under its name only when it is whole, with mode 0700 and all
 * files readable by their owner alone. Files belong to the caller. EXISTS, NOT_FOUND, IO, SYNTAX
 * when the log is damaged. What a failed try leaves behind is `to`.partial, which the next one
 * refuses. */
PST_NODISCARD enum pst_status pst_backup(const char *state, const char *to,
                                         struct pst_backup_made *ret, struct pst_err *err);

#endif
