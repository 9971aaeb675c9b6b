/* Rates and concurrency. A rule says how many requests may start in a window and how many may be in
 * flight, for each principal by itself, for all members of a group together, or for all users of a
 * model together. A bucket holds `requests` tokens and refills evenly over the window. */
#ifndef PST_BUDGET_BUDGET_H
#define PST_BUDGET_BUDGET_H

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum pst_budget_scope { PST_BUDGET_PRINCIPAL = 1, PST_BUDGET_GROUP = 2, PST_BUDGET_MODEL = 3 };

enum {
    PST_BUDGET_RULES = 64,
    PST_BUDGET_NAME = 192,
    PST_BUDGET_HOLDS = 64, /* counters one request may hold */
};

struct pst_budget_rule {
    enum pst_budget_scope scope;
    uint32_t requests; /* 0: no rate */
    uint32_t window_ms;
    uint32_t concurrent; /* 0: no limit */
    struct pst_str name; /* empty: every name of the scope by itself; must outlive the budget */
    uint8_t twin;        /* private: how many rules before it differ only in their numbers */
};

struct pst_budget_counter;
struct pst_budget {
    struct pst_budget_rule rules[PST_BUDGET_RULES];
    size_t n_rules;
    struct pst_map counters;
    struct pst_budget_counter *oldest; /* private: least recently used first */
    struct pst_budget_counter *newest;
};

/* What a request holds until it settles. Zeroed: nothing. */
struct pst_budget_hold {
    struct pst_budget_counter *counters[PST_BUDGET_HOLDS];
    size_t n;
};

void pst_budget_init(struct pst_budget *b, uint64_t seed, size_t counters_cap);
void pst_budget_release(struct pst_budget *b);
/* PST_E_LIMIT past PST_BUDGET_RULES, PST_E_CONFIG for a rate without a window. */
PST_NODISCARD enum pst_status
pst_budget_rule_add(struct pst_budget *b, const struct pst_budget_rule *rule, struct pst_err *err);
/* Drops all rules, for a reload; counters and holds live on: a rule that comes back with the same
 * scope, name and window finds its counters, wherever it stands and whatever its numbers are. */
void pst_budget_rules_clear(struct pst_budget *b);

struct pst_budget_ask {
    struct pst_str principal; /* "Workload::demo"; with an end user: "EndUser::demo/alice" */
    struct pst_str app; /* "Workload::demo" when it speaks for the principal, else empty: rules that
                           name the app hold for everybody it speaks for */
    const struct pst_str *groups;
    size_t n_groups;
    struct pst_str model; /* empty: none */
    uint64_t now_ms;
};
/* Charges one request on every rule that applies, or none. Refusals: PST_E_RATE_LIMITED and
 * PST_E_CONCURRENCY_LIMITED (the text names the rule), with *ret_retry_ms how long to wait. */
PST_NODISCARD enum pst_status pst_budget_take(struct pst_budget *b,
                                              const struct pst_budget_ask *ask,
                                              struct pst_budget_hold *ret, uint32_t *ret_retry_ms,
                                              struct pst_err *err);
/* Would a request pass now? Charges nothing: the cheap check before a large body is read. */
PST_NODISCARD enum pst_status pst_budget_peek(struct pst_budget *b,
                                              const struct pst_budget_ask *ask,
                                              uint32_t *ret_retry_ms, struct pst_err *err);
/* The request has ended: gives back its places in flight (not its rate). Zeroes the hold. */
void pst_budget_settle(struct pst_budget *b, struct pst_budget_hold *hold);

#endif
