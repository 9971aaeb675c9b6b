#include "audit/verify.h"

#include "audit/header.h"
#include "base/enc.h"
#include "cli/audit_line.h"
#include "cli/cmd_audit.h"
#include "wire/json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 5, TEXT_MAX = 65536 };

/* The first line of a file, without its newline. */
static enum pst_status read_key(const char *path, struct pst_note_key *ret, struct pst_err *err)
{
    struct pst_buf text;
    pst_buf_init(&text, TEXT_MAX);
    enum pst_status st = pst_audit_files_slurp(path, &text, err);
    if (st == PST_OK) {
        struct pst_str line = pst_buf_str(&text);
        line = pst_str_cut(line, 0, pst_str_find_byte(line, '\n'));
        st = pst_note_key_parse(ret, line, err);
    }
    pst_buf_release(&text);
    return st;
}

/* A checkpoint kept elsewhere: its signature is checked when there is a key. */
static enum pst_status read_checkpoint(const char *path, const struct pst_note_key *key,
                                       struct pst_checkpoint *ret, struct pst_err *err)
{
    struct pst_buf text;
    struct pst_note note;
    pst_buf_init(&text, PST_NOTE_MAX);
    enum pst_status st = pst_audit_files_slurp(path, &text, err);
    if (st == PST_OK) {
        st = pst_note_parse(pst_buf_str(&text), &note, err);
    }
    if (st == PST_OK && key != NULL) {
        st = pst_note_verify(&note, key, err);
    }
    if (st == PST_OK) {
        st = pst_checkpoint_parse(note.text, ret, err);
    }
    pst_buf_release(&text);
    return st;
}

/* A crash may leave the newest file without a header: created, never begun. */
static bool never_begun(const struct pst_audit_files *f)
{
    static const uint8_t zeros[PST_SEGMENT_HEADER];
    uint8_t head[PST_SEGMENT_HEADER];
    size_t n = 1;
    bool zero = false;
    int fd = pst_audit_files_open(f, f->numbers[f->n - 1], NULL);
    if (fd >= 0) {
        zero = pst_audit_files_read(fd, 0, head, sizeof head, &n, NULL) == PST_OK &&
               memcmp(head, zeros, n) == 0;
        close(fd);
    }
    return zero;
}

static enum pst_status feed_file(struct pst_verify *v, int fd, uint8_t *chunk, struct pst_err *err,
                                 bool *ret_go_on)
{
    size_t n = 1;
    for (uint64_t at = 0; n > 0; at += n) {
        if (pst_audit_files_read(fd, at, chunk, PST_AUDIT_CHUNK, &n, err) != PST_OK) {
            return PST_ERR;
        }
        if (n > 0 && pst_verify_feed(v, pst_str_of(chunk, n)) != PST_OK) {
            *ret_go_on = false;
            return PST_OK;
        }
    }
    *ret_go_on = pst_verify_next(v) == PST_OK;
    return PST_OK;
}

/* PST_ERR only when a file cannot be read; a broken log is in the report. */
static enum pst_status run(const struct pst_audit_files *f, struct pst_verify *v, size_t n,
                           struct pst_verify_report *ret, struct pst_err *err)
{
    uint8_t *chunk = malloc(PST_AUDIT_CHUNK);
    enum pst_status st = chunk != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "out of memory");
    bool go_on = true;
    for (size_t i = 0; st == PST_OK && go_on && i < n; i++) {
        int fd = pst_audit_files_open(f, f->numbers[i], err);
        st = fd >= 0 ? feed_file(v, fd, chunk, err, &go_on) : PST_ERR;
        if (fd >= 0) {
            close(fd);
        }
    }
    free(chunk);
    pst_verify_finish(v, ret);
    return st;
}

/* --- the verdict -------------------------------------------------------------------------- */

struct verdict {
    struct pst_verify_report report;
    char file[32]; /* where the first fault is */
    bool keyed;
    bool expected;  /* a checkpoint from elsewhere was given */
    bool not_begun; /* the newest file was left out */
    bool newest;    /* the first fault is in the newest segment */
    struct pst_note_key key;
};

static void print_text(const struct verdict *v)
{
    const struct pst_verify_report *r = &v->report;
    char hex[2 * PST_LOG_HASH + 1] = {0}, first[PST_TIME_CHARS + 1] = {0},
                                last[PST_TIME_CHARS + 1] = {0};
    pst_hex_put(r->log.chain, PST_LOG_HASH, hex);
    pst_time_put(r->first_ts_ns, first);
    pst_time_put(r->last_ts_ns, last);
    struct pst_str origin = pst_log_origin_str(&r->log.origin);
    printf("log       %.*s\n", PST_FMT(origin));
    printf("segments  %llu, %llu bytes%s\n", (unsigned long long)r->segments,
           (unsigned long long)r->bytes,
           v->not_begun ? "; the newest file was created and never begun" : "");
    printf("records   %llu", (unsigned long long)r->records);
    if (r->records > 0) {
        printf(" (%llu to %llu), %s to %s", (unsigned long long)r->first_seq,
               (unsigned long long)(r->log.seq - 1), first, last);
    }
    printf("\nchain     %s\n", hex);
    if (v->keyed) {
        printf("signed    %llu checkpoints good, %llu bad; %llu of %llu records are covered\n",
               (unsigned long long)r->checkpoints_good, (unsigned long long)r->checkpoints_bad,
               (unsigned long long)r->covered, (unsigned long long)r->log.seq);
    } else {
        printf("signed    not checked: no verifier key (%llu checkpoints agree with the records)\n",
               (unsigned long long)r->checkpoints_unchecked);
    }
    if (r->ok) {
        printf("verdict   GOOD: every record is whole, in its place, and chained%s\n",
               v->keyed ? "" : "; signatures were not checked");
        if (!v->expected) {
            printf("          (whether the end was removed shows only with --checkpoint)\n");
        }
        return;
    }
    struct pst_buf text;
    pst_buf_init(&text, 4096);
    pst_audit_line_safe(&text, pst_str_c(r->err.text));
    printf("verdict   BROKEN: %.*s\n          %s%s byte %llu: %.*s\n",
           PST_FMT(pst_verify_fault_text(r->fault)), v->file, v->file[0] != 0 ? "," : "",
           (unsigned long long)r->fault_offset, PST_FMT(pst_buf_str(&text)));
    pst_buf_release(&text);
}

