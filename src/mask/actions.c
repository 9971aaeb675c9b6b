#include "mask/mask.h"

static const char *const names[] = {
    [PST_ACT_ALLOW] = "allow",   [PST_ACT_FLAG] = "flag",       [PST_ACT_MASK] = "mask",
    [PST_ACT_REDACT] = "redact", [PST_ACT_PARTIAL] = "partial", [PST_ACT_HASH] = "hash",
    [PST_ACT_BLOCK] = "block",
};

static unsigned strength(enum pst_action action)
{
    static const uint8_t of[] = {
        [PST_ACT_ALLOW] = 0, [PST_ACT_FLAG] = 1,   [PST_ACT_MASK] = 2,  [PST_ACT_PARTIAL] = 3,
        [PST_ACT_HASH] = 4,  [PST_ACT_REDACT] = 5, [PST_ACT_BLOCK] = 6,
    };
    return (unsigned)action < PST_LEN(of) ? of[action] : of[PST_ACT_BLOCK];
}

enum pst_action pst_action_stricter(enum pst_action a, enum pst_action b)
{
    return strength(a) >= strength(b) ? a : b;
}

enum pst_action pst_action_find(struct pst_str name)
{
    for (unsigned i = 0; i < PST_LEN(names); i++) {
        if (pst_str_eq(pst_str_c(names[i]), name)) {
            return (enum pst_action)i;
        }
    }
    return (enum pst_action)(PST_ACT_BLOCK + 1);
}

const char *pst_action_name(enum pst_action action)
{
    return (unsigned)action < PST_LEN(names) ? names[action] : "block";
}

/* Personal data that a definition would cut short or hash is masked without configuration: a token
 * tells an upstream less, and its value comes back. */
static enum pst_action unconfigured(const struct pst_type *type)
{
    bool reversible = !type->secret &&
                      (type->action == PST_ACT_PARTIAL || type->action == PST_ACT_HASH);
    return reversible ? PST_ACT_MASK : (enum pst_action)type->action;
}

static enum pst_action fit(const struct pst_type *type, enum pst_action action)
{
    return type->secret && action == PST_ACT_MASK ? PST_ACT_REDACT : action;
}

void pst_actions_default(const struct pst_scan_image *image, struct pst_actions *ret)
{
    *ret = (struct pst_actions){{0}};
    size_t n = pst_scan_types(image);
    for (size_t i = 0; i < n && i < PST_TYPES_MAX; i++) {
        const struct pst_type *type = pst_scan_type(image, i);
        ret->of[i] = (uint8_t)fit(type, unconfigured(type));
    }
}

/* Words for kinds hold also where no definition is of that kind. */
static bool is_kind(struct pst_str who)
{
    return pst_str_eq_nocase(who, PST_STR("all")) || pst_str_eq_nocase(who, PST_STR("secrets")) ||
           pst_str_eq_nocase(who, PST_STR("personal")) || pst_str_eq_nocase(who, PST_STR("pii"));
}

static bool meant(const struct pst_type *type, struct pst_str who)
{
    if (pst_str_eq_nocase(who, PST_STR("all"))) {
        return true;
    }
    if (pst_str_eq_nocase(who, PST_STR("secrets"))) {
        return type->secret;
    }
    if (pst_str_eq_nocase(who, PST_STR("personal")) || pst_str_eq_nocase(who, PST_STR("pii"))) {
        return !type->secret;
    }
    return pst_str_eq_nocase(who, type->name) || pst_str_eq_nocase(who, type->group);
}

size_t pst_actions_set(const struct pst_scan_image *image, struct pst_actions *actions,
                       struct pst_str who, enum pst_action action, bool only_stricter)
{
    size_t n = pst_scan_types(image), found = 0;
    for (size_t i = 0; i < n && i < PST_TYPES_MAX; i++) {
        const struct pst_type *type = pst_scan_type(image, i);
        if (!meant(type, who)) {
            continue;
        }
        enum pst_action now = (enum pst_action)actions->of[i], want = fit(type, action);
        actions->of[i] = (uint8_t)(only_stricter ? pst_action_stricter(now, want) : want);
        found++;
    }
    return found == 0 && is_kind(who) ? 1 : found;
}

bool pst_actions_any(const struct pst_scan_image *image, const struct pst_actions *actions)
{
    size_t n = pst_scan_types(image);
    for (size_t i = 0; i < n && i < PST_TYPES_MAX; i++) {
        if (actions->of[i] != PST_ACT_ALLOW) {
            return true;
        }
    }
    return false;
}
