/* The engine's number type. The including file defines OPT_REAL (float or double) and OPT_DOUBLE (0 or 1).
 * Only exp, log and tanh come from libm: their last bits may differ between machines; all else is IEEE.
 * Where FLT_EVAL_METHOD is not 0, the compiler must be told to round every operation to its type.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_SCALAR_NUMBERS_H
#define OPT_SCALAR_NUMBERS_H

#include <math.h>

typedef OPT_REAL real;

#if OPT_DOUBLE
static inline real r_exp(real x) { return exp(x); }
static inline real r_log(real x) { return log(x); }
static inline real r_tanh(real x) { return tanh(x); }
static inline real r_abs(real x) { return fabs(x); }
#else
static inline real r_exp(real x) { return expf(x); }
static inline real r_log(real x) { return logf(x); }
static inline real r_tanh(real x) { return tanhf(x); }
static inline real r_abs(real x) { return fabsf(x); }
#endif

/* 1/(1 + exp(-x)) without overflow. */
static inline real r_sigmoid(real x)
{
    real e = r_exp(-r_abs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static inline bool all_finite(const real *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

static inline bool all_not_negative(const real *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        if (!(v[i] >= 0)) return false;
    return true;
}

static inline void zero(real *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = 0;
}

#endif
