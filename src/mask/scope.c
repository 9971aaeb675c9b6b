#include "mask/scope.h"

void pst_masking_key(const uint8_t data_key[PST_DATA_KEY_BYTES], uint8_t ret[PST_MASKING_KEY_BYTES])
{
    struct pst_err err = {0};
    struct pst_hmac hmac;
    PST_BUG_ON(pst_hmac_init(&hmac, pst_str_of(data_key, PST_DATA_KEY_BYTES), &err) != PST_OK);
    pst_hmac_once(&hmac, PST_STR("postern masking key v1"), ret);
    pst_hmac_release(&hmac);
}

/* Each part with its length: no two lists of parts are one text. */
static void part(struct pst_hmac *masking, struct pst_str text)
{
    uint8_t n[8];
    pst_put_u64le(n, text.n);
    pst_hmac_update(masking, pst_str_of(n, sizeof n));
    pst_hmac_update(masking, text);
}

void pst_scope_make(struct pst_hmac *masking, struct pst_str principal, struct pst_str person,
                    struct pst_str conversation, struct pst_scope *ret)
{
    part(masking, PST_STR("scope"));
    part(masking, principal);
    part(masking, person);
    part(masking, conversation);
    pst_hmac_finish(masking, ret->key);
}

bool pst_conversation_valid(struct pst_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t b = name.p[i];
        if (!(b >= 'A' && b <= 'Z') && !(b >= 'a' && b <= 'z') && !(b >= '0' && b <= '9') &&
            b != '_' && b != '.' && b != '-') {
            return false;
        }
    }
    return name.n > 0 && name.n <= PST_CONVERSATION_MAX;
}
