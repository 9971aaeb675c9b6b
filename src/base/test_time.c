#include "base/test.h"

#include "base/enc.h"

#include <time.h>

static void known_times(void **state)
{
    (void)state;
    const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {999, "1970-01-01T00:00:00.000000Z"},
        {1000, "1970-01-01T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_C(951782400000000000), "2000-02-29T00:00:00.000000Z"},
        {INT64_C(1795591951123456789), "2026-11-25T07:32:31.123456Z"},
        {INT64_C(4107542399999999999), "2100-02-28T23:59:59.999999Z"},
        {INT64_C(4107542400000000000), "2100-03-01T00:00:00.000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224Z"},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        char text[PST_TIME_CHARS];
        pst_time_put(rows[i].ns, text);
        assert_memory_equal(text, rows[i].text, PST_TIME_CHARS);
    }
}

static void every_day_as_the_c_library_says(void **state)
{
    (void)state;
    for (int64_t day = -106000; day < 106000; day++) {
        char text[PST_TIME_CHARS], want[32];
        time_t t = (time_t)(day * 86400 + 45296);
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000000Z", &tm),
                         PST_TIME_CHARS);
        pst_time_put((int64_t)t * 1000000000, text);
        assert_memory_equal(text, want, PST_TIME_CHARS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_times),
                                       cmocka_unit_test(every_day_as_the_c_library_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
