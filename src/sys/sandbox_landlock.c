#include "sys/fd.h"
#include "sys/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12; the numbers are the kernel's interface and do not change. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

#define FS_READ ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
#define FS_WRITE                                                                                   \
    ((uint64_t)(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                   \
                LANDLOCK_ACCESS_FS_MAKE_REG) |                                                     \
     FS_TRUNCATE)
/* What a rule on a single file may carry. */
#define FS_ON_FILE                                                                                 \
    ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE) | FS_TRUNCATE)

int pst_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

bool pst_landlock_may(enum pst_role role, enum pst_sandbox_access access)
{
    if (access == PST_SANDBOX_READ) {
        return role == PST_ROLE_AUDIT || role == PST_ROLE_CONTROL || role == PST_ROLE_COMPILE;
    }
    return role == PST_ROLE_AUDIT || role == PST_ROLE_CONTROL;
}

static uint64_t fs_of(int abi)
{
    uint64_t all = (UINT64_C(1) << 13) - 1; /* ABI 1 */
    all |= abi >= 2 ? (uint64_t)LANDLOCK_ACCESS_FS_REFER : 0;
    all |= abi >= 3 ? FS_TRUNCATE : 0;
    all |= abi >= 5 ? FS_IOCTL_DEV : 0;
    return all;
}

static int create(int abi, enum pst_role role)
{
    struct ruleset r = {.fs = fs_of(abi)};
    size_t size = sizeof(r.fs);
    if (abi >= PST_SANDBOX_ABI_NET) {
        /* What is handled and has no rule is denied. */
        r.net = role == PST_ROLE_DIAL ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
        size += sizeof(r.net);
    }
    if (abi >= 6) {
        r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
        size += sizeof(r.scoped);
    }
    return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0U);
}

static enum pst_status add_path(int ruleset, int abi, enum pst_role role,
                                const struct pst_sandbox_path *path, struct pst_err *err)
{
    const char *name = path->path != NULL ? path->path : "a passed folder";
    if (!pst_landlock_may(role, path->access)) {
        return pst_fail(err, PST_E_INTERNAL, "%s may not have such access to %s",
                        pst_role_name(role), name);
    }
    PST_FD opened = -1;
    int fd = path->dir;
    if (path->path != NULL) {
        fd = opened = open(path->path, O_PATH | O_CLOEXEC);
    }
    struct stat st = {0};
    if (fd < 0 || fstat(fd, &st) != 0) {
        return pst_fail(err, PST_E_IO, "%s: %s", name, strerror(errno));
    }
    uint64_t access = path->access == PST_SANDBOX_READ ? FS_READ : FS_READ | FS_WRITE;
    access &= S_ISDIR(st.st_mode) ? fs_of(abi) : fs_of(abi) & FS_ON_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "landlock_add_rule for %s: %s", name, strerror(errno));
    }
    return PST_OK;
}

enum pst_status pst_landlock_enter(const struct pst_sandbox_config *config,
                                   struct pst_sandbox_status *status, struct pst_err *err)
{
    int abi = pst_landlock_abi();
    status->landlock_abi = abi;
    if (abi == 0 || config->role == PST_ROLE_SUPERVISOR) {
        return PST_OK;
    }
    PST_FD ruleset = create(abi, config->role);
    if (ruleset < 0) {
        return pst_fail(err, PST_E_INTERNAL, "landlock_create_ruleset: %s", strerror(errno));
    }
    for (size_t i = 0; i < config->n_paths; i++) {
        if (add_path(ruleset, abi, config->role, &config->paths[i], err) != PST_OK) {
            return PST_ERR;
        }
    }
    if (syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0) {
        return pst_fail(err, PST_E_INTERNAL, "landlock_restrict_self: %s", strerror(errno));
    }
    status->landlock_files = true;
    status->landlock_net = abi >= PST_SANDBOX_ABI_NET;
    return PST_OK;
}
