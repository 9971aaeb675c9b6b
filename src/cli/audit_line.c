#include "cli/audit_line.h"

#include "audit/reader.h"
#include "base/enc.h"

/* Controls and marks that change how a terminal shows what follows. */
static bool steers(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

void pst_audit_line_safe(struct pst_buf *out, struct pst_str text)
{
    for (size_t i = 0; i < text.n;) {
        uint32_t cp = 0;
        size_t n = pst_utf8_get(pst_str_from(text, i), &cp);
        if (n == 0) {
            pst_buf_fmt(out, "\\x%02x", text.p[i]);
            i++;
            continue;
        }
        if (steers(cp)) {
            pst_buf_fmt(out, "\\u%04x", cp);
        } else {
            pst_buf_add(out, pst_str_cut(text, i, n));
        }
        i += n;
    }
}

static bool find(struct pst_str json, struct pst_str name, struct pst_reader_field *ret)
{
    struct pst_reader r;
    pst_reader_init(&r, json);
    while (pst_reader_next(&r, ret, NULL) == PST_OK) {
        if (pst_str_eq(ret->name, name)) {
            return true;
        }
    }
    return false;
}

/* " name=value", or " value" without a name; nothing when the record has no such member. */
static void put(struct pst_buf *out, struct pst_str json, struct pst_str name, bool named)
{
    struct pst_reader_field f;
    if (!find(json, name, &f)) {
        return;
    }
    pst_buf_byte(out, ' ');
    if (named) {
        pst_buf_add(out, name);
        pst_buf_byte(out, '=');
    }
    pst_audit_line_safe(out, f.raw);
}

void pst_audit_line(struct pst_buf *out, struct pst_str json)
{
    /* shown bare, in this order; then the rest by name */
    static const struct pst_str bare[] = {
        PST_STR_INIT("kind"), PST_STR_INIT("event"),  PST_STR_INIT("decision"),
        PST_STR_INIT("code"), PST_STR_INIT("reason"),
    };
    static const struct pst_str named[] = {
        PST_STR_INIT("request"),   PST_STR_INIT("principal_id"), PST_STR_INIT("on_behalf_of"),
        PST_STR_INIT("action"),    PST_STR_INIT("tool"),         PST_STR_INIT("resource_id"),
        PST_STR_INIT("object_id"), PST_STR_INIT("upstream"),     PST_STR_INIT("upstream_model"),
        PST_STR_INIT("policies"),  PST_STR_INIT("findings"),     PST_STR_INIT("status"),
        PST_STR_INIT("tokens_in"), PST_STR_INIT("tokens_out"),   PST_STR_INIT("duration_us"),
        PST_STR_INIT("role"),      PST_STR_INIT("index"),        PST_STR_INIT("records"),
        PST_STR_INIT("result"),    PST_STR_INIT("detail"),       PST_STR_INIT("sandbox"),
        PST_STR_INIT("lossy"),
    };
    struct pst_reader_field f;
    if (find(json, PST_STR("ts"), &f)) {
        pst_audit_line_safe(out, f.raw);
    }
    if (find(json, PST_STR("seq"), &f)) {
        pst_buf_add(out, PST_STR(" #"));
        pst_audit_line_safe(out, f.raw);
    }
    for (size_t i = 0; i < PST_LEN(bare); i++) {
        put(out, json, bare[i], false);
    }
    for (size_t i = 0; i < PST_LEN(named); i++) {
        put(out, json, named[i], true);
    }
}
