/* Laying the parts of a value over a text: greedy first, exactly when greed leaves a part short. */
#include "inspect/credential/credential.h"

/* Every part takes all it can. */
static size_t match_greedy(const struct pst_value_part *parts, size_t n, struct pst_str text,
                           size_t at)
{
    for (size_t i = 0; i < n; i++) {
        size_t took = 0;
        while (took < parts[i].max && at < text.n && pst_byte_in(parts[i].set, text.p[at])) {
            took++;
            at++;
        }
        if (took < parts[i].min) {
            return PST_NPOS;
        }
    }
    return at;
}

/* One part applied to every place where the parts before it may end: `from` and `to` have one byte
 * per place. A place can be reached when the nearest start that is far enough away is neither too
 * far nor behind a byte outside the set: one pass. */
static bool lay_part(const struct pst_value_part *part, struct pst_str in, const uint8_t *from,
                     uint8_t *to)
{
    bool any = false;
    size_t run = 0; /* bytes of the set directly before place i */
    size_t nearest = PST_NPOS;
    for (size_t i = 0; i <= in.n; i++) {
        if (i > 0) {
            run = pst_byte_in(part->set, in.p[i - 1]) ? run + 1 : 0;
        }
        if (i >= part->min && from[i - part->min] != 0) {
            nearest = i - part->min;
        }
        bool reached = nearest != PST_NPOS && i - nearest <= part->max && i - nearest <= run;
        to[i] = reached ? 1 : 0;
        any = any || reached;
    }
    return any;
}

static size_t match_exact(const struct pst_value_part *parts, size_t n, struct pst_str text,
                          size_t at)
{
    uint8_t a[PST_CREDENTIAL_REACH + 1] = {0}, b[PST_CREDENTIAL_REACH + 1];
    struct pst_str in = pst_str_cut(text, at, PST_CREDENTIAL_REACH);
    uint8_t *from = a, *to = b;
    from[0] = 1;
    for (size_t i = 0; i < n; i++) {
        if (!lay_part(&parts[i], in, from, to)) {
            return PST_NPOS;
        }
        uint8_t *was = from;
        from = to;
        to = was;
    }
    for (size_t i = in.n + 1; i > 0; i--) {
        if (from[i - 1] != 0) {
            return at + i - 1;
        }
    }
    return PST_NPOS;
}

/* Whether a part could have given back bytes that the next one also accepts; without such a pair
 * greed is exact and a failure final. */
static bool may_give_back(const struct pst_value_part *parts, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        for (size_t k = 0; parts[i].min != parts[i].max && k < sizeof(parts[i].set); k++) {
            if ((parts[i].set[k] & parts[i + 1].set[k]) != 0) {
                return true;
            }
        }
    }
    return false;
}

size_t pst_value_match(const struct pst_value_part *parts, size_t n, struct pst_str text, size_t at)
{
    if (n == 0 || n > PST_VALUE_PARTS_MAX || at > text.n) {
        return PST_NPOS;
    }
    size_t end = match_greedy(parts, n, text, at);
    if (end == PST_NPOS && may_give_back(parts, n)) {
        end = match_exact(parts, n, text, at);
    }
    return end;
}
