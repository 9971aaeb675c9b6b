#include "audit/segment.h"

#include "audit/header.h"
#include "base/enc.h"

enum {
    AWAIT_HEAD = 0,
    AWAIT_FRAME,
    SCAN, /* behind the valid prefix: only looking at what is there */
    DEAD, /* the header was not valid */
    SECTOR = 512,
};

void pst_segment_dec_init(struct pst_segment_dec *d)
{
    *d = (struct pst_segment_dec){0};
    pst_buf_init(&d->held, PST_SEGMENT_FRAME_MAX);
}

void pst_segment_dec_release(struct pst_segment_dec *d)
{
    if (d != NULL) {
        pst_buf_release(&d->held);
    }
}

/* --- behind the valid prefix -------------------------------------------------------------- */

static bool all_zero(struct pst_str s)
{
    return s.n == 0 || (s.p[0] == 0 && memcmp(s.p, &s.p[1], s.n - 1) == 0);
}

/* A run of zeros covers a sector that was meant to be written: one that lies whole behind the valid
 * prefix, or the rest of the sector in which the prefix ends. Fewer than four bytes there could be
 * the zeros of a damaged length, so they prove nothing. */
static bool is_hole(uint64_t frame_at, uint64_t from, uint64_t to)
{
    if (from <= frame_at) {
        uint64_t sector_end = frame_at / SECTOR * SECTOR + SECTOR;
        if (sector_end - frame_at >= 4 && to >= sector_end) {
            return true;
        }
    }
    uint64_t first = (from + SECTOR - 1) / SECTOR * SECTOR;
    return to >= first + SECTOR;
}

static void scan(struct pst_segment_dec *d, struct pst_str s)
{
    if (all_zero(s)) {
        d->zeros += s.n;
        d->at += s.n;
        return;
    }
    for (size_t i = 0; i < s.n; i++, d->at++) {
        if (s.p[i] == 0) {
            d->zeros++;
            continue;
        }
        d->hole = d->hole || is_hole(d->frame_at, d->at - d->zeros, d->at);
        d->after = d->after || d->at >= d->frame_end;
        d->zeros = 0;
        d->data_end = d->at + 1;
    }
}

/* Whether a write of a whole frame, cut at some byte, can have left this over zeros: some bytes of
 * JSON (which holds no byte below 0x20), then zeros; or all of them and a part of the checksum.
 * `frame` may be cut itself, by the end of the file. */
static bool is_cut(struct pst_str frame, size_t length)
{
    struct pst_str json = pst_str_cut(frame, 4, length);
    size_t text = 0;
    while (text < json.n && json.p[text] >= 0x20) {
        text++;
    }
    if (text > 0 && json.p[0] != '{') {
        return false;
    }
    if (text < length) {
        return all_zero(pst_str_from(frame, 4 + text));
    }
    struct pst_str sum = pst_str_from(frame, 4 + length);
    uint8_t right[4];
    pst_put_u32le(right, pst_crc32c(0, pst_str_cut(frame, 0, 4 + length)));
    size_t same = 0;
    while (same < sum.n && same < 3 && sum.p[same] == right[same]) {
        same++;
    }
    return all_zero(pst_str_from(sum, same));
}

/* From here on nothing is believed. `frame` is all that was taken from frame_at on. */
static void give_up(struct pst_segment_dec *d, struct pst_str frame, uint64_t claimed, bool bad,
                    bool cut)
{
    d->state = SCAN;
    d->bad = bad;
    d->cut = cut;
    d->frame_end = d->frame_at + claimed;
    d->data_end = d->frame_at;
    d->zeros = 0;
    d->at = d->frame_at;
    scan(d, frame);
    pst_buf_clear(&d->held);
}

/* --- frames ------------------------------------------------------------------------------- */

/* A view of `want` bytes from frame_at on: out of the input when they lie there in one piece,
 * otherwise gathered. PST_AGAIN: not there yet, everything was taken. */
static enum pst_status gather(struct pst_segment_dec *d, struct pst_cur *in, size_t want,
                              struct pst_str *ret, struct pst_err *err)
{
    if (d->held.n == 0 && pst_cur_left(in) >= want) {
        *ret = pst_str_cut(in->in, in->at, want); /* not taken: the caller skips what it uses */
        return PST_OK;
    }
    if (d->held.n < want) {
        size_t n = want - d->held.n;
        n = n < pst_cur_left(in) ? n : pst_cur_left(in);
        if (!pst_buf_add(&d->held, pst_str_cut(in->in, in->at, n))) {
            return pst_fail(err, PST_E_NO_MEMORY, "no memory to read a record");
        }
        pst_cur_skip(in, n);
        d->at += n;
    }
    *ret = pst_buf_str(&d->held);
    return d->held.n < want ? PST_AGAIN : PST_OK;
}

/* Takes what gather has shown: bytes of the input that were only looked at. */
static void taken(struct pst_segment_dec *d, struct pst_cur *in, size_t n)
{
    if (d->held.n == 0) {
        pst_cur_skip(in, n);
        d->at += n;
    }
}

