/* sigmoid and tanh of a vector, in the engine's number type and the width of the instruction set.
 *
 *   x = n ln 2 + r, |r| <= ln 2 / 2;  e^x = 2^n (1 + p(r)),  p(r) = sum_{k=1}^{K} r^k / k!
 *
 * Truncation: |r|^{K+1}/(K+1)! / |r| < 0.15 u for K = 7 (binary32) and K = 13 (binary64). Largest errors against MPFR:
 * see LIMITS in verify/test/test_fast_lstm_math.c. No libm: every vector width with a fused multiply-add gives the same
 * bits; without it the last bits differ, within the same limits.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FAST_VMATH_H
#define OPT_FAST_VMATH_H

#include "vec.h"

#if OPT_DOUBLE
enum { EXP_TERMS = 13, EXP_BIAS = 1023, EXP_SHIFT = 52 };
#define EXP_LOW ((real)-708.0)
#define EXP_MAGIC ((real)0x1.8p52)
#define LN2_HIGH ((real)0x1.62e42fefa38p-1)
#define LN2_LOW ((real)0x1.ef35793c7673p-45)
#else
enum { EXP_TERMS = 7, EXP_BIAS = 127, EXP_SHIFT = 23 };
#define EXP_LOW ((real)-87.0)
#define EXP_MAGIC ((real)0x1.8p23)
#define LN2_HIGH ((real)0x1.62e4p-1)
#define LN2_LOW ((real)0x1.7f7d1cp-20)
#endif

static inline vec v_blend(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }
/* 2^n and p with e^x = 2^n (1 + p), for EXP_LOW <= x <= 0. */
static inline vec v_exp_parts(vec x, vec *p)
{
    static const real inverse[14] = {1, 1, (real)1 / 2, (real)1 / 6, (real)1 / 24, (real)1 / 120, (real)1 / 720,
                                     (real)1 / 5040, (real)1 / 40320, (real)1 / 362880, (real)1 / 3628800,
                                     (real)1 / 39916800, (real)1 / 479001600, (real)1 / 6227020800};
    vec t = v_fma(x, v_set((real)1.44269504088896340736), v_set(EXP_MAGIC)), n = t - v_set(EXP_MAGIC);
    vec r = v_fma(n, v_set(-LN2_LOW), v_fma(n, v_set(-LN2_HIGH), x)), s = v_set(inverse[EXP_TERMS]);
    for (int k = EXP_TERMS - 1; k >= 2; k--) s = v_fma(s, r, v_set(inverse[k]));
    *p = v_fma(s, r * r, r);
    return (vec)(((ivec)t + EXP_BIAS) << EXP_SHIFT);
}

/* 1/(1 + e^-x) = e/(1 + e) with e = e^-|x|, or 1/(1 + e). */
static inline vec v_sigmoid(vec x)
{
    vec p, low = v_set(EXP_LOW), y = -v_abs(x);
    y = v_blend((ivec)(y < low), low, y);
    vec one = v_set(1), scale = v_exp_parts(y, &p), e = scale * (one + p);
    return v_blend((ivec)(x < v_set(0)), e, one) / (one + e);
}

/* tanh |x| = -m/(2 + m), m = e^{-2|x|} - 1 = 2^n p + (2^n - 1); odd. */
static inline vec v_tanh(vec x)
{
    vec p, a = v_abs(x), y = a * v_set(-2), low = v_set(-40);
    y = v_blend((ivec)(y < low), low, y);
    vec scale = v_exp_parts(y, &p), m = v_fma(scale, p, scale - v_set(1)), sign = (vec)((ivec)x ^ (ivec)a);
    return (vec)((ivec)(-m / (v_set(2) + m)) ^ (ivec)sign);
}

#endif
