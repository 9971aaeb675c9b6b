/* The driver of a process's steps. A process has one static table; a request has a place in it. A
 * step says NEXT (go on), WAIT (something will resume it) or STOP (refused: err says why). Only
 * pst_steps_run moves a request from one step to the next. */
#ifndef PST_GATE_STEPS_H
#define PST_GATE_STEPS_H

#include "base/err.h"

#include <stdbool.h>

enum pst_exception {
#define PST_EXCEPTION(name, error, def, text) PST_X_##name,
#include "tables/exceptions.def"
#undef PST_EXCEPTION
    PST_X_COUNT
};

struct pst_exception_row {
    const char *name;
    enum pst_error error;
    const char *text;
};
const struct pst_exception_row *pst_exception_row(enum pst_exception exception);
/* By name, for --simulate; PST_X_COUNT when there is none. */
enum pst_exception pst_exception_find(struct pst_str name);

enum pst_step_result { PST_STEP_NEXT, PST_STEP_WAIT, PST_STEP_STOP };

struct pst_step {
    const char *name;
    enum pst_step_result (*run)(void *request, struct pst_err *err);
    enum pst_exception exception; /* what it means when the step cannot do its work */
};

/* Where a request is. Zeroed: before the first step. */
struct pst_course {
    uint8_t at;
    bool running; /* a step is on the stack: resuming is then the driver's own business */
    bool stopped;
};

/* Runs steps from the request's place on until one waits or stops or the table ends. Returns WAIT,
 * STOP (with err filled; a step that stopped without an error gives its exception's) or NEXT when
 * all steps are done. `simulate` has a bit for each exception to force. */
enum pst_step_result pst_steps_run(const struct pst_step *steps, uint8_t n, struct pst_course *c,
                                   uint64_t simulate, void *request, struct pst_err *err);
/* What the step that stopped could not do. */
static inline enum pst_exception pst_steps_exception(const struct pst_step *steps,
                                                     const struct pst_course *c)
{
    return steps[c->at].exception;
}
/* The step that waited is finished with: the next run continues behind it. */
static inline void pst_course_pass(struct pst_course *c)
{
    c->at++;
}

#endif
