/* Links in an answer that would carry data out: EchoLeak (CVE-2025-32711) and its kin. A client
 * that shows the answer fetches its images by itself; a person clicks its links. So what an answer
 * points to is decided by rule, not by a model: the host must be allowed or named in the trusted
 * part of the request, or nothing may be fetched and nothing carried.
 *
 * Works on a lane of a stream. Held back is at most one address: from its first byte (for a bare
 * one, from what may still become "https://") to the byte that ends it: white space, a quote, '<',
 * '>', ')' of its own bracket, a control. An address longer than PST_LINK_MAX is taken out whole
 * and what follows it is dropped up to its end. Labels, alt texts and attributes pass at once; what
 * stands around an address is remembered, not held. */
#ifndef PST_INSPECT_ANSWER_LINK_H
#define PST_INSPECT_ANSWER_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include "inspect/answer/host.h"

enum { PST_LINK_MAX = 2048 };

enum pst_link_kind {
    PST_LINK_BARE,      /* in running text, <autolinks>, OSC 8 */
    PST_LINK_TEXT,      /* [text](…), <a href=…> */
    PST_LINK_IMAGE,     /* ![alt](…) */
    PST_LINK_REFERENCE, /* [name]: …, which an image may use */
    PST_LINK_FETCHED,   /* any other attribute, url(…) and @import of CSS */
};
enum pst_link_verdict {
    PST_LINK_KEEP,
    PST_LINK_NEUTRALISE, /* the address is replaced by one that fetches nothing and names the host
                          */
    PST_LINK_BLOCK,      /* likewise, and the answer is to be reported */
};
enum pst_link_why {
    PST_LINK_WHY_HOST = 1U << 0,     /* neither allowed nor named in the trusted input */
    PST_LINK_WHY_DATA = 1U << 1,     /* query, path or sub-domain look like data */
    PST_LINK_WHY_USERINFO = 1U << 2, /* user information before the host */
    PST_LINK_WHY_SCHEME = 1U << 3,   /* runs code, or is none that a link needs */
    PST_LINK_WHY_LONG = 1U << 4,
};

struct pst_link_judgement {
    uint8_t verdict; /* enum pst_link_verdict */
    uint8_t why;     /* enum pst_link_why bits */
};
/* The rule itself. `address`: as a browser would take it, entities and escapes of HTML undone. */
struct pst_link_judgement pst_link_judge(const struct pst_hosts *hosts, struct pst_str address,
                                         enum pst_link_kind kind, bool strict);

struct pst_links {
    const struct pst_hosts *hosts; /* of the request; outlives the lane */
    bool strict;                   /* links that are only clicked need a known host too */
    uint32_t kept, neutralised, blocked;
    uint32_t why; /* of all that were not kept */
    /* private: what was passed so far */
    uint8_t state, tag, kind, quote;
    bool anchor, one; /* the tag is <a>; its name has one letter so far */
    uint32_t images;  /* bit n: the nth open bracket from the innermost is an image's */
    uint8_t back[8];  /* the last bytes */
};

void pst_links_init(struct pst_links *l, const struct pst_hosts *hosts, bool strict);
/* `held` is all text of the lane not yet taken. Sets *ret_taken to how much of it is done with and
 * appends what goes instead to `out`. `end`: no more comes, everything is taken. ERR: PST_E_LIMIT
 * when `out` is full, PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_links_push(struct pst_links *l, struct pst_str held, bool end,
                                             size_t *ret_taken, struct pst_buf *out,
                                             struct pst_err *err);

#endif
