/* Passwords on command lines and in the files of tools: curl -u, mysql -p, .netrc, .pgpass,
 * docker's config, shadow and htpasswd hashes; and phrases that restore a wallet. */
#include "inspect/credential/find.h"
#include "inspect/credential/selfcheck.h"
#include "inspect/credential/value.h"

/* The next option of one of two names on the command line that `i` is in; *ret_at: behind it. */
static bool next_option(struct pst_str text, size_t i, size_t end, const char *brief,
                        const char *full, size_t *ret_at)
{
    for (size_t k = i; k + 2 < end; k++) {
        if (!pst_is_space(text.p[k]) || text.p[k + 1] != '-') {
            continue;
        }
        const char *names[2] = {brief, full};
        for (size_t n = 0; n < 2; n++) {
            if (names[n] != NULL &&
                pst_str_starts(pst_str_from(text, k + 1), pst_str_c(names[n]))) {
                *ret_at = k + 1 + strlen(names[n]);
                return true;
            }
        }
    }
    return false;
}

/* The end of a command: a line end that is not continued, or the tool named again; at most a reach
 * on. */
static size_t command_end(struct pst_str text, size_t i, struct pst_str opener)
{
    size_t k = i;
    for (; k < text.n && k - i < PST_CREDENTIAL_REACH; k++) {
        bool ends = text.p[k] == '\n' && text.p[k > 0 ? k - 1 : 0] != '\\';
        if (ends || (text.p[k] == opener.p[0] && pst_str_starts(pst_str_from(text, k), opener))) {
            break;
        }
    }
    return k;
}

bool pst_finder_curl_user(struct pst_str text, size_t at, size_t len,
                          struct pst_credential_hit *ret)
{
    size_t end = command_end(text, at + len, pst_str_cut(text, at, len)), i = at + len - 1,
           value = 0, start = 0;
    if (at > 0 && pst_is_ident(text.p[at - 1])) {
        return false;
    }
    bool wget = pst_has_nocase(text, at, "wget");
    if (!(wget ? next_option(text, i, end, "--password", "--http-password", &value)
               : next_option(text, i, end, "-u", "--user", &value)) &&
        !next_option(text, i, end, "--proxy-user", "-U", &value)) {
        return false;
    }
    while (value < end && (pst_is_blank(text.p[value]) || text.p[value] == '=')) {
        value++;
    }
    size_t stop = pst_finder_word(text, value, &start);
    if (wget) {
        return pst_finder_password(text, start, stop, 8, ret);
    }
    size_t colon = pst_str_find_byte(pst_str_cut(text, start, stop - start), ':');
    return colon != PST_NPOS && colon > 0 &&
           pst_finder_password(text, start + colon + 1, stop, 8, ret);
}

/* Tools whose password option is a letter: mysql -pX, sshpass -p X, redis-cli -a X, docker login -p
 * X, ldapsearch -w X, az login -p X, htpasswd -b file user X, smbclient -U user%X. */
bool pst_finder_cli_password(struct pst_str text, size_t at, size_t len,
                             struct pst_credential_hit *ret)
{
    size_t end = command_end(text, at + len, pst_str_cut(text, at, len)), value = 0, start = 0,
           i = at + len - 1;
    if (at > 0 &&
        (pst_is_ident(text.p[at - 1]) || text.p[at - 1] == '.' || text.p[at - 1] == ':')) {
        return false;
    }
    bool glued = pst_has_nocase(text, at, "mysql") || pst_has_nocase(text, at, "mariadb");
    bool a = pst_has_nocase(text, at, "redis"), w = pst_has_nocase(text, at, "ldap");
    bool smb = pst_has_nocase(text, at, "smb"), ht = pst_has_nocase(text, at, "htpasswd");
    if (ht) {
        return false; /* the hash is what its files hold; see password_hash */
    }
    const char *brief = a ? "-a" : (w ? "-w" : (smb ? "-U" : "-p"));
    if (!next_option(text, i, end, brief, NULL, &value)) {
        return false;
    }
    if (glued ? !pst_is_alnum(pst_at(text, value)) && pst_at(text, value) != '\'' &&
                    pst_at(text, value) != '"'
              : !pst_is_blank(pst_at(text, value)) && !pst_has_nocase(text, at, "sshpass")) {
        return false;
    }
    while (value < end && pst_is_blank(text.p[value])) {
        value++;
    }
    size_t stop = pst_finder_word(text, value, &start);
    if (smb) {
        size_t percent = pst_str_find_byte(pst_str_cut(text, start, stop - start), '%');
        if (percent == PST_NPOS) {
            return false;
        }
        start += percent + 1;
    }
    bool option = pst_str_starts(pst_str_from(text, value), PST_STR("ort"));
    return !option && pst_at(text, start) != '-' && pst_finder_password(text, start, stop, 6, ret);
}

