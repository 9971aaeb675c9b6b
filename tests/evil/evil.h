/* What the parts of the evil front share. */
#ifndef PST_TESTS_EVIL_H
#define PST_TESTS_EVIL_H

#include "gate/facts.h"
#include "gate/image.h"
#include "sys/ipc.h"

#include <stdbool.h>
#include <string.h>

enum { EVIL_WORDS = 8 };

struct evil {
    unsigned index;
    uint32_t generation;
    int control, warden, audit, keys, egress[2];
    char key[160], model[130], words[512];
    uint64_t last_id;
};

/* A line on standard error: "evil INDEX UNIXTIME text". */
void evil_say(const struct evil *e, const char *fmt, ...) PST_PRINTF(2, 3);
uint64_t evil_now_ms(int clock);
void evil_sleep_ms(unsigned ms);
/* A request id as an honest front would make it. */
uint64_t evil_id(struct evil *e);
/* Any bytes as one message, with any descriptors. */
bool evil_raw(int to, const void *bytes, size_t n, const int *fds, size_t n_fds);
/* A well-formed message, whoever may send it. fd may be -1. */
bool evil_send(int to, enum pst_ipc_type type, const void *fixed, const void *tail, size_t tail_n,
               int fd);
/* Reads until a message of this type comes. */
bool evil_wait(struct evil *e, int from, enum pst_ipc_type type, int ms, void *fixed);

/* evil_acts.c: false for an unknown scenario. */
bool evil_act(struct evil *e, char **words, size_t n);
/* evil_table.c: sends one message of the table, distorted. */
bool evil_table(struct evil *e, const char *to, const char *type, const char *variant);

#endif
