#include "base/test.h"
#include "gate/decide.h"

enum { ARENA = 1024 * 1024 };

/* A set of policies, facts about an ordinary request, and what came of it. */
struct trial {
    struct pst_cedar *policies;
    struct pst_arena arena;
    struct pst_principal who;
    struct pst_facts facts;
    struct pst_decision d;
};

static void begin(struct trial *t, const char *policies)
{
    struct pst_err err = {0};
    *t = (struct trial){0};
    t->policies = pst_cedar_new(NULL);
    assert_non_null(t->policies);
    enum pst_status status = pst_cedar_add_policies(t->policies, PST_STR("t.cedar"),
                                                    pst_str_c(policies), &err);
    if (status == PST_OK) {
        status = pst_cedar_seal(t->policies, &err);
    }
    if (status != PST_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    pst_arena_init(&t->arena, 64 * 1024, ARENA);
    t->who = (struct pst_principal){.type = PST_STR("Workload"),
                                    .id = PST_STR("app"),
                                    .key_id = PST_STR("k"),
                                    .groups = {PST_STR("demo")},
                                    .n_groups = 1,
                                    .acr = "key"};
    t->facts = (struct pst_facts){.operation = PST_OP_CHAT,
                                  .who = &t->who,
                                  .resource = PST_STR("m"),
                                  .address = PST_STR("127.0.0.1"),
                                  .attempt = 1,
                                  .messages = 1,
                                  .choices = 1,
                                  .bytes = 100,
                                  .wall_ns = 1800000000000000000};
}

static void end(struct trial *t)
{
    pst_arena_release(&t->arena);
    pst_cedar_free(t->policies);
}

static enum pst_verdict judge(struct trial *t)
{
    memset(&t->d, 0x5a, sizeof t->d); /* nothing of before may survive */
    pst_arena_clear(&t->arena);
    pst_decide(t->policies, &t->facts, NULL, 0, &t->arena, &t->d);
    if (t->d.verdict == PST_DENY) {
        assert_true(t->d.code > PST_E_NONE && t->d.code < PST_E_COUNT);
        assert_non_null(memchr(t->d.message, 0, sizeof t->d.message));
        assert_true(t->d.message[0] != 0);
    } else {
        assert_int_equal(t->d.code, PST_E_NONE);
        assert_int_equal(t->d.message[0], 0);
    }
    return t->d.verdict;
}

#define CHAT                                                                                       \
    "@id(\"chat\") permit (principal in Postern::Group::\"demo\", "                                \
    "action == Postern::Action::\"chat\", resource == Postern::Model::\"m\");"
#define SPEAK                                                                                      \
    "@id(\"speak\") permit (principal == Postern::Workload::\"app\", "                             \
    "action == Postern::Action::\"speakFor\", resource is Postern::EndUser);"

#define OFFER(name)                                                                                \
    "permit (principal, action == Postern::Action::\"offerTool\", "                                \
    "resource == Postern::Tool::\"" name "\");"

static void expect_deny(const char *policies, enum pst_error code)
{
    struct trial t;
    begin(&t, policies);
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, code);
    end(&t);
}

static void test_default(void **state)
{
    (void)state;
    expect_deny("", PST_E_POLICY_DENIED);
    expect_deny("permit (principal, action == Postern::Action::\"listModels\", resource);",
                PST_E_POLICY_DENIED);
    expect_deny("permit (principal == Postern::User::\"app\", action, resource);",
                PST_E_POLICY_DENIED);
    expect_deny("permit (principal in Postern::Group::\"other\", action, resource);",
                PST_E_POLICY_DENIED);
    expect_deny("permit (principal, action, resource) when { context.stream };",
                PST_E_POLICY_DENIED);
    struct trial t;
    begin(&t, CHAT);
    assert_int_equal(judge(&t), PST_RELEASE);
    assert_int_equal(t.d.n_policies, 1);
    assert_str(t.d.policies[0], "chat");
    assert_false(t.d.sync_first);
    t.facts.resource = PST_STR("m2");
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
}

