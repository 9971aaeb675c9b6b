#include "rules/load.h"

#include "inspect/signature/signature_format.h"
#include "rules/image_build.h"

#include <stdio.h>
#include <string.h>

enum { SECTION_MAX = 32 << 20 };

enum pst_status pst_rules_file(struct pst_arena *arena, const char *name, struct pst_str *ret,
                               struct pst_err *err)
{
    FILE *f = fopen(name, "rb");
    if (f == NULL) {
        return pst_fail(err, PST_E_CONFIG, "%s: cannot be opened", name);
    }
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    bool ok = size >= 0 && size <= PST_RULE_FILE_MAX && fseek(f, 0, SEEK_SET) == 0;
    uint8_t *bytes = ok ? pst_arena_take(arena, (size_t)size + 1) : NULL;
    ok = bytes != NULL && fread(bytes, 1, (size_t)size, f) == (size_t)size;
    (void)fclose(f);
    *ret = pst_str_of(bytes, ok ? (size_t)size : 0);
    return ok ? PST_OK : pst_fail(err, PST_E_CONFIG, "%s: cannot be read, or too large", name);
}

enum pst_status pst_rules_load(struct pst_arena *arena, char *const *names, size_t n,
                               struct pst_rules *ret, struct pst_err *err)
{
    struct pst_rule_file *data = PST_ARENA_ARRAY(arena, PST_RULE_FILES_MAX, struct pst_rule_file);
    struct pst_signature_file *signatures = PST_ARENA_ARRAY(arena, PST_RULE_FILES_MAX,
                                                            struct pst_signature_file);
    size_t n_data = 0, n_signatures = 0;
    if (data == NULL || signatures == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: no memory");
    }
    if (n > PST_RULE_FILES_MAX) {
        return pst_fail(err, PST_E_LIMIT, "too many files of rules");
    }
    for (size_t i = 0; i < n; i++) {
        struct pst_str text;
        if (pst_rules_file(arena, names[i], &text, err) != PST_OK) {
            return PST_ERR;
        }
        struct pst_str name = pst_str_c(names[i]);
        if (pst_str_find(name, PST_STR("injection/")) != PST_NPOS) {
            signatures[n_signatures++] = (struct pst_signature_file){name, text};
        } else {
            bool credentials = pst_str_find(name, PST_STR("credentials/")) != PST_NPOS;
            data[n_data++] = (struct pst_rule_file){name, text, credentials, false};
        }
    }
    *ret = (struct pst_rules){0};
    if (pst_rules_read(arena, data, n_data, false, &ret->data, err) != PST_OK) {
        return PST_ERR;
    }
    return n_signatures == 0
               ? PST_OK
               : pst_signature_read(arena, signatures, n_signatures, &ret->signatures, err);
}

enum pst_status pst_rules_image(struct pst_rules *rules, struct pst_str weights,
                                struct pst_buf *out, struct pst_err *err)
{
    struct pst_buf data, signatures;
    struct pst_image_part parts[3];
    size_t n = 0;
    pst_buf_init(&data, SECTION_MAX);
    pst_buf_init(&signatures, SECTION_MAX);
    enum pst_status status = pst_rules_build(&rules->data, &data, err);
    if (status == PST_OK && rules->signatures.n > 0) {
        status = pst_signature_build(&rules->signatures, &signatures, err);
    }
    parts[n++] = (struct pst_image_part){PST_SECTION_DATA, pst_buf_str(&data)};
    if (rules->signatures.n > 0) {
        parts[n++] = (struct pst_image_part){PST_SECTION_SIGNATURE, pst_buf_str(&signatures)};
    }
    if (weights.n > 0) {
        parts[n++] = (struct pst_image_part){PST_SECTION_WEIGHTS, weights};
    }
    if (status == PST_OK) {
        status = pst_inspect_image_build(parts, n, out, err);
    }
    pst_buf_release(&data);
    pst_buf_release(&signatures);
    return status;
}
