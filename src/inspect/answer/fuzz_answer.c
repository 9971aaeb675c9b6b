/* Answers: whatever comes, the same whole and in pieces; nothing unknown is fetched. First byte:
 * where to cut; then the text. */
#include "inspect/answer/argument.h"
#include "inspect/answer/leak.h"
#include "inspect/answer/link.h"
#include "inspect/answer/terminal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 20 };

static void links_run(const struct pst_hosts *hosts, struct pst_str text, size_t piece,
                      struct pst_buf *out, struct pst_links *l)
{
    size_t done = 0, have = 0;
    pst_links_init(l, hosts, false);
    while (done < text.n || have < text.n) {
        size_t taken = 0;
        have = have + piece < text.n ? have + piece : text.n;
        PST_BUG_ON(pst_links_push(l, pst_str_cut(text, done, have - done), have == text.n, &taken,
                                  out, NULL) != PST_OK);
        PST_BUG_ON(have == text.n && done + taken != text.n);
        done += taken;
        PST_BUG_ON(have - done > PST_LINK_MAX + 16);
    }
}

static void terminal_run(struct pst_str text, size_t piece, struct pst_buf *out)
{
    struct pst_terminal t = {0};
    for (size_t i = 0; i < text.n; i += piece) {
        PST_BUG_ON(!pst_terminal_push(&t, pst_str_cut(text, i, piece), i + piece >= text.n, out));
    }
    PST_BUG_ON(pst_str_find_byte(pst_buf_str(out), 0x1b) != PST_NPOS);
}

static void leak_run(struct pst_str text, size_t piece, uint32_t *ret)
{
    struct pst_leak_source s;
    struct pst_leak l;
    struct pst_arena arena;
    pst_arena_init(&arena, 1 << 16, ROOM);
    PST_BUG_ON(pst_leak_source_init(&s, pst_str_cut(text, 0, text.n / 2), PST_STR("c0ffee"), 7,
                                    &arena, NULL) != PST_OK);
    PST_BUG_ON(pst_leak_init(&l, &s, 7, &arena, NULL) != PST_OK);
    for (size_t i = 0; i < text.n; i += piece) {
        pst_leak_push(&l, pst_str_cut(text, i, piece));
    }
    pst_leak_end(&l);
    *ret = l.hits;
    pst_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_hosts hosts;
    struct pst_links one, many;
    struct pst_arena arena;
    struct pst_buf a, b;
    struct pst_provenance said;
    struct pst_argument_facts facts = {0};
    uint32_t whole = 0, pieces = 0;
    if (size < 1 || size > 1 << 14) {
        return 0;
    }
    size_t piece = 1 + data[0] % 40;
    struct pst_str text = pst_str_from(pst_str_of(data, size), 1);
    pst_arena_init(&arena, 1 << 14, ROOM);
    pst_hosts_init(&hosts, &arena);
    pst_hosts_learn(&hosts, PST_STR("see https://docs.example/"));
    pst_buf_init(&a, ROOM);
    pst_buf_init(&b, ROOM);
    links_run(&hosts, text, text.n > 0 ? text.n : 1, &a, &one);
    links_run(&hosts, text, piece, &b, &many);
    PST_BUG_ON(!pst_str_eq(pst_buf_str(&a), pst_buf_str(&b)) || one.blocked != many.blocked ||
               one.neutralised != many.neutralised || one.kept != many.kept);
    pst_buf_clear(&a);
    pst_buf_clear(&b);
    terminal_run(text, text.n > 0 ? text.n : 1, &a);
    terminal_run(text, piece, &b);
    PST_BUG_ON(!pst_str_eq(pst_buf_str(&a), pst_buf_str(&b)));
    leak_run(text, text.n > 0 ? text.n : 1, &whole);
    leak_run(text, piece, &pieces);
    PST_BUG_ON(whole != pieces);
    PST_BUG_ON(pst_provenance_init(&said, &text, 1, &arena, NULL) != PST_OK);
    PST_BUG_ON(pst_argument_inspect(&said, text, &arena, &facts, NULL) != PST_OK);
    pst_buf_release(&a);
    pst_buf_release(&b);
    pst_arena_release(&arena);
    return 0;
}
