#include "base/def.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One write, no stdio stream: this runs in a process whose state is known to be wrong. */
noreturn void pst_bug(const char *file, int line, const char *what)
{
    char text[512];
    int n = snprintf(text, sizeof text, "bug: %s:%d: %s\n", file, line, what);
    if (n > 0) {
        size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
        ssize_t done = write(STDERR_FILENO, text, len);
        (void)done;
    }
    abort();
}
