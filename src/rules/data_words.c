#include "rules/data_words.h"

#include "base/enc.h"

#include <hs.h>
#include <stdlib.h>

bool pst_literals_add(struct pst_literals *l, struct pst_str expression, bool nocase)
{
    if (l->n == l->room) {
        size_t room = l->room == 0 ? 1024 : l->room * 2;
        char **list = realloc(l->list, room * sizeof *list);
        l->list = list != NULL ? list : l->list;
        unsigned int *flags = realloc(l->flags, room * sizeof *flags);
        l->flags = flags != NULL ? flags : l->flags;
        unsigned int *ids = realloc(l->ids, room * sizeof *ids);
        l->ids = ids != NULL ? ids : l->ids;
        if (list == NULL || flags == NULL || ids == NULL) {
            return false;
        }
        l->room = room;
    }
    char *copy = malloc(expression.n + 1);
    if (copy == NULL || !pst_str_to_c(expression, copy, expression.n + 1)) {
        free(copy);
        return false;
    }
    l->list[l->n] = copy;
    l->flags[l->n] = HS_FLAG_DOTALL | (nocase ? HS_FLAG_CASELESS : 0);
    l->ids[l->n] = (unsigned int)l->n;
    l->n++;
    return true;
}

void pst_literals_release(struct pst_literals *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->list[i]);
    }
    free(l->list);
    free(l->flags);
    free(l->ids);
    *l = (struct pst_literals){0};
}

/* A database is read in place later, so it is put down as the reader will see it: at a multiple of
 * 64, which its inner alignment depends on. */
static enum pst_status place(hs_database_t *made, void **ret, size_t *ret_n, struct pst_err *err)
{
    char *bytes = NULL;
    size_t n = 0, room = 0;
    void *database = NULL;
    if (hs_serialize_database(made, &bytes, &n) != HS_SUCCESS) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: no memory for a database");
    }
    if (hs_serialized_database_size(bytes, n, &room) == HS_SUCCESS) {
        database = aligned_alloc(64, (room + 63) & ~(size_t)63);
    }
    if (database != NULL) {
        memset(database, 0, (room + 63) & ~(size_t)63);
        if (hs_deserialize_database_at(bytes, n, database) != HS_SUCCESS) {
            free(database);
            database = NULL;
        }
    }
    free(bytes);
    if (database == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: a database could not be placed");
    }
    *ret = database;
    *ret_n = room;
    return PST_OK;
}

enum pst_status pst_literals_compile(const struct pst_literals *l, void **ret, size_t *ret_n,
                                     struct pst_err *err)
{
    const hs_platform_info_t least = {.tune = HS_TUNE_FAMILY_GENERIC};
    hs_database_t *made = NULL;
    hs_compile_error_t *why = NULL;
    if (hs_compile_multi((const char *const *)l->list, l->flags, l->ids, (unsigned int)l->n,
                         HS_MODE_BLOCK, &least, &made, &why) != HS_SUCCESS) {
        enum pst_status status = pst_fail(err, PST_E_CONFIG, "rules: %s (expression %d)",
                                          why != NULL ? why->message : "no memory",
                                          why != NULL ? why->expression : -1);
        (void)hs_free_compile_error(why);
        return status;
    }
    enum pst_status status = place(made, ret, ret_n, err);
    (void)hs_free_database(made);
    return status;
}

static bool byte_put(struct pst_buf *out, uint8_t byte)
{
    char text[5];
    pst_text(text, sizeof text, "\\x%02x", byte);
    return pst_buf_add(out, pst_str_c(text));
}

bool pst_literal_put(struct pst_buf *out, struct pst_str bytes)
{
    bool ok = true;
    for (size_t i = 0; i < bytes.n; i++) {
        ok = ok && byte_put(out, bytes.p[i]);
    }
    return ok;
}

bool pst_word_put(struct pst_buf *out, struct pst_str word)
{
    bool ok = true;
    for (size_t i = 0; i < word.n && ok; i++) {
        bool border = word.p[i] == ' ' || word.p[i] == '_' || word.p[i] == '-';
        ok = border ? pst_buf_add(out, PST_STR("[ _\\-]")) : byte_put(out, word.p[i]);
    }
    return ok;
}

bool pst_set_put(struct pst_buf *out, const uint8_t set[32], unsigned n)
{
    char text[16];
    bool ok = pst_buf_byte(out, '[');
    for (unsigned b = 0; b < 256 && ok; b++) {
        if (((unsigned)set[b >> 3] >> (b & 7U) & 1U) != 0) {
            ok = byte_put(out, (uint8_t)b);
        }
    }
    pst_text(text, sizeof text, "]{%u}", n);
    return ok && pst_buf_add(out, pst_str_c(text));
}

/* Where capitals and small letters take turns. */
static bool is_second_of_pair(uint32_t c)
{
    bool even_upper = (c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177) ||
                      (c >= 0x218 && c <= 0x21B) || (c >= 0x1EA0 && c <= 0x1EF9) ||
                      (c >= 0x490 && c <= 0x491);
    bool odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
    return (even_upper && (c & 1U) == 1) || (odd_upper && (c & 1U) == 0);
}

/* The simple cases of Latin, Greek and Cyrillic: what context words are written in. */
static uint32_t upper(uint32_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) ||
        (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F)) {
        return c - 0x20;
    }
    if (c >= 0x450 && c <= 0x45F) {
        return c - 0x50;
    }
    if (c >= 0x3AD && c <= 0x3AF) {
        return c - 37;
    }
    if (is_second_of_pair(c)) {
        return c - 1;
    }
    return c == 0x3AC ? 0x386 : c == 0x3CC ? 0x38C : c == 0x1B0 ? 0x1AF : c == 0x1A1 ? 0x1A0 : c;
}

bool pst_word_upper(struct pst_str word, bool all, struct pst_buf *out)
{
    bool ok = true, first = true;
    while (word.n > 0 && ok) {
        uint32_t c;
        uint8_t bytes[4];
        size_t n = pst_utf8_get(word, &c);
        if (n == 0) {
            return false;
        }
        ok = pst_buf_add(out, pst_str_of(bytes, pst_utf8_put(all || first ? upper(c) : c, bytes)));
        first = false;
        word = pst_str_from(word, n);
    }
    return ok;
}

bool pst_word_unspaced(struct pst_str word)
{
    uint32_t c = 0;
    if (pst_utf8_get(word, &c) == 0) {
        return false;
    }
    return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1780 && c <= 0x17FF) ||
           (c >= 0x1000 && c <= 0x109F) || (c >= 0x2E80 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFAFF);
}

size_t pst_word_length(struct pst_str word)
{
    size_t n = 0;
    for (size_t i = 0; i < word.n; i++) {
        n += (word.p[i] & 0xC0U) != 0x80U;
    }
    return n;
}
