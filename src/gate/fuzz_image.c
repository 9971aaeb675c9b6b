/* The whole input is an image of each kind; its first byte may also name a kind to try with a
 * repaired head, so that the fuzzer reaches the fields. An accepted image is read as a role would.
 */
#include "cedar/cedar.h"
#include "gate/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_models(const struct pst_image_model *models, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        PST_BUG_ON(pst_image_model(models, n, pst_str_c(models[i].name)) != &models[i]);
        for (uint32_t k = 0; k < models[i].n_routes; k++) {
            PST_BUG_ON(models[i].routes[k].upstream >= PST_UPSTREAMS_MAX);
        }
    }
}

static void try_kind(struct pst_str image, enum pst_image_kind kind)
{
    struct pst_err err = {0};
    if (pst_image_check(image, kind, &err) != PST_OK) {
        PST_BUG_ON(err.text[0] == 0);
        return;
    }
    if (kind == PST_IMAGE_FRONT) {
        const struct pst_front_image *front = (const void *)image.p;
        use_models(front->models, front->n_models);
        for (uint32_t i = 0; i < front->n_listeners; i++) {
            const struct pst_image_listener *row = &front->listeners[i];
            static const uint8_t anybody[16] = {[10] = 0xff, [11] = 0xff};
            PST_BUG_ON(pst_image_listener(front, row->id) != row);
            PST_BUG_ON(pst_image_certificate(front, row).n != row->certificate_n);
            PST_BUG_ON(pst_image_clients(front, row).n != row->clients_n);
            (void)pst_image_cidrs_hold(row->proxy, row->n_proxy, anybody);
            (void)pst_image_cidrs_hold(row->forwarded, row->n_forwarded, anybody);
        }
    } else if (kind == PST_IMAGE_WARDEN) {
        const struct pst_warden_image *warden = (const void *)image.p;
        use_models(warden->models, warden->n_models);
        struct pst_cedar *set = NULL;
        PST_BUG_ON(pst_image_cedar(warden).n != warden->cedar_n);
        if (pst_cedar_image_open(pst_image_cedar(warden), &set, &err) == PST_OK) {
            PST_BUG_ON(pst_cedar_policies(set) > warden->cedar_n);
            pst_cedar_free(set);
        }
        struct pst_str group;
        for (size_t at = 0; pst_image_group_next(warden, PST_STR("User::a"), &at, &group);) {
            PST_BUG_ON(at > warden->members_n || group.n > warden->members_n);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t sizes[] = {
        [PST_IMAGE_PLAN] = sizeof(struct pst_plan),
        [PST_IMAGE_FRONT] = sizeof(struct pst_front_image),
        [PST_IMAGE_WARDEN] = sizeof(struct pst_warden_image),
        [PST_IMAGE_EGRESS] = sizeof(struct pst_egress_image),
        [PST_IMAGE_DIAL] = sizeof(struct pst_dial_image),
        [PST_IMAGE_AUDIT] = sizeof(struct pst_audit_image),
    };
    if (size == 0) {
        return 0;
    }
    unsigned kind = PST_IMAGE_PLAN + data[0] % PST_IMAGE_AUDIT;
    size_t n = size > sizes[kind] ? size : sizes[kind];
    uint8_t *copy = calloc(1, n);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    for (unsigned k = 0; k <= PST_IMAGE_AUDIT + 1; k++) {
        try_kind(pst_str_of(copy, size), (enum pst_image_kind)k);
    }
    struct pst_image_head head = {
        .magic = PST_IMAGE_MAGIC, .version = PST_IMAGE_VERSION, .kind = kind, .size = n};
    memcpy(copy, &head, sizeof head);
    if (size <= sizeof head || data[sizeof head - 1] % 2 == 0) {
        struct pst_limits limits;
        pst_limits_default(&limits);
        if (kind != PST_IMAGE_PLAN) { /* every other kind has its limits right behind the head */
            memcpy(&copy[sizeof head], &limits, sizeof limits);
        }
    }
    try_kind(pst_str_of(copy, n), (enum pst_image_kind)kind);
    free(copy);
    return 0;
}
