/* Values of other kinds: what is given to names that look like those of secrets. */
#include "inspect/credential/value.h"

/* Sorted. Algorithms, formats, grants, headers: letters and digits without being a secret. */
static const char *const NAMES[] = {
    "aes",        "aes128",   "aes192",   "aes256",    "argon2", "argon2i",   "argon2id",
    "ascii",      "base16",   "base32",   "base58",    "base62", "base64",    "base64url",
    "bcrypt",     "blowfish", "chacha20", "crc32",     "crypt",  "des3",      "ecdsa",
    "ed25519",    "ed448",    "es256",    "es384",     "es512",  "gost",      "hmac",
    "hmac256",    "hs256",    "hs384",    "hs512",     "http1",  "http2",     "i18n",
    "id_rsa",     "int16",    "int32",    "int64",     "int8",   "ipv4",      "ipv6",
    "iso8859",    "jwt",      "k8s",      "kerberos5", "latin1", "md4",       "md5",
    "mfa",        "mschapv2", "mysql41",  "ntlm",      "ntlmv2", "oauth",     "oauth1",
    "oauth2",     "oidc",     "p256",     "p384",      "p521",   "pbkdf2",    "pkcs1",
    "pkcs11",     "pkcs12",   "pkcs5",    "pkcs7",     "pkcs8",  "ps256",     "rc4",
    "ripemd160",  "rs256",    "rs384",    "rs512",     "rsa",    "rsa1024",   "rsa2048",
    "rsa3072",    "rsa4096",  "s3",       "saml2",     "scrypt", "secp256k1", "sha",
    "sha1",       "sha224",   "sha256",   "sha256sum", "sha3",   "sha384",    "sha512",
    "ssha",       "tls1",     "uint16",   "uint32",    "uint64", "uint8",     "utf16",
    "utf32",      "utf8",     "uuid4",    "uuidv4",    "v1",     "v2",        "v3",
    "varchar255", "win32",    "x25519",   "x509",      "x86",    "x86_64",
};

static bool all_of(struct pst_str v, bool (*of)(uint8_t))
{
    size_t i = 0;
    while (i < v.n && of(v.p[i])) {
        i++;
    }
    return v.n > 0 && i == v.n;
}

static bool is_numeric_byte(uint8_t c)
{
    return pst_is_digit(c) || c == '.' || c == ':' || c == '-' || c == '/' || c == ',' ||
           c == '+' || c == '_' || c == 'T' || c == 'Z' || c == '%' || c == ' ' || c == '*' ||
           c == '(' || c == ')';
}

/* 30s, 10MB, 1.5h, 0x1F, 1e9, 2nd, 12345L */
static bool is_number_with_unit(struct pst_str v)
{
    size_t i = 0, letters = 0;
    v = pst_str_from(v, pst_at(v, 0) == '-' ? 1 : 0);
    if (pst_at(v, 0) == '0' && (pst_at(v, 1) | 0x20) == 'x') {
        size_t k = 2;
        while (k < v.n &&
               (pst_is_hex(v.p[k]) || pst_has_nocase(v, k, "u") || pst_has_nocase(v, k, "l"))) {
            k++;
        }
        return k == v.n && v.n <= 22;
    }
    while (i < v.n && (pst_is_digit(v.p[i]) || v.p[i] == '.' || v.p[i] == '_' || v.p[i] == ',')) {
        i++;
    }
    size_t digits = i;
    while (i < v.n && pst_is_alpha(v.p[i])) {
        i++;
        letters++;
    }
    return i == v.n && digits > 0 && letters <= 3 && digits + letters <= 8;
}

static bool is_address(struct pst_str v)
{
    size_t sign = pst_str_find(v, PST_STR("://"));
    if (sign != PST_NPOS && sign <= 16) {
        return true;
    }
    /* somebody@some.host: a local part, a dot in the domain, nothing else */
    size_t at = pst_str_find_byte(v, '@'), dot = 0;
    if (at == PST_NPOS || at == 0) {
        return false;
    }
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        if (i != at && !pst_is_alnum(c) && c != '.' && c != '-' && c != '_' && c != '+') {
            return false;
        }
        dot = i > at && c == '.' ? i : dot;
    }
    return dot > at + 1 && v.n - dot >= 3 && all_of(pst_str_from(v, dot + 1), pst_is_alpha);
}

