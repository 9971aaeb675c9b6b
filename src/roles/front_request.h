/* One request in a front, and the configuration it began with. */
#ifndef PST_ROLES_FRONT_REQUEST_H
#define PST_ROLES_FRONT_REQUEST_H

#include "base/enc.h"
#include "dialect/openai.h"
#include "dialect/openai_answer.h"
#include "gate/image.h"
#include "gate/operation.h"
#include "gate/steps.h"
#include "roles/front_inspect.h"
#include "sys/ipc.h"
#include "sys/net.h"
#include "wire/h1.h"
#include "wire/json.h"

enum { PST_FRONT_ID_TEXT = PST_ID_CHARS + 4 };

struct pst_front;
struct pst_front_conn;
struct pst_front_stream;

/* One generation of the configuration: kept while a request uses it. */
struct pst_front_config {
    struct pst_str map;
    const struct pst_front_image *image;
    struct pst_front_inspect *inspect;             /* NULL: none came */
    struct pst_tls_server *tls[PST_LISTENERS_MAX]; /* as in the image; NULL: plain text */
    uint32_t users;
    bool retired;
};

enum pst_front_asking { PST_FRONT_NOT_ASKED, PST_FRONT_ADMITTING, PST_FRONT_ADMITTED };

/* One request, from its first byte to its settlement. Lives in its stream; what it
 * allocates is cleared behind it. */
struct pst_front_request {
    struct pst_front *front;
    struct pst_front_stream *stream;
    const struct pst_front_conn *conn; /* who sent it */
    uint64_t id;                       /* 0: nothing was said about it to anybody yet */
    char id_text[PST_FRONT_ID_TEXT];
    enum pst_req_state state;
    struct pst_course course;
    struct pst_front_config *config;
    uint64_t began_ns, first_out_ns;

    /* what was asked */
    const struct pst_h1_head *head;
    struct pst_route route;
    char address[PST_ADDR_TEXT]; /* the connection's, or what a hop said of this request */
    struct pst_str credential, assertion;
    enum pst_cred_kind cred_kind;
    struct pst_str resource; /* model, or administered path */
    struct pst_err fault;    /* why it was refused here; it is denied, and recorded, for this */
    bool body_ended;
    bool probe; /* /healthz or /readyz */
    enum pst_front_asking asking;
    uint64_t body_bytes;
    struct pst_json_parser json;
    bool json_begun;
    struct pst_exchange exchange;
    struct pst_front_texts texts;
    const struct pst_image_model *model;
    struct pst_buf body; /* what is to leave, re-serialised */

    /* what came of it */
    uint8_t attempt, route_at; /* attempts begin with 1; index into the model's routes */
    uint8_t upstream;
    uint8_t round; /* of the body that was submitted last */
    bool refused;  /* here: its denial is on its way, or sent */
    bool told;     /* warden knows this id: it is owed a settlement */
    bool amended, submitted, answering, head_written, settled;
    struct pst_answer answer;
    bool guarding;
    struct pst_buf guarded; /* what the guard let out in one go */
    struct pst_buf held;    /* upstream bytes that wait for a tool's verdict */
    bool held_last;
    uint32_t retry_after_ms; /* what the upstream said */
    uint32_t owed;           /* answer bytes taken and not yet credited */
    uint32_t calls;
    uint16_t status;
    uint64_t bytes_out;
    enum pst_error outcome;
};

#endif
