/* cedar-bench DIR: loads policies.cedar, entities.json and requests.json of DIR, decides each
 * request many times, and prints one JSON object. Times are those of one decision, in process,
 * warm: each sample is the mean over a short run of the same request, so that the clock's own cost
 * stays small. */
#include "cedar/cedar.h"
#include "cedar/lex.h"
#include "cedar/tools/files.h"
#include "wire/json.h"
#include "wire/json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REPEAT 16.0
enum { SAMPLES_MAX = 200000 };

struct bench {
    struct pst_arena arena;
    struct pst_cedar *c;
    struct pst_cedar_request **requests;
    size_t n;
    double load_ms;
};

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Type::"id" text, or an object {type, id}. */
static bool uid_of(struct bench *b, struct pst_cedar_request *r, const struct pst_json *v,
                   struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_str text;
    struct pst_str type;
    struct pst_str id;
    if (pst_json_str(PST_JSON_GET(v, "type"), &type) && pst_json_str(PST_JSON_GET(v, "id"), &id)) {
        *ret = pst_cedar_uid(r, type, id);
        return true;
    }
    struct pst_cedar_lex lex;
    size_t quote = pst_json_str(v, &text) ? pst_str_find_byte(text, '"') : PST_NPOS;
    if (quote == PST_NPOS || quote < 3 ||
        pst_cedar_lex_init(&lex, pst_str_from(text, quote), err) != PST_OK ||
        lex.tok.kind != PST_CEDAR_T_STRING) {
        (void)pst_fail(err, PST_E_SYNTAX, "an entity is written Type::\"id\"");
        return false;
    }
    struct pst_buf out;
    pst_buf_init(&out, 1u << 20);
    bool ok = pst_cedar_unescape(&lex.tok, &out, NULL, NULL, err) == PST_OK;
    id = pst_arena_copy(&b->arena, pst_buf_str(&out));
    pst_buf_release(&out);
    *ret = pst_cedar_uid(r, pst_str_cut(text, 0, quote - 2), id);
    return ok;
}

static bool make_request(struct bench *b, struct pst_str text, const struct pst_json *q,
                         struct pst_err *err)
{
    struct pst_cedar_request *r = pst_cedar_request_new(b->c, &b->arena);
    struct pst_cedar_value v[3];
    struct pst_cedar_value context = {0};
    const struct pst_json *ctx = PST_JSON_GET(q, "context");
    if (r == NULL || !uid_of(b, r, PST_JSON_GET(q, "principal"), &v[0], err) ||
        !uid_of(b, r, PST_JSON_GET(q, "action"), &v[1], err) ||
        !uid_of(b, r, PST_JSON_GET(q, "resource"), &v[2], err) ||
        (ctx != NULL && pst_cedar_value_json(r, pst_str_cut(text, ctx->offset, ctx->length),
                                             &context, err) != PST_OK)) {
        return false;
    }
    pst_cedar_principal(r, v[0]);
    pst_cedar_action(r, v[1]);
    pst_cedar_resource(r, v[2]);
    pst_cedar_context(r, context);
    b->requests[b->n++] = r;
    return true;
}

static bool read_in(struct bench *b, const char *dir, const char *name, struct pst_str *ret,
                    struct pst_err *err)
{
    char *path = pst_tool_join(&b->arena, pst_str_c(dir), pst_str_c(name));
    return path != NULL && pst_tool_read(&b->arena, path, ret, err);
}

