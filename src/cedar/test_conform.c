#include "cedar/conform.h"

#include "base/test.h"
#include "base/test_heap.h"

static const char schema_text[] =
    "entity M in [M]; entity G; entity E enum [\"x\", \"y\"];"
    "entity User in [M] {m?: M, ip?: ipaddr, d?: datetime, s?: Set<M>, e?: E, n?: Long, b?: Bool,"
    " r?: {a: Long, c?: {d: Set<Set<String>>}}, t?: String, dec?: decimal, act?: Action} tags Long;"
    "entity Req {n: Long};"
    "action top; action mid in [top];"
    "action leaf in [mid] appliesTo {principal: User, resource: [M, E], context: {n: Long, u?: "
    "User,"
    " ip?: ipaddr, s?: Set<{a: String}>}};"
    "entity P in [Q]; entity Q in [R]; entity R; entity EP in [E];";

static struct pst_cedar_schema *schema(void)
{
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(schema_text), NULL);
    assert_non_null(s);
    return s;
}

/* "ok", or "LINE:COLUMN TEXT". */
static const char *load(const struct pst_cedar_schema *s, const char *entities, char *ret, size_t n)
{
    struct pst_err err = {0};
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_non_null(c);
    enum pst_status st = pst_cedar_add_entities_by_schema(c, s, PST_STR("e.json"),
                                                          pst_str_c(entities), NULL, NULL, &err);
    if (st == PST_OK) {
        st = pst_cedar_add_actions(c, s, &err);
        assert_int_equal(st, PST_OK);
        st = pst_cedar_seal(c, &err);
    }
    pst_cedar_free(c);
    if (st == PST_OK) {
        return "ok";
    }
    assert_string_equal(err.file, "e.json");
    (void)snprintf(ret, n, "%u:%u %s", err.line, err.column, err.text);
    return ret;
}

#define USER(attrs)                                                                                \
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{" attrs "},\"parents\":[]}]"
#define ENTITY(type, id, rest) "[{\"uid\":{\"type\":\"" type "\",\"id\":\"" id "\"}," rest "}]"
#define LEAF(parents)                                                                              \
    "{\"uid\":{\"type\":\"Action\",\"id\":\"leaf\"},\"attrs\":{},\"parents\":[" parents "]}"
#define MID                                                                                        \
    "{\"uid\":{\"type\":\"Action\",\"id\":\"mid\"},\"attrs\":{},\"parents\":[{\"type\":"           \
    "\"Action\","                                                                                  \
    "\"id\":\"top\"}]}"

static void entities_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "[]",
        USER(""),
        USER("\"ip\":\"1.2.3.4\",\"d\":\"2024-01-01\",\"dec\":\"1.5\""),
        USER("\"ip\":{\"fn\":\"ip\",\"arg\":\"1.2.3.4\"}"),
        USER("\"ip\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"1.2.3.4\"}}"),
        USER("\"d\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"2024-"
             "01-01\"}},"
             "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"1h\"}}]}"),
        USER("\"m\":{\"type\":\"M\",\"id\":\"x\",\"extra\":1}"),
        USER("\"m\":{\"__entity\":{\"type\":\"M\",\"id\":\"x\"}}"),
        USER("\"s\":[],\"n\":-9223372036854775808,\"b\":false,\"t\":\"\\u0000\""),
        USER("\"s\":[{\"type\":\"M\",\"id\":\"x\"},{\"__entity\":{\"type\":\"M\",\"id\":\"x\"}}]"),
        USER("\"e\":{\"type\":\"E\",\"id\":\"x\"},\"r\":{\"a\":1,\"c\":{\"d\":[[],[\"x\"]]}}"),
        USER("\"act\":{\"type\":\"Action\",\"id\":\"mid\"}"),
        ENTITY("User", "a",
               "\"attrs\":{},\"parents\":[{\"type\":\"M\",\"id\":\"m\"}],\"tags\":{\"a\":1}"),
        ENTITY("P", "p", "\"attrs\":{},\"parents\":[{\"type\":\"R\",\"id\":\"r\"}]"),
        ENTITY("E", "y", "\"attrs\":{},\"parents\":[]"),
        "[" LEAF("{\"type\":\"Action\",\"id\":\"mid\"}") "," MID "]",
        "[" LEAF("{\"type\":\"Action\",\"id\":\"mid\"},{\"type\":\"Action\",\"id\":\"top\"}") "]",
    };
    struct pst_cedar_schema *s = schema();
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(good); i++) {
        const char *got = load(s, good[i], text, sizeof text);
        if (strcmp(got, "ok") != 0) {
            fail_msg("%s: %s", good[i], got);
        }
    }
    pst_cedar_schema_free(s);
}

