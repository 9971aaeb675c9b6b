#include "cli/cli.h"
#include "cli/client.h"
#include "control/units.h"
#include "crypto/secret.h"
#include "identity/key.h"
#include "wire/json_out.h"

#include <string.h>

/* One conversation with the gateway. */
struct talk {
    struct pst_common common;
    struct pst_arena arena;
    struct pst_buf body, raw;
    struct pst_err err;
    const struct pst_json *answer;
};

static void talk_init(struct talk *t)
{
    *t = (struct talk){0};
    pst_arena_init(&t->arena, 1 << 14, 64 << 20);
    pst_buf_init(&t->body, 1 << 16);
    pst_buf_init(&t->raw, 16 << 20);
    if (pst_buf_room(&t->raw, 1 << 14) == NULL) { /* a new key's answer fits without growing */
        t->raw.failed = true;
    }
}

/* Ends it: prints the error if there is one. What may hold a key is wiped. */
static int talk_end(struct talk *t, enum pst_status status)
{
    int code = status == PST_OK ? PST_EXIT_OK : pst_cli_fail(&t->common, &t->err);
    if (t->raw.p != NULL) {
        pst_wipe(t->raw.p, t->raw.n);
    }
    pst_buf_release(&t->body);
    pst_buf_release(&t->raw);
    pst_arena_release(&t->arena);
    return code;
}

static enum pst_status read_time(struct talk *t, const char *name, const char *text,
                                 struct pst_json_out *o, const char *member)
{
    uint64_t ms = 0;
    if (text == NULL) {
        return PST_OK;
    }
    if (!pst_time_parse(pst_str_c(text), &ms) || ms < 1000) {
        return pst_fail(&t->err, PST_E_USAGE, "%s needs a time such as 90s, 12h or 30d", name);
    }
    pst_json_out_ku64(o, member, ms / 1000);
    return PST_OK;
}

static enum pst_status print_new(struct talk *t)
{
    struct pst_str key = {0}, id = {0}, owner = {0};
    if (t->common.json) {
        return pst_cli_json(pst_buf_str(&t->raw))
                   ? PST_OK
                   : pst_fail(&t->err, PST_E_IO, "standard output cannot take the key");
    }
    if (!pst_json_str(PST_JSON_GET(t->answer, "key"), &key) ||
        !pst_json_str(PST_JSON_GET(t->answer, "id"), &id) ||
        !pst_json_str(PST_JSON_GET(t->answer, "owner"), &owner)) {
        return pst_fail(&t->err, PST_E_IO, "the gateway's answer holds no key");
    }
    fprintf(stderr, "Key %.*s of %.*s, shown once; only its hash is kept:\n", PST_FMT(id),
            PST_FMT(owner));
    pst_cli_text(stdout, key, 0);
    fputc('\n', stdout);
    return fflush(stdout) == 0 ? PST_OK
                               : pst_fail(&t->err, PST_E_IO, "standard output cannot take the key");
}

static enum pst_status ask(struct talk *t, const char *method, const char *path)
{
    return pst_client_ask(&t->common, method, path, pst_buf_str(&t->body), &t->arena, &t->raw,
                          &t->answer, &t->err);
}

