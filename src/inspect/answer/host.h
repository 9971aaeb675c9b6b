/* Hosts: taken out of addresses, made comparable, and the set of those that an answer may point to:
 * what the operator allows and what the trusted part of the request named. */
#ifndef PST_INSPECT_ANSWER_HOST_H
#define PST_INSPECT_ANSWER_HOST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_HOST_BYTES = 253, PST_HOSTS_MAX = 1024 };

/* The parts of an address, views into it. Browsers' habits are followed where they matter: any
 * number of slashes or backslashes after the scheme, `//host` without one. */
struct pst_address {
    struct pst_str scheme;   /* empty: relative to where it stands */
    struct pst_str userinfo; /* empty: none */
    struct pst_str host;     /* as written; empty: none */
    struct pst_str path, query, fragment;
};
void pst_address_read(struct pst_str text, struct pst_address *ret);

/* Comparable form: small letters, no final dot, xn-- labels decoded (RFC 3492), full-width and
 * ideographic dots as dots. False: no host that could be compared. */
bool pst_host_fold(struct pst_str host, struct pst_buf *out);

struct pst_hosts {
    struct pst_str *list; /* of the arena, with the first host; folded; a leading dot: it and
                             everything under it */
    size_t n;
    bool full; /* some did not fit: what is not in the list is not trusted, as ever */
    struct pst_arena *arena;
};
void pst_hosts_init(struct pst_hosts *h, struct pst_arena *arena);
/* `rule`: "docs.example.com", or "*.example.com" for it and everything under it. */
PST_NODISCARD enum pst_status pst_hosts_allow(struct pst_hosts *h, struct pst_str rule,
                                              struct pst_err *err);
/* Adds every host named in `text`: in an address, or after "www.". Only for text whose author is
 * trusted: the user's turns and the operator's prompt, never tool results or documents. */
void pst_hosts_learn(struct pst_hosts *h, struct pst_str text);
/* `host` as written. */
bool pst_hosts_has(const struct pst_hosts *h, struct pst_str host);

#endif
