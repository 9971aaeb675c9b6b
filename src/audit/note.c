#include "audit/note.h"

#include "audit/header.h"
#include "base/enc.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

enum { TYPE_ED25519 = 0x01 };

#define DASH PST_STR("\xe2\x80\x94 ") /* U+2014 and a space open every signature line */

/* --- keys --------------------------------------------------------------------------------- */

/* SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] */
static void key_id(struct pst_str name, const uint8_t pub[PST_NOTE_KEY], uint8_t ret[PST_NOTE_ID])
{
    uint8_t in[PST_LOG_ORIGIN_MAX + 2 + PST_NOTE_KEY], hash[PST_LOG_HASH];
    PST_BUG_ON(name.n > PST_LOG_ORIGIN_MAX);
    memcpy(in, name.p, name.n);
    in[name.n] = '\n';
    in[name.n + 1] = TYPE_ED25519;
    memcpy(&in[name.n + 2], pub, PST_NOTE_KEY);
    pst_sha256(pst_str_of(in, name.n + 2 + PST_NOTE_KEY), hash);
    memcpy(ret, hash, PST_NOTE_ID);
}

enum pst_status pst_note_key_init(struct pst_note_key *key, struct pst_str name,
                                  const uint8_t pub[PST_NOTE_KEY], struct pst_err *err)
{
    struct pst_note_key fresh = {0};
    if (!pst_log_origin_set(&fresh.name, name)) {
        return pst_fail(err, PST_E_CONFIG,
                        "a key name is 1 to %d printable ASCII characters without space and +",
                        PST_LOG_ORIGIN_MAX);
    }
    memcpy(fresh.pub, pub, PST_NOTE_KEY);
    key_id(name, pub, fresh.id);
    *key = fresh;
    return PST_OK;
}

enum pst_status pst_note_key_parse(struct pst_note_key *key, struct pst_str vkey,
                                   struct pst_err *err)
{
    struct pst_note_key fresh;
    uint8_t id[PST_NOTE_ID], typed[1 + PST_NOTE_KEY];
    char lower[2 * PST_NOTE_ID];
    size_t n = 0;
    size_t plus = pst_str_find_byte(vkey, '+');
    struct pst_str rest = pst_str_from(vkey, plus == PST_NPOS ? vkey.n : plus + 1);
    struct pst_str hex = pst_str_cut(rest, 0, 2 * PST_NOTE_ID);
    struct pst_str last = pst_str_from(rest, hex.n);
    if (plus == PST_NPOS || !pst_hex_get(hex, id, sizeof id) ||
        !pst_str_starts(last, PST_STR("+")) ||
        !pst_b64_get(pst_str_from(last, 1), PST_B64_STD, typed, sizeof typed, &n)) {
        return pst_fail(err, PST_E_SYNTAX, "a verifier key reads <name>+<8 hex digits>+<base64>");
    }
    if (n != sizeof typed || typed[0] != TYPE_ED25519) {
        return pst_fail(err, PST_E_SYNTAX, "the verifier key is not of type Ed25519");
    }
    if (pst_note_key_init(&fresh, pst_str_cut(vkey, 0, plus), &typed[1], err) != PST_OK) {
        return PST_ERR;
    }
    pst_hex_put(fresh.id, PST_NOTE_ID, lower); /* one spelling of a key, or two would be one */
    if (memcmp(fresh.id, id, sizeof id) != 0 || !pst_str_eq(hex, pst_str_of(lower, sizeof lower))) {
        return pst_fail(err, PST_E_SYNTAX, "the id in the verifier key does not belong to it");
    }
    *key = fresh;
    return PST_OK;
}

