/* test_arith_util.h: random operands and comparisons for the tests of the arithmetics.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_ARITH_UTIL_H
#define TEST_ARITH_UTIL_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith.h"
#include "test/run.h"

typedef struct dice { uint64_t seed, stream, n; } dice;

static inline uint64_t roll(dice *d) { return ep_rng_u64(d->seed, d->stream, d->n++); }
static inline int roll_int(dice *d, int lo, int hi) { return lo + (int)(roll(d) % (uint64_t)(hi - lo + 1)); }

/* +- m 2^e with m of exactly `bits` bits and a value in about [2^lo, 2^(hi+1)). */
static inline double roll_dyadic(dice *d, int bits, int lo, int hi)
{
    uint64_t m = (roll(d) >> (64 - bits)) | (UINT64_C(1) << (bits - 1));
    double x = ldexp((double)m, roll_int(d, lo, hi) - bits + 1);
    return roll(d) & 1 ? -x : x;
}

enum { N_ARITH = 8 };

static inline const ref_arith *arith_at(int i)
{
    switch (i) {
    case 0: return ref_arith_binary64();
    case 1: return ref_arith_binary32();
    case 2: return ref_arith_mpfr();
    case 3: return ref_arith_mpfi();
    case 4: return ref_arith_field();
    case 5: return ref_arith_degree();
    case 6: return ref_arith_running();
    default: return ref_arith_rational();
    }
}

static inline bool same_mpfr(mpfr_srcptr a, mpfr_srcptr b)
{
    return (mpfr_nan_p(a) && mpfr_nan_p(b)) || mpfr_equal_p(a, b);
}

/* Bit for bit, except that all NaN are one and -0 = +0. */
static inline bool same(const ref_arith *ar, const ref_num *a, const ref_num *b)
{
    if (ar == ref_arith_binary64()) return a->d == b->d || (isnan(a->d) && isnan(b->d));
    if (ar == ref_arith_binary32()) return a->s == b->s || (isnan(a->s) && isnan(b->s));
    if (ar == ref_arith_mpfr()) return same_mpfr(a->r, b->r);
    if (ar == ref_arith_mpfi()) return same_mpfr(&a->i->left, &b->i->left) && same_mpfr(&a->i->right, &b->i->right);
    if (ar == ref_arith_field()) return a->f == b->f;
    if (ar == ref_arith_degree()) return a->deg == b->deg;
    if (ar == ref_arith_running()) return same_mpfr(a->e.r, b->e.r) && a->e.mag == b->e.mag;
    return mpq_equal(a->q, b->q) != 0;
}

static inline void ctx_open(ref_ctx *c, const ref_arith *ar, long prec)
{
    ck_assert_int_eq(ref_ctx_init(c, ar, prec), EP_OK);
}

static inline int run_suite(Suite *s)
{
    int failed = test_run(s);
    mpfr_free_cache();
    return failed;
}

#endif
