/* What an address carries, and what follows from it. */
#include "inspect/answer/link.h"

enum {
    RUN_MAX = 24,     /* of letters and digits that read like no words */
    PART_MAX = 40,    /* bytes of one value or path segment before it is looked at harder */
    QUERY_MAX = 160,  /* bytes of the whole query and fragment */
    LABEL_LONG = 32,  /* bytes of one label of a host */
    LABELS_MAX = 6,   /* labels of a host */
    WORDS_MAX = 4,    /* words in one value */
    DISTINCT_MIN = 12 /* different characters in a run of data */
};

struct run {
    size_t n, letters, digits, changes, vowels;
    uint64_t distinct; /* bit of each base64 character seen */
    int last;
};

static int class_of(uint8_t b)
{
    if (b >= 'a' && b <= 'z') {
        return 1;
    }
    if (b >= 'A' && b <= 'Z') {
        return 2;
    }
    return b >= '0' && b <= '9' ? 3 : 0;
}

static size_t bits(uint64_t v)
{
    return (size_t)__builtin_popcountll(v);
}

/* A run of letters and digits without words: long, of many different characters, and either mixed
 * of capitals, small letters and digits, or all hexadecimal, or with hardly a vowel. */
static bool run_is_data(const struct run *r)
{
    if (r->n < RUN_MAX || bits(r->distinct) < DISTINCT_MIN - 4) {
        return false;
    }
    bool mixed = r->changes * 4 >= r->n && bits(r->distinct) >= DISTINCT_MIN;
    bool dense = r->digits * 4 >= r->n;
    bool no_vowels = r->vowels * 6 < r->letters;
    return mixed || dense || no_vowels;
}

static void run_add(struct run *r, uint8_t b, int class)
{
    r->changes += r->last != 0 && class != r->last;
    r->digits += class == 3;
    r->letters += class != 3;
    r->vowels += pst_str_find_byte(PST_STR("aeiouAEIOU"), b) != PST_NPOS;
    r->distinct |= 1ULL << (b & 63U);
    r->last = class;
    r->n++;
}

/* Runs of what base64, base32 and hexadecimal are made of. '-' and '_' join words in addresses
 * more often than they are digits of base64url: they part runs. */
static bool has_data_run(struct pst_str part)
{
    struct run r = {0};
    for (size_t i = 0; i < part.n; i++) {
        int class = class_of(part.p[i]);
        if (class == 0 && part.p[i] != '+' && part.p[i] != '=') {
            if (run_is_data(&r)) {
                return true;
            }
            r = (struct run){0};
        } else {
            run_add(&r, part.p[i], class == 0 ? 3 : class);
        }
    }
    return run_is_data(&r);
}

static size_t words_in(struct pst_str part)
{
    size_t words = 1;
    for (size_t i = 0; i < part.n; i++) {
        bool space = part.p[i] == '+' || part.p[i] == ' ' ||
                     pst_str_starts(pst_str_from(part, i), PST_STR("%20"));
        words += space;
    }
    return words;
}

static size_t escapes_in(struct pst_str part)
{
    size_t n = 0;
    for (size_t i = 0; i < part.n; i++) {
        n += part.p[i] == '%';
    }
    return n;
}

/* Values of a query, segments of a path. */
static bool part_is_data(struct pst_str part, bool query)
{
    if (has_data_run(part)) {
        return true;
    }
    if (query && (words_in(part) > WORDS_MAX || escapes_in(part) > 6)) {
        return true;
    }
    return query ? part.n > 2 * (size_t)PART_MAX
                 : part.n > 3 * (size_t)PART_MAX && escapes_in(part) > 6;
}

static bool parts_are_data(struct pst_str s, const char *between, bool query)
{
    size_t from = 0;
    for (size_t i = 0; i <= s.n; i++) {
        if (i == s.n || pst_str_find_byte(pst_str_c(between), s.p[i]) != PST_NPOS) {
            if (part_is_data(pst_str_cut(s, from, i - from), query)) {
                return true;
            }
            from = i + 1;
        }
    }
    return false;
}

