/* Inside the slow integer model.
 * SPDX-License-Identifier: MIT */
#ifndef REF_FIXED_MODEL_H
#define REF_FIXED_MODEL_H

#include <gmp.h>

#include "../fixed.h"

struct ref_fixed {
    ref_fixed_net net; /* its array pointers are not used after ref_fixed_new */
    int M;
    uint32_t t;
    int64_t *rho, *beta;
    mpz_t *v[RQ_COUNT]; /* arrays of the quantities; NULL where not kept */
    size_t count[RQ_COUNT];
    unsigned char *past; /* [delay][n_rec]: row 0 is z^{t-1} */
    uint64_t events[RQ_COUNT];
};

/* A sum of terms with fractions, exact. */
typedef struct ref_sum {
    mpz_t n;
    int frac;
} ref_sum;

void ref_sum_init(ref_sum *a);
void ref_sum_clear(ref_sum *a);
void ref_sum_zero(ref_sum *a);
/* a += k n 2^-frac. */
void ref_sum_add(ref_sum *a, int64_t k, const mpz_t n, int frac);
void ref_sum_add_si(ref_sum *a, int64_t n, int frac);
/* out = Q_q(a), with the draw's index (j, i); counts an event. */
void ref_sum_fit(ref_fixed *s, mpz_t out, const ref_sum *a, int q, int j, int i);

/* step.c, readout.c */
int ref_model_frac(const ref_fixed *s, int q);
mpz_t *ref_model_at(ref_fixed *s, int q, int j, int i, int row);
bool ref_model_masked(const ref_fixed *s, int j, int i);
bool ref_model_in_format(const ref_profile *p, int q, int64_t n);
/* Quantity q has a format that this network uses. */
bool ref_model_uses(const ref_fixed_net *net, int q);
/* a += n 2^-f v, v of quantity q; a += v; a += v w. */
void ref_model_product(const ref_fixed *s, ref_sum *a, int64_t n, int f, int q, const mpz_t v);
void ref_model_add(const ref_fixed *s, ref_sum *a, int q, const mpz_t v);
void ref_model_times(const ref_fixed *s, ref_sum *a, int qv, const mpz_t v, int qw, const mpz_t w);
/* v = Q_q(decay v + n 2^-f) */
void ref_model_leak(ref_fixed *s, int q, mpz_t v, int64_t decay, int64_t n, int f, int j, int i);
/* Operations 11 to 20. */
void ref_model_readout(ref_fixed *s);
void ref_model_learn(ref_fixed *s, const int64_t *target);
void ref_model_count(ref_fixed *s, int j, int i, const mpz_t e);

/* Section 4.1. */
void ref_model_exp(mpz_t p, mpz_t I, const mpz_t d, int f);
void ref_model_ratio(mpz_t out, const mpz_t a, const mpz_t b, int f);

#endif
