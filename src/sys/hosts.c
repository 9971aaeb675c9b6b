#include "sys/hosts.h"

static bool blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next word of a line; empty at its end. */
static struct pst_str word_next(struct pst_str *line)
{
    size_t from = 0;
    while (from < line->n && blank(line->p[from])) {
        from++;
    }
    size_t to = from;
    while (to < line->n && !blank(line->p[to])) {
        to++;
    }
    struct pst_str word = pst_str_cut(*line, from, to - from);
    *line = pst_str_from(*line, to);
    return word;
}

bool pst_hosts_next(struct pst_str text, struct pst_str name, uint16_t port, size_t *at,
                    struct pst_addr *ret)
{
    while (*at < text.n) {
        struct pst_str line = pst_str_from(text, *at);
        size_t end = pst_str_find_byte(line, '\n');
        *at += end == PST_NPOS ? line.n : end + 1;
        line = pst_str_cut(line, 0, end);
        line = pst_str_cut(line, 0, pst_str_find_byte(line, '#'));
        struct pst_str address = word_next(&line);
        for (struct pst_str word = word_next(&line); word.n > 0; word = word_next(&line)) {
            if (pst_str_eq_nocase(word, name)) {
                if (pst_addr_parse_ip(address, port, ret)) {
                    return true;
                }
                break;
            }
        }
    }
    return false;
}
