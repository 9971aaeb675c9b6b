/* The image: a header, a table of sections, and the sections, each at a multiple of 16. Native byte
 * order and layout: an image is for the machine it was made on, in memory or in a mapped file. */
#include "cedar/check.h"

#include "base/enc.h"

#include <stdlib.h>

#define IMAGE_MAGIC 0x3152414445435450u /* "PTCEDAR1" read as a number */

struct image_section {
    uint64_t offset;
    uint32_t n;
    uint32_t record_size;
};

struct image_header {
    uint64_t magic;
    uint64_t size; /* of the whole image */
    uint64_t seed; /* of the hash tables */
    uint32_t crc;  /* of this header with a zero here, and everything after it */
    uint32_t n_sections;
    uint32_t always;
    uint32_t stack_max;
    uint32_t text_bytes; /* limits that requests are held to */
    uint32_t zero;
};

static uint32_t checksum(struct image_header head, struct pst_str body)
{
    head.crc = 0;
    return pst_crc32c(pst_crc32c(0, pst_str_of(&head, sizeof head)), body);
}

static bool pad(struct pst_buf *out, size_t start)
{
    bool ok = true;
    while (ok && (out->n - start) % 16 != 0) {
        ok = pst_buf_byte(out, 0);
    }
    return ok;
}

enum pst_status pst_cedar_image_write(const struct pst_cedar *c, struct pst_buf *out,
                                      struct pst_err *err)
{
    PST_BUG_ON(!c->sealed);
    size_t start = out->n;
    struct image_section table[PST_CEDAR_S_COUNT] = {{0}};
    struct image_header head = {.magic = IMAGE_MAGIC,
                                .seed = c->limits.seed,
                                .n_sections = PST_CEDAR_S_COUNT,
                                .always = c->always,
                                .stack_max = c->stack_max,
                                .text_bytes = c->limits.text_bytes};
    uint64_t at = sizeof head + sizeof table;
    for (unsigned s = 0; s < PST_CEDAR_S_COUNT; s++) {
        at = (at + 15) & ~(uint64_t)15;
        table[s] = (struct image_section){at, c->n[s],
                                          pst_cedar_record_size((enum pst_cedar_section)s)};
        at += (uint64_t)table[s].n * table[s].record_size;
    }
    head.size = (at + 15) & ~(uint64_t)15;
    bool ok = pst_buf_add(out, pst_str_of(&head, sizeof head)) &&
              pst_buf_add(out, pst_str_of(table, sizeof table));
    for (unsigned s = 0; s < PST_CEDAR_S_COUNT && ok; s++) {
        size_t bytes = (size_t)table[s].n * table[s].record_size;
        ok = pad(out, start) && (bytes == 0 || pst_buf_add(out, pst_str_of(c->section[s], bytes)));
    }
    if (!ok || !pad(out, start)) {
        return pst_fail(err, PST_E_NO_MEMORY, "the policy image is larger than the limit");
    }
    head.crc = checksum(head, pst_str_from(pst_buf_str(out), start + sizeof head));
    memcpy(&out->p[start], &head, sizeof head);
    return PST_OK;
}

static enum pst_status corrupt(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_CEDAR_SYNTAX, "the policy image is not valid: %s", what);
}

static enum pst_status read_header(struct pst_str image, struct image_header *head,
                                   struct pst_err *err)
{
    if (image.n < sizeof *head || ((uintptr_t)image.p & 15) != 0) {
        return corrupt(err, "too short, or not aligned");
    }
    memcpy(head, image.p, sizeof *head);
    if (head->magic != IMAGE_MAGIC || head->n_sections != PST_CEDAR_S_COUNT) {
        return corrupt(err, "not an image of this version");
    }
    if (head->size != image.n || image.n > 1u << 31) {
        return corrupt(err, "its size is wrong");
    }
    if (head->crc != checksum(*head, pst_str_from(image, sizeof *head))) {
        return corrupt(err, "its checksum is wrong");
    }
    return PST_OK;
}

static enum pst_status place_sections(struct pst_cedar *c, struct pst_str image,
                                      struct pst_err *err)
{
    struct image_section table[PST_CEDAR_S_COUNT];
    size_t head = sizeof(struct image_header);
    if (image.n < head + sizeof table) {
        return corrupt(err, "too short");
    }
    memcpy(table, &image.p[head], sizeof table);
    for (unsigned s = 0; s < PST_CEDAR_S_COUNT; s++) {
        uint64_t bytes = (uint64_t)table[s].n * table[s].record_size;
        if (table[s].record_size != pst_cedar_record_size((enum pst_cedar_section)s) ||
            table[s].offset % 16 != 0 || table[s].offset > image.n ||
            bytes > image.n - table[s].offset || table[s].n >= PST_CEDAR_LOCAL) {
            return corrupt(err, "a section is out of place");
        }
        /* The sections of an opened image are never written: `borrowed` and `sealed` see to it. */
        union {
            const void *in;
            void *out;
        } p = {.in = pst_str_from(image, table[s].offset).p};
        c->section[s] = p.out;
        c->n[s] = table[s].n;
    }
    return PST_OK;
}

enum pst_status pst_cedar_image_open(struct pst_str image, struct pst_cedar **ret,
                                     struct pst_err *err)
{
    struct image_header head;
    if (read_header(image, &head, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_limits limits = {.text_bytes = head.text_bytes, .seed = head.seed};
    struct pst_cedar *c = pst_cedar_new(&limits);
    if (c == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to open the policy image");
    }
    c->borrowed = true;
    c->sealed = true;
    c->always = head.always;
    if (place_sections(c, image, err) != PST_OK || pst_cedar_check_image(c, err) != PST_OK) {
        pst_cedar_free(c);
        return PST_ERR;
    }
    if (c->stack_max != head.stack_max) {
        pst_cedar_free(c);
        return corrupt(err, "its stack size is wrong");
    }
    *ret = c;
    return PST_OK;
}
