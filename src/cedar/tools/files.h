/* Files for the two tools: whole files, and directories walked. */
#ifndef PST_CEDAR_TOOLS_FILES_H
#define PST_CEDAR_TOOLS_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The file's bytes, in the arena; false with err set when it cannot be read. */
bool pst_tool_read(struct pst_arena *a, const char *path, struct pst_str *ret, struct pst_err *err);
/* Paths of all files below `dir` (or `dir` itself when it is one), sorted; NULL without memory. */
char **pst_tool_walk(struct pst_arena *a, const char *dir, size_t *ret_n, struct pst_err *err);
/* "a/b", in the arena. */
char *pst_tool_join(struct pst_arena *a, struct pst_str dir, struct pst_str name);

#endif
