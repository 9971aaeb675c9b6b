#include "wire/sse.h"

#include "base/enc.h"
#include "base/lossy.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static const uint8_t bom_bytes[3] = {0xef, 0xbb, 0xbf};

void pst_sse_init(struct pst_sse *s, const struct pst_sse_limits *limits)
{
    PST_BUG_ON(limits->line_bytes == 0 || limits->event_bytes == 0);
    *s = (struct pst_sse){.limits = *limits, .retry_ms = -1, .event_retry_ms = -1};
    /* A byte that is not UTF-8 takes three as U+FFFD; the limits are checked before and after, so
     * that a buffer fails for want of memory only. */
    const size_t event_cap = 3 * (size_t)limits->event_bytes + 1;
    pst_buf_init(&s->line, limits->line_bytes);
    pst_buf_init(&s->data, event_cap);
    pst_buf_init(&s->type, event_cap);
    pst_buf_init(&s->id, 3 * (size_t)limits->line_bytes);
}

void pst_sse_release(struct pst_sse *s)
{
    if (s != NULL) {
        pst_buf_release(&s->line);
        pst_buf_release(&s->data);
        pst_buf_release(&s->type);
        pst_buf_release(&s->id);
    }
}

static void event_clear(struct pst_sse *s)
{
    pst_buf_clear(&s->data);
    pst_buf_clear(&s->type);
    s->event_retry_ms = -1;
    s->comments = 0;
    s->has_data = false;
    s->delivered = false;
}

void pst_sse_clear(struct pst_sse *s)
{
    event_clear(s);
    pst_buf_clear(&s->line);
    pst_buf_clear(&s->id);
    s->retry_ms = -1;
    s->events = 0;
    s->bom = 0;
    s->skip_lf = false;
    s->refused = false;
}

static enum pst_status refuse(struct pst_sse *s, enum pst_error code, const char *what,
                              struct pst_err *err)
{
    s->refused = true;
    return pst_fail(err, code, "%s after %llu events", what, (unsigned long long)s->events);
}

static enum pst_status no_memory(struct pst_sse *s, struct pst_err *err)
{
    return refuse(s, PST_E_NO_MEMORY, "no memory for an event", err);
}

/* Offset, from `at` on, of the first CR or LF; in.n when there is none. One pass: searching for
 * each alone would be quadratic in a stream that uses only the other. */
static size_t line_end(struct pst_str in, size_t at)
{
#if defined(__SSE2__)
    const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
    while (in.n - at >= 16) {
        const __m128i v = _mm_loadu_si128((const void *)&in.p[at]);
        const unsigned ends = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)));
        if (ends != 0) {
            return at + (unsigned)__builtin_ctz(ends);
        }
        at += 16;
    }
#endif
    while (at < in.n && in.p[at] != '\r' && in.p[at] != '\n') {
        at++;
    }
    return at;
}

/* --- fields -------------------------------------------------------------------------------------
 */

static enum pst_status event_size(struct pst_sse *s, size_t more, struct pst_err *err)
{
    const size_t now = s->data.n + s->type.n;
    if (now > s->limits.event_bytes || more > s->limits.event_bytes - now) {
        return refuse(s, PST_E_UPSTREAM_TOO_LARGE, "an event is larger than the limit", err);
    }
    return PST_OK;
}

static enum pst_status field_data(struct pst_sse *s, struct pst_str value, struct pst_err *err)
{
    const size_t more = value.n + (s->has_data ? 1 : 0);
    if (event_size(s, more, err) != PST_OK) {
        return PST_ERR;
    }
    if ((s->has_data && !pst_buf_byte(&s->data, '\n')) || !pst_utf8_lossy(&s->data, value)) {
        return no_memory(s, err);
    }
    s->has_data = true;
    return event_size(s, 0, err);
}

