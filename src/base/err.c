#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct pst_error_row rows[PST_E_COUNT] = {
#define PST_ERROR(NAME, status, type, code, text)                                                  \
    [PST_E_##NAME] = {#NAME, (type), (code), (text), (status)},
#include "tables/errors.def"
#undef PST_ERROR
};

const struct pst_error_row *pst_error_row(enum pst_error code)
{
    PST_BUG_ON((unsigned)code >= PST_E_COUNT);
    return &rows[code];
}

/* Drops a UTF-8 sequence that the cut went through: the message goes into JSON. */
static void cut_cleanly(char *text, size_t n)
{
    size_t at = n;
    while (at > 0 && n - at < 3 && ((uint8_t)text[at - 1] & 0xC0) == 0x80) {
        at--;
    }
    if (at == 0) {
        return;
    }
    uint8_t lead = (uint8_t)text[at - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > 1 && n - (at - 1) < want) {
        text[at - 1] = '\0';
    }
}

static void PST_PRINTF(5, 0) fill(struct pst_err *err, enum pst_error code, uint32_t line,
                                  uint32_t column, const char *fmt, va_list args)
{
    char text[PST_ERR_TEXT]; /* so that an argument may be err->text itself */
    int n = vsnprintf(text, sizeof text, fmt, args);
    if (n < 0) {
        text[0] = '\0';
    } else if ((size_t)n >= sizeof text) {
        cut_cleanly(text, sizeof text - 1);
    }
    err->code = code;
    err->line = line;
    err->column = column;
    err->file[0] = '\0';
    memcpy(err->text, text, sizeof text);
}

enum pst_status pst_fail_set(struct pst_err *err, enum pst_error code, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        fill(err, code, 0, 0, fmt, args);
        va_end(args);
    }
    return PST_ERR;
}

enum pst_status pst_fail_set_at(struct pst_err *err, enum pst_error code, uint32_t line,
                                uint32_t column, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        fill(err, code, line, column, fmt, args);
        va_end(args);
    }
    return PST_ERR;
}