bool pst_note_key_put(struct pst_buf *out, const struct pst_note_key *key)
{
    uint8_t typed[1 + PST_NOTE_KEY];
    char hex[2 * PST_NOTE_ID];
    typed[0] = TYPE_ED25519;
    memcpy(&typed[1], key->pub, PST_NOTE_KEY);
    pst_hex_put(key->id, PST_NOTE_ID, hex);
    return pst_buf_add(out, pst_log_origin_str(&key->name)) && PST_BUF_LIT(out, "+") &&
           pst_buf_add(out, pst_str_of(hex, sizeof hex)) && PST_BUF_LIT(out, "+") &&
           pst_b64_put(out, PST_B64_STD, pst_str_of(typed, sizeof typed));
}

/* --- writing ------------------------------------------------------------------------------ */

bool pst_checkpoint_text(struct pst_buf *out, const struct pst_checkpoint *checkpoint)
{
    return pst_buf_add(out, pst_log_origin_str(&checkpoint->origin)) && PST_BUF_LIT(out, "\n") &&
           pst_buf_u64(out, checkpoint->records) && PST_BUF_LIT(out, "\n") &&
           pst_b64_put(out, PST_B64_STD, pst_str_of(checkpoint->head, PST_LOG_HASH)) &&
           PST_BUF_LIT(out, "\n");
}

bool pst_note_put(struct pst_buf *out, struct pst_str text, const struct pst_note_key *key,
                  const uint8_t sig[PST_NOTE_SIG])
{
    uint8_t blob[PST_NOTE_ID + PST_NOTE_SIG];
    memcpy(blob, key->id, PST_NOTE_ID);
    memcpy(&blob[PST_NOTE_ID], sig, PST_NOTE_SIG);
    return pst_buf_add(out, text) && PST_BUF_LIT(out, "\n") && pst_buf_add(out, DASH) &&
           pst_buf_add(out, pst_log_origin_str(&key->name)) && PST_BUF_LIT(out, " ") &&
           pst_b64_put(out, PST_B64_STD, pst_str_of(blob, sizeof blob)) && PST_BUF_LIT(out, "\n");
}

/* --- reading ------------------------------------------------------------------------------ */

/* Takes one line; false when the input does not end it with a newline. */
static bool take_line(struct pst_cur *c, struct pst_str *ret)
{
    size_t n = pst_str_find_byte(pst_cur_rest(c), '\n');
    return n != PST_NPOS && pst_cur_take(c, n, ret) && pst_cur_byte(c, '\n');
}

/* Unicode White_Space beyond ASCII: no key name may hold one. */
static bool is_space(uint32_t cp)
{
    return cp == ' ' || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f ||
           cp == 0x205f || cp == 0x3000;
}

struct line {
    struct pst_str name;
    uint8_t blob[PST_NOTE_MAX]; /* key id ‖ signature */
    size_t n;
};

/* "— <name> <base64>", without its newline. */
static bool read_line(struct pst_str text, struct line *ret)
{
    struct pst_cur c = pst_cur_of(text);
    if (!pst_cur_lit(&c, DASH)) {
        return false;
    }
    struct pst_str rest = pst_cur_rest(&c);
    size_t space = pst_str_find_byte(rest, ' ');
    if (space == PST_NPOS || space == 0) {
        return false;
    }
    ret->name = pst_str_cut(rest, 0, space);
    for (size_t i = 0; i < ret->name.n;) {
        uint32_t cp = 0;
        size_t n = pst_utf8_get(pst_str_from(ret->name, i), &cp);
        if (n == 0 || cp == '+' || is_space(cp)) {
            return false;
        }
        i += n;
    }
    return pst_b64_get(pst_str_from(rest, space + 1), PST_B64_STD, ret->blob, sizeof ret->blob,
                       &ret->n) &&
           ret->n > PST_NOTE_ID;
}

/* Where the last empty line begins: the text ends in one newline before it. */
static size_t find_split(struct pst_str in)
{
    for (size_t i = in.n; i-- > 1;) {
        if (in.p[i] == '\n' && in.p[i - 1] == '\n') {
            return i;
        }
    }
    return PST_NPOS;
}

