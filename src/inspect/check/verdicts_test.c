/* Reads lines `name value` and prints for each N, P or Y, or ? when there is no such check. */
#include "inspect/check/check.h"

#include <stdio.h>

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct pst_str text = pst_str_c(line);
        size_t end = pst_str_find_byte(text, '\n');
        text = pst_str_cut(text, 0, end == PST_NPOS ? text.n : end);
        size_t space = pst_str_find_byte(text, ' ');
        if (space == PST_NPOS) {
            putchar('?');
            continue;
        }
        const struct pst_check_row *row = pst_check_find(pst_str_cut(text, 0, space));
        struct pst_str value = pst_str_from(text, space + 1);
        putchar(row == NULL || value.n > PST_CHECK_MAX ? '?' : "NPY"[row->fn(value)]);
    }
    putchar('\n');
    return 0;
}
