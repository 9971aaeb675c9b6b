/* What the policy commands ask questions of: policies, a schema, entities; and the questions.
 *
 * Without a schema of their own, policies are the gateway's: held to its schema and annotations as
 * by `postern check`, what a context does not say is false, 0 or "", and names may be short:
 * `User/alice` is Postern::User::"alice", the action `chat` is Postern::Action::"chat". With
 * `--schema FILE` (or `none`) they are anybody's, and Cedar's rules are all there are. */
#ifndef PST_CLI_POLICY_WORLD_H
#define PST_CLI_POLICY_WORLD_H

#include "cedar/cedar.h"
#include "cedar/schema.h"
#include "cli/cli.h"
#include "cli/load.h"

enum { PST_EXIT_UNREADABLE = 3, PST_POLICY_FILE_MAX = 64 << 20 };

/* Where a world comes from. Paths are as they were given. */
struct pst_policy_from {
    const struct pst_common *common;
    const char *const *policies; /* files and folders; none: what the configuration names */
    size_t n_policies;
    const char *schema;                     /* NULL: the gateway's; "none" */
    struct pst_str entities, entities_name; /* JSON; empty: none, or the configuration's */
};

struct pst_policy_world {
    struct pst_arena arena; /* everything that lives as long */
    struct pst_loaded loaded;
    const struct pst_source *sources; /* policies; names ending in .json are JSON */
    size_t n_sources;
    const struct pst_source *schemas;
    size_t n_schemas;
    bool gateway;
    struct pst_cedar_schema *schema; /* NULL: none */
    struct pst_cedar *set;           /* sealed */
    struct pst_str entities_text;
    const struct pst_json *entities; /* the same, as a tree */
};

/* Reads the sources and the schema; the set is not made yet. Release in any case. */
PST_NODISCARD enum pst_status pst_policy_world_read(struct pst_policy_world *w,
                                                    const struct pst_policy_from *from,
                                                    struct pst_err *err);
/* Makes the set and seals it. */
PST_NODISCARD enum pst_status pst_policy_world_fill(struct pst_policy_world *w,
                                                    struct pst_err *err);
/* The same; and the gateway's policies must be proven, as it would demand. */
PST_NODISCARD enum pst_status pst_policy_world_seal(struct pst_policy_world *w,
                                                    struct pst_err *err);
void pst_policy_world_release(struct pst_policy_world *w);

/* An entity as a person writes it: Type::"id" in full, or Type/id; an action may be its id alone.
 * In the arena. USAGE when it is neither. */
PST_NODISCARD enum pst_status pst_policy_ref(struct pst_arena *arena, bool gateway, bool action,
                                             struct pst_str text, struct pst_cedar_uid_text *ret,
                                             struct pst_err *err);

enum { PST_POLICY_GROUPS_MAX = 16 };

struct pst_policy_question {
    struct pst_cedar_uid_text principal, action, resource;
    struct pst_cedar_uid_text app; /* who speaks for the principal; type empty: nobody */
    struct pst_cedar_uid_text groups[PST_POLICY_GROUPS_MAX]; /* of the principal, or of the app */
    size_t n_groups;
    struct pst_str context; /* a JSON object, or empty */
};

/* The question as a request in the arena. CEDAR_SCHEMA when the schema knows no such request. */
PST_NODISCARD enum pst_status pst_policy_ask(const struct pst_policy_world *w,
                                             struct pst_arena *arena,
                                             const struct pst_policy_question *q,
                                             struct pst_cedar_request **ret, struct pst_err *err);

/* The @id of a policy, else Cedar's name for it. */
struct pst_str pst_policy_name(const struct pst_cedar *set, uint32_t policy);
/* As pst_cli_fail; what is wrong and not a matter of usage is 3, for commands that answer by their
 * exit status. */
int pst_policy_fail(const struct pst_common *common, const struct pst_err *err);

#endif
