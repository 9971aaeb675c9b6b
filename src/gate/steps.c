#include "gate/steps.h"

static const struct pst_exception_row exceptions[] = {
#define PST_EXCEPTION(name, error, def, text) {#name, PST_E_##error, text},
#include "tables/exceptions.def"
#undef PST_EXCEPTION
};

const struct pst_exception_row *pst_exception_row(enum pst_exception exception)
{
    PST_BUG_ON((unsigned)exception >= PST_LEN(exceptions));
    return &exceptions[exception];
}

enum pst_exception pst_exception_find(struct pst_str name)
{
    for (size_t i = 0; i < PST_LEN(exceptions); i++) {
        if (pst_str_eq(pst_str_c(exceptions[i].name), name)) {
            return (enum pst_exception)i;
        }
    }
    return PST_X_COUNT;
}

enum pst_step_result pst_steps_run(const struct pst_step *steps, uint8_t n, struct pst_course *c,
                                   uint64_t simulate, void *request, struct pst_err *err)
{
    PST_BUG_ON(c->running);
    if (c->stopped) {
        return PST_STEP_STOP;
    }
    c->running = true;
    enum pst_step_result result = PST_STEP_NEXT;
    while (c->at < n) {
        const struct pst_step *step = &steps[c->at];
        const struct pst_exception_row *exception = pst_exception_row(step->exception);
        if ((simulate >> step->exception & 1) != 0) {
            (void)pst_fail(err, exception->error, "%s (simulated)", exception->text);
            result = PST_STEP_STOP;
        } else {
            result = step->run(request, err);
        }
        if (result == PST_STEP_STOP && err->code == PST_E_NONE) {
            (void)pst_fail(err, exception->error, "%s", exception->text);
        }
        if (result != PST_STEP_NEXT) {
            break;
        }
        c->at++;
    }
    c->running = false;
    c->stopped = result == PST_STEP_STOP;
    return result;
}
