/* Signatures: from rules/injection/ to the section PST_SECTION_SIGNATURE (inspect/signature).
 *
 * A file is a list. Its first item may be `defaults:`: category, tags, channels, source, licence
 * for the rules that do not say, and `words`, a map of names to pieces of patterns. In a pattern
 *
 *   {{name}}  stands for the words of that name, as a group;
 *   a space   for what may stand between two words: white space, quotes, marks of Markdown;
 *   é, ł, ё … for themselves and for how they are written without their marks.
 *
 * Everything else is an expression of Vectorscan, matched on bytes, without case, `.` matching
 * everything. One that has no literal of four bytes is refused: it would run on every byte. */
#ifndef PST_RULES_SIGNATURE_COMPILE_H
#define PST_RULES_SIGNATURE_COMPILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "inspect/signature/signature.h"

enum {
    PST_SIGNATURE_PATTERN_MAX = 16384, /* bytes, words put in */
    PST_SIGNATURE_WORDS_MAX = 128,     /* of one file */
    PST_SIGNATURE_EXAMPLES_MAX = 64,   /* of one rule, each kind */
};

struct pst_signature_file {
    struct pst_str name, text; /* the name is for messages */
};
struct pst_signature_texts {
    struct pst_str *list;
    size_t n;
};
struct pst_signature_rule {
    struct pst_signature rule; /* `longest` is filled in by build */
    struct pst_str pattern;    /* words put in, spaces as written */
    struct pst_str file;
    uint32_t line;
    struct pst_signature_texts examples, counter;
};
struct pst_signature_set {
    struct pst_signature_rule *list; /* in the order of files and lines: the numbers of the image */
    size_t n;
    const char
        *store; /* a folder where compiled databases are kept (signature_store.h); NULL: none */
};

/* All of the set lives in the arena, views into the files included. Errors: PST_E_CONFIG with file
 * and line, PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_signature_read(struct pst_arena *arena,
                                                 const struct pst_signature_file *files, size_t n,
                                                 struct pst_signature_set *ret,
                                                 struct pst_err *err);
/* Compiles for the least processor (x86-64 with SSE4.2) and appends the section to `out`. The same
 * set gives the same bytes. */
PST_NODISCARD enum pst_status pst_signature_build(struct pst_signature_set *set,
                                                  struct pst_buf *out, struct pst_err *err);
/* Every example must be hit by its rule, no counter-example may be. `image` is what was built from
 * this set. The first that fails is the error, PST_E_CONFIG with file and line. */
PST_NODISCARD enum pst_status pst_signature_try(const struct pst_signature_set *set,
                                                const struct pst_signature_image *image,
                                                struct pst_err *err);

#endif
