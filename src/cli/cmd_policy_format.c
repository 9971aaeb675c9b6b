/* postern policy format: policies in one house style, comments kept. */
#include "cedar/format.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/policy_world.h"
#include "sys/file.h"
#include "wire/json_out.h"

#include <string.h>
#include <sys/stat.h>

struct format {
    struct pst_common common;
    struct pst_option_list words;
    bool check, write;
    struct pst_json_out files; /* with --json: what each file came to */
    size_t different;
};

static enum pst_status write_back(const char *path, struct pst_str text, struct pst_err *err)
{
    struct stat st;
    unsigned mode = stat(path, &st) == 0 ? (unsigned)st.st_mode & 0777 : 0644;
    return pst_file_write(path, mode, text, err);
}

static enum pst_status tell(struct format *f, const char *path, struct pst_str text, bool same,
                            struct pst_err *err)
{
    if (f->common.json) {
        pst_json_out_object(&f->files);
        PST_JSON_KEY(&f->files, "file");
        pst_json_out_lossy(&f->files, pst_str_c(path));
        pst_json_out_kbool(&f->files, "formatted", same);
        if (!f->check && !f->write) {
            pst_json_out_kstr(&f->files, "text", text);
        }
        pst_json_out_end(&f->files);
    } else if (f->check || f->write) {
        if (!same) {
            printf("%s %s\n", f->check ? "not formatted:" : "formatted:", path);
        }
    } else if (fwrite(text.p, 1, text.n, stdout) != text.n) {
        return pst_fail(err, PST_E_IO, "standard output cannot be written");
    }
    return f->write && !same ? write_back(path, text, err) : PST_OK;
}

static enum pst_status format_one(struct format *f, const char *path, struct pst_err *err)
{
    struct pst_arena arena;
    struct pst_buf out;
    struct pst_str text;
    pst_arena_init(&arena, 1 << 16, 256 << 20);
    pst_buf_init(&out, 2 * (size_t)PST_POLICY_FILE_MAX);
    enum pst_status status = pst_load_file(&arena, path, PST_POLICY_FILE_MAX, &text, err);
    if (status == PST_OK) {
        status = pst_cedar_format(text, &out, err);
        if (status != PST_OK && err->file[0] == 0) {
            pst_str_cut_c(pst_str_c(path), err->file, sizeof err->file);
        }
    }
    if (status == PST_OK) {
        bool same = pst_str_eq(text, pst_buf_str(&out));
        f->different += !same;
        status = tell(f, path, pst_buf_str(&out), same, err);
    }
    pst_buf_release(&out);
    pst_arena_release(&arena);
    return status;
}

static enum pst_status format_all(struct format *f, struct pst_err *err)
{
    if (f->check && f->write) {
        return pst_fail(err, PST_E_USAGE, "--check writes nothing; choose one");
    }
    if (f->words.n == 0) {
        f->words.v[f->words.n++] = "-";
    }
    for (size_t i = 0; i < f->words.n; i++) {
        if (f->write && strcmp(f->words.v[i], "-") == 0) {
            return pst_fail(err, PST_E_USAGE, "--write needs files");
        }
        if (format_one(f, f->words.v[i], err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

int pst_cmd_policy_format(int argc, char **argv)
{
    struct format f = {.common = {0}};
    struct pst_err err = {0};
    struct pst_buf json;
    const struct pst_option options[] = {
        {"--check", PST_OPTION_FLAG, &f.check},
        {"--write", PST_OPTION_FLAG, &f.write},
    };
    pst_buf_init(&json, 4 * (size_t)PST_POLICY_FILE_MAX);
    pst_json_out_init(&f.files, &json);
    pst_json_out_object(&f.files);
    PST_JSON_KEY(&f.files, "files");
    pst_json_out_array(&f.files);
    int code = PST_EXIT_OK;
    if (pst_options_parse(argc, argv, &f.common, options, PST_LEN(options), &f.words,
                          PST_OPTION_LIST, &err) != PST_OK ||
        format_all(&f, &err) != PST_OK) {
        code = pst_policy_fail(&f.common, &err);
    } else {
        pst_json_out_end(&f.files);
        pst_json_out_end(&f.files);
        if (f.common.json) {
            (void)pst_cli_json(pst_buf_str(&json));
        }
        code = f.check && f.different > 0 ? PST_EXIT_FAILED : PST_EXIT_OK;
    }
    pst_buf_release(&json);
    return code;
}
