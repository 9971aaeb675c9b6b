/* A small blocking client for the admin API on the Unix socket of a running gateway. */
#ifndef PST_CLI_CLIENT_H
#define PST_CLI_CLIENT_H

#include "base/arena.h"
#include "base/def.h"
#include "base/err.h"
#include "cli/cli.h"

/* Asks and waits (at most half a minute). `body` empty: none. *ret is the answer's JSON object, in
 * the arena; `raw` gets its bytes. An answer that is an error becomes `err`. */
PST_NODISCARD enum pst_status pst_client_ask(const struct pst_common *common, const char *method,
                                             const char *path, struct pst_str body,
                                             struct pst_arena *arena, struct pst_buf *raw,
                                             const struct pst_json **ret, struct pst_err *err);
/* GET, and whatever answer there is: its status, and its bytes in `raw`. */
PST_NODISCARD enum pst_status pst_client_get(const struct pst_common *common, const char *path,
                                             struct pst_arena *arena, struct pst_buf *raw,
                                             uint16_t *ret_status, struct pst_err *err);

#endif
