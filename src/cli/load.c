#include "cli/load.h"

#include "control/builtin.h"
#include "rules/extend.h"
#include "rules/image_build.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ARENA_MAX = 256 << 20, DEFINITIONS_MAX = 1 << 20, IMAGE_MAX = 64 << 20 };

static enum pst_status read_stdin(struct pst_buf *out, struct pst_err *err)
{
    size_t got = 0;
    do {
        size_t want = out->cap - out->n < 4096 ? out->cap - out->n : 4096;
        uint8_t *room = want > 0 ? pst_buf_room(out, want) : NULL;
        got = room != NULL ? fread(room, 1, want, stdin) : 0;
        pst_buf_added(out, got);
    } while (got > 0);
    if (!feof(stdin) && getc(stdin) != EOF) {
        return pst_fail(err, PST_E_LIMIT, "standard input is larger than %zu bytes", out->cap);
    }
    return ferror(stdin) ? pst_fail(err, PST_E_IO, "standard input cannot be read") : PST_OK;
}

enum pst_status pst_load_file(struct pst_arena *arena, const char *path, size_t cap,
                              struct pst_str *ret, struct pst_err *err)
{
    struct pst_buf buf;
    pst_buf_init(&buf, cap);
    enum pst_status status = strcmp(path, "-") == 0 ? read_stdin(&buf, err)
                                                    : pst_file_read(path, &buf, err);
    if (status == PST_OK) {
        *ret = pst_arena_copy(arena, pst_buf_str(&buf));
        if (buf.n > 0 && ret->p == NULL) {
            status = pst_fail(err, PST_E_NO_MEMORY, "%s needs too much memory", path);
        }
    }
    pst_buf_release(&buf);
    return status;
}

static enum pst_status absolute(const char *path, char ret[PST_PATH_MAX], struct pst_err *err)
{
    char full[PATH_MAX];
    if (realpath(path, full) == NULL) {
        return pst_fail(err, errno == ENOENT ? PST_E_NOT_FOUND : PST_E_IO, "%s: %m", path);
    }
    if (!pst_str_to_c(pst_str_c(full), ret, PST_PATH_MAX)) {
        return pst_fail(err, PST_E_CONFIG, "the path %s is longer than %d bytes", full,
                        PST_PATH_MAX - 1);
    }
    return PST_OK;
}

enum pst_status pst_load_config_path(const struct pst_common *common, char ret[PST_PATH_MAX],
                                     struct pst_err *err)
{
    char path[PATH_MAX];
    if (common->config != NULL) {
        return absolute(common->config, ret, err);
    }
    int n = snprintf(path, sizeof path, "%s/postern.yaml", common->state);
    if (n < 0 || (size_t)n >= sizeof path) {
        return pst_fail(err, PST_E_USAGE, "the path of the state folder is too long");
    }
    if (absolute(path, ret, err) != PST_OK) {
        return pst_fail(err, PST_E_NOT_FOUND,
                        "there is no %s; make it with: postern init --state %s", path,
                        common->state);
    }
    return PST_OK;
}

enum pst_status pst_load_state_dir(const struct pst_common *common, char ret[PST_PATH_MAX],
                                   struct pst_err *err)
{
    if (absolute(common->state, ret, err) != PST_OK) {
        return pst_fail(err, PST_E_NOT_FOUND,
                        "there is no state folder %s; make it with: postern init --state %s",
                        common->state, common->state);
    }
    return PST_OK;
}

/* --- policies ----------------------------------------------------------------------------- */

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes: the order must not depend on somebody's locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum pst_status add_file(struct pst_arena *arena, const char *path,
                                struct pst_source list[PST_LOAD_POLICIES_MAX], size_t *n,
                                struct pst_err *err)
{
    if (*n >= PST_LOAD_POLICIES_MAX) {
        return pst_fail(err, PST_E_CONFIG, "there are more than %d policy files",
                        PST_LOAD_POLICIES_MAX);
    }
    /* the last two parts of the path name it in messages and evidence: short, and the same wherever
     * the folder is */
    struct pst_str whole = pst_str_c(path), name = whole;
    size_t slashes = 0;
    for (size_t i = whole.n; i > 0; i--) {
        slashes += whole.p[i - 1] == '/';
        if (slashes == 2) {
            name = pst_str_from(whole, i);
            break;
        }
    }
    if (pst_str_find_byte(name, '\n') != PST_NPOS || pst_str_find_byte(name, '\t') != PST_NPOS) {
        return pst_fail(err, PST_E_CONFIG, "a policy file's name holds a line feed or a tab");
    }
    struct pst_source *source = &list[*n];
    source->name = pst_arena_copy(arena, name);
    if (source->name.p == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    enum pst_status status = pst_load_file(
        arena, path, (size_t)pst_limit_row(PST_LIMIT_policy_bytes)->hard, &source->text, err);
    *n += status == PST_OK;
    return status;
}

static enum pst_status add_path(struct pst_arena *arena, const char *folder, const char *name,
                                const char **list, size_t *n, struct pst_err *err)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    if (*n >= PST_LOAD_POLICIES_MAX) {
        return pst_fail(err, PST_E_CONFIG, "there are more than %d files", PST_LOAD_POLICIES_MAX);
    }
    char *path = PST_ARENA_ARRAY(arena, size, char);
    if (path == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the names of files");
    }
    pst_text(path, size, "%s%s%s", folder, name[0] != 0 ? "/" : "", name);
    list[(*n)++] = path;
    return PST_OK;
}

