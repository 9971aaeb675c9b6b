/* For the unit tests of this folder: small sets and requests made from text. */
#ifndef PST_CEDAR_TEST_UTIL_H
#define PST_CEDAR_TEST_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cedar/cedar.h"

#include <stdio.h>

/* A sealed set; fails the test when anything is refused. */
static inline struct pst_cedar *test_set(const char *policies, const char *entities)
{
    struct pst_err err = {0};
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_non_null(c);
    enum pst_status st = pst_cedar_add_policies(c, PST_STR("t.cedar"), pst_str_c(policies), &err);
    if (st == PST_OK && entities != NULL) {
        st = pst_cedar_add_entities_json(c, PST_STR("t.json"), pst_str_c(entities), &err);
    }
    if (st == PST_OK) {
        st = pst_cedar_seal(c, &err);
    }
    if (st != PST_OK) {
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.text);
    }
    return c;
}

/* User::"alice" does Action::"view" to Doc::"d1" with a context in JSON ("{}" when NULL). */
static inline struct pst_cedar_request *test_request(const struct pst_cedar *c, struct pst_arena *a,
                                                     const char *context)
{
    struct pst_err err = {0};
    struct pst_cedar_request *r = pst_cedar_request_new(c, a);
    struct pst_cedar_value v = {0};
    assert_non_null(r);
    pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("User"), PST_STR("alice")));
    pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("view")));
    pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("Doc"), PST_STR("d1")));
    if (context != NULL) {
        if (pst_cedar_value_json(r, pst_str_c(context), &v, &err) != PST_OK) {
            fail_msg("context: %s", err.text);
        }
        pst_cedar_context(r, v);
    }
    return r;
}

/* What a condition comes to for that request: 'T' satisfied, 'F' not, 'E' failed (*ret_code). */
static inline char test_eval(const char *condition, const char *entities, const char *context,
                             enum pst_error *ret_code)
{
    char text[8192];
    int n = snprintf(text, sizeof text, "permit(principal, action, resource) when { %s };",
                     condition);
    assert_true(n > 0 && (size_t)n < sizeof text);
    struct pst_cedar *c = test_set(text, entities);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    struct pst_err err = {0};
    pst_arena_init(&a, 4096, 1u << 24);
    struct pst_cedar_request *r = test_request(c, &a, context);
    assert_int_equal(pst_cedar_authorize(r, &answer, &err), PST_OK);
    char ret = answer.allow ? 'T' : answer.n_errors != 0 ? 'E' : 'F';
    if (ret_code != NULL) {
        *ret_code = answer.n_errors != 0 ? answer.errors[0].code : PST_E_NONE;
    }
    pst_arena_release(&a);
    pst_cedar_free(c);
    return ret;
}

/* The message a source is refused with, as "line:column text"; "ok" when it is taken. */
static inline const char *test_refusal(const char *policies, char *ret, size_t cap)
{
    struct pst_err err = {0};
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_non_null(c);
    (void)snprintf(ret, cap, "ok");
    if (pst_cedar_add_policies(c, PST_STR("t.cedar"), pst_str_c(policies), &err) != PST_OK) {
        (void)snprintf(ret, cap, "%u:%u %s", err.line, err.column, err.text);
    }
    pst_cedar_free(c);
    return ret;
}

#endif
