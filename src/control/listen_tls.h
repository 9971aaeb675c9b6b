/* What the files of a listener with TLS say: read once, at leisure, so that what a front is given
 * works. The private key is not among them. */
#ifndef PST_CONTROL_LISTEN_TLS_H
#define PST_CONTROL_LISTEN_TLS_H

#include "base/arena.h"
#include "base/def.h"
#include "base/err.h"
#include "control/config.h"

/* Of one listener. Zeroed: plain HTTP. */
struct pst_listen_tls {
    struct pst_str chain;   /* PEM, certificates alone, the leaf first */
    struct pst_str clients; /* PEM, certificates alone; empty: none is asked for */
    uint8_t spki[PST_SPKI_BYTES];
    int64_t to_s; /* the certificate's end, in Unix seconds */
};

/* Of all: `listen` in its order, then `admin`. */
enum { PST_LISTEN_TLS_MAX = PST_CLIENT_LISTENERS_MAX + 1 };

/* What is worth saying and no reason to refuse. */
struct pst_listen_notes {
    size_t n;
    struct pst_err list[3 * PST_LISTEN_TLS_MAX];
};
void pst_listen_note(struct pst_listen_notes *notes, struct pst_config_place at, const char *fmt,
                     ...) PST_PRINTF(3, 4);

/* From the texts of the files; `*ret` lives in the arena. CONFIG, with the place in the
 * configuration where the file is named. An expired certificate is a note: clients see it, and a
 * gateway that is down helps nobody. */
PST_NODISCARD enum pst_status pst_listen_tls_read(struct pst_arena *arena,
                                                  const struct pst_config_listen *listen,
                                                  struct pst_str chain, struct pst_str clients,
                                                  int64_t now_s, struct pst_listen_tls *ret,
                                                  struct pst_listen_notes *notes,
                                                  struct pst_err *err);

#endif
