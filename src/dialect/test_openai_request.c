/* The request side: what is read, refused and written again. */
#include "dialect/openai.h"
#include "dialect/openai_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct pst_openai_names names;
    struct pst_arena arena;
    struct pst_exchange x;
    struct pst_err err;
    struct pst_openai_config config;
    struct pst_buf out;
};

static int setup(void **state)
{
    static struct fixture f; /* the names must not move */
    memset(&f, 0, sizeof f);
    pst_openai_request_names(&f.names);
    pst_arena_init(&f.arena, 65536, 16 << 20);
    pst_buf_init(&f.out, 1 << 20);
    f.config.limits = (struct pst_openai_limits){.messages = 8, .tools = 4, .choices = 4};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pst_arena_release(&f->arena);
    pst_buf_release(&f->out);
    return 0;
}

static enum pst_status read_body(struct fixture *f, const char *body)
{
    pst_arena_clear(&f->arena);
    f->err = (struct pst_err){.code = PST_E_NONE};
    struct pst_json_config c = pst_json_config_of(1 << 20, 7);
    c.names = &f->names.names;
    struct pst_json *root = pst_json_parse(&c, &f->arena, pst_str_c(body), &f->err);
    if (root == NULL) {
        return PST_ERR;
    }
    return pst_openai_read(&f->config, &f->arena, root, &f->x, &f->err);
}

static const char *written(struct fixture *f)
{
    pst_buf_clear(&f->out);
    assert_int_equal(pst_exchange_write(&f->x, &f->out, &f->err), PST_OK);
    pst_buf_byte(&f->out, 0);
    return (const char *)f->out.p;
}

static const struct pst_segment *segment(const struct fixture *f, const char *text)
{
    for (size_t i = 0; i < f->x.n_segments; i++) {
        if (pst_str_eq(pst_segment_text(&f->x.segments[i]), pst_str_c(text))) {
            return &f->x.segments[i];
        }
    }
    return NULL;
}

static void assert_path(struct fixture *f, const char *text, const char *path)
{
    const struct pst_segment *s = segment(f, text);
    assert_non_null(s);
    struct pst_buf b;
    pst_buf_init(&b, 1024);
    pst_segment_path(&f->x, s, &b);
    pst_buf_byte(&b, 0);
    assert_string_equal((const char *)b.p, path);
    pst_buf_release(&b);
}

#define MSG "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

/* --- normal ---------------------------------------------------------------------------------- */

static void test_plain(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"stream\":true,\"max_tokens\":9,"
                                  "\"max_completion_tokens\":7,\"n\":2,\"user\":\"u1\","
                                  "\"safety_identifier\":\"s1\",\"temperature\":0.70,"
                                  "\"stream_options\":{\"include_usage\":true}}"),
                     PST_OK);
    assert_true(pst_str_eq(f->x.model, PST_STR("m")));
    assert_true(f->x.stream);
    assert_true(f->x.usage_asked);
    assert_int_equal(f->x.max_tokens, 7);
    assert_int_equal(f->x.n, 2);
    assert_int_equal(f->x.messages, 1);
    assert_int_equal(f->x.capabilities, 0);
    assert_true(pst_str_eq(f->x.end_user, PST_STR("u1")));
    assert_true(pst_str_eq(f->x.safety_identifier, PST_STR("s1")));
    const struct pst_segment *s = segment(f, "hi");
    assert_non_null(s);
    assert_int_equal(s->role, PST_SPEAKER_USER);
    assert_int_equal(s->channel, PST_CHANNEL_CONTENT);
    assert_int_equal(s->message, 0);
    assert_path(f, "hi", "messages[0].content");
    /* numbers keep their literal, members their order */
    assert_non_null(strstr(written(f), "\"temperature\":0.70"));
}

