/* run.h: what every Check program does alike: it runs its suite, and its loops are as long as the caller wants.
 *
 * The environment's EPROP_TEST_MULTIPLIER is a factor on loops of random cases: below 1 for slow tools (valgrind, sanitizers),
 * above 1 for a longer search. Without it the factor is 1.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include <check.h>
#include <math.h>
#include <stdlib.h>

static inline double test_multiplier(void)
{
    const char *s = getenv("EPROP_TEST_MULTIPLIER");
    return s ? strtod(s, NULL) : 1;
}

/* n times the multiplier, rounded up, at least 1. */
static inline int test_loops(int n)
{
    double k = ceil(n * test_multiplier());
    return k > 1 ? (int)k : 1;
}

/* How many of a list of n cases, from its beginning: the same, at most n. */
static inline int test_first(int n)
{
    int k = test_loops(n);
    return k < n ? k : n;
}

static inline int test_gcd(int a, int b) { return b == 0 ? a : test_gcd(b, a % b); }

/* The i-th of n cases in an order whose first few lie far apart, so that test_first(n) of them are a fair sample. */
static inline int test_spread(int i, int n)
{
    int step = 3 * n / 8 + 1;
    while (test_gcd(step, n) != 1) step++;
    return (int)((long long)i * step % n);
}

/* Runs the suite with all cases in processes of their own, in this one (CK_NOFORK), or as CK_FORK of the environment says
 * (CK_FORK_GETENV), and frees it: EXIT_SUCCESS or EXIT_FAILURE. */
static inline int test_run_as(Suite *s, enum fork_status how)
{
    SRunner *r = srunner_create(s);
    srunner_set_fork_status(r, how);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int test_run(Suite *s) { return test_run_as(s, CK_FORK_GETENV); }

#endif
