/* Running bounds with libm's errors: what an engine that calls libm may be off by.
 *
 * A bound counts u |r| for exp, log, tanh; libm's exp and log are off by less than 1 ulp (2 u) and tanh by 2 ulp (4 u).
 * A sigmoid is 1/(1 + e) or e/(1 + e), e = exp: 2 u from e, 1 u each from the sum and the division, 4 u.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_WIDE_LIBM_H
#define VFY_WIDE_LIBM_H

#include <math.h>

#include "arith.h"

static inline void widen(ref_num *r, double more) { r->e.mag += more * fabs(mpfr_get_d(r->e.r, MPFR_RNDA)); }

static inline void wide_exp(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ref_arith_running()->exp(c, r, a);
    widen(r, 1);
}

static inline void wide_log(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ref_arith_running()->log(c, r, a);
    widen(r, 1);
}

static inline void wide_tanh(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ref_arith_running()->tanh(c, r, a);
    widen(r, 3);
}

static inline void wide_sigmoid(ref_ctx *c, ref_num *r, const ref_num *a)
{
    ref_arith_running()->sigmoid(c, r, a);
    widen(r, 3);
}

static inline ref_arith with_libm(void)
{
    ref_arith ar = *ref_arith_running();
    ar.exp = wide_exp;
    ar.log = wide_log;
    ar.tanh = wide_tanh;
    ar.sigmoid = wide_sigmoid;
    return ar;
}

#endif
