#include "cedar/schema.h"

#include "base/test.h"
#include "base/test_heap.h"
#include "cedar/schema_model.h"

#include <stdlib.h>

/* "ok", or "LINE:COLUMN TEXT". */
static const char *parse(const char *text, char *ret, size_t n)
{
    struct pst_err err = {0};
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("t.cedarschema"),
                                                             pst_str_c(text), &err);
    if (s != NULL) {
        pst_cedar_schema_free(s);
        return "ok";
    }
    assert_string_equal(err.file, "t.cedarschema");
    (void)snprintf(ret, n, "%u:%u %s", err.line, err.column, err.text);
    return ret;
}

static void schemas_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "// only a comment",
        "entity entity; entity type, action, namespace;",
        "entity A {__cedar: Long, \"in\": Long, \"\": Long, \" \": Long,};",
        "type EntityOrCommon = Long; entity A {x: EntityOrCommon};",
        "type ipaddr = Long; entity A {x: ipaddr, y: __cedar::ipaddr};",
        "entity Long; entity A {x: Long, y: __cedar::Long};",
        "type A = Long; entity A; entity B {x: A};",
        "type C = {}; entity A; action a appliesTo {principal: A, resource: A, context: C};",
        "entity A enum [\"a\", \"a\"];",
        "entity A in [];",
        "entity A in [A, A] = {x: Long,} tags Set<Set<A>>;",
        "action a in [b]; action b;",
        "namespace N {action a in Action::\"b\";} action b;",
        "namespace N {action a in [b];} action b;",
        "namespace N {action a in N::Action::\"b\"; action b;}",
        "namespace N {entity A {x: N::B, y: B}; entity B;}",
        "namespace N {entity A in B;} entity B;",
        "@doc @in(\"x\") entity A {@d(\"x\") x?: Long, y ?: Long};",
        "@doc(\"x\") namespace N {}",
        "entity A {x: Action}; action a;",
        "namespace N {entity A {x: N::Action}; action a;}",
        "action a, \"b c\", c;",
        "action a appliesTo {principal: A, resource: [A],}; entity A;",
        "entity Set; entity A {x: Set<Set>, y: Set};",
        "type principal = Long; entity A {x: principal};",
        "entity A {x: decimal, y: datetime, z: duration, w: ipaddr};",
        "type A = {x: B}; type B = Set<C>; type C = Bool;",
    };
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(good); i++) {
        assert_string_equal(parse(good[i], text, sizeof text), "ok");
    }
}

static const struct {
    const char *text, *want;
} bad_schemas[] = {
    {"entity A {in: Long};", "1:11 `in`: this word is reserved"},
    {"entity in;", "1:8 `in`: this word is reserved"},
    {"entity __cedar;", "1:8 `__cedar`: this word is reserved"},
    {"action in;", "1:8 `in`: this word is reserved"},
    {"type Long = String;", "1:6 `Long` is reserved and cannot be the name of a common type"},
    {"entity Action;", "1:8 `Action` is the type of actions"},
    {"entity A;\nentity A;", "2:8 the entity type `A` is declared twice"},
    {"type A = Long; type A = Long;", "1:21 the common type `A` is declared twice"},
    {"action a, a;", "1:11 the action `a` is declared twice"},
    {"namespace N {} namespace N {}", "1:26 this namespace is declared twice"},
    {"namespace N {entity A;} entity A;", "1:21 this would hide the `A` declared outside"},
    {"namespace N {type A = Long;} entity A;", "1:19 this would hide the `A`"},
    {"namespace N {action a;} action a;", "1:21 this would hide the action `a`"},
    {"entity A; action a appliesTo {};", "1:31 expected `principal`, `resource` or `context`"},
    {"entity A; action a appliesTo {principal: A};", "1:30 appliesTo needs a `resource`"},
    {"action a appliesTo {principal: [], resource: A};", "1:33 expected a name, found `]`"},
    {"action a appliesTo {principal: A principal: A};", "1:34 expected `,` or `}`"},
    {"action a appliesTo {principal: A, principal: A};", "1:35 `principal`: this is given twice"},
    {"type C = Long; entity A; action a appliesTo {principal: A, resource: A, context: C};",
     "1:82 the context of an action must be a record"},
    {"type C = Long; entity A = C;", "1:27 expected `{` and the attributes, found `C`"},
    {"entity A {x: Long,\n  y: Bool, x: Long};", "2:12 the attribute `x` is declared twice"},
    {"entity A {x: Long; y: Long};", "1:18 expected `,` or `}`, found `;`"},
    {"entity A enum [];", "1:16 expected a string"},
    {"entity A enum [\"a\",];", "1:20 expected a string"},
    {"entity A enum \"a\";", "1:15 expected `[`"},
    {"entity A in [A,];", "1:16 expected a name"},
    {"entity A in B;", "1:13 `B` is not declared as an entity type"},
    {"type T = {}; entity A in T;", "1:26 `T` is not declared as an entity type"},
    {"action a in [];", "1:14 expected a name"},
    {"action a in c;", "1:13 the action `c` is not declared"},
    {"action a in b::c;", "1:17 expected `::` and the action's id"},
    {"action a in [b]; action b in [a];", "1:8 the action `a` is a member of itself"},
    {"action a; entity B; action c appliesTo {principal: Action, resource: B};",
     "1:52 `Action` is not declared as an entity type"},
    {"action a appliesTo {principal: A, resource: A} attributes {}; entity A;",
     "1:48 `attributes`: actions have no attributes"},
    {"namespace N::M {entity A {x: M::B}; entity B;}", "1:30 `M::B` is not declared"},
    {"namespace __cedar {}", "1:11 `__cedar`: this word is reserved"},
    {"namespace N { namespace M {} }", "1:15 expected `entity`, `action`, `type` or `namespace`"},
    {"entity A {x: __cedar::Foo};", "1:14 `__cedar::Foo` is not declared as a common type"},
    {"entity A {x: Boolean};", "1:14 `Boolean` is not declared as a common type or entity type"},
    {"entity A {x: Set};", "1:14 `Set` is not declared"},
    {"entity A {x: Set<A,>};", "1:19 expected `>`"},
    {"entity A {x: Action};", "1:14 `Action` is not declared"},
    {"type A = B; type B = A;", "1:10 common types refer to each other in a circle"},
    {"type A = Set<A>;", "1:14 common types refer to each other in a circle"},
    {"type A = {x: Set<{y: A}>};", "1:22 common types refer to each other in a circle"},
    {"@doc(\"x\") @doc entity A;", "1:12 this annotation is given twice"},
    {"entity A {} tags Long tags Long;", "1:23 expected `in`, `{`, `tags`, `enum` or `;`"},
    {"entity A", "1:9 expected `in`, `{`, `tags`, `enum` or `;`, found end of input"},
    {"entity A;;", "1:10 expected `entity`, `action`, `type` or `namespace`, found `;`"},
    {"entity \"A\";", "1:8 expected a name"},
    {"entity A {x: \"\\q\"};", "1:14 expected a type"},
    {"entity A {\"\\q\": Long};", "1:12 unknown escape"},
};

