#include "inspect/signature/signature.h"

#include "base/enc.h"
#include "inspect/signature/signature_format.h"

#include <hs_runtime.h>

#include <stdlib.h>

/* The matcher reads this much of a database before anything of it is checked. */
enum { DATABASE_MIN = 128 };
/* The matcher tells where a match ends. A span that begins further back explains nothing. */
enum { REACH_MAX = 256 };

struct pst_signature_image {
    const hs_database_t *database;
    struct pst_signature *rules;
    size_t n;
};

/* What is known of a rule during one scan; stamps spare clearing them. */
struct track {
    uint32_t seen_view; /* stamp of the last view that showed it */
    uint32_t seen_scan; /* stamp of the last scan that showed it */
    uint32_t counted;   /* stamp of the view that `count` is of */
    uint32_t count, last;
};

struct pst_signature_scanner {
    const struct pst_signature_image *image;
    hs_scratch_t *scratch;
    struct track *track;
    uint32_t scan_stamp, view_stamp;
    /* of the scan under way */
    const struct pst_views *views;
    struct pst_signature_hits *hits;
    uint32_t channels;
    uint8_t view;
};

static const char *const category_names[] = {
#define PST_CATEGORY(name, text) text,
#include "inspect/signature/categories.def"
#undef PST_CATEGORY
};

