#include "inspect/detect/weights.h"

#include "base/enc.h"

static const struct pst_str MAGIC = PST_STR_INIT("PSTDETW\x01");

struct header {
    uint32_t version, size, checksum, grams, bits, answer_bits;
};

static bool read_header(struct pst_cur *c, struct header *h)
{
    return pst_cur_lit(c, MAGIC) && pst_cur_u32le(c, &h->version) && pst_cur_u32le(c, &h->size) &&
           pst_cur_u32le(c, &h->checksum) && pst_cur_u32le(c, &h->grams) &&
           pst_cur_u32le(c, &h->bits) && pst_cur_u32le(c, &h->answer_bits);
}

static bool bits_fit(uint32_t bits)
{
    return bits >= PST_WEIGHTS_BITS_MIN && bits <= PST_WEIGHTS_BITS_MAX;
}

static enum pst_status check_header(const struct header *h, struct pst_str file,
                                    struct pst_err *err)
{
    if (h->version != PST_WEIGHTS_VERSION || h->grams != PST_GRAM_VERSION) {
        return pst_fail(err, PST_E_CONFIG,
                        "detector weights: format %u of n-grams %u, this build reads %d of %d",
                        h->version, h->grams, PST_WEIGHTS_VERSION, PST_GRAM_VERSION);
    }
    if (!bits_fit(h->bits) || !bits_fit(h->answer_bits)) {
        return pst_fail(err, PST_E_CONFIG, "detector weights: a table of no size known here");
    }
    size_t size = PST_WEIGHTS_TABLES + ((size_t)PST_LANES << h->bits) +
                  ((size_t)PST_LANES << h->answer_bits);
    if (h->size != size || file.n != size) {
        return pst_fail(err, PST_E_CONFIG, "detector weights: %zu bytes where %zu belong", file.n,
                        size);
    }
    if (pst_crc32c(0, pst_str_from(file, PST_WEIGHTS_HEADER)) != h->checksum) {
        return pst_fail(err, PST_E_CONFIG, "detector weights: damaged, the checksum is wrong");
    }
    return PST_OK;
}

static bool read_numbers(struct pst_cur *c, int32_t *ret, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t v;
        if (!pst_cur_u32le(c, &v)) {
            return false;
        }
        ret[i] = (int32_t)v;
    }
    return true;
}

static bool read_table(struct pst_cur *c, struct pst_table *t)
{
    const int32_t most = 64 * PST_LOGIT_ONE;
    int32_t scale[PST_LANES];
    if (!read_numbers(c, t->bias, PST_LANES) || !read_numbers(c, scale, PST_LANES)) {
        return false;
    }
    for (size_t i = 0; i < PST_LANES; i++) { /* larger ones could overflow in the model */
        if (t->bias[i] > most || t->bias[i] < -most || scale[i] < 0 || scale[i] >= 1 << 24) {
            return false;
        }
        t->scale[i] = (uint32_t)scale[i];
    }
    return true;
}

static bool read_fusion(struct pst_cur *c, struct pst_fusion *f)
{
    const int32_t most = 1 << 26; /* a thousand */
    if (!read_numbers(c, &f->bias, 1) || !read_numbers(c, f->weight, PST_INPUTS)) {
        return false;
    }
    for (size_t i = 0; i < PST_INPUTS; i++) {
        if (f->weight[i] > most || f->weight[i] < -most) {
            return false;
        }
    }
    for (size_t s = 0; s < PST_SOURCES; s++) {
        if (!read_numbers(c, f->knot[s], PST_KNOTS)) {
            return false;
        }
        for (size_t i = 0; i < PST_KNOTS; i++) {
            if (f->knot[s][i] > most || f->knot[s][i] < -most ||
                (i > 0 && f->knot[s][i] <= f->knot[s][i - 1])) {
                return false;
            }
        }
    }
    return f->bias <= most && f->bias >= -most;
}

static struct pst_str read_note(struct pst_str file)
{
    struct pst_str note = pst_str_cut(file, PST_WEIGHTS_HEADER, PST_WEIGHTS_NOTE);
    size_t n = 0;
    while (n < note.n && note.p[n] >= 0x20 && note.p[n] < 0x7F) {
        n++;
    }
    return pst_str_cut(note, 0, n);
}

enum pst_status pst_weights_open(struct pst_str file, struct pst_weights *ret, struct pst_err *err)
{
    struct pst_cur c = pst_cur_of(file);
    struct header h = {0};
    struct pst_weights w = {0};
    if (!read_header(&c, &h)) {
        return pst_fail(err, PST_E_CONFIG, "detector weights: not a weights file");
    }
    if (check_header(&h, file, err) != PST_OK) {
        return PST_ERR;
    }
    c = pst_cur_of(
        pst_str_cut(file, PST_WEIGHTS_NUMBERS, PST_WEIGHTS_TABLES - PST_WEIGHTS_NUMBERS));
    if (!read_table(&c, &w.injection) || !read_table(&c, &w.answer) ||
        !read_fusion(&c, &w.fusion)) {
        return pst_fail(err, PST_E_CONFIG, "detector weights: a number is out of its range");
    }
    size_t size = (size_t)PST_LANES << h.bits;
    w.injection.bits = h.bits;
    w.injection.weights = pst_str_cut(file, PST_WEIGHTS_TABLES, size);
    w.answer.bits = h.answer_bits;
    w.answer.weights = pst_str_from(file, PST_WEIGHTS_TABLES + size);
    w.digest = pst_str_cut(file, 32, 32);
    w.body = pst_str_from(file, PST_WEIGHTS_HEADER);
    w.note = read_note(file);
    *ret = w;
    return PST_OK;
}