/* Clients that dump their objects send null for what is not set. */
static void test_null_is_unset(void **state)
{
    struct fixture *f = *state;
    const char *body =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"name\":null,"
        "\"tool_calls\":null,\"tool_call_id\":null,\"refusal\":null}],\"tools\":null,"
        "\"tool_choice\":null,\"functions\":null,\"function_call\":null,\"response_format\":null,"
        "\"stream\":null,\"n\":null,\"stop\":null,\"store\":null,\"api_base\":null}";
    assert_int_equal(read_body(f, body), PST_OK);
    assert_int_equal(f->x.capabilities, 0);
    assert_int_equal(f->x.tool_choice, PST_CHOICE_UNSET);
    assert_int_equal(f->x.n, 1);
    assert_string_equal(written(f), body);
}

static void test_every_text_is_a_segment(void **state)
{
    struct fixture *f = *state;
    const char *body =
        "{\"model\":\"m\",\"messages\":["
        "{\"content\":\"t01\",\"role\":\"system\"},"
        "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"t02\"}],\"name\":"
        "\"t03\"},"
        "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"t04\",\"tool_calls\":[{\"id\":"
        "\"t05\","
        "\"type\":\"function\",\"function\":{\"name\":\"t06\",\"arguments\":\"t07\"}},{\"id\":"
        "\"t08\","
        "\"type\":\"custom\",\"custom\":{\"name\":\"t09\",\"input\":\"t10\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"t05\",\"content\":\"t11\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"AAAA\","
        "\"filename\":\"t12\"}}],\"later\":{\"t13\":[\"t14\",{\"x\":\"t15\"}]}}],"
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t16\",\"description\":\"t17\","
        "\"parameters\":{\"t18\":{\"enum\":[\"t19\"]}}}}],"
        "\"stop\":[\"t20\"],\"metadata\":{\"t21\":\"t22\"},\"user\":\"t23\",\"logit_bias\":{\"24\":"
        "-1},"
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"t25\","
        "\"description\":\"t26\",\"schema\":{\"title\":\"t27\"}}},"
        "\"prediction\":{\"type\":\"content\",\"content\":\"t28\"},"
        "\"web_search_options\":{\"user_location\":{\"type\":\"approximate\","
        "\"approximate\":{\"city\":\"t29\"}}},"
        "\"t30\":[[[\"t31\"]]],\"prompt_cache_key\":\"t32\"}";
    assert_int_equal(read_body(f, body), PST_OK);
    char name[8];
    for (int i = 1; i <= 32; i++) {
        snprintf(name, sizeof name, i == 24 ? "%d" : "t%02d", i);
        if (segment(f, name) == NULL) {
            fail_msg("%s was not inspected", name);
        }
    }
    assert_int_equal(segment(f, "t01")->role, PST_SPEAKER_SYSTEM);
    assert_int_equal(segment(f, "t02")->role, PST_SPEAKER_DEVELOPER);
    assert_int_equal(segment(f, "t11")->role, PST_SPEAKER_TOOL);
    assert_int_equal(segment(f, "t07")->channel, PST_CHANNEL_ARGUMENTS);
    assert_int_equal(segment(f, "t14")->channel, PST_CHANNEL_UNKNOWN);
    assert_int_equal(segment(f, "t17")->channel, PST_CHANNEL_DESCRIPTION);
    assert_int_equal(segment(f, "t17")->message, PST_NO_MESSAGE);
    assert_true(segment(f, "t18")->is_name);
    assert_path(f, "t07", "messages[2].tool_calls[0].function.arguments");
    assert_path(f, "t15", "messages[4].later.t13[1].x");
    assert_path(f, "t18", "tools[0].function.parameters.t18(name)");
    assert_int_equal(f->x.unknown_members, 2);
    assert_int_equal(f->x.files, 1);
    /* what is not known is kept */
    assert_string_equal(written(f), body);
}

static void test_facts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_body(f,
                  "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
                  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"HTTPS://x.example/i.png\"}},"
                  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA\"}},"
                  "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA\",\"format\":\"wav\"}}"
                  "]}],\"modalities\":[\"text\",\"audio\"],\"logit_bias\":{},"
                  "\"service_tier\":\"priority\",\"store\":false,\"logprobs\":true}"),
        PST_OK);
    assert_int_equal(f->x.images, 2);
    assert_int_equal(f->x.remote_urls, 1);
    assert_int_equal(f->x.audios, 1);
    assert_int_equal(f->x.capabilities, PST_CAP_IMAGE_IN | PST_CAP_REMOTE_FETCH | PST_CAP_AUDIO_IN |
                                            PST_CAP_AUDIO_OUT | PST_CAP_LOGIT_BIAS |
                                            PST_CAP_SERVICE_TIER | PST_CAP_LOGPROBS);
    assert_non_null(segment(f, "HTTPS://x.example/i.png"));
    assert_null(segment(f, "data:image/png;base64,AA"));
    assert_int_equal(f->x.opaque_bytes, strlen("data:image/png;base64,AA") + 2);
}

