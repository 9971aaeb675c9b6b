/* Parts that several images of gate/image.h are made of: kinds and sizes, the head, listeners,
 * models and their routes, actions. */
#ifndef PST_GATE_IMAGE_PARTS_H
#define PST_GATE_IMAGE_PARTS_H

#include "gate/limits.h"

#include <stdbool.h>
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
    PST_IMAGE_VERSION = 4,
    PST_NAME_MAX = 64,   /* names of upstreams, groups, owners, with the NUL */
    PST_MODEL_MAX = 128, /* model names and aliases, with the NUL */
    PST_HOST_MAX = 256,
    PST_PATH_MAX = 256,
    PST_UPSTREAMS_MAX = 32,
    PST_MODELS_MAX = 256,
    PST_ROUTES_MAX = 8, /* upstreams tried in order for one model */
    PST_CLIENT_LISTENERS_MAX = 8,
    PST_LISTENERS_MAX = PST_CLIENT_LISTENERS_MAX + 2, /* and the two of the administration */
    PST_CIDRS_MAX = 16,                               /* hops in one list of a listener */
    PST_SPKI_BYTES = 32,
    PST_CHAIN_BYTES_MAX = 65536,     /* PEM of a certificate with its chain */
    PST_CLIENTS_BYTES_MAX = 1 << 20, /* PEM of authorities for client certificates */
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

/* --- listeners -------------------------------------------------------------------------------- */

enum pst_listener_kind { PST_LISTEN_CLIENT = 1, PST_LISTEN_ADMIN = 2, PST_LISTEN_ADMIN_UNIX = 3 };

/* Whether a client is asked for a certificate. */
enum pst_client_mode { PST_CLIENT_NONE = 0, PST_CLIENT_OPTIONAL = 1, PST_CLIENT_REQUIRED = 2 };

/* A range of addresses. IPv4 stands in its mapped form ::ffff:0:0/96, so that one comparison serves
 * both. */
struct pst_image_cidr {
    uint8_t address[16]; /* bits behind the prefix are zero */
    uint32_t bits;       /* 1 … 128; of IPv4 97 … 128 */
};

/* Whether a range of the list holds the address (IPv4: mapped). */
bool pst_image_cidrs_hold(const struct pst_image_cidr *list, uint32_t n, const uint8_t ip[16]);

/* What a front must know of a listener. It finds the row of a listener by its id in whichever image
 * is current, so that a reload changes certificates without touching sockets. */
struct pst_image_listener {
    uint64_t id;          /* pst_image_listener_id() */
    uint32_t kind;        /* enum pst_listener_kind */
    uint32_t tls;         /* 1: every connection is TLS, and has a certificate */
    uint32_t client_mode; /* enum pst_client_mode */
    uint32_t http2;       /* 1: offered by ALPN; on a plain listener by prior knowledge */
    /* Texts behind the image's fixed part: PEM, the leaf first; PEM, any order. */
    uint32_t certificate_at, certificate_n, clients_at, clients_n;
    uint8_t spki[PST_SPKI_BYTES]; /* SHA-256 of the leaf's SubjectPublicKeyInfo: names its key */
    uint32_t n_proxy, n_forwarded;
    struct pst_image_cidr proxy[PST_CIDRS_MAX];     /* hops that must speak PROXY protocol v2 */
    struct pst_image_cidr forwarded[PST_CIDRS_MAX]; /* hops whose Forwarded is believed */
};

/* The same listener has the same id in every generation; another address is another listener. */
uint64_t pst_image_listener_id(uint32_t kind, const char *address, uint32_t port);

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
