/* trunc.c: the form of expected values.
 * SPDX-License-Identifier: MIT */
#include "trunc.h"

#include <stdio.h>

#include "epv.h"

enum { EXTRA_BITS = 12 };

typedef struct binary {
    int p, emin, emax; /* significand bits; 2^emin is the least normal number; every number is below 2^(emax + 1) */
    uint64_t sign;
} binary;

static const binary formats[VFY_N_FORMAT] = {{24, -126, 127, UINT64_C(1) << 31}, {53, -1022, 1023, UINT64_C(1) << 63}};

ep_status vfy_trunc12_bits(vfy_format f, mpfr_srcptr x, uint64_t *bits, unsigned *extra)
{
    const binary *b = &formats[f];
    if (!mpfr_number_p(x)) return EP_DOMAIN;
    uint64_t sign = mpfr_signbit(x) ? b->sign : 0;
    if (mpfr_zero_p(x)) {
        *bits = sign;
        *extra = 0;
        return EP_OK;
    }
    mpfr_exp_t e = mpfr_get_exp(x) - 1;
    if (e > b->emax) return EP_DOMAIN;
    if (e < b->emin) e = b->emin;
    mpfr_t scaled;
    mpz_t m, high;
    mpfr_init2(scaled, mpfr_get_prec(x));
    mpz_init(m);
    mpz_init(high);
    mpfr_mul_2si(scaled, x, b->p - 1 + EXTRA_BITS - e, MPFR_RNDZ); /* exact: only the exponent moves */
    (void)mpfr_get_z(m, scaled, MPFR_RNDZ);
    mpz_abs(m, m);
    *extra = (unsigned)mpz_fdiv_q_ui(high, m, 1u << EXTRA_BITS);
    uint64_t M = (uint64_t)mpz_get_d(high); /* below 2^53: exact */
    *bits = sign | (((uint64_t)(e - b->emin) << (b->p - 1)) + M);
    mpz_clear(high);
    mpz_clear(m);
    mpfr_clear(scaled);
    return EP_OK;
}

ep_status vfy_trunc12(vfy_format f, mpfr_srcptr x, char text[VFY_TRUNC_TEXT])
{
    uint64_t bits;
    unsigned extra;
    char hex[17];
    ep_status s = vfy_trunc12_bits(f, x, &bits, &extra);
    if (s) return s;
    vfy_bits_text(f, bits, hex);
    (void)snprintf(text, VFY_TRUNC_TEXT, "%s.%03x", hex, extra & 0xfffu);
    return EP_OK;
}

void vfy_trunc12_value(vfy_format f, uint64_t bits, unsigned extra, mpfr_ptr x)
{
    const binary *b = &formats[f];
    uint64_t magnitude = bits & (b->sign - 1);
    uint64_t e = magnitude >> (b->p - 1), M = magnitude & ((UINT64_C(1) << (b->p - 1)) - 1);
    if (e) M |= UINT64_C(1) << (b->p - 1);
    else e = 1;
    mpfr_set_d(x, (double)M * (1 << EXTRA_BITS), MPFR_RNDN);
    mpfr_add_ui(x, x, extra, MPFR_RNDN);
    mpfr_mul_2si(x, x, (long)e - 1 + b->emin - (b->p - 1) - EXTRA_BITS, MPFR_RNDN);
    if (bits & b->sign) mpfr_neg(x, x, MPFR_RNDN);
}