/* --- refusals: body, code, path in the text --------------------------------------------------- */

static const struct {
    const char *body;
    enum pst_error code;
    const char *path;
} refusals[] = {
    {"[]", PST_E_DIALECT_MEMBER, "object"},
    {"{}", PST_E_DIALECT_REQUIRED, "model"},
    {"{\"model\":\"m\"}", PST_E_DIALECT_REQUIRED, "messages"},
    {"{\"model\":\"\"," MSG "}", PST_E_DIALECT_MEMBER, "model"},
    {"{\"model\":7," MSG "}", PST_E_DIALECT_MEMBER, "model: must be a string"},
    {"{\"model\":null," MSG "}", PST_E_DIALECT_MEMBER, "model"},
    {"{\"model\":\"m\",\"messages\":[]}", PST_E_DIALECT_MEMBER, "messages"},
    {"{\"model\":\"m\",\"messages\":{}}", PST_E_DIALECT_MEMBER, "messages"},
    {"{\"model\":\"m\",\"messages\":[1]}", PST_E_DIALECT_MEMBER, "messages[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"content\":\"x\"}]}", PST_E_DIALECT_REQUIRED,
     "messages[0]: the member role"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"root\",\"content\":\"x\"}]}",
     PST_E_DIALECT_UNKNOWN, "messages[0].role"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"User\",\"content\":\"x\"}]}",
     PST_E_DIALECT_UNKNOWN, "messages[0].role"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", PST_E_DIALECT_REQUIRED,
     "messages[0]: the member content"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":null}]}",
     PST_E_DIALECT_REQUIRED, "messages[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
     PST_E_DIALECT_REQUIRED, "tool_call_id"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"tool_call_id\":"
     "\"a\"}"
     "]}",
     PST_E_DIALECT_MEMBER, "messages[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"refusal\":\"a\"}]}",
     PST_E_DIALECT_MEMBER, "messages[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[\"x\"]}]}",
     PST_E_DIALECT_MEMBER, "messages[0].content[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}]}",
     PST_E_DIALECT_REQUIRED, "messages[0].content[0]: the member type"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
     PST_E_DIALECT_REQUIRED, "messages[0].content[0]: the member text"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"video_url\","
     "\"video_url\":{}}]}]}",
     PST_E_DIALECT_UNKNOWN, "messages[0].content[0].type"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
     "\"image_url\":{\"url\":\"file:///etc/passwd\"}}]}]}",
     PST_E_DIALECT_UNKNOWN, "image_url.url"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\","
     "\"file\":{\"file_id\":\"f\"}}]}]}",
     PST_E_DIALECT_STATE, "messages[0].content[0].file.file_id"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"audio\":{\"id\":\"f\"}}]}",
     PST_E_DIALECT_STATE, "messages[0].audio.id"},
    {"{\"model\":\"m\"," MSG ",\"store\":true}", PST_E_DIALECT_STATE, "store"},
    {"{\"model\":\"m\"," MSG ",\"previous_response_id\":\"r\"}", PST_E_DIALECT_STATE,
     "previous_response_id"},
    {"{\"model\":\"m\"," MSG ",\"conversation\":{\"id\":\"r\"}}", PST_E_DIALECT_STATE,
     "conversation"},
    {"{\"model\":\"m\"," MSG ",\"prompt\":{\"id\":\"r\"}}", PST_E_DIALECT_STATE, "prompt"},
    {"{\"model\":\"m\"," MSG ",\"api_base\":\"http://evil\"}", PST_E_DIALECT_UNKNOWN, "api_base"},
    {"{\"model\":\"m\"," MSG ",\"api_key\":\"k\"}", PST_E_DIALECT_UNKNOWN, "api_key"},
    {"{\"model\":\"m\"," MSG ",\"models\":[\"a\"]}", PST_E_DIALECT_UNKNOWN, "models"},
    {"{\"model\":\"m\"," MSG ",\"tools\":[{\"type\":\"mcp\"}]}", PST_E_DIALECT_UNKNOWN,
     "tools[0].type"},
    {"{\"model\":\"m\"," MSG ",\"tools\":[{\"type\":\"function\"}]}", PST_E_DIALECT_REQUIRED,
     "tools[0]: the member function"},
    {"{\"model\":\"m\"," MSG ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"\"}}]}",
     PST_E_DIALECT_MEMBER, "tools[0].function.name"},
    {"{\"model\":\"m\"," MSG ",\"tool_choice\":\"any\"}", PST_E_DIALECT_UNKNOWN, "tool_choice"},
    {"{\"model\":\"m\"," MSG ",\"tool_choice\":{\"type\":\"mcp\"}}", PST_E_DIALECT_UNKNOWN,
     "tool_choice.type"},
    {"{\"model\":\"m\"," MSG ",\"response_format\":{\"type\":\"grammar\"}}", PST_E_DIALECT_UNKNOWN,
     "response_format.type"},
    {"{\"model\":\"m\"," MSG ",\"modalities\":[\"text\",\"video\"]}", PST_E_DIALECT_UNKNOWN,
     "modalities[1]"},
    {"{\"model\":\"m\"," MSG ",\"reasoning_effort\":\"huge\"}", PST_E_DIALECT_UNKNOWN,
     "reasoning_effort"},
    {"{\"model\":\"m\"," MSG ",\"n\":5}", PST_E_LIMIT, "n: too many choices"},
    {"{\"model\":\"m\"," MSG ",\"n\":0}", PST_E_DIALECT_MEMBER, "n"},
    {"{\"model\":\"m\"," MSG ",\"n\":1.5}", PST_E_DIALECT_MEMBER, "n: must be an integer"},
    {"{\"model\":\"m\"," MSG ",\"max_tokens\":-1}", PST_E_DIALECT_MEMBER, "max_tokens"},
    {"{\"model\":\"m\"," MSG ",\"max_tokens\":1e3}", PST_E_DIALECT_MEMBER, "max_tokens"},
    {"{\"model\":\"m\"," MSG ",\"stream\":\"true\"}", PST_E_DIALECT_MEMBER, "stream"},
    {"{\"model\":\"m\"," MSG ",\"logit_bias\":{\"1\":\"x\"}}", PST_E_DIALECT_MEMBER,
     "logit_bias.1"},
    {"{\"model\":\"m\"," MSG ",\"Stream\":true}", PST_E_JSON_CASE_VARIANT, ""},
    {"{\"model\":\"m\",\"model\":\"n\"," MSG "}", PST_E_JSON_DUPLICATE, ""},
};

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < PST_LEN(refusals); i++) {
        if (read_body(f, refusals[i].body) != PST_ERR) {
            fail_msg("accepted: %s", refusals[i].body);
        }
        if (f->err.code != refusals[i].code || strstr(f->err.text, refusals[i].path) == NULL) {
            fail_msg("%s: %s \"%s\"", refusals[i].body, pst_error_row(f->err.code)->name,
                     f->err.text);
        }
    }
}

