/* The integer exponential over its whole argument, the quotient, floor and shifts at the ends of their ranges.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fixed/core.h"

enum { F = 24 };

/* d for which the fraction part of d / ln 2 is k 2^-24: p depends on nothing else. */
static uint64_t argument(uint64_t k) { return k == 0 ? 0 : ((k << 32) - ((uint64_t)1 << 31)) / 1549082005u + 1; }

START_TEST(test_exp_every_fraction)
{
    int64_t before = INT64_C(1) << 31;
    double worst = 0;
    uint32_t I;
    for (uint64_t k = 0; k < UINT64_C(1) << F; k++) {
        int64_t p = fix_exp(argument(k), 26, &I);
        if (I != 0 || p >= before || p <= INT64_C(1) << 29) ck_abort_msg("fraction %llu: p %lld after %lld, I %u", (unsigned long long)k, (long long)p, (long long)before, I);
        double off = fabs(ldexp((double)p, -30) * exp2(ldexp((double)k, -F)) - 1);
        if (off > worst) worst = off;
        before = p;
    }
    ck_assert_int_eq(fix_exp(0, 40, &I), 1 << 30);
    /* What is left for the argument's own rounding: 2^-25 - ln 2 (2^-25 + 2^-30). */
    ck_assert_double_lt(worst, 0x1p-25 * (1 - 0.6931472 * (1 + 0x1p-5)));
    ck_assert_double_gt(worst, 0x1p-31);
}
END_TEST

START_TEST(test_exp_every_scale)
{
    srand(1);
    for (int n = 0; n < 200000; n++) {
        unsigned f = (unsigned)(rand() % 41);
        uint64_t d = n < 100 ? (UINT64_C(1) << 32) - (uint64_t)n : ((uint64_t)rand() << 1 ^ (uint64_t)rand()) >> (rand() % 32);
        uint32_t I;
        double x = ldexp((double)d, -(int)f), p = fix_exp(d, f, &I);
        if (I > 31) {
            if (x < 31.9 * 0.6931) ck_abort_msg("exp of %g has I %u", x, I);
            continue;
        }
        double off = fabs(ldexp(p, -30 - (int)I) * exp(x) - 1);
        if (off >= 0x1p-25) ck_abort_msg("exp(-%llu 2^-%u) off by %g", (unsigned long long)d, f, off);
    }
}
END_TEST

START_TEST(test_ratio)
{
    srand(2);
    for (int n = 0; n < 200000; n++) {
        unsigned f = (unsigned)(rand() % 31);
        uint64_t b = ((uint64_t)rand() << 31 | (uint64_t)rand()) >> (20 + rand() % 42), a;
        if (b == 0) b = 1;
        a = n % 5 == 0 ? b : n % 5 == 1 ? b / 2 : ((uint64_t)rand() << 31 | (uint64_t)rand()) % (b + 1);
        if (a >> 31 != 0) a >>= 12, b = (b >> 12) + 1;
        uint64_t want = (a * ((uint64_t)2 << f) + b) / (2 * b);
        int32_t got = fix_ratio(a, b, f);
        if (got < 0 || (uint64_t)got != want) ck_abort_msg("%llu / %llu at %u: got %d, want %llu", (unsigned long long)a, (unsigned long long)b, f, got, (unsigned long long)want);
    }
}
END_TEST

/* All currents of q15, 32.12, that are not saturated, with some to spare: rising, odd, and within half a unit and 2^-25. */
START_TEST(test_sigma_and_tanh)
{
    const unsigned f = 12, g = _i ? 30 : 14;
    double worst_sigma = 0, worst_tanh = 0, unit = ldexp(1, -(int)g), limit = unit / 2 + 0x1p-25;
    int32_t s_before = 0, t_before = -(1 << g);
    for (int32_t n = -(1 << 17); n <= 1 << 17; n++) {
        int32_t s = fix_sigma(n, f, g), t = fix_tanh(n, f, g);
        if (s < s_before || t < t_before) ck_abort_msg("falls at %d", n);
        if (s + fix_sigma(-n, f, g) != 1 << g && n != 0) ck_abort_msg("sigma(%d) + sigma(%d) is not 1", n, -n);
        if (t != -fix_tanh(-n, f, g)) ck_abort_msg("tanh is not odd at %d", n);
        double x = ldexp(n, -(int)f);
        worst_sigma = fmax(worst_sigma, fabs(s * unit - 1 / (1 + exp(-x))));
        worst_tanh = fmax(worst_tanh, fabs(t * unit - tanh(x)));
        s_before = s;
        t_before = t;
    }
    ck_assert_int_eq(fix_sigma(0, f, g), 1 << (g - 1));
    ck_assert_int_eq(fix_tanh(0, f, g), 0);
    ck_assert_int_eq(fix_sigma(INT32_MAX, f, g), 1 << g);
    ck_assert_int_eq(fix_sigma(INT32_MIN, f, g), 0);
    ck_assert_int_eq(fix_tanh(INT32_MAX, f, g), 1 << g);
    ck_assert_int_eq(fix_tanh(INT32_MIN, f, g), -(1 << g));
    if (getenv("EPROP_TEST_TABLE")) printf("g = %u: sigma off by %.4f units, tanh by %.4f, limit %.4f\n", g, worst_sigma / unit, worst_tanh / unit, limit / unit);
    ck_assert_double_le(worst_sigma, limit);
    ck_assert_double_le(worst_tanh, limit);
}
END_TEST

/* Every shift of both ends of the range, against division, which C rounds to zero. */
START_TEST(test_floor_and_up_at_limits)
{
    const int64_t top = INT64_C(1) << 62;
    const int64_t ends[] = {-top, -top + 1, -1, 0, 1, top - 1, top};
    for (unsigned k = 0; k < sizeof ends / sizeof *ends; k++)
        for (unsigned s = 0; s <= 62; s++) {
            int64_t unit = INT64_C(1) << s, n = ends[k], want = n / unit - (n % unit < 0);
            ck_assert_msg(fix_floor(n, s) == want, "floor(%lld / 2^%u)", (long long)n, s);
            if (n / unit * unit == n) ck_assert_int_eq(fix_up(n / unit, s), n);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core: functions");
    TCase *tc = tcase_create("functions");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, test_exp_every_fraction);
    tcase_add_test(tc, test_exp_every_scale);
    tcase_add_test(tc, test_ratio);
    tcase_add_loop_test(tc, test_sigma_and_tanh, 0, 2);
    tcase_add_test(tc, test_floor_and_up_at_limits);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
