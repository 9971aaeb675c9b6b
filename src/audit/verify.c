#include "audit/verify.h"

#include "audit/header.h"
#include "audit/reader.h"
#include "base/check.h"
#include "base/enc.h"

#include <stdlib.h>

struct expectation {
    struct pst_checkpoint point;
    bool met;
};

struct pst_verify {
    struct pst_verify_options options;
    struct pst_segment_dec dec;
    struct pst_sha256 sha;
    struct pst_buf note; /* the note of a checkpoint, unescaped */
    struct pst_verify_report report;
    struct expectation expected[PST_VERIFY_EXPECT_MAX];
    size_t expected_n;
    uint64_t number;                              /* of the current or last segment */
    bool begun;                                   /* the current segment was counted */
    bool dead;                                    /* nothing more can be said */
    uint8_t chains[PST_VERIFY_LAG][PST_LOG_HASH]; /* after n records, at n modulo the length */
};

struct pst_verify *pst_verify_new(const struct pst_verify_options *options)
{
    struct pst_verify *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return NULL;
    }
    v->options = *options;
    pst_segment_dec_init(&v->dec);
    pst_buf_init(&v->note, PST_NOTE_MAX);
    if (pst_sha256_init(&v->sha, /* err= */ NULL) != PST_OK) {
        pst_verify_free(v);
        return NULL;
    }
    return v;
}

void pst_verify_free(struct pst_verify *v)
{
    if (v != NULL) {
        pst_segment_dec_release(&v->dec);
        pst_buf_release(&v->note);
        pst_sha256_release(&v->sha);
        free(v);
    }
}

bool pst_verify_expect(struct pst_verify *v, const struct pst_checkpoint *checkpoint)
{
    if (v->expected_n == PST_VERIFY_EXPECT_MAX) {
        return false;
    }
    v->expected[v->expected_n++] = (struct expectation){.point = *checkpoint};
    return true;
}

/* Notes a fault; the first one is kept. Always PST_ERR. */
static enum pst_status fault(struct pst_verify *v, enum pst_verify_fault what, uint64_t offset,
                             const struct pst_err *err)
{
    struct pst_verify_report *r = &v->report;
    if (r->faults++ == 0) {
        r->fault = what;
        r->fault_segment = r->segments;
        r->fault_offset = offset;
        if (err != NULL) {
            r->err = *err;
        } else {
            (void)pst_fail(&r->err, PST_E_SYNTAX, "%s",
                           (const char *)pst_verify_fault_text(what).p);
        }
    }
    return PST_ERR;
}

/* The same where everything behind would only be noise. */
static enum pst_status fatal(struct pst_verify *v, enum pst_verify_fault what, uint64_t offset,
                             const struct pst_err *err)
{
    v->dead = true;
    return fault(v, what, offset, err);
}

/* The chain has reached a new length: remember it, and look whether somebody knows better. */
static void reached(struct pst_verify *v, uint64_t offset)
{
    const struct pst_log *log = &v->report.log;
    memcpy(v->chains[log->seq % PST_VERIFY_LAG], log->chain, PST_LOG_HASH);
    for (size_t i = 0; i < v->expected_n; i++) {
        struct expectation *e = &v->expected[i];
        if (e->met || e->point.records != log->seq) {
            continue;
        }
        e->met = true;
        if (!pst_log_origin_eq(&e->point.origin, &log->origin) ||
            memcmp(e->point.head, log->chain, PST_LOG_HASH) != 0) {
            struct pst_err err = {0};
            (void)pst_fail(&err, PST_E_SYNTAX,
                           "the given checkpoint over %llu records names another history",
                           (unsigned long long)log->seq);
            (void)fault(v, PST_FAULT_EXPECTED, offset, &err);
        }
    }
}

/* --- segments ----------------------------------------------------------------------------- */

static enum pst_status on_head(struct pst_verify *v, const struct pst_segment_head *head)
{
    struct pst_log *log = &v->report.log;
    if (v->report.segments > 1) {
        bool follows = head->number == v->number + 1 && head->first_seq == log->seq &&
                       memcmp(head->prev, log->chain, PST_LOG_HASH) == 0 &&
                       memcmp(head->log_id, log->log_id, PST_LOG_ID) == 0 &&
                       pst_log_origin_eq(&head->origin, &log->origin);
        v->number = head->number;
        return follows ? PST_OK : fatal(v, PST_FAULT_LINK, 0, NULL);
    }
    v->number = head->number;
    v->report.first_seq = head->first_seq;
    log->seq = head->first_seq;
    log->origin = head->origin;
    memcpy(log->chain, head->prev, PST_LOG_HASH);
    memcpy(log->log_id, head->log_id, PST_LOG_ID);
    if (head->number == 1) {
        uint8_t genesis[PST_LOG_HASH];
        pst_log_genesis(head->log_id, pst_log_origin_str(&head->origin), genesis);
        if (head->first_seq != 0 || memcmp(head->prev, genesis, PST_LOG_HASH) != 0) {
            return fatal(v, PST_FAULT_LINK, 0, NULL);
        }
    } else if (!v->options.later_start) {
        return fatal(v, PST_FAULT_START, 0, NULL);
    }
    reached(v, 0);
    return PST_OK;
}

