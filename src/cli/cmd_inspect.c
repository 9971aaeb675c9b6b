/* postern inspect: what is in a text. Plain text, or JSON lines {"id","text","channel"}; one line
 * out for every line in, an "error" where a line could not be inspected. */
#include "base/enc.h"
#include "cli/cli.h"
#include "cli/inspect_run.h"
#include "rules/image_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 << 20, OUT_MAX = 64 << 20 };

struct inspect {
    struct pst_common common;
    struct pst_option_list words;
    const char *channel;
    bool lines;
    struct pst_inspector inspector;
    struct pst_arena arena; /* of one line */
    struct pst_buf out;
    bool failed; /* a line could not be inspected */
};

static void line_out(struct inspect *c)
{
    (void)pst_buf_byte(&c->out, '\n');
    (void)fwrite(c->out.p, 1, c->out.n, stdout);
    c->out.n = 0;
}

static void error_out(struct inspect *c, const struct pst_json *id, const char *what)
{
    struct pst_json_out o;
    c->failed = true;
    c->out.n = 0;
    c->out.failed = false;
    pst_json_out_init(&o, &c->out);
    pst_json_out_object(&o);
    if (id != NULL) {
        PST_JSON_KEY(&o, "id");
        pst_json_out_value(&o, id);
    }
    pst_json_out_kstr(&o, "error", pst_str_c(what));
    pst_json_out_end(&o);
    line_out(c);
}

static enum pst_source source_of(const struct inspect *c, const struct pst_json *row)
{
    struct pst_str name;
    if (row == NULL || !pst_json_str(PST_JSON_GET(row, "channel"), &name)) {
        name = pst_str_c(c->channel != NULL ? c->channel : "user");
    }
    enum pst_source source = pst_source_find(name);
    return source == PST_SOURCES ? PST_SOURCE_USER : source;
}

static void text_out(struct inspect *c, const struct pst_json *row, struct pst_str text)
{
    struct pst_inspection result;
    struct pst_json_out o;
    struct pst_err err = {0};
    const struct pst_json *id = row != NULL ? PST_JSON_GET(row, "id") : NULL;
    struct pst_scan_text t = {.text = text};
    if (row != NULL) {
        (void)pst_json_str(PST_JSON_GET(row, "key"), &t.key);
    }
    if (pst_inspector_run(&c->inspector, &t, source_of(c, row), &result, &err) != PST_OK) {
        error_out(c, id, err.text);
        return;
    }
    pst_json_out_init(&o, &c->out);
    pst_json_out_object(&o);
    if (id != NULL) {
        PST_JSON_KEY(&o, "id");
        pst_json_out_value(&o, id);
    }
    pst_inspection_put(&c->inspector, &result, text, &o);
    pst_json_out_end(&o);
    if (!pst_json_out_ok(&o)) {
        error_out(c, id, "the result is too large");
        return;
    }
    line_out(c);
}

static void row_out(struct inspect *c, struct pst_str line)
{
    struct pst_json_config config = pst_json_config_of(LINE_MAX_BYTES, 1);
    struct pst_err err = {0};
    struct pst_str text;
    config.limits.string_bytes = LINE_MAX_BYTES;
    config.stable = true;
    pst_arena_clear(&c->arena);
    const struct pst_json *row = pst_json_parse(&config, &c->arena, line, &err);
    if (row == NULL) {
        error_out(c, NULL, err.text);
    } else if (!pst_json_is(row, PST_JSON_OBJECT) ||
               !pst_json_str(PST_JSON_GET(row, "text"), &text)) {
        error_out(c, NULL, "a line is an object with \"text\"");
    } else {
        text_out(c, row, text);
    }
}

/* --- for people ------------------------------------------------------------------------------- */

/* Where in the text, for people; findings come in order, so it only goes forward. */
struct place {
    size_t at, line, start;
};

static void finding_print(const struct inspect *c, const char *name, struct pst_str text,
                          const struct pst_finding *f, struct place *place)
{
    struct pst_buf why;
    pst_buf_init(&why, 4096);
    for (; place->at < f->start && place->at < text.n; place->at++) {
        if (text.p[place->at] == '\n') {
            place->line++;
            place->start = place->at + 1;
        }
    }
    if (pst_finding_explain(c->inspector.image, f, &why)) {
        printf("%s:%zu:%zu: %u ", name, place->line, f->start - place->start + 1,
               pst_score_mille(f->score));
        pst_cli_text(stdout, pst_buf_str(&why), 200);
        (void)putchar('\n');
    }
    pst_buf_release(&why);
}

