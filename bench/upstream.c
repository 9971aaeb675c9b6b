/* An OpenAI-shaped model server that costs as little as it can: one process, one epoll, an answer
 * of 2 KB that was written before the question came.
 *
 *   upstream PORT [DELAY_MS]
 *
 * A request whose body holds "stream":true gets 64 events, one each 20 ms; the text of each begins
 * with the time it was due ("@nanoseconds" of the monotonic clock), so that the client can tell how
 * late it came without a clock of its own. */
#include "wire.h"

enum { EVENTS = 64, EVENT_NS = 20000000, IN_MAX = 65536, READY = 256, ANSWER = 2048 };

struct conn {
    int fd;
    size_t n;
    uint64_t due_ns; /* of the next thing to say */
    unsigned said;   /* events of the stream */
    bool waiting, dead;
    struct conn *next;
    char in[IN_MAX];
};

/* Everything in one queue waits equally long, so it is in order of time by itself. */
struct queue {
    struct conn *first, **last;
};

struct server {
    int epoll, listener;
    uint64_t delay_ns;
    struct queue answers, streams;
    size_t answer_n;
    char answer[ANSWER + 512];
};

static void queue_add(struct queue *q, struct conn *c, uint64_t due_ns)
{
    c->due_ns = due_ns;
    c->next = NULL;
    c->waiting = true;
    *q->last = c;
    q->last = &c->next;
}

static struct conn *queue_due(struct queue *q, uint64_t now)
{
    struct conn *c = q->first;
    if (c == NULL || c->due_ns > now) {
        return NULL;
    }
    q->first = c->next;
    if (q->first == NULL) {
        q->last = &q->first;
    }
    c->waiting = false;
    return c;
}

static void answer_make(struct server *s)
{
    char body[ANSWER + 1], text[ANSWER + 1];
    static const char form[] =
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1767225600,"
        "\"model\":"
        "\"bench\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%"
        "s\"},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":400,\"completion_tokens\":400,"
        "\"total_tokens\":800}}";
    static const char words[] = "The quick brown fox jumps over the lazy dog. ";
    int frame = snprintf(body, sizeof body, form, "");
    size_t room = ANSWER - (size_t)frame;
    for (size_t i = 0; i < room; i++) {
        text[i] = words[i % (sizeof words - 1)];
    }
    text[room] = 0;
    int n = snprintf(body, sizeof body, form, text);
    s->answer_n = (size_t)snprintf(s->answer, sizeof s->answer,
                                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   "Content-Length: %d\r\n\r\n%s",
                                   n, body);
}

static void conn_close(struct conn *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
    c->dead = true;
    if (!c->waiting) {
        free(c);
    }
}

static void chunk(struct conn *c, const char *event, int n)
{
    char out[1024];
    int k = snprintf(out, sizeof out, "%x\r\n%.*s\r\n", (unsigned)n, n, event);
    if (!bench_write(c->fd, out, (size_t)k)) {
        conn_close(c);
    }
}

static void stream_say(struct server *s, struct conn *c)
{
    static const char form[] =
        "data: "
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,"
        "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{%s\"content\":\"@%llu words \"},"
        "\"finish_reason\":null}]}\n\n";
    static const char last[] =
        "data: "
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,"
        "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"
        "\n\n"
        "data: [DONE]\n\n";
    char event[512];
    int n = snprintf(event, sizeof event, form, c->said == 0 ? "\"role\":\"assistant\"," : "",
                     (unsigned long long)c->due_ns);
    chunk(c, event, n);
    if (c->dead) {
        return;
    }
    if (++c->said < EVENTS) {
        queue_add(&s->streams, c, c->due_ns + EVENT_NS);
        return;
    }
    chunk(c, last, (int)sizeof last - 1);
    if (!c->dead && !bench_write(c->fd, "0\r\n\r\n", 5)) {
        conn_close(c);
    }
}

static void stream_begin(struct server *s, struct conn *c)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    c->said = 0;
    if (bench_write(c->fd, head, sizeof head - 1)) {
        queue_add(&s->streams, c, bench_now_ns() + EVENT_NS);
    } else {
        conn_close(c);
    }
}

static void conn_ready(struct server *s, struct conn *c)
{
    ssize_t got = recv(c->fd, &c->in[c->n], sizeof c->in - c->n, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        conn_close(c);
        return;
    }
    c->n += (size_t)got;
    size_t whole = bench_message(c->in, c->n);
    if (whole == 0) {
        return;
    }
    bool stream = memmem(c->in, whole, "\"stream\":true", 13) != NULL;
    memmove(c->in, &c->in[whole], c->n - whole);
    c->n -= whole;
    if (stream) {
        stream_begin(s, c);
    } else if (s->delay_ns != 0) {
        queue_add(&s->answers, c, bench_now_ns() + s->delay_ns);
    } else if (!bench_write(c->fd, s->answer, s->answer_n)) {
        conn_close(c);
    }
}

static void accept_all(struct server *s)
{
    for (;;) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct conn *c = calloc(1, sizeof *c);
        if (c == NULL) {
            bench_die("calloc");
        }
        c->fd = fd;
        bench_nodelay(fd);
        bench_watch(s->epoll, fd, c);
    }
}

static void say_due(struct server *s)
{
    struct conn *c;
    uint64_t now = bench_now_ns();
    while ((c = queue_due(&s->answers, now)) != NULL) {
        if (c->dead || !bench_write(c->fd, s->answer, s->answer_n)) {
            conn_close(c);
        }
    }
    while ((c = queue_due(&s->streams, now)) != NULL) {
        if (c->dead) {
            conn_close(c);
        } else {
            stream_say(s, c);
        }
    }
}

/* Time until the next thing is due; false: nothing is. */
static bool wait_time(const struct server *s, struct timespec *ret)
{
    const struct conn *a = s->answers.first, *b = s->streams.first;
    const struct conn *c = a == NULL || (b != NULL && b->due_ns < a->due_ns) ? b : a;
    if (c == NULL) {
        return false;
    }
    uint64_t now = bench_now_ns();
    uint64_t left = c->due_ns > now ? c->due_ns - now : 0;
    *ret = (struct timespec){.tv_sec = (time_t)(left / 1000000000u),
                             .tv_nsec = (long)(left % 1000000000u)};
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: upstream PORT [DELAY_MS]\n");
        return 2;
    }
    static struct server s;
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    s.listener = bench_listen((uint16_t)strtoul(argv[1], NULL, 10));
    s.delay_ns = argc > 2 ? strtoull(argv[2], NULL, 10) * 1000000u : 0;
    s.answers.last = &s.answers.first;
    s.streams.last = &s.streams.first;
    answer_make(&s);
    bench_watch(s.epoll, s.listener, NULL);
    for (;;) {
        struct epoll_event ready[READY];
        struct timespec wait;
        bool timed = wait_time(&s, &wait);
        int n = epoll_pwait2(s.epoll, ready, READY, timed ? &wait : NULL, NULL);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == NULL) {
                accept_all(&s);
            } else {
                conn_ready(&s, ready[i].data.ptr);
            }
        }
        say_due(&s);
    }
}