static const struct {
    const char *entities, *want;
} bad_entities[] = {
    {"{not json", "1:2 "},
    {"{}", "0:0 entities are an array"},
    {"[1]", "1:2 an entity is not an object"},
    {ENTITY("User", "a", "\"attrs\":{}"), "1:2 an entity needs the object `attrs`"},
    {ENTITY("User", "a", "\"parents\":[]"), "1:2 an entity needs the object `attrs`"},
    {ENTITY("User", "a", "\"attrs\":{},\"parents\":[],\"foo\":1"), "1:2 an entity has uid, attrs"},
    {"[{\"uid\":\"User::\\\"a\\\"\",\"attrs\":{},\"parents\":[]}]", "1:2 an entity is written"},
    {ENTITY("Nope", "a", "\"attrs\":{},\"parents\":[]"),
     "1:2 the entity type `Nope` is not declared"},
    {ENTITY("E", "z", "\"attrs\":{},\"parents\":[]"), "1:2 `z` is not one of the ids"},
    {ENTITY("Req", "a", "\"attrs\":{},\"parents\":[]"), "1:41 attribute: `n` is missing"},
    {USER("\"zz\":1"), "1:48 attribute `zz`: the schema does not declare this"},
    {USER("\"n\":1.5"), "1:47 attribute `n`: expected Long, found a number that is not an integer"},
    {USER("\"n\":\"1\""), "1:47 attribute `n`: expected Long, found a text"},
    {USER("\"b\":null"), "1:47 attribute `b`: expected Bool, found null"},
    {USER("\"ip\":\"not an ip\""), "1:48 attribute `ip`: this is not a valid ip"},
    {USER("\"ip\":42"), "1:48 attribute `ip`: expected ipaddr, found a number"},
    {USER("\"ip\":{\"fn\":\"decimal\",\"arg\":\"1.0\"}"),
     "1:48 attribute `ip`: expected ipaddr, found"},
    {USER("\"m\":\"x\""), "1:47 attribute `m`: expected M, found a text"},
    {USER("\"m\":{\"type\":\"G\",\"id\":\"x\"}"),
     "1:47 attribute `m`: expected M, found an entity of"},
    {USER("\"m\":{\"type\":\"M\",\"id\":1}"), "1:47 attribute `m`: expected M, found an object"},
    {USER("\"s\":[{\"type\":\"M\",\"id\":\"x\"},1]"),
     "1:70 attribute `s[]`: expected M, found a number"},
    {USER("\"s\":{}"), "1:47 attribute `s`: expected Set<M>, found an object"},
    {USER("\"r\":{\"a\":1,\"c\":{\"d\":[[1]]}}"), "1:65 attribute `r.c.d[][]`: expected String"},
    {USER("\"r\":{\"c\":{\"d\":[]}}"), "1:47 attribute `r`: `a` is missing"},
    {USER("\"e\":{\"type\":\"E\",\"id\":\"z\"}"), "1:47 attribute `e`: `z` is not one of the ids"},
    {USER("\"act\":{\"type\":\"Action\",\"id\":\"z\"}"),
     "1:49 attribute `act`: the action `z` is not"},
    {ENTITY("User", "a", "\"attrs\":{},\"parents\":[],\"tags\":{\"a\":\"x\"}"),
     "1:70 tag: expected Long, found a text"},
    {ENTITY("M", "a", "\"attrs\":{},\"parents\":[],\"tags\":{\"a\":1}"),
     "1:2 entities of this type have no tags"},
    {ENTITY("User", "a", "\"attrs\":{},\"parents\":[{\"type\":\"G\",\"id\":\"g\"}]"),
     "1:56 the schema does not let it have a parent of type `G`"},
    {ENTITY("EP", "a", "\"attrs\":{},\"parents\":[{\"type\":\"E\",\"id\":\"z\"}]"),
     "1:54 `z` is not one"},
    {ENTITY("Action", "zz", "\"attrs\":{},\"parents\":[]"), "1:2 the action `zz` is not declared"},
    {ENTITY("Action", "top", "\"attrs\":{\"x\":1},\"parents\":[]"),
     "1:51 attribute `x`: the schema"},
    {ENTITY("Action", "top", "\"attrs\":{},\"parents\":[],\"tags\":{\"x\":1}"),
     "1:2 entities of this"},
    {"[" LEAF("") "]", "1:2 the action is not in the groups"},
    {"[" LEAF("{\"type\":\"Action\",\"id\":\"mid\"}") "]", "1:2 the action is not in the groups"},
    {"[" LEAF("{\"type\":\"Action\",\"id\":\"top\"}") "]", "1:2 the action is not in the groups"},
    {"[{\"uid\":{\"type\":\"M\",\"id\":\"a\"},\"attrs\":{},\"parents\":[]},\n"
     "{\"uid\":{\"type\":\"M\",\"id\":\"a\"},\"attrs\":{},\"parents\":[{\"type\":\"M\",\"id\":"
     "\"b\"}]}]",
     "2:1 M::\"a\" is given twice, and differently"},
};

