/* The demo model on a socket: accepts, reads requests, plays scripts at their pace. For tests and
 * first steps only: it listens where it is told and trusts whoever comes. */
#ifndef PST_CLI_DEMO_SERVER_H
#define PST_CLI_DEMO_SERVER_H

#include "base/def.h"
#include "base/err.h"
#include "cli/demo_script.h"
#include "sys/loop.h"
#include "sys/net.h"

struct pst_demo_server;

/* Listens on `address` (port 0: the kernel chooses) and serves from the loop's callbacks. Options
 * are copied, but for the key's bytes. */
PST_NODISCARD enum pst_status pst_demo_server_open(struct pst_loop *loop,
                                                   const struct pst_addr *address,
                                                   const struct pst_demo_options *options,
                                                   struct pst_demo_server **ret,
                                                   struct pst_err *err);
/* Closes every connection. Not from a callback; NULL is fine. */
void pst_demo_server_close(struct pst_demo_server *server);
uint16_t pst_demo_server_port(const struct pst_demo_server *server);
uint64_t pst_demo_server_requests(const struct pst_demo_server *server);

#endif