static void test_forbid_wins(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, CHAT "@id(\"no\") forbid (principal, action, resource) when "
                   "{ context.remoteUrls > 0 };");
    assert_int_equal(judge(&t), PST_RELEASE);
    t.facts.remote_urls = 1;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_POLICY_FORBIDDEN);
    assert_int_equal(t.d.n_policies, 1);
    assert_str(t.d.policies[0], "no");
    end(&t);
}

/* One policy that cannot be evaluated denies, whether it would permit or forbid. */
static void test_errors_deny(void **state)
{
    (void)state;
    static const char *const broken[] = {
        CHAT "@id(\"x\") forbid (principal, action, resource) when { context.none };",
        CHAT "@id(\"x\") permit (principal, action, resource) when { context.none };",
        CHAT "@id(\"x\") forbid (principal, action, resource) when { principal.attr == 1 };",
        CHAT "@id(\"x\") forbid (principal, action, resource) when "
             "{ context.bytes + 9223372036854775807 > 0 };",
        CHAT "@id(\"x\") forbid (principal, action, resource) when { context.bytes };",
        CHAT
        "@id(\"x\") permit (principal, action, resource) when { ip(context.acr).isLoopback() };",
    };
    for (size_t i = 0; i < PST_LEN(broken); i++) {
        struct trial t;
        begin(&t, broken[i]);
        assert_int_equal(judge(&t), PST_DENY);
        assert_int_equal(t.d.code, PST_E_POLICY_ERROR);
        assert_int_equal(t.d.n_errors, 1);
        assert_str(t.d.errors[0], "x");
        end(&t);
    }
}

static void test_fault(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "permit (principal, action, resource);");
    for (unsigned code = PST_E_NONE + 1; code < PST_E_COUNT; code++) {
        t.facts.fault = (enum pst_error)code;
        assert_int_equal(judge(&t), PST_DENY);
        assert_int_equal(t.d.code, code);
    }
    end(&t);
}

static void test_nobody(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "permit (principal, action, resource);");
    t.who = (struct pst_principal){.acr = "none"};
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_IDENTITY_MISSING);
    t.who.type = PST_STR("Workload");
    t.facts.operation = PST_OP_NONE;
    assert_int_equal(judge(&t), PST_DENY);
    t.facts.operation = (enum pst_operation)200;
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
}

/* Of several obligations the strictest holds; one that cannot be met denies. */
static void test_obligations(void **state)
{
    (void)state;
    struct trial t;
    begin(&t,
          "@id(\"a\") @max_tokens(\"500\") permit (principal, action, resource);"
          "@id(\"b\") @max_tokens(\"200\") @record(\"send\") permit (principal, action, resource);"
          "@id(\"c\") @max_tokens(\"900\") permit (principal, action, resource);"
          "@id(\"d\") @max_tokens(\"1\") permit (principal, action, resource) when {false};");
    assert_int_equal(judge(&t), PST_AMEND);
    assert_int_equal(t.d.max_tokens, 200);
    assert_true(t.d.sync_first);
    assert_int_equal(t.d.n_obligations, 2);
    assert_int_equal(t.d.n_policies, 3);
    t.facts.max_tokens = 201;
    assert_int_equal(judge(&t), PST_AMEND);
    t.facts.max_tokens = 200;
    assert_int_equal(judge(&t), PST_RELEASE);
    t.facts.max_tokens = 1;
    assert_int_equal(judge(&t), PST_RELEASE);
    end(&t);
}

