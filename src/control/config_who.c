/* groups and rates */
#include "control/config_read.h"
#include "control/units.h"

#include <stdlib.h>

static enum pst_status read_each(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into);
static enum pst_status read_principal(struct pst_config_reader *r, const struct pst_yaml *node,
                                      void *into);
static enum pst_status read_group(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_requests(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
static enum pst_status read_concurrent(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into);

static const struct pst_config_field rate_fields[] = {
    {"each", read_each},   {"principal", read_principal}, {"group", read_group},
    {"model", read_model}, {"requests", read_requests},   {"concurrent", read_concurrent},
};
const struct pst_config_section pst_config_rate_section = {"rates", rate_fields,
                                                           PST_LEN(rate_fields)};

/* --- groups ------------------------------------------------------------------------------- */

static int by_principal(const void *a, const void *b)
{
    const struct pst_config_member *x = a, *y = b;
    int order = strcmp(x->principal, y->principal);
    return order != 0 ? order : strcmp(x->group, y->group);
}

static enum pst_status read_members(struct pst_config_reader *r, const struct pst_yaml *node,
                                    const char *group)
{
    struct pst_config *config = r->config;
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        struct pst_config_member *member = &config->members[config->n_members];
        if (one->kind != PST_YAML_SCALAR || !pst_principal_parse(one->text, member->principal)) {
            return pst_config_refuse(r, one,
                                     "a member such as User/alice, Workload/batch, "
                                     "Agent/helper or EndUser/bob is expected here");
        }
        memcpy(member->group, group, PST_NAME_MAX);
        config->n_members++;
    }
    return PST_OK;
}

enum pst_status pst_config_groups(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config *config = r->config;
    (void)into;
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "groups: names and their members are expected, such as "
                                 "{engineers: [User/alice]}");
    }
    uint32_t total = 0;
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (one->kind != PST_YAML_LIST) {
            return pst_config_refuse(r, one,
                                     "a list of members is expected here, such as "
                                     "[User/alice, Workload/batch]");
        }
        total += one->count; /* the tree's own cap keeps this far from overflow */
        if (total > PST_CONFIG_MEMBERS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d memberships",
                                     PST_CONFIG_MEMBERS_MAX);
        }
    }
    config->members = PST_ARENA_ARRAY(r->arena, total, struct pst_config_member);
    if (config->members == NULL) {
        return pst_fail(r->err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        char group[PST_NAME_MAX] = {0};
        if (!pst_name_valid(one->key) || !pst_str_to_c(one->key, group, sizeof group)) {
            return pst_config_refuse(r, one,
                                     "a group's name is letters, digits, dot, dash and "
                                     "underscore, at most %d",
                                     PST_NAME_MAX - 1);
        }
        enum pst_status status = read_members(r, one, group);
        if (status != PST_OK) {
            return status;
        }
    }
    qsort(config->members, config->n_members, sizeof config->members[0], by_principal);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < config->n_members; i++) {
        if (kept == 0 || by_principal(&config->members[kept - 1], &config->members[i]) != 0) {
            config->members[kept++] = config->members[i];
        }
    }
    config->n_members = kept;
    return PST_OK;
}

/* --- rates -------------------------------------------------------------------------------- */

static enum pst_status set_scope(struct pst_config_reader *r, const struct pst_yaml *node,
                                 struct pst_image_limit *limit, enum pst_limit_scope scope)
{
    if (limit->scope != 0) {
        return pst_config_refuse(r, node,
                                 "a rate is for one of each, principal, group or model; "
                                 "write a second row");
    }
    limit->scope = (uint32_t)scope;
    return PST_OK;
}

static enum pst_status read_each(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    static const char *const words[] = {"principal", "group", "model"};
    static const enum pst_limit_scope scopes[] = {PST_SCOPE_PRINCIPAL, PST_SCOPE_GROUP,
                                                  PST_SCOPE_MODEL};
    size_t index = 0;
    enum pst_status status = pst_config_choice(r, node, words, PST_LEN(words), &index);
    return status == PST_OK ? set_scope(r, node, into, scopes[index]) : status;
}

static enum pst_status read_principal(struct pst_config_reader *r, const struct pst_yaml *node,
                                      void *into)
{
    struct pst_image_limit *limit = into;
    if (node->kind != PST_YAML_SCALAR || !pst_principal_parse(node->text, limit->name)) {
        return pst_config_refuse(r, node,
                                 "a principal such as User/alice or Workload/batch is "
                                 "expected here");
    }
    return set_scope(r, node, limit, PST_SCOPE_PRINCIPAL);
}

static enum pst_status read_group(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_image_limit *limit = into;
    enum pst_status status = set_scope(r, node, limit, PST_SCOPE_GROUP);
    if (status == PST_OK && (node->kind != PST_YAML_SCALAR || !pst_name_valid(node->text))) {
        return pst_config_refuse(r, node, "the name of a group is expected here");
    }
    return status == PST_OK ? pst_config_text(r, node, "a group", limit->name, sizeof limit->name)
                            : status;
}

static enum pst_status read_model(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_image_limit *limit = into;
    const struct pst_config *config = r->config;
    enum pst_status status = set_scope(r, node, limit, PST_SCOPE_MODEL);
    if (status != PST_OK) {
        return status;
    }
    if (node->kind == PST_YAML_SCALAR &&
        pst_image_model(config->models, config->n_models, node->text) != NULL) {
        return pst_config_text(r, node, "a model", limit->name, sizeof limit->name);
    }
    const char *names[PST_MODELS_MAX];
    for (uint32_t i = 0; i < config->n_models; i++) {
        names[i] = config->models[i].name;
    }
    const char *nearest = pst_name_nearest(node->text, names, config->n_models);
    return pst_config_refuse(r, node, "there is no model of this name; %s%s%s",
                             nearest != NULL ? "did you mean \"" : "add it to \"models\"",
                             nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static enum pst_status read_requests(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    struct pst_image_limit *limit = into;
    if (node->kind != PST_YAML_SCALAR ||
        !pst_rate_parse(node->text, &limit->requests, &limit->window_ms)) {
        return pst_config_refuse(r, node,
                                 "so many per so long is expected here, such as 600/1m or "
                                 "10/s, at most a day");
    }
    return PST_OK;
}

static enum pst_status read_concurrent(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into)
{
    struct pst_image_limit *limit = into;
    return pst_config_u32(r, node, 1, 1000000, &limit->concurrent);
}

enum pst_status pst_config_rates(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    struct pst_config *config = r->config;
    (void)into;
    if (node->kind != PST_YAML_LIST) {
        return pst_config_refuse(r, node,
                                 "rates: a list is expected, such as [{each: principal, "
                                 "requests: 600/1m}]");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (config->n_rates >= PST_LIMIT_ROWS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d rates", PST_LIMIT_ROWS_MAX);
        }
        struct pst_image_limit *limit = &config->rates[config->n_rates];
        enum pst_status status = pst_config_map(r, one, &pst_config_rate_section, limit);
        if (status != PST_OK) {
            return status;
        }
        if (limit->scope == 0) {
            return pst_config_refuse(r, one,
                                     "for whom is this rate? add each: principal, or a "
                                     "principal, group or model");
        }
        if (limit->requests == 0 && limit->concurrent == 0) {
            return pst_config_refuse(r, one,
                                     "this rate limits nothing; add requests: 600/1m or "
                                     "concurrent: 8");
        }
        config->n_rates++;
    }
    return PST_OK;
}
