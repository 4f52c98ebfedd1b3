/* test_paired.c: sides whose work is a known span of CPU time or of sleep.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "paired.h"

#include <check.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "roofline.h"
#include "test/run.h"

enum { ROUNDS = 9, LOG = 4000 };

static char order[LOG + 1]; /* names of the sides in the order of their runs */
static int runs;

typedef struct work {
    double seconds; /* of CPU time */
    int fails_at;   /* this run fails, counted from 1; 0: none */
    int done;
    char name;
    bool sleeps;
} work;

static bool run(void *arg)
{
    work *w = arg;
    double until = bench_cpu_seconds() + w->seconds;
    const struct timespec nap = {.tv_nsec = (long)(1e9 * w->seconds)};
    if (w->sleeps) (void)nanosleep(&nap, NULL);
    else
        while (bench_cpu_seconds() < until) continue;
    if (runs < LOG) order[runs++] = w->name;
    return ++w->done != w->fails_at;
}

static void pair_up(bench_side *s, work *w, int n, uint64_t seed)
{
    memset(s, 0, (size_t)n * sizeof *s);
    for (int k = 0; k < n; k++) {
        s[k].run = run;
        s[k].arg = &w[k];
        s[k].wall = w[k].sleeps;
        w[k].done = 0;
    }
    memset(order, 0, sizeof order);
    runs = 0;
    bench_paired(s, n, ROUNDS, seed);
}

START_TEST(ratio_is_that_of_the_work)
{
    work w[2] = {{.seconds = 0.012, .name = 'a'}, {.seconds = 0.006, .name = 'b'}};
    bench_side s[2];
    pair_up(s, w, 2, 1);
    ck_assert_int_eq(s[0].repeats, 1);
    ck_assert_int_eq(w[0].done, 1 + ROUNDS); /* one warms up */
    for (int k = 0; k < ROUNDS; k++) ck_assert(s[0].time[k] >= 0.012 && s[1].time[k] >= 0.006);
    bench_interval r = bench_side_ratio(&s[0], &s[1], ROUNDS);
    ck_assert_msg(r.mid > 1.8 && r.mid < 2.2 && r.low <= r.mid && r.mid <= r.high, "a / b: %g [%g, %g]", r.mid, r.low, r.high);
    ck_assert_msg(bench_seconds(&s[0], ROUNDS) < 0.015, "%g s", bench_seconds(&s[0], ROUNDS));
}
END_TEST

/* Short work is repeated, after one run that warms the caches; a share scales what is said of it. */
START_TEST(short_work_is_repeated_and_shares_are_scaled)
{
    work w[2] = {{.seconds = 0.001, .name = 'a'}, {.seconds = 0.001, .name = 'b'}};
    bench_side s[2];
    pair_up(s, w, 2, 1);
    ck_assert_msg(s[0].repeats >= 3 && s[0].repeats <= 6, "%d", s[0].repeats);
    ck_assert_int_eq(w[0].done, 1 + ROUNDS * (1 + s[0].repeats));
    s[1].share = 10;
    bench_paired(s, 2, ROUNDS, 1);
    bench_interval r = bench_side_ratio(&s[1], &s[0], ROUNDS);
    ck_assert_msg(r.mid > 9 && r.mid < 11, "%g", r.mid);
}
END_TEST

/* Every round has each side once, in an order that the seed alone decides, and not always the same. */
START_TEST(rounds_are_shuffled_by_the_seed)
{
    work w[3] = {{.seconds = 0.006, .name = 'a'}, {.seconds = 0.006, .name = 'b'}, {.seconds = 0.006, .name = 'c'}};
    bench_side s[3];
    char first[LOG + 1];
    int leads[3] = {0};
    pair_up(s, w, 3, 5);
    ck_assert_int_eq(runs, 3 * (1 + ROUNDS));
    for (int k = 3; k < runs; k += 3) {
        ck_assert_int_eq(order[k] + order[k + 1] + order[k + 2], 'a' + 'b' + 'c');
        leads[order[k] - 'a']++;
    }
    for (int k = 0; k < 3; k++) ck_assert_msg(leads[k] > 0 && leads[k] < ROUNDS, "side %d leads %d rounds", k, leads[k]);
    memcpy(first, order, sizeof first);
    pair_up(s, w, 3, 5);
    ck_assert_str_eq(order, first);
    pair_up(s, w, 3, 6);
    ck_assert_str_ne(order, first);
}
END_TEST

START_TEST(a_failed_run_has_no_time)
{
    work w[2] = {{.seconds = 0.006, .name = 'a', .fails_at = 4}, {.seconds = 0.006, .name = 'b'}};
    bench_side s[2];
    int bad = 0;
    pair_up(s, w, 2, 1);
    for (int k = 0; k < ROUNDS; k++) bad += isnan(s[0].time[k]) != 0;
    ck_assert_int_eq(bad, 1);
    ck_assert(isnan(s[0].time[2])); /* the first run warmed up */
    ck_assert(isnan(bench_seconds(&s[0], ROUNDS)));
    ck_assert(bench_seconds(&s[1], ROUNDS) > 0);
}
END_TEST

/* CPU time does not see what waits; wall time does. */
START_TEST(wall_time_sees_sleep)
{
    work w[1] = {{.seconds = 0.008, .name = 'a', .sleeps = true}};
    bench_side s[1];
    pair_up(s, w, 1, 1);
    ck_assert(bench_seconds(&s[0], ROUNDS) >= 0.008);
    s[0].wall = false;
    bench_paired(s, 1, 1, 1);
    ck_assert_msg(s[0].time[0] < 0.004, "%g", s[0].time[0]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("paired");
    TCase *c = tcase_create("paired");
    tcase_add_test(c, ratio_is_that_of_the_work);
    tcase_add_test(c, short_work_is_repeated_and_shares_are_scaled);
    tcase_add_test(c, rounds_are_shuffled_by_the_seed);
    tcase_add_test(c, a_failed_run_has_no_time);
    tcase_add_test(c, wall_time_sees_sleep);
    tcase_set_timeout(c, 60);
    suite_add_tcase(s, c);
    return test_run(s);
}
