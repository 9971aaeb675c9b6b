/* Policy text: refused with a position, or taken, decided and written in every format; the JSON it
 * is written as is read back to the same JSON, and formatted text formats to itself. */
#include "cedar/cedar.h"
#include "cedar/explain.h"
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
        struct pst_cedar_value v = {0};
        pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("User"), PST_STR("a")));
        pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("a")));
        pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("A"), PST_STR("b")));
        if (pst_cedar_value_json(r, PST_STR("{\"a\":1,\"b\":{\"c\":[1,\"x\"]}}"), &v, NULL) ==
            PST_OK) {
            pst_cedar_context(r, v);
        }
        /* With everything known, an outlook must say what the decision is. */
        struct pst_cedar_outlook outlook;
        struct pst_buf out;
        pst_buf_init(&out, 1u << 20);
        if (pst_cedar_authorize(r, &answer, NULL) == PST_OK &&
            pst_cedar_outlook(r, &outlook, NULL) == PST_OK) {
            PST_BUG_ON(outlook.verdict != (answer.allow ? PST_CEDAR_ALWAYS : PST_CEDAR_NEVER));
            PST_BUG_ON(outlook.error_certain != (answer.n_errors != 0));
            /* With the context unknown it must not exclude what happened. */
            bool allow = answer.allow;
            (void)!pst_cedar_explain(r, &out, NULL);
            pst_cedar_context(r, pst_cedar_unknown());
            PST_BUG_ON(pst_cedar_outlook(r, &outlook, NULL) == PST_OK &&
                       outlook.verdict == (allow ? PST_CEDAR_NEVER : PST_CEDAR_ALWAYS));
        }
        pst_buf_release(&out);
    }
    pst_arena_release(&a);
}

static void json_round(const struct pst_cedar *c)
{
    struct pst_buf first;
    struct pst_buf second;
    pst_buf_init(&first, 1u << 22);
    pst_buf_init(&second, 1u << 22);
    struct pst_cedar *again = pst_cedar_new(NULL);
    /* Trees that nest deeper than JSON may are written but not read. */
    if (again != NULL && pst_cedar_policies_json(c, &first, NULL) == PST_OK &&
        pst_cedar_add_policies_json(again, PST_STR("f"), pst_buf_str(&first), NULL) == PST_OK) {
        PST_BUG_ON(pst_cedar_policies_json(again, &second, NULL) != PST_OK);
        PST_BUG_ON(!pst_str_eq(pst_buf_str(&first), pst_buf_str(&second)));
    }
    pst_cedar_free(again);
    pst_buf_release(&first);
    pst_buf_release(&second);
}

static void text_round(const struct pst_cedar *c)
{
    for (uint32_t i = 0; i < pst_cedar_policies(c); i++) {
        struct pst_buf text;
        pst_buf_init(&text, 1u << 22);
        struct pst_cedar *again = pst_cedar_new(NULL);
        if (again != NULL && pst_cedar_policy_text(c, i, &text, NULL) == PST_OK) {
            struct pst_err err = {0};
            enum pst_status st = pst_cedar_add_policies(again, PST_STR("f"), pst_buf_str(&text),
                                                        &err);
            PST_BUG_ON(st != PST_OK && err.code == PST_E_CEDAR_SYNTAX);
        }
        pst_cedar_free(again);
        pst_buf_release(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_err err = {0};
    struct pst_str text = pst_str_of(data, size);
    struct pst_cedar_limits limits = {
        .text_bytes = 1u << 16, .depth = 200, .total_bytes = 1u << 24};
    struct pst_cedar *c = pst_cedar_new(&limits);
    if (c == NULL) {
        return 0;
    }
    if (pst_cedar_add_policies(c, PST_STR("f"), text, &err) != PST_OK) {
        PST_BUG_ON(err.code == PST_E_CEDAR_SYNTAX && err.line == 0 && err.text[0] == 0);
        pst_cedar_free(c);
        return 0;
    }
    struct pst_buf once;
    struct pst_buf twice;
    pst_buf_init(&once, 1u << 22);
    pst_buf_init(&twice, 1u << 22);
    if (pst_cedar_format(text, &once, NULL) == PST_OK) {
        PST_BUG_ON(pst_cedar_format(pst_buf_str(&once), &twice, NULL) != PST_OK);
        PST_BUG_ON(!pst_str_eq(pst_buf_str(&once), pst_buf_str(&twice)));
    }
    pst_buf_release(&once);
    pst_buf_release(&twice);
    json_round(c);
    text_round(c);
    if (pst_cedar_seal(c, NULL) == PST_OK) {
        decide(c);
    }
    pst_cedar_free(c);
    return 0;
}
