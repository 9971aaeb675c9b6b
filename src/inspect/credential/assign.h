/* The reader of assignments: given where a name was seen, finds the value it is given, in the ways
 * in which people and machines write that down:
 *
 *   NAME=v   name: v   "name": "v"   \"name\": \"v\"   name := v   name => v   <name>v</name>
 *   name="name" value="v"   name: NAME ⏎ value: v   --name v   ?name=v   name=v;   Name: v (header)
 *   setName("v")   f("name", "v")   x["name"] = "v"   name: str = "v"   IDENTIFIED BY 'v'
 *   the name is v   die Passphrase lautet v   密码是v   パスワードは v   | name | v |
 *
 * Comparisons (==, !=, =~) give nothing. Every read is bounded: names by 48 bytes to either side,
 * what stands between by PST_ASSIGN_REACH, values by PST_SECRET_MAX. Pure. */
#ifndef PST_INSPECT_ASSIGN_H
#define PST_INSPECT_ASSIGN_H

#include "base/str.h"

#include <stdbool.h>

enum pst_assign_how {
    PST_ASSIGN_SIGN,   /* =, :=, =>, <- … */
    PST_ASSIGN_COLON,  /* name: v */
    PST_ASSIGN_FLAG,   /* --name v */
    PST_ASSIGN_XML,    /* element */
    PST_ASSIGN_CALL,   /* setName("v"), ("name", "v") */
    PST_ASSIGN_QUERY,  /* ?name=v& */
    PST_ASSIGN_PART,   /* name=v; of a connection string */
    PST_ASSIGN_SQL,    /* IDENTIFIED BY 'v' */
    PST_ASSIGN_WORD,   /* name v, where a file format has it so */
    PST_ASSIGN_PROSE,  /* the name is v */
    PST_ASSIGN_CELL,   /* | name | v | */
    PST_ASSIGN_BESIDE, /* name v, with nothing to say so */
};

struct pst_assign {
    size_t name_start, name_end; /* the whole name around the hit */
    size_t start, end;           /* the value, without quotes */
    enum pst_assign_how how;
    bool quoted;
    bool code;    /* the line reads as program text: an unquoted value may be an identifier */
    bool shouted; /* the name is in capitals: environment */
    bool lone;    /* nothing but the end of the line follows an unquoted value */
};

/* `at`, `len`: the part of the name that was seen. False: no value is given to it here. */
bool pst_assign_read(struct pst_str text, size_t at, size_t len, struct pst_assign *ret);
/* The two steps of it: the bounds of the name, and from there the value. */
bool pst_assign_name(struct pst_str text, size_t at, size_t len, struct pst_assign *ret);
bool pst_assign_given(struct pst_str text, struct pst_assign *ret);
/* Looser, for values whose form is known: where a value may begin after a name that stands within
 * PST_ASSIGN_REACH bytes before it on the same line, or before `value:` on the next. PST_NPOS:
 * none. `from`: the end of the name, or what this returned before, to get the next place. */
size_t pst_assign_next(struct pst_str text, size_t from, size_t limit);

/* Whether a name, as a whole, keeps secrets: `password_hint`, `tokenizer`, `public_key_path` do
 * not. The hit must lie within the name. */
bool pst_name_keeps(struct pst_str name, size_t at, size_t len);
/* The same for a name of which no part is known beforehand. */
bool pst_name_keeps_any(struct pst_str name);

#endif
