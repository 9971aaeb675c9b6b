/* What the commands share: options, printing, exit codes. */
#ifndef PST_CLI_CLI_H
#define PST_CLI_CLI_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stdio.h>

enum { PST_EXIT_OK = 0, PST_EXIT_FAILED = 1, PST_EXIT_USAGE = 2 };

/* What a build leaves out is not declared either. */
#define PST_COMMAND(words, function, arguments, text, options) int function(int argc, char **argv);
#include "cli/commands.def"
#undef PST_COMMAND

/* --- options ------------------------------------------------------------------------------ */

enum { PST_OPTION_LIST = 16 };

struct pst_option_list {
    const char *v[PST_OPTION_LIST];
    size_t n;
};

enum pst_option_kind {
    PST_OPTION_FLAG, /* bool */
    PST_OPTION_TEXT, /* const char * */
    PST_OPTION_U32,  /* uint32_t, 1 and up */
    PST_OPTION_MANY, /* struct pst_option_list */
};

struct pst_option {
    const char *name; /* "--state" */
    enum pst_option_kind kind;
    void *into; /* keeps its value when the option is not given */
};

/* Every command knows these too. */
struct pst_common {
    bool json;
    /* Unless given: "state"; of a program below /usr: /var/lib/postern, and its configuration
     * /etc/postern/postern.yaml. */
    const char *state;
    const char *config; /* NULL: STATE/postern.yaml */
};

/* Takes `--name value`, `--name=value`, `--` and words; at most `max` words go into `words`. An
 * option twice (but MANY), an unknown one and a word too many are USAGE, told with what was meant.
 */
PST_NODISCARD enum pst_status pst_options_parse(int argc, char **argv, struct pst_common *common,
                                                const struct pst_option *options, size_t n,
                                                struct pst_option_list *words, size_t max,
                                                struct pst_err *err);

/* --- printing ----------------------------------------------------------------------------- */

/* Prints the error as it should be and returns the exit code: USAGE gives 2, else 1. */
int pst_cli_fail(const struct pst_common *common, const struct pst_err *err);
/* Prints one JSON value and a line feed. False when standard output cannot take it. */
bool pst_cli_json(struct pst_str json);
/* An object for people: scalars as "name: value", lists of objects as tables. */
void pst_cli_print(FILE *out, const struct pst_json *object);
/* Bytes for a terminal: control characters and what is not UTF-8 are replaced. */
void pst_cli_text(FILE *out, struct pst_str text, size_t width);

#endif
