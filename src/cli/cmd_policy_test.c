/* postern policy test: runs files of policy tests. */
#include "cedar/explain.h"
#include "cli/policy_answer.h"
#include "cli/policy_cases.h"

#include <string.h>

enum { FILES_MAX = 256, OUT_MAX = 64 << 20 };

struct test {
    struct pst_common common;
    struct pst_option_list words;
    bool verbose;
    struct pst_arena names;
    struct pst_json_out out;
    size_t passed, failed;
};

/* What one case came to. */
struct result {
    const char *path;
    const struct pst_policy_case *c;
    struct pst_policy_verdict verdict;
    struct pst_err err; /* it could not be asked */
    bool asked, passed;
    struct pst_buf why; /* what was wrong, in words */
};

static const char *expected(enum pst_policy_expect e)
{
    return e == PST_EXPECT_ALLOW ? "allow" : e == PST_EXPECT_DENY ? "deny" : "error";
}

/* --- judging ------------------------------------------------------------------------------ */

static bool decided_by(const struct pst_policy_verdict *v, struct pst_str id, bool errors)
{
    size_t n = errors ? v->answer.n_errors : v->answer.n_reasons;
    for (size_t i = 0; i < n; i++) {
        uint32_t policy = errors ? v->answer.errors[i].policy : v->answer.reasons[i];
        if (pst_str_eq(pst_policy_name(v->set, policy), id)) {
            return true;
        }
    }
    return false;
}

static bool by_right(struct result *res)
{
    const struct pst_policy_case *c = res->c;
    bool errors = c->expect == PST_EXPECT_ERROR;
    size_t n = errors ? res->verdict.answer.n_errors : res->verdict.answer.n_reasons;
    if (c->with_by && c->n_by == 0 && n > 0) {
        (void)PST_BUF_LIT(&res->why, "no policy was to decide this\n");
        return false;
    }
    for (size_t i = 0; i < c->n_by; i++) {
        if (!decided_by(&res->verdict, c->by[i], errors)) {
            (void)PST_BUF_LIT(&res->why, "it was not decided by ");
            (void)pst_buf_add(&res->why, c->by[i]);
            (void)pst_buf_byte(&res->why, '\n');
            return false;
        }
    }
    return true;
}

static void judge(struct result *res, struct pst_cedar_request *r)
{
    enum pst_policy_expect got = res->verdict.answer.n_errors > 0 ? PST_EXPECT_ERROR
                                 : res->verdict.allow             ? PST_EXPECT_ALLOW
                                                                  : PST_EXPECT_DENY;
    if (got != res->c->expect) {
        (void)pst_buf_fmt(
            &res->why, "expected %s, got %s%s\n", expected(res->c->expect), expected(got),
            got == PST_EXPECT_ERROR ? ": denied, because a policy could not be evaluated" : "");
        struct pst_cedar_answer keep = res->verdict.answer; /* explaining does not change it */
        if (pst_cedar_explain(r, &res->why, NULL) != PST_OK) {
            (void)PST_BUF_LIT(&res->why, "(too long to explain)\n");
        }
        res->verdict.answer = keep;
        return;
    }
    res->passed = by_right(res);
    if (!res->passed && pst_cedar_explain(r, &res->why, NULL) != PST_OK) {
        (void)PST_BUF_LIT(&res->why, "(too long to explain)\n");
    }
}

/* --- telling ------------------------------------------------------------------------------ */

static void indented(FILE *out, struct pst_str text)
{
    while (text.n > 0) {
        struct pst_str line = pst_str_cut(text, 0, pst_str_find_byte(text, '\n'));
        fputs("       ", out);
        pst_cli_text(out, line, 0);
        fputc('\n', out);
        text = pst_str_from(text, line.n + 1);
    }
}

static void tell(struct test *t, const struct result *res)
{
    if (!res->passed || t->verbose) {
        printf("%s   ", res->passed ? "ok  " : "FAIL");
        pst_cli_text(stdout, pst_str_c(res->path), 0);
        printf(":%u: ", res->c->line);
        pst_cli_text(stdout, res->c->name, 0);
        putchar('\n');
        indented(stdout, pst_buf_str(&res->why));
    }
}

static void tell_json(struct test *t, const struct result *res)
{
    struct pst_json_out *o = &t->out;
    pst_json_out_object(o);
    PST_JSON_KEY(o, "file");
    pst_json_out_lossy(o, pst_str_c(res->path));
    pst_json_out_ku64(o, "line", res->c->line);
    pst_json_out_kstr(o, "name", res->c->name);
    pst_json_out_kbool(o, "passed", res->passed);
    pst_json_out_kstr(o, "expected", pst_str_c(expected(res->c->expect)));
    if (res->asked) {
        pst_policy_verdict_json(o, &res->verdict);
    }
    if (!res->passed) {
        PST_JSON_KEY(o, "why");
        pst_json_out_lossy(o, pst_buf_str(&res->why));
    }
    pst_json_out_end(o);
}

