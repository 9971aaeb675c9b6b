/* Links: policies made from templates by filling their slots. */
#include "cedar/check.h"
#include "cedar/parse.h"

static uint32_t find_policy(const struct pst_cedar *c, struct pst_str id)
{
    uint32_t sym = pst_cedar_sym_find(c, id);
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && sym != PST_CEDAR_NO; i++) {
        if (c->policies[i].id == sym) {
            return i;
        }
    }
    return PST_CEDAR_NO;
}

static enum pst_status fill(struct pst_cedar *c, struct pst_cedar_scope *s,
                            struct pst_cedar_uid_text uid, const char *name, struct pst_err *err)
{
    if (s->slot == 0) {
        return uid.type.n == 0 ? PST_OK
                               : pst_fail(err, PST_E_CEDAR_SYNTAX, "the template has no %s", name);
    }
    if (uid.type.n == 0) {
        return pst_fail(err, PST_E_CEDAR_SYNTAX, "nothing is given for %s", name);
    }
    if (!pst_cedar_name_valid(uid.type)) {
        return pst_fail(err, PST_E_CEDAR_SYNTAX, "the type given for %s is not a name", name);
    }
    uint32_t type = pst_cedar_sym(c, uid.type);
    s->uid = pst_cedar_uid_add(c, type, pst_cedar_sym(c, uid.id));
    return s->uid != PST_CEDAR_NO ? PST_OK
                                  : pst_fail(err, PST_E_NO_MEMORY, "no memory for the link");
}

enum pst_status pst_cedar_link(struct pst_cedar *c, struct pst_str template_id, struct pst_str id,
                               struct pst_cedar_uid_text principal,
                               struct pst_cedar_uid_text resource, struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    uint32_t from = find_policy(c, template_id);
    if (from == PST_CEDAR_NO || c->policies[from].is_template == 0) {
        return pst_fail(err, PST_E_NOT_FOUND, "there is no template of that id");
    }
    if (find_policy(c, id) != PST_CEDAR_NO) {
        return pst_fail(err, PST_E_EXISTS, "there is a policy of that id already");
    }
    uint32_t at = PST_CEDAR_N_OF(c, policies);
    if (at >= c->limits.policies) {
        return pst_fail(err, PST_E_CEDAR_LIMIT, "more than %u policies", c->limits.policies);
    }
    struct pst_cedar_policy_row row = c->policies[from];
    row.link_of = from;
    row.is_template = 0;
    row.id = pst_cedar_sym(c, id);
    row.text = pst_cedar_sym(c, PST_STR(""));
    if (fill(c, &row.scope[PST_CEDAR_PRINCIPAL], principal, "?principal", err) != PST_OK ||
        fill(c, &row.scope[PST_CEDAR_RESOURCE], resource, "?resource", err) != PST_OK) {
        return PST_ERR;
    }
    if (row.id == PST_CEDAR_NO || row.text == PST_CEDAR_NO ||
        PST_CEDAR_ADD(c, policies, 1) == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the link");
    }
    c->policies[at] = row;
    return PST_OK;
}