static void test_impossible_obligations(void **state)
{
    (void)state;
    static const char *const annotations[] = {
        "@mask(\"\")",
        "@mask",
        "@redact(\"EMAIL,\")",
        "@block(\"e-mail\")",
        "@step_up(\"phr\")",
        "@approve(\"finance\")",
        "@capture(\"all\")",
        "@invented(\"x\")",
        "@Max_tokens(\"5\")",
        "@max_tokens(\"0\")",
        "@max_tokens(\"-1\")",
        "@max_tokens(\"1x\")",
        "@max_tokens(\"4294967296\")",
        "@max_tokens",
        "@record(\"later\")",
        "@record",
        "@strip(\"everything\")",
    };
    for (size_t i = 0; i < PST_LEN(annotations); i++) {
        char text[256];
        struct pst_err err = {0};
        (void)snprintf(text, sizeof text, "@id(\"a\") %s permit (principal, action, resource);",
                       annotations[i]);
        expect_deny(text, PST_E_OBLIGATION_UNKNOWN);
        /* such a policy is not even loaded */
        struct trial t;
        begin(&t, text);
        assert_int_equal(pst_decide_check(t.policies, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CEDAR_VALIDATION);
        assert_int_equal(err.line, 1);
        end(&t);
    }
    struct trial t;
    begin(&t, CHAT "@id(\"b\") @description(\"d\") @owner(\"o\") @advice(\"a\") @record(\"send\") "
                   "permit (principal, action, resource);");
    assert_int_equal(pst_decide_check(t.policies, NULL), PST_OK);
    end(&t);
}

/* What is only a part of the question has obligations as well. */
static void test_obligations_of_parts(void **state)
{
    (void)state;
    struct trial t;
    static const struct pst_str tool[] = {PST_STR_INIT("good")};
    begin(&t, CHAT "@id(\"t\") @max_tokens(\"77\") " OFFER("good"));
    t.facts.tools = tool;
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_AMEND);
    assert_int_equal(t.d.max_tokens, 77);
    end(&t);
    begin(&t, CHAT "@approve(\"pii\") " OFFER("good"));
    t.facts.tools = tool;
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_OBLIGATION_UNKNOWN);
    end(&t);
    begin(&t, CHAT "@record(\"send\") " SPEAK);
    t.who.end_user = PST_STR("app/alice");
    t.who.may_assert = true;
    assert_int_equal(judge(&t), PST_RELEASE);
    assert_true(t.d.sync_first);
    end(&t);
    begin(&t, CHAT "@step_up(\"phr\") " SPEAK);
    t.who.end_user = PST_STR("app/alice");
    t.who.may_assert = true;
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
}

static const struct pst_found found[] = {
    {.type = PST_STR_INIT("EMAIL"), .state = PST_FOUND_CLEAR, .count = 2},
    {.type = PST_STR_INIT("IBAN"), .state = PST_FOUND_MASKED, .count = 1},
    {.type = PST_STR_INIT("AWS_KEY"), .secret = true, .state = PST_FOUND_REMOVED, .count = 1},
};

/* What a policy demands of what was found: nothing where it is met already. */
static void test_demands(void **state)
{
    (void)state;
    static const struct {
        const char *annotation;
        enum pst_verdict verdict;
        const char *demand; /* the only one */
    } rows[] = {
        {"@mask(\"pii\")", PST_AMEND, "mask:EMAIL"},
        {"@mask(\"EMAIL,IBAN\")", PST_AMEND, "mask:EMAIL"},
        {"@mask(\"IBAN\")", PST_RELEASE, NULL},
        {"@mask(\"secrets\")", PST_RELEASE, NULL},
        {"@mask(\"PHONE\")", PST_RELEASE, NULL},
        {"@redact(\"IBAN\")", PST_AMEND, "redact:IBAN"},
        {"@redact(\"AWS_KEY\")", PST_RELEASE, NULL},
        {"@block(\"PHONE\")", PST_RELEASE, NULL},
        {"@block(\"email\")", PST_DENY, NULL},
        {"@block(\"secrets\")", PST_DENY, NULL}, /* also where it would not leave */
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        char text[256];
        struct trial t;
        (void)snprintf(text, sizeof text, "@id(\"a\") %s permit (principal, action, resource);",
                       rows[i].annotation);
        begin(&t, text);
        t.facts.findings = found;
        t.facts.n_findings = PST_LEN(found);
        assert_int_equal(judge(&t), rows[i].verdict);
        assert_int_equal(t.d.n_demands, rows[i].demand != NULL ? 1 : 0);
        assert_true(rows[i].demand == NULL ||
                    pst_str_eq(t.d.demands[0], pst_str_c(rows[i].demand)));
        assert_true(rows[i].verdict != PST_DENY || t.d.code == PST_E_SENSITIVE_DATA);
        end(&t);
    }
}

