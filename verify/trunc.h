/* trunc.h: values from MPFR in the form of vector files: bits truncated towards zero and the next 12 significand bits.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TRUNC_H
#define VFY_TRUNC_H

#include <stdint.h>
#include <mpfr.h>

#include "quantity.h"

enum { VFY_TRUNC_TEXT = 21 }; /* 16 digits, point, 3 digits, NUL */

/* |x| = (M + extra/4096 + rest) ulp with 0 <= rest < 1/4096 ulp, where M are the format's bits towards zero and ulp is
 * the distance to the next number away from zero (2^-149, 2^-1074 below the normal range). The sign of x is kept, of
 * zero too. EP_DOMAIN: x is not finite or |x| >= 2^128 (2^1024); outputs untouched. */
EP_MUST_USE ep_status vfy_trunc12_bits(vfy_format f, mpfr_srcptr x, uint64_t *bits, unsigned *extra);
/* The same as text: `3f2a7e11.8c2`. */
EP_MUST_USE ep_status vfy_trunc12(vfy_format f, mpfr_srcptr x, char text[VFY_TRUNC_TEXT]);
/* x = sign (M + extra/4096) ulp, exactly; x has at least 65 bits. */
void vfy_trunc12_value(vfy_format f, uint64_t bits, unsigned extra, mpfr_ptr x);

#endif
