/* The part of cedar-corpus that asks the validator: verdicts of one case, and where they differ. */
#ifndef PST_CEDAR_TOOLS_CORPUS_VALIDATE_H
#define PST_CEDAR_TOOLS_CORPUS_VALIDATE_H

#include "cedar/schema.h"
#include "wire/json.h"
#include "wire/json_out.h"

struct pst_corpus_case {
    struct pst_arena *arena; /* of the case */
    const char *path;
    struct pst_str text;      /* of the case */
    const struct pst_json *v; /* and what it says */
    struct pst_json_out *out; /* in the case's object: members are added */
    bool verdicts;            /* the case's shouldValidate is a placeholder */
    void *ctx;                /* of the functions below */
    /* A file that the case names. */
    bool (*read)(void *ctx, const char *path, const struct pst_json *name, struct pst_str *ret,
                 struct pst_err *err);
    void (*disagree)(void *ctx, const char *path, int64_t request, const char *what);
};

/* The schema that the case names, or NULL. */
struct pst_cedar_schema *pst_corpus_schema(const struct pst_corpus_case *k, struct pst_err *err);
/* Does nothing for a case that names no schema. Policies, entities and requests are validated, the
 * verdicts printed as the member "validation" and compared with what the case and the files
 * beside it (.validation.json, .cedarschema.json) expect. */
void pst_corpus_validate(const struct pst_corpus_case *k);
/* A case of entities that must or must not be read by a schema (.parsing.json beside it); false: it
 * is not one. */
bool pst_corpus_parse_entities(const struct pst_corpus_case *k);

#endif
