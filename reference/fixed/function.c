/* Exponential and quotient of FIXED.md, section 4.1.
 * SPDX-License-Identifier: MIT */
#include "model.h"

void ref_model_exp(mpz_t p, mpz_t I, const mpz_t d, int f)
{
    static const long c[] = {-1369935, 10287039, -59583575, 257939154, -744261009, 1073741824};
    mpz_t q, F, h;
    mpz_inits(q, F, h, (mpz_ptr)0);
    mpz_mul_ui(q, d, 1549082005);
    mpz_setbit(h, (mp_bitcnt_t)f + 5);
    mpz_add(q, q, h);
    mpz_fdiv_q_2exp(q, q, (mp_bitcnt_t)f + 6);
    mpz_fdiv_q_2exp(I, q, 24);
    mpz_fdiv_r_2exp(F, q, 24);
    mpz_set_si(p, 117414);
    for (size_t k = 0; k < sizeof c / sizeof *c; k++) {
        mpz_mul(p, p, F);
        mpz_add_ui(p, p, 1ul << 23);
        mpz_fdiv_q_2exp(p, p, 24);
        mpz_set_si(q, c[k]);
        mpz_add(p, p, q);
    }
    mpz_clears(q, F, h, (mpz_ptr)0);
}

void ref_model_ratio(mpz_t out, const mpz_t a, const mpz_t b, int f)
{
    mpz_t n, d;
    mpz_inits(n, d, (mpz_ptr)0);
    mpz_mul_2exp(n, a, (mp_bitcnt_t)f + 1);
    mpz_add(n, n, b);
    mpz_mul_2exp(d, b, 1);
    mpz_fdiv_q(out, n, d);
    mpz_clears(n, d, (mpz_ptr)0);
}

/* e(d, f) of section 4.4: exp with 30 fraction bits. */
static void exp30(mpz_t e, const mpz_t d, int f)
{
    mpz_t I, h;
    mpz_inits(I, h, (mpz_ptr)0);
    ref_model_exp(e, I, d, f);
    if (mpz_cmp_ui(I, 31) > 0) mpz_set_ui(e, 0);
    else {
        mp_bitcnt_t shift = mpz_get_ui(I);
        if (shift > 0) mpz_setbit(h, shift - 1);
        mpz_add(e, e, h);
        mpz_fdiv_q_2exp(e, e, shift);
    }
    mpz_clears(I, h, (mpz_ptr)0);
}

void ref_model_sigma(mpz_t out, const mpz_t n, int f, int g)
{
    mpz_t e, one;
    mpz_inits(e, one, (mpz_ptr)0);
    mpz_setbit(one, 30);
    mpz_abs(e, n);
    bool negative = mpz_sgn(n) < 0;
    exp30(e, e, f);
    mpz_add(e, e, one);
    ref_model_ratio(out, one, e, g);
    if (negative) {
        mpz_set_ui(one, 0);
        mpz_setbit(one, (mp_bitcnt_t)g);
        mpz_sub(out, one, out);
    }
    mpz_clears(e, one, (mpz_ptr)0);
}

void ref_model_tanh(mpz_t out, const mpz_t n, int f, int g)
{
    mpz_t e, one, top;
    mpz_inits(e, one, top, (mpz_ptr)0);
    mpz_setbit(one, 30);
    mpz_abs(e, n);
    mpz_mul_ui(e, e, 2);
    bool negative = mpz_sgn(n) < 0;
    exp30(e, e, f);
    mpz_sub(top, one, e);
    mpz_add(e, one, e);
    ref_model_ratio(out, top, e, g);
    if (negative) mpz_neg(out, out);
    mpz_clears(e, one, top, (mpz_ptr)0);
}

int64_t ref_fixed_exp(int64_t d, int f, int64_t *I)
{
    ref_sum x;
    mpz_t p, i;
    ref_sum_init(&x);
    mpz_inits(p, i, (mpz_ptr)0);
    ref_sum_add_si(&x, d, 0);
    ref_model_exp(p, i, x.n, f);
    int64_t out = (int64_t)mpz_get_ui(p); /* p <= 2^30 */
    *I = (int64_t)mpz_get_d(i);           /* I < 2^33 */
    mpz_clears(p, i, (mpz_ptr)0);
    ref_sum_clear(&x);
    return out;
}

static int64_t of_number(void (*function)(mpz_t, const mpz_t, int, int), int64_t n, int f, int g)
{
    ref_sum x;
    mpz_t r;
    ref_sum_init(&x);
    mpz_init(r);
    ref_sum_add_si(&x, n, 0);
    function(r, x.n, f, g);
    int64_t out = mpz_get_si(r); /* |r| <= 2^30 */
    mpz_clear(r);
    ref_sum_clear(&x);
    return out;
}

int64_t ref_fixed_sigma(int64_t n, int f, int g) { return of_number(ref_model_sigma, n, f, g); }
int64_t ref_fixed_tanh(int64_t n, int f, int g) { return of_number(ref_model_tanh, n, f, g); }
