/* Small, careful file work for set-up, the command line and the log: never on the request path. A
 * path is a C string. Symbolic links in the last component are not followed where this writes.
 * Errors are PST_E_IO with the path in the text, PST_E_NOT_FOUND and PST_E_EXISTS where they fit.
 */
#ifndef PST_SYS_FILE_H
#define PST_SYS_FILE_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Replaces the file as a whole: a temporary file beside it with this mode, fsync, rename, fsync of
 * the folder. A reader sees the old bytes or the new ones. */
PST_NODISCARD enum pst_status pst_file_write(const char *path, unsigned mode, struct pst_str bytes,
                                             struct pst_err *err);
/* The same, but the file must not exist: PST_E_EXISTS. For keys. */
PST_NODISCARD enum pst_status pst_file_create(const char *path, unsigned mode, struct pst_str bytes,
                                              struct pst_err *err);
/* Appends the content to `out`; more than fits its cap is PST_E_LIMIT, and `out` is as before. Only
 * regular files (a FIFO would block). */
PST_NODISCARD enum pst_status pst_file_read(const char *path, struct pst_buf *out,
                                            struct pst_err *err);
/* Refuses (PST_E_CONFIG) a file that others than its owner can read, or that is not ours or root's:
 * for files that hold secrets. */
PST_NODISCARD enum pst_status pst_file_private(const char *path, struct pst_err *err);
PST_NODISCARD bool pst_file_exists(const char *path);

/* One folder with exactly this mode. An existing folder is fine; its mode is left alone. */
PST_NODISCARD enum pst_status pst_dir_make(const char *path, unsigned mode, struct pst_err *err);
/* With all missing parents (same mode). At most 4096 bytes. */
PST_NODISCARD enum pst_status pst_dir_make_all(const char *path, unsigned mode,
                                               struct pst_err *err);
/* An O_PATH-free directory descriptor for openat and fsync. Caller owns *ret. */
PST_NODISCARD enum pst_status pst_dir_open(const char *path, int *ret, struct pst_err *err);
PST_NODISCARD enum pst_status pst_dir_sync(int dir, struct pst_err *err);

/* Guards a folder against a second process: a lock that the kernel drops with the descriptor. Taken
 * already: PST_E_EXISTS, and the text names the holder's process id. The file (mode 0600) stays. */
PST_NODISCARD enum pst_status pst_file_lock(const char *path, int *ret, struct pst_err *err);

#endif
