/* Reads what the compiler needs from disk: postern.yaml, the policies it names, overrides of the
 * command line. */
#ifndef PST_CLI_LOAD_H
#define PST_CLI_LOAD_H

#include "base/arena.h"
#include "cli/cli.h"
#include "control/compile.h"

enum { PST_LOAD_POLICIES_MAX = 256 };

struct pst_loaded {
    struct pst_arena arena; /* everything lives here */
    struct pst_config *config;
    struct pst_str text;     /* of the configuration */
    char path[PST_PATH_MAX]; /* of the configuration, absolute */
    struct pst_str inspect;  /* the inspection image: the built-in one, or with own definitions */
    struct pst_buf extended; /* private */
    void *placed;            /* private */
    const struct pst_source *policies;
    size_t n_policies;
    const struct pst_source *schemas; /* the operator's, beside the built-in one */
    size_t n_schemas;
    struct pst_listen_tls *listen_tls; /* PST_LISTEN_TLS_MAX rows, by pst_load_listeners */
    struct pst_listen_notes *notes;    /* worth saying, by the same; NULL: none */
};

/* Release in any case. Errors name file, line and column. */
PST_NODISCARD enum pst_status pst_load(const struct pst_common *common, struct pst_loaded *ret,
                                       struct pst_err *err);
void pst_loaded_release(struct pst_loaded *l);
/* The path of the configuration: --config, or STATE/postern.yaml. */
PST_NODISCARD enum pst_status pst_load_config_path(const struct pst_common *common,
                                                   char ret[PST_PATH_MAX], struct pst_err *err);
/* The state folder as an absolute path; it must exist. */
PST_NODISCARD enum pst_status pst_load_state_dir(const struct pst_common *common,
                                                 char ret[PST_PATH_MAX], struct pst_err *err);
/* The paths of one file, or of all files of a folder whose names end in `suffix`, in order of their
 * names; appended to `list`, which has room for PST_LOAD_POLICIES_MAX. */
PST_NODISCARD enum pst_status pst_load_paths(struct pst_arena *arena, const char *path,
                                             struct pst_str suffix, const char **list, size_t *n,
                                             struct pst_err *err);
/* One file, or all files of a folder whose names end in `suffix` (".cedar", ".cedarschema"), in
 * order of their names; appended to `list`. A folder without any is fine. */
PST_NODISCARD enum pst_status pst_load_sources(struct pst_arena *arena, const char *path,
                                               struct pst_str suffix,
                                               struct pst_source list[PST_LOAD_POLICIES_MAX],
                                               size_t *n, struct pst_err *err);
/* The policies of a file or folder, which must hold some; appended to `list`. */
PST_NODISCARD enum pst_status pst_load_policies(struct pst_arena *arena, const char *path,
                                                struct pst_source list[PST_LOAD_POLICIES_MAX],
                                                size_t *n, struct pst_err *err);
bool pst_load_is_folder(const char *path);
/* Names the configuration in an error the way the operator did. */
void pst_load_name(const struct pst_common *common, const struct pst_loaded *l,
                   struct pst_err *err);
/* The certificates and authorities that the listeners name. Private keys are looked at from outside
 * only: that they are there, and who may read them. (load_listen.c) */
PST_NODISCARD enum pst_status pst_load_listeners(const struct pst_common *common,
                                                 struct pst_loaded *l, int64_t now_s,
                                                 struct pst_err *err);
/* Whether the private keys fit their certificates. One that this user may not read is a note: the
 * gateway's user may. */
PST_NODISCARD enum pst_status pst_load_keys_check(const struct pst_common *common,
                                                  struct pst_loaded *l, struct pst_err *err);
/* A whole file into the arena, "-" for standard input; at most `cap` bytes. */
PST_NODISCARD enum pst_status pst_load_file(struct pst_arena *arena, const char *path, size_t cap,
                                            struct pst_str *ret, struct pst_err *err);

#endif
