/* the old way to replace the generator is the only one that makes it fail */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>

static void bytes_differ(void **state)
{
    (void)state;
    uint8_t a[64] = {0}, b[64] = {0};
    pst_random(a, sizeof a);
    pst_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(pst_random_u64() != pst_random_u64());
    uint64_t all = 0;
    for (int i = 0; i < 64; i++) {
        all |= pst_random_u64();
    }
    assert_true(all == UINT64_MAX);
    memset(a, 7, sizeof a);
    pst_random(a, 3);
    assert_int_equal(a[3], 7);
    pst_random(NULL, 0);
}

static void a_child_does_not_repeat_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)pst_random_u64();
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        uint64_t mine = pst_random_u64();
        _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    uint64_t own = pst_random_u64(), theirs = own;
    assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
    assert_true(own != theirs);
    int status = 0;
    waitpid(pid, &status, 0);
    close(ends[0]);
    close(ends[1]);
}

static int no_bytes(unsigned char *buf, int n)
{
    (void)buf;
    (void)n;
    return 0;
}

static void no_randomness_ends_the_process(void **state)
{
    (void)state;
    uint8_t a[8];
    assert_dies(static RAND_METHOD broken; broken.bytes = no_bytes; RAND_set_rand_method(&broken);
                pst_random(a, sizeof a));
    assert_dies(pst_random(a, (size_t)INT_MAX + 1));
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_differ),
        cmocka_unit_test(a_child_does_not_repeat_its_parent),
        cmocka_unit_test(no_randomness_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
