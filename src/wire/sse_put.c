#include "base/enc.h"
#include "wire/sse.h"

/* Whether a field of one line can carry it: NUL would make a receiver ignore an id. */
static bool one_line(struct pst_str s)
{
    return pst_str_find_byte(s, '\n') == PST_NPOS && pst_str_find_byte(s, '\r') == PST_NPOS &&
           pst_str_find_byte(s, 0) == PST_NPOS && pst_utf8_valid(s);
}

static void put_field(struct pst_buf *out, struct pst_str name, struct pst_str value)
{
    (void)pst_buf_add(out, name);
    (void)PST_BUF_LIT(out, ": ");
    (void)pst_buf_add(out, value);
    (void)pst_buf_byte(out, '\n');
}

static bool settle(struct pst_buf *out, size_t before)
{
    if (out->failed) {
        pst_buf_truncate(out, before);
        return false;
    }
    return true;
}

bool pst_sse_put(struct pst_buf *out, struct pst_str type, struct pst_str data, struct pst_str id,
                 int64_t retry_ms)
{
    if (!one_line(type) || !one_line(id) || pst_str_find_byte(data, '\r') != PST_NPOS ||
        !pst_utf8_valid(data)) {
        return false;
    }
    const size_t before = out->n;
    if (type.n > 0) {
        put_field(out, PST_STR("event"), type);
    }
    if (id.n > 0) {
        put_field(out, PST_STR("id"), id);
    }
    if (retry_ms >= 0) {
        (void)PST_BUF_LIT(out, "retry: ");
        (void)pst_buf_i64(out, retry_ms);
        (void)pst_buf_byte(out, '\n');
    }
    size_t end = pst_str_find_byte(data, '\n');
    while (end != PST_NPOS) {
        put_field(out, PST_STR("data"), pst_str_cut(data, 0, end));
        data = pst_str_from(data, end + 1);
        end = pst_str_find_byte(data, '\n');
    }
    put_field(out, PST_STR("data"), data);
    (void)pst_buf_byte(out, '\n');
    return settle(out, before);
}

bool pst_sse_put_comment(struct pst_buf *out, struct pst_str text)
{
    if (!one_line(text)) {
        return false;
    }
    const size_t before = out->n;
    put_field(out, PST_STR(""), text);
    (void)pst_buf_byte(out, '\n');
    return settle(out, before);
}
