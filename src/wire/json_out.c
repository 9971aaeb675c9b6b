#include "wire/json_out.h"

#include "base/enc.h"
#include "base/lossy.h"
#include "wire/json_text.h"

void pst_json_out_init(struct pst_json_out *o, struct pst_buf *buf)
{
    *o = (struct pst_json_out){.buf = buf};
}

bool pst_json_out_ok(const struct pst_json_out *o)
{
    return o->done && !o->failed && !o->buf->failed;
}

static bool in_object(const struct pst_json_out *o)
{
    return o->depth > 0 && (o->objects[(o->depth - 1) / 64] >> ((o->depth - 1) % 64) & 1) != 0;
}

/* In front of every value. */
static void value_begin(struct pst_json_out *o)
{
    PST_BUG_ON(o->done || in_object(o) != o->keyed);
    if (o->comma && !o->keyed) {
        (void)pst_buf_byte(o->buf, ',');
    }
    o->keyed = false;
}

static void value_end(struct pst_json_out *o)
{
    o->comma = true;
    o->done = o->depth == 0;
}

static void open_level(struct pst_json_out *o, bool object)
{
    value_begin(o);
    PST_BUG_ON(o->depth == PST_JSON_DEPTH_MAX);
    const uint64_t bit = UINT64_C(1) << (o->depth % 64);
    uint64_t *word = &o->objects[o->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    o->depth++;
    o->comma = false;
    (void)pst_buf_byte(o->buf, object ? '{' : '[');
}

void pst_json_out_object(struct pst_json_out *o)
{
    open_level(o, true);
}

void pst_json_out_array(struct pst_json_out *o)
{
    open_level(o, false);
}

void pst_json_out_end(struct pst_json_out *o)
{
    PST_BUG_ON(o->depth == 0 || o->keyed);
    (void)pst_buf_byte(o->buf, in_object(o) ? '}' : ']');
    o->depth--;
    value_end(o);
}

static void put_text(struct pst_json_out *o, struct pst_str text)
{
    if (!pst_utf8_valid(text)) {
        o->failed = true;
        return;
    }
    (void)pst_json_quote(o->buf, text);
}

void pst_json_out_key(struct pst_json_out *o, struct pst_str name)
{
    PST_BUG_ON(!in_object(o) || o->keyed);
    if (o->comma) {
        (void)pst_buf_byte(o->buf, ',');
    }
    put_text(o, name);
    (void)pst_buf_byte(o->buf, ':');
    o->keyed = true;
}

void pst_json_out_str(struct pst_json_out *o, struct pst_str text)
{
    value_begin(o);
    put_text(o, text);
    value_end(o);
}

void pst_json_out_lossy(struct pst_json_out *o, struct pst_str bytes)
{
    if (pst_utf8_valid(bytes)) {
        pst_json_out_str(o, bytes);
        return;
    }
    struct pst_buf text;
    pst_buf_init(&text, o->buf->cap);
    if (!pst_utf8_lossy(&text, bytes)) {
        o->failed = true;
    }
    pst_json_out_str(o, pst_buf_str(&text));
    pst_buf_release(&text);
}

void pst_json_out_u64(struct pst_json_out *o, uint64_t value)
{
    value_begin(o);
    (void)pst_buf_u64(o->buf, value);
    value_end(o);
}

void pst_json_out_i64(struct pst_json_out *o, int64_t value)
{
    value_begin(o);
    (void)pst_buf_i64(o->buf, value);
    value_end(o);
}

void pst_json_out_bool(struct pst_json_out *o, bool value)
{
    pst_json_out_raw(o, value ? PST_STR("true") : PST_STR("false"));
}

void pst_json_out_null(struct pst_json_out *o)
{
    pst_json_out_raw(o, PST_STR("null"));
}

void pst_json_out_raw(struct pst_json_out *o, struct pst_str json)
{
    PST_BUG_ON(json.n == 0);
    value_begin(o);
    (void)pst_buf_add(o->buf, json);
    value_end(o);
}

void pst_json_out_value(struct pst_json_out *o, const struct pst_json *v)
{
    value_begin(o);
    if (pst_json_write(v, o->buf, /* err= */ NULL) != PST_OK) {
        o->failed = true;
    }
    value_end(o);
}

void pst_json_out_kstr(struct pst_json_out *o, const char *key, struct pst_str text)
{
    pst_json_out_key(o, pst_str_c(key));
    pst_json_out_str(o, text);
}

void pst_json_out_ku64(struct pst_json_out *o, const char *key, uint64_t value)
{
    pst_json_out_key(o, pst_str_c(key));
    pst_json_out_u64(o, value);
}

void pst_json_out_ki64(struct pst_json_out *o, const char *key, int64_t value)
{
    pst_json_out_key(o, pst_str_c(key));
    pst_json_out_i64(o, value);
}

void pst_json_out_kbool(struct pst_json_out *o, const char *key, bool value)
{
    pst_json_out_key(o, pst_str_c(key));
    pst_json_out_bool(o, value);
}
