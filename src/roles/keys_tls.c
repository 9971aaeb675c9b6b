#include "roles/keys_tls.h"

#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/tls_server.h"

static struct pst_secret *tickets_of(const uint8_t *previous)
{
    uint8_t both[2 * PST_TLS_TICKET_KEY];
    pst_random(both, sizeof both);
    if (previous != NULL) {
        memcpy(&both[PST_TLS_TICKET_KEY], previous, PST_TLS_TICKET_KEY);
    }
    struct pst_secret *s = pst_secret_new(pst_str_of(both, sizeof both));
    pst_wipe(both, sizeof both);
    return s;
}

enum pst_status pst_keys_tls_init(struct pst_keys_tls *t, struct pst_house *house,
                                  const struct pst_keys_set *set, struct pst_err *err)
{
    *t = (struct pst_keys_tls){.house = house, .set = set, .tickets = tickets_of(NULL)};
    return t->tickets != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no locked memory");
}

void pst_keys_tls_release(struct pst_keys_tls *t)
{
    pst_secret_free(t->tickets);
}

void pst_keys_tls_tickets_send(const struct pst_keys_tls *t, struct pst_link *front)
{
    struct pst_ipc_ticket_keys m;
    const uint8_t *keys = pst_secret_reveal(t->tickets).p;
    memcpy(m.current, keys, sizeof m.current);
    memcpy(m.previous, &keys[PST_TLS_TICKET_KEY], sizeof m.previous);
    (void)PST_LINK_SEND(front, TICKET_KEYS, &m);
    pst_wipe(&m, sizeof m);
}

/* Without memory the keys that are there serve on. */
static void rotate(struct pst_loop *loop, void *user)
{
    struct pst_keys_tls *t = user;
    (void)loop;
    struct pst_secret *fresh = tickets_of(pst_secret_reveal(t->tickets).p);
    if (fresh != NULL) {
        pst_secret_free(t->tickets);
        t->tickets = fresh;
        for (size_t i = 0; i < PST_HOUSE_LINKS; i++) {
            struct pst_house_link *l = &t->house->links[i];
            if (l->used && l->link.peer == PST_ROLE_FRONT) {
                pst_keys_tls_tickets_send(t, &l->link);
            }
        }
    }
    pst_keys_tls_begin(t);
}

void pst_keys_tls_begin(struct pst_keys_tls *t)
{
    pst_house_timer(t->house, &t->timer, PST_KEYS_ROTATE_MS, rotate, t);
}

/* A front that asks for more than clients can be behind is kept from taking keys for itself. */
static bool within_rate(struct pst_keys_tls *t, uint8_t front)
{
    uint64_t now = pst_loop_now_ms(t->house->loop) / 1000;
    if (now != t->second) {
        t->second = now;
        memset(t->signed_for, 0, sizeof t->signed_for);
    }
    if (t->signed_for[front] >= PST_KEYS_SIGN_RATE) {
        return false;
    }
    t->signed_for[front]++;
    return true;
}

enum pst_status pst_keys_tls_sign(struct pst_keys_tls *t, struct pst_link *front,
                                  const struct pst_ipc_tls_sign *m, struct pst_str text)
{
    struct pst_ipc_tls_signed out = {.id = m->id};
    const struct pst_server_key *key = pst_keys_set_find(t->set, m->spki);
    uint8_t signature[PST_TLS_SIG_MAX];
    size_t n = 0;
    struct pst_err err = {0};
    /* no library makes such a text: whoever asks for this is not a front any more */
    if (!pst_tls_text_ok(m->scheme, text)) {
        return PST_ERR;
    }
    if (key != NULL && within_rate(t, front->index) &&
        pst_server_key_sign(key, m->scheme, text, signature, &n, &err) == PST_OK) {
        out.ok = 1;
    }
    (void)pst_link_send(front, PST_IPC_TLS_SIGNED, &out, pst_str_of(signature, n), -1);
    return PST_OK;
}