static enum pst_status field_event(struct pst_sse *s, struct pst_str value, struct pst_err *err)
{
    pst_buf_clear(&s->type);
    if (event_size(s, value.n, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_utf8_lossy(&s->type, value) ? event_size(s, 0, err) : no_memory(s, err);
}

static enum pst_status field_id(struct pst_sse *s, struct pst_str value, struct pst_err *err)
{
    if (pst_str_find_byte(value, 0) != PST_NPOS) {
        return PST_OK;
    }
    pst_buf_clear(&s->id);
    return pst_utf8_lossy(&s->id, value) ? PST_OK : no_memory(s, err);
}

/* ASCII digits only, leading zeros allowed; what a client could not wait for is ignored. */
static void field_retry(struct pst_sse *s, struct pst_str value)
{
    while (value.n > 1 && value.p[0] == '0') {
        value = pst_str_from(value, 1);
    }
    uint64_t ms;
    if (pst_str_u64(value, &ms) && ms <= INT64_MAX) {
        s->retry_ms = (int64_t)ms;
        s->event_retry_ms = (int64_t)ms;
    }
}

static enum pst_status field(struct pst_sse *s, struct pst_str line, struct pst_err *err)
{
    size_t colon = pst_str_find_byte(line, ':');
    colon = colon != PST_NPOS ? colon : line.n;
    const struct pst_str name = pst_str_cut(line, 0, colon);
    struct pst_str value = pst_str_from(line, colon + 1);
    if (value.n > 0 && value.p[0] == ' ') {
        value = pst_str_from(value, 1);
    }
    if (pst_str_eq(name, PST_STR("data"))) {
        return field_data(s, value, err);
    }
    if (pst_str_eq(name, PST_STR("event"))) {
        return field_event(s, value, err);
    }
    if (pst_str_eq(name, PST_STR("id"))) {
        return field_id(s, value, err);
    }
    if (pst_str_eq(name, PST_STR("retry"))) {
        field_retry(s, value);
    } else if (name.n == 0) {
        s->comments += s->comments < UINT32_MAX;
    }
    return PST_OK;
}

/* --- lines --------------------------------------------------------------------------------------
 */

/* A blank line: OK with the event, AGAIN when there is none. */
static enum pst_status dispatch(struct pst_sse *s, struct pst_sse_event *ret)
{
    if (!s->has_data) {
        pst_buf_clear(&s->type);
        return PST_AGAIN;
    }
    s->delivered = true;
    s->events++;
    *ret = (struct pst_sse_event){
        .type = s->type.n > 0 ? pst_buf_str(&s->type) : PST_STR("message"),
        .data = pst_buf_str(&s->data),
        .id = pst_buf_str(&s->id),
        .retry_ms = s->event_retry_ms,
        .comments = s->comments,
    };
    return PST_OK;
}

static enum pst_status whole_line(struct pst_sse *s, struct pst_str run, struct pst_sse_event *ret,
                                  struct pst_err *err)
{
    struct pst_str line = run;
    if (s->line.n > 0) {
        if (!pst_buf_add(&s->line, run)) {
            return no_memory(s, err);
        }
        line = pst_buf_str(&s->line);
    }
    if (line.n == 0) {
        return dispatch(s, ret);
    }
    const enum pst_status status = field(s, line, err);
    pst_buf_clear(&s->line);
    return status == PST_OK ? PST_AGAIN : status;
}

/* What is in front of the lines: one byte-order mark, also in pieces. */
static bool skip_bom(struct pst_sse *s, struct pst_cur *c)
{
    while (s->bom < sizeof bom_bytes && !pst_cur_done(c)) {
        if (!pst_cur_byte(c, bom_bytes[s->bom])) {
            /* it was none: what was taken for it begins the first line */
            const bool ok = pst_buf_add(&s->line, pst_str_of(bom_bytes, s->bom));
            s->bom = sizeof bom_bytes;
            return ok;
        }
        s->bom++;
    }
    return true;
}

enum pst_status pst_sse_feed(struct pst_sse *s, struct pst_str in, size_t *ret_used,
                             struct pst_sse_event *ret, struct pst_err *err)
{
    if (s->refused) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "the event stream was refused before");
    }
    if (s->delivered) {
        event_clear(s);
    }
    struct pst_cur c = pst_cur_of(in);
    if (!skip_bom(s, &c)) {
        return no_memory(s, err);
    }
    enum pst_status status = PST_AGAIN;
    while (status == PST_AGAIN && !pst_cur_done(&c)) {
        if (s->skip_lf) {
            s->skip_lf = false;
            if (pst_cur_byte(&c, '\n')) {
                continue;
            }
        }
        const size_t end = line_end(in, c.at);
        const struct pst_str run = pst_str_cut(in, c.at, end - c.at);
        if (s->line.n > s->limits.line_bytes || run.n > s->limits.line_bytes - s->line.n) {
            return refuse(s, PST_E_UPSTREAM_TOO_LARGE, "a line is larger than the limit", err);
        }
        pst_cur_skip(&c, run.n);
        if (pst_cur_done(&c)) {
            if (!pst_buf_add(&s->line, run)) {
                return no_memory(s, err);
            }
            break;
        }
        s->skip_lf = pst_cur_peek(&c, 0) == '\r';
        pst_cur_skip(&c, 1);
        status = whole_line(s, run, ret, err);
    }
    if (status != PST_ERR) {
        *ret_used = c.at;
    }
    return status;
}

bool pst_sse_pending(const struct pst_sse *s)
{
    return s->line.n > 0 || (s->has_data && !s->delivered);
}
