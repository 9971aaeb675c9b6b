#include "identity/certificate.h"

#include "base/enc.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "crypto/x509_verify.h"
#include "identity/certificate_name.h"

#include <stdlib.h>

struct row {
    enum pst_x509_name_kind kind;
    struct pst_str pattern, type, id;
    struct pst_str groups[PST_CERTIFICATE_GROUPS];
    size_t n_groups;
};

/* One that is remembered, or kept by somebody. */
struct entry {
    struct pst_certificate public; /* comes first: see entry_of */
    struct pst_certificates *set;
    struct entry *newer, *older;
    uint8_t digest[PST_SHA256_BYTES];
    size_t users; /* the cache counts as one */
    bool somebody;
};

struct pst_certificates {
    size_t users; /* its owner, and every entry that lives */
    uint8_t *text;
    struct row *rows;
    size_t n_rows, cap;
    struct pst_x509_anchors *anchors; /* NULL: nobody is accepted */
    struct pst_map entries;           /* by digest */
    struct entry *newest, *oldest;
};

/* --- life ------------------------------------------------------------------------------------- */

static void set_put(struct pst_certificates *s)
{
    if (--s->users == 0) {
        pst_x509_anchors_free(s->anchors);
        pst_map_release(&s->entries);
        free(s->rows);
        free(s->text);
        free(s);
    }
}

static void entry_put(struct entry *e)
{
    if (--e->users == 0) {
        struct pst_certificates *s = e->set;
        free(e);
        set_put(s);
    }
}

static struct entry *entry_of(const struct pst_certificate *c)
{
    union {
        const struct pst_certificate *in;
        struct entry *out;
    } cast = {.in = c};
    return cast.out;
}

const struct pst_certificate *pst_certificate_keep(const struct pst_certificate *c)
{
    if (c != NULL) {
        entry_of(c)->users++;
    }
    return c;
}

void pst_certificate_drop(const struct pst_certificate *c)
{
    if (c != NULL) {
        entry_put(entry_of(c));
    }
}

size_t pst_certificates_count(const struct pst_certificates *s)
{
    return s->entries.used;
}

/* --- the cache -------------------------------------------------------------------------------- */

static void unlink_entry(struct pst_certificates *s, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &s->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &s->oldest) = e->newer;
    e->newer = e->older = NULL;
}