static void test_findings_are_facts(void **state)
{
    (void)state;
    static const char *const hold[] = {
        "context.findings.personal == [\"EMAIL\"]",
        "context.findings.secrets.isEmpty()",
        "context.findings.replaced == [\"IBAN\", \"AWS_KEY\"]",
        "context.findings.masked",
        "context.findings.injection == 812",
        "context.findings.evasion == [\"bidi\", \"invisible\"]",
        "context.findings.tainted",
    };
    for (size_t i = 0; i < PST_LEN(hold); i++) {
        char text[256];
        struct trial t;
        (void)snprintf(text, sizeof text, "permit (principal, action, resource) when { %s };",
                       hold[i]);
        begin(&t, text);
        t.facts.findings = found;
        t.facts.n_findings = PST_LEN(found);
        t.facts.injection = 812;
        t.facts.evasion = 1U << 0 | 1U << 3;
        t.facts.tainted = true;
        assert_int_equal(judge(&t), PST_RELEASE);
        t.facts.n_findings = 0;
        t.facts.injection = 0;
        t.facts.evasion = 0;
        t.facts.tainted = false;
        assert_int_equal(judge(&t), i == 1 ? PST_RELEASE : PST_DENY);
        end(&t);
    }
}

/* Administration is always durable before it happens. */
static void test_administration(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "permit (principal, action == Postern::Action::\"administer\", "
              "resource == Postern::Gateway::\"/admin/v1/keys\");");
    t.facts.operation = PST_OP_ADMINISTER;
    t.facts.resource = PST_STR("/admin/v1/keys");
    assert_int_equal(judge(&t), PST_RELEASE);
    assert_true(t.d.sync_first);
    t.facts.resource = PST_STR("/admin/v1/keys/x");
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
}

static void test_tools(void **state)
{
    (void)state;
    struct trial t;
    static const struct pst_str both[] = {PST_STR_INIT("good"), PST_STR_INIT("bad")};
    begin(&t, CHAT OFFER("good"));
    t.facts.tools = both;
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_RELEASE);
    t.facts.n_tools = 2;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_TOOL_DENIED);
    assert_non_null(strstr(t.d.message, "bad"));
    t.facts.n_tools = 1;
    t.facts.operation = PST_OP_CALL_TOOL; /* to be offered is not to be called */
    t.facts.resource = PST_STR("good");
    t.facts.n_tools = 0;
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
    /* a tool whose policy fails is an error, not a denial to be stripped */
    begin(&t,
          CHAT OFFER(
              "good") "@id(\"e\") @strip(\"tool\") forbid (principal, "
                      "action == Postern::Action::\"offerTool\", resource) when { context.none };");
    t.facts.tools = both;
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_POLICY_ERROR);
    end(&t);
}

#define STRIP(name)                                                                                \
    "@id(\"strip-" name "\") @strip(\"tool\") forbid (principal, "                                 \
    "action == Postern::Action::\"offerTool\", resource == Postern::Tool::\"" name "\");"

