/* For tests of this module: a signing key, sample records and whole logs in memory. */
#ifndef PST_AUDIT_TEST_LOG_H
#define PST_AUDIT_TEST_LOG_H

#include "audit/note.h"
#include "audit/segment.h"
#include "crypto/sign.h"

#define TEST_ORIGIN "postern/test"
#define TEST_TS 1795592851123456000 /* 2026-11-25T07:47:31.123456Z */

enum { TEST_SEGMENT = PST_SEGMENT_MIN, TEST_SEGMENTS_MAX = 4 };

struct test_log {
    struct pst_log log;
    struct pst_sha256 sha;
    struct pst_key *secret;
    struct pst_note_key key;
    struct pst_buf seg[TEST_SEGMENTS_MAX]; /* whole files, padded with zeros by test_log_pad */
    size_t used[TEST_SEGMENTS_MAX];        /* bytes before the padding */
    size_t n;
};

void test_log_init(struct test_log *t);
void test_log_release(struct test_log *t);
/* Begins the next segment; pads the one before. */
void test_log_begin(struct test_log *t);
void test_log_pad(struct test_log *t);
/* Appends; `seconds` behind TEST_TS. */
void test_log_decision(struct test_log *t, int seconds);
/* A checkpoint over what the log holds now (`wrong` spoils the signature). */
void test_log_checkpoint(struct test_log *t, int seconds, bool wrong);
void test_log_append(struct test_log *t, const struct pst_record *record);
/* The note over the log as it is. */
void test_log_note(struct test_log *t, struct pst_buf *out, bool wrong);

/* A decision with every kind of member in use. */
struct pst_record test_decision(void);

#endif
