#include "crypto/test_vectors.h"

#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *test_vectors_load(const char *name)
{
    char path[4096];
    const char *root = getenv("POSTERN_VECTORS"), *ci = getenv("CI");
    if (root != NULL) {
        snprintf(path, sizeof path, "%s/%s", root, name);
    } else {
        snprintf(path, sizeof path, "%s/../shared/vectors/%s", PST_SOURCE_ROOT, name);
    }
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        printf("skipped: %s\n", name);
        if (ci != NULL && strcmp(ci, "true") == 0) {
            exit(1);
        }
        return NULL;
    }
    size_t cap = 4 << 20;
    char *text = malloc(cap + 1);
    if (text == NULL) {
        abort();
    }
    text[fread(text, 1, cap, f)] = '\0';
    fclose(f);
    return text;
}

/* The string whose opening quote is at *at; *at moves behind its closing quote. */
static struct pst_str string(char *json, size_t *at)
{
    size_t from = *at + 1, in = from, out = from;
    while (json[in] != '"' && json[in] != '\0') {
        if (json[in] == '\\') {
            in++;
            json[out++] = json[in] == 'n' ? '\n' : json[in];
            in++;
        } else {
            json[out++] = json[in++];
        }
    }
    *at = json[in] == '"' ? in + 1 : in;
    return pst_str_of(&json[from], out - from);
}

bool test_vectors_next(char *json, size_t *at, struct pst_str *ret_name, struct pst_str *ret_value)
{
    while (json[*at] != '\0') {
        if (json[*at] != '"') {
            (*at)++;
            continue;
        }
        *ret_name = string(json, at);
        *at += strspn(&json[*at], " \n\r\t");
        if (json[*at] != ':') {
            continue; /* an array's element */
        }
        (*at)++;
        *at += strspn(&json[*at], " \n\r\t");
        if (json[*at] == '"') {
            *ret_value = string(json, at);
            return true;
        }
        size_t n = strspn(&json[*at], "+-.0123456789truefalsn");
        if (n > 0) {
            *ret_value = pst_str_of(&json[*at], n);
            *at += n;
            return true;
        }
    }
    return false;
}

uint8_t *test_vectors_hex(struct pst_str hex, size_t *ret_n)
{
    uint8_t *bytes = malloc(hex.n / 2 + 1);
    if (bytes == NULL || !pst_hex_get(hex, bytes, hex.n / 2)) {
        abort();
    }
    *ret_n = hex.n / 2;
    return bytes;
}