static void schemas_are_refused_with_a_position(void **state)
{
    (void)state;
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(bad_schemas); i++) {
        const char *got = parse(bad_schemas[i].text, text, sizeof text);
        if (strncmp(got, bad_schemas[i].want, strlen(bad_schemas[i].want)) != 0) {
            fail_msg("%s: got %s, want %s", bad_schemas[i].text, got, bad_schemas[i].want);
        }
    }
}

static void every_prefix_is_answered(void **state)
{
    (void)state;
    static const char text[] =
        "@a(\"x\") namespace N {entity A, B in [A] = {\"x\"?: Set<{y: Long}>} tags Long; type T = "
        "decimal; action v, w in [\"g\"] appliesTo {principal: [A], resource: B, context: {t: T}}; "
        "action g; entity E enum [\"p\", \"q\"];}";
    for (size_t n = 0; n <= sizeof text - 1; n++) {
        struct pst_err err = {0};
        struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("p"),
                                                                 pst_str_of(text, n), &err);
        assert_true((s != NULL) == (n == 0 || n == sizeof text - 1));
        assert_true(s != NULL || (err.line == 1 && err.column != 0));
        pst_cedar_schema_free(s);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    struct pst_buf b;
    char text[PST_ERR_TEXT + 160];
    pst_buf_init(&b, 1u << 20);
    for (unsigned depth = 49; depth <= 51; depth++) {
        pst_buf_clear(&b);
        assert_true(PST_BUF_LIT(&b, "type A = "));
        for (unsigned i = 0; i < depth; i++) {
            assert_true(PST_BUF_LIT(&b, "Set<"));
        }
        assert_true(PST_BUF_LIT(&b, "Long"));
        for (unsigned i = 0; i < depth; i++) {
            assert_true(PST_BUF_LIT(&b, ">"));
        }
        assert_true(PST_BUF_LIT(&b, ";") && pst_buf_byte(&b, 0));
        const char *got = parse((const char *)b.p, text, sizeof text);
        assert_string_equal(got,
                            depth <= 50 ? "ok" : "1:210 types are nested more than 50 deep here");
    }
    /* Common types may make types deeper than they are written, up to 100. */
    for (unsigned depth = 90; depth <= 110; depth += 20) {
        pst_buf_clear(&b);
        for (unsigned i = 0; i < depth; i++) {
            assert_true(pst_buf_fmt(&b, "type T%u = Set<%s%u>;", i, i == 0 ? "Long" : "T",
                                    i == 0 ? 0 : i - 1));
            if (i == 0) {
                pst_buf_clear(&b);
                assert_true(PST_BUF_LIT(&b, "type T0 = Set<Long>;"));
            }
        }
        assert_true(pst_buf_byte(&b, 0));
        const char *got = parse((const char *)b.p, text, sizeof text);
        assert_true((strcmp(got, "ok") == 0) == (depth == 90));
    }
    pst_buf_release(&b);
}

