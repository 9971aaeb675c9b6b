/* Entities and policies in JSON: the first byte says which. */
#include "cedar/cedar.h"
#include "cedar/format.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decide(const struct pst_cedar *c)
{
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 22);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    if (r != NULL) {
        pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("T"), PST_STR("a")));
        pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("a")));
        pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("T"), PST_STR("b")));
        (void)!pst_cedar_authorize(r, &answer, NULL);
    }
    pst_arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_cedar_limits limits = {.text_bytes = 1u << 16, .total_bytes = 1u << 24};
    struct pst_cedar *c = pst_cedar_new(&limits);
    if (c == NULL || size == 0) {
        pst_cedar_free(c);
        return 0;
    }
    struct pst_str text = pst_str_from(pst_str_of(data, size), 1);
    enum pst_status st = PST_OK;
    if (data[0] == 'E') {
        st = pst_cedar_add_entities_json(c, PST_STR("f"), text, NULL);
        if (st == PST_OK) {
            st = pst_cedar_add_policies(
                c, PST_STR("p"),
                PST_STR(
                    "permit(principal in T::\"b\",action,resource) when { principal == resource ||"
                    " principal.a == resource.a || principal.hasTag(\"a\") };"),
                NULL);
        }
    } else {
        st = pst_cedar_add_policies_json(c, PST_STR("f"), text, NULL);
        for (uint32_t i = 0; st == PST_OK && i < pst_cedar_policies(c); i++) {
            struct pst_buf out;
            pst_buf_init(&out, 1u << 22);
            (void)!pst_cedar_policy_text(c, i, &out, NULL);
            (void)!pst_cedar_policy_json(c, i, &out, NULL);
            pst_buf_release(&out);
        }
    }
    if (st == PST_OK && pst_cedar_seal(c, NULL) == PST_OK) {
        decide(c);
    }
    pst_cedar_free(c);
    return 0;
}
