#include "cli/cmd_audit.h"

#include "base/check.h"
#include "base/enc.h"
#include "cli/audit_line.h"
#include "cli/place.h"
#include "crypto/crypto.h"
#include "wire/json_out.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: postern audit tail       [-n N] [--follow] [conditions]   the last records (10)\n"
    "       postern audit query      [--limit N] [conditions]         records, oldest first\n"
    "       postern audit verify     [--key FILE] [--checkpoint FILE] is the log whole?\n"
    "       postern audit checkpoint                                  the last signed checkpoint\n"
    "\n"
    "conditions, all of which must hold:\n"
    "  --request ID  --principal ID  --api-key ID  --kind KIND  --decision allow|deny|amend\n"
    "  --model NAME  --upstream NAME  --reason CODE  --since TIME  --until TIME\n"
    "  TIME is 2026-11-25, 2026-11-25T07:30:00Z, or an age: 90s, 15m, 2h, 7d\n"
    "verify:\n"
    "  --key FILE               verifier key (STATE/audit/log.pub); better a copy kept elsewhere\n"
    "  --checkpoint FILE        a signed checkpoint kept elsewhere: shows a removed end\n"
    "  --clock-tolerance SECONDS  time may go back by this much (2)\n"
    "  --later-start            older segments were removed on purpose\n"
    "all:\n"
    "  --state DIR  state folder ($POSTERN_STATE, ./state, or /var/lib/postern)   --log DIR  only "
    "the log folder\n"
    "  --json       records as they are, or the verdict as one object\n";

/* The form that every command of `postern` uses for an error. */
static void say_json(const struct pst_err *err)
{
    struct pst_buf line;
    struct pst_json_out o;
    pst_buf_init(&line, 8192);
    pst_json_out_init(&o, &line);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "error");
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "code", pst_str_c(pst_error_row(err->code)->code));
    PST_JSON_KEY(&o, "message");
    pst_json_out_lossy(&o, pst_str_c(err->text));
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    pst_buf_byte(&line, '\n');
    (void)fwrite(line.p, 1, line.n, stdout);
    pst_buf_release(&line);
}

int pst_audit_say(const struct pst_audit_args *args, int status, const struct pst_err *err)
{
    struct pst_buf line;
    if (args->json) {
        say_json(err);
        return status;
    }
    pst_buf_init(&line, 4096);
    pst_audit_line_safe(&line, pst_str_c(err->text));
    (void)fprintf(stderr, "postern audit: %.*s\n", PST_FMT(pst_buf_str(&line)));
    pst_buf_release(&line);
    return status;
}

static int say(const struct pst_audit_args *args, int status, enum pst_error code, const char *text)
{
    struct pst_err err = {0};
    (void)pst_fail(&err, code, "%s", text);
    return pst_audit_say(args, status, &err);
}

/* --- arguments ---------------------------------------------------------------------------- */

bool pst_audit_time(const char *text, int64_t now_ns, int64_t *ret_ns)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct pst_str s = pst_str_c(text);
    uint64_t count;
    int64_t ago;
    for (size_t i = 0; s.n > 1 && i < PST_LEN(units); i++) {
        if (s.p[s.n - 1] == (uint8_t)units[i].unit) {
            return pst_str_u64(pst_str_cut(s, 0, s.n - 1), &count) && count <= INT32_MAX &&
                   pst_mul_i64((int64_t)count * units[i].seconds, 1000000000, &ago) &&
                   pst_sub_i64(now_ns, ago, ret_ns);
        }
    }
    /* what is missing of "2026-11-25T00:00:00.000000Z" is filled in */
    char full[PST_TIME_CHARS + 1] = "....-..-..T00:00:00.000000Z";
    if (s.n == 10) {
        memcpy(full, s.p, 10);
    } else if (s.n >= 20 && s.n <= PST_TIME_CHARS && s.n != 21 && s.p[s.n - 1] == 'Z') {
        memcpy(full, s.p, s.n - 1);
    } else {
        return false;
    }
    return pst_reader_time(pst_str_of(full, PST_TIME_CHARS), ret_ns);
}

enum option_id {
    OPT_REQUEST = 256,
    OPT_PRINCIPAL,
    OPT_API_KEY,
    OPT_KIND,
    OPT_DECISION,
    OPT_MODEL,
    OPT_UPSTREAM,
    OPT_REASON,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_LIMIT,
    OPT_FOLLOW,
    OPT_STATE,
    OPT_LOG,
    OPT_JSON,
    OPT_KEY,
    OPT_CHECKPOINT,
    OPT_TOLERANCE,
    OPT_LATER,
    OPT_CONFIG,
    OPT_HELP,
};