static enum pst_status create(struct talk *t, int argc, char **argv)
{
    const char *owner = NULL, *label = NULL, *expires = NULL;
    struct pst_option_list groups = {0};
    bool may_assert = false;
    char principal[PST_NAME_MAX];
    const struct pst_option options[] = {
        {"--owner", PST_OPTION_TEXT, &owner},           {"--group", PST_OPTION_MANY, &groups},
        {"--label", PST_OPTION_TEXT, &label},           {"--expires", PST_OPTION_TEXT, &expires},
        {"--may-assert", PST_OPTION_FLAG, &may_assert},
    };
    struct pst_json_out o;
    if (pst_options_parse(argc, argv, &t->common, options, PST_LEN(options), NULL, 0, &t->err) !=
        PST_OK) {
        return PST_ERR;
    }
    if (owner == NULL || !pst_principal_parse(pst_str_c(owner), principal)) {
        return pst_fail(&t->err, PST_E_USAGE,
                        "--owner is needed: User/alice, Workload/batch or Agent/helper");
    }
    pst_json_out_init(&o, &t->body);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "owner", pst_str_c(principal));
    if (label != NULL) {
        pst_json_out_kstr(&o, "label", pst_str_c(label));
    }
    PST_JSON_KEY(&o, "groups");
    pst_json_out_array(&o);
    for (size_t i = 0; i < groups.n; i++) {
        pst_json_out_str(&o, pst_str_c(groups.v[i]));
    }
    pst_json_out_end(&o);
    pst_json_out_kbool(&o, "may_assert", may_assert);
    if (read_time(t, "--expires", expires, &o, "expires_in_s") != PST_OK) {
        return PST_ERR;
    }
    pst_json_out_end(&o);
    if (!pst_json_out_ok(&o)) {
        return pst_fail(&t->err, PST_E_USAGE, "a text is not UTF-8 or too long");
    }
    return ask(t, "POST", "/admin/v1/keys") == PST_OK ? print_new(t) : PST_ERR;
}

int pst_cmd_key_create(int argc, char **argv)
{
    struct talk t;
    talk_init(&t);
    return talk_end(&t, create(&t, argc, argv));
}

/* A key's id; a whole key is not taken: it would stay in the shell's history. */
static enum pst_status path_of(struct talk *t, const struct pst_option_list *words,
                               const char *tail, char ret[96])
{
    if (words->n != 1) {
        return pst_fail(&t->err, PST_E_USAGE, "the id of a key is needed; see: postern key list");
    }
    if (!pst_key_id_valid(pst_str_c(words->v[0]))) {
        return pst_fail(&t->err, PST_E_USAGE,
                        "that is not the id of a key: 12 characters, as in: postern key list");
    }
    int n = snprintf(ret, 96, "/admin/v1/keys/%s%s", words->v[0], tail);
    return n > 0 && n < 96 ? PST_OK : pst_fail(&t->err, PST_E_USAGE, "the id is too long");
}

static enum pst_status rotate(struct talk *t, int argc, char **argv)
{
    const char *grace = NULL, *expires = NULL;
    struct pst_option_list words = {0};
    char path[96];
    const struct pst_option options[] = {
        {"--grace", PST_OPTION_TEXT, &grace},
        {"--expires", PST_OPTION_TEXT, &expires},
    };
    struct pst_json_out o;
    if (pst_options_parse(argc, argv, &t->common, options, PST_LEN(options), &words, 1, &t->err) !=
            PST_OK ||
        path_of(t, &words, "/rotate", path) != PST_OK) {
        return PST_ERR;
    }
    pst_json_out_init(&o, &t->body);
    pst_json_out_object(&o);
    if (read_time(t, "--grace", grace, &o, "grace_s") != PST_OK ||
        read_time(t, "--expires", expires, &o, "expires_in_s") != PST_OK) {
        return PST_ERR;
    }
    pst_json_out_end(&o);
    return ask(t, "POST", path) == PST_OK ? print_new(t) : PST_ERR;
}

int pst_cmd_key_rotate(int argc, char **argv)
{
    struct talk t;
    talk_init(&t);
    return talk_end(&t, rotate(&t, argc, argv));
}

static enum pst_status revoke(struct talk *t, int argc, char **argv)
{
    struct pst_option_list words = {0};
    char path[96];
    if (pst_options_parse(argc, argv, &t->common, NULL, 0, &words, 1, &t->err) != PST_OK ||
        path_of(t, &words, "", path) != PST_OK || ask(t, "DELETE", path) != PST_OK) {
        return PST_ERR;
    }
    if (t->common.json) {
        (void)pst_cli_json(pst_buf_str(&t->raw));
    } else {
        pst_cli_print(stdout, t->answer);
    }
    return PST_OK;
}

int pst_cmd_key_revoke(int argc, char **argv)
{
    struct talk t;
    talk_init(&t);
    return talk_end(&t, revoke(&t, argc, argv));
}
