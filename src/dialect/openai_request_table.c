/* The rows of src/tables/openai_chat_request.def as data. */
#include "dialect/exchange.h"
#include "dialect/openai_table.h"

/* The names the columns use. */
enum {
    S = PST_TYPE_STRING,
    I = PST_TYPE_INTEGER,
    N = PST_TYPE_NUMBER,
    B = PST_TYPE_BOOL,
    Z = PST_TYPE_NULL,
    O = PST_TYPE_OBJECT,
    A = PST_TYPE_OBJECTS,
    L = PST_TYPE_STRINGS,
    X = PST_TYPE_ANY,
    R = PST_TYPE_REQUIRED,
};

enum {
    CHILD_NONE = PST_CHILD_NONE,
    CHILD_FREE = PST_CHILD_FREE,
    CHILD_NUMBERS = PST_CHILD_NUMBERS,
    CHILD_LOGPROBS = PST_CHILD_LOGPROBS,
#define VALUES(set, ...)
#define OBJECT(object) CHILD_##object,
#define ROW(object, name, cls, types, child, values, channel, hook)
#define END(object)
#include "tables/openai_chat_request.def"
#undef VALUES
#undef OBJECT
#undef ROW
};

enum {
    SET_any,
#define VALUES(set, ...) SET_##set,
#define OBJECT(object)
#define ROW(object, name, cls, types, child, values, channel, hook)
#include "tables/openai_chat_request.def"
#undef VALUES
#undef OBJECT
#undef ROW
};

#define VALUES(set, ...) static const char *const set_##set[] = {__VA_ARGS__, NULL};
#define OBJECT(object)
#define ROW(object, name, cls, types, child, values, channel, hook)
#include "tables/openai_chat_request.def"
#undef VALUES
#undef OBJECT
#undef ROW

static const char *const *const sets[] = {
    NULL,
#define VALUES(set, ...) set_##set,
#define OBJECT(object)
#define ROW(object, name, cls, types, child, values, channel, hook)
#include "tables/openai_chat_request.def"
#undef VALUES
#undef OBJECT
#undef ROW
};
#undef END

static const struct pst_table_row rows[] = {
#define VALUES(set, ...)
#define OBJECT(object)
#define END(object)
#define ROW(object, name, cls, types, child, values, channel, hook)                                \
    {PST_STR_INIT(name), (types),      PST_CLASS_##cls,                                            \
     CHILD_##child,      SET_##values, PST_CHANNEL_##channel,                                      \
     PST_REQ_HOOK_##hook},
#include "tables/openai_chat_request.def"
#undef OBJECT
#undef END
#undef ROW
};

/* Where each object's rows begin and end: an enumerator takes the number of the next row and the
 * one behind it goes back, so that rows alone count. */
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
enum {
#define OBJECT(object) FIRST_##object, FIRST_##object##_back = FIRST_##object - 1,
#define ROW(object, name, cls, types, child, values, channel, hook) GLUE(ROW_, __LINE__),
#define END(object) END_##object, END_##object##_back = END_##object - 1,
#include "tables/openai_chat_request.def"
#undef OBJECT
#undef END
#undef ROW
};

static const struct pst_table_object objects[] = {
    {"", 0, 0},
    {"", 0, 0},
    {"", 0, 0},
    {"", 0, 0},
#define ROW(object, name, cls, types, child, values, channel, hook)
#define END(object)
#define OBJECT(object) {#object, FIRST_##object, END_##object},
#include "tables/openai_chat_request.def"
#undef VALUES
#undef OBJECT
#undef END
#undef ROW
};

const struct pst_table *pst_openai_request_table(void)
{
    static const struct pst_table table = {rows, objects, sets, PST_LEN(rows), PST_LEN(objects)};
    return &table;
}
