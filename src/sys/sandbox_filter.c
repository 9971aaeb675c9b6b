#include "sys/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/* The table's vocabulary. */
enum kind { KIND_NONE, KIND_MASKED, KIND_SELF };
#define BIT(role) (1U << PST_ROLE_##role)
#define SUPERVISOR BIT(SUPERVISOR)
#define FRONT BIT(FRONT)
#define WARDEN BIT(WARDEN)
#define AUDIT BIT(AUDIT)
#define EGRESS BIT(EGRESS)
#define DIAL BIT(DIAL)
#define KEYS BIT(KEYS)
#define CONTROL BIT(CONTROL)
#define COMPILE BIT(COMPILE)
#define ALL ((1U << PST_ROLE_COUNT) - 1)
#define LOW32 UINT64_C(0xffffffff)
#define IS(arg, wanted) {KIND_MASKED, arg, LOW32, (uint64_t)(wanted) & LOW32}
#define NO(arg, bits) {KIND_MASKED, arg, (uint64_t)(bits) & LOW32, 0}
#define SELF(arg) {KIND_SELF, arg, LOW32, 0}

#define ROW(role_bits, nr, error, reason, ...)                                                     \
    {.roles = (role_bits),                                                                         \
     .call = SCMP_SYS(nr),                                                                         \
     .fail = (error),                                                                              \
     .name = #nr,                                                                                  \
     .why = (reason),                                                                              \
     .when = {__VA_ARGS__}},
#define PST_SANDBOX(roles, call, why, ...) ROW(roles, call, 0, why, __VA_ARGS__)
#define PST_SANDBOX_FAIL(roles, call, why, error, ...) ROW(roles, call, error, why, __VA_ARGS__)
#ifdef PST_SANITIZED
#define PST_SANDBOX_SANITIZED(roles, call, why, ...) ROW(roles, call, 0, why, __VA_ARGS__)
#else
#define PST_SANDBOX_SANITIZED(roles, call, why, ...)
#endif

static const struct pst_filter_row rows[] = {
#include "tables/sandbox.def"
};

const struct pst_filter_row *pst_filter_rows(size_t *ret_n)
{
    *ret_n = PST_LEN(rows);
    return rows;
}

bool pst_filter_row_for(const struct pst_filter_row *row, enum pst_role role)
{
    if (row->call < 0) {
        return false;
    }
    if (role != PST_ROLE_SUPERVISOR) {
        return (row->roles & (1U << role)) != 0;
    }
    /* All rows; but a no that is meant for one role is not for the others that inherit this filter.
     */
    return row->fail == 0 || (row->roles & SUPERVISOR) != 0;
}

static int add(scmp_filter_ctx ctx, const struct pst_filter_row *row)
{
    struct scmp_arg_cmp when[PST_FILTER_CONDITIONS];
    unsigned n = 0;
    for (; n < PST_FILTER_CONDITIONS && row->when[n].kind != KIND_NONE; n++) {
        const struct pst_filter_condition *c = &row->when[n];
        uint64_t value = c->kind == KIND_SELF ? (uint64_t)getpid() : c->value;
        when[n] = (struct scmp_arg_cmp){
            .arg = c->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = c->mask, .datum_b = value};
    }
    uint32_t action = row->fail != 0 ? SCMP_ACT_ERRNO((uint32_t)row->fail) : SCMP_ACT_ALLOW;
    int e = seccomp_rule_add_exact_array(ctx, action, row->call, n, when);
    return e == -EEXIST ? 0 : e; /* a wider row of the same call is there already */
}

static int fill(scmp_filter_ctx ctx, enum pst_role role)
{
    int e = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    /* No thread stays outside, and no-new-privs is set before, visibly. */
    e = e != 0 ? e : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    /* A search tree instead of a list: calls with conditions are looked at each time, the others
     * the kernel answers from a bitmap. */
    e = e != 0 ? e : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; i < PST_LEN(rows) && e == 0; i++) {
        if (pst_filter_row_for(&rows[i], role)) {
            e = add(ctx, &rows[i]);
        }
    }
    return e;
}

enum pst_status pst_filter_load(enum pst_role role, struct pst_err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (ctx == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a system call filter");
    }
    int e = fill(ctx, role);
    e = e != 0 ? e : seccomp_load(ctx);
    seccomp_release(ctx);
    if (e != 0) {
        return pst_fail(err, PST_E_INTERNAL, "cannot load the system call filter of %s: %s",
                        pst_role_name(role), strerror(-e));
    }
    return PST_OK;
}
