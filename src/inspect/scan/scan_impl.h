/* What the files of the scanner share. */
#ifndef PST_INSPECT_SCAN_IMPL_H
#define PST_INSPECT_SCAN_IMPL_H

#include "inspect/check/check.h"
#include "inspect/find/find.h"
#include "inspect/normal/normal.h"
#include "inspect/scan/scan.h"
#include "inspect/scan/scan_course.h"
#include "inspect/scan/scan_format.h"

#include <hs_runtime.h>

/* The masks of a form apart from the rest of it: one line of the cache holds more than one. */
struct pst_form_quick {
    uint64_t digit, letter;
    uint64_t sep_any, sep_fixed; /* before which positions a separator may, must stand */
};

/* Forms of one length with the same masks. */
struct pst_form_class {
    struct pst_form_quick masks;
    bool free; /* one of them asks for nothing else */
};
struct pst_form_classes {
    uint64_t seps; /* before which positions any of them may have a separator */
    uint32_t first, n;
};

/* The recognisers that one kind of anchor wakes. */
struct pst_scan_anchor {
    uint8_t rows[32];
    size_t n;
};
enum { PST_ANCHORS = PST_ANCHOR_PERCENT + 1 };

struct pst_scan_image {
    const struct pst_data_def *defs;
    const struct pst_data_form *forms;
    const struct pst_data_length *lengths;
    const struct pst_credential_rule *credentials;
    const struct pst_data_token *tokens;
    const struct pst_data_word *words;
    const struct pst_data_link *links;
    const struct pst_data_key *keys;
    uint64_t *key_bits; /* a bit for the low bits of each key's hash: most names have none */
    size_t n_types, n_defs, n_forms, n_credentials, n_tokens, n_words, n_links, n_keys;
    const hs_database_t *token_db, *word_db;
    struct pst_type *types;
    const struct pst_check_row *checks;
    const struct pst_find_row *finds;
    struct pst_form_quick *quick;
    struct pst_form_class *class_list;
    struct pst_form_classes classes[PST_FORM_MAX + 1];
    struct pst_scan_anchor anchors[PST_ANCHORS];
    uint16_t *find_defs; /* definitions found by recognisers, grouped by row */
    size_t n_find_defs;
};

enum {
    PST_WINDOW_STRETCH = 0xffff, /* `find` of what a pattern or a dictionary matched */
    PST_KEY_BITS = 1 << 16,
    PST_WINDOWS_MAX = 4096,  /* of one batch */
    PST_BATCH_BYTES = 32768, /* text between the first and the last window of a batch */
    PST_HITS_MAX = 65536,    /* context words in one batch */
    PST_TOKEN_HITS_MAX = 65536,
    PST_RUN_TOKENS = 12, /* groups of one candidate */
    PST_NEAR_BEFORE = 112,
    PST_NEAR_AFTER = 56,
    PST_KEY_DEFS_MAX = 256,
};

/* A stretch that may be something: letters and digits with single separators, or what a recogniser
 * grew. */
struct pst_window {
    uint32_t start, end; /* in the text under scan */
    uint16_t def;        /* of a stretch */
    uint16_t find;       /* row + 1 of find.def; 0: a form */
    uint8_t n;           /* letters and digits */
    uint8_t verdict;     /* of the recogniser */
    uint64_t digits, letters, seps;
    uint8_t chars[PST_FORM_MAX];
    uint8_t sep[PST_FORM_MAX];
};

/* Letters and digits without anything between them. */
struct pst_group {
    uint32_t start, end;
    uint64_t digits, letters; /* by position */
    uint8_t n;                /* above PST_FORM_MAX: longer than any form */
    uint8_t sep;              /* what stands before it */
    uint8_t chars[PST_FORM_MAX];
};
enum { PST_GROUPS = 64 };
struct pst_groups {
    struct pst_group list[PST_GROUPS];
    size_t first, end;
};

struct pst_word_hit {
    uint32_t start, end;
    uint32_t word;
};

