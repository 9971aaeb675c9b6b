#include "budget/budget.h"

#include <stdio.h>
#include <stdlib.h>

/* One bucket: a rule applied to one name. `level` counts thousandths of a request, `rest` what a
 * refill left over (in parts of the window), so that many small steps of time lose nothing. */
struct pst_budget_counter {
    uint8_t key[PST_BUDGET_NAME];
    size_t key_n;
    uint64_t level, rest, at_ms;
    uint32_t live;
    bool rated; /* by the rule it was looked up for last */
    struct pst_budget_counter *older, *newer;
};

enum { UNIT = 1000, NAME_AT = 7 /* in a counter's key */ };

void pst_budget_init(struct pst_budget *b, uint64_t seed, size_t counters_cap)
{
    *b = (struct pst_budget){.n_rules = 0};
    pst_map_init(&b->counters, seed, counters_cap);
}

void pst_budget_release(struct pst_budget *b)
{
    if (b == NULL) {
        return;
    }
    struct pst_budget_counter *c = b->oldest;
    while (c != NULL) {
        struct pst_budget_counter *next = c->newer;
        free(c);
        c = next;
    }
    pst_map_release(&b->counters);
    *b = (struct pst_budget){.n_rules = 0};
}

enum pst_status pst_budget_rule_add(struct pst_budget *b, const struct pst_budget_rule *rule,
                                    struct pst_err *err)
{
    if (b->n_rules == PST_BUDGET_RULES) {
        return pst_fail(err, PST_E_LIMIT, "more than %d rate rules", PST_BUDGET_RULES);
    }
    if (rule->requests > 0 && rule->window_ms == 0) {
        return pst_fail(err, PST_E_CONFIG, "a rate needs a window");
    }
    struct pst_budget_rule *r = &b->rules[b->n_rules];
    *r = *rule;
    r->twin = 0;
    for (size_t i = 0; i < b->n_rules; i++) {
        const struct pst_budget_rule *other = &b->rules[i];
        bool same = other->scope == r->scope && other->window_ms == r->window_ms &&
                    pst_str_eq(other->name, r->name);
        r->twin = (uint8_t)(r->twin + (same ? 1 : 0));
    }
    b->n_rules++;
    return PST_OK;
}

void pst_budget_rules_clear(struct pst_budget *b)
{
    b->n_rules = 0;
}

/* --- counters ----------------------------------------------------------------------------- */

static void unlink_counter(struct pst_budget *b, struct pst_budget_counter *c)
{
    *(c->older != NULL ? &c->older->newer : &b->oldest) = c->newer;
    *(c->newer != NULL ? &c->newer->older : &b->newest) = c->older;
    c->older = c->newer = NULL;
}

static void link_newest(struct pst_budget *b, struct pst_budget_counter *c)
{
    c->older = b->newest;
    *(b->newest != NULL ? &b->newest->newer : &b->oldest) = c;
    b->newest = c;
}

/* Makes room by dropping the counter used longest ago that nobody holds and that has refilled for
 * the longest window: forgetting it changes no answer. */
static bool make_room(struct pst_budget *b, uint64_t now_ms)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < b->n_rules; i++) {
        longest = b->rules[i].window_ms > longest ? b->rules[i].window_ms : longest;
    }
    for (struct pst_budget_counter *c = b->oldest; c != NULL; c = c->newer) {
        if (c->live == 0 && now_ms - c->at_ms >= longest) {
            (void)pst_map_take(&b->counters, pst_str_of(c->key, c->key_n));
            unlink_counter(b, c);
            free(c);
            return true;
        }
        if (now_ms - c->at_ms < longest) {
            return false; /* those that follow were used later still */
        }
    }
    return false;
}

