#include "base/enc.h"
#include "wire/json.h"

/* --- reading ------------------------------------------------------------------------------------
 */

struct pst_json *pst_json_get(const struct pst_json *object, struct pst_str name)
{
    if (!pst_json_is(object, PST_JSON_OBJECT)) {
        return NULL;
    }
    struct pst_json *v = object->first;
    while (v != NULL && !pst_str_eq(v->name, name)) {
        v = v->next;
    }
    return v;
}

bool pst_json_str(const struct pst_json *v, struct pst_str *ret)
{
    if (!pst_json_is(v, PST_JSON_STRING)) {
        return false;
    }
    *ret = v->text;
    return true;
}

bool pst_json_bool(const struct pst_json *v, bool *ret)
{
    if (!pst_json_is(v, PST_JSON_TRUE) && !pst_json_is(v, PST_JSON_FALSE)) {
        return false;
    }
    *ret = v->type == PST_JSON_TRUE;
    return true;
}

bool pst_json_i64(const struct pst_json *v, int64_t *ret)
{
    return pst_json_is(v, PST_JSON_NUMBER) && pst_str_i64(v->text, ret);
}

bool pst_json_u64(const struct pst_json *v, uint64_t *ret)
{
    return pst_json_is(v, PST_JSON_NUMBER) && pst_str_u64(v->text, ret);
}

/* --- values -------------------------------------------------------------------------------------
 */

struct pst_json *pst_json_new(struct pst_arena *a, enum pst_json_type type)
{
    PST_BUG_ON(type == PST_JSON_NUMBER);
    struct pst_json *v = PST_ARENA_NEW(a, struct pst_json);
    if (v != NULL) {
        v->type = (uint8_t)type;
        v->name = PST_STR("");
        if (type == PST_JSON_STRING) {
            v->text = PST_STR("");
        }
    }
    return v;
}

/* In place: position, name and what is known of the name stay; the source span goes. */
static void become(struct pst_json *v, enum pst_json_type type)
{
    v->type = (uint8_t)type;
    v->first = v->last = NULL;
    v->count = 0;
    v->length = 0;
}

static bool copy_text(struct pst_arena *a, struct pst_str text, struct pst_str *ret)
{
    if (text.n == 0) {
        *ret = PST_STR("");
        return true;
    }
    const struct pst_str copy = pst_arena_copy(a, text);
    if (copy.p == NULL) {
        return false;
    }
    *ret = copy;
    return true;
}

static bool set_text(struct pst_arena *a, struct pst_json *v, enum pst_json_type type,
                     struct pst_str text)
{
    struct pst_str copy;
    if (!copy_text(a, text, &copy)) {
        return false;
    }
    become(v, type);
    v->text = copy;
    return true;
}

bool pst_json_set_string(struct pst_arena *a, struct pst_json *v, struct pst_str text)
{
    return pst_utf8_valid(text) && set_text(a, v, PST_JSON_STRING, text);
}

bool pst_json_set_name(struct pst_arena *a, struct pst_json *v, struct pst_str name)
{
    struct pst_str copy = pst_arena_copy(a, name);
    if (!pst_utf8_valid(name) || (name.n > 0 && copy.p == NULL)) {
        return false;
    }
    v->name = copy;
    v->known = 0;
    return true;
}

bool pst_json_set_number(struct pst_arena *a, struct pst_json *v, struct pst_str literal)
{
    return literal.n <= PST_JSON_NUMBER_MAX && pst_json_number_valid(literal) &&
           set_text(a, v, PST_JSON_NUMBER, literal);
}