struct pst_token_hit {
    uint32_t at;
    uint16_t n; /* bytes */
    uint16_t token;
};

/* Where in which table: lines under a heading with as many cells. It only goes forward, so that all
 * questions about one text cost one pass over it. */
struct pst_columns {
    size_t at;        /* all before was looked at */
    size_t line;      /* where the line of `at` begins */
    size_t counts[4]; /* of delimiters in this line so far, by kind */
    bool quoted;      /* within a quoted cell */
    struct pst_str heading;
    size_t heading_counts[4];
    uint8_t delimiter; /* of the table, 0: there is none; else 1 + kind */
};

/* What was said about one definition around one window. */
struct pst_said {
    uint16_t def;
    int16_t best, others, against;
    bool key;
};
enum { PST_SAID_MAX = 512 };
struct pst_hearing {
    struct pst_said list[PST_SAID_MAX];
    size_t n;
    uint32_t round;                /* the one under way */
    uint32_t rounds[PST_DEFS_MAX]; /* by definition: of which round its slot is */
    uint16_t slots[PST_DEFS_MAX];
};

struct pst_scanner {
    const struct pst_scan_image *image;
    hs_scratch_t *scratch;
    struct pst_window *windows;
    struct pst_word_hit *hits;
    struct pst_token_hit *tokens;
    struct pst_finding *found, *out;
    uint8_t *joined; /* what precedes, and the text */
    struct pst_arena arena;
    size_t n_windows, n_hits, n_tokens, n_found;
    bool overflow;
    /* of the text under scan */
    struct pst_str text, key;
    size_t from;   /* findings that end before this are of the text that was released */
    size_t region; /* where the region of the batch begins in the text */
    uint8_t view;
    uint16_t key_defs[PST_KEY_DEFS_MAX]; /* definitions that the key speaks for */
    size_t n_key_defs;
    uint16_t
        name_defs[PST_KEY_DEFS_MAX]; /* the same of what stands before the windows at name_at */
    size_t n_name_defs, name_at;
    size_t resume[256]; /* by row of find.def */
    struct pst_groups groups;
    struct pst_columns columns;
    struct pst_hearing hearing;
    struct pst_scan_course course;
};

/* Finds the windows of the text from *at on; stops when the batch is full. True: the text is done.
 */
bool pst_scan_shapes(struct pst_scanner *s, size_t *at);
/* Whether a form describes the window. */
bool pst_form_fits(const struct pst_data_form *form, const struct pst_window *w);
/* A quick look first: false is certain. */
bool pst_form_may(const struct pst_scan_image *image, size_t form, const struct pst_window *w);

/* Definitions that a name speaks for, without repeats; appends to `defs`. */
size_t pst_scan_key(const struct pst_scan_image *image, struct pst_str key, uint16_t *defs,
                    size_t n, size_t room);
/* The name that what begins at `at` is given to, in the text or in the heading of its column. */
struct pst_str pst_scan_name_before(struct pst_str text, size_t at);
struct pst_str pst_scan_column(struct pst_columns *c, struct pst_str text, size_t at);
/* Context words around the windows of the batch, into s->hits. */
PST_NODISCARD enum pst_status pst_scan_context(struct pst_scanner *s, struct pst_err *err);
/* Findings of the batch's windows, into s->found. */
PST_NODISCARD enum pst_status pst_scan_judge(struct pst_scanner *s, struct pst_err *err);
PST_NODISCARD bool pst_scan_add(struct pst_scanner *s, size_t def, size_t start, size_t end,
                                int score, uint32_t why);
/* Credentials and dictionaries. */
PST_NODISCARD enum pst_status pst_scan_tokens(struct pst_scanner *s, struct pst_err *err);
/* Sorts, lets the better of two that overlap win; the result is in s->out. */
size_t pst_scan_settle(struct pst_scanner *s);
/* How much of a text that goes on may be released. */
size_t pst_scan_safe(struct pst_str text);

#endif
