/* Checkpoints as C2SP signed notes (c2sp.org/signed-note v1.0.0, c2sp.org/tlog-checkpoint v1.0.0):
 *
 *     postern/<log name>\n        origin, also the key's name
 *     <records, decimal>\n
 *     <base64 of 32 bytes>\n      the chain hash now, the Merkle root later
 *     \n
 *     — <key name> <base64 of key id ‖ signature>\n
 *
 * Ed25519 (type 0x01). Reading is strict; signatures by unknown keys are ignored, as the
 * specification demands; a bad signature by a known key refuses the note. */
#ifndef PST_AUDIT_NOTE_H
#define PST_AUDIT_NOTE_H

#include "audit/segment.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_NOTE_KEY = 32,   /* Ed25519 public key */
    PST_NOTE_SIG = 64,   /* Ed25519 signature */
    PST_NOTE_ID = 4,     /* key id */
    PST_NOTE_MAX = 8192, /* bytes of a note that are read */
    PST_NOTE_SIGS_MAX = 64,
    PST_NOTE_VKEY_MAX = PST_LOG_ORIGIN_MAX + 1 + 8 + 1 + 44, /* bytes of a vkey of ours */
};

/* A verifier key: "<name>+<8 hex digits>+<base64 of 0x01 ‖ public key>". */
struct pst_note_key {
    struct pst_log_origin name;
    uint8_t id[PST_NOTE_ID];
    uint8_t pub[PST_NOTE_KEY];
};

/* What a checkpoint says. */
struct pst_checkpoint {
    struct pst_log_origin origin;
    uint64_t records;
    uint8_t head[PST_LOG_HASH];
};

/* From a name and a public key; PST_E_CONFIG for a name that a note cannot carry. */
PST_NODISCARD enum pst_status pst_note_key_init(struct pst_note_key *key, struct pst_str name,
                                                const uint8_t pub[PST_NOTE_KEY],
                                                struct pst_err *err);
/* Reads a vkey (one line, no newline); the key id must be right. Writes one. */
PST_NODISCARD enum pst_status pst_note_key_parse(struct pst_note_key *key, struct pst_str vkey,
                                                 struct pst_err *err);
bool pst_note_key_put(struct pst_buf *out, const struct pst_note_key *key);

/* Appends the text that is signed: three lines, each with its newline. */
bool pst_checkpoint_text(struct pst_buf *out, const struct pst_checkpoint *checkpoint);
/* Appends the whole note for that text and its Ed25519 signature. */
bool pst_note_put(struct pst_buf *out, struct pst_str text, const struct pst_note_key *key,
                  const uint8_t sig[PST_NOTE_SIG]);

/* A note's two parts; views into the input. */
struct pst_note {
    struct pst_str text;       /* what was signed, its last newline included */
    struct pst_str signatures; /* the lines behind the empty one */
    size_t count;              /* of signature lines, 1 … PST_NOTE_SIGS_MAX */
};
/* Strict form only, no cryptography: PST_E_SYNTAX. */
PST_NODISCARD enum pst_status pst_note_parse(struct pst_str in, struct pst_note *ret,
                                             struct pst_err *err);
/* Good when `key` has signed and every signature line that bears its name and id verifies;
 * PST_E_NOT_FOUND when the key has not signed, PST_E_IDENTITY_INVALID when a signature is bad. */
PST_NODISCARD enum pst_status pst_note_verify(const struct pst_note *note,
                                              const struct pst_note_key *key, struct pst_err *err);
/* Reads the text of a checkpoint: exactly three lines. Extension lines are refused. */
PST_NODISCARD enum pst_status pst_checkpoint_parse(struct pst_str text, struct pst_checkpoint *ret,
                                                   struct pst_err *err);

#endif
