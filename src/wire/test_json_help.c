#include "wire/test_json_help.h"

#include "base/test.h"

#include <dirent.h>
#include <stdlib.h>

uint64_t test_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void dump_one(struct pst_buf *out, const struct pst_json *v)
{
    (void)pst_buf_fmt(out, "%u @%u+%u known=%u opaque=%u count=%u name=%zu:", v->type, v->offset,
                      v->length, v->known, v->opaque, v->count, v->name.n);
    (void)pst_buf_add(out, v->name);
    if (v->type == PST_JSON_STRING || v->type == PST_JSON_NUMBER) {
        (void)pst_buf_fmt(out, " text=%zu:", v->text.n);
        (void)pst_buf_add(out, v->text);
    }
    (void)pst_buf_byte(out, '\n');
}

void test_json_dump(struct pst_buf *out, const struct pst_json *v)
{
    const struct pst_json *stack[PST_JSON_DEPTH_MAX];
    size_t depth = 0;
    while (v != NULL) {
        dump_one(out, v);
        const struct pst_json *child = pst_json_first(v);
        if (child != NULL) {
            stack[depth++] = v;
            v = child;
            continue;
        }
        while (depth > 0 && v->next == NULL) {
            v = stack[--depth];
            (void)PST_BUF_LIT(out, "end\n");
        }
        v = depth > 0 ? v->next : NULL;
    }
}

enum cut { CUT_NONE, CUT_TWO, CUT_BYTES, CUT_RANDOM };

static size_t cut_size(enum cut cut, bool first, size_t at, size_t n, uint64_t *seed)
{
    size_t size = n - at;
    if (cut == CUT_TWO && first) {
        size = (size_t)*seed;
    } else if (cut == CUT_BYTES) {
        size = 1;
    } else if (cut == CUT_RANDOM) {
        size = (size_t)(test_random(seed) % 40) + (at > 0);
    }
    return size < n - at ? size : n - at;
}

/* Each piece is a heap block of its own size, so that a sanitizer sees an over-read; with stable
 * strings the pieces stay until the end. */
static enum pst_error run(const struct pst_json_config *config, struct pst_str text, enum cut cut,
                          uint64_t seed, struct pst_buf *out, struct pst_err *err)
{
    struct pst_arena arena;
    pst_arena_init(&arena, 512, 64U << 20);
    struct pst_json_parser p;
    pst_json_init(&p, config, &arena);
    uint8_t **blocks = calloc(text.n + 2, sizeof *blocks);
    assert_non_null(blocks);
    size_t at = 0, n_blocks = 0;
    enum pst_status status = PST_AGAIN;
    for (bool first = true; status != PST_ERR && (first || at < text.n); first = false) {
        const size_t size = cut_size(cut, first, at, text.n, &seed);
        uint8_t *block = malloc(size > 0 ? size : 1);
        assert_non_null(block);
        if (size > 0) {
            memcpy(block, &text.p[at], size);
        }
        status = pst_json_feed(&p, pst_str_of(block, size), err);
        at += size;
        if (config->stable) {
            blocks[n_blocks++] = block;
        } else {
            free(block);
        }
    }
    if (status != PST_ERR) {
        const enum pst_status last = pst_json_finish(&p, err);
        assert_true(last != PST_AGAIN && (status == PST_AGAIN || last == PST_OK));
        status = last;
    }
    if (status == PST_OK) {
        test_json_dump(out, p.root);
    } else {
        assert_int_not_equal(err->code, PST_E_NONE);
        (void)pst_buf_fmt(out, "%s %u:%u %s", pst_error_row(err->code)->name, err->line,
                          err->column, err->text);
        struct pst_err again = {0};
        assert_int_equal(pst_json_feed(&p, PST_STR(" "), &again), PST_ERR);
        assert_int_equal(again.code, err->code);
        assert_int_equal(pst_json_finish(&p, &again), PST_ERR);
    }
    assert_false(out->failed);
    pst_json_release(&p);
    pst_arena_release(&arena);
    while (n_blocks > 0) {
        free(blocks[--n_blocks]);
    }
    free(blocks);
    return status == PST_OK ? PST_E_NONE : err->code;
}

static void compare(const struct pst_json_config *config, struct pst_str text, enum cut cut,
                    uint64_t seed, const struct pst_buf *want)
{
    struct pst_json_config c = *config;
    for (int stable = 0; stable < 2; stable++) {
        struct pst_buf got;
        struct pst_err err = {0};
        pst_buf_init(&got, want->cap);
        c.stable = stable != 0;
        (void)run(&c, text, cut, seed, &got, &err);
        if (!pst_str_eq(pst_buf_str(&got), pst_buf_str(want))) {
            fail_msg("cut %d, seed %llu, stable %d: wanted\n%.*s\ngot\n%.*s", (int)cut,
                     (unsigned long long)seed, stable, PST_FMT(pst_buf_str(want)),
                     PST_FMT(pst_buf_str(&got)));
        }
        pst_buf_release(&got);
    }
}

enum pst_error test_json_code(const struct pst_json_config *config, struct pst_str text,
                              struct pst_err *err)
{
    struct pst_buf want;
    struct pst_err own = {0};
    err = err != NULL ? err : &own;
    pst_buf_init(&want, 256U << 20);
    const enum pst_error code = run(config, text, CUT_NONE, 0, &want, err);
    compare(config, text, CUT_NONE, 0, &want);
    compare(config, text, CUT_BYTES, 0, &want);
    for (uint64_t at = 0; at <= text.n && text.n <= 300; at++) {
        compare(config, text, CUT_TWO, at, &want);
    }
    for (uint64_t seed = 1; seed <= 4; seed++) {
        compare(config, text, CUT_RANDOM, seed, &want);
    }
    pst_buf_release(&want);
    return code;
}

/* --- public suites ------------------------------------------------------------------------------
 */

static void vector_path(const char *name, char *ret, size_t cap)
{
    const char *root = getenv("POSTERN_VECTORS");
    const int n = root != NULL ? snprintf(ret, cap, "%s/%s", root, name)
                               : snprintf(ret, cap, PST_SOURCE_ROOT "/../shared/vectors/%s", name);
    assert_true(n > 0 && (size_t)n < cap);
}

bool test_vector_read(const char *name, struct pst_buf *out)
{
    char path[4096];
    vector_path(name, path, sizeof path);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    for (;;) {
        uint8_t *room = pst_buf_room(out, 65536);
        assert_non_null(room);
        const size_t n = fread(room, 1, 65536, f);
        if (n == 0) {
            break;
        }
        pst_buf_added(out, n);
    }
    fclose(f);
    return true;
}

int test_vector_list(const char *folder, char ***ret)
{
    char path[4096];
    vector_path(folder, path, sizeof path);
    struct dirent **list = NULL;
    const int n = scandir(path, &list, NULL, alphasort);
    if (n < 0) {
        return -1;
    }
    char **names = calloc((size_t)n + 1, sizeof *names);
    assert_non_null(names);
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.') {
            names[kept] = strdup(list[i]->d_name);
            assert_non_null(names[kept++]);
        }
        free(list[i]);
    }
    free(list);
    *ret = names;
    return kept;
}

void test_vector_free(char **names, int n)
{
    for (int i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
}

void test_vector_missing(const char *name)
{
    const char *ci = getenv("CI");
    if (ci != NULL && strcmp(ci, "true") == 0) {
        fail_msg("the public suite is missing: %s", name);
    }
    printf("skipped: %s\n", name);
}
