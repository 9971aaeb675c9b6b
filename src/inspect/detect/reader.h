/* Everything that scores texts, opened from one image: signatures, weights, scratch. Long texts are
 * cut here and nowhere else, so that whoever asks gets the same score. */
#ifndef PST_INSPECT_DETECT_READER_H
#define PST_INSPECT_DETECT_READER_H

#include "inspect/detect/detect.h"

enum {
    /* A text is read in pieces of this many bytes: memory does not grow with it, and others have
     * their turn between them. */
    PST_DETECT_PIECE = 64 << 10,
    PST_DETECT_OVERLAP = 4 << 10, /* what a piece has in common with the one before, at most */
};

struct pst_detect_reader; /* one per thread */

/* `image`: an inspection image at a multiple of 64, mapped for as long as the reader lives. *ret is
 * NULL when it has no weights; without signatures only the model speaks. ERR: PST_E_CONFIG for a
 * section that is damaged or of another version, PST_E_NO_MEMORY; *ret is then NULL. */
PST_NODISCARD enum pst_status
pst_detect_reader_open(struct pst_str image, struct pst_detect_reader **ret, struct pst_err *err);
void pst_detect_reader_close(struct pst_detect_reader *reader);

/* How far one text has been read. Zeroed: at its beginning. */
struct pst_detect_walk {
    size_t at;                  /* the next piece begins there */
    struct pst_detection found; /* of all pieces: the loudest of each kind; span and view of the
                                   piece that scored highest, in bytes of the whole text */
};
/* The next piece of `text` (valid UTF-8, below 4 GiB); *ret_n: how many bytes were read. AGAIN:
 * there is more, OK: walk->found is that of the whole text. ERR: it could not be inspected (a bomb
 * of encodings, no memory). An empty text is OK and scores as nothing does. */
PST_NODISCARD enum pst_status pst_detect_reader_next(struct pst_detect_reader *reader,
                                                     struct pst_str text, enum pst_source source,
                                                     struct pst_detect_walk *walk, size_t *ret_n,
                                                     struct pst_err *err);
/* The whole of a text at once. */
PST_NODISCARD enum pst_status pst_detect_reader_run(struct pst_detect_reader *reader,
                                                    struct pst_str text, enum pst_source source,
                                                    struct pst_detection *ret, struct pst_err *err);
/* Gives back what the last text needed, and forgets it. */
void pst_detect_reader_clear(struct pst_detect_reader *reader);

#endif
