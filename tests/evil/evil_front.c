/* A front as somebody who has taken it over would run it. It is started in place of postern-role;
 * for every role but the fronts it is told to be, it executes the real one, a symbolic link named
 * `real` beside it. What to do stands in the file `script` beside it:
 *
 *     an API key that was "seen" on this front
 *     a model that the key may use
 *     INDEX SCENARIO [WORD…]      one line for each front that is evil
 *
 * Each line is used once (the file `done.INDEX` marks it), so that the front started after it is an
 * honest one. It takes its channels like any front, says READY, and then misbehaves. What it did
 * goes to standard error. It does not enter a sandbox: it speaks to its neighbours only. */
#include "evil.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL = 3, LIFE_MS = 20000 };

void evil_say(const struct evil *e, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "evil %u %.3f %s\n", e->index,
                  (double)evil_now_ms(CLOCK_REALTIME) / 1000.0, text);
}

uint64_t evil_now_ms(int clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void evil_sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

uint64_t evil_id(struct evil *e)
{
    if (e->last_id == 0) {
        uint64_t ms = evil_now_ms(CLOCK_REALTIME) - 1767225600000;
        e->last_id = (uint64_t)e->index << 56 | (ms & 0xffffffffff) << 16;
    }
    return ++e->last_id;
}

/* --- messages -----------------------------------------------------------------------------------
 */

bool evil_raw(int to, const void *bytes, size_t n, const int *fds, size_t n_fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } space = {0};
    union {
        const void *in;
        void *out;
    } cast = {.in = bytes};
    struct iovec iov = {cast.out, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n_fds > 0) {
        m.msg_control = space.bytes;
        m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(cm), fds, n_fds * sizeof(int));
    }
    struct pollfd p = {.fd = to, .events = POLLOUT};
    ssize_t sent;
    do {
        sent = sendmsg(to, &m, MSG_NOSIGNAL);
    } while (sent < 0 && (errno == EINTR || (errno == EAGAIN && poll(&p, 1, 5000) == 1)));
    return sent == (ssize_t)n;
}

bool evil_send(int to, enum pst_ipc_type type, const void *fixed, const void *tail, size_t tail_n,
               int fd)
{
    static uint8_t bytes[PST_IPC_MESSAGE_MAX + 4096];
    size_t fixed_n = pst_ipc_row(type)->fixed_n;
    struct pst_ipc_head head = {.type = (uint16_t)type, .tail_n = (uint32_t)tail_n};
    memcpy(bytes, &head, sizeof head);
    memcpy(&bytes[sizeof head], fixed, fixed_n);
    if (tail_n > 0) {
        memcpy(&bytes[sizeof head + fixed_n], tail, tail_n);
    }
    return evil_raw(to, bytes, sizeof head + fixed_n + tail_n, &fd, fd >= 0 ? 1 : 0);
}

/* One message; 0 when none came in time, else its type, the fixed part in `fixed`. */
static unsigned receive(int from, int ms, void *fixed, int *ret_fd)
{
    static uint8_t bytes[PST_IPC_MESSAGE_MAX];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } space;
    struct iovec iov = {bytes, sizeof bytes};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = space.bytes,
                       .msg_controllen = sizeof space.bytes};
    struct pollfd p = {.fd = from, .events = POLLIN};
    *ret_fd = -1;
    if (poll(&p, 1, ms) <= 0) {
        return 0;
    }
    ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
    if (n < (ssize_t)sizeof(struct pst_ipc_head)) {
        return 0;
    }
    struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
    if (cm != NULL) {
        memcpy(ret_fd, CMSG_DATA(cm), sizeof(int));
    }
    struct pst_ipc_head head;
    memcpy(&head, bytes, sizeof head);
    const struct pst_ipc_row *row = pst_ipc_row(head.type);
    if (row == NULL) {
        return 0;
    }
    memcpy(fixed, &bytes[sizeof head], row->fixed_n);
    return head.type;
}

bool evil_wait(struct evil *e, int from, enum pst_ipc_type type, int ms, void *fixed)
{
    uint64_t fixed_space[PST_IPC_FIXED_MAX / 8];
    uint64_t end = evil_now_ms(CLOCK_MONOTONIC) + (uint64_t)ms;
    for (;;) {
        uint64_t now = evil_now_ms(CLOCK_MONOTONIC);
        int fd = -1;
        unsigned got = now < end ? receive(from, (int)(end - now), fixed_space, &fd) : 0;
        if (fd >= 0) {
            (void)close(fd);
        }
        if (got == 0) {
            return false;
        }
        if (got == (unsigned)type) {
            memcpy(fixed, fixed_space, pst_ipc_row(type)->fixed_n);
            return true;
        }
        evil_say(e, "got %s instead", pst_ipc_row(got)->name);
    }
}

/* --- a front's life
 * -------------------------------------------------------------------------------- */

