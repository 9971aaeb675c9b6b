/* What the scanner costs: `bench_scan [FILE...]` scans texts made here (or the files) with all
 * rules, in turn, and prints for each the median of its rounds: MB/s in blocks of 64 KB, and
 * microseconds for 8 KB of it. The last ones are what hostile people send. */
#include "inspect/scan/scan.h"
#include "base/buf.h"
#include "inspect/image.h"
#include "rules/image_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIZE = 1 << 20, BLOCK = 1 << 16, SMALL = 8192, ROUNDS = 9, TEXTS_MAX = 32 };

struct sample {
    const char *name, *unit;
    struct pst_buf text;
    double large[ROUNDS], small[ROUNDS];
    size_t found;
    bool refused;
};

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Digits that differ, so that nothing is the same text again: `#` in a unit. */
static void fill(struct pst_buf *out, const char *unit)
{
    uint64_t state = 88172645463325252U;
    while (out->n < SIZE) {
        for (const char *c = unit; *c != 0; c++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            uint8_t byte = *c == '#'   ? (uint8_t)('0' + state % 10)
                           : *c == '~' ? (uint8_t)("0123456789abcdef"[state % 16])
                           : *c == '^' ? (uint8_t)('a' + state % 26)
                                       : (uint8_t)*c;
            if (!pst_buf_byte(out, byte)) {
                return;
            }
        }
    }
}

static double scan_in_blocks(struct pst_scanner *scanner, struct sample *s, size_t block,
                             size_t total)
{
    struct pst_findings found;
    struct pst_err err = {0};
    double start = now_ns();
    size_t done = 0;
    for (size_t at = 0; done < total; at = at + block < s->text.n ? at + block : 0) {
        struct pst_scan_text t = {.text = pst_str_cut(pst_buf_str(&s->text), at, block)};
        while (t.text.n > 0 && (t.text.p[0] & 0xC0U) == 0x80U) {
            t.text = pst_str_from(t.text, 1); /* begins at a character */
        }
        if (pst_scan(scanner, &t, &found, &err) != PST_OK) {
            s->refused = true;
        } else {
            s->found += found.n;
        }
        done += block;
    }
    return (now_ns() - start) / (double)done;
}

