#include "audit/segment.h"

#include "audit/reader.h"

enum pst_status pst_recover_init(struct pst_recover *r, struct pst_err *err)
{
    *r = (struct pst_recover){0};
    pst_segment_dec_init(&r->dec);
    return pst_sha256_init(&r->sha, err);
}

void pst_recover_release(struct pst_recover *r)
{
    if (r != NULL) {
        pst_segment_dec_release(&r->dec);
        pst_sha256_release(&r->sha);
    }
}

static bool seq_of(struct pst_str json, uint64_t *ret)
{
    struct pst_reader reader;
    struct pst_reader_field field;
    bool found = false;
    enum pst_status st;
    pst_reader_init(&reader, json);
    while ((st = pst_reader_next(&reader, &field, /* err= */ NULL)) == PST_OK) {
        if (field.type == PST_READER_INT && pst_str_eq(field.name, PST_STR("seq"))) {
            *ret = field.number;
            found = true;
        }
    }
    return st == PST_AGAIN && found;
}

static void on_item(struct pst_recover *r, const struct pst_segment_item *item)
{
    uint8_t leaf[PST_LOG_HASH];
    uint64_t seq = 0;
    if (item->type == PST_SEGMENT_HEAD) {
        r->begun = true;
        r->log.seq = item->head->first_seq;
        r->log.origin = item->head->origin;
        memcpy(r->log.chain, item->head->prev, PST_LOG_HASH);
        memcpy(r->log.log_id, item->head->log_id, PST_LOG_ID);
        return;
    }
    if (r->chain_bad) {
        return;
    }
    if (!seq_of(item->json, &seq) || seq != r->log.seq) {
        r->chain_bad = true;
        r->bad_at = item->offset;
        return;
    }
    pst_log_leaf(&r->sha, item->json, leaf);
    pst_log_link(&r->sha, r->log.chain, leaf, r->log.chain);
    r->log.seq++;
}

/* A header that cannot be read: what matters then is whether anything stands behind it. */
static void on_headless(struct pst_recover *r, struct pst_str rest)
{
    for (size_t i = 0; i < rest.n && !r->data_behind; i++) {
        r->data_behind = rest.p[i] != 0;
    }
}

enum pst_status pst_recover_feed(struct pst_recover *r, struct pst_str bytes, struct pst_err *err)
{
    struct pst_cur in = pst_cur_of(bytes);
    struct pst_segment_item item;
    struct pst_err why = {0};
    enum pst_status st = PST_AGAIN;
    if (!r->headless) {
        while ((st = pst_segment_next(&r->dec, &in, &item, &why)) == PST_OK) {
            on_item(r, &item);
        }
    }
    if (st == PST_ERR && why.code == PST_E_NO_MEMORY) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to replay a segment");
    }
    r->headless = r->headless || st == PST_ERR;
    if (r->headless) {
        on_headless(r, pst_cur_rest(&in));
    }
    return PST_OK;
}

enum pst_status pst_recover_finish(struct pst_recover *r, struct pst_log *ret_log,
                                   struct pst_segment_end *ret_end, struct pst_err *err)
{
    struct pst_segment_end end;
    if (!r->begun) {
        return r->data_behind
                   ? pst_fail(err, PST_E_SYNTAX, "the segment's header is damaged")
                   : pst_fail(err, PST_E_NOT_FOUND, "the segment was created but never begun");
    }
    if (pst_segment_finish(&r->dec, &end, err) != PST_OK) {
        return PST_ERR;
    }
    if (r->chain_bad) {
        end.tail = PST_TAIL_CORRUPT;
        end.valid = r->bad_at;
    }
    *ret_log = r->log;
    *ret_end = end;
    return PST_OK;
}
