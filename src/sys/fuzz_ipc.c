/* Any bytes as a message between any two roles: what is accepted fits its row to the byte. */
#include "base/enc.h"
#include "sys/ipc.h"

#include <stdalign.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lists(struct pst_str tail)
{
    struct pst_cur cur = pst_cur_of(tail);
    struct pst_str item;
    size_t sum = 0;
    while (pst_ipc_list_next(&cur, &item)) {
        sum += 1 + item.n;
    }
    PST_BUG_ON(sum > tail.n || (pst_cur_done(&cur) && sum != tail.n));
}

static void accepted(struct pst_str message, const struct pst_ipc_row *row, const uint8_t *fixed,
                     struct pst_str tail)
{
    size_t at = 0;
    PST_BUG_ON(message.n != sizeof(struct pst_ipc_head) + row->fixed_n + tail.n);
    PST_BUG_ON(tail.n > row->tail_max);
    for (const struct pst_ipc_field *f = row->fields; f->kind != 0; f++) {
        if (f->kind == 's') {
            uint16_t n;
            memcpy(&n, &fixed[at], sizeof n);
            PST_BUG_ON(n > f->size - 2);
            PST_BUG_ON(!pst_utf8_valid(pst_str_of(&fixed[at + 2], n)));
        }
        at += f->size;
    }
    PST_BUG_ON(at != row->fixed_n);
    lists(tail);
}

/* The first byte says who speaks to whom (a role in each half), the second whether a descriptor
 * came with it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alignas(8) uint8_t fixed[PST_IPC_FIXED_MAX];
    const struct pst_ipc_row *row = NULL;
    struct pst_str tail;
    if (size < 2) {
        return 0;
    }
    enum pst_role from = (enum pst_role)((data[0] >> 4) % PST_ROLE_COUNT);
    enum pst_role to = (enum pst_role)((data[0] & 15) % PST_ROLE_COUNT);
    uint8_t *exact = malloc(size);
    if (exact == NULL) {
        return 0;
    }
    memcpy(exact, &data[2], size - 2);
    struct pst_str message = pst_str_of(exact, size - 2);
    if (pst_ipc_check(message, (data[1] & 1) != 0, from, to, &row, fixed, &tail) == PST_OK) {
        PST_BUG_ON(!pst_ipc_direction(row, from, to));
        accepted(message, row, fixed, tail);
    }
    free(exact);
    return 0;
}