static int double_cmp(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(double *list)
{
    qsort(list, ROUNDS, sizeof *list, double_cmp);
    return list[ROUNDS / 2];
}

static struct sample samples[TEXTS_MAX] = {
    {.name = "chat JSON",
     .unit = "{\"role\":\"user\",\"content\":\"Could you look at why the parser stops after the "
             "header? I have tried it with the larger file, too, and the answer is the same: it "
             "waits until the connection is closed.\"},{\"role\":\"assistant\",\"content\":\"The "
             "reader returns before the buffer is full. Check the value of `limit` in line ###, "
             "then run the tests again.\"},\n"},
    {.name = "prose",
     .unit = "The committee met on Tuesday to discuss the budget for the coming year, and it was "
             "agreed that the figures should be sent to all of the members before Friday. Nobody "
             "spoke against it, although the treasurer was of another opinion in 20##.\n"},
    {.name = "code",
     .unit =
         "    for (size_t i = 0; i < list->count; i++) {\n        total += list->items[i].price "
         "* list->items[i].quantity + 0x~~~~; /* in cents */\n        if (total > limit_of(##)) "
         "{\n            return fail(err, \"%zu of %u\", total, ###);\n        }\n    }\n"},
    {.name = "logs",
     .unit =
         "10.#.##.1## - - [0#/Mar/2026:1#:##:## +0000] \"GET /static/app.^^^^^^^^.js HTTP/1.1\" "
         "200 ##### \"https://www.example.org/\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n"},
    {.name = "CSV", .unit = "###,#####,2026-0#-1#,^^^^^^ ^^^^^^^^,##.##,open,^^^^^\n"},
    {.name = "German",
     .unit = "Der Ausschuss traf sich am Dienstag, um \xc3\xbc"
             "ber den Haushalt f\xc3\xbcr das kommende Jahr zu sprechen; die Zahlen gehen allen "
             "Mitgliedern vor Freitag zu.\n"},
    {.name = "numbers", .unit = "######### ###### ############ #### ###### ##########\n"},
    {.name = "hashes", .unit = "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~  src/^^^^^/^^^^^^^.c\n"},
    {.name = "! curl -H", .unit = "curl -H \"Authorization: "},
    {.name = "! key=a", .unit = "key=a"},
    {.name = "! key=", .unit = "key="},
    {.name = "! password: \"", .unit = "password: \""},
    {.name = "! PEM header", .unit = "-----BEGIN RSA PRIVATE KEY-----\n"},
    {.name = "! eyJ", .unit = "eyJ"},
    {.name = "! AKIA", .unit = "AKIA####^^^^ "},
    {.name = "! digits", .unit = "#"},
    {.name = "! cards", .unit = "4111 1111 1111 1111 "},
    {.name = "! groups of four", .unit = "#### "},
    {.name = "! @", .unit = "@"},
    {.name = "! a@b.c", .unit = "^^@^.^ "},
    {.name = "! colons", .unit = "~~:"},
    {.name = "! wide heading", .unit = "a,b,c,d,e,f,g,h,######,#######,########\n"},
    {.name = "! context words", .unit = "tax id card iban account phone ##### "},
    {.name = "! percent", .unit = "%~~"},
};

static bool load(struct pst_buf *out, const char *path)
{
    FILE *in = fopen(path, "rb");
    while (in != NULL) {
        uint8_t *room = pst_buf_room(out, 1 << 16);
        size_t n = room != NULL ? fread(room, 1, 1 << 16, in) : 0;
        if (n == 0) {
            break;
        }
        pst_buf_added(out, n);
    }
    return in != NULL && fclose(in) == 0 && out->n > 0;
}

int main(int argc, char **argv)
{
    struct pst_err err = {0};
    struct pst_str data;
    struct pst_scan_image *image;
    struct pst_scanner *scanner;
    size_t n = 0;
    double opened = now_ns();
    if (pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_DATA, &data, &err) !=
            PST_OK ||
        pst_scan_image_open(data, &image, &err) != PST_OK) {
        (void)fprintf(stderr, "bench_scan: %s\n", err.text);
        return 1;
    }
    opened = now_ns() - opened;
    if (pst_scanner_init(&scanner, image, &err) != PST_OK) {
        (void)fprintf(stderr, "bench_scan: %s\n", err.text);
        return 1;
    }
    for (; n < TEXTS_MAX && (argc > 1 ? n + 1 < (size_t)argc : samples[n].name != NULL); n++) {
        pst_buf_init(&samples[n].text, 64 << 20);
        if (argc > 1) {
            samples[n].name = argv[n + 1];
            if (!load(&samples[n].text, argv[n + 1])) {
                (void)fprintf(stderr, "bench_scan: %s: cannot be read\n", argv[n + 1]);
                return 1;
            }
        } else {
            fill(&samples[n].text, samples[n].unit);
        }
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++) {
            samples[i].large[round] = scan_in_blocks(scanner, &samples[i], BLOCK, SIZE / 4);
            samples[i].small[round] = scan_in_blocks(scanner, &samples[i], SMALL, SIZE / 16);
        }
    }
    printf("image opened in %.2f ms\n", opened / 1e6);
    printf("%-24s %10s %14s %10s\n", "text", "MB/s", "us for 8 KB", "found/MB");
    for (size_t i = 0; i < n; i++) {
        double scanned = ROUNDS * (SIZE / 4 + SIZE / 16) / 1e6;
        printf("%-24s %10.0f %14.1f %10.1f%s\n", samples[i].name, 1e3 / median(samples[i].large),
               median(samples[i].small) * SMALL / 1e3, (double)samples[i].found / scanned,
               samples[i].refused ? "  (refused: a limit)" : "");
        pst_buf_release(&samples[i].text);
    }
    pst_scanner_release(scanner);
    pst_scan_image_close(image);
    return 0;
}
