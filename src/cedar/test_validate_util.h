/* For the tests of the validator: a schema, and what it says of a policy. */
#ifndef PST_CEDAR_TEST_VALIDATE_UTIL_H
#define PST_CEDAR_TEST_VALIDATE_UTIL_H

#include "base/test.h"
#include "cedar/validate.h"

static const char test_schema_text[] =
    "type R = {a: Long, b?: String, r: {x?: Bool, u?: User}};"
    "entity G in [G];"
    "entity User in [G] {n: Long, s: String, o?: String, m?: User, r: R, t: Set<String>, u: "
    "Set<User>,"
    " i: ipaddr, d?: decimal, e: E, act?: Action} tags String;"
    "entity Bot {n: String, s: String, o?: String} tags Long;"
    "entity E enum [\"p\", \"q\"];"
    "entity Doc in [G] {owner: User, n: Long, bot?: Bot, when: datetime, ttl: duration};"
    "action all; action some in [all];"
    "action read in [some] appliesTo {principal: [User, Bot], resource: [Doc], context: R};"
    "action write in [all] appliesTo {principal: [User], resource: [Doc, User]};"
    "namespace N { action go appliesTo {principal: [User], resource: [Doc]}; }";

struct test_findings {
    struct pst_buf out; /* "KIND LINE:COLUMN TEXT [HINT]\n" for each */
    bool texts;
};

static inline void test_on_finding(void *ctx, const struct pst_cedar_finding *f)
{
    struct test_findings *t = (struct test_findings *)ctx;
    assert_true(f->text.n != 0);
    assert_true(pst_buf_add(&t->out, pst_str_c(pst_cedar_finding_name(f->kind))));
    if (t->texts) {
        assert_true(pst_buf_fmt(&t->out, " %u:%u ", f->line, f->column) &&
                    pst_buf_add(&t->out, f->text));
        if (f->hint.n != 0) {
            assert_true(PST_BUF_LIT(&t->out, " [") && pst_buf_add(&t->out, f->hint) &&
                        PST_BUF_LIT(&t->out, "]"));
        }
        assert_true(PST_BUF_LIT(&t->out, "\n"));
    } else {
        assert_true(PST_BUF_LIT(&t->out, " "));
    }
}

/* What the validator finds in `policies`; the caller's buffer is cleared first. */
static inline void test_validate(const char *policies, enum pst_cedar_mode mode, int level,
                                 struct test_findings *t)
{
    struct pst_err err = {0};
    struct pst_cedar_verdict verdict = {0};
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(test_schema_text), &err);
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_non_null(c);
    if (s == NULL || pst_cedar_add_policies(c, PST_STR("p"), pst_str_c(policies), &err) != PST_OK) {
        fail_msg("%u:%u %s in %s", err.line, err.column, err.text, policies);
    }
    struct pst_cedar_validation how = {.mode = mode,
                                       .with_level = level >= 0,
                                       .level = level >= 0 ? (uint32_t)level : 0,
                                       .report = test_on_finding,
                                       .ctx = t};
    pst_buf_clear(&t->out);
    if (pst_cedar_validate(c, s, &how, &verdict, &err) != PST_OK) {
        fail_msg("%s in %s", err.text, policies);
    }
    assert_true(pst_buf_byte(&t->out, 0));
    t->out.n--;
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
}

#endif