static void test_strip(void **state)
{
    (void)state;
    struct trial t;
    static const struct pst_str tools[] = {PST_STR_INIT("good"), PST_STR_INIT("shell"),
                                           PST_STR_INIT("rm")};
    begin(&t, CHAT "permit (principal, action == Postern::Action::\"offerTool\", resource);" STRIP(
                  "shell") STRIP("rm"));
    t.facts.tools = tools;
    t.facts.n_tools = 3;
    assert_int_equal(judge(&t), PST_AMEND);
    assert_int_equal(t.d.n_strip, 2);
    assert_str(t.d.strip[0], "shell");
    assert_str(t.d.strip[1], "rm");
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_RELEASE);
    assert_int_equal(t.d.n_strip, 0);
    end(&t);
    /* not permitted by anybody is not stripped; nor what another forbid without @strip forbids */
    begin(&t, CHAT OFFER("good") STRIP("shell") "@id(\"hard\") forbid (principal, action, "
                                                "resource == Postern::Tool::\"shell\");");
    t.facts.tools = tools;
    t.facts.n_tools = 2;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_TOOL_DENIED);
    t.facts.tools = &tools[2];
    t.facts.n_tools = 1;
    assert_int_equal(judge(&t), PST_DENY);
    end(&t);
}

static void test_end_user(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, CHAT SPEAK);
    t.who.end_user = PST_STR("app/alice");
    assert_int_equal(judge(&t), PST_DENY); /* the key may not */
    assert_int_equal(t.d.code, PST_E_ASSERTION_NOT_ALLOWED);
    t.who.may_assert = true;
    assert_int_equal(judge(&t), PST_RELEASE); /* through the app's group */
    assert_int_equal(t.d.n_policies, 2);
    end(&t);
    begin(&t, CHAT); /* no policy lets it speak for anybody */
    t.who.end_user = PST_STR("app/alice");
    t.who.may_assert = true;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_ASSERTION_NOT_ALLOWED);
    end(&t);
    /* the question is about the person: what is permitted to the app itself only, is not to her */
    begin(&t, SPEAK "permit (principal == Postern::Workload::\"app\", action == "
                    "Postern::Action::\"chat\", resource);");
    t.who.end_user = PST_STR("app/alice");
    t.who.may_assert = true;
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_POLICY_DENIED);
    t.who.end_user = (struct pst_str){NULL, 0};
    assert_int_equal(judge(&t), PST_RELEASE);
    end(&t);
    begin(&t, CHAT SPEAK "forbid (principal == Postern::EndUser::\"app/bob\", action, resource);");
    t.who.may_assert = true;
    t.who.end_user = PST_STR("app/bob");
    assert_int_equal(judge(&t), PST_DENY);
    assert_int_equal(t.d.code, PST_E_POLICY_FORBIDDEN);
    t.who.end_user = PST_STR("app/alice");
    assert_int_equal(judge(&t), PST_RELEASE);
    end(&t);
}

static void test_list_models(void **state)
{
    (void)state;
    struct trial t;
    static const struct pst_str models[] = {PST_STR_INIT("m"), PST_STR_INIT("n"),
                                            PST_STR_INIT("o")};
    begin(&t, "permit (principal, action == Postern::Action::\"listModels\", resource) unless "
              "{ resource == Postern::Model::\"n\" };");
    t.facts.operation = PST_OP_LIST_MODELS;
    t.facts.resource = (struct pst_str){NULL, 0};
    pst_decide(t.policies, &t.facts, models, 3, &t.arena, &t.d);
    assert_int_equal(t.d.verdict, PST_RELEASE);
    assert_int_equal(t.d.n_permitted, 2);
    assert_str(t.d.permitted[0], "m");
    assert_str(t.d.permitted[1], "o");
    pst_decide(t.policies, &t.facts, &models[1], 1, &t.arena, &t.d);
    assert_int_equal(t.d.verdict, PST_DENY);
    pst_decide(t.policies, &t.facts, NULL, 0, &t.arena, &t.d);
    assert_int_equal(t.d.verdict, PST_DENY);
    end(&t);
    begin(&t, "permit (principal, action == Postern::Action::\"listModels\", resource);"
              "forbid (principal, action, resource == Postern::Model::\"o\") when { context.x };");
    t.facts.operation = PST_OP_LIST_MODELS;
    pst_decide(t.policies, &t.facts, models, 3, &t.arena, &t.d);
    assert_int_equal(t.d.verdict, PST_DENY);
    assert_int_equal(t.d.code, PST_E_POLICY_ERROR);
    end(&t);
}

