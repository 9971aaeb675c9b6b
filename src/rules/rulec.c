/* The build's compiler of rules: rulec OUT WEIGHTS|- FILE… writes the inspection image, rulec
 * --pack OUT FILE… the files themselves as one. Not installed. What takes long is kept in the
 * folder POSTERN_RULE_STORE or OUT.store for the next time. */
#include "rules/data_try.h"
#include "rules/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 256 << 20, IMAGE_MAX = 64 << 20 };

static int complain(const struct pst_err *err)
{
    (void)fprintf(stderr, "rulec: %s:%u: %s\n", err->file, err->line, err->text);
    return 1;
}

static bool write_out(const char *name, struct pst_str bytes)
{
    FILE *f = fopen(name, "wb");
    bool ok = f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    return f != NULL && fclose(f) == 0 && ok;
}

static int pack(const char *name, char *const *files, size_t n)
{
    struct pst_arena arena;
    struct pst_buf out;
    struct pst_err err = {0};
    pst_arena_init(&arena, 0, ARENA_MAX);
    pst_buf_init(&out, IMAGE_MAX);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        struct pst_str path = pst_str_c(files[i]);
        size_t at = pst_str_find(path, PST_STR("rules/entities/"));
        bool credentials = at == PST_NPOS;
        at = credentials ? pst_str_find(path, PST_STR("rules/credentials/")) : at;
        struct pst_rule_file f = {.name = pst_str_from(path, at == PST_NPOS ? 0 : at),
                                  .credentials = credentials};
        ok = pst_rules_file(&arena, files[i], &f.text, &err) == PST_OK &&
             pst_rules_pack(&f, 1, &out);
    }
    ok = ok && write_out(name, pst_buf_str(&out));
    int status = ok ? 0 : complain(&err);
    pst_buf_release(&out);
    pst_arena_release(&arena);
    return status;
}

/* Databases are kept beside the image, or where the environment says, for all builds of a machine.
 */
static bool keep_at(struct pst_rules *rules, const char *out, struct pst_buf *ret)
{
    const char *told = getenv("POSTERN_RULE_STORE");
    bool ok = told != NULL && told[0] != 0
                  ? pst_buf_add(ret, pst_str_c(told))
                  : pst_buf_add(ret, pst_str_c(out)) && PST_BUF_LIT(ret, ".store");
    ok = ok && pst_buf_byte(ret, 0);
    rules->signatures.store = ok ? (const char *)ret->p : NULL;
    return ok;
}

int main(int argc, char **argv)
{
    struct pst_arena arena;
    struct pst_rules rules;
    struct pst_str weights = {NULL, 0};
    struct pst_buf image, store;
    struct pst_err err = {0};
    if (argc > 2 && strcmp(argv[1], "--pack") == 0) {
        return pack(argv[2], &argv[3], (size_t)argc - 3);
    }
    if (argc < 4) {
        (void)fputs("usage: rulec OUT WEIGHTS|- FILE... | rulec --pack OUT FILE...\n", stderr);
        return 2;
    }
    pst_arena_init(&arena, 0, ARENA_MAX);
    pst_buf_init(&image, IMAGE_MAX);
    pst_buf_init(&store, 1 << 16);
    bool ok = (strcmp(argv[2], "-") == 0 ||
               pst_rules_file(&arena, argv[2], &weights, &err) == PST_OK) &&
              pst_rules_load(&arena, &argv[3], (size_t)argc - 3, &rules, &err) == PST_OK &&
              keep_at(&rules, argv[1], &store) &&
              pst_rules_image(&rules, weights, &image, &err) == PST_OK;
    int status = ok ? 0 : complain(&err);
    if (ok && !write_out(argv[1], pst_buf_str(&image))) {
        (void)fputs("rulec: the image cannot be written\n", stderr);
        status = 1;
    }
    pst_buf_release(&image);
    pst_buf_release(&store);
    pst_arena_release(&arena);
    return status;
}
