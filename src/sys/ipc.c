#include "sys/ipc.h"

#include "base/enc.h"

#include <stddef.h>

/* The field lists: kinds and sizes in order. Rows are laid out without padding, which the
 * assertions under them prove, so a walk by size finds every field. */
#define U64(field) {'n', 8},
#define U32(field) {'n', 4},
#define U16(field) {'n', 2},
#define U8(field) {'n', 1},
#define BYTES(field, size) {'b', size},
#define STR(field, size) {'s', size},
#define PST_IPC(NAME, name, from, to, states, tail, fd, ...)                                       \
    static const struct pst_ipc_field fields_##name[] = {__VA_ARGS__{0, 0}};
#include "tables/ipc.def"
#undef PST_IPC
#undef U64
#undef U32
#undef U16
#undef U8
#undef BYTES
#undef STR

#define U64(field) +8
#define U32(field) +4
#define U16(field) +2
#define U8(field) +1
#define BYTES(field, size) +(size)
#define STR(field, size) +(size)
#define PST_IPC(NAME, name, from, to, states, tail, fd, ...)                                       \
    _Static_assert(sizeof(struct pst_ipc_##name) == 0 __VA_ARGS__, "padding in " #NAME);           \
    _Static_assert(sizeof(struct pst_ipc_##name) <= PST_IPC_FIXED_MAX, #NAME " is too large");     \
    _Static_assert((tail) <= PST_IPC_TAIL_MAX, "the tail of " #NAME " is too large");
#include "tables/ipc.def"
#undef PST_IPC
#undef U64
#undef U32
#undef U16
#undef U8
#undef BYTES
#undef STR

#define NONE PST_REQ_NONE
#define ADMITTED PST_REQ_ADMITTED
#define AMENDED PST_REQ_AMENDED
#define LIVE PST_REQ_LIVE
#define ADMITTING PST_REQ_ADMITTING
#define PROPOSED PST_REQ_PROPOSED
#define TOOL_WAIT PST_REQ_TOOL_WAIT
#define SUBMITTED PST_REQ_SUBMITTED
#define RELEASED PST_REQ_RELEASED
#define SENT PST_REQ_SENT
#define ANY PST_REQ_ANY

static const struct pst_ipc_row rows[PST_IPC_COUNT] = {
#define PST_IPC(NAME, lower, from_role, to_role, state_bits, tail, fd_rule, ...)                   \
    [PST_IPC_##NAME] = {                                                                           \
        .name = #NAME,                                                                             \
        .from = PST_ROLE_##from_role,                                                              \
        .to = PST_ROLE_##to_role,                                                                  \
        .states = (state_bits),                                                                    \
        .tail_max = (tail),                                                                        \
        .fd = PST_IPC_FD_##fd_rule,                                                                \
        .fixed_n = sizeof(struct pst_ipc_##lower),                                                 \
        .fields = fields_##lower,                                                                  \
    },
#include "tables/ipc.def"
#undef PST_IPC
};

const struct pst_ipc_row *pst_ipc_row(unsigned type)
{
    return type > PST_IPC_NONE && type < PST_IPC_COUNT ? &rows[type] : NULL;
}

/* Control answers administration exactly as an egress answers requests: same messages. */
static bool role_matches(enum pst_role row, enum pst_role actual)
{
    return row == actual || (row == PST_ROLE_ANYONE && actual != PST_ROLE_SUPERVISOR) ||
           (row == PST_ROLE_EGRESS && actual == PST_ROLE_CONTROL);
}

bool pst_ipc_direction(const struct pst_ipc_row *row, enum pst_role from, enum pst_role to)
{
    return role_matches(row->from, from) && role_matches(row->to, to);
}

static bool text_valid(struct pst_str text)
{
    return text.n == 0 || (pst_str_find_byte(text, 0) == PST_NPOS && pst_utf8_valid(text));
}

static bool string_valid(const uint8_t *at, size_t size)
{
    uint16_t n;
    memcpy(&n, at, sizeof n);
    if (n > size - 2) {
        return false;
    }
    struct pst_str all = pst_str_of(at, size);
    struct pst_str text = pst_str_cut(all, 2, n);
    struct pst_str rest = pst_str_from(all, 2 + (size_t)n);
    /* all zeros: the first is, and each is as the one before it */
    if (rest.n > 0 && (rest.p[0] != 0 || memcmp(rest.p, &rest.p[1], rest.n - 1) != 0)) {
        return false;
    }
    return text_valid(text);
}

static bool fields_valid(const struct pst_ipc_row *row, struct pst_str fixed)
{
    size_t at = 0;
    for (const struct pst_ipc_field *f = row->fields; f->kind != 0; f++) {
        if (f->kind == 's' && !string_valid(&fixed.p[at], f->size)) {
            return false;
        }
        at += f->size;
    }
    return at == fixed.n;
}

enum pst_status pst_ipc_check(struct pst_str message, bool has_fd, enum pst_role from,
                              enum pst_role to, const struct pst_ipc_row **ret_row, void *fixed,
                              struct pst_str *ret_tail)
{
    struct pst_ipc_head head;
    if (message.n < sizeof head) {
        return PST_ERR;
    }
    memcpy(&head, message.p, sizeof head);
    const struct pst_ipc_row *row = pst_ipc_row(head.type);
    if (row == NULL || head.pad != 0 || !pst_ipc_direction(row, from, to)) {
        return PST_ERR;
    }
    if (head.tail_n > row->tail_max || message.n != sizeof head + row->fixed_n + head.tail_n) {
        return PST_ERR;
    }
    if ((row->fd == PST_IPC_FD_ONE && !has_fd) || (row->fd == PST_IPC_FD_NO && has_fd)) {
        return PST_ERR;
    }
    struct pst_str body = pst_str_cut(message, sizeof head, row->fixed_n);
    if (!fields_valid(row, body)) {
        return PST_ERR;
    }
    memcpy(fixed, body.p, body.n);
    *ret_row = row;
    *ret_tail = pst_str_from(message, sizeof head + row->fixed_n);
    return PST_OK;
}

bool pst_ipc_str_set(uint16_t *n, char *b, size_t cap, struct pst_str s)
{
    memset(b, 0, cap);
    *n = 0;
    if (s.n > cap || !text_valid(s)) {
        return false;
    }
    if (s.n > 0) {
        memcpy(b, s.p, s.n);
    }
    *n = (uint16_t)s.n;
    return true;
}

void pst_ipc_str_cut(uint16_t *n, char *b, size_t cap, struct pst_str s)
{
    size_t keep = s.n < cap ? s.n : cap;
    while (keep > 0 && keep < s.n && (s.p[keep] & 0xc0) == 0x80) {
        keep--;
    }
    struct pst_str text = pst_str_cut(s, 0, keep);
    memset(b, 0, cap);
    *n = (uint16_t)text.n;
    bool formed = pst_utf8_valid(text);
    for (size_t i = 0; i < text.n; i++) {
        uint8_t byte = text.p[i];
        b[i] = byte == 0 || (byte >= 0x80 && !formed) ? '?' : (char)byte;
    }
}

bool pst_ipc_list_add(struct pst_buf *tail, struct pst_str item)
{
    if (item.n > UINT8_MAX) {
        tail->failed = true;
        return false;
    }
    return pst_buf_byte(tail, (uint8_t)item.n) && pst_buf_add(tail, item);
}

bool pst_ipc_list_next(struct pst_cur *tail, struct pst_str *ret)
{
    struct pst_cur before = *tail;
    uint8_t n;
    if (pst_cur_u8(tail, &n) && pst_cur_take(tail, n, ret)) {
        return true;
    }
    *tail = before; /* a list that ends within an item is not at its end */
    return false;
}
