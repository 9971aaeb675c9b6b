/* One record as one line for people. */
#ifndef PST_CLI_AUDIT_LINE_H
#define PST_CLI_AUDIT_LINE_H

#include "base/buf.h"
#include "base/str.h"

/* Appends the line, without newline: time, index, kind, then what matters of the rest as
 * name=value. Text stays escaped as in the JSON, and what could steer a terminal is escaped too. */
void pst_audit_line(struct pst_buf *out, struct pst_str json);
/* Appends text that could hold anything in the same safe form. */
void pst_audit_line_safe(struct pst_buf *out, struct pst_str text);

#endif