static const struct option options[] = {
    {"request", required_argument, NULL, OPT_REQUEST},
    {"principal", required_argument, NULL, OPT_PRINCIPAL},
    {"api-key", required_argument, NULL, OPT_API_KEY},
    {"kind", required_argument, NULL, OPT_KIND},
    {"decision", required_argument, NULL, OPT_DECISION},
    {"model", required_argument, NULL, OPT_MODEL},
    {"upstream", required_argument, NULL, OPT_UPSTREAM},
    {"reason", required_argument, NULL, OPT_REASON},
    {"since", required_argument, NULL, OPT_SINCE},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"follow", no_argument, NULL, OPT_FOLLOW},
    {"state", required_argument, NULL, OPT_STATE},
    {"log", required_argument, NULL, OPT_LOG},
    {"json", no_argument, NULL, OPT_JSON},
    {"key", required_argument, NULL, OPT_KEY},
    {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
    {"clock-tolerance", required_argument, NULL, OPT_TOLERANCE},
    {"later-start", no_argument, NULL, OPT_LATER},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int64_t now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Where an option of the query puts its text; NULL for every other option. */
static struct pst_str *query_text(struct pst_query *q, int id)
{
    switch (id) {
    case OPT_REQUEST:
        return &q->request;
    case OPT_PRINCIPAL:
        return &q->principal;
    case OPT_API_KEY:
        return &q->key;
    case OPT_KIND:
        return &q->kind;
    case OPT_DECISION:
        return &q->decision;
    case OPT_MODEL:
        return &q->model;
    case OPT_UPSTREAM:
        return &q->upstream;
    case OPT_REASON:
        return &q->reason;
    default:
        return NULL;
    }
}

struct folders {
    const char *state, *log, *key;
};

/* A word that no record can hold would find nothing, and look like an answer. */
static bool decision_known(struct pst_str text)
{
    return pst_str_eq(text, PST_STR("allow")) || pst_str_eq(text, PST_STR("deny")) ||
           pst_str_eq(text, PST_STR("amend"));
}

static bool take_option(struct pst_audit_args *a, struct folders *f, int id)
{
    struct pst_str *text = query_text(&a->query, id);
    uint64_t number;
    if (text != NULL) {
        *text = pst_str_c(optarg);
        return text->n > 0 && (id != OPT_DECISION || decision_known(*text));
    }
    switch (id) {
    case OPT_SINCE:
        return pst_audit_time(optarg, now_ns(), &a->query.since_ns);
    case OPT_UNTIL:
        return pst_audit_time(optarg, now_ns(), &a->query.until_ns);
    case 'n':
    case OPT_LIMIT:
        return pst_str_u64(pst_str_c(optarg), &a->limit) && a->limit > 0 && a->limit <= 1000000;
    case OPT_TOLERANCE:
        if (!pst_str_u64(pst_str_c(optarg), &number) || number > 1000000000) {
            return false;
        }
        a->back_ns = (int64_t)number * 1000000000;
        return true;
    case OPT_STATE:
        f->state = optarg;
        return true;
    case OPT_LOG:
        f->log = optarg;
        return true;
    case OPT_KEY:
        f->key = optarg;
        return true;
    case OPT_CHECKPOINT:
        a->checkpoint = optarg;
        return true;
    case OPT_JSON:
        a->json = true;
        return true;
    case 'f':
    case OPT_FOLLOW:
        a->follow = true;
        return true;
    case OPT_LATER:
        a->later_start = true;
        return true;
    case OPT_CONFIG: /* every command takes it; the evidence is where the state folder is */
        return true;
    default:
        return false;
    }
}

static bool set_folders(struct pst_audit_args *a, const struct folders *f)
{
    const char *state = f->state != NULL ? f->state : getenv("POSTERN_STATE");
    int log = f->log != NULL ? snprintf(a->log, sizeof a->log, "%s", f->log)
                             : snprintf(a->log, sizeof a->log, "%s/audit",
                                        state != NULL ? state : pst_place_state());
    int key = f->key != NULL ? snprintf(a->key, sizeof a->key, "%s", f->key)
                             : snprintf(a->key, sizeof a->key, "%s/log.pub", a->log);
    a->key_given = f->key != NULL;
    return log >= 0 && log < (int)sizeof a->log && key >= 0 && key < (int)sizeof a->key;
}

/* -1: go on; otherwise the exit status. */
static int parse(int argc, char **argv, struct pst_audit_args *a)
{
    struct folders f = {0};
    *a = (struct pst_audit_args){.back_ns = (int64_t)2 * 1000000000};
    for (int i = 0; i < argc; i++) { /* known before the first error can be */
        a->json = a->json || strcmp(argv[i], "--json") == 0;
    }
    optind = 1;
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, ":n:f", options, NULL)) != -1;) {
        if (id == OPT_HELP) {
            (void)fputs(usage, stdout);
            return PST_AUDIT_GOOD;
        }
        if (id == '?' || id == ':' || !take_option(a, &f, id)) {
            struct pst_err err = {0};
            (void)pst_fail(&err, PST_E_USAGE, "%s %s", argv[optind - 1],
                           id == '?'   ? "is not an option"
                           : id == ':' ? "needs a value"
                                       : "is not a valid value here");
            return pst_audit_say(a, PST_AUDIT_USAGE, &err);
        }
    }
    if (optind < argc) {
        return say(a, PST_AUDIT_USAGE, PST_E_USAGE,
                   "there is an argument too many; see postern audit --help");
    }
    return set_folders(a, &f) ? -1 : say(a, PST_AUDIT_USAGE, PST_E_USAGE, "a path is too long");
}

