#include "cli/place.h"

#include "base/str.h"

#include <stdbool.h>
#include <unistd.h>

static bool installed(void)
{
    char self[16];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    return n > 0 && pst_str_starts(pst_str_of(self, (size_t)n), PST_STR("/usr/"));
}

const char *pst_place_state(void)
{
    return installed() ? "/var/lib/postern" : "state";
}

const char *pst_place_config(void)
{
    return installed() ? "/etc/postern/postern.yaml" : NULL;
}
