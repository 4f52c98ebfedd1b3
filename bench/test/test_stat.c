/* test_stat.c: quantiles, ratios, exponents, worked by hand; an interval covers the truth as often as it says.
 * SPDX-License-Identifier: MIT */
#include "stat.h"

#include <check.h>
#include <math.h>

#include "eprop.h"
#include "test/run.h"

static void near(double got, double want) { ck_assert_msg(fabs(got - want) < 1e-12 * (1 + fabs(want)), "got %.17g, wanted %.17g", got, want); }

START_TEST(quantiles)
{
    const double v[] = {8, 1, 4, 2};
    near(bench_median(v, 4), 3);
    near(bench_quantile(v, 4, 0.25), 1.75);
    near(bench_quantile(v, 4, 0), 1);
    near(bench_quantile(v, 4, 1), 8);
    near(bench_median(v, 1), 8);
    ck_assert(isnan(bench_median(v, 0)));
    const double w[] = {1, 1.1, 0.9, 1, 1.05, 9};
    ck_assert_int_eq(bench_outliers(w, 6), 1);
    ck_assert_int_eq(bench_outliers(w, 5), 1); /* quartiles 1 and 1.05: 0.9 is below 0.925 */
}
END_TEST

/* Paired ratios: noise that hits both of a pair alike cancels. */
START_TEST(paired_ratio)
{
    double a[20], b[20];
    for (int k = 0; k < 20; k++) {
        a[k] = 1 + k;
        b[k] = 1.05 * a[k];
    }
    bench_interval r = bench_ratio(a, b, 20, 1);
    near(r.low, 1.05);
    near(r.mid, 1.05);
    near(r.high, 1.05);
    ck_assert(isnan(bench_ratio(a, b, 0, 1).mid));
    r = bench_ratio_unpaired(a, 20, b, 20, 1);
    near(r.mid, 1.05);
    ck_assert(r.low < 0.9 && r.high > 1.2); /* unpaired, the spread of a remains */
}
END_TEST

START_TEST(exponent)
{
    const double x[] = {1, 2, 4, 8, 16}, y[] = {3, 12, 48, 192, 768};
    bench_interval p = bench_exponent(x, y, 5, 1);
    near(p.mid, 2);
    near(p.low, 2);
    near(p.high, 2);
    ck_assert(isnan(bench_exponent(x, y, 1, 1).mid));
}
END_TEST

/* The same seed gives the same interval; of 200 samples from one distribution, about 95 % of the intervals contain 1: at least 90 %
 * and not all (a 95 % interval that never misses is too wide; fewer than 180 of 200 has probability below 1e-2). */
START_TEST(coverage)
{
    int inside = 0;
    for (uint64_t trial = 0; trial < 200; trial++) {
        double a[30], b[30];
        for (uint64_t k = 0; k < 30; k++) {
            a[k] = exp(0.1 * ep_rng_normal(trial, 1, k, 24));
            b[k] = exp(0.1 * ep_rng_normal(trial, 2, k, 24));
        }
        bench_interval r = bench_ratio(a, b, 30, trial), again = bench_ratio(a, b, 30, trial);
        ck_assert(!(r.low < again.low || r.low > again.low || r.high < again.high || r.high > again.high));
        inside += r.low <= 1 && r.high >= 1;
    }
    ck_assert_msg(inside >= 180 && inside < 200, "%d of 200 intervals contain the truth", inside);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stat");
    TCase *c = tcase_create("stat");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, quantiles);
    tcase_add_test(c, paired_ratio);
    tcase_add_test(c, exponent);
    tcase_add_test(c, coverage);
    suite_add_tcase(s, c);
    return test_run(s);
}
