/* Processes: starting a role by exec with named descriptors and a clean environment, watching for
 * its death through a pidfd, and the back-off between restarts. */
#ifndef PST_SYS_PROC_H
#define PST_SYS_PROC_H

#include "base/def.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The descriptor `from` of this process is `to` in the child. Targets are distinct. */
struct pst_proc_fd {
    int from, to;
};

enum { PST_PROC_FDS = 64, PST_PROC_TEXT = 96 };

struct pst_proc_spec {
    const char *path;              /* executable; no PATH search */
    const char *const *argv;       /* NULL-terminated, argv[0] included */
    const char *const *env;        /* NULL-terminated, the whole environment; NULL: empty */
    const struct pst_proc_fd *fds; /* at most PST_PROC_FDS; 0-2 not named here: 0 and 1 become
                                      /dev/null, 2 is inherited */
    size_t n_fds;
    bool keep_group; /* stay in this process group: Ctrl-C reaches the child too */
    bool outlive;    /* do not die with the parent */
};

/* A running child. Zeroed with pidfd -1 means none. */
struct pst_proc {
    pid_t pid;
    int pidfd; /* readable when the child has ended: watch it, then reap */
};

/* Forks and execs: every descriptor not named is closed, signals are at their defaults and
 * unblocked, the child is killed when this thread's process dies (PR_SET_PDEATHSIG;
 * pst_sandbox_enter sets it again after a change of uid). An exec that fails is an error here, not
 * a dead child. */
PST_NODISCARD enum pst_status pst_proc_start(const struct pst_proc_spec *spec, struct pst_proc *ret,
                                             struct pst_err *err);
/* Sends a signal through the pidfd: never to a stranger that got the same pid. Gone is PST_OK. */
enum pst_status pst_proc_signal(const struct pst_proc *proc, int signal, struct pst_err *err);
/* PST_AGAIN while it runs; else closes the pidfd, makes *proc none and stores a waitpid status. */
PST_NODISCARD enum pst_status pst_proc_reap(struct pst_proc *proc, int *ret_status,
                                            struct pst_err *err);
/* SIGKILL, wait, forget. None is fine. */
void pst_proc_kill(struct pst_proc *proc);
/* "exit 3", "killed by SIGSYS (forbidden system call)", "killed by SIGSEGV, core dumped" */
void pst_proc_status_text(int status, char ret[PST_PROC_TEXT]);

/* Root with every user id: roles may have users of their own. A container may give its root only a
 * part of them. */
bool pst_proc_all_users(void);

/* Back-off between restarts: the first is immediate, then base, doubled up to max; an uptime of
 * stable_ms or more starts anew. Pure. */
struct pst_backoff {
    uint32_t base_ms, max_ms, stable_ms;
    uint32_t attempt; /* deaths in a row; 0 at first */
};
/* To be called at each death; returns the delay before the restart. */
uint32_t pst_backoff_next(struct pst_backoff *b, uint64_t uptime_ms);

#endif
