/* Inside the scanner only: where a scan that was begun has come to. */
#ifndef PST_INSPECT_SCAN_COURSE_H
#define PST_INSPECT_SCAN_COURSE_H

#include "inspect/normal/normal.h"

/* The text's shapes, then each view of each piece of it. */
enum pst_scan_phase { PST_SCAN_SHAPES, PST_SCAN_VIEW, PST_SCAN_PIECE, PST_SCAN_DONE };
struct pst_scan_course {
    enum pst_scan_phase phase;
    struct pst_str whole;   /* what precedes, and the text */
    size_t released;        /* of it, what precedes */
    bool more;              /* as the caller said */
    size_t at;              /* in the text or view under scan */
    size_t piece, next;     /* of the whole, where the piece begins and the next one does */
    struct pst_views views; /* of the piece, in the arena */
    size_t view, first;     /* the one under scan, and the findings before it */
};

#endif
