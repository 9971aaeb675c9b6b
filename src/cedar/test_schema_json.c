#include "cedar/schema.h"

#include "base/test.h"
#include "base/test_heap.h"

static const char *parse(const char *text, char *ret, size_t n)
{
    struct pst_err err = {0};
    struct pst_cedar_schema *s = pst_cedar_schema_parse_json(NULL, PST_STR("t.json"),
                                                             pst_str_c(text), &err);
    if (s != NULL) {
        pst_cedar_schema_free(s);
        return "ok";
    }
    (void)snprintf(ret, n, "%u:%u %s", err.line, err.column, err.text);
    return ret;
}

#define TYPE(t)                                                                                    \
    "{\"\":{\"entityTypes\":{\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{\"x\":" t       \
    "}}}},\"actions\":{}}}"
#define ENTITY(e) "{\"\":{\"entityTypes\":{\"A\":" e "},\"actions\":{}}}"
#define ACTION(a) "{\"\":{\"entityTypes\":{\"A\":{}},\"actions\":{\"a\":" a ",\"b\":{}}}}"

static void schemas_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        TYPE("{\"type\":\"Long\"}"),
        TYPE("{\"type\":\"Bool\"}"),
        TYPE("{\"type\":\"Boolean\",\"required\":false,\"annotations\":{\"a\":\"b\",\"c\":null}}"),
        TYPE("{\"type\":\"ipaddr\"}"),
        TYPE("{\"type\":\"__cedar::Long\"}"),
        TYPE("{\"type\":\"EntityOrCommon\",\"name\":\"Long\"}"),
        TYPE("{\"type\":\"EntityOrCommon\",\"name\":\"__cedar::ipaddr\"}"),
        TYPE("{\"type\":\"Entity\",\"name\":\"A\"}"),
        TYPE("{\"type\":\"Extension\",\"name\":\"decimal\"}"),
        TYPE("{\"type\":\"Set\",\"element\":{\"type\":\"Long\"}}"),
        TYPE("{\"type\":\"Record\",\"attributes\":{},\"additionalAttributes\":false}"),
        "{\"N\":{\"entityTypes\":{},\"actions\":{},\"annotations\":{\"a\":\"b\"}}}",
        ENTITY("{\"enum\":[\"x\"]}"),
        ENTITY("{\"tags\":{\"type\":\"Long\"},\"memberOfTypes\":[\"A\"],\"annotations\":{}}"),
        "{\"\":{\"entityTypes\":{\"A\":{\"shape\":{\"type\":\"T\"}}},\"actions\":{},"
        "\"commonTypes\":"
        "{\"T\":{\"type\":\"Record\",\"attributes\":{},\"annotations\":{\"a\":\"b\"}}}}}",
        ACTION("{\"appliesTo\":null,\"memberOf\":null}"),
        ACTION("{\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[\"A\"]}}"),
        ACTION("{\"memberOf\":[{\"id\":\"b\"},{\"id\":\"b\",\"type\":\"Action\"}]}"),
    };
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(good); i++) {
        const char *got = parse(good[i], text, sizeof text);
        if (strcmp(got, "ok") != 0) {
            fail_msg("%s: %s", good[i], got);
        }
    }
}

