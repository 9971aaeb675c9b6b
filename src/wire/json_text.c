#include "wire/json_text.h"

#include "base/enc.h"
#include "wire/json_out.h"
#include "wire/json_scan.h"

/* RFC 8785 §3.2.2.2: the short form where there is one, else \u00xx in lower case. */
static bool put_escape(struct pst_buf *out, uint8_t b)
{
    static const uint8_t short_form[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    uint8_t text[6] = {'\\', 'u', '0', '0'};
    if (b == '"' || b == '\\') {
        text[1] = b;
        return pst_buf_add(out, pst_str_of(text, 2));
    }
    if (short_form[b & 0x1f] != 0) {
        text[1] = short_form[b & 0x1f];
        return pst_buf_add(out, pst_str_of(text, 2));
    }
    text[4] = (uint8_t)hex[b >> 4];
    text[5] = (uint8_t)hex[b & 0xf];
    return pst_buf_add(out, pst_str_of(text, 6));
}

static bool put_runs(struct pst_buf *out, struct pst_str text, size_t stop)
{
    bool wide = false;
    size_t from = 0;
    while (stop < text.n) {
        if (!pst_buf_add(out, pst_str_cut(text, from, stop - from)) ||
            !put_escape(out, text.p[stop])) {
            return false;
        }
        from = stop + 1;
        stop = pst_json_scan(text, from, &wide);
    }
    return pst_buf_add(out, pst_str_cut(text, from, text.n - from));
}

bool pst_json_quote(struct pst_buf *out, struct pst_str text)
{
    bool wide = false;
    const size_t stop = pst_json_scan(text, 0, &wide);
    if (stop < text.n) {
        return pst_buf_byte(out, '"') && put_runs(out, text, stop) && pst_buf_byte(out, '"');
    }
    uint8_t *room = pst_buf_room(out, text.n + 2);
    if (room == NULL) {
        return false;
    }
    room[0] = '"';
    if (text.n > 0) {
        memcpy(&room[1], text.p, text.n);
    }
    room[text.n + 1] = '"';
    pst_buf_added(out, text.n + 2);
    return true;
}

bool pst_json_escape(struct pst_buf *out, struct pst_str text)
{
    bool wide = false;
    return pst_utf8_valid(text) && put_runs(out, text, pst_json_scan(text, 0, &wide));
}