static struct pst_budget_counter *counter_get(struct pst_budget *b, size_t rule,
                                              struct pst_str name, uint64_t now_ms)
{
    const struct pst_budget_rule *r = &b->rules[rule];
    uint8_t key[PST_BUDGET_NAME];
    if (name.n > sizeof key - NAME_AT) {
        return NULL;
    }
    key[0] = (uint8_t)r->scope;
    key[1] = r->twin;
    key[2] = r->name.n > 0 ? 1 : 0;
    pst_put_u32le(&key[3], r->window_ms);
    memcpy(&key[NAME_AT], name.p, name.n);
    struct pst_str view = pst_str_of(key, NAME_AT + name.n);
    struct pst_budget_counter *c = pst_map_get(&b->counters, view);
    if (c != NULL) {
        c->rated = r->requests > 0;
        unlink_counter(b, c);
        link_newest(b, c);
        return c;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    memcpy(c->key, key, view.n);
    c->key_n = view.n;
    c->level = (uint64_t)r->requests * UNIT;
    c->rated = r->requests > 0;
    c->at_ms = now_ms;
    view = pst_str_of(c->key, c->key_n);
    if (!pst_map_put(&b->counters, view, c) &&
        !(make_room(b, now_ms) && pst_map_put(&b->counters, view, c))) {
        free(c);
        return NULL;
    }
    link_newest(b, c);
    return c;
}

static void refill(struct pst_budget_counter *c, const struct pst_budget_rule *rule,
                   uint64_t now_ms)
{
    uint64_t full = (uint64_t)rule->requests * UNIT;
    uint64_t passed = now_ms > c->at_ms ? now_ms - c->at_ms : 0;
    c->at_ms += passed;
    if (rule->requests == 0 || passed >= rule->window_ms) {
        c->level = full;
        c->rest = 0;
        return;
    }
    uint64_t credit = full * passed + c->rest;
    c->level += credit / rule->window_ms;
    c->rest = credit % rule->window_ms;
    if (c->level >= full) {
        c->level = full;
        c->rest = 0;
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

static enum pst_status refuse(const struct pst_budget_rule *rule, struct pst_budget_counter *c,
                              uint32_t *ret_retry_ms, struct pst_err *err)
{
    static const char *const scopes[] = {"", "principal", "group", "model"};
    struct pst_str name = pst_str_from(pst_str_of(c->key, c->key_n), NAME_AT);
    if (rule->concurrent > 0 && c->live >= rule->concurrent) {
        *ret_retry_ms = 1000;
        return pst_fail(err, PST_E_CONCURRENCY_LIMITED, "%u requests at a time for %s %.*s",
                        rule->concurrent, scopes[rule->scope], PST_FMT(name));
    }
    uint64_t missing = UNIT - c->level;
    uint64_t wait = (missing * rule->window_ms + (uint64_t)rule->requests * UNIT - 1) /
                    ((uint64_t)rule->requests * UNIT);
    *ret_retry_ms = wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait;
    return pst_fail(err, PST_E_RATE_LIMITED, "%u requests per %u ms for %s %.*s", rule->requests,
                    rule->window_ms, scopes[rule->scope], PST_FMT(name));
}

/* Checks one rule for one name and notes its counter in the hold. */
static enum pst_status check(struct pst_budget *b, size_t rule, struct pst_str name,
                             const struct pst_budget_ask *ask, struct pst_budget_hold *hold,
                             uint32_t *ret_retry_ms, struct pst_err *err)
{
    struct pst_budget_counter *c = counter_get(b, rule, name, ask->now_ms);
    if (c == NULL || hold->n == PST_BUDGET_HOLDS) {
        *ret_retry_ms = 1000;
        return pst_fail(err, PST_E_RATE_LIMITED, "the limit cannot be counted");
    }
    const struct pst_budget_rule *r = &b->rules[rule];
    refill(c, r, ask->now_ms);
    if ((r->concurrent > 0 && c->live >= r->concurrent) || (r->requests > 0 && c->level < UNIT)) {
        return refuse(r, c, ret_retry_ms, err);
    }
    hold->counters[hold->n++] = c;
    return PST_OK;
}

static enum pst_status check_rule(struct pst_budget *b, size_t rule,
                                  const struct pst_budget_ask *ask, struct pst_budget_hold *hold,
                                  uint32_t *ret_retry_ms, struct pst_err *err)
{
    const struct pst_budget_rule *r = &b->rules[rule];
    const struct pst_str *names = &ask->principal;
    size_t n = 1;
    if (r->scope == PST_BUDGET_PRINCIPAL && r->name.n > 0 && pst_str_eq(r->name, ask->app)) {
        names = &ask->app;
    } else if (r->scope == PST_BUDGET_GROUP) {
        names = ask->groups;
        n = ask->n_groups;
    } else if (r->scope == PST_BUDGET_MODEL) {
        names = &ask->model;
        n = ask->model.n > 0 ? 1 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (r->name.n > 0 && !pst_str_eq(r->name, names[i])) {
            continue;
        }
        if (check(b, rule, names[i], ask, hold, ret_retry_ms, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status check_all(struct pst_budget *b, const struct pst_budget_ask *ask,
                                 struct pst_budget_hold *hold, uint32_t *ret_retry_ms,
                                 struct pst_err *err)
{
    hold->n = 0;
    for (size_t rule = 0; rule < b->n_rules; rule++) {
        if (check_rule(b, rule, ask, hold, ret_retry_ms, err) != PST_OK) {
            hold->n = 0;
            return PST_ERR;
        }
    }
    return PST_OK;
}

enum pst_status pst_budget_take(struct pst_budget *b, const struct pst_budget_ask *ask,
                                struct pst_budget_hold *ret, uint32_t *ret_retry_ms,
                                struct pst_err *err)
{
    struct pst_budget_hold hold;
    if (check_all(b, ask, &hold, ret_retry_ms, err) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < hold.n; i++) {
        struct pst_budget_counter *c = hold.counters[i];
        c->live++;
        if (c->rated) {
            c->level -= UNIT;
        }
    }
    *ret = hold;
    return PST_OK;
}

enum pst_status pst_budget_peek(struct pst_budget *b, const struct pst_budget_ask *ask,
                                uint32_t *ret_retry_ms, struct pst_err *err)
{
    struct pst_budget_hold hold;
    return check_all(b, ask, &hold, ret_retry_ms, err);
}

void pst_budget_settle(struct pst_budget *b, struct pst_budget_hold *hold)
{
    (void)b;
    for (size_t i = 0; i < hold->n; i++) {
        PST_BUG_ON(hold->counters[i]->live == 0);
        hold->counters[i]->live--;
    }
    hold->n = 0;
}