static void schemas_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"[]", "1:1 a schema must be an object"},
        {"{", "1:2 "},
        {"{\"\":{\"entityTypes\":{}}}", "1:5 a namespace needs entityTypes and actions"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{},\"foo\":1}}",
         "1:42 a namespace has no member `foo`"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{},\"annotations\":{}}}",
         "1:50 what is in no namespace"},
        {"{\"a b\":{\"entityTypes\":{},\"actions\":{}}}", "1:8 this is not a valid namespace"},
        {"{\"__cedar\":{\"entityTypes\":{},\"actions\":{}}}", "1:12 this is not a valid namespace"},
        {TYPE("{\"type\":\"EntityOrCommon\",\"name\":\"Boolean\"}"),
         "1:69 `Boolean` is not declared"},
        {TYPE("{\"type\":\"A\"}"), "1:69 `A` is not declared as a common type"},
        {TYPE("{\"type\":\"Extension\",\"name\":\"foo\"}"),
         "1:69 `foo` is not declared as an extension"},
        {TYPE("{\"type\":\"Extension\",\"name\":\"__cedar::ipaddr\"}"), "1:69 `__cedar::ipaddr`"},
        {TYPE("{\"type\":\"Set\"}"), "1:69 `element` is missing here"},
        {TYPE("{\"type\":\"Long\",\"element\":{\"type\":\"Long\"}}"),
         "1:94 this type has no member"},
        {TYPE("{\"type\":\"Record\"}"), "1:69 `attributes` is missing here"},
        {TYPE("{\"type\":\"Record\",\"attributes\":{},\"additionalAttributes\":true}"),
         "1:125 additionalAttributes is not part of Cedar 4"},
        {TYPE("{\"type\":\"Long\",\"required\":\"x\"}"), "1:95 `required` must be true or false"},
        {TYPE("{\"type\":\"Set\",\"element\":{\"type\":\"Long\",\"required\":true}}"),
         "1:119 this type has no"},
        {TYPE("{\"name\":\"A\"}"), "1:69 `type` is missing here"},
        {TYPE("[]"), "1:69 a type must be an object"},
        {TYPE("{\"type\":\"Entity\",\"name\":\"a b\"}"), "1:69 this is not a valid type name"},
        {ENTITY("{\"foo\":1}"), "1:32 an entity type has no member `foo`"},
        {ENTITY("{\"memberOfTypes\":[\"B\"]}"), "1:43 `B` is not declared as an entity type"},
        {ENTITY("{\"memberOfTypes\":[1]}"), "1:43 memberOfTypes is a list of texts"},
        {ENTITY("{\"enum\":[]}"), "1:33 an enumerated entity type needs at least one id"},
        {ENTITY("{\"enum\":[\"x\"],\"memberOfTypes\":[]}"),
         "1:55 an enumerated entity type has no"},
        {ENTITY("{\"shape\":{\"type\":\"Long\"}}"),
         "1:34 the shape of an entity type must be a record"},
        {"{\"\":{\"entityTypes\":{\"A b\":{}},\"actions\":{}}}",
         "1:27 this name is not an identifier"},
        {ACTION("{\"appliesTo\":{}}"), "1:57 appliesTo needs the lists"},
        {ACTION("{\"attributes\":{}}"), "1:58 actions have no attributes in Cedar 4"},
        {ACTION("{\"memberOf\":[{\"id\":\"b\",\"type\":\"A\"}]}"),
         "1:57 the action `b` is not declared"},
        {ACTION("{\"memberOf\":[{\"id\":\"b\",\"x\":1}]}"),
         "1:71 a member of memberOf has no member"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{},\"commonTypes\":{\"Long\":{\"type\":\"Long\"}}}"
         "}",
         "1:58 `Long` is reserved"},
        {"{\"\":{\"entityTypes\":{},\"entityTypes\":{},\"actions\":{}}}", "1:23 "},
    };
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        const char *got = parse(bad[i].text, text, sizeof text);
        if (strncmp(got, bad[i].want, strlen(bad[i].want)) != 0) {
            fail_msg("%s: got %s, want %s", bad[i].text, got, bad[i].want);
        }
    }
}

static void failing_memory_is_an_error(void **state)
{
    (void)state;
    static const char text[] = ACTION(
        "{\"appliesTo\":{\"principalTypes\":[\"A\"],\"resourceTypes\":[\"A\"],\"context\":{"
        "\"type\":"
        "\"Record\",\"attributes\":{\"x\":{\"type\":\"Set\",\"element\":{\"type\":\"Long\"}}}}}}");
    size_t n = 1;
    for (;; n++) {
        struct pst_err err = {0};
        test_heap_fail_from(n);
        struct pst_cedar_schema *s = pst_cedar_schema_parse_json(
            NULL, PST_STR("t"), pst_str_of(text, sizeof text - 1), &err);
        test_heap_fail_from(0);
        if (s != NULL) {
            pst_cedar_schema_free(s);
            break;
        }
        assert_int_equal(err.code, PST_E_NO_MEMORY);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_taken),
        cmocka_unit_test(schemas_are_refused),
        cmocka_unit_test(failing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
