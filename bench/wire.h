/* The thinnest HTTP/1.1 that a benchmark needs: where a message ends. Trusts its input. */
#ifndef PST_BENCH_WIRE_H
#define PST_BENCH_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void bench_die(const char *what)
{
    perror(what);
    exit(1);
}

static inline uint64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Length of the head with its empty line; 0: not whole yet. */
static inline size_t bench_head(const char *p, size_t n)
{
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    return end != NULL ? (size_t)(end - p) + 4 : 0;
}

/* Length of the whole message, by its Content-Length; 0: not whole yet. */
static inline size_t bench_message(const char *p, size_t n)
{
    size_t head = bench_head(p, n);
    size_t body = 0;
    for (size_t i = 0; i + 16 < head; i++) {
        if (p[i] == '\n' && strncasecmp(&p[i + 1], "content-length:", 15) == 0) {
            body = (size_t)strtoul(&p[i + 16], NULL, 10);
            break;
        }
    }
    return head != 0 && n >= head + body ? head + body : 0;
}

static inline struct sockaddr_in bench_loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void bench_nodelay(int fd)
{
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline int bench_listen(uint16_t port)
{
    struct sockaddr_in a = bench_loopback(port);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0) {
        bench_die("listen");
    }
    return fd;
}

/* Connects, then becomes non-blocking: on the loopback the wait is none. */
static inline int bench_connect(uint16_t port)
{
    struct sockaddr_in a = bench_loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        bench_die("connect");
    }
    bench_nodelay(fd);
    struct timeval patience = {.tv_sec = 30};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

static inline void bench_watch(int epoll, int fd, void *ptr)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = ptr};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        bench_die("epoll_ctl");
    }
}

/* Writes all of it; a benchmark's messages are smaller than a socket's buffer. */
static inline bool bench_write(int fd, const char *p, size_t n)
{
    return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

#endif
