#include "sys/proc.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { EXEC_FAILED = 127, FIRST_SAFE = 100 + PST_PROC_FDS };

/* --- in the child: only calls that are safe after fork -------------------------------------------
 */

static void reset_signals(void)
{
    for (int s = 1; s < NSIG; s++) {
        (void)signal(s, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything wanted is first moved above all targets, so that no dup2 below can overwrite a source
 * that is still needed. Returns the report pipe's new number, or -1. */
static int place_fds(const struct pst_proc_spec *spec, int report)
{
    int moved[PST_PROC_FDS];
    bool have[3] = {false, false, false};
    int safe = FIRST_SAFE;
    for (size_t i = 0; i < spec->n_fds; i++) {
        safe = spec->fds[i].to >= safe ? spec->fds[i].to + 1 : safe;
    }
    for (size_t i = 0; i < spec->n_fds; i++) {
        moved[i] = fcntl(spec->fds[i].from, F_DUPFD_CLOEXEC, safe);
        if (moved[i] < 0) {
            return -1;
        }
    }
    report = fcntl(report, F_DUPFD_CLOEXEC, safe);
    if (report < 0) {
        return -1;
    }
    int keep[PST_PROC_FDS + 4] = {0, 1, 2, report};
    size_t n = 4;
    for (size_t i = 0; i < spec->n_fds; i++) {
        if (dup2(moved[i], spec->fds[i].to) < 0) {
            return -1;
        }
        keep[n++] = spec->fds[i].to;
        if (spec->fds[i].to < 3) {
            have[spec->fds[i].to] = true;
        }
    }
    for (int i = 0; i < 2; i++) {
        if (!have[i]) {
            int null = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
            if (null < 0 || (null != i && (dup2(null, i) < 0 || close(null) != 0))) {
                return -1;
            }
        }
    }
    return pst_fd_close_others(keep, n, NULL) == PST_OK ? report : -1;
}

static _Noreturn void become(const struct pst_proc_spec *spec, int report, pid_t parent)
{
    static const char *const no_env[] = {NULL};
    union {
        const char *const *in;
        char *const *out; /* exec does not write to them */
    } argv = {.in = spec->argv}, env = {.in = spec->env != NULL ? spec->env : no_env};
    reset_signals();
    if (!spec->keep_group) {
        (void)setpgid(0, 0);
    }
    int placed = place_fds(spec, report);
    if (placed >= 0 && (spec->outlive || prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)) {
        report = placed;
        if (!spec->outlive && getppid() != parent) {
            _exit(EXEC_FAILED); /* the parent died before the signal was asked for */
        }
        execve(spec->path, argv.out, env.out);
    }
    int e = errno;
    (void)!write(report, &e, sizeof(e));
    _exit(EXEC_FAILED);
}

/* --- in the parent ------------------------------------------------------------------------------
 */

static enum pst_status check_spec(const struct pst_proc_spec *spec, struct pst_err *err)
{
    if (spec->n_fds > PST_PROC_FDS) {
        return pst_fail(err, PST_E_LIMIT, "too many descriptors for one process");
    }
    for (size_t i = 0; i < spec->n_fds; i++) {
        PST_BUG_ON(spec->fds[i].from < 0 || spec->fds[i].to < 0);
        for (size_t k = 0; k < i; k++) {
            PST_BUG_ON(spec->fds[i].to == spec->fds[k].to);
        }
    }
    return PST_OK;
}

enum pst_status pst_proc_start(const struct pst_proc_spec *spec, struct pst_proc *ret,
                               struct pst_err *err)
{
    if (check_spec(spec, err) != PST_OK) {
        return PST_ERR;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return pst_fail(err, PST_E_IO, "pipe: %s", strerror(errno));
    }
    PST_FD read_end = ends[0];
    PST_FD write_end = ends[1];
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        return pst_fail(err, PST_E_IO, "fork: %s", strerror(errno));
    }
    if (pid == 0) {
        become(spec, write_end, parent);
    }
    pst_fd_close(&write_end);
    struct pst_proc proc = {.pid = pid, .pidfd = -1};
    int failed = 0;
    size_t n = 0;
    if (pst_fd_read_full(read_end, &failed, sizeof(failed), &n, err) != PST_OK || n != 0) {
        pst_proc_kill(&proc);
        return n == 0 ? PST_ERR
                      : pst_fail(err, failed == ENOENT ? PST_E_NOT_FOUND : PST_E_IO,
                                 "cannot execute %s: %s", spec->path, strerror(failed));
    }
    proc.pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
    if (proc.pidfd < 0) {
        int e = errno;
        pst_proc_kill(&proc);
        return pst_fail(err, PST_E_IO, "pidfd_open: %s", strerror(e));
    }
    *ret = proc;
    return PST_OK;
}

enum pst_status pst_proc_signal(const struct pst_proc *proc, int signal, struct pst_err *err)
{
    if (proc->pidfd < 0) {
        return PST_OK;
    }
    if (syscall(SYS_pidfd_send_signal, proc->pidfd, signal, NULL, 0U) != 0 && errno != ESRCH) {
        return pst_fail(err, PST_E_IO, "pidfd_send_signal: %s", strerror(errno));
    }
    return PST_OK;
}

/* waitid tells code and number apart; the rest of the house speaks the words of waitpid. */
static int status_of(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED) {
        return (info->si_status & 0xff) << 8;
    }
    return (info->si_status & 0x7f) | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

static enum pst_status wait_for(struct pst_proc *proc, int flags, int *ret_status,
                                struct pst_err *err)
{
    siginfo_t info = {0};
    idtype_t by = proc->pidfd >= 0 ? (idtype_t)P_PIDFD : P_PID;
    id_t id = (id_t)(proc->pidfd >= 0 ? proc->pidfd : proc->pid);
    int done;
    do {
        done = waitid(by, id, &info, WEXITED | flags);
    } while (done != 0 && errno == EINTR);
    if (done != 0) {
        return pst_fail(err, PST_E_IO, "waitid: %s", strerror(errno));
    }
    if (info.si_pid == 0) {
        return PST_AGAIN;
    }
    pst_fd_close(&proc->pidfd);
    proc->pid = 0;
    *ret_status = status_of(&info);
    return PST_OK;
}

enum pst_status pst_proc_reap(struct pst_proc *proc, int *ret_status, struct pst_err *err)
{
    if (proc->pid <= 0) {
        return pst_fail(err, PST_E_NOT_FOUND, "there is no such process");
    }
    return wait_for(proc, WNOHANG, ret_status, err);
}

void pst_proc_kill(struct pst_proc *proc)
{
    if (proc->pid > 0) {
        int status;
        if (proc->pidfd >= 0) {
            (void)pst_proc_signal(proc, SIGKILL, NULL);
        } else {
            (void)kill(proc->pid, SIGKILL); /* our own unreaped child: the number is still its */
        }
        (void)wait_for(proc, 0, &status, NULL);
    }
    pst_fd_close(&proc->pidfd);
    proc->pid = 0;
}

void pst_proc_status_text(int status, char ret[PST_PROC_TEXT])
{
    if (WIFEXITED(status)) {
        (void)snprintf(ret, PST_PROC_TEXT, "exit %d", WEXITSTATUS(status));
        return;
    }
    int s = WTERMSIG(status);
    const char *name = sigabbrev_np(s);
    const char *note = s == SIGSYS ? " (forbidden system call)" : "";
    const char *core = WCOREDUMP(status) ? ", core dumped" : "";
    if (name != NULL) {
        (void)snprintf(ret, PST_PROC_TEXT, "killed by SIG%.16s%s%s", name, note, core);
    } else {
        (void)snprintf(ret, PST_PROC_TEXT, "killed by signal %d%s%s", s, note, core);
    }
}

uint32_t pst_backoff_next(struct pst_backoff *b, uint64_t uptime_ms)
{
    if (uptime_ms >= b->stable_ms) {
        b->attempt = 0;
    }
    uint32_t doublings = b->attempt > 0 ? b->attempt - 1 : 0;
    uint64_t delay = b->attempt == 0 ? 0 : b->max_ms;
    if (b->attempt > 0 && doublings < 32) {
        uint64_t grown = (uint64_t)b->base_ms << doublings;
        delay = grown < b->max_ms ? grown : b->max_ms;
    }
    b->attempt += b->attempt < UINT32_MAX ? 1 : 0;
    return (uint32_t)delay;
}

bool pst_proc_all_users(void)
{
    char line[64] = {0};
    FILE *f = geteuid() == 0 ? fopen("/proc/self/uid_map", "re") : NULL;
    if (f == NULL) {
        return false;
    }
    size_t n = fread(line, 1, sizeof line - 1, f);
    (void)fclose(f);
    return pst_str_find(pst_str_of(line, n), PST_STR("4294967295")) != PST_NPOS;
}
