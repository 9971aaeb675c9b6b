#include "sys/sandbox.h"

#include "sys/fd.h"
#include "sys/sandbox_parts.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CANNOT_ENTER = 3, /* exit codes of the probe's child */
    STILL_ALIVE = 4,
    SECCOMP_FILTERED = 2,
};

/* Open descriptors a role may need when the configuration does not say. */
static uint64_t usual_nofile(enum pst_role role)
{
    return role == PST_ROLE_FRONT ? 20000 : role == PST_ROLE_EGRESS ? 8192 : 1024;
}

static enum pst_status check(const struct pst_sandbox_config *config, struct pst_err *err)
{
    if ((unsigned)config->role >= PST_ROLE_COUNT || config->n_paths > PST_SANDBOX_PATHS) {
        return pst_fail(err, PST_E_INTERNAL, "the sandbox was asked for what it does not know");
    }
    if (config->mode == PST_SANDBOX_OFF && !config->debug) {
        return pst_fail(err, PST_E_CONFIG,
                        "`sandbox: off` is for debugging only and needs the flag that says so");
    }
    if (config->mode == PST_SANDBOX_STRICT && pst_landlock_abi() == 0) {
        return pst_fail(err, PST_E_CONFIG,
                        "`sandbox: strict` needs Landlock, which this kernel does not have; use a "
                        "kernel of 5.13 or later with lsm=landlock, or `sandbox: normal`");
    }
    return PST_OK;
}

static enum pst_status close_others(const struct pst_sandbox_config *config, struct pst_err *err)
{
    int keep[PST_FD_KEEP] = {0, 1, 2};
    if (config->keep == NULL) {
        return PST_OK;
    }
    if (config->n_keep > PST_LEN(keep) - 3) {
        return pst_fail(err, PST_E_LIMIT, "too many descriptors to keep");
    }
    for (size_t i = 0; i < config->n_keep; i++) {
        keep[3 + i] = config->keep[i];
    }
    return pst_fd_close_others(keep, config->n_keep + 3, err);
}

static enum pst_status limit(int resource, const char *name, uint64_t wanted, struct pst_err *err)
{
    struct rlimit r = {0};
    if (getrlimit((__rlimit_resource_t)resource, &r) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "getrlimit %s: %s", name, strerror(errno));
    }
    struct rlimit to = {.rlim_cur = wanted, .rlim_max = wanted};
    if (setrlimit((__rlimit_resource_t)resource, &to) == 0) {
        return PST_OK;
    }
    /* More than the hard limit, and no privilege to raise it: then what there is. */
    to.rlim_cur = to.rlim_max = wanted < r.rlim_max ? wanted : r.rlim_max;
    if (setrlimit((__rlimit_resource_t)resource, &to) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "setrlimit %s: %s", name, strerror(errno));
    }
    return PST_OK;
}

static enum pst_status limits(const struct pst_sandbox_config *config, struct pst_err *err)
{
    enum pst_status st = limit(RLIMIT_CORE, "CORE", 0, err);
    if (st != PST_OK || config->role == PST_ROLE_SUPERVISOR) {
        return st; /* the others would be inherited by all roles */
    }
    uint64_t nofile = config->nofile != 0 ? config->nofile : usual_nofile(config->role);
    if (limit(RLIMIT_NOFILE, "NOFILE", nofile, err) != PST_OK) {
        return PST_ERR;
    }
#ifndef PST_SANITIZED /* the shadow of the address space is larger than any sane limit */
    if (config->memory_bytes != 0 && limit(RLIMIT_AS, "AS", config->memory_bytes, err) != PST_OK) {
        return PST_ERR;
    }
    return limit(RLIMIT_NPROC, "NPROC", 0, err);
#else
    return PST_OK; /* the leak check starts a thread */
#endif
}

static bool no_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct caps[2] = {{0}, {0}};
    return syscall(SYS_capget, &head, caps) == 0 && caps[0].permitted == 0 &&
           caps[1].permitted == 0;
}

static enum pst_status drop_privileges(const struct pst_sandbox_config *config,
                                       struct pst_sandbox_status *status, struct pst_err *err)
{
    uid_t uid = config->uid;
    gid_t gid = config->gid;
    if (config->role == PST_ROLE_SUPERVISOR) {
        return PST_OK; /* it hands out users and low ports; its filter is what confines it */
    }
    if (geteuid() == 0 && uid != 0) {
        if (gid == 0) {
            return pst_fail(err, PST_E_CONFIG, "a role's user needs a group that is not root's");
        }
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
            setresuid(uid, uid, uid) != 0 || setresuid(0, 0, 0) == 0) {
            return pst_fail(err, PST_E_INTERNAL, "cannot become user %u, group %u: %s",
                            (unsigned)uid, (unsigned)gid, strerror(errno));
        }
    }
    /* Root without a user of its own still loses what makes root dangerous. */
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    if (syscall(SYS_capset, &head, none) != 0 || !no_capabilities()) {
        return pst_fail(err, PST_E_INTERNAL, "cannot drop capabilities: %s", strerror(errno));
    }
    /* The change of user has cleared the request to die with the supervisor. */
    if (uid != 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "PR_SET_PDEATHSIG: %s", strerror(errno));
    }
    status->unprivileged = geteuid() != 0;
    return PST_OK;
}

