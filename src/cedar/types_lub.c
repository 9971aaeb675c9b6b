/* Least upper bounds of types, with a stack as deep as types may nest. */
#include "cedar/types.h"

#include <stdlib.h>

/* --- what was found before: without it, records that share parts could take exponential time ---
 */

static uint32_t memo_at(const struct pst_cedar_types *t, uint32_t a, uint32_t b)
{
    uint64_t key = (((uint64_t)a << 32) | b) * 0x9E3779B97F4A7C15u;
    uint32_t at = (uint32_t)(key >> 32) & (t->n_memo - 1);
    while (t->memo[at].a != 0 && (t->memo[at].a != a || t->memo[at].b != b)) {
        at = (at + 1) & (t->n_memo - 1);
    }
    return at;
}

static bool memo_grow(struct pst_cedar_types *t)
{
    struct pst_cedar_lub_memo *old = t->memo;
    uint32_t n = t->n_memo;
    uint32_t size = n != 0 ? n * 2 : 64;
    uint64_t bytes = (uint64_t)size * sizeof old[0];
    if (t->held + bytes > t->cap) {
        return false;
    }
    t->memo = (struct pst_cedar_lub_memo *)calloc(size, sizeof old[0]);
    if (t->memo == NULL) {
        t->memo = old;
        return false;
    }
    t->held += bytes - (uint64_t)n * sizeof old[0];
    t->n_memo = size;
    for (uint32_t i = 0; i < n; i++) {
        if (old[i].a != 0) {
            t->memo[memo_at(t, old[i].a, old[i].b)] = old[i];
        }
    }
    free(old);
    return true;
}

static void memo_put(struct pst_cedar_types *t, uint32_t a, uint32_t b, uint32_t type)
{
    if (t->used_memo * 2 >= t->n_memo && !memo_grow(t)) {
        t->full = true;
        return;
    }
    uint32_t at = memo_at(t, a, b);
    t->used_memo += t->memo[at].a == 0;
    t->memo[at] = (struct pst_cedar_lub_memo){a, b, type};
}

/* --- least upper bound -------------------------------------------------------------------------
 */

struct lub_frame {
    uint32_t a, b;
    uint32_t i, j;                         /* next members of a and b */
    struct pst_cedar_member_type *members; /* of the result */
    uint32_t n;
    bool open;
};

static uint32_t union_of(struct pst_cedar_types *t, uint32_t a, uint32_t b)
{
    const uint32_t *x = NULL;
    const uint32_t *y = NULL;
    uint32_t nx = pst_cedar_type_entities(t, a, &x);
    uint32_t ny = pst_cedar_type_entities(t, b, &y);
    uint32_t *merged = (uint32_t *)malloc((nx + ny) * sizeof merged[0]);
    if (merged == NULL) {
        t->full = true;
        return PST_CEDAR_NO;
    }
    uint32_t n = 0;
    for (uint32_t i = 0, j = 0; i < nx || j < ny;) {
        uint32_t least = i < nx && (j == ny || x[i] <= y[j]) ? x[i] : y[j];
        i += i < nx && x[i] == least;
        j += j < ny && y[j] == least;
        merged[n++] = least;
    }
    uint32_t type = pst_cedar_type_union(t, merged, n);
    free(merged);
    return type;
}

/* The answer when the parts need no look; else false and a frame is to be opened. */
static bool shallow(struct pst_cedar_types *t, enum pst_cedar_mode mode, uint32_t a, uint32_t b,
                    uint32_t *ret)
{
    enum pst_cedar_type_kind ka = pst_cedar_type_kind(t, a);
    enum pst_cedar_type_kind kb = pst_cedar_type_kind(t, b);
    bool ea = ka == PST_CEDAR_TY_ENTITY || ka == PST_CEDAR_TY_UNION;
    bool eb = kb == PST_CEDAR_TY_ENTITY || kb == PST_CEDAR_TY_UNION;
    *ret = PST_CEDAR_NO;
    if (a == b || kb == PST_CEDAR_TY_NEVER || kb == PST_CEDAR_TY_ERROR) {
        *ret = a;
    } else if (ka == PST_CEDAR_TY_NEVER || ka == PST_CEDAR_TY_ERROR) {
        *ret = b;
    } else if (pst_cedar_type_is_bool(a) && pst_cedar_type_is_bool(b)) {
        *ret = PST_CEDAR_TY_BOOL;
    } else if (ea && eb && mode == PST_CEDAR_PERMISSIVE) {
        *ret = union_of(t, a, b);
    } else if (ka == kb && (ka == PST_CEDAR_TY_SET || ka == PST_CEDAR_TY_RECORD)) {
        if (t->n_memo == 0) {
            return false;
        }
        const struct pst_cedar_lub_memo *m = &t->memo[memo_at(t, a, b)];
        *ret = m->type;
        return m->a != 0;
    }
    return true;
}