static void take_channel(struct evil *e, const struct pst_ipc_channel *c, int fd)
{
    int *slot = c->role == PST_ROLE_WARDEN                   ? &e->warden
                : c->role == PST_ROLE_AUDIT                  ? &e->audit
                : c->role == PST_ROLE_KEYS                   ? &e->keys
                : c->role == PST_ROLE_EGRESS && c->index < 2 ? &e->egress[c->index]
                                                             : NULL;
    if (slot != NULL) {
        *slot = fd;
    }
}

static void pong(const struct pst_ipc_ping *ping)
{
    struct pst_ipc_pong m = {.n = ping->n};
    (void)evil_send(CONTROL, PST_IPC_PONG, &m, NULL, 0, -1);
}

/* Takes what the supervisor gives, up to GO. */
static bool be_born(struct evil *e)
{
    uint64_t fixed[PST_IPC_FIXED_MAX / 8];
    for (;;) {
        int fd;
        unsigned type = receive(CONTROL, 10000, fixed, &fd);
        if (type == 0) {
            return false;
        }
        if (type == PST_IPC_CHANNEL) {
            struct pst_ipc_channel c;
            memcpy(&c, fixed, sizeof c);
            take_channel(e, &c, fd);
        } else if (type == PST_IPC_IMAGE) {
            struct pst_ipc_image image;
            memcpy(&image, fixed, sizeof image);
            e->generation = image.generation;
        } else if (type == PST_IPC_PING) {
            struct pst_ipc_ping ping;
            memcpy(&ping, fixed, sizeof ping);
            pong(&ping);
        } else if (type == PST_IPC_GO) {
            return true;
        }
    }
}

/* Answers heartbeats, so that what kills it is what it did. */
static void live_on(void)
{
    uint64_t fixed[PST_IPC_FIXED_MAX / 8];
    uint64_t end = evil_now_ms(CLOCK_MONOTONIC) + LIFE_MS;
    while (evil_now_ms(CLOCK_MONOTONIC) < end) {
        int fd;
        unsigned type = receive(CONTROL, 100, fixed, &fd);
        if (type == PST_IPC_PING) {
            struct pst_ipc_ping ping;
            memcpy(&ping, fixed, sizeof ping);
            pong(&ping);
        } else if (type == PST_IPC_STOPPING) {
            return;
        }
    }
}

/* --- what it was told ---------------------------------------------------------------------------
 */

static void beside(const char *name, char *ret, size_t cap)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash != NULL) {
        *slash = 0;
    }
    (void)snprintf(ret, cap, "%s/%s", self, name);
}

static void line_end(char *line)
{
    line[strcspn(line, "\n")] = 0;
}

/* The script's line for this front, used once. */
static bool told(struct evil *e)
{
    char path[8192], line[512], name[32];
    bool found = false;
    beside("script", path, sizeof path);
    FILE *f = fopen(path, "re");
    if (f == NULL || fgets(e->key, sizeof e->key, f) == NULL ||
        fgets(e->model, sizeof e->model, f) == NULL) {
        if (f != NULL) {
            (void)fclose(f);
        }
        return false;
    }
    line_end(e->key);
    line_end(e->model);
    while (!found && fgets(line, sizeof line, f) != NULL) {
        char *save = NULL;
        line_end(line);
        char *word = strtok_r(line, " ", &save);
        if (word == NULL || strtoul(word, NULL, 10) != e->index) {
            continue;
        }
        found = true;
        memcpy(e->words, save, strlen(save) + 1);
    }
    (void)fclose(f);
    if (!found) {
        return false;
    }
    (void)snprintf(name, sizeof name, "done.%u", e->index);
    beside(name, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return false;
    }
    (void)close(fd);
    return true;
}

int main(int argc, char **argv)
{
    struct evil e = {.warden = -1, .audit = -1, .keys = -1, .egress = {-1, -1}, .control = CONTROL};
    bool front = argc == 3 && strcmp(argv[1], "front") == 0;
    e.index = front ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (!front || !told(&e)) {
        char real[8192];
        beside("real", real, sizeof real);
        (void)execv(real, argv);
        return 127;
    }
    if (!be_born(&e)) {
        return 1;
    }
    struct pst_ipc_ready ready = {.seccomp = 1};
    (void)evil_send(CONTROL, PST_IPC_READY, &ready, NULL, 0, -1);
    evil_sleep_ms(300); /* the others get ready: what follows is judged by a whole house */
    char *words[EVIL_WORDS];
    size_t n = 0;
    char *save = NULL;
    for (char *w = strtok_r(e.words, " ", &save); w != NULL && n < EVIL_WORDS;
         w = strtok_r(NULL, " ", &save)) {
        words[n++] = w;
    }
    evil_say(&e, "acts %s", words[0]);
    if (!evil_act(&e, words, n)) {
        evil_say(&e, "knows no %s", words[0]);
        return 1;
    }
    live_on();
    return 0;
}
