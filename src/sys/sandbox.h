/* The sandbox of a role: closed descriptors, rlimits, another uid, no new privileges, non-dumpable,
 * Landlock, seccomp that kills. Entered once, after what the role needs is open and before it reads
 * a hostile byte. Which call a role may make is in src/tables/sandbox.def. */
#ifndef PST_SYS_SANDBOX_H
#define PST_SYS_SANDBOX_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "sys/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum pst_sandbox_mode {
    PST_SANDBOX_STRICT, /* every layer, or refuse to run */
    PST_SANDBOX_NORMAL, /* seccomp always; Landlock where the kernel has it */
    PST_SANDBOX_OFF,    /* for debuggers; refused unless config.debug is set as well */
};

/* Below these paths, and nowhere else, a role may touch files. A role may be given only the access
 * that its row in the table allows: audit and control write, compile reads, others have none. */
enum pst_sandbox_access { PST_SANDBOX_READ, PST_SANDBOX_READ_WRITE };
struct pst_sandbox_path {
    const char *path; /* NULL: the folder open as `dir` */
    int dir;
    enum pst_sandbox_access access;
};

struct pst_sandbox_config {
    enum pst_role role;
    enum pst_sandbox_mode mode;
    bool debug;      /* an explicit flag of the command line */
    const int *keep; /* descriptors that stay open besides 0-2; NULL: all (pst_proc_start has
                        passed none but the named ones) */
    size_t n_keep;
    const struct pst_sandbox_path *paths; /* at most PST_SANDBOX_PATHS */
    size_t n_paths;
    uid_t uid; /* 0: stay; else, when root, become this user */
    gid_t gid;
    uint64_t nofile;       /* RLIMIT_NOFILE; 0: the role's own default */
    uint64_t memory_bytes; /* RLIMIT_AS; 0: none (never set in sanitizer builds) */
};
enum { PST_SANDBOX_PATHS = 8 };

/* What holds, for `status` and for the header of evidence. */
struct pst_sandbox_status {
    bool seccomp; /* filter loaded, and a copy of this process died of a forbidden call */
    bool no_new_privs;
    bool nondumpable;
    bool landlock_files;
    bool landlock_net; /* TCP bind and connect denied as well (ABI >= 4) */
    int landlock_abi;  /* 0: the kernel has none */
    bool unprivileged; /* uid is not 0 and no capability is left */
    bool off;          /* PST_SANDBOX_OFF */
};
enum { PST_SANDBOX_TEXT = 128 };
/* "seccomp,nnp,nodump,landlock=7+net,unprivileged" */
void pst_sandbox_text(const struct pst_sandbox_status *s, char ret[PST_SANDBOX_TEXT]);

/* Probes (below), then enters: there is no way back. The loop, listeners, signals and libraries'
 * files are opened before: afterwards no role makes an epoll set, a socket pair or, most of them, a
 * file. On an error the process may be half confined and must exit. The supervisor's filter is
 * inherited by all roles, so it allows the union of them.
 */
PST_NODISCARD enum pst_status pst_sandbox_enter(const struct pst_sandbox_config *config,
                                                struct pst_sandbox_status *ret,
                                                struct pst_err *err);
/* Forks; the child enters and makes a call that no role may make; it must die of SIGSYS. Needs a
 * process with no other thread. PST_E_INTERNAL when the child lives or dies of anything else. */
PST_NODISCARD enum pst_status pst_sandbox_probe(const struct pst_sandbox_config *config,
                                                struct pst_err *err);

/* The version of Landlock's interface that this kernel has; 0: none. From PST_SANDBOX_ABI_NET on it
 * guards the network too. */
int pst_sandbox_landlock(void);
enum { PST_SANDBOX_ABI_NET = 4 };

#endif
