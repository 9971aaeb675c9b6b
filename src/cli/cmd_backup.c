#include "cli/backup.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "wire/json_out.h"

static void print_json(const char *to, const struct pst_backup_made *made)
{
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 16384);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "backup");
    pst_json_out_lossy(&o, pst_str_c(to));
    pst_json_out_ku64(&o, "files", made->files);
    pst_json_out_ku64(&o, "segments", made->segments);
    pst_json_out_ku64(&o, "records", made->records);
    pst_json_out_ku64(&o, "bytes", made->bytes);
    pst_json_out_ku64(&o, "skipped", made->skipped);
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
}

int pst_cmd_backup(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_option_list words = {.n = 0};
    struct pst_backup_made made;
    struct pst_err err = {0};
    char state[PST_PATH_MAX];
    enum pst_status status = pst_options_parse(argc, argv, &common, NULL, 0, &words, 1, &err);
    if (status == PST_OK && words.n != 1) {
        status = pst_fail(&err, PST_E_USAGE, "name the folder to be made: postern backup DIR");
    }
    if (status != PST_OK || pst_load_state_dir(&common, state, &err) != PST_OK ||
        pst_backup(state, words.v[0], &made, &err) != PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    if (common.json) {
        print_json(words.v[0], &made);
        return PST_EXIT_OK;
    }
    printf("%s: %llu files, %llu records in %llu segments, %llu bytes\n", words.v[0],
           (unsigned long long)made.files, (unsigned long long)made.records,
           (unsigned long long)made.segments, (unsigned long long)made.bytes);
    fputs("It holds the keys of the log and of masking: keep it as you keep those.\n", stderr);
    if (made.skipped > 0) {
        fprintf(stderr, "%llu things that are not regular files were left out.\n",
                (unsigned long long)made.skipped);
    }
    return PST_EXIT_OK;
}