/* Data in sub-domain labels leaves with the name's resolution alone. */
static bool host_is_data(struct pst_str host)
{
    size_t labels = 1, from = 0;
    for (size_t i = 0; i <= host.n; i++) {
        if (i < host.n && host.p[i] != '.') {
            continue;
        }
        struct pst_str label = pst_str_cut(host, from, i - from);
        bool puny = pst_str_starts(label, PST_STR("xn--"));
        if ((label.n > LABEL_LONG && !puny) || (!puny && has_data_run(label))) {
            return true;
        }
        labels += i < host.n;
        from = i + 1;
    }
    return labels > LABELS_MAX;
}

static bool carries_data(const struct pst_address *a)
{
    return a->query.n + a->fragment.n > QUERY_MAX || parts_are_data(a->query, "&;=", true) ||
           parts_are_data(a->fragment, "&;=/", true) || parts_are_data(a->path, "/\\;", false) ||
           host_is_data(a->host);
}

static bool scheme_is(const struct pst_address *a, const char *name)
{
    return pst_str_eq_nocase(a->scheme, pst_str_c(name));
}

/* Schemes without a host to send to. */
static struct pst_link_judgement judge_other(const struct pst_address *a, struct pst_str address)
{
    const struct pst_link_judgement keep = {PST_LINK_KEEP, 0};
    const struct pst_link_judgement block = {PST_LINK_BLOCK, PST_LINK_WHY_SCHEME};
    if (scheme_is(a, "mailto")) { /* a body or a copy in it is data that leaves by one click */
        bool data = a->query.n > 0 && parts_are_data(a->query, "&;=", true);
        return data ? (struct pst_link_judgement){PST_LINK_NEUTRALISE, PST_LINK_WHY_DATA} : keep;
    }
    if (scheme_is(a, "data")) {
        bool picture = pst_str_eq_nocase(pst_str_cut(address, 0, 11), PST_STR("data:image/")) &&
                       !pst_str_eq_nocase(pst_str_cut(address, 0, 15), PST_STR("data:image/svg+"));
        return picture ? keep : block;
    }
    /* Anything else is relative to where the answer is shown, or no address at all ("color:red").
     */
    bool runs = scheme_is(a, "javascript") || scheme_is(a, "vbscript") || scheme_is(a, "file") ||
                scheme_is(a, "blob") || scheme_is(a, "filesystem") ||
                (a->scheme.n > 3 &&
                 pst_str_eq_nocase(pst_str_cut(a->scheme, 0, 3), PST_STR("ms-")));
    return runs ? block : keep;
}

struct pst_link_judgement pst_link_judge(const struct pst_hosts *hosts, struct pst_str address,
                                         enum pst_link_kind kind, bool strict)
{
    struct pst_address a;
    pst_address_read(address, &a);
    if (a.host.n == 0) {
        return judge_other(&a, address);
    }
    uint8_t why = a.userinfo.n > 0 ? PST_LINK_WHY_USERINFO : 0;
    bool known = pst_hosts_has(hosts, a.host);
    if (known && why == 0) {
        return (struct pst_link_judgement){PST_LINK_KEEP, 0};
    }
    why |= known ? 0 : PST_LINK_WHY_HOST;
    why |= carries_data(&a) ? PST_LINK_WHY_DATA : 0;
    bool fetched = kind == PST_LINK_IMAGE || kind == PST_LINK_REFERENCE || kind == PST_LINK_FETCHED;
    if (fetched && (why & (PST_LINK_WHY_DATA | PST_LINK_WHY_USERINFO)) != 0) {
        return (struct pst_link_judgement){PST_LINK_BLOCK, why};
    }
    if (fetched || strict || (why & ~(unsigned int)PST_LINK_WHY_HOST) != 0) {
        return (struct pst_link_judgement){PST_LINK_NEUTRALISE, why};
    }
    return (struct pst_link_judgement){PST_LINK_KEEP, why};
}
