/* Strings into JSON. Private to wire/. */
#ifndef PST_WIRE_JSON_TEXT_H
#define PST_WIRE_JSON_TEXT_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* The text, which must be valid UTF-8, in quotes. False when out is full. */
bool pst_json_quote(struct pst_buf *out, struct pst_str text);

#endif
