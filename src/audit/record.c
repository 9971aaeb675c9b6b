#include "audit/record.h"

#include "base/enc.h"

#include <stddef.h>

/* The members that every record has, in the form of the table. */
#define PST_RECORD_C_TIME int64_t
#define PST_RECORD_COMMON
#define PST_RECORD(KIND, name, text) struct pst_record_##name {
#define PST_FIELD(kind, TYPE, name, NEED, cap, text) PST_RECORD_C_##TYPE name;
#define PST_RECORD_END(KIND, name)                                                                 \
    }                                                                                              \
    ;
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
#undef PST_RECORD_COMMON

enum row_type { ROW_STR, ROW_STRS, ROW_INT, ROW_BOOL, ROW_HASH, ROW_VERDICT, ROW_TIME };

enum { ROW_MAY = 0, ROW_MUST = 1 };

struct row {
    struct pst_str lead; /* ,"name": */
    struct pst_str name;
    uint16_t offset;
    uint16_t cap;
    uint8_t type;
    uint8_t must;
};

#define PST_RECORD(KIND, name, text) static const struct row rows_##name[] = {
#define PST_FIELD(kind, TYPE, name, NEED, cap, text)                                               \
    {PST_STR_INIT(",\"" #name "\":"),                                                              \
     PST_STR_INIT(#name),                                                                          \
     offsetof(struct pst_record_##kind, name),                                                     \
     (cap),                                                                                        \
     ROW_##TYPE,                                                                                   \
     ROW_##NEED},
#define PST_RECORD_END(KIND, name)                                                                 \
    }                                                                                              \
    ;
#include "tables/records.def"
#define PST_RECORD_COMMON
#include "tables/records.def"
#undef PST_RECORD_COMMON
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END

static const struct kind {
    struct pst_str name;
    const struct row *rows;
    size_t n;
} kinds[PST_RECORD_KINDS] = {
#define PST_RECORD(KIND, name, text)                                                               \
    [PST_RECORD_##KIND] = {PST_STR_INIT(#name), rows_##name, PST_LEN(rows_##name)},
#define PST_FIELD(kind, TYPE, name, NEED, cap, text)
#define PST_RECORD_END(KIND, name)
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
};

static const uint64_t int_max = ((uint64_t)1 << 53) - 1;

struct pst_str pst_record_kind_name(enum pst_record_kind kind)
{
    return kind < PST_RECORD_KINDS ? kinds[kind].name : PST_STR("unknown");
}

enum pst_record_kind pst_record_kind_of(struct pst_str name)
{
    for (size_t i = 0; i < PST_RECORD_KINDS; i++) {
        if (pst_str_eq(kinds[i].name, name)) {
            return (enum pst_record_kind)i;
        }
    }
    return PST_RECORD_KINDS;
}

struct pst_str pst_record_verdict_name(enum pst_record_verdict verdict)
{
    switch (verdict) {
    case PST_VERDICT_ALLOW:
        return PST_STR("allow");
    case PST_VERDICT_AMEND:
        return PST_STR("amend");
    case PST_VERDICT_DENY:
        break;
    }
    return PST_STR("deny");
}

/* --- values ------------------------------------------------------------------------------- */

/* Eight bytes at once: one of them is below `low` (at most 0x80). */
static uint64_t any_below(uint64_t word, uint64_t low)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (word - ones * low) & ~word & (ones << 7);
}

/* ASCII that needs no escape: nearly every text of a record is. */
static bool is_plain(struct pst_str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, &s.p[i], sizeof word);
        uint64_t special = (word & (ones << 7)) | any_below(word, 0x20) |
                           any_below(word ^ (ones * '"'), 1) | any_below(word ^ (ones * '\\'), 1);
        if (special != 0) {
            return false;
        }
    }
    for (; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* The JSON text of one character, at most 6 bytes; RFC 8785 §3.2.2.2. */
static size_t escape(uint32_t cp, uint8_t ret[6])
{
    static const char letters[] = "btn?fr"; /* 8-13; 11 has no letter */
    if (cp >= 0x20) {
        if (cp == '"' || cp == '\\') {
            ret[0] = '\\';
            ret[1] = (uint8_t)cp;
            return 2;
        }
        return pst_utf8_put(cp, ret);
    }
    ret[0] = '\\';
    if (cp >= 8 && cp <= 13 && cp != 11) {
        ret[1] = (uint8_t)letters[cp - 8];
        return 2;
    }
    ret[1] = 'u';
    ret[2] = '0';
    ret[3] = '0';
    uint8_t byte = (uint8_t)cp;
    char hex[2];
    pst_hex_put(&byte, 1, hex);
    ret[4] = (uint8_t)hex[0];
    ret[5] = (uint8_t)hex[1];
    return 6;
}

/* Returns false when the text was cut or repaired. */
static bool put_str(struct pst_buf *out, struct pst_str s, size_t cap)
{
    if (s.n + 2 <= cap && is_plain(s)) { /* nearly always */
        uint8_t *room = pst_buf_room(out, s.n + 2);
        if (room != NULL) {
            room[0] = '"';
            if (s.n > 0) {
                memcpy(&room[1], s.p, s.n);
            }
            room[s.n + 1] = '"';
            pst_buf_added(out, s.n + 2);
        }
        return true;
    }
    pst_buf_byte(out, '"');
    bool whole = true;
    size_t used = 2; /* both quotes */
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = 0;
        size_t n = pst_utf8_get(pst_str_from(s, i), &cp);
        if (n == 0) {
            cp = 0xFFFD;
            n = 1;
            whole = false;
        }
        uint8_t text[6];
        size_t len = escape(cp, text);
        if (used + len > cap) {
            whole = false;
            break;
        }
        pst_buf_add(out, pst_str_of(text, len));
        used += len;
        i += n;
    }
    pst_buf_byte(out, '"');
    return whole;
}

static bool put_strs(struct pst_buf *out, struct pst_strs list, size_t cap)
{
    bool whole = true;
    size_t start = out->n;
    pst_buf_byte(out, '[');
    for (size_t i = 0; i < list.n && !out->failed; i++) {
        size_t before = out->n;
        if (i > 0) {
            pst_buf_byte(out, ',');
        }
        whole = put_str(out, list.p[i], PST_RECORD_ITEM_MAX) && whole;
        if (out->n - start + 1 > cap) {
            pst_buf_truncate(out, before);
            whole = false;
            break;
        }
    }
    pst_buf_byte(out, ']');
    return whole;
}

static bool put_int(struct pst_buf *out, uint64_t v)
{
    pst_buf_u64(out, v <= int_max ? v : int_max);
    return v <= int_max;
}

static bool put_hash(struct pst_buf *out, const uint8_t *hash)
{
    static const uint8_t none[32];
    char hex[66];
    hex[0] = '"';
    pst_hex_put(hash != NULL ? hash : none, 32, &hex[1]);
    hex[65] = '"';
    pst_buf_add(out, pst_str_of(hex, sizeof hex));
    return hash != NULL;
}

/* --- members ------------------------------------------------------------------------------ */

/* A member in hand: which row, and its value out of the struct. */
union value {
    struct pst_str str;
    struct pst_strs strs;
    uint64_t number;
    int64_t time;
    bool flag;
    const uint8_t *hash;
    enum pst_record_verdict verdict;
};

static bool fetch(const struct row *row, const uint8_t *from, union value *ret)
{
    const uint8_t *at = &from[row->offset];
    switch ((enum row_type)row->type) {
    case ROW_STR:
        memcpy(&ret->str, at, sizeof ret->str);
        return ret->str.n > 0;
    case ROW_STRS:
        memcpy(&ret->strs, at, sizeof ret->strs);
        return ret->strs.n > 0;
    case ROW_INT:
        memcpy(&ret->number, at, sizeof ret->number);
        return ret->number > 0;
    case ROW_BOOL:
        memcpy(&ret->flag, at, sizeof ret->flag);
        return ret->flag;
    case ROW_HASH:
        memcpy(&ret->hash, at, sizeof ret->hash);
        return ret->hash != NULL;
    case ROW_VERDICT:
        memcpy(&ret->verdict, at, sizeof ret->verdict);
        return true;
    case ROW_TIME:
        memcpy(&ret->time, at, sizeof ret->time);
        return true;
    }
    return false;
}

/* False when something was cut or repaired. */
static bool put_value(struct pst_buf *out, const struct row *row, const union value *v)
{
    char time[PST_TIME_CHARS];
    switch ((enum row_type)row->type) {
    case ROW_STR:
        return put_str(out, v->str, row->cap);
    case ROW_STRS:
        return put_strs(out, v->strs, row->cap);
    case ROW_INT:
        return put_int(out, v->number);
    case ROW_BOOL:
        pst_buf_add(out, v->flag ? PST_STR("true") : PST_STR("false"));
        return true;
    case ROW_HASH:
        return put_hash(out, v->hash);
    case ROW_VERDICT:
        return put_str(out, pst_record_verdict_name(v->verdict), PST_RECORD_ITEM_MAX);
    case ROW_TIME:
        pst_time_put(v->time, time);
        return put_str(out, pst_str_of(time, sizeof time), PST_RECORD_ITEM_MAX);
    }
    return false;
}

struct lossy {
    struct pst_str names[PST_RECORD_FIELDS_MAX];
    size_t n;
};

/* Order of names: the first letter decides nearly always, and this runs for every member. */
static bool before(struct pst_str a, struct pst_str b)
{
    return a.p[0] != b.p[0] ? a.p[0] < b.p[0] : pst_str_cmp(a, b) < 0;
}

/* Merges the common members into the kind's own; both are in order. */
static void put_members(struct pst_buf *out, const struct kind *kind, const uint8_t *own,
                        const struct pst_record_common *common, struct lossy *ret_lossy)
{
    size_t i = 0, k = 0;
    bool first = true;
    ret_lossy->n = 0;
    while (i < kind->n || k < PST_LEN(rows_common)) {
        bool take_own = k == PST_LEN(rows_common) ||
                        (i < kind->n && before(kind->rows[i].name, rows_common[k].name));
        const struct row *row = take_own ? &kind->rows[i++] : &rows_common[k++];
        union value value;
        if (!fetch(row, take_own ? own : (const uint8_t *)common, &value) && !row->must) {
            continue;
        }
        pst_buf_add(out, first ? pst_str_from(row->lead, 1) : row->lead);
        first = false;
        if (!put_value(out, row, &value) && ret_lossy->n < PST_LEN(ret_lossy->names)) {
            ret_lossy->names[ret_lossy->n++] = row->name;
        }
    }
}

enum pst_status pst_record_put(struct pst_buf *out, const struct pst_record *record, uint64_t seq,
                               bool *ret_lossy, struct pst_err *err)
{
    PST_BUG_ON(record->kind >= PST_RECORD_KINDS);
    const struct kind *kind = &kinds[record->kind];
    struct pst_record_common common = {
        .kind = kind->name,
        .request = record->request,
        .sandbox = record->sandbox,
        .seq = seq,
        .ts = record->ts_ns,
        .v = PST_RECORD_VERSION,
    };
    const uint8_t *own = (const uint8_t *)&record->decision; /* every member of the union */
    const size_t start = out->n;
    PST_UNINIT struct lossy lossy;
    pst_buf_byte(out, '{');
    put_members(out, kind, own, &common, &lossy);
    if (lossy.n > 0) {
        /* Rare: "lossy" stands before members that are not known yet, so write it all again. */
        PST_UNINIT struct lossy same;
        pst_buf_truncate(out, start);
        common.lossy = (struct pst_strs){lossy.names, lossy.n};
        pst_buf_byte(out, '{');
        put_members(out, kind, own, &common, &same);
    }
    pst_buf_byte(out, '}');
    if (out->failed) {
        pst_buf_truncate(out, start);
        return pst_fail(err, PST_E_NO_MEMORY, "no room for a %s record",
                        (const char *)kind->name.p);
    }
    PST_BUG_ON(out->n - start > PST_RECORD_MAX);
    if (ret_lossy != NULL) {
        *ret_lossy = lossy.n > 0;
    }
    return PST_OK;
}