static void link_newest(struct pst_certificates *s, struct entry *e)
{
    e->older = s->newest;
    *(s->newest != NULL ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
}

static void forget(struct pst_certificates *s, struct entry *e)
{
    unlink_entry(s, e);
    (void)pst_map_take(&s->entries, pst_str_of(e->digest, sizeof e->digest));
    entry_put(e);
}

/* The one not used for longest makes room. */
static enum pst_status remember(struct pst_certificates *s, struct entry *e, struct pst_err *err)
{
    if (s->entries.used >= s->cap) {
        forget(s, s->oldest);
    }
    if (!pst_map_put(&s->entries, pst_str_of(e->digest, sizeof e->digest), e)) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    link_newest(s, e);
    return PST_OK;
}

void pst_certificates_free(struct pst_certificates *s)
{
    if (s == NULL) {
        return;
    }
    while (s->oldest != NULL) {
        forget(s, s->oldest);
    }
    set_put(s);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The text up to a tab, which is skipped. */
static struct pst_str field(struct pst_str *rest)
{
    size_t tab = pst_str_find_byte(*rest, '\t');
    struct pst_str one = pst_str_cut(*rest, 0, tab);
    *rest = tab == PST_NPOS ? (struct pst_str){NULL, 0} : pst_str_from(*rest, tab + 1);
    return one;
}

static bool kind_read(struct pst_str word, enum pst_x509_name_kind *ret)
{
    static const struct {
        struct pst_str word;
        enum pst_x509_name_kind kind;
    } kinds[] = {
        {PST_STR_INIT("uri"), PST_X509_URI},
        {PST_STR_INIT("dns"), PST_X509_DNS},
        {PST_STR_INIT("email"), PST_X509_EMAIL},
    };
    for (size_t i = 0; i < PST_LEN(kinds); i++) {
        if (pst_str_eq(word, kinds[i].word)) {
            *ret = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static bool row_read(struct pst_str line, struct row *ret)
{
    if (!kind_read(field(&line), &ret->kind)) {
        return false;
    }
    ret->pattern = field(&line);
    struct pst_str principal = field(&line);
    size_t colons = pst_str_find(principal, PST_STR("::"));
    if (colons == PST_NPOS || pst_certificate_pattern_fault(ret->kind, ret->pattern) != NULL) {
        return false;
    }
    ret->type = pst_str_cut(principal, 0, colons);
    ret->id = pst_str_from(principal, colons + 2);
    while (line.p != NULL) {
        struct pst_str group = field(&line);
        if (group.n == 0 || ret->n_groups == PST_CERTIFICATE_GROUPS) {
            return false;
        }
        ret->groups[ret->n_groups++] = group;
    }
    return ret->type.n > 0 && ret->id.n > 0;
}

static enum pst_status rows_read(struct pst_certificates *s, struct pst_str rows,
                                 struct pst_err *err)
{
    s->text = malloc(rows.n + 1);
    s->rows = calloc(PST_CERTIFICATE_ROWS, sizeof *s->rows);
    if (s->text == NULL || s->rows == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for certificates");
    }
    if (rows.n > 0) {
        memcpy(s->text, rows.p, rows.n);
    }
    struct pst_str rest = pst_str_of(s->text, rows.n);
    while (rest.n > 0) {
        size_t end = pst_str_find_byte(rest, '\n');
        if (end == PST_NPOS || s->n_rows == PST_CERTIFICATE_ROWS ||
            !row_read(pst_str_cut(rest, 0, end), &s->rows[s->n_rows])) {
            return pst_fail(err, PST_E_CONFIG, "a row of the certificates is not valid");
        }
        s->n_rows++;
        rest = pst_str_from(rest, end + 1);
    }
    return PST_OK;
}

enum pst_status pst_certificates_new(struct pst_str rows, struct pst_str authorities, size_t cap,
                                     uint64_t seed, struct pst_certificates **ret,
                                     struct pst_err *err)
{
    struct pst_certificates *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for certificates");
    }
    PST_BUG_ON(cap == 0);
    s->users = 1;
    s->cap = cap;
    pst_map_init(&s->entries, seed, cap);
    enum pst_status status = rows_read(s, rows, err);
    if (status == PST_OK && authorities.n > 0) {
        status = pst_x509_anchors_new(authorities, &s->anchors, err);
    }
    if (status != PST_OK) {
        pst_certificates_free(s);
        return status;
    }
    *ret = s;
    return PST_OK;
}

/* --- whose ------------------------------------------------------------------------------------ */

/* One that has a SPIFFE ID must be what X509-SVID asks for. */
static bool svid_valid(const struct pst_x509_client *x)
{
    size_t uris = 0, meant = 0;
    for (size_t i = 0; i < x->n_names; i++) {
        if (x->names[i].kind == PST_X509_URI) {
            uris++;
            if (pst_spiffe_id_meant(x->names[i].text)) {
                meant++;
                if (!pst_spiffe_id_valid(x->names[i].text)) {
                    return false;
                }
            }
        }
    }
    return meant == 0 || (uris == 1 && x->signs && !x->certifies);
}

static const struct row *row_of(const struct pst_certificates *s, const struct pst_x509_client *x)
{
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct row *row = &s->rows[i];
        for (size_t k = 0; k < x->n_names; k++) {
            if (row->kind == x->names[k].kind &&
                pst_certificate_pattern_matches(row->kind, row->pattern, x->names[k].text)) {
                return row;
            }
        }
    }
    return NULL;
}

static struct entry *entry_new(struct pst_certificates *s, const struct pst_x509_client *x)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return NULL;
    }
    e->users = 1;
    e->set = s;
    s->users++;
    e->public.from_s = x->from_s;
    e->public.until_s = x->until_s;
    memcpy(e->public.key_id, "x509_", 5);
    pst_hex_put(x->spki, (PST_CERTIFICATE_KEY_ID - 5) / 2, &e->public.key_id[5]);
    const struct row *row = svid_valid(x) ? row_of(s, x) : NULL;
    if (row != NULL) {
        e->somebody = true;
        e->public.type = row->type;
        e->public.id = row->id;
        e->public.n_groups = row->n_groups;
        memcpy(e->public.groups, row->groups, sizeof e->public.groups);
    }
    return e;
}

static enum pst_status entry_make(struct pst_certificates *s, struct pst_str chain, int64_t now_s,
                                  const uint8_t digest[PST_SHA256_BYTES], struct pst_arena *scratch,
                                  struct entry **ret, struct pst_err *err)
{
    struct pst_x509_client x;
    if (pst_x509_client_verify(s->anchors, chain, now_s, scratch, &x, err) != PST_OK) {
        return PST_ERR;
    }
    struct entry *e = entry_new(s, &x);
    if (e == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    memcpy(e->digest, digest, sizeof e->digest);
    if (remember(s, e, err) != PST_OK) {
        entry_put(e);
        return PST_ERR;
    }
    *ret = e;
    return PST_OK;
}

enum pst_status pst_certificates_verify(struct pst_certificates *s, struct pst_str chain,
                                        int64_t now_s, struct pst_arena *scratch,
                                        const struct pst_certificate **ret, struct pst_err *err)
{
    uint8_t digest[PST_SHA256_BYTES];
    *ret = NULL;
    if (s->anchors == NULL || chain.n == 0 || chain.n > PST_X509_CHAIN_BYTES) {
        return pst_fail(err, PST_E_IDENTITY_INVALID, "no client certificate is accepted");
    }
    pst_sha256(chain, digest);
    struct entry *e = pst_map_get(&s->entries, pst_str_of(digest, sizeof digest));
    if (e != NULL) {
        unlink_entry(s, e);
        link_newest(s, e);
    } else if (entry_make(s, chain, now_s, digest, scratch, &e, err) != PST_OK) {
        return PST_ERR;
    }
    *ret = &e->public;
    if (now_s < e->public.from_s || now_s >= e->public.until_s) {
        return pst_fail(err, PST_E_IDENTITY_EXPIRED, "the client certificate is not valid now");
    }
    if (!e->somebody) {
        return pst_fail(err, PST_E_IDENTITY_INVALID, "the client certificate speaks for nobody");
    }
    return PST_OK;
}
