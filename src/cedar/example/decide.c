/* A small use of libcedar-c: policies and entities from text, one request, the decision and why.
 *
 *   cc decide.c $(pkg-config --cflags --libs cedar-c) -o decide && ./decide */
#include "cedar/cedar.h"
#include "cedar/explain.h"

#include <stdio.h>

static const char policies[] =
    "@id(\"readers\")\n"
    "permit(principal in Team::\"docs\", action == Action::\"read\", resource is Page)\n"
    "when { !resource.draft || context.preview };\n";

static const char entities[] =
    "[{\"uid\": {\"type\": \"User\", \"id\": \"ada\"},\n"
    "  \"parents\": [{\"type\": \"Team\", \"id\": \"docs\"}]},\n"
    " {\"uid\": {\"type\": \"Page\", \"id\": \"home\"}, \"attrs\": {\"draft\": true}}]";

static enum pst_status decide(const struct pst_cedar *set, bool preview, struct pst_err *err)
{
    struct pst_arena arena;
    struct pst_buf why;
    struct pst_cedar_answer answer;
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&why, 1 << 16);
    struct pst_cedar_request *r = pst_cedar_request_new(set, &arena);
    enum pst_status st = PST_ERR;
    if (r != NULL) {
        struct pst_cedar_record *context = pst_cedar_record_new(r, 1);
        pst_cedar_record_put(context, PST_STR("preview"), pst_cedar_bool(preview));
        pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("User"), PST_STR("ada")));
        pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("read")));
        pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("Page"), PST_STR("home")));
        pst_cedar_context(r, pst_cedar_record_done(context));
        st = pst_cedar_authorize(r, &answer, err);
    }
    if (st == PST_OK) {
        /* Cedar passes over a policy that cannot be evaluated. Who must fail closed does not. */
        printf("%s\n", answer.allow && answer.n_errors == 0 ? "allow" : "deny");
        st = pst_cedar_explain(r, &why, err);
        printf("%.*s", (int)why.n, (const char *)why.p);
    }
    pst_buf_release(&why);
    pst_arena_release(&arena);
    return st;
}

int main(void)
{
    struct pst_err err = {0};
    struct pst_cedar *set = pst_cedar_new(NULL);
    if (set == NULL ||
        pst_cedar_add_policies(set, PST_STR("policies"), pst_str_c(policies), &err) != PST_OK ||
        pst_cedar_add_entities_json(set, PST_STR("entities"), pst_str_c(entities), &err) !=
            PST_OK ||
        pst_cedar_seal(set, &err) != PST_OK || decide(set, false, &err) != PST_OK ||
        decide(set, true, &err) != PST_OK) {
        fprintf(stderr, "%s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
        pst_cedar_free(set);
        return 1;
    }
    pst_cedar_free(set);
    return 0;
}
