/* postern audit tail | query | verify | checkpoint: reads a log folder, writes nothing.
 *
 * Exit status: 0 done, or verified; 1 the log is not what it should be; 2 the command was not
 * understood; 3 a file could not be read. */
#ifndef PST_CLI_CMD_AUDIT_H
#define PST_CLI_CMD_AUDIT_H

#include "audit/query.h"
#include "cli/audit_files.h"

/* argv[0] is "audit". */
int pst_cmd_audit(int argc, char **argv);

/* --- between the files of this command ------------------------------------------------------ */

enum { PST_AUDIT_GOOD = 0, PST_AUDIT_BAD = 1, PST_AUDIT_USAGE = 2, PST_AUDIT_UNREADABLE = 3 };

struct pst_audit_args {
    char log[PST_AUDIT_PATH];      /* the folder */
    char key[PST_AUDIT_PATH + 16]; /* verifier key file */
    bool key_given;                /* not only assumed */
    const char *checkpoint;        /* file of a signed note known from elsewhere, or NULL */
    struct pst_query query;
    uint64_t limit; /* records to show; 0: the command's default */
    int64_t back_ns;
    bool json, follow, later_start;
};

/* Prints "postern audit: …" on standard error, or with --json an object on standard output; returns
 * `status`. */
int pst_audit_say(const struct pst_audit_args *args, int status, const struct pst_err *err);
int pst_audit_verify(const struct pst_audit_args *args);
/* A time given by a person: RFC 3339 in UTC, with or without fraction, a date, or "90s", "15m",
 * "2h", "7d" before `now_ns`. */
PST_NODISCARD bool pst_audit_time(const char *text, int64_t now_ns, int64_t *ret_ns);

#endif