/* The walker finds case variants itself, for trees that no parser compared with the names. */
static void test_case_variant_without_names(void **state)
{
    struct fixture *f = *state;
    struct pst_json_config c = pst_json_config_of(4096, 7);
    struct pst_json *root = pst_json_parse(
        &c, &f->arena, PST_STR("{\"model\":\"m\",\"MESSAGES\":[]," MSG "}"), &f->err);
    assert_non_null(root);
    assert_int_equal(pst_openai_read(&f->config, &f->arena, root, &f->x, &f->err), PST_ERR);
    assert_int_equal(f->err.code, PST_E_JSON_CASE_VARIANT);
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    struct pst_buf b;
    pst_buf_init(&b, 65536);
    PST_BUF_LIT(&b, "{\"model\":\"m\",\"messages\":[");
    for (int i = 0; i < 9; i++) {
        pst_buf_fmt(&b, "%s{\"role\":\"user\",\"content\":\"x\"}", i > 0 ? "," : "");
    }
    PST_BUF_LIT(&b, "]}");
    pst_buf_byte(&b, 0);
    assert_int_equal(read_body(f, (const char *)b.p), PST_ERR);
    assert_int_equal(f->err.code, PST_E_LIMIT);
    pst_buf_clear(&b);
    PST_BUF_LIT(&b, "{\"model\":\"m\"," MSG ",\"tools\":[");
    for (int i = 0; i < 5; i++) {
        pst_buf_fmt(&b, "%s{\"type\":\"function\",\"function\":{\"name\":\"t%d\"}}",
                    i > 0 ? "," : "", i);
    }
    PST_BUF_LIT(&b, "]}");
    pst_buf_byte(&b, 0);
    assert_int_equal(read_body(f, (const char *)b.p), PST_ERR);
    assert_int_equal(f->err.code, PST_E_LIMIT);
    pst_buf_release(&b);
}