enum pst_status pst_load_paths(struct pst_arena *arena, const char *path, struct pst_str suffix,
                               const char **list, size_t *n, struct pst_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return pst_fail(err, errno == ENOENT ? PST_E_NOT_FOUND : PST_E_IO, "%s: %m", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return add_path(arena, path, "", list, n, err);
    }
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_shown, by_bytes);
    enum pst_status status = PST_OK;
    if (count < 0) {
        return pst_fail(err, PST_E_IO, "%s: %m", path);
    }
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (status == PST_OK && pst_str_ends(pst_str_c(name), suffix)) {
            status = add_path(arena, path, name, list, n, err);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

enum pst_status pst_load_sources(struct pst_arena *arena, const char *path, struct pst_str suffix,
                                 struct pst_source list[PST_LOAD_POLICIES_MAX], size_t *n,
                                 struct pst_err *err)
{
    const char **paths = PST_ARENA_ARRAY(arena, PST_LOAD_POLICIES_MAX, const char *);
    size_t count = 0;
    if (paths == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the names of files");
    }
    if (pst_load_paths(arena, path, suffix, paths, &count, err) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < count; i++) {
        if (add_file(arena, paths[i], list, n, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

bool pst_load_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum pst_status pst_load_policies(struct pst_arena *arena, const char *path,
                                  struct pst_source list[PST_LOAD_POLICIES_MAX], size_t *n,
                                  struct pst_err *err)
{
    size_t before = *n;
    if (pst_load_sources(arena, path, PST_STR(".cedar"), list, n, err) != PST_OK) {
        return PST_ERR;
    }
    return *n > before ? PST_OK
                       : pst_fail(err, PST_E_CONFIG,
                                  "%s holds no *.cedar file, so everything would be denied", path);
}

/* --- all of it ---------------------------------------------------------------------------- */

static struct pst_str folder_of(const char *path)
{
    struct pst_str whole = pst_str_c(path);
    size_t n = whole.n;
    while (n > 0 && whole.p[n - 1] != '/') {
        n--;
    }
    return pst_str_cut(whole, 0,
                       n > 1 ? n - 1 : 0); /* of "/postern.yaml": empty, joined with "/" */
}

/* What texts are looked at for: the built-in definitions, and the operator's own with them. */
static enum pst_status load_definitions(struct pst_loaded *l, struct pst_err *err)
{
    struct pst_rule_file file = {.name = pst_str_c(l->config->definitions)};
    l->inspect = pst_builtin_inspect_image();
    if (l->config->definitions[0] == 0) {
        return PST_OK;
    }
    if (pst_load_file(&l->arena, l->config->definitions, DEFINITIONS_MAX, &file.text, err) !=
            PST_OK ||
        pst_rules_extend(&l->arena, &file, 1, &l->extended, err) != PST_OK) {
        return PST_ERR;
    }
    /* it is read in place, at a multiple of 64 */
    size_t room = (l->extended.n + 63) / 64 * 64;
    l->placed = aligned_alloc(64, room);
    if (l->placed == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the definitions");
    }
    memcpy(l->placed, l->extended.p, l->extended.n);
    l->inspect = pst_str_of(l->placed, l->extended.n);
    pst_buf_release(&l->extended);
    return PST_OK;
}

void pst_load_name(const struct pst_common *common, const struct pst_loaded *l, struct pst_err *err)
{
    const char *shown = common->config != NULL ? common->config : l->path;
    if (!pst_str_to_c(pst_str_c(shown), err->file, sizeof err->file)) {
        memcpy(err->file, "postern.yaml", sizeof "postern.yaml");
    }
}

static enum pst_status load(const struct pst_common *common, struct pst_loaded *l,
                            struct pst_err *err)
{
    if (pst_load_config_path(common, l->path, err) != PST_OK ||
        pst_load_file(&l->arena, l->path, (size_t)pst_limit_row(PST_LIMIT_config_bytes)->hard,
                      &l->text, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_config_parse(&l->arena, l->text, folder_of(l->path), &l->config, err) != PST_OK) {
        pst_load_name(common, l, err);
        return PST_ERR;
    }
    if (load_definitions(l, err) != PST_OK) {
        return PST_ERR;
    }
    if (l->config->policies[0] == 0) {
        l->policies = pst_builtin_policies;
        l->n_policies = pst_builtin_policies_n;
        return PST_OK;
    }
    struct pst_source *list = PST_ARENA_ARRAY(&l->arena, PST_LOAD_POLICIES_MAX, struct pst_source);
    struct pst_source *schemas = PST_ARENA_ARRAY(&l->arena, PST_LOAD_POLICIES_MAX,
                                                 struct pst_source);
    if (list == NULL || schemas == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    l->policies = list;
    l->schemas = schemas;
    if (pst_load_policies(&l->arena, l->config->policies, list, &l->n_policies, err) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_load_is_folder(l->config->policies)) {
        return PST_OK;
    }
    return pst_load_sources(&l->arena, l->config->policies, PST_STR(".cedarschema"), schemas,
                            &l->n_schemas, err);
}

enum pst_status pst_load(const struct pst_common *common, struct pst_loaded *ret,
                         struct pst_err *err)
{
    *ret = (struct pst_loaded){0};
    pst_arena_init(&ret->arena, 1 << 16, ARENA_MAX);
    pst_buf_init(&ret->extended, IMAGE_MAX);
    return load(common, ret, err);
}

void pst_loaded_release(struct pst_loaded *l)
{
    free(l->placed);
    pst_buf_release(&l->extended);
    pst_arena_release(&l->arena);
    *l = (struct pst_loaded){0};
}
