/* Every example of every credential is found, exactly and as its type; no counter-example is. The
 * arguments are the files of rules. */
#include "base/test.h"
#include "rules/example.h"
#include "rules/load.h"

#include <stdlib.h>

enum { ARENA_MAX = 256 << 20, IMAGE_MAX = 64 << 20 };

static char *const *files;
static size_t n_files;

struct fixture {
    struct pst_arena arena;
    struct pst_rules rules;
    struct pst_buf image;
    uint8_t *aligned;
    struct pst_scan_image *opened;
    struct pst_scanner *scanner;
    size_t wrong;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct pst_err err = {0};
    struct pst_str section;
    pst_arena_init(&f.arena, 0, ARENA_MAX);
    pst_buf_init(&f.image, IMAGE_MAX);
    bool ok = pst_rules_load(&f.arena, files, n_files, &f.rules, &err) == PST_OK &&
              pst_rules_build(&f.rules.data, &f.image, &err) == PST_OK;
    size_t room = (f.image.n / 64 + 1) * 64;
    f.aligned = ok ? aligned_alloc(64, room) : NULL;
    ok = ok && f.aligned != NULL;
    if (ok) {
        memcpy(f.aligned, f.image.p, f.image.n);
    }
    section = pst_str_of(f.aligned, f.image.n);
    ok = ok && pst_scan_image_open(section, &f.opened, &err) == PST_OK &&
         pst_scanner_init(&f.scanner, f.opened, &err) == PST_OK;
    if (!ok) {
        print_error("%s:%u: %s\n", err.file, err.line, err.text);
    }
    *state = &f;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    pst_scanner_release(f->scanner);
    pst_scan_image_close(f->opened);
    free(f->aligned);
    pst_buf_release(&f->image);
    pst_arena_release(&f->arena);
    return 0;
}

/* Looks at one text; `start` == `end`: this type must not be there. */
static void look(struct fixture *f, const struct pst_rule_def *d, struct pst_str text, size_t start,
                 size_t end)
{
    struct pst_findings found;
    struct pst_err err = {0};
    struct pst_scan_text in = {.text = text};
    bool exact = false, any = false;
    assert_int_equal(pst_scan(f->scanner, &in, &found, &err), PST_OK);
    for (size_t i = 0; i < found.n; i++) {
        bool mine = found.list[i].type == d->data.type;
        any = any || mine;
        exact = exact || (mine && found.list[i].start == start && found.list[i].end == end);
    }
    if (start == end ? any : !exact) {
        struct pst_str type = f->rules.data.types[d->data.type].name;
        f->wrong++;
        print_error("%s:%u: %.*s %s: %.*s\n", "rules", d->line, PST_FMT(type),
                    start == end ? "is found in a counter-example" : "is not found in its example",
                    PST_FMT(text));
    }
}

static void run(struct fixture *f, const struct pst_rule_def *d, struct pst_str example,
                size_t number, bool marked)
{
    struct pst_buf out;
    struct pst_err err = {0};
    struct pst_str text;
    size_t start = 0, end = 0;
    pst_buf_init(&out, PST_EXAMPLE_MAX);
    uint64_t seed = pst_rules_example_seed(f->rules.data.types[d->data.type].name, number);
    assert_int_equal(pst_rules_example_expand(example, seed, &out, &err), PST_OK);
    text = pst_buf_str(&out);
    if (marked) {
        assert_true(pst_rule_example(&f->arena, pst_buf_str(&out), &text, &start, &end));
    }
    look(f, d, text, start, end);
    pst_buf_release(&out);
}

static void examples_are_found_and_counters_not(void **state)
{
    struct fixture *f = *state;
    size_t seen = 0;
    for (size_t i = 0; i < f->rules.data.n_defs; i++) {
        const struct pst_rule_def *d = &f->rules.data.defs[i];
        if (d->data.kind != PST_DEF_CREDENTIAL) {
            continue;
        }
        size_t number = 0;
        for (const struct pst_rule_word *w = d->examples; w != NULL; w = w->next) {
            run(f, d, w->text, number++, true);
            seen++;
        }
        for (const struct pst_rule_word *w = d->counter; w != NULL; w = w->next) {
            run(f, d, w->text, number++, false);
            seen++;
        }
    }
    assert_true(seen > 1000);
    assert_int_equal(f->wrong, 0);
}

int main(int argc, char **argv)
{
    files = &argv[1];
    n_files = (size_t)argc - 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(examples_are_found_and_counters_not, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
