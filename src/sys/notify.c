#include "sys/notify.h"

#include "sys/fd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

bool pst_notify(struct pst_str state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = name != NULL ? strlen(name) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (name[0] != '/' && name[0] != '@')) {
        return false;
    }
    memcpy(to.sun_path, name, n);
    if (name[0] == '@') {
        to.sun_path[0] = 0; /* an abstract name; its length is that of the address */
    }
    PST_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return fd >= 0 && sendto(fd, state.p, state.n, MSG_NOSIGNAL, (const struct sockaddr *)&to,
                             size) == (ssize_t)state.n;
}
