/* postern mask, postern unmask: the masking of the gateway at the desk. A token does not hold its
 * value, so whoever turns tokens back needs the text that they were made from. */
#include "base/enc.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "crypto/crypto.h"
#include "inspect/image.h"
#include "mask/mask.h"
#include "mask/scope.h"
#include "rules/image_build.h"
#include "sys/file.h"

#include <string.h>

enum { TEXT_MAX = 64 << 20, VALUES_MAX = 1 << 20 };

struct masking {
    struct pst_common common;
    struct pst_option_list words;
    const char *key_file, *conversation, *principal, *original;
    struct pst_arena arena;
    struct pst_aead aead;
    struct pst_vault vault;
    struct pst_scope scope;
    struct pst_scan_image *image;
    struct pst_scanner *scanner;
    struct pst_actions actions, none;
    struct pst_mask mask;
    struct pst_buf masked, out;
};

static enum pst_status scope_read(struct masking *c, struct pst_err *err)
{
    char path[2 * PST_PATH_MAX], state[PST_PATH_MAX] = {0};
    uint8_t masking_key[PST_MASKING_KEY_BYTES];
    struct pst_hmac hmac;
    struct pst_buf key;
    struct pst_str conversation = pst_str_c(c->conversation);
    if (c->conversation != NULL && !pst_conversation_valid(conversation)) {
        return pst_fail(err, PST_E_USAGE, "a conversation is 1 to %d of A-Z a-z 0-9 _ . -",
                        PST_CONVERSATION_MAX);
    }
    if (c->key_file != NULL) {
        pst_str_cut_c(pst_str_c(c->key_file), path, sizeof path);
    } else if (pst_load_state_dir(&c->common, state, err) != PST_OK) {
        return PST_ERR;
    } else {
        pst_text(path, sizeof path, "%s/keys/data.key", state);
    }
    pst_buf_init(&key, PST_DATA_KEY_BYTES);
    enum pst_status status = pst_file_read(path, &key, err);
    if (status == PST_OK && key.n != PST_DATA_KEY_BYTES) {
        status = pst_fail(err, PST_E_CONFIG, "%.160s is not a data key of %d bytes", path,
                          PST_DATA_KEY_BYTES);
    }
    if (status == PST_OK) {
        pst_masking_key(key.p, masking_key);
        status = pst_hmac_init(&hmac, pst_str_of(masking_key, sizeof masking_key), err);
    }
    if (status == PST_OK) {
        pst_scope_make(&hmac, pst_str_c(c->principal), (struct pst_str){NULL, 0}, conversation,
                       &c->scope);
        pst_hmac_release(&hmac);
    }
    pst_wipe(masking_key, sizeof masking_key);
    if (key.p != NULL) {
        pst_wipe(key.p, key.n);
    }
    pst_buf_release(&key);
    return status;
}

static enum pst_status prepare(struct masking *c, struct pst_err *err)
{
    struct pst_str data;
    pst_arena_init(&c->arena, 1 << 16, (size_t)TEXT_MAX * 4);
    pst_buf_init(&c->masked, (size_t)TEXT_MAX * 4);
    pst_buf_init(&c->out, (size_t)TEXT_MAX * 4);
    if (pst_crypto_init(err) != PST_OK || scope_read(c, err) != PST_OK ||
        pst_aead_init(&c->aead, err) != PST_OK ||
        pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_DATA, &data, err) !=
            PST_OK ||
        pst_scan_image_open(data, &c->image, err) != PST_OK ||
        pst_scanner_init(&c->scanner, c->image, err) != PST_OK) {
        return PST_ERR;
    }
    pst_vault_init(&c->vault, &c->arena, &c->aead, VALUES_MAX, /* expires_ms= */ 1);
    pst_actions_default(c->image, &c->actions);
    c->mask = (struct pst_mask){.scanner = c->scanner,
                                .image = c->image,
                                .actions = &c->actions,
                                .scope = &c->scope,
                                .vault = &c->vault};
    return PST_OK;
}

static void release(struct masking *c)
{
    pst_scanner_release(c->scanner);
    pst_scan_image_close(c->image);
    pst_aead_release(&c->aead);
    pst_arena_release(&c->arena);
    pst_buf_release(&c->masked);
    pst_buf_release(&c->out);
}

static enum pst_status text_read(struct masking *c, const char *path, struct pst_str *ret,
                                 struct pst_err *err)
{
    if (pst_load_file(&c->arena, path, TEXT_MAX, ret, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_utf8_valid(*ret) ? PST_OK : pst_fail(err, PST_E_SYNTAX, "%s is not UTF-8", path);
}

static int write_out(struct masking *c)
{
    bool ok = fwrite(c->out.p, 1, c->out.n, stdout) == c->out.n && fflush(stdout) == 0;
    return ok ? PST_EXIT_OK : PST_EXIT_FAILED;
}

static const char *file_of(const struct masking *c)
{
    return c->words.n > 0 ? c->words.v[0] : "-";
}

int pst_cmd_mask(int argc, char **argv)
{
    struct masking c = {.common = {0}};
    struct pst_err err = {0};
    struct pst_str text;
    const struct pst_option options[] = {
        {"--key-file", PST_OPTION_TEXT, &c.key_file},
        {"--conversation", PST_OPTION_TEXT, &c.conversation},
        {"--principal", PST_OPTION_TEXT, &c.principal},
    };
    int code;
    if (pst_options_parse(argc, argv, &c.common, options, PST_LEN(options), &c.words, 1, &err) !=
            PST_OK ||
        prepare(&c, &err) != PST_OK || text_read(&c, file_of(&c), &text, &err) != PST_OK ||
        pst_mask_text(&c.mask, (struct pst_str){NULL, 0}, text, &c.out, &err) != PST_OK) {
        code = pst_cli_fail(&c.common, &err);
    } else {
        code = write_out(&c);
    }
    release(&c);
    return code;
}

/* Masks the original again, which gives the same tokens, and turns those of the text back. */
static enum pst_status unmask(struct masking *c, struct pst_err *err)
{
    struct pst_str original, text;
    size_t taken;
    if (c->original == NULL) {
        return pst_fail(err, PST_E_USAGE,
                        "a token does not hold its value: name the text that was masked with "
                        "--original FILE");
    }
    if (text_read(c, c->original, &original, err) != PST_OK ||
        text_read(c, file_of(c), &text, err) != PST_OK ||
        pst_mask_text(&c->mask, (struct pst_str){NULL, 0}, original, &c->masked, err) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_scan_text in = {.text = text};
    c->mask.actions = &c->none;
    return pst_unmask_text(&c->mask, &in, /* now_ms= */ 0, &taken, NULL, &c->out, err);
}

int pst_cmd_unmask(int argc, char **argv)
{
    struct masking c = {.common = {0}};
    struct pst_err err = {0};
    const struct pst_option options[] = {
        {"--key-file", PST_OPTION_TEXT, &c.key_file},
        {"--conversation", PST_OPTION_TEXT, &c.conversation},
        {"--principal", PST_OPTION_TEXT, &c.principal},
        {"--original", PST_OPTION_TEXT, &c.original},
    };
    int code;
    if (pst_options_parse(argc, argv, &c.common, options, PST_LEN(options), &c.words, 1, &err) !=
            PST_OK ||
        prepare(&c, &err) != PST_OK || unmask(&c, &err) != PST_OK) {
        code = pst_cli_fail(&c.common, &err);
    } else {
        code = write_out(&c);
    }
    release(&c);
    return code;
}