/* --- records ------------------------------------------------------------------------------ */

/* The members of a record that matter here. */
struct seen {
    bool seq_set, ts_set, records_set, checkpoint;
    uint64_t seq, records;
    int64_t ts;
    struct pst_str kind, head, note; /* raw */
};

static void see(struct seen *s, const struct pst_reader_field *f)
{
    bool is_str = f->type == PST_READER_STR, is_int = f->type == PST_READER_INT;
    if (is_int && pst_str_eq(f->name, PST_STR("seq"))) {
        s->seq_set = true;
        s->seq = f->number;
    } else if (is_int && pst_str_eq(f->name, PST_STR("records"))) {
        s->records_set = true;
        s->records = f->number;
    } else if (is_str && pst_str_eq(f->name, PST_STR("ts"))) {
        s->ts_set = pst_reader_time(f->raw, &s->ts);
    } else if (is_str && pst_str_eq(f->name, PST_STR("kind"))) {
        s->kind = f->raw;
        s->checkpoint = pst_reader_eq(f->raw, PST_STR("checkpoint"));
    } else if (is_str && pst_str_eq(f->name, PST_STR("head"))) {
        s->head = f->raw;
    } else if (is_str && pst_str_eq(f->name, PST_STR("note"))) {
        s->note = f->raw;
    }
}

/* What the record says of itself, the note says, and the chain says must be one. */
static enum pst_status checkpoint_agrees(struct pst_verify *v, const struct seen *s,
                                         struct pst_note *ret_note, struct pst_err *err)
{
    const struct pst_log *log = &v->report.log;
    struct pst_checkpoint point;
    uint8_t head[PST_LOG_HASH];
    if (!s->records_set || s->head.n != 2 * PST_LOG_HASH ||
        !pst_hex_get(s->head, head, PST_LOG_HASH)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint record is not complete");
    }
    pst_buf_clear(&v->note);
    if (!pst_reader_plain(s->note, &v->note)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's note is too long");
    }
    if (pst_note_parse(pst_buf_str(&v->note), ret_note, err) != PST_OK ||
        pst_checkpoint_parse(ret_note->text, &point, err) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_log_origin_eq(&point.origin, &log->origin)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint is for another log");
    }
    if (point.records != s->records || memcmp(point.head, head, PST_LOG_HASH) != 0) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's note and its record disagree");
    }
    if (s->records > log->seq || log->seq - s->records >= PST_VERIFY_LAG) {
        return pst_fail(err, PST_E_SYNTAX,
                        "the checkpoint covers records that it does not stand behind");
    }
    if (s->records < v->report.first_seq) {
        return PST_OK; /* what it covers was not given */
    }
    if (memcmp(head, v->chains[s->records % PST_VERIFY_LAG], PST_LOG_HASH) != 0) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's hash is not that of the records");
    }
    return PST_OK;
}

static void on_checkpoint(struct pst_verify *v, const struct seen *s, uint64_t offset)
{
    struct pst_verify_report *r = &v->report;
    struct pst_err err = {0};
    struct pst_note note;
    if (checkpoint_agrees(v, s, &note, &err) != PST_OK) {
        r->checkpoints_bad++;
        (void)fault(v, PST_FAULT_CHECKPOINT, offset, &err);
        return;
    }
    if (v->options.key == NULL) {
        r->checkpoints_unchecked++;
    } else if (pst_note_verify(&note, v->options.key, &err) != PST_OK) {
        r->checkpoints_bad++;
        (void)fault(v, PST_FAULT_SIGNATURE, offset, &err);
        return;
    } else {
        r->checkpoints_good++;
    }
    r->covered = s->records > r->covered ? s->records : r->covered;
}

static void on_time(struct pst_verify *v, int64_t ts, uint64_t offset)
{
    struct pst_verify_report *r = &v->report;
    int64_t limit;
    if (r->records == 0) {
        r->first_ts_ns = ts;
    } else if (!pst_sub_i64(r->last_ts_ns, v->options.back_ns, &limit) || ts < limit) {
        (void)fault(v, PST_FAULT_TIME, offset, NULL);
    }
    r->last_ts_ns = ts;
}

static enum pst_status on_record(struct pst_verify *v, const struct pst_segment_item *item)
{
    struct pst_log *log = &v->report.log;
    struct pst_reader reader;
    struct pst_reader_field field;
    struct pst_err err = {0};
    struct seen seen = {0};
    enum pst_status st;
    pst_reader_init(&reader, item->json);
    while ((st = pst_reader_next(&reader, &field, &err)) == PST_OK) {
        see(&seen, &field);
    }
    if (st == PST_ERR) {
        return fatal(v, PST_FAULT_RECORD, item->offset, &err);
    }
    if (!seen.seq_set || !seen.ts_set || seen.kind.n == 0) {
        return fatal(v, PST_FAULT_RECORD, item->offset, NULL);
    }
    if (seen.seq != log->seq) {
        (void)pst_fail(&err, PST_E_SYNTAX, "record %llu stands where record %llu belongs",
                       (unsigned long long)seen.seq, (unsigned long long)log->seq);
        return fatal(v, PST_FAULT_SEQ, item->offset, &err);
    }
    on_time(v, seen.ts, item->offset);
    if (seen.checkpoint) {
        on_checkpoint(v, &seen, item->offset);
    }
    uint8_t leaf[PST_LOG_HASH];
    pst_log_leaf(&v->sha, item->json, leaf);
    pst_log_link(&v->sha, log->chain, leaf, log->chain);
    log->seq++;
    v->report.records++;
    reached(v, item->offset);
    return PST_OK;
}