static void entities_are_refused(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = schema();
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(bad_entities); i++) {
        const char *got = load(s, bad_entities[i].entities, text, sizeof text);
        if (strncmp(got, bad_entities[i].want, strlen(bad_entities[i].want)) != 0) {
            fail_msg("%s: got %s, want %s", bad_entities[i].entities, got, bad_entities[i].want);
        }
    }
    pst_cedar_schema_free(s);
}

static void on_entity(void *ctx, struct pst_str uid, const struct pst_err *err)
{
    struct pst_buf *out = (struct pst_buf *)ctx;
    assert_true(err->line != 0);
    assert_true(pst_buf_add(out, uid) && PST_BUF_LIT(out, ";"));
}

static void all_wrong_entities_are_reported(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = schema();
    struct pst_cedar *c = pst_cedar_new(NULL);
    struct pst_err err = {0};
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    assert_int_equal(
        pst_cedar_add_entities_by_schema(
            c, s, PST_STR("e"),
            PST_STR(
                "[{\"uid\":{\"type\":\"Nope\",\"id\":\"a\"},\"attrs\":{},\"parents\":[]},"
                "{\"uid\":{\"type\":\"M\",\"id\":\"ok\"},\"attrs\":{},\"parents\":[]},"
                "{\"uid\":{\"type\":\"M\",\"id\":\"b\"},\"attrs\":{\"x\":1},\"parents\":[]},"
                "{\"uid\":{\"type\":\"Action\",\"id\":\"leaf\"},\"attrs\":{},\"parents\":[]},7]"),
            on_entity, &out, &err),
        PST_ERR);
    assert_str(pst_buf_str(&out), "Nope::a;M::b;;Action::leaf;");
    assert_int_equal(err.column, 2); /* of the first */
    pst_buf_release(&out);
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
}

struct request {
    const char *principal_type, *principal, *action, *resource_type, *resource, *context;
    const char *want; /* "" when it conforms */
};

static void check_request(const struct pst_cedar_schema *s, const struct pst_cedar *c,
                          const struct request *q, bool by_schema)
{
    struct pst_arena a;
    struct pst_err err = {0};
    struct pst_cedar_value v = {0};
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    assert_non_null(r);
    struct pst_cedar_value action = pst_cedar_uid(r, PST_STR("Action"), pst_str_c(q->action));
    pst_cedar_principal(r, pst_cedar_uid(r, pst_str_c(q->principal_type), pst_str_c(q->principal)));
    pst_cedar_action(r, action);
    pst_cedar_resource(r, pst_cedar_uid(r, pst_str_c(q->resource_type), pst_str_c(q->resource)));
    struct pst_str text = pst_str_c(q->context);
    enum pst_status st = by_schema ? pst_cedar_context_by_schema(r, s, action, text, &v, &err)
                                   : pst_cedar_value_json(r, text, &v, &err);
    if (st == PST_OK) {
        pst_cedar_context(r, v);
        st = pst_cedar_request_conforms(r, s, &err);
    }
    if (strncmp(err.text, q->want, strlen(q->want)) != 0 || (st == PST_OK) != (q->want[0] == 0)) {
        fail_msg("%s %s: got %s, want %s", q->principal, q->context, err.text, q->want);
    }
    pst_arena_release(&a);
}

