/* The operation of FIXED.md, section 1: align, sum, round, fit.
 * SPDX-License-Identifier: MIT */
#include "model.h"

/* GMP's own conversions take long, which need not have 64 bits. */
static void set_i64(mpz_t z, int64_t n)
{
    uint64_t m = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    mpz_import(z, 1, 1, sizeof m, 0, 0, &m);
    if (n < 0) mpz_neg(z, z);
}

void ref_sum_init(ref_sum *a)
{
    mpz_init(a->n);
    a->frac = 0;
}

void ref_sum_clear(ref_sum *a) { mpz_clear(a->n); }

void ref_sum_zero(ref_sum *a)
{
    mpz_set_ui(a->n, 0);
    a->frac = 0;
}

void ref_sum_add(ref_sum *a, int64_t k, const mpz_t n, int frac)
{
    mpz_t term;
    mpz_init(term);
    set_i64(term, k);
    mpz_mul(term, term, n);
    if (frac > a->frac) {
        mpz_mul_2exp(a->n, a->n, (mp_bitcnt_t)(frac - a->frac));
        a->frac = frac;
    }
    mpz_mul_2exp(term, term, (mp_bitcnt_t)(a->frac - frac));
    mpz_add(a->n, a->n, term);
    mpz_clear(term);
}

void ref_sum_add_product(ref_sum *a, const mpz_t v, const mpz_t w, int frac)
{
    mpz_t m;
    mpz_init(m);
    mpz_mul(m, v, w);
    ref_sum_add(a, 1, m, frac);
    mpz_clear(m);
}

void ref_sum_add_si(ref_sum *a, int64_t n, int frac)
{
    mpz_t one;
    mpz_init_set_ui(one, 1);
    ref_sum_add(a, n, one, frac);
    mpz_clear(one);
}

static void draw(mpz_t r, const ref_fixed *s, int q, int j, int i, mp_bitcnt_t bits)
{
    uint32_t w[4];
    ep_rng_block(s->net.seed, (uint64_t)(uint32_t)q << 32 | (uint32_t)i, (uint64_t)(uint32_t)j << 32 | s->t, w);
    mpz_set_ui(r, w[1]);
    mpz_mul_2exp(r, r, 32);
    mpz_add_ui(r, r, w[0]);
    mpz_fdiv_r_2exp(r, r, bits);
}

/* out = round(a 2^-shift), shift > 0. */
static void round_off(const ref_fixed *s, mpz_t out, const mpz_t a, mp_bitcnt_t shift, int q, int j, int i)
{
    mpz_t m, h;
    mpz_inits(m, h, (mpz_ptr)0);
    mpz_setbit(h, shift - 1);
    switch (s->net.profile.q[q].rounding) {
    case REF_FLOOR: mpz_fdiv_q_2exp(out, a, shift); break;
    case REF_NEAREST_EVEN: {
        mpz_fdiv_r_2exp(m, a, shift);
        mpz_fdiv_q_2exp(out, a, shift);
        int side = mpz_cmp(m, h);
        if (side > 0 || (side == 0 && mpz_odd_p(out))) mpz_add_ui(out, out, 1);
        break;
    }
    case REF_NEAREST_UP:
        mpz_add(m, a, h);
        mpz_fdiv_q_2exp(out, m, shift);
        break;
    case REF_STOCHASTIC:
        draw(m, s, q, j, i, shift);
        mpz_add(m, m, a);
        mpz_fdiv_q_2exp(out, m, shift);
        break;
    }
    mpz_clears(m, h, (mpz_ptr)0);
}

void ref_sum_fit(ref_fixed *s, mpz_t out, const ref_sum *a, int q, int j, int i)
{
    const ref_format *f = &s->net.profile.q[q];
    int shift = a->frac - f->frac;
    mpz_t n, low, high;
    mpz_inits(n, low, high, (mpz_ptr)0);
    if (shift > 0) round_off(s, n, a->n, (mp_bitcnt_t)shift, q, j, i);
    else mpz_mul_2exp(n, a->n, (mp_bitcnt_t)-shift);
    mpz_setbit(high, (mp_bitcnt_t)f->bits - 1);
    mpz_neg(low, high);
    mpz_sub_ui(high, high, 1);
    if (mpz_cmp(n, low) < 0 || mpz_cmp(n, high) > 0) {
        s->events[q]++;
        if (f->overflow == REF_SATURATE) mpz_set(n, mpz_sgn(n) < 0 ? low : high);
        else {
            mpz_fdiv_r_2exp(n, n, (mp_bitcnt_t)f->bits);
            if (mpz_cmp(n, high) > 0) {
                mpz_sub(n, n, high);
                mpz_add(n, n, low);
                mpz_sub_ui(n, n, 1);
            }
        }
    }
    mpz_set(out, n);
    mpz_clears(n, low, high, (mpz_ptr)0);
}
