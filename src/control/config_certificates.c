/* certificates: who a client certificate speaks for */
#include "control/config_read.h"
#include "control/units.h"
#include "identity/certificate_name.h"

static enum pst_status read_uri(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into);
static enum pst_status read_dns(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into);
static enum pst_status read_email(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_user(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into);
static enum pst_status read_workload(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into);
static enum pst_status read_agent(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into);
static enum pst_status read_row_groups(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into);

static const struct pst_config_field certificate_fields[] = {
    {"uri", read_uri},           {"dns", read_dns},   {"email", read_email},
    {"workload", read_workload}, {"user", read_user}, {"agent", read_agent},
    {"groups", read_row_groups},
};
const struct pst_config_section pst_config_certificate_section = {
    "certificates", certificate_fields, PST_LEN(certificate_fields)};

/* --- which ------------------------------------------------------------------------------------ */

static enum pst_status read_name(struct pst_config_reader *r, const struct pst_yaml *node,
                                 struct pst_config_certificate *row, enum pst_x509_name_kind kind,
                                 const char *word)
{
    if (row->pattern[0] != 0) {
        return pst_config_refuse(r, node,
                                 "a row is for one name: a uri, a dns or an email; write a second "
                                 "row");
    }
    const char *fault = "a name is expected here";
    if (node->kind == PST_YAML_SCALAR) {
        fault = pst_certificate_pattern_fault(kind, node->text);
    }
    if (fault != NULL || !pst_str_to_c(node->text, row->pattern, sizeof row->pattern)) {
        return pst_config_refuse(r, node, "%s", fault != NULL ? fault : "the name is too long");
    }
    row->kind = word;
    return PST_OK;
}

static enum pst_status read_uri(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into)
{
    return read_name(r, node, into, PST_X509_URI, "uri");
}

static enum pst_status read_dns(struct pst_config_reader *r, const struct pst_yaml *node,
                                void *into)
{
    return read_name(r, node, into, PST_X509_DNS, "dns");
}

static enum pst_status read_email(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    return read_name(r, node, into, PST_X509_EMAIL, "email");
}

/* --- who -------------------------------------------------------------------------------------- */

static enum pst_status read_who(struct pst_config_reader *r, const struct pst_yaml *node,
                                struct pst_config_certificate *row, const char *type)
{
    char text[PST_NAME_MAX + 16];
    if (row->principal[0] != 0) {
        return pst_config_refuse(r, node,
                                 "a certificate speaks for one: a workload, a user or an "
                                 "agent");
    }
    if (node->kind == PST_YAML_SCALAR) {
        pst_text(text, sizeof text, "%s/%.*s", type, PST_FMT(pst_str_cut(node->text, 0, 64)));
    }
    if (node->kind != PST_YAML_SCALAR || node->text.n >= PST_NAME_MAX ||
        !pst_principal_parse(pst_str_c(text), row->principal)) {
        return pst_config_refuse(r, node,
                                 "a name such as batch is expected here: at most %d printable "
                                 "characters with its type, without blanks and quotes",
                                 PST_NAME_MAX - 1);
    }
    return PST_OK;
}

static enum pst_status read_user(struct pst_config_reader *r, const struct pst_yaml *node,
                                 void *into)
{
    return read_who(r, node, into, "User");
}

static enum pst_status read_workload(struct pst_config_reader *r, const struct pst_yaml *node,
                                     void *into)
{
    return read_who(r, node, into, "Workload");
}

static enum pst_status read_agent(struct pst_config_reader *r, const struct pst_yaml *node,
                                  void *into)
{
    return read_who(r, node, into, "Agent");
}

static enum pst_status read_row_groups(struct pst_config_reader *r, const struct pst_yaml *node,
                                       void *into)
{
    struct pst_config_certificate *row = into;
    if (node->kind != PST_YAML_LIST || node->count > PST_CERTIFICATE_GROUPS) {
        return pst_config_refuse(r, node,
                                 "a list of at most %d groups is expected here, such as "
                                 "[nightly]",
                                 PST_CERTIFICATE_GROUPS);
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (one->kind != PST_YAML_SCALAR || !pst_name_valid(one->text) ||
            !pst_str_to_c(one->text, row->groups[row->n_groups], PST_NAME_MAX)) {
            return pst_config_refuse(r, one, "the name of a group is expected here");
        }
        row->n_groups++;
    }
    return PST_OK;
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool certificates_asked_for(const struct pst_config *config)
{
    bool asked = config->admin.client_mode != PST_CLIENT_NONE;
    for (uint32_t i = 0; i < config->n_listen; i++) {
        asked = asked || config->listen[i].client_mode != PST_CLIENT_NONE;
    }
    return asked;
}

static enum pst_status read_row(struct pst_config_reader *r, const struct pst_yaml *node)
{
    struct pst_config_certificate *row = &r->config->certificates[r->config->n_certificates];
    if (pst_config_map(r, node, &pst_config_certificate_section, row) != PST_OK) {
        return PST_ERR;
    }
    if (row->pattern[0] == 0) {
        return pst_config_refuse(r, node,
                                 "which certificate is this row for? add a uri, a dns or "
                                 "an email");
    }
    if (row->principal[0] == 0) {
        return pst_config_refuse(r, node,
                                 "whom does this certificate speak for? add a workload, a "
                                 "user or an agent");
    }
    r->config->n_certificates++;
    return PST_OK;
}

enum pst_status pst_config_certificates(struct pst_config_reader *r, const struct pst_yaml *node,
                                        void *into)
{
    (void)into;
    if (node->kind != PST_YAML_LIST || node->count > PST_CERTIFICATE_ROWS) {
        return pst_config_refuse(r, node,
                                 "certificates: a list of at most %d rows is expected, such as "
                                 "[{uri: 'spiffe://example.org/batch', workload: batch}]",
                                 PST_CERTIFICATE_ROWS);
    }
    if (node->count > 0 && !certificates_asked_for(r->config)) {
        return pst_config_refuse(r, node,
                                 "no listener asks for client certificates; add clients: "
                                 "a file with their authorities to one of \"listen\"");
    }
    r->config->certificates = PST_ARENA_ARRAY(r->arena, node->count, struct pst_config_certificate);
    if (r->config->certificates == NULL) {
        return pst_fail(r->err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    for (const struct pst_yaml *one = node->first; one != NULL; one = one->next) {
        if (read_row(r, one) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}
