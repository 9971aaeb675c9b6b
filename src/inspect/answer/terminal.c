#include "inspect/answer/terminal.h"

enum { ESC = 0x1b, BEL = 0x07, ST = 0x9c };

enum state {
    TEXT,
    ESCAPE,     /* after ESC */
    SHORT,      /* after ESC and an intermediate: one more byte at least */
    CSI,        /* until 0x40 … 0x7e */
    STRING,     /* OSC, DCS, APC, PM, SOS: until BEL or ST */
    STRING_ESC, /* ESC within a string */
};

/* "\x1b", "\u001b", "\033", "\e[" in text: what a program may turn into an escape. */
static void note_spelled(struct pst_terminal *t, uint8_t b)
{
    const uint8_t *p = t->back;
    bool x1b = p[1] == '\\' && p[2] == 'x' && p[3] == '1' && (b == 'b' || b == 'B');
    bool u1b = p[1] == '0' && p[2] == '0' && p[3] == '1' && (b == 'b' || b == 'B');
    bool oct = p[1] == '\\' && p[2] == '0' && p[3] == '3' && b == '3';
    bool e = p[2] == '\\' && (p[3] == 'e' || p[3] == 'E') && b == '[';
    if (x1b || (u1b && p[0] == 'u') || oct || e) {
        t->spelled++;
    }
    t->back[0] = p[1];
    t->back[1] = p[2];
    t->back[2] = p[3];
    t->back[3] = b;
}

static uint8_t string_begins(struct pst_terminal *t)
{
    t->commands++;
    return STRING;
}

static uint8_t after_escape(struct pst_terminal *t, uint8_t b)
{
    switch (b) {
    case '[':
        return CSI;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        return string_begins(t);
    case ESC:
        return ESCAPE;
    default:
        return b >= 0x20 && b <= 0x2f ? SHORT : TEXT;
    }
}

/* A C1 control, which UTF-8 writes as C2 80 … C2 9F. */
static uint8_t after_c1(struct pst_terminal *t, uint8_t b)
{
    t->removed++;
    if (b == 0x9b) {
        return CSI;
    }
    if (b == 0x90 || b == 0x98 || b == 0x9d || b == 0x9e || b == 0x9f) {
        return string_begins(t);
    }
    return TEXT;
}

static bool text_byte(struct pst_terminal *t, uint8_t b, struct pst_buf *out)
{
    if (b == ESC) {
        t->state = ESCAPE;
        t->removed++;
        return true;
    }
    if (b == 0xc2) {
        t->lead = b;
        return true;
    }
    if ((b < 0x20 && b != '\t' && b != '\n' && b != '\r') || b == 0x7f) {
        t->removed++;
        return true;
    }
    note_spelled(t, b);
    return pst_buf_byte(out, b);
}

/* Within a sequence: nothing is let through. */
static void sequence_byte(struct pst_terminal *t, uint8_t b)
{
    switch ((enum state)t->state) {
    case ESCAPE:
        t->state = after_escape(t, b);
        break;
    case SHORT:
        t->state = b >= 0x20 && b <= 0x2f ? SHORT : TEXT;
        break;
    case CSI:
        if (b >= 0x40 && b <= 0x7e) {
            t->state = TEXT;
        } else if (b == ESC) {
            t->state = ESCAPE;
        }
        break;
    case STRING:
        if (b == BEL || b == 0x18 || b == 0x1a) {
            t->state = TEXT;
        } else if (b == ESC) {
            t->state = STRING_ESC;
        } else if (t->lead == 0xc2 && b == ST) {
            t->state = TEXT;
        }
        t->lead = b;
        break;
    case STRING_ESC:
        t->state = b == '\\' ? TEXT : after_escape(t, b);
        break;
    case TEXT:
        break;
    }
    if (t->state == TEXT) {
        t->lead = 0;
    }
}

bool pst_terminal_push(struct pst_terminal *t, struct pst_str text, bool end, struct pst_buf *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.n; i++) {
        uint8_t b = text.p[i];
        if (t->state != TEXT) {
            /* no sequence runs over a line's end but a string, and a string that does is a trick to
             * swallow the rest of the answer */
            if (b == '\n') {
                t->state = TEXT;
                t->lead = 0;
                ok = pst_buf_byte(out, b);
            } else {
                sequence_byte(t, b);
            }
            continue;
        }
        if (t->lead == 0xc2) {
            t->lead = 0;
            if (b >= 0x80 && b <= 0x9f) {
                t->state = after_c1(t, b);
            } else {
                ok = pst_buf_byte(out, 0xc2) && pst_buf_byte(out, b);
            }
            continue;
        }
        ok = text_byte(t, b, out);
    }
    if (ok && end && t->state == TEXT && t->lead == 0xc2) {
        t->lead = 0;
        ok = pst_buf_byte(out, 0xc2);
    }
    return ok;
}
