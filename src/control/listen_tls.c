#include "control/listen_tls.h"

#include "crypto/x509.h"

#include <stdarg.h>
#include <stdio.h>

enum { DAY_S = 86400, SOON_DAYS = 14 };

void pst_listen_note(struct pst_listen_notes *notes, struct pst_config_place at, const char *fmt,
                     ...)
{
    if (notes->n == PST_LEN(notes->list)) {
        return;
    }
    struct pst_err *note = &notes->list[notes->n++];
    va_list args;
    *note = (struct pst_err){.line = at.line, .column = at.column};
    va_start(args, fmt);
    (void)vsnprintf(note->text, sizeof note->text, fmt, args);
    va_end(args);
}

static enum pst_status refuse(struct pst_err *err, struct pst_config_place at, const char *file,
                              const struct pst_err *why)
{
    return pst_fail_at(err, why->code, at.line, at.column, "%s: %s", file, why->text);
}

static enum pst_status keep(struct pst_arena *arena, struct pst_buf *buf, struct pst_str *ret,
                            struct pst_err *err)
{
    *ret = pst_arena_copy(arena, pst_buf_str(buf));
    return ret->p != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no memory for certificates");
}

static void dates_note(const struct pst_config_listen *listen, const struct pst_x509_leaf *leaf,
                       int64_t now_s, struct pst_listen_notes *notes)
{
    const struct pst_config_place at = listen->certificate_at;
    if (now_s >= leaf->to_s) {
        pst_listen_note(notes, at, "%s has expired %lld days ago: clients refuse it",
                        listen->certificate, (long long)((now_s - leaf->to_s) / DAY_S));
    } else if (now_s < leaf->from_s) {
        pst_listen_note(notes, at, "%s is not valid yet: clients refuse it", listen->certificate);
    } else if (leaf->to_s - now_s < SOON_DAYS * DAY_S) {
        pst_listen_note(notes, at, "%s expires in %lld days", listen->certificate,
                        (long long)((leaf->to_s - now_s) / DAY_S));
    }
}

enum pst_status pst_listen_tls_read(struct pst_arena *arena, const struct pst_config_listen *listen,
                                    struct pst_str chain, struct pst_str clients, int64_t now_s,
                                    struct pst_listen_tls *ret, struct pst_listen_notes *notes,
                                    struct pst_err *err)
{
    struct pst_listen_tls got = {.to_s = 0};
    struct pst_x509_leaf leaf = {.n = 0};
    struct pst_err why = {0};
    struct pst_buf pem;
    pst_buf_init(&pem, PST_CHAIN_BYTES_MAX);
    enum pst_status status = pst_x509_chain(chain, &leaf, &pem, &why);
    if (status != PST_OK) {
        status = refuse(err, listen->certificate_at, listen->certificate, &why);
    } else {
        status = keep(arena, &pem, &got.chain, err);
    }
    pst_buf_release(&pem);
    if (status == PST_OK && listen->clients[0] != 0) {
        pst_buf_init(&pem, PST_CLIENTS_BYTES_MAX);
        status = pst_x509_authorities(clients, &pem, &why);
        if (status != PST_OK) {
            status = refuse(err, listen->clients_at, listen->clients, &why);
        } else {
            status = keep(arena, &pem, &got.clients, err);
        }
        pst_buf_release(&pem);
    }
    if (status != PST_OK) {
        return status;
    }
    memcpy(got.spki, leaf.spki, sizeof got.spki);
    got.to_s = leaf.to_s;
    dates_note(listen, &leaf, now_s, notes);
    if (!leaf.named) {
        pst_listen_note(notes, listen->certificate_at,
                        "%s names no host or address (subjectAltName): clients refuse it",
                        listen->certificate);
    }
    if (!leaf.ordered) {
        pst_listen_note(notes, listen->certificate_at,
                        "%s is out of order: each certificate is followed by the one that issued "
                        "it",
                        listen->certificate);
    }
    *ret = got;
    return PST_OK;
}
