#include "cedar/store.h"

#include "base/check.h"
#include "base/map.h"
#include "cedar/lex.h"

#include <stdlib.h>

static const uint32_t record_size[PST_CEDAR_S_COUNT] = {
#define X(name, type) sizeof(type),
    PST_CEDAR_SECTIONS(X)
#undef X
};

enum { RECORDS_MAX = 0x7FFFFFF0 };

static struct pst_cedar_limits with_defaults(const struct pst_cedar_limits *given)
{
    struct pst_cedar_limits l = {0};
    if (given != NULL) {
        l = *given;
    }
    l.text_bytes = l.text_bytes != 0 ? l.text_bytes : 16u << 20;
    l.depth = l.depth != 0 ? l.depth : 1000;
    l.policies = l.policies != 0 ? l.policies : 100000;
    l.entities = l.entities != 0 ? l.entities : 1000000;
    l.total_bytes = l.total_bytes != 0 ? l.total_bytes : 1u << 30;
    l.total_bytes = l.total_bytes < 1u << 31 ? l.total_bytes : 1u << 31;
    return l;
}

struct pst_cedar *pst_cedar_new(const struct pst_cedar_limits *limits)
{
    struct pst_cedar *c = (struct pst_cedar *)calloc(1, sizeof *c);
    if (c != NULL) {
        c->limits = with_defaults(limits);
    }
    return c;
}

void pst_cedar_free(struct pst_cedar *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t s = 0; s < PST_CEDAR_S_COUNT && !c->borrowed; s++) {
        free(c->section[s]);
    }
    free(c);
}

uint32_t pst_cedar_record_size(enum pst_cedar_section s)
{
    return record_size[s];
}

/* Makes room for `need` records in all. */
static bool reserve(struct pst_cedar *c, enum pst_cedar_section s, uint32_t need)
{
    if (need <= c->cap[s]) {
        return true;
    }
    uint64_t cap = c->cap[s] != 0 ? (uint64_t)c->cap[s] * 2 : 64;
    cap = cap < need ? need : cap;
    uint64_t more = (cap - c->cap[s]) * record_size[s];
    if (cap > RECORDS_MAX || c->held + more > c->limits.total_bytes) {
        return false;
    }
    uint8_t *p = (uint8_t *)realloc(c->section[s], cap * record_size[s]);
    if (p == NULL) {
        return false;
    }
    memset(&p[(size_t)c->cap[s] * record_size[s]], 0, more);
    c->section[s] = p;
    c->cap[s] = (uint32_t)cap;
    c->held += more;
    return true;
}

uint32_t pst_cedar_grow(struct pst_cedar *c, enum pst_cedar_section s, uint32_t count)
{
    PST_BUG_ON(c->sealed);
    uint32_t first = c->n[s];
    if (count > RECORDS_MAX - first || !reserve(c, s, first + count)) {
        return PST_CEDAR_NO;
    }
    c->n[s] = first + count;
    return first;
}

uint32_t pst_cedar_hash(const struct pst_cedar *c, struct pst_str text)
{
    return (uint32_t)pst_hash(c->limits.seed, text);
}

/* --- hash tables of symbols and of entity references: open addressing, at most half full -------
 */

static bool rehash(struct pst_cedar *c, enum pst_cedar_section table, uint32_t used,
                   uint32_t (*hash_of)(const struct pst_cedar *c, uint32_t i))
{
    if ((uint64_t)used * 2 < c->n[table]) {
        return true;
    }
    uint32_t size = c->n[table] != 0 ? c->n[table] * 2 : 64;
    if (size > RECORDS_MAX / 2 || !reserve(c, table, size)) {
        return false;
    }
    uint32_t *slots = (uint32_t *)c->section[table];
    memset(slots, 0xFF, size * sizeof slots[0]);
    c->n[table] = size;
    for (uint32_t i = 0; i < used; i++) {
        uint32_t at = hash_of(c, i) & (size - 1);
        while (slots[at] != PST_CEDAR_NO) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i;
    }
    return true;
}

static uint32_t sym_hash_of(const struct pst_cedar *c, uint32_t i)
{
    return c->syms[i].hash;
}

static uint32_t uid_hash_of(const struct pst_cedar *c, uint32_t i)
{
    return c->uids[i].hash;
}

uint32_t pst_cedar_sym_find_hashed(const struct pst_cedar *c, struct pst_str text, uint32_t hash)
{
    uint32_t size = PST_CEDAR_N_OF(c, sym_slots);
    if (size == 0) {
        return PST_CEDAR_NO;
    }
    for (uint32_t at = hash & (size - 1);; at = (at + 1) & (size - 1)) {
        uint32_t sym = c->sym_slots[at];
        if (sym == PST_CEDAR_NO ||
            (c->syms[sym].hash == hash && pst_str_eq(pst_cedar_text(c, sym), text))) {
            return sym;
        }
    }
}

uint32_t pst_cedar_sym_find(const struct pst_cedar *c, struct pst_str text)
{
    return pst_cedar_sym_find_hashed(c, text, pst_cedar_hash(c, text));
}

static void put_slot(uint32_t *slots, uint32_t size, uint32_t hash, uint32_t value)
{
    uint32_t at = hash & (size - 1);
    while (slots[at] != PST_CEDAR_NO) {
        at = (at + 1) & (size - 1);
    }
    slots[at] = value;
}