static enum pst_status next_head(struct pst_segment_dec *d, struct pst_cur *in,
                                 struct pst_segment_item *ret, struct pst_err *err)
{
    struct pst_str bytes;
    enum pst_status st = gather(d, in, PST_SEGMENT_HEADER, &bytes, err);
    if (st != PST_OK) {
        return st;
    }
    st = pst_segment_head_read(bytes, &d->head, err);
    d->state = st == PST_OK ? AWAIT_FRAME : DEAD;
    taken(d, in, PST_SEGMENT_HEADER);
    pst_buf_clear(&d->held);
    d->frame_at = st == PST_OK ? PST_SEGMENT_HEADER : 0;
    *ret = (struct pst_segment_item){.type = PST_SEGMENT_HEAD, .head = &d->head};
    return st;
}

static enum pst_status next_frame(struct pst_segment_dec *d, struct pst_cur *in,
                                  struct pst_segment_item *ret, struct pst_err *err)
{
    struct pst_str bytes;
    if (d->done) { /* the record given out last was in `held` */
        pst_buf_clear(&d->held);
        d->done = false;
    }
    enum pst_status st = gather(d, in, 4, &bytes, err);
    if (st != PST_OK) {
        return st;
    }
    struct pst_cur c = pst_cur_of(bytes);
    uint32_t length = 0;
    (void)pst_cur_u32le(&c, &length);
    if (length == 0 || length > PST_RECORD_MAX) {
        taken(d, in, 4);
        give_up(d, pst_str_cut(bytes, 0, 4), 4, length != 0, false);
        return PST_AGAIN;
    }
    size_t whole = 4 + (size_t)length + 4;
    st = gather(d, in, whole, &bytes, err);
    if (st != PST_OK) {
        return st;
    }
    taken(d, in, whole);
    c = pst_cur_of(pst_str_from(bytes, 4 + length));
    uint32_t crc = 0;
    (void)pst_cur_u32le(&c, &crc);
    if (crc != pst_crc32c(0, pst_str_cut(bytes, 0, 4 + length))) {
        give_up(d, bytes, whole, true, is_cut(bytes, length));
        return PST_AGAIN;
    }
    *ret = (struct pst_segment_item){
        .type = PST_SEGMENT_RECORD, .offset = d->frame_at, .json = pst_str_cut(bytes, 4, length)};
    d->frame_at += whole;
    d->done = d->held.n > 0;
    return PST_OK;
}

enum pst_status pst_segment_next(struct pst_segment_dec *d, struct pst_cur *in,
                                 struct pst_segment_item *ret, struct pst_err *err)
{
    enum pst_status st = PST_AGAIN;
    if (d->state == DEAD) {
        return pst_fail(err, PST_E_SYNTAX, "the segment's header is not valid");
    }
    if (d->state == AWAIT_HEAD) {
        return next_head(d, in, ret, err);
    }
    if (d->state == AWAIT_FRAME) {
        st = next_frame(d, in, ret, err);
    }
    if (d->state == SCAN) {
        struct pst_str rest = pst_cur_rest(in);
        scan(d, rest);
        pst_cur_skip(in, rest.n);
    }
    return st;
}

static enum pst_segment_tail judge(const struct pst_segment_dec *d)
{
    bool data = d->data_end > d->frame_at;
    if (d->at > d->head.size || d->frame_at > d->head.size) {
        return PST_TAIL_CORRUPT;
    }
    if (!data && !d->bad) {
        return d->at < d->head.size ? PST_TAIL_SHORT : PST_TAIL_CLEAN;
    }
    if (d->cut && !d->after) {
        return PST_TAIL_TORN;
    }
    return d->hole ? PST_TAIL_HOLED : PST_TAIL_CORRUPT;
}

enum pst_status pst_segment_finish(struct pst_segment_dec *d, struct pst_segment_end *ret,
                                   struct pst_err *err)
{
    if (d->state == AWAIT_HEAD || d->state == DEAD) {
        return pst_fail(err, PST_E_SYNTAX, "the segment has no valid header");
    }
    if (d->done) {
        pst_buf_clear(&d->held);
        d->done = false;
    }
    if (d->state == AWAIT_FRAME) { /* the file ended at a frame's end or within a frame */
        uint8_t copy[4] = {0};
        struct pst_str part = pst_buf_str(&d->held);
        for (size_t i = 0; i < part.n && i < sizeof copy; i++) {
            copy[i] = part.p[i];
        }
        size_t length = (size_t)copy[0] | (size_t)copy[1] << 8;
        bool possible = copy[2] == 0 && copy[3] == 0 && !all_zero(part);
        give_up(d, part, part.n, !all_zero(part), possible && is_cut(part, length));
    }
    *ret = (struct pst_segment_end){
        .tail = judge(d), .valid = d->frame_at, .data_end = d->data_end, .file_size = d->at};
    return PST_OK;
}

struct pst_str pst_segment_tail_name(enum pst_segment_tail tail)
{
    switch (tail) {
    case PST_TAIL_CLEAN:
        return PST_STR("clean");
    case PST_TAIL_SHORT:
        return PST_STR("short");
    case PST_TAIL_TORN:
        return PST_STR("torn");
    case PST_TAIL_HOLED:
        return PST_STR("holed");
    case PST_TAIL_CORRUPT:
        break;
    }
    return PST_STR("corrupt");
}