/* /etc/x, ./x, ~/x, ../x, C:\x, a/b/c.ext, x.pem: words with separators of paths. */
static bool is_path(struct pst_str v)
{
    uint8_t a = pst_at(v, 0), b = pst_at(v, 1), c = pst_at(v, 2);
    if ((a == '.' && (b == '/' || (b == '.' && c == '/'))) || (a == '~' && b == '/') ||
        (pst_is_alpha(a) && b == ':' && (c == '\\' || c == '/'))) {
        return true;
    }
    size_t slashes = 0, long_part = 0, part = 0, digits = 0;
    for (size_t i = 0; i < v.n; i++) {
        bool sep = v.p[i] == '/' || v.p[i] == '\\';
        slashes += sep;
        part = sep ? 0 : part + 1;
        long_part = part > long_part ? part : long_part;
        digits += pst_is_digit(v.p[i]);
    }
    if (a == '/' && slashes >= 1 && long_part <= 32 && digits * 4 <= v.n) {
        return true;
    }
    return slashes >= 1 && long_part <= 24 && digits * 6 <= v.n && pst_value_rarity(v) < 20;
}

static bool is_file_name(struct pst_str v)
{
    static const char *const ENDS[] = {
        ".pem",  ".key",  ".crt", ".cer", ".p12", ".pfx",  ".jks",  ".json", ".yaml", ".yml",
        ".txt",  ".html", ".php", ".js",  ".ts",  ".py",   ".java", ".xml",  ".md",   ".env",
        ".conf", ".cfg",  ".ini", ".png", ".svg", ".css",  ".jpg",  ".gif",  ".sql",  ".sh",
        ".com",  ".org",  ".net", ".io",  ".gpg", ".asc",  ".kdbx", ".cs",   ".go",   ".rs",
        ".rb",   ".c",    ".h",   ".cpp", ".dev", ".local"};
    /* all of them begin with a dot, at most six bytes from the end */
    if (pst_str_find_byte(pst_str_from(v, v.n > 6 ? v.n - 6 : 0), '.') == PST_NPOS) {
        return false;
    }
    for (size_t i = 0; i < PST_LEN(ENDS); i++) {
        size_t n = strlen(ENDS[i]);
        if (v.n > n && pst_has_nocase(v, v.n - n, ENDS[i])) {
            return true;
        }
    }
    return false;
}

static bool starts_with_scheme(struct pst_str v)
{
    static const char *const SCHEMES[] = {"arn:",
                                          "urn:",
                                          "env:",
                                          "vault:",
                                          "file:",
                                          "op://",
                                          "ref+",
                                          "secretref:",
                                          "secret:",
                                          "ssm:",
                                          "gcp:",
                                          "awssm:",
                                          "data:",
                                          "application/",
                                          "text/",
                                          "image/",
                                          "multipart/",
                                          "keyvault:",
                                          "projects/",
                                          "!ref",
                                          "!sub",
                                          "!vault",
                                          "!secret",
                                          "{cipher}",
                                          "enc[",
                                          "enc(",
                                          "ansible_vault",
                                          "process.env",
                                          "os.environ",
                                          "ssh-rsa",
                                          "ssh-ed25519",
                                          "ecdsa-sha2",
                                          "age1",
                                          "sha256:",
                                          "sha1:",
                                          "sha512:",
                                          "md5:",
                                          "sha256-",
                                          "sha384-",
                                          "sha512-",
                                          "@microsoft.keyvault",
                                          "secretsmanager:",
                                          "parameter:"};
    for (size_t i = 0; i < PST_LEN(SCHEMES); i++) {
        if (pst_has_nocase(v, 0, SCHEMES[i])) {
            return true;
        }
    }
    return false;
}

bool pst_value_thing(struct pst_str v)
{
    struct pst_str word = v;
    size_t cut = 0;
    while (cut < v.n && pst_is_ident(v.p[cut])) {
        cut++;
    }
    /* the first word says it: sha256-hash, utf8_bin, hs256 */
    word.n = cut;
    size_t under = pst_str_find_byte(word, '_');
    struct pst_str head = under == PST_NPOS ? word : pst_str_cut(word, 0, under);
    if (pst_word_in(word, NAMES, PST_LEN(NAMES)) ||
        (v.n <= 24 && head.n >= 3 && pst_word_in(head, NAMES, PST_LEN(NAMES)))) {
        return true;
    }
    /* numbers of every kind but a bare run of digits, which a PIN or password can be */
    if ((all_of(v, is_numeric_byte) && !all_of(v, pst_is_digit)) || is_number_with_unit(v)) {
        return !all_of(v, pst_is_digit);
    }
    return is_address(v) || is_path(v) || is_file_name(v) || starts_with_scheme(v);
}
