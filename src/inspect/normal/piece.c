/* Long texts are looked at in pieces. */
#include "inspect/normal/normal.h"

enum { BACK_MAX = 4096, GROUP = 24 };

static bool parts_words(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '"' || c == ',';
}

size_t pst_text_piece(struct pst_str text, size_t from, size_t n)
{
    if (text.n - from <= n) {
        return text.n;
    }
    size_t end = from + n, at = end;
    while (at > from && end - at < BACK_MAX && !parts_words(text.p[at - 1])) {
        at--;
    }
    if (at > from && end - at < BACK_MAX) {
        return at;
    }
    /* one long run: it goes on from a whole group of every encoding (4 of base64, 8 of base32, 2 of
     * hexadecimal, 3 of percent), counted from where the piece begins */
    while (at > from && !parts_words(text.p[at - 1])) {
        at--;
    }
    end = at + (end - at) / GROUP * GROUP;
    while (end > from && end < text.n && (text.p[end] & 0xC0U) == 0x80U) {
        end--;
    }
    return end > from ? end : from + n;
}

size_t pst_text_overlap(struct pst_str text, size_t end, size_t n)
{
    size_t at = end > n ? end - n : 0;
    /* before a word; or before any letter of several bytes, which no encoded run has */
    while (at > 0 && at < end && !parts_words(text.p[at - 1]) && text.p[at] < 0xC0) {
        at++;
    }
    return at;
}
