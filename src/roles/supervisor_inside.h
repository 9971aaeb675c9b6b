/* Insides of the supervisor: its children, what they are given, and how configurations come. */
#ifndef PST_ROLES_SUPERVISOR_INSIDE_H
#define PST_ROLES_SUPERVISOR_INSIDE_H

#include "control/compile.h"
#include "gate/image.h"
#include "roles/house.h"
#include "roles/supervisor.h"
#include "sys/proc.h"

enum {
    PST_CHILDREN_MAX = 8 + PST_FRONTS_MAX + PST_UPSTREAMS_MAX,
    PST_SUPER_METRICS = PST_METRIC_COUNT,
    /* As root, each process runs as a user of its own: this, plus 256 a role, plus its index. Far
     * from where distributions and containers give out numbers. */
    PST_ROLE_UID_BASE = 2124414976,
};

struct pst_super;

/* One role's process, over all its lives. */
struct pst_child {
    struct pst_super *super;
    enum pst_role role;
    uint8_t index;
    bool admin; /* the front of the administration */
    bool wanted, running, ready;
    struct pst_proc proc;
    struct pst_link link;
    struct pst_watch link_watch, proc_watch;
    struct pst_timer restart;
    struct pst_backoff backoff;
    uint64_t started_ms;
    int64_t since_unix_ns;
    uint32_t restarts, unanswered, landlock_abi;
    uint64_t ponged; /* newest ping that was answered */
    bool seccomp;
    char sandbox[PST_SANDBOX_TEXT]; /* what holds, in its own words */
    /* why it is being killed, for the record of its death */
    enum pst_error accused;
    uint16_t accused_type;
    uint64_t accused_req;
};

/* A death that audit could not be told of yet. */
struct pst_death_note {
    struct pst_ipc_death death;
    bool used;
};

struct pst_super_image {
    int fd; /* sealed */
    uint64_t size;
    uint32_t kind, index;
};

/* One set of images. */
struct pst_super_images {
    struct pst_super_image list[PST_IMAGES_MAX];
    size_t n, expected;
    struct pst_str plan_map;
    const struct pst_plan *plan;
    uint32_t generation;
    /* Of each listener with TLS: its key's file, open. It is not read here; keys gets it, also in
     * its next life. */
    bool keys_open;
    int keys[PST_LISTENERS_MAX];
};

struct pst_super_listener {
    int fd;
    uint32_t kind;
    uint64_t id; /* pst_image_listener_id() */
    bool fresh;  /* the fronts do not have it yet */
};

struct pst_super {
    const struct pst_up_options *options;
    struct pst_loop *loop;
    struct pst_link_scratch *scratch;
    struct pst_child children[PST_CHILDREN_MAX];
    size_t n_children;
    struct pst_super_listener listeners[PST_LISTENERS_MAX];
    size_t n_listeners;
    struct pst_super_listener opened[PST_LISTENERS_MAX]; /* of the coming configuration, new */
    size_t n_opened;
    struct pst_super_images current, coming;
    bool keys_wait; /* the coming configuration waits for what keys says of its keys */
    bool keys_bad;
    char keys_why[512]; /* what is wrong with the first of them */
    struct pst_timer keys_timer;
    struct pst_proc compiler;
    int compiler_fd;
    struct pst_watch compiler_watch;
    struct pst_timer compiler_timer;
    uint64_t reload_token;
    bool reload_now;             /* what is under way is decided again by the new policies */
    bool reloading, fronts_wait; /* the fronts' images wait until warden and audit have theirs */
    uint64_t ping, fronts_after;
    struct pst_proc demo;
    struct pst_watch demo_watch;
    uint32_t demo_port;
    struct pst_timer heartbeat, stop_timer, demo_timer;
    struct pst_death_note notes[16];
    uint64_t simulate;
    bool own_users; /* root, and all user ids are there to choose from */
    int64_t started_unix_ns;
    bool told_ready, stopping;
    int exit_status;
};

void pst_super_log(const struct pst_super *s, const char *fmt, ...) PST_PRINTF(2, 3);
/* Ends everything: asks, waits a moment, kills. */
void pst_super_stop(struct pst_super *s, int exit_status);

/* --- supervisor_listen.c: sockets, and the keys of those with TLS ------------------------------
 */

/* Opens what the coming plan lists and the current one has not, and the files of its keys: nothing
 * is in force yet. A taken port is a clear error. */
enum pst_status pst_super_listen_prepare(struct pst_super *s, struct pst_err *err);
/* Puts it in force. What the plan has no more is closed here; fronts close theirs with the image.
 */
void pst_super_listen_commit(struct pst_super *s);
void pst_super_listen_abandon(struct pst_super *s);
/* Hands a front its listeners: all of them, or those that it does not have yet. */
void pst_super_listeners_give(struct pst_child *front, bool all);
void pst_super_listeners_given(struct pst_super *s);
/* Hands keys the keys of a configuration; what it says of them comes as messages. */
void pst_super_keys_give(struct pst_child *keys, const struct pst_super_images *images);
/* Whether the coming configuration must wait for keys; if so, it has been asked. ERR: it is not
 * there to be asked. */
enum pst_status pst_super_keys_ask(struct pst_super *s, bool *ret_wait, struct pst_err *err);
void pst_super_key_read(struct pst_child *keys, const struct pst_ipc_tls_key_read *m);
void pst_super_keys_read(struct pst_child *keys, const struct pst_ipc_tls_keys_read *m);
/* Keys has ended. */
void pst_super_keys_gone(struct pst_super *s);

/* --- supervisor_child.c ----------------------------------------------------------------------- */

struct pst_child *pst_super_child(struct pst_super *s, enum pst_role role, uint8_t index);
/* Makes (or revives) the child of this role and starts it. */
void pst_super_child_want(struct pst_super *s, enum pst_role role, uint8_t index, bool admin);
void pst_child_kill(struct pst_child *c);
/* Hands an egress its CA bundle and credential as they are now: at its start, and at a reload, for
 * files are changed in place. */
enum pst_status pst_super_secrets_give(struct pst_child *egress, struct pst_err *err);
void pst_child_flush_all(struct pst_super *s);

/* --- supervisor_images.c ---------------------------------------------------------------------- */

/* Starts the one-shot compiler; what it sends is put into force when it is complete. */
enum pst_status pst_super_compile(struct pst_super *s, struct pst_err *err);
const struct pst_super_image *pst_super_image_of(const struct pst_super_images *images,
                                                 enum pst_image_kind kind, uint32_t index);
void pst_super_image_send(struct pst_child *c);
/* Warden or audit has answered: if both have the new images, the fronts get theirs. */
void pst_super_images_answered(struct pst_super *s);
/* Keys has answered for the coming configuration. */
void pst_super_coming_commit(struct pst_super *s);
void pst_super_coming_refuse(struct pst_super *s, const char *why);
void pst_super_reload_done(struct pst_super *s, bool ok, const char *why);

#endif
