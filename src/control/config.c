#include "control/config.h"

#include "control/config_read.h"
#include "control/units.h"

#include <stdarg.h>
#include <stdio.h>

static enum pst_status read_limits(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into);
static enum pst_status read_audit(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_policies(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
static enum pst_status read_sandbox(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into);
static enum pst_status read_fronts(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into);
static enum pst_status read_durability(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into);
static enum pst_status read_interval(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
static enum pst_status read_log_name(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);

static const struct pst_config_field top_fields[] = {
    {"listen", pst_config_listen},
    {"admin", pst_config_admin},
    {"certificates", pst_config_certificates},
    {"fronts", read_fronts},
    {"sandbox", read_sandbox},
    {"policies", read_policies},
    {"upstreams", pst_config_upstreams},
    {"models", pst_config_models},
    {"groups", pst_config_groups},
    {"limits", read_limits},
    {"rates", pst_config_rates},
    {"audit", read_audit},
    {"inspect", pst_config_inspect},
};
static const struct pst_config_section top_section = {"", top_fields, PST_LEN(top_fields)};

static const struct pst_config_field audit_fields[] = {
    {"durability", read_durability},
    {"interval", read_interval},
    {"name", read_log_name},
};
static const struct pst_config_section audit_section = {"audit", audit_fields,
                                                        PST_LEN(audit_fields)};

static void put(char *field, size_t cap, const char *text)
{
    PST_BUG_ON(!pst_str_to_c(pst_str_c(text), field, cap));
}

static void defaults(struct pst_config *config)
{
    config->n_listen = 1;
    config->listen[0].http2 = config->admin.http2 = true;
    put(config->listen[0].address, sizeof config->listen[0].address, "127.0.0.1");
    config->listen[0].port = 8080;
    put(config->admin.address, sizeof config->admin.address, "127.0.0.1");
    config->admin.port = 8081;
    config->fronts = 2;
    config->sandbox = PST_SANDBOX_NORMAL;
    config->inspect = config->restore = config->detector = config->links = true;
    config->leak = PST_LEAK_FLAG;
    config->taint = 500;
    config->durability = PST_DURABLE_ANSWER;
    config->interval_ms = 50;
    put(config->log_name, sizeof config->log_name, "postern");
    pst_limits_default(&config->limits);
}

enum pst_status pst_config_parse(struct pst_arena *arena, struct pst_str text,
                                 struct pst_str folder, struct pst_config **ret,
                                 struct pst_err *err)
{
    const struct pst_limit_row *row = pst_limit_row(PST_LIMIT_config_bytes);
    if (text.n > row->hard) {
        return pst_fail(err, PST_E_CONFIG, "the file is larger than %llu bytes",
                        (unsigned long long)row->hard);
    }
    struct pst_yaml *root = NULL;
    enum pst_status status = pst_yaml_parse(arena, text, &root, err);
    if (status != PST_OK) {
        return status;
    }
    struct pst_config *config = PST_ARENA_NEW(arena, struct pst_config);
    if (config == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    defaults(config);
    struct pst_config_reader r = {.arena = arena, .err = err, .folder = folder, .config = config};
    if (pst_yaml_empty(root)) {
        return pst_fail_at(err, PST_E_CONFIG, 1, 1,
                           "the file is empty; it needs at least \"upstreams\" and \"models\"");
    }
    status = pst_config_map(&r, root, &top_section, config);
    if (status != PST_OK) {
        return status;
    }
    if (config->n_upstreams == 0) {
        return pst_config_refuse(&r, root,
                                 "there is no upstream; add for example: upstreams: {openai: {url: "
                                 "https://api.openai.com/v1, key: {env: OPENAI_API_KEY}}}");
    }
    if (config->n_models == 0) {
        return pst_config_refuse(&r, root,
                                 "there is no model; add for example: models: "
                                 "{gpt-4o-mini: %s}",
                                 config->upstreams[0].name);
    }
    if (pst_config_listeners_check(config, err) != PST_OK) {
        return PST_ERR;
    }
    *ret = config;
    return PST_OK;
}

bool pst_config_key_at(size_t at, const char **ret_section, const char **ret_key)
{
    const struct pst_config_section *const sections[] = {
        &top_section,
        &audit_section,
        &pst_config_listen_section,
        &pst_config_certificate_section,
        &pst_config_upstream_section,
        &pst_config_key_section,
        &pst_config_model_section,
        &pst_config_route_section,
        &pst_config_rate_section,
        &pst_config_inspect_section,
    };
    for (size_t i = 0; i < PST_LEN(sections); i++) {
        if (at < sections[i]->n) {
            *ret_section = sections[i]->name;
            *ret_key = sections[i]->fields[at].key;
            return true;
        }
        at -= sections[i]->n;
    }
    return false;
}

/* --- mappings and scalars ----------------------------------------------------------------- */

enum pst_status pst_config_refuse(struct pst_config_reader *r, const struct pst_yaml *node,
                                  const char *fmt, ...)
{
    char text[PST_ERR_TEXT];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return pst_fail_at(r->err, PST_E_CONFIG, node->line, node->column, "%s", n < 0 ? fmt : text);
}

static enum pst_status unknown_key(struct pst_config_reader *r, const struct pst_yaml *node,
                                   const struct pst_config_section *section)
{
    const char *names[64] = {0};
    size_t n = section->n < PST_LEN(names) ? section->n : PST_LEN(names);
    for (size_t i = 0; i < n; i++) {
        names[i] = section->fields[i].key;
    }
    const char *nearest = pst_name_nearest(node->key, names, n);
    char known[160] = "";
    size_t at = 0;
    for (size_t i = 0; nearest == NULL && i < n; i++) {
        int k = snprintf(&known[at], sizeof known - at, "%s%s", i > 0 ? ", " : "", names[i]);
        if (k < 0 || (size_t)k >= sizeof known - at) {
            break;
        }
        at += (size_t)k;
    }
    struct pst_str key = pst_str_cut(node->key, 0, 40);
    return pst_fail_at(
        r->err, PST_E_CONFIG, node->key_line, node->key_column, "unknown key \"%.*s\"%s%s; %s%s%s",
        PST_FMT(key), section->name[0] != 0 ? " in " : "", section->name,
        nearest != NULL ? "did you mean \"" : "known keys: ", nearest != NULL ? nearest : known,
        nearest != NULL ? "\"?" : "");
}

enum pst_status pst_config_map(struct pst_config_reader *r, const struct pst_yaml *node,
                               const struct pst_config_section *section, void *into)
{
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node, "%s%sa mapping (key: value) is expected here",
                                 section->name, section->name[0] != 0 ? ": " : "");
    }
    for (const struct pst_yaml *member = node->first; member != NULL; member = member->next) {
        bool known = false;
        for (size_t i = 0; i < section->n; i++) {
            known = known || pst_str_eq(member->key, pst_str_c(section->fields[i].key));
        }
        if (!known) {
            return unknown_key(r, member, section);
        }
    }
    for (size_t i = 0; i < section->n; i++) {
        const struct pst_yaml *member = pst_yaml_get(node, pst_str_c(section->fields[i].key));
        if (member == NULL) {
            continue;
        }
        if (pst_yaml_empty(member)) {
            return pst_config_refuse(r, member, "\"%s\" has no value; give one or delete the line",
                                     section->fields[i].key);
        }
        enum pst_status status = section->fields[i].read(r, member, into);
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

enum pst_status pst_config_text(struct pst_config_reader *r, const struct pst_yaml *node,
                                const char *what, char *ret, size_t cap)
{
    if (node->kind != PST_YAML_SCALAR || node->text.n == 0) {
        return pst_config_refuse(r, node, "%s is expected here", what);
    }
    for (size_t i = 0; i < node->text.n; i++) {
        if (node->text.p[i] < 0x20 || node->text.p[i] == 0x7f) {
            return pst_config_refuse(r, node, "%s may not hold control characters", what);
        }
    }
    if (!pst_str_to_c(node->text, ret, cap)) {
        return pst_config_refuse(r, node, "%s is longer than %zu bytes", what, cap - 1);
    }
    return PST_OK;
}

enum pst_status pst_config_bool(struct pst_config_reader *r, const struct pst_yaml *node, bool *ret)
{
    static const char *const words[] = {"false", "true"};
    size_t index = 0;
    enum pst_status status = pst_config_choice(r, node, words, PST_LEN(words), &index);
    if (status == PST_OK) {
        *ret = index == 1;
    }
    return status;
}

enum pst_status pst_config_u32(struct pst_config_reader *r, const struct pst_yaml *node,
                               uint32_t low, uint32_t high, uint32_t *ret)
{
    uint64_t value = 0;
    if (node->kind != PST_YAML_SCALAR || !pst_str_u64(node->text, &value) || value < low ||
        value > high) {
        return pst_config_refuse(r, node, "a whole number from %u to %u is expected here", low,
                                 high);
    }
    *ret = (uint32_t)value;
    return PST_OK;
}

enum pst_status pst_config_path(struct pst_config_reader *r, const struct pst_yaml *node,
                                char ret[PST_PATH_MAX])
{
    char text[PST_PATH_MAX];
    enum pst_status status = pst_config_text(r, node, "a path", text, sizeof text);
    if (status != PST_OK) {
        return status;
    }
    struct pst_str rest = pst_str_c(text), folder = rest.p[0] == '/' ? PST_STR("") : r->folder;
    size_t slash = rest.p[0] == '/' ? 0 : 1; /* the folder "/" is an empty view */
    if (folder.n + slash + rest.n >= PST_PATH_MAX) {
        return pst_config_refuse(r, node, "the path is longer than %d bytes", PST_PATH_MAX - 1);
    }
    memset(ret, 0, PST_PATH_MAX);
    if (slash > 0) {
        memcpy(ret, folder.p, folder.n);
        ret[folder.n] = '/';
    }
    memcpy(&ret[folder.n + slash], rest.p, rest.n);
    return PST_OK;
}

enum pst_status pst_config_choice(struct pst_config_reader *r, const struct pst_yaml *node,
                                  const char *const *words, size_t n, size_t *ret)
{
    for (size_t i = 0; node->kind == PST_YAML_SCALAR && i < n; i++) {
        if (pst_str_eq(node->text, pst_str_c(words[i]))) {
            *ret = i;
            return PST_OK;
        }
    }
    return pst_config_refuse(r, node, "one of %s%s%s%s%s is expected here", words[0],
                             n > 2 ? ", " : "", n > 2 ? words[1] : "", " and ", words[n - 1]);
}

/* --- the top level ------------------------------------------------------------------------ */

static enum pst_status read_fronts(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into)
{
    (void)into;
    return pst_config_u32(r, node, 1, PST_FRONTS_MAX, &r->config->fronts);
}

static enum pst_status read_sandbox(struct pst_config_reader *r, const struct pst_yaml *node,
                                    void *into)
{
    static const char *const words[] = {"normal", "strict"};
    (void)into;
    size_t index = 0;
    enum pst_status status = pst_config_choice(r, node, words, PST_LEN(words), &index);
    if (status == PST_OK) {
        r->config->sandbox = index == 1 ? PST_SANDBOX_STRICT : PST_SANDBOX_NORMAL;
    }
    return status;
}

static enum pst_status read_policies(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    (void)into;
    return pst_config_path(r, node, r->config->policies);
}

/* --- limits ------------------------------------------------------------------------------- */

static enum pst_status unknown_limit(struct pst_config_reader *r, const struct pst_yaml *node)
{
    const char *names[PST_LIMIT_COUNT];
    for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
        names[i] = pst_limit_row((enum pst_limit)i)->name;
    }
    const char *nearest = pst_name_nearest(node->key, names, PST_LIMIT_COUNT);
    struct pst_str key = pst_str_cut(node->key, 0, 40);
    return pst_fail_at(r->err, PST_E_CONFIG, node->key_line, node->key_column,
                       "unknown limit \"%.*s\"; %s%s%s", PST_FMT(key),
                       nearest != NULL ? "did you mean \"" : "docs/config.md lists them all",
                       nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static bool limit_value(const struct pst_limit_row *row, struct pst_str text, uint64_t *ret)
{
    struct pst_str unit = pst_str_c(row->unit);
    uint64_t value = 0;
    if (pst_str_eq(unit, PST_STR("bytes"))) {
        return pst_size_parse(text, ret);
    }
    if (pst_str_u64(text, ret)) {
        return true;
    }
    if (pst_str_eq(unit, PST_STR("ms"))) {
        return pst_time_parse(text, ret);
    }
    if (pst_str_eq(unit, PST_STR("s")) && pst_time_parse(text, &value) && value % 1000 == 0) {
        *ret = value / 1000;
        return true;
    }
    return false;
}

static enum pst_status read_limit(struct pst_config_reader *r, const struct pst_yaml *node,
                                  enum pst_limit limit)
{
    const struct pst_limit_row *row = pst_limit_row(limit);
    uint64_t value = 0;
    if (node->kind != PST_YAML_SCALAR || !limit_value(row, node->text, &value)) {
        bool bytes = strcmp(row->unit, "bytes") == 0;
        bool time = strcmp(row->unit, "ms") == 0 || strcmp(row->unit, "s") == 0;
        return pst_config_refuse(r, node, "%s: %s is expected here", row->name,
                                 bytes  ? "a size such as 64KiB, 4MiB or 1GiB"
                                 : time ? "a time such as 500ms, 5s or 10m"
                                        : "a whole number");
    }
    if (value == 0 || value > row->hard) {
        return pst_config_refuse(r, node, "%s must be from 1 to %llu %s (the hard maximum)",
                                 row->name, (unsigned long long)row->hard, row->unit);
    }
    r->config->limits.v[limit] = value;
    return PST_OK;
}

static enum pst_status read_limits(struct pst_config_reader *r, const struct pst_yaml *node,
                                   void *into)
{
    (void)into;
    if (node->kind != PST_YAML_MAP) {
        return pst_config_refuse(r, node,
                                 "limits: a mapping is expected, such as {body_bytes: "
                                 "4MiB, header_ms: 5s}");
    }
    for (const struct pst_yaml *member = node->first; member != NULL; member = member->next) {
        size_t limit = 0;
        while (limit < PST_LIMIT_COUNT &&
               !pst_str_eq(member->key, pst_str_c(pst_limit_row((enum pst_limit)limit)->name))) {
            limit++;
        }
        enum pst_status status = limit < PST_LIMIT_COUNT
                                     ? read_limit(r, member, (enum pst_limit)limit)
                                     : unknown_limit(r, member);
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

/* --- audit -------------------------------------------------------------------------------- */

static enum pst_status read_audit(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    return pst_config_map(r, node, &audit_section, into);
}

static enum pst_status read_durability(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into)
{
    static const char *const words[] = {
        [PST_DURABLE_ANSWER] = "answer",
        [PST_DURABLE_SEND] = "send",
        [PST_DURABLE_INTERVAL] = "interval",
    };
    (void)into;
    size_t index = 0;
    enum pst_status status = pst_config_choice(r, node, words, PST_LEN(words), &index);
    if (status == PST_OK) {
        r->config->durability = (enum pst_durability)index;
    }
    return status;
}

static enum pst_status read_interval(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    (void)into;
    uint64_t ms = 0;
    if (node->kind != PST_YAML_SCALAR || !pst_time_parse(node->text, &ms) || ms == 0 || ms > 1000) {
        return pst_config_refuse(r, node, "a time from 1ms to 1s is expected here, such as 50ms");
    }
    r->config->interval_ms = (uint32_t)ms;
    return PST_OK;
}

static enum pst_status read_log_name(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    (void)into;
    if (node->kind != PST_YAML_SCALAR || !pst_name_valid(node->text)) {
        return pst_config_refuse(r, node,
                                 "the log's name is letters, digits, dot, dash and "
                                 "underscore, such as postern.example.com");
    }
    memset(r->config->log_name, 0, sizeof r->config->log_name);
    return pst_config_text(r, node, "a name", r->config->log_name, sizeof r->config->log_name);
}
