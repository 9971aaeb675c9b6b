#include "cli/cli.h"

#include "control/units.h"

#include <string.h>

struct command {
    const char *words; /* "key create" */
    int (*run)(int argc, char **argv);
    const char *arguments, *text, *options;
};

static const struct command commands[] = {
#define PST_COMMAND(words, function, arguments, text, options)                                     \
    {words, function, arguments, text, options},
#include "cli/commands.def"
#undef PST_COMMAND
};

static const char common_options[] =
    "Every command: --json (one JSON value on standard output)\n"
    "               --state DIR (default: state)  --config FILE (default: DIR/postern.yaml)\n"
    "Installed from a package: /var/lib/postern and /etc/postern/postern.yaml.\n";

/* Whether argv begins with the command's words; tells how many there are. */
static bool fits(const struct command *command, int argc, char **argv, int *ret_words)
{
    struct pst_str rest = pst_str_c(command->words);
    int at = 0;
    while (rest.n > 0) {
        size_t space = pst_str_find_byte(rest, ' ');
        struct pst_str word = pst_str_cut(rest, 0, space);
        if (at >= argc || !pst_str_eq(word, pst_str_c(argv[at]))) {
            return false;
        }
        at++;
        rest = pst_str_from(rest, space == PST_NPOS ? rest.n : space + 1);
    }
    *ret_words = at;
    return true;
}

static void help_one(FILE *out, const struct command *command)
{
    fprintf(out, "postern %s %s\n    %s\n%s", command->words, command->arguments, command->text,
            command->options);
}

/* All commands, or those that begin with a word. */
static int help(FILE *out, const char *word)
{
    size_t shown = 0;
    if (word == NULL) {
        fputs("Postern stands between everything that talks to a language model and everything a "
              "model talks to.\n\n",
              out);
    }
    for (size_t i = 0; i < PST_LEN(commands); i++) {
        const struct command *command = &commands[i];
        if (command->text[0] == 0 ||
            (word != NULL && !pst_str_starts(pst_str_c(command->words), pst_str_c(word)))) {
            continue;
        }
        shown++;
        if (word != NULL) {
            help_one(out, command);
        } else {
            fprintf(out, "  %-14s %s\n", command->words, command->text);
        }
    }
    fprintf(out, "%s%s", shown > 0 ? "\n" : "", common_options);
    if (word == NULL) {
        fputs("More about one: postern help COMMAND\n", out);
    }
    return shown > 0 ? PST_EXIT_OK : PST_EXIT_USAGE;
}

static int unknown(const char *word)
{
    const char *names[PST_LEN(commands)];
    struct pst_common common = {0};
    struct pst_err err = {0};
    for (size_t i = 0; i < PST_LEN(commands); i++) {
        names[i] = commands[i].text[0] != 0 ? commands[i].words : "";
        size_t n = strlen(word);
        if (n > 0 && strncmp(names[i], word, n) == 0 && names[i][n] == ' ') {
            (void)help(stderr, word); /* "key" alone: show what can follow */
            return PST_EXIT_USAGE;
        }
    }
    const char *nearest = pst_name_nearest(pst_str_c(word), names, PST_LEN(names));
    struct pst_str shown = pst_str_cut(pst_str_c(word), 0, 40);
    (void)pst_fail(&err, PST_E_USAGE, "there is no command \"%.*s\"%s%s%s", PST_FMT(shown),
                   nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "\"?" : "");
    return pst_cli_fail(&common, &err);
}

int pst_cmd_version(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_err err = {0};
    if (pst_options_parse(argc, argv, &common, NULL, 0, NULL, 0, &err) != PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    puts(common.json ? "{\"version\":\"" PST_VERSION "\"}" : "postern " PST_VERSION);
    return PST_EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)help(stderr, NULL);
        return PST_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        char words[64] = "";
        (void)snprintf(words, sizeof words, "%s%s%s", argc > 2 ? argv[2] : "", argc > 3 ? " " : "",
                       argc > 3 ? argv[3] : "");
        return help(stdout, argc > 2 ? words : NULL);
    }
    if (strcmp(argv[1], "--version") == 0) {
        return pst_cmd_version(1, argv);
    }
    for (size_t i = 0; i < PST_LEN(commands); i++) {
        int words = 0;
        if (!fits(&commands[i], argc - 1, &argv[1], &words)) {
            continue;
        }
        for (int k = 1 + words; k < argc && strcmp(argv[k], "--") != 0; k++) {
            if (strcmp(argv[k], "--help") == 0 || strcmp(argv[k], "-h") == 0) {
                help_one(stdout, &commands[i]);
                fputs(common_options, stdout);
                return PST_EXIT_OK;
            }
        }
        return commands[i].run(argc - words, &argv[words]);
    }
    return unknown(argv[1]);
}