const char *pst_category_name(size_t category)
{
    return category < PST_LEN(category_names) ? category_names[category] : NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

struct head {
    uint32_t rules, crc, size, db_at, db_n, texts_at, texts_n;
};

static bool inside(uint32_t at, uint32_t n, size_t size)
{
    return at <= size && n <= size - at;
}

static bool read_head(struct pst_str image, struct head *h)
{
    struct pst_cur c = pst_cur_of(image);
    struct pst_str magic;
    uint32_t zero;
    return pst_cur_take(&c, 8, &magic) && pst_str_eq(magic, PST_SIGNATURE_MAGIC) &&
           pst_cur_u32le(&c, &h->rules) && pst_cur_u32le(&c, &h->crc) &&
           pst_cur_u32le(&c, &h->size) && pst_cur_u32le(&c, &zero) && zero == 0 &&
           pst_cur_u32le(&c, &h->db_at) && pst_cur_u32le(&c, &h->db_n) &&
           pst_cur_u32le(&c, &h->texts_at) && pst_cur_u32le(&c, &h->texts_n);
}

static bool read_rule(struct pst_str image, size_t index, struct pst_str texts,
                      struct pst_signature *ret)
{
    struct pst_cur c = pst_cur_of(
        pst_str_cut(image, PST_SIGNATURE_HEAD_BYTES + index * PST_SIGNATURE_RULE_BYTES,
                    PST_SIGNATURE_RULE_BYTES));
    uint32_t at;
    uint16_t id_n, tags_n;
    if (!pst_cur_u32le(&c, &at) || !pst_cur_u16le(&c, &id_n) || !pst_cur_u16le(&c, &tags_n) ||
        !pst_cur_u8(&c, &ret->category) || !pst_cur_u8(&c, &ret->weight) ||
        !pst_cur_u16le(&c, &ret->repeat) || !pst_cur_u32le(&c, &ret->channels) ||
        !pst_cur_u32le(&c, &ret->longest)) {
        return false;
    }
    if (id_n == 0 || !inside(at, (uint32_t)id_n + tags_n, texts.n)) {
        return false;
    }
    ret->id = pst_str_cut(texts, at, id_n);
    ret->tags = pst_str_cut(texts, (size_t)at + id_n, tags_n);
    return ret->category < PST_CATEGORIES && ret->weight > 0 && ret->repeat > 0 &&
           pst_utf8_valid(ret->id) && pst_utf8_valid(ret->tags);
}

static enum pst_status check_head(struct pst_str image, struct head *h, struct pst_err *err)
{
    if (!read_head(image, h)) {
        return pst_fail(err, PST_E_CONFIG, "signatures: not an image of this version");
    }
    if (h->size != image.n || h->rules > PST_SIGNATURES_MAX ||
        !inside(PST_SIGNATURE_HEAD_BYTES, h->rules * PST_SIGNATURE_RULE_BYTES, image.n) ||
        !inside(h->db_at, h->db_n, image.n) || !inside(h->texts_at, h->texts_n, image.n) ||
        h->db_at % PST_SIGNATURE_ALIGN != 0 || h->db_n < DATABASE_MIN) {
        return pst_fail(err, PST_E_CONFIG, "signatures: a part lies outside the image");
    }
    if ((uintptr_t)image.p % PST_SIGNATURE_ALIGN != 0) {
        return pst_fail(err, PST_E_CONFIG, "signatures: the image is not at a multiple of 64");
    }
    if (pst_crc32c(0, pst_str_from(image, PST_SIGNATURE_CRC_FROM)) != h->crc) {
        return pst_fail(err, PST_E_CONFIG, "signatures: the image is damaged");
    }
    return PST_OK;
}

static enum pst_status check_database(const hs_database_t *database, size_t room,
                                      struct pst_err *err)
{
    size_t size = 0;
    if (hs_valid_platform() != HS_SUCCESS) {
        return pst_fail(err, PST_E_CONFIG, "signatures: this processor lacks SSE4.2");
    }
    if (hs_database_size(database, &size) != HS_SUCCESS) {
        return pst_fail(err, PST_E_CONFIG,
                        "signatures: made for another version of the pattern matcher");
    }
    if (size > room) {
        return pst_fail(err, PST_E_CONFIG, "signatures: the pattern database is cut off");
    }
    return PST_OK;
}

enum pst_status pst_signature_image_open(struct pst_str image, struct pst_signature_image **ret,
                                         struct pst_err *err)
{
    struct head h = {0};
    if (check_head(image, &h, err) != PST_OK) {
        return PST_ERR;
    }
    const hs_database_t *database = (const hs_database_t *)(const void *)&image.p[h.db_at];
    if (check_database(database, h.db_n, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_signature_image *opened = calloc(1, sizeof *opened);
    struct pst_signature *rules = calloc(h.rules > 0 ? h.rules : 1, sizeof *rules);
    if (opened == NULL || rules == NULL) {
        free(opened);
        free(rules);
        return pst_fail(err, PST_E_NO_MEMORY, "signatures: no memory");
    }
    *opened = (struct pst_signature_image){database, rules, h.rules};
    struct pst_str texts = pst_str_cut(image, h.texts_at, h.texts_n);
    for (size_t i = 0; i < h.rules; i++) {
        if (!read_rule(image, i, texts, &rules[i])) {
            pst_signature_image_close(opened);
            return pst_fail(err, PST_E_CONFIG, "signatures: rule %zu is not well formed", i);
        }
    }
    *ret = opened;
    return PST_OK;
}

void pst_signature_image_close(struct pst_signature_image *image)
{
    if (image != NULL) {
        free(image->rules);
        free(image);
    }
}

size_t pst_signature_count(const struct pst_signature_image *image)
{
    return image->n;
}

struct pst_signature pst_signature_get(const struct pst_signature_image *image, size_t rule)
{
    PST_BUG_ON(rule >= image->n);
    return image->rules[rule];
}

struct pst_str pst_signature_id(const struct pst_signature_image *image, size_t rule)
{
    return pst_signature_get(image, rule).id;
}

/* --- scanning --------------------------------------------------------------------------------- */

enum pst_status pst_signature_scanner_init(struct pst_signature_scanner **ret,
                                           const struct pst_signature_image *image,
                                           struct pst_err *err)
{
    struct pst_signature_scanner *s = calloc(1, sizeof *s);
    struct track *track = calloc(image->n > 0 ? image->n : 1, sizeof *track);
    if (s == NULL || track == NULL) {
        free(s);
        free(track);
        return pst_fail(err, PST_E_NO_MEMORY, "signatures: no memory");
    }
    s->image = image;
    s->track = track;
    if (hs_alloc_scratch(image->database, &s->scratch) != HS_SUCCESS) {
        pst_signature_scanner_release(s);
        return pst_fail(err, PST_E_NO_MEMORY, "signatures: no scratch memory for the matcher");
    }
    *ret = s;
    return PST_OK;
}

void pst_signature_scanner_release(struct pst_signature_scanner *scanner)
{
    if (scanner != NULL) {
        if (scanner->scratch != NULL) {
            (void)hs_free_scratch(scanner->scratch);
        }
        free(scanner->track);
        free(scanner);
    }
}

static void add_hit(struct pst_signature_scanner *s, size_t rule, uint32_t end)
{
    const struct pst_signature *r = &s->image->rules[rule];
    struct pst_signature_hits *hits = s->hits;
    struct track *t = &s->track[rule];
    if (t->seen_scan != s->scan_stamp) {
        t->seen_scan = s->scan_stamp;
        uint32_t sum = (uint32_t)hits->by_category[r->category] + r->weight;
        hits->by_category[r->category] = (uint16_t)(sum > UINT16_MAX ? UINT16_MAX : sum);
    }
    if (hits->n == PST_SIGNATURE_HITS_MAX) {
        hits->cut = true;
        return;
    }
    uint32_t reach = r->longest < REACH_MAX ? r->longest : REACH_MAX;
    uint32_t start = reach < end ? end - reach : 0;
    size_t from = start, to = end;
    const struct pst_view *view = &s->views->list[s->view];
    if (view->map != NULL) {
        pst_view_origin(view, start, end, &from, &to);
    }
    hits->list[hits->n++] = (struct pst_signature_hit){
        .rule = (uint16_t)rule,
        .view = s->view,
        .category = r->category,
        .start = (uint32_t)from,
        .end = (uint32_t)to,
    };
}

/* The matcher tells ends of matches; of a rule that repeats it tells each, and those that lie
 * within one another count once: the next must end past this one's end by its shortest match, for
 * which eight bytes stand here. */
static int on_match(unsigned int id, unsigned long long from, unsigned long long to,
                    unsigned int flags, void *context)
{
    enum { APART = 8 };
    struct pst_signature_scanner *s = context;
    (void)from;
    (void)flags;
    if (id >= s->image->n || to > s->views->list[s->view].text.n) {
        return 0;
    }
    const struct pst_signature *r = &s->image->rules[id];
    struct track *t = &s->track[id];
    uint32_t end = (uint32_t)to;
    if ((r->channels & s->channels) == 0 || t->seen_view == s->view_stamp) {
        return 0;
    }
    if (t->counted != s->view_stamp) {
        t->counted = s->view_stamp;
        t->count = 0;
    }
    if (t->count == 0 || end - t->last >= APART) {
        t->count++;
        t->last = end;
    }
    if (t->count >= r->repeat) {
        t->seen_view = s->view_stamp;
        add_hit(s, id, end);
    }
    return 0;
}

/* Stamps start again before they repeat. */
static void next_stamp(struct pst_signature_scanner *s)
{
    if (s->view_stamp > UINT32_MAX - PST_VIEWS_MAX - 1 || s->scan_stamp == UINT32_MAX) {
        memset(s->track, 0, s->image->n * sizeof *s->track);
        s->view_stamp = 0;
        s->scan_stamp = 0;
    }
    s->scan_stamp++;
}

/* The matcher does not tell capitals from small letters, so a view that differs from the text as
 * given in nothing else shows the same rules in the same places. That is the plain view of most
 * texts, and scanning is what costs most. */
static bool says_the_same(const struct pst_views *views, size_t i)
{
    struct pst_str a = views->list[0].text, b = views->list[i].text;
    uint8_t differ = 0;
    if (i == 0 || a.n != b.n) {
        return false;
    }
    for (size_t k = 0; k < a.n && (k % 64 != 0 || differ == 0); k++) {
        uint8_t x = a.p[k], y = b.p[k];
        uint8_t capital_x = (uint8_t)(x - 'A') < 26 ? 0x20 : 0;
        uint8_t capital_y = (uint8_t)(y - 'A') < 26 ? 0x20 : 0;
        differ |= (uint8_t)((x | capital_x) ^ (y | capital_y));
    }
    return differ == 0;
}

enum pst_status pst_signature_scan_in(struct pst_signature_scanner *scanner,
                                      const struct pst_views *views, uint32_t channels,
                                      struct pst_signature_hits *ret, struct pst_err *err)
{
    if (views->n > PST_VIEWS_MAX) {
        return pst_fail(err, PST_E_LIMIT, "signatures: too many views");
    }
    memset(ret, 0, sizeof *ret);
    next_stamp(scanner);
    scanner->views = views;
    scanner->hits = ret;
    scanner->channels = channels;
    for (size_t i = 0; i < views->n; i++) {
        struct pst_str text = views->list[i].text;
        if (text.n == 0 || says_the_same(views, i)) {
            continue;
        }
        if (text.n > UINT32_MAX / 2) {
            return pst_fail(err, PST_E_LIMIT, "signatures: the text is too long");
        }
        scanner->view = (uint8_t)i;
        scanner->view_stamp++;
        if (hs_scan(scanner->image->database, (const char *)text.p, (unsigned int)text.n, 0,
                    scanner->scratch, on_match, scanner) != HS_SUCCESS) {
            return pst_fail(err, PST_E_INTERNAL, "signatures: the matcher failed");
        }
    }
    return PST_OK;
}

enum pst_status pst_signature_scan(struct pst_signature_scanner *scanner,
                                   const struct pst_views *views, struct pst_signature_hits *ret,
                                   struct pst_err *err)
{
    return pst_signature_scan_in(scanner, views, UINT32_MAX, ret, err);
}
