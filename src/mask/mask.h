/* Masking: findings of a text become what the configured action of their type says. In the texts of
 * a request look-alikes of tokens are escaped too; in the texts of an answer tokens issued for it
 * are restored and look-alikes unescaped. One scan a text. */
#ifndef PST_MASK_MASK_H
#define PST_MASK_MASK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "inspect/scan/scan.h"
#include "mask/token.h"
#include "mask/vault.h"

#include <stdbool.h>

/* What happens to each type of an image (enum pst_action). */
struct pst_actions {
    uint8_t of[PST_TYPES_MAX];
};
/* Of two demands the stricter: allow, flag, mask, partial, hash, redact, block. */
enum pst_action pst_action_stricter(enum pst_action a, enum pst_action b);
/* PST_ACT_BLOCK + 1 when there is none of this name ("mask", "redact", …). */
enum pst_action pst_action_find(struct pst_str name);
const char *pst_action_name(enum pst_action action);

/* What the definitions say; but personal data is masked where they would cut it short or hash it.
 */
void pst_actions_default(const struct pst_scan_image *image, struct pst_actions *ret);
/* `who`: a type, a group of them, or "secrets", "personal" (or "pii"), "all", without regard to
 * case. `only_stricter`: as a policy demands; else the action is set as it is. A secret is never
 * tokenised: for it, mask is redact. Returns how many types it meant, 0 for an unknown name. */
size_t pst_actions_set(const struct pst_scan_image *image, struct pst_actions *actions,
                       struct pst_str who, enum pst_action action, bool only_stricter);
/* Whether any type has another action than allow. */
bool pst_actions_any(const struct pst_scan_image *image, const struct pst_actions *actions);

/* What was found and what became of it: types and counts, no text. */
struct pst_tally_row {
    uint16_t type;
    uint32_t clear, masked, removed; /* left; behind a token; gone for good */
};
enum { PST_TALLY_MAX = 64 };
struct pst_tally {
    struct pst_tally_row list[PST_TALLY_MAX];
    size_t n;
    bool cut; /* more types than rows */
    bool blocked;
    uint16_t blocked_type;
};

struct pst_mask {
    struct pst_scanner *scanner;
    const struct pst_scan_image *image;
    const struct pst_actions *actions;
    const struct pst_scope *scope;
    struct pst_vault *vault; /* NULL: nothing is restored, so look-alikes need no escape */
    struct pst_tally *tally;
    bool ident; /* identifiers: of secrets only what a prefix or a check vouches for */
    bool keep;  /* names that policies decide about: nothing but a block changes them */
};

/* A text of a request. What leaves instead is appended to `out`. ERR: PST_E_SENSITIVE_DATA (the
 * action of a finding is block) or PST_E_UNINSPECTED, and then nothing of the text may leave. */
PST_NODISCARD enum pst_status pst_mask_text(const struct pst_mask *m, struct pst_str key,
                                            struct pst_str text, struct pst_buf *out,
                                            struct pst_err *err);
/* The same for a text that was scanned by the caller: `found` is of the whole of it. */
PST_NODISCARD enum pst_status pst_mask_found(const struct pst_mask *m, struct pst_str text,
                                             const struct pst_findings *found, struct pst_buf *out,
                                             struct pst_err *err);
/* A piece of an answer: `text.text` begins where nothing was released yet. *ret_taken bytes of it
 * may go, as appended to `out`: all of them without `text.more`. Restores where `m->vault` is set
 * and has not expired at `now_ms`. Errors as above; with SENSITIVE_DATA, `out` has what stood
 * before the finding. */
/* `ret_last` (may be NULL): the last finding within what was taken; empty without one. */
struct pst_stretch {
    size_t start, end;
};
PST_NODISCARD enum pst_status pst_unmask_text(const struct pst_mask *m,
                                              const struct pst_scan_text *text, uint64_t now_ms,
                                              size_t *ret_taken, struct pst_stretch *ret_last,
                                              struct pst_buf *out, struct pst_err *err);

#endif
