/* Inspection in a front: what is looked for, and what one request has of it. */
#ifndef PST_ROLES_FRONT_INSPECT_H
#define PST_ROLES_FRONT_INSPECT_H

#include "dialect/exchange.h"
#include "gate/findings.h"
#include "inspect/scan/scan.h"
#include "mask/lane_guard.h"
#include "roles/front_detect.h"

enum {
    PST_FRONT_SLOW = 4,          /* long texts that are scanned at a time; others wait */
    PST_FRONT_SLICE = 32 * 1024, /* bytes of text looked at before others have their turn */
};

struct pst_front_request;

/* One generation of the inspection image, opened, with the actions of the configuration that came
 * with it. A configuration owns it. */
struct pst_front_inspect {
    struct pst_str map;
    struct pst_scan_image *image;
    struct pst_scanner *scanner; /* one: a front has one thread */
    /* And some for long texts, whose scans are begun and not ended while others have their turn. */
    struct {
        struct pst_scanner *scanner;
        const struct pst_front_request *user; /* NULL: free */
    } slow[PST_FRONT_SLOW];
    struct pst_front_detect *detect; /* NULL: the image has no weights */
    struct pst_actions requests, answers;
    bool restore;
};

/* Of one request. Zeroed: nothing was inspected. */
struct pst_front_texts {
    struct pst_str conversation; /* the header; empty: none was sent */
    struct pst_scope scope;
    struct pst_vault vault;
    struct pst_tally tally, answer_tally;
    const struct pst_actions *actions;
    struct pst_str *originals; /* of the exchange's segments, before anything was replaced */
    struct pst_hosts hosts;    /* that the answer may point to */
    struct pst_leak_source prompt;
    struct pst_provenance said;
    struct pst_lane_guard guard;
    struct pst_front_detect_walk walk; /* its score: further facts for policies */
    bool scoring;                      /* the walk has not come to its end */
    bool looking;                      /* the texts are being looked at, … */
    size_t next;                       /* … from this segment on, … */
    struct pst_scanner *slow;          /* … and this one is in a scan of it */
};

struct pst_front;
struct pst_front_config;

/* Opens an image that came (a sealed memory file). Whoever holds *ret closes it. */
PST_NODISCARD enum pst_status
pst_front_inspect_open(int fd, uint64_t size, struct pst_front_inspect **ret, struct pst_err *err);
void pst_front_inspect_close(struct pst_front_inspect *inspect);
/* Takes the actions of a configuration. ERR: it names a type that no definition has. */
PST_NODISCARD enum pst_status pst_front_inspect_configure(struct pst_front_inspect *inspect,
                                                          const struct pst_front_config *config,
                                                          struct pst_err *err);

/* Looks at every text of the exchange and replaces what the actions say, in the exchange, a part
 * with each call. PST_AGAIN: there is more, and others come first. ERR: PST_E_SENSITIVE_DATA,
 * PST_E_UNINSPECTED. */
PST_NODISCARD enum pst_status pst_front_inspect_request(struct pst_front_request *r,
                                                        struct pst_err *err);
/* Scores the texts, a part with each call. PST_AGAIN: there is more, and others come first. */
PST_NODISCARD enum pst_status pst_front_inspect_score(struct pst_front_request *r,
                                                      struct pst_err *err);
/* Gives back what a look not ended holds. */
void pst_front_inspect_forget(struct pst_front_request *r);
/* Begins again, from the texts as they came, with what a policy demands ("mask:TYPE") on top;
 * pst_front_inspect_request goes on. */
PST_NODISCARD enum pst_status pst_front_inspect_amend(struct pst_front_request *r,
                                                      const struct pst_str *demands, size_t n,
                                                      struct pst_err *err);
/* Appends the findings of the request, or of its answer so far, as a list for warden; *ret_n is how
 * many. */
PST_NODISCARD bool pst_front_inspect_findings(const struct pst_front_request *r, bool answer,
                                              struct pst_buf *tail, uint16_t *ret_n);
/* The filter of the answer; NULL: nothing is inspected. ERR: it cannot be. */
PST_NODISCARD enum pst_status pst_front_inspect_answer(struct pst_front_request *r,
                                                       const struct pst_lane_filter **ret,
                                                       struct pst_err *err);

#endif