/* --- driver ------------------------------------------------------------------------------- */

static void open_segment(struct pst_verify *v)
{
    if (!v->begun) {
        v->report.segments++;
        v->begun = true;
    }
}

enum pst_status pst_verify_feed(struct pst_verify *v, struct pst_str bytes)
{
    struct pst_cur in = pst_cur_of(bytes);
    struct pst_segment_item item;
    struct pst_err err = {0};
    enum pst_status st;
    if (v->dead) {
        return PST_ERR;
    }
    open_segment(v);
    v->report.bytes += bytes.n;
    while ((st = pst_segment_next(&v->dec, &in, &item, &err)) == PST_OK) {
        st = item.type == PST_SEGMENT_HEAD ? on_head(v, item.head) : on_record(v, &item);
        if (st != PST_OK) {
            return st;
        }
    }
    if (st == PST_ERR) {
        return fatal(v, err.code == PST_E_NO_MEMORY ? PST_FAULT_MEMORY : PST_FAULT_HEADER,
                     v->dec.frame_at, &err);
    }
    return PST_OK;
}

enum pst_status pst_verify_next(struct pst_verify *v)
{
    struct pst_verify_report *r = &v->report;
    struct pst_err err = {0};
    if (v->dead) {
        return PST_ERR;
    }
    open_segment(v);
    if (pst_segment_finish(&v->dec, &r->end, &err) != PST_OK) {
        return fatal(v, PST_FAULT_HEADER, 0, &err);
    }
    if (r->end.tail != PST_TAIL_CLEAN) {
        (void)pst_fail(&err, PST_E_SYNTAX, "the segment's end is %s, %llu bytes behind the records",
                       (const char *)pst_segment_tail_name(r->end.tail).p,
                       (unsigned long long)(r->end.data_end > r->end.valid
                                                ? r->end.data_end - r->end.valid
                                                : 0));
        return fatal(v, PST_FAULT_TAIL, r->end.valid, &err);
    }
    pst_segment_dec_release(&v->dec);
    pst_segment_dec_init(&v->dec);
    v->begun = false;
    return PST_OK;
}

void pst_verify_finish(struct pst_verify *v, struct pst_verify_report *ret)
{
    struct pst_verify_report *r = &v->report;
    if (r->segments == 0) {
        (void)fault(v, PST_FAULT_EMPTY, 0, NULL);
    }
    for (size_t i = 0; i < v->expected_n; i++) {
        const struct expectation *e = &v->expected[i];
        if (e->met) {
            continue;
        }
        struct pst_err err = {0};
        (void)pst_fail(&err, PST_E_SYNTAX,
                       "the given checkpoint covers %llu records, of which record %llu on is %s",
                       (unsigned long long)e->point.records,
                       (unsigned long long)(e->point.records < r->first_seq ? 0 : r->log.seq),
                       e->point.records < r->first_seq ? "not given" : "missing");
        (void)fault(v, PST_FAULT_EXPECTED, v->dec.frame_at, &err);
    }
    r->ok = r->faults == 0;
    *ret = *r;
}

struct pst_str pst_verify_fault_text(enum pst_verify_fault fault)
{
    static const struct pst_str texts[] = {
        [PST_FAULT_NONE] = PST_STR_INIT("no fault"),
        [PST_FAULT_HEADER] = PST_STR_INIT("a segment's header is not valid"),
        [PST_FAULT_TAIL] = PST_STR_INIT("a segment does not end as it should"),
        [PST_FAULT_LINK] = PST_STR_INIT("a segment does not follow the one before it"),
        [PST_FAULT_RECORD] = PST_STR_INIT("a record is not in canonical form or not complete"),
        [PST_FAULT_SEQ] = PST_STR_INIT("a record is missing, repeated or out of order"),
        [PST_FAULT_TIME] = PST_STR_INIT("time went back"),
        [PST_FAULT_CHECKPOINT] = PST_STR_INIT("a checkpoint contradicts the records"),
        [PST_FAULT_SIGNATURE] = PST_STR_INIT("a checkpoint's signature is missing or wrong"),
        [PST_FAULT_EXPECTED] = PST_STR_INIT("the log contradicts the checkpoint that was given"),
        [PST_FAULT_START] = PST_STR_INIT("older segments are missing"),
        [PST_FAULT_EMPTY] = PST_STR_INIT("there is no segment"),
        [PST_FAULT_MEMORY] = PST_STR_INIT("memory failed"),
    };
    return (size_t)fault < PST_LEN(texts) ? texts[fault] : PST_STR("unknown fault");
}
