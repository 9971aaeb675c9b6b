/* 4 identify: who asks */
#include "roles/warden_case.h"

#include "crypto/hash.h"
#include "identity/assertion.h"
#include "identity/key.h"

enum pst_step_result pst_case_stop(struct pst_case *c, struct pst_err *err, enum pst_error code)
{
    c->decision.verdict = PST_DENY;
    c->decision.code = code;
    (void)pst_fail(err, code, "%s", pst_error_row(code)->text);
    return PST_STEP_STOP;
}

static int64_t now_s(const struct pst_case *c)
{
    return pst_loop_wall_ns(c->w->house.loop) / 1000000000;
}

static void certificate_who(const struct pst_certificate *certificate, struct pst_principal *who)
{
    who->type = certificate->type;
    who->id = certificate->id;
    who->key_id = pst_str_c(certificate->key_id);
    memcpy(who->groups, certificate->groups, sizeof certificate->groups);
    who->n_groups = certificate->n_groups;
    who->acr = "certificate";
}

static void key_who(const struct pst_keyring_key *key, struct pst_principal *who)
{
    who->type = key->owner_type;
    who->id = key->owner_id;
    who->key_id = key->id;
    who->may_assert = key->may_assert;
    memcpy(who->groups, key->groups, sizeof who->groups);
    who->n_groups = key->n_groups;
    who->acr = "key";
}

static enum pst_step_result identify_peer(struct pst_case *c, struct pst_err *err)
{
    const struct pst_warden_image *image = c->policy->image;
    if (!c->front->admin || (c->peer_uid != 0 && c->peer_uid != image->admin_uid)) {
        return pst_case_stop(c, err, PST_E_IDENTITY_INVALID);
    }
    char *name = pst_arena_take(&c->w->arena, 32);
    if (name == NULL) {
        return pst_case_stop(c, err, PST_E_NO_MEMORY);
    }
    pst_text(name, 32, "local-%u", c->peer_uid);
    c->who.type = PST_STR("User");
    c->who.id = pst_str_c(name);
    c->who.groups[c->who.n_groups++] = PST_STR("admins");
    c->who.acr = "peer";
    return PST_STEP_NEXT;
}

static enum pst_step_result identify_key(struct pst_case *c, struct pst_err *err)
{
    struct pst_key_text key;
    uint8_t hash[32];
    if (!c->w->keys_complete) {
        return pst_case_stop(c, err, PST_E_WARDEN_UNAVAILABLE);
    }
    if (!pst_key_parse(c->credential, &key)) {
        return pst_case_stop(c, err, PST_E_IDENTITY_INVALID);
    }
    pst_sha256(pst_str_of(key.secret, sizeof key.secret), hash);
    struct pst_str id = pst_str_c(key.id);
    c->key = pst_keyring_verify(&c->w->keys, id, hash, now_s(c), err);
    if (c->key == NULL) {
        if (err->code == PST_E_IDENTITY_REVOKED || err->code == PST_E_IDENTITY_EXPIRED) {
            c->who.key_id = pst_arena_copy(&c->w->arena,
                                           id); /* it was theirs: evidence says whose */
        }
        return pst_case_stop(c, err, err->code);
    }
    key_who(c->key, &c->who);
    return PST_STEP_NEXT;
}

/* What the front sent is verified here, whatever it says of it. That the sender has the key was
 * proven in its handshake. */
static enum pst_step_result identify_certificate(struct pst_case *c, struct pst_err *err)
{
    const struct pst_certificate *certificate = NULL;
    struct pst_err why = {0};
    enum pst_status status = pst_certificates_verify(c->policy->certificates, c->credential,
                                                     now_s(c), &c->w->arena, &certificate, &why);
    if (certificate != NULL) { /* evidence names it also where it speaks for nobody */
        c->who.key_id = pst_str_c(certificate->key_id);
    }
    if (status != PST_OK || certificate == NULL) {
        return pst_case_stop(c, err, why.code);
    }
    c->certificate = certificate;
    c->facts.certificate = true;
    certificate_who(certificate, &c->who);
    return PST_STEP_NEXT;
}