/* Sixty types, each twice in the next: 2^60 leaves when written out, sixty types here. */
static void sharing_costs_nothing(void **state)
{
    (void)state;
    struct pst_buf b;
    struct pst_buf out;
    struct pst_err err = {0};
    pst_buf_init(&b, 1u << 20);
    pst_buf_init(&out, 1u << 16);
    assert_true(PST_BUF_LIT(&b, "type T0 = {a: Long, b: Bool};"));
    for (unsigned i = 1; i < 60; i++) {
        assert_true(pst_buf_fmt(&b, "type T%u = {a: T%u, b: T%u};", i, i - 1, i - 1));
    }
    assert_true(PST_BUF_LIT(&b, "entity A {x: T59, y: Set<T59>};"));
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("t"), pst_buf_str(&b),
                                                             &err);
    assert_non_null(s);
    assert_true(s->types.n_rows < 100);
    assert_int_equal(pst_cedar_schema_print_resolved(s, &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_cedar_schema_free(s);
    pst_buf_release(&b);
    pst_buf_release(&out);
}

static void questions_are_answered(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(
        NULL, PST_STR("t"),
        PST_STR("entity G in [G]; entity U in [G]; entity X; action all; action mid in [all];"
                "action a in [mid]; namespace N {action b in [Action::\"mid\"];}"),
        NULL);
    assert_non_null(s);
    uint32_t g = pst_cedar_schema_find_type(s, PST_STR("G"));
    uint32_t u = pst_cedar_schema_find_type(s, PST_STR("U"));
    uint32_t x = pst_cedar_schema_find_type(s, PST_STR("X"));
    assert_int_equal(pst_cedar_schema_find_type(s, PST_STR("Q")), PST_CEDAR_NO);
    assert_true(pst_cedar_schema_type_in(s, u, g) && pst_cedar_schema_type_in(s, g, g));
    assert_true(pst_cedar_schema_type_in(s, x, x) && !pst_cedar_schema_type_in(s, g, u));
    uint32_t all = pst_cedar_schema_find_action(s, PST_STR("Action"), PST_STR("all"));
    uint32_t a = pst_cedar_schema_find_action(s, PST_STR("Action"), PST_STR("a"));
    uint32_t b = pst_cedar_schema_find_action(s, PST_STR("N::Action"), PST_STR("b"));
    assert_true(pst_cedar_schema_action_in(s, a, all) && pst_cedar_schema_action_in(s, b, all));
    assert_false(pst_cedar_schema_action_in(s, all, a));
    assert_int_equal(pst_cedar_schema_find_action(s, PST_STR("N::Action"), PST_STR("a")),
                     PST_CEDAR_NO);
    uint32_t t = pst_cedar_schema_find_type(s, PST_STR("N::Action"));
    assert_true(s->entity_types[t].is_action);
    assert_true(pst_cedar_schema_type_in(s, t, pst_cedar_schema_find_type(s, PST_STR("Action"))));
    pst_cedar_schema_free(s);
    pst_cedar_schema_free(NULL);
}

static void failing_memory_is_an_error(void **state)
{
    (void)state;
    static const char text[] =
        "entity A in [A] {x: Set<{y: T}>, z?: Long} tags Long; type T = {a: Bool};"
        "action v in [g] appliesTo {principal: A, resource: A, context: T}; action g;";
    size_t n = 1;
    for (;; n++) {
        struct pst_err err = {0};
        test_heap_fail_from(n);
        struct pst_cedar_schema *s = pst_cedar_schema_parse_text(
            NULL, PST_STR("t"), pst_str_of(text, sizeof text - 1), &err);
        test_heap_fail_from(0);
        if (s != NULL) {
            pst_cedar_schema_free(s);
            break;
        }
        assert_true(err.code == PST_E_NO_MEMORY || err.code == PST_E_CEDAR_LIMIT);
    }
    assert_true(n > 10);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_cedar_limits l = {.text_bytes = 8};
    assert_null(pst_cedar_schema_parse_text(&l, PST_STR("t"), PST_STR("entity ABC;"), &err));
    assert_int_equal(err.code, PST_E_CEDAR_LIMIT);
    l = (struct pst_cedar_limits){.depth = 2};
    assert_null(pst_cedar_schema_parse_text(&l, PST_STR("t"),
                                            PST_STR("type A = Set<Set<Set<Long>>>;"), &err));
    assert_int_equal(err.code, PST_E_CEDAR_LIMIT);
    l = (struct pst_cedar_limits){.total_bytes = 20000};
    struct pst_buf b;
    pst_buf_init(&b, 1u << 20);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(pst_buf_fmt(&b, "entity E%u {a: Long};", i));
    }
    assert_null(pst_cedar_schema_parse_text(&l, PST_STR("t"), pst_buf_str(&b), &err));
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_buf_release(&b);
    assert_null(pst_cedar_schema_parse_text(NULL, PST_STR("t"), PST_STR("entity \xff;"), &err));
    assert_int_equal(err.code, PST_E_CEDAR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_taken),
        cmocka_unit_test(schemas_are_refused_with_a_position),
        cmocka_unit_test(every_prefix_is_answered),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(sharing_costs_nothing),
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(failing_memory_is_an_error),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