uint32_t pst_cedar_sym(struct pst_cedar *c, struct pst_str text)
{
    uint32_t hash = pst_cedar_hash(c, text);
    uint32_t sym = pst_cedar_sym_find_hashed(c, text, hash);
    if (sym != PST_CEDAR_NO || text.n > RECORDS_MAX) {
        return sym;
    }
    if (!rehash(c, PST_CEDAR_S_sym_slots, PST_CEDAR_N_OF(c, syms), sym_hash_of)) {
        return PST_CEDAR_NO;
    }
    uint32_t at = PST_CEDAR_ADD(c, bytes, (uint32_t)text.n);
    sym = at != PST_CEDAR_NO ? PST_CEDAR_ADD(c, syms, 1) : PST_CEDAR_NO;
    if (sym == PST_CEDAR_NO) {
        return PST_CEDAR_NO;
    }
    if (text.n != 0) {
        memcpy(&c->bytes[at], text.p, text.n);
    }
    c->syms[sym] = (struct pst_cedar_sym_row){.at = at, .n = (uint32_t)text.n, .hash = hash};
    put_slot(c->sym_slots, PST_CEDAR_N_OF(c, sym_slots), hash, sym);
    return sym;
}

uint32_t pst_cedar_uid_find(const struct pst_cedar *c, uint32_t type, uint32_t id)
{
    uint32_t size = PST_CEDAR_N_OF(c, uid_slots);
    if (size == 0) {
        return PST_CEDAR_NO;
    }
    for (uint32_t at = pst_cedar_uid_hash(type, id) & (size - 1);; at = (at + 1) & (size - 1)) {
        uint32_t uid = c->uid_slots[at];
        if (uid == PST_CEDAR_NO || (c->uids[uid].type == type && c->uids[uid].id == id)) {
            return uid;
        }
    }
}

uint32_t pst_cedar_uid_add(struct pst_cedar *c, uint32_t type, uint32_t id)
{
    if (type == PST_CEDAR_NO || id == PST_CEDAR_NO) {
        return PST_CEDAR_NO;
    }
    uint32_t uid = pst_cedar_uid_find(c, type, id);
    if (uid != PST_CEDAR_NO) {
        return uid;
    }
    if (!rehash(c, PST_CEDAR_S_uid_slots, PST_CEDAR_N_OF(c, uids), uid_hash_of)) {
        return PST_CEDAR_NO;
    }
    uid = PST_CEDAR_ADD(c, uids, 1);
    if (uid == PST_CEDAR_NO) {
        return PST_CEDAR_NO;
    }
    c->uids[uid] = (struct pst_cedar_uid_row){
        .type = type,
        .id = id,
        .entity = PST_CEDAR_NO,
        .hash = pst_cedar_uid_hash(type, id),
        .bucket = {PST_CEDAR_NO, PST_CEDAR_NO, PST_CEDAR_NO},
    };
    put_slot(c->uid_slots, PST_CEDAR_N_OF(c, uid_slots), c->uids[uid].hash, uid);
    return uid;
}

bool pst_cedar_name_valid(struct pst_str name)
{
    for (;;) {
        size_t end = pst_str_find(name, PST_STR("::"));
        struct pst_str part = end == PST_NPOS ? name : pst_str_cut(name, 0, end);
        if (!pst_cedar_ident_valid(part) || pst_cedar_ident_reserved(part)) {
            return false;
        }
        if (end == PST_NPOS) {
            return true;
        }
        name = pst_str_from(name, end + 2);
    }
}

/* --- what a set holds --------------------------------------------------------------------------
 */

uint32_t pst_cedar_policies(const struct pst_cedar *c)
{
    return PST_CEDAR_N_OF(c, policies);
}

struct pst_cedar_policy_info pst_cedar_policy(const struct pst_cedar *c, uint32_t policy)
{
    PST_BUG_ON(policy >= PST_CEDAR_N_OF(c, policies));
    const struct pst_cedar_policy_row *p = &c->policies[policy];
    return (struct pst_cedar_policy_info){
        .id = pst_cedar_text(c, p->id),
        .file = pst_cedar_text(c, p->file),
        .line = p->line,
        .column = p->column,
        .text = pst_cedar_text(c, p->text),
        .forbid = p->forbid != 0,
        .is_template = p->is_template != 0,
    };
}

bool pst_cedar_annotation_at(const struct pst_cedar *c, uint32_t policy, uint32_t at,
                             struct pst_str *ret_key, struct pst_str *ret_value)
{
    PST_BUG_ON(policy >= PST_CEDAR_N_OF(c, policies));
    const struct pst_cedar_policy_row *p = &c->policies[policy];
    if (at >= p->n_notes) {
        return false;
    }
    const struct pst_cedar_annotation_row *note = &c->notes[p->notes + at];
    *ret_key = pst_cedar_text(c, note->key);
    *ret_value = pst_cedar_text(c, note->value);
    return true;
}

bool pst_cedar_annotation(const struct pst_cedar *c, uint32_t policy, struct pst_str key,
                          struct pst_str *ret_value)
{
    struct pst_str name;
    struct pst_str value;
    for (uint32_t at = 0; pst_cedar_annotation_at(c, policy, at, &name, &value); at++) {
        if (pst_str_eq(name, key)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