/* The person behind the app: named "app/sub", so that two apps' alices are two people. */
static enum pst_step_result identify_end_user(struct pst_case *c, struct pst_err *err)
{
    struct pst_str sub;
    uint64_t age = c->policy->image->limits.v[PST_LIMIT_assertion_age_s];
    if (c->key == NULL || pst_assertion_verify(c->assertion, c->credential, now_s(c), age,
                                               &c->w->arena, &sub, err) != PST_OK) {
        return pst_case_stop(c, err, PST_E_ASSERTION_INVALID);
    }
    struct pst_str app = c->who.id;
    if (!pst_str_eq(c->who.type, PST_STR("Workload")) || pst_str_find_byte(app, '/') != PST_NPOS) {
        return pst_case_stop(c, err,
                             PST_E_ASSERTION_NOT_ALLOWED); /* APP/SUB could be read two ways */
    }
    uint8_t *name = pst_arena_take(&c->w->arena, app.n + 1 + sub.n);
    if (name == NULL || app.n + 1 + sub.n > 120) {
        return pst_case_stop(c, err, PST_E_ASSERTION_INVALID);
    }
    memcpy(name, app.p, app.n);
    name[app.n] = '/';
    memcpy(&name[app.n + 1], sub.p, sub.n);
    c->who.end_user = pst_str_of(name, app.n + 1 + sub.n);
    c->who.acr = "key+assertion";
    return PST_STEP_NEXT;
}

/* Groups come with the key and, beside it, from the configuration. */
static void groups_add(const struct pst_warden_policy *policy, const char *principal,
                       struct pst_principal *who)
{
    struct pst_str group;
    size_t at = 0;
    while (who->n_groups < PST_GROUPS_MAX &&
           pst_image_group_next(policy->image, pst_str_c(principal), &at, &group)) {
        who->groups[who->n_groups++] = group;
    }
}

/* "Workload::demo" */
static void principal_text(struct pst_case *c)
{
    char *text = c->principal;
    pst_str_cut_c(c->who.type, text, sizeof c->principal - 2);
    size_t n = strlen(text);
    text[n] = text[n + 1] = ':';
    pst_str_cut_c(c->who.id, &text[n + 2], sizeof c->principal - n - 2);
}

enum pst_step_result pst_case_identify(void *request, struct pst_err *err)
{
    struct pst_case *c = request;
    enum pst_step_result result = PST_STEP_STOP;
    if (c->cred_kind == PST_CRED_KIND_PEER) {
        result = identify_peer(c, err);
    } else if (c->cred_kind == PST_CRED_KIND_BEARER) {
        result = identify_key(c, err);
    } else if (c->cred_kind == PST_CRED_KIND_CERTIFICATE) {
        result = identify_certificate(c, err);
    } else {
        return pst_case_stop(c, err, PST_E_IDENTITY_MISSING);
    }
    if (result == PST_STEP_NEXT && c->assertion.n > 0) {
        result = identify_end_user(c, err);
    }
    if (result == PST_STEP_NEXT) {
        principal_text(c);
        groups_add(c->policy, c->principal, &c->who);
    }
    if (result == PST_STEP_NEXT && c->who.end_user.n > 0) {
        pst_text(c->person, sizeof c->person, "EndUser::%.*s", PST_FMT(c->who.end_user));
    }
    return result;
}

bool pst_case_identify_again(struct pst_case *c)
{
    const struct pst_warden_request *r = c->request;
    if (r->key != NULL) {
        c->key = r->key;
        key_who(r->key, &c->who);
    } else if (r->certificate != NULL) {
        if (now_s(c) >= r->certificate->until_s) {
            return false;
        }
        certificate_who(r->certificate, &c->who);
    } else {
        return false;
    }
    if (r->end_user[0] != 0) {
        c->who.end_user = pst_str_c(r->end_user);
        c->who.acr = "key+assertion";
    }
    groups_add(c->policy, r->principal, &c->who);
    return true;
}
