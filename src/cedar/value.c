#include "cedar/value.h"

#include "cedar/request.h"

struct pst_str pst_cedar_sym_text(struct pst_cedar_ctx x, uint32_t sym)
{
    if ((sym & PST_CEDAR_LOCAL) != 0) {
        return x.r->syms[sym & ~PST_CEDAR_LOCAL].text;
    }
    return pst_cedar_text(x.c, sym);
}

uint32_t pst_cedar_uid_type(struct pst_cedar_ctx x, uint32_t uid)
{
    return (uid & PST_CEDAR_LOCAL) != 0 ? x.r->uids[uid & ~PST_CEDAR_LOCAL].type
                                        : x.c->uids[uid].type;
}

uint32_t pst_cedar_uid_id(struct pst_cedar_ctx x, uint32_t uid)
{
    return (uid & PST_CEDAR_LOCAL) != 0 ? x.r->uids[uid & ~PST_CEDAR_LOCAL].id : x.c->uids[uid].id;
}

const struct pst_cedar_value *pst_cedar_items(struct pst_cedar_ctx x, struct pst_cedar_value v)
{
    uint32_t at = (uint32_t)v.i;
    if (v.n == 0) {
        return NULL;
    }
    return (at & PST_CEDAR_LOCAL) != 0 ? &x.r->values[at & ~PST_CEDAR_LOCAL] : &x.c->values[at];
}

const struct pst_cedar_field *pst_cedar_fields(struct pst_cedar_ctx x, struct pst_cedar_value v)
{
    uint32_t at = (uint32_t)v.i;
    if (v.n == 0) {
        return NULL;
    }
    return (at & PST_CEDAR_LOCAL) != 0 ? &x.r->fields[at & ~PST_CEDAR_LOCAL] : &x.c->fields[at];
}

const struct pst_cedar_ip *pst_cedar_ip_of(struct pst_cedar_ctx x, struct pst_cedar_value v)
{
    uint32_t at = (uint32_t)v.i;
    return (at & PST_CEDAR_LOCAL) != 0 ? &x.r->ips[at & ~PST_CEDAR_LOCAL] : &x.c->ips[at];
}

const struct pst_cedar_value *pst_cedar_member(struct pst_cedar_ctx x, struct pst_cedar_value rec,
                                               uint32_t key)
{
    const struct pst_cedar_field *f = pst_cedar_fields(x, rec);
    uint32_t low = 0;
    uint32_t n = rec.n;
    while (n > 8) {
        uint32_t half = n / 2;
        if (f[low + half].key <= key) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    for (uint32_t i = low; i < low + n; i++) {
        if (f[i].key == key) {
            return &f[i].value;
        }
    }
    return NULL;
}

/* --- order -------------------------------------------------------------------------------------
 */

static int cmp_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Of two values that are not composite, or differ before their members need a look. 0 with
 * *ret_deep: their members decide. */
static int cmp_shallow(struct pst_cedar_ctx x, struct pst_cedar_value a, struct pst_cedar_value b,
                       bool *ret_deep)
{
    uint32_t ta = a.tag == PST_CEDAR_NONE ? (uint32_t)PST_CEDAR_RECORD : a.tag;
    uint32_t tb = b.tag == PST_CEDAR_NONE ? (uint32_t)PST_CEDAR_RECORD : b.tag;
    *ret_deep = false;
    if (ta != tb) {
        return cmp_u32(ta, tb);
    }
    if (ta == PST_CEDAR_IP) {
        return pst_cedar_ip_cmp(pst_cedar_ip_of(x, a), pst_cedar_ip_of(x, b));
    }
    if (ta != PST_CEDAR_SET && ta != PST_CEDAR_RECORD) {
        return a.i < b.i ? -1 : a.i > b.i;
    }
    if (a.n != b.n) {
        return cmp_u32(a.n, b.n);
    }
    *ret_deep = a.n != 0 && a.i != b.i;
    return 0;
}

struct cmp_frame {
    struct pst_cedar_value a, b;
    uint32_t next;
};

int pst_cedar_value_cmp(struct pst_cedar_ctx x, struct pst_cedar_value a, struct pst_cedar_value b)
{
    bool deep = false;
    int order = cmp_shallow(x, a, b, &deep);
    if (!deep) {
        return order;
    }
    struct cmp_frame stack[PST_CEDAR_VALUE_DEPTH];
    uint32_t depth = 1;
    stack[0] = (struct cmp_frame){a, b, 0};
    while (depth > 0) {
        struct cmp_frame *f = &stack[depth - 1];
        if (f->next == f->a.n) {
            depth--;
            continue;
        }
        uint32_t i = f->next++;
        struct pst_cedar_value va;
        struct pst_cedar_value vb;
        if (f->a.tag == PST_CEDAR_SET) {
            va = pst_cedar_items(x, f->a)[i];
            vb = pst_cedar_items(x, f->b)[i];
        } else {
            const struct pst_cedar_field *fa = &pst_cedar_fields(x, f->a)[i];
            const struct pst_cedar_field *fb = &pst_cedar_fields(x, f->b)[i];
            if (fa->key != fb->key) {
                return cmp_u32(fa->key, fb->key);
            }
            va = fa->value;
            vb = fb->value;
        }
        order = cmp_shallow(x, va, vb, &deep);
        if (order != 0) {
            return order;
        }
        if (deep && depth == PST_CEDAR_VALUE_DEPTH) {
            return va.i < vb.i ? -1 : 1;
        }
        if (deep) {
            stack[depth++] = (struct cmp_frame){va, vb, 0};
        }
    }
    return 0;
}

bool pst_cedar_value_eq(struct pst_cedar_ctx x, struct pst_cedar_value a, struct pst_cedar_value b)
{
    return pst_cedar_value_cmp(x, a, b) == 0;
}

/* Heap sort: in place, no recursion, no bad case that a hostile context could aim at. */
static void sift(struct pst_cedar_ctx x, struct pst_cedar_value *v, uint32_t root, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= n) {
            return;
        }
        if (child + 1 < n && pst_cedar_value_cmp(x, v[child], v[child + 1]) < 0) {
            child++;
        }
        if (pst_cedar_value_cmp(x, v[root], v[child]) >= 0) {
            return;
        }
        struct pst_cedar_value swap = v[root];
        v[root] = v[child];
        v[child] = swap;
        root = child;
    }
}

uint32_t pst_cedar_items_sort(struct pst_cedar_ctx x, struct pst_cedar_value *v, uint32_t n)
{
    if (n < 2) {
        return n;
    }
    for (uint32_t i = n / 2; i > 0; i--) {
        sift(x, v, i - 1, n);
    }
    for (uint32_t end = n - 1; end > 0; end--) {
        struct pst_cedar_value swap = v[0];
        v[0] = v[end];
        v[end] = swap;
        sift(x, v, 0, end);
    }
    uint32_t kept = 1;
    for (uint32_t i = 1; i < n; i++) {
        if (pst_cedar_value_cmp(x, v[kept - 1], v[i]) != 0) {
            v[kept++] = v[i];
        }
    }
    return kept;
}
