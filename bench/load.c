/* The client of the benchmark, one process, one epoll.
 *
 *   load PORT KEY CONNECTIONS SECONDS          a closed loop; one JSON line with rate and latencies
 *   load PORT KEY CONNECTIONS SECONDS stream   as many streams at once, each read to its end
 *
 * $BENCH_HEADERS, lines with CR LF at each end, is put into every request: some peers are told by
 * headers where to send it.
 *
 * Every connection is kept alive and has one request in flight. The first fifth of the time warms
 * up and is not counted. In streams the lateness of an event is the time it arrived less the time
 * that the upstream wrote into it as due. */
#include "wire.h"

enum { BODY = 2048, BUFFER = 65536, READY = 256, EVENTS = 64, LATE_NS = 20000000 };
enum { STEPS = 64, DECADES = 40, CELLS = STEPS * DECADES }; /* log-linear: 64 steps to a doubling */

struct conn {
    int fd;
    uint64_t sent_ns;
    size_t n;
    unsigned events;
    bool done, ended;
    char in[BUFFER];
};

struct load {
    int epoll;
    uint16_t port;
    bool stream, counting;
    size_t request_n, n_conns, open;
    uint64_t begin_ns, count_ns, end_ns;
    uint64_t answers, errors, sum_ns, max_ns;
    uint64_t events, late, broken, clean;
    uint64_t cells[CELLS];
    struct conn *conns;
    char request[BODY + 1024];
};

/* --- latencies
 * ------------------------------------------------------------------------------------ */

static size_t cell_of(uint64_t ns)
{
    if (ns < STEPS) {
        return (size_t)ns;
    }
    unsigned top = 63u - (unsigned)__builtin_clzll(ns);
    size_t cell = (size_t)(top - 5) * STEPS + (size_t)((ns >> (top - 6)) - STEPS);
    return cell < CELLS ? cell : CELLS - 1;
}

static double cell_us(size_t cell)
{
    size_t doubling = cell / STEPS;
    double ns = doubling == 0 ? (double)cell
                              : (double)(STEPS + cell % STEPS) * (double)(1ull << (doubling - 1));
    return ns / 1000.0;
}

static void note(struct load *l, uint64_t ns)
{
    l->cells[cell_of(ns)]++;
    l->sum_ns += ns;
    l->max_ns = ns > l->max_ns ? ns : l->max_ns;
}

static double percentile(const struct load *l, double share)
{
    uint64_t all = 0, seen = 0;
    for (size_t i = 0; i < CELLS; i++) {
        all += l->cells[i];
    }
    for (size_t i = 0; i < CELLS; i++) {
        seen += l->cells[i];
        if (all > 0 && (double)seen >= share * (double)all) {
            return cell_us(i);
        }
    }
    return 0;
}

/* --- requests
 * ------------------------------------------------------------------------------------- */

static void request_make(struct load *l, const char *key)
{
    static const char form[] = "{\"model\":\"bench\",\"max_tokens\":400,%s\"messages\":[{\"role\":"
                               "\"system\",\"content\":\"You are terse.\"},{\"role\":\"user\","
                               "\"content\":\"%s\"}]}";
    static const char words[] = "How vexingly quick daft zebras jump! ";
    char body[BODY + 1], text[BODY + 1];
    const char *stream = l->stream ? "\"stream\":true," : "";
    size_t room = BODY - (size_t)snprintf(body, sizeof body, form, stream, "");
    for (size_t i = 0; i < room; i++) {
        text[i] = words[i % (sizeof words - 1)];
    }
    text[room] = 0;
    int n = snprintf(body, sizeof body, form, stream, text);
    const char *more = getenv("BENCH_HEADERS");
    l->request_n = (size_t)snprintf(
        l->request, sizeof l->request,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
        "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
        "User-Agent: bench\r\nAccept: */*\r\n%sContent-Length: %d\r\n\r\n%s",
        l->port, key, more != NULL ? more : "", n, body);
    if (l->request_n >= sizeof l->request) {
        (void)fprintf(stderr, "load: the request is too long\n");
        exit(2);
    }
}

static void conn_send(struct load *l, struct conn *c)
{
    c->n = 0;
    c->sent_ns = bench_now_ns();
    if (!bench_write(c->fd, l->request, l->request_n)) {
        l->errors++;
        c->ended = true;
    }
}

static void conn_open(struct load *l, struct conn *c)
{
    c->fd = bench_connect(l->port);
    bench_watch(l->epoll, c->fd, c);
    l->open++;
    conn_send(l, c);
}

static void conn_end(struct load *l, struct conn *c)
{
    c->ended = true;
    close(c->fd);
    l->open--;
}

/* As bench_message, and answers in chunks, which some peers send: nothing comes behind the last
 * one. */
static size_t answer_whole(const struct conn *c)
{
    size_t head = bench_head(c->in, c->n);
    if (head == 0 || memmem(c->in, head, "chunked", 7) == NULL) {
        return bench_message(c->in, c->n);
    }
    return memcmp(&c->in[c->n - 5], "0\r\n\r\n", 5) == 0 ? c->n : 0;
}

