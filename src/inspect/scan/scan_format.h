/* The data section of the inspection image: what src/rules writes and the scanner reads in place.
 * Little-endian, fixed layout, every table at a multiple of 64; what lies outside or is out of
 * range is refused at opening, so that the scanner itself need not ask again. */
#ifndef PST_INSPECT_SCAN_FORMAT_H
#define PST_INSPECT_SCAN_FORMAT_H

#include "inspect/credential/credential.h"

#include <stdint.h>

#define PST_DATA_MAGIC "PSTDATA\x01"
enum {
    PST_DATA_ALIGN = 64,
    PST_FORM_MAX = 40, /* letters and digits of one form */
    PST_DEFS_MAX = 4096,
    PST_FORMS_MAX = 16384,
    PST_LITERALS_MAX = 65536,
};

/* A table of the section: where it is and how many rows (bytes, for texts and databases). */
struct pst_data_table {
    uint32_t at, n;
};

struct pst_data_head {
    uint8_t magic[8];
    uint32_t size, crc; /* CRC-32C of what follows */
    struct pst_data_table types, defs, forms, lengths, credentials, tokens, words, links, keys,
        texts, token_db, word_db;
    uint32_t pad[4];
};

struct pst_data_text {
    uint32_t at;
    uint32_t n;
};

struct pst_data_type {
    struct pst_data_text name, title, group;
    uint16_t longest;
    uint8_t secret, action;
    uint32_t pad;
};

enum pst_def_kind {
    PST_DEF_FORM,
    PST_DEF_FIND,
    PST_DEF_WORDS,
    PST_DEF_CREDENTIAL,
    PST_DEF_PATTERN, /* an expression of the matcher's, which says its own start */
};
enum pst_def_flag {
    PST_DEF_NEEDS_CONTEXT = 1U << 0,
    PST_DEF_USER = 1U << 1,
};

struct pst_data_def {
    uint16_t type;
    uint8_t kind;  /* enum pst_def_kind */
    uint8_t flags; /* enum pst_def_flag */
    uint8_t check; /* row + 1 of check.def */
    uint8_t find;  /* row of find.def */
    int16_t prior; /* log-odds in tenths */
    uint32_t credential;
    uint32_t forms, n_forms; /* of this definition, in the table of forms by definition */
};

/* One shape of letters and digits, positions from the left, bit 0 the first. */
struct pst_data_form {
    uint64_t digit, letter; /* must be one */
    uint64_t fixed;         /* must be the letter or digit of `chars` */
    uint16_t def;
    uint8_t n;   /* positions */
    uint8_t any; /* '_' occurs: one kind of separator, or none, at its places */
    uint32_t pad;
    uint8_t sep[PST_FORM_MAX];   /* before each position: 0 none, '_' any or none, else itself */
    uint8_t chars[PST_FORM_MAX]; /* in upper case, where fixed */
};

/* Forms are sorted by length, and within one the strong ones (which may be found without context)
 * first. */
struct pst_data_length {
    uint32_t first, strong, n;
};

/* A literal of the first database: an entry of a credential, or words of a dictionary. */
struct pst_data_token {
    uint16_t def;
    uint16_t n;       /* bytes that the expression spans */
    uint16_t literal; /* of these, bytes of the prefix or the name: what is confirmed from */
    uint16_t zero;
};

/* A literal of the second database, and the definitions it speaks for or against. */
struct pst_data_word {
    uint32_t first;
    uint16_t n_links;
    uint16_t n;         /* bytes */
    uint8_t cjk, exact; /* no word borders; no inflection */
    uint16_t pad;
};
struct pst_data_link {
    uint16_t def;
    int8_t sign;
    uint8_t pad;
};

/* Sorted by hash: the normalised name of a member, column or variable. */
struct pst_data_key {
    uint64_t hash;
    uint16_t def, pad[3];
};

/* FNV-1a of a normalised name: words in lower case joined by '_'. */
static inline uint64_t pst_data_hash(uint64_t h, uint8_t byte)
{
    return (h ^ byte) * UINT64_C(1099511628211);
}
#define PST_DATA_HASH_BEGIN UINT64_C(14695981039346656037)

#endif
