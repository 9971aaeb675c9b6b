/* Entities as people write them. */
#include "cli/policy_world.h"

#include "base/enc.h"
#include "cedar/lex.h"
#include "cedar/store.h"

static enum pst_status bad(struct pst_str text, struct pst_err *err)
{
    struct pst_str shown = pst_str_cut(text, 0, 60);
    while (!pst_utf8_valid(shown)) {
        shown.n--;
    }
    return pst_fail(err, PST_E_USAGE, "\"%.*s\" is not an entity; write Type::\"id\" or Type/id",
                    PST_FMT(shown));
}

static enum pst_status join(struct pst_arena *arena, struct pst_str type, struct pst_str id,
                            struct pst_cedar_uid_text *ret, struct pst_err *err)
{
    ret->type = pst_arena_copy(arena, type);
    ret->id = pst_arena_copy(arena, id);
    return pst_arena_full(arena) ? pst_fail(err, PST_E_NO_MEMORY, "no memory for an entity")
                                 : PST_OK;
}

/* Type::"id", with Cedar's escapes. */
static enum pst_status full(struct pst_arena *arena, struct pst_str text, size_t quote,
                            struct pst_cedar_uid_text *ret, struct pst_err *err)
{
    struct pst_cedar_lex lex;
    struct pst_buf id;
    struct pst_str type = pst_str_cut(text, 0, quote - 2);
    if (!pst_cedar_name_valid(type) ||
        pst_cedar_lex_init(&lex, pst_str_from(text, quote), NULL) != PST_OK ||
        lex.tok.kind != PST_CEDAR_T_STRING || lex.tok.text.n != text.n - quote) {
        return bad(text, err);
    }
    pst_buf_init(&id, text.n + 1);
    enum pst_status status = PST_ERR;
    if (pst_cedar_unescape(&lex.tok, &id, /* star= */ NULL, NULL, NULL) == PST_OK) {
        status = join(arena, type, pst_buf_str(&id), ret, err);
    } else {
        status = bad(text, err);
    }
    pst_buf_release(&id);
    return status;
}

enum pst_status pst_policy_ref(struct pst_arena *arena, bool gateway, bool action,
                               struct pst_str text, struct pst_cedar_uid_text *ret,
                               struct pst_err *err)
{
    char name[128];
    size_t quote = pst_str_find(text, PST_STR("::\""));
    size_t slash = pst_str_find_byte(text, '/');
    if (text.n == 0 || !pst_utf8_valid(text)) {
        return bad(text, err);
    }
    if (quote != PST_NPOS) {
        return full(arena, text, quote + 2, ret, err);
    }
    if (action && slash == PST_NPOS && pst_str_find_byte(text, '"') == PST_NPOS) {
        return join(arena, gateway ? PST_STR("Postern::Action") : PST_STR("Action"), text, ret,
                    err);
    }
    if (slash == PST_NPOS || slash == 0 || slash + 1 == text.n || slash > 100) {
        return bad(text, err);
    }
    struct pst_str type = pst_str_cut(text, 0, slash);
    if (!pst_cedar_name_valid(type)) {
        return bad(text, err);
    }
    bool add = gateway && pst_str_find(type, PST_STR("::")) == PST_NPOS;
    pst_text(name, sizeof name, "%s%.*s", add ? "Postern::" : "", PST_FMT(type));
    return join(arena, pst_str_c(name), pst_str_from(text, slash + 1), ret, err);
}
