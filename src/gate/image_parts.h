/* Parts that several images of gate/image.h are made of: kinds and sizes, the head, models and
 * their routes, actions. */
#ifndef PST_GATE_IMAGE_PARTS_H
#define PST_GATE_IMAGE_PARTS_H

#include "gate/limits.h"

#include <stdint.h>

enum pst_image_kind {
    PST_IMAGE_PLAN = 1,
    PST_IMAGE_FRONT,
    PST_IMAGE_WARDEN,
    PST_IMAGE_EGRESS,
    PST_IMAGE_DIAL,
    PST_IMAGE_AUDIT,
    PST_IMAGE_INSPECT,
};

enum {
    PST_IMAGE_MAGIC = 0x31545350, /* "PST1" */
    PST_IMAGE_VERSION = 3,
    PST_NAME_MAX = 64,   /* names of upstreams, groups, owners, with the NUL */
    PST_MODEL_MAX = 128, /* model names and aliases, with the NUL */
    PST_HOST_MAX = 256,
    PST_PATH_MAX = 256,
    PST_UPSTREAMS_MAX = 32,
    PST_MODELS_MAX = 256,
    PST_ROUTES_MAX = 8, /* upstreams tried in order for one model */
    PST_LISTENERS_MAX = 8,
    PST_FRONTS_MAX = 16,
    PST_LIMIT_ROWS_MAX = 64,
    PST_UPSTREAM_CONTROL = 255, /* the upstream index that means the control role */
    PST_IMAGE_CEDAR_ALIGN = 16,
    PST_IMAGE_INSPECT_AT = 64, /* where the inspection image begins in its own */
    PST_INSPECT_ROWS_MAX = 256,
    PST_INSPECT_HOSTS_MAX = 64, /* that answers may point to */
};

struct pst_image_head {
    uint32_t magic, version, kind, generation;
    uint64_t size;      /* of the whole image in bytes */
    uint8_t digest[32]; /* SHA-256 of the configuration and policy sources, for evidence */
};

/* --- models ----------------------------------------------------------------------------------- */

struct pst_image_route {
    uint32_t upstream;         /* index into the plan's upstreams */
    char model[PST_MODEL_MAX]; /* the name the upstream knows */
};

struct pst_image_model {
    char name[PST_MODEL_MAX]; /* what clients ask for; the table is sorted by it */
    uint32_t max_tokens;      /* cap put in by front; 0: none */
    uint32_t n_routes;
    struct pst_image_route routes[PST_ROUTES_MAX];
};

/* One line of `inspect.actions` or `inspect.answers`, in the file's order. */
struct pst_image_action {
    char who[PST_NAME_MAX]; /* a type, a group of them, "secrets", "personal", "all" */
    uint32_t action;        /* enum pst_action of inspect/scan/scan.h */
    uint32_t answers;       /* 1: of answers */
};

#endif
