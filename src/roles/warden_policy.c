#include "roles/warden.h"

#include "sys/fd.h"

static void policy_release(struct pst_warden_policy *p)
{
    pst_cedar_free(p->cedar);
    pst_memfd_unmap(&p->map);
    *p = (struct pst_warden_policy){0};
}

static struct pst_str part(struct pst_str map, uint32_t at, uint32_t n)
{
    return pst_str_cut(map, at, n);
}

/* Names the file and line an error is in: the image holds all files' text in one piece, and a table
 * "first line<TAB>file" of where each begins. */
static void locate(struct pst_str sources, struct pst_err *err)
{
    struct pst_cur c = pst_cur_of(sources);
    uint32_t begin = 1;
    while (!pst_cur_done(&c)) {
        struct pst_str rest = pst_cur_rest(&c);
        size_t line_n = pst_str_find_byte(rest, '\n');
        struct pst_str line = pst_str_cut(rest, 0, line_n);
        size_t tab = pst_str_find_byte(line, '\t');
        uint64_t first;
        if (tab == PST_NPOS || !pst_str_u64(pst_str_cut(line, 0, tab), &first) ||
            first > err->line) {
            break;
        }
        pst_str_cut_c(pst_str_from(line, tab + 1), err->file, sizeof err->file);
        begin = (uint32_t)first;
        if (line_n == PST_NPOS) {
            break;
        }
        pst_cur_skip(&c, line_n + 1);
    }
    err->line = err->line - begin + 1;
}

static enum pst_status policies_load(struct pst_warden_policy *p, uint64_t seed,
                                     struct pst_err *err)
{
    const struct pst_warden_image *image = p->image;
    struct pst_cedar_limits limits = {.seed = seed};
    p->cedar = pst_cedar_new(&limits);
    if (p->cedar == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for policies");
    }
    struct pst_str text = part(p->map, image->policies_at, image->policies_n);
    struct pst_str entities = part(p->map, image->entities_at, image->entities_n);
    if (pst_cedar_add_policies(p->cedar, PST_STR("policies"), text, err) != PST_OK) {
        locate(part(p->map, image->sources_at, image->sources_n), err);
        return PST_ERR;
    }
    if ((entities.n > 0 &&
         pst_cedar_add_entities_json(p->cedar, PST_STR("entities"), entities, err) != PST_OK) ||
        pst_cedar_seal(p->cedar, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_decide_check(p->cedar, err) != PST_OK) {
        locate(part(p->map, image->sources_at, image->sources_n), err);
        return PST_ERR;
    }
    for (uint32_t i = 0; i < image->n_models; i++) {
        p->models[i] = pst_str_c(image->models[i].name);
    }
    return PST_OK;
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
    if (policies_load(&fresh, w->seed, err) != PST_OK ||
        rates_load(w, fresh.image, err) != PST_OK) {
        if (w->policies[0].image != NULL) {
            (void)rates_load(w, w->policies[0].image, NULL); /* they were accepted before */
        }
        policy_release(&fresh);
        return PST_ERR;
    }
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