static void test_state_allowed(void **state)
{
    struct fixture *f = *state;
    f->config.allow_state = true;
    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"store\":true,"
                                  "\"previous_response_id\":\"resp_1\"}"),
                     PST_OK);
    assert_int_equal(f->x.capabilities, PST_CAP_STORE | PST_CAP_STATE);
    assert_non_null(segment(f, "resp_1"));
    f->config.allow_state = false;
    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"store\":false,\"prompt\":null}"),
                     PST_OK);
    assert_int_equal(f->x.capabilities, 0);
}

/* --- amendments ------------------------------------------------------------------------------ */

static void test_amend(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"stream\":true}"), PST_OK);
    assert_true(pst_exchange_set_model(&f->x, PST_STR("up-1")));
    assert_true(pst_exchange_cap_tokens(&f->x, 100, /* legacy= */ false));
    assert_true(pst_exchange_want_usage(&f->x));
    assert_string_equal(written(f), "{\"model\":\"up-1\"," MSG ",\"stream\":true,"
                                    "\"max_completion_tokens\":100,"
                                    "\"stream_options\":{\"include_usage\":true}}");
    assert_int_equal(f->x.max_tokens, 100);
    assert_true(pst_exchange_cap_tokens(&f->x, 50, /* legacy= */ true));
    assert_non_null(strstr(written(f), "\"max_completion_tokens\":50"));
    assert_null(strstr(written(f), "\"max_tokens\""));

    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"max_tokens\":500,"
                                  "\"max_completion_tokens\":null,\"stream\":true,"
                                  "\"stream_options\":{\"include_usage\":false}}"),
                     PST_OK);
    assert_false(f->x.usage_asked);
    assert_true(pst_exchange_cap_tokens(&f->x, 100, false));
    assert_true(pst_exchange_want_usage(&f->x));
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG ",\"max_tokens\":100,"
                                    "\"max_completion_tokens\":null,\"stream\":true,"
                                    "\"stream_options\":{\"include_usage\":true}}");
    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG "}"), PST_OK);
    assert_true(pst_exchange_want_usage(&f->x));
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG "}");
    assert_true(pst_exchange_cap_tokens(&f->x, 10, /* legacy= */ true));
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG ",\"max_tokens\":10}");
}

#define TOOL(n) "{\"type\":\"function\",\"function\":{\"name\":\"" n "\"}}"