static bool load(struct bench *b, const char *dir, struct pst_err *err)
{
    struct pst_str policies;
    struct pst_str entities;
    struct pst_str requests;
    struct pst_cedar_limits limits = {.text_bytes = 512u << 20};
    if (!read_in(b, dir, "policies.cedar", &policies, err) ||
        !read_in(b, dir, "entities.json", &entities, err) ||
        !read_in(b, dir, "requests.json", &requests, err)) {
        return false;
    }
    double start = now_ns();
    b->c = pst_cedar_new(&limits);
    if (b->c == NULL ||
        pst_cedar_add_policies(b->c, PST_STR("policies.cedar"), policies, err) != PST_OK ||
        pst_cedar_add_entities_json(b->c, PST_STR("entities.json"), entities, err) != PST_OK ||
        pst_cedar_seal(b->c, err) != PST_OK) {
        return false;
    }
    b->load_ms = (now_ns() - start) / 1e6;
    struct pst_json_config config = pst_json_config_of(512u << 20, 0);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    const struct pst_json *list = pst_json_parse(&config, &b->arena, requests, err);
    if (list == NULL) {
        return false;
    }
    b->requests = PST_ARENA_ARRAY(&b->arena, (size_t)list->count + 1, struct pst_cedar_request *);
    for (const struct pst_json *q = pst_json_first(list); q != NULL; q = q->next) {
        if (b->requests == NULL || !make_request(b, requests, q, err)) {
            return false;
        }
    }
    return b->n > 0 || pst_fail(err, PST_E_SYNTAX, "requests.json is empty") == PST_OK;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool decide(struct bench *b, size_t i, struct pst_cedar_answer *a, struct pst_err *err)
{
    return pst_cedar_authorize(b->requests[i], a, err) == PST_OK;
}

/* Rounds over all requests until there are samples enough; the first round warms up. */
static size_t measure(struct bench *b, double *samples, struct pst_err *err)
{
    size_t rounds = SAMPLES_MAX / b->n;
    size_t n = 0;
    rounds = rounds > 500 ? 500 : rounds < 3 ? 3 : rounds;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < b->n && n < SAMPLES_MAX; i++) {
            struct pst_cedar_answer a;
            double start = now_ns();
            for (double k = 0; k < REPEAT; k++) {
                if (!decide(b, i, &a, err)) {
                    return 0;
                }
            }
            if (round > 0) {
                samples[n++] = (now_ns() - start) / REPEAT;
            }
        }
    }
    return n;
}

static void print_ids(struct pst_json_out *o, const struct pst_cedar *c, const char *key,
                      const struct pst_cedar_answer *a, bool errors)
{
    pst_json_out_key(o, pst_str_c(key));
    pst_json_out_array(o);
    for (size_t i = 0; i < (errors ? a->n_errors : a->n_reasons); i++) {
        uint32_t policy = errors ? a->errors[i].policy : a->reasons[i];
        pst_json_out_str(o, pst_cedar_policy(c, policy).id);
    }
    pst_json_out_end(o);
}

static bool report(struct bench *b, double *samples, size_t n, struct pst_err *err)
{
    struct pst_buf out;
    struct pst_json_out o;
    char text[1400];
    double sum = 0;
    qsort(samples, n, sizeof samples[0], by_time);
    for (size_t i = 0; i < n; i++) {
        sum += samples[i];
    }
    (void)snprintf(text, sizeof text,
                   "{\"load_ms\":%.3f,\"p50_ns\":%.1f,\"p99_ns\":%.1f,\"mean_ns\":%.1f,"
                   "\"decisions\":",
                   b->load_ms, samples[n / 2], samples[n - 1 - n / 100], sum / (double)n);
    pst_buf_init(&out, 1u << 30);
    pst_json_out_init(&o, &out);
    pst_json_out_array(&o);
    for (size_t i = 0; i < b->n; i++) {
        struct pst_cedar_answer a;
        if (!decide(b, i, &a, err)) {
            break;
        }
        pst_json_out_object(&o);
        pst_json_out_kstr(&o, "decision", a.allow ? PST_STR("allow") : PST_STR("deny"));
        print_ids(&o, b->c, "reasons", &a, false);
        print_ids(&o, b->c, "errors", &a, true);
        pst_json_out_end(&o);
    }
    pst_json_out_end(&o);
    bool ok = pst_json_out_ok(&o) && fputs(text, stdout) >= 0 &&
              fwrite(out.p, 1, out.n, stdout) == out.n && fputs("}\n", stdout) >= 0;
    pst_buf_release(&out);
    return ok;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct pst_err err = {0};
    double *samples = (double *)calloc(SAMPLES_MAX, sizeof samples[0]);
    if (argc != 2 || samples == NULL) {
        (void)fprintf(stderr, "usage: cedar-bench DIR\n");
        free(samples);
        return 2;
    }
    pst_arena_init(&b.arena, 1u << 20, (size_t)4 << 30);
    size_t n = load(&b, argv[1], &err) ? measure(&b, samples, &err) : 0;
    bool ok = n > 0 && report(&b, samples, n, &err);
    if (!ok) {
        (void)fprintf(stderr, "cedar-bench: %s:%u:%u: %s\n", err.file, err.line, err.column,
                      err.text);
    }
    free(samples);
    pst_cedar_free(b.c);
    pst_arena_release(&b.arena);
    return ok ? 0 : 1;
}
