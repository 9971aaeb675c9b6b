#include "yaml/yamltree.h"

#include <yaml.h>

struct builder {
    struct pst_arena *arena;
    struct pst_err *err;
    struct pst_yaml *root;
    struct pst_yaml *stack[PST_YAML_DEPTH_MAX];
    uint32_t depth;
    uint32_t nodes;
    uint32_t documents;
    bool done;
    bool have_key; /* a key waits for its value; a mapping is open */
    struct pst_str key;
    uint32_t key_line, key_column;
};

static enum pst_status take_event(struct builder *b, const yaml_event_t *event);
static enum pst_status parser_error(const yaml_parser_t *parser, struct pst_str text,
                                    struct pst_err *err);

enum pst_status pst_yaml_parse(struct pst_arena *arena, struct pst_str text, struct pst_yaml **ret,
                               struct pst_err *err)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the YAML parser");
    }
    /* said, not guessed: without this, two bytes at the start could make it UTF-16 */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.p, text.n);
    struct builder b = {.arena = arena, .err = err};
    enum pst_status status = PST_OK;
    while (status == PST_OK && !b.done) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            status = parser_error(&parser, text, err);
            break;
        }
        status = take_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (status == PST_OK) {
        *ret = b.root;
    }
    return status;
}

const struct pst_yaml *pst_yaml_get(const struct pst_yaml *map, struct pst_str key)
{
    if (map == NULL || map->kind != PST_YAML_MAP) {
        return NULL;
    }
    for (const struct pst_yaml *node = map->first; node != NULL; node = node->next) {
        if (pst_str_eq(node->key, key)) {
            return node;
        }
    }
    return NULL;
}

bool pst_yaml_empty(const struct pst_yaml *node)
{
    return node == NULL || (node->kind == PST_YAML_SCALAR && node->plain &&
                            (node->text.n == 0 || pst_str_eq(node->text, PST_STR("~"))));
}

/* --- building ----------------------------------------------------------------------------- */

static uint32_t mark_line(const yaml_mark_t *mark)
{
    return mark->line < UINT32_MAX ? (uint32_t)mark->line + 1 : UINT32_MAX;
}

static uint32_t mark_column(const yaml_mark_t *mark)
{
    return mark->column < UINT32_MAX ? (uint32_t)mark->column + 1 : UINT32_MAX;
}

static enum pst_status refuse(const struct builder *b, const yaml_event_t *event, const char *why)
{
    return pst_fail_at(b->err, PST_E_CONFIG, mark_line(&event->start_mark),
                       mark_column(&event->start_mark), "%s", why);
}

static struct pst_yaml *open_map(const struct builder *b)
{
    return b->depth > 0 && b->stack[b->depth - 1]->kind == PST_YAML_MAP ? b->stack[b->depth - 1]
                                                                        : NULL;
}

