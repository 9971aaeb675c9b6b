/* postern sandbox: what of the sandbox this machine can give, found out by trying. A copy of this
 * process enters each role's sandbox, as another user where that is possible, and makes a call that
 * must kill it. Run by the package when it is installed, and by people before they choose `strict`.
 */
#include "cli/cli.h"
#include "sys/proc.h"
#include "sys/sandbox.h"
#include "wire/json_out.h"

#include <unistd.h>

enum { NOBODY = 65534, TEXT_MAX = 16384 };

struct found {
    struct pst_err errors[PST_ROLE_COUNT]; /* code 0: it holds */
    size_t broken;
    int landlock_abi;
    bool own_users;
};

static void probe(struct found *f)
{
    f->landlock_abi = pst_sandbox_landlock();
    f->own_users = pst_proc_all_users();
    for (unsigned i = 0; i < PST_ROLE_COUNT; i++) {
        struct pst_sandbox_config config = {.role = (enum pst_role)i,
                                            .mode = PST_SANDBOX_NORMAL,
                                            .uid = f->own_users ? NOBODY : 0,
                                            .gid = f->own_users ? NOBODY : 0};
        f->broken += pst_sandbox_probe(&config, &f->errors[i]) != PST_OK;
    }
}

static bool whole(const struct found *f)
{
    return f->broken == 0 && f->landlock_abi > 0;
}

static void put(struct pst_json_out *o, const struct found *f)
{
    pst_json_out_object(o);
    pst_json_out_kbool(o, "strict", whole(f));
    pst_json_out_ku64(o, "landlock_abi", (uint64_t)f->landlock_abi);
    pst_json_out_kbool(o, "landlock_net", f->landlock_abi >= PST_SANDBOX_ABI_NET);
    pst_json_out_kbool(o, "own_users", f->own_users);
    PST_JSON_KEY(o, "roles");
    pst_json_out_array(o);
    for (unsigned i = 0; i < PST_ROLE_COUNT; i++) {
        pst_json_out_object(o);
        pst_json_out_kstr(o, "role", pst_str_c(pst_role_name((enum pst_role)i)));
        pst_json_out_kbool(o, "confined", f->errors[i].code == 0);
        PST_JSON_KEY(o, "error");
        pst_json_out_lossy(o, pst_str_c(f->errors[i].text));
        pst_json_out_end(o);
    }
    pst_json_out_end(o);
    pst_json_out_end(o);
}

static void print(const struct found *f)
{
    printf("landlock: %d%s\nown users: %s\n", f->landlock_abi,
           f->landlock_abi >= PST_SANDBOX_ABI_NET ? ", network as well" : "",
           f->own_users ? "yes" : "no");
    for (unsigned i = 0; i < PST_ROLE_COUNT; i++) {
        printf("%-10s %s\n", pst_role_name((enum pst_role)i),
               f->errors[i].code == 0 ? "confined" : "NOT CONFINED");
    }
    fflush(stdout);
    for (unsigned i = 0; i < PST_ROLE_COUNT; i++) {
        if (f->errors[i].code != 0) {
            fprintf(stderr, "missing: %s: %s. Nothing runs like this.\n",
                    pst_role_name((enum pst_role)i), f->errors[i].text);
        }
    }
    if (f->landlock_abi == 0) {
        fputs("missing: Landlock (a kernel of 5.13 or later with lsm=landlock, and a container "
              "profile that lets it through). `sandbox: strict` does not start; `sandbox: normal` "
              "does, and says so in `postern status` and in the evidence.\n",
              stderr);
    } else if (f->landlock_abi < PST_SANDBOX_ABI_NET) {
        fputs("note: Landlock of this kernel guards files, not the network (6.7 and later does); "
              "the system call filter does that alone.\n",
              stderr);
    }
    if (!f->own_users) {
        fputs(geteuid() == 0
                  ? "note: not all user ids are to be had here (a user namespace): roles "
                    "share this user.\n"
                  : "note: not root: roles share your user instead of having one each.\n",
              stderr);
    }
}

int pst_cmd_sandbox(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_err err = {0};
    struct pst_buf buf;
    struct pst_json_out o;
    if (pst_options_parse(argc, argv, &common, NULL, 0, NULL, 0, &err) != PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    struct found found = {.broken = 0};
    fflush(NULL); /* the probes fork */
    probe(&found);
    if (common.json) {
        pst_buf_init(&buf, TEXT_MAX);
        pst_json_out_init(&o, &buf);
        put(&o, &found);
        (void)pst_cli_json(pst_buf_str(&buf));
        pst_buf_release(&buf);
    } else {
        print(&found);
    }
    return whole(&found) ? PST_EXIT_OK : PST_EXIT_FAILED;
}
