/* Is the operator's prompt in the answer? A canary, and runs of eight words that the prompt has and
 * the answer has too: of the answer as it comes, of what its base64 decodes to, of its rot13, and
 * of the prompt read backwards. Works on a lane of a stream; memory is fixed at start.
 *
 * Words are letters and digits, case folded; a character of a script without spaces is a word. A
 * prompt of fewer than eight words has no run and is not looked for. */
#ifndef PST_INSPECT_ANSWER_LEAK_H
#define PST_INSPECT_ANSWER_LEAK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_LEAK_WORDS = 8,
    PST_LEAK_RUNS_MAX = 16384, /* of one prompt; what comes later in it is not looked for */
    PST_LEAK_CANARY_MAX = 64,
};

/* What to look for: one per request, shared by its lanes. */
struct pst_leak_source {
    uint64_t *slots; /* of the arena; private */
    uint16_t *order; /* private: number of the run, from 1 */
    size_t mask;     /* private */
    size_t runs;     /* forwards */
    bool cut;        /* the prompt has more runs than fit */
    uint8_t canary[PST_LEAK_CANARY_MAX];
    uint8_t back[PST_LEAK_CANARY_MAX]; /* private: where a search for the canary falls back to */
    size_t canary_n;
};
/* `prompt`: all that the operator wrote, one text. `canary`: letters and digits put into it, or
 * empty. `seed`: random, so that nobody can aim at a collision. ERR: PST_E_NO_MEMORY, or
 * PST_E_CONFIG for a canary that is too long or has other characters. */
PST_NODISCARD enum pst_status pst_leak_source_init(struct pst_leak_source *s, struct pst_str prompt,
                                                   struct pst_str canary, uint64_t seed,
                                                   struct pst_arena *arena, struct pst_err *err);
/* What the user wrote is the user's own to see again: its runs are taken out. Call it for each of
 * the user's turns before the first lane begins. */
void pst_leak_source_except(struct pst_leak_source *s, struct pst_str text, uint64_t seed);

/* Words on their way; private. */
struct pst_leak_reader {
    uint64_t ring[PST_LEAK_WORDS], word;
    size_t words;
    uint32_t part; /* code point so far, its bytes to come in `wait` */
    uint8_t wait;
    uint8_t canary; /* characters of the canary seen in a row */
};

struct pst_leak {
    const struct pst_leak_source *source;
    uint64_t seed;
    uint32_t hits; /* different runs of the prompt seen so far */
    bool canary;   /* the canary was seen */
    bool decoded;  /* a hit was not in plain text */
    uint8_t *seen; /* private: bit per run */
    struct pst_leak_reader plain, rot13, base64;
    uint32_t group; /* private: of base64 */
    uint8_t group_n;
    uint32_t run_n;
};
PST_NODISCARD enum pst_status pst_leak_init(struct pst_leak *l, const struct pst_leak_source *s,
                                            uint64_t seed, struct pst_arena *arena,
                                            struct pst_err *err);
/* The next text of the lane. Nothing is held back; call it before the text is released and look at
 * pst_leak_found. */
void pst_leak_push(struct pst_leak *l, struct pst_str text);
/* No more comes: the last word counts. */
void pst_leak_end(struct pst_leak *l);
/* The canary, two runs, or more than a twentieth of all. */
bool pst_leak_found(const struct pst_leak *l);

#endif
