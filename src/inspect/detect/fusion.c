#include "inspect/detect/fusion.h"

enum { ONE = PST_LOGIT_ONE, LOGIT_MOST = 16 * PST_LOGIT_ONE, WEIGHT_MOST = 200 };

/* By the first byte of a character: which script its letters are most likely of. */
static enum pst_script script_of_lead(uint8_t c, uint8_t next)
{
    if (c < 0xCD) {
        return PST_SCRIPT_LATIN;
    }
    if (c <= 0xD4) {
        return PST_SCRIPT_CYRILLIC_GREEK;
    }
    if (c >= 0xD6 && c <= 0xDD) {
        return PST_SCRIPT_HEBREW_ARABIC;
    }
    if (c == 0xE0 && next >= 0xA4 && next <= 0xB7) {
        return PST_SCRIPT_INDIC;
    }
    if (c >= 0xE3 && c <= 0xED) {
        return PST_SCRIPT_EAST_ASIAN;
    }
    return PST_SCRIPT_OTHER;
}

enum pst_script pst_script_of(struct pst_str text)
{
    size_t counts[PST_SCRIPTS] = {0};
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c < 0x80) {
            counts[PST_SCRIPT_LATIN] += (uint8_t)((c | 0x20) - 'a') < 26;
        } else if (c >= 0xC0) {
            /* One ideograph says what two or three letters do. */
            uint8_t next = i + 1 < text.n ? text.p[i + 1] : 0;
            counts[script_of_lead(c, next)] += c >= 0xE3 && c <= 0xED ? 2 : 1;
        }
    }
    enum pst_script best = PST_SCRIPT_LATIN;
    for (size_t i = 1; i < PST_SCRIPTS; i++) {
        if (counts[i] > counts[best]) {
            best = (enum pst_script)i;
        }
    }
    return best;
}

static int32_t clamp(int32_t v)
{
    return v > LOGIT_MOST ? LOGIT_MOST : v < -LOGIT_MOST ? -LOGIT_MOST : v;
}

static int32_t positive(int32_t v)
{
    return v > 0 ? v : 0;
}

static size_t length_bucket(uint64_t tokens)
{
    static const uint64_t ends[] = {8, 16, 32, 64, 128, 256, 1024};
    size_t i = 0;
    while (i < PST_LEN(ends) && tokens > ends[i]) {
        i++;
    }
    return i;
}

static void put_model(const struct pst_model_score *score, size_t source, int32_t ret[PST_INPUTS])
{
    for (size_t lane = 0; lane < PST_LANES; lane++) {
        ret[PST_INPUT_SMALL + lane] = clamp(score->small.logit[lane]);
        ret[PST_INPUT_LARGE + lane] = clamp(score->large.logit[lane]);
        ret[PST_INPUT_TINY + lane] = clamp(score->tiny.logit[lane]);
    }
    int32_t small = ret[PST_INPUT_SMALL + PST_LANE_ANY];
    int32_t large = ret[PST_INPUT_LARGE + PST_LANE_ANY];
    ret[PST_INPUT_SOURCE_SMALL + source] = small;
    ret[PST_INPUT_SOURCE_LARGE + source] = large;
    ret[PST_INPUT_SOURCE_TASK + source] = ret[PST_INPUT_SMALL + PST_LANE_TASK];
    ret[PST_INPUT_OVER] = positive(small);
    ret[PST_INPUT_OVER + 1] = positive(large);
    int32_t kind = ret[PST_INPUT_SMALL];
    for (size_t head = 1; head < PST_HEADS; head++) {
        int32_t logit = ret[PST_INPUT_SMALL + head];
        if (head != PST_HEAD_HARMFUL && head != PST_HEAD_ENCODED && logit > kind) {
            kind = logit;
        }
    }
    ret[PST_INPUT_KIND] = kind;
    ret[PST_INPUT_KIND + 1] = positive(kind);
}

void pst_fusion_inputs(const struct pst_model_score *score, const struct pst_view *view,
                       uint32_t flags, const struct pst_signature_hits *hits,
                       enum pst_source source, int32_t ret[PST_INPUTS])
{
    memset(ret, 0, PST_INPUTS * sizeof(*ret));
    const size_t from = source;
    const size_t script = pst_script_of(view->text);
    put_model(score, from, ret);
    for (size_t i = 0; hits != NULL && i < PST_SIGNATURE_CATEGORIES; i++) {
        int32_t sum = hits->by_category[i];
        ret[PST_INPUT_SIGNATURE + i] = (sum > WEIGHT_MOST ? WEIGHT_MOST : sum) * ONE / 100;
    }
    for (size_t i = 0; i < 16; i++) {
        ret[PST_INPUT_FLAG + i] = (flags >> i & 1) != 0 ? ONE : 0;
    }
    ret[PST_INPUT_DECODED] = view->depth > 0 && view->kind != PST_VIEW_PLAIN ? ONE : 0;
    ret[PST_INPUT_HIDDEN] = view->kind == PST_VIEW_HIDDEN ? ONE : 0;
    ret[PST_INPUT_LENGTH + length_bucket(score->tokens)] = ONE;
    ret[PST_INPUT_SCRIPT + script] = ONE;
    ret[PST_INPUT_SOURCE + from] = ONE;
}

int32_t pst_fusion_logit(const struct pst_fusion *fusion, const int32_t inputs[PST_INPUTS])
{
    int64_t sum = 0;
    for (size_t i = 0; i < PST_INPUTS; i++) {
        sum += (int64_t)inputs[i] * fusion->weight[i];
    }
    int64_t logit = fusion->bias + sum / (1 << 16);
    const int64_t most = 64 * ONE;
    return (int32_t)(logit > most ? most : logit < -most ? -most : logit);
}

uint16_t pst_fusion_score(const struct pst_fusion *fusion, enum pst_source source, int32_t logit)
{
    const int32_t *knot = fusion->knot[source];
    if (logit <= knot[0]) {
        return 0;
    }
    for (size_t i = 1; i < PST_KNOTS; i++) {
        if (logit < knot[i]) {
            int64_t part = (int64_t)(logit - knot[i - 1]) * 50 / (knot[i] - knot[i - 1]);
            return (uint16_t)((int64_t)(i - 1) * 50 + part);
        }
    }
    return 1000;
}

uint16_t pst_logit_share(int32_t logit)
{
    /* The logistic function at 0, 1, 2 … 8, in thousandths. */
    static const int32_t at[] = {500, 731, 881, 953, 982, 993, 998, 999, 1000};
    int32_t size = logit < 0 ? -logit : logit;
    int32_t share = 1000;
    if (size < 8 * ONE) {
        int32_t i = size / ONE;
        share = at[i] + (at[i + 1] - at[i]) * (size % ONE) / ONE;
    }
    return (uint16_t)(logit < 0 ? 1000 - share : share);
}
