#include "cli/cli.h"

#include "base/enc.h"
#include "wire/json_out.h"

#include <string.h>

enum { COLUMNS_MAX = 16, WIDTH_MAX = 48 };

bool pst_cli_json(struct pst_str json)
{
    return fwrite(json.p, 1, json.n, stdout) == json.n && fputc('\n', stdout) != EOF &&
           fflush(stdout) == 0;
}

int pst_cli_fail(const struct pst_common *common, const struct pst_err *err)
{
    const struct pst_error_row *row = pst_error_row(err->code);
    if (common->json) {
        struct pst_buf buf;
        struct pst_json_out o;
        pst_buf_init(&buf, 4096);
        pst_json_out_init(&o, &buf);
        pst_json_out_object(&o);
        PST_JSON_KEY(&o, "error");
        pst_json_out_object(&o);
        pst_json_out_kstr(&o, "code", pst_str_c(row->code));
        PST_JSON_KEY(&o, "message");
        pst_json_out_lossy(&o, pst_str_c(err->text));
        if (err->file[0] != 0) {
            PST_JSON_KEY(&o, "file");
            pst_json_out_lossy(&o, pst_str_c(err->file));
        }
        if (err->line != 0) {
            pst_json_out_ku64(&o, "line", err->line);
            pst_json_out_ku64(&o, "column", err->column);
        }
        pst_json_out_end(&o);
        pst_json_out_end(&o);
        (void)pst_cli_json(pst_buf_str(&buf));
        pst_buf_release(&buf);
    } else {
        fputs("postern: ", stderr);
        if (err->file[0] != 0) {
            pst_cli_text(stderr, pst_str_c(err->file), 0);
            fputc(':', stderr);
        }
        if (err->line != 0) {
            fprintf(stderr, "%u:%u:", err->line, err->column);
        }
        fputs(err->file[0] != 0 || err->line != 0 ? " " : "", stderr);
        pst_cli_text(stderr, pst_str_c(err->text), 0);
        fputc('\n', stderr);
        if (err->code == PST_E_USAGE) {
            fputs("Try: postern help\n", stderr);
        }
    }
    return err->code == PST_E_USAGE ? PST_EXIT_USAGE : PST_EXIT_FAILED;
}

void pst_cli_text(FILE *out, struct pst_str text, size_t width)
{
    size_t shown = 0;
    for (size_t at = 0; at < text.n && (width == 0 || shown < width); shown++) {
        uint32_t cp = 0;
        size_t n = pst_utf8_get(pst_str_from(text, at), &cp);
        /* C0, DEL, C1 and the direction marks that could rewrite a line on a terminal */
        bool plain = n > 0 && cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) &&
                     !(cp >= 0x202a && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069);
        if (plain) {
            (void)fwrite(&text.p[at], 1, n, out);
        } else {
            fputc('?', out);
        }
        at += n > 0 ? n : 1;
    }
    for (; shown < width; shown++) {
        fputc(' ', out);
    }
}

/* --- for people --------------------------------------------------------------------------- */

/* A value in one line; lists of scalars with commas. */
static void one_line(struct pst_buf *out, const struct pst_json *v)
{
    pst_buf_clear(out);
    if (v == NULL || pst_json_is(v, PST_JSON_NULL)) {
        PST_BUF_LIT(out, "-");
    } else if (pst_json_is(v, PST_JSON_STRING) || pst_json_is(v, PST_JSON_NUMBER)) {
        pst_buf_add(out, v->text.n > 0 ? v->text : PST_STR("-"));
    } else if (pst_json_is(v, PST_JSON_TRUE)) {
        PST_BUF_LIT(out, "yes");
    } else if (pst_json_is(v, PST_JSON_FALSE)) {
        PST_BUF_LIT(out, "no");
    } else {
        for (const struct pst_json *e = pst_json_first(v); e != NULL; e = e->next) {
            if (e != pst_json_first(v)) {
                PST_BUF_LIT(out, ", ");
            }
            if (e->type <= PST_JSON_STRING) {
                pst_buf_add(out, e->type >= PST_JSON_NUMBER ? e->text : PST_STR("-"));
            }
        }
        if (out->n == 0) {
            PST_BUF_LIT(out, "-");
        }
    }
}

static size_t width_of(struct pst_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        n += (text.p[i] & 0xc0) != 0x80;
    }
    return n < WIDTH_MAX ? n : WIDTH_MAX;
}

/* Columns are the members of the first row. */
static void table(FILE *out, const struct pst_json *rows, struct pst_buf *text)
{
    struct pst_str names[COLUMNS_MAX];
    size_t widths[COLUMNS_MAX], n = 0;
    for (const struct pst_json *m = pst_json_first(pst_json_first(rows));
         m != NULL && n < COLUMNS_MAX; m = m->next) {
        names[n] = m->name;
        widths[n] = width_of(m->name);
        for (const struct pst_json *row = pst_json_first(rows); row != NULL; row = row->next) {
            one_line(text, pst_json_get(row, m->name));
            size_t width = width_of(pst_buf_str(text));
            widths[n] = width > widths[n] ? width : widths[n];
        }
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        pst_cli_text(out, names[i], i + 1 < n ? widths[i] + 2 : 0);
    }
    fputc('\n', out);
    for (const struct pst_json *row = pst_json_first(rows); row != NULL; row = row->next) {
        for (size_t i = 0; i < n; i++) {
            one_line(text, pst_json_get(row, names[i]));
            pst_cli_text(out, pst_buf_str(text), i + 1 < n ? widths[i] + 2 : 0);
        }
        fputc('\n', out);
    }
}

void pst_cli_print(FILE *out, const struct pst_json *object)
{
    struct pst_buf text;
    pst_buf_init(&text, 4096);
    for (const struct pst_json *m = pst_json_first(object); m != NULL; m = m->next) {
        bool rows = pst_json_is(m, PST_JSON_ARRAY) && pst_json_is(m->first, PST_JSON_OBJECT);
        if (rows) {
            fputc('\n', out);
            table(out, m, &text);
            continue;
        }
        pst_cli_text(out, m->name, 0);
        fputs(": ", out);
        if (pst_json_is(m, PST_JSON_OBJECT)) {
            for (const struct pst_json *e = pst_json_first(m); e != NULL; e = e->next) {
                one_line(&text, e);
                fputs("\n  ", out);
                pst_cli_text(out, e->name, 0);
                fputs(": ", out);
                pst_cli_text(out, pst_buf_str(&text), 0);
            }
        } else {
            one_line(&text, m);
            pst_cli_text(out, pst_buf_str(&text), 0);
        }
        fputc('\n', out);
    }
    pst_buf_release(&text);
}
