/* TLS for first steps: an authority that is good for this machine alone, and a certificate of it.
 *   keys/ca.key     the authority's key (0600); nothing but this reads it
 *   tls/ca.pem      what clients are told to trust
 *   tls/server.pem, tls/server.key (0600)   what the demo's listener has */
#ifndef PST_CLI_STATE_TLS_H
#define PST_CLI_STATE_TLS_H

#include "base/def.h"
#include "base/err.h"

#include <stdint.h>

enum { PST_DEMO_TLS_PORT = 8443 }; /* of the demo's listener */

/* Makes what is missing; what is there stays, but a certificate that ends within 30 days is
 * replaced. `dir` is the state folder, absolute; its `keys` is there. */
PST_NODISCARD enum pst_status pst_state_tls_make(const char *dir, int64_t now_s,
                                                 struct pst_err *err);

#endif
