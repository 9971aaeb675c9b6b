/* The files of a log folder, for reading: seg-<number>.log in order. Everything here belongs to
 * `postern audit`; errors go into struct pst_err, the command prints them. */
#ifndef PST_CLI_AUDIT_FILES_H
#define PST_CLI_AUDIT_FILES_H

#include "audit/segment.h"

#include <stdbool.h>

enum { PST_AUDIT_PATH = 2048, PST_AUDIT_CHUNK = 256 * 1024, PST_AUDIT_SEGMENTS_MAX = 1 << 20 };

struct pst_audit_files {
    char dir[PST_AUDIT_PATH];
    uint64_t *numbers; /* ascending */
    size_t n;
};

/* Lists the folder. PST_E_NOT_FOUND when there is no folder, PST_E_IO otherwise. */
PST_NODISCARD enum pst_status pst_audit_files_list(struct pst_audit_files *f, const char *dir,
                                                   struct pst_err *err);
void pst_audit_files_release(struct pst_audit_files *f);
/* "seg-00000001.log" */
void pst_audit_files_name(uint64_t number, char ret[32]);
/* A descriptor, or -1 with err set. */
PST_NODISCARD int pst_audit_files_open(const struct pst_audit_files *f, uint64_t number,
                                       struct pst_err *err);
/* Reads at most `cap` bytes at `at`; 0 at the end. */
PST_NODISCARD enum pst_status pst_audit_files_read(int fd, uint64_t at, uint8_t *ret, size_t cap,
                                                   size_t *ret_n, struct pst_err *err);
/* Whole small file as text; at most `out`'s cap. */
PST_NODISCARD enum pst_status pst_audit_files_slurp(const char *path, struct pst_buf *out,
                                                    struct pst_err *err);

/* Gives every record of segment `number` from file offset `from` on (0: from the start) to `each`,
 * in order, until it says false. `ret_end` is where reading has to go on. `ret_whole` is false when
 * something behind the records is neither zeros nor a frame that is being written. */
typedef bool pst_audit_each(void *user, struct pst_str json);
PST_NODISCARD enum pst_status pst_audit_files_each(const struct pst_audit_files *f, uint64_t number,
                                                   uint64_t from, pst_audit_each *each, void *user,
                                                   uint64_t *ret_end, bool *ret_whole,
                                                   struct pst_err *err);

#endif
