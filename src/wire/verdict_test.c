/* Reads connections from standard input (four bytes of length, least first, then the bytes of one
 * client, or with the argument "answers" of one upstream that was asked with GET) and says of each,
 * in one line of JSON, which messages were understood in it and how it ended: for the comparison
 * with other implementations in tests/differential. */
#include "wire/h1.h"

#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTION_MAX = 1 << 20 };

static bool read_whole(uint8_t *to, size_t n)
{
    return fread(to, 1, n, stdin) == n;
}

static void put_b64(struct pst_buf *out, struct pst_str bytes)
{
    PST_BUF_LIT(out, "\"");
    (void)pst_b64_put(out, PST_B64_STD, bytes);
    PST_BUF_LIT(out, "\"");
}

/* A message as far as its head: the body follows. */
static void put_head(struct pst_buf *out, const struct pst_h1_head *head)
{
    PST_BUF_LIT(out, "{\"method\":");
    put_b64(out, head->method_name);
    struct pst_buf target;
    pst_buf_init(&target, CONNECTION_MAX);
    pst_buf_add(&target, head->path);
    if (head->has_query) {
        PST_BUF_LIT(&target, "?");
        pst_buf_add(&target, head->query);
    }
    PST_BUF_LIT(out, ",\"target\":");
    put_b64(out, pst_buf_str(&target));
    pst_buf_release(&target);
    pst_buf_fmt(out, ",\"status\":%u,\"minor\":%u,\"keep\":%d,\"headers\":[", head->status,
                head->minor, head->keep_alive);
    for (size_t i = 0; i < head->n_headers; i++) {
        pst_buf_fmt(out, "%s[", i > 0 ? "," : "");
        put_b64(out, head->headers[i].name);
        PST_BUF_LIT(out, ",");
        put_b64(out, head->headers[i].value);
        PST_BUF_LIT(out, "]");
    }
    PST_BUF_LIT(out, "],\"body\":");
}

struct connection {
    struct pst_h1 parser;
    struct pst_arena arena;
    struct pst_buf body;
    struct pst_buf *out;
    size_t messages;
    bool keep, open; /* open: a head was written and its body not yet */
};

static void take(struct connection *c, const struct pst_h1_event *event)
{
    if (event->type == PST_H1_EVENT_HEAD) {
        pst_buf_fmt(c->out, "%s", c->messages > 0 ? "," : "");
        put_head(c->out, event->head);
        c->keep = event->head->keep_alive;
        c->open = true;
    } else if (event->type == PST_H1_EVENT_BODY) {
        pst_buf_add(&c->body, event->body);
    } else {
        put_b64(c->out, pst_buf_str(&c->body));
        PST_BUF_LIT(c->out, ",\"whole\":true}");
        pst_buf_clear(&c->body);
        c->messages++;
        c->open = false;
        if (c->keep) {
            pst_h1_reset(&c->parser);
            pst_arena_clear(&c->arena);
            if (c->parser.kind == PST_H1_RESPONSE) {
                pst_h1_expect(&c->parser, PST_H1_GET);
            }
        }
    }
}

/* The word for how it ended. */
static const char *play(struct connection *c, struct pst_str in)
{
    struct pst_h1_event event = {0};
    struct pst_err err = {0};
    for (size_t at = 0;;) {
        size_t used = 0;
        enum pst_status status = pst_h1_feed(&c->parser, pst_str_from(in, at), &used, &event, &err);
        if (status == PST_ERR) {
            return pst_error_row(err.code)->code;
        }
        at += used;
        if (status == PST_AGAIN) {
            break;
        }
        take(c, &event);
        if (event.type == PST_H1_EVENT_END && !c->keep) {
            return "closed";
        }
    }
    enum pst_status last = pst_h1_finish(&c->parser, &event, &err);
    if (last == PST_OK) {
        take(c, &event);
    }
    return last == PST_ERR ? "unfinished" : "end";
}

static void verdict(enum pst_h1_kind kind, struct pst_str in, struct pst_buf *out)
{
    static const struct pst_h1_limits limits = {.line_bytes = 4096,
                                                .head_bytes = 32768,
                                                .header_bytes = 16384,
                                                .headers = 100,
                                                .interims = 8,
                                                .chunks = 10000,
                                                .body_bytes = CONNECTION_MAX};
    struct connection c = {.out = out};
    pst_arena_init(&c.arena, 4096, CONNECTION_MAX);
    pst_buf_init(&c.body, CONNECTION_MAX);
    pst_h1_init(&c.parser, kind, &limits, &c.arena);
    if (kind == PST_H1_RESPONSE) {
        pst_h1_expect(&c.parser, PST_H1_GET);
    }
    PST_BUF_LIT(out, "{\"messages\":[");
    const char *word = play(&c, in);
    if (c.open) {
        put_b64(out, pst_buf_str(&c.body));
        PST_BUF_LIT(out, ",\"whole\":false}");
    }
    pst_buf_fmt(out, "],\"end\":\"%s\"}\n", word);
    pst_buf_release(&c.body);
    pst_arena_release(&c.arena);
}

int main(int argc, char **argv)
{
    bool answers = argc > 1 && strcmp(argv[1], "answers") == 0;
    enum pst_h1_kind kind = answers ? PST_H1_RESPONSE : PST_H1_REQUEST;
    uint8_t head[4];
    struct pst_buf out;
    pst_buf_init(&out, 8 << 20);
    while (read_whole(head, sizeof head)) {
        size_t n = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        uint8_t *bytes = n <= CONNECTION_MAX ? malloc(n > 0 ? n : 1) : NULL;
        if (bytes == NULL || !read_whole(bytes, n)) {
            free(bytes);
            return 1;
        }
        verdict(kind, pst_str_of(bytes, n), &out);
        free(bytes);
        bool ok = !out.failed && fwrite(pst_buf_str(&out).p, 1, out.n, stdout) == out.n;
        pst_buf_clear(&out);
        if (!ok) {
            return 1;
        }
    }
    pst_buf_release(&out);
    return 0;
}
