/* What goes wrong in a role under test: a page shared by the test (tests/faults/faults.py) and the
 * library that is loaded into that role. Zero means: as the kernel says. */
#ifndef POSTERN_TESTS_FAULT_H
#define POSTERN_TESTS_FAULT_H

#include <stdint.h>

struct fault {
    int64_t clock_offset_ns; /* added to the wall clock; the monotonic one is left alone */
    int32_t write_errno;     /* pwrite fails */
    int32_t write_short;     /* pwrite writes half of what it was given */
    int32_t sync_errno;      /* a sync that was started ends with this */
    int32_t create_errno;    /* a file cannot be created */
    int32_t hits;            /* how often something was done to a call */
};

#endif
