#include "roles/audit.h"

#include <stdlib.h>

void pst_audit_queue_init(struct pst_audit_queue *q)
{
    q->first = NULL;
    q->last = &q->first;
}

bool pst_audit_queue_add(struct pst_audit_queue *q, uint64_t seq, enum pst_role role, uint8_t index,
                         enum pst_ipc_type type, const void *fixed, struct pst_str tail)
{
    struct pst_audit_waiting *w = calloc(1, sizeof *w);
    const struct pst_ipc_row *row = pst_ipc_row(type);
    if (w == NULL) {
        return false;
    }
    PST_BUG_ON(row->fixed_n > sizeof w->fixed);
    *w = (struct pst_audit_waiting){.seq = seq, .role = role, .index = index, .type = type};
    memcpy(w->fixed, fixed, row->fixed_n);
    pst_buf_init(&w->tail, PST_IPC_TAIL_MAX);
    if (!pst_buf_add(&w->tail, tail)) {
        free(w);
        return false;
    }
    *q->last = w;
    q->last = &w->next;
    return true;
}

void pst_audit_queue_send(struct pst_house *house, struct pst_audit_queue *q, uint64_t have)
{
    while (q->first != NULL && q->first->seq <= have) {
        struct pst_audit_waiting *w = q->first;
        struct pst_link *link = pst_house_peer(house, w->role, w->index);
        if (link != NULL) {
            (void)pst_link_send(link, w->type, w->fixed, pst_buf_str(&w->tail), -1);
        }
        q->first = w->next;
        if (q->first == NULL) {
            q->last = &q->first;
        }
        pst_buf_release(&w->tail);
        free(w);
    }
}
