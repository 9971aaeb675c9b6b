/* Policies against a fixed schema. What validates cannot fail on a request and entities that
 * conform, but for overflow, missing entities and extension operations: that is what validation
 * promises. */
#include "cedar/conform.h"
#include "cedar/validate.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_text[] =
    "type R = {a: Long, b?: String, r: {x?: Bool, u?: User}};"
    "entity G in [G];"
    "entity User in [G] {n: Long, s: String, o?: String, m?: User, r: R, t: Set<String>, u: "
    "Set<User>,"
    " i: ipaddr, d?: decimal, e: E, x: Set<R>} tags String;"
    "entity Bot {n: String, o?: Long} tags Long;"
    "entity E enum [\"p\", \"q\"];"
    "entity Doc in [G] {owner: User, n: Long, bot?: Bot};"
    "action all;"
    "action read in [all] appliesTo {principal: [User, Bot], resource: [Doc], context: R};"
    "action write in [all] appliesTo {principal: [User], resource: [Doc, User], context: {d: "
    "datetime}};";
static const char entities_text[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"n\":1,\"s\":\"x\",\"m\":{\"type\":"
    "\"User\","
    "\"id\":\"b\"},\"r\":{\"a\":1,\"r\":{\"x\":true}},\"t\":[\"x\"],\"u\":[],\"i\":\"10.0.0.1\","
    "\"e\":"
    "{\"type\":\"E\",\"id\":\"p\"},\"x\":[]},\"parents\":[{\"type\":\"G\",\"id\":\"g\"}],\"tags\":"
    "{\"k\":\"v\"}},"
    "{\"uid\":{\"type\":\"User\",\"id\":\"b\"},\"attrs\":{\"n\":2,\"s\":\"y\",\"o\":\"z\",\"r\":{"
    "\"a\":2,"
    "\"b\":\"c\",\"r\":{}},\"t\":[],\"u\":[{\"type\":\"User\",\"id\":\"a\"}],\"i\":\"::1\",\"d\":"
    "\"1.5\","
    "\"e\":{\"type\":\"E\",\"id\":\"q\"},\"x\":[{\"a\":1,\"r\":{}}]},\"parents\":[]},"
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{\"owner\":{\"type\":\"User\",\"id\":\"b\"}"
    ","
    "\"n\":5},\"parents\":[{\"type\":\"G\",\"id\":\"g\"}]}]";

static void decide(const struct pst_cedar *c, const struct pst_cedar_schema *s, const char *user,
                   const char *action, const char *context)
{
    struct pst_arena a;
    struct pst_cedar_answer answer;
    struct pst_cedar_value v = {0};
    pst_arena_init(&a, 4096, 1u << 22);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    PST_BUG_ON(r == NULL);
    struct pst_cedar_value act = pst_cedar_uid(r, PST_STR("Action"), pst_str_c(action));
    pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("User"), pst_str_c(user)));
    pst_cedar_action(r, act);
    pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("Doc"), PST_STR("d")));
    PST_BUG_ON(pst_cedar_context_by_schema(r, s, act, pst_str_c(context), &v, NULL) != PST_OK);
    pst_cedar_context(r, v);
    PST_BUG_ON(pst_cedar_request_conforms(r, s, NULL) != PST_OK);
    if (pst_cedar_authorize(r, &answer, NULL) == PST_OK) {
        for (size_t i = 0; i < answer.n_errors; i++) {
            enum pst_error code = answer.errors[i].code;
            PST_BUG_ON(code == PST_E_CEDAR_TYPE || code == PST_E_CEDAR_ATTRIBUTE);
        }
    }
    pst_arena_release(&a);
}

static void on_finding(void *ctx, const struct pst_cedar_finding *f)
{
    uint32_t *errors = (uint32_t *)ctx;
    *errors += !f->warning;
    PST_BUG_ON(f->text.n == 0 || f->line == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_cedar_limits limits = {
        .text_bytes = 1u << 16, .depth = 200, .total_bytes = 1u << 24};
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(schema_text), NULL);
    struct pst_cedar *c = pst_cedar_new(&limits);
    PST_BUG_ON(s == NULL || c == NULL);
    bool ok = pst_cedar_add_policies(c, PST_STR("p"), pst_str_of(data, size), NULL) == PST_OK;
    if (ok) {
        PST_BUG_ON(pst_cedar_add_entities_by_schema(c, s, PST_STR("e"), pst_str_c(entities_text),
                                                    NULL, NULL, NULL) != PST_OK);
        PST_BUG_ON(pst_cedar_add_actions(c, s, NULL) != PST_OK);
        ok = pst_cedar_seal(c, NULL) == PST_OK;
    }
    bool valid[3] = {false, false, false};
    for (unsigned i = 0; i < 3 && ok; i++) { /* strict, permissive, strict with a level */
        uint32_t errors = 0;
        struct pst_cedar_verdict verdict = {0};
        struct pst_cedar_validation how = {.mode = i == 1 ? PST_CEDAR_PERMISSIVE : PST_CEDAR_STRICT,
                                           .with_level = i == 2,
                                           .level = 1,
                                           .report = on_finding,
                                           .ctx = &errors};
        ok = pst_cedar_validate(c, s, &how, &verdict, NULL) == PST_OK;
        valid[i] = ok && verdict.invalid == 0;
        PST_BUG_ON(ok && (verdict.errors != errors || (errors == 0) != valid[i]));
    }
    PST_BUG_ON((valid[0] && !valid[1]) || (valid[2] && !valid[0]));
    if (ok && (valid[0] || valid[1])) {
        decide(c, s, "a", "read", "{\"a\":1,\"r\":{\"u\":{\"type\":\"User\",\"id\":\"b\"}}}");
        decide(c, s, "b", "read", "{\"a\":1,\"b\":\"x\",\"r\":{\"x\":false}}");
        decide(c, s, "b", "write", "{\"d\":\"2024-01-01\"}");
        decide(c, s, "a", "write", "{\"d\":\"2024-01-01T00:00:00Z\"}");
    }
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
    return 0;
}