static enum pst_status confine(const struct pst_sandbox_config *config,
                               struct pst_sandbox_status *status, struct pst_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "prctl: %s", strerror(errno));
    }
    if (pst_landlock_enter(config, status, err) != PST_OK ||
        pst_filter_load(config->role, err) != PST_OK) {
        return PST_ERR;
    }
    /* From the kernel, not from hope. */
    status->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    status->nondumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    status->seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_FILTERED;
    if (!status->no_new_privs || !status->nondumpable || !status->seccomp) {
        return pst_fail(err, PST_E_INTERNAL, "the kernel does not confirm the sandbox");
    }
    return PST_OK;
}

static enum pst_status enter(const struct pst_sandbox_config *config,
                             struct pst_sandbox_status *ret, struct pst_err *err)
{
    struct pst_sandbox_status status = {0};
    if (close_others(config, err) != PST_OK || limits(config, err) != PST_OK) {
        return PST_ERR;
    }
    if (config->mode == PST_SANDBOX_OFF) {
        status.off = true;
        *ret = status;
        return PST_OK;
    }
    if (drop_privileges(config, &status, err) != PST_OK ||
        confine(config, &status, err) != PST_OK) {
        return PST_ERR;
    }
    *ret = status;
    return PST_OK;
}

/* A call that the role may not make and that would do no harm if it were let through. */
static void forbidden_call(enum pst_role role)
{
    if (role == PST_ROLE_SUPERVISOR) {
        (void)syscall(SYS_io_uring_setup, 0, NULL);
    } else {
        (void)syscall(SYS_execve, "", NULL, NULL);
    }
}

/* How the child of the probe ended, as a waitpid status. */
static enum pst_status try_child(const struct pst_sandbox_config *config, int *ret_status,
                                 struct pst_err *err)
{
    pid_t pid = fork();
    if (pid < 0) {
        return pst_fail(err, PST_E_INTERNAL, "the sandbox's probe cannot fork: %s",
                        strerror(errno));
    }
    if (pid == 0) {
        struct pst_sandbox_status status;
        if (enter(config, &status, NULL) != PST_OK) {
            _exit(CANNOT_ENTER);
        }
        forbidden_call(config->role);
        _exit(STILL_ALIVE);
    }
    int got;
    do {
        got = waitpid(pid, ret_status, 0);
    } while (got < 0 && errno == EINTR);
    return got == pid
               ? PST_OK
               : pst_fail(err, PST_E_INTERNAL, "the sandbox's probe is lost: %s", strerror(errno));
}

static bool died_as_it_should(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

enum pst_status pst_sandbox_probe(const struct pst_sandbox_config *config, struct pst_err *err)
{
    int status = 0;
    if (check(config, err) != PST_OK || try_child(config, &status, err) != PST_OK) {
        return PST_ERR;
    }
    if (died_as_it_should(status)) {
        return PST_OK;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_ENTER) {
        return pst_fail(err, PST_E_INTERNAL, "the sandbox of %s cannot be entered",
                        pst_role_name(config->role));
    }
    return pst_fail(err, PST_E_INTERNAL, "a forbidden system call did not kill %s",
                    pst_role_name(config->role));
}

enum pst_status pst_sandbox_enter(const struct pst_sandbox_config *config,
                                  struct pst_sandbox_status *ret, struct pst_err *err)
{
    if (check(config, err) != PST_OK) {
        return PST_ERR;
    }
    if (config->mode != PST_SANDBOX_OFF) {
        int status = 0;
        if (try_child(config, &status, err) != PST_OK) {
            return PST_ERR;
        }
        /* A child that could not enter says no more than that; entering here says why. */
        bool no_entry = WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_ENTER;
        if (!died_as_it_should(status) && !no_entry) {
            return pst_fail(err, PST_E_INTERNAL, "a forbidden system call did not kill %s",
                            pst_role_name(config->role));
        }
        if (no_entry) {
            struct pst_sandbox_status none;
            return enter(config, &none, err) == PST_OK
                       ? pst_fail(err, PST_E_INTERNAL, "the sandbox's probe failed")
                       : PST_ERR;
        }
    }
    return enter(config, ret, err);
}

int pst_sandbox_landlock(void)
{
    return pst_landlock_abi();
}

#ifdef PST_SANITIZED
/* Asked by the leak checker at exit. It would need to trace itself and to read /proc, which no role
 * may; leaks are found by the tests, which are not confined. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_FILTERED;
}
#endif

void pst_sandbox_text(const struct pst_sandbox_status *s, char ret[PST_SANDBOX_TEXT])
{
    char landlock[40] = "";
    if (s->off) {
        (void)snprintf(ret, PST_SANDBOX_TEXT, "off");
        return;
    }
    if (s->landlock_files) {
        (void)snprintf(landlock, sizeof(landlock), ",landlock=%d%s", s->landlock_abi,
                       s->landlock_net ? "+net" : "");
    }
    (void)snprintf(ret, PST_SANDBOX_TEXT, "%s%s%s%s%s", s->seccomp ? "seccomp" : "no-seccomp",
                   s->no_new_privs ? ",nnp" : "", s->nondumpable ? ",nodump" : "", landlock,
                   s->unprivileged ? ",unprivileged" : "");
}
