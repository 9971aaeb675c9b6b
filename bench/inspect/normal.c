/* What the normaliser costs: `bench_normal [FILE...]`, nanoseconds a byte for the data scanner's
 * and the detector's views of each file, or of prose, code and JSON made here. */
#include "inspect/normal/normal.h"

#include "base/buf.h"
#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIZE = 1 << 16, LIMIT = 1 << 20, ROUNDS = 15 };

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The best of some rounds: what the machine can do when nobody disturbs it. */
static double cost(struct pst_str text, uint32_t want, struct pst_arena *arena,
                   struct pst_views *views)
{
    struct pst_err err = {0};
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        size_t done = 0;
        while (done < 4 * SIZE) {
            pst_arena_clear(arena);
            if (pst_views_make(text, want, LIMIT, arena, views, &err) != PST_OK) {
                (void)fprintf(stderr, "%s\n", err.text);
                return -1;
            }
            done += text.n;
        }
        double took = (now_ns() - start) / (double)done;
        best = took < best ? took : best;
    }
    return best;
}

static void measure(const char *name, struct pst_str text, struct pst_arena *arena,
                    struct pst_views *views)
{
    double data = cost(text, PST_WANT_DATA, arena, views);
    size_t n_data = views->n;
    double reader = cost(text, PST_WANT_READER | PST_WANT_DATA, arena, views);
    printf("%-24s %8zu B  data %7.3f ns/B (%zu views)  reader %7.3f ns/B (%zu views)\n", name,
           text.n, data, n_data, reader, views->n);
}

static void fill(struct pst_buf *out, const char *unit)
{
    pst_buf_clear(out);
    while (out->n + strlen(unit) <= SIZE) {
        if (!pst_buf_add(out, pst_str_c(unit))) {
            return;
        }
    }
}

static bool load(struct pst_buf *out, const char *path)
{
    FILE *in = fopen(path, "rb");
    pst_buf_clear(out);
    while (in != NULL) {
        uint8_t *room = pst_buf_room(out, 1 << 16);
        size_t n = room != NULL ? fread(room, 1, 1 << 16, in) : 0;
        if (n == 0) {
            break;
        }
        pst_buf_added(out, n);
    }
    return in != NULL && fclose(in) == 0 && pst_utf8_valid(pst_buf_str(out));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *unit;
    } made[] = {
        {"prose",
         "The committee met on Tuesday to discuss the budget for the coming year, and it was "
         "agreed that the figures should be sent to all of the members before Friday.\n"},
        {"code",
         "    for (size_t i = 0; i < list->count; i++) {\n        total += list->items[i].price "
         "* list->items[i].quantity; /* in cents */\n    }\n"},
        {"json",
         "{\"id\": 48213, \"name\": \"Jane Example\", \"created_at\": \"2024-05-01T10:00:00Z\", "
         "\"tags\": [\"a\", \"b\"], \"ratio\": 0.125},\n"},
        {"german",
         "Der Ausschuss traf sich am Dienstag, um über den Haushalt für das kommende Jahr zu "
         "sprechen; die Zahlen gehen allen Mitgliedern vor Freitag zu.\n"},
        {"russian", "Комитет собрался во вторник, чтобы обсудить бюджет на следующий год, и решил "
                    "разослать цифры всем участникам до пятницы.\n"},
        {"chinese", "委员会于星期二开会讨论明年的预算，并同意在星期五之前将数字发送给所有成员。\n"},
    };
    struct pst_buf text;
    struct pst_arena arena;
    struct pst_views *views = malloc(sizeof *views);
    if (views == NULL) {
        return 1;
    }
    pst_buf_init(&text, 64 << 20);
    pst_arena_init(&arena, 8 << 20, 512 << 20);
    for (size_t i = 0; argc < 2 && i < PST_LEN(made); i++) {
        fill(&text, made[i].unit);
        measure(made[i].name, pst_buf_str(&text), &arena, views);
        measure("  its first 2 KB", pst_str_cut(pst_buf_str(&text), 0, 2040), &arena, views);
    }
    for (int i = 1; i < argc; i++) {
        if (load(&text, argv[i])) {
            measure(argv[i], pst_buf_str(&text), &arena, views);
        }
    }
    pst_arena_release(&arena);
    pst_buf_release(&text);
    free(views);
    return 0;
}
