/* What a tool call carries that its user never said: addresses, hosts, e-mail addresses, paths,
 * long encoded pieces. Facts for the policy, no verdict: a model that looks something up brings new
 * addresses too; together with an untrusted channel that speaks in imperatives they mean more. */
#ifndef PST_INSPECT_ANSWER_ARGUMENT_H
#define PST_INSPECT_ANSWER_ARGUMENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_ARGUMENT_ITEMS_MAX = 64,   /* listed; more: `cut` */
    PST_ARGUMENT_LOOKED_MAX = 256, /* looked at, whatever came of it; more: `cut` */
    PST_ARGUMENT_BLOB_MIN = 48,    /* bytes of one run of base64 or hexadecimal */
};

enum pst_argument_kind {
    PST_ARGUMENT_URL,
    PST_ARGUMENT_EMAIL,
    PST_ARGUMENT_PATH,
    PST_ARGUMENT_BLOB,
    PST_ARGUMENT_KINDS
};

struct pst_argument_item {
    uint32_t start, end; /* of the text of the argument */
    uint8_t kind;        /* enum pst_argument_kind */
};
struct pst_argument_facts {
    uint16_t given[PST_ARGUMENT_KINDS]; /* found, and the user's turns hold them */
    uint16_t fresh[PST_ARGUMENT_KINDS]; /* found, and they do not */
    struct pst_argument_item list[PST_ARGUMENT_ITEMS_MAX]; /* the fresh ones */
    size_t n;
    size_t looked;
    bool cut; /* there was more than can be looked at or listed: count it as fresh */
};

/* What the user said: their turns, folded once for all calls of a request. */
struct pst_provenance {
    struct pst_str folded; /* of the arena; private */
};
/* ERR: PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_provenance_init(struct pst_provenance *p,
                                                  const struct pst_str *turns, size_t n,
                                                  struct pst_arena *arena, struct pst_err *err);
/* `text`: one string of the arguments, unescaped. Adds to `facts`, which begins zeroed; offsets are
 * of this text. A host the user named makes every address there a given one; an e-mail address, a
 * path and a blob must have been said whole. ERR: PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_argument_inspect(const struct pst_provenance *p,
                                                   struct pst_str text, struct pst_arena *arena,
                                                   struct pst_argument_facts *facts,
                                                   struct pst_err *err);

#endif
