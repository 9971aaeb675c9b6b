#include "rules/signature_store.h"

#include "base/enc.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096, CHUNK = 1 << 16 };

static bool path_of(const char *dir, const uint8_t *key, bool fresh, struct pst_buf *ret)
{
    static const char digits[] = "0123456789abcdef";
    (void)pst_buf_add(ret, pst_str_c(dir));
    (void)pst_buf_byte(ret, '/');
    for (size_t i = 0; i < PST_SIGNATURE_KEY_BYTES; i++) {
        (void)pst_buf_byte(ret, (uint8_t)digits[key[i] >> 4]);
        (void)pst_buf_byte(ret, (uint8_t)digits[key[i] & 15]);
    }
    if (fresh) { /* until it is whole */
        (void)pst_buf_fmt(ret, ".%ld", (long)getpid());
    }
    return pst_buf_byte(ret, 0);
}

static bool read_file(const char *path, struct pst_buf *ret)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0;
    do {
        uint8_t *room = f != NULL ? pst_buf_room(ret, CHUNK) : NULL;
        n = room != NULL ? fread(room, 1, CHUNK, f) : 0;
        if (n > 0) {
            pst_buf_added(ret, n);
        }
    } while (n > 0);
    return f != NULL && fclose(f) == 0 && !ret->failed;
}

bool pst_signature_store_get(const char *dir, const uint8_t key[PST_SIGNATURE_KEY_BYTES],
                             struct pst_buf *ret)
{
    struct pst_buf path, file;
    uint8_t digest[PST_SHA256_BYTES];
    pst_buf_init(&path, PATH);
    pst_buf_init(&file, ret->cap);
    bool ok = path_of(dir, key, false, &path) && read_file((const char *)path.p, &file) &&
              file.n > sizeof digest;
    if (ok) {
        struct pst_str bytes = pst_str_from(pst_buf_str(&file), sizeof digest);
        pst_sha256(bytes, digest);
        ok = memcmp(digest, file.p, sizeof digest) == 0 && pst_buf_add(ret, bytes);
    }
    pst_buf_release(&path);
    pst_buf_release(&file);
    return ok;
}

void pst_signature_store_put(const char *dir, const uint8_t key[PST_SIGNATURE_KEY_BYTES],
                             struct pst_str bytes)
{
    struct pst_buf path, fresh;
    uint8_t digest[PST_SHA256_BYTES];
    pst_buf_init(&path, PATH);
    pst_buf_init(&fresh, PATH);
    pst_sha256(bytes, digest);
    (void)mkdir(dir, 0755);
    if (path_of(dir, key, false, &path) && path_of(dir, key, true, &fresh)) {
        FILE *f = fopen((const char *)fresh.p, "wb");
        bool ok = f != NULL && fwrite(digest, 1, sizeof digest, f) == sizeof digest &&
                  fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
        ok = f != NULL && fclose(f) == 0 && ok;
        if (!ok || rename((const char *)fresh.p, (const char *)path.p) != 0) {
            (void)unlink((const char *)fresh.p);
        }
    }
    pst_buf_release(&path);
    pst_buf_release(&fresh);
}
