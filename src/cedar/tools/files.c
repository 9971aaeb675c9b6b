#include "cedar/tools/files.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool pst_tool_read(struct pst_arena *a, const char *path, struct pst_str *ret, struct pst_err *err)
{
    struct stat st;
    FILE *f = fopen(path, "rbe");
    if (f == NULL || fstat(fileno(f), &st) != 0 || st.st_size < 0) {
        (void)pst_fail(err, PST_E_IO, "%s: %s", path, strerror(errno));
        if (f != NULL) {
            (void)fclose(f);
        }
        return false;
    }
    size_t n = (size_t)st.st_size;
    uint8_t *p = (uint8_t *)pst_arena_take(a, n);
    bool ok = p != NULL && fread(p, 1, n, f) == n;
    (void)fclose(f);
    if (!ok) {
        (void)pst_fail(err, PST_E_IO, "%s: cannot be read whole", path);
        return false;
    }
    *ret = pst_str_of(p, n);
    return true;
}

char *pst_tool_join(struct pst_arena *a, struct pst_str dir, struct pst_str name)
{
    char *p = (char *)pst_arena_take(a, dir.n + name.n + 2);
    if (p != NULL) {
        memcpy(p, dir.p, dir.n);
        p[dir.n] = '/';
        memcpy(&p[dir.n + 1], name.p, name.n);
        p[dir.n + 1 + name.n] = 0;
    }
    return p;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_path, (*b)->fts_path);
}

char **pst_tool_walk(struct pst_arena *a, const char *dir, size_t *ret_n, struct pst_err *err)
{
    char *start = (char *)pst_arena_take(a, strlen(dir) + 1);
    size_t cap = 64;
    size_t n = 0;
    char **paths = PST_ARENA_ARRAY(a, cap, char *);
    if (start == NULL || paths == NULL) {
        (void)pst_fail(err, PST_E_NO_MEMORY, "no memory for the list of files");
        return NULL;
    }
    memcpy(start, dir, strlen(dir) + 1);
    char *roots[2] = {start, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    for (FTSENT *e = walk != NULL ? fts_read(walk) : NULL; e != NULL; e = fts_read(walk)) {
        if (e->fts_info != FTS_F) {
            continue;
        }
        if (n == cap) {
            char **more = PST_ARENA_ARRAY(a, cap * 2, char *);
            if (more == NULL) {
                break;
            }
            memcpy(more, paths, n * sizeof paths[0]);
            paths = more;
            cap *= 2;
        }
        paths[n] = (char *)pst_arena_take(a, (size_t)e->fts_pathlen + 1);
        if (paths[n] == NULL) {
            break;
        }
        memcpy(paths[n++], e->fts_path, (size_t)e->fts_pathlen + 1);
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
    *ret_n = n;
    return paths;
}
