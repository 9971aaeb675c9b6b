#include "cli/detector_eval.h"

#include <math.h>

/* One false alarm in ten, in a hundred, in a thousand. */
static const uint16_t CUTS[PST_EVAL_CUTS] = {250, 500, 750};
static const uint32_t LENGTHS[PST_EVAL_LENGTHS] = {64, 128, 256, 512, 1024, 2048, 4096, UINT32_MAX};

bool pst_eval_attack(const struct pst_json *row)
{
    static const char *const kinds[] = {"override",   "persona", "persona_jailbreak",
                                        "extraction", "exfil",   "tool_poison"};
    const struct pst_json *labels = PST_JSON_GET(row, "labels");
    for (const struct pst_json *l = pst_json_first(labels); l != NULL; l = l->next) {
        struct pst_str name;
        for (size_t i = 0; pst_json_str(l, &name) && i < PST_LEN(kinds); i++) {
            if (pst_str_eq(name, pst_str_c(kinds[i]))) {
                return true;
            }
        }
    }
    return false;
}

static void count(struct pst_eval_tally *t, bool attack, uint16_t score)
{
    *(attack ? &t->attacks : &t->honest) += 1;
    for (size_t i = 0; i < PST_EVAL_CUTS; i++) {
        (attack ? t->attacks_over : t->honest_over)[i] += score >= CUTS[i];
    }
}

/* The tally of a language; past the limit, that of the last. */
static struct pst_eval_tally *language_of(struct pst_eval *eval, const struct pst_json *row)
{
    struct pst_str name;
    if (!pst_json_str(PST_JSON_GET(row, "lang"), &name) ||
        name.n >= sizeof(eval->language_name[0])) {
        name = PST_STR("?");
    }
    for (size_t i = 0; i < eval->languages; i++) {
        if (pst_str_eq(name, pst_str_c(eval->language_name[i]))) {
            return &eval->language[i];
        }
    }
    if (eval->languages == PST_EVAL_LANGUAGES) {
        return &eval->language[PST_EVAL_LANGUAGES - 1];
    }
    pst_str_cut_c(name, eval->language_name[eval->languages], sizeof(eval->language_name[0]));
    return &eval->language[eval->languages++];
}

void pst_eval_add(struct pst_eval *eval, const struct pst_json *row, enum pst_source source,
                  size_t bytes, uint16_t score)
{
    bool attack = pst_eval_attack(row);
    size_t length = 0;
    while (bytes > LENGTHS[length] && length + 1 < PST_EVAL_LENGTHS) {
        length++;
    }
    count(&eval->all, attack, score);
    count(&eval->channel[source], attack, score);
    count(&eval->length[length], attack, score);
    count(language_of(eval, row), attack, score);
}

void pst_eval_wilson(uint64_t k, uint64_t n, double *ret_low, double *ret_high)
{
    *ret_low = 0.0;
    *ret_high = 1.0;
    if (n == 0) {
        return;
    }
    const double z = 1.959963984540054;
    double p = (double)k / (double)n;
    double m = z * z / (double)n;
    double mid = p + m / 2.0;
    double half = z * sqrt(p * (1.0 - p) / (double)n + m / (4.0 * (double)n));
    *ret_low = (mid - half) / (1.0 + m);
    *ret_high = (mid + half) / (1.0 + m);
    *ret_low = *ret_low < 0.0 ? 0.0 : *ret_low;
    *ret_high = *ret_high > 1.0 ? 1.0 : *ret_high;
}

/* --- out -------------------------------------------------------------------------------------- */

typedef void (*tally_fn)(void *to, const char *by, const char *name,
                         const struct pst_eval_tally *t);

static void each(const struct pst_eval *eval, tally_fn fn, void *to)
{
    char name[32];
    fn(to, "all", "all", &eval->all);
    for (size_t i = 0; i < PST_SOURCES; i++) {
        fn(to, "channel", pst_source_name((enum pst_source)i), &eval->channel[i]);
    }
    for (size_t i = 0; i < eval->languages; i++) {
        fn(to, "language", eval->language_name[i], &eval->language[i]);
    }
    for (size_t i = 0; i < PST_EVAL_LENGTHS; i++) {
        pst_text(name, sizeof(name), i + 1 < PST_EVAL_LENGTHS ? "<= %u" : "> 4096", LENGTHS[i]);
        fn(to, "bytes", name, &eval->length[i]);
    }
}

static uint64_t mille(double share)
{
    return (uint64_t)(share * 1000.0 + 0.5);
}

static void rates_put(struct pst_json_out *out, struct pst_str key, uint64_t n,
                      const uint64_t over[PST_EVAL_CUTS])
{
    pst_json_out_key(out, key);
    pst_json_out_array(out);
    for (size_t i = 0; i < PST_EVAL_CUTS; i++) {
        double low, high;
        pst_eval_wilson(over[i], n, &low, &high);
        pst_json_out_object(out);
        pst_json_out_ku64(out, "score", CUTS[i]);
        pst_json_out_ku64(out, "over", over[i]);
        pst_json_out_ku64(out, "of", n);
        pst_json_out_ku64(out, "low_mille", mille(low));
        pst_json_out_ku64(out, "high_mille", mille(high));
        pst_json_out_end(out);
    }
    pst_json_out_end(out);
}

static void tally_put(void *to, const char *by, const char *name, const struct pst_eval_tally *t)
{
    struct pst_json_out *out = to;
    if (t->honest + t->attacks == 0) {
        return;
    }
    pst_json_out_object(out);
    pst_json_out_kstr(out, "by", pst_str_c(by));
    pst_json_out_kstr(out, "name", pst_str_c(name));
    rates_put(out, PST_STR("recall"), t->attacks, t->attacks_over);
    rates_put(out, PST_STR("false_alarms"), t->honest, t->honest_over);
    pst_json_out_end(out);
}

void pst_eval_put(const struct pst_eval *eval, struct pst_json_out *out)
{
    pst_json_out_ku64(out, "not_inspected", eval->not_inspected);
    PST_JSON_KEY(out, "rates");
    pst_json_out_array(out);
    each(eval, tally_put, out);
    pst_json_out_end(out);
}

static void rate_print(FILE *out, uint64_t k, uint64_t n)
{
    double low, high;
    pst_eval_wilson(k, n, &low, &high);
    if (n == 0) {
        (void)fprintf(out, "  %-19s", "-");
    } else {
        (void)fprintf(out, "  %.3f [%.3f, %.3f]", (double)k / (double)n, low, high);
    }
}

static void tally_print(void *to, const char *by, const char *name, const struct pst_eval_tally *t)
{
    FILE *out = to;
    if (t->honest + t->attacks == 0) {
        return;
    }
    (void)fprintf(out, "%-9s %-12s %6llu %6llu", by, name, (unsigned long long)t->attacks,
                  (unsigned long long)t->honest);
    for (size_t i = 1; i < PST_EVAL_CUTS; i++) {
        rate_print(out, t->attacks_over[i], t->attacks);
        rate_print(out, t->honest_over[i], t->honest);
    }
    (void)fputc('\n', out);
}

void pst_eval_print(const struct pst_eval *eval, FILE *out)
{
    (void)fprintf(out, "%-9s %-12s %6s %6s  %-20s  %-20s  %-20s  %-20s\n", "by", "name", "attack",
                  "honest", "recall at 500", "false alarms", "recall at 750", "false alarms");
    each(eval, tally_print, out);
    if (eval->not_inspected > 0) {
        (void)fprintf(out, "%llu rows could not be inspected\n",
                      (unsigned long long)eval->not_inspected);
    }
}