static void json_hex(struct pst_json_out *o, const char *key, const uint8_t *bytes, size_t n)
{
    char hex[2 * PST_LOG_HASH];
    pst_hex_put(bytes, n, hex);
    pst_json_out_kstr(o, key, pst_str_of(hex, 2 * n));
}

static void print_json(const struct verdict *v)
{
    const struct pst_verify_report *r = &v->report;
    struct pst_buf b;
    struct pst_json_out o;
    pst_buf_init(&b, TEXT_MAX);
    pst_json_out_init(&o, &b);
    pst_json_out_object(&o);
    pst_json_out_kbool(&o, "ok", r->ok);
    pst_json_out_kstr(&o, "origin", pst_log_origin_str(&r->log.origin));
    pst_json_out_ku64(&o, "segments", r->segments);
    pst_json_out_ku64(&o, "bytes", r->bytes);
    pst_json_out_ku64(&o, "records", r->records);
    pst_json_out_ku64(&o, "first_seq", r->first_seq);
    pst_json_out_ku64(&o, "next_seq", r->log.seq);
    json_hex(&o, "chain", r->log.chain, PST_LOG_HASH);
    pst_json_out_kbool(&o, "signatures_checked", v->keyed);
    pst_json_out_ku64(&o, "checkpoints_good", r->checkpoints_good);
    pst_json_out_ku64(&o, "checkpoints_unchecked", r->checkpoints_unchecked);
    pst_json_out_ku64(&o, "checkpoints_bad", r->checkpoints_bad);
    pst_json_out_ku64(&o, "covered", r->covered);
    if (!r->ok) {
        pst_json_out_kstr(&o, "fault", pst_verify_fault_text(r->fault));
        pst_json_out_kstr(&o, "detail", pst_str_c(r->err.text));
        pst_json_out_kstr(&o, "file", pst_str_c(v->file));
        pst_json_out_ku64(&o, "offset", r->fault_offset);
    }
    pst_json_out_end(&o);
    if (pst_json_out_ok(&o)) {
        pst_buf_byte(&b, '\n');
        (void)fwrite(b.p, 1, b.n, stdout);
    }
    pst_buf_release(&b);
}

/* --- the command -------------------------------------------------------------------------- */

static enum pst_status attempt(const struct pst_audit_args *args, struct verdict *v,
                               const struct pst_checkpoint *expected, struct pst_err *err)
{
    struct pst_audit_files f;
    const struct pst_verify_options options = {.key = v->keyed ? &v->key : NULL,
                                               .back_ns = args->back_ns,
                                               .later_start = args->later_start};
    if (pst_audit_files_list(&f, args->log, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_verify *verify = pst_verify_new(&options);
    enum pst_status st = PST_ERR;
    if (verify == NULL) {
        st = pst_fail(err, PST_E_NO_MEMORY, "out of memory");
    } else if (!v->expected || pst_verify_expect(verify, expected)) {
        v->not_begun = f.n > 0 && never_begun(&f);
        st = run(&f, verify, f.n - (v->not_begun ? 1 : 0), &v->report, err);
    }
    uint64_t place = v->report.fault_segment;
    v->newest = place + (v->not_begun ? 1 : 0) == f.n;
    v->file[0] = 0;
    if (!v->report.ok && place > 0 && place <= f.n) {
        pst_audit_files_name(f.numbers[place - 1], v->file);
    }
    pst_verify_free(verify);
    pst_audit_files_release(&f);
    return st;
}

int pst_audit_verify(const struct pst_audit_args *args)
{
    struct verdict v = {0};
    struct pst_err err = {0};
    struct pst_checkpoint expected = {0};
    enum pst_status st = read_key(args->key, &v.key, &err);
    v.keyed = st == PST_OK;
    if (st != PST_OK && (args->key_given || err.code != PST_E_NOT_FOUND)) {
        return pst_audit_say(args, PST_AUDIT_UNREADABLE, &err);
    }
    v.expected = args->checkpoint != NULL;
    if (v.expected &&
        read_checkpoint(args->checkpoint, v.keyed ? &v.key : NULL, &expected, &err) != PST_OK) {
        return pst_audit_say(args, PST_AUDIT_UNREADABLE, &err);
    }
    for (int i = 0; i < TRIES; i++) {
        if (attempt(args, &v, &expected, &err) != PST_OK) {
            return pst_audit_say(args, PST_AUDIT_UNREADABLE, &err);
        }
        /* What is being written now looks like a bad end: look again before saying so. */
        if (v.report.fault != PST_FAULT_TAIL || !v.newest) {
            break;
        }
        const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    if (args->json) {
        print_json(&v);
    } else {
        print_text(&v);
    }
    return v.report.ok ? PST_AUDIT_GOOD : PST_AUDIT_BAD;
}