/* {"auths": {"registry": {"auth": "base64 of user:password"}}} */
bool pst_finder_docker_auth(struct pst_str text, size_t at, size_t len,
                            struct pst_credential_hit *ret)
{
    uint8_t out[192];
    size_t i = at + len;
    while (i < text.n && i < at + len + 8 &&
           (pst_is_space(text.p[i]) || text.p[i] == ':' || text.p[i] == '"' || text.p[i] == '\\')) {
        i++;
    }
    size_t end = i;
    while (end < text.n && end - i < PST_CREDENTIAL_REACH &&
           (pst_is_alnum(text.p[end]) || text.p[end] == '+' || text.p[end] == '/')) {
        end++;
    }
    struct pst_str plain = pst_str_of(
        out, pst_base64_peek(pst_str_cut(text, i, end - i), out, sizeof(out)));
    size_t colon = pst_str_find_byte(plain, ':');
    while (pst_at(text, end) == '=') {
        end++;
    }
    if (end - i < 8 || colon == PST_NPOS || colon == 0 || colon + 1 >= plain.n ||
        pst_value_placeholder(pst_str_from(plain, colon + 1))) {
        return false;
    }
    for (size_t k = 0; k < plain.n; k++) {
        if (plain.p[k] < 0x20 || plain.p[k] > 0x7e) {
            return false;
        }
    }
    *ret = (struct pst_credential_hit){i, end, 35, PST_WHY_ASSIGNED | PST_WHY_CHECK};
    return true;
}

/* machine host login name password secret, on one line or several */
bool pst_finder_netrc(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    struct pst_str entry = pst_str_cut(text, at + len, 256);
    size_t login = pst_str_find(entry, PST_STR("login ")),
           word = pst_str_find(entry, PST_STR("password "));
    bool first = at == 0 || pst_is_space(text.p[at - 1]) || text.p[at - 1] == '"' ||
                 text.p[at - 1] == '\'';
    if (!first || word == PST_NPOS || (login == PST_NPOS && !pst_has_nocase(text, at, "default"))) {
        return false;
    }
    size_t start = 0, end = pst_finder_word(text, at + len + word + 9, &start);
    return pst_finder_password(text, start, end, 6, ret);
}

/* host:port:database:user:password, a line of its own */
bool pst_finder_pgpass(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t start = at, i = at + len, colons = 0, least = at > 128 ? at - 128 : 0;
    while (start > least && text.p[start - 1] != '\n') {
        start--;
    }
    for (size_t k = start; k < at; k++) {
        uint8_t c = text.p[k];
        if (!pst_is_alnum(c) && c != '.' && c != '-' && c != '*' && c != '_') {
            return false;
        }
    }
    size_t want = pst_str_starts(pst_str_from(text, at), PST_STR(":*:*:")) ? 1 : 2,
           end = pst_finder_line(text, i, 256);
    while (i < end && colons < want) {
        uint8_t c = text.p[i++];
        if (c == ':') {
            colons++;
        } else if (!pst_is_ident(c) && c != '-' && c != '*' && c != '.') {
            return false;
        }
    }
    while (end > i && pst_is_space(text.p[end - 1])) {
        end--;
    }
    return at > start && colons == want &&
           pst_str_find_byte(pst_str_cut(text, i, end - i), ' ') == PST_NPOS &&
           pst_finder_password(text, i, end, 4, ret);
}

/* crypt(5) and its kin: $id$salt$hash, {SSHA}base64, pbkdf2_sha256$n$salt$hash. */
bool pst_finder_password_hash(struct pst_str text, size_t at, size_t len,
                              struct pst_credential_hit *ret)
{
    size_t i = at + len;
    if (at > 0 && (pst_is_alnum(text.p[at - 1]) || text.p[at - 1] == '$')) {
        return false;
    }
    while (i < text.n && i - at < 256 &&
           (pst_is_alnum(text.p[i]) || (text.p[i] != 0 && strchr("./$+=,-_", text.p[i]) != NULL))) {
        i++;
    }
    struct pst_str value = pst_str_cut(text, at + len, i - at - len);
    struct pst_value_shape shape;
    size_t last = 0;
    for (size_t k = 0; k < value.n; k++) {
        last = value.p[k] == '$' ? k + 1 : last;
    }
    struct pst_str hash = pst_str_from(value, last);
    pst_value_shape(hash, &shape);
    if (hash.n < 22 || shape.distinct < 10 || shape.digit == 0 || pst_value_placeholder(hash)) {
        return false;
    }
    *ret = (struct pst_credential_hit){at, i, 35, PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

/* 12, 15, 18, 21 or 24 words of three to eight letters (BIP-39's lengths), not a sentence: after a
 * sign, and nothing but words. */
bool pst_finder_seed_phrase(struct pst_str text, size_t at, size_t len,
                            struct pst_credential_hit *ret)
{
    size_t i = at + len, most = i + 24;
    while (i < most && i < text.n && text.p[i] != ':' && text.p[i] != '=' &&
           !pst_has_nocase(text, i, " is ")) {
        i++;
    }
    if (i >= most || i >= text.n) {
        return false;
    }
    i += text.p[i] == ' ' ? 4 : 1;
    while (i < text.n && (pst_is_space(text.p[i]) || text.p[i] == '"' || text.p[i] == '\'' ||
                          text.p[i] == '\\' || text.p[i] == '`')) {
        i++;
    }
    size_t start = i, end = i, words = 0;
    while (words <= 24) {
        size_t n = 0;
        while (pst_is_lower(pst_at(text, i + n))) {
            n++;
        }
        if (n < 3 || n > 8) {
            break;
        }
        words++;
        i += n;
        end = i;
        while (pst_is_blank(pst_at(text, i)) || pst_at(text, i) == ',') {
            i++;
        }
    }
    if (words < 12 || words > 24 || words % 3 != 0) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, 40, PST_WHY_ASSIGNED | PST_WHY_DICTIONARY};
    return true;
}
