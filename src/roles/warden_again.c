/* What is under way, decided again: a policy that is applied now holds for it too. */
#include "roles/warden_case.h"

#include <stdlib.h>

/* Of the lists that came with a proposal: usually none at all. More than this is not kept, and then
 * the request is not permitted again: what cannot be decided is denied. */
enum { LISTS_MAX = 4096 };

struct pst_warden_asked {
    struct pst_ipc_propose p;
    size_t lists_n;
    uint8_t lists[];
};

void pst_case_keep_asked(struct pst_case *c)
{
    struct pst_warden_request *r = c->request;
    free(r->asked);
    r->asked = NULL;
    if (c->lists.n > LISTS_MAX) {
        return;
    }
    struct pst_warden_asked *asked = malloc(sizeof *asked + c->lists.n);
    if (asked == NULL) {
        return;
    }
    asked->p = *c->p;
    asked->lists_n = c->lists.n;
    if (c->lists.n > 0) {
        memcpy(asked->lists, c->lists.p, c->lists.n);
    }
    r->asked = asked;
}

/* Whether the model may still be answered by this route's upstream. */
static bool route_there(const struct pst_warden_policy *policy, const struct pst_ipc_propose *p)
{
    const struct pst_image_model *m = pst_image_model(
        policy->image->models, policy->image->n_models, PST_ISTR(p->resource));
    return m != NULL && p->route < m->n_routes && m->routes[p->route].upstream == p->upstream;
}

/* Only a release as it stands counts: an obligation that would change the request comes too late.
 */
static bool permitted(struct pst_warden *w, struct pst_warden_request *r)
{
    struct pst_case c = {.w = w, .request = r, .policy = &w->policies[0], .who.acr = "key"};
    if (r->asked == NULL || !route_there(c.policy, &r->asked->p)) {
        return false;
    }
    pst_arena_clear(&w->arena);
    c.p = &r->asked->p;
    c.lists = pst_str_of(r->asked->lists, r->asked->lists_n);
    if (!pst_case_identify_again(&c) || !pst_case_facts(&c)) {
        return false;
    }
    c.facts.certificate = r->client_certificate || r->certificate != NULL;
    pst_decide(c.policy->cedar, &c.facts, c.policy->models, c.policy->image->n_models, &w->arena,
               &c.decision);
    return c.decision.verdict == PST_RELEASE;
}

void pst_warden_redecide(struct pst_warden *w)
{
    size_t at = 0, cut = 0;
    struct pst_str id;
    struct pst_warden_request *r;
    w->policies[1].until_ms = 0;
    while ((r = pst_map_next(&w->requests, &at, &id)) != NULL) {
        if (r->released && !r->stopped && r->upstream != PST_UPSTREAM_CONTROL && !permitted(w, r)) {
            pst_warden_cut(w, r, PST_E_STREAM_DENIED);
            cut++;
        }
    }
    pst_house_log(&w->house, "%zu of what was under way is not permitted any more and was cut",
                  cut);
}
