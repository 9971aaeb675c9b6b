/* Definitions of sensitive data: from rules/entities/ and rules/credentials/ to the section
 * PST_SECTION_DATA (inspect/scan). The format is in rules/README.md. */
#ifndef PST_RULES_DATA_COMPILE_H
#define PST_RULES_DATA_COMPILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "inspect/scan/scan.h"
#include "inspect/scan/scan_format.h"

enum {
    PST_RULE_PREFIXES_MAX = 512, /* of one credential */
    PST_RULE_WORDS_MAX = 65536,  /* context words of all definitions */
    PST_RULE_EXAMPLES_MAX = 256, /* of one definition, each kind */
};

struct pst_rule_file {
    struct pst_str name, text; /* the name is for messages */
    bool credentials;          /* else entities */
    bool user;                 /* of an operator: no source, licence and examples are asked for */
};

struct pst_rule_word {
    struct pst_rule_word *next;
    struct pst_str text;
    int8_t sign; /* +1 for, -1 against */
};

struct pst_rule_def {
    struct pst_data_def data; /* forms and n_forms are filled in by build */
    struct pst_credential_rule credential;
    struct pst_data_form *forms;
    size_t n_forms;
    struct pst_str *literals; /* what wakes a credential */
    size_t n_literals;
    bool literals_nocase;
    struct pst_str pattern;
    struct pst_rule_word *words, *keys, *dictionary, *examples, *counter;
    size_t n_examples, n_counter;
    struct pst_str file;
    uint32_t line;
};

struct pst_rule_set {
    struct pst_arena *arena;
    struct pst_type *types;
    size_t n_types;
    struct pst_rule_def *defs;
    size_t n_defs;
};

/* All of the set lives in the arena, views into the files included. Errors: PST_E_CONFIG with file
 * and line, PST_E_NO_MEMORY. `user`: definitions of postern.yaml: a source, a licence and examples
 * are not asked for. */
PST_NODISCARD enum pst_status pst_rules_read(struct pst_arena *arena,
                                             const struct pst_rule_file *files, size_t n, bool user,
                                             struct pst_rule_set *ret, struct pst_err *err);
/* Appends the section to `out`, for the least processor (x86-64 with SSE4.2); the same set gives
 * the same bytes. */
PST_NODISCARD enum pst_status pst_rules_build(struct pst_rule_set *set, struct pst_buf *out,
                                              struct pst_err *err);

/* One form of the form language: appends what it stands for, each repeat spelled out. False with
 * `*why` when it is not one. */
bool pst_rule_form_read(struct pst_arena *arena, struct pst_str form, struct pst_data_form *ret,
                        size_t room, size_t *ret_n, const char **why);
/* The value of a credential: classes and literals with counts. */
bool pst_rule_value_read(struct pst_str value, struct pst_value_part *ret, size_t room,
                         size_t *ret_n, const char **why);
/* One byte class, `[A-Za-z0-9_]`, from `*at`, which is moved behind it. */
bool pst_rule_class_read(struct pst_str text, size_t *at, uint8_t set[32]);
/* An example without its marks; where the marked stretch was. False: the marks do not match. */
bool pst_rule_example(struct pst_arena *arena, struct pst_str example, struct pst_str *ret_text,
                      size_t *ret_start, size_t *ret_end);

#endif