/* The next scalar of this mapping is a key. */
static enum pst_status take_key(struct builder *b, const yaml_event_t *event, struct pst_str text)
{
    const struct pst_yaml *map = open_map(b);
    if (pst_str_eq(text, PST_STR("<<"))) {
        return refuse(b, event, "merge keys (<<) are not allowed; write the values out");
    }
    if (text.n == 0) {
        return refuse(b, event, "a key is empty");
    }
    if (map->count >= PST_YAML_KEYS_MAX) {
        return refuse(b, event, "a mapping has too many keys");
    }
    const struct pst_yaml *twin = pst_yaml_get(map, text);
    if (twin != NULL) {
        return pst_fail_at(b->err, PST_E_CONFIG, mark_line(&event->start_mark),
                           mark_column(&event->start_mark),
                           "the key \"%.*s\" is given twice; the first is on line %u",
                           (int)(text.n > 64 ? 64 : text.n), (const char *)text.p, twin->key_line);
    }
    b->key = pst_arena_copy(b->arena, text);
    if (b->key.p == NULL) {
        return pst_fail(b->err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    b->key_line = mark_line(&event->start_mark);
    b->key_column = mark_column(&event->start_mark);
    b->have_key = true;
    return PST_OK;
}

static enum pst_status add_node(struct builder *b, const yaml_event_t *event,
                                enum pst_yaml_kind kind, struct pst_yaml **ret)
{
    if (++b->nodes > PST_YAML_NODES_MAX) {
        return refuse(b, event, "the file has too many values");
    }
    struct pst_yaml *node = PST_ARENA_NEW(b->arena, struct pst_yaml);
    if (node == NULL) {
        return pst_fail(b->err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    node->kind = kind;
    node->line = mark_line(&event->start_mark);
    node->column = mark_column(&event->start_mark);
    if (b->depth == 0) {
        b->root = node;
    } else {
        struct pst_yaml *parent = b->stack[b->depth - 1];
        if (parent->kind == PST_YAML_MAP) {
            node->key = b->key;
            node->key_line = b->key_line;
            node->key_column = b->key_column;
            b->have_key = false;
        }
        if (parent->last != NULL) {
            parent->last->next = node;
        } else {
            parent->first = node;
        }
        parent->last = node;
        parent->count++;
    }
    *ret = node;
    return PST_OK;
}

static enum pst_status take_scalar(struct builder *b, const yaml_event_t *event)
{
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return refuse(b, event, "anchors and tags are not allowed; write the value plainly");
    }
    struct pst_str text = pst_str_of(event->data.scalar.value, event->data.scalar.length);
    if (open_map(b) != NULL && !b->have_key) {
        return take_key(b, event, text);
    }
    struct pst_yaml *node = NULL;
    enum pst_status status = add_node(b, event, PST_YAML_SCALAR, &node);
    if (status != PST_OK) {
        return status;
    }
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = pst_arena_copy(b->arena, text);
    if (text.n > 0 && node->text.p == NULL) {
        return pst_fail(b->err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    return PST_OK;
}

static enum pst_status take_start(struct builder *b, const yaml_event_t *event,
                                  enum pst_yaml_kind kind, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
    if (anchor != NULL || tag != NULL) {
        return refuse(b, event, "anchors and tags are not allowed; write the value plainly");
    }
    if (open_map(b) != NULL && !b->have_key) {
        return refuse(b, event, "a key must be a plain text");
    }
    if (b->depth >= PST_YAML_DEPTH_MAX) {
        return refuse(b, event, "the file is nested too deeply");
    }
    struct pst_yaml *node = NULL;
    enum pst_status status = add_node(b, event, kind, &node);
    if (status == PST_OK) {
        b->stack[b->depth++] = node;
    }
    return status;
}

static enum pst_status take_document(struct builder *b, const yaml_event_t *event)
{
    if (++b->documents > 1) {
        return refuse(b, event, "a second document (---) is not allowed; use one file");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return refuse(b, event, "directives (%YAML, %TAG) are not allowed; delete the line");
    }
    return PST_OK;
}

static enum pst_status take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return PST_OK;
    case YAML_STREAM_END_EVENT:
        b->done = true;
        return PST_OK;
    case YAML_DOCUMENT_START_EVENT:
        return take_document(b, event);
    case YAML_ALIAS_EVENT:
        return refuse(b, event, "aliases (*name) are not allowed; write the value again");
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return take_start(b, event, PST_YAML_LIST, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return take_start(b, event, PST_YAML_MAP, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        PST_BUG_ON(b->depth == 0);
        b->depth--;
        return PST_OK;
    }
    return refuse(b, event, "the YAML parser met something unknown");
}

static enum pst_status parser_error(const yaml_parser_t *parser, struct pst_str text,
                                    struct pst_err *err)
{
    const char *problem = parser->problem != NULL ? parser->problem : "not well formed";
    if (parser->error == YAML_MEMORY_ERROR) {
        return pst_fail(err, PST_E_NO_MEMORY, "the configuration needs too much memory");
    }
    if (parser->error == YAML_READER_ERROR) {
        /* this one comes with a byte offset only */
        uint32_t line = 1, column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < text.n; i++) {
            column++;
            if (text.p[i] == '\n') {
                line++;
                column = 1;
            }
        }
        return pst_fail_at(err, PST_E_CONFIG, line, column,
                           "a character is not allowed in YAML (%s); save the file as UTF-8",
                           problem);
    }
    if (strcmp(problem, "found character that cannot start any token") == 0) {
        problem = "a tab or a special character starts this value; indent with spaces, put texts "
                  "with special characters in quotes";
    }
    return pst_fail_at(err, PST_E_CONFIG, mark_line(&parser->problem_mark),
                       mark_column(&parser->problem_mark), "not valid YAML: %s", problem);
}
