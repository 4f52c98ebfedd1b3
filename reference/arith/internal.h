/* internal.h: what the arithmetics share among themselves.
 * SPDX-License-Identifier: MIT */
#ifndef REF_ARITH_INTERNAL_H
#define REF_ARITH_INTERNAL_H

#include "arith.h"

/* Enough limbs for a significand of REF_MAX_PREC bits and 64 guard bits. */
enum { REF_TEMP_LIMBS = (REF_MAX_PREC + 64) / GMP_NUMB_BITS + 1 };

/* The first failure of a context stays. */
static inline void ref_fail(ref_ctx *c, ep_status s)
{
    if (c->status == EP_OK) c->status = s;
}

/* x = +0 with `prec` bits in memory the caller owns: never cleared, never resized. */
static inline void ref_mpfr_place(mpfr_ptr x, mpfr_prec_t prec, mp_limb_t *limbs)
{
    mpfr_custom_init(limbs, prec);
    mpfr_custom_init_set(x, MPFR_ZERO_KIND, 0, prec, limbs);
}

/* r = 1/(1 + exp(-a)) rounded in direction rnd; with a directed rounding r bounds the exact value,
 * with MPFR_RNDN |error| < (1/2 + 2^-28) ulp. Allocates nothing but what mpfr_exp does. */
void ref_mpfr_sigmoid(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t rnd);

#endif
