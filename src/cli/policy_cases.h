/* Files of policy tests (docs/policy.md, "Tests"): what they hold. */
#ifndef PST_CLI_POLICY_CASES_H
#define PST_CLI_POLICY_CASES_H

#include "cli/policy_world.h"

enum pst_policy_expect { PST_EXPECT_ALLOW, PST_EXPECT_DENY, PST_EXPECT_ERROR };

enum { PST_POLICY_BY_MAX = 16 };

struct pst_policy_case {
    struct pst_str name;
    uint32_t line;
    struct pst_policy_question question;
    enum pst_policy_expect expect;
    bool with_by;                         /* the policies that must have decided are said */
    struct pst_str by[PST_POLICY_BY_MAX]; /* none: no policy did */
    size_t n_by;
};

struct pst_policy_suite {
    const char *policies[PST_OPTION_LIST]; /* paths */
    size_t n_policies;
    const char *schema;      /* path, "none", or NULL: the gateway's */
    struct pst_str entities; /* JSON; empty: none */
    struct pst_policy_case *cases;
    size_t n_cases;
};

/* Reads the text of the file `path`, whose folder relative paths begin at. Everything lives in the
 * arena. CONFIG with file, line and column. */
PST_NODISCARD enum pst_status pst_policy_suite_read(struct pst_arena *arena, const char *path,
                                                    struct pst_str text,
                                                    struct pst_policy_suite *ret,
                                                    struct pst_err *err);

#endif
