#include "control/policy.h"

#include "cedar/cedar.h"
#include "gate/decide.h"

static enum pst_status check(struct pst_cedar *cedar, const struct pst_source *sources, size_t n,
                             struct pst_str entities, struct pst_err *err)
{
    for (size_t i = 0; i < n; i++) {
        /* file by file, so that a statement cannot begin in one and end in the next */
        if (pst_cedar_add_policies(cedar, sources[i].name, sources[i].text, err) != PST_OK) {
            return PST_ERR;
        }
    }
    if (pst_cedar_add_entities_json(cedar, PST_STR("(entities)"), entities, err) != PST_OK ||
        pst_cedar_seal(cedar, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_decide_check(cedar, err);
}

enum pst_status pst_policy_check(const struct pst_source *sources, size_t n,
                                 struct pst_str entities, size_t *ret_count, struct pst_err *err)
{
    struct pst_cedar *cedar = pst_cedar_new(/* limits= */ NULL);
    if (cedar == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to check the policies");
    }
    enum pst_status status = check(cedar, sources, n, entities, err);
    if (status == PST_OK && ret_count != NULL) {
        *ret_count = pst_cedar_policies(cedar);
    }
    pst_cedar_free(cedar);
    return status;
}
