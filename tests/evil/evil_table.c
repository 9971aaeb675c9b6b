/* One message of the table, sent to somebody, as it should be or distorted in one way. */
#include "evil.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int link_named(const struct evil *e, const char *to)
{
    return strcmp(to, "supervisor") == 0 ? e->control
           : strcmp(to, "warden") == 0   ? e->warden
           : strcmp(to, "audit") == 0    ? e->audit
           : strcmp(to, "egress") == 0   ? e->egress[0]
           : strcmp(to, "keys") == 0     ? e->keys
                                         : -1;
}

static const struct pst_ipc_row *row_named(const char *name, uint16_t *ret_type)
{
    for (unsigned type = 1; type < PST_IPC_COUNT; type++) {
        if (strcmp(pst_ipc_row(type)->name, name) == 0) {
            *ret_type = (uint16_t)type;
            return pst_ipc_row(type);
        }
    }
    return NULL;
}

/* Where the first text of the row is, in the message; 0 when it has none. */
static size_t text_at(const struct pst_ipc_row *row, size_t *ret_size)
{
    size_t at = sizeof(struct pst_ipc_head);
    for (const struct pst_ipc_field *f = row->fields; f->kind != 0; f++) {
        if (f->kind == 's') {
            *ret_size = f->size;
            return at;
        }
        at += f->size;
    }
    return 0;
}

static void distort_text(uint8_t *text, size_t size, const char *variant)
{
    uint16_t n = 4;
    static const uint8_t good[] = "text", nul[] = {'a', 0, 'b', 'c'},
                         utf8[] = {'a', 0xff, 'b', 'c'}, surrogate[] = {0xed, 0xa0, 0x80, 'c'};
    const uint8_t *bytes = good;
    if (strcmp(variant, "strlong") == 0) {
        n = (uint16_t)(size - 1);
    } else if (strcmp(variant, "strhuge") == 0) {
        n = UINT16_MAX;
    } else if (strcmp(variant, "strnul") == 0) {
        bytes = nul;
    } else if (strcmp(variant, "strutf8") == 0) {
        bytes = utf8;
    } else if (strcmp(variant, "strsurrogate") == 0) {
        bytes = surrogate;
    } else if (strcmp(variant, "strdirty") == 0) {
        text[size - 1] = 'x';
    } else {
        return;
    }
    memcpy(text, &n, sizeof n);
    memcpy(&text[2], bytes, 4);
}

bool evil_table(struct evil *e, const char *to, const char *type, const char *variant)
{
    static uint8_t bytes[PST_IPC_MESSAGE_MAX + 8];
    struct pst_ipc_head head = {0};
    int fd = link_named(e, to), fds[2];
    size_t n_fds = 0, text_size = 0;
    const struct pst_ipc_row *row = row_named(type, &head.type);
    if (row == NULL || fd < 0) {
        return false;
    }
    uint64_t id = evil_id(e);
    size_t n = sizeof head + row->fixed_n;
    memcpy(&bytes[sizeof head], &id,
           sizeof id); /* `req` is the first field wherever there is one */
    size_t text = text_at(row, &text_size);
    if (text != 0) {
        distort_text(&bytes[text], text_size, variant);
    }
    if (row->fd == PST_IPC_FD_ONE) {
        n_fds = 1;
    }
    if (strcmp(variant, "short") == 0) {
        n--;
    } else if (strcmp(variant, "long") == 0) {
        n++;
    } else if (strcmp(variant, "head") == 0) {
        n = sizeof head - 1;
    } else if (strcmp(variant, "byte") == 0) {
        n = 1;
    } else if (strcmp(variant, "empty") == 0) {
        n = 0;
    } else if (strcmp(variant, "taillie") == 0) {
        head.tail_n = 5;
    } else if (strcmp(variant, "tailwrap") == 0) {
        head.tail_n = UINT32_MAX;
    } else if (strcmp(variant, "tailmax") == 0) {
        head.tail_n = row->tail_max + 1;
        n += head.tail_n;
    } else if (strcmp(variant, "pad") == 0) {
        head.pad = 1;
    } else if (strcmp(variant, "type0") == 0) {
        head.type = 0;
    } else if (strcmp(variant, "typemax") == 0) {
        head.type = UINT16_MAX;
    } else if (strcmp(variant, "fd") == 0) {
        n_fds = 1;
    } else if (strcmp(variant, "fds") == 0) {
        n_fds = 2;
    }
    memcpy(bytes, &head, sizeof head);
    fds[0] = fds[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return evil_raw(fd, bytes, n, fds, n_fds);
}
