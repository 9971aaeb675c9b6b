#include "rules/signature_load.h"

#include "inspect/signature/signature_format.h"

#include <stdio.h>
#include <stdlib.h>

static enum pst_status read_file(struct pst_arena *arena, const char *name, struct pst_str *ret,
                                 struct pst_err *err)
{
    FILE *f = fopen(name, "rb");
    if (f == NULL) {
        return pst_fail(err, PST_E_IO, "%s: cannot be opened", name);
    }
    uint8_t *bytes = pst_arena_take(arena, PST_SIGNATURE_FILE_MAX);
    size_t n = bytes != NULL ? fread(bytes, 1, PST_SIGNATURE_FILE_MAX, f) : 0;
    bool ok = bytes != NULL && ferror(f) == 0 && n < PST_SIGNATURE_FILE_MAX;
    (void)fclose(f);
    *ret = pst_str_of(bytes, n);
    return ok ? PST_OK : pst_fail(err, PST_E_IO, "%s: cannot be read", name);
}

enum pst_status pst_signature_load(struct pst_arena *arena, char *const *names, size_t n,
                                   const char *store, struct pst_signature_set *ret,
                                   uint8_t **image, size_t *image_n, struct pst_err *err)
{
    struct pst_signature_file files[PST_SIGNATURE_FILES_MAX];
    struct pst_buf out;
    if (n > PST_SIGNATURE_FILES_MAX) {
        return pst_fail(err, PST_E_LIMIT, "too many files");
    }
    for (size_t i = 0; i < n; i++) {
        files[i].name = pst_str_c(names[i]);
        if (read_file(arena, names[i], &files[i].text, err) != PST_OK) {
            return PST_ERR;
        }
    }
    pst_buf_init(&out, PST_SIGNATURE_IMAGE_MAX);
    enum pst_status status = pst_signature_read(arena, files, n, ret, err);
    if (status == PST_OK) {
        ret->store = store;
        status = pst_signature_build(ret, &out, err);
    }
    if (status == PST_OK) {
        size_t size = (out.n + 63) / 64 * 64;
        uint8_t *placed = aligned_alloc(64, size);
        if (placed == NULL) {
            status = pst_fail(err, PST_E_NO_MEMORY, "no memory");
        } else {
            memcpy(placed, out.p, out.n);
            *image = placed;
            *image_n = out.n;
        }
    }
    pst_buf_release(&out);
    return status;
}