static void text_print(struct inspect *c, const char *name, struct pst_str text)
{
    struct pst_inspection result;
    struct pst_err err = {0};
    struct pst_scan_text t = {.text = text};
    if (!pst_utf8_valid(text)) {
        (void)fprintf(stderr, "postern: %s: not UTF-8, not inspected\n", name);
        c->failed = true;
        return;
    }
    if (pst_inspector_run(&c->inspector, &t, source_of(c, NULL), &result, &err) != PST_OK) {
        (void)fprintf(stderr, "postern: %s: not inspected: %s\n", name, err.text);
        c->failed = true;
        return;
    }
    struct place place = {.line = 1};
    for (size_t i = 0; i < result.findings.n; i++) {
        finding_print(c, name, text, &result.findings.list[i], &place);
    }
    if (c->inspector.detector != NULL) {
        printf("%s: injection %u of 1000\n", name, result.detection.injection);
    }
    printf("%s: %zu found, verdict %s\n", name, result.findings.n,
           pst_inspection_verdict(&c->inspector, &result));
}

/* --- input ------------------------------------------------------------------------------------ */

/* JSON lines announce themselves: the first thing is an object that has "text". */
static bool looks_like_rows(struct pst_str start)
{
    struct pst_str line = pst_str_trim(pst_str_cut(start, 0, pst_str_find_byte(start, '\n')));
    return line.n > 1 && line.p[0] == '{' && pst_str_find(line, PST_STR("\"text\"")) != PST_NPOS;
}

static enum pst_status lines_read(struct inspect *c, FILE *in, struct pst_err *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, in)) >= 0) {
        struct pst_str text = pst_str_of(line, (size_t)n);
        while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) {
            text.n--;
        }
        if (text.n > LINE_MAX_BYTES) {
            error_out(c, NULL, "the line is too long");
        } else if (text.n > 0) {
            row_out(c, text);
        }
    }
    bool failed = ferror(in) != 0;
    free(line);
    return failed ? pst_fail(err, PST_E_IO, "the input cannot be read") : PST_OK;
}

static enum pst_status whole_read(struct inspect *c, FILE *in, const char *name,
                                  struct pst_err *err)
{
    struct pst_buf bytes;
    uint8_t chunk[8192];
    size_t n;
    pst_buf_init(&bytes, LINE_MAX_BYTES);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0 &&
           pst_buf_add(&bytes, pst_str_of(chunk, n))) {
    }
    struct pst_str text = pst_buf_str(&bytes);
    enum pst_status status = PST_OK;
    if (ferror(in) != 0 || bytes.failed) {
        status = pst_fail(err, PST_E_IO, "%s: cannot be read, or longer than 64 MiB", name);
    } else if (!c->lines && looks_like_rows(text)) {
        for (size_t at = 0; at < text.n;) {
            struct pst_str rest = pst_str_from(text, at);
            struct pst_str line = pst_str_cut(rest, 0, pst_str_find_byte(rest, '\n'));
            at += line.n + 1;
            if (pst_str_trim(line).n > 0) {
                row_out(c, line);
            }
        }
    } else {
        text_print(c, name, text);
    }
    pst_buf_release(&bytes);
    return status;
}

static enum pst_status input_read(struct inspect *c, const char *name, struct pst_err *err)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *in = standard ? stdin : fopen(name, "rb");
    if (in == NULL) {
        return pst_fail(err, PST_E_IO, "%s: %s", name, strerror(errno));
    }
    enum pst_status status = c->common.json
                                 ? lines_read(c, in, err)
                                 : whole_read(c, in, standard ? "standard input" : name, err);
    if (!standard) {
        (void)fclose(in);
    }
    return status;
}

static enum pst_status inspect_all(struct inspect *c, struct pst_err *err)
{
    if (c->channel != NULL && pst_source_find(pst_str_c(c->channel)) == PST_SOURCES) {
        return pst_fail(err, PST_E_USAGE,
                        "--channel: user, document, tool, email, web, code, description or output");
    }
    if (pst_inspector_init(&c->inspector, pst_builtin_inspect_image(), err) != PST_OK) {
        return PST_ERR;
    }
    if (c->words.n == 0) {
        c->words.v[c->words.n++] = "-";
    }
    for (size_t i = 0; i < c->words.n; i++) {
        if (input_read(c, c->words.v[i], err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

int pst_cmd_inspect(int argc, char **argv)
{
    struct inspect c = {.common = {0}};
    struct pst_err err = {0};
    const struct pst_option options[] = {{"--channel", PST_OPTION_TEXT, &c.channel}};
    pst_buf_init(&c.out, OUT_MAX);
    pst_arena_init(&c.arena, 1 << 16, (size_t)LINE_MAX_BYTES * 4);
    int code = PST_EXIT_OK;
    if (pst_options_parse(argc, argv, &c.common, options, PST_LEN(options), &c.words,
                          PST_OPTION_LIST, &err) != PST_OK ||
        inspect_all(&c, &err) != PST_OK) {
        code = pst_cli_fail(&c.common, &err);
    }
    (void)fflush(stdout);
    pst_inspector_release(&c.inspector);
    pst_buf_release(&c.out);
    pst_arena_release(&c.arena);
    return code == PST_EXIT_OK && c.failed ? PST_EXIT_FAILED : code;
}
