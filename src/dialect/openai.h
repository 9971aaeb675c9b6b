/* The OpenAI dialect: `chat/completions` and `models`. Request reader, and the writers of errors
 * and model lists. The answer side is dialect/openai_answer.h; the tables are
 * src/tables/openai_chat_request.def and its neighbour. */
#ifndef PST_DIALECT_OPENAI_H
#define PST_DIALECT_OPENAI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "dialect/exchange.h"
#include "wire/json.h"

#include <stdbool.h>

/* Names the JSON parser compares against (case variants of them are refused). Prepared once at
 * start, then shared and read-only: it must not move. */
struct pst_openai_names {
    struct pst_json_name list[256];
    struct pst_json_names names;
};
void pst_openai_request_names(struct pst_openai_names *ret);
void pst_openai_answer_names(struct pst_openai_names *ret);

struct pst_openai_limits {
    uint32_t messages;
    uint32_t tools;
    uint32_t choices; /* of `n` */
};

struct pst_openai_config {
    struct pst_openai_limits limits;
    bool allow_state; /* references to provider state are facts, not errors */
};

/* Reads a parsed `chat/completions` body into *ret. `root` and everything noted about it live in
 * `arena`, the tree's own. Errors name the JSON path: PST_E_DIALECT_MEMBER (wrong type or value),
 * _REQUIRED, _UNKNOWN, _STATE, PST_E_LIMIT, PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_openai_read(const struct pst_openai_config *config,
                                              struct pst_arena *arena, struct pst_json *root,
                                              struct pst_exchange *ret, struct pst_err *err);

/* An error body in OpenAI's shape. The id stands in the message too, because SDKs show only that.
 */
PST_NODISCARD bool pst_openai_error_write(struct pst_buf *out, const struct pst_err *err,
                                          struct pst_str request_id);
/* What an upstream's answer of this status means for the client: fills err (PST_E_UPSTREAM_REFUSED,
 * _RATE_LIMITED or _STATUS). Of the body only a plain lower-case error code is repeated: providers
 * echo keys and prompts in their messages. `body` may be NULL or anything. */
void pst_openai_upstream_error(uint32_t status, const struct pst_json *body, struct pst_err *err);

/* `GET models` and `GET models/{id}`: aliases this principal may use. `created` is constant because
 * an alias has no birthday. */
PST_NODISCARD bool pst_openai_models_write(struct pst_buf *out, const struct pst_str *aliases,
                                           size_t n);
PST_NODISCARD bool pst_openai_model_write(struct pst_buf *out, struct pst_str alias);

#endif