static void requests_conform_or_not(void **state)
{
    (void)state;
    static const struct request both[] = {
        {"User", "a", "leaf", "M", "m", "{\"n\":1}", ""},
        {"User", "a", "leaf", "E", "x", "{\"n\":1,\"s\":[{\"a\":\"q\"}]}", ""},
        {"User", "a", "leaf", "M", "m",
         "{\"n\":1,\"u\":{\"__entity\":{\"type\":\"User\",\"id\":\"b\"}},\"ip\":{\"__extn\":{"
         "\"fn\":\"ip\","
         "\"arg\":\"::1\"}}}",
         ""},
        {"User", "a", "leaf", "E", "zz", "{\"n\":1}", "`zz` is not one of the ids"},
        {"M", "a", "leaf", "M", "m", "{\"n\":1}",
         "the action does not apply to a principal of type `M`"},
        {"User", "a", "leaf", "User", "m", "{\"n\":1}", "the action does not apply to a resource"},
        {"Nope", "a", "leaf", "M", "m", "{\"n\":1}", "the entity type `Nope` is not declared"},
        {"User", "a", "zz", "M", "m", "{\"n\":1}", "the action `zz` is not declared"},
        {"User", "a", "top", "M", "m", "{}", "the action does not apply to a principal"},
        {"User", "a", "leaf", "M", "m", "{}", "context: `n` is missing"},
        {"User", "a", "leaf", "M", "m", "{\"n\":\"x\"}",
         "context `n`: expected Long, found a text"},
        {"User", "a", "leaf", "M", "m", "{\"n\":1,\"q\":1}", "context `q`: the schema does not"},
        {"User", "a", "leaf", "M", "m", "{\"n\":1,\"s\":[{\"a\":1}]}",
         "context `s[].a`: expected String"},
        {"User", "a", "leaf", "M", "m", "{\"n\":1,\"s\":[{}]}", "context `s[]`: `a` is missing"},
        {"User", "a", "leaf", "M", "m", "{\"n\":1,\"s\":1}",
         "context `s`: expected Set<{a: String}>"},
        {"User", "a", "leaf", "M", "m",
         "{\"n\":1,\"u\":{\"__entity\":{\"type\":\"M\",\"id\":\"b\"}}}",
         "context `u`: expected User, found an entity"},
    };
    static const struct request typed[] = {
        {"User", "a", "leaf", "M", "m",
         "{\"n\":1,\"ip\":\"::1\",\"u\":{\"type\":\"User\",\"id\":\"b\"}}", ""},
        {"User", "a", "leaf", "M", "m", "{\"n\":1,\"ip\":\"x\"}",
         "context `ip`: this is not a valid ip"},
        {"User", "a", "leaf", "M", "m", "[]", "context: expected {ip?: ipaddr"},
    };
    struct pst_cedar_schema *s = schema();
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_int_equal(pst_cedar_seal(c, NULL), PST_OK);
    for (size_t i = 0; i < PST_LEN(both); i++) {
        check_request(s, c, &both[i], false);
        check_request(s, c, &both[i], true);
    }
    for (size_t i = 0; i < PST_LEN(typed); i++) {
        check_request(s, c, &typed[i], true);
    }
    struct pst_arena a;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    assert_int_equal(pst_cedar_request_conforms(r, s, NULL), PST_ERR);
    pst_arena_release(&a);
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
}

static void failing_memory_is_an_error(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = schema();
    static const char text[] =
        "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"ip\":\"1.2.3.4\",\"s\":[{\"type\":"
        "\"M\","
        "\"id\":\"x\"}],\"r\":{\"a\":1}},\"parents\":[{\"type\":\"M\",\"id\":\"m\"}],\"tags\":{"
        "\"k\":1}},"
        "{\"uid\":{\"type\":\"Action\",\"id\":\"top\"},\"attrs\":{},\"parents\":[]}]";
    size_t n = 1;
    for (;; n++) {
        struct pst_err err = {0};
        struct pst_cedar *c = pst_cedar_new(NULL);
        assert_non_null(c);
        test_heap_fail_from(n);
        enum pst_status st = pst_cedar_add_entities_by_schema(c, s, PST_STR("e"), pst_str_c(text),
                                                              NULL, NULL, &err);
        if (st == PST_OK) {
            st = pst_cedar_add_actions(c, s, &err);
        }
        test_heap_fail_from(0);
        pst_cedar_free(c);
        if (st == PST_OK) {
            break;
        }
        assert_int_equal(err.code, PST_E_NO_MEMORY);
    }
    assert_true(n > 5);
    pst_cedar_schema_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_are_taken),
        cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(all_wrong_entities_are_reported),
        cmocka_unit_test(requests_conform_or_not),
        cmocka_unit_test(failing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
