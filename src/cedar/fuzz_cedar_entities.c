/* Entities by a fixed schema: refused with a position, or a store that can be closed. */
#include "cedar/conform.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_text[] =
    "entity G in [G]; entity E enum [\"p\", \"q\"];"
    "entity User in [G] {n?: Long, s?: String, b?: Bool, m?: User, i?: ipaddr, d?: decimal, t?: "
    "datetime,"
    " u?: duration, l?: Set<{a: Long, e?: E}>, r?: {a: {b?: Set<Set<String>>}}} tags Set<decimal>;"
    "action all; action mid in [all]; action read in [mid] appliesTo {principal: User, resource: "
    "G};";

static void on_entity(void *ctx, struct pst_str uid, const struct pst_err *err)
{
    uint32_t *wrong = (uint32_t *)ctx;
    ++*wrong;
    PST_BUG_ON(err->text[0] == 0 || err->line == 0);
    (void)uid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_err err = {0};
    struct pst_cedar_limits limits = {.text_bytes = 1u << 18, .total_bytes = 1u << 24};
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(schema_text), NULL);
    PST_BUG_ON(s == NULL);
    struct pst_str text = pst_str_of(data, size);
    uint32_t wrong = 0;
    enum pst_status st[2];
    for (unsigned i = 0; i < 2; i++) { /* all errors, or the first */
        struct pst_cedar *c = pst_cedar_new(&limits);
        PST_BUG_ON(c == NULL);
        st[i] = pst_cedar_add_entities_by_schema(c, s, PST_STR("e"), text,
                                                 i == 0 ? on_entity : NULL, &wrong, &err);
        if (st[i] == PST_OK && pst_cedar_add_actions(c, s, NULL) == PST_OK) {
            (void)!pst_cedar_seal(c, NULL);
        }
        pst_cedar_free(c);
    }
    PST_BUG_ON(st[0] != st[1] || (wrong != 0 && st[0] == PST_OK));
    pst_cedar_schema_free(s);
    return 0;
}
