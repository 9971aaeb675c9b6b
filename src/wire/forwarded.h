/* Who sent a request, as proxies write it down: X-Forwarded-For, and Forwarded (RFC 7239). Only the
 * shape is read here; whether the writer may be believed is the caller's to know, and what `by`,
 * `host` and `proto` say is never looked at.
 *
 *   X-Forwarded-For   addresses between commas: 192.0.2.1, 192.0.2.1:80, 2001:db8::1,
 *                     [2001:db8::1], [2001:db8::1]:80, or "unknown"
 *   Forwarded         elements between commas, each of pairs between semicolons, each pair at most
 *                     once; `for` is an address as RFC 7239 §6 writes it, "unknown", or a name
 *                     that begins with an underscore
 *
 * Strict: an empty element, a repeated pair, anything of another form is PST_E_HTTP_HEADER. Several
 * lines of one name are one list; the two names beside each other have no order and are refused by
 * the caller. Linear. */
#ifndef PST_WIRE_FORWARDED_H
#define PST_WIRE_FORWARDED_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_FORWARDED_MAX = 32 };

struct pst_forwarded {
    /* In the order of the lines: the nearest sender is the last. Without brackets and port, views
     * into what was read; empty: not said. That an address is one is not checked. */
    struct pst_str from[PST_FORWARDED_MAX];
    size_t n;
};

PST_NODISCARD enum pst_status pst_forwarded_for(struct pst_forwarded *f, struct pst_str value,
                                                struct pst_err *err);
PST_NODISCARD enum pst_status pst_forwarded_elements(struct pst_forwarded *f, struct pst_str value,
                                                     struct pst_err *err);

#endif