enum pst_status pst_note_parse(struct pst_str in, struct pst_note *ret, struct pst_err *err)
{
    if (in.n > PST_NOTE_MAX) {
        return pst_fail(err, PST_E_SYNTAX, "a note has at most %d bytes", PST_NOTE_MAX);
    }
    bool clean = pst_utf8_valid(in);
    for (size_t i = 0; i < in.n; i++) {
        clean = clean && (in.p[i] >= 0x20 || in.p[i] == '\n');
    }
    if (!clean) {
        return pst_fail(err, PST_E_SYNTAX, "the note holds a control character or invalid UTF-8");
    }
    size_t split = find_split(in);
    if (split == PST_NPOS) {
        return pst_fail(err, PST_E_SYNTAX, "the note has no signatures");
    }
    struct pst_note note = {.text = pst_str_cut(in, 0, split),
                            .signatures = pst_str_from(in, split + 1)};
    struct pst_cur c = pst_cur_of(note.signatures);
    while (!pst_cur_done(&c)) {
        struct pst_str text;
        struct line line;
        if (!take_line(&c, &text) || !read_line(text, &line)) {
            return pst_fail(err, PST_E_SYNTAX, "a signature line of the note is not well formed");
        }
        if (++note.count > PST_NOTE_SIGS_MAX) {
            return pst_fail(err, PST_E_SYNTAX, "the note has too many signatures");
        }
    }
    if (note.count == 0) {
        return pst_fail(err, PST_E_SYNTAX, "the note has no signatures");
    }
    *ret = note;
    return PST_OK;
}

enum pst_status pst_note_verify(const struct pst_note *note, const struct pst_note_key *key,
                                struct pst_err *err)
{
    struct pst_cur c = pst_cur_of(note->signatures);
    struct pst_str text;
    struct pst_key *pub = NULL;
    bool good = false, bad = false;
    if (pst_key_from_ed25519(pst_str_of(key->pub, sizeof key->pub), &pub, err) != PST_OK) {
        return PST_ERR;
    }
    while (take_line(&c, &text)) {
        struct line line;
        if (!read_line(text, &line) || !pst_str_eq(line.name, pst_log_origin_str(&key->name)) ||
            memcmp(line.blob, key->id, PST_NOTE_ID) != 0) {
            continue;
        }
        bool right = pst_key_verify(pub, PST_SIG_EDDSA, note->text,
                                    pst_str_of(&line.blob[PST_NOTE_ID], line.n - PST_NOTE_ID));
        good = good || right;
        bad = bad || !right;
    }
    pst_key_free(pub);
    if (bad) {
        return pst_fail(err, PST_E_IDENTITY_INVALID, "a signature of %.*s is wrong",
                        PST_FMT(pst_log_origin_str(&key->name)));
    }
    if (!good) {
        return pst_fail(err, PST_E_NOT_FOUND, "%.*s has not signed this note",
                        PST_FMT(pst_log_origin_str(&key->name)));
    }
    return PST_OK;
}

enum pst_status pst_checkpoint_parse(struct pst_str text, struct pst_checkpoint *ret,
                                     struct pst_err *err)
{
    struct pst_checkpoint point = {0};
    struct pst_cur c = pst_cur_of(text);
    struct pst_str line;
    if (!take_line(&c, &line) || !pst_log_origin_set(&point.origin, line)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's origin is not valid");
    }
    if (!take_line(&c, &line) || !pst_str_u64(line, &point.records)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's number of records is not valid");
    }
    size_t n = 0;
    if (!take_line(&c, &line) ||
        !pst_b64_get(line, PST_B64_STD, point.head, sizeof point.head, &n) ||
        n != sizeof point.head) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint's hash is not valid");
    }
    if (!pst_cur_done(&c)) {
        return pst_fail(err, PST_E_SYNTAX, "the checkpoint has more than three lines");
    }
    *ret = point;
    return PST_OK;
}
