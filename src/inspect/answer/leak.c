#include "inspect/answer/leak.h"

#include "base/enc.h"

/* FNV-1a, seeded; of folded characters, not of bytes, so that readers of any encoding agree. */
static uint64_t mix(uint64_t h, uint32_t v)
{
    h = (h ^ v) * 0x100000001b3ULL;
    return h ^ (h >> 29);
}

static uint64_t spread(uint64_t h)
{
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
    return h ^ (h >> 31);
}

static bool is_word(uint32_t cp)
{
    if (cp < 0x80) {
        return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= '0' && cp <= '9');
    }
    return cp >= 0xc0 && cp != 0xd7 && cp != 0xf7 && !(cp >= 0x2000 && cp <= 0x2bff) &&
           !(cp >= 0x3000 && cp <= 0x3020) && !(cp >= 0xfe00 && cp <= 0xfe6f) &&
           !(cp >= 0xff00 && cp <= 0xff20);
}

/* Han, kana, Thai, Lao, Khmer, Burmese: no spaces between words. */
static bool stands_alone(uint32_t cp)
{
    return (cp >= 0x2e80 && cp <= 0xa4cf) || (cp >= 0x0e00 && cp <= 0x0eff) ||
           (cp >= 0x1780 && cp <= 0x17ff) || (cp >= 0x1000 && cp <= 0x109f) ||
           (cp >= 0x20000 && cp <= 0x3ffff);
}

static uint32_t fold(uint32_t cp)
{
    bool capital = (cp >= 'A' && cp <= 'Z') || (cp >= 0xc0 && cp <= 0xde && cp != 0xd7) ||
                   (cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x410 && cp <= 0x42f);
    if (cp >= 0xff21 && cp <= 0xff5a) { /* full width */
        return fold(cp - 0xff21 + 'A');
    }
    if (cp >= 0x400 && cp <= 0x40f) {
        return cp + 0x50;
    }
    return capital ? cp + 0x20 : cp;
}

/* --- a reader of words ------------------------------------------------------------------------ */

/* What is done with a run of eight words. */
typedef void run_fn(void *ctx, uint64_t run);

static uint64_t run_hash(const struct pst_leak_reader *r, uint64_t seed)
{
    uint64_t h = seed;
    for (size_t i = 0; i < PST_LEAK_WORDS; i++) {
        h = spread(h ^ r->ring[(r->words + i) % PST_LEAK_WORDS]) + 0x9e3779b97f4a7c15ULL;
    }
    return h | 1U; /* 0 is an empty slot */
}

static void word_ends(struct pst_leak_reader *r, uint64_t seed, run_fn *run, void *ctx)
{
    if (r->word == 0) {
        return;
    }
    r->ring[r->words % PST_LEAK_WORDS] = spread(r->word);
    r->words++;
    r->word = 0;
    if (r->words >= PST_LEAK_WORDS) {
        run(ctx, run_hash(r, seed));
    }
}

static void put_point(struct pst_leak_reader *r, uint32_t cp, uint64_t seed, run_fn *run, void *ctx)
{
    if (!is_word(cp)) {
        word_ends(r, seed, run, ctx);
        return;
    }
    if (stands_alone(cp)) {
        word_ends(r, seed, run, ctx);
    }
    r->word = mix(r->word == 0 ? seed | 1U : r->word, fold(cp));
    if (stands_alone(cp)) {
        word_ends(r, seed, run, ctx);
    }
}

/* One byte; true with the code point when one is whole. Ill-formed bytes part words. */
static bool point_of(struct pst_leak_reader *r, uint8_t b, uint32_t *ret)
{
    if (b < 0x80) {
        r->wait = 0;
        *ret = b;
        return true;
    }
    if (b >= 0xc0) {
        r->wait = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
        r->part = b & (b >= 0xf0 ? 0x07U : b >= 0xe0 ? 0x0fU : 0x1fU);
        return false;
    }
    if (r->wait == 0) {
        *ret = ' ';
        return true;
    }
    r->part = r->part << 6 | (b & 0x3fU);
    r->wait--;
    *ret = r->part;
    return r->wait == 0;
}