/* --- running ------------------------------------------------------------------------------ */

static void run_case(struct test *t, const struct pst_policy_world *w, const char *path,
                     const struct pst_policy_case *c)
{
    struct pst_arena arena;
    struct pst_cedar_request *r = NULL;
    struct result res = {.path = path, .c = c, .verdict = {.set = w->set}};
    pst_arena_init(&arena, 1 << 16, 64 << 20);
    pst_buf_init(&res.why, 1 << 20);
    if (pst_policy_ask(w, &arena, &c->question, &r, &res.err) == PST_OK &&
        pst_cedar_authorize(r, &res.verdict.answer, &res.err) == PST_OK) {
        res.asked = true;
        res.verdict.allow = res.verdict.answer.allow && res.verdict.answer.n_errors == 0;
        judge(&res, r);
    } else {
        (void)pst_buf_fmt(&res.why, "this cannot be asked: %s\n", res.err.text);
    }
    t->passed += res.passed;
    t->failed += !res.passed;
    if (t->common.json) {
        tell_json(t, &res);
    } else {
        tell(t, &res);
    }
    pst_buf_release(&res.why);
    pst_arena_release(&arena);
}

static enum pst_status run_file(struct test *t, const char *path, struct pst_err *err)
{
    struct pst_arena arena;
    struct pst_str text;
    struct pst_policy_suite suite;
    struct pst_policy_world world = {.gateway = false};
    pst_arena_init(&arena, 1 << 16, 256 << 20);
    enum pst_status status = pst_load_file(&arena, path, PST_POLICY_FILE_MAX, &text, err);
    if (status == PST_OK) {
        status = pst_policy_suite_read(&arena, path, text, &suite, err);
    }
    if (status == PST_OK) {
        struct pst_policy_from from = {.common = &t->common,
                                       .policies = suite.policies,
                                       .n_policies = suite.n_policies,
                                       .schema = suite.schema,
                                       .entities = suite.entities,
                                       .entities_name = pst_str_c(path)};
        status = pst_policy_world_read(&world, &from, err);
    }
    if (status == PST_OK) {
        status = pst_policy_world_seal(&world, err);
    }
    for (size_t i = 0; status == PST_OK && i < suite.n_cases; i++) {
        run_case(t, &world, path, &suite.cases[i]);
    }
    pst_policy_world_release(&world);
    pst_arena_release(&arena);
    return status;
}

static enum pst_status run_all(struct test *t, struct pst_err *err)
{
    const char **paths = PST_ARENA_ARRAY(&t->names, PST_LOAD_POLICIES_MAX, const char *);
    size_t n = 0;
    if (t->words.n == 0) {
        return pst_fail(err, PST_E_USAGE, "which tests? name files, or folders with *.test files");
    }
    if (paths == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the tests");
    }
    for (size_t i = 0; i < t->words.n; i++) {
        size_t before = n;
        if (pst_load_paths(&t->names, t->words.v[i], PST_STR(".test"), paths, &n, err) != PST_OK) {
            return PST_ERR;
        }
        if (n == before) {
            return pst_fail(err, PST_E_NOT_FOUND, "%s holds no *.test file", t->words.v[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (run_file(t, paths[i], err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static int done(struct test *t, struct pst_buf *buf)
{
    if (t->common.json) {
        pst_json_out_end(&t->out);
        pst_json_out_ku64(&t->out, "passed", t->passed);
        pst_json_out_ku64(&t->out, "failed", t->failed);
        pst_json_out_end(&t->out);
        (void)pst_cli_json(pst_buf_str(buf));
    } else {
        printf("%zu passed, %zu failed\n", t->passed, t->failed);
    }
    return t->failed > 0 ? PST_EXIT_FAILED : PST_EXIT_OK;
}

int pst_cmd_policy_test(int argc, char **argv)
{
    struct test t = {.common = {0}};
    struct pst_err err = {0};
    struct pst_buf buf;
    const struct pst_option options[] = {{"--verbose", PST_OPTION_FLAG, &t.verbose}};
    pst_arena_init(&t.names, 1 << 14, 16 << 20);
    pst_buf_init(&buf, OUT_MAX);
    pst_json_out_init(&t.out, &buf);
    pst_json_out_object(&t.out);
    PST_JSON_KEY(&t.out, "tests");
    pst_json_out_array(&t.out);
    int code = pst_options_parse(argc, argv, &t.common, options, PST_LEN(options), &t.words,
                                 PST_OPTION_LIST, &err) == PST_OK &&
                       run_all(&t, &err) == PST_OK
                   ? done(&t, &buf)
                   : pst_policy_fail(&t.common, &err);
    pst_arena_release(&t.names);
    pst_buf_release(&buf);
    return code;
}