/* --- records ------------------------------------------------------------------------------ */

struct show {
    const struct pst_audit_args *args;
    struct pst_buf line;
    uint64_t skip; /* matches to pass over */
    uint64_t shown;
    uint64_t limit; /* 0: none */
    bool count_only;
    bool bad; /* a record that cannot be read */
};

static bool show_record(void *user, struct pst_str json)
{
    struct show *s = user;
    enum pst_status st = pst_query_match(&s->args->query, json, NULL);
    s->bad = s->bad || st == PST_ERR;
    if (st != PST_OK) {
        return true;
    }
    if (s->skip > 0) {
        s->skip--;
        return true;
    }
    s->shown++;
    if (s->count_only) {
        return true;
    }
    pst_buf_clear(&s->line);
    if (s->args->json) {
        pst_buf_add(&s->line, json);
    } else {
        pst_audit_line(&s->line, json);
    }
    pst_buf_byte(&s->line, '\n');
    bool written = fwrite(s->line.p, 1, s->line.n, stdout) == s->line.n;
    return written && (s->limit == 0 || s->shown < s->limit);
}

static int warn_damage(const struct pst_audit_args *a, uint64_t number, uint64_t end)
{
    char name[32];
    struct pst_err err = {0};
    pst_audit_files_name(number, name);
    (void)pst_fail(&err, PST_E_SYNTAX,
                   "%s cannot be read behind byte %llu: see postern audit verify", name,
                   (unsigned long long)end);
    return pst_audit_say(a, PST_AUDIT_BAD, &err);
}

/* All records of segments first … last of the list, through `s`. */
static int walk(const struct pst_audit_files *f, size_t first, struct show *s, uint64_t *ret_end)
{
    int status = PST_AUDIT_GOOD;
    for (size_t i = first; i < f->n && (s->limit == 0 || s->shown < s->limit); i++) {
        struct pst_err err = {0};
        bool whole = true;
        if (pst_audit_files_each(f, f->numbers[i], 0, show_record, s, ret_end, &whole, &err) !=
            PST_OK) {
            return pst_audit_say(
                s->args, err.code == PST_E_SYNTAX ? PST_AUDIT_BAD : PST_AUDIT_UNREADABLE, &err);
        }
        if (!whole && !s->count_only) {
            status = warn_damage(s->args, f->numbers[i], *ret_end);
        }
    }
    if (s->bad && !s->count_only) {
        return say(s->args, PST_AUDIT_BAD, PST_E_SYNTAX,
                   "there are records that cannot be read: see postern audit verify");
    }
    return status;
}

/* Looks into the newest segment and what follows it, until the reader or somebody stops us. */
static int follow(const struct pst_audit_args *a, uint64_t number, uint64_t end, struct show *s)
{
    struct pst_err err = {0};
    for (;;) {
        struct pst_audit_files f;
        uint64_t before = end;
        bool whole;
        if (fflush(stdout) != 0 || ferror(stdout)) {
            return PST_AUDIT_GOOD; /* nobody reads any more */
        }
        if (pst_audit_files_list(&f, a->log, &err) != PST_OK) {
            return pst_audit_say(a, PST_AUDIT_UNREADABLE, &err);
        }
        bool next = f.n > 0 && f.numbers[f.n - 1] > number;
        enum pst_status st = pst_audit_files_each(&f, number, end, show_record, s, &end, &whole,
                                                  &err);
        pst_audit_files_release(&f);
        if (st != PST_OK) {
            return pst_audit_say(a, PST_AUDIT_UNREADABLE, &err);
        }
        if (next &&
            end == before) { /* the old one was read to its end after the new one was seen */
            number++;
            end = PST_SEGMENT_HEADER;
        } else if (end == before) {
            const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
            (void)nanosleep(&pause, NULL);
        }
    }
}

