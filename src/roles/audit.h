/* Audit: appends records and passes on what they allow. Nothing is released before its record is
 * written, and no answer byte before the record is durable (design §5). It opens nothing but the
 * log's own segments, and sees no body. */
#ifndef PST_ROLES_AUDIT_H
#define PST_ROLES_AUDIT_H

#include "audit/note.h"
#include "audit/segment.h"
#include "base/enc.h"
#include "base/map.h"
#include "gate/image.h"
#include "roles/house.h"
#include "roles/roles.h"
#include "sys/sync.h"

/* --- the log's files -------------------------------------------------------------------------- */

struct pst_audit_log {
    int dir, fd;
    struct pst_log log;     /* after the last record appended */
    struct pst_log written; /* after the last record written */
    struct pst_log synced;  /* after the last record that survives power loss: `durable` of them */
    struct pst_log syncing_log;
    uint64_t segment, segment_bytes; /* number of the current one, size of those to come */
    uint64_t size, used;             /* bytes of the current segment, and how many are written */
    uint64_t durable;                /* records that survive power loss */
    uint64_t syncing;                /* records that the sync under way will make durable */
    struct pst_sha256 sha;
    struct pst_buf batch; /* appended, not written */
    struct pst_sync sync;
    uint64_t dropped_bytes; /* by recovery, at open */
    bool recovered;
    bool broken; /* a write or a sync failed: what is on disk is not known, nothing goes on here */
};

/* Opens or begins the log in the folder `dir` (taken over). Sets a cut tail aside, refuses a
 * damaged one. */
PST_NODISCARD enum pst_status pst_audit_log_open(struct pst_audit_log *l, int dir,
                                                 struct pst_str name, uint64_t segment_bytes,
                                                 int64_t now_ns, struct pst_err *err);
void pst_audit_log_close(struct pst_audit_log *l);
/* Adds a record to the batch; *ret_seq is its number of records once it is in (its index + 1).
 * PST_ERR: the record was not taken, because there is no room for another segment or because the
 * log is broken, which is final. */
PST_NODISCARD enum pst_status pst_audit_log_add(struct pst_audit_log *l,
                                                const struct pst_record *record, uint64_t *ret_seq,
                                                struct pst_err *err);
/* Writes the batch. PST_ERR is final: the log's end is not known any more. */
PST_NODISCARD enum pst_status pst_audit_log_write(struct pst_audit_log *l, struct pst_err *err);
/* Starts making what is written durable, if anything is not and no sync is under way. */
PST_NODISCARD enum pst_status pst_audit_log_sync(struct pst_audit_log *l, struct pst_err *err);
/* To be called when the sync's descriptor is readable. OK: `durable` has moved. */
PST_NODISCARD enum pst_status pst_audit_log_synced(struct pst_audit_log *l, struct pst_err *err);

/* --- the role --------------------------------------------------------------------------------- */

/* A message that waits for its record: for the write, or for durability too. */
struct pst_audit_waiting {
    uint64_t seq; /* records that must be there */
    enum pst_role role;
    uint8_t index;
    enum pst_ipc_type type;
    struct pst_buf tail;
    uint8_t fixed[256];
    struct pst_audit_waiting *next;
};

struct pst_audit_queue {
    struct pst_audit_waiting *first, **last;
};

void pst_audit_queue_init(struct pst_audit_queue *q);
/* Puts a message off until `seq` records are written (or durable). False without memory. */
bool pst_audit_queue_add(struct pst_audit_queue *q, uint64_t seq, enum pst_role role, uint8_t index,
                         enum pst_ipc_type type, const void *fixed, struct pst_str tail);
/* Sends what waited for no more than `have` records. */
void pst_audit_queue_send(struct pst_house *house, struct pst_audit_queue *q, uint64_t have);

/* A released request, until both its egress and its front are done with it. */
struct pst_audit_pending {
    uint64_t req;
    uint32_t generation;
    uint8_t front, egress, attempts;
    bool settled, done;
    char principal[128], end_user[128], key_id[32], upstream_model[128];
    struct pst_ipc_outcome outcome;
    struct pst_buf findings; /* its tail */
    struct pst_ipc_done egress_done;
};

/* audit_records.c: messages to records. The views in *r live as long as the message and `space`. */
enum { PST_AUDIT_LISTS = 7, PST_AUDIT_ITEMS = 1600 };
struct pst_audit_space {
    struct pst_str items[PST_AUDIT_ITEMS];
    char request[PST_ID_CHARS + 4];
};
struct pst_audit {
    struct pst_house house;
    struct pst_audit_log log;
    struct pst_str map, map_before;
    const struct pst_audit_image *image;
    const struct pst_audit_image *before; /* requests of the generation before may be under way */
    int dir;
    struct pst_sandbox_path path;            /* what the sandbox leaves open */
    struct pst_audit_queue written, durable; /* what waits for which */
    struct pst_map pending;
    struct pst_watch sync_watch;
    struct pst_timer interval, checkpoint, unhurried;
    uint64_t wanted;         /* records to make durable at once; with `interval` the timer does */
    bool write_now;          /* something in the batch is not an outcome */
    struct pst_note_key key; /* the log's, as keys told it */
    bool key_known;
    uint64_t checkpoint_at; /* records covered by the last checkpoint asked for */
    struct pst_buf checkpoint_text;
    uint64_t checkpoint_id;
    uint32_t generation;
    struct pst_audit_space space; /* of the message in hand */
};

/* False for a malformed tail. */
bool pst_audit_decision(const struct pst_audit *a, const struct pst_ipc_release *m,
                        struct pst_str tail, bool allow, struct pst_audit_space *space,
                        struct pst_record *r, struct pst_strs *ret_permitted);
bool pst_audit_tool(const struct pst_audit *a, const struct pst_ipc_tool_decided *m,
                    struct pst_str tail, struct pst_audit_space *space, struct pst_record *r);
/* False for a malformed tail. */
bool pst_audit_outcome(const struct pst_audit *a, const struct pst_audit_pending *p,
                       struct pst_audit_space *space, struct pst_record *r);
/* `death` has a code of errors.def. */
void pst_audit_violation(const struct pst_audit *a, const struct pst_ipc_death *death,
                         struct pst_audit_space *space, struct pst_record *r);
void pst_audit_admin(const struct pst_audit *a, const struct pst_ipc_administered *m,
                     struct pst_audit_space *space, struct pst_record *r);
const char *pst_audit_durability_name(uint32_t durability);

#endif
