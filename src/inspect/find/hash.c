#include "inspect/find/hash.h"

static uint32_t rotr(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256_block(uint32_t h[8], const uint8_t block[64])
{
    uint32_t w[64], v[8];
    for (size_t i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (size_t i = 16; i < 64; i++) {
        uint32_t a = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(v, h, sizeof v);
    for (size_t i = 0; i < 64; i++) {
        uint32_t e = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
        uint32_t t = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
        uint32_t a = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
        uint32_t u = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(&v[1], &v[0], 7 * sizeof v[0]);
        v[4] += t;
        v[0] = t + u;
    }
    for (size_t i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

void pst_find_sha256(struct pst_str in, uint8_t ret[32])
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t blocks[128] = {0};
    PST_BUG_ON(in.n > 119);
    size_t total = in.n <= 55 ? 64 : 128;
    if (in.n > 0) {
        memcpy(blocks, in.p, in.n);
    }
    blocks[in.n] = 0x80;
    blocks[total - 2] = (uint8_t)(in.n * 8 >> 8);
    blocks[total - 1] = (uint8_t)(in.n * 8);
    sha256_block(h, blocks);
    if (total == 128) {
        sha256_block(h, &blocks[64]);
    }
    for (size_t i = 0; i < 32; i++) {
        ret[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}

static uint64_t rotl(uint64_t x, unsigned n)
{
    return n == 0 ? x : x << n | x >> (64 - n);
}

static void keccak_f(uint64_t a[25])
{
    static const uint8_t rotation[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                         27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
    static const uint8_t lane[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                     15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
    uint8_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t c[5];
        for (size_t x = 0; x < 5; x++) {
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        }
        for (size_t i = 0; i < 25; i++) {
            a[i] ^= c[(i + 4) % 5] ^ rotl(c[(i + 1) % 5], 1);
        }
        uint64_t moved = a[1];
        for (size_t i = 0; i < 24; i++) {
            uint64_t next = a[lane[i]];
            a[lane[i]] = rotl(moved, rotation[i]);
            moved = next;
        }
        for (size_t y = 0; y < 25; y += 5) {
            memcpy(c, &a[y], sizeof c);
            for (size_t x = 0; x < 5; x++) {
                a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
            }
        }
        for (unsigned j = 0; j < 7; j++) { /* the constant of the round, bit 2^j - 1 at a time */
            if ((lfsr & 1U) != 0) {
                a[0] ^= UINT64_C(1) << ((1U << j) - 1);
            }
            lfsr = (uint8_t)(lfsr << 1 ^ ((lfsr & 0x80U) != 0 ? 0x71U : 0));
        }
    }
}

void pst_find_keccak256(struct pst_str in, uint8_t ret[32])
{
    uint64_t a[25] = {0};
    uint8_t block[136] = {0};
    PST_BUG_ON(in.n > 135);
    if (in.n > 0) {
        memcpy(block, in.p, in.n);
    }
    block[in.n] ^= 0x01;
    block[135] ^= 0x80;
    for (size_t i = 0; i < 136; i++) {
        a[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
    }
    keccak_f(a);
    for (size_t i = 0; i < 32; i++) {
        ret[i] = (uint8_t)(a[i / 8] >> (8 * (i % 8)));
    }
}