/* Names are data, whatever they look like. */
static void test_hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "m\"",
        "m\\",
        "\"); permit (principal, action, resource); //",
        "Postern::Model::\"m\"",
        "",
        "m\n",
        "*",
        "%s%n",
        "\xc3\xa9",
        "M",
        "m ",
    };
    struct trial t;
    begin(&t, CHAT OFFER("good"));
    for (size_t i = 0; i < PST_LEN(names); i++) {
        struct pst_str tool = pst_str_c(names[i]);
        t.facts.resource = pst_str_c(names[i]);
        assert_int_equal(judge(&t), PST_DENY);
        t.facts.resource = PST_STR("m");
        t.facts.tools = &tool;
        t.facts.n_tools = 1;
        assert_int_equal(judge(&t), PST_DENY);
        t.facts.n_tools = 0;
        t.who.groups[0] = pst_str_c(names[i]);
        assert_int_equal(judge(&t), PST_DENY);
        t.who.groups[0] = PST_STR("demo");
        t.who.type = pst_str_c(names[i][0] != 0 ? names[i] : "x");
        t.who.n_groups = 0;
        assert_int_equal(judge(&t), PST_DENY);
        t.who.type = PST_STR("Workload");
        t.who.n_groups = 1;
    }
    char longest[4096];
    memset(longest, 'm', sizeof longest);
    t.facts.resource = pst_str_of(longest, sizeof longest);
    assert_int_equal(judge(&t), PST_DENY);
    t.facts.resource = PST_STR("m");
    assert_int_equal(judge(&t), PST_RELEASE);
    end(&t);
}

/* With little memory, however little, the answer is no, or the same as with plenty. */
static void test_memory(void **state)
{
    (void)state;
    static const struct pst_str tools[] = {PST_STR_INIT("good"), PST_STR_INIT("good2")};
    unsigned denied = 0, released = 0;
    /* were a name lost, this would permit: it is the unless that needs the right one */
    struct trial t;
    begin(&t, CHAT SPEAK OFFER("good") OFFER("good2") "permit (principal, action, resource is "
                                                      "Postern::Gateway);");
    t.facts.tools = tools;
    t.facts.n_tools = 2;
    t.who.may_assert = true;
    t.who.end_user = PST_STR("app/alice");
    for (size_t cap = 64; cap < 64 * 1024; cap += 48) {
        pst_arena_release(&t.arena);
        pst_arena_init(&t.arena, 64, cap);
        memset(&t.d, 0x5a, sizeof t.d);
        pst_decide(t.policies, &t.facts, NULL, 0, &t.arena, &t.d);
        if (t.d.verdict == PST_DENY) {
            assert_int_equal(t.d.code, PST_E_POLICY_ERROR);
            assert_int_equal(released, 0);
            denied++;
        } else {
            assert_int_equal(t.d.verdict, PST_RELEASE);
            released++;
        }
    }
    assert_true(denied > 10 && released > 10);
    /* a model that is forbidden stays so */
    t.facts.resource = PST_STR("other");
    for (size_t cap = 64; cap < 64 * 1024; cap += 48) {
        pst_arena_release(&t.arena);
        pst_arena_init(&t.arena, 64, cap);
        pst_decide(t.policies, &t.facts, NULL, 0, &t.arena, &t.d);
        assert_int_equal(t.d.verdict, PST_DENY);
    }
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_forbid_wins),
        cmocka_unit_test(test_errors_deny),
        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_obligations),
        cmocka_unit_test(test_impossible_obligations),
        cmocka_unit_test(test_obligations_of_parts),
        cmocka_unit_test(test_demands),
        cmocka_unit_test(test_findings_are_facts),
        cmocka_unit_test(test_administration),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_end_user),
        cmocka_unit_test(test_list_models),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
