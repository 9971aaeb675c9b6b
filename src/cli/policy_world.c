#include "cli/policy_world.h"

#include "cedar/conform.h"
#include "control/policy.h"
#include "wire/json_out.h"

#include <string.h>

enum { ARENA_MAX = 512 << 20 };

/* --- reading ------------------------------------------------------------------------------ */

static struct pst_source *source_list(struct pst_policy_world *w, struct pst_err *err)
{
    struct pst_source *list = PST_ARENA_ARRAY(&w->arena, PST_LOAD_POLICIES_MAX, struct pst_source);
    if (list == NULL) {
        (void)pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    return list;
}

static enum pst_status read_files(struct pst_policy_world *w, const struct pst_policy_from *from,
                                  struct pst_err *err)
{
    struct pst_source *sources = source_list(w, err), *schemas = source_list(w, err);
    if (sources == NULL || schemas == NULL) {
        return PST_ERR;
    }
    w->sources = sources;
    w->schemas = schemas;
    for (size_t i = 0; i < from->n_policies; i++) {
        const char *path = from->policies[i];
        if (pst_load_policies(&w->arena, path, sources, &w->n_sources, err) != PST_OK) {
            return PST_ERR;
        }
        if (w->gateway && pst_load_is_folder(path) &&
            pst_load_sources(&w->arena, path, PST_STR(".cedarschema"), schemas, &w->n_schemas,
                             err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status read_configuration(struct pst_policy_world *w,
                                          const struct pst_policy_from *from, struct pst_err *err)
{
    struct pst_buf entities;
    if (pst_load(from->common, &w->loaded, err) != PST_OK) {
        return PST_ERR;
    }
    w->sources = w->loaded.policies;
    w->n_sources = w->loaded.n_policies;
    w->schemas = w->loaded.schemas;
    w->n_schemas = w->loaded.n_schemas;
    if (from->entities.n > 0) {
        return PST_OK;
    }
    pst_buf_init(&entities, PST_POLICY_FILE_MAX);
    enum pst_status status = pst_compile_entities(w->loaded.config, &entities, err);
    if (status == PST_OK) {
        w->entities_text = pst_arena_copy(&w->arena, pst_buf_str(&entities));
    }
    pst_buf_release(&entities);
    return status;
}

static enum pst_status read_schema(struct pst_policy_world *w, const char *path,
                                   struct pst_err *err)
{
    struct pst_str text;
    if (path == NULL) {
        w->schema = pst_policy_schema(w->schemas, w->n_schemas, err);
        return w->schema != NULL ? PST_OK : PST_ERR;
    }
    if (strcmp(path, "none") == 0) {
        return PST_OK;
    }
    if (pst_load_file(&w->arena, path, PST_POLICY_FILE_MAX, &text, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str name = pst_str_c(path);
    w->schema = pst_str_ends(name, PST_STR(".json"))
                    ? pst_cedar_schema_parse_json(/* limits= */ NULL, name, text, err)
                    : pst_cedar_schema_parse_text(/* limits= */ NULL, name, text, err);
    return w->schema != NULL ? PST_OK : PST_ERR;
}

enum pst_status pst_policy_world_read(struct pst_policy_world *w,
                                      const struct pst_policy_from *from, struct pst_err *err)
{
    *w = (struct pst_policy_world){.gateway = from->schema == NULL};
    pst_arena_init(&w->arena, 1 << 16, ARENA_MAX);
    w->entities_text = from->entities;
    if ((from->n_policies > 0 ? read_files(w, from, err) : read_configuration(w, from, err)) !=
        PST_OK) {
        return PST_ERR;
    }
    if (w->entities_text.n == 0) {
        w->entities_text = PST_STR("[]");
    }
    struct pst_json_config config = pst_json_config_of(PST_POLICY_FILE_MAX, /* seed= */ 0);
    config.stable = true;
    w->entities = pst_json_parse(&config, &w->arena, w->entities_text, err);
    if (w->entities == NULL) {
        if (err != NULL) {
            pst_str_cut_c(from->entities_name, err->file, sizeof err->file);
        }
        return PST_ERR;
    }
    return read_schema(w, from->schema, err);
}

void pst_policy_world_release(struct pst_policy_world *w)
{
    pst_cedar_free(w->set);
    pst_cedar_schema_free(w->schema);
    pst_loaded_release(&w->loaded);
    pst_arena_release(&w->arena);
    *w = (struct pst_policy_world){0};
}

/* --- the set ------------------------------------------------------------------------------ */

static enum pst_status add_entities(struct pst_policy_world *w, struct pst_err *err)
{
    struct pst_str name = PST_STR("(entities)");
    if (w->schema == NULL) {
        return pst_cedar_add_entities_json(w->set, name, w->entities_text, err);
    }
    if (pst_cedar_add_entities_by_schema(w->set, w->schema, name, w->entities_text,
                                         /* report= */ NULL, NULL, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_cedar_add_actions(w->set, w->schema, err);
}

enum pst_status pst_policy_world_fill(struct pst_policy_world *w, struct pst_err *err)
{
    w->set = pst_cedar_new(/* limits= */ NULL);
    if (w->set == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    for (size_t i = 0; i < w->n_sources; i++) {
        const struct pst_source *s = &w->sources[i];
        enum pst_status status = pst_str_ends(s->name, PST_STR(".json"))
                                     ? pst_cedar_add_policies_json(w->set, s->name, s->text, err)
                                     : pst_cedar_add_policies(w->set, s->name, s->text, err);
        if (status != PST_OK) {
            return PST_ERR;
        }
    }
    return add_entities(w, err) == PST_OK ? pst_cedar_seal(w->set, err) : PST_ERR;
}

enum pst_status pst_policy_world_seal(struct pst_policy_world *w, struct pst_err *err)
{
    if (pst_policy_world_fill(w, err) != PST_OK) {
        return PST_ERR;
    }
    return w->gateway ? pst_policy_prove(w->set, w->schema, /* report= */ NULL, NULL, err) : PST_OK;
}

/* --- answers ------------------------------------------------------------------------------ */

struct pst_str pst_policy_name(const struct pst_cedar *set, uint32_t policy)
{
    struct pst_str id;
    if (pst_cedar_annotation(set, policy, PST_STR("id"), &id) && id.n > 0) {
        return id;
    }
    return pst_cedar_policy(set, policy).id;
}

int pst_policy_fail(const struct pst_common *common, const struct pst_err *err)
{
    int code = pst_cli_fail(common, err);
    return code == PST_EXIT_USAGE ? code : PST_EXIT_UNREADABLE;
}
