#include "crypto/ossl.h"

#include "base/buf.h"
#include "base/enc.h"

#include <openssl/evp.h>
#include <string.h>

enum { PEM_LINE_BYTES = 48 };

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct pst_cur *c)
{
    while (is_space(pst_cur_peek(c, 0))) {
        pst_cur_skip(c, 1);
    }
}

static bool boundary(struct pst_cur *c, struct pst_str word, struct pst_str label)
{
    return pst_cur_lit(c, PST_STR("-----")) && pst_cur_lit(c, word) && pst_cur_byte(c, ' ') &&
           pst_cur_lit(c, label) && pst_cur_lit(c, PST_STR("-----"));
}

/* The text between the boundaries, without white space. */
static bool body(struct pst_cur *c, uint8_t *text, size_t *ret_n)
{
    size_t n = 0;
    for (;;) {
        int byte = pst_cur_peek(c, 0);
        if (byte < 0) {
            return false;
        }
        if (byte == '-') {
            *ret_n = n;
            return true;
        }
        pst_cur_skip(c, 1);
        if (!is_space(byte)) {
            text[n++] = (uint8_t)byte;
        }
    }
}

enum pst_status pst_pem_get(struct pst_str pem, struct pst_str label, struct pst_secret **ret_der,
                            struct pst_err *err)
{
    struct pst_secret *text = pst_secret_blank(pem.n), *der = pst_secret_blank(pem.n);
    enum pst_status status = PST_ERR;
    struct pst_cur c = pst_cur_of(pem);
    size_t n = 0;
    if (text == NULL || der == NULL) {
        (void)pst_fail(err, PST_E_NO_MEMORY, "no locked memory for a key");
        goto out;
    }
    skip_space(&c);
    bool ok = boundary(&c, PST_STR("BEGIN"), label) && body(&c, pst_secret_bytes(text), &n) &&
              boundary(&c, PST_STR("END"), label);
    skip_space(&c);
    if (!ok || !pst_cur_done(&c)) {
        (void)pst_fail(err, PST_E_SYNTAX, "not exactly one PEM block \"%.*s\"", PST_FMT(label));
        goto out;
    }
    struct pst_str base64 = pst_str_cut(pst_secret_reveal(text), 0, n);
    size_t der_n = 0;
    if (!pst_b64_get(base64, PST_B64_STD, pst_secret_bytes(der), pem.n, &der_n) || der_n == 0) {
        (void)pst_fail(err, PST_E_SYNTAX, "the base64 of a PEM block is not valid");
        goto out;
    }
    pst_secret_cut(der, der_n);
    *ret_der = der;
    der = NULL;
    status = PST_OK;
out:
    pst_secret_free(text);
    pst_secret_free(der);
    return status;
}

static size_t put(uint8_t *out, size_t at, struct pst_str s)
{
    memcpy(&out[at], s.p, s.n);
    return at + s.n;
}

enum pst_status pst_pem_put(struct pst_str der, struct pst_str label, struct pst_secret **ret_pem,
                            struct pst_err *err)
{
    size_t lines = (der.n + PEM_LINE_BYTES - 1) / PEM_LINE_BYTES;
    struct pst_secret *pem = pst_secret_blank(2 * (label.n + 18) + lines * 66);
    if (pem == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no locked memory for a key");
    }
    uint8_t *out = pst_secret_bytes(pem);
    size_t at = put(out, 0, PST_STR("-----BEGIN "));
    at = put(out, put(out, at, label), PST_STR("-----\n"));
    for (size_t from = 0; from < der.n; from += PEM_LINE_BYTES) {
        struct pst_str part = pst_str_cut(der, from, PEM_LINE_BYTES);
        /* also writes a NUL, which the newline replaces */
        at += (size_t)EVP_EncodeBlock(&out[at], part.p, (int)part.n);
        out[at++] = '\n';
    }
    at = put(out, at, PST_STR("-----END "));
    at = put(out, put(out, at, label), PST_STR("-----\n"));
    pst_secret_cut(pem, at);
    *ret_pem = pem;
    return PST_OK;
}
