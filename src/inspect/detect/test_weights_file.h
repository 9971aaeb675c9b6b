/* A small weights file for tests: 16 buckets, every number of it known. */
#ifndef PST_INSPECT_DETECT_TEST_WEIGHTS_FILE_H
#define PST_INSPECT_DETECT_TEST_WEIGHTS_FILE_H

#include "base/enc.h"
#include "inspect/detect/weights.h"

enum {
    TEST_BITS = 4,
    TEST_TABLE = PST_LANES << TEST_BITS,
    TEST_WEIGHTS = PST_WEIGHTS_TABLES + 2 * TEST_TABLE,
    TEST_FUSION = PST_WEIGHTS_NUMBERS + 4 * 4 * PST_LANES,
    TEST_KNOTS = TEST_FUSION + 4 * (1 + PST_INPUTS),
};

static inline void test_weights_seal(uint8_t *file, size_t n)
{
    pst_put_u32le(&file[16], pst_crc32c(0, pst_str_of(&file[64], n - 64)));
}

/* Every n-gram speaks for an injection: the longer a text, the louder. */
static inline void test_weights_make(uint8_t file[TEST_WEIGHTS])
{
    memset(file, 0, TEST_WEIGHTS);
    memcpy(file, "PSTDETW\x01", 8);
    pst_put_u32le(&file[8], PST_WEIGHTS_VERSION);
    pst_put_u32le(&file[12], TEST_WEIGHTS);
    pst_put_u32le(&file[20], PST_GRAM_VERSION);
    pst_put_u32le(&file[24], TEST_BITS);
    pst_put_u32le(&file[28], TEST_BITS);
    memcpy(&file[64], "made for a test", 15);
    for (size_t i = 0; i < PST_LANES; i++) { /* scale: 1/1024 of a logit */
        pst_put_u32le(&file[PST_WEIGHTS_NUMBERS + 4 * (PST_LANES + i)], 1 << 10);
        pst_put_u32le(&file[PST_WEIGHTS_NUMBERS + 4 * (3 * PST_LANES + i)], 1 << 10);
    }
    pst_put_u32le(&file[TEST_FUSION + 4 * (1 + PST_INPUT_SMALL + PST_LANE_ANY)], 1 << 16);
    for (size_t s = 0; s < PST_SOURCES; s++) {
        for (size_t i = 0; i < PST_KNOTS; i++) {
            pst_put_u32le(&file[TEST_KNOTS + 4 * (s * PST_KNOTS + i)], (uint32_t)(i * 20));
        }
    }
    memset(&file[PST_WEIGHTS_TABLES], 50, 2 * (size_t)TEST_TABLE);
    test_weights_seal(file, TEST_WEIGHTS);
}

#endif
