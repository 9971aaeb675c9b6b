/* postern rules: what is looked for, and whether the definitions keep what their examples promise.
 */
#include "cli/cli.h"
#include "cli/inspect_run.h"
#include "inspect/image.h"
#include "rules/data_try.h"
#include "rules/image_build.h"
#include "rules/load.h"

#include <stdlib.h>

enum { ARENA_MAX = 256 << 20, SECTION_MAX = 64 << 20, OUT_MAX = 1 << 20 };

/* --- list ------------------------------------------------------------------------------------- */

static void type_json(const struct pst_type *t, struct pst_json_out *o)
{
    pst_json_out_object(o);
    pst_json_out_kstr(o, "type", t->name);
    pst_json_out_kstr(o, "title", t->title);
    pst_json_out_kstr(o, "group", t->group);
    pst_json_out_kstr(o, "action", pst_str_c(pst_inspection_action((enum pst_action)t->action)));
    pst_json_out_kbool(o, "secret", t->secret);
    if (t->longest > 0) {
        pst_json_out_ku64(o, "longest", t->longest);
    }
    pst_json_out_end(o);
}

static enum pst_status list(const struct pst_common *common, const struct pst_scan_image *image,
                            struct pst_err *err)
{
    struct pst_buf out;
    struct pst_json_out o;
    pst_buf_init(&out, OUT_MAX);
    pst_json_out_init(&o, &out);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "types");
    pst_json_out_array(&o);
    for (size_t i = 0; i < pst_scan_types(image); i++) {
        const struct pst_type *t = pst_scan_type(image, i);
        if (common->json) {
            type_json(t, &o);
        } else {
            printf("%-40.*s %-14.*s %-8s %.*s\n", PST_FMT(t->name), PST_FMT(t->group),
                   pst_inspection_action((enum pst_action)t->action), PST_FMT(t->title));
        }
    }
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    bool ok = !common->json || (pst_json_out_ok(&o) && pst_cli_json(pst_buf_str(&out)));
    pst_buf_release(&out);
    return ok ? PST_OK : pst_fail(err, PST_E_IO, "the list could not be written");
}

int pst_cmd_rules_list(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_err err = {0};
    struct pst_scan_image *image = NULL;
    struct pst_str data;
    int code = PST_EXIT_OK;
    if (pst_options_parse(argc, argv, &common, NULL, 0, NULL, 0, &err) != PST_OK ||
        pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_DATA, &data, &err) !=
            PST_OK ||
        pst_scan_image_open(data, &image, &err) != PST_OK || list(&common, image, &err) != PST_OK) {
        code = pst_cli_fail(&common, &err);
    }
    pst_scan_image_close(image);
    return code;
}

/* --- test ------------------------------------------------------------------------------------- */

struct rules_test {
    struct pst_common common;
    struct pst_option_list words;
    struct pst_arena arena;
    struct pst_buf section, out;
    struct pst_json_out o;
    struct pst_rule_tried tried;
};

static void failure_put(void *ctx, const struct pst_rule_failure *f)
{
    struct rules_test *t = ctx;
    if (t->common.json) {
        pst_json_out_object(&t->o);
        pst_json_out_kstr(&t->o, "file", f->def->file);
        pst_json_out_ku64(&t->o, "line", f->def->line);
        pst_json_out_kstr(&t->o, "type", f->type->name);
        pst_json_out_kstr(&t->o, "what", pst_str_c(f->what));
        pst_json_out_kstr(&t->o, "text", f->example);
        pst_json_out_end(&t->o);
        return;
    }
    printf("%.*s:%u: %.*s: %s: ", PST_FMT(f->def->file), f->def->line, PST_FMT(f->type->name),
           f->what);
    pst_cli_text(stdout, f->example, 160);
    (void)putchar('\n');
}

/* The built-in definitions and those of the files named, as one set: they compete. */
static enum pst_status set_read(struct rules_test *t, struct pst_rule_set *set, struct pst_err *err)
{
    struct pst_rule_file *files = PST_ARENA_ARRAY(&t->arena, PST_RULE_FILES_MAX,
                                                  struct pst_rule_file);
    size_t n = 0;
    if (files == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: no memory");
    }
    if (pst_rules_unpack(pst_builtin_rule_pack(), files, PST_RULE_FILES_MAX - PST_OPTION_LIST, &n,
                         err) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < t->words.n; i++) {
        struct pst_rule_file *f = &files[n++];
        f->name = pst_str_c(t->words.v[i]);
        f->user = true;
        f->credentials = pst_str_find(f->name, PST_STR("credentials/")) != PST_NPOS;
        if (pst_rules_file(&t->arena, t->words.v[i], &f->text, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return pst_rules_read(&t->arena, files, n, false, set, err);
}

static enum pst_status set_try(struct rules_test *t, struct pst_err *err)
{
    struct pst_rule_set set;
    struct pst_scan_image *image = NULL;
    if (set_read(t, &set, err) != PST_OK || pst_rules_build(&set, &t->section, err) != PST_OK) {
        return PST_ERR;
    }
    size_t n = (t->section.n + 63) / 64 * 64;
    uint8_t *bytes = aligned_alloc(64, n);
    if (bytes == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: no memory");
    }
    memcpy(bytes, t->section.p, t->section.n);
    enum pst_status status = pst_scan_image_open(pst_str_of(bytes, t->section.n), &image, err);
    if (status == PST_OK) {
        status = pst_rules_try(&set, image, failure_put, t, &t->tried, err);
    }
    pst_scan_image_close(image);
    free(bytes);
    return status;
}

static enum pst_status test_all(struct rules_test *t, struct pst_err *err)
{
    pst_json_out_init(&t->o, &t->out);
    pst_json_out_object(&t->o);
    PST_JSON_KEY(&t->o, "failed");
    pst_json_out_array(&t->o);
    if (set_try(t, err) != PST_OK) {
        return PST_ERR;
    }
    pst_json_out_end(&t->o);
    pst_json_out_ku64(&t->o, "definitions", t->tried.defs);
    pst_json_out_ku64(&t->o, "examples", t->tried.examples);
    pst_json_out_ku64(&t->o, "counter_examples", t->tried.counters);
    pst_json_out_end(&t->o);
    if (!t->common.json) {
        printf("%zu definitions, %zu examples, %zu counter-examples, %zu failed\n", t->tried.defs,
               t->tried.examples, t->tried.counters, t->tried.failed);
        return PST_OK;
    }
    return pst_json_out_ok(&t->o) && pst_cli_json(pst_buf_str(&t->out))
               ? PST_OK
               : pst_fail(err, PST_E_IO, "the result could not be written");
}

int pst_cmd_rules_test(int argc, char **argv)
{
    struct rules_test t = {.common = {0}};
    struct pst_err err = {0};
    int code = PST_EXIT_OK;
    pst_arena_init(&t.arena, 0, ARENA_MAX);
    pst_buf_init(&t.section, SECTION_MAX);
    pst_buf_init(&t.out, OUT_MAX);
    if (pst_options_parse(argc, argv, &t.common, NULL, 0, &t.words, PST_OPTION_LIST, &err) !=
            PST_OK ||
        test_all(&t, &err) != PST_OK) {
        code = pst_cli_fail(&t.common, &err);
    }
    pst_buf_release(&t.out);
    pst_buf_release(&t.section);
    pst_arena_release(&t.arena);
    return code == PST_EXIT_OK && t.tried.failed > 0 ? PST_EXIT_FAILED : code;
}