static void answer_feed(struct load *l, struct conn *c)
{
    size_t whole = answer_whole(c);
    if (whole == 0) {
        return;
    }
    uint64_t now = bench_now_ns();
    if (memcmp(c->in, "HTTP/1.1 200", 12) != 0) {
        if (l->errors++ == 0) {
            fprintf(stderr, "%.*s\n", (int)whole, c->in);
        }
    } else if (l->counting && now < l->end_ns) {
        l->answers++;
        note(l, now - c->sent_ns);
    }
    if (now < l->end_ns) {
        conn_send(l, c);
    } else {
        conn_end(l, c);
    }
}

/* --- streams
 * -------------------------------------------------------------------------------------- */

static void stream_line(struct load *l, struct conn *c, const char *line, size_t n, uint64_t now)
{
    const char *due = memmem(line, n, "\"content\":\"@", 12);
    if (due != NULL) {
        uint64_t due_ns = strtoull(&due[12], NULL, 10);
        uint64_t late_ns = now > due_ns ? now - due_ns : 0;
        l->events++;
        c->events++;
        l->late += late_ns > LATE_NS ? 1 : 0;
        note(l, late_ns);
    }
    c->done = c->done || memmem(line, n, "data: [DONE]", 12) != NULL;
}

static void stream_feed(struct load *l, struct conn *c)
{
    uint64_t now = bench_now_ns();
    size_t at = 0;
    for (;;) {
        const char *end = memchr(&c->in[at], '\n', c->n - at);
        if (end == NULL) {
            break;
        }
        size_t n = (size_t)(end - &c->in[at]) + 1;
        stream_line(l, c, &c->in[at], n, now);
        at += n;
    }
    bool last = c->done && c->n >= 5 && memcmp(&c->in[c->n - 5], "0\r\n\r\n", 5) == 0;
    memmove(c->in, &c->in[at], c->n - at);
    c->n -= at;
    if (last) {
        l->clean += c->events == EVENTS ? 1 : 0;
        l->broken += c->events == EVENTS ? 0 : 1;
        conn_end(l, c);
    }
}

/* --- driving
 * -------------------------------------------------------------------------------------- */

static void conn_ready(struct load *l, struct conn *c)
{
    ssize_t got = recv(c->fd, &c->in[c->n], sizeof c->in - c->n, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        l->errors++;
        l->broken += l->stream ? 1 : 0;
        conn_end(l, c);
        return;
    }
    c->n += (size_t)got;
    if (l->stream) {
        stream_feed(l, c);
    } else {
        answer_feed(l, c);
    }
}

static void report(const struct load *l)
{
    double seconds = (double)(l->end_ns - l->count_ns) / 1e9;
    uint64_t noted = l->stream ? l->events : l->answers;
    printf("{\"requests\":%llu,\"errors\":%llu,\"rps\":%.1f,\"mean_us\":%.1f,\"p50_us\":%.1f,"
           "\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f",
           (unsigned long long)l->answers, (unsigned long long)l->errors,
           (double)l->answers / seconds,
           noted > 0 ? (double)l->sum_ns / (double)noted / 1000.0 : 0.0, percentile(l, 0.5),
           percentile(l, 0.9), percentile(l, 0.99), (double)l->max_ns / 1000.0);
    printf(",\"streams\":%zu,\"clean\":%llu,\"broken\":%llu,\"events\":%llu,\"late\":%llu}\n",
           l->stream ? l->n_conns : 0, (unsigned long long)l->clean, (unsigned long long)l->broken,
           (unsigned long long)l->events, (unsigned long long)l->late);
}

static void run(struct load *l)
{
    /* streams begin spread over a second, as people do; a loop begins at once */
    uint64_t gap_ns = l->stream ? 1000000000u / l->n_conns : 0;
    size_t begun = 0;
    while (begun < l->n_conns || l->open > 0) {
        struct epoll_event ready[READY];
        uint64_t now = bench_now_ns();
        while (begun < l->n_conns && now >= l->begin_ns + begun * gap_ns) {
            conn_open(l, &l->conns[begun++]);
        }
        l->counting = now >= l->count_ns;
        int n = epoll_wait(l->epoll, ready, READY, begun < l->n_conns ? 1 : 100);
        for (int i = 0; i < n; i++) {
            conn_ready(l, ready[i].data.ptr);
        }
        if (now > l->end_ns + 5000000000u) { /* what has not come by now does not come */
            l->errors += l->open;
            l->broken += l->stream ? l->open : 0;
            return;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: load PORT KEY CONNECTIONS SECONDS [stream]\n");
        return 2;
    }
    static struct load l;
    l.port = (uint16_t)strtoul(argv[1], NULL, 10);
    l.n_conns = strtoul(argv[3], NULL, 10);
    l.stream = argc > 5 && strcmp(argv[5], "stream") == 0;
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    l.conns = calloc(l.n_conns, sizeof *l.conns);
    double seconds = strtod(argv[4], NULL);
    if (l.conns == NULL || l.n_conns == 0 || seconds <= 0) {
        fprintf(stderr, "load: no connections, or no time\n");
        return 2;
    }
    request_make(&l, argv[2]);
    l.begin_ns = bench_now_ns();
    l.count_ns = l.begin_ns + (l.stream ? 0 : (uint64_t)(seconds * 0.2e9));
    l.end_ns = l.begin_ns + (uint64_t)(seconds * 1e9);
    run(&l);
    report(&l);
    return 0;
}
