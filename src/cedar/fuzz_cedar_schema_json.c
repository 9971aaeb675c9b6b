/* Schemas in JSON: refused with a position, or printed in both syntaxes, read again and
 * found to mean the same. */
#include "cedar/schema.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pst_cedar_limits limits = {.text_bytes = 1u << 18, .total_bytes = 1u << 25};

static void same(const struct pst_cedar_schema *s, const struct pst_buf *meaning, bool json)
{
    struct pst_err err = {0};
    struct pst_buf text;
    struct pst_buf again;
    pst_buf_init(&text, 1u << 18);
    pst_buf_init(&again, 1u << 20);
    enum pst_status st = json ? pst_cedar_schema_print_json(s, &text, &err)
                              : pst_cedar_schema_print_text(s, &text, &err);
    if (st == PST_OK) {
        struct pst_cedar_schema *other =
            json ? pst_cedar_schema_parse_json(&limits, PST_STR("j"), pst_buf_str(&text), &err)
                 : pst_cedar_schema_parse_text(&limits, PST_STR("t"), pst_buf_str(&text), &err);
        PST_BUG_ON(other == NULL && err.code != PST_E_NO_MEMORY && err.code != PST_E_CEDAR_LIMIT);
        if (other != NULL && pst_cedar_schema_print_resolved(other, &again, &err) == PST_OK) {
            PST_BUG_ON(!pst_str_eq(pst_buf_str(&again), pst_buf_str(meaning)));
        }
        pst_cedar_schema_free(other);
    }
    pst_buf_release(&text);
    pst_buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_err err = {0};
    struct pst_buf meaning;
    struct pst_cedar_schema *s = pst_cedar_schema_parse_json(&limits, PST_STR("f"),
                                                             pst_str_of(data, size), &err);
    if (s == NULL) {
        PST_BUG_ON(err.code == PST_E_CEDAR_SCHEMA && (err.line == 0 || err.column == 0));
        PST_BUG_ON(err.text[0] == 0);
        return 0;
    }
    pst_buf_init(&meaning, 1u << 20);
    if (pst_cedar_schema_print_resolved(s, &meaning, &err) == PST_OK) {
        same(s, &meaning, false);
        same(s, &meaning, true);
    }
    pst_buf_release(&meaning);
    pst_cedar_schema_free(s);
    return 0;
}
