/* Images: the input is patches (offset, byte) to a sound image, whose checksum is then made to fit:
 * what opens must be safe to decide from. */
#include "base/enc.h"
#include "cedar/cedar.h"
#include "cedar/explain.h"
#include "cedar/format.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policies[] =
    "@id(\"a\") permit(principal in G::\"g\",action in [Action::\"a\",Action::\"b\"],resource is "
    "D) "
    "when {principal has x.y && context.s like \"a*b\" && [1,[2,3]].contains(context.n)};"
    "forbid(principal,action,resource) when {if context.n > 3 then true else "
    "{a: context.n, b: [context.n]} == {a: 1, b: [1]}} unless {ip(\"10.0.0.1\").isLoopback()};"
    "permit(principal == ?principal,action,resource);";
static const char entities[] =
    "[{\"uid\":{\"type\":\"U\",\"id\":\"a\"},\"attrs\":{\"x\":{\"y\":[1,2,[3]]}},\"parents\":"
    "[{\"type\":\"G\",\"id\":\"g\"}],\"tags\":{\"t\":\"v\"}},{\"uid\":{\"type\":\"G\",\"id\":\"g\"}"
    ","
    "\"attrs\":{\"ip\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1/64\"}}},\"parents\":"
    "[{\"type\":\"G\",\"id\":\"h\"}]}]";

static void use(const struct pst_cedar *c)
{
    struct pst_arena a;
    struct pst_cedar_answer answer;
    struct pst_cedar_value v = {0};
    struct pst_cedar_outlook outlook;
    struct pst_buf out;
    pst_buf_init(&out, 1u << 16);
    pst_arena_init(&a, 4096, 1u << 22);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    if (r != NULL) {
        pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("U"), PST_STR("a")));
        pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("a")));
        pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("D"), PST_STR("d")));
        if (pst_cedar_value_json(r, PST_STR("{\"s\":\"a-b\",\"n\":1}"), &v, NULL) == PST_OK) {
            pst_cedar_context(r, v);
        }
        (void)!pst_cedar_authorize(r, &answer, NULL);
        (void)!pst_cedar_explain(r, &out, NULL);
        pst_cedar_context(r, pst_cedar_unknown());
        (void)!pst_cedar_outlook(r, &outlook, NULL);
    }
    pst_arena_release(&a);
    for (uint32_t i = 0; i < pst_cedar_policies(c); i++) {
        (void)!pst_cedar_policy_text(c, i, &out, NULL);
        (void)!pst_cedar_policy_json(c, i, &out, NULL);
    }
    pst_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_cedar *c = pst_cedar_new(NULL);
    struct pst_cedar *opened = NULL;
    struct pst_buf b;
    pst_buf_init(&b, 1u << 20);
    bool ok = c != NULL &&
              pst_cedar_add_policies(c, PST_STR("p"), pst_str_c(policies), NULL) == PST_OK &&
              pst_cedar_add_entities_json(c, PST_STR("e"), pst_str_c(entities), NULL) == PST_OK &&
              pst_cedar_seal(c, NULL) == PST_OK && pst_cedar_image_write(c, &b, NULL) == PST_OK;
    PST_BUG_ON(!ok);
    uint8_t *image = (uint8_t *)aligned_alloc(16, b.n);
    if (image != NULL) {
        const uint32_t zero = 0;
        memcpy(image, b.p, b.n);
        for (size_t i = 0; i + 3 <= size && i < 60; i += 3) {
            image[((size_t)data[i] << 8 | data[i + 1]) % b.n] = data[i + 2];
        }
        memcpy(&image[24], &zero, 4);
        uint32_t crc = pst_crc32c(0, pst_str_of(image, b.n));
        memcpy(&image[24], &crc, 4);
        if (pst_cedar_image_open(pst_str_of(image, b.n), &opened, NULL) == PST_OK) {
            use(opened);
            pst_cedar_free(opened);
        }
    }
    free(image);
    pst_buf_release(&b);
    pst_cedar_free(c);
    return 0;
}
