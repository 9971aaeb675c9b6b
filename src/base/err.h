/* Errors: a code from src/tables/errors.def, a message for people, and where it was seen. Filled by
 * the callee, untouched on success. Libraries return errors; only a role or a command prints one.
 */
#ifndef PST_BASE_ERR_H
#define PST_BASE_ERR_H

#include "base/def.h"
#include "base/str.h"

enum pst_error {
#define PST_ERROR(name, status, type, code, text) PST_E_##name,
#include "tables/errors.def"
#undef PST_ERROR
    PST_E_COUNT
};

enum { PST_ERR_TEXT = 480 }; /* a sentence with two long paths in it */

struct pst_err {
    enum pst_error code;
    uint32_t line; /* 1-based position in the source named by `file`, 0 when there is none */
    uint32_t column;
    char file[128]; /* empty when there is none */
    char text[PST_ERR_TEXT];
};

/* One row of the table: what HTTP status, OpenAI error type and code a client gets, and the default
 * text. Valid for every enum value. */
struct pst_error_row {
    const char *name; /* "BODY_TOO_LARGE" */
    const char *type; /* "invalid_request_error" */
    const char *code; /* "body_too_large", also the reason in evidence and metrics */
    const char *text;
    uint16_t status; /* HTTP */
};
const struct pst_error_row *pst_error_row(enum pst_error code);

/* Sets code and a formatted message; always returns PST_ERR, so that `return pst_fail(err, …)`
 * reads as it should. `err` may be NULL. An over-long message is cut. */
#define pst_fail(err, code, ...) pst_fail_always(pst_fail_set(err, code, __VA_ARGS__))
/* The same with a source position (line and column are 1-based). */
#define pst_fail_at(err, code, line, column, ...)                                                  \
    pst_fail_always(pst_fail_set_at(err, code, line, column, __VA_ARGS__))

/* Behind the two: compiler and analyser see that the answer is always the same. */
enum pst_status pst_fail_set(struct pst_err *err, enum pst_error code, const char *fmt, ...)
    PST_PRINTF(3, 4);
enum pst_status pst_fail_set_at(struct pst_err *err, enum pst_error code, uint32_t line,
                                uint32_t column, const char *fmt, ...) PST_PRINTF(5, 6);
static inline enum pst_status pst_fail_always(enum pst_status status)
{
    (void)status;
    return PST_ERR;
}

#endif
