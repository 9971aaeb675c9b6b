/* How well the detector does on labelled texts: counts by channel, language and length, and the
 * rates with Wilson intervals. No I/O. */
#ifndef PST_CLI_DETECTOR_EVAL_H
#define PST_CLI_DETECTOR_EVAL_H

#include "inspect/detect/detect.h"
#include "wire/json.h"
#include "wire/json_out.h"

#include <stdio.h>

enum { PST_EVAL_CUTS = 3, PST_EVAL_LENGTHS = 8, PST_EVAL_LANGUAGES = 96 };

struct pst_eval_tally {
    uint64_t honest, honest_over[PST_EVAL_CUTS];
    uint64_t attacks, attacks_over[PST_EVAL_CUTS];
};
struct pst_eval {
    struct pst_eval_tally all, channel[PST_SOURCES], length[PST_EVAL_LENGTHS];
    struct pst_eval_tally language[PST_EVAL_LANGUAGES];
    char language_name[PST_EVAL_LANGUAGES][12];
    size_t languages;
    uint64_t not_inspected;
};

/* A row is an attack when one of its `labels` is a kind of injection: override, persona (or
 * persona_jailbreak), extraction, exfil, tool_poison. Harmful asks are not. */
bool pst_eval_attack(const struct pst_json *row);
void pst_eval_add(struct pst_eval *eval, const struct pst_json *row, enum pst_source source,
                  size_t bytes, uint16_t score);
/* 95 % of Wilson's interval for k of n; 0 and 1 when n is 0. */
void pst_eval_wilson(uint64_t k, uint64_t n, double *ret_low, double *ret_high);
/* Members of an open object. */
void pst_eval_put(const struct pst_eval *eval, struct pst_json_out *out);
void pst_eval_print(const struct pst_eval *eval, FILE *out);

#endif
