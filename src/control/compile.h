/* The compiler: a configuration and its policies to the images of gate/image.h. Pure and
 * deterministic: the same input gives the same bytes. What it makes has passed pst_image_check. */
#ifndef PST_CONTROL_COMPILE_H
#define PST_CONTROL_COMPILE_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "control/config.h"
#include "control/listen_tls.h"

/* One file of policies. */
struct pst_source {
    struct pst_str name; /* for messages and evidence; no tab, no line feed */
    struct pst_str text;
};

struct pst_compile_in {
    const struct pst_config *config;
    struct pst_str config_text;        /* enters the digest only */
    const struct pst_source *policies; /* in the order in which they count */
    size_t n_policies;
    const struct pst_source *schemas; /* the operator's, beside the built-in one */
    size_t n_schemas;
    const struct pst_listen_tls *listen_tls; /* PST_LISTEN_TLS_MAX rows; NULL: all are plain */
    struct pst_str inspect;   /* the inspection image; empty: texts are not inspected */
    uint64_t seed;            /* of the hash tables that requests are looked up in: random */
    struct pst_str state_dir; /* absolute, no slash at the end */
    uint32_t generation;      /* 1 and up */
    uint32_t admin_uid;
};

enum { PST_IMAGES_MAX = 6 + PST_UPSTREAMS_MAX };

struct pst_blob {
    enum pst_image_kind kind;
    uint32_t index; /* of an egress: its upstream; else 0 */
    void *p;        /* aligned for any type */
    size_t n;
};

struct pst_images {
    struct pst_blob list[PST_IMAGES_MAX]; /* plan first */
    size_t n;
};

/* Fills *ret, which the caller releases. CONFIG, NO_MEMORY, or what the policy check says (with
 * file, line and column in err). */
PST_NODISCARD enum pst_status pst_compile(const struct pst_compile_in *in, struct pst_images *ret,
                                          struct pst_err *err);
void pst_images_release(struct pst_images *images);

/* The static entities as Cedar JSON: groups and their members, providers, models in the providers
 * that may serve them. Appended to `out`. */
PST_NODISCARD enum pst_status pst_compile_entities(const struct pst_config *config,
                                                   struct pst_buf *out, struct pst_err *err);
/* SHA-256 over the configuration and every policy source, each with its name and length. */
PST_NODISCARD enum pst_status pst_compile_digest(const struct pst_compile_in *in, uint8_t ret[32],
                                                 struct pst_err *err);

/* --- how the images travel ---------------------------------------------------------------- */

/* `postern compile --out-fd N` sends one message for each image over a SOCK_SEQPACKET socket, with
 * the sealed memfd beside it, plan first; or a last message of kind 0 that says what is wrong.
 * Before them come notes: what is worth saying and no reason to refuse.
 * Both ends are the same executable: the layout is the compiler's. */
enum { PST_COMPILE_NOTE = 255 };

struct pst_compile_msg {
    uint32_t magic; /* PST_IMAGE_MAGIC */
    uint32_t kind;  /* enum pst_image_kind; 0: it failed, see err; PST_COMPILE_NOTE: see err */
    uint32_t index; /* as in struct pst_blob */
    uint32_t count; /* images in all */
    uint64_t size;  /* of the image */
    struct pst_err err;
};

#endif
