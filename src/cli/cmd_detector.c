/* postern detector info|verify|eval: the weights that are built in or in a file, and how well they
 * do on labelled texts. */
#include "base/enc.h"
#include "cli/cli.h"
#include "cli/detector_eval.h"
#include "cli/inspect_run.h"
#include "crypto/hash.h"
#include "inspect/detect/weights.h"
#include "inspect/image.h"
#include "rules/image_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16 << 20, LINE_MAX_BYTES = 64 << 20, OUT_MAX = 4 << 20 };

struct detector {
    struct pst_common common;
    struct pst_option_list words;
    struct pst_buf file, out;
    struct pst_weights weights;
};

static enum pst_status file_read(const char *name, struct pst_buf *ret, struct pst_err *err)
{
    FILE *f = fopen(name, "rb");
    uint8_t chunk[8192];
    size_t n;
    if (f == NULL) {
        return pst_fail(err, PST_E_IO, "%s: %s", name, strerror(errno));
    }
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && pst_buf_add(ret, pst_str_of(chunk, n))) {
    }
    bool ok = ferror(f) == 0 && !ret->failed;
    (void)fclose(f);
    return ok ? PST_OK : pst_fail(err, PST_E_IO, "%s: cannot be read, or too large", name);
}

static enum pst_status weights_read(struct detector *d, struct pst_err *err)
{
    struct pst_str file;
    if (d->words.n == 0) {
        if (pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_WEIGHTS, &file,
                                      err) != PST_OK) {
            return PST_ERR;
        }
    } else {
        if (file_read(d->words.v[0], &d->file, err) != PST_OK) {
            return PST_ERR;
        }
        file = pst_buf_str(&d->file);
    }
    return pst_weights_open(file, &d->weights, err);
}

static bool digest_holds(const struct pst_weights *w)
{
    uint8_t digest[PST_SHA256_BYTES];
    pst_sha256(w->body, digest);
    return pst_str_eq(w->digest, pst_str_of(digest, sizeof(digest)));
}

static void info_put(const struct pst_weights *w, struct pst_json_out *o)
{
    char hex[2 * PST_SHA256_BYTES];
    pst_hex_put(w->digest.p, w->digest.n, hex);
    pst_json_out_kstr(o, "made_from", w->note);
    pst_json_out_kstr(o, "sha256", pst_str_of(hex, sizeof(hex)));
    pst_json_out_ku64(o, "bytes", w->body.n + PST_WEIGHTS_HEADER);
    pst_json_out_ku64(o, "format", PST_WEIGHTS_VERSION);
    pst_json_out_ku64(o, "n_grams", PST_GRAM_VERSION);
    pst_json_out_ku64(o, "buckets", UINT64_C(1) << w->injection.bits);
    pst_json_out_ku64(o, "answer_buckets", UINT64_C(1) << w->answer.bits);
    PST_JSON_KEY(o, "thresholds");
    pst_json_out_array(o);
    for (size_t s = 0; s < PST_SOURCES; s++) {
        pst_json_out_object(o);
        pst_json_out_kstr(o, "channel", pst_str_c(pst_source_name((enum pst_source)s)));
        pst_json_out_ki64(o, "logit_1024ths_at_500", w->fusion.knot[s][10]);
        pst_json_out_ki64(o, "logit_1024ths_at_750", w->fusion.knot[s][15]);
        pst_json_out_end(o);
    }
    pst_json_out_end(o);
}

static int finish(struct detector *d, enum pst_status status, struct pst_err *err)
{
    int code = status == PST_OK ? PST_EXIT_OK : pst_cli_fail(&d->common, err);
    pst_buf_release(&d->file);
    pst_buf_release(&d->out);
    return code;
}

static enum pst_status begin(struct detector *d, int argc, char **argv, struct pst_err *err)
{
    pst_buf_init(&d->file, FILE_MAX);
    pst_buf_init(&d->out, OUT_MAX);
    return pst_options_parse(argc, argv, &d->common, NULL, 0, &d->words, 1, err);
}

static enum pst_status object_out(struct detector *d, struct pst_err *err)
{
    if (d->common.json) {
        return pst_cli_json(pst_buf_str(&d->out)) ? PST_OK
                                                  : pst_fail(err, PST_E_IO, "cannot be printed");
    }
    struct pst_arena arena;
    struct pst_json_config config = pst_json_config_of(OUT_MAX, 1);
    pst_arena_init(&arena, 1 << 16, 64 << 20);
    const struct pst_json *v = pst_json_parse(&config, &arena, pst_buf_str(&d->out), err);
    if (v != NULL) {
        pst_cli_print(stdout, v);
    }
    pst_arena_release(&arena);
    return v != NULL ? PST_OK : PST_ERR;
}

int pst_cmd_detector_info(int argc, char **argv)
{
    struct detector d = {.common = {0}};
    struct pst_err err = {0};
    enum pst_status status = begin(&d, argc, argv, &err);
    if (status == PST_OK) {
        status = weights_read(&d, &err);
    }
    if (status == PST_OK) {
        struct pst_json_out o;
        pst_json_out_init(&o, &d.out);
        pst_json_out_object(&o);
        info_put(&d.weights, &o);
        pst_json_out_end(&o);
        status = object_out(&d, &err);
    }
    return finish(&d, status, &err);
}

