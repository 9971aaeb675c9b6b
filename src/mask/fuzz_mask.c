/* Any text: masking is undone by restoring, however the masked text is cut; arguments that were
 * JSON stay JSON. The first byte says how it is cut. */
#include "base/enc.h"
#include "crypto/crypto.h"
#include "mask/inside.h"
#include "mask/lane_guard.h"
#include "wire/json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_pieces(struct pst_lane_guard *g, struct pst_str text, size_t piece,
                      struct pst_buf *out)
{
    static const struct pst_lane content = {.kind = PST_LANE_CONTENT};
    struct pst_buf held;
    struct pst_err err = {0};
    pst_buf_init(&held, 1 << 22);
    for (size_t at = 0; at < text.n || held.n > 0;) {
        struct pst_str in = pst_str_cut(text, at, piece);
        size_t taken = 0;
        while (at + in.n < text.n && (text.p[at + in.n] & 0xC0) == 0x80) {
            in.n++;
        }
        at += in.n;
        pst_buf_add(&held, in);
        PST_BUG_ON(pst_lane_guard_filter.push(g, &content, pst_buf_str(&held), at == text.n, &taken,
                                              out, &err) != PST_OK);
        pst_buf_consume(&held, taken);
    }
    pst_buf_release(&held);
}

static void arguments(struct pst_lane_guard *g, struct pst_str text)
{
    static const struct pst_lane lane = {.kind = PST_LANE_ARGUMENTS};
    struct pst_err err = {0};
    struct pst_buf out;
    size_t taken = 0;
    struct pst_json_config config = pst_json_config_of(1 << 22, 1);
    pst_buf_init(&out, 1 << 22);
    bool was = pst_json_parse(&config, g->arena, text, NULL) != NULL;
    if (pst_lane_guard_filter.push(g, &lane, text, true, &taken, &out, &err) == PST_OK && was) {
        PST_BUG_ON(pst_json_parse(&config, g->arena, pst_buf_str(&out), NULL) == NULL);
    }
    pst_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str text = pst_str_of(data, size);
    if (size < 2 || size > 65536 || !pst_utf8_valid(pst_str_from(text, 1)) ||
        pst_str_find(text, PST_STR("UNSCANNABLE")) != PST_NPOS) {
        return 0;
    }
    size_t piece = 1 + data[0] % 40;
    text = pst_str_from(text, 1);
    struct pst_err err = {0};
    struct pst_arena arena;
    struct pst_aead aead;
    struct pst_vault vault;
    struct pst_scan_image *image = NULL;
    struct pst_scanner *scanner = NULL;
    struct pst_actions actions, answers = {{0}};
    const struct pst_scope scope = {{1}};
    struct pst_buf masked, back;
    pst_arena_init(&arena, 65536, 256 << 20);
    PST_BUG_ON(pst_crypto_init(&err) != PST_OK || pst_aead_init(&aead, &err) != PST_OK ||
               pst_scan_image_open(PST_STR(""), &image, &err) != PST_OK ||
               pst_scanner_init(&scanner, image, &err) != PST_OK);
    pst_vault_init(&vault, &arena, &aead, 65536, 1);
    pst_actions_default(image, &actions);
    actions.of[2] = PST_ACT_ALLOW; /* what is redacted does not come back */
    pst_buf_init(&masked, 1 << 22);
    pst_buf_init(&back, 1 << 22);
    const struct pst_mask mask = {
        .scanner = scanner, .image = image, .actions = &actions, .scope = &scope, .vault = &vault};
    struct pst_lane_guard guard = {.mask = mask, .arena = &arena, .seed = 1, .hold_max = SIZE_MAX};
    guard.mask.actions = &answers;
    if (pst_mask_text(&mask, PST_STR(""), text, &masked, &err) == PST_OK) {
        in_pieces(&guard, pst_buf_str(&masked), piece, &back);
        PST_BUG_ON(!pst_str_eq(pst_buf_str(&back), text));
        pst_lane_guard_release(&guard);
        arguments(&guard, pst_buf_str(&masked));
    }
    pst_buf_release(&masked);
    pst_buf_release(&back);
    pst_scanner_release(scanner);
    pst_scan_image_close(image);
    pst_aead_release(&aead);
    pst_arena_release(&arena);
    return 0;
}