static bool open_frame(struct pst_cedar_types *t, struct lub_frame *f, uint32_t a, uint32_t b)
{
    uint32_t n = pst_cedar_type_kind(t, a) == PST_CEDAR_TY_RECORD ? t->rows[a].n : 0;
    *f = (struct lub_frame){.a = a, .b = b, .open = t->rows[a].open != 0 || t->rows[b].open != 0};
    f->members = (struct pst_cedar_member_type *)malloc((n + 1) * sizeof f->members[0]);
    t->full = t->full || f->members == NULL;
    return f->members != NULL;
}

/* Moves to the next member that both records have; false: there is none left, or the result is
 * known to be none (*ret_none). */
static bool next_pair(struct pst_cedar_types *t, enum pst_cedar_mode mode, struct lub_frame *f,
                      bool *ret_none)
{
    const struct pst_cedar_type_def *a = &t->rows[f->a];
    const struct pst_cedar_type_def *b = &t->rows[f->b];
    *ret_none = mode == PST_CEDAR_STRICT && (a->n != b->n || f->open);
    while (f->i < a->n && f->j < b->n && !*ret_none) {
        const struct pst_cedar_member_type *x = &t->members[a->a + f->i];
        const struct pst_cedar_member_type *y = &t->members[b->a + f->j];
        if (x->key == y->key) {
            *ret_none = mode == PST_CEDAR_STRICT && x->required != y->required;
            return !*ret_none;
        }
        f->open = true;
        f->i += x->key < y->key;
        f->j += y->key < x->key;
        *ret_none = mode == PST_CEDAR_STRICT;
    }
    f->open = f->open || f->i < a->n || f->j < b->n;
    return false;
}

/* Takes the type of the pair that was asked for. */
static bool take_pair(struct pst_cedar_types *t, enum pst_cedar_mode mode, struct lub_frame *f,
                      uint32_t type)
{
    const struct pst_cedar_member_type *x = &t->members[t->rows[f->a].a + f->i];
    const struct pst_cedar_member_type *y = &t->members[t->rows[f->b].a + f->j];
    f->i++;
    f->j++;
    if (type == PST_CEDAR_NO) {
        f->open = true;
        return mode == PST_CEDAR_PERMISSIVE;
    }
    f->members[f->n++] = (struct pst_cedar_member_type){
        .key = x->key, .type = type, .required = x->required & y->required};
    return true;
}

/* One step of the top frame: true when *ret is its answer, false when the pair *ret_a, *ret_b must
 * be answered first. `answer` is that of the pair asked for before (`asked`). */
static bool step(struct pst_cedar_types *t, enum pst_cedar_mode mode, struct lub_frame *f,
                 bool asked, uint32_t answer, uint32_t pair[2], uint32_t *ret)
{
    *ret = PST_CEDAR_NO;
    if (pst_cedar_type_kind(t, f->a) == PST_CEDAR_TY_SET) {
        if (!asked) {
            pair[0] = t->rows[f->a].a;
            pair[1] = t->rows[f->b].a;
            return false;
        }
        *ret = answer != PST_CEDAR_NO ? pst_cedar_type_set(t, answer) : PST_CEDAR_NO;
        return true;
    }
    bool none = asked && !take_pair(t, mode, f, answer);
    if (!none && next_pair(t, mode, f, &none)) {
        pair[0] = t->members[t->rows[f->a].a + f->i].type;
        pair[1] = t->members[t->rows[f->b].a + f->j].type;
        return false;
    }
    *ret = none ? PST_CEDAR_NO : pst_cedar_type_record(t, f->members, f->n, f->open);
    return true;
}

uint32_t pst_cedar_type_lub(struct pst_cedar_types *t, enum pst_cedar_mode mode, uint32_t a,
                            uint32_t b)
{
    struct lub_frame stack[PST_CEDAR_TYPE_DEPTH + 1];
    uint32_t depth = 0;
    uint32_t answer = PST_CEDAR_NO;
    uint32_t pair[2] = {a, b};
    if (t->memo_mode != mode) {
        free(t->memo);
        t->held -= (uint64_t)t->n_memo * sizeof t->memo[0];
        t->memo = NULL;
        t->n_memo = t->used_memo = 0;
        t->memo_mode = mode;
    }
    for (bool asking = true;;) {
        if (asking && !shallow(t, mode, pair[0], pair[1], &answer)) {
            PST_BUG_ON(depth > PST_CEDAR_TYPE_DEPTH);
            if (!open_frame(t, &stack[depth], pair[0], pair[1])) {
                break;
            }
            depth++;
            asking = !step(t, mode, &stack[depth - 1], false, PST_CEDAR_NO, pair, &answer);
        } else if (depth == 0) {
            return answer;
        } else {
            asking = !step(t, mode, &stack[depth - 1], true, answer, pair, &answer);
        }
        if (!asking) {
            const struct lub_frame *f = &stack[--depth];
            memo_put(t, f->a, f->b, answer);
            free(f->members);
        }
    }
    while (depth > 0) {
        free(stack[--depth].members);
    }
    return PST_CEDAR_NO;
}
