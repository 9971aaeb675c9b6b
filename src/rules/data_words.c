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

bool pst_literals_add_pattern(struct pst_literals *l, struct pst_str expression, bool nocase)
{
    if (!pst_literals_add(l, expression, nocase)) {
        return false;
    }
    l->flags[l->n - 1] |= HS_FLAG_SOM_LEFTMOST | HS_FLAG_UTF8;
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

/* The simple cases of Latin, Greek and Cyrillic, what context words are written in: from where to
 * where, and what is to be taken away; `every` 2: every second one is a small letter. */
struct cases {
    uint32_t from, to, less, every;
};

static uint32_t upper(uint32_t c)
{
    static const struct cases list[] = {
        {'a', 'z', 0x20, 1},     {0xE0, 0xF6, 0x20, 1},   {0xF8, 0xFE, 0x20, 1},
        {0x101, 0x12F, 1, 2},    {0x133, 0x137, 1, 2},    {0x13A, 0x148, 1, 2},
        {0x14B, 0x177, 1, 2},    {0x17A, 0x17E, 1, 2},    {0x1A1, 0x1A1, 1, 1},
        {0x1B0, 0x1B0, 1, 1},    {0x219, 0x21B, 1, 2},    {0x3AC, 0x3AC, 0x26, 1},
        {0x3AD, 0x3AF, 0x25, 1}, {0x3B1, 0x3C1, 0x20, 1}, {0x3C3, 0x3C9, 0x20, 1},
        {0x3CC, 0x3CC, 0x40, 1}, {0x430, 0x44F, 0x20, 1}, {0x450, 0x45F, 0x50, 1},
        {0x491, 0x491, 1, 1},    {0x1EA1, 0x1EF9, 1, 2},
    };
    for (size_t i = 0; i < PST_LEN(list); i++) {
        if (c >= list[i].from && c <= list[i].to && (c - list[i].from) % list[i].every == 0) {
            return c - list[i].less;
        }
    }
    return c;
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
