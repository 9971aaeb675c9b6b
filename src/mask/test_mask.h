/* For the tests of masking: a masker with all its parts, and texts to try it on. */
#ifndef PST_MASK_TEST_MASK_H
#define PST_MASK_TEST_MASK_H

#include "base/test.h"
#include "crypto/crypto.h"
#include "mask/lane_guard.h"

#include <stdlib.h>

struct rig {
    struct pst_arena arena;
    struct pst_aead aead;
    struct pst_vault vault;
    struct pst_scope scope;
    struct pst_actions actions, answers;
    struct pst_tally tally;
    struct pst_scan_image *image;
    struct pst_scanner *scanner;
    struct pst_mask mask;
    struct pst_lane_guard guard;
    struct pst_err err;
};

static inline void rig_init(struct rig *r, uint8_t key)
{
    memset(r, 0, sizeof *r);
    pst_arena_init(&r->arena, 4096, 64 << 20);
    assert_int_equal(pst_crypto_init(&r->err), PST_OK);
    assert_int_equal(pst_aead_init(&r->aead, &r->err), PST_OK);
    assert_int_equal(pst_scan_image_open(PST_STR(""), &r->image, &r->err), PST_OK);
    assert_int_equal(pst_scanner_init(&r->scanner, r->image, &r->err), PST_OK);
    memset(r->scope.key, key, sizeof r->scope.key);
    pst_vault_init(&r->vault, &r->arena, &r->aead, 4096, 1000);
    pst_actions_default(r->image, &r->actions);
    pst_actions_set(r->image, &r->answers, PST_STR("secrets"), PST_ACT_REDACT, false);
    r->mask = (struct pst_mask){.scanner = r->scanner,
                                .image = r->image,
                                .actions = &r->actions,
                                .scope = &r->scope,
                                .vault = &r->vault,
                                .tally = &r->tally};
    r->guard = (struct pst_lane_guard){
        .mask = r->mask, .arena = &r->arena, .seed = 7, .hold_max = 1 << 20};
    r->guard.mask.actions = &r->answers;
}

static inline void rig_release(struct rig *r)
{
    pst_lane_guard_release(&r->guard);
    pst_arena_release(&r->arena);
    pst_aead_release(&r->aead);
    pst_scanner_release(r->scanner);
    pst_scan_image_close(r->image);
}

static inline struct pst_str rig_mask(struct rig *r, struct pst_str text)
{
    struct pst_buf out;
    pst_buf_init(&out, 1 << 22);
    assert_int_equal(pst_mask_text(&r->mask, PST_STR(""), text, &out, &r->err), PST_OK);
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&out));
    pst_buf_release(&out);
    return copy;
}

/* As one whole text of an answer. */
static inline struct pst_str rig_unmask(struct rig *r, struct pst_str text, uint64_t now_ms)
{
    struct pst_buf out;
    size_t taken;
    const struct pst_scan_text in = {.text = text};
    pst_buf_init(&out, 1 << 22);
    assert_int_equal(pst_unmask_text(&r->guard.mask, &in, now_ms, &taken, NULL, &out, &r->err),
                     PST_OK);
    assert_int_equal(taken, text.n);
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&out));
    pst_buf_release(&out);
    return copy;
}

/* A small generator: the tests must not depend on the platform's. */
static inline uint32_t roll(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

/* Text of pieces that mean something here: findings, tokens, look-alikes, halves of them, letters
 * of several bytes. */
static inline struct pst_str random_text(struct rig *r, uint64_t *state)
{
    static const char *const pieces[] = {
        "a@b.org",
        "ann.lee@example.com",
        "4111111111111111",
        "5500005555555559",
        " ",
        ", ",
        "Qz",
        "qz",
        "Q",
        "QzEMAI_",
        "0",
        "_",
        "z",
        "aaaaaaaaaaaaaaaa",
        "\xC3\xA9",
        "\xE4\xBD\xA0",
        "\n",
        "\"",
        "\\",
        "plain words",
        "Qz0",
        "Qz00",
        "x",
        "(",
    };
    struct pst_buf b;
    pst_buf_init(&b, 1 << 16);
    for (size_t n = roll(state) % 24; n > 0; n--) {
        uint32_t which = roll(state) % (PST_LEN(pieces) + 4);
        uint8_t token[PST_TOKEN_BYTES];
        struct pst_token_at at;
        struct pst_token_walk walk = {0};
        if (which < PST_LEN(pieces)) {
            pst_buf_add(&b, pst_str_c(pieces[which]));
            continue;
        }
        /* a look-alike, of this scope or another, escaped or not, in any case */
        struct pst_scope other = {{(uint8_t)(roll(state) % 3)}};
        pst_token_make(which % 2 == 0 ? &r->scope : &other, PST_STR("EMAIL"), PST_STR("a@b.org"),
                       token);
        for (size_t i = 0; roll(state) % 2 == 0 && i < sizeof token; i++) {
            token[i] = token[i] >= 'a' && token[i] <= 'z' ? (uint8_t)(token[i] - 32) : token[i];
        }
        struct pst_str text = pst_str_of(token, sizeof token);
        if (roll(state) % 2 == 0 && pst_token_next(&walk, text, &at)) {
            pst_token_escape(&b, text, &at);
        } else {
            pst_buf_add(&b, text);
        }
    }
    struct pst_str copy = pst_arena_copy(&r->arena, pst_buf_str(&b));
    pst_buf_release(&b);
    return copy;
}

#endif
