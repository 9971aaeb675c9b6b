/* Typed messages between processes over SOCK_SEQPACKET, generated from src/tables/ipc.def.
 *
 * On the wire: struct pst_ipc_head, the fixed struct of the row, a tail of head.tail_n bytes. All
 * integers in host order: both ends are on one machine and of one build. A receiver has checked,
 * before its handler runs: known type, right direction for this link, exact size, tail within its
 * cap, descriptor present or absent as the row says, every STR within its array, valid UTF-8, no
 * NUL, zero padded. The state of the request is checked by the handler's pst_ipc_legal() call,
 * since only the receiver knows it. */
#ifndef PST_SYS_IPC_H
#define PST_SYS_IPC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "sys/role.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a request is, seen from one process. A receiver keeps one of these per request. */
enum pst_req_state {
    PST_REQ_NONE = 1u << 0,      /* not known here, or gone already */
    PST_REQ_ADMITTED = 1u << 1,  /* warden: identified, the body may come */
    PST_REQ_AMENDED = 1u << 2,   /* warden: sent back once with obligations */
    PST_REQ_LIVE = 1u << 3,      /* warden: released, not settled; front: answer under way */
    PST_REQ_ADMITTING = 1u << 4, /* front: waits for ADMITTED */
    PST_REQ_PROPOSED = 1u << 5,  /* front: waits for a decision or the answer */
    PST_REQ_TOOL_WAIT = 1u << 6, /* front: answer held for a tool decision */
    PST_REQ_SUBMITTED = 1u << 7, /* egress: body here, no release yet */
    PST_REQ_RELEASED = 1u << 8,  /* egress: release here, no body yet */
    PST_REQ_SENT = 1u << 9,      /* egress: on its way to the upstream */
    PST_REQ_ANY = 0xffff,
};

enum pst_grant {
    PST_GRANT_CREDENTIAL = 1, /* egress: the upstream's credential, a sealed memfd */
    PST_GRANT_CA,             /* egress: a CA bundle, readable */
    PST_GRANT_LOG_DIR,        /* audit: the folder of the evidence log */
    PST_GRANT_LOG_KEY,        /* keys: seed of the log's signing key */
    PST_GRANT_DATA_KEY,       /* keys: what masking keys are derived from */
    PST_GRANT_STATE_DIR,      /* control: the folder of the database */
    PST_GRANT_TLS_KEY,        /* keys: the private key of a listener, PEM */
};

/* What keys does with the TLS keys that were granted: tells whose they are, puts them in force,
 * drops them. */
enum pst_tls_keys_step { PST_TLS_KEYS_READ = 1, PST_TLS_KEYS_COMMIT, PST_TLS_KEYS_DROP };

enum pst_ipc_type {
    PST_IPC_NONE,
#define PST_IPC(NAME, name, from, to, states, tail, fd, ...) PST_IPC_##NAME,
#include "tables/ipc.def"
#undef PST_IPC
    PST_IPC_COUNT
};

#define U64(field) uint64_t field;
#define U32(field) uint32_t field;
#define U16(field) uint16_t field;
#define U8(field) uint8_t field;
#define BYTES(field, size) uint8_t field[size];
#define STR(field, size)                                                                           \
    struct {                                                                                       \
        uint16_t n;                                                                                \
        char b[(size) - 2];                                                                        \
    } field;
#define PST_IPC(NAME, name, from, to, states, tail, fd, ...)                                       \
    struct pst_ipc_##name {                                                                        \
        __VA_ARGS__                                                                                \
    };
#include "tables/ipc.def"
#undef PST_IPC
#undef U64
#undef U32
#undef U16
#undef U8
#undef BYTES
#undef STR

struct pst_ipc_head {
    uint16_t type; /* enum pst_ipc_type */
    uint16_t pad;  /* 0 */
    uint32_t tail_n;
};

enum {
    PST_IPC_TAIL_MAX = 32768, /* largest tail */
    PST_IPC_FIXED_MAX = 1024, /* largest fixed struct */
    PST_IPC_MESSAGE_MAX = 8 + PST_IPC_FIXED_MAX + PST_IPC_TAIL_MAX,
    PST_IPC_WINDOW = 32768,     /* answer bytes an egress may have under way per request */
    PST_IPC_INLINE_MAX = 32768, /* larger request bodies travel as a sealed memfd */
};

enum pst_ipc_fd { PST_IPC_FD_NO, PST_IPC_FD_ONE, PST_IPC_FD_MAYBE };

struct pst_ipc_field {
    char kind; /* 'n' number, 'b' bytes, 's' string, 0 end */
    uint16_t size;
};

struct pst_ipc_row {
    const char *name;
    enum pst_role from, to;
    uint32_t states; /* enum pst_req_state bits */
    uint32_t tail_max;
    enum pst_ipc_fd fd;
    uint16_t fixed_n;
    const struct pst_ipc_field *fields;
};

/* NULL for a type that does not exist. */
const struct pst_ipc_row *pst_ipc_row(unsigned type);
/* May a process of role `from` send this to role `to`? */
bool pst_ipc_direction(const struct pst_ipc_row *row, enum pst_role from, enum pst_role to);
static inline bool pst_ipc_legal(const struct pst_ipc_row *row, enum pst_req_state now)
{
    return (row->states & (uint32_t)now) != 0;
}
/* Checks a received message of n bytes from role `from` to role `to`, with or without a
 * descriptor. On OK gives the row, a view of the fixed part (aligned copy at `fixed`, as
 * much as the row has) and of the tail inside `message`. */
PST_NODISCARD enum pst_status pst_ipc_check(struct pst_str message, bool has_fd, enum pst_role from,
                                            enum pst_role to, const struct pst_ipc_row **ret_row,
                                            void *fixed, struct pst_str *ret_tail);

/* STR fields. */
#define PST_ISTR(field) pst_str_of((field).b, (field).n)
#define PST_ISTR_SET(field, s) pst_ipc_str_set(&(field).n, (field).b, sizeof(field).b, (s))
/* False, and the field empty, when s does not fit or is no text (NUL, ill-formed UTF-8): a peer
 * that is sent such a field ends the sender. */
bool pst_ipc_str_set(uint16_t *n, char *b, size_t cap, struct pst_str s);
/* The same, cut at a UTF-8 boundary instead of refused, each byte that no text may hold as "?": for
 * texts meant for people. */
void pst_ipc_str_cut(uint16_t *n, char *b, size_t cap, struct pst_str s);
#define PST_ISTR_CUT(field, s) pst_ipc_str_cut(&(field).n, (field).b, sizeof(field).b, (s))

/* Lists in tails: each item is one length byte and that many bytes (≤ 255). */
PST_NODISCARD bool pst_ipc_list_add(struct pst_buf *tail, struct pst_str item);
/* Takes the next item; false at a malformed list. */
PST_NODISCARD bool pst_ipc_list_next(struct pst_cur *tail, struct pst_str *ret);

#endif