/* --- the source ------------------------------------------------------------------------------- */

struct maker {
    struct pst_leak_source *s;
    bool take_out;
};

static size_t slot_of(const struct pst_leak_source *s, uint64_t run)
{
    size_t at = (size_t)run & s->mask;
    while (s->slots[at] != 0 && s->slots[at] != run) {
        at = (at + 1) & s->mask;
    }
    return at;
}

static void make_run(void *ctx, uint64_t run)
{
    struct maker *m = ctx;
    struct pst_leak_source *s = m->s;
    size_t at = slot_of(s, run);
    if (m->take_out) {
        s->order[at] = 0; /* the slot stays, so that others are still found behind it */
        return;
    }
    if (s->slots[at] == run) {
        return;
    }
    if (s->runs == PST_LEAK_RUNS_MAX) {
        s->cut = true;
        return;
    }
    s->slots[at] = run;
    s->order[at] = (uint16_t)(++s->runs);
}

static void read_all(struct pst_str text, uint64_t seed, bool backwards, run_fn *run, void *ctx)
{
    struct pst_leak_reader r = {0};
    for (size_t i = 0; i < text.n; i++) {
        size_t at = i;
        uint32_t cp = 0;
        if (backwards) { /* whole characters from the end */
            at = text.n - 1 - i;
            if ((text.p[at] & 0xc0U) == 0x80 || pst_utf8_get(pst_str_from(text, at), &cp) == 0) {
                continue;
            }
            put_point(&r, cp, seed, run, ctx);
        } else if (point_of(&r, text.p[at], &cp)) {
            put_point(&r, cp, seed, run, ctx);
        }
    }
    word_ends(&r, seed, run, ctx);
}

static void canary_prepare(struct pst_leak_source *s)
{
    size_t k = 0;
    for (size_t i = 1; i < s->canary_n; i++) {
        while (k > 0 && s->canary[i] != s->canary[k]) {
            k = s->back[k - 1];
        }
        k += s->canary[i] == s->canary[k];
        s->back[i] = (uint8_t)k;
    }
}

enum pst_status pst_leak_source_init(struct pst_leak_source *s, struct pst_str prompt,
                                     struct pst_str canary, uint64_t seed, struct pst_arena *arena,
                                     struct pst_err *err)
{
    *s = (struct pst_leak_source){0};
    if (canary.n > PST_LEAK_CANARY_MAX) {
        return pst_fail(err, PST_E_CONFIG, "the canary is too long");
    }
    for (size_t i = 0; i < canary.n; i++) {
        if (canary.p[i] >= 0x80 || !is_word(canary.p[i])) {
            return pst_fail(err, PST_E_CONFIG, "a canary has letters and digits only");
        }
        s->canary[i] = (uint8_t)fold(canary.p[i]);
    }
    s->canary_n = canary.n;
    canary_prepare(s);
    /* at most a run for each two bytes, forwards and backwards; half of the slots stay free */
    size_t size = 64;
    while (size < 4 * (size_t)PST_LEAK_RUNS_MAX && size < 2 * prompt.n + 64) {
        size *= 2;
    }
    s->slots = PST_ARENA_ARRAY(arena, size, uint64_t);
    s->order = PST_ARENA_ARRAY(arena, size, uint16_t);
    if (s->slots == NULL || s->order == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to look for the prompt");
    }
    s->mask = size - 1;
    struct maker m = {.s = s};
    read_all(prompt, seed, false, make_run, &m);
    size_t forwards = s->runs;
    read_all(prompt, seed, true, make_run, &m);
    s->runs = forwards;
    return PST_OK;
}

void pst_leak_source_except(struct pst_leak_source *s, struct pst_str text, uint64_t seed)
{
    struct maker m = {.s = s, .take_out = true};
    read_all(text, seed, false, make_run, &m);
}

/* --- a lane ----------------------------------------------------------------------------------- */

enum pst_status pst_leak_init(struct pst_leak *l, const struct pst_leak_source *s, uint64_t seed,
                              struct pst_arena *arena, struct pst_err *err)
{
    *l = (struct pst_leak){.source = s, .seed = seed};
    l->seen = PST_ARENA_ARRAY(arena, PST_LEAK_RUNS_MAX / 8 + 1, uint8_t);
    return l->seen != NULL ? PST_OK
                           : pst_fail(err, PST_E_NO_MEMORY, "no memory to look for the prompt");
}

