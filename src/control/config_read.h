/* How the sections of postern.yaml are read; shared by config*.c only. A section is a table of keys
 * with a function each: unknown keys are told with the nearest known one, keys are read in the
 * order of the table (so that models may refer to upstreams written below them), and a key that is
 * not there leaves its default. */
#ifndef PST_CONTROL_CONFIG_READ_H
#define PST_CONTROL_CONFIG_READ_H

#include "control/config.h"
#include "yaml/yamltree.h"

struct pst_config_reader {
    struct pst_arena *arena;
    struct pst_err *err;
    struct pst_str folder;
    struct pst_config *config;
};

struct pst_config_field {
    const char *key;
    enum pst_status (*read)(struct pst_config_reader *r, const struct pst_yaml *node, void *into);
};

struct pst_config_section {
    const char *name; /* "upstreams.NAME", for messages and the documentation's test */
    const struct pst_config_field *fields;
    size_t n;
};

extern const struct pst_config_section pst_config_listen_section;
extern const struct pst_config_section pst_config_certificate_section;
extern const struct pst_config_section pst_config_upstream_section;
extern const struct pst_config_section pst_config_key_section;
extern const struct pst_config_section pst_config_model_section;
extern const struct pst_config_section pst_config_route_section;
extern const struct pst_config_section pst_config_rate_section;
extern const struct pst_config_section pst_config_inspect_section;

enum pst_status pst_config_refuse(struct pst_config_reader *r, const struct pst_yaml *node,
                                  const char *fmt, ...) PST_PRINTF(3, 4);
/* Reads a mapping by its table. */
PST_NODISCARD enum pst_status pst_config_map(struct pst_config_reader *r,
                                             const struct pst_yaml *node,
                                             const struct pst_config_section *section, void *into);

/* Scalars; `what` says what is expected, for the message. */
PST_NODISCARD enum pst_status pst_config_text(struct pst_config_reader *r,
                                              const struct pst_yaml *node, const char *what,
                                              char *ret, size_t cap);
PST_NODISCARD enum pst_status pst_config_bool(struct pst_config_reader *r,
                                              const struct pst_yaml *node, bool *ret);
PST_NODISCARD enum pst_status pst_config_u32(struct pst_config_reader *r,
                                             const struct pst_yaml *node, uint32_t low,
                                             uint32_t high, uint32_t *ret);
/* A path, made absolute from the file's folder. */
PST_NODISCARD enum pst_status pst_config_path(struct pst_config_reader *r,
                                              const struct pst_yaml *node, char ret[PST_PATH_MAX]);
/* The words of a choice; `*ret` becomes the index of the one found. */
PST_NODISCARD enum pst_status pst_config_choice(struct pst_config_reader *r,
                                                const struct pst_yaml *node,
                                                const char *const *words, size_t n, size_t *ret);

/* Sections of the top level. */
enum pst_status pst_config_listen(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
enum pst_status pst_config_admin(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into);
enum pst_status pst_config_certificates(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into);
enum pst_status pst_config_upstreams(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
enum pst_status pst_config_models(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
enum pst_status pst_config_groups(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
enum pst_status pst_config_rates(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into);
enum pst_status pst_config_inspect(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into);

#endif
