/* Bytes as a signed note, a verifier key and a checkpoint text: what is accepted is written back as
 * it was. */
#include "audit/note.h"

static void key(struct pst_str in)
{
    struct pst_note_key k;
    struct pst_buf out;
    if (pst_note_key_parse(&k, in, NULL) == PST_OK) {
        pst_buf_init(&out, PST_NOTE_VKEY_MAX);
        PST_BUG_ON(!pst_note_key_put(&out, &k) || !pst_str_eq(pst_buf_str(&out), in));
        pst_buf_release(&out);
    }
}

static void checkpoint(struct pst_str text)
{
    struct pst_checkpoint point;
    struct pst_buf out;
    if (pst_checkpoint_parse(text, &point, NULL) == PST_OK) {
        pst_buf_init(&out, PST_NOTE_MAX);
        PST_BUG_ON(!pst_checkpoint_text(&out, &point) || !pst_str_eq(pst_buf_str(&out), text));
        pst_buf_release(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str in = pst_str_of(data, size);
    struct pst_note note;
    struct pst_note_key k;
    struct pst_err err;
    static const char vkey[] = "postern/test+404cd4b7+AcLGe7n97JeT1yHmVcLgSV1Abqd9u+/gWViJ3ti4IxaS";
    key(in);
    checkpoint(in);
    if (pst_note_parse(in, &note, NULL) != PST_OK) {
        return 0;
    }
    PST_BUG_ON(note.count == 0 || note.text.n + 1 + note.signatures.n != in.n);
    checkpoint(note.text);
    PST_BUG_ON(pst_note_key_parse(&k, pst_str_c(vkey), &err) != PST_OK);
    (void)!pst_note_verify(&note, &k, NULL);
    return 0;
}
