#include "audit/segment.h"

#include "audit/header.h"
#include "base/enc.h"
#include "crypto/hash.h"

/* --- hashes ------------------------------------------------------------------------------- */

void pst_log_leaf(struct pst_sha256 *sha, struct pst_str json, uint8_t ret[PST_LOG_HASH])
{
    pst_sha256_clear(sha);
    pst_sha256_update(sha, PST_STR("\0"));
    pst_sha256_update(sha, json);
    pst_sha256_finish(sha, ret);
}

void pst_log_link(struct pst_sha256 *sha, const uint8_t chain[PST_LOG_HASH],
                  const uint8_t leaf[PST_LOG_HASH], uint8_t ret[PST_LOG_HASH])
{
    uint8_t in[1 + 2 * PST_LOG_HASH];
    in[0] = 0x01;
    memcpy(&in[1], chain, PST_LOG_HASH);
    memcpy(&in[1 + PST_LOG_HASH], leaf, PST_LOG_HASH);
    pst_sha256_once(sha, pst_str_of(in, sizeof in), ret);
}

void pst_log_genesis(const uint8_t log_id[PST_LOG_ID], struct pst_str origin,
                     uint8_t ret[PST_LOG_HASH])
{
    PST_BUG_ON(origin.n > PST_LOG_ORIGIN_MAX);
    uint8_t in[1 + PST_LOG_ID + PST_LOG_ORIGIN_MAX];
    in[0] = 0x02;
    memcpy(&in[1], log_id, PST_LOG_ID);
    if (origin.n > 0) {
        memcpy(&in[1 + PST_LOG_ID], origin.p, origin.n);
    }
    pst_sha256(pst_str_of(in, 1 + PST_LOG_ID + origin.n), ret);
}

/* --- header ------------------------------------------------------------------------------- */

