/* Making values in a set or in a request. */
#include "cedar/entities.h"
#include "cedar/request.h"

#include <stdlib.h>

static struct pst_cedar_ctx ctx_of(struct pst_cedar_target t)
{
    return (struct pst_cedar_ctx){.c = t.r != NULL ? t.r->c : t.c, .r = t.r};
}

uint32_t pst_cedar_target_sym(struct pst_cedar_target t, struct pst_str text)
{
    if (t.r == NULL) {
        return pst_cedar_sym(t.c, text);
    }
    uint32_t sym = pst_cedar_local_sym(t.r, text);
    return t.r->full ? PST_CEDAR_NO : sym;
}

struct pst_cedar_value pst_cedar_target_uid(struct pst_cedar_target t, struct pst_str type,
                                            struct pst_str id)
{
    if (t.r != NULL) {
        return pst_cedar_uid(t.r, type, id);
    }
    uint32_t type_sym = pst_cedar_sym(t.c, type);
    uint32_t uid = pst_cedar_uid_add(t.c, type_sym, pst_cedar_sym(t.c, id));
    if (uid == PST_CEDAR_NO) {
        return (struct pst_cedar_value){0};
    }
    return (struct pst_cedar_value){.tag = PST_CEDAR_UID, .i = uid};
}

bool pst_cedar_target_set(struct pst_cedar_target t, struct pst_cedar_value *items, uint32_t n,
                          struct pst_cedar_value *ret)
{
    if (t.r != NULL) {
        *ret = pst_cedar_set(t.r, items, n);
        return !t.r->full;
    }
    n = pst_cedar_items_sort(ctx_of(t), items, n);
    uint32_t first = PST_CEDAR_ADD(t.c, values, n);
    if (first == PST_CEDAR_NO) {
        return false;
    }
    if (n != 0) {
        memcpy(&t.c->values[first], items, n * sizeof items[0]);
    }
    *ret = (struct pst_cedar_value){.tag = PST_CEDAR_SET, .n = n, .i = n != 0 ? first : 0};
    return true;
}

static void sift(struct pst_cedar_field *f, uint32_t root, uint32_t n)
{
    for (uint32_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && f[child].key < f[child + 1].key) {
            child++;
        }
        if (f[root].key >= f[child].key) {
            return;
        }
        struct pst_cedar_field swap = f[root];
        f[root] = f[child];
        f[child] = swap;
        root = child;
    }
}

/* In place, because a request may not allocate outside its arena, as qsort may. */
static void sort_fields(struct pst_cedar_field *f, uint32_t n)
{
    for (uint32_t i = n / 2; i > 0; i--) {
        sift(f, i - 1, n);
    }
    for (uint32_t end = n; end > 1; end--) {
        struct pst_cedar_field swap = f[0];
        f[0] = f[end - 1];
        f[end - 1] = swap;
        sift(f, 0, end - 1);
    }
}

bool pst_cedar_target_record(struct pst_cedar_target t, struct pst_cedar_field *fields, uint32_t n,
                             struct pst_cedar_value *ret)
{
    sort_fields(fields, n);
    uint32_t first = t.r != NULL ? PST_CEDAR_LOCAL_ADD(t.r, fields, n)
                                 : PST_CEDAR_ADD(t.c, fields, n);
    if (first == PST_CEDAR_NO) {
        return false;
    }
    *ret = (struct pst_cedar_value){.tag = PST_CEDAR_RECORD, .n = n};
    if (n != 0) {
        memcpy(t.r != NULL ? &t.r->fields[first] : &t.c->fields[first], fields,
               n * sizeof fields[0]);
        ret->i = t.r != NULL ? first | PST_CEDAR_LOCAL : first;
    }
    return true;
}

enum pst_status pst_cedar_target_extension(struct pst_cedar_target t, enum pst_cedar_fn fn,
                                           struct pst_str text, struct pst_cedar_value *ret,
                                           struct pst_err *err)
{
    struct pst_cedar_value v = {.tag = pst_cedar_fn(fn)->result};
    struct pst_cedar_ip ip = {0};
    bool ok = false;
    if (fn == PST_CEDAR_FN_DECIMAL) {
        ok = pst_cedar_decimal_parse(text, &v.i);
    } else if (fn == PST_CEDAR_FN_DATETIME) {
        ok = pst_cedar_datetime_parse(text, &v.i);
    } else if (fn == PST_CEDAR_FN_DURATION) {
        ok = pst_cedar_duration_parse(text, &v.i);
    } else if (fn == PST_CEDAR_FN_IP) {
        ok = pst_cedar_ip_parse(text, &ip);
    }
    if (!ok) {
        return pst_fail(err, PST_E_CEDAR_EXTENSION, "this is not a valid %s",
                        pst_cedar_fn(fn)->name);
    }
    if (fn == PST_CEDAR_FN_IP) {
        uint32_t at = t.r != NULL ? PST_CEDAR_LOCAL_ADD(t.r, ips, 1) : PST_CEDAR_ADD(t.c, ips, 1);
        if (at == PST_CEDAR_NO) {
            return pst_fail(err, PST_E_NO_MEMORY, "no memory for an address");
        }
        *(t.r != NULL ? &t.r->ips[at] : &t.c->ips[at]) = ip;
        v.i = t.r != NULL ? at | PST_CEDAR_LOCAL : at;
    }
    *ret = v;
    return PST_OK;
}
