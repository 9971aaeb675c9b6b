#include "cli/cli.h"
#include "cli/place.h"
#include "control/units.h"

#include <string.h>

enum { OPTIONS_MAX = 24 };

static void defaults(struct pst_common *common)
{
    if (common->state == NULL) {
        common->state = pst_place_state();
        common->config = common->config != NULL ? common->config : pst_place_config();
    }
}

static const struct pst_option *find(const struct pst_option *options, size_t n,
                                     struct pst_str name)
{
    for (size_t i = 0; i < n; i++) {
        if (pst_str_eq(name, pst_str_c(options[i].name))) {
            return &options[i];
        }
    }
    return NULL;
}

static enum pst_status unknown(const struct pst_option *options, size_t n, struct pst_str name,
                               struct pst_err *err)
{
    const char *names[OPTIONS_MAX];
    for (size_t i = 0; i < n; i++) {
        names[i] = options[i].name;
    }
    const char *nearest = pst_name_nearest(name, names, n);
    struct pst_str shown = pst_str_cut(name, 0, 40);
    return pst_fail(err, PST_E_USAGE, "unknown option %.*s%s%s%s", PST_FMT(shown),
                    nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "?" : "");
}

static enum pst_status set(const struct pst_option *option, const char *value, struct pst_err *err)
{
    uint64_t number = 0;
    struct pst_option_list *list = option->into;
    switch (option->kind) {
    case PST_OPTION_FLAG:
        *(bool *)option->into = true;
        return PST_OK;
    case PST_OPTION_TEXT:
        *(const char **)option->into = value;
        return PST_OK;
    case PST_OPTION_U32:
        if (!pst_str_u64(pst_str_c(value), &number) || number == 0 || number > UINT32_MAX) {
            return pst_fail(err, PST_E_USAGE, "%s needs a number", option->name);
        }
        *(uint32_t *)option->into = (uint32_t)number;
        return PST_OK;
    case PST_OPTION_MANY:
        if (list->n >= PST_OPTION_LIST) {
            return pst_fail(err, PST_E_USAGE, "%s is given too often", option->name);
        }
        list->v[list->n++] = value;
        return PST_OK;
    }
    return PST_ERR;
}

/* One option at argv[*at]; moves past its value. `seen` has a bit for each. */
static enum pst_status take(int argc, char **argv, int *at, const struct pst_option *options,
                            size_t n, uint32_t *seen, struct pst_err *err)
{
    struct pst_str name = pst_str_c(argv[*at]);
    const char *value = NULL;
    size_t equals = pst_str_find_byte(name, '=');
    if (equals != PST_NPOS) {
        value = &argv[*at][equals + 1];
        name = pst_str_cut(name, 0, equals);
    }
    const struct pst_option *option = find(options, n, name);
    if (option == NULL) {
        return unknown(options, n, name, err);
    }
    uint32_t bit = (uint32_t)1 << (option - options);
    if (option->kind != PST_OPTION_MANY && (*seen & bit) != 0) {
        return pst_fail(err, PST_E_USAGE, "%s is given twice", option->name);
    }
    *seen |= bit;
    if (option->kind == PST_OPTION_FLAG) {
        return value == NULL ? set(option, NULL, err)
                             : pst_fail(err, PST_E_USAGE, "%s takes no value", option->name);
    }
    if (value == NULL) {
        if (*at + 1 >= argc) {
            return pst_fail(err, PST_E_USAGE, "%s needs a value", option->name);
        }
        value = argv[++*at];
    }
    return set(option, value, err);
}

enum pst_status pst_options_parse(int argc, char **argv, struct pst_common *common,
                                  const struct pst_option *options, size_t n,
                                  struct pst_option_list *words, size_t max, struct pst_err *err)
{
    struct pst_option all[OPTIONS_MAX] = {
        {"--json", PST_OPTION_FLAG, &common->json},
        {"--state", PST_OPTION_TEXT, &common->state},
        {"--config", PST_OPTION_TEXT, &common->config},
    };
    uint32_t seen = 0;
    bool only_words = false;
    size_t total = 3 + n;
    PST_BUG_ON(total > OPTIONS_MAX || max > PST_OPTION_LIST);
    for (size_t i = 0; i < n; i++) {
        all[3 + i] = options[i];
    }
    common->state = NULL;
    for (int at = 1; at < argc; at++) {
        enum pst_status status = PST_OK;
        if (!only_words && strcmp(argv[at], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[at][0] == '-' && argv[at][1] != 0) {
            status = take(argc, argv, &at, all, total, &seen, err);
        } else if (words == NULL || words->n >= max) {
            struct pst_str shown = pst_str_cut(pst_str_c(argv[at]), 0, 40);
            status = pst_fail(err, PST_E_USAGE, "\"%.*s\" is one word too many", PST_FMT(shown));
        } else {
            words->v[words->n++] = argv[at];
        }
        if (status != PST_OK) {
            common->state = common->state != NULL ? common->state : "state";
            return status;
        }
    }
    defaults(common);
    return PST_OK;
}