static void see_run(void *ctx, uint64_t run)
{
    struct pst_leak *l = ctx;
    size_t at = slot_of(l->source, run);
    uint16_t order = l->source->slots[at] == run ? l->source->order[at] : 0;
    if (order == 0 || (l->seen[order / 8] & (1U << (order % 8))) != 0) {
        return;
    }
    l->seen[order / 8] |= (uint8_t)(1U << (order % 8));
    l->hits++;
}

static void see_decoded(void *ctx, uint64_t run)
{
    struct pst_leak *l = ctx;
    uint32_t before = l->hits;
    see_run(l, run);
    l->decoded = l->decoded || l->hits != before;
}

/* The canary without what may have been put between its characters. */
static void see_canary(struct pst_leak *l, struct pst_leak_reader *r, uint32_t cp)
{
    const struct pst_leak_source *s = l->source;
    if (s->canary_n == 0 || !is_word(cp)) {
        return;
    }
    uint32_t c = fold(cp);
    while (r->canary > 0 && c != s->canary[r->canary]) {
        r->canary = s->back[r->canary - 1];
    }
    r->canary = (uint8_t)(r->canary + (c == s->canary[r->canary] ? 1 : 0));
    if (r->canary == s->canary_n) {
        l->canary = true;
        r->canary = s->back[r->canary - 1];
    }
}

static void feed(struct pst_leak *l, struct pst_leak_reader *r, uint8_t b, run_fn *run)
{
    uint32_t cp = 0;
    if (point_of(r, b, &cp)) {
        see_canary(l, r, cp);
        put_point(r, cp, l->seed, run, l);
    }
}

static uint8_t rot13(uint8_t b)
{
    if (b >= 'a' && b <= 'z') {
        return (uint8_t)('a' + (b - 'a' + 13) % 26);
    }
    return b >= 'A' && b <= 'Z' ? (uint8_t)('A' + (b - 'A' + 13) % 26) : b;
}

static int digit64(uint8_t b)
{
    if (b >= 'A' && b <= 'Z') {
        return b - 'A';
    }
    if (b >= 'a' && b <= 'z') {
        return b - 'a' + 26;
    }
    if (b >= '0' && b <= '9') {
        return b - '0' + 52;
    }
    return b == '+' || b == '-' ? 62 : b == '/' || b == '_' ? 63 : -1;
}

/* Whatever looks like base64 is decoded from where it begins; ordinary words decode to noise, which
 * matches nothing. Line ends within it do not end it. */
static void feed64(struct pst_leak *l, uint8_t b)
{
    int digit = digit64(b);
    if (b == '\n' || b == '\r') {
        return;
    }
    if (digit < 0) {
        feed(l, &l->base64, ' ', see_decoded);
        l->base64.canary = 0;
        l->group_n = 0;
        l->group = 0;
        return;
    }
    l->group = (l->group << 6 | (uint32_t)digit) & 0xffffffU;
    l->group_n++;
    if (l->group_n >= 2) {
        uint32_t shift = l->group_n == 2 ? 4U : l->group_n == 3 ? 2U : 0U;
        feed(l, &l->base64, (uint8_t)(l->group >> shift), see_decoded);
    }
    l->group_n = l->group_n == 4 ? 0 : l->group_n;
}

void pst_leak_push(struct pst_leak *l, struct pst_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        feed(l, &l->plain, text.p[i], see_run);
        feed(l, &l->rot13, rot13(text.p[i]), see_decoded);
        feed64(l, text.p[i]);
    }
}

void pst_leak_end(struct pst_leak *l)
{
    word_ends(&l->plain, l->seed, see_run, l);
    word_ends(&l->rot13, l->seed, see_decoded, l);
    word_ends(&l->base64, l->seed, see_decoded, l);
}

bool pst_leak_found(const struct pst_leak *l)
{
    return l->canary || l->hits >= 2 || (size_t)l->hits * 20 > l->source->runs;
}