/* Digits of the value at the end of a 21-byte array; the view of them. */
static struct pst_str digits(uint64_t value, bool minus, uint8_t out[21])
{
    size_t at = 21;
    do {
        out[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    if (minus) {
        out[--at] = '-';
    }
    return pst_str_of(&out[at], 21 - at);
}

bool pst_json_set_u64(struct pst_arena *a, struct pst_json *v, uint64_t value)
{
    uint8_t out[21];
    return set_text(a, v, PST_JSON_NUMBER, digits(value, false, out));
}

void pst_json_set_bool(struct pst_json *v, bool value)
{
    become(v, value ? PST_JSON_TRUE : PST_JSON_FALSE);
}

void pst_json_set_null(struct pst_json *v)
{
    become(v, PST_JSON_NULL);
}

struct pst_json *pst_json_new_string(struct pst_arena *a, struct pst_str text)
{
    struct pst_json *v = pst_json_new(a, PST_JSON_NULL);
    return v != NULL && pst_json_set_string(a, v, text) ? v : NULL;
}

struct pst_json *pst_json_new_number(struct pst_arena *a, struct pst_str literal)
{
    struct pst_json *v = pst_json_new(a, PST_JSON_NULL);
    return v != NULL && pst_json_set_number(a, v, literal) ? v : NULL;
}

struct pst_json *pst_json_new_u64(struct pst_arena *a, uint64_t value)
{
    struct pst_json *v = pst_json_new(a, PST_JSON_NULL);
    return v != NULL && pst_json_set_u64(a, v, value) ? v : NULL;
}

struct pst_json *pst_json_new_i64(struct pst_arena *a, int64_t value)
{
    struct pst_json *v = pst_json_new(a, PST_JSON_NULL);
    uint8_t out[21];
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return v != NULL && set_text(a, v, PST_JSON_NUMBER, digits(size, value < 0, out)) ? v : NULL;
}

/* --- children -----------------------------------------------------------------------------------
 */

static void add_last(struct pst_json *parent, struct pst_json *v)
{
    v->next = NULL;
    if (parent->last != NULL) {
        parent->last->next = v;
    } else {
        parent->first = v;
    }
    parent->last = v;
    parent->count++;
}

bool pst_json_put(struct pst_arena *a, struct pst_json *object, struct pst_str name,
                  struct pst_json *value)
{
    if (value == NULL || !pst_json_is(object, PST_JSON_OBJECT)) {
        return false;
    }
    struct pst_json *old = pst_json_get(object, name);
    if (old != NULL) {
        return pst_json_replace(object, old, value);
    }
    struct pst_str copy;
    if (!pst_utf8_valid(name) || !copy_text(a, name, &copy)) {
        return false;
    }
    value->name = copy;
    value->known = 0;
    value->opaque = object->opaque;
    add_last(object, value);
    return true;
}

bool pst_json_append(struct pst_json *array, struct pst_json *value)
{
    if (value == NULL || !pst_json_is(array, PST_JSON_ARRAY)) {
        return false;
    }
    value->name = PST_STR("");
    value->known = 0;
    value->opaque = array->opaque;
    add_last(array, value);
    return true;
}

/* The place that points at the child: its address, or NULL when it is no child. *ret_before is the
 * sibling in front. */
static struct pst_json **find_place(struct pst_json *parent, const struct pst_json *child,
                                    struct pst_json **ret_before)
{
    if (parent == NULL || parent->type < PST_JSON_ARRAY) {
        return NULL;
    }
    struct pst_json **place = &parent->first;
    *ret_before = NULL;
    while (*place != NULL && *place != child) {
        *ret_before = *place;
        place = &(*place)->next;
    }
    return *place != NULL ? place : NULL;
}

bool pst_json_replace(struct pst_json *parent, struct pst_json *child, struct pst_json *value)
{
    struct pst_json *before;
    struct pst_json **place = find_place(parent, child, &before);
    if (value == NULL || place == NULL) {
        return false;
    }
    if (value == child) {
        return true;
    }
    value->name = child->name;
    value->known = child->known;
    value->opaque = child->opaque;
    value->next = child->next;
    *place = value;
    if (parent->last == child) {
        parent->last = value;
    }
    child->next = NULL;
    return true;
}

bool pst_json_remove(struct pst_json *parent, struct pst_json *child)
{
    struct pst_json *before;
    struct pst_json **place = find_place(parent, child, &before);
    if (place == NULL) {
        return false;
    }
    *place = child->next;
    if (parent->last == child) {
        parent->last = before;
    }
    parent->count--;
    child->next = NULL;
    return true;
}