static void test_strip_tool(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_body(f,
                  "{\"model\":\"m\"," MSG ",\"tools\":[" TOOL("a") "," TOOL("b") "," TOOL(
                      "a") "],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"a\"}}"
                           ",\"parallel_tool_calls\":true}"),
        PST_OK);
    assert_int_equal(f->x.n_tools, 3);
    assert_int_equal(f->x.tool_choice, PST_CHOICE_NAMED);
    assert_true(pst_str_eq(f->x.tool_choice_name, PST_STR("a")));
    assert_int_equal(pst_exchange_strip_tool(&f->x, PST_STR("zz")), 0);
    assert_int_equal(pst_exchange_strip_tool(&f->x, PST_STR("a")), 2);
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG
                                    ",\"tools\":[" TOOL("b") "],\"parallel_tool_calls\":true}");
    assert_true(pst_exchange_offers(&f->x, PST_STR("b")));
    assert_false(pst_exchange_offers(&f->x, PST_STR("a")));
    assert_int_equal(pst_exchange_strip_tool(&f->x, PST_STR("b")), 1);
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG "}");
    assert_int_equal(f->x.capabilities, 0);

    assert_int_equal(
        read_body(f, "{\"model\":\"m\"," MSG ",\"tools\":[" TOOL("a") "," TOOL(
                         "b") "],"
                              "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":"
                              "{\"mode\":\"auto\",\"tools\":[" TOOL("a") "]}}}"),
        PST_OK);
    assert_int_equal(f->x.tool_choice, PST_CHOICE_ALLOWED);
    assert_int_equal(pst_exchange_strip_tool(&f->x, PST_STR("a")), 1);
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG ",\"tools\":[" TOOL("b") "]}");

    assert_int_equal(read_body(f, "{\"model\":\"m\"," MSG ",\"functions\":[{\"name\":\"a\"}],"
                                  "\"function_call\":{\"name\":\"a\"}}"),
                     PST_OK);
    assert_int_equal(f->x.tools[0].type, PST_TOOL_LEGACY);
    assert_int_equal(f->x.capabilities, PST_CAP_LEGACY_FUNCTIONS);
    assert_int_equal(pst_exchange_strip_tool(&f->x, PST_STR("a")), 1);
    assert_string_equal(written(f), "{\"model\":\"m\"," MSG "}");
}

/* --- the table itself ------------------------------------------------------------------------ */

static void test_table_is_sound(void **state)
{
    (void)state;
    const struct pst_table *tables[] = {pst_openai_request_table(), pst_openai_answer_table()};
    for (size_t t = 0; t < PST_LEN(tables); t++) {
        for (size_t o = PST_CHILD_OBJECTS; o < tables[t]->n_objects; o++) {
            const struct pst_table_object *object = &tables[t]->objects[o];
            assert_true(object->first < object->end && object->end <= tables[t]->n_rows);
            for (size_t i = object->first; i < object->end; i++) {
                const struct pst_table_row *row = &tables[t]->rows[i];
                assert_ptr_equal(pst_table_find(tables[t], (uint8_t)o, row->name), row);
                bool nested = (row->types & (PST_TYPE_OBJECT | PST_TYPE_OBJECTS)) != 0;
                assert_true(!nested || row->child != PST_CHILD_NONE);
            }
        }
    }
}

/* Whatever allocation fails, the answer is a clean error and nothing leaks. */
static void test_memory(void **state)
{
    struct fixture *f = *state;
    static const char body[] = "{\"model\":\"m\"," MSG ",\"tools\":[" TOOL(
        "a") "],\"stop\":[\"a\",\"b\"]"
             ",\"x\":{\"a\":\"b\",\"c\":\"d\",\"e\":\"f\",\"g\":\"h\",\"i\":\"j\"}}";
    struct pst_json_config c = pst_json_config_of(4096, 7);
    bool done = false;
    for (size_t cap = 0; cap < 65536 && !done; cap += 64) {
        struct pst_arena arena;
        pst_arena_init(&arena, 64, cap);
        struct pst_err err = {.code = PST_E_NONE};
        struct pst_json *root = pst_json_parse(&c, &arena, pst_str_c(body), &err);
        if (root == NULL || pst_openai_read(&f->config, &arena, root, &f->x, &err) != PST_OK ||
            !pst_exchange_cap_tokens(&f->x, 5, false)) {
            assert_true(root != NULL || err.code == PST_E_NO_MEMORY);
            assert_true(err.code == PST_E_NO_MEMORY || err.code == PST_E_NONE);
        } else {
            done = true;
        }
        pst_arena_release(&arena);
    }
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_null_is_unset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_text_is_a_segment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_case_variant_without_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_state_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amend, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strip_tool, setup, teardown),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