static int tail(const struct pst_audit_args *a, const struct pst_audit_files *f)
{
    uint64_t want = a->limit > 0 ? a->limit : 10, end = PST_SEGMENT_HEADER, found = 0;
    size_t first = f->n;
    struct show s = {.args = a, .count_only = true};
    while (first > 0 && found < want) { /* back until there are enough */
        struct show count = {.args = a, .count_only = true};
        struct pst_audit_files one = {.numbers = &f->numbers[first - 1], .n = 1};
        memcpy(one.dir, f->dir, sizeof one.dir);
        first--;
        (void)walk(&one, 0, &count, &end);
        found += count.shown;
    }
    s.count_only = false;
    s.skip = found > want ? found - want : 0;
    pst_buf_init(&s.line, PST_RECORD_MAX * 2);
    int status = walk(f, first, &s, &end);
    if (a->follow && f->n > 0 && status != PST_AUDIT_UNREADABLE) {
        status = follow(a, f->numbers[f->n - 1], end, &s);
    }
    pst_buf_release(&s.line);
    return status;
}

static int query(const struct pst_audit_args *a, const struct pst_audit_files *f)
{
    uint64_t end;
    struct show s = {.args = a, .limit = a->limit};
    pst_buf_init(&s.line, PST_RECORD_MAX * 2);
    int status = walk(f, 0, &s, &end);
    pst_buf_release(&s.line);
    return status;
}

/* --- the last checkpoint ------------------------------------------------------------------ */

static bool keep_note(void *user, struct pst_str json)
{
    struct pst_buf *note = user;
    struct pst_reader r;
    struct pst_reader_field f;
    struct pst_str raw = {0};
    bool is_checkpoint = false;
    pst_reader_init(&r, json);
    while (pst_reader_next(&r, &f, NULL) == PST_OK) {
        if (pst_str_eq(f.name, PST_STR("kind"))) {
            is_checkpoint = pst_reader_eq(f.raw, PST_STR("checkpoint"));
        } else if (pst_str_eq(f.name, PST_STR("note"))) {
            raw = f.raw;
        }
    }
    if (is_checkpoint) {
        pst_buf_clear(note);
        pst_reader_plain(raw, note);
    }
    return true;
}

static int checkpoint(const struct pst_audit_args *a, const struct pst_audit_files *f)
{
    struct pst_buf note;
    struct pst_err err = {0};
    enum pst_status st = PST_OK;
    pst_buf_init(&note, PST_RECORD_MAX);
    for (size_t i = f->n; st == PST_OK && note.n == 0 && i > 0; i--) {
        uint64_t end;
        bool whole;
        st = pst_audit_files_each(f, f->numbers[i - 1], 0, keep_note, &note, &end, &whole, &err);
    }
    int status = PST_AUDIT_GOOD;
    if (st != PST_OK) {
        status = pst_audit_say(a, PST_AUDIT_UNREADABLE, &err);
    } else if (note.n == 0) {
        status = say(a, PST_AUDIT_BAD, PST_E_NOT_FOUND, "there is no checkpoint in this log yet");
    } else {
        (void)fwrite(note.p, 1, note.n, stdout);
    }
    pst_buf_release(&note);
    return status;
}

int pst_cmd_audit(int argc, char **argv)
{
    struct pst_audit_args args;
    struct pst_audit_files files;
    struct pst_err err = {0};
    struct pst_str verb = pst_str_c(argc > 1 ? argv[1] : NULL);
    if (verb.n == 0 || pst_str_eq(verb, PST_STR("--help"))) {
        (void)fputs(usage, verb.n == 0 ? stderr : stdout);
        return verb.n == 0 ? PST_AUDIT_USAGE : PST_AUDIT_GOOD;
    }
    int status = parse(argc - 1, &argv[1], &args);
    if (status >= 0) {
        return status;
    }
    if (pst_crypto_init(&err) != PST_OK) {
        return pst_audit_say(&args, PST_AUDIT_UNREADABLE, &err);
    }
    if (pst_str_eq(verb, PST_STR("verify"))) {
        return pst_audit_verify(&args);
    }
    if (pst_audit_files_list(&files, args.log, &err) != PST_OK) {
        return pst_audit_say(&args, PST_AUDIT_UNREADABLE, &err);
    }
    if (pst_str_eq(verb, PST_STR("tail"))) {
        status = tail(&args, &files);
    } else if (pst_str_eq(verb, PST_STR("query"))) {
        status = query(&args, &files);
    } else if (pst_str_eq(verb, PST_STR("checkpoint"))) {
        status = checkpoint(&args, &files);
    } else {
        status = say(&args, PST_AUDIT_USAGE, PST_E_USAGE,
                     "tail, query, verify or checkpoint; see postern audit --help");
    }
    pst_audit_files_release(&files);
    return fflush(stdout) == 0 ? status : PST_AUDIT_UNREADABLE;
}