/* Offsets; docs/evidence.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_HEADER = 12,
    AT_NUMBER = 16,
    AT_FIRST_SEQ = 24,
    AT_SIZE = 32,
    AT_CREATED = 40,
    AT_PREV = 48,
    AT_LOG_ID = 80,
    AT_ORIGIN = 96,
    AT_REST = AT_ORIGIN + PST_LOG_ORIGIN_MAX,
    AT_CRC = PST_SEGMENT_HEADER - 4,
};
#define MAGIC PST_STR("PSTNLOG\n")

bool pst_log_origin_set(struct pst_log_origin *origin, struct pst_str text)
{
    if (text.n == 0 || text.n > PST_LOG_ORIGIN_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= 0x20 || text.p[i] >= 0x7f || text.p[i] == '+') {
            return false;
        }
    }
    *origin = (struct pst_log_origin){.n = text.n};
    memcpy(origin->p, text.p, text.n);
    return true;
}

static enum pst_status check_size(uint64_t size, struct pst_err *err)
{
    if (size < PST_SEGMENT_MIN || size > PST_SEGMENT_MAX) {
        return pst_fail(err, PST_E_LIMIT, "a segment has %d bytes to 4 GiB", PST_SEGMENT_MIN);
    }
    return PST_OK;
}

static bool zeros(struct pst_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != 0) {
            return false;
        }
    }
    return true;
}

enum pst_status pst_segment_head_read(struct pst_str in, struct pst_segment_head *ret,
                                      struct pst_err *err)
{
    struct pst_segment_head head = {0};
    struct pst_cur c = pst_cur_of(in);
    struct pst_str prev, id, origin, rest;
    uint32_t version, length, crc;
    uint64_t created;
    if (!pst_cur_lit(&c, MAGIC)) {
        return pst_fail(err, PST_E_SYNTAX, "this is not a log segment");
    }
    if (!pst_cur_u32le(&c, &version) || !pst_cur_u32le(&c, &length) ||
        !pst_cur_u64le(&c, &head.number) || !pst_cur_u64le(&c, &head.first_seq) ||
        !pst_cur_u64le(&c, &head.size) || !pst_cur_u64le(&c, &created) ||
        !pst_cur_take(&c, PST_LOG_HASH, &prev) || !pst_cur_take(&c, PST_LOG_ID, &id) ||
        !pst_cur_take(&c, PST_LOG_ORIGIN_MAX, &origin) ||
        !pst_cur_take(&c, AT_CRC - AT_REST, &rest) || !pst_cur_u32le(&c, &crc)) {
        return pst_fail(err, PST_E_SYNTAX, "the segment ends within its header");
    }
    if (crc != pst_crc32c(0, pst_str_cut(in, 0, AT_CRC))) {
        return pst_fail(err, PST_E_SYNTAX, "the checksum of the segment's header is wrong");
    }
    if (version != PST_SEGMENT_VERSION || length != PST_SEGMENT_HEADER) {
        return pst_fail(err, PST_E_SYNTAX, "segment version %u is not known", version);
    }
    size_t n = pst_str_find_byte(origin, 0);
    n = n == PST_NPOS ? origin.n : n;
    if (!zeros(pst_str_from(origin, n)) || !zeros(rest) || head.number == 0 ||
        created > INT64_MAX || check_size(head.size, NULL) != PST_OK ||
        !pst_log_origin_set(&head.origin, pst_str_cut(origin, 0, n))) {
        return pst_fail(err, PST_E_SYNTAX, "a value in the segment's header is not valid");
    }
    head.created_ns = (int64_t)created;
    memcpy(head.prev, prev.p, sizeof head.prev);
    memcpy(head.log_id, id.p, sizeof head.log_id);
    *ret = head;
    return PST_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

enum pst_status pst_log_init(struct pst_log *log, const uint8_t log_id[PST_LOG_ID],
                             struct pst_str origin, struct pst_err *err)
{
    struct pst_log fresh = {0};
    if (!pst_log_origin_set(&fresh.origin, origin)) {
        return pst_fail(err, PST_E_CONFIG,
                        "a log's origin is 1 to %d printable ASCII characters without space and +",
                        PST_LOG_ORIGIN_MAX);
    }
    memcpy(fresh.log_id, log_id, sizeof fresh.log_id);
    pst_log_genesis(log_id, origin, fresh.chain);
    *log = fresh;
    return PST_OK;
}

enum pst_status pst_segment_begin(const struct pst_log *log, uint64_t number, uint64_t size,
                                  int64_t created_ns, struct pst_buf *out, struct pst_err *err)
{
    uint8_t h[PST_SEGMENT_HEADER] = {0};
    PST_BUG_ON(number == 0 || created_ns < 0);
    if (check_size(size, err) != PST_OK) {
        return PST_ERR;
    }
    memcpy(&h[AT_MAGIC], MAGIC.p, MAGIC.n);
    pst_put_u32le(&h[AT_VERSION], PST_SEGMENT_VERSION);
    pst_put_u32le(&h[AT_HEADER], PST_SEGMENT_HEADER);
    pst_put_u64le(&h[AT_NUMBER], number);
    pst_put_u64le(&h[AT_FIRST_SEQ], log->seq);
    pst_put_u64le(&h[AT_SIZE], size);
    pst_put_u64le(&h[AT_CREATED], (uint64_t)created_ns);
    memcpy(&h[AT_PREV], log->chain, PST_LOG_HASH);
    memcpy(&h[AT_LOG_ID], log->log_id, PST_LOG_ID);
    memcpy(&h[AT_ORIGIN], log->origin.p, log->origin.n);
    pst_put_u32le(&h[AT_CRC], pst_crc32c(0, pst_str_of(h, AT_CRC)));
    if (!pst_buf_add(out, pst_str_of(h, sizeof h))) {
        return pst_fail(err, PST_E_NO_MEMORY, "no room for a segment's header");
    }
    return PST_OK;
}

enum pst_status pst_log_append(struct pst_log *log, struct pst_sha256 *sha,
                               const struct pst_record *record, struct pst_buf *out,
                               bool *ret_lossy, struct pst_err *err)
{
    const size_t start = out->n;
    uint8_t word[4] = {0};
    bool lossy = false;
    pst_buf_add(out, pst_str_of(word, sizeof word));
    if (pst_record_put(out, record, log->seq, &lossy, err) != PST_OK) {
        pst_buf_truncate(out, start);
        return PST_ERR;
    }
    size_t length = out->n - start - sizeof word;
    pst_put_u32le(&out->p[start], (uint32_t)length);
    pst_put_u32le(word, pst_crc32c(0, pst_str_cut(pst_buf_str(out), start, out->n - start)));
    if (!pst_buf_add(out, pst_str_of(word, sizeof word))) {
        pst_buf_truncate(out, start);
        return pst_fail(err, PST_E_NO_MEMORY, "no room for a record's frame");
    }
    /* The leaf is the hash of a zero byte and the JSON; the length field ends in that zero byte, as
     * no record reaches 2^24 bytes. */
    uint8_t leaf[PST_LOG_HASH];
    pst_sha256_once(sha, pst_str_cut(pst_buf_str(out), start + 3, 1 + length), leaf);
    pst_log_link(sha, log->chain, leaf, log->chain);
    log->seq++;
    if (ret_lossy != NULL) {
        *ret_lossy = lossy;
    }
    return PST_OK;
}