int pst_cmd_detector_verify(int argc, char **argv)
{
    struct detector d = {.common = {0}};
    struct pst_err err = {0};
    enum pst_status status = begin(&d, argc, argv, &err);
    if (status == PST_OK) {
        status = weights_read(&d, &err);
    }
    if (status == PST_OK && !digest_holds(&d.weights)) {
        status = pst_fail(&err, PST_E_CONFIG, "detector weights: the digest is not of these bytes");
    }
    if (status == PST_OK) {
        struct pst_json_out o;
        pst_json_out_init(&o, &d.out);
        pst_json_out_object(&o);
        PST_JSON_KEY(&o, "whole");
        pst_json_out_bool(&o, true);
        info_put(&d.weights, &o);
        pst_json_out_end(&o);
        status = object_out(&d, &err);
    }
    return finish(&d, status, &err);
}

/* --- eval ------------------------------------------------------------------------------------- */

struct evaluation {
    struct pst_inspector inspector;
    struct pst_eval eval;
    struct pst_arena arena; /* of one line */
};

static enum pst_status row_eval(struct evaluation *e, struct pst_str line, struct pst_err *err)
{
    struct pst_json_config config = pst_json_config_of(LINE_MAX_BYTES, 1);
    struct pst_scan_text t = {.text = {NULL, 0}};
    struct pst_inspection result;
    struct pst_str name;
    config.limits.string_bytes = LINE_MAX_BYTES;
    pst_arena_clear(&e->arena);
    const struct pst_json *row = pst_json_parse(&config, &e->arena, line, err);
    if (row == NULL) {
        return PST_ERR;
    }
    if (!pst_json_str(PST_JSON_GET(row, "text"), &t.text)) {
        return pst_fail(err, PST_E_SYNTAX, "a line is an object with \"text\"");
    }
    enum pst_source source = PST_SOURCE_USER;
    if (pst_json_str(PST_JSON_GET(row, "channel"), &name) && pst_source_find(name) != PST_SOURCES) {
        source = pst_source_find(name);
    }
    struct pst_err one = {0};
    if (pst_inspector_run(&e->inspector, &t, source, &result, &one) != PST_OK) {
        e->eval.not_inspected++;
        return PST_OK;
    }
    pst_eval_add(&e->eval, row, source, t.text.n, result.detection.injection);
    return PST_OK;
}

static enum pst_status rows_eval(struct evaluation *e, const char *file, struct pst_err *err)
{
    bool standard = strcmp(file, "-") == 0;
    FILE *in = standard ? stdin : fopen(file, "rb");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    enum pst_status status = PST_OK;
    if (in == NULL) {
        return pst_fail(err, PST_E_IO, "%s: %s", file, strerror(errno));
    }
    while (status == PST_OK && (n = getline(&line, &room, in)) >= 0) {
        struct pst_str text = pst_str_of(line, (size_t)n);
        while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) {
            text.n--;
        }
        if (text.n > LINE_MAX_BYTES) {
            status = pst_fail(err, PST_E_LIMIT, "a line is too long");
        } else if (text.n > 0) {
            status = row_eval(e, text, err);
        }
    }
    if (status == PST_OK && ferror(in) != 0) {
        status = pst_fail(err, PST_E_IO, "%s: cannot be read", file);
    }
    free(line);
    if (!standard) {
        (void)fclose(in);
    }
    return status;
}

static enum pst_status eval_out(struct detector *d, const struct pst_eval *eval,
                                struct pst_err *err)
{
    if (!d->common.json) {
        pst_eval_print(eval, stdout);
        return PST_OK;
    }
    struct pst_json_out o;
    pst_json_out_init(&o, &d->out);
    pst_json_out_object(&o);
    pst_eval_put(eval, &o);
    pst_json_out_end(&o);
    return pst_json_out_ok(&o) && pst_cli_json(pst_buf_str(&d->out))
               ? PST_OK
               : pst_fail(err, PST_E_IO, "the result cannot be printed");
}

int pst_cmd_detector_eval(int argc, char **argv)
{
    struct detector d = {.common = {0}};
    struct pst_err err = {0};
    struct evaluation *e = calloc(1, sizeof(*e));
    enum pst_status status = begin(&d, argc, argv, &err);
    if (status == PST_OK && e == NULL) {
        status = pst_fail(&err, PST_E_NO_MEMORY, "no memory for the counts");
    }
    if (status == PST_OK) {
        pst_arena_init(&e->arena, 1 << 16, (size_t)LINE_MAX_BYTES * 4);
        status = pst_inspector_init(&e->inspector, pst_builtin_inspect_image(), &err);
        if (status == PST_OK && e->inspector.detector == NULL) {
            status = pst_fail(&err, PST_E_NOT_FOUND, "this build has no detector");
        }
        if (status == PST_OK) {
            status = rows_eval(e, d.words.n > 0 ? d.words.v[0] : "-", &err);
        }
        if (status == PST_OK) {
            status = eval_out(&d, &e->eval, &err);
        }
        pst_inspector_release(&e->inspector);
        pst_arena_release(&e->arena);
    }
    free(e);
    return finish(&d, status, &err);
}
