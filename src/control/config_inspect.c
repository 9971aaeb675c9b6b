/* inspect: what happens to what is found in texts */
#include "control/config_read.h"
#include "control/units.h"

static enum pst_status read_enabled(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    (void)into;
    return pst_config_bool(r, node, &r->config->inspect);
}

static enum pst_status read_restore(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    (void)into;
    return pst_config_bool(r, node, &r->config->restore);
}

static enum pst_status read_definitions(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    (void)into;
    return pst_config_path(r, node, r->config->definitions);
}

static enum pst_status read_detector(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    (void)into;
    return pst_config_bool(r, node, &r->config->detector);
}

static enum pst_status read_taint(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    (void)into;
    return pst_config_u32(r, node, 0, 1000, &r->config->taint);
}

static enum pst_status read_links(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    (void)into;
    return pst_config_bool(r, node, &r->config->links);
}

/* In the order of enum pst_leak_rule. */
static enum pst_status read_leak(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    static const char *const words[] = {"off", "flag", "block"};
    (void)into;
    for (uint32_t i = 0; node->kind == PST_YAML_SCALAR && i < PST_LEN(words); i++) {
        if (pst_str_eq(node->text, pst_str_c(words[i]))) {
            r->config->leak = i;
            return PST_OK;
        }
    }
    return pst_config_refuse(r, node, "one of off, flag and block is expected here");
}

/* A name of letters, digits, dots and hyphens, as an address has it. */
static bool host_ok(struct pst_str host)
{
    host = pst_str_from(host, pst_str_starts(host, PST_STR("*.")) ? 2 : 0);
    for (size_t i = 0; i < host.n; i++) {
        uint8_t b = host.p[i];
        bool plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
                     b == '-' || b >= 0x80;
        bool dot = b == '.' && i > 0 && i + 1 < host.n && host.p[i - 1] != '.';
        if (!plain && !dot) {
            return false;
        }
    }
    return host.n > 0;
}

static enum pst_status read_hosts(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    struct pst_config *config = r->config;
    (void)into;
    if (node->kind != PST_YAML_LIST) {
        return pst_config_refuse(r, node,
                                 "a list of hosts is expected, such as [docs.example.com]");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (config->n_hosts == PST_INSPECT_HOSTS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d hosts", PST_INSPECT_HOSTS_MAX);
        }
        if (one->kind != PST_YAML_SCALAR || !host_ok(one->text) ||
            !pst_str_to_c(one->text, config->hosts[config->n_hosts], PST_HOST_MAX)) {
            return pst_config_refuse(r, one,
                                     "a host such as docs.example.com, or *.example.com for all "
                                     "under it, is expected here");
        }
        config->n_hosts++;
    }
    return PST_OK;
}

static bool name_ok(struct pst_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t b = name.p[i];
        if (!(b >= 'A' && b <= 'Z') && !(b >= 'a' && b <= 'z') && !(b >= '0' && b <= '9') &&
            b != '_') {
            return false;
        }
    }
    return name.n > 0 && name.n < PST_NAME_MAX;
}

/* In the order of enum pst_action. */
static enum pst_status action_of(struct pst_config_reader *r, const struct pst_yaml *node,
                                 uint32_t *ret)
{
    static const char *const words[] = {"allow",   "flag", "mask", "redact",
                                        "partial", "hash", "block"};
    for (uint32_t i = 0; node->kind == PST_YAML_SCALAR && i < PST_LEN(words); i++) {
        if (pst_str_eq(node->text, pst_str_c(words[i]))) {
            *ret = i;
            return PST_OK;
        }
    }
    return pst_config_refuse(r, node,
                             "one of allow, flag, mask, partial, hash, redact and block is "
                             "expected here");
}

/* A later line holds against an earlier one: groups first, then the types that differ. */
static enum pst_status read_rows(struct pst_config_reader *r, const struct pst_yaml *node,
                                 uint32_t answers)
{
    struct pst_config *config = r->config;
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "types or groups and their actions are expected, such as "
                                 "{personal: mask, IP_ADDRESS: allow}");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        struct pst_image_action *row = &config->actions[config->n_actions];
        if (config->n_actions == PST_INSPECT_ROWS_MAX) {
            return pst_config_refuse(r, one, "there are more than %d actions",
                                     PST_INSPECT_ROWS_MAX);
        }
        if (!name_ok(one->key) || !pst_str_to_c(one->key, row->who, sizeof row->who)) {
            return pst_config_refuse(r, one,
                                     "a type such as EMAIL, a group of types, secrets, personal "
                                     "or all is expected here");
        }
        enum pst_status status = action_of(r, one, &row->action);
        if (status != PST_OK) {
            return status;
        }
        row->answers = answers;
        config->n_actions++;
    }
    return PST_OK;
}

static enum pst_status read_actions(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    (void)into;
    return read_rows(r, node, 0);
}

static enum pst_status read_answers(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    (void)into;
    return read_rows(r, node, 1);
}

static const struct pst_config_field inspect_fields[] = {
    {"definitions", read_definitions},
    {"enabled", read_enabled},
    {"restore", read_restore},
    {"actions", read_actions},
    {"answers", read_answers},
    {"detector", read_detector},
    {"taint", read_taint},
    {"links", read_links},
    {"leak", read_leak},
    {"hosts", read_hosts},
};
const struct pst_config_section pst_config_inspect_section = {"inspect", inspect_fields,
                                                              PST_LEN(inspect_fields)};

enum pst_status pst_config_inspect(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into)
{
    return pst_config_map(r, node, &pst_config_inspect_section, into);
}
