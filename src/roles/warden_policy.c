#include "roles/warden.h"

#include "sys/fd.h"

static void policy_release(struct pst_warden_policy *p)
{
    pst_cedar_free(p->cedar);
    pst_certificates_free(p->certificates);
    pst_memfd_unmap(&p->map);
    *p = (struct pst_warden_policy){0};
}

/* What `compile` proved, opened in place in the read-only mapping: every index and instruction of
 * it is checked, and so is that this program can carry out what the policies oblige it to. */
static enum pst_status policies_load(struct pst_warden_policy *p, struct pst_err *err)
{
    if (pst_cedar_image_open(pst_image_cedar(p->image), &p->cedar, err) != PST_OK ||
        pst_decide_check(p->cedar, err) != PST_OK) {
        return PST_ERR;
    }
    for (uint32_t i = 0; i < p->image->n_models; i++) {
        p->models[i] = pst_str_c(p->image->models[i].name);
    }
    return PST_OK;
}

/* What was verified under another configuration counts no more. */
static enum pst_status certificates_load(const struct pst_warden *w, struct pst_warden_policy *p,
                                         struct pst_err *err)
{
    return pst_certificates_new(pst_image_certificates(p->image), pst_image_authorities(p->image),
                                (size_t)p->image->limits.v[PST_LIMIT_certificates], w->seed,
                                &p->certificates, err);
}

static enum pst_status rates_load(struct pst_warden *w, const struct pst_warden_image *image,
                                  struct pst_err *err)
{
    pst_budget_rules_clear(&w->budget);
    for (uint32_t i = 0; i < image->n_limits; i++) {
        const struct pst_image_limit *l = &image->limits_by[i];
        struct pst_budget_rule rule = {
            .scope = (enum pst_budget_scope)l->scope,
            .requests = l->requests,
            .window_ms = l->window_ms,
            .concurrent = l->concurrent,
            .name = pst_str_c(l->name),
        };
        if (pst_budget_rule_add(&w->budget, &rule, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

enum pst_status pst_warden_policy_load(struct pst_warden *w, int *fd, uint64_t size,
                                       struct pst_err *err)
{
    struct pst_warden_policy fresh = {0};
    if (pst_memfd_check(*fd, PST_SEALS, size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)size, &fresh.map, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_image_check(fresh.map, PST_IMAGE_WARDEN, err) != PST_OK) {
        pst_memfd_unmap(&fresh.map);
        return PST_ERR;
    }
    union {
        const void *p;
        const struct pst_warden_image *image;
    } cast = {.p = fresh.map.p};
    fresh.image = cast.image;
    if (policies_load(&fresh, err) != PST_OK || certificates_load(w, &fresh, err) != PST_OK ||
        rates_load(w, fresh.image, err) != PST_OK) {
        if (w->policies[0].image != NULL) {
            (void)rates_load(w, w->policies[0].image, NULL); /* they were accepted before */
        }
        policy_release(&fresh);
        return PST_ERR;
    }
    /* what is there beyond a lower limit stays until it ends */
    w->requests.cap = fresh.image->limits.v[PST_LIMIT_live_requests];
    w->keys.keys.cap = fresh.image->limits.v[PST_LIMIT_keys];
    policy_release(&w->policies[1]);
    w->policies[1] = w->policies[0];
    w->policies[1].until_ms = pst_loop_now_ms(w->house.loop) + PST_WARDEN_OLD_MS;
    w->policies[0] = fresh;
    return PST_OK;
}

const struct pst_warden_policy *pst_warden_policy_of(const struct pst_warden *w,
                                                     uint32_t generation)
{
    const struct pst_warden_policy *current = &w->policies[0], *old = &w->policies[1];
    if (current->image != NULL && current->image->head.generation == generation) {
        return current;
    }
    if (old->image != NULL && old->image->head.generation == generation &&
        pst_loop_now_ms(w->house.loop) < old->until_ms) {
        return old;
    }
    return NULL;
}
