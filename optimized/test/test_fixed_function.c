/* The integer exponential over its whole argument, the quotient, floor and shifts at the ends of their ranges.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fixed/core.h"
#include "test/run.h"

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

/* What FIXED.md, section 1, has for n 2^-s in a format, by division alone. */
static int64_t expected(int64_t n, unsigned s, const fix_format *f)
{
    int64_t unit = INT64_C(1) << s, q = n / unit - (n % unit < 0), m = n - q * unit, end = INT64_C(1) << (f->bits - 1);
    if (f->rounding == FIX_NEAREST_UP) q += 2 * m >= unit;
    if (f->rounding == FIX_NEAREST_EVEN) q += m > unit - m || (m == unit - m && q % 2 != 0);
    if (q >= -end && q < end) return q;
    if (f->overflow == FIX_SATURATE) return q < 0 ? -end : end - 1;
    int64_t r = (q + end) % (2 * end);
    return (r < 0 ? r + 2 * end : r) - end;
}

/* Every width, every shift, both ends of the range and of what section 6 allows, one unit and half a unit beside them. */
START_TEST(test_fit_at_limits)
{
    static fix_state s;
    static fix_profile p;
    const int64_t top = INT64_C(1) << 62;
    long events = 0;
    s.profile = &p;
    for (unsigned bits = 2; bits <= 32; bits++)
        for (unsigned shift = 1; shift <= 62; shift++)
            for (unsigned mode = 0; mode < 6; mode++) {
                fix_format *f = &p.q[FIX_G];
                *f = (fix_format){(uint8_t)bits, 2, (uint8_t)(mode / 2), (uint8_t)(mode % 2)};
                int64_t unit = INT64_C(1) << shift, end = INT64_C(1) << (bits - 1);
                int64_t edge = end > top / unit ? top : end * unit;
                const int64_t near[] = {-edge, edge, edge - unit, unit - edge, edge - unit / 2, unit / 2 - edge, 0, unit / 2, -unit / 2, top, -top};
                for (unsigned k = 0; k < sizeof near / sizeof *near; k++)
                    for (int64_t d = -1; d <= 1; d++) {
                        int64_t n = near[k] + d;
                        if (n > top || n < -top) continue;
                        int64_t got = fix_fit(&s, FIX_G, n, shift + 2, 0, 0), want = expected(n, shift, f);
                        if (got != want)
                            ck_abort_msg("%lld 2^-%u, %u bits, mode %u: got %lld, want %lld", (long long)n, shift, bits, mode, (long long)got, (long long)want);
                    }
                events += s.events[FIX_G] > 0;
                s.events[FIX_G] = 0;
            }
    ck_assert_int_gt(events, 31 * 6 * 20);
}
END_TEST

/* Each width of storage keeps both ends, and what is beside them. */
START_TEST(test_store_at_limits)
{
    static int32_t memory[4];
    for (uint32_t bytes = 1; bytes <= 4; bytes *= 2) {
        int32_t top = (int32_t)((INT64_C(1) << (8 * bytes - 1)) - 1), values[] = {-top - 1, -1, 0, top};
        fix_array a = {memory, (uint32_t)(sizeof memory / bytes), bytes};
        for (size_t k = 0; k < 4; k++) fix_store(&a, k, values[k]);
        for (size_t k = 0; k < 4; k++) ck_assert_int_eq(fix_load(&a, k), values[k]);
    }
}
END_TEST

/* A row is exactly its numbers: what lies before and behind it stays, in the array and with the caller. */
START_TEST(test_row_ends)
{
    enum { N = 7, AT = 2, ROW = 3, OLD = 9 };
    for (uint32_t bytes = 1; bytes <= 4; bytes *= 2) {
        static int32_t memory[N];
        fix_array a = {memory, N, bytes};
        const int32_t from[ROW] = {-5, 0, 6};
        int32_t to[ROW + 2] = {OLD, OLD, OLD, OLD, OLD};
        for (size_t k = 0; k < N; k++) fix_store(&a, k, OLD);
        fix_write(&a, AT, from, ROW);
        for (size_t k = 0; k < N; k++) ck_assert_int_eq(fix_load(&a, k), k < AT || k >= AT + ROW ? OLD : from[k - AT]);
        for (size_t k = 0; k < N; k++) fix_store(&a, k, (int32_t)k);
        fix_read(&a, AT, to + 1, ROW);
        for (size_t k = 0; k < ROW + 2; k++) ck_assert_int_eq(to[k], k == 0 || k == ROW + 1 ? OLD : (int32_t)(AT + k - 1));
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
    tcase_add_test(tc, test_fit_at_limits);
    tcase_add_test(tc, test_store_at_limits);
    tcase_add_test(tc, test_row_ends);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
